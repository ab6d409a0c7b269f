"""Every API call seen, with tokens and secrets cut (`GET /_standin/requests`)."""

import json
import re
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

CUT: Final = "***"
Cut = Callable[[str], str]
_KEPT: Final = 100_000
_SECRET_NAMES: Final = frozenset(
    {
        "access_token",
        "auth_token",
        "authorization",
        "client_secret",
        "code",
        "cookie",
        "jwt",
        "oauthsecret",
        "password",
        "proxy-authorization",
        "refresh_token",
        "signed_request",
        "token",
    }
)
_TOKEN_PATH: Final = re.compile(r"(/v2/oauth/token/)[^/?]+")
# Secrets are 40 letters and digits (v1: 30); a longer run is searched for them piece by piece.
_RUN: Final = re.compile(r"[A-Za-z0-9]{30,}")
_LENGTHS: Final = (40, 30)
# Whatever looks like a token is cut from paths, queries and headers, known or not; bodies hold people's texts (checksums too).
_LOOKS: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z0-9]{40}|[0-9a-f]{30})(?![A-Za-z0-9])")


@dataclass(kw_only=True, eq=False)
class Entry:
    """One call as it came; `at` in seconds, `status` None when the connection was dropped instead of an answer."""

    at: float
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes
    status: int | None = None


@dataclass(kw_only=True, eq=False)
class Journal:
    """The calls seen, oldest first; they are cut when they are shown."""

    entries: deque[Entry] = field(default_factory=lambda: deque(maxlen=_KEPT), repr=False)

    def shown(self, secrets: Collection[str]) -> list[dict[str, Any]]:
        """Show all calls; none of `secrets`, nor anything that looks like a token, appears."""

        def known(text: str) -> str:
            return _RUN.sub(lambda run: _cut_known(run[0], secrets), text)

        return [_shown(entry, known) for entry in self.entries]


def _cut_known(run: str, secrets: Collection[str]) -> str:
    for length in _LENGTHS:
        for start in range(len(run) - length + 1):
            if run[start : start + length] in secrets:
                return _cut_known(run[:start], secrets) + CUT + _cut_known(run[start + length :], secrets)
    return run


def _shown(entry: Entry, known: Cut) -> dict[str, Any]:
    def cut(text: str) -> str:
        return _LOOKS.sub(CUT, known(text))

    return {
        "at": entry.at,
        "body": _body(entry, known),
        "headers": _pairs(((name.lower(), value) for name, value in entry.headers), cut),
        "method": entry.method,
        "path": cut(_TOKEN_PATH.sub(rf"\1{CUT}", entry.path)),
        "query": _pairs(entry.query, cut),
        "status": entry.status,
    }


def _pairs(pairs: Iterable[tuple[str, str]], cut: Cut) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, value in pairs:
        if name.lower() == "authorization":
            shown[name] = f"{value.partition(' ')[0]} {CUT}" if " " in value else CUT
        elif name.lower() in _SECRET_NAMES:
            shown[name] = CUT
        else:
            shown[name] = cut(value)
    return shown


def _body(entry: Entry, known: Cut) -> Any:
    """Show JSON as JSON, a form as an object, else text; null when empty."""
    if not entry.body:
        return None
    text = entry.body.decode(errors="replace")
    kind = next((value for name, value in entry.headers if name.lower() == "content-type"), "")
    if kind.lower().startswith("application/x-www-form-urlencoded"):
        return _cut_inside(dict(parse_qsl(text, keep_blank_values=True)), known)
    try:
        return _cut_inside(json.loads(text), known)
    except (ValueError, RecursionError):
        return known(text)


def _cut_inside(value: Any, known: Cut) -> Any:
    match value:
        case str():
            return known(value)
        case list():
            return [_cut_inside(item, known) for item in value]
        case Mapping():
            return {
                known(name): CUT if name.lower() in _SECRET_NAMES and item else _cut_inside(item, known)
                for name, item in value.items()
            }
        case _:
            return value
