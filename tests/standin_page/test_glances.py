"""Glances on the chat page, in a real browser (hipchat-api.md 15 and 19, lines 45 and 46)."""

from typing import Any

import jwt
import pytest
from aiohttp import web
from playwright.async_api import Page, expect
from pytest_aiohttp.plugin import AiohttpServer

from bot.standin.tokens import Client
from tests.standin_page.conftest import Group
from tests.standin_page.test_browser import Visit, browser, troubles, visit  # noqa: F401 - fixtures

SECRET = "a secret of forty characters, or nearly so"
GOOD = {
    "label": {"type": "html", "value": '<b onclick="x()">3</b> open <script>alert(1)</script><a href="x">alerts</a>'},
    "status": {"type": "lozenge", "value": {"label": "CRITICAL", "type": "error"}},
}
CORS = {"Access-Control-Allow-Origin": "*"}


class Addon:
    """An add-on with one glance: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.body: Any = GOOD
        self.status = 200
        self.headers: dict[str, str] = CORS

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as told."""
        self.asked.append(request)
        return web.json_response(self.body, status=self.status, headers=self.headers)


@pytest.fixture
async def addon(aiohttp_server: AiohttpServer, group: Group) -> Addon:
    """Run an add-on that is installed in Ops."""
    addon = Addon()
    app = web.Application()
    app.router.add_get("/glance", addon.answer)
    server = await aiohttp_server(app)
    glances = [
        {"key": "light", "name": {"value": "Light"}, "icon": {"url": "x", "url@2x": "x"}, "weight": 1},
        {"key": "heavy", "name": {"value": "Alerts"}, "queryUrl": f"{server.make_url('/glance')}?mine=1", "weight": 9},
    ]
    client = Client(
        id="c1",
        secret=SECRET,
        kind="addon",
        name="Alerts",
        scopes=(),
        base_url="http://127.0.0.1",
        room_id=group.ops.id,
        descriptor={"key": "alertbot", "capabilities": {"glance": glances}},
    )
    group.hipchat.add_client(client)
    return addon


def line(page: Page) -> Any:
    """Find the glance that is asked for."""
    return page.locator("[data-glance=heavy]")


async def test_45_the_browser_asks(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """Signed for the person in the room, with an Origin and beside its own query; tags kept and dropped as Hipchat does."""
    page = await visit(group.dana)
    await expect(line(page).locator(".lozenge-error")).to_have_text("CRITICAL")
    await expect(line(page).locator(".glance-label")).to_have_text("3 open alerts")

    assert 1 == await line(page).locator("b").count()
    assert 0 == await line(page).locator("a, script, [onclick]").count()
    assert ["heavy", "light"] == await page.locator("[data-glance]").evaluate_all(
        "all => all.map(e => e.dataset.glance)"
    )
    request = addon.asked[0]
    claims = jwt.decode(
        request.query["signed_request"], SECRET, ["HS256"], options={"verify_exp": False, "verify_iat": False}
    )
    assert ("1", "1") == (request.query["mine"], request.query["connect_client_api_version"])
    assert ("c1", str(group.dana.id), group.ops.id) == (claims["iss"], claims["sub"], claims["context"]["room_id"])
    assert request.headers["Origin"].startswith("http://")
    assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    "wrong",
    [
        (GOOD, 200, {}),
        (GOOD, 500, CORS),
        ({"label": {"type": "text", "value": "x"}}, 200, CORS),
        ({"label": {"type": "html", "value": ""}}, 200, CORS),
        ({**GOOD, "status": {"type": "lozenge", "value": {"label": "x", "type": "complete"}}}, 200, CORS),
        ({**GOOD, "status": {"type": "lozenge", "value": {"label": "x" * 21, "type": "error"}}}, 200, CORS),
    ],
)
async def test_45_a_wrong_answer_is_told(
    visit: Visit,  # noqa: F811
    group: Group,
    addon: Addon,
    wrong: tuple[Any, int, dict[str, str]],
) -> None:
    """A missing CORS header, an error or a breach of the schema shows the name with "retry", which asks again."""
    addon.body, addon.status, addon.headers = wrong
    page = await visit(group.dana)
    retry = line(page).get_by_role("button", name="retry")
    await expect(retry).to_be_visible()
    await expect(line(page).locator(".glance-label")).to_have_text("Alerts")
    addon.body, addon.status, addon.headers = GOOD, 200, CORS
    await retry.click()

    await expect(line(page).locator(".glance-label")).to_have_text("3 open alerts")
    assert addon.asked[0].query["signed_request"] != addon.asked[-1].query["signed_request"]


async def test_46_a_push_is_shown_without_a_query(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """What is pushed for the room shows at once; for another room or person it does not; who comes later asks."""
    page = await visit(group.dana)
    await expect(line(page).locator(".glance-label")).to_have_text("3 open alerts")
    client = group.hipchat.clients["c1"]
    for room_id, user_id, value in (
        (group.secret.id, None, "another room"),
        (None, group.lee.id, "another person"),
        (group.ops.id, None, "<b>4</b> open"),
    ):
        content = {**GOOD, "label": {"type": "html", "value": value}}
        group.hipchat.push_glance(client, "heavy", content, room_id=room_id, user_id=user_id)

    await expect(line(page).locator(".glance-label")).to_have_text("4 open")
    assert 1 == len(addon.asked)
    later = await visit(group.lee)
    await expect(line(later).locator(".glance-label")).to_have_text("3 open alerts")
    assert 2 == len(addon.asked)
