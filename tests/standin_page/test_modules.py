"""Add-ons' modules on the chat page, in a real browser (hipchat-api.md 16 and 19, lines 47 and 48)."""

from typing import Any

import jwt
import pytest
from aiohttp import web
from playwright.async_api import Frame, Page, expect
from pytest_aiohttp.plugin import AiohttpServer

from bot.standin.people import User
from bot.standin.tokens import Client
from tests.standin_page.conftest import Group
from tests.standin_page.test_browser import Visit, browser, troubles, visit  # noqa: F401 - fixtures

SECRET = "a secret of forty characters, or nearly so"
PAGE = """<!doctype html><title>module</title><h1>{title}</h1><output id="said"></output>
<script src="{host}/atlassian-connect/all.js"></script>
<script>
  const say = (text) => {{ document.getElementById("said").textContent += text + ";"; }};
  HipChat.register({{
    "receive-parameters": (given) => say("parameters " + JSON.stringify(given)),
    "act": (message) => say("acted on " + message.body + " by " + message.sender.name),
    "glance-update": (given) => say("glance " + JSON.stringify(given.metadata)),
    "message-received": () => say("message"),
    "dialog-button-click": (event, close) => {{ say("pressed " + event.action); close(event.action === "done"); }},
  }});
</script>"""


