"""The Icinga channel: names never become part of a filter, each object's status is judged, and what stands there is read."""

from typing import Any

import pytest

from bot.channels.icinga import Icinga
from bot.channels.outbound import Outbound
from bot.domain.channel import Kind, Parcel
from bot.domain.difference import Standing
from bot.ports import Later, Never
from tests.channels.making import NOW, TOKEN, channel, parcel
from tests.channels.sink import Sink
from tests.domain.making import alert

HOSTILE = 'x" || true || host.name=="'
LABELS = {"host": HOSTILE, "service": "Disk"}


def event(action: str, **content: Any) -> Parcel:
    """Return a change of what Icinga watches."""
    given: dict[str, Any] = {"senders": ["nagios"], "dedup_key": "db1!Disk", "labels": LABELS, "by": "anna"}
    return parcel(action, content=given | content)


def results(*each: tuple[int, str]) -> dict[str, Any]:
    """Return what Icinga answers, an entry for each object."""
    return {"results": [{"code": float(code), "status": status} for code, status in each]}


@pytest.mark.parametrize(
    ("given", "action", "more"),
    [
        (
            event("acked", note="on it", until=NOW + 60_000),
            "acknowledge-problem",
            {"author": "anna", "comment": "acked in Hipchat (alert 42): on it", "sticky": False, "notify": False}
            | {"expiry": NOW // 1000 + 60},
        ),
        (
            event("acked", until=NOW - 1),
            "acknowledge-problem",
            {"author": "anna", "comment": "acked in Hipchat (alert 42)", "sticky": False, "notify": False},
        ),
        (event("unacked"), "remove-acknowledgement", {"author": "anna"}),
        (
            event("assigned", owner="lee"),
            "add-comment",
            {"author": "anna", "comment": "assigned in Hipchat (alert 42) to lee"},
        ),
        (event("closed"), "add-comment", {"author": "anna", "comment": "closed in Hipchat (alert 42)"}),
    ],
    ids=lambda given: given.action if isinstance(given, Parcel) else "",
)
async def test_what_is_done_there(
    outbound: Outbound, there: Sink, given: Parcel, action: str, more: dict[str, Any]
) -> None:
    """By variables of a filter that is always the same text."""
    there.status, there.answer = 200, results((200, "done"))
    await Icinga(outbound).send(given, channel(Kind.ICINGA, there.url))
    (seen,) = there.seen

    assert f"/v1/actions/{action}" == seen.path
    assert {
        "type": "Service",
        "filter": "host.name==h && service.name==s",
        "filter_vars": {"h": HOSTILE, "s": "Disk"},
        **more,
    } == seen.json


async def test_a_host_and_what_is_not_icingas(outbound: Outbound, there: Sink) -> None:
    """A host has no service; other alerts are not told, nor is Icinga that it has a problem."""
    there.status, there.answer = 200, results((200, "done"))
    to = channel(Kind.ICINGA, there.url)
    await Icinga(outbound).send(event("acked", labels={"host": "db1"}, dedup_key="db1!"), to)
    seen = there.all_seen()
    for given in (parcel("acked"), event("opened"), event("unreachable")):
        assert 204 == (await Icinga(outbound).send(given, to)).status

    assert [("Host", "host.name==h", {"h": "db1"})] == [
        tuple(each.json[name] for name in ("type", "filter", "filter_vars")) for each in seen
    ]
    assert [] == there.seen


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (results(), Never, "Icinga knows no service Disk on"),
        (results((503, "Icinga is reloading.")), Later, "Icinga is busy with itself: Icinga is reloading."),
        (results((400, "no")), Never, "Icinga refused it: no"),
        ([], Later, "Icinga's answer cannot be read"),
        ({"results": [5]}, Never, "Icinga knows no service"),
        ({"results": [{"code": "503.0", "status": "no"}]}, Later, "Icinga is busy with itself: no"),
    ],
)
async def test_each_objects_status(
    outbound: Outbound, there: Sink, answer: Any, error: type[Later] | type[Never], words: str
) -> None:
    """Is judged by itself, whatever the whole answer's is; no word names the password."""
    there.status, there.answer = 200, answer
    with pytest.raises(error) as refusal:
        await Icinga(outbound).send(event("noted", note="x"), channel(Kind.ICINGA, there.url))

    assert str(refusal.value).startswith(words)
    assert TOKEN not in str(refusal.value)


async def test_what_is_so_already_is_done_anew(outbound: Outbound, there: Sink) -> None:
    """An acknowledgement replaces another, which Icinga would keep with its old end."""
    there.status, there.answer = 409, results((409, "already acknowledged"))
    receipt = await Icinga(outbound).send(event("acked"), channel(Kind.ICINGA, there.url))

    assert 409 == receipt.status
    assert ["acknowledge-problem", "remove-acknowledgement", "acknowledge-problem"] == [
        seen.path.rpartition("/")[2] for seen in there.seen
    ]


async def test_where_services_stand(outbound: Outbound, there: Sink) -> None:
    """Over, taken, or firing; what Icinga does not know is left out, and so is what others report."""

    def service(name: str, state: float, acknowledgement: float) -> dict[str, Any]:
        return {"attrs": {"host_name": "db1", "name": name, "state": state, "acknowledgement": acknowledgement}}

    there.status = 200
    there.answer = {"results": [service("a", 0.0, 0.0), service("b", 2.0, 1.0), service("c", 1.0, 0.0), 5]}
    known = [
        alert(number=n, labels={"host": "db1", "service": name}, senders={"nagios": None})
        for n, name in enumerate("abcd", 1)
    ]
    survey = await Icinga(outbound).survey([*known, alert(number=9)], channel(Kind.ICINGA, there.url))
    (seen,) = there.seen

    assert {1: Standing.GONE, 2: Standing.ACKED, 3: Standing.FIRING} == survey.standings
    assert ("/v1/objects/services", "GET", ["db1"]) == (
        seen.path,
        seen.headers["X-HTTP-Method-Override"],
        seen.json["filter_vars"]["names"],
    )
