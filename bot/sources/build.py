"""Building a signal of texts from outside: everything is cleaned and cut, and an empty one costs nothing but itself."""

from collections.abc import Iterable, Mapping

from bot.domain.signal import (
    DESCRIPTION_LIMIT,
    LABEL_VALUE_LIMIT,
    SUMMARY_LIMIT,
    Kind,
    Link,
    Signal,
    clean,
    key_within_limit,
    made_key,
)
from bot.domain.vocabulary import severity_or_warning
from bot.sources.values import labels_within_limits, links_within_limits, time_of

UNREADABLE_START = "starts_at_raw"
NAME_LIMIT = 256
ENDS_OR_BEGINS = (Kind.FIRING, Kind.RESOLVED)
NAMELESS = "An alert without words, from {}"


def build(
    sender: str,
    *,
    key: str = "",
    summary: str,
    kind: Kind = Kind.FIRING,
    severity: str = "",
    source: str = "",
    description: str = "",
    labels: Mapping[str, str] | None = None,
    links: Iterable[Link | None] = (),
    starts_at: str = "",
    author: str = "",
    note: str = "",
    delivery_id: str = "",
    opens: bool = False,
) -> Signal:
    """Return a signal. Without a key the same words and labels are the same problem."""
    kept = labels_within_limits({name: value for name, value in labels.items() if name and value}) if labels else {}
    words = clean(" ".join(summary.split()), SUMMARY_LIMIT) or NAMELESS.format(sender)
    ranked = severity_or_warning(severity, kept)
    begun = time_of(starts_at) if starts_at else None
    if starts_at and begun is None:
        kept[UNREADABLE_START] = clean(starts_at, LABEL_VALUE_LIMIT)
    return Signal(
        dedup_key=key_within_limit(key) if key.strip() else made_key(words, kept),
        summary=words,
        sender=sender,
        kind=kind,
        severity=ranked,
        source=clean(source or sender, NAME_LIMIT),
        description=clean(description.strip(), DESCRIPTION_LIMIT) if description else "",
        labels=kept,
        links=links_within_limits(links) if links else (),
        starts_at=begun,
        author=clean(author, NAME_LIMIT) if author else "",
        note=clean(note, DESCRIPTION_LIMIT) if note else "",
        delivery_id=key_within_limit(f"{sender}:{delivery_id}") if delivery_id else "",
        opens=opens and kind not in ENDS_OR_BEGINS,
    )
