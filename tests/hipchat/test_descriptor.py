"""The descriptor as Hipchat fetches it, and its way into a wheel."""

import re
import shutil
import struct
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from bot.domain.commands import is_command
from bot.hipchat.descriptor import AVATARS, avatar, descriptor, scopes

CHECKOUT = Path(__file__).resolve().parents[2]
BASE = "https://bot.example.com"


def strings(value: Any) -> Iterator[str]:
    """Give every string inside."""
    match value:
        case str():
            yield value
        case dict():
            for item in value.values():
                yield from strings(item)
        case list():
            for item in value:
                yield from strings(item)


@pytest.mark.parametrize("base", [BASE, BASE + "/", "http://127.0.0.1:8080", "https://example.com/bots/alerts/"])
def test_every_url_comes_from_the_base_url(base: str) -> None:
    """Nothing points elsewhere, nothing is left to fill, and a slash at the end of BASE_URL makes no double one."""
    found = [text for text in strings(descriptor(base)) if "://" in text or "${" in text]

    assert len(found) >= 11
    assert all(url.startswith(base.rstrip("/") + "/") for url in found)
    assert not any("//" in url.split("://", 1)[1] for url in found)


def test_every_webhook_asks_for_a_jwt() -> None:
    """Hipchat's default is none (hipchat-api.md 21, 2)."""
    webhooks = descriptor(BASE)["capabilities"]["webhook"]

    assert {"jwt"} == {webhook["authentication"] for webhook in webhooks}
    assert {BASE + "/hipchat/webhook"} == {webhook["url"] for webhook in webhooks}
    assert len(webhooks) == len({webhook["key"] for webhook in webhooks})
    assert {"room_message", "room_archived", "room_unarchived", "room_deleted"} == {hook["event"] for hook in webhooks}


DRESSED = (
    " /alert ack 2",
    "\u00a0/alert ack 2",
    "\u200b\ufeff/alert ack 2",
    "\t/alert ack 2",
    "/alertack 2",
    "/alert, ack 2",
    "/alert:ack 2",
    "\uff0falert ack 2",
    "/ alert ack 2",
    "@Alertbot ack 2",
    "@\u2060alertbot: ack 2",
    "ALERTBOT, ack 2",
    "alertbot",
)


@pytest.mark.parametrize(
    "text", ["/alert", "/alerts", "/ALERT ack 1", "/alert\tack", "/alert\nack", "/Alerts mine", *DRESSED]
)
def test_commands_match_the_pattern(text: str) -> None:
    """All that the grammar takes for a command, without a flag that only some engines know (hipchat-api.md 9.3)."""
    assert is_command(text)
    pattern = descriptor(BASE)["capabilities"]["webhook"][0]["pattern"]

    assert re.search(pattern, text)


@pytest.mark.parametrize("text", ["alert", "say /alert", "//alert", "x\n/alert", "alertbots", "my @alertbot"])
def test_other_talk_does_not(text: str) -> None:
    """We are not sent what is none of our business."""
    pattern = descriptor(BASE)["capabilities"]["webhook"][0]["pattern"]

    assert not re.search(pattern, text)


def test_it_asks_for_no_more_than_it_needs() -> None:
    """To post, to see rooms, and to see who acts."""
    assert scopes() == ("send_notification", "view_room", "view_group")


def test_the_shape_hipchat_demands() -> None:
    """Required members and closed objects of hipchat-api.md 6."""
    shape = descriptor(BASE)

    assert {"key", "name", "description", "links"} <= shape.keys()
    assert re.fullmatch(r"[a-zA-Z0-9_.-]{1,40}", shape["key"])
    assert shape["links"]["self"] == BASE + "/hipchat/descriptor"
    assert shape["vendor"].keys() == {"name", "url"}
    assert re.fullmatch(r"\d+:\d+", shape["apiVersion"])
    assert all(re.fullmatch(r"[a-zA-Z0-9_.-]{1,40}", hook["key"]) for hook in shape["capabilities"]["webhook"])


@pytest.mark.parametrize(("name", "size"), [("avatar.png", 64), ("avatar@2x.png", 128)])
def test_the_avatars_are_pictures_that_the_descriptor_names(name: str, size: int) -> None:
    """Each has the size that it claims by its name, and stands below /hipchat/."""
    data = avatar(name)
    named = descriptor(BASE)["capabilities"]["hipchatApiConsumer"]["avatar"]

    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert (size, size) == struct.unpack(">II", data[16:24])
    assert f"{BASE}/hipchat/{name}" in named.values()
    assert named.keys() == {"url", "url@2x"}


def test_there_is_no_other_avatar() -> None:
    """A name from a URL reads no other file."""
    assert AVATARS.keys() == {"avatar.png", "avatar@2x.png"}
    with pytest.raises(KeyError):
        avatar("../pyproject.toml")


def test_a_wheel_carries_every_file(tmp_path: Path) -> None:
    """All of `bot` and `descriptor` is in it, so that nothing works in a checkout only."""
    wanted = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["build-system"]["requires"][0].split(">=")[1]
    if int(version("setuptools").split(".")[0]) < int(wanted):
        pytest.skip(f"building needs setuptools >= {wanted}: pip install -U setuptools")
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(CHECKOUT / name, source)
    for name in ("bot", "descriptor"):
        shutil.copytree(CHECKOUT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    built = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", tmp_path, source],
        capture_output=True,
        text=True,
        check=False,
    )

    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    carried = set(zipfile.ZipFile(wheel).namelist())
    ours = {str(path.relative_to(source)) for path in (source / "bot").rglob("*") if path.is_file()}
    data = {f"bot/_descriptor/{path.name}" for path in (source / "descriptor").iterdir()}
    assert len(data) >= 3
    assert ours | data <= carried, f"missing in [tool.setuptools] of pyproject.toml: {(ours | data) - carried}"
