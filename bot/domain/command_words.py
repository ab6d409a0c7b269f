"""The words of `/alert` that are no verbs, by their kinds: what stands for an alert, a state, a time; and what only fills.

The verbs and their other names are the rows of verbs.py. A word that people use is a line here or there, and nowhere else.
"""

from collections.abc import Mapping
from typing import Literal

TargetWord = Literal["", "last", "mine", "all"]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


POLITE = frozenset({"please", "pls", "plz", "thanks", "thx", "ty", "kindly", "cheers"})
"""Says nothing, wherever it stands alone."""
BEFORE_VERB = POLITE | {"can", "could", "you", "just", "hey", "hi", "hello", "then", "and", "also"}
"""Says nothing before a verb."""
I_AM = frozenset({"i", "i'm", "im", "i'll", "i've", "ive", "we", "we'll", "we're", "am", "will", "have"})
"""Stands before the verbs with which somebody takes an alert on: `i got 7`, `i'm on it`."""

ALERT = frozenset(
    {"alert", "alerts", "incident", "incidents", "issue", "issues", "ticket", "tickets", "alarm", "alarms"}
)
NUMBER_SIGN = frozenset({"#", "no", "nos", "nr", "nrs", "num", "number", "numbers", "id", "ids"})
BEFORE_NUMBER = ALERT | NUMBER_SIGN | {"the"}
"""Stands before a number: `alert 12`, `no. 12`, `the alert number 12`."""

LAST: Mapping[str, TargetWord] = {"last": "last", "latest": "last", "newest": "last"}
IT: Mapping[str, TargetWord] = {"it": "last", "this": "last", "that": "last"}
"""The last alert of the room, where no sentence goes on."""
ALL: Mapping[str, TargetWord] = {"all": "all", "everything": "all"}
MINE: Mapping[str, TargetWord] = {"mine": "mine"}
ONE = ALERT | {"one"}
"""May follow what stands for one alert: `the last one`, `this alert`."""
OF_THEM = ALERT | {"of", "the", "them", "these", "those"}
"""May follow `all`."""
SEVERAL = frozenset({"them", "these", "those", "they", "both", "ones", "others", "rest", "each", "some", "any"})
"""Stands for alerts that nobody can tell."""
SPANS_OF_LAST = frozenset({"night", "time", "week", "month", "year", "day", "hour", "minute", "weekend"})
"""Make of `last` a time: `last night`."""
COUNTED: Mapping[str, int] = {
    word: number
    for number, word in enumerate(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 1
    )
}

ACTIVE_STATES = frozenset({"open", "acked", "snoozed"})
STATES: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("open", "opened", "new", "firing", "triggered"), frozenset({"open"})),
    **dict.fromkeys(("unacked", "unacknowledged", "un-acked", "non-acked", "unack", "unhandled"), frozenset({"open"})),
    **dict.fromkeys(("acked", "acknowledged", "ack'd"), frozenset({"acked"})),
    "snoozed": frozenset({"snoozed"}),
    "unsnoozed": ACTIVE_STATES - {"snoozed"},
    **dict.fromkeys(("closed", "resolved", "inactive", "recovered"), frozenset({"closed"})),
    **dict.fromkeys(("active", "unclosed", "unresolved"), frozenset[str]()),
    "all": ACTIVE_STATES | {"closed"},
    "everything": ACTIVE_STATES | {"closed"},
}
"""The states that a word of a list means; none: the active ones, as without a word."""
OWN = frozenset({"mine", "me", "my"})
NOBODY = frozenset({"none", "nobody", "unassigned", "unowned"})
IN_LIST = (
    POLITE | ALERT | _words("the are is there for of with in do we have i currently right now here what which about at")
)
"""Says nothing in a list: `how many are open`."""

NOT_IN_SEARCH = _words(
    """
    a about again all also am an and any are as at back be because been being but by can checking coming could
    did do does doing done down due for from get getting go going good got had has have here hold i if in into
    is isn it its just keep know later let like looking look looks me more my need no not now of off ok okay on
    once one only or our out over please same see should since so some soon sorry still sure take taking thanks
    that the their them then there these they this those to too try trying under until up us very wait waiting
    was we were what when will with work working yes yet you your
    """
)
"""Words of every sentence, by which no alert is told from others."""


def plural(word: str) -> str:
    """Give a word without the `s` at its end: `errors` is `error`."""
    return word[:-1] if len(word) > 3 and word.endswith("s") else word
