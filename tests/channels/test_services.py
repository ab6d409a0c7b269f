"""What every channel over HTTP has in common: which statuses are retried, and that no secret leaves in words."""

import base64
import hashlib
import hmac
import json

import pytest

from bot.channels import services
from bot.channels.outbound import Outbound
from bot.channels.webhook import key_of, signature
from bot.domain.channel import Kind
from bot.ports import Later, Never
from tests.channels.making import NOW, TOKEN, WEBHOOK_SECRET, channel, parcel
from tests.channels.sink import Sink

OVER_HTTP = [Kind.WEBHOOK, Kind.PAGERDUTY, Kind.ALERTMANAGER, Kind.OPSGENIE, Kind.SEMATEXT, Kind.NRDP]
SECRETS = [TOKEN, WEBHOOK_SECRET, WEBHOOK_SECRET.removeprefix("whsec_")]


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
async def test_what_may_pass_is_for_later(outbound: Outbound, there: Sink, kind: Kind, status: int) -> None:
    """Trouble and limits are waited for, as long as the service says."""
    there.status, there.headers = status, {"Retry-After": "90"}
    with pytest.raises(Later) as later:
        await services(outbound, None)[kind].send(parcel("acked"), channel(kind, there.url))

    assert (status, NOW + 90_000) == (later.value.status, later.value.retry_at)
    assert not any(secret in later.value.reason for secret in SECRETS)


@pytest.mark.parametrize("kind", OVER_HTTP)
@pytest.mark.parametrize("status", [300, 301, 302, 307, 308, 400, 401, 403, 404, 410, 422])
async def test_what_is_refused_is_never_sent_again(outbound: Outbound, there: Sink, kind: Kind, status: int) -> None:
    """Refusals are final, and so is being sent elsewhere: nothing is followed."""
    there.status, there.headers = status, {"Location": f"{there.url}/elsewhere"}
    there.answer = {"message": "no"}
    with pytest.raises(Never) as never:
        await services(outbound, None)[kind].send(parcel("acked"), channel(kind, there.url))

    assert status == never.value.status
    assert 1 == len(there.seen)
    assert not any(secret in never.value.reason for secret in SECRETS)


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_broken_connection_is_for_later(outbound: Outbound, there: Sink, kind: Kind) -> None:
    """Nobody knows whether it arrived, so it is sent again."""
    there.status = None
    with pytest.raises(Later) as later:
        await services(outbound, None)[kind].send(parcel("acked"), channel(kind, there.url))

    assert later.value.maybe_taken


@pytest.mark.parametrize("kind", OVER_HTTP)
async def test_a_repeat_is_known_by_its_id(outbound: Outbound, there: Sink, kind: Kind) -> None:
    """The same parcel twice is the same request twice."""
    there.answer = {"silenceID": "s-1", "result": {"status": 0}}
    for _ in range(2):
        await services(outbound, None)[kind].send(parcel("acked"), channel(kind, there.url))
    first, second = there.seen

    assert (first.method, first.path, first.body) == (second.method, second.path, second.body)
    assert first.headers.get("webhook-id") == second.headers.get("webhook-id")


# --- webhooks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "message", "seconds", "body", "expected"),
    [
        (
            WEBHOOK_SECRET,
            "msg_01TESTVECTOR",
            1767323045,
            b'{"type":"alert.acknowledged","timestamp":"2026-01-02T03:04:05Z","data":{"id":42}}',
            "v1,ZDiaEHJ1C2NOnOadDU3NDzEUgbQzSDYHg5IISHlo7Wk=",
        ),
        (
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        ),
    ],
)
def test_standard_webhooks_vectors(secret: str, message: str, seconds: int, body: bytes, expected: str) -> None:
    """The vectors of alert-sources.md 4."""
    assert expected == signature(key_of(secret), message, seconds, body)


async def test_a_webhook_is_signed_with_every_secret(outbound: Outbound, there: Sink) -> None:
    """While a secret is changed both are in force, and a receiver with either can check."""
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    to = channel(Kind.WEBHOOK, there.url)
    both = {**to.settings, "secret": f"{WEBHOOK_SECRET} {other}"}
    await services(outbound, None)[Kind.WEBHOOK].send(parcel("acked"), type(to)(name="c", kind=to.kind, settings=both))
    (seen,) = there.seen
    signed = f"{seen.headers['webhook-id']}.{seen.headers['webhook-timestamp']}.".encode() + seen.body
    digest = base64.b64encode(hmac.digest(b"x" * 32, signed, hashlib.sha256)).decode()

    assert 2 == len(seen.headers["webhook-signature"].split())
    assert f"v1,{digest}" in seen.headers["webhook-signature"]
    assert ("alert.acknowledged", "2026-01-02T03:04:05Z") == (seen.json["type"], seen.json["timestamp"])
    assert 42 == seen.json["data"]["alert"]


