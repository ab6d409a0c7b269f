"""Bytes are read as the text that was meant, whatever was declared of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.charset import LARGE, as_utf8, charset_of, decoded, unescaped

GERMAN = '{"title": "Gerät größer als 5 °C"}'


@pytest.mark.parametrize(
    "declared", ["", "utf-8", "UTF8", "iso-8859-1", "windows-1252", "us-ascii", "unknown-8bit", "\0"]
)
def test_utf_8(declared: str) -> None:
    """Sound UTF-8 is read as such, with or without a mark, also where a Western charset was declared out of habit."""
    assert decoded(GERMAN.encode(), declared) == GERMAN
    assert decoded(GERMAN.encode("utf-8-sig"), declared) == GERMAN


@pytest.mark.parametrize("declared", ["", "utf-8", "iso-8859-1", "latin1", "us-ascii", "unknown-8bit", "x"])
def test_single_bytes(declared: str) -> None:
    """What is no UTF-8 is of one byte a character: Windows' Latin, as ISO 8859-1 is read everywhere."""
    assert decoded(GERMAN.encode("latin-1"), declared) == GERMAN
    assert decoded(b"\x93on\x94 \x80 5", declared) == "“on” € 5"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("declared", ["", "utf-8", "as it is"])
def test_wide(encoding: str, declared: str) -> None:
    """UTF-16 and UTF-32 are known by their mark, by what was declared, or by their zeros."""
    assert decoded(GERMAN.encode(encoding), encoding if declared else declared) == GERMAN


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_order(encoding: str) -> None:
    """Where UTF-16 was declared and no order of its bytes, the zeros tell it."""
    assert decoded("Überhitzt: Gerät".encode(encoding), "utf-16") == "Überhitzt: Gerät"


def test_utf_16_that_is_none() -> None:
    """A wrong word about UTF-16 costs nothing: .NET writes it over texts that are not."""
    assert decoded(GERMAN.encode(), "utf-16") == GERMAN


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("koi8-r", "Сервер"),
        ("windows-1251", "Сервер"),
        ("shift_jis", "温度"),
        ("iso-2022-jp", "温度"),
        ("iso-8859-2", "ł"),
        ("gb2312", "温度"),
    ],
)
def test_declared(encoding: str, text: str) -> None:
    """Any other charset is believed."""
    data = text.encode(encoding)

    assert decoded(data, encoding) == text
    assert as_utf8(data, encoding) == text.encode()


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Gerät überhitzt".encode()[:-6] + b"\xc3", "Gerät übe�"),
        (b'{"a": "' + "Gerät".encode() + b'\xe2\x82"}', '{"a": "Gerät�"}'),
        ("Gerät: ".encode() + "überhitzt, größer".encode("latin-1"), "Gerät: überhitzt, größer"),
        ("Gerät ".encode() + b"\xff", "Gerät ÿ"),
        (b"Caf\xe9, \xe0 bient\xf4t", "Café, à bientôt"),
        ("Gerät".encode()[:4], "Ger\ufffd"),
        ("5 €".encode()[:-1], "5 \ufffd"),
        ("Café".encode("latin-1"), "Café"),
        (b"\x81\x8d", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_partly(data: bytes, text: str) -> None:
    """Of a text that is mostly UTF-8 only the halves of characters are lost; any other byte is a character."""
    assert decoded(data) == text
    assert decoded(data, "utf-8") == text


def test_large() -> None:
    """A large text with a fault is read as what most of it is."""
    many = "ä" * LARGE

    assert decoded(many.encode() + b"\xc3").startswith("äää")
    assert decoded(many.encode("latin-1")) == many


def test_unescaped() -> None:
    """What Python could not decode in the environment is read like everything else."""
    assert unescaped(b"Ger\xe4t".decode("utf-8", "surrogateescape")) == "Gerät"
    assert unescaped("Gerät \ud800") == "Gerät \ud800"


@pytest.mark.parametrize(
    ("header", "charset"),
    [
        ("application/json; charset=iso-8859-1", "iso-8859-1"),
        ('text/plain; Charset = "UTF-16"', "UTF-16"),
        ("text/plain", ""),
        ("", ""),
    ],
)
def test_charset_of(header: str, charset: str) -> None:
    """The declared charset is found however it is written."""
    assert charset_of(header) == charset


@given(st.binary(), st.text(max_size=12) | st.sampled_from(["utf-16", "utf-32", "utf-7", "hz", "idna", "rot13", "hex"]))
def test_any_bytes(data: bytes, declared: str) -> None:
    """Any bytes are text, whatever charset is named, and the same text in UTF-8."""
    text = decoded(data, declared)

    assert as_utf8(data, declared) == text.encode("utf-8", "replace")


@given(st.text(min_size=1).filter(lambda text: "\0" not in text and text[0] != "\ufeff"))
def test_any_text(text: str) -> None:
    """UTF-8 is read as it was written."""
    written = text.encode("utf-8", "replace")

    assert decoded(written).encode() == written
    assert as_utf8(written) == written
