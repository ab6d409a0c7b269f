"""Who may import whom: the map of the code, as a table that the code is compared with."""

import ast
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

BOT = Path(__file__).resolve().parent.parent / "bot"

ANYTHING: frozenset[str] = frozenset({"*"})
CONCRETE = frozenset({"channels", "domain", "hipchat", "ports", "sources", "storage", "usecases"})
ARROWS: Mapping[str, frozenset[str]] = {
    # Decisions, and the words they are made in.
    "domain": frozenset(),
    "ports": frozenset({"domain"}),
    "sources": frozenset({"domain", "nsca"}),
    "storage": frozenset({"domain"}),
    "hipchat": frozenset({"domain", "ports"}),
    "channels": frozenset({"domain", "nsca", "ports", "sources"}),
    "usecases": frozenset({"domain", "ports", "storage"}),
    # A misreading of the protocol must not be made twice.
    "standin": frozenset(),
    # Each does one thing and knows nothing of the rest.
    "connections": frozenset({"observe"}),
    "nsca": frozenset({"domain"}),
    "observe": frozenset(),
    "settings": frozenset(),
    "vault": frozenset(),
    # What runs.
    "parts": frozenset(
        {"channels", "domain", "hipchat", "observe", "ports", "settings", "storage", "usecases", "vault"}
    ),
    "wiring": CONCRETE | {"observe", "parts", "settings", "vault"},
    "web": CONCRETE | {"connections", "nsca", "observe", "parts", "settings"},
    "workers": frozenset({"observe", "parts", "ports", "settings", "storage", "usecases"}),
    "mailroom": CONCRETE | {"connections", "parts", "settings"},
    "serving": frozenset(
        {"connections", "mailroom", "observe", "parts", "ports", "settings", "storage", "web", "wiring", "workers"}
    ),
    # The command line may use anything.
    "__init__": frozenset(),
    "__main__": frozenset({"cli"}),
    "admin": ANYTHING,
    "backing": ANYTHING,
    "channelling": ANYTHING,
    "checking": ANYTHING,
    "cli": ANYTHING,
    "configuring": ANYTHING,
    "console": ANYTHING,
    "demo": ANYTHING,
    "notifying": ANYTHING,
    "replaying": ANYTHING,
    "sending": ANYTHING,
}
COMMAND_LINE = frozenset(layer for layer, may in ARROWS.items() if may is ANYTHING)

NETWORK = frozenset({"aiohttp", "asyncio", "http", "socket", "ssl", "urllib.request"})
"""What awaits or opens a connection."""


def imports_of(source: str) -> set[str]:
    """Return the dotted names that a module imports; a name taken from a package counts as a module of it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            assert node.module is not None
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(source: str) -> set[str]:
    """Return the layers of bot that a module imports."""
    return {name.split(".")[1] for name in imports_of(source) if name.startswith("bot.")}


def modules() -> Iterator[tuple[str, Path]]:
    """Give every module of bot with its layer: a folder, or a module at the top."""
    for path in sorted(BOT.rglob("*.py")):
        yield path.relative_to(BOT).with_suffix("").parts[0], path


def faults(layer: str, source: str) -> list[str]:
    """Return what a module of this layer imports and may not."""
    may = ARROWS[layer]
    return [] if may is ANYTHING else sorted(ours(source) - may - {layer})


def within(*layers: str) -> list[Path]:
    """Return the modules of some layers."""
    return [path for layer, path in modules() if layer in layers]


def shown(path: Path) -> str:
    """Return a module's path as people write it."""
    return path.relative_to(BOT.parent).as_posix()


def test_every_layer_is_on_the_map() -> None:
    """A new folder or module at the top finds its place here first."""
    assert set() == {layer for layer, _ in modules()} - set(ARROWS)


@pytest.mark.parametrize("layer", ARROWS)
def test_a_layer_imports_what_it_may(layer: str) -> None:
    """Each layer imports the layers beneath it and no other."""
    found = {shown(path): faults(layer, path.read_text()) for path in within(layer)}

    assert {} == {path: wrong for path, wrong in found.items() if wrong}


def test_nobody_imports_the_command_line() -> None:
    """What runs the bot is not called by it."""
    below = [path for layer, path in modules() if layer not in COMMAND_LINE | {"__main__"}]

    assert [] == [shown(path) for path in below if ours(path.read_text()) & COMMAND_LINE]


def test_the_domain_is_pure() -> None:
    """Decisions need the standard library alone, and what reads patterns and expressions that people write; nothing is awaited, no clock is read, no file opened."""
    allowed = sys.stdlib_module_names | {"bot", "jmespath", "re2"}
    moments = {"now", "today", "time", "time_ns", "utcnow", "monotonic"}
    wrong = []
    for path in within("domain"):
        tree = ast.parse(path.read_text())
        names = imports_of(path.read_text())
        wrong += [f"{shown(path)}: {name}" for name in names if name.split(".")[0] not in allowed]
        wrong += [f"{shown(path)}: {name}" for name in names & (NETWORK | {"os", "time", "random", "secrets"})]
        for node in ast.walk(tree):
            if isinstance(node, ast.AsyncFunctionDef | ast.Await):
                wrong.append(f"{shown(path)}:{node.lineno}: async")
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in moments
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id in {"datetime", "date", "time"}
                and not node.args
            ):
                wrong.append(f"{shown(path)}:{node.lineno}: reads a clock")

    assert [] == wrong


def test_sources_are_pure() -> None:
    """A dialect is bytes in and signals out: no network, no storage, no loop."""
    assert [] == [shown(path) for path in within("sources") if imports_of(path.read_text()) & NETWORK]


def test_one_file_speaks_to_hipchat() -> None:
    """Everything else shaped like Hipchat can be tested without a connection."""
    speaking = [path.name for path in within("hipchat") if imports_of(path.read_text()) & (NETWORK - {"asyncio"})]

    assert ["client.py"] == speaking


def test_transactions_are_opened_by_use_cases() -> None:
    """Whoever looks for what changes the database looks in one folder."""
    others = [path for layer, path in modules() if layer not in {"usecases", "storage", "standin"}]
    elsewhere = [
        f"{shown(path)}:{node.lineno}"
        for path in others
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "begin"
    ]

    assert [] == elsewhere


def test_one_module_reads_the_environment() -> None:
    """Every setting is found in one place; what the command line takes from the environment is declared there."""
    reading = {
        shown(path)
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and node.attr in {"environ", "getenv"}
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }

    assert {"bot/settings.py"} == reading


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from bot.web.server import create_app", {"web"}),
        ("import bot.web.server", {"web"}),
        ("from bot import web", {"web"}),
        ("def late():\n    from bot.storage.connection import connect", {"storage"}),
        ("import webbrowser", set()),
    ],
)
def test_every_way_to_import_is_seen(source: str, found: set[str]) -> None:
    """Also inside a function, and also a package's module taken by name."""
    assert found == ours(source)


def test_a_forbidden_import_is_a_fault() -> None:
    """The table refuses: the domain may not know storage, and a use case may not know the web."""
    assert ["storage"] == faults("domain", "from bot.storage import alerts")
    assert ["web"] == faults("usecases", "from bot.web import server\nfrom bot.domain import alert")
    assert [] == faults("usecases", "from bot.domain import alert")
