"""Hipchat and the bot in one process, with their loops, and people with a browser each."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Page, async_playwright, expect

from bot.demo.backend import Backend, backend
from bot.demo.clock import MovableClock
from bot.demo.stage import Stage, staged
from bot.settings import Settings
from tests.needs import needs
from tests.standin_page.test_browser import ARGUMENTS

SIZE = {"width": 1280, "height": 800}


@dataclass(frozen=True, kw_only=True)
class House:
    """The stage, a backend that posts, and what browsers complained of."""

    stage: Stage
    backend: Backend
    troubles: list[str]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium."""
    path = needs("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    """Run Hipchat and the bot; nothing is installed yet."""
    settings = Settings(port=0, database_url="sqlite:///:memory:", channel_private_hosts=("127.0.0.1",))
    async with staged(settings, clock=MovableClock()) as stage:
        yield stage


@pytest.fixture
async def house(stage: Stage) -> AsyncIterator[House]:
    """Install the bot in Ops and give a backend a key; afterwards no page may have complained."""
    await stage.install()
    troubles: list[str] = []
    async with backend(stage.bot_url, await stage.key()) as poster:
        yield House(stage=stage, backend=poster, troubles=troubles)
    assert [] == troubles


Visit = Callable[..., Awaitable[Page]]


@pytest.fixture
async def visit(browser: Browser, stage: Stage, request: pytest.FixtureRequest) -> Visit:
    """Open the chat page as somebody, in a browser of their own."""
    house: House | None = request.getfixturevalue("house") if "house" in request.fixturenames else None

    async def open_as(name: str, **options: Any) -> Page:
        context = await browser.new_context(**{"viewport": SIZE, **options})
        page = await context.new_page()
        if house is not None:
            page.on("pageerror", lambda error: house.troubles.append(str(error)))
            page.on("console", lambda line: house.troubles.append(line.text) if line.type == "error" else None)
        await page.goto(stage.hipchat_url)
        await page.get_by_role("button", name=name).click()
        await expect(page.get_by_role("heading", level=1, name="Ops")).to_be_visible()
        return page

    return open_as


async def board_of(page: Page) -> FrameLocator:
    """Open the sidebar by its glance."""
    await page.locator("[data-glance=alerts-glance] button").click()
    board = page.frame_locator(".panel iframe")
    await expect(board.locator("body.ready #counts")).to_be_visible()
    return board
