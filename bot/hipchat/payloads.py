"""The bodies that Hipchat sends and answers, as structs that are checked while they are decoded.

Unknown fields are ignored, since Hipchat added some over the years; a wrong type is refused, since nobody but a forger
sends one. Section numbers are those of hipchat-api.md.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct, field

BODY_LIMIT = 1 << 20
"""Bytes of a callback that are worth reading: the longest message has 32,768 characters (10.3)."""

Id = Annotated[int, Meta(ge=1, le=2**63 - 1)]
"""Room and user ids (4)."""
Opaque = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+\Z")]
"""Message ids and secrets: visible ASCII, so that they fit a header, a log line and a database."""
OAuthId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+\Z")]
"""An installation's id: a UUID so far (2.2); fit for a URL's path and for the name in Basic."""
Address = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"^[\x21-\x7e]+\Z")]
"""A URL as far as its characters go; whether we may go there is decided in capabilities.py."""
TokenText = Annotated[str, Meta(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9._~+/=-]+\Z")]
"""A bearer token (RFC 6750, 2.1)."""

T = TypeVar("T")


class BadBody(ValueError):
    """A body that is not what its sender should send; the text names the field and holds nothing of its value."""


class Sender(Struct, frozen=True, kw_only=True):
    """Who wrote a message, as an object (9.5); a guest's may lack nearly everything (18, 4)."""

    id: Id | None = None
    name: str = ""
    mention_name: str = ""


class Mention(Struct, frozen=True, kw_only=True):
    """A user mentioned in a message (9.5)."""

    id: Id
    name: str = ""
    mention_name: str = ""


class CallbackRoom(Struct, frozen=True, kw_only=True):
    """The room of a callback (9.5)."""

    id: Id
    name: str = ""
    is_archived: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """A message of a room (9.5). `message` is the raw text; it may hold any character."""

    id: Opaque
    message: str
    sender: Sender | str | None = field(name="from", default=None)
    mentions: list[Mention] = []
    date: str = ""
    type: str = "message"

    @property
    def sender_id(self) -> int | None:
        """The id of the user who wrote it, None for integrations and whoever has no profile."""
        return self.sender.id if isinstance(self.sender, Sender) else None


class MessageItem(Struct, frozen=True, kw_only=True):
    """The item of the two message events."""

    message: Message
    room: CallbackRoom


class RoomItem(Struct, frozen=True, kw_only=True):
    """The item of all other events: a room, and who did it when Hipchat says so (9.5; 18, 7)."""

    room: CallbackRoom
    sender: Sender | str | None = None


class Callback(Struct, frozen=True, kw_only=True, tag_field="event"):
    """The common frame of webhooks (9.5)."""

    oauth_client_id: OAuthId | None = None
    webhook_id: Id | None = None


class RoomMessage(Callback, frozen=True, kw_only=True, tag="room_message"):
    """Somebody wrote in a room."""

    item: MessageItem


class RoomNotification(Callback, frozen=True, kw_only=True, tag="room_notification"):
    """An integration wrote in a room."""

    item: MessageItem


class RoomEvent(Callback, frozen=True, kw_only=True):
    """Something happened to a room or in it."""

    item: RoomItem


class RoomEnter(RoomEvent, frozen=True, kw_only=True, tag="room_enter"):
    """Somebody came in."""


class RoomExit(RoomEvent, frozen=True, kw_only=True, tag="room_exit"):
    """Somebody left."""


class RoomTopicChange(RoomEvent, frozen=True, kw_only=True, tag="room_topic_change"):
    """The topic changed."""


class RoomFileUpload(RoomEvent, frozen=True, kw_only=True, tag="room_file_upload"):
    """A file was shared."""


class RoomCreated(RoomEvent, frozen=True, kw_only=True, tag="room_created"):
    """A room was made."""


class RoomArchived(RoomEvent, frozen=True, kw_only=True, tag="room_archived"):
    """A room takes no messages any more, for now."""


class RoomUnarchived(RoomEvent, frozen=True, kw_only=True, tag="room_unarchived"):
    """A room takes messages again."""


class RoomDeleted(RoomEvent, frozen=True, kw_only=True, tag="room_deleted"):
    """A room is gone for good."""


Webhook = (
    RoomMessage
    | RoomNotification
    | RoomEnter
    | RoomExit
    | RoomTopicChange
    | RoomFileUpload
    | RoomCreated
    | RoomArchived
    | RoomUnarchived
    | RoomDeleted
)


