"""A private Nagios, and a private daemon of NSCA before it: what they watch, what they are told, and what they say of it."""

import asyncio
import contextlib
import os
import pwd
import re
import shlex
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.needs import needs
from tests.postgres import free_port
from tests.processes.programs import CHECKOUT, start

WITHIN = 60.0
"""Seconds in which a Nagios on a busy machine has checked, notified and written its status."""

CONFIG = """
log_file={folder}/nagios.log
cfg_file={folder}/objects.cfg
object_cache_file={folder}/objects.cache
precached_object_file={folder}/objects.precache
status_file={folder}/status.dat
status_update_interval=1
nagios_user={user}
nagios_group={group}
check_external_commands=1
command_file={folder}/nagios.cmd
query_socket={folder}/nagios.qh
lock_file={folder}/nagios.pid
temp_file={folder}/nagios.tmp
temp_path={folder}
check_result_path={folder}/results
state_retention_file={folder}/retention.dat
log_archive_path={folder}
use_syslog=0
log_external_commands=1
check_result_reaper_frequency=1
check_workers=1
interval_length=1
check_for_updates=0
enable_flap_detection=0
enable_environment_macros=1
illegal_macro_output_chars=`~$&|'"<>
"""
OBJECTS = """
define timeperiod {{
    timeperiod_name always
    alias always
    monday 00:00-24:00
    tuesday 00:00-24:00
    wednesday 00:00-24:00
    thursday 00:00-24:00
    friday 00:00-24:00
    saturday 00:00-24:00
    sunday 00:00-24:00
}}
define command {{
    command_name notify
    command_line {notify}
}}
define command {{
    command_name check
    command_line {check}
}}
define contact {{
    contact_name hipchat
    alias the bot
    service_notification_period always
    host_notification_period always
    service_notification_options w,u,c,r
    host_notification_options d,u,r
    service_notification_commands notify
    host_notification_commands notify
}}
define host {{
    host_name db1
    alias a database
    address 10.0.0.1
    max_check_attempts 1
    check_period always
    notification_period always
    active_checks_enabled 0
    contacts hipchat
}}
define service {{
    host_name db1
    service_description Disk
    check_command check
    check_interval 1
    retry_interval 1
    max_check_attempts 1
    check_period always
    notification_period always
    notification_interval 0
    contacts hipchat
}}
define service {{
    host_name db1
    service_description Fed by the bot
    check_command check
    active_checks_enabled 0
    passive_checks_enabled 1
    max_check_attempts 1
    check_period always
    notification_period always
    notifications_enabled 0
    contacts hipchat
}}
"""
NOTIFY = """#!/bin/sh
export PYTHONPATH={checkout} ALERTBOT_URL={url} ALERTBOT_KEY={key}
exec {python} -m bot notify nagios --spool {folder}/spool
"""
CHECK = """#!/bin/sh
read -r code output < {folder}/disk
echo "$output"
exit "$code"
"""
BLOCK = re.compile(r"^(\w+) \{\n(.*?)^\t?\}", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Nagios:
    """A running Nagios: the service Disk of the host db1 is as the test says, another is fed from outside."""

    folder: Path

    @property
    def command_file(self) -> Path:
        """The named pipe that it takes commands by."""
        return self.folder / "nagios.cmd"

    def disk(self, code: int, output: str) -> None:
        """Say what the next checks find."""
        made = self.folder / "disk.new"
        made.write_text(f"{code} {output}\n")
        made.rename(self.folder / "disk")

    def command(self, text: str) -> None:
        """Do what an operator does in its own pages."""
        with self.command_file.open("w") as pipe:
            pipe.write(f"[1] {text}\n")

    def commands(self, name: str) -> list[str]:
        """Return the external commands of a name that it has taken."""
        log = (self.folder / "nagios.log").read_text(errors="replace")
        return re.findall(rf"EXTERNAL COMMAND: ({name};.*)", log)

    def services(self) -> dict[str, Mapping[str, str]]:
        """Return the status of each service."""
        return {fields["service_description"]: fields for fields in self._blocks("servicestatus")}

    def comments(self, service: str) -> list[tuple[str, str]]:
        """Return the comments on a service: who and what."""
        return [
            (fields["author"], fields["comment_data"])
            for fields in self._blocks("servicecomment")
            if fields["service_description"] == service
        ]

    async def stands(self, service: str, **expected: str) -> Mapping[str, str]:
        """Wait until a service's status says all this."""
        await until(lambda: expected.items() <= self.services().get(service, {}).items(), self.said)
        return self.services()[service]

    def said(self) -> str:
        """Return the end of its log, and its services."""
        log = (self.folder / "nagios.log").read_text(errors="replace") if self.folder.exists() else ""
        return "\n".join([*log.splitlines()[-40:], str(self.services())])

    def _blocks(self, kind: str) -> list[Mapping[str, str]]:
        try:
            status = (self.folder / "status.dat").read_text(errors="replace")
        except FileNotFoundError:
            return []
        return [
            dict(line.strip().partition("=")[::2] for line in body.splitlines())
            for name, body in BLOCK.findall(status)
            if name == kind
        ]


async def until(came: Callable[[], bool], said: Callable[[], str]) -> None:
    """Look until something has come. What another program does can only be seen, so this looks every now and then."""
    try:
        async with asyncio.timeout(WITHIN):
            while not came():  # noqa: ASYNC110 - a file of another program
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(said()) from None


@contextlib.asynccontextmanager
async def nagios(folder: Path, *, url: str, key: str) -> AsyncIterator[Nagios]:
    """Run a Nagios whose contact is the bot at an address, by `alertbot notify nagios`."""
    program = needs("nagios4", "nagios4-core")
    (folder / "results").mkdir(parents=True)
    user = pwd.getpwuid(os.getuid())
    scripts = {
        "notify": NOTIFY.format(checkout=CHECKOUT, url=url, key=key, python=shlex.quote(sys.executable), folder=folder),
        "check": CHECK.format(folder=folder),
    }
    for name, text in scripts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    (folder / "nagios.cfg").write_text(CONFIG.format(folder=folder, user=user.pw_name, group=os.getgid()))
    (folder / "objects.cfg").write_text(OBJECTS.format(notify=folder / "notify", check=folder / "check"))
    running = Nagios(folder=folder)
    running.disk(0, "all is well")
    process = await start("nagios4", [program, str(folder / "nagios.cfg")], environment=os.environ, folder=folder)
    try:
        await until(lambda: not process.running or "Disk" in running.services(), running.said)
        assert process.running, running.said()
        await running.stands("Disk", has_been_checked="1", current_state="0")
        yield running
    finally:
        await process.stop()


@contextlib.asynccontextmanager
async def nsca_daemon(folder: Path, command_file: Path, *, password: str, method: int) -> AsyncIterator[int]:
    """Run NSCA's daemon, which writes results to a command file; give its port."""
    program = needs("nsca", "nsca")
    port = free_port()
    user = pwd.getpwuid(os.getuid()).pw_name
    settings = {
        "server_port": port,
        "server_address": "127.0.0.1",
        "nsca_user": user,
        "nsca_group": os.getgid(),
        "command_file": command_file,
        "alternate_dump_file": folder / "nsca.dump",
        "pid_file": folder / "nsca.pid",
        "password": password,
        "decryption_method": method,
        "max_packet_age": 30,
    }
    (folder / "nsca.cfg").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    arguments = [program, "-f", "-c", str(folder / "nsca.cfg"), "--single"]
    process = await start("nsca", arguments, environment=os.environ, folder=folder)
    try:
        async with asyncio.timeout(WITHIN):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except OSError:
                    assert process.running, process.said()
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    break
        yield port
    finally:
        await process.kill()
