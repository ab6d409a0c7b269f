"""What people write in a mail is told from what their mail program adds; any bytes are a mail."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import errand, letter

NESTED = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(20))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ack 2h\n\nOn Tue, 24 Nov 2026 at 12:02, alertbot <a@b.c> wrote:\n> #1\n> ack", "ack 2h"),
        ("ack\n\nOn Tuesday, 24 November 2026 at 12:02, alertbot\n<a@b.c> wrote:\n\n> close", "ack"),
        ("ack\n\nAm 24.11.26 um 12:02 schrieb alertbot:\n> close", "ack"),
        ("\n\n  own \n-- \nDana Scott\nSRE", "own"),
        ("ack\r\n-----Original Message-----\r\nFrom: a@b.c\r\nclose", "ack"),
        ("ack\n\n________________________________\nFrom: alertbot <a@b.c>\nclose", "ack"),
        ("> quoted first\nack", "ack"),
        ("On it: 3 disks are replaced.\nMore later.", "On it: 3 disks are replaced.\nMore later."),
        ("> only\n> quotes", ""),
        ("", ""),
    ],
)
def test_what_somebody_wrote(text: str, said: str) -> None:
    """Above the quote and the signature, as mail programs write them."""
    read = letter.read(b"From: a@b.c\r\n\r\n" + text.encode())

    assert said == letter.said(read.text)


@pytest.mark.parametrize(
    ("given", "sender"),
    [
        ("dana@example.com", "dana@example.com"),
        ("Dana <Dana@Example.com>", "dana@example.com"),
        ('"Scott, Dana" <dana@example.com>', "dana@example.com"),
        ("dana@example.com (Dana)", "dana@example.com"),
        ("=?utf-8?q?D=C3=A4na?= <dana@example.com>", "dana@example.com"),
        ("Scott, Dana <dana@example.com>", ""),
        ("dana@example.com, lee@example.com", ""),
        ("dana@example.com <lee@example.com>", ""),
        ("dana@example.com)<lee@example.com>", ""),
        ("<dana@example.com> <lee@example.com>", ""),
        ("friends: dana@example.com;", ""),
        ("dana", ""),
        ("", ""),
    ],
)
def test_who_wrote(given: str, sender: str) -> None:
    """Exactly one address, in no other way of reading another one."""
    assert sender == letter.read(f"From: {given}\r\n\r\nx".encode()).sender


def test_two_from() -> None:
    """Are nobody."""
    assert "" == letter.read(b"From: a@b.c\r\nFrom: d@e.f\r\n\r\nx").sender


def test_words_of_a_page() -> None:
    """The words that are seen, a line for each block, when there is no plain text."""
    page = b"<style>p {}</style><!-- <p>not this --><p>ack&nbsp;2h</p><blockquote>close<br>x</blockquote>"
    read = letter.read(b"Content-Type: text/html; charset=utf-8\r\n\r\n" + page)

    assert "ack 2h" == letter.said(read.text).split("\n")[0]


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 60_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 60_000,
        b"Content-Type: text/plain; " + b";" * 300_000 + b"\r\n\r\nx",
        b"Subject: x\r\n" + NESTED + b"\r\n\r\na" * 90_000,
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 25_000,
        b"From: " + b"a@b, " * 50_000 + b"\r\n\r\nx",
        b"x: y\r\n\r\n" + (b"On " + b"1 wrote " * 50 + b"\n") * 1000,
    ],
    ids=["tags", "comments", "parameters", "nested", "parts", "senders", "quotes"],
)
def test_no_mail_takes_long(raw: bytes) -> None:
    """Some of these take a library a minute; others wait meanwhile."""
    began = time.process_time()
    letter.said(letter.read(raw).text)

    assert time.process_time() - began < 3


HEADER = st.sampled_from(
    [
        b"From: ",
        b"Subject: ",
        b"Content-Type: ",
        b"Content-Transfer-Encoding: ",
        b"Date: ",
        b"Message-ID: ",
        b"\r\n",
        b"",
    ]
)
VALUE = st.binary(max_size=30) | st.sampled_from(
    [
        b"=?utf-8?b?w6k?=",
        b"=?x?q?=ff?=",
        b"multipart/mixed; boundary=b",
        b"text/html; charset=utf-7",
        b"text/plain; charset*=utf-8''%ff",
        b"base64",
        b"quoted-printable",
        b"x-uuencode",
        b"--b",
        b"<p>&#55296;",
        b"ack 2h",
        b"Mon, 99 Foo 99999 99:99:99 +9999",
    ]
)


@given(st.lists(st.tuples(HEADER, VALUE).map(b"".join), max_size=8).map(b"\r\n".join))
def test_any_bytes_are_a_mail(raw: bytes) -> None:
    """Nothing raises, and what was said is a command or a note."""
    read = letter.read(raw)
    said = letter.said(read.text)

    assert read.sent_at is not None
    assert (errand.read(said, 12) is None) == (not said.strip())
