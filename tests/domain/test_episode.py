"""What signals and silence do to alerts: product.md 3, line by line."""

import itertools
from dataclasses import replace
from typing import Any

import pytest

from bot.domain import episode
from bot.domain.actor import CLOCK, Actor, Who
from bot.domain.alert import Alert, Change, Outcome, State
from bot.domain.notice import News
from bot.domain.signal import Kind, Severity
from tests.domain.making import DANA, HOUR, LEE, MINUTE, NOW, PROMETHEUS, SECOND, WORSE, alert, fold, held, signal

ACTIVE = (State.OPEN, State.ACKED, State.SNOOZED)


def number(change: Change) -> int:
    """Return the number of the alert that a change left."""
    assert change.alert is not None
    return change.alert.number


# --- the table ------------------------------------------------------------------------------------------------------


def test_a_problem_nobody_knew_opens_an_alert() -> None:
    """(none) x firing: new, open, announced."""
    change = fold(None, signal())

    assert change.alert is not None
    assert (State.OPEN, Outcome.OPENED, News.OPENED) == (change.alert.state, change.outcome, change.news)
    assert ["opened"] == [event.action for event in change.events]
    assert {"alertmanager": None} == change.alert.senders


@pytest.mark.parametrize("kind", [Kind.RESOLVED, Kind.ACKNOWLEDGED, Kind.UNACKNOWLEDGED, Kind.NOTE])
def test_of_an_unknown_problem_only_a_firing_makes_an_alert(kind: Kind) -> None:
    """(none) x anything else: no alert (a resolve is remembered elsewhere)."""
    change = fold(None, signal(kind=kind))

    assert (None, Outcome.IGNORED, None) == (change.alert, change.outcome, change.news)


@pytest.mark.parametrize(
    ("starts_at", "outcome", "state"),
    [
        (NOW - HOUR, Outcome.RESOLVED, State.CLOSED),
        (NOW - MINUTE, Outcome.OPENED, State.OPEN),
        (NOW, Outcome.OPENED, State.OPEN),
        (None, Outcome.OPENED, State.OPEN),
    ],
)
def test_a_remembered_resolve_closes_what_began_before_it(
    starts_at: int | None, outcome: Outcome, state: State
) -> None:
    """Only a firing that says that it began before the resolve is stored closed; it is not announced."""
    change = fold(None, signal(starts_at=starts_at), resolved_before=NOW - MINUTE)

    assert change.alert is not None
    assert (outcome, state) == (change.outcome, change.alert.state)
    assert (change.news is None) == (state is State.CLOSED)


@pytest.mark.parametrize("state", ACTIVE)
def test_a_repeat_counts_and_keeps_the_state(state: State) -> None:
    """Active x firing: +1, last seen, newest words; nothing said, no history."""
    change = fold(held(state), signal(summary="disk fuller"), NOW + MINUTE)

    assert change.alert is not None
    assert (state, 2, NOW + MINUTE, "disk fuller") == (
        change.alert.state,
        change.alert.count,
        change.alert.last_seen_at,
        change.alert.summary,
    )
    assert (Outcome.REPEATED, None, ()) == (change.outcome, change.news, change.events)


@pytest.mark.parametrize("state", ACTIVE)
def test_a_worse_severity_is_said_at_once_and_opens(state: State) -> None:
    """Open, acked or snoozed x worse: open, said at once."""
    change = fold(held(state, until=NOW + HOUR), signal(severity=WORSE), NOW + SECOND)

    assert change.alert is not None
    assert (State.OPEN, WORSE, Outcome.WORSE, News.WORSE) == (
        change.alert.state,
        change.alert.severity,
        change.outcome,
        change.news,
    )
    assert (change.alert.until is None) == (state is not State.OPEN)


@pytest.mark.parametrize("state", ACTIVE)
def test_a_better_severity_is_shown_only(state: State) -> None:
    """Active x better: shown, in the history, not said."""
    change = fold(held(state), signal(severity=Severity.INFO))

    assert change.alert is not None
    assert (state, Severity.INFO, Outcome.REPEATED, None) == (
        change.alert.state,
        change.alert.severity,
        change.outcome,
        change.news,
    )
    assert ["better"] == [event.action for event in change.events]


