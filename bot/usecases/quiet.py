"""Quiet: what of a transaction's news is kept from the rooms, because a silence covers it or the room never heard of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.domain.actor import source
from bot.domain.alert import Alert, Event
from bot.domain.silence import CALLS, FOLLOWS, Silence, covering
from bot.storage import silences
from bot.storage.engine import Tx
from bot.storage.outbox import Post

SILENCED = "silenced"
"""What history calls it: `silenced by S3`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Telling:
    """News of an alert on its way to a room. `fresh`: an alert that the room knows as closed, or not at all."""

    post: Post
    alert: Alert
    fresh: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """What a room knows of an alert: whether it has heard of this firing, and which silence keeps later news from it."""

    heard: bool = True
    silenced_by: int | None = None


@dataclass(kw_only=True, slots=True)
class Kept:
    """What came of it: the posts that are not told, what the rooms know by now, and what goes into the books."""

    posts: set[int] = field(default_factory=set)
    known: dict[int, Known] = field(default_factory=dict)
    events: list[tuple[int, Event]] = field(default_factory=list)
    hidden: list[tuple[int, int]] = field(default_factory=list)


def kept_back(tellings: Iterable[Telling], live: Sequence[Silence], now: int) -> Kept:
    """Decide, news by news, what is told. `posts` of the answer are the identities (`id`) of the posts that are not."""
    kept = Kept()
    for telling in tellings:
        alert, post = telling.alert, telling.post
        before = kept.known.get(alert.number, Known(heard=alert.heard, silenced_by=alert.silenced_by))
        covered = covering(live, alert, post.room, now) if live and post.news in CALLS else []
        home = post.room == alert.room
        if covered:
            kept.posts.add(id(post))
            kept.events += [(alert.number, _event(silence, post, now)) for silence in covered]
            kept.hidden += [(silence.number, alert.number) for silence in covered]
            after = Known(heard=before.heard and not telling.fresh, silenced_by=covered[0].number)
        elif post.news in FOLLOWS and not before.heard and home:
            kept.posts.add(id(post))
            continue
        else:
            after = Known()
        if home and after != before:
            kept.known[alert.number] = after
    return kept


def _event(silence: Silence, post: Post, now: int) -> Event:
    return Event(action=SILENCED, at=now, by=source(silence.label), note=post.news.value)


async def note(tx: Tx, tenant: int, kept: Kept, now: int) -> None:
    """Write what the silences hid into their books."""
    await silences.hide(tx, tenant, kept.hidden, now)
