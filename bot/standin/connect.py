"""Hipchat Connect: installing, updating and uninstalling add-ons (hipchat-api.md 7)."""

import json
import secrets
import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from bot.standin.descriptor import Refused, fetch
from bot.standin.events import AddonChanged
from bot.standin.rooms import Room
from bot.standin.state import Hipchat
from bot.standin.tokens import Client, new_token

Flow = Literal["server", "client"]

_MOST_REDIRECTS: Final = 5


class Connect:
    """Speaks with add-ons on behalf of the group."""

    def __init__(self, hipchat: Hipchat, session: aiohttp.ClientSession) -> None:
        self.hipchat = hipchat
        self.session = session
        self._installables: dict[str, str] = {}
        hipchat.on_room_deleted.append(self._room_deleted)

    # -- installing ------------------------------------------------------------------------------------------------------

    async def install(self, url: str, *, room: Room | None, base: str, flow: Flow | None = None) -> Client:
        """Install the add-on at `url` into a room, or without one into the group; `base` is Hipchat's own address.

        `flow` is `server` where there is a `callbackUrl`, unless told. Raises Refused, and then nothing is left of it.
        """
        descriptor = await fetch(self.session, url)
        return await self._install(descriptor, url, room=room, base=base, flow=flow)

    async def _install(
        self, descriptor: Mapping[str, Any], url: str, *, room: Room | None, base: str, flow: Flow | None
    ) -> Client:
        urls = _allowed(descriptor, room)
        flow = flow or ("client" if urls.get("installedUrl") and not urls.get("callbackUrl") else "server")
        if flow == "client" and not urls.get("installedUrl"):
            raise Refused("The descriptor has no installedUrl")
        client = self._pending(descriptor, url, room=room, base=base)
        try:
            if urls.get("callbackUrl"):
                await self._call_back(urls["callbackUrl"], self._installation(client))
            if flow == "client":
                await self._browse(client)
        except BaseException:
            self.hipchat.remove_client(client)
            raise
        if client.status == "pending":
            self._begin(client)
        return client

    async def begin_in_browser(self, url: str, *, room: Room | None, base: str) -> str:
        """Install where a browser takes part: return the address to send it to (hipchat-api.md 7.3). Raises Refused.

        The installation is complete once `installable_url` was fetched; without an `installedUrl` it is complete at once.
        """
        descriptor = await fetch(self.session, url)
        urls = _allowed(descriptor, room)
        if not urls.get("installedUrl"):
            await self._install(descriptor, url, room=room, base=base, flow="server")
            return base + "/"
        client = self._pending(descriptor, url, room=room, base=base)
        if urls.get("callbackUrl"):
            try:
                await self._call_back(urls["callbackUrl"], self._installation(client))
            except Refused:
                self.hipchat.remove_client(client)
                raise
        return self._handover(client)

    def _pending(self, descriptor: Mapping[str, Any], url: str, *, room: Room | None, base: str) -> Client:
        consumer = descriptor.get("capabilities", {}).get("hipchatApiConsumer") or {}
        client = Client(
            id=str(uuid.uuid4()),
            secret=new_token(),
            kind="addon",
            name=descriptor["name"],
            scopes=tuple(dict.fromkeys(consumer.get("scopes", ()))),
            base_url=base,
            room_id=None if room is None else room.id,
            descriptor=descriptor,
            descriptor_url=url,
            status="pending",
            created_at=self.hipchat.clock(),
        )
        return self.hipchat.add_client(client)

    def _installation(self, client: Client) -> dict[str, Any]:
        """Return the five fields of hipchat-api.md 7.2; a global installation has no `roomId`."""
        room = {} if client.room_id is None else {"roomId": client.room_id}
        return {
            "oauthId": client.id,
            "oauthSecret": client.secret,
            "capabilitiesUrl": f"{client.base_url}/v2/capabilities",
            "groupId": self.hipchat.group_id,
            **room,
        }

    async def _call_back(self, url: str, body: Mapping[str, Any]) -> None:
        timeout = aiohttp.ClientTimeout(total=self.hipchat.settings.callback_timeout)
        try:
            async with self.session.post(
                url,
                data=json.dumps(body),
                headers={"Content-Type": "application/json"},
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                status, text = response.status, await response.text(errors="replace")
        except TimeoutError:
            raise Refused("The add-on did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Refused(f"The add-on cannot be reached: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise Refused(f"The add-on answered {status}: {text[:500]}")

    def _begin(self, client: Client) -> None:
        client.status = "installed"
        self._register(client)
        self.hipchat.publish(AddonChanged(client_id=client.id, change="installed"))

    def _register(self, client: Client) -> None:
        for hook in client.capability("webhook") or ():
            self.hipchat.add_webhook(
                client,
                client.room_id,
                event=hook["event"],
                url=hook["url"],
                pattern=hook.get("pattern"),
                name=hook.get("name"),
                key=hook.get("key"),
                authentication=hook.get("authentication", "none"),
                from_descriptor=True,
            )

    # -- the client-side flow --------------------------------------------------------------------------------------------

    def _handover(self, client: Client) -> str:
        """Return `installedUrl` with the two addresses that the add-on needs (hipchat-api.md 7.3)."""
        nonce = secrets.token_urlsafe(24)
        self._installables[nonce] = client.id
        query = urlencode(
            {"redirect_url": self._back(client), "installable_url": f"{client.base_url}/addons/installable/{nonce}"}
        )
        url: str = client.capability("installable")["installedUrl"]
        return url + ("&" if "?" in url else "?") + query

    @staticmethod
    def _back(client: Client) -> str:
        return f"{client.base_url}/addons/installed/{client.id}"

    def installable(self, nonce: str) -> dict[str, Any] | None:
        """Answer `installable_url`, once; the second fetch finds nothing (hipchat-api.md 18, line 10)."""
        client = self.hipchat.clients.get(self._installables.pop(nonce, ""))
        if client is None:
            return None
        if client.status == "pending":
            self._begin(client)
        return self._installation(client)

    async def _browse(self, client: Client) -> None:
        """Do what a browser would: open `installedUrl` and follow redirects, until sent back or shown a page."""
        url = self._handover(client)
        timeout = aiohttp.ClientTimeout(total=self.hipchat.settings.callback_timeout)
        try:
            for _ in range(_MOST_REDIRECTS):
                async with self.session.get(url, timeout=timeout, allow_redirects=False) as response:
                    if response.status >= 400:
                        raise Refused(f"The add-on's page answered {response.status}")
                    location = response.headers.get("Location")
                    if location is None or not 300 <= response.status < 400:
                        break
                    url = str(response.url.join(URL(location)))
                if url.startswith(self._back(client)):
                    break
        except TimeoutError:
            raise Refused("The add-on's page did not answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Refused(f"The add-on's page cannot be reached: {type(error).__name__}") from None
        if client.status == "pending":
            raise Refused("The add-on did not fetch installable_url")

    # -- updating and uninstalling ---------------------------------------------------------------------------------------

    async def update(self, client: Client) -> Client:
        """Take the add-on's present descriptor (hipchat-api.md 7.4); return the client, a new one without a callback for it.

        Raises Refused, and then the old installation stays as it was.
        """
        assert client.descriptor_url is not None
        room = None if client.room_id is None else self.hipchat.rooms[client.room_id]
        descriptor = await fetch(self.session, client.descriptor_url)
        urls = _allowed(descriptor, room)
        if urls.get("updateCallbackUrl"):
            body = self._installation(client)
            del body["oauthSecret"]
            if not self.hipchat.settings.update_with_group:
                del body["groupId"]
            await self._call_back(urls["updateCallbackUrl"], body)
            self._replace(client, descriptor)
            return client
        if self.hipchat.settings.update_order == "delete-first":
            await self.uninstall(client)
        new = await self._install(descriptor, client.descriptor_url, room=room, base=client.base_url, flow=None)
        if self.hipchat.settings.update_order == "post-first":
            await self.uninstall(client)
        return new

    def _replace(self, client: Client, descriptor: Mapping[str, Any]) -> None:
        client.descriptor = descriptor
        client.name = descriptor["name"]
        consumer = client.capability("hipchatApiConsumer") or {}
        client.scopes = tuple(dict.fromkeys(consumer.get("scopes", ())))
        for hook in list(self.hipchat.webhooks.values()):
            if hook.client_id == client.id and hook.from_descriptor:
                del self.hipchat.webhooks[hook.id]
        self._register(client)
        self.hipchat.publish(AddonChanged(client_id=client.id, change="updated"))

    async def uninstall(self, client: Client, *, silent: bool = False) -> int | None:
        """End an installation, then tell the add-on, whatever it answers (hipchat-api.md 7.5); return its status, if any.

        `silent` does not tell it, as when the notice is lost.
        """
        urls = client.capability("installable") or {}
        self.hipchat.remove_client(client)
        if silent or not urls.get("callbackUrl"):
            return None
        timeout = aiohttp.ClientTimeout(total=self.hipchat.settings.callback_timeout)
        url = f"{urls['callbackUrl'].rstrip('/')}/{client.id}"
        try:
            async with self.session.delete(url, timeout=timeout, allow_redirects=False) as response:
                return response.status
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return None

    def _room_deleted(self, room: Room) -> None:
        for client in [client for client in self.hipchat.clients.values() if client.room_id == room.id]:
            if client.kind == "addon":
                self.hipchat.background(self._uninstall_quietly(client))
            else:
                self.hipchat.remove_client(client)

    async def _uninstall_quietly(self, client: Client) -> None:
        await self.uninstall(client)


def _allowed(descriptor: Mapping[str, Any], room: Room | None) -> Mapping[str, Any]:
    """Return `installable`. Raises Refused where the add-on does not want to be installed there."""
    installable: Mapping[str, Any] = descriptor.get("capabilities", {}).get("installable") or {}
    if room is None and not installable.get("allowGlobal", True):
        raise Refused("The add-on allows no global installation")
    if room is not None and not installable.get("allowRoom", True):
        raise Refused("The add-on allows no room installation")
    return installable
