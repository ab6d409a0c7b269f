"""Registered webhooks: what each listens to (hipchat-api.md 9.1-9.3)."""

import re
from dataclasses import dataclass
from typing import Literal

from bot.standin.events import Occurrence


@dataclass(kw_only=True, eq=False)
class Webhook:
    """One webhook of a client; without `room_id` it hears every room. `failures` counts failed deliveries in a row."""

    id: int
    client_id: str
    room_id: int | None
    event: str
    url: str
    pattern: str | None = None
    name: str | None = None
    key: str | None = None
    authentication: Literal["jwt", "none"] = "none"
    created_at: float = 0.0
    from_descriptor: bool = False
    failures: int = 0

    def hears(self, occurrence: Occurrence) -> bool:
        """Whether this webhook is told; the pattern is searched anywhere in a message's raw text, minding case."""
        if self.event != occurrence.event or self.room_id not in (None, occurrence.room.id):
            return False
        if occurrence.message is None or not self.pattern:
            return True
        return re.search(self.pattern, occurrence.message.message) is not None
