"""Nothing serious stands between the pages and people who use a keyboard or a screen reader, in either theme."""

from pathlib import Path

import pytest
from playwright.async_api import FrameLocator, Page, expect

from bot.demo.samples import SAMPLES
from tests.pages.axe import axe_script, serious
from tests.pages.conftest import House, Visit, board_of
from tests.pages.test_configure import opened


async def found(page: Page, frame: FrameLocator, script: str) -> list[str]:
    """Check the page of a frame."""
    handle = await frame.owner.element_handle()
    assert handle is not None
    inner = await handle.content_frame()
    assert inner is not None
    assert page is not None
    return await serious(inner, script)


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_nothing_serious(house: House, visit: Visit, tmp_path: Path, theme: str) -> None:
    """On the board, an alert, the new alert's form, the charts and the configure page."""
    script = await axe_script(tmp_path)
    await house.backend.post(*SAMPLES)
    async with house.backend.session.post(f"{house.stage.bot_url}/in/generic", json={"title": "odd"}) as answer:
        assert 200 == answer.status
    page = await visit("Alex", color_scheme=theme)
    await expect(page.locator(".log.has-actions")).to_be_visible()
    board = await board_of(page)
    troubles = await found(page, board, script)
    await board.get_by_role("button", name="Charts").click()
    dialog = page.frame_locator("dialog iframe")
    await expect(dialog.locator("#sources")).to_be_visible()
    troubles += await found(page, dialog, script)
    await page.locator("dialog .module-foot").get_by_role("button", name="Close").click()
    await board.locator("#alert-1 .title").click()
    await expect(dialog.locator(".timeline")).to_be_visible()
    troubles += await found(page, dialog, script)
    await page.get_by_role("button", name="Close", exact=True).last.click()
    await house.stage.room.says("lee", "slow")
    await page.locator(".message", has_text="slow").last.get_by_label("More").press("Enter")
    await page.get_by_role("menuitem", name="Make an alert of it").click()
    await expect(dialog.locator("#create")).to_be_visible()
    troubles += await found(page, dialog, script)
    await page.locator("dialog .module-foot").get_by_role("button", name="Close").click()
    troubles += await found(page, await opened(page), script)

    assert [] == troubles


async def test_by_keyboard_alone(house: House, visit: Visit) -> None:
    """From the glance to an ack with Tab and Enter; the focus is seen, and stays on the row after the page has changed."""
    await house.backend.post(SAMPLES[0])
    page = await visit("Dana")
    await page.locator("[data-glance=alerts-glance] button").focus()
    await page.keyboard.press("Enter")
    board = page.frame_locator(".panel iframe")
    await expect(board.locator("#alert-1")).to_be_visible()
    await board.get_by_label("Filter").focus()
    for _ in range(30):
        await page.keyboard.press("Tab")
        if "Ack" == await board.locator("body").evaluate("() => document.activeElement.textContent.trim()"):
            break
    outline = await board.locator("body").evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
    await page.keyboard.press("Enter")
    await expect(board.locator("#alert-1 .second")).to_contain_text("acked")
    inside = await board.locator("#alert-1").evaluate("(row) => row.contains(document.activeElement)")

    assert "solid" == outline
    assert inside
