"""Other services' addresses: their public clients post to us unmodified, and are answered as they expect."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pagerduty
import pytest
from aiohttp.test_utils import TestServer

from bot.standin.tls import make_context
from bot.web.server import create_app
from tests.web.conftest import SECRETS, Desk

KEY = SECRETS["ingest"]
TRIGGER = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "db1/disk",
    "payload": {
        "summary": "Disk 97 % full on db1",
        "source": "db1",
        "severity": "critical",
        "component": "sda1",
        "custom_details": {"used": "97 %"},
    },
    "links": [{"href": "https://wiki.example/disk", "text": "Runbook"}],
    "client": "cron",
    "client_url": "https://cron.example",
}


async def sent(desk: Desk, path: str, body: Any) -> tuple[int, Any]:
    """Post JSON without any header of ours, and return status and answer."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    async with desk.client.post(path, data=data, headers={"Content-Type": "application/json"}) as response:
        return response.status, await response.json(content_type=None)


# --- PagerDuty --------------------------------------------------------------------------------------------------------


async def test_an_event_is_an_alert(desk: Desk) -> None:
    """By the routing key in the body; again it is one more report, and a resolve closes it."""
    first = await sent(desk, "/v2/enqueue", TRIGGER)
    await sent(desk, "/v2/enqueue", TRIGGER)
    (alert,) = await desk.alerts()
    await sent(desk, "/v2/enqueue", {"routing_key": KEY, "event_action": "acknowledge", "dedup_key": "db1/disk"})
    acked = (await desk.alerts())[0]["state"]
    await sent(desk, "/v2/enqueue", {"routing_key": KEY, "event_action": "resolve", "dedup_key": "db1/disk"})

    assert (202, {"status": "success", "message": "Event processed", "dedup_key": "db1/disk"}) == first
    assert ("critical", "db1", 2) == (alert["severity"], alert["source"], alert["count"])
    assert {"component": "sda1", "used": "97 %", "client": "cron"} == alert["labels"]
    assert ["https://wiki.example/disk", "https://cron.example"] == [link["href"] for link in alert["links"]]
    assert ("acked", "closed") == (acked, (await desk.alerts())[0]["state"])


async def test_a_trigger_without_a_key_is_always_new(desk: Desk) -> None:
    """It gets one, which the answer says."""
    body = {name: value for name, value in TRIGGER.items() if name != "dedup_key"}
    keys = [(await sent(desk, "/v2/enqueue", body))[1]["dedup_key"] for _ in range(2)]

    assert 2 == len(set(keys)) == len(await desk.alerts())


async def test_after_a_resolve_a_trigger_is_new(desk: Desk) -> None:
    """Within minutes the same number comes back; what was not open is resolved without an error."""
    resolve = {"routing_key": KEY, "event_action": "resolve", "dedup_key": "never seen"}
    assert 202 == (await sent(desk, "/v2/enqueue", resolve))[0]
    await sent(desk, "/v2/enqueue", TRIGGER)
    await sent(desk, "/v2/enqueue", {**resolve, "dedup_key": "db1/disk"})
    await sent(desk, "/v2/enqueue", TRIGGER)
    (alert,) = await desk.alerts()

    assert ("open", 1) == (alert["state"], alert["alert"])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"not json", "'routing_key' is unknown"),
        ([], "'routing_key' is unknown"),
        ({**TRIGGER, "routing_key": "x" * 32}, "'routing_key' is unknown"),
        ({**TRIGGER, "routing_key": 5}, "'routing_key' is unknown"),
        ({**TRIGGER, "routing_key": SECRETS["read"]}, "'routing_key' is unknown"),
        ({**TRIGGER, "event_action": "explode"}, "'event_action' is not one of"),
        ({**TRIGGER, "payload": None}, "'payload' is missing"),
        ({**TRIGGER, "payload": {"summary": " "}}, "'payload.summary' is missing"),
        ({**TRIGGER, "dedup_key": "k" * 256}, "'dedup_key' is longer"),
        ({"routing_key": KEY, "event_action": "resolve"}, "'dedup_key' is missing"),
    ],
)
async def test_what_is_no_event(desk: Desk, body: Any, error: str) -> None:
    """400 in PagerDuty's words, and nothing is stored."""
    status, answered = await sent(desk, "/v2/enqueue", body)

    assert (400, "invalid event") == (status, answered["status"])
    assert error in answered["errors"][0]
    assert [] == await desk.alerts()


