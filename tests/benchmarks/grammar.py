"""The grammar: how long the slowest of many texts takes to be read, in processor time."""

import random
import time

from bot.domain.commands import VERBS, Misread, parse
from tests.benchmarks.table import Row

TEXTS = 20_000
SLOWEST = 20
AGAIN = 3
SEED = 20_261_126
LONGEST = 32_768
PIECES = (
    *(name for verb in VERBS for name in (verb.name, *verb.aliases)),
    *("akc", "all", "mine", "last", "open", "--", "to", "and", "dupe", "fixed", "until", "tomorrow", "09:00", "2h", "30 min"),
    *('a="b', "a=b", 'host=~"(a+)+$"', "severity>=error", "@dana", "#12-#14", "12,", "1-99999", '"', "\u201c", "\ufeff", "=", "x" * 40),
)  # fmt: skip


async def slowest() -> list[Row]:
    """Read random lines of words of the grammar and of others, short and as long as a message may be."""
    draw = random.Random(SEED)  # noqa: S311 - the same texts in every run
    taken = sorted(((_seconds(text), text) for text in (_text(draw) for _ in range(TEXTS))), reverse=True)
    again = [min(_seconds(text) for _ in range(AGAIN)) for _, text in taken[:SLOWEST]]
    return [
        Row(
            what=f"slowest parse of {TEXTS:,} texts",
            figures=f"processor time, best of {AGAIN}; the median text takes {1e6 * taken[TEXTS // 2][0]:.0f} us",
            value=1000 * max(again),
            goal=5,
            later=5,
            less_is_better=True,
            unit="ms",
        )
    ]


def _text(draw: random.Random) -> str:
    words = draw.choices(PIECES, k=draw.choice((1, 3, 6, 12, 40)))
    if draw.random() < 0.01:
        words = words * (LONGEST // (1 + len(" ".join(words))) or 1)
    return f"/alert {' '.join(words)}"[:LONGEST]


def _seconds(text: str) -> float:
    begun = time.process_time()
    try:
        parse(text)
    except Misread:
        return time.process_time() - begun
    return time.process_time() - begun
