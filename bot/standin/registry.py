"""What programs have in the group: OAuth clients, tokens, webhooks, pushed glances."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from bot.standin.broadcast import Broadcast
from bot.standin.events import AddonChanged, GlanceChanged
from bot.standin.rooms import Room
from bot.standin.tokens import Client, Token, new_token
from bot.standin.webhooks import Webhook

_FIRST_WEBHOOK: Final = 20005843


class Registry(Broadcast):
    """Clients and all that ends with them. `clock` gives seconds since 1970."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.clock = clock
        self.clients: dict[str, Client] = {}
        self.tokens: dict[str, Token] = {}
        self.webhooks: dict[int, Webhook] = {}
        self.glances: dict[tuple[str, str, int | None, int | None], Mapping[str, Any]] = {}
        self.secrets_made: set[str] = set()
        self._next_webhook = _FIRST_WEBHOOK

    def add_client(self, client: Client) -> Client:
        """Remember a client that was just made."""
        self.clients[client.id] = client
        self.secrets_made.add(client.secret)
        return client

    def remove_client(self, client: Client) -> None:
        """End a client: its tokens, webhooks and glances are gone at once."""
        self.clients.pop(client.id, None)
        self.tokens = {value: token for value, token in self.tokens.items() if token.client_id != client.id}
        self.webhooks = {key: hook for key, hook in self.webhooks.items() if hook.client_id != client.id}
        self.glances = {key: content for key, content in self.glances.items() if key[0] != client.id}
        self.publish(AddonChanged(client_id=client.id, change="uninstalled"))

    def add_token(
        self, client: Client, scopes: Iterable[str], *, expires_in: float | None, limit: int | None = None
    ) -> Token:
        """Make a token of a client; `expires_in` in seconds, None for none."""
        now = self.clock()
        token = Token(
            value=new_token(),
            client_id=client.id,
            scopes=tuple(scopes),
            created_at=now,
            expires_at=None if expires_in is None else now + expires_in,
            limit=limit,
        )
        self.tokens[token.value] = token
        self.secrets_made.add(token.value)
        return token

    def add_webhook(self, client: Client, room_id: int | None, **fields: Any) -> Webhook:
        """Register a webhook; further fields are those of `Webhook`."""
        hook = Webhook(id=self._next_webhook, client_id=client.id, room_id=room_id, created_at=self.clock(), **fields)
        self._next_webhook += 1
        self.webhooks[hook.id] = hook
        return hook

    def push_glance(
        self,
        client: Client,
        key: str,
        content: Mapping[str, Any],
        *,
        room_id: int | None = None,
        user_id: int | None = None,
    ) -> None:
        """Show a glance's new content where it is open (hipchat-api.md 15.2)."""
        self.glances[(client.id, key, room_id, user_id)] = content
        self.publish(GlanceChanged(client_id=client.id, key=key, content=content, room_id=room_id, user_id=user_id))

    def installations(self, room: Room) -> list[Client]:
        """Return the add-ons that work in a room: installed there or in the whole group."""
        return [
            client
            for client in self.clients.values()
            if client.kind == "addon" and client.status == "installed" and client.room_id in (None, room.id)
        ]
