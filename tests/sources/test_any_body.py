from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.signal import DESCRIPTION_LIMIT, KEY_LIMIT, LABELS_LIMIT, LINKS_LIMIT, SUMMARY_LIMIT, Rejected, Signal
from bot.sources import SOURCES, alertmanager, generic, prometheus, take
from bot.sources.payload import FORM, Payload
from bot.sources.values import Item, is_odd, odd
from tests.sources.hostile import BODY, ITEM, TEXT, encoded

NOW = 1_767_323_045_000
EXAMPLES = 400
GROUPS = {"alertmanager", "grafana", "generic", "auto"}
"""Sources whose group of alerts may be empty."""

TYPES = st.sampled_from(["application/json", FORM, "text/plain"])


def check(items: Iterable[Item]) -> None:
    """Check that each item can be stored, or says where its fault is."""
    for item in items:
        if isinstance(item, Rejected):
            assert item.reason
            assert item.path == "" or item.path.startswith("/")
            continue
        texts = [item.dedup_key, item.summary, item.description, item.source, item.note, *item.labels]
        texts += [*item.labels.values(), *(part for link in item.links for part in (link.text, link.href))]
        for text in texts:
            assert "\x00" not in text
            text.encode()
        assert 1 <= len(item.summary) <= SUMMARY_LIMIT
        assert 1 <= len(item.dedup_key) <= KEY_LIMIT
        assert len(item.description) <= DESCRIPTION_LIMIT
        assert len(item.links) <= LINKS_LIMIT
        assert len(item.labels) <= LABELS_LIMIT + 4
        for moment in (item.starts_at, item.ends_at):
            assert moment is None or abs(moment) < 2**62


@settings(max_examples=EXAMPLES, deadline=None)
@given(BODY)
def test_any_body(body: bytes) -> None:
    """Any body is read as signals that can be stored and refusals with a reason; nothing raises."""
    check(generic.parse(body))
    check(prometheus.parse(body, now=NOW))
    for name, parse in SOURCES.items():
        items = parse(Payload(body=body, headers={"ce-specversion": "1.0"} if len(body) % 2 else {}))
        assert all(isinstance(item, Signal) for item in items), name
        assert items or name in GROUPS
        check(items)


@settings(max_examples=EXAMPLES, deadline=None)
@given(BODY, TYPES, st.dictionaries(TEXT, TEXT, max_size=2), st.sampled_from(["", "utf-16", "latin1", "koi8-r", "x"]))
def test_any_request(body: bytes, content_type: str, query: dict[str, str], charset: str) -> None:
    """Any request is read, as the web reads it, as signals that can be stored; what nobody understands has what is kept for its key."""
    payload = Payload(body=body, content_type=content_type, query=query, charset=charset)
    for name in SOURCES:
        found = take(name, payload)
        assert found.items or name in GROUPS
        check(found.items)
        for item in found.items:
            whole = len(found.items) == 1 and is_odd(item)
            assert not whole or name in GROUPS or item.dedup_key == odd(found.kept, name).dedup_key


@settings(max_examples=EXAMPLES, deadline=None)
@given(BODY)
def test_alertmanager_refuses_nothing(body: bytes) -> None:
    """Whatever comes by webhook is shown in some way."""
    items = alertmanager.parse(Payload(body=body))

    assert all(isinstance(item, Signal) for item in items)
    assert items or b"alerts" in body


@settings(max_examples=EXAMPLES, deadline=None)
@given(ITEM)
@pytest.mark.parametrize("source", ["generic", "prometheus", "alertmanager"])
def test_neighbours(source: str, item: Any) -> None:
    """An odd item takes none of its neighbours with it, and is one item itself."""
    if source == "generic":
        around: list[Any] = [{"summary": "before"}, {"summary": "after"}]
        items = generic.parse(encoded([around[0], item, around[1]]))
    else:
        around = [{"labels": {"alertname": "before"}}, {"labels": {"alertname": "after"}}]
        alerts = [around[0], item, around[1]]
        items = (
            prometheus.parse(encoded(alerts), now=NOW)
            if source == "prometheus"
            else alertmanager.parse(Payload(body=encoded({"alerts": alerts})))
        )

    assert ["before", "after"] == [getattr(items[index], "summary", None) for index in (0, -1)]
    assert len(items) == 3
    check(items)


def test_a_large_body_that_is_nearly_json() -> None:
    """Is read at its beginning, and shown for the rest."""
    alert = b'{"labels":{"alertname":"A"},"annotations":{"summary":"x\ny"}},'
    *read, rest = take("alertmanager", Payload(body=b'{"alerts":[' + alert * 30_000 + b"]}")).items

    assert 10_000 < len(read) < 30_000
    assert not any(map(is_odd, read[:-1]))
    assert is_odd(rest)
