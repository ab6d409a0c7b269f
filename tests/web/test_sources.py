"""Each source at its path: by header and by a key in the path, and what some senders ask for besides."""

import json
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from bot.domain.signal import Signal
from bot.sources import AUTO, BY_QUERY, SOURCES
from tests.readme import README
from tests.sources.recorded import HERE, payload_of, recordings
from tests.web.conftest import SECRETS, Desk, bearer, problem

ONE_EACH = dict(recordings()) | {"cloudwatch": HERE / "cloudwatch" / "alarm.json"}
"""The last recorded request of each source; of CloudWatch one that needs no signature (test_sns.py)."""


def test_each_source_is_in_readme() -> None:
    """Who looks for a tool finds its address."""
    text = README.read_text()

    assert [name for name in SOURCES if f"/in/{name}" not in text] == []


@pytest.mark.parametrize("source", SOURCES)
async def test_a_recorded_request_is_an_alert(desk: Desk, source: str) -> None:
    """What the tool sends is stored, with a key in a header as with the key in the path; twice is one alert."""
    status, first = await posted(desk, f"/in/{source}", ONE_EACH[source], bearer("ingest"))
    again, second = await posted(desk, f"/in/{source}/{SECRETS['ingest']}", ONE_EACH[source], {})

    assert (status, again) == (200, 200)
    assert first["results"]
    assert [result["alert"] for result in first["results"]] == [result["alert"] for result in second["results"]]


async def posted(desk: Desk, path: str, recording: Path, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Send a recorded request as its tool would, and return the status and the answer."""
    payload = payload_of(recording)
    sent = {**headers, **(payload.headers or {"content-type": payload.content_type})}
    method = "POST" if payload.body else "GET"
    async with desk.client.request(method, path, data=payload.body, params=payload.query, headers=sent) as response:
        return response.status, await response.json()


async def test_each_recorded_request_is_told_by_its_shape(desk: Desk) -> None:
    """At `/in/auto` it does what it does at its own address, and the answer says whose message it was."""
    wrong = []
    for source, path in recordings():
        items = SOURCES[AUTO](payload_of(path))
        status, told = await posted(desk, f"/in/{AUTO}", path, bearer("ingest"))
        sender = next((item.sender for item in items if isinstance(item, Signal)), None)
        keys = [result["dedup_key"] for result in told["results"]]
        if status != 200 or sender != told.get("source") or keys != [item.dedup_key for item in items]:
            wrong.append((source, path.name, status, told))

    assert [] == wrong


async def test_what_a_shape_is_told_by(desk: Desk) -> None:
    """Headers and types count too: Sentry's, a binary CloudEvent's, a mail's."""
    event = {"project": "shop", "message": "ZeroDivisionError"}
    sentry = {"Sentry-Hook-Resource": "event_alert"}
    binary = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/shop",
        "ce-type": "disk.firing",
        "ce-subject": "db1",
    }
    mail = b"Subject: Disk full on db1\r\nFrom: a@b.example\r\n\r\n97 %"
    requests: list[tuple[dict[str, str], bytes]] = [
        ({**binary, "Content-Type": "application/json"}, b'{"title": "Disk full"}'),
        ({"Content-Type": "message/rfc822"}, mail),
        ({"Content-Type": "text/plain"}, mail),
        ({**sentry, "Content-Type": "application/json"}, json.dumps(event).encode()),
    ]
    named = []
    for headers, body in requests:
        async with desk.client.post(f"/in/{AUTO}", data=body, headers={**bearer("ingest"), **headers}) as response:
            named.append((await response.json()).get("source"))

    assert ["cloudevents", "mail", "mail", "sentry"] == named


@pytest.mark.parametrize("source", sorted(BY_QUERY))
async def test_alerts_in_a_query(desk: Desk, source: str) -> None:
    """Tools that only get an address opened say everything in its query."""
    query = {"title": "Disk full", "message": "Disk full on db1", "description": "Disk full on db1", "msg": "down"}
    async with desk.client.get(f"/in/{source}/{SECRETS['ingest']}", params=query) as response:
        results = (await response.json())["results"]
    alerts = await desk.alerts()

    assert response.status == 200
    assert [alert["alert"] for alert in alerts] == [results[0]["alert"]]


