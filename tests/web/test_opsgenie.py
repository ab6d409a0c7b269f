"""Opsgenie's Alert API: its SDK works against us unmodified, and is told the truth about what became of its requests."""

import asyncio
import json
from typing import Any
from urllib.parse import urlencode

import opsgenie_sdk
import pytest
from yarl import URL

from bot.channels.opsgenie import Opsgenie
from bot.channels.outbound import Outbound, open_outbound
from bot.domain.channel import Channel, Kind, Parcel
from bot.domain.difference import Standing
from bot.sources.opsgenie import alert_id
from tests.channels.making import parcel
from tests.domain.making import alert
from tests.web.conftest import SECRETS, Desk

ALERT = {
    "message": "Disk 97 % full on db1",
    "alias": "db1/disk",
    "priority": "P1",
    "source": "cron",
    "tags": ["db", "disk"],
    "details": {"used": "97 %"},
    "description": "4 GB left",
    "note": "seen before",
}


async def call(desk: Desk, method: str, path: str, body: Any = None, *, key: str = "ingest") -> tuple[int, Any]:
    """Ask with a GenieKey, and return status and answer."""
    headers = {"Authorization": f"GenieKey {SECRETS[key]}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body)
    async with desk.client.request(method, path, data=data, headers=headers) as response:
        return response.status, await response.json(content_type=None)


async def became(desk: Desk, answered: Any) -> tuple[bool, str]:
    """Ask what became of a request."""
    status, body = await call(desk, "GET", f"/v2/alerts/requests/{answered['requestId']}")
    assert 200 == status
    return body["data"]["isSuccess"], body["data"]["alertId"]


async def test_create(desk: Desk) -> None:
    """One open alert per alias; a repeat is counted; tags and details are labels."""
    status, first = await call(desk, "POST", "/v2/alerts", ALERT)
    await call(desk, "POST", "/v2/alerts", ALERT)
    (alert,) = await desk.alerts()
    history = (await desk.get("/api/v1/alerts/1/history"))["history"]

    assert (202, "Request will be processed") == (status, first["result"])
    assert (True, alert_id(1)) == await became(desk, first)
    assert ("db1/disk", "critical", "cron", 2) == tuple(
        alert[name] for name in ("dedup_key", "severity", "source", "count")
    )
    assert {"db": "true", "disk": "true", "used": "97 %"} == alert["labels"]
    assert "seen before" in [row["note"] for row in history]


async def test_what_is_said_of_an_alert(desk: Desk) -> None:
    """By alias, id or tiny id; what does not exist is no success."""
    await call(desk, "POST", "/v2/alerts", ALERT)
    _, acked = await call(
        desk, "POST", "/v2/alerts/db1%2Fdisk/acknowledge?identifierType=alias", {"user": "anna", "note": "on it"}
    )
    state = (await desk.alerts())[0]["state"]
    _, unacked = await call(desk, "POST", f"/v2/alerts/{alert_id(1)}/unacknowledge", {})
    _, noted = await call(desk, "POST", "/v2/alerts/1/notes?identifierType=tiny", {"note": "hello"})
    _, closed = await call(desk, "POST", "/v2/alerts/db1%2Fdisk/close?identifierType=alias")
    _, nothing = await call(desk, "POST", "/v2/alerts/nope/acknowledge?identifierType=alias", {})

    assert "acked" == state
    assert [True] * 4 == [(await became(desk, each))[0] for each in (acked, unacked, noted, closed)]
    assert (False, "") == await became(desk, nothing)
    assert "closed" == (await desk.alerts())[0]["state"]


async def test_snooze_and_assign(desk: Desk) -> None:
    """Need a key that may act; a closed alert is not snoozed, which its request's status says."""
    await call(desk, "POST", "/v2/alerts", ALERT)
    path = "/v2/alerts/1/{}?identifierType=tiny"
    refused = await call(desk, "POST", path.format("assign"), {"owner": {"username": "lee"}})
    _, assigned = await call(desk, "POST", path.format("assign"), {"owner": {"username": "lee"}}, key="every")
    end = "2026-01-02T05:04:05Z"
    _, snoozed = await call(desk, "POST", path.format("snooze"), {"endTime": end}, key="every")
    (alert,) = await desk.alerts()
    past = await call(desk, "POST", path.format("snooze"), {"endTime": "2020-01-01T00:00:00Z"}, key="every")
    await call(desk, "POST", path.format("close"))
    _, late = await call(desk, "POST", path.format("snooze"), {"endTime": end}, key="every")

    assert 403 == refused[0]
    assert [True, True, False] == [(await became(desk, each))[0] for each in (assigned, snoozed, late)]
    assert ("snoozed", "lee", "2026-01-02T05:04:05.000Z") == tuple(alert[name] for name in ("state", "owner", "until"))
    assert 422 == past[0]


async def test_priority_and_words(desk: Desk) -> None:
    """Are put anew on the alert."""
    await call(desk, "POST", "/v2/alerts", {**ALERT, "priority": "P4"})
    await call(desk, "PUT", "/v2/alerts/1/priority?identifierType=tiny", {"priority": "P2"})
    await call(desk, "PUT", "/v2/alerts/1/message?identifierType=tiny", {"message": "Disk 99 % full"})
    (alert,) = await desk.alerts()

    assert ("error", "Disk 99 % full") == (alert["severity"], alert["summary"])


async def test_tags_and_details(desk: Desk) -> None:
    """Are labels, added and taken off again; a note beside them is noted."""
    await call(desk, "POST", "/v2/alerts", ALERT)
    path = "/v2/alerts/1/{}identifierType=tiny"
    _, tagged = await call(desk, "POST", path.format("tags?"), {"tags": ["raid"], "note": "two disks", "user": "anna"})
    _, told = await call(desk, "POST", path.format("details?"), {"details": {"used": "98 %", "rack": "7"}})
    _, untagged = await call(desk, "DELETE", path.format("tags?tags=db,used,raid2&"))
    _, untold = await call(desk, "DELETE", path.format("details?keys=rack&"))
    empty = [await call(desk, "POST", path.format("tags?"), {}), await call(desk, "DELETE", path.format("details?"))]
    (alert,) = await desk.alerts()
    history = (await desk.get("/api/v1/alerts/1/history"))["history"]
    _, read = await call(desk, "GET", path.format("?").replace("/?", "?"), key="read")

    assert {"disk": "true", "raid": "true", "used": "98 %"} == alert["labels"]
    assert ["disk", "raid"] == sorted(read["data"]["tags"])
    assert ("two disks", "anna") in [(row["note"], row["who"]) for row in history]
    assert [True] * 4 == [(await became(desk, each))[0] for each in (tagged, told, untagged, untold)]
    assert [422, 422] == [status for status, _ in empty]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v2/alerts", {}, "message"),
        ("/v2/alerts", [], "body"),
        ("/v2/alerts", {"message": " "}, "message"),
        ("/v2/alerts", {"message": "x", "priority": "P9"}, "priority"),
        ("/v2/alerts/x/notes?identifierType=alias", {}, "note"),
        ("/v2/alerts/x/snooze?identifierType=alias", {"endTime": "soon"}, "endTime"),
        ("/v2/alerts/x/assign?identifierType=alias", {"owner": {}}, "owner"),
    ],
)
async def test_what_is_not_processable(desk: Desk, path: str, body: Any, field: str) -> None:
    """422 names the field, and nothing is stored."""
    status, answered = await call(desk, "POST", path, body, key="every")

    assert 422 == status
    assert field in answered["errors"]
    assert [] == await desk.alerts()


