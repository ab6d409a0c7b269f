"""The words that other tools and people use: how bad a problem is, and what became of it. One table of each for all.

A word is looked up whole, in any case and without its punctuation (`SEV-1`, `No Data`, `back_to_normal`), so that what
turns a meaning round (`not resolved`, `unacknowledged`) is never taken for what it contains.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from bot.domain.signal import LABEL_VALUE_LIMIT, UNKNOWN_SEVERITY, Kind, Severity, clean

# fmt: off
_SEVERITIES: Mapping[Severity, Iterable[str]] = {
    Severity.CRITICAL: (
        "alert", "blocker", "catastrophe", "catastrophic", "crit", "disaster", "emerg", "emergency", "fatal",
        "highest", "p0", "p1", "page", "panic", "prio0", "prio1", "red", "sev0", "sev1", "severe", "urgent",
        "veryhigh",
    ),
    Severity.ERROR: (
        "danger", "err", "exception", "fail", "failed", "failure", "high", "major", "orange", "p2", "prio2", "sev2",
    ),
    Severity.WARNING: (
        "average", "caution", "medium", "minor", "moderate", "p3", "prio3", "sev3", "warn", "yellow",
    ),
    Severity.INFO: (
        "debug", "indeterminate", "information", "informational", "informative", "low", "lowest", "none", "notclassified", "notice",
        "p4", "p5", "prio4", "prio5", "sev4", "sev5", "trace", "trivial", "verbose", "verylow",
    ),
}
_KINDS: Mapping[Kind, Iterable[str]] = {
    Kind.FIRING: (
        "activated", "active", "alarm", "alarming", "alert", "alerting", "bad", "begin", "begun", "breached",
        "broken", "crashed", "create", "created", "critical", "degraded", "down", "error", "errored", "fail",
        "failed", "failing", "failure", "fire", "fired", "firing", "inalarm", "insufficientdata", "missing", "new",
        "nodata", "notok", "offline", "open", "opened", "outage", "problem", "raise", "raised", "reopen", "reopened",
        "notresponding", "retrigger", "retriggered", "start", "started", "timeout", "trigger", "triggered", "triggering",
        "unavailable", "unhealthy", "unknown", "unreachable", "unresolved", "violated", "violation", "warn",
        "warning",
    ),
    Kind.ACKNOWLEDGED: (
        "ack", "acked", "acknowledge", "acknowledged", "acknowledgement", "acknowledging", "acknowledgment",
    ),
    Kind.UNACKNOWLEDGED: (
        "unack", "unacked", "unacknowledge", "unacknowledged",
    ),
    Kind.RESOLVED: (
        "autoclosed", "autoresolved", "available", "backonline", "backtonormal", "clear", "cleared", "close",
        "closed", "deactivated", "dismissed", "end", "ended", "fixed", "good", "green", "healthy", "inactive",
        "isok", "normal", "notfiring", "ok", "okay", "online", "pass", "passed", "passing", "reachable", "recover",
        "recovered", "recovery", "resolve", "resolved", "restored", "solved", "succeeded", "success", "successful",
        "up",
    ),
}
# fmt: on

SEVERITIES: Mapping[str, Severity] = {
    **{severity.word: severity for severity in Severity},
    **{word: severity for severity, words in _SEVERITIES.items() for word in words},
}
"""Words for a severity (alert-sources.md 0.3)."""
KINDS: Mapping[str, Kind] = {word: kind for kind, words in _KINDS.items() for word in words}
"""Words for what became of a problem."""

LONGEST = 64
"""No word for a state is longer."""
_APART = re.compile(r"[^a-z0-9]+")
_BESIDE = frozenset(
    {
        *("", "severity", "priority", "level", "prio", "sev", "state", "status", "impact", *"0123456789"),
        *("alert", "alarm", "criticality", "event", "incident", "problem"),
    }
)
"""What stands beside a severity's word and says nothing more: `1 - Critical`, `High priority`."""
_PARTS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[^\W_]+")
_NOUNS = frozenset(
    {
        *("alert", "alerts", "alarm", "check", "condition", "event", "host", "incident", "is", "issue", "monitor"),
        *("monitoring", "notification", "problem", "rule", "service", "state", "status", "trigger"),
    }
)
"""Words for a problem, and for what has one, that say nothing beside a word that does."""
_ENDS = frozenset({"autoresolved", "cleared", "closed", "recovered", "recovery", "resolved", "restored"})
"""Ends that stay ends beside how bad it was: `ResolvedCritical`."""
_RANKED = frozenset({"critical", "warn", "warning"})
_BAD = frozenset({"degraded", "down", "error", "missing", "outage"})
"""What a problem was, where its end comes behind."""


def severity_of(word: str) -> Severity | None:
    """Return how bad a word says that a problem is; None for a word that nobody knows."""
    low = word.strip().lower()
    known = SEVERITIES.get(low)
    if known is not None or not low:
        return known
    parts = _APART.split(low, 8)
    known = SEVERITIES.get("".join(parts))
    if known is not None:
        return known
    told = [SEVERITIES.get(part) for part in parts if part not in _BESIDE]
    return told[0] if told and None not in told else None


def severity_or_warning(word: str | None, labels: dict[str, str]) -> Severity:
    """Read a severity; an unknown word is a warning and is kept as the label `severity_raw`."""
    if not word or not word.strip():
        return Severity.WARNING
    known = severity_of(word)
    if known is None:
        labels[UNKNOWN_SEVERITY] = clean(word.strip(), LABEL_VALUE_LIMIT)
        return Severity.WARNING
    return known


def kind_of(word: str) -> Kind | None:
    """Return what a word says became of a problem; None for a word that says neither that it is there nor that it is over."""
    found = KINDS.get(word)
    return found if found is not None or len(word) > LONGEST else _kind_of(word)


@lru_cache(maxsize=1024)
def _kind_of(word: str) -> Kind | None:
    low = word.strip().lower()
    return KINDS.get(low) or KINDS.get(_APART.sub("", low)) or _kind_of_parts(_PARTS.findall(word))


def _kind_of_parts(parts: Iterable[str]) -> Kind | None:
    """Read `alert.resolved`, `ResolvedCritical`, `ALERT_DEGRADED_RECOVERY`: an end is one only where nothing speaks against it."""
    words = [part.lower() for part in parts]
    told = [word for word in words if word not in _NOUNS]
    kinds = [KINDS.get(word) for word in told]
    if len(words) < 2 or not kinds or None in kinds:
        return None
    if len(set(kinds)) == 1:
        return kinds[0]
    ends = [at for at, kind in enumerate(kinds) if kind is Kind.RESOLVED]
    plain = len(ends) == 1 and told[ends[0]] in _ENDS
    before, after = (told[: ends[0]], told[ends[0] + 1 :]) if plain else ([], [])
    return Kind.RESOLVED if plain and _RANKED.issuperset(after) and (_RANKED | _BAD).issuperset(before) else None
