"""The family of refusals that people may see.

AlertbotError
├── Refused             the alert's state does not allow it (409)
├── Forbidden           this caller may not (403)
├── Unknown             no such alert, room, feed or key for this caller (404)
└── Invalid             a value that nobody can use (422)
"""


class AlertbotError(Exception):
    """Something was refused."""

    def __init__(self, text: str = "") -> None:
        self.text = text or (type(self).__doc__ or "").strip()
        super().__init__(self.text)


class Forbidden(AlertbotError):
    """You may not do that here."""


class Unknown(AlertbotError):
    """There is no such thing here."""


class Invalid(AlertbotError):
    """That value cannot be used."""