@pytest.mark.parametrize(
    ("by_hand", "said", "severity", "outcome"),
    [
        (Severity.CRITICAL, Severity.ERROR, Severity.CRITICAL, Outcome.REPEATED),
        (Severity.CRITICAL, Severity.INFO, Severity.CRITICAL, Outcome.REPEATED),
        (Severity.CRITICAL, Severity.WARNING, Severity.CRITICAL, Outcome.REPEATED),
        (Severity.INFO, Severity.INFO, Severity.INFO, Outcome.REPEATED),
        (Severity.INFO, Severity.WARNING, Severity.INFO, Outcome.REPEATED),
        (Severity.INFO, Severity.ERROR, Severity.ERROR, Outcome.WORSE),
    ],
)
def test_a_severity_set_by_hand_stands(by_hand: Severity, said: Severity, severity: Severity, outcome: Outcome) -> None:
    """Until the source says worse than what it said before and than what the person set; neither raising nor lowering is undone by it."""
    change = fold(alert(severity=by_hand, reported=Severity.WARNING), signal(severity=said))

    assert change.alert is not None
    assert (severity, said, outcome) == (change.alert.severity, change.alert.reported, change.outcome)


@pytest.mark.parametrize("state", ACTIVE)
def test_its_source_resolves_it(state: State) -> None:
    """Active x resolved: closed, said."""
    change = fold(held(state), signal(kind=Kind.RESOLVED), NOW + MINUTE)

    assert change.alert is not None
    assert (State.CLOSED, Who.SOURCE, NOW + MINUTE, {}) == (
        change.alert.state,
        change.alert.state_who,
        change.alert.resolved_at,
        change.alert.senders,
    )
    assert (Outcome.RESOLVED, News.RESOLVED) == (change.outcome, change.news)


def test_a_resolve_of_what_a_person_closed_is_noted() -> None:
    """Closed x resolved: noted once, nothing said."""
    noted = fold(held(State.CLOSED), signal(kind=Kind.RESOLVED), NOW + MINUTE)

    assert noted.alert is not None
    assert (State.CLOSED, NOW + MINUTE, Outcome.RESOLVED, None) == (
        noted.alert.state,
        noted.alert.resolved_at,
        noted.outcome,
        noted.news,
    )
    again = fold(noted.alert, signal(kind=Kind.RESOLVED), NOW + HOUR)
    assert (None, Outcome.IGNORED) == (again.alert, again.outcome)


# --- the four-hour line ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "after", "news"),
    [
        (State.OPEN, 4 * HOUR, None),
        (State.OPEN, 4 * HOUR + 1, News.AGAIN),
        (State.ACKED, 5 * HOUR, None),
        (State.SNOOZED, 5 * HOUR, None),
        (State.OPEN, -HOUR, None),
    ],
)
def test_a_long_open_alert_says_so_again(state: State, after: int, news: News | None) -> None:
    """More than four hours after the room last heard of it, and only while it is open; a clock that went back says nothing."""
    current = replace(held(state), told_at=NOW)
    change = fold(current, signal(), NOW + after)

    assert news == change.news
    assert change.alert is not None
    assert (NOW + after if news else NOW) == change.alert.told_at


# --- closed, then firing again --------------------------------------------------------------------------------------


CLOSERS = {"source": PROMETHEUS, "person": DANA, "timer": CLOCK}
STARTS = {"missing": None, "before": NOW - HOUR, "equal": NOW, "after": NOW + SECOND}
LATER = {"at once": MINUTE, "within the hold": HOUR, "after the hold": 5 * HOUR}


def expected(closer: str, start: str, later: str) -> tuple[Outcome, bool]:
    """Return what product.md 3 says: the outcome, and whether the same number is open then."""
    if start in {"missing", "after"}:
        return (Outcome.REOPENED, True) if later == "at once" else (Outcome.OPENED, False)
    if closer == "timer":
        return Outcome.REOPENED, True
    if closer == "source":
        return Outcome.IGNORED, False
    return (Outcome.REOPENED, True) if later == "after the hold" else (Outcome.REPEATED, False)


