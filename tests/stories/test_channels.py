"""News leaves for channels besides the room: in order, once, whatever they answer; and for the second one when the room is gone."""

import re
import tomllib
from collections.abc import AsyncIterator
from functools import partial

import pytest

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage
from bot.domain.channel import SETTINGS, Kind
from bot.domain.planfile import Problems
from bot.standin.driver import RoomDriver
from bot.standin.faults import Fault
from bot.storage import parcels
from bot.usecases import planning
from tests.channels.making import TOKEN, WEBHOOK_SECRET
from tests.channels.sink import Sink, sink
from tests.stories.bot import Bot

DISK = {"summary": "Disk full on db1", "severity": "critical", "dedup_key": "disk", "labels": {"service": "db"}}


@pytest.fixture
async def there() -> AsyncIterator[Sink]:
    """Run a service that takes everything, unless told otherwise."""
    async with sink() as kept:
        yield kept


async def configured(stage: Stage, text: str, *, kept: bool = True) -> list[str]:
    """Bring a plan in, as `alertbot config import` does."""
    parts = stage.parts
    return await planning.bring_in(
        parts.storage, None, tomllib.loads(text), seal=parts.vault.seal, now=parts.clock(), only_say=not kept
    )


def hook(there: Sink, more: str = "") -> str:
    """Return a plan whose alerts all go to a webhook too."""
    channel = f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{there.url}/hook"\nsecret = "{WEBHOOK_SECRET}"\n'
    return f'{channel}[[route]]\nname = "all"\nchannels = ["hook"]\n{more}'


def pager(there: Sink, more: str) -> str:
    """Return a plan with PagerDuty."""
    channel = (
        f'[[channel]]\nname = "pager"\nkind = "pagerduty"\nurl = "{there.url}/v2/enqueue"\nrouting_key = "{TOKEN}"\n'
    )
    return f'{channel}[[route]]\nname = "all"\npolicy = "ops"\n[[policy]]\nname = "ops"\n{more}'


async def test_every_change_is_told(stage: Stage, room: RoomDriver, bot: Bot, there: Sink) -> None:
    """What the source says and what people do, in order; repeats are no news."""
    await configured(stage, hook(there))
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await bot.post(DISK)
    await room.says("dana", "/alert ack 1 on it")
    await room.sees("acked 1: #1")
    await bot.settle()
    await bot.post({**DISK, "status": "resolved"})
    await room.sees("#1 resolved")
    told = [(seen.json["type"], seen.json["data"]["state"], seen.json["data"]["by"]) for seen in there.seen]

    assert [
        ("alert.created", "open", "demo"),
        ("alert.acknowledged", "acked", "Dana"),
        ("alert.resolved", "closed", "demo"),
    ] == told
    assert "on it" == there.seen[1].json["data"]["note"]
    assert 3 == len({seen.headers["webhook-id"] for seen in there.seen})


async def test_a_day_of_failure_and_then_order(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock
) -> None:
    """Each alert's changes wait for the first of them; the room is told meanwhile as ever."""
    await configured(stage, hook(there))
    there.status = 503
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    for _ in range(24):
        clock.forward(hours=1)
        await bot.settle()
    tries = there.all_seen()
    there.status = 200
    await room.says("dana", "/alert close 1")
    await room.sees("closed 1: #1")
    clock.forward(minutes=15)
    await bot.settle()

    assert {"alert.created"} == {seen.json["type"] for seen in tries}
    assert 1 == len({seen.headers["webhook-id"] for seen in tries})
    assert ["alert.created", "alert.acknowledged", "alert.closed"] == [seen.json["type"] for seen in there.seen]


async def test_the_end_of_an_ack_is_told(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock
) -> None:
    """Whoever was told that somebody has it hears that nobody has it any more, when its time is over."""
    await configured(stage, hook(there))
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 10m")
    await room.sees("acked 1: #1")
    clock.forward(minutes=11)
    await bot.settle()
    room.look()

    assert [("alert.created", "open"), ("alert.acknowledged", "acked"), ("alert.unacknowledged", "open")] == [
        (seen.json["type"], seen.json["data"]["state"]) for seen in there.seen
    ]


