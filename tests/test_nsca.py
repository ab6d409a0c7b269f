"""NSCA's packets: the vector of alert-sources.md 4, every encryption, whatever sizes and pieces they come in, and any bytes."""

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.nsca import (
    LONG,
    METHODS,
    SHORT,
    Encryption,
    Incoming,
    Packet,
    Unsound,
    greeting,
    pack,
    read_greeting,
    unpack,
)

IV = bytes(range(128))
DISK = Packet(timestamp=1767323045, code=2, host="db1", service="DiskFull", output="CRITICAL: 97% used")


def encryption(method: int, password: bytes = b"secret") -> Encryption:
    """Return one side's encryption at the beginning of a connection."""
    return Encryption(method=method, password=password, iv=IV)


def sent(method: int, packets: list[Packet], *, size: int = LONG) -> bytes:
    """Return what a client sends."""
    found, now = b"", encryption(method)
    for packet in packets:
        raw, now = now.sealed(pack(packet, b"x" * size))
        found += raw
    return found


def test_the_vector() -> None:
    """A packet that is filled with zeros is known byte by byte."""
    made = pack(DISK, bytes(LONG))

    assert "f1c100a2" == made[4:8].hex()
    assert "bfd2246aaafff64505deffe6807b080df4df9453fb1c6b59b32f7419646407e9" == hashlib.sha256(made).hexdigest()
    assert DISK == unpack(made)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("size", [LONG, SHORT])
@pytest.mark.parametrize("piece", [1, 719, 720, 4304, 100_000])
def test_packets_arrive_in_any_pieces(method: int, size: int, piece: int) -> None:
    """Long and short ones, several on a connection, whatever TCP made of them."""
    packets = [DISK, Packet(timestamp=1, code=0, host="", service="", output=""), DISK]
    data = sent(method, packets, size=size)
    incoming = Incoming(encryption(method))
    found = [packet for start in range(0, len(data), piece) for packet in incoming.take(data[start : start + piece])]

    assert packets == found
    assert not incoming.half


@pytest.mark.parametrize("method", [each for each in METHODS if each])
def test_another_password(method: int) -> None:
    """Is no packet, and what is said of it holds neither."""
    incoming = Incoming(encryption(method, b"another one"))
    with pytest.raises(Unsound, match="password") as unsound:
        list(incoming.take(sent(method, [DISK])))

    assert "another" not in f"{unsound.value} {encryption(method, b'another one')!r}"


def test_a_password_longer_than_the_key() -> None:
    """Counts as far as the key goes, as libmcrypt has it; an empty one is zeros."""
    for method in METHODS:
        for password in (b"p" * 600, b""):
            raw, _ = encryption(method, password).sealed(pack(DISK, bytes(LONG)))
            assert [DISK] == list(Incoming(encryption(method, password)).take(raw))
    raw, _ = encryption(14, b"p" * 32).sealed(pack(DISK, bytes(LONG)))

    assert [DISK] == list(Incoming(encryption(14, b"p" * 40)).take(raw))


@pytest.mark.parametrize("number", [2, 15, 16, 26, -1])
def test_an_encryption_that_is_not_spoken(number: int) -> None:
    """Is refused with those that are."""
    with pytest.raises(ValueError, match=f"{number} is not spoken here; there are: 0 .none., 1 .XOR., 3"):
        encryption(number)


def test_texts_are_cut_to_their_fields() -> None:
    """No character is halved, and no text ends early or runs into the next."""
    long = Packet(timestamp=5, code=1, host="ü" * 99, service="s\0\n" * 99, output="€" * 9999)
    found = unpack(pack(long, b"x" * LONG))

    assert ("ü" * 31, "€" * 1365) == (found.host, found.output)
    assert 127 == len(found.service)
    assert "\0" not in found.service


def test_bytes_of_a_plugin() -> None:
    """A plugin's output is read in the charset that was meant."""
    packet = Packet(timestamp=1, code=2, host="h", service="s", output="Gerxt xberhitzt")
    written = bytearray(pack(packet, bytes(LONG)))
    at = written.index(b"Gerxt")
    written[at : at + 15] = "Gerät überhitzt".encode("latin-1")
    written[4:8] = bytes(4)
    written[4:8] = zlib.crc32(written).to_bytes(4)

    assert "Gerät überhitzt" == unpack(bytes(written)).output


def test_a_greeting() -> None:
    """132 bytes: what is random, and the time."""
    made = greeting(IV, 1767323045)

    assert 132 == len(made)
    assert (IV, 1767323045) == read_greeting(made)


@given(data=st.binary(max_size=9000), method=st.sampled_from(METHODS))
def test_any_bytes(data: bytes, method: int) -> None:
    """Are no packets, and are told so as soon as a whole one could be there."""
    incoming = Incoming(encryption(method))
    if len(data) < LONG:
        assert [] == list(incoming.take(data))
        assert incoming.half is bool(data)
    else:
        with pytest.raises(Unsound):
            list(incoming.take(data))


@given(st.text(), st.text(), st.text(), st.integers(-32768, 32767))
def test_any_texts(host: str, service: str, output: str, code: int) -> None:
    """Go into a packet and are read from it."""
    found = unpack(pack(Packet(timestamp=1, code=code, host=host, service=service, output=output), b"x" * LONG))

    assert code == found.code
    assert "\0" not in found.host + found.service + found.output
