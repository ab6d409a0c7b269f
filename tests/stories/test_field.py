"""Messages of public bug reports, replayed as they were sent: each is read as its reporter wanted it (tests/field).

In `tests/field/CASE.json` RUN stands for a number, KEY for the key, BASIC for it as a password.
"""

import asyncio
import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from bot.demo.stage import Stage
from bot.notifying import notification_of
from bot.sending import NAGIOS
from tests.stories.conftest import Logs

FIELD = Path(__file__).parent.parent / "field"
RUN = "54052"
WHOLE = "alertbot notify nagios, environment"
TELLS = {"state", "severity", "summary"}

Expected = Sequence[tuple[str, str, str]]
"""State, severity and the beginning of the summary of each alert, by their numbers."""

CASES: Mapping[str, Expected] = {
    "01": [("closed", "error", "[P2]")],
    "04": [("closed", "critical", "[P1]")],
    "05": [("open", "warning", f"TypeError {RUN}")],
    "07": [("open", "error", f"KeyError {RUN}")],
    "08": [("closed", "critical", "")],
    "12": [("closed", "critical", f"http on f{RUN}")],
    "14": [("open", "warning", f"disk on c{RUN}")],
    "17": [("closed", "warning", f"Shop slow {RUN}")],
    "19": [("closed", "critical", "")],
    "21": [("closed", "critical", f"Front {RUN}")],
    "22": [("open", "critical", f"Shop{RUN}"), ("open", "critical", f"Pay{RUN}")],
    "24": [("open", "error", f"Gerät{RUN}")],
    "26": [("open", "warning", f"Gerät {RUN}"), ("open", "warning", f"Gerät {RUN}")],
    "28": [("open", "warning", f"Umlaut {RUN}")],
    "29": [("open", "warning", f"Table {RUN}")],
    "30": [("open", "warning", f"Später {RUN}")],
    "31": [("closed", "critical", f"Critical, disk{RUN}")],
    "34": [("open", "critical", f"lt on n{RUN}"), ("open", "critical", f"amp on n{RUN}")],
    "36": [("open", "critical", f"nl on n{RUN} is CRITICAL: first line")],
    "37": [("open", "critical", f"semi on n{RUN}"), ("closed", "critical", f"j{RUN} is DOWN: Zeitüberschreitung")],
    "42": [("open", "info", f"A shell in a container {RUN}"), ("open", "critical", f"File below /etc {RUN}")],
    "44": [("closed", "critical", "")],
    "45": [("closed", "critical", f"eb{RUN}")],
    "47": [("open", "error", f"web5 is down {RUN}")],
    "48": [("open", "critical", f"v1 {RUN}")],
    "49": [("open", "critical", f"null {RUN}"), ("open", "critical", f"two {RUN}")],
    "50": [("open", "critical", f"broken {RUN}")],
    "52": [("open", "warning", f"Too many 500s {RUN}")],
    "53": [("open", "error", f"[P{RUN}]")],
    "55": [("open", "critical", "No things")],
    "57": [
        ("open", "critical", f"w {word}")
        for word in ("emergency", "emerg", "disaster", "P0", "sev0", "sev1", "blocker", "panic")
    ],
    "58": [("open", "warning", f"job backup{RUN} on nas2:9100")],
    "59": [("open", "warning", "\"Files\" on 'n'")],
    "60": [("open", "warning", "lag d1"), ("closed", "warning", "lag d2")],
    "62": [("closed", "warning", f"Cl{RUN}")],
    "63": [("open", "critical", f"log on x{RUN} is CRITICAL: E"), ("open", "critical", f"x{RUN} is DOWN")],
    "64": [("open", "critical", f"cert on y{RUN} is CRITICAL: c1 expires")],
    "65": [
        ("open", "warning", f"nl {RUN}"),
        ("open", "warning", ""),
        ("open", "warning", f"lone \N{REPLACEMENT CHARACTER} {RUN}"),
    ],
}
"""What each message, or each case's messages together, come to."""


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Sends recorded requests to the bot of a stage, with a key."""

    url: str
    key: str
    session: aiohttp.ClientSession

    def inputs(self, case: str) -> Sequence[Mapping[str, Any]]:
        """Return a case's requests, with the run and the key filled in."""
        basic = base64.b64encode(f":{self.key}".encode()).decode()
        text = (FIELD / f"{case}.json").read_text().replace("RUN", RUN).replace("KEY", self.key)
        found: Sequence[Mapping[str, Any]] = json.loads(text.replace("BASIC", basic))["inputs"]
        return found

    async def send(self, given: Mapping[str, Any]) -> tuple[int, bytes]:
        """Send one request and return status and answer."""
        if "raw request" in given:
            return await self._raw(given["raw request"].encode("latin-1"))
        if WHOLE in given:
            notified = notification_of(given[WHOLE])
            return await self._ask("POST", NAGIOS, {}, json.dumps(notified).encode())
        method, path = given["request"].split(" ", 1)
        body = given["body"]
        as_sent = (
            body.encode("latin-1") if isinstance(body, str) else None if body is None else json.dumps(body).encode()
        )
        return await self._ask(method, path, given["headers"], as_sent)

    async def _ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes]:
        key = {} if "Authorization" in headers or self.key in path else {"X-Api-Key": self.key}
        async with self.session.request(method, self.url + path, data=body, headers={**key, **headers}) as answer:
            return answer.status, await answer.read()

    async def _raw(self, request: bytes) -> tuple[int, bytes]:
        at = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return int(answer.split(b" ", 2)[1]), answer

    async def alerts(self) -> Sequence[Mapping[str, Any]]:
        """Return every alert, by number."""
        status, body = await self._ask("GET", "/api/v1/alerts?state=all&limit=200", {}, None)
        assert 200 == status
        return sorted(json.loads(body)["alerts"], key=lambda alert: int(alert["alert"]))


