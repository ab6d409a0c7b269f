"""Splunk's webhook alert action: the search, and the first row that it found.

The members are known from Splunk's documentation; a running Splunk was not tried.
"""

import re
from collections.abc import Sequence

from bot.sources.build import build
from bot.sources.hit import SEVERITIES, STATES, kind_of_hit, place_of
from bot.sources.member_values import called
from bot.sources.payload import Payload, fields_of
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "splunk"
MARKS: Sequence[Mark] = (("results_link", "sid"), ("search_name", "sid"), ("search_name", "results_link"))
TEXTS = ("description", "message", "_raw")
SPOKEN = frozenset((*STATES, *SEVERITIES, *TEXTS))
NAMELESS = "A search in Splunk"
_RUN = re.compile(r"_at_\d+.*\Z")
"""What differs from one run of a search to the next in its id."""


def parse(payload: Payload) -> list[Item]:
    """Read an alert. Search and host are its identity; Splunk tells no end, a column `alert_status` may."""
    given = fields_of(payload)
    if given is None or not given.text("search_name", "sid", "results_link"):
        return [odd(payload.body, SENDER)]
    row = given.inner("result")
    place = place_of(row)
    name = given.text("search_name") or row.text("search_name")
    identity = name or _RUN.sub("", given.text("sid"))
    shown = {column: called(value) for column, value in row.values.items() if not column.startswith("_")}
    return [
        build(
            SENDER,
            key=":".join((given.text("app"), identity, *place.values())),
            summary=name or row.text("title") or NAMELESS,
            kind=kind_of_hit(row),
            severity=row.text(*SEVERITIES),
            source=place.get("host", ""),
            description=row.text(*TEXTS),
            labels={
                "search": name,
                "app": given.text("app"),
                "owner": given.text("owner"),
                **{column: text for column, text in shown.items() if column not in SPOKEN},
                **place,
            },
            links=[link_to(given.text("results_link"), "Splunk")],
            starts_at=row.text("_time"),
        )
    ]
