"""Alerts as people read them in the room: the list, one alert, its history. Plain text; the renderer escapes it."""

from collections.abc import Mapping, Sequence

from bot.domain.actor import Via, Who
from bot.domain.alert import Alert, Event, State
from bot.domain.filters import NAMED_STATES, Filter
from bot.domain.refusal import TIMER, by
from bot.domain.times import ago, clock, lasting
from bot.domain.words import shown

COUNT = "{} {}"
COUNTED = " · {} times"
NOTHING_FITS = "No alert fits."
PAGES = "page {} of {}"
NEXT_PAGE = ", next: /alert {}"
NO_SUCH_PAGE = "There is no page {}, the last is {}: /alert {}"
UNASSIGNED = "unassigned"
TIMES = "reported {} times by {}, first {}, last {}"
ONCE = "reported once by {}, {}"
BEGAN = "began {}"
OWNER = "owner: {}"
UNTIL = "until {}"
LABELS = "labels: {}"
SILENCED = "silenced by {}"
MORE = "… and {} more"
EARLIER = "earlier: #{}"
HISTORY = "#{} {}"
EARLIER_ROWS = "({} earlier ones left out)"

PAGE = 20
SUMMARY_LONGEST = 120
DESCRIPTION_LONGEST = 800
LABELS_SHOWN = 12
LINKS_SHOWN = 5
ROWS = 25
NOTHING_SILENCED: Mapping[int, str] = {}


def counts_line(counts: Mapping[State, int]) -> str:
    """Count by state: `3 open · 1 acked`; snoozed and closed only where there are any."""
    always = (State.OPEN, State.ACKED)
    return " · ".join(
        COUNT.format(counts.get(state, 0), state.value) for state in State if state in always or counts.get(state, 0)
    )


def line(alert: Alert, *, now: int, zone_name: str, silenced: str = "") -> str:
    """Put an alert on one line: `#12 critical open 14 min  Disk full on db1 (unassigned)`; `silenced` names what hides it."""
    owner = alert.owner.name if alert.owner else UNASSIGNED
    lasted = lasting(now - (alert.opened_at if alert.state is State.OPEN else alert.state_at))
    state = f"{alert.state.value} {lasted}"
    if alert.state is State.CLOSED:
        state = f"{alert.state.value} {ago(alert.state_at, zone_name, now=now)} by {by(alert)}"
    until = f" {UNTIL.format(clock(alert.until, zone_name, now=now))}" if alert.until and alert.active else ""
    times = COUNTED.format(alert.count) if alert.count > 1 else ""
    summary = shown(alert.summary, SUMMARY_LONGEST)
    mark = f", {SILENCED.format(silenced)}" if silenced else ""
    return f"#{alert.number} {alert.severity.word} {state}{until}{mark}  {summary}{times} ({owner})"


def listing(
    alerts: Sequence[Alert],
    counts: Mapping[State, int],
    *,
    now: int,
    zone_name: str,
    chosen: Filter | None = None,
    page: int = 1,
    pages: int = 1,
    silenced: Mapping[int, str] = NOTHING_SILENCED,
) -> str:
    """Write a page of alerts, counts first; `counts` are of everything that `chosen` fits, on all pages.

    `silenced` tells by number which silences hide an alert.
    """
    rows = [counts_line(counts)]
    if page > pages:
        rows.append(NO_SUCH_PAGE.format(page, pages, spelled(chosen, pages)))
    elif not alerts and chosen is not None:
        rows.append(NOTHING_FITS)
    rows += [line(alert, now=now, zone_name=zone_name, silenced=silenced.get(alert.number, "")) for alert in alerts]
    if 1 <= page <= pages and pages > 1:
        footer = PAGES.format(page, pages)
        rows.append(footer + (NEXT_PAGE.format(spelled(chosen, page + 1)) if page < pages else ""))
    return "\n".join(rows)