async def test_odd_details_are_kept(desk: Desk) -> None:
    """Details that are a text, an unknown severity, hostile words."""
    payload = {"summary": "<script>\x00", "source": None, "severity": "apocalyptic", "custom_details": "some text"}
    status, _ = await sent(desk, "/v2/enqueue", {**TRIGGER, "payload": payload, "links": "none", "client": 7})
    (alert,) = await desk.alerts()

    assert 202 == status
    assert ("warning", "some text") == (alert["severity"], alert["description"])
    assert "apocalyptic" == alert["labels"]["severity_raw"]


async def test_the_public_client_of_pagerduty(desk: Desk, tmp_path: Path) -> None:
    """The package `pagerduty` triggers, acknowledges, resolves and sends change events, with its own kind of times."""
    context, ca_file = make_context(tmp_path)
    server = TestServer(create_app(desk.parts))
    await server.start_server(ssl=context)
    url = f"https://127.0.0.1:{server.port}"

    def use() -> str:
        client = pagerduty.EventsApiV2Client(KEY, base_url=url, verify=ssl.create_default_context(cafile=str(ca_file)))
        key: str = client.trigger("Disk full", "db1", severity="error", custom_details={"a": "b"})
        client.acknowledge(key)
        # The client's own way to tell the time fails in version 7.2; this is what it would write.
        at = "2026-01-02T03:04:04.123456+00:00Z"
        client.submit("Deployed shop 1.2", source="ci", links=[{"href": "https://ci.example/1"}], timestamp=at)
        other: str = client.trigger("Another", "db2")
        client.resolve(other)
        client.close()
        return key

    key = await asyncio.to_thread(use)
    await server.close()
    alerts = {alert["summary"]: alert for alert in await desk.alerts()}

    assert (key, "acked", "error") == tuple(alerts["Disk full"][name] for name in ("dedup_key", "state", "severity"))
    assert "closed" == alerts["Another"]["state"]
    async with desk.parts.storage.read() as tx:
        (change,) = await tx.all("SELECT * FROM changes")
    assert ("Deployed shop 1.2", "ci", 1_767_323_044_123) == (change["summary"], change["source"], change["at"])


async def test_a_change_event_never_alerts(desk: Desk) -> None:
    """Without a summary it is refused as an event is."""
    body = {"routing_key": KEY, "payload": {"summary": "Deployed", "timestamp": "2026-01-02T03:04:05+00:00Z"}}
    good = await sent(desk, "/v2/change/enqueue", body)
    bad = await sent(desk, "/v2/change/enqueue", {"routing_key": KEY, "payload": {}})

    assert (202, "success") == (good[0], good[1]["status"])
    assert 400 == bad[0]
    assert [] == await desk.alerts()


TRIGGER_V1: dict[str, Any] = {
    "service_key": KEY,
    "event_type": "trigger",
    "incident_key": "srv01/http",
    "description": "FAILURE for production/HTTP on machine srv01",
    "client": "Sample Monitoring",
    "client_url": "https://monitoring.example",
    "details": {"ping time": "1500ms", "load avg": 0.75, "host": "srv01"},
    "contexts": [
        {"type": "link", "href": "https://wiki.example/http", "text": "Runbook"},
        {"type": "image", "src": "https://chart.example/1.png"},
    ],
}
V1 = "/generic/2010-04-15/create_event.json"


async def test_events_of_the_older_api(desk: Desk) -> None:
    """A trigger, again, an acknowledge and a resolve by the incident's key; words of the latter are noted."""
    first = await sent(desk, V1, TRIGGER_V1)
    await sent(desk, V1, {**TRIGGER_V1, "details": None, "contexts": None, "client": None})
    (alert,) = await desk.alerts()
    later = {"service_key": KEY, "incident_key": "srv01/http", "description": "on it"}
    await sent(desk, V1, {**later, "event_type": "acknowledge"})
    acked = (await desk.alerts())[0]["state"]
    resolved = await sent(desk, V1, {**later, "event_type": "resolve", "description": "fixed"})
    history = (await desk.get("/api/v1/alerts/1/history"))["history"]

    assert (200, {"status": "success", "message": "Event processed", "incident_key": "srv01/http"}) == first == resolved
    assert ("critical", "srv01/http", 2) == (alert["severity"], alert["dedup_key"], alert["count"])
    assert "FAILURE for production/HTTP on machine srv01" == alert["summary"]
    assert ("acked", "closed") == (acked, (await desk.alerts())[0]["state"])
    assert {"on it", "fixed"} <= {row["note"] for row in history}


