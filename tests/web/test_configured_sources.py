"""Sources that a plan says more of: whose sender has to sign, and whose JSON is read by an admin's mapping."""

import hashlib
import hmac
import json
from typing import Any

import pytest

from bot.domain.planfile import Problems
from bot.replaying import read
from bot.sources.values import odd as odd_alert
from bot.usecases import planning
from bot.usecases.replay import again
from tests.sources.recorded import HERE
from tests.web.conftest import Desk, bearer, problem

SECRET = "a-shared-secret"
GRAFANA = (HERE / "grafana" / "unified.json").read_bytes()
SENTRY = (HERE / "sentry" / "issue_alert.json").read_bytes()
TOOL = {"what": {"title": "Disk full"}, "level": "SEV1", "host": "db1"}
MAP = {
    "summary": "what.title",
    "severity": "level",
    "dedup_key": "host",
    "labels": {"host": "host"},
    "severity_words": {"SEV1": "critical"},
}


def signed(secret: str, body: bytes) -> str:
    """Return a sender's signature."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def planned(desk: Desk, *sources: dict[str, Any], force: bool = False, only_say: bool = False) -> list[str]:
    """Configure sources, as `alertbot config import` does."""
    parts = desk.parts
    return await planning.bring_in(
        parts.storage,
        "one",
        {"source": list(sources)},
        seal=parts.vault.seal,
        now=desk.clock(),
        force=force,
        only_say=only_say,
    )


@pytest.mark.parametrize(
    ("kind", "header", "body"),
    [("grafana", "X-Grafana-Alerting-Signature", GRAFANA), ("sentry", "Sentry-Hook-Signature", SENTRY)],
)
async def test_who_has_to_sign(desk: Desk, kind: str, header: str, body: bytes) -> None:
    """Is refused unsigned and wrongly signed, with nothing stored; the other feeds' sources are as before."""
    await planned(desk, {"name": "s", "kind": kind, "feed": "ops", "secret": f"older {SECRET}"})
    for signature in (None, "0" * 64, signed("another", body), signed(SECRET, body + b" ")):
        headers = {**bearer("ingest"), **({header: signature} if signature else {})}
        async with desk.client.post(f"/in/{kind}", data=body, headers=headers) as response:
            refused = await problem(response)

            assert (401, f"this is not signed with the secret that is set for {kind} here") == (
                refused["status"],
                refused["detail"],
            )
    nothing = await desk.alerts()
    headers = {**bearer("ingest"), header: signed(SECRET, body)}
    async with desk.client.post(f"/in/{kind}", data=body, headers=headers) as response:
        taken = response.status
    async with desk.client.post(f"/in/{kind}", data=body, headers=bearer("other feed")) as response:
        other = response.status

    assert [] == nothing
    assert (200, 200) == (taken, other)
    assert await desk.alerts()


async def test_the_secret_is_sealed_and_kept(desk: Desk) -> None:
    """It leaves in no export, and a file that says `kept` keeps it."""
    await planned(desk, {"name": "s", "kind": "grafana", "secret": SECRET})
    _, tables = await planning.export(desk.parts.storage, "one")
    again = await planned(desk, *tables["source"])
    async with desk.parts.storage.read() as tx:
        row = await tx.one("SELECT tables FROM plans")
    with pytest.raises(Problems) as problems:
        await planned(desk, {"name": "new", "kind": "grafana", "secret": "kept"})

    assert [{"name": "s", "kind": "grafana", "secret": "kept"}] == tables["source"]
    assert [] == again
    assert row is not None
    assert SECRET not in row["tables"]
    assert ["/source/0/secret"] == [each.path for each in problems.value.found]


async def test_a_mapping(desk: Desk) -> None:
    """Reads what it was written for; what it makes nothing of is still an alert, with the reason."""
    await planned(desk, {"name": "tool", "kind": "generic", "feed": "ops", "map": MAP})
    for body in (json.dumps(TOOL).encode(), b'{"title": "usual"}', b"no json"):
        async with desk.client.post("/in/generic", data=body, headers=bearer("ingest")) as response:
            assert 200 == response.status
    odd, usual, mapped = await desk.alerts()

    assert ("Disk full", "critical", "db1", {"host": "db1"}) == tuple(
        mapped[name] for name in ("summary", "severity", "dedup_key", "labels")
    )
    assert ("usual", "summary finds nothing") == (usual["summary"], usual["labels"]["mapping_failed"])
    assert "the message is no JSON" == odd["labels"]["mapping_failed"]


