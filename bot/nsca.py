"""NSCA's packets (alert-sources.md 1.7.3): bytes in, values out. The port that takes them and the channel that sends them share this."""

import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.decrepit.ciphers.modes import CFB8
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from bot.domain.charset import decoded

VERSION = 3
IV_SIZE = 128
GREETING_SIZE = IV_SIZE + 4
LONG = 4304
SHORT = 720
"""A packet's size in bytes; the short one is of clients up to 2.7."""
MAX_AGE = 30
"""Seconds after which a packet is no longer taken."""

_HEAD = struct.Struct("!hxxIIh")
_CHECKSUM = struct.Struct("!I")
_CHECKSUM_AT = 4
_HOST_AT, _SERVICE_AT, _OUTPUT_AT = 14, 78, 206
_PADDING = 2

NONE, XOR = 0, 1


@dataclass(frozen=True, kw_only=True, slots=True)
class _Block:
    """A block cipher as libmcrypt has it: sizes in bytes, the key as long as it can be."""

    make: Callable[[bytes], Any]
    block: int
    key: int


_BLOCKS: Mapping[int, _Block] = {
    3: _Block(make=TripleDES, block=8, key=24),
    14: _Block(make=AES, block=16, key=32),
}
METHODS = (NONE, XOR, *_BLOCKS)
"""The encryptions that are spoken here, by NSCA's numbers. 15 and 16 have larger blocks, which no library at hand knows."""

NOT_SPOKEN = "the encryption {number} is not spoken here; there are: 0 (none), 1 (XOR), 3 (3DES), 14 (Rijndael-128, which is AES)"
WRONG_VERSION = "no packet of version 3: the password or the encryption may differ"
WRONG_CHECKSUM = "a wrong checksum: the password or the encryption may differ"


class Unsound(Exception):
    """Bytes that are no packet; the text says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Packet:
    """One check result. `timestamp` is the server's greeting's, in epoch seconds; without a service it is the host's."""

    timestamp: int
    code: int
    host: str
    service: str
    output: str


def greeting(iv: bytes, timestamp: int) -> bytes:
    """Write what a server says first: IV_SIZE random bytes, and the time in epoch seconds."""
    return iv + _CHECKSUM.pack(timestamp)


def read_greeting(given: bytes) -> tuple[bytes, int]:
    """Read the GREETING_SIZE bytes that a server says first: its random bytes, and its time."""
    return given[:IV_SIZE], _CHECKSUM.unpack_from(given, IV_SIZE)[0]


def pack(packet: Packet, filling: bytes) -> bytes:
    """Write a packet over LONG bytes of filling; random ones hide how long its texts are. Texts are cut to their fields."""
    made = bytearray(filling)
    ends = (_SERVICE_AT, _OUTPUT_AT, len(made) - _PADDING)
    for text, begin, end in zip(
        (packet.host, packet.service, packet.output), (_HOST_AT, _SERVICE_AT, _OUTPUT_AT), ends, strict=True
    ):
        written = _cut(text, end - begin - 1) + b"\0"
        made[begin : begin + len(written)] = written
    _HEAD.pack_into(made, 0, VERSION, 0, packet.timestamp, packet.code)
    _CHECKSUM.pack_into(made, _CHECKSUM_AT, zlib.crc32(made))
    return bytes(made)


def _cut(text: str, limit: int) -> bytes:
    """Return text in so many bytes, no character halved."""
    cut = text.replace("\0", " ").encode("utf-8", "replace")[:limit]
    return cut.decode("utf-8", "ignore").encode()


def unpack(given: bytes) -> Packet:
    """Read a packet of LONG or SHORT bytes. Raises Unsound."""
    version, checksum, timestamp, code = _HEAD.unpack_from(given)
    if version != VERSION:
        raise Unsound(WRONG_VERSION)
    blank = bytearray(given)
    _CHECKSUM.pack_into(blank, _CHECKSUM_AT, 0)
    if zlib.crc32(blank) != checksum:
        raise Unsound(WRONG_CHECKSUM)
    host, service, output = (
        decoded(given[begin:end].partition(b"\0")[0])
        for begin, end in ((_HOST_AT, _SERVICE_AT), (_SERVICE_AT, _OUTPUT_AT), (_OUTPUT_AT, len(given) - _PADDING))
    )
    return Packet(timestamp=timestamp, code=code, host=host, service=service, output=output)


@dataclass(frozen=True, kw_only=True, slots=True)
class Encryption:
    """How one side's packets are encrypted from here on. Those of a connection go on from one another.

    The password is the key, cut or filled up with zeros; blocks are fed back byte by byte (CFB-8). `iv` is the greeting's.
    """

    method: int
    password: bytes = field(repr=False)
    iv: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(NOT_SPOKEN.format(number=self.method))

    def sealed(self, packet: bytes) -> tuple[bytes, "Encryption"]:
        """Encrypt a packet; also return how the next one is encrypted."""
        if self.method in _BLOCKS:
            made = self._cipher().encryptor().update(packet)
            return made, self._after(made)
        return self._plainly(packet), self

    def opened(self, given: bytes) -> tuple[bytes, "Encryption"]:
        """Decrypt a packet; also return how the next one is encrypted."""
        if self.method in _BLOCKS:
            return self._cipher().decryptor().update(given), self._after(given)
        return self._plainly(given), self

    def _plainly(self, given: bytes) -> bytes:
        if self.method == NONE:
            return given
        mask = _repeated(self.iv, len(given)) ^ _repeated(self.password or b"\0", len(given))
        return (int.from_bytes(given) ^ mask).to_bytes(len(given))

    def _cipher(self) -> Cipher[Any]:
        kind = _BLOCKS[self.method]
        return Cipher(kind.make(self.password[: kind.key].ljust(kind.key, b"\0")), CFB8(self.iv[: kind.block]))

    def _after(self, sent: bytes) -> "Encryption":
        """Feed back what went over the line last."""
        block = _BLOCKS[self.method].block
        return replace(self, iv=(self.iv[:block] + sent)[-block:])


def _repeated(pattern: bytes, size: int) -> int:
    return int.from_bytes((pattern * (size // len(pattern) + 1))[:size])


class Incoming:
    """What a client sends after the greeting, in whatever pieces it arrives. Its first packet tells which size they all have."""

    def __init__(self, encryption: Encryption) -> None:
        self._encryption = encryption
        self._buffer = bytearray()
        self._sizes: tuple[int, ...] = (SHORT, LONG)

    def take(self, data: bytes) -> Iterator[Packet]:
        """Give the packets that are whole now. Raises Unsound at the first that is none; nothing after it can be read."""
        self._buffer += data
        while (packet := self._next()) is not None:
            yield packet

    @property
    def half(self) -> bool:
        """Whether a packet has begun that is not whole."""
        return bool(self._buffer)

    def _next(self) -> Packet | None:
        for size in self._sizes:
            if len(self._buffer) < size:
                return None
            clear, after = self._encryption.opened(bytes(self._buffer[:size]))
            try:
                packet = unpack(clear)
            except Unsound:
                if size != self._sizes[-1]:  # it may be the beginning of a long one
                    continue
                raise
            del self._buffer[:size]
            self._encryption, self._sizes = after, (size,)
            return packet
        raise AssertionError  # the last size returns or raises
