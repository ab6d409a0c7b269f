"""Pasted tokens: what Hipchat says of a room or user token, and its answers explained to people (hipchat-api.md 2.1)."""

from urllib.parse import urlsplit

from bot.domain.proof import Pasted
from bot.hipchat.client import HipchatClient
from bot.hipchat.tokens import TokenRefused
from bot.ports import Later, Never

GOOD = "Hipchat took the message ({status})."
NOT_TAKEN = (
    "Hipchat does not take this token (401): it is mistyped, expired, revoked, or from another Hipchat. "
    "Make a new one under Rooms, the room, Tokens"
)
NO_SCOPE = (
    "The token may not post here (403): it belongs to another room, or lacks the scope Send Notification. "
    "Make one in this very room with that scope"
)
NO_SUCH_ROOM = (
    "Hipchat knows no such room for this token (404): check the id or the exact name, upper and lower case too; "
    "a private room must have the token's owner as a member"
)
SLOW_DOWN = "Hipchat wants fewer messages just now (429); the bot waits and sends it later"
NEEDS_ROOM = "a user token works in any room, so say which: alertbot room add TOKEN --room ID-OR-NAME"
NOT_SAME_ROOM = "this token belongs to the room {name}, not to {asked}"


class Explained(Exception):
    """Hipchat's answer, in a sentence that says what to do."""


def explained(trouble: Later | Never | TokenRefused) -> str:
    """Say in a sentence what an answer of Hipchat means, or why there was none."""
    if isinstance(trouble, TokenRefused) or trouble.status == 401:
        return NOT_TAKEN
    match trouble.status:
        case 403:
            return NO_SCOPE
        case 404:
            return NO_SUCH_ROOM
        case 429:
            return SLOW_DOWN
        case _:
            return trouble.reason


async def look_up(client: HipchatClient, api_url: str, token: str, room: str | None) -> Pasted:
    """Ask Hipchat what a token is and which room it means. Raises Explained."""
    try:
        session = (await client.session(api_url, token)).value
        bound = session.client.room
        if bound is not None:
            if room is not None and room not in {str(bound.id), bound.name}:
                raise Explained(NOT_SAME_ROOM.format(name=bound.name, asked=room))
            room_id, room_name = bound.id, bound.name or str(bound.id)
        elif room is None:
            raise Explained(NEEDS_ROOM)
        else:
            found = (await client.room(api_url, token, int(room) if room.isdecimal() else room)).value
            room_id, room_name = found.id, found.name
    except (Later, Never, TokenRefused) as trouble:
        raise Explained(explained(trouble)) from None
    return Pasted(
        host=urlsplit(api_url).netloc.lower(),
        group_id=session.group_id or 0,
        group_name=session.group_name or urlsplit(api_url).netloc,
        room_id=room_id,
        room_name=room_name,
        api_url=api_url,
        kind="room" if bound is not None else "user",
        label=session.client.name,
    )


async def try_out(client: HipchatClient, api_url: str, token: str, room_id: int, text: str) -> str:
    """Post a message with a token; return what Hipchat's good answer means. Raises Explained."""
    body = {"message": text, "message_format": "text", "color": "gray", "notify": False}
    try:
        answer = await client.notification(api_url, token, room_id, body)
    except (Later, Never, TokenRefused) as trouble:
        raise Explained(explained(trouble)) from None
    return GOOD.format(status=answer.status)
