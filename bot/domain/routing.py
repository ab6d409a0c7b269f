"""Routing: which room hears of an alert."""

from bot.domain.tenant import Feed


def room_for(feed: Feed) -> int | None:
    """Return the room that hears of a feed's alerts: the feed's default room."""
    return feed.room
