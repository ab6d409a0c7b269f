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
    ("header", "subject"),
    [
        (b"Ger\xe4t \xfcberhitzt", "Gerät überhitzt"),
        ("Gerät überhitzt".encode(), "Gerät überhitzt"),
        (b"=?iso-8859-1?q?Ger=E4t_=FCberhitzt?=", "Gerät überhitzt"),
        (b"=?utf-8?q?Ger=E4t?=", "Gerät"),
        (b"=?unknown-8bit?q?Ger=E4t?=", "Gerät"),
        (b"=?utf-8*de?b?R2Vyw6R0?= am Netz", "Gerät am Netz"),
        (b"=?utf-8?b?R2Vyww==?= =?utf-8?b?pHQ=?=", "Gerät"),
        (b"=?utf-8?q?Ger=C3?=\r\n =?utf-8?q?=A4t?= =?utf-8?q?_1?= (2)", "Gerät 1 (2)"),
        (b"=?utf-8?b?QUJDR?=", "ABC"),
        (b"=?utf-8?b?R2Vyw6R0 IQ?= x", "Gerät! x"),
        (b"=?utf-8?q?a b?=", "a b"),
        (b"=?utf-8?x?ab?= =?", "=?utf-8?x?ab?= =?"),
        (b"=?koi8-r?b?88XS18XS?=", "Сервер"),
    ],
)
def test_subjects(header: bytes, subject: str) -> None:
    """A subject is read in the charset that was meant, as far as a program has left it whole."""
    assert subject == letter.read(b"Subject: " + header + b"\r\n\r\nx").subject


@pytest.mark.parametrize(
    ("head", "body", "text"),
    [
        (b"", b"Ger\xe4t \xfcberhitzt", "Gerät überhitzt"),
        (b"Content-Type: text/plain; charset=us-ascii\r\n", b"Ger\xe4t", "Gerät"),
        (b"Content-Type: text/plain; charset=utf-8\r\n", b"Ger\xe4t", "Gerät"),
        (b"Content-Type: text/plain; charset=nonsense\r\n", "Gerät".encode(), "Gerät"),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n", "Gerät".encode(), "Gerät"),
        (b"Content-Transfer-Encoding: quoted-printable\r\n", b"Ger=E4t =XY =", "Gerät =XY "),
        (b"Content-Transfer-Encoding: base64\r\n", b"R2Vyw6R0IMO8YmVyaGl0enQ", "Gerät überhitzt"),
        (b"Content-Transfer-Encoding: base64\r\n", b"R2Vyw6R0I", "Gerät"),
        (b"Content-Transfer-Encoding: base64\r\n", "Das ist ein Gerät".encode(), "Das ist ein Gerät"),
        (b"Content-Transfer-Encoding: bogus\r\n", b"Ger\xe4t", "Gerät"),
        (b"Content-Type: text/markdown\r\n", b"*Ger\xe4t*", "*Gerät*"),
        (b"Content-Type: multipart/mixed\r\n", b"no parts here", "no parts here"),
        (
            b"Content-Type: multipart/mixed; boundary=a\r\n",
            b"--b\r\nContent-Type: text/plain; charset=latin1\r\n\r\nGer\xe4t\r\n--b--\r\n",
            "Gerät",
        ),
        (
            b"Content-Type: multipart/alternative; boundary=a\r\n",
            b"--b\r\nContent-Type: text/html\r\n\r\n<p>Ger\xe4t</p>\r\n--b\r\n",
            "Gerät",
        ),
        (b"Content-Type: multipart/mixed; boundary=a\r\n", b"--b but no part\r\n", "--b but no part\r\n"),
    ],
)
def test_texts(head: bytes, body: bytes, text: str) -> None:
    """A text is read in the charset that was meant, and shown also where the mail around it is broken."""
    assert text.strip() == letter.read(b"Subject: x\r\n" + head + b"\r\n" + body).text.strip()


@pytest.mark.parametrize(
    ("page", "text"),
    [
        (
            "<table><tr><th>Host</th><td>db1</td></tr><tr><td>State</td><td>DOWN</td></tr></table>",
            "Host db1\nState DOWN",
        ),
        ("<tr>\n<td><b>Host</b></td>\n<td>db1</td>\n</tr>\n<TR><TD>State<TD>DOWN", "Host db1\nState DOWN"),
        ("<p>a</p><table><tr><td>b<br>c</td></tr></table><ul><li>d</li><li>e</li></ul>", "a\n\nb\nc\n\nd\ne"),
        ("<dl><dt>Host</dt><dd>db1</dd></dl>", "Host\ndb1"),
    ],
)
def test_tables(page: str, text: str) -> None:
    """A row of a table is a line, and its cells stay apart."""
    assert text == letter.read(f"Content-Type: text/html\r\n\r\n{page}".encode()).text


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: text/html\r\n\r\n" + b"<a " * 60_000,
        b"Subject: " + b"=?utf-8?b?" * 20_000 + b"\r\n\r\nx",
        b"Content-Transfer-Encoding: base64\r\n\r\n" + b"a" * 120_000,
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 25_000,
        b"Content-Type: text/html\r\n\r\n" + b"<!--" * 60_000,
        b"Content-Type: text/plain; " + b";" * 300_000 + b"\r\n\r\nx",
        b"Subject: x\r\n" + NESTED + b"\r\n\r\na" * 90_000,
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + b"--b\r\n\r\nx\r\n" * 25_000,
        b"From: " + b"a@b, " * 50_000 + b"\r\n\r\nx",
        b"x: y\r\n\r\n" + (b"On " + b"1 wrote " * 50 + b"\n") * 1000,
    ],
    ids=["tags", "words", "base64", "unbound", "comments", "parameters", "nested", "parts", "senders", "quotes"],
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
        b"=?utf-8?b?QUJDR?=",
        b"multipart/mixed",
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
