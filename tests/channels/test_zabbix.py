"""The Zabbix channel: which bits each change is, what its errors mean, and what stands there; and the media type that sends us events."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.outbound import Outbound
from bot.channels.zabbix import Zabbix
from bot.domain.channel import Kind, Parcel
from bot.domain.difference import Standing
from bot.ports import Later, Never
from bot.web.page import STATIC
from tests.channels.making import NOW, TOKEN, channel, parcel
from tests.channels.sink import Sink
from tests.domain.making import alert
from tests.needs import needs

OURS = {"senders": ["zabbix"], "dedup_key": "20427", "by": "anna"}
MEDIA = STATIC / "zabbix.yaml"
RUN = Path(__file__).with_name("zabbix_media.js")


def event(action: str, **content: Any) -> Parcel:
    """Return a change of a Zabbix event."""
    return parcel(action, content=OURS | content)


@pytest.mark.parametrize(
    ("given", "params"),
    [
        (event("acked", note="on it"), {"action": 6, "message": "anna via Hipchat: acked (alert 42): on it"}),
        (event("unacked"), {"action": 84, "message": "anna via Hipchat: unacked (alert 42)"}),
        (event("noted", note="x"), {"action": 4, "message": "anna via Hipchat: noted (alert 42): x"}),
        (
            event("snoozed", until=NOW + 60_000),
            {"action": 38, "message": "anna via Hipchat: snoozed (alert 42)", "suppress_until": NOW // 1000 + 60},
        ),
        (event("severity", severity="error"), {"action": 12, "message": "anna via Hipchat: severity (alert 42)", "severity": 4}),
        (event("assigned", owner="lee"), {"action": 4, "message": "anna via Hipchat: assigned (alert 42) to lee"}),
        (event("closed"), {"action": 5, "message": "anna via Hipchat: closed (alert 42)"}),
    ],
    ids=lambda given: given.action if isinstance(given, Parcel) else "",
)  # fmt: skip
async def test_what_is_done_there(outbound: Outbound, there: Sink, given: Parcel, params: dict[str, Any]) -> None:
    """With the token, and the event that the alert is."""
    there.status, there.answer = 200, {"jsonrpc": "2.0", "result": {"eventids": [20427]}, "id": 1}
    await Zabbix(outbound).send(given, channel(Kind.ZABBIX, f"{there.url}/zabbix/"))
    (seen,) = there.seen

    assert ("/zabbix/api_jsonrpc.php", f"Bearer {TOKEN}") == (seen.path, seen.headers["Authorization"])
    assert ("event.acknowledge", {"eventids": "20427", **params}) == (seen.json["method"], seen.json["params"])


async def test_what_is_not_zabbixs_is_not_told(outbound: Outbound, there: Sink) -> None:
    """Nor that it has a problem, which it knows."""
    test = event("acked", dedup_key="zabbix:test")
    for given in (parcel("acked"), event("opened"), event("resolved", senders=[]), test):
        receipt = await Zabbix(outbound).send(given, channel(Kind.ZABBIX, there.url))

        assert 204 == receipt.status
    assert [] == there.seen


async def test_a_trigger_that_may_not_be_closed_by_hand(outbound: Outbound, there: Sink) -> None:
    """Is told in words; a refusal of an ack is final, trouble over there is not, and neither names the token."""
    there.status = 200
    there.answer = {"error": {"code": -32500, "message": "Application error.", "data": "Cannot close problem."}}
    with pytest.raises(Never) as never:
        await Zabbix(outbound).send(event("closed"), channel(Kind.ZABBIX, there.url))
    closing = [seen.json["params"]["action"] for seen in there.all_seen()]
    there.answer = {"error": {"code": -32603, "message": "Internal error", "data": ""}}
    with pytest.raises(Later) as later:
        await Zabbix(outbound).send(event("acked"), channel(Kind.ZABBIX, there.url))
    there.answer = {"hello": 1}
    with pytest.raises(Later):
        await Zabbix(outbound).send(event("acked"), channel(Kind.ZABBIX, there.url))

    assert [5, 4] == closing
    assert "Zabbix refused it: Application error. Cannot close problem." == never.value.reason
    assert TOKEN not in never.value.reason + later.value.reason


async def test_where_events_stand(outbound: Outbound, there: Sink) -> None:
    """Over, taken, or firing; what Zabbix no longer keeps is left out, and so is what is not Zabbix's."""
    there.status = 200
    there.answer = {
        "result": [
            {"eventid": "1", "acknowledged": "0", "r_eventid": "99", "suppressed": "0"},
            {"eventid": "2", "acknowledged": "1", "r_eventid": "0", "suppressed": "0"},
            {"eventid": "3", "acknowledged": "0", "r_eventid": "0", "suppressed": "0"},
            {"eventid": "77"},
            5,
        ]
    }
    known = [alert(number=n, dedup_key=str(n), senders={"zabbix": None}) for n in range(1, 5)]
    survey = await Zabbix(outbound).survey([*known, alert(number=9, dedup_key="9")], channel(Kind.ZABBIX, there.url))

    assert {1: Standing.GONE, 2: Standing.ACKED, 3: Standing.FIRING} == survey.standings
    assert ["1", "2", "3", "4"] == there.seen[0].json["params"]["eventids"]