# --- PagerDuty ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "event"),
    [
        ("opened", "trigger"),
        ("unacked", "trigger"),
        ("acked", "acknowledge"),
        ("snoozed", "acknowledge"),
        ("closed", "resolve"),
    ],
)
async def test_pagerduty_events(outbound: Outbound, there: Sink, action: str, event: str) -> None:
    """All events of an alert have one key."""
    await services(outbound, None)[Kind.PAGERDUTY].send(parcel(action), channel(Kind.PAGERDUTY, there.url))
    (seen,) = there.seen

    assert (event, "hipchat-bot/1/42", TOKEN) == tuple(
        seen.json[name] for name in ("event_action", "dedup_key", "routing_key")
    )
    assert ("Disk 97% full on db1", "prometheus", "critical") == tuple(
        seen.json["payload"][name] for name in ("summary", "source", "severity")
    )


async def test_pagerduty_takes_no_notes(outbound: Outbound, there: Sink) -> None:
    """What it has no event for is not sent."""
    await services(outbound, None)[Kind.PAGERDUTY].send(parcel("noted"), channel(Kind.PAGERDUTY, there.url))

    assert [] == there.seen


async def test_a_large_event_is_cut(outbound: Outbound, there: Sink) -> None:
    """Details go first; what is left is within PagerDuty's limit."""
    huge = parcel(content={"summary": "s" * 5000, "labels": {f"l{number}": "v" * 2000 for number in range(400)}})
    await services(outbound, None)[Kind.PAGERDUTY].send(huge, channel(Kind.PAGERDUTY, there.url))
    (seen,) = there.seen

    assert len(seen.body) <= 512_000
    assert {} == seen.json["payload"]["custom_details"]
    assert 1024 == len(seen.json["payload"]["summary"])


# --- Alertmanager ---------------------------------------------------------------------------------------------------


async def test_an_ack_is_an_exact_silence(outbound: Outbound, there: Sink) -> None:
    """Every label is a matcher; the end is the ack's."""
    there.answer = {"silenceID": "s-1"}
    until = NOW + 2 * 3_600_000
    told = parcel("acked", content={"until": until, "by": "dana", "note": "on it"})
    receipt = await services(outbound, None)[Kind.ALERTMANAGER].send(told, channel(Kind.ALERTMANAGER, there.url))
    (seen,) = there.seen

    assert "s-1" == receipt.detail
    assert ("POST", "/api/v2/silences", f"Bearer {TOKEN}") == (seen.method, seen.path, seen.headers["Authorization"])
    assert {"alertname", "instance"} == {matcher["name"] for matcher in seen.json["matchers"]}
    assert all(matcher["isEqual"] and not matcher["isRegex"] for matcher in seen.json["matchers"])
    assert ("2026-01-02T03:04:05Z", "2026-01-02T05:04:05Z") == (seen.json["startsAt"], seen.json["endsAt"])
    assert ("dana (Hipchat)", "acked of alert 42: on it") == (seen.json["createdBy"], seen.json["comment"])


@pytest.mark.parametrize("action", ["unacked", "closed", "resolved", "woken"])
@pytest.mark.parametrize("status", [200, 404])
async def test_what_ends_an_ack_ends_its_silence(outbound: Outbound, there: Sink, action: str, status: int) -> None:
    """One that is gone there already is ended too."""
    there.status = status
    told = parcel(action, reference="s-1")
    receipt = await services(outbound, None)[Kind.ALERTMANAGER].send(told, channel(Kind.ALERTMANAGER, there.url))

    assert "" == receipt.detail
    assert [("DELETE", "/api/v2/silence/s-1")] == [(seen.method, seen.path) for seen in there.seen]


async def test_nothing_is_ended_that_was_not_silenced(outbound: Outbound, there: Sink) -> None:
    """A firing or a note asks nothing of Alertmanager, and a note keeps the silence."""
    service = services(outbound, None)[Kind.ALERTMANAGER]
    opened = await service.send(parcel("opened"), channel(Kind.ALERTMANAGER, there.url))
    noted = await service.send(parcel("noted", reference="s-1"), channel(Kind.ALERTMANAGER, there.url))

    assert ("", "s-1") == (opened.detail, noted.detail)
    assert [] == there.seen


async def test_an_alert_without_labels_is_not_silenced(outbound: Outbound, there: Sink) -> None:
    """A silence without matchers would hide everything."""
    with pytest.raises(Never, match="without labels"):
        await services(outbound, None)[Kind.ALERTMANAGER].send(
            parcel("acked", content={"labels": {}}), channel(Kind.ALERTMANAGER, there.url)
        )

    assert [] == there.seen


def test_a_parcel_is_json() -> None:
    """What is kept of an alert travels as it is."""
    assert json.loads(json.dumps(parcel().content)) == parcel().content
