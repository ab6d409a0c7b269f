"""Whatever is posted is taken or politely refused: no value breaks a check."""

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.standin.control import FAULT, INSTALL, WEBHOOK_FAULT
from bot.standin.descriptor import DESCRIPTOR, Refused, validate
from bot.standin.journal import CUT, Entry, Journal
from bot.standin.schemas import CREATE_ROOM, GLANCE_PUSH, NOTIFICATION, UPDATE_USER, WEBHOOK
from bot.standin.validation import Invalid, Schema, check
from tests.standin.addon import descriptor

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
SCHEMAS = (NOTIFICATION, WEBHOOK, CREATE_ROOM, UPDATE_USER, GLANCE_PUSH, INSTALL, FAULT, WEBHOOK_FAULT, DESCRIPTOR)


@st.composite
def nearly(draw: st.DrawFn, schema: Schema) -> Any:
    """Draw an object with the schema's keys and any values."""
    names = list(schema["properties"])
    return draw(st.dictionaries(st.sampled_from(names), JSON, max_size=len(names)))


@given(st.sampled_from(SCHEMAS).flatmap(lambda schema: st.tuples(st.just(schema), JSON | nearly(schema))))
def test_any_value_is_good_or_invalid(pair: tuple[Schema, Any]) -> None:
    """A check raises Invalid or nothing."""
    schema, value = pair
    with contextlib.suppress(Invalid):
        check(value, schema)


@given(st.data())
def test_any_spoiled_descriptor_is_good_or_refused(data: st.DataObject) -> None:
    """A good descriptor with one value replaced is taken or refused."""
    body = descriptor("https://bot.example.com")
    place: Any = body
    while True:
        keys: list[Any] = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            break
        place = place[key]
    place[key] = data.draw(JSON)
    with contextlib.suppress(Refused):
        assert body is validate(body)


def test_deep_values_are_refused() -> None:
    """Conditions nested without end are refused, not followed."""
    conditions: list[Any] = [{"condition": "user_is_admin"}]
    for _ in range(100):
        conditions = [{"type": "and", "conditions": conditions}]
    body = descriptor("https://bot.example.com")
    body["capabilities"]["glance"][0]["conditions"] = conditions

    with pytest.raises(Refused):
        validate(body)


@given(before=st.text("aZ9é -", max_size=45), after=st.text("aZ9é -", max_size=45))
def test_a_known_secret_is_cut_wherever_it_stands(before: str, after: str) -> None:
    """No neighbour hides a secret, and the neighbours stay."""
    secret = "S3cret" + "x" * 34
    body = json.dumps({"message": before + secret + after}).encode()
    journal = Journal()
    journal.entries.append(Entry(at=0.0, method="POST", path="/", query=[], headers=[], body=body))

    assert [before + CUT + after] == [entry["body"]["message"] for entry in journal.shown({secret})]
