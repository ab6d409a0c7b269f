"""The generic API's alerts, version 1 (product.md 4): one JSON object, or an array of them.

A sound body is decoded in one go. One that is not is read item by item, so that a bad item is rejected with its path
and its neighbours are not. What is merely odd (a long text, a number for a label, a time nobody can read) is kept as a
harmless alert that says so in a label or in its note.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

import msgspec

from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    KEY_LIMIT,
    LABEL_VALUE_LIMIT,
    SUMMARY_LIMIT,
    Kind,
    Rejected,
    Severity,
    Signal,
    clean,
    key_within_limit,
    made_key,
)
from bot.domain.vocabulary import kind_of, severity_or_warning
from bot.sources.values import (
    Broken,
    Item,
    elements,
    is_null,
    is_text,
    labels_within_limits,
    link_to,
    links_within_limits,
    members,
    nearly,
    readable,
    text_of,
    texts_of,
    time_of,
)

SENDER = "api"
SOURCE_LIMIT = 256
UNREADABLE_START = "starts_at_raw"

NOT_JSON = "the body is not JSON"
NEARLY = "the body is not quite JSON: what is plain in it was taken"
CUT_OFF = "the body is cut off or not plain JSON, and an end or an acknowledgement is not taken from such a one"
NOT_ALERTS = "an alert is a JSON object, or an array of such objects"
NOTHING = "there is no alert in this array"
NOT_OBJECT = "an alert is a JSON object"
NOT_TEXT = "{} must be a string"
NOT_LABELS = "labels must be an object with strings"
NOT_LINKS = 'links must be an array of {"text", "href"}'
NO_SUMMARY = "summary is required, with 1 to 1024 characters (or dedup_key, when the status is an end)"
NO_STATUS = "status is firing, resolved or acknowledged"
START_DROPPED = "starts_at is dropped: it is no RFC 3339 time"
LINKS_DROPPED = "links are dropped that are no http, https or mailto addresses, or one too many"


def _said(description: str, **schema: object) -> msgspec.Meta:
    return msgspec.Meta(description=description, extra_json_schema=schema or None)


class PostedLink(msgspec.Struct, frozen=True, gc=False):
    """A place to read more about an alert."""

    href: Annotated[str, _said("http, https or mailto address", maxLength=2048)]
    text: Annotated[str, _said("what to show instead of the address", maxLength=256)] = ""


class PostedAlert(msgspec.Struct, frozen=True, gc=False):
    """An alert as it is posted. Members that are not listed here are ignored."""

    summary: Annotated[
        str,
        _said(
            "one line; longer ones are cut; may be missing where dedup_key names a problem that is over or acknowledged",
            maxLength=SUMMARY_LIMIT,
        ),
    ] = ""
    severity: Annotated[
        str | None,
        _said(
            "critical, error, warning or info, or another tool's word for it; an unknown word counts as warning and is "
            "kept as the label severity_raw",
            examples=["critical"],
        ),
    ] = None
    status: Annotated[
        str | None,
        _said(
            "firing (the default), resolved or acknowledged; other tools' words for them are taken, too",
            enum=["firing", "resolved", "acknowledged", None],
        ),
    ] = None
    dedup_key: Annotated[
        str | None,
        _said(
            "identity of the problem inside the feed; made from summary and labels when missing", maxLength=KEY_LIMIT
        ),
    ] = None
    source: Annotated[str | None, _said("who reports it; the key's name when missing")] = None
    description: Annotated[str | None, _said("longer text; cut when too long", maxLength=DESCRIPTION_LIMIT)] = None
    labels: Annotated[dict[str, str] | None, _said("names and values; other values are turned into text")] = None
    links: list[PostedLink] | None = None
    starts_at: Annotated[
        str | None,
        _said("RFC 3339; a time that cannot be read is dropped, kept as the label starts_at_raw", format="date-time"),
    ] = None


_decode = msgspec.json.Decoder(PostedAlert | list[PostedAlert]).decode
_decode_one = msgspec.json.Decoder(PostedAlert).decode
_decode_link = msgspec.json.Decoder(PostedLink).decode
_TEXTS = ("summary", "severity", "status", "dedup_key", "source", "description")


def parse(body: bytes, *, origin: str = SENDER) -> list[Item]:
    """Read a posted body; `origin` is the source of alerts that name none.

    Paths are JSON pointers into the body; a body that holds no alert at all is one Rejected with its reason.
    """
    try:
        posted = _decode(body)
    except Broken:
        return _one_by_one(body, origin)
    if type(posted) is not list:
        return [_signal(posted, "", origin)]
    if not posted:
        return [Rejected(reason=NOTHING, path="")]
    return [_signal(each, f"/{index}", origin) for index, each in enumerate(posted)]


def _one_by_one(body: bytes, origin: str) -> list[Item]:
    documents = nearly(body)
    if documents:
        several = len(documents) > 1
        return [
            _of_nearly(item, whole=document.whole)
            for index, document in enumerate(documents)
            for item in _of_document(document.json, f"/{index}" if several else "", origin)
        ]
    found = readable(body)
    return [Rejected(reason=NOT_JSON, path="")] if found is None else _of_document(found, "", origin)


def _of_nearly(item: Item, *, whole: bool) -> Item:
    if isinstance(item, Rejected):
        return item
    if not whole and item.kind is not Kind.FIRING:
        return Rejected(reason=CUT_OFF, path="", dedup_key=item.dedup_key)
    return replace(item, note="; ".join(filter(None, (NEARLY, item.note))))


def _of_document(found: bytes, path: str, origin: str) -> list[Item]:
    items = elements(found)
    if items is not None:
        return [_item(raw, f"{path}/{index}", origin) for index, raw in enumerate(items)] or [
            Rejected(reason=NOTHING, path=path)
        ]
    if members(found) is None:
        return [Rejected(reason=NOT_ALERTS, path=path)]
    return [_item(msgspec.Raw(found), path, origin)]


class _Mistyped(Exception):
    """A member that nobody can use, and where it stands in its item."""

    def __init__(self, reason: str, path: str) -> None:
        self.reason = reason
        self.path = path
        super().__init__(reason)


def _item(raw: msgspec.Raw, path: str, origin: str) -> Item:
    try:
        return _signal(_decode_one(raw), path, origin)
    except Broken:
        given = members(raw)
    if given is None:
        return Rejected(reason=NOT_OBJECT, path=path)
    given = {name: value for name, value in given.items() if not is_null(value)}
    try:
        return _signal(_loose(given), path, origin)
    except _Mistyped as wrong:
        key = text_of(given["dedup_key"]) if "dedup_key" in given else ""
        return Rejected(reason=wrong.reason, path=path + wrong.path, dedup_key=key_within_limit(key))


def _loose(given: Mapping[str, msgspec.Raw]) -> PostedAlert:
    """Read an item whose members are not all of the types they should be; raises _Mistyped."""
    for name in _TEXTS:
        if name in given and not is_text(given[name]):
            raise _Mistyped(NOT_TEXT.format(name), f"/{name}")
    texts: dict[str, str] = {name: text_of(given[name]) for name in _TEXTS if name in given}
    labels = texts_of(given["labels"]) if "labels" in given else {}
    if labels is None:
        raise _Mistyped(NOT_LABELS, "/labels")
    links = _links(given["links"]) if "links" in given else []
    starts_at = text_of(given["starts_at"]) if "starts_at" in given else None
    return PostedAlert(**texts, labels=labels, links=links, starts_at=starts_at)


def _links(raw: msgspec.Raw) -> list[PostedLink]:
    items = elements(raw)
    if items is None:
        raise _Mistyped(NOT_LINKS, "/links")
    links = []
    for index, item in enumerate(items):
        try:
            links.append(_decode_link(item))
        except Broken:
            raise _Mistyped(NOT_LINKS, f"/links/{index}") from None
    return links


def _signal(posted: PostedAlert, path: str, origin: str) -> Item:
    """Turn a decoded alert into a signal, or refuse it for what only its values show."""
    summary = posted.summary
    key = key_within_limit(posted.dedup_key) if posted.dedup_key else ""
    kind = Kind.FIRING
    if posted.status:
        word = kind_of(posted.status)
        if word is None:
            return Rejected(reason=NO_STATUS, path=f"{path}/status", dedup_key=key)
        kind = word
    if not summary or summary.isspace():
        if kind is Kind.FIRING or not key:
            return Rejected(reason=NO_SUMMARY, path=f"{path}/summary", dedup_key=key)
        summary = key
    labels: dict[str, str] = {}
    if posted.labels:
        labels = labels_within_limits(posted.labels)
    if not key:
        # What we add to the labels below is no part of the problem's identity.
        key = made_key(summary, posted.labels or {})
    notes = []
    starts_at = None
    if posted.starts_at:
        starts_at = time_of(posted.starts_at)
        if starts_at is None:
            labels[UNREADABLE_START] = clean(posted.starts_at, LABEL_VALUE_LIMIT)
            notes.append(START_DROPPED)
    links = links_within_limits(link_to(link.href, link.text) for link in posted.links) if posted.links else ()
    if posted.links and len(links) < len(posted.links):
        notes.append(LINKS_DROPPED)
    return Signal(
        dedup_key=key,
        summary=clean(summary, SUMMARY_LIMIT),
        sender=SENDER,
        kind=kind,
        severity=severity_or_warning(posted.severity, labels) if posted.severity else Severity.WARNING,
        source=clean(posted.source, SOURCE_LIMIT) if posted.source else origin,
        description=clean(posted.description, DESCRIPTION_LIMIT) if posted.description else "",
        labels=labels,
        links=links,
        starts_at=starts_at,
        note="; ".join(notes),
        opens=kind is Kind.ACKNOWLEDGED and summary is posted.summary,
    )
