"""StatusCake's webhook of uptime tests: a form, JSON, or a query that an admin writes with its placeholders.

Known from StatusCake's documentation of the web hook URL (2026); not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.member_names import folded
from bot.sources.payload import Fields, Payload, fields_of, kept
from bot.sources.shape import Mark
from bot.sources.values import Item, link_to, odd

SENDER = "statuscake"
MARKS: Sequence[Mark] = (
    ("StatusCode", "Status", "Name"),
    ("StatusCode", "Status", "URL"),
    ("Token", "Status", "Name"),
    ("Token", "Status", "URL"),
)


def parse(payload: Payload) -> list[Item]:
    """Read a test that went down or up. Its id is its identity, else name and address."""
    given = fields_of(payload)
    named = (
        Fields({folded(name): given.text(name) for name in given.values if "." not in name}) if given else Fields({})
    )
    name, url, state = named.text("name", "testname"), named.text("url", "websiteurl"), named.text("status")
    if not ((name or url) and state):
        return [odd(kept(payload), SENDER)]
    code = named.text("statuscode", "code")
    kind = kind_of(state) or Kind.FIRING
    reason = (
        f"status code {code}" if code not in {"", "0"} else "no answer" if code == "0" and kind is Kind.FIRING else ""
    )
    number = named.text("testid", "id")
    return [
        build(
            SENDER,
            key=f"statuscake:{number}" if number else f"statuscake:{name}!{url}",
            summary=": ".join(filter(None, (f"{name or url} is {state.upper()}", reason))),
            kind=kind,
            severity="critical",
            source=name or url,
            description=named.text("message", "reason"),
            labels={
                "test": name,
                "url": url,
                "address": named.text("ip"),
                "status_code": code,
                "contact_group": named.text("contactgroup"),
                "tags": named.text("tags"),
            },
            links=[link_to(url, name)],
        )
    ]
