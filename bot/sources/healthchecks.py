"""Healthchecks.io's webhook: its placeholders in a query, a form or JSON, as an admin's template names them.

Known from the integration's own page of placeholders and the documentation of the API, whose check is `$JSON` (2026);
not tried against the service.
"""

from collections.abc import Sequence

from bot.domain.signal import Kind
from bot.domain.vocabulary import kind_of
from bot.sources.build import build
from bot.sources.payload import Fields, Payload, fields_of, json_of
from bot.sources.payload import kept as payload_kept
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "healthchecks"
MARKS: Sequence[Mark] = (
    ("check.n_pings",),
    ("check.last_ping",),
    ("n_pings", "last_ping"),
    ("exitstatus", "status"),
)
NOTED = frozenset({"new", "paused", "grace", "started"})
"""States of a check that are neither good nor bad."""
TEST_NAME = "TEST"
"""The name of the check that a test notification is about."""


def parse(payload: Payload) -> list[Item]:
    """Read a check that went down or up. Its code is its identity; addresses to ping it are secrets, and shown nowhere."""
    given = fields_of(payload)
    outer = given if given is not None else Fields({})
    check = Fields(
        {**_check(outer), **{name.lower(): value for name, value in outer.values.items() if name != "check"}}
    )
    name, slug = check.text("name", "check_name", "slug"), check.text("slug")
    code = check.text("code", "uuid", "id", "unique_key") or _code(check)
    state = check.text("status", "state").lower()
    if not (name or code):
        return [odd(payload_kept(payload), SENDER)]
    kind = Kind.NOTE if state in NOTED else kind_of(state) or Kind.FIRING
    labels = {
        "check": name,
        "slug": slug,
        "project": check.text("project"),
        "tags": ",".join(check.text("tags").split()),
        "exitstatus": check.text("exitstatus").removeprefix("-1"),
        **{tag: tag for tag in _tags(check)},
    }
    last = check.text("last_ping")
    return [
        build(
            SENDER,
            key=f"healthchecks:{code or slug or name}",
            summary=f"{name or code} is {state.upper()}" if state else name or code,
            kind=kind,
            severity="info" if name == TEST_NAME else "error",
            source=name,
            description="\n".join(
                filter(None, (check.text("desc"), last and f"last ping: {last}", check.text("body")))
            ),
            labels=labels,
            starts_at=check.text("now") if kind is Kind.FIRING else "",
            note=state if kind is Kind.NOTE else "",
        )
    ]


def _check(given: Fields) -> dict[str, object]:
    """Return the check that `$JSON` stands for: an object, or its text in a form; a text that is none is its name."""
    value = given.at("check")
    if isinstance(value, str):
        inside = json_of(value.encode("utf-8", "replace")) if value[:1] == "{" else None
        value = inside if isinstance(inside, dict) else {"name": value}
    return {name.lower(): each for name, each in value.items()} if isinstance(value, dict) else {}


def _code(check: Fields) -> str:
    """Return the code at the end of the address that the check is pinged at."""
    return check.text("ping_url").rstrip("/").rpartition("/")[2]


def _tags(check: Fields) -> list[str]:
    given = (check.text(f"tag{number}") for number in range(1, 5))
    return list(filter(None, given))
