r"""Matchers: conditions by which silences and routes choose alerts, as people write them and as Prometheus means them.

`service=db host=~"web.*" severity<=warning` are three matchers; all of them have to hold. A label that an alert does not
have is empty, so `team!=db` holds for an alert without a team. Patterns are those of RE2, anchored at both ends: they take
time in proportion to the text whatever somebody writes, and are refused when they are too large.

`severity` is ours and has an order; `summary` and `source` are the alert's own words. A label of one of these names is
written `label.severity`. In quotation marks a value may hold anything: `\"`, `\\` and `\n` stand for a quotation mark, a
backslash and the end of a line, every other backslash for itself.
"""

import enum
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import re2

from bot.domain.filters import severity_of
from bot.domain.signal import Severity
from bot.domain.vocabulary import SEVERITIES
from bot.domain.words import QUOTES, Misread, Words, shown

NO_VALUE = 'What should {} be? Write for example "{}".'
NOT_COMPARABLE = "Only the severity has an order; {} can be =, !=, =~ or !~ something."
NO_PATTERN = "The severity takes = != < <= > >= and a severity, no pattern."
TOO_LONG = "A value in a matcher has at most {} characters."
TOO_MANY = "That is more than {} matchers at once."
BAD_PATTERN = 'The pattern "{}" cannot be used: {}.'
NOT_TEXT = "it holds characters that no text has"
NOT_CLOSED = "A closing quotation mark is missing."
NOT_PARTED = 'Put a space between matchers, "{}", or the value into quotation marks.'
NOT_A_MATCHER = 'I cannot read "{}" as a matcher such as service=db or host=~"web.*".'

MOST = 20
VALUE_LIMIT = 512
PATTERN_MEMORY = 1 << 17
"""Bytes of a compiled pattern; it bounds the time of compiling, too (about a millisecond)."""
PROBES = ("", "x", "0", " \n", "Zz-9_./:@é漢", "a" * 300)
"""Texts that have nothing in common: what holds for all of them holds for everything."""

_SIGN = "(=~|!~|>=|<=|!=|==|=>|=<|<>|=|>|<)"
_SIGNS = {"==": "=", "=>": ">=", "=<": "<=", "<>": "!="}
_NAME = r"[^\W\d][\w./-]*"
_WHOLE = re.compile(rf"({_NAME}){_SIGN}(.*)", re.DOTALL)
_NAMED = re.compile(_NAME)
_SIGNED = re.compile(rf"{_SIGN}(.*)", re.DOTALL)
_SPACED_SIGN = re.compile(rf"\s*{_SIGN}")
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
_PLAIN_VALUE = re.compile(r"""[^\s"=<>!~,;.:][^\s"=<>,;]*(?<![.:!])""")
_QUOTED = re.compile(rf"[{QUOTES}]((?:\\.|[^\\{QUOTES}])*)[{QUOTES}]", re.DOTALL)
_QUOTE = re.compile(f"[{QUOTES}]")
_END = re.compile(r"[,;]|(?=\s|$)")
_RUN_ON = re.compile(rf"[,;](?={_NAME}{_SIGN}|[{QUOTES}])")
_ESCAPE = re.compile(rf"\\([\\n{QUOTES}])")
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class What(enum.StrEnum):
    """What a matcher looks at."""

    LABEL = "label"
    SEVERITY = "severity"
    SUMMARY = "summary"
    SOURCE = "source"


class Subject(Protocol):
    """What matchers are held against: an alert or a signal."""

    @property
    def labels(self) -> Mapping[str, str]: ...  # noqa: D102 - named by itself
    @property
    def severity(self) -> Severity: ...  # noqa: D102
    @property
    def summary(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, kw_only=True, slots=True)