async def test_a_test_asks_whether_the_token_is_good(outbound: Outbound, there: Sink) -> None:
    """Since an event of nobody's cannot be told."""
    there.status, there.answer = 200, {"result": []}
    status = await Zabbix(outbound).probe(channel(Kind.ZABBIX, there.url))

    assert (200, "event.get") == (status, there.seen[0].json["method"])


# --- the media type ---------------------------------------------------------------------------------------------------


def media() -> dict[str, Any]:
    """Return our media type as Zabbix would import it."""
    found: dict[str, Any] = yaml.safe_load(MEDIA.read_text())["zabbix_export"]["media_types"][0]
    return found


async def ran(url: str, **values: str) -> tuple[int, str, str]:
    """Run its script in Node with the parameters filled in; return the exit status and what it returned or threw."""
    node = needs("node", "nodejs")
    needs("curl", "curl")
    given = {each["name"]: each["value"] for each in media()["parameters"]} | {"url": url, "key": TOKEN} | values
    process = await asyncio.create_subprocess_exec(
        node,
        str(RUN),
        json.dumps({"script": media()["script"], "value": json.dumps(given), "curl": shutil.which("curl")}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def test_the_media_type_sends_what_our_source_reads(there: Sink) -> None:
    """Its parameters, without the key; what it returns shows the alert's number in Zabbix."""
    there.status, there.answer = 200, {"results": [{"alert": 123, "outcome": "opened"}]}
    status, out, err = await ran(
        f"{there.url}/", event_id="20427", event_value="1", update="0", name="Disk 'full' \"ä\""
    )
    (seen,) = there.seen

    assert (0, "") == (status, err)
    assert {"tags": {"hipchat_alert": "#123"}} == json.loads(out)
    assert ("/in/zabbix", TOKEN) == (seen.path, seen.headers["X-Api-Key"])
    assert ("20427", "Disk 'full' \"ä\"", "{$ZABBIX.URL}") == tuple(
        seen.json[name] for name in ("event_id", "name", "zabbix_url")
    )
    assert not {"key", "url"} & seen.json.keys()


@pytest.mark.parametrize("refusal", [401, 404, 429, 500, 503])
async def test_the_media_type_throws_so_that_zabbix_tries_again(there: Sink, refusal: int) -> None:
    """On anything but a success, in words without the key."""
    there.status, there.answer = refusal, {"detail": "no"}
    status, _, err = await ran(there.url, event_id="20427")

    assert 1 == status
    assert f"alertbot: the bot answered {refusal}" in err
    assert TOKEN not in err


def test_what_zabbix_needs_to_import_it() -> None:
    """Its kind, retries, the tags that its script returns, and a message for each operation."""
    found = media()

    assert ("WEBHOOK", "YES", "5", "20s") == tuple(
        found[name] for name in ("type", "process_tags", "attempts", "timeout")
    )
    assert ["PROBLEM", "RECOVERY", "UPDATE"] == [each["operation_mode"] for each in found["message_templates"]]