@pytest.fixture
async def sender(stage: Stage) -> Any:
    """Give what sends to a bot that is installed in a room."""
    await stage.install()
    async with aiohttp.ClientSession() as session:
        yield Sender(url=stage.bot_url, key=await stage.key(), session=session)


@pytest.mark.parametrize("case", CASES)
async def test_read_as_expected(sender: Sender, case: str) -> None:
    """A case's messages are taken, and come to the alerts that its reporter expects."""
    for given in sender.inputs(case):
        status, answer = await sender.send(given)
        assert status < 300, answer
    alerts = await sender.alerts()

    assert [(state, severity) for state, severity, _ in CASES[case]] == [
        (alert["state"], alert["severity"]) for alert in alerts
    ]
    for (_, _, begins), alert in zip(CASES[case], alerts, strict=True):
        assert alert["summary"].startswith(begins)
        assert "could not be read" not in alert["summary"]


async def test_texts(sender: Sender) -> None:
    """Words and line breaks arrive as they were meant (28, 29, 36, 52, 59, 64)."""
    found = {}
    for case in ("28", "29", "36", "52", "59", "64"):
        for given in sender.inputs(case):
            await sender.send(given)
        found[case] = (await sender.alerts())[-1]

    assert "Gerät überhitzt" == found["28"]["description"]
    assert ["Host", "db1", "State", "DOWN"] == found["29"]["description"].replace(":", " ").split()
    assert "second line" in found["36"]["description"]
    assert ("web4", "GET /cart") == (found["52"]["source"], found["52"]["description"])
    assert 'x!~"^/etc/(?:a|b)$"\nC:\\temp' == found["59"]["description"]
    assert "c2 expires\n<pre>c3</pre>" == found["64"]["description"]


async def test_escalation_that_is_cancelled(sender: Sender) -> None:
    """Zabbix sends no end when a host is disabled (15): it says so, and the alert does not stay open in silence."""
    for given in sender.inputs("15"):
        await sender.send(given)
    (alert,) = await sender.alerts()
    status, body = await sender.send(
        {"request": f"GET /api/v1/alerts/{alert['alert']}/history", "headers": {}, "body": None}
    )

    assert 200 == status
    assert "closed" == alert["state"] or "cancelled" in body.decode()


async def test_a_resolved_watchdog_is_no_beat(sender: Sender) -> None:
    """The end of the rule that always fires does not put the alarm off (09)."""
    beat, over, stop = sender.inputs("09")
    _, first = await sender.send(beat)
    _, second = await sender.send(over)
    await sender.send(stop)

    assert json.loads(first)["expected_by"] == json.loads(second)["expected_by"]


async def test_opsgenie_heartbeat(sender: Sender) -> None:
    """A ping is taken with the answer of Opsgenie (11)."""
    (ping,) = sender.inputs("11")
    status, answer = await sender.send(ping)

    assert 202 == status
    assert "requestId" in json.loads(answer)


@pytest.mark.parametrize("number", [0, 1])
async def test_no_key_in_log_or_answer(
    sender: Sender, logs: Logs, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A request line that is refused or taken repeats no key (25)."""
    given = sender.inputs("25")[number]
    status, answer = await sender.send(given)

    assert status < 500
    assert sender.key.encode() not in answer
    assert sender.key not in str(logs) + caplog.text


async def test_a_filter_of_opsgenie_is_never_dropped(sender: Sender) -> None:
    """A query lists what matches, or is refused (38)."""
    inputs = sender.inputs("38")
    listed = []
    for given in inputs:
        status, answer = await sender.send(given)
        assert status < 300 or status in {400, 422}
        if given["request"].startswith("GET"):
            data = json.loads(answer).get("data", []) if status == 200 else []
            listed.append([alert["alias"] for alert in data])

    assert [[f"o1{RUN}"], [f"o2{RUN}"], [], []] == listed


async def test_quoted_names_in_matchers(sender: Sender) -> None:
    """Alertmanager's matchers may quote names, and stand in braces (40, 41)."""
    for case, name in (("40", f"U{RUN}"), ("41", f"V{RUN}")):
        for given in sender.inputs(case):
            if given["request"].startswith("DELETE"):
                continue
            status, answer = await sender.send(given)
            assert 200 == status, answer
            if given["request"].startswith("GET"):
                assert [name] == [alert["labels"]["alertname"] for alert in json.loads(answer)]


async def test_usual_subjects_of_mails(sender: Sender) -> None:
    """Each pair of the usual tools' subjects is one problem that ends (33)."""
    subjects = (FIELD / "33_subjects.txt").read_text().splitlines()
    for number, subject in enumerate(subjects):
        mail = f"From: mon@example.com\r\nMessage-ID: <{number}@mon.example.com>\r\nSubject: {subject}\r\n\r\ntext\r\n"
        await sender.send(
            {
                "request": f"POST /in/mail/{sender.key}",
                "headers": {"Content-Type": "message/rfc822"},
                "body": mail,
            }
        )
    alerts = await sender.alerts()

    assert 11 == len(alerts)
    assert [alert["summary"] for alert in alerts if alert["state"] == "open"] == [
        "SMART error (CurrentPendingSector) detected on host: nas2"
    ]


def test_every_recording_is_replayed() -> None:
    """No case of the folder is left out; those that people type are replayed by test_field_lines.py."""
    here = {*CASES, "09", "11", "15", "25", "33", "38", "40", "41"}
    typed = {"66", "68", "69", "70"}

    assert here | typed == {path.stem for path in FIELD.glob("*.json")} - {"74"}
    assert os.environ.get("ALERTBOT_TESTS_STRICT") is None or (FIELD / "33_subjects.txt").exists()
