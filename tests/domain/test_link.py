"""Links vouch for one alert, for a while, until they are revoked."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import link

NOW = 1_767_323_045_000
KEY = b"k" * 32


def test_what_was_written_is_read() -> None:
    """The alert and the second it was made in."""
    token = link.written(KEY, tenant=7, number=42, now=NOW)

    assert link.Linked(tenant=7, number=42, made_at=NOW) == link.read(KEY, token)


@given(st.text(max_size=80) | st.from_regex(r"\d{1,3}-\d{1,3}-\d{1,12}-[A-Za-z0-9_-]{24}", fullmatch=True))
def test_nobody_makes_one_up(token: str) -> None:
    """Whatever it looks like."""
    assert link.read(KEY, token) is None


@given(st.integers(0, 60), st.characters(codec="ascii"))
def test_no_character_can_be_changed(place: int, char: str) -> None:
    """Neither the number nor the time nor the signature."""
    token = link.written(KEY, tenant=7, number=42, now=NOW)
    changed = token[: place % len(token)] + char + token[place % len(token) + 1 :]

    assert changed == token or link.read(KEY, changed) is None


def test_another_key() -> None:
    """A link of another installation of the bot is nobody's here."""
    assert link.read(b"x" * 32, link.written(KEY, tenant=7, number=42, now=NOW)) is None


def test_how_long_it_is_good() -> None:
    """From when it was made for its life; not before links were revoked, and not far in the future."""
    made = link.Linked(tenant=7, number=42, made_at=NOW)

    assert made.good(NOW, 0)
    assert made.good(NOW + link.LIFE - 1, NOW)
    assert not made.good(NOW + link.LIFE, 0)
    assert not made.good(NOW, NOW + 1)
    assert made.good(NOW - link.LEEWAY, 0)
    assert not made.good(NOW - link.LEEWAY - 1, 0)
