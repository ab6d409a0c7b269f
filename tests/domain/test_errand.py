"""The first line of an answer is a command about the one alert of the mail, or a note."""

import pytest

from bot.domain import errand

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("text", "verb", "duration", "note"),
    [
        ("ack", "ack", None, ""),
        ("Ack 2h on it.", "ack", 2 * HOUR, "on it."),
        ("a 2h", "ack", 2 * HOUR, ""),
        ("ack 12 2h", "ack", 2 * HOUR, ""),
        ("/alert ack 2h", "ack", 2 * HOUR, ""),
        ("Done.", "close", None, ""),
        ("close disk replaced", "close", None, "disk replaced"),
        ("snooze 2h", "snooze", 2 * HOUR, ""),
        ("note two lines\nof it", "note", None, "two lines\nof it"),
        ("A disk is broken", "note", None, "A disk is broken"),
        ("I look at it\ntomorrow", "note", None, "I look at it\ntomorrow"),
        ("list", "note", None, "list"),
        ("silence all 2h", "note", None, "silence all 2h"),
        ("5 disks", "note", None, "5 disks"),
    ],
)
def test_what_is_asked_for(text: str, verb: str, duration: int | None, note: str) -> None:
    """Sentences stay sentences."""
    found = errand.read(text, 12)

    assert found is not None
    assert (verb, duration, note, "") == (found.command.verb, found.command.duration, found.command.note, found.why)


@pytest.mark.parametrize("text", ["ack 13", "ack all", "close 12-14", "ack 5 disks are broken", "snooze", "assign"])
def test_what_is_kept_as_a_note(text: str) -> None:
    """What is about other alerts, or lacks something, is not done; it is said why."""
    found = errand.read(text, 12)

    assert found is not None
    assert ("note", text) == (found.command.verb, found.command.note)
    assert "kept as a note" in found.why


def test_nothing() -> None:
    """Is nothing."""
    assert errand.read(" \n\t\n", 12) is None