@pytest.mark.parametrize(("closer", "start", "later"), list(itertools.product(CLOSERS, STARTS, LATER)))
def test_what_fires_after_its_close(closer: str, start: str, later: str) -> None:
    """Same episode or a new one, by who closed it, when it began and when it comes."""
    by: Actor = CLOSERS[closer]
    closed = held(State.CLOSED, by, starts_at=NOW - HOUR)
    change = fold(closed, signal(starts_at=STARTS[start]), NOW + LATER[later])
    outcome, reopened = expected(closer, start, later)

    assert outcome == change.outcome
    if reopened:
        assert change.alert is not None
        assert (1, State.OPEN, None) == (number(change), change.alert.state, change.alert.resolved_at)
        assert change.news in {News.REOPENED, News.FLAPPING}
    elif outcome is Outcome.OPENED:
        assert change.alert is not None
        assert (2, 1, News.OPENED) == (number(change), change.alert.predecessor, change.news)
    elif outcome is Outcome.IGNORED:
        assert (None, None) == (change.alert, change.news)
        assert ["late"] == [event.action for event in change.events]
    else:
        assert change.alert is not None
        assert (State.CLOSED, 2, None) == (change.alert.state, change.alert.count, change.news)


def test_a_missing_start_stays_missing() -> None:
    """It is never "now"."""
    change = fold(held(State.CLOSED, PROMETHEUS), signal(), NOW + HOUR)

    assert change.alert is not None
    assert change.alert.starts_at is None


@pytest.mark.parametrize(
    ("said", "outcome"),
    [(Severity.CRITICAL, Outcome.REOPENED), (Severity.WARNING, Outcome.REPEATED), (Severity.INFO, Outcome.REPEATED)],
)
def test_what_a_person_closed_opens_when_it_gets_worse(said: Severity, outcome: Outcome) -> None:
    """And says why; the close of a person is otherwise kept."""
    change = fold(held(State.CLOSED), signal(severity=said, starts_at=NOW - HOUR), NOW + MINUTE)

    assert outcome == change.outcome
    if outcome is Outcome.REOPENED:
        assert "critical instead of warning" in change.why


def test_worse_is_worse_than_at_the_close() -> None:
    """A closed problem whose severity goes down and up again has not got worse."""
    closed = held(State.CLOSED, severity=Severity.ERROR, reported=Severity.ERROR)
    down = fold(closed, signal(severity=Severity.INFO, starts_at=NOW - HOUR), NOW + MINUTE)
    assert down.alert is not None
    up = fold(down.alert, signal(severity=Severity.ERROR, starts_at=NOW - HOUR), NOW + 2 * MINUTE)

    assert Outcome.REPEATED == up.outcome
    assert up.alert is not None
    assert State.CLOSED is up.alert.state


def test_what_a_person_closed_and_its_source_resolved_is_over() -> None:
    """A late duplicate of it is ignored, also after the close hold."""
    closed = replace(held(State.CLOSED), resolved_at=NOW + MINUTE, senders={})
    change = fold(closed, signal(starts_at=NOW - HOUR), NOW + 5 * HOUR)

    assert (None, Outcome.IGNORED) == (change.alert, change.outcome)


def test_what_the_timer_closed_and_its_source_resolved_is_over() -> None:
    """No longer reported is not resolved, but once it is resolved, late duplicates are ignored too."""
    closed = replace(held(State.CLOSED, CLOCK), resolved_at=NOW + MINUTE, senders={})
    change = fold(closed, signal(starts_at=NOW - HOUR), NOW + 2 * MINUTE)

    assert (None, Outcome.IGNORED) == (change.alert, change.outcome)


@pytest.mark.parametrize(("resolved_at", "same"), [(None, False), (NOW + 25 * MINUTE, True)])
def test_the_window_counts_from_the_later_of_close_and_resolve(resolved_at: int | None, same: bool) -> None:
    """Closed by a person at 0, resolved at 25 min: a firing at 30 min is within ten minutes of its end."""
    closed = replace(held(State.CLOSED), resolved_at=resolved_at)
    change = fold(closed, signal(starts_at=NOW + 29 * MINUTE), NOW + 30 * MINUTE)

    assert (1 if same else 2) == number(change)


