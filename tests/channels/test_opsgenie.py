"""The channels to Opsgenie and Sematext: what it asks, what it makes of the truth that it is told afterwards."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.channels import services
from bot.channels.opsgenie import Opsgenie, created
from bot.channels.outbound import Outbound
from bot.domain.channel import Channel, Kind, Parcel, echoes
from bot.ports import Never
from tests.channels.making import NOW, TOKEN, channel, parcel
from tests.channels.sink import Sink

ALIAS = "hipchat-bot%2F1%2F42"


class Genie:
    """A service that answers a request's status with one of these, in turn; None is "not processed yet"."""

    def __init__(self, *statuses: str | None) -> None:
        self.statuses = list(statuses)
        self.asked: list[str] = []

    async def answer(self, request: web.Request) -> web.Response:
        """Take a request, or tell what became of one."""
        assert request.headers["Authorization"] == f"GenieKey {TOKEN}"
        if request.method == "GET":
            status = self.statuses.pop(0) if self.statuses else ""
            if status is None:
                return web.json_response({"message": "not found"}, status=404)
            return web.json_response({"data": {"isSuccess": status == "", "status": status}})
        self.asked.append(f"{request.method} {request.raw_path.partition('?')[0]}")
        return web.json_response({"result": "Request will be processed", "requestId": "r-1"}, status=202)


@contextlib.asynccontextmanager
async def serving(genie: Genie) -> AsyncIterator[Channel]:
    """Serve it; give a channel that leads there."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", genie.answer)
    async with TestServer(app) as server:
        yield channel(Kind.OPSGENIE, str(server.make_url("")).rstrip("/"))


@pytest.mark.parametrize(
    ("given", "asks"),
    [
        (parcel("opened"), ["POST /v2/alerts"]),
        (parcel("acked", content={"by": "anna", "note": "on it"}), [f"POST /v2/alerts/{ALIAS}/acknowledge"]),
        (parcel("unacked"), [f"POST /v2/alerts/{ALIAS}/unacknowledge"]),
        (parcel("snoozed"), [f"POST /v2/alerts/{ALIAS}/acknowledge"]),
        (parcel("snoozed", content={"until": NOW + 60_000}), [f"POST /v2/alerts/{ALIAS}/snooze"]),
        (parcel("worse"), [f"PUT /v2/alerts/{ALIAS}/priority"]),
        (parcel("assigned", content={"owner": "lee"}), [f"POST /v2/alerts/{ALIAS}/notes"]),
        (parcel("resolved"), [f"POST /v2/alerts/{ALIAS}/close"]),
        (parcel("undone", content={"state": "open"}), [f"POST /v2/alerts/{ALIAS}/unacknowledge"]),
    ],
    ids=lambda given: given.action if isinstance(given, Parcel) else "",
)
async def test_what_is_asked(outbound: Outbound, given: Parcel, asks: list[str]) -> None:
    """Each change is one request, under our alias."""
    genie = Genie()
    async with serving(genie) as to:
        receipt = await Opsgenie(outbound).send(given, to)

    assert (202, asks) == (receipt.status, genie.asked)


async def test_an_alert_that_is_not_there_is_created(outbound: Outbound) -> None:
    """An ack of it is said once more then; its end needs no alert."""
    acked, closed = Genie("Alert does not exist"), Genie("Alert is already closed")
    async with serving(acked) as to:
        await Opsgenie(outbound).send(parcel("acked"), to)
    async with serving(closed) as to:
        receipt = await Opsgenie(outbound).send(parcel("closed"), to)

    acknowledge = f"POST /v2/alerts/{ALIAS}/acknowledge"
    assert [acknowledge, "POST /v2/alerts", acknowledge] == acked.asked
    assert ([f"POST /v2/alerts/{ALIAS}/close"], 404) == (closed.asked, receipt.status)


async def test_the_truth_is_waited_for_and_believed(outbound: Outbound) -> None:
    """What is not processed yet is asked again; what was refused is no success."""
    later, refused = Genie(None, ""), Genie("You may not do this")
    async with serving(later) as to:
        await Opsgenie(outbound).send(parcel("acked"), to)
    async with serving(refused) as to:
        with pytest.raises(Never) as never:
            await Opsgenie(outbound).send(parcel("acked"), to)

    assert [] == later.statuses
    assert "Opsgenie did not do it: You may not do this" == never.value.reason


def test_limits() -> None:
    """What is longer than Opsgenie takes is cut; the whole summary moves into the description."""
    labels = {f"name{n}": "v" * (10 if n % 2 else 60) for n in range(60)} | {"host": "h" * 600}
    made = created(parcel(content={"summary": "s" * 500, "description": "d" * 20_000, "labels": labels}))

    assert (130, 15_000, 20) == (len(made["message"]), len(made["description"]), len(made["tags"]))
    assert made["description"].startswith("s" * 500)
    assert all(len(tag) <= 50 for tag in made["tags"])
    assert 8_000 >= sum(len(name) + len(value) for name, value in made["details"].items())
    assert 512 == len(made["entity"])


def test_two_bots_do_not_tell_each_other_for_ever() -> None:
    """An alert that another bot created under its own name goes to no service that could be that bot."""
    theirs = parcel(content={"dedup_key": "hipchat-bot/1/42"}).content

    assert [True, True, False] == [echoes(kind, theirs) for kind in (Kind.OPSGENIE, Kind.PAGERDUTY, Kind.WEBHOOK)]
    assert not echoes(Kind.OPSGENIE, parcel().content)


# --- Sematext -------------------------------------------------------------------------------------------------------


async def test_an_event_of_sematext(outbound: Outbound, there: Sink) -> None:
    """On the timeline of the App whose token is in the path."""
    to = channel(Kind.SEMATEXT, there.url)
    await services(outbound, None)[Kind.SEMATEXT].send(parcel("acked", content={"by": "anna", "note": "on it"}), to)
    (seen,) = there.seen

    assert f"/{TOKEN}/event" == seen.path
    assert "alert 42 acked by anna: Disk 97% full on db1 (on it)" == seen.json["message"]
    assert ("2026-01-02T03:04:05Z", "alertbot", "critical") == tuple(
        seen.json[name] for name in ("timestamp", "creator", "severity")
    )
    assert ["alertname:DiskFull", "instance:db1:9100"] == seen.json["tags"]