async def test_an_event_that_comes_again(desk: Desk) -> None:
    """Says nothing new under its sender's own name for it, not even when its alert is over; an hour later it does."""
    firing = {"specversion": "1.0", "id": "e-1", "source": "/shop", "type": "disk.firing", "subject": "db1"}
    over = {**firing, "id": "e-2", "type": "disk.resolved"}
    outcomes = []
    for event in (firing, firing, over, firing, over):
        answered = await desk.client.post("/in/cloudevents", json=event, headers=bearer("ingest"))
        outcomes += [result["outcome"] for result in (await answered.json())["results"]]
    (alert,) = await desk.alerts()
    desk.clock.now += 2 * 3_600_000
    again = await desk.client.post("/in/cloudevents", json=firing, headers=bearer("ingest"))

    assert ["opened", "ignored", "resolved", "ignored", "ignored"] == outcomes
    assert (1, "closed") == (alert["count"], alert["state"])
    assert "opened" == (await again.json())["results"][0]["outcome"]


async def test_sentry_calls_its_requests_by_name(desk: Desk) -> None:
    """A hook that Sentry sends again has the same Request-ID; another one counts."""
    recording = HERE / "sentry" / "issue_alert.json"
    names = ("r-1", "r-1", "r-2")
    for name in names:
        await posted(desk, "/in/sentry", recording, {**bearer("ingest"), "Request-ID": name})
    (alert,) = await desk.alerts()

    assert 2 == alert["count"]


async def test_a_routing_key_behind_ours(desk: Desk) -> None:
    """Alertmanager and others put VictorOps' routing key behind the key of its endpoint."""
    recording = HERE / "victorops" / "critical.json"
    status, first = await posted(desk, f"/in/victorops/{SECRETS['ingest']}/ops", recording, {})
    refused, _ = await posted(desk, f"/in/victorops/{'x' * 32}/ops", recording, {})

    assert (200, 401) == (status, refused)
    assert ["opened"] == [result["outcome"] for result in first["results"]]


async def test_a_query_with_a_wrong_key(desk: Desk) -> None:
    """Opening an address without a key changes nothing."""
    async with desk.client.get(f"/in/sematext/{'x' * 32}", params={"title": "t"}) as response:
        refused = await problem(response)

    assert refused["status"] == 401
    assert await desk.alerts() == []


async def test_a_source_without_queries_refuses_get(desk: Desk) -> None:
    """A person who opens Grafana's address in a browser is told that it is posted to."""
    async with desk.client.get("/in/grafana", headers=bearer("ingest")) as response:
        refused = await problem(response)

    assert refused["status"] == 405


async def test_a_sender_of_cloudevents_asks_first(desk: Desk) -> None:
    """The handshake of the CloudEvents webhook specification is answered without a key."""
    asks = {"WebHook-Request-Origin": "events.example.com", "WebHook-Request-Rate": "120"}
    async with desk.client.options("/in/cloudevents", headers=asks) as response:
        headers = response.headers

    assert response.status == 200
    assert headers["WebHook-Allowed-Origin"] == "events.example.com"
    assert headers["WebHook-Allowed-Rate"] == "120"
    assert headers["Allow"] == "POST"


async def test_a_batch_of_cloudevents(desk: Desk) -> None:
    """Each event of a batch is an alert of its own."""
    events = [
        {"specversion": "1.0", "id": str(number), "source": "/ci", "subject": f"job {number}", "type": "job.opened"}
        for number in range(3)
    ]
    headers = {**bearer("ingest"), "Content-Type": "application/cloudevents-batch+json"}
    async with desk.client.post("/in/cloudevents", json=events, headers=headers) as response:
        results = (await response.json())["results"]

    assert [result["outcome"] for result in results] == ["opened"] * 3


async def test_the_public_library_of_cloudevents(desk: Desk) -> None:
    """The package `cloudevents` sends events of both modes, with data of both kinds, and they are read as it meant them."""
    told = {"type": "com.example.alert.firing", "source": "/shop/orders", "subject": "db1/disk ä €"}
    firing = CloudEvent(attributes=told, data={"severity": "critical", "title": "Disk 97 % full on db1"})
    binary = CloudEvent(attributes={**told, "subject": "db2/disk", "datacontenttype": "text/plain"}, data=b"4 GB left")
    over = CloudEvent(attributes={**told, "type": "com.example.alert.resolved"}, data={"title": "fine again"})
    outcomes = []
    for message in (
        to_binary_event(firing),
        to_structured_event(firing),
        to_binary_event(binary),
        to_structured_event(binary),
        to_structured_event(over),
    ):
        headers = {**message.headers, **bearer("ingest")}
        async with desk.client.post("/in/cloudevents", data=message.body, headers=headers) as response:
            outcomes += [result["outcome"] for result in (await response.json())["results"]]
    alerts = {alert["dedup_key"]: alert for alert in await desk.alerts()}

    assert ["opened", "ignored", "opened", "ignored", "resolved"] == outcomes
    assert ("closed", "critical") == tuple(alerts["/shop/orders:db1/disk ä €"][name] for name in ("state", "severity"))
    assert "4 GB left" == alerts["/shop/orders:db2/disk"]["description"]
