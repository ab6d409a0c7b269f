"""`python -m tests.benchmarks`: run them and print the table. Everything alternates with its floor in the same run."""

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from tests.benchmarks import grammar, ingest, pages, rooms, sources
from tests.benchmarks.load import Wrk
from tests.benchmarks.table import Row, table

Part = Callable[[], Awaitable[list[Row]]]


def parts(chosen: argparse.Namespace, folder: Path) -> dict[str, Part]:
    """Return every part by its name, in the order in which they run."""
    wrk = Wrk(folder)
    turns = {"rounds": chosen.rounds, "seconds": chosen.seconds}
    return {
        "start": lambda: rooms.starts(folder, wrk),
        "single": lambda: ingest.singles(folder, wrk, **turns),
        "batch": lambda: ingest.batches(folder, wrk, **turns),
        "commands": lambda: rooms.commands(folder, wrk, seconds=max(8.0, chosen.seconds)),
        "drain": lambda: rooms.drain(folder, wrk, rounds=chosen.rounds),
        "stored": lambda: ingest.with_many_stored(folder, wrk, stored=chosen.stored, **turns),
        "postgresql": lambda: ingest.on_postgresql(folder, wrk, **turns),
        "storm": lambda: rooms.storm(folder, wrk),
        "sources": lambda: sources.sources(folder, rounds=chosen.rounds),
        "grammar": grammar.slowest,
        "pages": lambda: pages.pages(folder, wrk),
    }


async def run(chosen: argparse.Namespace) -> None:
    """Run the chosen parts and print the table."""
    begun = time.perf_counter()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="alertbot-benchmarks-") as folder:
        every = parts(chosen, Path(folder))
        names = chosen.parts or list(every)
        for name in names:
            if name not in every:
                raise SystemExit(f"there is no part {name}; there are: {', '.join(every)}")
        for name in names:
            sys.stderr.write(f"{name} ...\n")
            rows += await every[name]()
    print(table(rows))
    spent = time.perf_counter() - begun
    print(
        f"\n{chosen.rounds} rounds of {chosen.seconds:g} s, {spent:.0f} s in all; {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Shares are medians of the rounds' own ratios."
    )


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "parts",
        nargs="*",
        help="start single batch commands drain stored postgresql storm sources grammar pages; default: all",
    )
    parser.add_argument("--rounds", type=int, default=3, help="how often each is run in turn with its floor")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of a round")
    parser.add_argument("--stored", type=int, default=200_000, help="alerts stored before `stored`, such as 1000000")
    uvloop.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
