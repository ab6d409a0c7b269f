"""Wiring: builds every long-lived object in order and takes them down in reverse."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

from bot.channels import services
from bot.channels.email import postman_of
from bot.channels.letterhead import Letterhead
from bot.channels.outbound import Outbound, open_outbound
from bot.domain import link
from bot.domain.alert import Alert, Rules
from bot.hipchat.capabilities import read_rules
from bot.hipchat.channel import HipchatChannel
from bot.hipchat.client import HipchatClient, open_session, tls
from bot.hipchat.descriptor import descriptor
from bot.hipchat.medium import HipchatMedium
from bot.hipchat.proof import Prover
from bot.hipchat.tokens import Tokens
from bot.observe import Metrics, new_metrics
from bot.parts import Parts, Wakeups
from bot.ports import Clock
from bot.settings import Settings
from bot.storage import WAIT_SECONDS, open_storage
from bot.storage.engine import StorageError
from bot.storage.migrate import pending
from bot.usecases import sealing
from bot.usecases.ingest import Intake, Result
from bot.vault import Vault, key_beside

MISSING = "the database lacks {names}: run `alertbot migrate` first"


class NotMigrated(StorageError):
    """The database is older than the program."""


def system_clock() -> int:
    """Return the time now in epoch milliseconds."""
    return time.time_ns() // 1_000_000


def open_vault(settings: Settings) -> Vault:
    """Return the vault of SECRET_KEY, or of the key beside the SQLite file. Raises OSError."""
    return Vault(settings.secret_key or (key_beside(settings.sqlite_file) if settings.sqlite_file else "in memory"))


@contextlib.asynccontextmanager
async def running(
    settings: Settings, *, clock: Clock = system_clock, migrate: bool | None = None, wait: float = WAIT_SECONDS
) -> AsyncIterator[Parts]:
    """Build the parts; the intake runs until the end of the block. `migrate` is by default what SQLite needs.

    What others have locked is waited for `wait` seconds. Raises StorageError, OtherKey, OSError or ValueError with a reason when
    something cannot be built.
    """
    async with contextlib.AsyncExitStack() as stack:
        on_sqlite = settings.database_url.startswith("sqlite:")
        vault = open_vault(settings)
        migrate = on_sqlite if migrate is None else migrate
        storage = await open_storage(settings.database_url, migrate=migrate, wait=wait)
        stack.push_async_callback(storage.close)
        missing = await pending(storage)
        if missing:
            raise NotMigrated(MISSING.format(names=", ".join(str(each) for each in missing)))
        await sealing.match(storage, seal=vault.seal, unseal=vault.open, now=clock())
        metrics = new_metrics()
        wakeups = Wakeups()
        context = tls(settings.hipchat_ca_file or None, verify=settings.hipchat_verify_tls)
        session = await stack.enter_async_context(open_session(context))
        client = HipchatClient(session, clock)
        tokens = Tokens(client.token, clock)
        channel = HipchatChannel(client, tokens, vault.open, clock)
        outward = await stack.enter_async_context(open_outbound(settings.channel_private_hosts))
        outbound = Outbound(outward, settings.channel_private_hosts, clock)
        link_key = vault.derived("links")
        postman = postman_of(settings.smtp_url, settings.mail_from)
        letterhead = Letterhead(
            base_url=settings.base_url,
            domain=settings.mail_domain,
            link_key=link_key,
            ticket_key=vault.derived("tickets"),
            clock=clock,
        )
        rules = Rules(
            ack_expires=settings.ack_expires, stale_after=settings.stale_after, noise_report=settings.noise_report
        )
        intake = Intake(storage, clock=clock, committed=_on_commit(metrics, wakeups), rules=rules)
        task = asyncio.create_task(intake.run())
        stack.push_async_callback(_stopped, task)
        yield Parts(
            settings=settings,
            rules=rules,
            storage=storage,
            intake=intake,
            clock=clock,
            metrics=metrics,
            wakeups=wakeups,
            vault=vault,
            channel=channel,
            medium=HipchatMedium(channel, clock, _link_writer(settings.base_url, link_key, clock)),
            prover=Prover(client, read_rules(settings.hipchat_hosts), _scopes()),
            client=client,
            link_key=link_key,
            outbound=outbound,
            services=services(outbound, postman, letterhead, command_files=settings.nagios_command_files),
            postman=postman,
            letterhead=letterhead,
        )


def _link_writer(base_url: str, key: bytes, clock: Clock) -> Callable[[Alert], str]:
    """Return what writes the address of an alert's page; nothing when nobody knows our own address."""

    def address(alert: Alert) -> str:
        return f"{base_url}/a/{link.written(key, tenant=alert.tenant, number=alert.number, now=clock())}"

    return address if base_url else lambda _alert: ""


def _scopes() -> list[str]:
    scopes: list[str] = descriptor("")["capabilities"]["hipchatApiConsumer"]["scopes"]
    return scopes


async def _stopped(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _on_commit(metrics: Metrics, wakeups: Wakeups) -> Callable[[list[Result]], None]:
    def committed(results: list[Result]) -> None:
        for result in results:
            metrics.signals.labels(result.outcome.value).inc()
        wakeups.outbox.set()
        wakeups.timers.set()
        wakeups.parcels.set()

    return committed
