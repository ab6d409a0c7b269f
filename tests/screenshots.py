"""The pictures of README: `python -m tests.screenshots` plays a short scene and photographs the stand-in's chat page."""

import asyncio
import tempfile
from dataclasses import replace
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize, async_playwright

from bot.demo.backend import backend
from bot.demo.clock import MovableClock
from bot.demo.samples import SAMPLES
from bot.demo.stage import EVERY_SCOPE, Stage, staged
from bot.observe import set_up_logs
from bot.settings import Settings
from bot.usecases import configure
from tests.needs import needs
from tests.standin_page.test_browser import ARGUMENTS

PICTURES = Path(__file__).parents[1] / ".github"
SIZE: ViewportSize = {"width": 1240, "height": 760}


async def photograph() -> None:
    """Play the scene and write the pictures of `.github`."""
    with tempfile.TemporaryDirectory() as folder:
        settings = replace(Settings(port=0), database_url=f"sqlite:///{folder}/alertbot.db")
        async with staged(settings, clock=MovableClock(), tls_port=0) as stage:
            await _play(stage)
            async with async_playwright() as playwright:
                path = needs("chromium", "chromium")
                browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
                await _room(browser, stage)
                await _alert(browser, stage)
                await _configure(browser, stage)
                await browser.close()


async def _play(stage: Stage) -> None:
    room = stage.room
    await stage.server.install(f"{stage.bot_url}/hipchat/descriptor", room=room.room.id)
    await room.sees("Alertbot is here")
    key = await configure.create_key(stage.parts.storage, scopes=EVERY_SCOPE, now=stage.parts.clock())
    async with backend(stage.bot_url, key.secret) as sender:
        await sender.post(SAMPLES[0])
        await room.sees("#1")
        await room.says("dana", "/alert ack 1 2h moving the old WAL away")
        await room.says("lee", "/alert ack 1")
        await room.says("dana", "/alert list")
        await sender.post(*SAMPLES[1:])
        await room.sees("#3")


async def _visit(browser: Browser, stage: Stage, name: str) -> Page:
    page = await browser.new_page(viewport=SIZE, timezone_id="Europe/Berlin", device_scale_factor=1.5)
    await page.goto(stage.server.url)
    await page.get_by_role("button", name=name).click()
    await page.locator(".log.has-actions").wait_for()
    await page.locator("[data-glance=alerts-glance]").get_by_text("open").wait_for()
    return page


async def _room(browser: Browser, stage: Stage) -> None:
    """Photograph the room with its board open."""
    page = await _visit(browser, stage, "Dana Scott")
    await page.locator("[data-glance=alerts-glance] button").click()
    await page.frame_locator(".panel iframe").locator("body.ready #alert-1").wait_for()
    await page.screenshot(path=PICTURES / "room.png")


async def _alert(browser: Browser, stage: Stage) -> None:
    """Photograph an alert's dialog."""
    page = await _visit(browser, stage, "Lee Wong")
    await page.locator("[data-glance=alerts-glance] button").click()
    await page.frame_locator(".panel iframe").locator("body.ready #alert-1 .title").click()
    await page.frame_locator("dialog iframe").locator("body.ready .timeline").wait_for()
    await page.screenshot(path=PICTURES / "alert.png")


async def _configure(browser: Browser, stage: Stage) -> None:
    """Photograph the configure page."""
    page = await _visit(browser, stage, "Alex Rivera")
    await page.get_by_role("button", name="Configure Alertbot").click()
    await page.frame_locator("dialog iframe").locator("body.ready #keys").wait_for()
    await page.screenshot(path=PICTURES / "configure.png")


if __name__ == "__main__":
    set_up_logs("warning", "auto")
    asyncio.run(photograph())
