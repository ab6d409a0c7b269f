"""A process that mails come to: it ends when it is told to, with sessions open, and what it took is there."""

import asyncio
import smtplib
from pathlib import Path

from tests.postgres import free_port
from tests.processes.programs import bot, settings


async def test_it_ends_with_sessions_open(tmp_path: Path) -> None:
    """Neither a client that says nothing nor one in the middle of a mail keeps it."""
    port, mail_port = free_port(), free_port()
    environment = settings(
        port=port,
        database_url=f"sqlite:///{tmp_path / 'alertbot.db'}",
        base_url=f"http://127.0.0.1:{port}",
        MAIL_PORT=str(mail_port),
        MAIL_DOMAIN="in.example.com",
    )

    def open_one() -> smtplib.LMTP:
        client = smtplib.LMTP("127.0.0.1", mail_port, local_hostname="test")
        client.ehlo()
        return client

    async with bot("serve", environment, tmp_path) as program:
        await program.wrote("mail_listening")
        clients = [await asyncio.to_thread(open_one) for _ in range(2)]
        refused = await asyncio.to_thread(clients[0].docmd, "MAIL", "FROM:<a@b.example>")
        nobody = await asyncio.to_thread(clients[0].docmd, "RCPT", "TO:<in+nokey@in.example.com>")
        code = await program.stop()
        for client in clients:
            client.close()

    assert (250, 550, 0) == (refused[0], nobody[0], code)
