"""Parts: every long-lived object, made once in wiring.py and handed to whoever needs it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web

from bot.channels import Service
from bot.channels.email import Postman
from bot.channels.letterhead import Letterhead
from bot.channels.outbound import Outbound
from bot.domain.alert import Rules
from bot.domain.channel import Kind
from bot.hipchat.channel import HipchatChannel
from bot.hipchat.client import HipchatClient
from bot.hipchat.medium import HipchatMedium
from bot.hipchat.proof import Prover
from bot.observe import Metrics
from bot.ports import Clock
from bot.settings import Settings
from bot.storage.engine import Storage
from bot.usecases.ingest import Intake
from bot.vault import Vault


@dataclass(frozen=True, kw_only=True, slots=True)
class Wakeups:
    """Flags that say "there is work now" to the loops of this process; other processes find it by polling."""

    outbox: asyncio.Event = field(default_factory=asyncio.Event)
    timers: asyncio.Event = field(default_factory=asyncio.Event)
    whispers: asyncio.Event = field(default_factory=asyncio.Event)
    parcels: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What handlers and loops work with."""

    settings: Settings
    rules: Rules
    storage: Storage
    intake: Intake
    clock: Clock
    metrics: Metrics
    wakeups: Wakeups
    vault: Vault
    channel: HipchatChannel
    medium: HipchatMedium
    prover: Prover
    client: HipchatClient
    link_key: bytes
    outbound: Outbound
    services: Mapping[Kind, Service]
    postman: Postman | None
    letterhead: Letterhead


PARTS: web.AppKey[Parts] = web.AppKey("parts", Parts)