async def test_a_refusal_is_said_once(stage: Stage, room: RoomDriver, bot: Bot, there: Sink) -> None:
    """With the reason; the next one is silent until something was taken, and no secret is in the words."""
    await configured(stage, hook(there))
    there.status = 410
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    said = await room.sees("The channel hook did not take the news of #1 (opened): 127.0.0.1 refused it (410)")
    await bot.post({**DISK, "dedup_key": "other"})
    await room.sees("#2 Disk full")
    there.status = 200
    await bot.post({**DISK, "dedup_key": "third"})
    await room.sees("#3 Disk full")
    there.status = 410
    await bot.post({**DISK, "dedup_key": "fourth"})
    await room.sees("#4 Disk full")
    await room.sees("The channel hook did not take the news of #4")

    assert WEBHOOK_SECRET not in said.message.message


async def test_what_was_refused_is_sent_again(stage: Stage, room: RoomDriver, bot: Bot, there: Sink) -> None:
    """Once somebody has mended the cause and says so."""
    await configured(stage, hook(there))
    there.status = 404
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.sees("The channel hook did not take the news of #1")
    there.status = 200
    there.all_seen()
    async with stage.parts.storage.begin() as tx:
        revived = await parcels.revive(tx, 1, "hook", 0)
    await bot.settle()
    async with stage.parts.storage.begin() as tx:
        again = await parcels.revive(tx, 1, "hook", 0)

    assert (1, 0) == (revived, again)
    assert ["alert.created"] == [seen.json["type"] for seen in there.seen]


async def test_why_tells_what_channels_heard(stage: Stage, room: RoomDriver, bot: Bot, there: Sink) -> None:
    """Beside what the room was told."""
    await configured(stage, hook(there))
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert why 1")
    answer = (await room.sees("dedup key")).text

    assert "opened: sent (202)" in answer
    assert "in the channel hook" in answer


async def test_a_step_tells_a_channel(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock
) -> None:
    """A policy's step triggers PagerDuty, which hears of the ack too; not of what comes before a step or of other alerts."""
    await configured(stage, pager(there, '[[policy.step]]\nwait = "5m"\ntell = ["room", "channel pager"]\n'))
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    clock.forward(minutes=5)
    await bot.settle()

    await room.sees("Channels told too: pager.")
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    await bot.post({**DISK, "dedup_key": "other"})
    await room.sees("#2 Disk full")
    await room.says("dana", "/alert unack 1")
    await room.sees("unacked 1: #1")
    await bot.settle()

    assert [("trigger", 1), ("acknowledge", 1)] == [
        (seen.json["event_action"], seen.json["payload"]["custom_details"]["alert"]) for seen in there.seen
    ]


async def test_the_second_channel(stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock) -> None:
    """When the room cannot be reached for ten minutes, critical alerts go to the policy's channel, once; the room hears so."""
    steps = 'channel = "pager"\nchannel_after = "10m"\n[[policy.step]]\nwait = "5h"\n'
    await configured(stage, pager(there, steps))
    bot.spoil(Fault(path=re.compile("/notification"), status=503))
    await bot.post(DISK, {**DISK, "dedup_key": "small", "severity": "warning"})
    for _ in range(9):
        clock.forward(minutes=1)
        await bot.settle()
    early = there.all_seen()
    for _ in range(15):
        clock.forward(minutes=1)
        await bot.settle()
    paged = there.all_seen()
    bot.mend()
    clock.forward(minutes=6)
    await bot.settle()

    assert [] == early
    assert [("trigger", "Disk full on db1")] == [
        (seen.json["event_action"], seen.json["payload"]["summary"]) for seen in paged
    ]
    assert "the channel pager was told meanwhile" in (await room.sees("#1 Disk full")).text
    await room.sees("#2 Disk full")


