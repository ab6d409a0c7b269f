"""Reading: one request by one source, whatever charset it came in, and what is kept of it to be read again.

A source sees sound UTF-8. Where it understands nothing, the request's documents are read one by one, as far as they are plain; what is
not understood then is an odd-looking alert of all that came, the query too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from bot.domain.charset import as_utf8, decoded
from bot.domain.signal import DESCRIPTION_LIMIT, Kind, Signal, clean
from bot.sources.lenient import LIMIT, Document
from bot.sources.payload import FORM, MULTIPART, Payload, in_utf8, kept
from bot.sources.values import Item, elements, is_odd, nearly, odd, odd_key, readable

Parse = Callable[[Payload], list[Item]]
Keep = Callable[[Payload], bytes]

OPENING = frozenset({Kind.FIRING, Kind.NOTE})
"""What is believed of a document whose end is missing: an end or an acknowledgement might be another alert's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What a request says, and what is kept of it."""

    items: list[Item]
    kept: bytes


def reading(payload: Payload, parse: Parse, keep: Keep = kept) -> Reading:
    """Read a request by a source. It is kept as it came, unless only its declared charset tells what it says."""
    sound = in_utf8(payload)
    if sound is not payload and as_utf8(payload.body) != sound.body:
        payload = sound
    items = parse(sound)
    if not _unread(items, sound, keep):
        return Reading(items=items, kept=keep(payload))
    plain = _one_by_one(sound, parse) or _by_query(sound, parse)
    if plain:
        return Reading(items=plain, kept=keep(payload))
    whole = keep(_with_query(payload))
    (item,) = items
    if not isinstance(item, Signal) or item.dedup_key == odd_key(whole):
        return Reading(items=items, kept=whole)
    found = odd(whole, item.sender)
    named = replace(item, dedup_key=found.dedup_key, summary=found.summary, description=found.description)
    return Reading(items=[named], kept=whole)


def _unread(items: list[Item], payload: Payload, keep: Keep) -> bool:
    """Whether a source understood nothing of a request as a whole."""
    if len(items) != 1 or not is_odd(items[0]):
        return False
    return not payload.body.strip() or items[0].dedup_key in {
        odd(each, "").dedup_key for each in (payload.body, keep(payload))
    }


def _one_by_one(payload: Payload, parse: Parse) -> list[Item]:
    """Read each document of a body; nothing where none is understood, or there is but the one that was not."""
    found: list[Item] = []
    cut = False
    for document in _documents(payload.body):
        cut = cut or not document.whole
        for item in parse(replace(payload, body=document.json)):
            doubtful = isinstance(item, Signal) and not document.whole and item.kind not in OPENING
            found.append(odd(payload.body, item.sender) if doubtful and isinstance(item, Signal) else item)
    if all(map(is_odd, found)):
        return []
    # What stands below the part that is read must not be lost unseen.
    rest = [odd(payload.body, item.sender) for item in found[:1] if isinstance(item, Signal)]
    return [*found, *rest] if cut and len(payload.body) > LIMIT else found


def _by_query(payload: Payload, parse: Parse) -> list[Item]:
    """Read a query that says what there is to say, with a text below it; nothing where it does not."""
    if not payload.query or not payload.body.strip():
        return []
    items = parse(replace(payload, body=b""))
    if all(map(is_odd, items)):
        return []
    text = clean(decoded(payload.body).strip(), DESCRIPTION_LIMIT)
    return [replace(item, description=item.description or text) if isinstance(item, Signal) else item for item in items]


def _documents(body: bytes) -> Iterator[Document]:
    found = nearly(body)
    if len(found) > 1 or not all(document.whole for document in found):
        yield from found
        return
    sound = readable(body)
    for raw in (elements(sound) if sound is not None else None) or []:
        if bytes(raw)[:1] == b"{":
            yield Document(json=bytes(raw), whole=True)


def _with_query(payload: Payload) -> Payload:
    """Return a request with its query below its body."""
    if not payload.query or not payload.body.strip():
        return payload
    sign = b"&" if payload.content_type in {FORM, MULTIPART} else b"\n?"
    query = kept(replace(payload, body=b"", content_type=FORM))
    return replace(payload, body=kept(payload) + sign + query, content_type=FORM, query={})
