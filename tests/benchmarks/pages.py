"""Pages with many alerts stored: how long a person waits for each, beside the bare handler asked in turn."""

import contextlib
import time
from pathlib import Path
from statistics import quantiles
from typing import Any

import aiohttp
import jwt

from tests.benchmarks.house import PERSON, Place, floor, furnish, opened, served
from tests.benchmarks.ingest import fill
from tests.benchmarks.load import Wrk
from tests.benchmarks.table import Row

STORED = 100_000
TURNS = 40
CLOSE_MOST = "UPDATE alerts SET state = 'closed' WHERE state = 'open' AND number % 400 <> 0"
"""Leaves the room with what a bad day leaves open; the other run has thousands."""
PAGES = {
    "glance": ("/hipchat/glance", 10),
    "board": ("/hipchat/sidebar", 50),
    "an alert": ("/hipchat/dialog/alert?number=100000", 50),
    "charts": ("/hipchat/dialog/charts?days=30", 50),
}


async def pages(folder: Path, _wrk: Wrk) -> list[Row]:
    """Ask each page in turn with the bare handler."""
    rows: list[Row] = []
    for name, more in (("250 open", CLOSE_MOST), ("5,000 open", "")):
        async with contextlib.AsyncExitStack() as stack:
            _, bare_url = await stack.enter_async_context(floor())
            database = f"sqlite:///{folder / f'pages-{len(rows)}.db'}"
            (place,) = await furnish(database, bare_url)
            async with opened(database) as storage:
                await fill(storage, STORED)
                if more:
                    async with storage.begin() as tx:
                        await tx.run(more)
            _, url = await stack.enter_async_context(served(database, folder))
            session = await stack.enter_async_context(aiohttp.ClientSession())
            for page, (path, goal) in PAGES.items():
                rows.append(await _page(session, (f"{page}, {name}", f"{url}{path}", goal), bare_url, place))
    return rows


async def _page(session: aiohttp.ClientSession, page: tuple[str, str, int], bare: str, place: Place) -> Row:
    name, url, goal = page
    headers = {"Authorization": f"JWT {_token(place)}"}
    bodies: dict[str, Any] = {"headers": headers}
    ours, theirs = [], []
    size = 0
    for _ in range(TURNS):
        begun = time.perf_counter()
        async with session.get(url, **bodies) as answer:
            size = len(await answer.read())
            assert 200 == answer.status, await answer.text()
        ours.append((time.perf_counter() - begun) * 1000)
        begun = time.perf_counter()
        async with session.post(
            f"{bare}/api/v1/alerts",
            json={"summary": "s", "severity": "s", "dedup_key": "k", "labels": {}, "starts_at": ""},
        ) as answer:
            await answer.read()
        theirs.append((time.perf_counter() - begun) * 1000)
    cuts, floor_cuts = quantiles(ours, n=20), quantiles(theirs, n=20)
    return Row(
        what=name,
        figures=f"p50 {cuts[9]:.1f} ms, p95 {cuts[18]:.1f} ms, {size // 1024} KiB; bare p50 {floor_cuts[9]:.1f} ms",
        value=cuts[9],
        goal=goal,
        less_is_better=True,
        unit="ms",
    )


def _token(place: Place) -> str:
    now = int(time.time())
    context = {"room_id": place.hipchat_id, "user_tz": "UTC"}
    claims = {"iss": place.oauth_id, "sub": str(PERSON), "iat": now, "exp": now + 3600, "context": context}
    return jwt.encode(claims, place.secret, "HS256")