async def test_an_ack_silences_alertmanager(stage: Stage, room: RoomDriver, bot: Bot, there: Sink) -> None:
    """Exactly this alert, until it is unacked; the silence that is ended is the one that was made."""
    plan = f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "{there.url}"\n[[route]]\nname = "all"\nchannels = ["am"]'
    await configured(stage, plan)
    there.answer = {"silenceID": "s-1"}
    await bot.post(DISK)
    await room.sees("#1 Disk full")
    await room.says("dana", "/alert ack 1 2h")
    await room.sees("acked 1: #1")
    await bot.settle()
    await room.says("dana", "/alert unack 1")
    await room.sees("unacked 1: #1")
    await bot.settle()

    assert [("POST", "/api/v2/silences"), ("DELETE", "/api/v2/silence/s-1")] == [
        (seen.method, seen.path) for seen in there.seen
    ]


async def test_an_acks_silence_is_renewed(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock
) -> None:
    """For as long as the ack has no end and nobody takes it back; one with an end is held until then."""
    plan = f'[[channel]]\nname = "am"\nkind = "alertmanager"\nurl = "{there.url}"\n[[route]]\nname = "all"\nchannels = ["am"]'
    await configured(stage, plan)
    there.answer = {"silenceID": "s-1"}
    await bot.post(DISK, {**DISK, "dedup_key": "other"})
    room.look()
    await room.says("dana", "/alert ack 1")
    await room.sees("acked 1: #1")
    await room.says("dana", "/alert ack 2 9h")
    await room.sees("acked 1: #2")
    await bot.settle()
    there.all_seen()
    for _ in range(5):
        clock.forward(hours=1)
        await bot.settle()
    renewed = there.all_seen()
    await room.says("dana", "/alert unack 1")
    await room.sees("unacked 1: #1")
    await bot.settle()
    there.all_seen()
    clock.forward(hours=2.5)
    await bot.settle()

    assert ["s-1", "s-1"] == [seen.json["id"] for seen in renewed]
    assert all("of alert 1" in seen.json["comment"] for seen in renewed)
    assert [] == there.seen


async def test_what_is_held_back_begins_nothing(
    stage: Stage, room: RoomDriver, bot: Bot, there: Sink, clock: MovableClock
) -> None:
    """A blip inside its hold and what a silence covers are no news to channels; what outlasts either is."""
    await configured(stage, hook(there, 'hold = "1m"\n'))
    await bot.post(DISK)
    await bot.post({**DISK, "status": "resolved"})
    blip = there.all_seen()
    await bot.post({**DISK, "dedup_key": "lasting"})
    clock.forward(minutes=1)
    await bot.settle()
    await room.sees("#2 Disk full")
    lasting = there.all_seen()
    await room.says("dana", "/alert silence service=db 1h")
    await room.sees("hides service=db")
    await bot.post({**DISK, "dedup_key": "silenced"})
    clock.forward(minutes=1)
    await bot.settle()

    silenced = there.all_seen()
    clock.forward(hours=1)
    await bot.settle()
    await room.sees("Silence S1")

    assert [] == blip == silenced
    assert ["alert.created"] == [seen.json["type"] for seen in lasting]
    assert [("alert.created", 3)] == [(seen.json["type"], seen.json["data"]["alert"]) for seen in there.seen]


# --- how channels are configured --------------------------------------------------------------------------------------