async def test_what_an_event_of_the_older_api_tells(desk: Desk) -> None:
    """Its details are labels or the description, its contexts links; a severity among the details counts."""
    await sent(desk, V1, TRIGGER_V1)
    body = {**TRIGGER_V1, "incident_key": None, "details": "no answer", "contexts": "none"}
    keys = [(await sent(desk, V1, body))[1]["incident_key"] for _ in range(2)]
    await sent(desk, V1, {**TRIGGER_V1, "incident_key": "i", "details": {"severity": "info"}})
    ranked, _, other, first = await desk.alerts()

    assert ("srv01", {"ping time": "1500ms", "load avg": "0.75", "host": "srv01", "client": "Sample Monitoring"}) == (
        first["source"],
        first["labels"],
    )
    assert ["https://wiki.example/http", "https://chart.example/1.png", "https://monitoring.example"] == [
        link["href"] for link in first["links"]
    ]
    assert ("no answer", "Sample Monitoring") == (other["description"], other["source"])
    assert 2 == len({*keys})
    assert "info" == ranked["severity"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"not json", "'service_key' is unknown"),
        ([], "'service_key' is unknown"),
        ({**TRIGGER_V1, "service_key": "x" * 32}, "'service_key' is unknown"),
        ({**TRIGGER_V1, "service_key": SECRETS["read"]}, "'service_key' is unknown"),
        ({**TRIGGER_V1, "service_key": {"a": KEY}}, "'service_key' is unknown"),
        ({**TRIGGER_V1, "routing_key": KEY, "service_key": None}, "'service_key' is unknown"),
        ({**TRIGGER_V1, "event_type": "explode"}, "'event_type' is not one of"),
        ({**TRIGGER_V1, "description": " "}, "'description' is missing"),
        ({**TRIGGER_V1, "incident_key": "k" * 256}, "'incident_key' is longer"),
        ({"service_key": KEY, "event_type": "resolve"}, "'incident_key' is missing"),
        ({"service_key": KEY, "event_type": "acknowledge", "incident_key": " "}, "'incident_key' is missing"),
    ],
)
async def test_what_is_no_event_of_the_older_api(desk: Desk, body: Any, error: str) -> None:
    """400 in PagerDuty's words, and nothing is stored."""
    status, answered = await sent(desk, V1, body)

    assert (400, "invalid event", "Event object is invalid") == (status, answered["status"], answered["message"])
    assert error in answered["errors"][0]
    assert [] == await desk.alerts()


# --- NRDP -------------------------------------------------------------------------------------------------------------

RESULT = {
    "checkresult": {"type": "service"},
    "hostname": "db1",
    "servicename": "Disk",
    "state": "2",
    "output": "CRITICAL 97 % | used=97%",
}