class Matcher:
    """One condition. `name` is a label's, empty unless `what` is LABEL; make it by `made`, which checks.

    `sign` is `=`, `!=`, `=~` or `!~`; for the severity `=`, `!=`, `<`, `<=`, `>` or `>=`.
    """

    what: What = What.LABEL
    name: str = ""
    sign: str
    value: str

    def holds(self, subject: Subject) -> bool:
        """Whether the condition holds for an alert or a signal."""
        if self.what is What.SEVERITY:
            return _COMPARE[self.sign](subject.severity, SEVERITIES[self.value])
        if self.what is What.LABEL:
            return self.fits(subject.labels.get(self.name, ""))
        return self.fits(subject.summary if self.what is What.SUMMARY else subject.source)

    def fits(self, text: str) -> bool:
        """Whether a text is as the value says; the severity has no such texts."""
        if self.sign in {"=", "!="}:
            return (text == self.value) is (self.sign == "=")
        return bool(_pattern(self.value).fullmatch(text)) is (self.sign == "=~")

    @property
    def narrow(self) -> bool:
        """Whether it names something; one that holds for everything, or only excepts something, does not."""
        if self.what is What.SEVERITY:
            return not all(_COMPARE[self.sign](severity, SEVERITIES[self.value]) for severity in Severity)
        if self.sign == "=~":
            probes = PROBES if self.what is What.LABEL else PROBES[1:]
            return not all(self.fits(probe) for probe in probes)
        return self.sign == "="

    def __str__(self) -> str:
        return f"{_written_name(self)}{self.sign}{_written(self.value)}"


def matches(matchers: Iterable[Matcher], subject: Subject) -> bool:
    """Whether all matchers hold for an alert or a signal; without any they do."""
    return all(matcher.holds(subject) for matcher in matchers)


def names_nothing(matchers: Iterable[Matcher]) -> bool:
    """Whether matchers hold for everything, or for everything but some exceptions."""
    return not any(matcher.narrow for matcher in matchers)


# --- making ---------------------------------------------------------------------------------------------------------


def made(name: str, sign: str, value: str) -> Matcher:
    """Make a matcher of what was written, such as `severity`, `<=` and `warn`; raises `Misread` when it has no sense."""
    known = name.lower()
    sign = _SIGNS.get(sign, sign)
    if len(value) > VALUE_LIMIT or len(name) > VALUE_LIMIT:
        raise Misread(TOO_LONG.format(VALUE_LIMIT))
    if known == What.SEVERITY:
        if sign not in _COMPARE:
            raise Misread(NO_PATTERN)
        return Matcher(what=What.SEVERITY, sign=sign, value=severity_of(value.lower()))
    if known in {What.SUMMARY, What.SOURCE}:
        return _checked(Matcher(what=What(known), sign=sign, value=value))
    return of_label(name.removeprefix("label."), sign, value)


def of_label(name: str, sign: str, value: str) -> Matcher:
    """Make the matcher of a label, whatever its name; raises `Misread` for a sign or a pattern without sense."""
    return _checked(Matcher(name=name, sign=sign, value=value))


def _checked(matcher: Matcher) -> Matcher:
    if matcher.sign not in {"=", "!=", "=~", "!~"}:
        raise Misread(NOT_COMPARABLE.format(shown(matcher.name or matcher.what, 40)))
    if matcher.sign in {"=~", "!~"}:
        _pattern(matcher.value)
    return matcher


@lru_cache(maxsize=256)
def _pattern(text: str) -> "re2._Regexp":
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    options.dot_nl = True
    try:
        return re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error)
        raise Misread(BAD_PATTERN.format(shown(text, 60), shown(reason, 80))) from None
    except UnicodeEncodeError:
        raise Misread(BAD_PATTERN.format("…", NOT_TEXT)) from None


# --- reading --------------------------------------------------------------------------------------------------------


