"""Words of other tools for severities and states."""

import pytest

from bot.domain.signal import Kind, Severity
from bot.domain.vocabulary import KINDS, SEVERITIES, kind_of, severity_of, severity_or_warning

WORST = (
    "emergency",
    "EMERG",
    "Disaster",
    "P0",
    "sev0",
    "sev1",
    "SEV-1",
    "Sev 1",
    "blocker",
    "panic",
    "urgent",
    "fatal",
    "page",
)


@pytest.mark.parametrize("word", [*WORST, "P1 - Critical", "[CRITICAL]", "1 - Critical", "critical!"])
def test_words_for_the_worst(word: str) -> None:
    """Well-known words for the worst are critical, however they are written."""
    assert Severity.CRITICAL is severity_of(word)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("major", Severity.ERROR),
        ("High priority", Severity.ERROR),
        ("P2", Severity.ERROR),
        ("average", Severity.WARNING),
        ("minor", Severity.WARNING),
        ("notice", Severity.INFO),
        ("Informational", Severity.INFO),
        ("trace", Severity.INFO),
        ("low", Severity.INFO),
        ("Not classified", Severity.INFO),
    ],
)
def test_severities(word: str, severity: Severity) -> None:
    """Each word of the syslog, ITU and priority scales has its place."""
    assert severity is severity_of(word)


@pytest.mark.parametrize("word", ["non-critical", "not critical", "5", "", "purple", "uncritical"])
def test_unknown_severity(word: str) -> None:
    """A word that is none, or that turns one round, is not guessed: a warning, kept as a label."""
    labels: dict[str, str] = {}

    assert severity_of(word) is None
    assert Severity.WARNING is severity_or_warning(word, labels)
    assert labels == ({"severity_raw": word} if word else {})


@pytest.mark.parametrize(
    "word",
    ["resolved", "Cleared", "RECOVERY", "healthy", "inactive", "solved", "online", "back to normal", "UP", "o.k."],
)
def test_ends(word: str) -> None:
    """A problem's end has many words."""
    assert Kind.RESOLVED is kind_of(word)


@pytest.mark.parametrize(
    "word", ["not resolved", "unhealthy", "inactive?!x", "unresolved", "not ok", "offline", "No Data"]
)
def test_no_ends(word: str) -> None:
    """What turns an end round is none."""
    assert kind_of(word) in {Kind.FIRING, None}


def test_no_word_is_both() -> None:
    """A word that ends a problem is no severity that one can have."""
    ends = {word for word, kind in KINDS.items() if kind is Kind.RESOLVED}

    assert not ends & SEVERITIES.keys()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("alert.resolved", Kind.RESOLVED),
        ("ResolvedCritical", Kind.RESOLVED),
        ("ALERT_DEGRADED_RECOVERY", Kind.RESOLVED),
        ("check.up", Kind.RESOLVED),
        ("incident-acknowledged", Kind.ACKNOWLEDGED),
        ("alert_raised", Kind.FIRING),
        ("resolve_failed", None),
        ("recovery.error", None),
        ("ok_critical", None),
        ("firing/resolved", None),
        ("not_resolved", None),
        ("UP to DOWN", None),
        ("ready to close", None),
    ],
)
def test_words_in_one(word: str, kind: Kind | None) -> None:
    """A word that is put together says what its parts say, an end only where nothing in it speaks against that."""
    assert kind is kind_of(word)
