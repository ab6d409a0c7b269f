"""The add-on descriptor and its avatars: data of the folder `descriptor/`, filled with our base URL (hipchat-api.md 6)."""

import json
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

BASE_URL = "${BASE_URL}"
DESCRIPTOR = "alertbot.json"
AVATARS: Mapping[str, str] = {"avatar.png": "avatar.png", "avatar@2x.png": "avatar@2x.png"}
"""The name in `/hipchat/NAME` of each picture that the descriptor points to, and its file."""


def descriptor(base_url: str) -> dict[str, Any]:
    """Return the descriptor as Hipchat fetches it, every URL below `base_url` (with or without a slash at its end)."""
    filled = _filled(json.loads(_folder().joinpath(DESCRIPTOR).read_text("utf-8")), base_url.rstrip("/"))
    assert isinstance(filled, dict)
    return filled


def scopes() -> tuple[str, ...]:
    """Return the scopes that the descriptor asks for, which are those that our tokens want."""
    return tuple(descriptor("")["capabilities"]["hipchatApiConsumer"]["scopes"])


def avatar(name: str) -> bytes:
    """Return the PNG of a name in AVATARS; raise KeyError for any other."""
    return _folder().joinpath(AVATARS[name]).read_bytes()


def _filled(value: Any, base_url: str) -> Any:
    """Fill the placeholder inside the parsed values, so that nothing in the base URL can change the JSON around it."""
    match value:
        case str():
            return value.replace(BASE_URL, base_url)
        case list():
            return [_filled(item, base_url) for item in value]
        case dict():
            return {key: _filled(item, base_url) for key, item in value.items()}
        case _:
            return value


def _folder() -> Traversable:
    """Return the data folder: a wheel carries it inside the package, a checkout has it beside the package."""
    packaged = files("bot").joinpath("_descriptor")
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2].joinpath("descriptor")