@pytest.mark.parametrize("identifier", ["x", "0", "-1", "1" * 40, "a1e47b07-0000-4000-8000-zzz", "%00", "%F0%9F%98%80"])
async def test_unknown_alerts(desk: Desk, identifier: str) -> None:
    """404 to read, and no success to write, however they are named."""
    for kind in ("id", "alias", "tiny"):
        read = await call(desk, "GET", f"/v2/alerts/{identifier}?identifierType={kind}", key="read")
        status, written = await call(desk, "POST", f"/v2/alerts/{identifier}/close?identifierType={kind}", {})

        assert (404, 202) == (read[0], status)
        assert (False, "") == await became(desk, written)


LISTED: list[Any] = [
    {"message": "one", "alias": "a", "tags": ["staging"], "priority": "P1"},
    {"message": "two", "alias": "b", "tags": ["prod"]},
    {"message": "three", "alias": "c", "tags": ["prod"]},
]


async def listed(desk: Desk, **parameters: str) -> list[str]:
    """Return the aliases that a list shows."""
    status, body = await call(desk, "GET", f"/v2/alerts?{urlencode(parameters)}", key="read")
    assert 200 == status, body
    return [each["alias"] for each in body["data"]]


async def prepared(desk: Desk) -> None:
    """Create the alerts of these tests; the first is acked, the last closed."""
    for each in LISTED:
        await call(desk, "POST", "/v2/alerts", each)
    await call(desk, "POST", "/v2/alerts/a/acknowledge?identifierType=alias", {})
    await call(desk, "POST", "/v2/alerts/c/close?identifierType=alias", {})


