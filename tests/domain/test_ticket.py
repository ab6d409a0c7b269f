"""Tickets vouch for one thing to one alert by one address, for a while, whatever a mail server does to their letters."""

from hypothesis import given
from hypothesis import strategies as st

from bot.domain import ticket
from bot.domain.ticket import Use

NOW = 1_767_323_045_000
KEY = b"k" * 32
MADE = ticket.to_act(KEY, Use.REPLY, tenant=7, number=42, address="dana@example.com", now=NOW)


def test_what_was_written_is_read() -> None:
    """In any case; it fits an address beside `alerts+`."""
    found = ticket.read(KEY, MADE.upper())

    assert found is not None
    assert (Use.REPLY, 7, 42, NOW + ticket.LIFE) == (found.use, found.tenant, found.number, found.ends_at)
    assert MADE == MADE.lower()
    assert len(f"alerts+{MADE}") <= 64


@given(st.text(max_size=80) | st.from_regex(r"[a-z2-7]{56}", fullmatch=True))
def test_nobody_makes_one_up(text: str) -> None:
    """Whatever it looks like."""
    assert ticket.read(KEY, text) is None


@given(st.integers(0, 55), st.characters(codec="ascii"))
def test_no_character_can_be_changed(place: int, char: str) -> None:
    """Neither what it is for nor whom nor until when."""
    changed = MADE[:place] + char + MADE[place + 1 :]

    assert changed.lower() == MADE or ticket.read(KEY, changed) is None


def test_another_key() -> None:
    """A ticket of another installation of the bot is nobody's here."""
    assert ticket.read(b"x" * 32, MADE) is None


def test_whose_it_is() -> None:
    """The address that it was made for, in any case, among those of its tenant."""
    found = ticket.read(KEY, MADE)
    assert found is not None
    known = [("a", "lee@example.com"), ("b", "Dana@Example.com")]

    assert ("b", "Dana@Example.com") == ticket.addressed(KEY, found, known)
    assert ticket.addressed(KEY, found, known[:1]) is None


def test_mails_are_ended_in_one_channel() -> None:
    """For good, also after links were revoked."""
    found = ticket.read(KEY, ticket.to_mute(KEY, tenant=7, channel="a", address="dana@example.com"))
    assert found is not None

    assert ("a", "dana@example.com") == ticket.addressed(KEY, found, [("a", "dana@example.com")])
    assert ticket.addressed(KEY, found, [("b", "dana@example.com")]) is None
    assert not found.revoked(NOW)


def test_how_long_it_is_good() -> None:
    """For its life, and not when links were revoked after it was made."""
    found = ticket.read(KEY, MADE)
    assert found is not None

    assert found.good(NOW + ticket.LIFE - 1)
    assert not found.good(NOW + ticket.LIFE)
    assert not found.revoked(NOW)
    assert found.revoked(NOW + 1)
