"""Any text after /alert is a command or a polite refusal, and how it is dressed does not matter."""

import os

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.commands import NOT_UNDERSTOOD, VERBS, Command, Misread, parse

EXAMPLES = int(os.environ.get("ANY_TEXT_EXAMPLES", "300"))
"""`.ci/run` asks for 20,000."""
NAMES = [name for verb in VERBS for name in (verb.name, *verb.aliases)]
PIECES = st.one_of(
    st.sampled_from([*NAMES, "akc", "all", "mine", "last", "open", "--", "-", "to", "and", "page", "dupe", "fixed", "as"]),
    st.sampled_from(["2h", "30", "min", "until", "09:00", "tomorrow", "for", "@dana", "@", "#", '"', "\u201c", "0", "-1"]),
    st.sampled_from(["severity>=error", "a=b", 'a="b', "=", ">=", "critical", "12", "#12-#14", "12,", "1-99999", "help"]),
    st.text(max_size=8),
)  # fmt: skip
OF_OTHERS = {"silence", "unsilence", "cover", "uncover", "page", "create", "handover"}
"""Verbs that change something, and not the alerts whose numbers are named."""
CHANGING = [verb for verb in VERBS if verb.changes and verb.example != verb.name and verb.name not in OF_OTHERS]


def outcome(text: str) -> Command | Misread:
    """Give the command, or the refusal."""
    try:
        return parse(text)
    except Misread as misread:
        return misread


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.one_of(st.text(st.characters(), max_size=60), st.lists(PIECES, max_size=8).map(" ".join)))
@example("\ud800 12")
@example("12 \x00")
@example("9" * 32_000)
@example('"' * 32_000)
def test_any_text(text: str) -> None:
    """Any text is a command or a short polite refusal, and a suggestion is always a line that works."""
    found = outcome(f"/alert {text}")

    if isinstance(found, Misread):
        assert 0 < len(found.reason) < 500
        assert len(found.suggestion or "") <= 200
        assert found.suggestion is None or isinstance(outcome(f"/alert {found.suggestion}"), Command)
    else:
        assert found.verb in {verb.name for verb in VERBS}
        assert len(found.targets.numbers) <= 1000
        assert all(1 <= first <= last <= 10**9 for first, last in found.targets.ranges)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_text_without_slash_word(text: str) -> None:
    """Whatever does not begin with our slash word is not understood."""
    found = outcome(text)

    assert text.lstrip().lower().startswith("/alert") or (isinstance(found, Misread) and found.reason == NOT_UNDERSTOOD)


@st.composite
def dressed_number(draw: st.DrawFn, number: int) -> str:
    """Write a number with or without its sign, in either width."""
    digits = draw(st.sampled_from([str(number), "".join(chr(0xFF10 + int(digit)) for digit in str(number))]))
    return draw(st.sampled_from(["", "#", "\uff03"])) + digits


@st.composite
def dressed(draw: st.DrawFn) -> tuple[str, str]:
    """Write one changing command twice: plainly, and as somebody in a hurry on a phone would."""
    name = draw(st.sampled_from([name for verb in CHANGING for name in (verb.name, *verb.aliases)]))
    verb = next(verb for verb in CHANGING if name in (verb.name, *verb.aliases))
    numbers = draw(st.lists(st.integers(1, 10**9), min_size=1, max_size=5))
    tail = {"assign": "@dana", "severity": "critical", "note": "-- Text", "snooze": "2h"}.get(
        verb.name, draw(st.sampled_from(["", "-- A note"]))
    )
    space = st.sampled_from([" ", "  ", "\u00a0", "\t", " \u200b"])
    comma = draw(st.sampled_from([" ", ",", ", ", " and ", "\u3001"]))
    cased = "".join(draw(st.sampled_from([letter.lower(), letter.upper()])) for letter in name)
    slash = draw(st.sampled_from(["/alert", "/ALERT", "/Alerts"]))
    plain = f"/alert {verb.name} {' '.join(map(str, numbers))} {tail}"
    hurried = comma.join(draw(dressed_number(number)) for number in numbers)
    return plain, f"{slash}{draw(space)}{cased}{draw(space)}{hurried}{draw(space)}{tail}"


@settings(max_examples=200, deadline=None)
@given(dressed())
def test_dress_does_not_matter(lines: tuple[str, str]) -> None:
    """Case, `#`, width, spaces, commas and aliases change nothing about what a line means."""
    plain, hurried = lines

    assert isinstance(outcome(plain), Command)
    assert outcome(plain) == outcome(hurried)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(["ack", "own", "note", "unack", "reopen", "unassign", "close"]),
    st.lists(st.integers(1, 10**9), min_size=1, max_size=4),
    st.text(max_size=40).map(lambda text: f"5 {text} disks"),
)
def test_note_after_dashes_is_verbatim(verb: str, numbers: list[int], note: str) -> None:
    """What stands after `--` is the note, character by character, and never a target."""
    command = parse(f"/alert {verb} {' '.join(map(str, numbers))} -- {note}")

    assert set(numbers) == set(command.targets.numbers)
    assert note == command.note


@settings(max_examples=200, deadline=None)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=4, unique=True), st.text(max_size=30))
def test_only_typed_numbers_are_touched(numbers: list[int], rest: str) -> None:
    """A plain word ends the targets: whatever follows it adds none, and a second command has the first refused too."""
    found = outcome(f"/alert ack {','.join(map(str, numbers))} because {rest}")
    if isinstance(found, Misread):
        assert "two commands" in found.reason
        return

    assert set(numbers) == set(found.targets.numbers)
