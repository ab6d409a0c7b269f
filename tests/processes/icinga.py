"""A private Icinga 2 with its API: one service that is fed by hand, and our command as what it notifies by."""

import asyncio
import base64
import contextlib
import grp
import hashlib
import os
import pwd
import ssl
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.needs import needs
from tests.postgres import free_port
from tests.processes.programs import CHECKOUT, start

PASSWORD = "icingas-password"
WITHIN = 60.0
"""Seconds in which an Icinga on a busy machine has started or notified."""

CONFIG = """
const NodeName = "local"
const ZoneName = NodeName
const TicketSalt = ""
object Endpoint NodeName {{ host = NodeName }}
object Zone ZoneName {{ endpoints = [ NodeName ] }}
object CheckerComponent "checker" {{ }}
object NotificationComponent "notification" {{ }}
object ApiListener "api" {{ bind_host = "127.0.0.1"; bind_port = "{port}" }}
object ApiUser "bot" {{ password = "{password}"; permissions = [ "*" ] }}
object CheckCommand "nothing" {{ command = [ "/bin/true" ] }}
object Host "db1" {{
  check_command = "nothing"
  enable_active_checks = false
  max_check_attempts = 1
}}
object Service "Disk" {{
  host_name = "db1"
  check_command = "nothing"
  enable_active_checks = false
  max_check_attempts = 1
}}
object User "hipchat" {{ }}
object NotificationCommand "hipchat" {{
  command = [ "{notify}" ]
  env = {{
    NAGIOS_NOTIFICATIONTYPE = "$notification.type$"
    NAGIOS_NOTIFICATIONAUTHOR = "$notification.author$"
    NAGIOS_NOTIFICATIONCOMMENT = "$notification.comment$"
    NAGIOS_HOSTNAME = "$host.name$"
    NAGIOS_HOSTADDRESS = "$address$"
    NAGIOS_HOSTSTATE = "$host.state$"
    NAGIOS_HOSTOUTPUT = "$host.output$"
    NAGIOS_SERVICEDESC = "$service.name$"
    NAGIOS_SERVICESTATE = "$service.state$"
    NAGIOS_SERVICEOUTPUT = "$service.output$"
  }}
}}
apply Notification "hipchat" to Host {{ command = "hipchat"; users = [ "hipchat" ]; interval = 0; assign where true }}
apply Notification "hipchat" to Service {{ command = "hipchat"; users = [ "hipchat" ]; interval = 0; assign where true }}
"""
NOTIFY = """#!/bin/sh
export PYTHONPATH={checkout} ALERTBOT_URL={url} ALERTBOT_KEY={key}
exec {python} -m bot notify nagios --spool {folder}/spool
"""
DISK = {
    "type": "Service",
    "filter": "host.name==h && service.name==s",
    "filter_vars": {"h": "db1", "s": "Disk"},
}


