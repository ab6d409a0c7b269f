"""A real Postfix, private to a test: it takes mails by SMTP and hands those for the bot over by LMTP."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.needs import needs
from tests.postgres import free_port

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file_prefixes = {folder}
maillog_file = {folder}/data/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.test
mydestination =
address_verify_map =
virtual_mailbox_domains = in.example.com
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{bot}
smtpd_recipient_restrictions = reject_unauth_destination, reject_unverified_recipient
unverified_recipient_reject_code = 550
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
lmtp unix - - n - - lmtp
error unix - - n - - error
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@contextlib.asynccontextmanager
async def postfix(bot: int) -> AsyncIterator[int]:
    """Run a Postfix in front of the bot's port for mails; give the port that takes mails from everybody."""
    program = needs("postfix", "postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix is started by root only")
    port = free_port()
    folder = _laid_out(bot, port)
    try:
        await _run(program, "-c", str(folder / "conf"), "start")
        yield port
    finally:
        await _run(program, "-c", str(folder / "conf"), "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _laid_out(bot: int, port: int) -> Path:
    # Its processes are of several users, who may not look into a test's own folder.
    folder = Path(tempfile.mkdtemp(prefix="alertbot-postfix-"))
    folder.chmod(0o755)
    for name in ("conf", "spool", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    (folder / "conf" / "main.cf").write_text(MAIN.format(folder=folder, bot=bot))
    (folder / "conf" / "master.cf").write_text(MASTER.format(port=port))
    return folder


async def _run(*arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