@pytest.mark.parametrize(("after", "same"), [(10 * MINUTE, True), (10 * MINUTE + 1, False), (-HOUR, True)])
def test_the_window_is_ten_minutes(after: int, same: bool) -> None:
    """Its end belongs to it; a clock that went back is within it."""
    change = fold(held(State.CLOSED, PROMETHEUS), signal(), NOW + after)

    assert (1 if same else 2) == number(change)


# --- flapping -------------------------------------------------------------------------------------------------------


def flaps(times: list[int]) -> tuple[list[tuple[int, News | None]], Alert]:
    """Open an alert, then resolve and fire it at each time; return the news of each."""
    current = alert()
    said: list[tuple[int, News | None]] = []
    for at in times:
        for told in (signal(kind=Kind.RESOLVED), signal()):
            change = fold(current, told, at)
            assert change.alert is not None
            current = change.alert
            said.append((at, change.news))
    return said, current


def test_flapping_is_said_once_per_window() -> None:
    """What opens and ends in between is not said at all: the room's last word stays true at the end of each."""
    said, current = flaps([NOW + n * MINUTE for n in (1, 3, 5, 12)])

    assert [
        News.RESOLVED,
        News.FLAPPING,
        News.RESOLVED,
        None,
        None,
        None,
        None,
        News.FLAPPING,
    ] == [news for _, news in said]
    assert 4 == current.flaps


def test_flapping_counts_from_the_first() -> None:
    """The third time in 20 minutes is said as such."""
    first = fold(held(State.CLOSED, PROMETHEUS, NOW + 5 * MINUTE), signal(), NOW + 6 * MINUTE)
    assert first.alert is not None
    over = fold(first.alert, signal(kind=Kind.RESOLVED), NOW + 18 * MINUTE)
    assert over.alert is not None
    second = fold(over.alert, signal(), NOW + 20 * MINUTE)

    assert ("flapping, 2nd time in 6 min", "flapping, 3rd time in 20 min") == (first.why, second.why)


def test_a_silent_reopening_is_said_in_the_end() -> None:
    """When the window is over and the alert still open; then the window begins anew. What the room knows is not repeated."""
    _, current = flaps([NOW + MINUTE, NOW + 3 * MINUTE])
    late = episode.flapping(current, NOW + 11 * MINUTE)

    assert late is not None
    assert late.alert is not None
    assert News.FLAPPING is late.news
    assert episode.flapping(late.alert, NOW + 11 * MINUTE) is None
    over = fold(late.alert, signal(kind=Kind.RESOLVED), NOW + 12 * MINUTE)
    assert over.alert is not None
    assert (News.RESOLVED, None) == (over.news, fold(over.alert, signal(), NOW + 13 * MINUTE).news)


def test_a_flap_that_was_said_is_not_said_again_by_the_timer() -> None:
    """Only what opened without a word is told of later."""
    _, current = flaps([NOW + MINUTE])

    assert episode.flapping(current, NOW + 11 * MINUTE) is None


def test_a_flapping_alert_forgets_its_owner_and_old_start() -> None:
    """A new episode in the same number: nobody has it yet."""
    closed = held(State.CLOSED, PROMETHEUS, owner=LEE.person, starts_at=NOW - HOUR)
    change = fold(closed, signal(starts_at=NOW + SECOND), NOW + MINUTE)

    assert change.alert is not None
    assert (None, NOW + SECOND) == (change.alert.owner, change.alert.starts_at)


# --- senders and promises -------------------------------------------------------------------------------------------


def test_two_senders_close_together() -> None:
    """Alertmanager and Prometheus are one alert; it closes when the last one resolves, in any order."""
    both = fold(alert(), signal(sender="prometheus", ends_at=NOW + 4 * MINUTE)).alert
    assert both is not None
    for first, last in (("alertmanager", "prometheus"), ("prometheus", "alertmanager")):
        one = fold(both, signal(kind=Kind.RESOLVED, sender=first), NOW + MINUTE)
        assert one.alert is not None
        two = fold(one.alert, signal(kind=Kind.RESOLVED, sender=last), NOW + 2 * MINUTE)

        assert two.alert is not None
        assert (State.OPEN, [last], None) == (one.alert.state, list(one.alert.senders), one.news)
        assert (State.CLOSED, News.RESOLVED) == (two.alert.state, two.news)


