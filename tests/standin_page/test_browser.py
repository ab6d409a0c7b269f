"""The chat page in a real browser: two people talk, cards are drawn and folded, hostile text stays text."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect
from pytest_aiohttp.plugin import AiohttpServer

from bot.standin.page import _VISITORS
from bot.standin.people import User
from tests.needs import needs
from tests.standin_page.conftest import Group

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> \u202egnp.exe"
CARD = {
    "style": "application",
    "id": "c1",
    "title": "#12 db1 disk <97%>",
    "url": "https://bot.example.com/alerts/12",
    "description": {"value": "<b>/var</b> is full<script>alert(1)</script>", "format": "html"},
    "icon": {"url": "https://bot.example.com/icon.png"},
    "activity": {"html": "<b>#12</b> opened by prometheus"},
    "attributes": [{"label": "Severity", "value": {"label": "critical", "style": "lozenge-error"}}],
}

Visit = Callable[[User], Awaitable[Page]]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Start Chromium."""
    path = needs("chromium", "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def troubles() -> list[str]:
    """Collect what the pages complain of: errors, refused scripts, dialogs, and requests to other hosts."""
    return []


@pytest.fixture
async def visit(browser: Browser, aiohttp_server: AiohttpServer, app: web.Application, troubles: list[str]) -> Visit:
    """Open the page in a browser of its own and pick a person."""
    server = await aiohttp_server(app)
    origin = str(server.make_url("/"))

    async def open_as(user: User) -> Page:
        context = await browser.new_context(viewport={"width": 1100, "height": 700}, timezone_id="Asia/Tokyo")
        page = await context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
        page.on("dialog", lambda dialog: troubles.append(dialog.message))
        page.on("request", lambda request: None if request.url.startswith(origin) else troubles.append(request.url))
        await page.goto(origin)
        await page.get_by_role("button", name=user.name).click()
        await expect(page.get_by_role("heading", level=1, name="Ops")).to_be_visible()
        return page

    return open_as


async def test_two_people_talk(visit: Visit, group: Group, troubles: list[str]) -> None:
    """What one types the other sees at once, hostile text as text; a mention stands out and can be completed."""
    dana, lee = await visit(group.dana), await visit(group.lee)

    await dana.get_by_label("Message", exact=True).fill(HOSTILE)
    await dana.keyboard.press("Enter")
    await expect(
        lee.get_by_role("log").get_by_text("<script>alert(1)</script><img src=x onerror=alert(1)>")
    ).to_be_visible()
    await expect(dana.locator(".message.own .text")).to_have_text(HOSTILE)

    box = lee.get_by_label("Message", exact=True)
    await box.press_sequentially("hi @da")
    await expect(lee.get_by_role("option", name="@Dana")).to_be_visible()
    await box.press("Tab")
    await expect(box).to_have_value("hi @Dana ")
    await box.press("Shift+Enter")
    await box.press_sequentially("two")
    await box.press("Enter")
    await expect(dana.locator(".mentions-me .mention.mine")).to_have_text("@Dana")
    await box.press("ArrowUp")
    await expect(box).to_have_value("hi @Dana \ntwo")

    assert "hi @Dana \ntwo" == group.ops.messages[-1].message
    assert {group.dana.id, group.lee.id} == group.ops.participants
    assert not troubles


async def test_a_card_folds_and_unfolds(visit: Visit, group: Group, troubles: list[str]) -> None:
    """A card with activity is one line, opens by key and click, shows lozenges, and gives way to the message on demand."""
    page = await visit(group.dana)
    parent = group.hipchat.notify(
        group.ops, group.addon, message="<i>CRITICAL</i> disk", color="red", from_label="prometheus", card=CARD
    )
    fold = page.get_by_role("button", name="#12 opened by prometheus")
    lozenge = page.locator(".lozenge.lozenge-error", has_text="critical")
    await expect(page.locator(".card.red")).to_be_visible()
    await expect(page.locator(".label")).to_have_text("prometheus")
    await expect(lozenge).to_be_hidden()

    await fold.press("Enter")
    await expect(lozenge).to_be_visible()
    await expect(page.get_by_role("link", name="#12 db1 disk <97%>")).to_be_visible()
    await expect(page.locator(".description")).to_have_text("/var is full")
    await expect(page.locator(".message time")).to_have_text("07:13 AM")
    await fold.click()
    await expect(lozenge).to_be_hidden()

    await page.get_by_label("Show what card-unaware clients see").check()
    await expect(page.locator(".notice.red")).to_have_text("CRITICAL disk")
    await expect(fold).to_be_hidden()
    await page.get_by_label("Show what card-unaware clients see").uncheck()

    group.hipchat.notify(group.ops, group.addon, message="acked", color="purple", card=CARD, attach_to=parent.id)
    await expect(page.locator(".attached .card.purple")).to_be_visible()
    await page.get_by_role("button", name="Hide card").click()
    await expect(page.locator(".attached .card.purple")).to_be_hidden()

    assert not troubles


async def test_a_long_room_and_a_lost_connection(visit: Visit, group: Group, app: web.Application) -> None:
    """Earlier messages load where one reads; after a lost connection nothing is missing and nothing is there twice."""
    for number in range(450):
        group.hipchat.post(group.ops, group.hipchat.sender(group.lee), f"message {number}")
        group.clock.now += 1
    page = await visit(group.dana)
    messages = page.locator(".message")
    await expect(messages).to_have_count(200)
    await expect(page.get_by_text("message 449", exact=True)).to_be_in_viewport()

    await page.get_by_role("button", name="Load earlier messages").click()
    await expect(messages).to_have_count(400)
    with group.hipchat.watch() as watch:
        await app[_VISITORS].close(app)
        while group.dana.presence is not None:
            await watch.get()
    group.hipchat.post(group.ops, group.hipchat.sender(group.lee), "while away")
    await expect(page.get_by_role("status").filter(has_text="The connection is lost")).to_be_visible()
    await expect(page.get_by_text("while away", exact=True)).to_have_count(1)
    await expect(page.get_by_text("The connection is lost")).to_be_hidden()
    group.hipchat.post(group.ops, group.hipchat.sender(group.lee), "back again")
    await expect(page.get_by_text("back again", exact=True)).to_have_count(1)
    await expect(page.get_by_text("while away", exact=True)).to_have_count(1)
    await expect(messages).to_have_count(402)


async def test_unread_and_other_rooms(visit: Visit, group: Group) -> None:
    """Another room counts what is unread there until it is opened; client commands stay in the client."""
    page = await visit(group.lee)
    group.hipchat.post(group.secret, group.hipchat.sender(group.lee), "mine")
    group.hipchat.notify(group.secret, group.addon, message="@Lee look", message_format="text")
    await expect(page.get_by_role("button", name="Secret, private, 1 unread, you are mentioned")).to_be_visible()
    await page.get_by_role("button", name="Secret").click()
    await expect(page.get_by_role("button", name="Secret, private", exact=True)).to_be_visible()

    box = page.get_by_label("Message", exact=True)
    await box.fill("/topic <b>new</b>")
    await box.press("Enter")
    await expect(page.locator("#room-topic")).to_have_text("<b>new</b>")
    await box.fill("/shortcuts")
    await box.press("Enter")
    await expect(page.locator(".system").last).to_contain_text("Shift+Enter")

    group.hipchat.notify(
        group.secret, group.addon, message='<a href="hipchat://www.hipchat.com/room/Ops?target=x">there</a>'
    )
    await page.get_by_role("link", name="there").click()
    await expect(page.get_by_role("heading", level=1, name="Ops")).to_be_visible()

    assert 3 == len(group.secret.messages)
