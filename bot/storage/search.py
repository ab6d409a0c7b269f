"""Search: alerts by state, severity, owner, label and words, newest first, a page at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from bot.domain.alert import ACTIVE, Alert, State
from bot.domain.signal import Severity
from bot.storage.alerts import alert_of
from bot.storage.engine import Param, Tx


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """What to look for; all of it holds for each alert found.

    `also` are further rooms than `room`. `owner` is a person's id, or "" for alerts without an owner. `labels` are (name, wanted, value). `before` is the
    number that a page begins below. `worst_first` sorts by severity before number.
    """

    tenant: int
    room: int | None = None
    also: Sequence[int] = ()
    feed: int | None = None
    states: frozenset[State] = ACTIVE
    severities: frozenset[Severity] = frozenset(Severity)
    owner: str | None = None
    owner_name: str | None = None
    labels: Sequence[tuple[str, bool, str]] = field(default_factory=tuple)
    words: Sequence[str] = field(default_factory=tuple)
    dedup_key: str | None = None
    before: int | None = None
    worst_first: bool = False


def worst_first(query: Query) -> Query:
    """Return the query with the worst alerts first."""
    return replace(query, worst_first=True)


def in_states(query: Query, *states: State) -> Query:
    """Return the query for these states only."""
    return replace(query, states=frozenset(states))


def with_words(query: Query, words: Sequence[str]) -> Query:
    """Return the query for alerts that hold these words."""
    return replace(query, words=words)


async def find(tx: Tx, query: Query, *, limit: int, offset: int = 0) -> list[Alert]:
    """Return one page of the alerts that a query means."""
    where, params = _where(query)
    order = "severity DESC, number DESC" if query.worst_first else "number DESC"
    sql = f"SELECT * FROM alerts WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"
    return [alert_of(row) for row in await tx.all(sql, limit=limit, offset=offset, **params)]


async def counts(tx: Tx, query: Query) -> dict[State, int]:
    """Return how many alerts a query means, by state."""
    where, params = _where(query)
    # By severity first, which is the order of the index of what is active; the closed alerts of a room are many.
    sql = f"SELECT severity, state, COUNT(*) AS many FROM alerts WHERE {where} GROUP BY severity, state"
    found: dict[State, int] = {}
    for row in await tx.all(sql, **params):
        state = State(row["state"])
        found[state] = found.get(state, 0) + row["many"]
    return found


def _where(query: Query) -> tuple[str, Mapping[str, Param]]:
    """Write a query's conditions; what people said goes in as parameters only."""
    conditions = ["tenant_id = :tenant"]
    params: dict[str, Param] = {"tenant": query.tenant}
    if query.room is not None:
        # One room is named as one: its index then gives the order too.
        conditions.append("room_id IN (:room)" if query.also else "room_id = :room")
        params["room"] = [query.room, *query.also] if query.also else query.room
    for column, value in (("feed_id", query.feed), ("dedup_key", query.dedup_key)):
        if value is not None:
            conditions.append(f"{column} = :{column}")
            params[column] = value
    if State.CLOSED not in query.states:
        # SQLite takes a partial index only for its own words.
        conditions.append("state <> 'closed'")
    if query.states not in {ACTIVE, frozenset(State)}:
        conditions.append("state IN (:states)")
        params["states"] = sorted(state.value for state in query.states)
    if len(query.severities) < len(Severity):
        conditions.append("severity IN (:severities)")
        params["severities"] = sorted(int(severity) for severity in query.severities) or [-1]
    if query.owner is not None:
        conditions.append("owner_id = :owner" if query.owner else "owner_id IS NULL")
        if query.owner:
            params["owner"] = query.owner
    if query.owner_name is not None:
        conditions.append("LOWER(owner_name) = :owner_name")
        params["owner_name"] = query.owner_name.lower()
    if query.before is not None:
        conditions.append("number < :before")
        params["before"] = query.before
    _add_texts(query, conditions, params)
    return " AND ".join(conditions), params


def _add_texts(query: Query, conditions: list[str], params: dict[str, Param]) -> None:
    """Add what is asked of words and labels."""
    # REPLACE finds text exactly on both engines; LIKE would fold case on one of them and give `%` a meaning.
    for index, word in enumerate(query.words):
        conditions.append(f"REPLACE(words, :word{index}, '') <> words")
        params[f"word{index}"] = word.casefold()
    for index, (name, wanted, value) in enumerate(query.labels):
        conditions.append(f"REPLACE(labels, :label{index}, '') {'<>' if wanted else '='} labels")
        params[f"label{index}"] = _label_text(name, value)


def _label_text(name: str, value: str) -> str:
    """Return how a label stands in the column of labels (compact JSON)."""
    return f"{msgspec.json.encode(name).decode()}:{msgspec.json.encode(value).decode()}"