async def test_secrets_are_kept_sealed(stage: Stage, room: RoomDriver, there: Sink) -> None:
    """What is exported says `kept` for them and can be brought in again; the database holds none in the clear."""
    await configured(stage, hook(there))
    _, tables = await planning.export(stage.parts.storage, None)
    async with stage.parts.storage.read() as tx:
        row = await tx.one("SELECT tables FROM plans WHERE tenant_id = 1")
    again = await planning.bring_in(
        stage.parts.storage, None, tables, seal=stage.parts.vault.seal, now=stage.parts.clock()
    )

    assert "kept" == tables["channel"][0]["secret"]
    assert [] == again
    assert row is not None
    assert WEBHOOK_SECRET not in row["tables"]
    assert room is not None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[[channel]]\nname = "x"\nkind = "fax"', "/channel/0/kind: is no kind of channel"),
        ('[[channel]]\nname = "x"\nkind = "webhook"', "/channel/0/url: is missing"),
        ('[[channel]]\nname = "x"\nkind = "webhook"\nurl = "ftp://x"\nsecret = "s"', "/channel/0/url: is no http"),
        (
            '[[channel]]\nname = "x"\nkind = "webhook"\nurl = "https://x"\nsecret = "short"',
            "/channel/0/secret: is no secret",
        ),
        (
            '[[channel]]\nname = "x"\nkind = "webhook"\nurl = "https://x"\nsecret = "kept"',
            "no secret of this channel yet",
        ),
        (
            '[[channel]]\nname = "x"\nkind = "email"\nto = "a@b.c"\nport = "1"',
            "/channel/0/port: there is no such setting",
        ),
        ('[[route]]\nname = "x"\nchannels = ["nope"]', "/route/0/channels: there is no channel nope"),
        (
            '[[policy]]\nname = "x"\nchannel = "nope"\n[[policy.step]]\nwait = "1m"\ntell = "channel nope"',
            "/policy/0/channel: there is no channel nope",
        ),
    ],
)
async def test_wrong_channels(stage: Stage, room: RoomDriver, text: str, problem: str) -> None:
    """Each problem is named with its place, and nothing is changed."""
    with pytest.raises(Problems) as found:
        await configured(stage, text)
    _, tables = await planning.export(stage.parts.storage, None)

    assert problem in str(found.value)
    assert {} == tables
    assert room is not None


CHANNELS_WITH_SECRETS = {
    "icinga": {"url": "https://a.example", "user": "bot", "password": "p4ssw0rd", "fingerprint": "aa" * 32},
    "zabbix": {"url": "https://a.example", "token": "t" * 32},
    "opsgenie": {"api_key": "k" * 32, "url": "https://a.example"},
    "pagerduty": {"routing_key": "k" * 32, "url": "https://a.example"},
    "nrdp": {"url": "https://a.example", "token": "t" * 32},
    "nsca": {"host": "a.example", "port": "5667", "password": "p4ssw0rd", "encryption": "1"},
    "alertmanager": {"url": "https://a.example", "token": "t" * 32},
    "sematext": {"url": "https://a.example", "token": "t" * 32},
    "webhook": {"url": "https://a.example", "secret": WEBHOOK_SECRET},
}
MOVED = [
    (kind, name)
    for kind, settings in CHANNELS_WITH_SECRETS.items()
    for name in ("url", "host", "port", "fingerprint")
    if name in settings
]


@pytest.mark.parametrize(("kind", "name"), MOVED)
async def test_a_secret_stays_where_it_was_given_for(stage: Stage, room: RoomDriver, kind: str, name: str) -> None:
    """Who changes a channel's address writes its secret again: nobody gets a stored one by pointing it at themselves."""
    channel = {"name": "x", "kind": kind, **CHANNELS_WITH_SECRETS[kind]}
    secret = next(each for each, setting in SETTINGS[Kind(kind)].items() if setting.secret)
    bring_in = partial(
        planning.bring_in, stage.parts.storage, None, seal=stage.parts.vault.seal, now=stage.parts.clock()
    )
    await bring_in({"channel": [channel]})
    elsewhere = {"url": "https://evil.example", "host": "evil.example", "port": "1", "fingerprint": "bb" * 32}[name]

    with pytest.raises(Problems) as found:
        await bring_in({"channel": [{**channel, secret: "kept", name: elsewhere}]})
    with pytest.raises(Problems):
        await bring_in(
            {"channel": [{each: value for each, value in {**channel, secret: "kept"}.items() if each != name}]}
        )
    anew = await bring_in({"channel": [{**channel, name: elsewhere}]})

    assert f"/channel/0/{secret}: the secret was given for another {name}" in str(found.value)
    assert anew
    assert room is not None


def test_every_kind_with_a_secret_is_tried() -> None:
    """A kind that is added later is tried too."""
    kinds = {kind.value for kind, settings in SETTINGS.items() if any(each.secret for each in settings.values())}

    assert kinds == CHANNELS_WITH_SECRETS.keys()
