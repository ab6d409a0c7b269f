"""Redact: a message is rid of its credentials, keys of ours among them, before it is read, kept or shown."""

from collections.abc import Collection

from bot.domain.redaction import is_suspect, redacted
from bot.storage import feeds
from bot.storage.engine import Storage

ASKED = 2_000
"""A message with more texts that look like keys is rid of all of them, unasked."""


async def message(storage: Storage, body: bytes, presented: Collection[str] = ()) -> bytes:
    """Return a message without its credentials, the same object where there are none; `presented` came with it. Raises StorageError."""
    if not is_suspect(body):
        return body
    asked: set[str] = set()
    done = redacted(body, presented, asked)
    if not asked:
        return done
    found = asked if len(asked) > ASKED else await storage.look(lambda tx: feeds.among(tx, asked))
    return redacted(body, {*presented, *found}) if found else done


async def text(storage: Storage, words: str, presented: Collection[str] = ()) -> str:
    """Return a text without its credentials; see `message`."""
    return (await message(storage, words.encode("utf-8", "replace"), presented)).decode()