def test_two_senders_of_what_a_person_closed() -> None:
    """Its end is noted when the last of them says so: till then the close hold goes on."""
    closed = held(State.CLOSED, senders={"alertmanager": None, "prometheus": None})
    one = fold(closed, signal(kind=Kind.RESOLVED), NOW + MINUTE)

    assert one.alert is not None
    assert one.alert.resolved_at is None
    hold_over = fold(one.alert, signal(sender="prometheus", starts_at=NOW - HOUR), NOW + 5 * HOUR)
    assert Outcome.REOPENED is hold_over.outcome


def test_who_never_reported_it_cannot_resolve_it() -> None:
    """While others report it; somebody must speak for it who knows."""
    change = fold(alert(), signal(kind=Kind.RESOLVED, sender="generic"))

    assert (None, Outcome.IGNORED) == (change.alert, change.outcome)


def test_after_a_person_reopened_it_any_sender_may_resolve_it() -> None:
    """Its senders are gone with the resolve, so nobody else could."""
    change = fold(alert(senders={}), signal(kind=Kind.RESOLVED, sender="generic"))

    assert Outcome.RESOLVED is change.outcome


@pytest.mark.parametrize(
    ("senders", "expires_at"),
    [
        ({"a": None}, None),
        ({"a": NOW + 1}, NOW + 1),
        ({"a": NOW + 1, "b": NOW + 2}, NOW + 2),
        ({"a": NOW + 1, "b": None}, None),
        ({}, None),
    ],
)
def test_a_promise_holds_when_every_sender_made_one(senders: dict[str, int | None], expires_at: int | None) -> None:
    """The last end counts, and whoever promised none keeps it open."""
    assert expires_at == alert(senders=senders).expires_at


@pytest.mark.parametrize("state", ACTIVE)
def test_a_broken_promise_closes_it_as_no_longer_reported(state: State) -> None:
    """By the timer, which is not "resolved"."""
    change = episode.expire(held(state, senders={"prometheus": NOW}), NOW)

    assert isinstance(change, Change)
    assert change.alert is not None
    assert (State.CLOSED, Who.TIMER, None, News.UNREPORTED) == (
        change.alert.state,
        change.alert.state_who,
        change.alert.resolved_at,
        change.news,
    )
    assert "no longer reported by prometheus" == change.why


def test_a_promise_that_was_kept_up_is_looked_at_later() -> None:
    """When it ends; a closed alert and one without promises are done with."""
    assert NOW + 5 == episode.expire(alert(senders={"prometheus": NOW + 5}), NOW)
    assert episode.expire(alert(), NOW) is None
    assert episode.expire(held(State.CLOSED, senders={"prometheus": NOW - 5}), NOW) is None


# --- acknowledged at the source -------------------------------------------------------------------------------------


def relay(current: Alert, kind: Kind, **more: Any) -> Change:
    """Fold what somebody did at the source."""
    return fold(current, signal(kind=kind, author="pat", **more))


def test_an_ack_at_the_source_acks_here() -> None:
    """In the name of who did it there; nobody owns it by that."""
    change = relay(alert(), Kind.ACKNOWLEDGED, note="on it")

    assert change.alert is not None
    assert (State.ACKED, "pat", None, "on it") == (
        change.alert.state,
        change.alert.state_by,
        change.alert.owner,
        change.alert.state_note,
    )
    assert (Outcome.REPEATED, News.CHANGED) == (change.outcome, change.news)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        (State.ACKED, Kind.ACKNOWLEDGED),
        (State.CLOSED, Kind.ACKNOWLEDGED),
        (State.CLOSED, Kind.UNACKNOWLEDGED),
        (State.OPEN, Kind.UNACKNOWLEDGED),
        (State.OPEN, Kind.NOTE),
    ],
)
def test_what_the_state_refuses_changes_nothing(state: State, kind: Kind) -> None:
    """The source is not told no; the note is an empty one."""
    change = relay(held(state), kind)

    assert (None, Outcome.IGNORED) == (change.alert, change.outcome)


