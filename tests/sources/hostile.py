"""Strategies for bodies that mean no good, or merely came from somewhere odd."""

import json
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    [
        "",
        "\x00",
        "\ud800",
        "\udc00\ud800",
        "<script>alert(1)</script>",
        "\u202egnihtemos",
        "/alert close all",
        "@all",
        "'; DROP TABLE alerts; --",
        "x" * 3000,
        "9" * 5000,
        "2026-01-02T03:04:05Z",
        "firing",
        "resolved",
        "critical",
    ]
)
NUMBER = (
    st.integers()
    | st.sampled_from([-(2**63) - 1, 2**64, 10**400, -1])
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUE = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)


def near(names: tuple[str, ...]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects with these members, some of them, of any values."""
    return st.dictionaries(st.sampled_from(names), VALUE, max_size=len(names))


ALERT = near(("summary", "severity", "status", "dedup_key", "source", "description", "labels", "links", "starts_at"))
LABELLED = near(("labels", "annotations", "status", "startsAt", "endsAt", "generatorURL", "fingerprint"))
ITEM = VALUE | ALERT | LABELLED


def spoiled(body: bytes) -> st.SearchStrategy[bytes]:
    """Draw the body with some bytes put in somewhere, or cut off."""
    place = st.integers(0, len(body))
    put = st.builds(lambda at, more: body[:at] + more + body[at:], place, st.binary(max_size=4))
    return put | place.map(lambda at: body[:at])


def nearly(value: Any) -> st.SearchStrategy[bytes]:
    """Draw JSON as people write it who paste it together, and as other charsets write it."""
    text = json.dumps(value, ensure_ascii=False)
    return st.sampled_from(
        [
            text.replace("\\n", "\n").replace('\\"', '"').encode("utf-8", "replace"),
            text.replace("}", ",}").replace("]", ",]").encode("utf-8", "replace"),
            text.replace('"', "'").encode("utf-8", "replace"),
            text.replace('"', "").encode("utf-8", "replace"),
            repr(value).encode("utf-8", "replace"),
            f"{text}\n{text}".encode("utf-8", "replace"),
            json.dumps(text).encode(),
            f"payload={text}".encode("utf-8", "replace"),
            *(text.encode(name, "replace") for name in ("latin-1", "utf-16", "utf-16-be", "utf-32", "utf-8-sig")),
        ]
    )


def encoded(value: Any) -> bytes:
    """Return JSON as ASCII, lone surrogates escaped."""
    return json.dumps(value).encode()


BODY = (
    st.binary(max_size=200)
    | (ITEM | st.lists(ITEM, max_size=4)).map(encoded)
    | near(("alerts", "status", "externalURL", "version")).map(encoded)
    | st.lists(ITEM, max_size=3).map(encoded).flatmap(spoiled)
    | (ITEM | st.lists(ITEM, max_size=3)).flatmap(nearly)
)