class Addon:
    """An add-on with one of everything: what it was asked, and how it answers."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.headers: dict[str, str] = {}
        self.status = 200
        self.host = ""

    async def page(self, request: web.Request) -> web.Response:
        """Answer a page that writes down what it hears."""
        self.asked.append(request)
        text = PAGE.format(title=f"page {request.path}", host=self.host)
        return web.Response(text=text, content_type="text/html", headers=self.headers, status=self.status)

    async def glance(self, _request: web.Request) -> web.Response:
        """Answer a glance."""
        body = {"label": {"type": "html", "value": "3 open"}}
        return web.json_response(body, headers={"Access-Control-Allow-Origin": "*"})


@pytest.fixture
async def addon(aiohttp_server: AiohttpServer, group: Group) -> Addon:
    """Run an add-on that is installed in Ops."""
    addon = Addon()
    app = web.Application()
    app.router.add_get("/glance", addon.glance)
    app.router.add_get("/{page}", addon.page)
    server = await aiohttp_server(app)
    url = str(server.make_url("/"))
    icon = {"url": "x", "url@2x": "x"}
    named = {"value": "Alerts"}
    capabilities = {
        "glance": [{"key": "g", "name": named, "icon": icon, "target": "board", "queryUrl": f"{url}glance"}],
        "webPanel": [
            {"key": "board", "name": {"value": "Board"}, "location": "hipchat.sidebar.right", "url": f"{url}panel"}
        ],
        "dialog": [
            {
                "key": "ask",
                "title": {"value": "A question"},
                "url": f"{url}dialog?about={{message.body}}",
                "options": {
                    "size": {"width": "500px", "height": "60%"},
                    "primaryAction": {"name": {"value": "Done"}, "key": "done"},
                    "secondaryActions": [{"name": {"value": "Stay"}, "key": "stay"}],
                },
            }
        ],
        "action": [
            {"key": "act", "name": {"value": "Make an alert"}, "location": "hipchat.message.action", "target": "ask"},
            {
                "key": "link",
                "name": {"value": "Only with a link"},
                "location": "hipchat.message.action",
                "target": "ask",
                "conditions": [{"condition": "message_contains_link"}],
            },
        ],
        "configurable": {"url": f"{url}configure"},
    }
    client = Client(
        id="c1",
        secret=SECRET,
        kind="addon",
        name="Alerts",
        scopes=("view_room",),
        base_url="http://127.0.0.1",
        room_id=group.ops.id,
        descriptor={"key": "alertbot", "capabilities": capabilities},
    )
    group.hipchat.add_client(client)
    return addon


async def visited(visit: Visit, addon: Addon, user: User) -> Page:  # noqa: F811
    """Open the page as somebody."""
    page = await visit(user)
    addon.host = page.url.rstrip("/")
    await expect(page.locator("[data-glance=g]")).to_have_text("3 open")
    return page


async def frame_of(page: Page) -> Frame:
    """Return the one frame that is open, loaded."""
    handle = await page.locator("iframe.module-frame").element_handle()
    frame = await handle.content_frame()
    assert frame is not None
    await frame.wait_for_selector("h1")
    return frame


async def panel(page: Page) -> Frame:
    """Open the panel by its glance."""
    await page.locator("[data-glance=g] button").click()
    return await frame_of(page)


def claims(request: web.Request) -> Any:
    """Return what an address was signed for."""
    return jwt.decode(
        request.query["signed_request"],
        SECRET,
        algorithms=["HS256"],
        options={"verify_exp": False, "verify_iat": False},
    )


async def asks(frame: Frame, call: str, given: str = "") -> Any:
    """Call the JavaScript API and return what its callback gets: an error and a value."""
    return await frame.evaluate(
        f"new Promise((done) => HipChat.{call}({given}{', ' if given else ''}(error, value) => done([error, value])))"
    )


async def test_47_a_panel_opens_by_its_glance(visit: Visit, group: Group, addon: Addon, troubles: list[str]) -> None:  # noqa: F811
    """In a frame at an address that is signed for the person in the room, with the theme; it closes again."""
    page = await visited(visit, addon, group.dana)
    frame = await panel(page)
    request = addon.asked[-1]
    token = claims(request)

    assert "page /panel" == await frame.inner_text("h1")
    assert ("light", "1") == (request.query["theme"], request.query["connect_client_api_version"])
    assert (str(group.dana.id), group.ops.id) == (token["sub"], token["context"]["room_id"])
    await page.get_by_role("button", name="Close Board").click()
    await expect(page.locator("iframe")).to_have_count(0)
    assert [line for line in troubles if "127.0.0.1" not in line] == []


async def test_47_what_a_frame_cannot_show(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """A page that forbids frames, or is not there, is reported instead of staying empty."""
    page = await visited(visit, addon, group.dana)
    for headers, status, words in (
        ({"X-Frame-Options": "DENY"}, 200, "X-Frame-Options: deny"),
        ({"X-Frame-Options": "sameorigin"}, 200, "X-Frame-Options: sameorigin"),
        ({"Content-Security-Policy": "frame-ancestors https://*.hipchat.com"}, 200, "frame-ancestors"),
        ({}, 401, "answered 401"),
    ):
        addon.headers, addon.status = headers, status
        await page.locator("[data-glance=g] button").click()
        await expect(page.get_by_role("alert")).to_contain_text(words)
    addon.headers, addon.status = {"Content-Security-Policy": f"frame-ancestors {addon.host}"}, 200
    await panel(page)


async def test_47_only_admins_configure(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """The owner of the room is offered the page; somebody else is not, nor gets its address by asking."""
    owner = await visited(visit, addon, group.dana)
    await owner.get_by_role("button", name="Configure Alerts").click()
    frame = await frame_of(owner)
    other = await visited(visit, addon, group.lee)
    status = await other.evaluate(
        f"""fetch("/_page/rooms/{group.ops.id}/frame", {{ method: "POST", headers: {{ "Content-Type": "application/json" }},
        body: JSON.stringify({{ user: {group.lee.id}, addon: "c1", module: "configurable" }}) }}).then((answer) => answer.status)"""
    )

    assert "page /configure" == await frame.inner_text("h1")
    await expect(other.get_by_role("button", name="Configure Alerts")).to_have_count(0)
    assert 502 == status


async def test_47_guests_see_no_addons(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """Neither glances nor actions."""
    group.lee.is_guest = True
    group.ops.is_guest_accessible = True
    page = await visit(group.lee)
    group.hipchat.post(group.ops, group.hipchat.sender(group.dana), "hello")
    await expect(page.get_by_text("hello", exact=True)).to_be_visible()

    assert addon.asked == []
    await expect(page.locator("#right")).to_be_hidden()
    await expect(page.locator(".more")).to_be_hidden()


async def test_48_tokens_rooms_and_people(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """A page gets fresh tokens for its own installation, and the room's and person's details."""
    page = await visited(visit, addon, group.dana)
    frame = await panel(page)
    error, token = await asks(frame, "auth.withToken")
    _, room = await asks(frame, "room.getRoomDetails")
    _, people = await asks(frame, "room.getParticipants")
    _, me = await asks(frame, "user.getCurrentUser")

    assert error is None
    decoded = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False})
    assert (str(group.dana.id), "c1") == (decoded["sub"], decoded["iss"])
    assert {"id": group.ops.id, "name": "Ops", "privacy": "public", "topic": "on call: @Dana"} == room
    assert ["Dana Scott"] == [each["name"] for each in people["members"]]
    assert ("Dana", "dana@example.com", False) == (me["mention_name"], me["email"], me["is_guest"])


async def test_48_calls_without_the_scope(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """An add-on that may not view rooms is told so; what the stand-in does not do is an error too, never silence."""
    group.hipchat.clients["c1"].scopes = ()
    frame = await panel(await visited(visit, addon, group.dana))

    assert "The add-on lacks the scope view_room." == (await asks(frame, "room.getRoomDetails"))[0]
    assert "does not do room.create" in (await asks(frame, "room.create", '"x"'))[0]


async def test_48_text_for_the_input(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """It is put into the message box, and nothing is sent."""
    page = await visited(visit, addon, group.dana)
    frame = await panel(page)
    await asks(frame, "chat.appendMessage", '"/alert ack 1"')

    await expect(page.get_by_label("Message", exact=True)).to_have_value("/alert ack 1")
    assert group.ops.messages == []


async def test_48_dialogs(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """A page opens a dialog with parameters, its buttons are told, and it closes when the page says so."""
    page = await visited(visit, addon, group.dana)
    board = await panel(page)
    await board.evaluate(
        'HipChat.dialog.open({key: "ask", parameters: {a: 1}, urlTemplateValues: {message: {body: "x y"}}})'
    )
    dialog = page.get_by_role("dialog", name="A question")
    await expect(dialog).to_be_visible()
    inner = page.frame_locator("dialog iframe")
    await expect(inner.locator("#said")).to_have_text('parameters {"a":1};')
    assert "x y" == addon.asked[-1].query["about"]
    box = await dialog.bounding_box()
    await dialog.get_by_role("button", name="Stay").click()
    await expect(inner.locator("#said")).to_contain_text("pressed stay;")
    await dialog.get_by_role("button", name="Done").click()
    await expect(dialog).to_be_hidden()

    assert box is not None
    assert 500 == round(box["width"])


async def test_48_a_page_closes_its_own_dialog(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """And changes its title and buttons; the panel closes itself too."""
    page = await visited(visit, addon, group.dana)
    board = await panel(page)
    await board.evaluate('HipChat.dialog.open({key: "ask"})')
    handle = await page.locator("dialog iframe").element_handle()
    frame = await handle.content_frame()
    assert frame is not None
    await frame.wait_for_selector("h1")
    await frame.evaluate(
        'HipChat.dialog.update({title: {value: "Another"}, options: {primaryAction: {name: {value: "Go"}, enabled: false}}})'
    )
    await expect(page.get_by_role("heading", name="Another")).to_be_visible()
    await expect(page.locator("dialog").get_by_role("button", name="Go")).to_be_disabled()
    await frame.evaluate("HipChat.dialog.close()")
    await expect(page.locator("dialog")).to_be_hidden()
    await board.evaluate("HipChat.sidebar.closeView()")
    await expect(page.locator("iframe")).to_have_count(0)


async def test_48_a_messages_menu(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """What an add-on does with a message is offered where its conditions hold, by keyboard too; its page hears of the message."""
    page = await visited(visit, addon, group.dana)
    group.hipchat.post(group.ops, group.hipchat.sender(group.lee), "db1 is slow")
    group.hipchat.post(group.ops, group.hipchat.sender(group.lee), "see https://example.com/")
    await expect(page.locator(".message")).to_have_count(2)
    more = page.locator(".message .more")
    await more.last.press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Make an alert", "Only with a link"])
    await page.keyboard.press("Escape")
    await more.first.press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Make an alert"])
    await page.keyboard.press("Enter")
    said = page.frame_locator("dialog iframe").locator("#said")

    await expect(said).to_have_text("acted on db1 is slow by Lee Wong;")
    assert "db1 is slow" == addon.asked[-1].query["about"]


async def test_48_events(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """A page hears of pushed glances and of its add-on's own messages."""
    page = await visited(visit, addon, group.dana)
    frame = await panel(page)
    content = {"label": {"type": "html", "value": "4 open"}, "metadata": {"open": 4}}
    group.hipchat.push_glance(group.hipchat.clients["c1"], "g", content, room_id=group.ops.id)
    group.hipchat.notify(group.ops, group.addon, message="hello", color="gray")

    await frame.wait_for_function('document.getElementById("said").textContent.includes("message;")')
    assert 'glance {"open":4};message;' == await frame.inner_text("#said")


async def test_47_links_to_modules(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """A link in an add-on's message opens its module, with parameters."""
    page = await visited(visit, addon, group.dana)
    options = '{"parameters": {"n": 7}}'
    link = f"<a href='https://bot.example.com/' data-target='alertbot:board' data-target-options='{options}'>open the board</a>"
    group.hipchat.notify(group.ops, group.addon, message=link, color="gray")
    await page.get_by_role("link", name="open the board").click()

    await expect(page.frame_locator(".panel iframe").locator("#said")).to_have_text('parameters {"n":7};')


async def test_only_admins_add_integrations(visit: Visit, group: Group, addon: Addon) -> None:  # noqa: F811
    """The form leads to Hipchat's own page of what an add-on asks for, with the room that is open."""
    owner, other = await visited(visit, addon, group.dana), await visited(visit, addon, group.lee)
    await owner.get_by_text("Add an integration").click()
    form = owner.locator("#integrate form")

    await expect(form.get_by_label("Address of its descriptor")).to_be_visible()
    assert str(group.ops.id) == await form.locator("[name=room]").input_value()
    assert "/addons/install" == await form.get_attribute("action")
    await expect(other.get_by_text("Add an integration")).to_be_hidden()