def spelled(chosen: Filter | None, page: int = 1) -> str:
    """Write the `list` command that asks for a filter; reading it gives the filter again, unless its texts hold quotes."""
    words = ["list"]
    if chosen is not None:
        words += (
            ["all"]
            if chosen.states == frozenset(NAMED_STATES)
            else [state for state in NAMED_STATES if state in chosen.states]
        )
        owners = {"me": "mine", "none": "unassigned", None: ""}
        words.append(owners.get(chosen.owner, f"@{chosen.owner}"))
        words.append(f"severity{''.join(chosen.severity)}" if chosen.severity else "")
        words += [f"{_label(name)}{sign}{_quoted(value)}" for name, sign, value in chosen.labels]
        words.append(f'"{chosen.text}"' if chosen.text else "")
    words.append(f"page {page}" if page > 1 else "")
    return " ".join(filter(None, words))


def _label(name: str) -> str:
    meant_otherwise = name.lower() in {"severity", "state", "owner", "text"} or name.startswith("label.")
    return f"label.{name}" if meant_otherwise else name


def _quoted(value: str) -> str:
    return (
        value if value and value.isascii() and value.isprintable() and not set(value) & set(' "=<>!') else f'"{value}"'
    )


def card(alert: Alert, *, now: int, zone_name: str, silenced: str = "") -> str:
    """Write all that is known about one alert; `silenced` names what hides it."""
    state = f"#{alert.number} {alert.severity.word} {alert.state.value}"
    if alert.state is State.OPEN:
        head = f"{state} {lasting(now - alert.opened_at)}"
    else:
        head = f"{state} {ago(alert.state_at, zone_name, now=now)} by {by(alert)}"
    if alert.until is not None and alert.active:
        head += f", {UNTIL.format(clock(alert.until, zone_name, now=now))}"
    if silenced:
        head += f", {SILENCED.format(silenced)}"
    if alert.state_note:
        head += f": {shown(alert.state_note, SUMMARY_LONGEST)}"
    rows = [head, shown(alert.summary, 2 * SUMMARY_LONGEST)]
    if alert.description:
        rows.append(shown(alert.description, DESCRIPTION_LONGEST))
    if alert.labels:
        pairs = [f"{shown(name, 40)}={shown(value, 80)}" for name, value in sorted(alert.labels.items())]
        more = [MORE.format(len(pairs) - LABELS_SHOWN)] if len(pairs) > LABELS_SHOWN else []
        rows.append(LABELS.format(" · ".join(pairs[:LABELS_SHOWN] + more)))
    rows.append(OWNER.format(alert.owner.name if alert.owner else UNASSIGNED))
    rows.append(_reports(alert, now, zone_name))
    rows += [f"{shown(link.text, 80)}: {shown(link.href, 400)}" for link in alert.links[:LINKS_SHOWN]]
    if alert.predecessor is not None:
        rows.append(EARLIER.format(alert.predecessor))
    return "\n".join(rows)


def _reports(alert: Alert, now: int, zone_name: str) -> str:
    origin = shown(alert.source, 60) or ", ".join(sorted(alert.senders)) or "its source"
    first = clock(alert.opened_at, zone_name, now=now)
    if alert.count > 1:
        text = TIMES.format(alert.count, origin, first, clock(alert.last_seen_at, zone_name, now=now))
    else:
        text = ONCE.format(origin, first)
    if alert.starts_at is not None and abs(alert.starts_at - alert.opened_at) >= 60_000:
        text += f", {BEGAN.format(clock(alert.starts_at, zone_name, now=now))}"
    return text


def history(alert: Alert, events: Sequence[Event], *, left_out: int = 0, now: int, zone_name: str) -> str:
    """Write who did what with an alert, oldest first; of a long history the latest rows. `left_out` counts what is before `events`."""
    rows = [HISTORY.format(alert.number, shown(alert.summary, SUMMARY_LONGEST))]
    earlier = left_out + max(0, len(events) - ROWS)
    if earlier:
        rows.append(EARLIER_ROWS.format(earlier))
    rows += [_row(event, now, zone_name) for event in events[-ROWS:]]
    return "\n".join(rows)


def _row(event: Event, now: int, zone_name: str) -> str:
    who = TIMER if event.by.kind is Who.TIMER else event.by.name
    through = f" ({event.by.via.value})" if event.by.kind is Who.PERSON and event.by.via is Via.ROOM else ""
    note = f": {shown(event.note, 200)}" if event.note else ""
    return f"{clock(event.at, zone_name, now=now)} {event.action} by {who}{through}{note}"
