"""The pages behind a mail's links, in a browser: without JavaScript, and for people who use a keyboard or a screen reader."""

import asyncio
import re
import tomllib
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from bot.usecases import planning
from tests.channels.mailbox import Mailbox, mailbox
from tests.pages.axe import axe_script, serious
from tests.pages.conftest import House

DISK = {"summary": "Disk full on db1", "severity": "critical", "dedup_key": "disk"}
PLAN = (
    '[[channel]]\nname = "mail"\nkind = "email"\nto = "dana@example.com"\n[[route]]\nname = "all"\nchannels = ["mail"]'
)


@pytest.fixture
async def box() -> AsyncIterator[Mailbox]:
    """Run a mail server."""
    async with mailbox() as (box, port):
        box.port = port
        yield box


@pytest.fixture
async def stage(box: Mailbox) -> AsyncIterator[Stage]:
    """Run Hipchat and the bot, which mails."""
    settings = Settings(
        port=0,
        database_url="sqlite:///:memory:",
        smtp_url=f"smtp://127.0.0.1:{box.port}",
        mail_from="alertbot@example.com",
    )
    async with staged(settings, clock=MovableClock()) as stage:
        yield stage


@pytest.fixture
async def links(house: House, box: Mailbox) -> dict[str, str]:
    """Give the links of the mail about a new alert."""
    parts = house.stage.parts
    await planning.bring_in(
        parts.storage, None, tomllib.loads(PLAN), seal=parts.vault.seal, now=parts.clock(), only_say=False
    )
    await house.backend.post(DISK)
    async with asyncio.timeout(30):
        while not box.mails:
            box.heard.clear()
            await box.heard.wait()
    return links_of(box.mails[0])


def links_of(mail: EmailMessage) -> dict[str, str]:
    """Return the links of a mail's text by their words."""
    body = mail.get_body(("plain",))
    assert body is not None
    return dict(re.findall(r"^([A-Z][^:]*): (http\S+)$", "\n".join(body.get_content().splitlines()), re.MULTILINE))


async def test_an_ack_by_two_clicks(house: House, links: dict[str, str], browser: Browser) -> None:
    """From the mail's link to the room, without JavaScript."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(links["Acknowledge for 2 hours"])
    await expect(page.get_by_role("heading", name="Disk full on db1")).to_be_visible()
    await page.get_by_label("Note").fill("on it")
    await page.get_by_role("button", name="Acknowledge for 2 hours").click()
    await expect(page.get_by_text("Done: acked #1 until")).to_be_visible()
    shown = await house.stage.room.sees("acked by Dana")
    await page.goto(links["Close"])
    await page.get_by_role("button", name="Close").press("Enter")
    await expect(page.get_by_text("Done: closed #1")).to_be_visible()
    await page.goto(links["Close"])
    await expect(page.get_by_text("#1 is closed already")).to_be_visible()

    assert "on it" in shown.text
    assert 0 == await page.get_by_role("button").count()


async def test_the_mails_are_ended_and_begun_again(links: dict[str, str], browser: Browser) -> None:
    """By the mail's last link, without JavaScript."""
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(links["No more mails of the channel mail"])
    await page.get_by_role("button", name="End these mails").click()
    await expect(page.get_by_text("dana@example.com gets no more of them")).to_be_visible()
    await page.get_by_role("button", name="Send them again").click()
    await expect(page.get_by_text("dana@example.com gets a mail for each change")).to_be_visible()


async def test_axe_finds_nothing_serious(links: dict[str, str], browser: Browser, tmp_path: Path) -> None:
    """On each page; and the pages ask their policy for nothing that it forbids."""
    script = await axe_script(tmp_path)
    page = await browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text) if "Policy" in line.text else None)
    troubles = []
    for link in (links["Close"], links["No more mails of the channel mail"]):
        await page.goto(link)
        troubles += await serious(page.main_frame, script)

    assert [] == troubles
    assert [] == complaints
