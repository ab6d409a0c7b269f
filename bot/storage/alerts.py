"""Alerts: the statements, and the way between rows and values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from bot.domain.actor import Person, Who
from bot.domain.alert import Alert, State
from bot.domain.signal import Link, Severity
from bot.storage.engine import Row, Tx, Value

SLICE = 128
"""How many keys one statement looks up."""

COLUMNS = (
    "tenant_id",
    "number",
    "feed_id",
    "room_id",
    "dedup_key",
    "state",
    "severity",
    "reported",
    "summary",
    "description",
    "source",
    "labels",
    "links",
    "starts_at",
    "opened_at",
    "last_seen_at",
    "told_at",
    "count",
    "owner_id",
    "owner_name",
    "state_at",
    "state_by",
    "state_by_id",
    "state_who",
    "state_note",
    "until",
    "resolved_at",
    "senders",
    "predecessor",
    "flaps",
    "flap_told_at",
    "latest",
    "heard",
    "silenced_by",
    "words",
)
_KEPT = ("tenant_id", "number", "feed_id", "dedup_key", "opened_at", "latest")
"""What saving leaves alone. Which alert of a key is the latest changes only with a newer one's coming (NO_LONGER_LATEST)."""

INSERT = f"INSERT INTO alerts ({', '.join(COLUMNS)}) VALUES ({', '.join(':' + name for name in COLUMNS)})"
SAVE = (
    "UPDATE alerts SET "
    + ", ".join(f"{name} = :{name}" for name in COLUMNS if name not in _KEPT)
    + " WHERE tenant_id = :tenant_id AND number = :number"
)
TOUCH = """
UPDATE alerts SET count = :count, last_seen_at = :last_seen_at, senders = :senders
WHERE tenant_id = :tenant_id AND number = :number
"""
LATEST = "SELECT * FROM alerts WHERE feed_id = :feed AND dedup_key IN (:keys) AND latest"
BY_NUMBER = "SELECT * FROM alerts WHERE tenant_id = :tenant AND number IN (:numbers) ORDER BY number"
ROOMS = "SELECT number, room_id FROM alerts WHERE tenant_id = :tenant AND number IN (:numbers)"
NO_LONGER_LATEST = "UPDATE alerts SET latest = FALSE WHERE tenant_id = :tenant_id AND number = :number"


def alert_of(row: Row) -> Alert:
    """Read an alert from its row."""
    labels: dict[str, str] = msgspec.json.decode(row["labels"])
    links: list[dict[str, str]] = msgspec.json.decode(row["links"])
    senders: dict[str, int | None] = msgspec.json.decode(row["senders"])
    owner = None if row["owner_id"] is None else Person(id=row["owner_id"], name=row["owner_name"])
    return Alert(
        tenant=row["tenant_id"],
        number=row["number"],
        feed=row["feed_id"],
        room=row["room_id"],
        dedup_key=row["dedup_key"],
        state=State(row["state"]),
        severity=Severity(row["severity"]),
        reported=Severity(row["reported"]),
        summary=row["summary"],
        description=row["description"],
        source=row["source"],
        labels=labels,
        links=tuple(Link(**link) for link in links),
        starts_at=row["starts_at"],
        opened_at=row["opened_at"],
        last_seen_at=row["last_seen_at"],
        told_at=row["told_at"],
        count=row["count"],
        owner=owner,
        state_at=row["state_at"],
        state_by=row["state_by"],
        state_by_id=row["state_by_id"],
        state_who=Who(row["state_who"]),
        state_note=row["state_note"],
        until=row["until"],
        resolved_at=row["resolved_at"],
        senders=senders,
        predecessor=row["predecessor"],
        flaps=row["flaps"],
        flap_told_at=row["flap_told_at"],
        latest=bool(row["latest"]),
        heard=bool(row["heard"]),
        silenced_by=row["silenced_by"],
    )


