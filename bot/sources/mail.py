"""A backend's mail: the subject is the summary, the text the description; the cleaned subject is the problem's identity."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.domain import letter
from bot.domain.letter import Letter
from bot.domain.signal import SEVERITY_WORDS, Kind
from bot.sources.build import build
from bot.sources.payload import Payload
from bot.sources.values import Item, odd

SENDER = "mail"
OVER = frozenset({"resolved", "recovery", "recovered", "ok", "up", "clear", "cleared", "closed", "normal"})
ACKED = frozenset({"acknowledgement", "acknowledgment", "acknowledged"})
BEGUN = frozenset(
    {"problem", "alert", "alerting", "firing", "triggered", "down", "alarm", "new", "unknown", "unreachable"}
)
MEANS = {
    **dict.fromkeys(OVER, Kind.RESOLVED),
    **dict.fromkeys(ACKED, Kind.ACKNOWLEDGED),
    **dict.fromkeys(BEGUN, Kind.FIRING),
}
"""What words of a subject say of a problem. Severities say that there is one, when no other word says more."""
SEVERITIES = {
    **{word: word for word in SEVERITY_WORDS if word not in {"page", "none", "debug"}},
    "emergency": "critical",
    "disaster": "critical",
    "urgent": "critical",
    "down": "critical",
    "major": "error",
    "failure": "error",
    "minor": "warning",
    "notice": "info",
}
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
_LASTED = re.compile(r"(resolved|recovered|closed|updated problem)\s+(?:in|after)\s+[\d:.dhms ]{1,40}:", re.IGNORECASE)
_TOKEN = re.compile(r"\S+")
_EDGES = "[](){}<>:;,.!*#|-\u2013\u2014=\"'"
_SEPARATORS = " :;,.!*#|-\u2013\u2014"
_COUNTED = re.compile(r":\d+\Z")


def parse(payload: Payload) -> list[Item]:
    """Read a mail. One without a subject and a text is shown as it came."""
    mail = letter.read(payload.body)
    if not (mail.subject or mail.text.strip()) or not mail.headers:
        return [odd(payload.body, SENDER)]
    subject = _ANSWERED.sub("", mail.subject, count=1)
    said = _LASTED.sub(lambda found: f"{found[1].split()[0]}:", subject, count=1)
    words = _words(said)
    rest = [text for text, word, loud in words if not (loud and (word in MEANS or word in SEVERITIES))]
    cleaned = " ".join(rest).strip(_SEPARATORS)
    labels = {"from": mail.sender}
    signal = build(
        SENDER,
        key=f"mail:{(cleaned or said).lower()}" if said else "",
        summary=subject or next(iter(mail.text.split("\n")), ""),
        kind=_kind(words),
        severity=_severity(words, mail),
        source=mail.sender,
        description=mail.text,
        labels=labels,
        starts_at=mail.sent_at,
    )
    return [replace(signal, delivery_id=f"{SENDER}:{mail.message_id}" if mail.message_id else "")]


def _words(subject: str) -> list[tuple[str, str, bool]]:
    """Return a subject's words: as written, bare in small letters, and whether it stands out: loud, bracketed or a prefix."""
    found = []
    leading = True
    for match in _TOKEN.finditer(subject):
        text = match[0]
        bare = _COUNTED.sub("", text.strip(_EDGES))
        word = bare.lower()
        known = word in MEANS or word in SEVERITIES
        loud = bare.isupper() and len(bare) > 1
        prefixed = leading and (text[-1] in ":-]" or text[0] == "[")
        found.append((text, word, loud or prefixed or (text[0] + text[-1]) in {"[]", "()"}))
        leading = leading and (not bare or (known and found[-1][2]))
    return found


def _kind(words: Sequence[tuple[str, str, bool]]) -> Kind:
    """Return what a subject says: by the first word of its prefix that says anything, else by the last word that stands out."""
    known = [(word, loud) for _, word, loud in words if word]
    for word, loud in known:
        if not loud or not (word in MEANS or word in SEVERITIES):
            break
        if word in MEANS:
            return MEANS[word]
    last = next((word for word, loud in reversed(known) if loud and (word in MEANS or word in SEVERITIES)), "")
    return MEANS.get(last, Kind.FIRING)


def _severity(words: Sequence[tuple[str, str, bool]], mail: Letter) -> str:
    for _, word, loud in words:
        if loud and word in SEVERITIES:
            return SEVERITIES[word]
    for name in ("x-priority", "importance", "priority", "x-msmail-priority"):
        said = mail.header(name).lower().split(maxsplit=1)
        if said and said[0] in PRIORITIES:
            return PRIORITIES[said[0]]
    return ""
