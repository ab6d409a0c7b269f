"""Datadog's webhooks, with the payload that we ask for or with the one they have by default (alert-sources.md 1.9)."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from bot.domain.headline import steady
from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of, severity_of
from bot.sources import loose
from bot.sources.build import build
from bot.sources.member_names import folded
from bot.sources.payload import Payload, fields_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "datadog"
MARKS: Sequence[Mark] = (
    ("last_updated", "event_type"),
    ("alert_id", "transition"),
    ("cycle", "transition"),
    ("alert_transition",),
    ("ALERT_TRANSITION",),
    ("alert_cycle_key",),
    ("ALERT_CYCLE_KEY",),
    ("aggreg_key",),
    ("alertCycleKey",),
    ("alertTransition",),
    ("alert_type", "title"),
    ("incident_uuid", "incident_severity"),
    ("AGGREG_KEY",),
)
_NAMES: Mapping[str, Sequence[str]] = {
    "title": ("title", "eventtitle", "alerttitle", "incidenttitle", "securityrulename", "subject"),
    "text": ("text", "textonlymsg", "body", "eventmsg", "msgtext", "incidentmsg", "message", "msg"),
    "cycle": ("cycle", "alertcyclekey", "cyclekey", "incidentuuid", "incidentpublicid", "securitysignalid"),
    "aggreg": ("aggregkey", "aggregationkey"),
    "monitor": ("alertid", "monitorid"),
    "scope": ("scope", "alertscope"),
    "transition": ("transition", "alerttransition", "incidentstatus"),
    "state": ("status", "alertstatus", "state", "alertstate"),
    "priority": ("alertpriority", "priority", "incidentseverity", "severity", "securityseverity", "level"),
    "type": ("type", "alerttype"),
    "host": ("host", "hostname"),
    "tags": ("tags",),
    "link": ("link", "url", "incidenturl", "eventlink", "alertlink"),
    "snapshot": ("snapshot",),
    "user": ("user", "username"),
}
"""What members are read for, by the folded names that we ask for and those of the vendor's variables, the best first."""
_MEANT = {name: (about, rank) for about, names in _NAMES.items() for rank, name in enumerate(names)}
NOTHING = frozenset({"null", "None", "none", "n/a", "N/A"})
"""What a variable is that stands for nothing."""
UNRANKED = frozenset({"normal", "low"})
"""Priorities of an event in Datadog's stream, which say nothing of a monitor's."""
PRIORITIES = frozenset({"p1", "p2", "p3", "p4", "p5"})
SUCCESS = "success"
WARN = "warn"
RENOTIFY = "renotify"
MONITOR_ALERT = "monitor alert"
_BRACKET = re.compile(r"\s*\[([^\[\]]*(?:\{[^{}]*\}[^\[\]]*)?)\]")
_ON = re.compile(r"\s+on\s+\{?(.*?)\}?\s*\Z", re.IGNORECASE | re.DOTALL)
_AGAIN = re.compile(r"re-(?=warn|no|trigger|alert)")


class _Title(NamedTuple):
    """What the brackets in front of a title say, and the title without them."""

    priority: str
    transition: str
    scope: str
    bare: str


def parse(payload: Payload) -> list[Item]:
    """Read an event. All events of one group of a monitor, from trigger to recovery, share a cycle."""
    given = fields_of(payload)
    if given is None:
        return [odd(payload.body, SENDER)]
    told = _told(given.values)
    if not told.keys() & {"title", "text", "cycle", "aggreg", "monitor"}:
        return [loose.read(given, SENDER) or odd(payload.body, SENDER)]
    title = _title(told.get("title", ""))
    scope = told.get("scope") or title.scope
    transition = told.get("transition", "") or title.transition
    return [
        build(
            SENDER,
            key=_key(told, title, scope),
            summary=told.get("title") or told.get("text", ""),
            kind=_kind(told, transition),
            severity=_severity(told, title, transition.lower()),
            description=told.get("text", ""),
            labels={
                "host": told.get("host") or _host(scope),
                "scope": scope,
                **tags_of(told.get("tags", "")),
            },
            links=[link_to(told.get("link", ""), "Datadog"), link_to(told.get("snapshot", ""), "Snapshot")],
            author=told.get("user", ""),
        )
    ]


def _told(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the members by what they are read for, without variables that stand for nothing."""
    found: dict[str, str] = {}
    ranks: dict[str, int] = {}
    for name, value in values.items():
        meant = _meant(name)
        if meant is None:
            continue
        about, rank = meant
        if about in ranks and ranks[about] <= rank:
            continue
        text = value.strip() if value.__class__ is str else _text(value)
        if text and text[0] != "$" and text not in NOTHING:
            found[about] = text
            ranks[about] = rank
    return found


def _text(value: Any) -> str:
    return (
        ",".join(map(text_of, value)) if isinstance(value, list) else "" if isinstance(value, dict) else text_of(value)
    )


@lru_cache(maxsize=4096)
def _meant(name: str) -> tuple[str, int] | None:
    return _MEANT.get(folded(name))


def _title(title: str) -> _Title:
    """Read `[P2] [Triggered on {host:app7}] Load is high`; brackets of the monitor's own name stay in it."""
    priority = transition = scope = ""
    end = 0
    while (match := _BRACKET.match(title, end)) is not None:
        words = match[1].strip()
        about = _ON.search(words) if " " in words else None
        word = words[: about.start()] if about else words
        if word.lower() in PRIORITIES:
            priority = word
        elif not transition and (word.lower() == RENOTIFY or kind_of(_AGAIN.sub("", word.lower())) is not None):
            transition, scope = word, about[1] if about else ""
        elif word.lower() != MONITOR_ALERT:
            break
        end = match.end()
    return _Title(priority, transition, scope, title[end:].strip())


def _key(told: Mapping[str, str], title: _Title, scope: str) -> str:
    if "cycle" in told:
        return told["cycle"]
    if "aggreg" in told:
        return f"{told['aggreg']}:{scope}" if scope else told["aggreg"]
    if "monitor" in told:
        return f"{told['monitor']}:{scope}"
    known = steady(title.bare)
    name = title.bare if known == title.bare.lower() else known
    return f"title:{name}:{scope}" if scope else f"title:{name}" if name else ""


def _kind(told: Mapping[str, str], transition: str) -> Kind:
    """Return what a transition says; without one, a status in a word, or an event that is a success."""
    if transition:
        return Kind.RESOLVED if kind_of(transition) is Kind.RESOLVED else Kind.FIRING
    over = kind_of(told.get("state", "")) is Kind.RESOLVED or told.get("type", "").lower() == SUCCESS
    return Kind.RESOLVED if over else Kind.FIRING


def _severity(told: Mapping[str, str], title: _Title, transition: str) -> str:
    for word in (title.priority, told.get("priority", "")):
        if word and word.lower() not in UNRANKED and severity_of(word) is not None:
            return word
    kind = told.get("type", "")
    return "warning" if WARN in transition or kind.lower() == SUCCESS else kind


def _host(scope: str) -> str:
    return next((part.strip()[5:] for part in scope.split(",") if part.strip().startswith("host:")), "")


def tags_of(text: str) -> dict[str, str]:
    """Read `env:prod,service:db`; a tag without a value is its own."""
    pairs = (part.strip().partition(":") for part in text.split(",") if part.strip())
    return {name: value or name for name, _, value in pairs}