class Install(Struct, frozen=True, kw_only=True, rename="camel"):
    """The installation callback (7.2): unsigned, so everything in it is a claim."""

    oauth_id: OAuthId
    oauth_secret: Opaque
    capabilities_url: Address
    group_id: Id
    room_id: Id | None = None

    def __repr__(self) -> str:
        return f"Install(oauth_id={self.oauth_id!r}, group_id={self.group_id}, room_id={self.room_id})"


class Update(Struct, frozen=True, kw_only=True, rename="camel"):
    """The update callback (7.4): no new secret; the group may be left out."""

    oauth_id: OAuthId
    capabilities_url: Address
    group_id: Id | None = None
    room_id: Id | None = None


class Gone(Struct, frozen=True, kw_only=True, rename="camel"):
    """What `installable_url` tells the uninstalled page (7.5)."""

    oauth_id: OAuthId


class Links(Struct, frozen=True, kw_only=True):
    """Where a Hipchat says it lives (1)."""

    self_url: Address = field(name="self")
    homepage: Address
    api: Address | None = None
    subdomain: Address | None = None


class OAuth2Provider(Struct, frozen=True, kw_only=True, rename="camel"):
    """Where tokens come from (1)."""

    token_url: Address
    authorization_url: Address | None = None


class ApiProvider(Struct, frozen=True, kw_only=True):
    """Where API v2 is; the URL ends in a slash (1)."""

    url: Address


class Capabilities(Struct, frozen=True, kw_only=True):
    """What a Hipchat offers to add-ons (1)."""

    oauth2: OAuth2Provider = field(name="oauth2Provider")
    api: ApiProvider = field(name="hipchatApiProvider")


class CapabilitiesDocument(Struct, frozen=True, kw_only=True):
    """The capabilities document of a Hipchat (1)."""

    links: Links
    capabilities: Capabilities
    name: str = ""


class TokenAnswer(Struct, frozen=True, kw_only=True):
    """The token URL's answer (3.2); `expires_in` is in seconds."""

    access_token: TokenText
    expires_in: Annotated[int, Meta(ge=0, le=2**40)]
    group_id: Id
    group_name: str = ""
    scope: str = ""

    def __repr__(self) -> str:
        return f"TokenAnswer(expires_in={self.expires_in}, group_id={self.group_id}, scope={self.scope!r})"


class SessionRoom(Struct, frozen=True, kw_only=True):
    """The one room that a client is bound to (3.4)."""

    id: Id
    name: str = ""


class SessionClient(Struct, frozen=True, kw_only=True):
    """The OAuth client that a token belongs to (3.4); a group-wide one has no room."""

    name: str = ""
    room: SessionRoom | None = None
    allowed_scopes: list[str] = []
    id: str | None = None


class Session(Struct, frozen=True, kw_only=True):
    """What a token is good for (3.4)."""

    client: SessionClient
    scopes: list[str] = []
    group_id: Id | None = None
    group_name: str = ""
    owner_type: str = ""


class User(Struct, frozen=True, kw_only=True):
    """A user of the directory (14)."""

    id: Id
    name: str
    mention_name: str = ""
    email: str | None = None
    timezone: str | None = None
    is_guest: bool = False
    is_deleted: bool = False
    is_group_admin: bool = False


class Room(Struct, frozen=True, kw_only=True):
    """A room of the directory (13)."""

    id: Id
    name: str
    privacy: str = ""
    is_archived: bool = False
    owner: Sender | None = None


class Fault(Struct, frozen=True, kw_only=True):
    """The inside of an error body (4.3); only the message may be relied on, when it is there."""

    message: str | None = None


class FaultBody(Struct, frozen=True, kw_only=True):
    """An error body (4.3)."""

    error: Fault


_WEBHOOK: msgspec.json.Decoder[Webhook] = msgspec.json.Decoder(Webhook)
_FAULT: msgspec.json.Decoder[FaultBody] = msgspec.json.Decoder(FaultBody)


def read_webhook(body: bytes) -> Webhook:
    """Read a webhook's body, a struct per event; raise BadBody for one that Hipchat would not send."""
    return _read(_WEBHOOK, body)


def read(kind: type[T], body: bytes) -> T:
    """Read any other body of this file; raise BadBody when it is not of that kind."""
    return _read(msgspec.json.Decoder(kind), body)


def fault_text(body: bytes) -> str:
    """Return `error.message` of an error body, or nothing: it may be missing, and the body may be anything (4.3)."""
    try:
        return _FAULT.decode(body).error.message or ""
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ""


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise BadBody(_without_value(str(error))) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadBody("not JSON") from None


def _without_value(reason: str) -> str:
    """Cut what the sender wrote out of a decoder's words: it might be a secret, or hostile to whoever reads the log."""
    return "unknown event" if reason.startswith("Invalid value") else reason[:200]
