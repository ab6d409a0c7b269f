"""Parameters of Alertmanager's lists (alert-sources.md 1.2): what cannot be read is refused, since what it leaves out would be shown."""

from collections.abc import Collection, Mapping

from aiohttp import web

from bot.domain.matcher import Matcher, of_label
from bot.domain.signal import clean
from bot.domain.words import Misread
from bot.sources import matchers
from bot.web.errors import Problem

NO_PARAMETER = "there is no parameter {name}; there are {names}"
TWICE = "{name} is given twice"
NO_FLAG = "{name} is true or false"

FLAGS = ("active", "silenced", "inhibited", "unprocessed", "muted")
"""What is shown; nothing here is ever inhibited, unprocessed or muted."""
TRUTHS: Mapping[str, bool] = {
    **dict.fromkeys(("true", "1", "t", "yes", "y", "on"), True),
    **dict.fromkeys(("false", "0", "f", "no", "n", "off"), False),
}


def check_parameters(request: web.Request, known: Collection[str]) -> None:
    """Refuse parameters that are not known: what they leave out would be shown."""
    for name in request.query:
        if name not in known:
            raise Problem(400, NO_PARAMETER.format(name=clean(name, 64), names=", ".join(sorted(known))))
        if name != "filter" and len(request.query.getall(name)) > 1:
            raise Problem(400, TWICE.format(name=name))


def filters(request: web.Request) -> list[Matcher]:
    """Read the parameters `filter`; 400 for one that cannot be read."""
    try:
        return [matcher for text in request.query.getall("filter", []) for matcher in matchers.read(text)]
    except Misread as misread:
        raise Problem(400, misread.reason) from None


def flag(request: web.Request, name: str) -> bool:
    """Read a yes or no, which is yes when it is not said."""
    word = request.query.get(name, "true").lower()
    if word not in TRUTHS:
        raise Problem(400, NO_FLAG.format(name=name))
    return TRUTHS[word]


def read_matcher(name: str, sign: str, value: str, problem: str = "{}") -> Matcher:
    """Make a matcher; 400, with `problem` around the reason, for one without sense."""
    try:
        return of_label(name, sign, value)
    except Misread as misread:
        raise Problem(400, problem.format(misread.reason)) from None
