"""Incoming webhooks as Slack and Mattermost take them, for tools that speak only that: text, attachments, blocks.

Known from the documentation of both and from what Alertmanager, Grafana, Uptime Kuma, Argo CD, Jenkins and Zabbix send
(2026); not tried against every sender.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bot.domain.headline import Headline, read_title, steady
from bot.domain.signal import Kind, Severity, Signal
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.member_names import WHERE, folded
from bot.sources.payload import Fields, Payload, fields_of, form_of, json_of, objects
from bot.sources.shape import Mark
from bot.sources.slack_part import GREEN, MOST, Part, blocks_of, read_part
from bot.sources.values import Item, odd

SENDER = "slack"
MARKS: Sequence[Mark] = (("attachments",), ("blocks",), ("payload",), ("text",))
NAMES = frozenset(
    {
        *("text", "channel", "username", "icon_emoji", "icon_url", "link_names", "mrkdwn", "parse", "props", "as_user"),
        *("unfurl_links", "unfurl_media", "thread_ts", "response_type", "replace_original", "attachments", "blocks"),
    }
)
"""Members of a message. Who has others beside a mere text speaks another format."""
ATTACHED = frozenset({"fallback", "pretext", "color", "title_link", "fields", "blocks", "mrkdwn_in"})
"""Members that only an attachment of a message has, and no file that another tool attaches."""
URGENCY = "priority"
"""Mattermost's, an object; elsewhere a word that is read as a severity."""
RANKS = frozenset({"severity", "priority", "level", "alert_severity"})
STATES = frozenset({"status", "state", "alert_status", "alert_state", "health_status"})

_RANK = re.compile(r"^\W*(?:severity|priority|level)\W+(\w+)\W*$", re.IGNORECASE | re.MULTILINE)
_BRACKETS = re.compile(r"\[([^\[\]]+)\]\s+\[[^\[\]]*?\b(up|down)\]", re.IGNORECASE)
"""`[Shop] [Down] timeout`, as Uptime Kuma writes to every chat: what follows differs each time."""
_BUILD = re.compile(
    r"(.+?) - #\d+ (still failing|still unstable|failed|failure|unstable|regression|aborted|not built|started"
    r"|back to normal|success|fixed)\b",
    re.IGNORECASE,
)
"""`Shop » main - #12 Failure after 3 min`, as Jenkins writes: the next build of the job has another number."""
_BUILDS = {"aborted": Kind.NOTE, "notbuilt": Kind.NOTE, "started": Kind.NOTE, "backtonormal": Kind.RESOLVED}


class _Told(NamedTuple):
    """What the words of a part say."""

    headline: Headline
    kind: Kind | None
    name: str


def parse(payload: Payload) -> list[Item]:
    """Read a message. What its title names is its identity; attachments with a title and a color each are an alert each."""
    given = fields_of(payload)
    message = _message(payload, given)
    attachments = objects(message.at("attachments"))[:MOST]
    if _speaks(message, attachments):
        signals = _signals(message, attachments)
        if signals:
            return signals
    return loose.parse_fields(payload, given) if given is not None else [odd(payload.body, SENDER)]


def _message(payload: Payload, given: Fields | None) -> Fields:
    """Return the message: the body, or what `payload=` holds, also where nobody said that it is a form."""
    if given is None and payload.body.startswith(b"payload="):
        given = Fields(form_of(payload.body))
    text = given.at("payload") if given is not None else None
    if isinstance(text, str):
        inside = json_of(text.encode("utf-8", "replace"))
        return Fields(inside if isinstance(inside, dict) else {})
    return given if given is not None else Fields({})


def _speaks(message: Fields, attachments: Sequence[Fields]) -> bool:
    """Whether this is a message, and not another tool's object that happens to have a text or attachments too."""
    others = message.values.keys() - NAMES
    if not others or (others == {URGENCY} and message.inner(URGENCY).values):
        return True
    return any(ATTACHED & each.values.keys() for each in attachments) or bool(blocks_of(message))


def _signals(message: Fields, attachments: Sequence[Fields]) -> list[Item]:
    top = read_part(message)
    parts = [read_part(each) for each in attachments]
    told = [part for part in parts if part.title and part.color]
    if len(told) > 1 and len(told) == len(parts):
        return [_signal(message, part, top) for part in parts]
    whole = parts[0] if parts else Part()
    for part in parts[1:]:
        whole.title = whole.title or part.title
        whole.lines += [part.title, *part.lines] if part.title != whole.title else part.lines
        whole.labels = {**part.labels, **whole.labels}
        whole.links += part.links
        whole.color, whole.mood = whole.color or part.color, whole.mood or part.mood
    if not (whole.title or whole.lines or top.title or top.lines):
        return []
    return [_signal(message, whole, top)]


def _signal(message: Fields, part: Part, top: Part) -> Signal:
    text = [*top.lines, *part.lines]
    title = part.title or top.title or (text[0] if text else "")
    summary = next((line for line in top.lines[:1] if part.title and part.title.lower() in line.lower()), title)
    said = _told(title)
    also = said if summary == title else _told(summary)
    labels = {**top.labels, **part.labels}
    color, feeling = part.color or top.color, top.mood or part.mood
    state = next((kind for name in STATES if (kind := kind_of(labels.get(name, ""))) is not None), None)
    kind = state or said.kind or also.kind or _hinted(feeling, color)
    channel = message.text("channel")
    where = [f"{name}={steady(value)}" for name, value in sorted(labels.items()) if folded(name) in WHERE]
    severity = _severity(labels, text, said.headline, also.headline, color)
    description = "\n".join(line for line in text if line not in {summary, ""})
    return build(
        SENDER,
        key=f"slack:{'!'.join((said.name, *where))}",
        summary=summary,
        kind=kind,
        severity=severity,
        source=labels.get("host", "") or message.text("username"),
        description=description,
        labels={**labels, "channel": channel.removeprefix("#")},
        links=[*part.links, *top.links],
    )


def _told(title: str) -> _Told:
    """Return what a title says, in the words of tools that write the same to every chat."""
    headline = read_title(title)
    found = _BRACKETS.match(title)
    if found is not None:
        return _Told(headline, kind_of(found[2]), found[1].lower())
    found = _BUILD.match(title)
    if found is not None:
        word = found[2].lower().replace(" ", "")
        return _Told(headline, _BUILDS.get(word) or kind_of(word) or Kind.FIRING, found[1].lower())
    return _Told(headline, headline.kind, headline.name)


def _hinted(feeling: str, color: str) -> Kind:
    """Return what emoji and color say, where words say nothing."""
    return Kind.RESOLVED if (feeling or color) == GREEN else Kind.FIRING


def _severity(labels: Mapping[str, str], text: Sequence[str], said: Headline, also: Headline, color: str) -> str:
    given = next((labels[name] for name in RANKS if severity_of(labels.get(name, "")) is not None), "")
    if given:
        return given
    found = next((match[1] for line in text if (match := _RANK.match(line)) is not None), "")
    if severity_of(found) is not None:
        return found
    ranked: Severity | None = said.severity if said.severity is not None else also.severity
    return ranked.word if ranked is not None else color if color != GREEN else ""
