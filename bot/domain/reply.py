"""Replies: what the bot answers to a command (product.md 5, "Replies"). Plain text; the renderer escapes it.

People are named by mention name without `@`; `Reply.mentions` names those who shall be rung.
"""

import enum
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot.domain.alert import Alert, Refused
from bot.domain.commands import NOT_UNDERSTOOD
from bot.domain.refusal import is_held, refusal, why_not
from bot.domain.words import Misread, shown

NOTHING = "nothing {}"
SKIPPED = "skipped {}"
FOR_REASONS = "for several reasons: /alert show NUMBER tells each"
NOT_HERE = "not in this room"
IN = "in {}"
IS_IN = "{} is in {}."
ARE_IN = "{} are in {}."
TAKE_OVER = "to take over: /alert own {}"
UNKNOWN_ID = "There is no {} in this room: the last alert here is #{}."
NO_ALERTS = "There are no alerts in this room yet. /alert test sends one."
OPEN_HERE = "Open: {}."
NONE_OPEN = "None is open."
DID_YOU_MEAN = '{} Did you mean "{}"?'
FORMS = "{} Usage: {}"
UNCLEAR = "I did not understand that. For example: {}. All I can do: /alert help"
EXAMPLES = ("/alert ack {}", '/alert close {} fixed "what it was"', "/alert assign {} me")
EXAMPLES_WITHOUT_ALERTS = ("/alert list", "/alert test", "/alert help")
WHICH = "Which alert? Unacked in this room: {}. For example: /alert {} {}"
WHICH_OF_THESE = 'Which alert? "{}" may mean: {}. For example: /alert {} {}'
OTHERS_LINK = "That link is not one of mine to an alert of yours. Write the alert's number: /alert {} NUMBER"
NONE_UNACKED = "No alert in this room is unacked, so tell me which: /alert {} NUMBER"
NONE_MATCHES = "No alert in this room matches {}."
WOULD = "This would {} {} alerts: {} ({}). Answer /alert yes within 2 minutes, or /alert no."
LEFT = "Left as it is."
NOTHING_ASKED = "I have not asked you anything in this room in the last 2 minutes."
NOTHING_TO_UNDO = "You have changed nothing in this room in the last 5 minutes."
ADMINS_ONLY = 'In this room "{verb}" is for the owner of the room and the admins of the group.'
SWITCHED_OFF = (
    '"{verb}" is switched off in this room. An admin may change that: alertbot room rights "{room}" {verb}=members'
)
GUESTS_READ_ONLY = "Guests can read here, not change anything."
UNCONFIRMED = (
    "Hipchat does not confirm who you are, so you can only read for now. Nothing was changed; try again in a minute."
)
UNKNOWN_PERSON = "I know nobody called {}. Use the name that Hipchat offers after an @."
TEST_ON_ITS_WAY = "Test alert #{} is on its way through the whole path."

SINGLY = 20
"""Up to so many numbers are listed one by one; more are drawn together."""

LONGEST = 1500
"""Characters of numbers in each half of a reply, done and skipped: some 300 scattered ones. More is counted: nobody reads on."""

AND_MORE = "… and {} more"

TITLED = 3
"""Up to so many alerts that something was done to are named with their titles, so that a slip is seen."""

TITLE_LONGEST = 80
PARTS = " · "
"""Parts of a reply; no title holds what they are parted by."""


class Outcome(enum.StrEnum):
    """How a command ended; the renderer's colour follows it.

    REFUSED is what cannot be done as things stand, which is information; FORBIDDEN is what this person may not do.
    """

    DONE = "done"
    PARTLY = "partly"
    REFUSED = "refused"
    FORBIDDEN = "forbidden"
    INFO = "info"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """One message to the room that a command was typed in. `mentions` are the mention names (without `@`) to ring."""

    text: str
    outcome: Outcome
    mentions: tuple[str, ...] = ()


def info(text: str) -> Reply:
    """Make a reply that tells something."""
    return Reply(text=text, outcome=Outcome.INFO)


def refused(text: str) -> Reply:
    """Make a reply that says why something cannot be done."""
    return Reply(text=text, outcome=Outcome.REFUSED)


def forbidden(text: str) -> Reply:
    """Make a reply that says who may do something."""
    return Reply(text=text, outcome=Outcome.FORBIDDEN)


