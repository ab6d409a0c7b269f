"""A backend's mail: the subject is the summary, the text the description; the cleaned subject is the problem's identity."""

import re
from dataclasses import replace

from bot.domain import letter
from bot.domain.headline import read_title
from bot.domain.letter import Letter
from bot.domain.signal import Kind
from bot.sources.build import build
from bot.sources.payload import Payload
from bot.sources.values import Item, odd

SENDER = "mail"
PRIORITIES = {
    "1": "critical",
    "2": "error",
    "4": "info",
    "5": "info",
    "high": "error",
    "urgent": "error",
    "low": "info",
}
"""Words of X-Priority, Importance and Priority (RFC 2156); 3 and normal are what every mail program writes."""

_ANSWERED = re.compile(r"(?:(?:re|fwd?|aw|wg)\s*:\s*)+", re.IGNORECASE)


def parse(payload: Payload) -> list[Item]:
    """Read a mail. One without a subject and a text is shown as it came."""
    mail = letter.read(payload.body)
    if not (mail.subject or mail.text.strip()) or not mail.headers:
        return [odd(payload.body, SENDER)]
    subject = _ANSWERED.sub("", mail.subject, count=1)
    headline = read_title(subject)
    labels = {"from": mail.sender}
    signal = build(
        SENDER,
        key=f"mail:{headline.name}" if subject else "",
        summary=subject or next(iter(mail.text.split("\n")), ""),
        kind=headline.kind or Kind.FIRING,
        severity=headline.severity.word if headline.severity is not None else _priority(mail),
        source=mail.sender,
        description=mail.text,
        labels=labels,
        starts_at=mail.sent_at,
    )
    return [replace(signal, delivery_id=f"{SENDER}:{mail.message_id}" if mail.message_id else "")]


def _priority(mail: Letter) -> str:
    for name in ("x-priority", "importance", "priority", "x-msmail-priority"):
        said = mail.header(name).lower().split(maxsplit=1)
        if said and said[0] in PRIORITIES:
            return PRIORITIES[said[0]]
    return ""
