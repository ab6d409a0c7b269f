"""A service that is down for a day: every kind of channel tells it all afterwards, in order, each change once."""

from collections.abc import AsyncIterator, Callable, Mapping
from urllib.parse import parse_qs

import pytest

from bot.demo.stage import Stage
from bot.domain.channel import SETTINGS, Channel, Kind
from bot.standin.driver import RoomDriver
from bot.usecases import planning
from tests.channels.making import channel
from tests.channels.sink import Seen, Sink, sink
from tests.channels.test_nagios import Daemon, listening, to_daemon
from tests.stories.bot import Bot

GOOD = {
    "result": {"status": 0, "message": "OK"},
    "results": [{"code": 200, "status": "done"}],
    "silenceID": "s-1",
}
"""An answer that every one of these services could give to something that it took."""
API: tuple[str, Mapping[str, object]] = (
    "/api/v1/alerts",
    {"summary": "Disk full", "dedup_key": "d", "labels": {"alertname": "Disk", "host": "db1"}},
)
NAGIOS: tuple[str, Mapping[str, object]] = (
    "/in/nagios",
    {"type": "PROBLEM", "host": "db1", "service": "Disk", "state": "CRITICAL", "output": "full"},
)
ZABBIX: tuple[str, Mapping[str, object]] = (
    "/in/zabbix",
    {"event_id": "20427", "event_value": "1", "update": "0", "severity": "5", "name": "Disk full"},
)
FROM: Mapping[Kind, tuple[str, Mapping[str, object]]] = {Kind.ICINGA: NAGIOS, Kind.NRDP: NAGIOS, Kind.ZABBIX: ZABBIX}
"""What is posted where, for services that hear of their own alerts only."""


def last(seen: Seen) -> str:
    """Return the last word of a request's path."""
    return seen.path.rpartition("/")[2]


SAYS: Mapping[Kind, tuple[Callable[[Seen], object], list[object]]] = {
    Kind.WEBHOOK: (lambda seen: seen.json["type"], ["alert.created", "alert.acknowledged", "alert.closed"]),
    Kind.PAGERDUTY: (lambda seen: seen.json["event_action"], ["trigger", "acknowledge", "resolve"]),
    Kind.ALERTMANAGER: (lambda seen: (seen.method, last(seen)), [("POST", "silences"), ("DELETE", "s-1")]),
    Kind.OPSGENIE: (last, ["alerts", "acknowledge", "close"]),
    Kind.SEMATEXT: (lambda seen: seen.json["name"], ["#1 opened", "#1 acked", "#1 closed"]),
    Kind.ZABBIX: (lambda seen: seen.json["params"]["action"], [6, 5]),
    Kind.ICINGA: (last, ["acknowledge-problem", "add-comment"]),
    Kind.NRDP: (
        lambda seen: parse_qs(seen.body.decode())["command"][0].partition(";")[0],
        ["ACKNOWLEDGE_SVC_PROBLEM", "ADD_SVC_COMMENT"],
    ),
}
"""What each request says, and what all of them say in the end."""
OTHERWISE = {Kind.NAGIOS, Kind.NSCA, Kind.EMAIL}
"""Kinds that do not go over HTTP: NSCA is below, the command file in test_nagios_away.py, mail in test_mail.py."""


@pytest.fixture
async def there() -> AsyncIterator[Sink]:
    """Run a service."""
    async with sink() as kept:
        kept.answer = GOOD
        yield kept


def test_no_kind_is_left_out() -> None:
    """A new kind finds its place here first."""
    assert set(Kind) == SAYS.keys() | OTHERWISE


async def day_of(
    stage: Stage, room: RoomDriver, bot: Bot, made: Channel, posted: tuple[str, Mapping[str, object]] = API
) -> str:
    """Post an alert and ack it, let a day pass, close it; return what `why` says."""
    parts = stage.parts
    path, alert = posted
    table = {**made.settings, "name": "there", "kind": made.kind.value}
    tables = {"channel": [table], "route": [{"name": "all", "channels": ["there"]}]}
    await planning.bring_in(parts.storage, None, tables, seal=parts.vault.seal, now=parts.clock())
    assert bot.backend is not None
    async with bot.backend.session.post(f"{bot.backend.url}{path}", json=alert) as answer:
        assert answer.status < 300
    await bot.settle()
    await room.sees("#1 Disk")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    for _ in range(24):
        stage.clock.forward(hours=1)
        await bot.settle()
    await room.says("dana", "/alert close 1 fixed")
    await room.sees("closed 1: #1")
    await room.says("dana", "/alert why 1")
    return (await room.sees("in the channel there")).message.message


@pytest.mark.parametrize("kind", SAYS)
async def test_a_day_of_failure_and_then_order(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, kind: Kind
) -> None:
    """The room is told meanwhile as ever; no secret is in what it is told of the trouble."""
    made = channel(kind, there.url)
    there.status = 503
    why = await day_of(stage, room, bot, made, FROM.get(kind, API))
    tries = there.all_seen()
    there.status = 200
    stage.clock.forward(minutes=15)
    await bot.settle()
    says, expected = SAYS[kind]
    secrets = [
        made.settings[name] for name, setting in SETTINGS[kind].items() if setting.secret and name in made.settings
    ]

    assert {says(seen) for seen in tries} == {expected[0]}
    assert expected == [says(seen) for seen in there.seen]
    assert "trouble (503)" in why
    assert not [secret for secret in secrets if secret in why]


async def test_an_nsca_daemon_that_breaks_off_for_a_day(stage: Stage, room: RoomDriver, bot: Bot) -> None:
    """Gets the problem and its end when it greets again."""
    async with listening(Daemon(breaks="in the greeting")) as daemon:
        why = await day_of(stage, room, bot, to_daemon(daemon))
        daemon.breaks = ""
        stage.clock.forward(minutes=15)
        await bot.settle()

    assert "127.0.0.1 closed without a greeting" in why
    assert [1, 0] == [packet.code for packet in daemon.packets]
