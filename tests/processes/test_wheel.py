"""A wheel carries everything: it runs the demo where there is nothing else of ours."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.processes.programs import CHECKOUT

FOLDERS = ("bot", "descriptor")
NO_INDEX = "needs a package index that pip can reach, for the dependencies: {reason}"
UNREACHABLE = ("NewConnectionError", "ConnectTimeoutError", "Temporary failure in name resolution", "ProxyError")
SAYS_SO = 60
"""Seconds in which the script must end."""


def called(*arguments: str | Path, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, with nothing of ours in its environment."""
    environment = {name: os.environ[name] for name in os.environ if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        list(map(str, arguments)),
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


def wheel_of(checkout: Path, folder: Path) -> Path:
    """Build a wheel from a copy, since building leaves files behind."""
    source = folder / "source"
    source.mkdir()
    for path in checkout.iterdir():
        if path.is_file() and not path.name.startswith("."):
            shutil.copy(path, source)
    for name in FOLDERS:
        shutil.copytree(checkout / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    arguments = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, source)
    built = called(sys.executable, *arguments, folder=folder, seconds=120)
    assert 0 == built.returncode, built.stderr
    (wheel,) = folder.glob("*.whl")
    shutil.rmtree(source)
    return wheel


@pytest.mark.timeout(400)
def test_a_wheel_runs_the_demo_in_an_empty_environment_and_folder(tmp_path: Path) -> None:
    """Descriptor, migrations and the stand-in's page travel with it, and every dependency is declared."""
    wheel = wheel_of(CHECKOUT, tmp_path)
    venv.create(tmp_path / "environment", with_pip=True)
    programs = tmp_path / "environment" / "bin"
    empty = tmp_path / "empty"
    empty.mkdir()
    installed = called(programs / "python", "-m", "pip", "install", "-q", wheel, folder=empty, seconds=240)
    if installed.returncode and any(word in installed.stderr for word in UNREACHABLE):
        reason = NO_INDEX.format(reason=installed.stderr.strip().splitlines()[-1])
        if os.environ.get("ALERTBOT_TESTS_STRICT") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    assert 0 == installed.returncode, installed.stderr
    played = called(programs / "alertbot", "demo", "--script", folder=empty, seconds=SAYS_SO)

    assert 0 == played.returncode, played.stdout + played.stderr
    assert "#1" in played.stdout
    assert [] == list(empty.iterdir()), "the demo leaves nothing behind"
