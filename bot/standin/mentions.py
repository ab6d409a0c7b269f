"""Who is mentioned in a text (hipchat-api.md 10.2)."""

import re
from collections.abc import Iterable

from bot.standin.people import User


def mentioned(text: str, users: Iterable[User]) -> tuple[int, ...]:
    """Return the ids of the people mentioned, in order of appearance; `@all` and `@here` are not people (18, line 5).

    The name is exact but for case, with no word character before the `@` or after the name.
    """
    if "@" not in text:
        return ()
    found = []
    for user in users:
        if user.is_deleted:
            continue
        match = re.search(rf"(?<!\w)@{re.escape(user.mention_name)}(?!\w)", text, re.IGNORECASE)
        if match:
            found.append((match.start(), user.id))
    return tuple(user_id for _, user_id in sorted(found))
