"""Faults that a program asks for: answers of the API, and webhooks that are forged, repeated or out of order."""

import re
from dataclasses import dataclass, field
from typing import Literal

Forgery = Literal["forged", "expired", "other-tenant"]


@dataclass(kw_only=True, eq=False)
class Fault:
    """Spoils API requests whose path `path` is found in; `times` counts down, None is without end.

    First the answer is held back for `delay_ms`; then `drop` closes the connection without one, or `status` is answered.
    `when` says whether the request is acted on first: `after` loses or replaces only the answer.
    """

    path: re.Pattern[str]
    method: str | None = None
    status: int | None = None
    delay_ms: int = 0
    drop: bool = False
    times: int | None = None
    when: Literal["before", "after"] = "before"


@dataclass(kw_only=True, eq=False)
class WebhookFault:
    """Spoils webhook deliveries: a bad `jwt`, `duplicate` further copies, or `reorder`: held until a later one is through."""

    jwt: Forgery | None = None
    duplicate: int = 0
    reorder: bool = False
    times: int | None = None


@dataclass(kw_only=True, eq=False)
class Faults:
    """All faults in force, oldest first; the first that matches is used."""

    api: list[Fault] = field(default_factory=list)
    webhooks: list[WebhookFault] = field(default_factory=list)

    def for_request(self, method: str, path: str) -> Fault | None:
        """Return the fault for this request, counted as used."""
        for fault in self.api:
            if fault.path.search(path) and fault.method in (None, method):
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self.api.remove(fault)
                return fault
        return None

    def for_delivery(self) -> WebhookFault | None:
        """Return the fault for this webhook delivery, counted as used."""
        if not self.webhooks:
            return None
        fault = self.webhooks[0]
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0:
                self.webhooks.remove(fault)
        return fault
