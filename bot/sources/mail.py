"""A backend's mail: the subject is the summary, the text the description; the cleaned subject is the problem's identity."""

import re
from dataclasses import replace

from bot.domain import letter
from bot.domain.headline import read_title
from bot.domain.letter import Letter
from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of, severity_of
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

_ANSWERED = re.compile(
    r"\A\s*((?:\[[^\[\]]{1,40}\]\s*)*)(?:(?:re|fwd?|fw|aw|wg|sv|vs|vb|tr|rv|antw|odp|ynt)(?:\[\d+\])?\s*:\s*)+",
    re.IGNORECASE,
)
"""What answering and passing on puts before a subject, also behind what a mailing list put first."""
_LINE = re.compile(
    r"^[ \t>*|-]*(?:(?:service|host|alert|alarm|current|new|monitor|check|incident|problem)[ \t_]*)?"
    r"(state|status|notification type|severity|priority)[ \t]*[:=][ \t]*([^\n]{1,40}?)[ \t*.!|\r]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that plainly says how things are: `State: DOWN`."""
READ = 4000
"""So much of a text is searched for such lines."""


def parse(payload: Payload) -> list[Item]:
    """Read a mail. One without a subject and a text is shown as it came."""
    mail = letter.read(payload.body)
    if not (mail.subject or mail.text.strip()) or not mail.headers:
        return [odd(payload.body, SENDER)]
    subject = _ANSWERED.sub(r"\1", mail.subject, count=1)
    headline = read_title(subject)
    kind, severity = _said(mail.text[:READ]) if headline.kind is None or headline.severity is None else (None, "")
    labels = {"from": mail.sender}
    signal = build(
        SENDER,
        key=f"mail:{headline.name}" if subject else "",
        summary=subject or next(iter(mail.text.split("\n")), ""),
        kind=headline.kind or kind or Kind.FIRING,
        severity=headline.severity.word if headline.severity is not None else severity or _priority(mail),
        source=mail.sender,
        description=mail.text,
        labels=labels,
        starts_at=mail.sent_at,
    )
    return [replace(signal, delivery_id=f"{SENDER}:{mail.message_id}" if mail.message_id else "")]


def _said(text: str) -> tuple[Kind | None, str]:
    """Return what lines of the text say of a problem: that it is over only where all of them do."""
    kinds: set[Kind | None] = set()
    severity = ""
    for found in _LINE.finditer(text):
        name, word = found[1].lower(), found[2]
        if name in {"severity", "priority"}:
            severity = severity or (word if severity_of(word) is not None else "")
        else:
            kinds.add(kind_of(word))
    return Kind.RESOLVED if kinds == {Kind.RESOLVED} else Kind.FIRING if Kind.FIRING in kinds else None, severity


def _priority(mail: Letter) -> str:
    for name in ("x-priority", "importance", "priority", "x-msmail-priority"):
        said = mail.header(name).lower().split(maxsplit=1)
        if said and said[0] in PRIORITIES:
            return PRIORITIES[said[0]]
    return ""
