"""Redaction: credentials in a message from outside are taken out before it is read, kept or shown.

Gone are the values of members that name a credential, in JSON, forms, XML, headers and addresses; what stands before an address's
host; and keys, links and tickets of ours. The message is read afterwards as before: only those values are REMOVED.
"""

import base64
import binascii
import re
from collections.abc import Callable, Collection
from typing import Final
from urllib.parse import quote_plus, unquote_to_bytes

import re2

from bot.domain import letter

REMOVED: Final = "(removed)"

_REMOVED: Final = REMOVED.encode()
_NAME: Final = (
    rb"(?:token|secret|passw(?:or)?d|passphrase|passcode|pwd|authorization|credentials?|cookie"
    rb"|(?:(?:api|app|application|genie|routing|service|integration|access|private|signing|encryption|auth|master|license)"
    rb"(?:_|-|%5f|%2d|[ +]|%20)?|secret[_-]?(?:access[_-]?)?)key)"
)
_SCHEME: Final = rb"(?:(?:bearer|basic|digest|negotiate|geniekey|apikey|token)[ ]+)?"
_MEMBER: Final = re.compile(
    # A name may stand in brackets, as in `headers[authorization]`.
    rb"(?P<name>" + _NAME + rb")(?:\]|%5d)?(?P<end>\\*[\"']|%22)?\s{0,20}(?P<sign>=>|[:=]|%3[ad])\s{0,20}(?:"
    rb"\\\"(?P<inner>(?:[^\"\\]|\\\\(?:[^\"\\]|\\.)|\\[^\"\\])*+)"
    rb"|(?P<q>\\{2,20}\")(?P<deep>.{0,4000}?)(?P=q)"
    rb"|\"(?P<text>(?:[^\"\\]|\\.)*+)"
    rb"|'(?P<single>[^'\"\\\n]*+)"
    rb"|%22(?P<coded>[^\s\"'&%]+)"
    rb"|\[(?P<list>[^\[\]{}]*+)\]"
    rb"|(?P<bare>" + _SCHEME + rb"(?:[^\s\"'&,;<>{}\[\]\\|%]|%(?!2[0267]))+))",
    re.IGNORECASE | re.DOTALL,
)
_PAIR: Final = re.compile(
    rb"(?P<q>\\*\")(?:(?:name|key|header|field|title)(?P=q)\s*:\s*(?P=q)[^\"\\]{0,64}"
    + _NAME
    + rb"(?P=q)\s*,\s*(?P=q)value(?P=q)\s*:"
    rb"|(?:proxy-)?authorization(?P=q)\s*,|x-(?:api-key|auth-token)(?P=q)\s*,|(?:set-)?cookie(?P=q)\s*,)\s*"
    rb"(?P=q)(?P<text>(?:[^\"\\]|\\[^\"\\])*+)",
    re.IGNORECASE,
)
"""A member whose name is the value of another: `{"name": "X-Api-Key", "value": "..."}`, `["Authorization", "..."]`."""
_ELEMENT: Final = re.compile(
    rb"<[\w.:-]{0,64}?"
    + _NAME
    + rb"(?:\s[^<>]{0,1000})?(?<!/)>\s*(?:<!\[CDATA\[)?(?P<text>[^<\]\s][^<\]]*+)(?=\]\]>|</)",
    re.IGNORECASE,
)
_PART: Final = re.compile(
    rb"\bname=\"?[^\"\r\n]{0,64}"
    + _NAME
    + rb"\"?[^\r\n]{0,200}\r?\n(?:[^\r\n]{1,998}\r?\n)*\r?\n(?P<text>.*?)(?=\r?\n--|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_BEARER: Final = re.compile(
    rb"\b(?:bearer|geniekey)\s{1,4}(?P<text>(?=[^\s\"']{0,60}\d)[\w.~+/=-]{16,})", re.IGNORECASE
)
_PEM: Final = re.compile(rb"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----(?P<text>[^-]+)-----END")
_PASS: Final = re.compile(rb"[?&]pass=(?P<text>[^\s\"'&<>\\#]+)", re.IGNORECASE)
_USER: Final = re.compile(
    rb"(?:https?:(?:\\*/){2}|\b[a-z][a-z0-9+.-]{1,20}:(?:\\*/){2}(?=[^\s\"'<>/\\?#@]{0,200}:))(?P<text>[^\s\"'<>/\\?#]{1,400})@"
    rb"|https?%3a%2f%2f(?P<coded>(?:[\w.~!$*+-]|%(?!2f|3f|23|40|20|22)[0-9a-f]{2}){1,400})%40",
    re.IGNORECASE,
)
_OURS: Final = re.compile(
    rb"/hipchat/hook/(?P<hook>[\w-]{16,})|/a/(?P<link>\d{1,15}-\d{1,15}-\d{1,12}-[\w-]{24})(?![\w-])"
    rb"|\balerts\+(?P<ticket>[a-z2-7]{56})(?=@)|\bin\+(?P<key>[a-z0-9]{32})(?=@)",
    re.IGNORECASE | re.ASCII,
)
_KEY: Final = re.compile(
    rb"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4})|(?<==[0-9A-F]{2}))"
    rb"(?![0-9a-f]{32}(?![A-Za-z0-9]))[A-Za-z0-9]{32}(?![A-Za-z0-9])"
)
"""What may be a key of ours; digests in small letters are none."""
_ESCAPE: Final = re.compile(
    rb"\\(?:u00(?P<code>2[5-9bcdf]|3[0-9a-f]|4[0-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])|.)", re.IGNORECASE | re.DOTALL
)
_BASE64: Final = re.compile(rb"\"data(?:_base64)?\"\s*:\s*\"(?P<text>[A-Za-z0-9+/]{16,}={0,2})\"")
_OPTIONS: Final = re2.Options()
_OPTIONS.case_sensitive = False
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_NAMED: Final = re2.compile(_NAME, _OPTIONS)
_SUSPECT: Final = re2.compile(
    _NAME + rb"|bearer|[?&]pass=|@|%40|/a/|hipchat/hook|\\u00|\x00|data_base64|[a-z0-9]{32}"
    # What no encoder has a reason to encode, and what hides the text around it.
    rb"|%(?:[46][1-9a-f]|[57][0-9a]|3[0-9]|5f|2d)|=\?[^?\s]{1,60}\?[bq]\?",
    _OPTIONS,
)
_ENCODED: Final = re2.compile(
    rb"=\?|transfer-encoding:\s*(?:base64|quoted)|charset=\S{0,3}(?:utf-?(?:7|16|32)|iso-2022|hz)", _OPTIONS
)
_FORM: Final = re.compile(rb"\s*(?:[\w.\[\]%+-]{1,200}=|%7[Bb]%22)\S*\s*\Z")
_LINE: Final = re.compile(rb"(?:\A|\n|\\n)[ \t>*#|-]*[\w.-]*\Z")
_STRING: Final = re.compile(rb"(?P<q>\\+\").*?(?P=q)|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_NOTHING: Final = frozenset({b"", b"true", b"false", b"null", b"none", b"nil", b"undefined", _REMOVED})
_AFTER_TEXT: Final = frozenset({b"", b",", b":", b"]", b"}"})
"""What stands behind the quote that ends a text of JSON: `"no token: ", ...` names no credential."""
_NUMBER: Final = re.compile(rb"[-+]?\d[\d.eE+-]*\Z")
_LIKELY: Final = re.compile(rb"[\d ]")


def is_suspect(message: bytes) -> bool:
    """Whether there may be a credential in a message: quick, and false for most."""
    return _SUSPECT.search(message) is not None


def redacted(message: bytes, keys: Collection[str] = (), asked: set[str] | None = None) -> bytes:
    """Return a message without its credentials, the same object where there are none.

    `keys` are keys of ours, whatever surrounds them and in any case; what may be further ones is added to `asked`.
    """
    return _Redaction(keys, set() if asked is None else asked).message(message)


class _Redaction:
    """One message's redaction, through all that is packed in it."""

    def __init__(self, keys: Collection[str], asked: set[str]) -> None:
        found = b"|".join(re.escape(key).encode() for key in sorted(keys))
        self._keys = re.compile(found, re.IGNORECASE) if found else None
        self._asked = asked

    def message(self, data: bytes) -> bytes:
        if letter.looks_like(data):
            return self._mail(data)
        return self._form(data) if _FORM.match(data) else self._text(data)

    def _mail(self, data: bytes) -> bytes:
        """Look also at what is encoded in a mail; it is kept decoded then."""
        done = self._text(data)
        if _ENCODED.search(done) is None:
            return done
        mail = letter.read(data)
        headers = {name: self._words(said) for name, said in mail.headers.items()}
        text = self._words(mail.text)
        changed = {name: said for name, said in headers.items() if said != mail.headers[name]}
        if not changed and text == mail.text:
            return done
        return letter.rewritten(done, changed, None if text == mail.text else text)

    def _words(self, text: str) -> str:
        data = text.encode("utf-8", "replace")
        return self._text(data).decode() if is_suspect(data) else text

    def _form(self, data: bytes) -> bytes:
        pairs = data.split(b"&")
        done = [self._field(pair) for pair in pairs]
        return data if done == pairs else b"&".join(done)

    def _field(self, pair: bytes) -> bytes:
        name, sign, value = pair.partition(b"=")
        plain = unquote_to_bytes(name.replace(b"+", b" "))
        if value and (re.search(_NAME + rb"\]?\s*\Z", plain, re.IGNORECASE) or plain.lower() == b"pass"):
            return pair if value in _NOTHING else name + sign + quote_plus(REMOVED).encode()
        text = unquote_to_bytes((value if sign else name).replace(b"+", b" "))
        done = self._text(text)
        if done == text:
            return pair
        packed = quote_plus(done).encode()
        return name + sign + packed if sign else packed

    def _text(self, data: bytes) -> bytes:
        plain = _ESCAPE.sub(_unescaped, data) if b"\\u00" in data else data
        done = plain
        folded = done.lower()
        named = _NAMED.search(done) is not None
        for of_names, hints, pattern, cut in _STEPS:
            if (named or not of_names) and any(hint in folded for hint in hints):
                done = pattern.sub(cut, done)
        if b'"data' in done:
            done = _BASE64.sub(self._packed, done)
        if self._keys is not None:
            done = self._keys.sub(_REMOVED, done)
        self._asked.update(found[0].decode() for found in _KEY.finditer(done))
        return data if done == plain else done

    def _packed(self, found: re.Match[bytes]) -> bytes:
        try:
            inside = base64.b64decode(found["text"], validate=True)
        except (binascii.Error, ValueError):
            return found[0]
        done = self._text(inside)
        return found[0] if done == inside else _within(found, "text", base64.b64encode(done))


def _within(found: re.Match[bytes], group: str, value: bytes) -> bytes:
    begin, end = (place - found.start() for place in found.span(group))
    return found[0][:begin] + value + found[0][end:]


def _cut(found: re.Match[bytes]) -> bytes:
    group = found.lastgroup or "text"
    return found[0] if found[group] in _NOTHING else _within(found, group, _REMOVED)


def _member(found: re.Match[bytes]) -> bytes:
    """Cut the value of a member that names a credential. What looks like prose (`the token: expired`) is none."""
    group = next(
        each for each in ("inner", "deep", "text", "single", "coded", "list", "bare") if found[each] is not None
    )
    value = found[group]
    if value.lower() in _NOTHING or (group == "text" and not found["end"] and value.lstrip()[:1] in _AFTER_TEXT):
        return found[0]
    if group == "list":
        return _within(found, group, _STRING.sub(_string, value))
    if group == "bare" and not found["end"] and found["sign"] == b":":
        before = found.string[max(0, found.start() - 100) : found.start()]
        if not _LIKELY.search(value) and not _LINE.search(before):
            return found[0]
    quote = found["end"] or b""
    if group == "bare" and quote.endswith(b'"') and _NUMBER.match(value):
        return _within(found, group, quote + _REMOVED + quote)
    return _within(found, group, _REMOVED)


def _element(found: re.Match[bytes]) -> bytes:
    return _cut(found) if b'"' not in found["text"] or found.string.lstrip()[:1] == b"<" else found[0]


def _part(found: re.Match[bytes]) -> bytes:
    return _cut(found) if found.string.lstrip()[:2] == b"--" else found[0]


def _string(found: re.Match[bytes]) -> bytes:
    quote = found["q"] or b'"'
    return quote + _REMOVED + quote


def _unescaped(found: re.Match[bytes]) -> bytes:
    return bytes([int(found["code"], 16)]) if found["code"] else found[0]


_STEPS: Final[tuple[tuple[bool, tuple[bytes, ...], re.Pattern[bytes], Callable[[re.Match[bytes]], bytes]], ...]] = (
    (True, (b"name=",), _PART, _part),
    (True, (b"=", b":", b"%3a", b"%3d"), _MEMBER, _member),
    (True, (b"value", b"authoriz", b"x-a", b"cookie"), _PAIR, _cut),
    (True, (b"<",), _ELEMENT, _element),
    (False, (b"bearer", b"geniekey"), _BEARER, _cut),
    (True, (b"-----begin ",), _PEM, _cut),
    (False, (b"pass=",), _PASS, _cut),
    (False, (b"@", b"%40"), _USER, _cut),
    (False, (b"/a/", b"hipchat/hook/", b"+"), _OURS, _cut),
)
"""What is looked for: whether the name of a credential has to be there for it, and one of which texts."""
