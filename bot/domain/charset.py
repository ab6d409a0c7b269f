"""Charset: the one reading of bytes as text, at every entrance: bodies, forms, queries, mails, check results, the environment.

A byte order mark says it, else the declared charset where it is one that tells texts apart, else UTF-8; bytes that are none of
them are of a single-byte charset. Anything is text in the end: nothing here raises.
"""

import codecs
import functools
import re
from collections.abc import Mapping
from encodings import aliases, normalize_encoding

SINGLE = "cp1252"
"""What bytes are that are no UTF-8: Windows' Latin, of which ISO 8859-1 is the part that people mean."""
SAMPLE = 64 * 1024
"""So many bytes decide what is most of a text."""
LARGE = 1024 * 1024
"""Longer texts that are partly broken are read as what most of them is, not byte by byte."""

_UTF_8 = frozenset({"utf_8", "utf_8_sig", "ascii"})
_WESTERN = frozenset({"latin_1", "cp1252", "iso8859_15"})
"""Charsets that are declared for what is UTF-8 so often that sound UTF-8 is believed more."""
_WIDE = frozenset({"utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le"})
_SEVEN_BIT = ("utf_7", "iso2022", "hz")
"""Charsets in which ASCII bytes are not always what they look like."""
_NO_TEXT = frozenset(
    {"base64_codec", "bz2_codec", "hex_codec", "mbcs", "quopri_codec", "rot_13", "uu_codec", "zlib_codec"}
)
_CODECS = {name: codec for name, codec in aliases.aliases.items() if codec not in _NO_TEXT}
_CODECS |= {codec: codec for codec in _CODECS.values()}
_CODECS |= {"unicode": "utf_16", "iso_8859_8_i": "iso8859_8", "gb2312": "gb18030", "x_sjis": "cp932"}
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:+-]+)""", re.IGNORECASE)

_MARKS = {  # the longer ones first: each of UTF-32 begins like one of UTF-16
    codecs.BOM_UTF32_LE: "utf_32",
    codecs.BOM_UTF32_BE: "utf_32",
    codecs.BOM_UTF16_LE: "utf_16",
    codecs.BOM_UTF16_BE: "utf_16",
}
_ZEROS: Mapping[tuple[bool, ...], str] = {
    (False, True, False, True): "utf_16_le",
    (True, False, True, False): "utf_16_be",
    (False, True, True, True): "utf_32_le",
    (True, True, True, False): "utf_32_be",
}
"""Which of the first four bytes are zero where a text begins with ASCII, as JSON does."""
_SEQUENCE = (
    rb"(?:[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})"
)
_PIECE = re.compile(
    rb"(?P<sound>" + _SEQUENCE + rb"+)"
    rb"|(?P<half>[\xc2-\xf4][\x80-\xbf]{0,2}(?![A-Za-z\x80-\xff]))"
    rb"|(?P<stray>[\x80-\xff])"
)
_CUT_OFF = re.compile(rb"[\x00-\x7f]*(?:[\xc2\xc3]|\xe2[\x80-\x84]?)")
"""ASCII up to half a character at the very end: the field it came in was too short for it."""
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


def decoded(data: bytes, declared: str = "") -> str:
    """Return bytes as text; `declared` is the charset that somebody named, or "".

    Where most of what is not ASCII is UTF-8, halves of characters become U+FFFD, and other bytes are read as SINGLE.
    """
    if _is_plain(data, declared):
        return data.decode("ascii")
    codec = _codec(declared)
    wide = _wide(data, codec)
    if wide:
        return data.decode(wide, "replace").removeprefix("\ufeff")
    other = codec not in _UTF_8 and codec not in _WESTERN and codec not in _WIDE and codec != ""
    try:
        return data.decode(codec if other else "utf-8").removeprefix("\ufeff")
    except ValueError:
        pass
    try:
        return data.decode().removeprefix("\ufeff")
    except ValueError:
        return data.decode(codec, "replace") if other else _partly(data, SINGLE if codec != "iso8859_15" else codec)


def as_utf8(data: bytes, declared: str = "") -> bytes:
    """Return the same text in UTF-8: the bytes themselves where they are that, without a byte order mark."""
    if _is_plain(data, declared):
        return data
    return decoded(data, declared).encode("utf-8", "replace")


def unescaped(text: str) -> str:
    """Return text whose bytes Python kept as lone surrogates, as it does in the environment and in headers, as what they mean."""
    if text.isascii():
        return text
    try:
        return decoded(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return text


def charset_of(content_type: str) -> str:
    """Return the charset that a Content-Type declares, or ""."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def _is_plain(data: bytes, declared: str) -> bool:
    """Whether bytes are ASCII and nothing else."""
    return data.isascii() and b"\0" not in data[:4] and not (declared and _codec(declared).startswith(_SEVEN_BIT))


@functools.lru_cache(maxsize=256)
def _codec(declared: str) -> str:
    """Return the library's name of a charset; "" for what is none. Unknown names never reach the library, which would keep each."""
    return _CODECS.get(normalize_encoding(declared).lower(), "") if declared else ""


def _wide(data: bytes, codec: str) -> str:
    """Return which of UTF-16 and UTF-32 bytes are; "" when they are neither, whatever was declared."""
    for mark, wide in _MARKS.items():
        if data.startswith(mark):
            return wide
    seen = _ZEROS.get(tuple([byte == 0 for byte in data[:4]]), "")
    if seen:
        return seen
    if codec not in _WIDE or (b"\0" not in data[:SAMPLE] and _is_utf8(data)):
        return ""
    if codec in {"utf_16", "utf_32"}:
        # Without a mark it should be big-endian; Windows writes little-endian all the same.
        zeros = [data[place:SAMPLE:2].count(0) for place in (0, 1)]
        return codec + ("_le" if zeros[1] > zeros[0] else "_be")
    return codec


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except ValueError:
        return False
    return True


def _partly(data: bytes, single: str) -> str:
    """Read what is UTF-8 in parts, or not at all."""
    sample = data[:SAMPLE]
    kinds = [match.lastgroup for match in _PIECE.finditer(sample)]
    sound = kinds.count("sound")
    if not sound:
        return data.decode("utf-8" if _CUT_OFF.fullmatch(data) else single, "replace")
    mostly = 2 * sound >= len(kinds)
    if len(data) > LARGE:
        return data.decode("utf-8" if mostly else single, "replace")

    def mended(match: re.Match[bytes]) -> bytes:
        if match["sound"]:
            return match[0]
        return _REPLACEMENT if mostly and match["half"] else match[0].decode(single, "replace").encode()

    return _PIECE.sub(mended, data).decode("utf-8", "replace")