@dataclass(frozen=True, kw_only=True)
class Icinga:
    """A running Icinga: where its API is, and by which fingerprint it is known."""

    url: str
    fingerprint: str
    session: aiohttp.ClientSession

    async def call(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        """Call its API and return the results."""
        async with self.session.post(f"{self.url}{path}", json=body, headers=headers) as answer:
            given = await answer.json()
            assert 200 == answer.status, given
            return given["results"]

    async def result(self, code: int, output: str) -> None:
        """Feed it a check result of the service."""
        await self.call("/v1/actions/process-check-result", {**DISK, "exit_status": code, "plugin_output": output})

    async def acknowledged(self) -> dict[str, Any]:
        """Return how the service stands: `acknowledgement` (0 not, 1 until the state changes, 2 sticky), `acknowledgement_expiry` (epoch), `state`."""
        asked = {"filter": 'service.name=="Disk"', "attrs": ["acknowledgement", "acknowledgement_expiry", "state"]}
        (found,) = await self.call("/v1/objects/services", asked, **{"X-HTTP-Method-Override": "GET"})
        attributes: dict[str, Any] = found["attrs"]
        return attributes

    async def comments(self) -> list[tuple[str, str]]:
        """Return who wrote what about it: acknowledgements are comments too."""
        asked: dict[str, Any] = {"attrs": ["author", "text"]}
        found = await self.call("/v1/objects/comments", asked, **{"X-HTTP-Method-Override": "GET"})
        return [(each["attrs"]["author"], each["attrs"]["text"]) for each in found]

    async def wrote(self, author: str, text: str) -> None:
        """Wait for a comment."""
        async with asyncio.timeout(WITHIN):
            while True:
                if (author, text) in await self.comments():
                    return
                await asyncio.sleep(0.1)  # it tells nobody of new ones

    async def until(self, *, expires_after: float = -1, **wanted: Any) -> dict[str, Any]:
        """Wait until the service stands so, and return how it does; its acknowledgement ends after a moment (epoch)."""
        async with asyncio.timeout(WITHIN):
            while True:
                stands = await self.acknowledged()
                if wanted.items() <= stands.items() and stands["acknowledgement_expiry"] > expires_after:
                    return stands
                await asyncio.sleep(0.1)  # it tells nobody when that changes


def _constants(folder: Path) -> list[str]:
    user, group = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    given = {
        "RunAsUser": user,
        "RunAsGroup": group,
        "DataDir": folder / "lib",
        "CacheDir": folder / "cache",
        "LogDir": folder / "log",
        "InitRunDir": folder / "run",
        "SpoolDir": folder / "spool",
        "ConfigDir": folder,
    }
    return [f"-DConfiguration.{name}={value}" for name, value in given.items()]


async def _pki(binary: str, folder: Path) -> str:
    """Make its authority and its certificate; return the certificate's fingerprint."""
    certs = folder / "lib" / "certs"
    steps = (
        ("new-ca",),
        ("new-cert", "--cn", "local", "--key", f"{certs}/local.key", "--csr", f"{certs}/local.csr"),
        ("sign-csr", "--csr", f"{certs}/local.csr", "--cert", f"{certs}/local.crt"),
    )
    for step in steps:
        process = await asyncio.create_subprocess_exec(
            binary, "pki", *step, *_constants(folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        said, _ = await process.communicate()
        assert 0 == process.returncode, said.decode()
    (certs / "ca.crt").write_bytes((folder / "lib" / "ca" / "ca.crt").read_bytes())
    der = ssl.PEM_cert_to_DER_cert((certs / "local.crt").read_text())
    return hashlib.sha256(der).hexdigest()


@contextlib.asynccontextmanager
async def icinga(folder: Path, *, url: str, key: str) -> AsyncIterator[Icinga]:
    """Run an Icinga that notifies the bot at an address."""
    binary = needs("icinga2", "icinga2-bin")
    for name in ("lib/certs", "lib/ca", "cache", "log", "run", "spool"):
        (folder / name).mkdir(parents=True)
    fingerprint = await _pki(binary, folder)
    port = free_port()
    notify = folder / "notify"
    notify.write_text(NOTIFY.format(checkout=CHECKOUT, url=url, key=key, python=sys.executable, folder=folder))
    notify.chmod(0o755)
    config = folder / "icinga2.conf"
    config.write_text(CONFIG.format(port=port, password=PASSWORD, notify=notify))
    arguments = [binary, "daemon", "-c", str(config), *_constants(folder)]
    program = await start("icinga2", arguments, environment={"PATH": os.environ["PATH"]}, folder=folder)
    login = base64.b64encode(f"bot:{PASSWORD}".encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Accept": "application/json"}
    trusted = aiohttp.TCPConnector(ssl=aiohttp.Fingerprint(bytes.fromhex(fingerprint)))
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    break
                assert program.running, program.said()
                await asyncio.sleep(0.1)  # it says so on standard output, which is not read
        async with aiohttp.ClientSession(headers=headers, connector=trusted) as session:
            yield Icinga(url=f"https://127.0.0.1:{port}", fingerprint=fingerprint, session=session)
    finally:
        # It ends its own processes, which a kill would leave.
        await program.stop()