@pytest.mark.parametrize(
    ("query", "aliases"),
    [
        ("tag:staging", ["a"]),
        ("alias:b", ["b"]),
        ("acknowledged:true AND alias:a", ["a"]),
        ("tag:nowhere", []),
        ("NOT status:closed", ["b", "a"]),
        ("status:open AND tag:(staging OR prod)", ["b", "a"]),
        ("priority:P1 OR status:closed", ["c", "a"]),
    ],
)
async def test_a_list_is_what_its_query_means(desk: Desk, query: str, aliases: list[str]) -> None:
    """And its count is the same."""
    await prepared(desk)
    _, counted = await call(desk, "GET", f"/v2/alerts/count?{urlencode({'query': query})}", key="read")

    assert aliases == await listed(desk, query=query)
    assert len(aliases) == counted["data"]["count"]


async def test_order_and_pages(desk: Desk) -> None:
    """Sorts, orders and pages are obeyed; the address of the next page keeps the query."""
    await prepared(desk)
    _, first = await call(desk, "GET", "/v2/alerts?query=tag:*&limit=2&sort=alias&order=asc", key="read")
    following = URL(first["paging"]["next"])
    _, second = await call(desk, "GET", str(following.relative()), key="read")

    assert ["c", "b", "a"] == await listed(desk)
    assert ["a", "b", "c"] == await listed(desk, order="asc")
    assert ["b", "c", "a"] == await listed(desk, sort="acknowledged", order="asc")
    assert ["a", "b"] == [each["alias"] for each in first["data"]]
    assert "bot.example.com" == following.host
    assert ["c"] == [each["alias"] for each in second["data"]]
    assert {} == second["paging"]


@pytest.mark.parametrize("path", ["/v2/alerts", "/v2/alerts/count"])
@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ("query=tga:staging", "query"),
        ("query=labels.service:db", "query"),
        ("query=status:open+AND+teams:db", "query"),
        ("query=status:open+AND", "query"),
        ("status=open", "status"),
        ("tag=staging", "tag"),
        ("query=status:open&query=tag:staging", "query"),
        ("searchIdentifier=mine", "searchIdentifier"),
        ("searchIdentifierType=name", "searchIdentifierType"),
        ("limit=many", "limit"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("offset=-1", "offset"),
        ("offset=20000", "offset"),
        ("sort=mood", "sort"),
        ("order=up", "order"),
    ],
)
async def test_what_is_not_understood_lists_nothing(desk: Desk, path: str, parameters: str, field: str) -> None:
    """422 in Opsgenie's words names it, whatever else there is."""
    await prepared(desk)
    status, body = await call(desk, "GET", f"{path}?{parameters}", key="read")

    assert 422 == status
    assert [field] == list(body["errors"])
    assert "data" not in body


async def test_an_unknown_kind_of_identifier(desk: Desk) -> None:
    """Is refused, and nothing is read or done."""
    await prepared(desk)
    answers = [
        await call(desk, method, f"/v2/alerts/b{path}?identifierType=name", body, key="every")
        for method, path, body in [
            ("GET", "", None),
            ("POST", "/close", {}),
            ("POST", "/assign", {"owner": {"username": "lee"}}),
            ("PUT", "/message", {"message": "x"}),
            ("DELETE", "/tags", None),
        ]
    ]

    assert [422] * 5 == [status for status, _ in answers]
    assert all("identifierType" in body["errors"] for _, body in answers)
    assert ["b", "a"] == await listed(desk, query="status:open")


@pytest.mark.parametrize(
    "identifier", ["1", "db-1", "db-000000000001", "a1e47b07-0000-4000-8000-1", "0x1", "x" + alert_id(1)]
)
async def test_what_only_ends_like_an_id(desk: Desk, identifier: str) -> None:
    """Names nothing: an alias whose kind was not said must not close another alert."""
    await prepared(desk)
    _, closed = await call(desk, "POST", f"/v2/alerts/{identifier}/close", {})

    assert (False, "") == await became(desk, closed)
    assert 404 == (await call(desk, "GET", f"/v2/alerts/{identifier}", key="read"))[0]
    assert ["b", "a"] == await listed(desk, query="status:open")
    assert 200 == (await call(desk, "GET", f"/v2/alerts/{alert_id(1).upper()}", key="read"))[0]