def test_an_unack_at_the_source_opens() -> None:
    """Whoever acked it."""
    change = relay(held(State.ACKED), Kind.UNACKNOWLEDGED)

    assert change.alert is not None
    assert State.OPEN is change.alert.state


@pytest.mark.parametrize(
    ("kind", "state", "action"),
    [(Kind.NOTE, State.OPEN, "noted"), (Kind.ACKNOWLEDGED, State.ACKED, "acked")],
)
def test_first_words_open(kind: Kind, state: State, action: str) -> None:
    """What somebody wrote or did about a problem that nobody told of opens an alert, in that somebody's name."""
    change = fold(None, signal(kind=kind, opens=True, author="eve", note="please look"))

    assert change.alert is not None
    assert (state, Outcome.OPENED, News.OPENED) == (change.alert.state, change.outcome, change.news)
    assert [("opened", "eve"), (action, "eve")] == [(event.action, event.by.name) for event in change.events]
    assert "please look" == change.why == change.events[-1].note


@pytest.mark.parametrize("kind", [Kind.UNACKNOWLEDGED, Kind.NOTE])
def test_first_words_without_words(kind: Kind) -> None:
    """A bad state is told by itself: the alert is open, and nothing is noted."""
    change = fold(None, signal(kind=kind, opens=True))

    assert change.alert is not None
    assert (State.OPEN, Outcome.OPENED) == (change.alert.state, change.outcome)
    assert ["opened"] == [event.action for event in change.events]


@pytest.mark.parametrize("kind", [Kind.NOTE, Kind.ACKNOWLEDGED])
def test_words_about_what_is_just_over(kind: Kind) -> None:
    """They are noted on it and open nothing: an ack may come a moment after the end. Later they are about something new."""
    over, word = held(State.CLOSED, PROMETHEUS), signal(kind=kind, opens=True, author="eve", note="on it")
    soon, late = fold(over, word, NOW + MINUTE), fold(over, word, NOW + HOUR)

    assert soon.alert is not None
    assert (1, State.CLOSED, News.CHANGED, "on it") == (number(soon), soon.alert.state, soon.news, soon.why)
    assert late.alert is not None
    assert (2, 1, News.OPENED) == (number(late), late.alert.predecessor, late.news)


def test_words_about_what_a_person_closed() -> None:
    """It stays closed, as with any repeat; the words are seen."""
    change = fold(held(State.CLOSED), signal(kind=Kind.NOTE, opens=True, note="on it"), NOW + HOUR)

    assert change.alert is not None
    assert (1, State.CLOSED, News.CHANGED) == (number(change), change.alert.state, change.news)


@pytest.mark.parametrize(
    "said", [{"note": "looking", "author": "eve"}, {"note": "dana via Hipchat: acked", "author": "bot"}]
)
def test_words_of_a_second_ack(said: dict[str, str]) -> None:
    """Somebody's words are noted, unless they are our own coming back."""
    change = fold(held(State.ACKED), signal(kind=Kind.ACKNOWLEDGED, opens=True, **said))

    assert (Outcome.IGNORED if "dana" in said["note"] else Outcome.REPEATED) == change.outcome
    assert change.alert is None or "noted" == change.events[-1].action


@pytest.mark.parametrize("state", [State.OPEN, State.CLOSED])
def test_words_of_an_unack_that_changes_nothing(state: State) -> None:
    """They are noted all the same."""
    change = fold(held(state), signal(kind=Kind.UNACKNOWLEDGED, opens=True, author="eve", note="not mine after all"))

    assert change.alert is not None
    assert (state, "noted", "not mine after all") == (change.alert.state, change.events[-1].action, change.why)


def test_decisions_know_every_kind() -> None:
    """No kind of signal in any state raises."""
    for state, kind in itertools.product(State, Kind):
        for told in (signal(kind=kind), signal(kind=kind, opens=True, note="x", author="eve")):
            assert fold(held(state), told).outcome in Outcome
            assert fold(None, told).outcome in Outcome