def row_of(alert: Alert) -> dict[str, Value]:
    """Write an alert as the values of its columns."""
    links = [{"text": link.text, "href": link.href} for link in alert.links]
    return {
        "tenant_id": alert.tenant,
        "number": alert.number,
        "feed_id": alert.feed,
        "room_id": alert.room,
        "dedup_key": alert.dedup_key,
        "state": alert.state.value,
        "severity": int(alert.severity),
        "reported": int(alert.reported),
        "summary": alert.summary,
        "description": alert.description,
        "source": alert.source,
        "labels": _json(alert.labels),
        "links": _json(links),
        "starts_at": alert.starts_at,
        "opened_at": alert.opened_at,
        "last_seen_at": alert.last_seen_at,
        "told_at": alert.told_at,
        "count": alert.count,
        "owner_id": alert.owner.id if alert.owner else None,
        "owner_name": alert.owner.name if alert.owner else None,
        "state_at": alert.state_at,
        "state_by": alert.state_by,
        "state_by_id": alert.state_by_id,
        "state_who": alert.state_who.value,
        "state_note": alert.state_note,
        "until": alert.until,
        "resolved_at": alert.resolved_at,
        "senders": _json(alert.senders),
        "predecessor": alert.predecessor,
        "flaps": alert.flaps,
        "flap_told_at": alert.flap_told_at,
        "latest": alert.latest,
        "heard": alert.heard,
        "silenced_by": alert.silenced_by,
        "words": words_of(alert),
    }


def words_of(alert: Alert) -> str:
    """Return the text that a search looks through: summary, description and labels, without case."""
    labels = (f"{name}={value}" for name, value in alert.labels.items())
    return "\n".join((alert.summary, alert.description, *labels)).casefold()


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def latest_of(tx: Tx, feed: int, keys: Sequence[str]) -> dict[str, Alert]:
    """Return the newest alert of each dedup key that has one."""
    found: dict[str, Alert] = {}
    for start in range(0, len(keys), SLICE):
        for row in await tx.all(LATEST, feed=feed, keys=keys[start : start + SLICE]):
            found[row["dedup_key"]] = alert_of(row)
    return found


async def by_numbers(tx: Tx, tenant: int, numbers: Sequence[int]) -> dict[int, Alert]:
    """Return the alerts of these numbers that exist."""
    found: dict[int, Alert] = {}
    for start in range(0, len(numbers), SLICE):
        for row in await tx.all(BY_NUMBER, tenant=tenant, numbers=numbers[start : start + SLICE]):
            found[row["number"]] = alert_of(row)
    return found


async def rooms_of(tx: Tx, tenant: int, numbers: Sequence[int]) -> set[int]:
    """Return the rooms that alerts of these numbers belong to."""
    found: set[int] = set()
    for start in range(0, len(numbers), SLICE):
        rows = await tx.all(ROOMS, tenant=tenant, numbers=numbers[start : start + SLICE])
        found |= {row["room_id"] for row in rows if row["room_id"] is not None}
    return found


async def store(tx: Tx, *, new: Iterable[Alert], changed: Iterable[Alert], touched: Iterable[Alert]) -> None:
    """Write alerts: new ones whole, changed ones but for what never changes, touched ones in count and times only."""
    fresh = [row_of(alert) for alert in new]
    if superseded := [row for row in fresh if row["predecessor"] is not None]:
        await tx.run_many(
            NO_LONGER_LATEST,
            [{"tenant_id": row["tenant_id"], "number": row["predecessor"]} for row in superseded],
        )
    if fresh:
        await tx.run_many(INSERT, fresh)
    if rows := [row_of(alert) for alert in changed]:
        await tx.run_many(SAVE, rows)
    touches: list[Mapping[str, Value]] = [
        {
            "count": alert.count,
            "last_seen_at": alert.last_seen_at,
            "senders": _json(alert.senders),
            "tenant_id": alert.tenant,
            "number": alert.number,
        }
        for alert in touched
    ]
    if touches:
        await tx.run_many(TOUCH, touches)
