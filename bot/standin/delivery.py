"""Webhooks go out: one background task each, so that no receiver delays chat or another receiver (hipchat-api.md 9.4-9.6)."""

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from bot.standin import jwts
from bot.standin.events import Occurrence
from bot.standin.faults import Forgery
from bot.standin.rest_messages import post_notification
from bot.standin.schemas import NOTIFICATION
from bot.standin.shapes import Shapes
from bot.standin.state import Archived, Hipchat
from bot.standin.tokens import Client
from bot.standin.validation import Invalid, check
from bot.standin.webhooks import Webhook

MESSAGE_EVENTS: Final = ("room_message", "room_notification", "room_file_upload")
_HEADERS: Final = {"Accept-Encoding": "gzip", "Connection": "close", "Content-Type": "application/json"}
_KEPT: Final = 5000


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How one delivery went: the receiver's `status`, or the `error`. `at` in seconds.

    `posted` is the id of the message that the receiver answered, `dropped` says why an answer was not posted.
    """

    at: float
    webhook_id: int
    oauth_client_id: str
    event: str
    message_id: str | None
    status: int | None = None
    error: str | None = None
    posted: str | None = None
    dropped: str | None = None


def payload(hipchat: Hipchat, client: Client, hook: Webhook, occurrence: Occurrence) -> dict[str, Any]:
    """Build the body of hipchat-api.md 9.5."""
    shapes = Shapes(hipchat, client.base_url)
    item: dict[str, Any] = {"room": shapes.room_stub(occurrence.room)}
    if occurrence.message is not None:
        item["message"] = shapes.message(occurrence.message)
    else:
        item["sender"] = shapes.sender(occurrence.sender)
    if occurrence.topic is not None:
        item["topic"] = occurrence.topic
    return {"event": occurrence.event, "item": item, "oauth_client_id": client.id, "webhook_id": hook.id}


class Courier:
    """Delivers occurrences to webhooks; `deliveries` remembers how each went."""

    def __init__(self, hipchat: Hipchat, session: aiohttp.ClientSession) -> None:
        self.hipchat = hipchat
        self.session = session
        self.deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self._held: list[asyncio.Event] = []
        hipchat.on_occurrence.append(self.occurred)

    def occurred(self, occurrence: Occurrence) -> None:
        """Start a delivery for every webhook that hears this."""
        for hook in list(self.hipchat.webhooks.values()):
            client = self.hipchat.clients.get(hook.client_id)
            if client is None or client.status != "installed" or not hook.hears(occurrence):
                continue
            disabled_after = self.hipchat.settings.webhook_disabled_after
            if disabled_after is not None and hook.failures >= disabled_after:
                continue
            body = json.dumps(payload(self.hipchat, client, hook, occurrence)).encode()
            self.hipchat.background(self._deliver(client, hook, occurrence, body))

    async def _deliver(self, client: Client, hook: Webhook, occurrence: Occurrence, body: bytes) -> None:
        fault = self.hipchat.faults.for_delivery()
        if fault is not None and fault.reorder and not self._held:
            passed = asyncio.Event()
            self._held.append(passed)
            try:
                async with asyncio.timeout(self.hipchat.settings.reorder_hold):
                    await passed.wait()
            except TimeoutError:
                self._held.clear()
        copies = 1 + (0 if fault is None else fault.duplicate)
        for _ in range(copies):
            await self._try(client, hook, occurrence, body, None if fault is None else fault.jwt)
        for passed in self._held:
            passed.set()
        self._held.clear()

    async def _try(
        self, client: Client, hook: Webhook, occurrence: Occurrence, body: bytes, forgery: Forgery | None
    ) -> None:
        for _ in range(1 + self.hipchat.settings.webhook_retries):
            if await self._send(client, hook, occurrence, body, forgery):
                hook.failures = 0
                return
            hook.failures += 1

    async def _send(
        self, client: Client, hook: Webhook, occurrence: Occurrence, body: bytes, forgery: Forgery | None
    ) -> bool:
        url, headers = self._signed(client, hook, occurrence, forgery)
        about: dict[str, Any] = {
            "at": self.hipchat.clock(),
            "webhook_id": hook.id,
            "oauth_client_id": client.id,
            "event": occurrence.event,
            "message_id": occurrence.message and occurrence.message.id,
        }
        timeout = aiohttp.ClientTimeout(total=self.hipchat.settings.webhook_timeout)
        try:
            async with self.session.post(
                url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                status, raw, kind = response.status, await response.read(), response.content_type
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self.deliveries.append(Delivery(**about, error=type(error).__name__))
            return False
        outcome: dict[str, Any] = {}
        if status == 200 and occurrence.event == "room_message" and kind == "application/json":
            outcome = self._answered(client, occurrence, raw)
        self.deliveries.append(Delivery(**about, status=status, **outcome))
        return 200 <= status < 300

    def _signed(
        self, client: Client, hook: Webhook, occurrence: Occurrence, forgery: Forgery | None
    ) -> tuple[str, Mapping[str, str]]:
        if hook.authentication == "none":
            return hook.url, _HEADERS
        sender = occurrence.sender
        user = None if sender is None or sender.user_id is None else self.hipchat.users[sender.user_id]
        now, room = self.hipchat.clock(), occurrence.room
        if forgery is None:
            token = jwts.sign(client, now=now, room=room, user=user)
        else:
            others = self.hipchat.clients.values()
            token = jwts.forge(forgery, client, others, now=now, room=room, user=user)
        url, headers, place = hook.url, dict(_HEADERS), self.hipchat.settings.jwt_in
        if place != "query":
            headers["Authorization"] = f"JWT {token}"
        if place != "header":
            url += f"{'&' if '?' in url else '?'}signed_request={quote(token)}"
        return url, headers

    def _answered(self, client: Client, occurrence: Occurrence, raw: bytes) -> dict[str, str]:
        """Post a receiver's answer as the add-on; what is no notification is dropped silently (hipchat-api.md 9.6)."""
        if not raw.strip():
            return {}
        hipchat, room = self.hipchat, occurrence.room
        try:
            body = json.loads(raw)
            check(body, NOTIFICATION)
        except (Invalid, ValueError, RecursionError) as error:
            return {"dropped": f"not a notification: {error}"[:500]}
        if client.id not in hipchat.clients or room.id not in hipchat.rooms:
            return {"dropped": "the installation or the room is gone"}
        settings = hipchat.settings
        if settings.answers_use_flood_control:
            key = (client.id, f"room {room.id}")
            if not hipchat.flood.take(key, settings.flood_limit, hipchat.clock()):
                return {"dropped": "flood control"}
        try:
            return {"posted": post_notification(hipchat, room, hipchat.speaker(client), body).id}
        except Archived:
            return {"dropped": "the room is archived"}
