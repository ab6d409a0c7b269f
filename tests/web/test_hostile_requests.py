"""Whatever is sent to the addresses of other services is answered, and never with a 500."""

from urllib.parse import quote

import pytest

from tests.web.conftest import SECRETS, Desk

KEY = SECRETS["every"]
BODIES = [
    b"",
    b"\x00\xff\xfe",
    b"null",
    b"5",
    b"[]",
    b"[[[[[[[[",
    b"[" * 100_000,
    b'"text"',
    b'{"a":',
    b'{"name":{"a":[]},"message":[],"alias":{},"tags":{"a":1},"details":[],"note":5,"owner":[],"endTime":{},"status":[]}',
    b'{"message":"\\ud800","alias":"\\u0000","description":5,"event_type":null,"incident_key":[],"matchers":{"a":1}}',
    '{"message":"x","alias":"Gerät"}'.encode("latin-1"),
    '{"message":"x"}'.encode("utf-16"),
    b"token=%ff&cmd=submitcheck&XMLDATA=%ff%00<&json=%",
    b"a=b&a=c&" * 5000,
    b'{"service_key":"'
    + KEY.encode()
    + b'","event_type":"trigger","description":{"a":"\\ud800"},"details":[1],"contexts":[5,{}]}',
    b'{"routing_key":"' + KEY.encode() + b'","event_action":"trigger","payload":{"summary":["x"]},"links":[null]}',
    b'{"matchers":[{"name":"a","value":"\\ud800","isRegex":true}],"endsAt":"9999-12-31T23:59:59Z","startsAt":5}',
    b'{"interval":1e9,"name":"\\u0000","intervalUnit":5}',
]
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/xml; charset=nope",
)
NAMES = ("1", "%00", "%ED%A0%80", "%F0%9F%98%80", "a" * 2000, "..%2F", quote('"a"="b"'))
QUERIES = (
    "",
    "identifierType=alias",
    "query=%00%ff",
    "filter=%ff%00",
    "filter=" + "%22" * 500,
    "query=" + "(" * 500,
    "limit=1e9",
)
POSTED = [
    "/v2/alerts",
    *(f"/v2/alerts/{{}}/{what}" for what in ("close", "snooze", "assign", "notes", "tags", "details", "responders")),
    "/v2/heartbeats",
    "/v2/heartbeats/{}/ping",
    "/v2/enqueue",
    "/v2/change/enqueue",
    "/generic/2010-04-15/create_event.json",
    "/nrdp/",
    "/api/v2/alerts",
    "/api/v2/silences",
    "/api/v1/alerts/1/ack",
    "/api/v1/alerts/1/snooze",
    "/in/heartbeat?name=x",
]
READ = [
    "/v2/alerts",
    "/v2/alerts/count",
    "/v2/alerts/{}",
    "/v2/alerts/requests/{}",
    "/v2/heartbeats",
    "/v2/heartbeats/{}",
    "/api/v2/alerts",
    "/api/v2/alerts/groups",
    "/api/v2/silences",
    "/api/v2/silence/{}",
    "/api/v1/alerts",
    "/nrdp/",
    "/in/heartbeat",
]
HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize("path", POSTED)
async def test_hostile_bodies(desk: Desk, path: str) -> None:
    """Any bytes of any type, and any name in the path."""
    await desk.post("/api/v1/alerts", {"summary": "one", "dedup_key": "1"})
    tries = [(path.format("1"), body, kind) for body in BODIES for kind in TYPES]
    tries += [(path.format(name), b"{}", TYPES[0]) for name in NAMES if "{}" in path]
    for address, body, kind in tries:
        async with desk.client.post(address, data=body, headers={**HEADERS, "Content-Type": kind}) as response:
            assert response.status < 500, (address, body[:80], kind, await response.text())


@pytest.mark.parametrize("path", READ)
async def test_hostile_queries(desk: Desk, path: str) -> None:
    """Any parameters, and any name in the path."""
    await desk.post("/api/v1/alerts", {"summary": "one", "dedup_key": "1"})
    for name in NAMES if "{}" in path else ("",):
        for query in QUERIES:
            address = f"{path.format(name)}?{query}"
            async with desk.client.get(address, headers=HEADERS) as response:
                assert response.status < 500, (address, await response.text())
