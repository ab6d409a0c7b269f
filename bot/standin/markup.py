"""What a chat client makes of other people's text: sanitised html, text with mentions and links, client commands.

Pure functions from strings to strings; everything they return as html is well-formed and safe to put into a page as it is.
The rules are those of hipchat-api.md 10 and 12.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser
from typing import Final, Literal

# -- html of notifications (10.3) and of card fields (12) ------------------------------------------------------------------

CARD_TAGS: Final = frozenset({"a", "b", "i", "strong", "span"})
_LISTS: Final = frozenset({"ul", "ol", "li"})
_TABLES: Final = frozenset({"table", "thead", "tbody", "tr", "td", "th"})
MESSAGE_TAGS: Final = CARD_TAGS | {"em", "br", "img", "pre", "code"} | _LISTS | _TABLES

ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = {
    "a": frozenset({"href", "rel", "data-target", "data-target-options"}),
    "img": frozenset({"src", "alt", "width", "height", "align", "style"}),
    "td": frozenset({"colspan", "rowspan", "valign", "style"}),
    "th": frozenset({"colspan", "rowspan", "valign", "style"}),
    "tr": frozenset({"valign", "style"}),
    "span": frozenset({"style"}),
}
_VOID: Final = frozenset({"br", "img"})
_DROPPED_WITH_CONTENT: Final = frozenset({"script", "style"})
_MENTION_TAG: Final = "hc-mention"  # the server writes it into a card's activity
_LINK_SCHEMES: Final = frozenset({"http", "https", "mailto", "hipchat"})
_IMAGE_SCHEMES: Final = frozenset({"http", "https"})

# Browsers ignore tabs and newlines inside a scheme and blanks before it, so these go before the scheme is read.
_IGNORED_IN_URL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")

_LENGTH: Final = re.compile(r"\d{1,4}(\.\d{1,3})?(px|em|%|pt)?")
_COLOR: Final = re.compile(
    r"#[0-9a-f]{3}|#[0-9a-f]{6}|[a-z]{3,20}|rgb\(\s*\d{1,3}\s*,\s*\d{1,3}\s*,\s*\d{1,3}\s*\)",
)
_STYLES: Final[Mapping[str, re.Pattern[str]]] = {
    "font-weight": re.compile(r"normal|bold|bolder|lighter|[1-9]00"),
    "color": _COLOR,
    "text-decoration": re.compile(r"none|underline|overline|line-through"),
    "height": _LENGTH,
    "width": _LENGTH,
}
_WORDS_OF: Final[Mapping[str, re.Pattern[str]]] = {
    "width": re.compile(r"\d{1,4}%?"),
    "height": re.compile(r"\d{1,4}%?"),
    "colspan": re.compile(r"\d{1,3}"),
    "rowspan": re.compile(r"\d{1,3}"),
    "align": re.compile(r"left|right|top|middle|bottom"),
    "valign": re.compile(r"top|middle|bottom|baseline"),
    "rel": re.compile(r"[a-z ]{1,60}"),
    "data-target": re.compile(r"[A-Za-z0-9._:-]{1,200}"),
}


def safe_url(url: str, schemes: frozenset[str] = _LINK_SCHEMES) -> str | None:
    """Return the address without the characters that browsers ignore, or None when its scheme is not one of `schemes`.

    A relative address is refused too: in a chat it would lead into the client itself.
    """
    cleaned = _IGNORED_IN_URL.sub("", url)
    scheme = _SCHEME.match(cleaned)
    return cleaned if scheme and scheme[1].lower() in schemes else None


def safe_style(style: str) -> str:
    """Keep the declarations of 10.3 whose values are plain, in their order; an empty string when none is left."""
    kept = []
    for declaration in style.split(";"):
        name, _, value = (part.strip().lower() for part in declaration.partition(":"))
        if name in _STYLES and _STYLES[name].fullmatch(value):
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


def _attribute(name: str, value: str) -> str | None:
    match name:
        case "href":
            return safe_url(value)
        case "src":
            return safe_url(value, _IMAGE_SCHEMES)
        case "style":
            return safe_style(value) or None
        case "alt" | "data-target-options":
            return value
        case _:
            word = value.strip() if name in {"data-target", "rel"} else value.strip().lower()
            return word if _WORDS_OF[name].fullmatch(word) else None


class _Sanitiser(HTMLParser):
    """Writes the allowed tags of what it is fed into `out`, every opened one closed again."""

    def __init__(self, tags: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.tags = tags
        self.out: list[str] = []
        self.open: list[str] = []
        self.dropping: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED_WITH_CONTENT:
            self.dropping.append(tag)
        if self.dropping:
            return
        if tag == _MENTION_TAG:
            self.out.append('<span class="mention">')
            self.open.append(tag)
        elif tag in self.tags:
            self.out.append(f"<{tag}{self._attributes(tag, attrs)}>")
            if tag not in _VOID:
                self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """`<b/>` opens and closes here, as its writer meant, though a browser would leave it open."""
        if tag not in _DROPPED_WITH_CONTENT:
            self.handle_starttag(tag, attrs)
            if tag not in _VOID:
                self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.dropping:
            if tag in self.dropping:
                self.dropping.remove(tag)
            return
        if tag in self.open:
            while True:
                last = self.open.pop()
                self._close(last)
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.dropping:
            self.out.append(escape(data, quote=False))

    def finish(self) -> str:
        self.close()
        while self.open:
            self._close(self.open.pop())
        return "".join(self.out)

    def _close(self, tag: str) -> None:
        self.out.append("</span>" if tag == _MENTION_TAG else f"</{tag}>")

    @staticmethod
    def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> str:
        allowed = ATTRIBUTES.get(tag, frozenset())
        seen: dict[str, str] = {}
        for name, raw in attrs:
            if name in allowed and name not in seen:  # of two equal names the first one counts, as in browsers
                value = _attribute(name, raw or "")
                if value is not None:
                    seen[name] = value
        return "".join(f' {name}="{escape(value)}"' for name, value in seen.items())


def _cleaned(html: str, tags: frozenset[str]) -> str:
    sanitiser = _Sanitiser(tags)
    sanitiser.feed(html)
    return sanitiser.finish()


def sanitise(html: str) -> str:
    """Keep only the tags, attributes and styles of hipchat-api.md 10.3; the result is always well-formed.

    Other tags go and their text stays (18, line 16); of `script` and `style` the text goes too. Links keep http, https, mailto
    and hipchat addresses, images http and https ones.
    """
    return _cleaned(html, MESSAGE_TAGS)


def card_text(value: str, text_format: Literal["html", "text"] = "html") -> str:
    """Make a card's description, activity or label safe html: only `a b i strong span` survive (hipchat-api.md 12).

    `<hc-mention>@Name</hc-mention>` becomes a span of class `mention`. With `text` nothing is markup.
    """
    if text_format == "text":
        return escape(value, quote=False).replace("\r\n", "\n").replace("\n", "<br>")
    return _cleaned(value, CARD_TAGS)


# -- text of users and of notifications in text format (10.2, 10.3) --------------------------------------------------------

EVERYBODY: Final = ("all", "here")

EMOTICONS: Final[Mapping[str, str]] = {
    ":)": "☺", ":-)": "☺", ":(": "☹", ":-(": "☹", ";)": "😉", ";-)": "😉", ":D": "😀", ":-D": "😀", ":P": "😛", ":p": "😛",
    "(y)": "👍", "(n)": "👎", "(thumbsup)": "👍", "(thumbsdown)": "👎", "(success)": "✔", "(successful)": "✔",
    "(failed)": "✘", "(fail)": "✘", "(heart)": "♥", "(coffee)": "☕", "(tada)": "🎉", "(fire)": "🔥", "(shrug)": "🤷",
    "(wave)": "👋", "(allthethings)": "🙌", "(awthanks)": "😊",
}  # fmt: skip

_LINK: Final = r"(?P<link>https?://[^\s<>\"\x00-\x1f]+)"
_EMOTICON: Final = (
    r"(?P<emoticon>(?<!\S)(?:"
    + "|".join(re.escape(code) for code in sorted(EMOTICONS, key=len, reverse=True))
    + r")(?=$|[\s.,!?]))"
)
_TRAILING: Final = ".,;:!?'\")]}"
_STYLED: Final = re.compile(r"/(?P<name>code|pre|monospace|quote|me|em)(?:[ \t]|(?P<newline>\r?\n))", re.ASCII)


def mention_pattern(names: Iterable[str]) -> str:
    """Return a regular expression (for IGNORECASE) of the mentions in a text; hipchat-api.md 10.2.

    The name must be exact, with a non-word character or an end of the text on both sides.
    """
    known = sorted({*names, *EVERYBODY}, key=len, reverse=True)
    return r"(?<!\w)@(?P<mention>" + "|".join(re.escape(name) for name in known if name) + r")(?!\w)"


def _link(found: str) -> tuple[str, str]:
    """Part a link from what follows it: final punctuation is the sentence's, but a bracket opened inside is the link's."""
    end = len(found)
    while end and found[end - 1] in _TRAILING:
        if found[end - 1] == ")" and found.count("(", 0, end) >= found.count(")", 0, end):
            break
        end -= 1
    return found[:end], found[end:]


def _line(text: str, names: Iterable[str]) -> str:
    out = []
    at = 0
    pattern = f"{_LINK}|{mention_pattern(names)}|{_EMOTICON}"
    for found in re.finditer(pattern, text, re.IGNORECASE):
        out.append(escape(text[at : found.start()], quote=False))
        at = found.end()
        if found["link"]:
            link, rest = _link(found["link"])
            out.append(f'<a href="{escape(link)}">{escape(link, quote=False)}</a>{escape(rest, quote=False)}')
        elif found["mention"]:
            out.append(f'<span class="mention">{escape(found[0], quote=False)}</span>')
        else:
            sign = EMOTICONS.get(found[0]) or EMOTICONS.get(found[0].lower()) or found[0]
            out.append(f'<span class="emoticon" title="{escape(found[0])}">{sign}</span>')
    out.append(escape(text[at:], quote=False))
    return "".join(out).replace("\n", "<br>")


def text_to_html(text: str, mention_names: Iterable[str]) -> str:
    """Draw a user's message, or a notification in text format: nothing in it is markup (hipchat-api.md 10.2, 10.3).

    Mentions become spans of class `mention`, addresses links, newlines `<br>`. `/code`, `/pre` and `/monospace` give
    `<pre>`, `/quote` a `<blockquote>`, `/me` a span of class `me` (the reader sees the sender's name before it).
    """
    text = text.replace("\r\n", "\n")
    styled = _STYLED.match(text)
    if styled is None:
        return _line(text, mention_names)
    rest = text[styled.end() :]
    match styled["name"]:
        case "code":
            return f"<pre><code>{escape(rest, quote=False)}</code></pre>"
        case "pre" | "monospace":
            return f"<pre>{escape(rest, quote=False)}</pre>"
        case "quote":
            return f"<blockquote>{_line(rest, mention_names)}</blockquote>"
        case _:
            return f'<span class="me">{_line(rest, mention_names)}</span>'


# -- commands that the client keeps for itself (10.1) ----------------------------------------------------------------------

BUILTINS: Final[Mapping[str, str]] = {
    "topic": "topic", "rename": "rename", "clear": "clear", "join": "join", "enter": "join", "part": "part", "close": "part",
    "leave": "part", "here": "here", "available": "here", "back": "here", "away": "away", "dnd": "dnd",
    "shortcuts": "shortcuts", "keys": "shortcuts", "settings": "settings", "prefs": "settings", "videocall": "videocall",
    "call": "videocall",
}  # fmt: skip
_BY_PREFIX: Final = ("here", "away", "dnd")  # `/hereabouts` is eaten too


@dataclass(frozen=True, kw_only=True)
class Builtin:
    """A client command: its `name` without aliases, and the `argument` after it."""

    name: str
    argument: str


def builtin(text: str) -> Builtin | None:
    """Read a client command; None when the text goes to the room (hipchat-api.md 10.1)."""
    if not text.startswith("/"):
        return None
    word, _, argument = text[1:].replace("\n", " ").partition(" ")
    word = word.lower()
    for prefix in _BY_PREFIX:
        if word.startswith(prefix):
            return Builtin(name=prefix, argument=argument.strip())
    name = BUILTINS.get(word)
    return None if name is None else Builtin(name=name, argument=argument.strip())


def is_builtin(text: str) -> bool:
    """Whether the client keeps this text for itself instead of sending it (hipchat-api.md 10.1 and 19, line 27)."""
    return builtin(text) is not None
