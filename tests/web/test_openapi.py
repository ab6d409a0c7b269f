import re
from typing import Any

import pytest

from bot.sources.generic import PostedAlert
from bot.web import api, ingest
from bot.web.openapi import ACTIONS, document
from tests.web.conftest import Desk


def references(value: Any) -> set[str]:
    """Return every reference in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(each) for each in value.values()))
    if isinstance(value, list):
        return set().union(*(references(each) for each in value))
    return set()


async def test_served(desk: Desk) -> None:
    """The document is there for everybody, and is OpenAPI 3.1."""
    async with desk.client.get("/api/v1/openapi.json") as response:
        assert response.status == 200
        assert response.content_type == "application/json"
        said = await response.json()
    assert said["openapi"].startswith("3.1.")
    assert document() == said


def test_every_route_is_described() -> None:
    """What is routed is described, and the other way round."""
    routed = set()
    for route in (*ingest.routes(), *api.routes()):
        path = re.sub(r"\{number[^/]*\}", "{n}", route.path)
        names = ACTIONS if "{action" in path else [""]
        routed |= {(re.sub(r"\{action.*\}", name, path), route.method.lower()) for name in names}
    described = {(path, method) for path, methods in document()["paths"].items() for method in methods}

    assert {(path, method) for path, method in routed if path.startswith("/api/v1/")} == described
    assert set(api.ACTIONS) == set(ACTIONS)


def test_references() -> None:
    """Every reference leads to a schema, and every schema is used."""
    said = document()

    assert {f"#/components/schemas/{name}" for name in said["components"]["schemas"]} == references(said)


def test_made_of_the_struct_that_decodes() -> None:
    """The posted alert is described by the struct that decodes it."""
    schema = document()["components"]["schemas"]["PostedAlert"]

    assert set(PostedAlert.__struct_fields__) == set(schema["properties"])
    assert [] == schema["required"]
    assert schema["properties"]["summary"]["maxLength"] == 1024


async def test_answers_are_as_described(desk: Desk) -> None:
    """An alert in an answer has exactly the members that the document lists."""
    await desk.post("/api/v1/alerts", {"summary": "x"})
    schema = document()["components"]["schemas"]["AlertBody"]

    assert list(schema["properties"]) == list(await desk.get("/api/v1/alerts/1"))


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_is_described_as_it_is_taken(name: str) -> None:
    """What it needs is required and no null, and `until` is there for what ends by itself only."""
    body = document()["paths"][f"/api/v1/alerts/{{n}}/{name}"]["post"]["requestBody"]
    schema = body["content"]["application/json"]["schema"]
    needed = {"assign": ["to"], "snooze": ["until"], "note": ["note"]}.get(name, [])
    ends = {"type": "null"} != schema["properties"]["until"]

    assert needed == schema.get("required", [])
    assert bool(needed) == body["required"]
    assert (name in {"ack", "snooze"}) == ends
    assert "null" not in str([schema["properties"][each] for each in needed])


async def test_a_label_as_openapi_writes_it(desk: Desk) -> None:
    """`label[NAME]=VALUE` asks what `label.NAME=VALUE` does, and the same name twice is refused."""
    await desk.post("/api/v1/alerts", [{"summary": "a", "labels": {"x.y": "1"}}, {"summary": "b"}])
    found = await desk.get("/api/v1/alerts?label[x.y]=1")
    async with desk.client.get("/api/v1/alerts?label[x]=1&label.x=1", headers=desk.headers) as answer:
        assert 422 == answer.status

    assert ["a"] == [alert["summary"] for alert in found["alerts"]]
    assert found == await desk.get("/api/v1/alerts?label.x.y=1")