async def nrdp(desk: Desk, **form: str) -> tuple[int, str]:
    """Send a form as NRDP's clients do."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    async with desk.client.post("/nrdp/", data=urlencode(form), headers=headers) as response:
        return response.status, await response.text()


def results(*given: Any) -> str:
    """Write check results as JSON."""
    return json.dumps({"checkresults": list(given)})


async def test_check_results(desk: Desk) -> None:
    """A state is a problem or none; only what changes it is news."""
    answered = [await nrdp(desk, token=KEY, cmd="submitcheck", json=results(RESULT)) for _ in range(2)]
    (alert,) = await desk.alerts()
    await nrdp(desk, token=KEY, cmd="submitcheck", json=results({**RESULT, "state": "0", "output": "OK"}))

    assert {(200, '{"result":{"status":0,"message":"OK","meta":{"output":"1 checks processed."}}}')} == set(answered)
    assert ("Disk on db1 is CRITICAL: CRITICAL 97 %", "critical", 2) == tuple(
        alert[name] for name in ("summary", "severity", "count")
    )
    assert ("db1!Disk", {"host": "db1", "service": "Disk"}) == (alert["dedup_key"], alert["labels"])
    assert "closed" == (await desk.alerts())[0]["state"]


async def test_check_results_as_xml(desk: Desk) -> None:
    """Are answered as XML; a host that is down is critical."""
    xml = "<?xml version='1.0'?><checkresults><checkresult type='host'><hostname>db2</hostname><state>1</state><output>no &lt;ping&gt;</output></checkresult></checkresults>"
    status, text = await nrdp(desk, token=KEY, cmd="submitcheck", xml=xml)
    (alert,) = await desk.alerts()

    assert 200 == status
    assert "<status>0</status><message>OK</message><meta><output>1 checks processed.</output></meta>" in text
    assert ("db2 is DOWN: no <ping>", "critical") == (alert["summary"], alert["severity"])


async def test_a_bad_result_does_not_stop_the_others(desk: Desk) -> None:
    """It is named in the answer."""
    bad: list[Any] = [{"hostname": "", "state": "1"}, {"hostname": "x", "state": "9"}, 5]
    _, text = await nrdp(desk, token=KEY, cmd="submitcheck", json=results(*bad, RESULT))

    assert "1 checks processed. hostname is missing state is not one of 0, 1, 2, 3 hostname is missing" in text
    assert 1 == len(await desk.alerts())


BOMB = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><checkresults>&b;</checkresults>"


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"cmd": "submitcheck", "json": results(RESULT)}, "NO TOKEN"),
        ({"token": "x" * 32, "cmd": "submitcheck", "json": results(RESULT)}, "BAD TOKEN"),
        ({"token": SECRETS["read"], "cmd": "submitcheck", "json": results(RESULT)}, "BAD TOKEN"),
        ({"token": KEY, "cmd": "submitcheck"}, "NO DATA"),
        ({"token": KEY, "cmd": "submitcmd", "command": "SHUTDOWN_PROGRAM"}, "NO COMMAND"),
        ({"token": KEY, "cmd": "submitcmd", "command": "PROCESS_SERVICE_CHECK_RESULT;db1;Disk"}, "NO COMMAND"),
        ({"token": KEY, "cmd": "submitcmd", "command": "PROCESS_HOST_CHECK_RESULT;;1;x"}, "NO COMMAND"),
        ({"token": KEY, "cmd": "dance"}, "NO REQUEST HANDLER"),
    ],
)
async def test_errors_are_answers_too(desk: Desk, form: dict[str, str], message: str) -> None:
    """Always 200; the body says what it is worth, and nothing is stored."""
    status, text = await nrdp(desk, **form)

    assert 200 == status
    assert message in text
    assert "-1" in text
    assert [] == await desk.alerts()


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"json": "[["}, "BAD JSON"),
        ({"json": "[]"}, "BAD JSON"),
        ({"xml": "<a"}, "BAD XML"),
        ({"xml": "<a/>"}, "BAD XML"),
        ({"xml": BOMB}, "BAD XML"),
        ({"xml": "<checkresults><checkresult><hostname>a</host"}, "BAD XML"),
        ({"json": results({**RESULT, "hostname": ""})}, "0 checks processed. hostname is missing"),
        (
            {"XMLDATA": "<checkresults><checkresult><state>2</state></checkresult></checkresults>"},
            "0 checks processed.",
        ),
    ],
)
async def test_what_cannot_be_read_is_shown(desk: Desk, form: dict[str, str], message: str) -> None:
    """It is said in the answer, and its raw text is an alert: senders of results look at no answer."""
    status, text = await nrdp(desk, token=KEY, cmd="submitcheck", **form)
    (alert,) = await desk.alerts()

    assert 200 == status
    assert message in text
    assert alert["summary"].startswith("A message that could not be read, from nrdp")
    assert next(iter(form.values())) == alert["description"]


async def test_nothing_is_no_result(desk: Desk) -> None:
    """An empty list is understood, and shows nothing."""
    answered = [
        await nrdp(desk, token=KEY, cmd="submitcheck", json=results()),
        await nrdp(desk, token=KEY, cmd="submitcheck", xml="<checkresults></checkresults>"),
    ]

    assert all("0 checks processed." in text for _, text in answered)
    assert [] == await desk.alerts()


@pytest.mark.parametrize(
    ("output", "summary", "description"),
    [
        ("result is < 100", "result is < 100", ""),
        ("A & B failed", "A & B failed", ""),
        ("bell \x07 and \x1b[31mred\x1b[0m", "bell and [31mred[0m", ""),
        ("a &amp; b &lt;c&gt; &#228; &nbsp; &unknown;", "a & b <c> ä &nbsp; &unknown;", ""),
        ("<a href='x'>CRITICAL</a> <b>97 %", "<a href='x'>CRITICAL</a> <b>97 %", ""),
        ("<a href='x'>CRITICAL</a> disk", "<a href='x'>CRITICAL</a> disk", ""),
        ("<state>0</state> is < what it said", "<state>0</state> is < what it said", ""),
        ("<![CDATA[x < y & z]]> & more", "x < y & z & more", ""),
        ("first line\\nsecond line|p=1", "first line", "second line|p=1"),
        ("first | p=1\nsecond & last", "first", "second & last"),
    ],
)
async def test_xml_that_was_pasted_together(desk: Desk, output: str, summary: str, description: str) -> None:
    """The output is anybody's text, and the result arrives with it."""
    xml = (
        "<?xml version='1.0'?>\n<checkresults>\n<checkresult type='service' checktype='1'><hostname>db1</hostname>"
        f"<servicename>a &amp; b</servicename><state>2</state><output>{output}</output></checkresult>"
        "<checkresult type='host'><hostname>db2</hostname><state>1</state><output>gone</output></checkresult>\n</checkresults>"
    )
    _, text = await nrdp(desk, token=KEY, cmd="submitcheck", XMLDATA=xml)
    host, service = await desk.alerts()

    assert "2 checks processed." in text
    assert (f"a & b on db1 is CRITICAL: {summary}", description) == (service["summary"], service["description"])
    assert ("db1!a & b", "db2 is DOWN: gone") == (service["dedup_key"], host["summary"])