async def test_a_mapping_is_tried_on_the_last_message(desk: Desk) -> None:
    """What it makes of it is said; when that is nothing it is not saved, unless it is forced."""
    table = {"name": "tool", "kind": "generic", "feed": "ops", "map": MAP}
    before = await planned(desk, table, only_say=True)
    await desk.client.post("/in/generic", json=TOOL, headers=bearer("ingest"))
    said = await planned(desk, table, only_say=True)
    wrong = {**table, "map": {"summary": "nothing.here"}}
    with pytest.raises(Problems) as problems:
        await planned(desk, wrong)
    forced = await planned(desk, wrong, force=True)

    assert ["+ source tool"] == before
    assert [
        "+ source tool",
        'the last message of ops becomes: summary = "Disk full", severity = "critical", dedup_key = "db1", labels = {"host": "db1"}',
    ] == said
    assert [
        (
            "/source/0/map",
            "the last message of ops becomes no alert: summary finds nothing; to save it all the same, force it",
        )
    ] == [(each.path, each.reason) for each in problems.value.found]
    assert ["+ source tool", "the last message of ops becomes no alert: summary finds nothing"] == forced


@pytest.mark.parametrize(
    ("table", "path"),
    [
        ({"kind": "nagios", "secret": "x"}, "/source/0/kind"),
        ({"kind": "grafana"}, "/source/0/secret"),
        ({"kind": "grafana", "secret": "x", "feed": "nope"}, "/source/0/feed"),
        ({"kind": "grafana", "secret": "x", "header": "a: b"}, "/source/0/header"),
        ({"kind": "sentry", "secret": "x", "header": "X"}, "/source/0/header"),
        ({"kind": "generic"}, "/source/0/map"),
        ({"kind": "generic", "map": []}, "/source/0/map"),
        ({"kind": "generic", "map": {}}, "/source/0/map/summary"),
        ({"kind": "generic", "map": {"summary": "a."}}, "/source/0/map/summary"),
        ({"kind": "generic", "map": {"summary": "a", "labels": {"x": "]"}}}, "/source/0/map/labels/x"),
        ({"kind": "generic", "map": {"summary": "a", "labels": 5}}, "/source/0/map/labels"),
        ({"kind": "generic", "map": {"summary": "a", "unknown": "b"}}, "/source/0/map/unknown"),
        ({"kind": "generic", "map": {"summary": 5}}, "/source/0/map/summary"),
    ],
)
async def test_what_is_wrong_with_a_source(desk: Desk, table: dict[str, Any], path: str) -> None:
    """Every problem has its place."""
    with pytest.raises(Problems) as problems:
        await planned(desk, {"name": "s", **table})

    assert path in [each.path for each in problems.value.found]


async def test_what_a_plan_says_of_sources_is_read_as_it_was_written(desk: Desk) -> None:
    """All of it, and nothing changes by bringing it in again."""
    whole: list[dict[str, Any]] = [
        {"name": "g", "kind": "grafana", "feed": "ops", "secret": "kept", "header": "X-A", "timestamp_header": "X-B"},
        {"name": "m", "kind": "generic", "map": {**MAP, "items": "@", "status_words": {"ok": "resolved"}}},
    ]
    await planned(desk, {**whole[0], "secret": SECRET}, whole[1])
    _, tables = await planning.export(desk.parts.storage, "one")

    assert {**whole[1]["map"], "severity_words": {"sev1": "critical"}} == tables["source"][1]["map"]
    assert whole[0] == tables["source"][0]
    assert [] == await planned(desk, *tables["source"])


async def test_what_came_before_its_mapping_is_read_by_it_later(desk: Desk) -> None:
    """By `alertbot replay`: the odd alert of the message is closed, and what the message says is there."""
    parts = desk.parts
    await desk.client.post("/in/generic", json={"what": {"t": "Disk full"}}, headers=bearer("ingest"))
    odd = await desk.alerts()
    await planned(desk, {"name": "tool", "kind": "generic", "map": {"summary": "what.t"}})
    found = await again(
        parts.storage,
        "one",
        lambda dialect, body, source: read(dialect, body, source, desk.clock()),
        lambda body: odd_alert(body, "").dedup_key,
        now=desk.clock(),
        only_say=False,
    )
    read_anew, closed = await desk.alerts()

    assert ["generic"] == [each.dialect for each in found]
    assert "open" == odd[0]["state"]
    assert ("Disk full", "open", "closed") == (read_anew["summary"], read_anew["state"], closed["state"])
