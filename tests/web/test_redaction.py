"""No credential that comes in a message is stored, shown or logged, whichever entrance it came through."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from structlog.testing import capture_logs

from bot import sources
from bot.domain.redaction import REMOVED
from bot.domain.tenant import Scope
from bot.sources.payload import of_body
from bot.sources.values import odd_key
from bot.storage import feeds
from tests.web.conftest import BEGIN, Desk

KEY = "Ab3dEf6hIj9lMn2pQr5tUv8xYz1CdE4g"
GONE = "zY8xWv5uTs2rQp9oNm6lKj3iHg0fEd7c"
HIDDEN = "hunter-2-sw0rdfish"
FORM = "application/x-www-form-urlencoded"
SAID = f"key {KEY}, once {GONE}, at https://bot.example.com/in/grafana/{KEY}, password={HIDDEN}, https://u:{HIDDEN}@x.example/"
XML = f"<checkresults><checkresult type='host'><hostname>db1</hostname><state>1</state><output>{SAID}</output></checkresult></checkresults>"
CHECKS = {"checkresults": [{"checkresult": {"type": "host"}, "hostname": "db1", "state": "1", "output": SAID}]}
EVENT = {"summary": SAID, "source": "db1", "severity": "critical", "custom_details": {"token": HIDDEN, "more": SAID}}
LOOSE = {"title": "Disk full", "message": SAID, "api_key": HIDDEN, "labels": {"password": HIDDEN, "x": SAID}, "url": f"https://u:{HIDDEN}@x.example"}  # fmt: skip
HOOK = {"alerts": [{"status": "firing", "labels": {"alertname": "a", "token": HIDDEN}, "annotations": {"summary": SAID}}], "externalURL": f"https://bot.example.com/in/grafana/{KEY}"}  # fmt: skip
MAIL = f"From: cron@example.com\nTo: in+{KEY}@bot.example.com\nSubject: {SAID}\nMessage-ID: <1@x>\n\n{SAID}\nPassword: {HIDDEN}\n"
OPEN = {"Authorization": f"Bearer {KEY}"}
OTHER = {"Authorization": f"GenieKey {KEY}"}
CE = {
    "ce-specversion": "1.0",
    "ce-type": "x.firing",
    "ce-source": "s",
    "ce-id": "1",
    "ce-token": HIDDEN,
    "ce-note": SAID,
}

# fmt: off
POSTED: Mapping[str, tuple[str, Any, Mapping[str, str]]] = {
    "our API": ("/api/v1/alerts", {"summary": SAID, "description": SAID, "labels": {"token": HIDDEN}, "links": [{"text": "x", "href": f"https://u:{HIDDEN}@x.example"}]}, OPEN),
    "generic": (f"/in/generic/{KEY}", LOOSE | {"routing_key": KEY}, {}),
    "generic, a form": ("/in/generic", urlencode({**LOOSE, "labels": SAID, "routing_key": KEY}), {"Content-Type": FORM, "X-Api-Key": KEY}),
    "generic, a query": (f"/in/generic/{KEY}?{urlencode({'title': 'Disk full', 'message': SAID, 'password': HIDDEN})}", "", {}),
    "generic, UTF-16": ("/in/generic", json.dumps(LOOSE).encode("utf-16"), OPEN),
    "odd": (f"/in/generic/{KEY}", f"nobody knows what this is: {SAID}", {}),
    "odd, XML": (f"/in/zabbix/{KEY}", f"<a><token>{HIDDEN}</token>{SAID}</a>", {}),
    "odd, with a query": (f"/in/grafana/{KEY}?token={HIDDEN}", f"strange {SAID}", {}),
    "auto": (f"/in/auto/{KEY}", {"routing_key": KEY, "event_action": "trigger", "dedup_key": "d", "payload": EVENT}, {}),
    "auto, NRDP": (f"/in/auto/{KEY}", urlencode({"cmd": "submitcheck", "token": KEY, "JSONDATA": json.dumps(CHECKS)}), {"Content-Type": FORM}),
    "grafana": (f"/in/grafana/{KEY}", HOOK, {}),
    "alertmanager": (f"/in/alertmanager/{KEY}", HOOK | {"version": "4", "groupKey": "g"}, {}),
    "prometheus": (f"/am/{KEY}/api/v2/alerts", [{"labels": {"alertname": "a", "secret": HIDDEN}, "annotations": {"summary": SAID}}], {}),
    "sematext": (f"/in/sematext/{KEY}", {"description": SAID, "applicationToken": HIDDEN, "backToNormal": "false"}, {}),
    "sematext, a query": (f"/in/sematext/{KEY}?{urlencode({'description': SAID, 'token': HIDDEN})}", "", {}),
    "statuscake": (f"/in/statuscake/{KEY}", urlencode({"Token": HIDDEN, "Status": "Down", "Name": SAID, "StatusCode": "503"}), {"Content-Type": FORM}),
    "cloudevents": ("/in/cloudevents", {"password": HIDDEN, "message": SAID}, OPEN | CE),
    "cloudevents, in base64": ("/in/cloudevents", {"specversion": "1.0", "type": "t", "source": "s", "id": "2", "data_base64": "eyJwYXNzd29yZCI6Imh1bnRlci0yLXN3MHJkZmlzaCJ9"}, OPEN),
    "mail": (f"/in/mail/{KEY}", MAIL, {"Content-Type": "message/rfc822"}),
    "PagerDuty": ("/v2/enqueue", {"routing_key": KEY, "event_action": "trigger", "payload": EVENT}, {}),
    "PagerDuty, its end": ("/v2/enqueue", {"routing_key": KEY, "event_action": "resolve", "dedup_key": SAID}, {}),
    "PagerDuty v1": ("/generic/2010-04-15/create_event.json", {"service_key": KEY, "event_type": "trigger", "description": SAID, "details": EVENT}, {}),
    "Opsgenie": ("/v2/alerts", {"message": SAID[:130], "description": SAID, "details": {"api_key": HIDDEN}, "note": SAID}, OTHER),
    "NRDP, JSON": ("/nrdp/", urlencode({"cmd": "submitcheck", "token": KEY, "json": json.dumps(CHECKS)}), {"Content-Type": FORM}),
    "NRDP, XML": ("/nrdp/", urlencode({"cmd": "submitcheck", "token": KEY, "xml": XML}), {"Content-Type": FORM}),
    "NRDP, odd": ("/nrdp/", urlencode({"cmd": "submitcheck", "token": KEY, "json": SAID}), {"Content-Type": FORM}),
    "NRDP, a command": ("/nrdp/", urlencode({"cmd": "submitcmd", "token": KEY, "command": f"ADD_HOST_COMMENT;db1;1;joe;{SAID}"}), {"Content-Type": FORM}),
    "SNS": ("/in/cloudwatch", {"AlarmName": "a", "NewStateValue": "ALARM", "NewStateReason": SAID, "password": HIDDEN}, OPEN | {"x-amz-sns-rawdelivery": "true"}),
}
# fmt: on


@pytest.fixture
async def keyed(desk: Desk) -> Desk:
    """Have a live key that looks like one, and another that was revoked."""
    async with desk.parts.storage.begin() as tx:
        row = await tx.one("SELECT feed_id FROM keys WHERE id = :id", id=desk.keys["every"])
        assert row is not None
        scopes = frozenset(Scope)
        for name, secret in (("real", KEY), ("gone", GONE)):
            made = await feeds.add_key(tx, feed=row["feed_id"], name=name, secret=secret, scopes=scopes, now=BEGIN)
        await feeds.revoke(tx, made, BEGIN)
    return desk


async def stored(desk: Desk) -> str:
    """Return what the database holds of messages, alerts, their history and what is to be told."""
    tables = ("bodies", "alerts", "history", "outbox", "changes")
    async with desk.parts.storage.read() as tx:
        rows = [row for table in tables for row in await tx.all(f"SELECT * FROM {table}")]  # noqa: S608 - names from above
    return "\n".join(
        str(bytes(each) if isinstance(each, memoryview) else each) for row in rows for each in dict(row).values()
    )


async def post(desk: Desk, case: str) -> None:
    """Post a case."""
    path, body, headers = POSTED[case]
    if isinstance(body, (dict, list)):
        body, headers = json.dumps(body), {"Content-Type": "application/json", **headers}
    async with desk.client.post(path, data=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()


@pytest.mark.parametrize("case", POSTED)
async def test_no_credential_is_stored_shown_or_logged(keyed: Desk, case: str) -> None:
    """Neither the key that a request came with, nor another of ours, nor what names itself a credential."""
    with capture_logs() as logs:
        await post(keyed, case)
    held = await stored(keyed)
    shown = json.dumps(await keyed.alerts()) + repr(logs)

    assert REMOVED in held.replace("%28removed%29", REMOVED)
    for secret in (KEY, GONE, HIDDEN, "aHVudGVyLTI"):
        assert secret not in held
        assert secret not in shown


@pytest.mark.parametrize("case", [case for case, (path, _, _) in POSTED.items() if path.startswith("/in/")])
async def test_what_is_kept_is_read_alike(keyed: Desk, case: str) -> None:
    """What `alertbot replay` reads is what was understood, or shown, when it came."""
    await post(keyed, case)
    async with keyed.parts.storage.read() as tx:
        (row,) = await tx.all("SELECT * FROM bodies")
        (alert,) = await tx.all("SELECT * FROM alerts")
    items = sources.take(row["dialect"], of_body(bytes(row["body"]), now=BEGIN)).items

    assert alert["dedup_key"] in {items[0].dedup_key, odd_key(bytes(row["body"]))}


async def test_series_that_differ_in_a_secret_are_two_alerts(keyed: Desk) -> None:
    """The label is the name of a Secret in Kubernetes, more often than not; and the same series is the same alert."""
    series = [{"labels": {"alertname": "Expiring", "secret": name}} for name in ("tls-a", "tls-b")]
    for _ in range(2):
        async with keyed.client.post(f"/am/{KEY}/api/v2/alerts", json=series) as answer:
            assert 200 == answer.status

    assert [2, 2] == [alert["count"] for alert in await keyed.alerts()]


async def test_a_change_is_cleared(keyed: Desk) -> None:
    """As an event is."""
    body = {
        "routing_key": KEY,
        "payload": {"summary": SAID, "source": "ci"},
        "links": [{"href": f"https://u:{HIDDEN}@x"}],
    }
    async with keyed.client.post("/v2/change/enqueue", json=body) as answer:
        assert 202 == answer.status
    held = await stored(keyed)

    assert REMOVED in held
    assert not {secret for secret in (KEY, GONE, HIDDEN) if secret in held}


async def test_a_note_is_cleared(keyed: Desk) -> None:
    """What a program writes into history is what came in a message."""
    made = await keyed.post("/api/v1/alerts", {"summary": "x"}, key="every")
    number = made["results"][0]["alert"]
    async with keyed.client.post(
        f"/api/v1/alerts/{number}/note", json={"note": SAID, "by": "ci"}, headers=OPEN
    ) as answer:
        assert 200 == answer.status
    held = await stored(keyed)

    assert not {secret for secret in (KEY, GONE, HIDDEN) if secret in held}


async def test_many_texts_that_look_like_keys(keyed: Desk) -> None:
    """Go unasked, so that no message makes us look up thousands."""
    many = " ".join(f"{number:032X}".replace("0", "Q") for number in range(3000))
    async with keyed.client.post(f"/in/generic/{KEY}", data=f"{many} {GONE}") as answer:
        assert 200 == answer.status

    assert "QQQQQQ" not in await stored(keyed)