def unclear(text: str) -> Reply:
    """Make a reply that asks for other words."""
    return Reply(text=text, outcome=Outcome.UNCLEAR)


# --- numbers --------------------------------------------------------------------------------------------------------


def ranges(numbers: Iterable[int]) -> str:
    """Write numbers in order, three and more in a row drawn together: `#1-#3 #5`."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return " ".join(f"#{run[0]}-#{run[-1]}" if len(run) > 2 else _singly(run) for run in runs)


def named(numbers: Iterable[int], longest: int = LONGEST) -> str:
    """Write numbers in order, one by one as long as they are few; what exceeds `longest` characters is counted."""
    distinct = sorted(set(numbers))
    return _singly(distinct) if len(distinct) <= SINGLY else ranged(distinct, longest)


def ranged(numbers: Iterable[int], longest: int = LONGEST) -> str:
    """Write numbers in order as ranges; what exceeds `longest` characters is counted."""
    distinct = sorted(set(numbers))
    text = ranges(distinct)
    if len(text) <= longest:
        return text
    text = text[:longest].rpartition(" ")[0]
    last = int(text.rpartition("#")[2])
    return f"{text} {AND_MORE.format(sum(number > last for number in distinct))}"


def _singly(numbers: Iterable[int]) -> str:
    return " ".join(f"#{number}" for number in numbers)


# --- what a change came to ------------------------------------------------------------------------------------------


def title(alert: Alert) -> str:
    """Write the title of an alert for a line of others: short, on one line, and never taken for a part of the reply."""
    return shown(alert.summary.replace(PARTS.strip(), "-"), TITLE_LONGEST)


def summary_line(past: str, done: Sequence[Alert], skipped: Sequence[tuple[int, str]], *, detail: str = "") -> str:
    """Account for every number: `acked 4: #12 #14 #15 #16 · skipped #17 (closed 3 min ago by Prometheus)`.

    `past` is what was done, to a few alerts by title; `detail` what belongs to it (`until 16:00 CET`), `skipped` the other
    numbers and why. Numbers skipped for the same reason stand together.
    """
    parts = [f"{past} {_done(done, skipped, detail)}" if done else NOTHING.format(past)]
    if skipped:
        reasons: dict[str, list[int]] = {}
        for number, why in sorted(skipped):
            reasons.setdefault(why, []).append(number)
        parts.append(SKIPPED.format(", ".join(f"{named(numbers)} ({why})" for why, numbers in reasons.items())))
        if len(parts[-1]) > LONGEST:
            parts[-1] = SKIPPED.format(f"{named(number for number, _ in skipped)} ({FOR_REASONS})")
    return PARTS.join(parts)


def _done(done: Sequence[Alert], skipped: Sequence[tuple[int, str]], detail: str) -> str:
    """Name what something was done to: `1: #12 to Lee: Disk full`, `2 to Lee: #12 Disk full · #14 Slow`, `4: #1 #2 #3 #5 to Lee`."""
    if len(done) > TITLED:
        listed = named((alert.number for alert in done), LONGEST if skipped else 2 * LONGEST)
        return f"{len(done)}: {listed} {detail}".rstrip()
    if len(done) == 1:
        return f"1: #{done[0].number} {f'{detail}: ' if detail else ''}{title(done[0])}"
    ordered = sorted(done, key=lambda alert: alert.number)
    titles = PARTS.join(f"#{alert.number} {title(alert)}" for alert in ordered)
    return f"{f'{len(done)} {detail}'.rstrip()}: {titles}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Here:
    """What a reply about unknown numbers tells of the room: its last alert (None: there are none yet) and the open ones.

    `elsewhere` names, by number, other rooms that the asker may know of.
    """

    last: int | None
    open: tuple[int, ...] = ()
    elsewhere: Mapping[int, str] = field(default_factory=dict)


def changed(
    past: str,
    done: Sequence[Alert],
    refusals: Sequence[Refused] = (),
    unknown: Sequence[int] = (),
    *,
    here: Here,
    now: int,
    zone_name: str,
    detail: str = "",
    mentions: tuple[str, ...] = (),
) -> Reply:
    """Answer a command that changes alerts, with every number accounted for.

    `done`, `refusals` and `unknown` are disjoint and together what was asked for; `mentions` are rung only when something
    was done. A single refusal is told at length.
    """
    if not done and not refusals:
        return refused(unknown_text(unknown, here))
    if not done and not unknown and len(refusals) == 1:
        return refused(refusal(refusals[0], now=now, zone_name=zone_name))
    skipped = [(each.alert.number, why_not(each, now=now, zone_name=zone_name)) for each in refusals]
    parts = [summary_line(past, done, [*skipped, *_not_here(unknown, here)], detail=detail)]
    held = [each.alert.number for each in refusals if is_held(each)]
    if held:
        parts.append(TAKE_OVER.format(" ".join(map(str, sorted(held))) if len(held) <= SINGLY else "NUMBER"))
    outcome = Outcome.DONE if not skipped and not unknown else Outcome.PARTLY if done else Outcome.REFUSED
    return Reply(text=PARTS.join(parts), outcome=outcome, mentions=mentions if done else ())


def unknown_text(numbers: Sequence[int], here: Here) -> str:
    """Say of numbers in which room they are, or that this room does not have them, which is its last, and which are open."""
    rooms: dict[str, list[int]] = {}
    for number in numbers:
        rooms.setdefault(here.elsewhere.get(number, ""), []).append(number)
    said = [
        (IS_IN if len(found) == 1 else ARE_IN).format(named(found), shown(room, TITLE_LONGEST))
        for room, found in rooms.items()
        if room
    ]
    return " ".join([*said, *([_nowhere(rooms[""], here)] if "" in rooms else [])])


def _not_here(numbers: Sequence[int], here: Here) -> list[tuple[int, str]]:
    """Give the reason why numbers were skipped that this room does not have."""
    return [
        (each, IN.format(shown(here.elsewhere[each], 40)) if each in here.elsewhere else NOT_HERE) for each in numbers
    ]


def _nowhere(numbers: Sequence[int], here: Here) -> str:
    if here.last is None:
        return NO_ALERTS
    still = OPEN_HERE.format(named(here.open)) if here.open else NONE_OPEN
    return f"{UNKNOWN_ID.format(named(numbers), here.last)} {still}"


# --- what was not clear ---------------------------------------------------------------------------------------------


def misread(error: Misread, numbers: Sequence[int]) -> Reply:
    """Answer a line that is no command: with the one that was meant, its verb's forms, or three examples.

    `numbers` are alerts of this room that the examples may use, the likeliest first.
    """
    if error.suggestion is not None:
        return unclear(DID_YOU_MEAN.format(error.reason, error.suggestion))
    if error.verb is not None:
        return unclear(FORMS.format(error.reason, error.usage) if error.usage else error.reason)
    if error.reason != NOT_UNDERSTOOD:
        return unclear(error.reason)
    return unclear(UNCLEAR.format(" · ".join(examples(numbers))))


def examples(numbers: Sequence[int]) -> tuple[str, ...]:
    """Give three commands to try, with real numbers where there are any."""
    if not numbers:
        return EXAMPLES_WITHOUT_ALERTS
    return tuple(example.format(numbers[index % len(numbers)]) for index, example in enumerate(EXAMPLES))


def which(verb: str, candidates: Sequence[Alert], *, fitting: str = "") -> Reply:
    """Ask which alert was meant by a command that names none: of the unacked ones, or of those that fit some words."""
    if not candidates:
        return unclear(NONE_UNACKED.format(verb))
    titles = " · ".join(f"#{alert.number} {shown(alert.summary, 60)}" for alert in candidates[:5])
    if len(candidates) > 5:
        titles += f" · {named(alert.number for alert in candidates[5:])}"
    if fitting:
        return unclear(WHICH_OF_THESE.format(shown(fitting, 60), titles, verb, candidates[0].number))
    return unclear(WHICH.format(titles, verb, candidates[0].number))


def would(verb: str, found: Sequence[Alert]) -> Reply:
    """Ask before many alerts are changed at once; `/alert yes` does it for exactly these numbers."""
    return unclear(WOULD.format(verb, len(found), by_severity(found), ranged(alert.number for alert in found)))


def by_severity(found: Iterable[Alert]) -> str:
    """Count alerts by severity, the worst first: `3 critical · 20 error`."""
    counts = Counter(alert.severity for alert in found)
    return PARTS.join(f"{counts[severity]} {severity.word}" for severity in sorted(counts, reverse=True))
