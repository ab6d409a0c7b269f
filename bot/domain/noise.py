"""Noise: the weekly report of what was loud and nobody took up, with commands to paste that make it quieter."""

import re
from collections.abc import Sequence

from bot.domain.commands import Misread, parse
from bot.domain.spans import moment
from bot.domain.tally import Noise, Tally, alerts_text
from bot.domain.words import shown

HEAD = "Last week's noise in this room: {many} alerts, of which {noisy} came under {names} that nobody took up."
ONE_NAME = "1 name"
NAMES = "{} names"
ROW = "{name}: {alerts}{flaps}"
FLAPS = ", back within minutes {} times"
PASTE = "  {}"
END = "To hear no more of this report: NOISE_REPORT=off"

LEAST = 10
"""Alerts and returns within minutes of one name in a week from which on it is noise: a quiet room gets no report."""
TAKEN_LEAST = 5
"""One in so many was taken up: then it is not noise, people work on it."""
NAMED = 5
NAME_LONGEST = 100
VALUE_LONGEST = 120
WEEKDAY = "monday 09:00"

PROPOSALS = ("/alert silence alertname={} severity<=warning 7d", "/alert list all alertname={}")
"""What is proposed for a name; the first one that the grammar knows."""
PROPOSAL_TEXT = '/alert list all "{}"'

_SAFE = re.compile(r"[A-Za-z0-9_.:/-]+")
_TEXT = re.compile(r'[^"“”„«»…]+')


def next_report(now: int, zone_name: str) -> int:
    """Return when the next report is due, epoch ms: Monday at 09:00 in the zone."""
    return moment(WEEKDAY, now=now, zone_name=zone_name)


def noisy(tally: Tally) -> list[Noise]:
    """Return the names that made noise: many alerts or returns, of which hardly any was taken up; the loudest first."""
    return [
        each
        for each in tally.noise()
        if each.alerts + each.flaps >= LEAST and each.taken * TAKEN_LEAST < each.alerts + each.flaps
    ]


def report(tally: Tally) -> str:
    """Write the report, empty when there was no noise."""
    found = noisy(tally)
    if not found:
        return ""
    names = ONE_NAME if len(found) == 1 else NAMES.format(len(found))
    rows = [HEAD.format(many=tally.many, noisy=sum(each.alerts for each in found), names=names)]
    for each in found[:NAMED]:
        flaps = FLAPS.format(each.flaps) if each.flaps else ""
        rows.append(ROW.format(name=shown(each.name, NAME_LONGEST), alerts=alerts_text(each), flaps=flaps))
        rows += [PASTE.format(line) for line in proposals(each)]
    rows.append(END)
    return "\n".join(rows)


def proposals(noise: Noise) -> Sequence[str]:
    """Return a command, ready to paste, that helps against a name's noise; none where no command could name it exactly."""
    if noise.label:
        value = noise.label if _SAFE.fullmatch(noise.label) else _quoted(noise.label)
        lines = [proposal.format(value) for proposal in PROPOSALS] if value else []
    else:
        words = max(_TEXT.findall(noise.name), key=len, default="").strip()
        lines = [PROPOSAL_TEXT.format(words)] if len(words) <= VALUE_LONGEST and words else []
    return [line for line in lines if _understood(line)][:1]


def _quoted(value: str) -> str:
    """Return a label's value in quotation marks, or nothing when it cannot stand in them."""
    plain = len(value) <= VALUE_LONGEST and value.isprintable() and _TEXT.fullmatch(value)
    return f'"{value}"' if plain and value == " ".join(value.split()) else ""


def _understood(line: str) -> bool:
    try:
        parse(line)
    except Misread:
        return False
    return True
