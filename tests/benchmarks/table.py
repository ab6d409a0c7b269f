"""The table of figures: what was measured, what was reached, and the goals of performance.md."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One figure. `value` is what `goal` is compared with; a figure without a goal is told for its own sake."""

    what: str
    figures: str
    value: float | None = None
    goal: float | None = None
    later: float | None = None
    less_is_better: bool = False
    unit: str = ""

    @property
    def reached(self) -> bool | None:
        """Whether the first goal is reached; None where there is none."""
        if self.value is None or self.goal is None:
            return None
        return self.value <= self.goal if self.less_is_better else self.value >= self.goal


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return the median of the ratios of rounds that were run in turn: neighbours in time share the machine's mood."""
    return median(mine / other for mine, other in zip(ours, theirs, strict=True))


def shown(values: Sequence[float], form: str = ",.0f") -> str:
    """Write the median of some rounds, with the extremes."""
    if len(values) == 1:
        return format(values[0], form)
    return f"{median(values):{form}} ({min(values):{form}}-{max(values):{form}})"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as text, one line each."""
    cells: list[tuple[str, ...]] = [
        ("what", "reached", "goal", "later", "", "figures: median (least-most) of the rounds")
    ]
    for row in rows:
        verdict = {None: "", True: "yes", False: "NO"}[row.reached]
        cells.append(
            (
                row.what,
                *(_number(number, row.unit) for number in (row.value, row.goal, row.later)),
                verdict,
                row.figures,
            )
        )
    widths = [max(len(line[column]) for line in cells) for column in range(len(cells[0]))]
    pad: Callable[[tuple[str, ...]], str] = lambda line: "  ".join(  # noqa: E731
        text.ljust(width) for text, width in zip(line, widths, strict=True)
    ).rstrip()
    return "\n".join([pad(cells[0]), "  ".join("-" * width for width in widths), *map(pad, cells[1:])])


def _number(number: float | None, unit: str) -> str:
    return "" if number is None else f"{number:.2f}" if not unit else f"{number:.3g} {unit}"