def read_matcher(words: Words) -> Matcher | None:
    """Take one matcher; None, and nothing taken, when none stands next. Raises `Misread` for one without value or sense."""
    word = words.peek()
    if word is None:
        return None
    if words.at_quote:
        return _quoted_name(words)
    found, count = _WHOLE.match(word.text), 1
    if (
        found is None and _NAMED.fullmatch(word.text) and (after := words.peek(1)) is not None
    ):  # a space before the sign
        signed = _SIGNED.match(after.text)
        found, count = (_WHOLE.match(f"{word.text}{after.text}"), 2) if signed else (None, 1)
    if found is None:
        return None
    name, sign, value = found.groups()
    if not value and (after := words.peek(count)) is not None:  # a space after it
        value, count = after.text, count + 1
    if value.startswith('"'):
        return made(name, sign, _quoted_value(words, word.start))
    value = _parted(f"{name}{sign}", value.rstrip(",;"))
    if not value:
        example = f"{name}{sign}{'error' if name.lower() == What.SEVERITY else 'value'}"
        raise Misread(NO_VALUE.format(shown(name, 40), shown(example, 60)))
    words.skip(count)
    return made(name, sign, value)


def _quoted_name(words: Words) -> Matcher | None:
    """Take a matcher whose label stands in quotation marks; other quoted text is left alone."""
    quoted = _QUOTED.match(words.line, words.position)
    signed = quoted and _SPACED_SIGN.match(words.line, quoted.end())
    if not quoted or not signed:
        return None
    name, sign = _plain(quoted[1]), _SIGNS.get(signed[1], signed[1])
    words.jump(signed.end())
    value = words.peek()
    if value is None:
        raise Misread(NO_VALUE.format(shown(name, 40), f"{shown(name, 40)}{sign}value"))
    if words.at_quote:
        text = _quoted_value(words, value.start)
    else:
        text = _parted(f"{name}{sign}", value.text.rstrip(",;"))
        words.skip()
    if len(text) > VALUE_LIMIT or len(name) > VALUE_LIMIT:
        raise Misread(TOO_LONG.format(VALUE_LIMIT))
    return of_label(name, sign, text)


def _parted(before: str, value: str) -> str:
    """Return a value that is one; raises `Misread` for one that runs on into the next matcher."""
    found = _RUN_ON.search(value)
    if found:
        raise Misread(NOT_PARTED.format(shown(f"{before}{value[: found.start()]} {value[found.end() :]}", 80)))
    return value


def _quoted_value(words: Words, since: int) -> str:
    """Take the first text in quotation marks from position `since` on."""
    opening = _QUOTE.search(words.line, since)
    quoted = opening and _QUOTED.match(words.line, opening.start(), opening.start() + 2 * VALUE_LIMIT + 2)
    end = quoted and _END.match(words.line, quoted.end())
    if not quoted or not end:
        raise Misread(NOT_CLOSED)
    words.jump(end.end())
    return _plain(quoted[1])


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def read_matchers(text: str) -> tuple[Matcher, ...]:
    """Read matchers and nothing else; raises `Misread`. What `written` gave is read as the same matchers."""
    words = Words(text)
    found: list[Matcher] = []
    while (word := words.peek()) is not None:
        matcher = read_matcher(words)
        if matcher is None:
            raise Misread(NOT_A_MATCHER.format(shown(word.text, 40)))
        found.append(matcher)
        if len(found) > MOST:
            raise Misread(TOO_MANY.format(MOST))
    return tuple(found)


# --- writing --------------------------------------------------------------------------------------------------------


def written(matchers: Iterable[Matcher]) -> str:
    """Write matchers as a person could type them."""
    return " ".join(map(str, matchers))


def _written_name(matcher: Matcher) -> str:
    if matcher.what is not What.LABEL:
        return matcher.what.value
    name = matcher.name
    if not _PLAIN_NAME.fullmatch(name):
        return _in_quotes(name)
    meant_otherwise = name.startswith("label.") or name.lower() in {What.SEVERITY, What.SUMMARY, What.SOURCE}
    return f"label.{name}" if meant_otherwise else name


def _written(value: str) -> str:
    plain = value.isascii() and value.isprintable() and _PLAIN_VALUE.fullmatch(value)
    return value if plain else _in_quotes(value)


def _in_quotes(text: str) -> str:
    escaped = re.sub(rf"[\\{QUOTES}]", lambda found: "\\" + found[0], text).replace("\n", "\\n")
    return f'"{escaped}"'