async def test_hello_needs_no_token(desk: Desk) -> None:
    """It says what answers here."""
    async with desk.client.get("/nrdp/?cmd=hello") as response:
        assert "<product>alertbot (NRDP)</product>" in await response.text()


async def test_results_as_external_commands(desk: Desk) -> None:
    """Are results, as a Nagios server takes them."""
    at = "[1767323045] PROCESS_SERVICE_CHECK_RESULT;db1;Disk;2;97 % full; 4 GB left\\nsda1|used=97%"
    await nrdp(desk, token=KEY, cmd="submitcmd", command=at)
    await nrdp(desk, token=KEY, cmd="submitcmd", command="process_host_check_result;db2;1;gone")
    host, service = await desk.alerts()
    await nrdp(desk, token=KEY, cmd="submitcmd", command="PROCESS_HOST_CHECK_RESULT;db2;0;up")

    assert ("Disk on db1 is CRITICAL: 97 % full; 4 GB left", "sda1|used=97%") == (
        service["summary"],
        service["description"],
    )
    assert "db2 is DOWN: gone" == host["summary"]
    assert "closed" == (await desk.alerts())[0]["state"]


async def test_external_commands(desk: Desk) -> None:
    """What was acknowledged in Nagios is acked here, with its author and comment."""
    await nrdp(desk, token=KEY, cmd="submitcheck", json=results(RESULT))
    command = "ACKNOWLEDGE_SVC_PROBLEM;db1;Disk;2;0;1;anna;on it; really"
    answered = await nrdp(desk, token=KEY, cmd="submitcmd", command=command)
    (alert,) = await desk.alerts()
    await nrdp(desk, token=KEY, cmd="submitcmd", command="REMOVE_SVC_ACKNOWLEDGEMENT;db1;Disk")
    history = (await desk.get("/api/v1/alerts/1/history"))["history"]

    assert "<status>0</status>" in answered[1]
    assert "acked" == alert["state"]
    assert "on it; really" in [row["note"] for row in history]
    assert "open" == (await desk.alerts())[0]["state"]
