"""Recorded requests of each source, and what they say in `CASE_signals.json`.

A request is `CASE.json` (a body), `CASE.form`, `CASE.query`, `CASE.eml` (a mail) or `CASE.http` (headers, an empty line, a body).
`python -m tests.sources.recorded` writes the signals of recordings that have none yet, to be read before they are kept.
"""

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from bot.sources import SOURCES
from bot.sources.payload import FORM, Payload
from bot.sources.values import Item

HERE = Path(__file__).parent
SUFFIX = "_signals"


def recordings() -> Iterator[tuple[str, Path]]:
    """Give each source's recorded requests."""
    for source in SOURCES:
        for path in sorted((HERE / source).iterdir()):
            if not path.stem.endswith(SUFFIX):
                yield source, path


def payload_of(path: Path) -> Payload:
    """Read a recorded request."""
    match path.suffix:
        case ".form":
            return Payload(body=path.read_bytes(), content_type=FORM)
        case ".query":
            return Payload(body=b"", query=dict(parse_qsl(path.read_text(), keep_blank_values=True)))
        case ".eml":
            return Payload(body=path.read_bytes(), content_type="message/rfc822")
        case ".http":
            head, _, body = path.read_bytes().partition(b"\n\n")
            headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
            content_type = headers["content-type"].partition(";")[0]
            return Payload(body=body.replace(b"\n", b"\r\n"), content_type=content_type, headers=headers)
        case _:
            return Payload(body=path.read_bytes())


def signals_of(path: Path) -> Path:
    """Return the file that says what a recorded request means."""
    return path.with_name(f"{path.stem}{SUFFIX}.json")


def plain(items: list[Item]) -> Any:
    """Return items as JSON shows them, without what few of them have."""
    found = [dataclasses.asdict(item) for item in items]
    rare = {"delivery_id", "opens"}
    return json.loads(
        json.dumps([{name: value for name, value in each.items() if name not in rare or value} for each in found])
    )


if __name__ == "__main__":
    for source, path in recordings():
        if not signals_of(path).exists():
            found = plain(SOURCES[source](payload_of(path)))
            signals_of(path).write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