async def test_many_alerts(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no database can answer is looked for stride by stride, and none is missed at their borders."""
    monkeypatch.setattr("bot.usecases.views.STRIDE", 3)
    for number in range(10):
        await call(
            desk, "POST", "/v2/alerts", {"message": "m", "alias": f"k{number}", "tags": ["odd"] if number % 2 else []}
        )

    assert [f"k{number}" for number in (9, 7, 5, 3, 1)] == await listed(desk, query="tag:odd OR alias:none")
    assert ["k0", "k1", "k2"] == await listed(desk, query="status:open OR tag:x", sort="alias", order="asc", limit="3")


async def test_of_another_feed(desk: Desk) -> None:
    """A key sees its own feed alone."""
    await call(desk, "POST", "/v2/alerts", ALERT)

    assert 404 == (await call(desk, "GET", "/v2/alerts/1?identifierType=tiny", key="other feed"))[0]
    assert [] == (await call(desk, "GET", "/v2/alerts", key="other feed"))[1]["data"]
    assert 403 == (await call(desk, "GET", "/v2/alerts", key="ingest"))[0]
    async with desk.client.post("/v2/alerts", json=ALERT) as response:
        assert 401 == response.status


async def test_a_life_in_our_own_alert_api(desk: Desk) -> None:
    """Another bot is a second Opsgenie: everything is told, twice is once, and its survey agrees."""
    url = str(desk.client.make_url("")).rstrip("/")
    to = Channel(name="c", kind=Kind.OPSGENIE, settings={"url": url, "api_key": SECRETS["every"]})
    made = alert(tenant=1, number=42)
    async with open_outbound(["127.0.0.1"]) as session:
        genie = Opsgenie(Outbound(session, ["127.0.0.1"], desk.clock))

        async def stands(*given: Parcel) -> tuple[Any, ...]:
            for each in given:
                await genie.send(each, to)
            return tuple(
                (each["state"], each["severity"], each["labels"].get("alertname")) for each in await desk.alerts()
            )

        opened = await stands(parcel("opened"), parcel("opened"))
        firing = await genie.survey([made], to)
        acked = await stands(parcel("acked", content={"by": "anna", "note": "on it"}), parcel("acked"))
        quiet = await genie.survey([made], to)
        unacked = await stands(parcel("unacked"))
        worse = await stands(parcel("worse", content={"severity": "critical"}))
        noted = await stands(parcel("noted", content={"by": "anna", "note": "disk ordered"}))
        history = (await desk.get("/api/v1/alerts/1/history"))["history"]
        closed = await stands(parcel("closed"), parcel("closed"))
        gone = await genie.survey([made], to)
        again = await stands(parcel("acked"))

    assert (("open", "critical", "DiskFull"),) == opened == unacked == worse
    assert (("acked", "critical", "DiskFull"),) == acked
    assert ("noted: disk ordered", "anna") in [(row["note"], row["who"]) for row in history]
    assert (("closed", "critical", "DiskFull"),) == closed
    assert "acked" in {state for state, _, _ in again}
    assert [Standing.FIRING, Standing.ACKED, Standing.GONE] == [
        each.standings[made.number] for each in (firing, quiet, gone)
    ]
    assert noted == opened


async def test_the_public_sdk(desk: Desk) -> None:
    """The package `opsgenie-sdk` creates, reads, lists, acknowledges and closes."""
    url = str(desk.client.make_url("")).rstrip("/")

    def use() -> tuple[Any, Any, Any]:
        configuration = opsgenie_sdk.configuration.Configuration()
        configuration.api_key["Authorization"] = SECRETS["every"]
        configuration.host = url
        api = opsgenie_sdk.AlertApi(opsgenie_sdk.api_client.ApiClient(configuration=configuration))
        api.create_alert(opsgenie_sdk.CreateAlertPayload(message="Disk full", alias="disk", priority="P1"))
        api.acknowledge_alert(
            identifier="disk",
            identifier_type="alias",
            acknowledge_alert_payload=opsgenie_sdk.AcknowledgeAlertPayload(user="anna"),
        )
        one = api.get_alert(identifier="disk", identifier_type="alias")
        many = api.list_alerts(query="status: open", limit=10, offset=0, sort="createdAt", order="desc")
        assert 1 == api.count_alerts(query="alias: disk AND acknowledged: true").data.count
        closed = api.close_alert(
            identifier="disk", identifier_type="alias", close_alert_payload=opsgenie_sdk.CloseAlertPayload()
        )
        return one, many, api.get_request_status(closed.request_id)

    def beat() -> Any:
        configuration = opsgenie_sdk.configuration.Configuration()
        configuration.api_key["Authorization"] = SECRETS["every"]
        configuration.host = url
        api = opsgenie_sdk.HeartbeatApi(opsgenie_sdk.api_client.ApiClient(configuration=configuration))
        api.create_heartbeat(
            opsgenie_sdk.CreateHeartbeatPayload(name="backup", interval=3, interval_unit="hours", enabled=True)
        )
        assert "PONG - Heartbeat received" == api.ping("backup").result
        assert ["backup"] == [each.name for each in api.list_heart_beats().data.heartbeats]
        return api.get_heartbeat("backup").data

    heartbeat = await asyncio.to_thread(beat)
    one, many, status = await asyncio.to_thread(use)

    assert (3, "hours", False) == (heartbeat.interval, heartbeat.interval_unit, heartbeat.expired)

    assert ("Disk full", "open", True, "P1") == (
        one.data.message,
        one.data.status,
        one.data.acknowledged,
        one.data.priority,
    )
    assert ["disk"] == [each.alias for each in many.data]
    assert status.data.is_success
    assert "closed" == (await desk.alerts())[0]["state"]
