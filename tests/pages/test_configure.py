"""The configure page: from nothing to an alert in the room without a shell; by admins only, and noted."""

import re

import pytest
from playwright.async_api import FrameLocator, Page, expect

from bot.demo.backend import backend
from bot.demo.samples import SAMPLES
from bot.standin.faults import Fault
from tests.channels.making import TOKEN
from tests.channels.sink import sink
from tests.pages.conftest import House, Visit
from tests.pages.test_sidebar import SOON

KEY = re.compile(r"[A-Za-z0-9]{32}")


async def opened(page: Page) -> FrameLocator:
    """Open the page from the chat."""
    await page.get_by_role("button", name="Configure Alertbot").click()
    frame = page.frame_locator("dialog iframe")
    await expect(frame.locator("body.ready h1")).to_be_visible()
    return frame


async def test_first_steps(house: House, visit: Visit) -> None:
    """A test message, a key with what is to be pasted, an alert by that key, and a test alert: all seen in the room."""
    page = await visit("Alex")
    frame = await opened(page)
    await frame.get_by_role("button", name="Send a test message").click()
    await expect(page.get_by_text("Test by Alex: if you can read this")).to_be_visible(timeout=SOON)
    await frame.get_by_label("What is it for?").fill("cron")
    await frame.get_by_role("button", name="Make a key").click()
    await expect(frame.locator("#secret-value")).to_have_text(KEY)
    secret = await frame.locator("#secret-value").inner_text()
    await frame.get_by_label("Paste this into").select_option("Prometheus")
    await expect(frame.locator("#snippet")).to_contain_text(f"credentials: {secret}")
    await frame.get_by_role("button", name="I have stored it").click()
    async with backend(house.stage.bot_url, secret) as other:
        await other.post(SAMPLES[0])
    await expect(page.locator(".card", has_text="#1 Disk 97% full")).to_be_visible(timeout=SOON)
    await frame.get_by_role("button", name="Post a test alert").click()
    await expect(page.locator(".card", has_text="Test alert by Alex")).to_be_visible(timeout=SOON)

    assert KEY.fullmatch(secret)
    assert secret not in await frame.locator("html").inner_html()
    await expect(frame.locator("#audit")).to_contain_text("Alex made the key cron of the feed ops (ingest)")
    await expect(frame.locator("#audit")).to_contain_text("Alex tested the room: Ops: Hipchat took the message (204).")


async def test_keys_rotate_and_end(house: House, visit: Visit) -> None:
    """Another key is made beside one; a key is revoked by two clicks, and dead within seconds."""
    frame = await opened(await visit("Alex"))
    await frame.get_by_role("button", name="Another beside it").click()
    await frame.get_by_role("button", name="I have stored it").click()
    rows = frame.locator("#keys tbody tr")
    await expect(rows).to_have_count(2)
    revoke = rows.first.locator("[data-revoke]")
    await revoke.click()
    await expect(revoke).to_have_text("Really?")
    await expect(rows).to_have_count(2)
    await revoke.click()
    await expect(rows).to_have_count(1)
    house.stage.forward(seconds=6)
    async with house.backend.session.get(f"{house.stage.bot_url}/api/v1/alerts") as answer:
        assert 401 == answer.status


async def test_routes_are_tried_on_last_week(house: House, visit: Visit) -> None:
    """Blips of the past show what a hold would have spared; problems are named; what is put in force is noted and can be had again."""
    for number in range(3):
        blip = {"summary": f"Blip {number}", "dedup_key": f"b{number}", "labels": {"service": "web"}}
        await house.backend.post(blip)
        await house.backend.post({**blip, "status": "resolved"})
    await house.backend.post(SAMPLES[0])
    frame = await opened(await visit("Alex"))
    text = frame.get_by_label("The file in force")
    said = frame.locator("#plan-said")
    await text.fill('[[route]]\nname = "web"\nmatch = ["service=web"]\nroom = "Nowhere"')
    await frame.get_by_role("button", name="Try it on last week").click()
    await expect(said).to_contain_text("/route/0/room: the bot is in no room Nowhere; there are: Ops")
    await text.fill('[[route]]\nname = "web"\nmatch = ["service=web"]\nhold = "5m"')
    await frame.get_by_role("button", name="Try it on last week").click()
    await expect(said).to_contain_text(
        "This would change:+ route webLast week this would have been 1 messages instead of 7."
    )
    await frame.get_by_role("button", name="Put in force").click()
    await expect(said).to_contain_text("Changed:+ route web")
    await expect(frame.locator("#audit")).to_contain_text(
        "changed routes, policies, schedules, channels or sources: + route web"
    )
    await text.fill("[[route")
    await frame.get_by_role("button", name="Put in force").click()

    await expect(said).to_contain_text("the text is no TOML")
    house.troubles[:] = [line for line in house.troubles if "409" not in line and "422" not in line]


async def test_a_mapping_is_tried_on_the_last_message_and_saved(house: House, visit: Visit) -> None:
    """The message is shown; what the expressions make of it too; nothing usable is not saved; the next message is read by them."""
    message = {"what": {"title": "Disk full on db1"}, "level": "SEV1", "host": "db1"}

    async def post(given: object) -> None:
        url = f"{house.stage.bot_url}/in/generic"
        async with house.backend.session.post(url, json=given) as answer:
            assert 200 == answer.status

    await post(message)
    frame = await opened(await visit("Alex"))
    form = frame.locator("#mapping form")
    await expect(form).to_contain_text('"title": "Disk full on db1"')
    expressions, said = form.get_by_label("Expressions"), form.locator(".said")
    await expressions.fill("summary = what.")
    await form.get_by_role("button", name="Try").click()
    await expect(said).to_contain_text("/source/0/map/summary: is no JMESPath expression")
    await expressions.fill("summary = nothing.here")
    await form.get_by_role("button", name="Save").click()
    await expect(said).to_contain_text("the last message of ops becomes no alert: summary finds nothing")
    await expressions.fill(
        "summary = what.title\nseverity = level\nlabels.host = host\n\nseverity_words.SEV1 = critical"
    )
    await form.get_by_role("button", name="Try").click()
    await expect(said).to_contain_text(
        'the last message of ops becomes: summary = "Disk full on db1", severity = "critical"'
    )
    await form.get_by_role("button", name="Save").click()
    await expect(said).to_contain_text("+ source JSON of ops")
    await expect(frame.locator("#mapping summary")).to_contain_text("by a mapping")
    await post({**message, "what": {"title": "Disk full on db2"}})
    alert = await house.backend.alert(2)

    assert ("Disk full on db2", "critical", {"host": "db1"}) == (alert["summary"], alert["severity"], alert["labels"])
    await expect(expressions).to_have_value(
        "summary = what.title\nseverity = level\nlabels.host = host\nseverity_words.sev1 = critical\n"
    )
    await expressions.fill("")
    await form.get_by_role("button", name="Save").click()
    await expect(frame.locator("#mapping summary")).to_contain_text("by the usual names")
    house.troubles[:] = [line for line in house.troubles if "409" not in line]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "install the add-on again"),
        (403, "it belongs to another room, or lacks the scope"),
        (404, "Hipchat knows no such room"),
        (429, "Hipchat wants fewer messages"),
        (500, "has trouble (500)"),
    ],
)
async def test_each_failure_is_explained(house: House, visit: Visit, status: int, words: str) -> None:
    """What Hipchat answers to a test is said in a sentence."""
    frame = await opened(await visit("Alex"))
    house.stage.server.hipchat.faults.api.append(Fault(path=re.compile("/notification"), status=status))
    await frame.get_by_role("button", name="Send a test message").click()

    await expect(frame.locator("#said")).to_contain_text(words)
    house.stage.server.hipchat.faults.api.clear()
    house.troubles[:] = [line for line in house.troubles if "409" not in line]


async def test_a_channel_is_tested(house: House, visit: Visit) -> None:
    """Its service's answer is shown; its secret is not."""
    async with sink() as there:
        frame = await opened(await visit("Alex"))
        await frame.get_by_label("The file in force").fill(
            f'[[channel]]\nname = "pager"\nkind = "pagerduty"\nurl = "{there.url}"\nrouting_key = "{TOKEN}"'
        )
        await frame.get_by_role("button", name="Put in force").click()
        row = frame.locator("#plan tr", has_text="pager")
        await row.get_by_role("button", name="Test").click()
        await expect(frame.locator("#said")).to_have_text("pager: taken (202).")
        there.status = 403
        await row.get_by_role("button", name="Test").click()
        await expect(frame.locator("#said")).to_contain_text("refused it (403)")

    await expect(frame.get_by_label("The file in force")).to_have_value(re.compile('routing_key = "kept"'))
    assert TOKEN not in await frame.locator("html").inner_html()
    house.troubles[:] = [line for line in house.troubles if "409" not in line]


async def test_rights(house: House, visit: Visit) -> None:
    """What a verb is for is changed for this room, at once."""
    await house.backend.post(SAMPLES[0])
    frame = await opened(await visit("Alex"))
    await frame.get_by_text("commands differ from the usual").click()
    await frame.locator("[data-right=close]").select_option("admins")
    await expect(frame.locator("#audit")).to_contain_text("in Ops, close is for admins now")
    await house.stage.room.says("lee", "/alert close 1")

    await house.stage.room.sees('In this room "close" is for the owner of the room and the admins of the group.')
    assert "open" == (await house.backend.alert(1))["state"]


async def test_another_room_by_its_token(house: House, visit: Visit) -> None:
    """A pasted token joins its room; an old one is known by its look, and a wrong one explained."""
    group = house.stage.server.group
    frame = await opened(await visit("Alex"))
    for token, words in ((group.v1_token, "old API v1"), ("a" * 40, "(401)"), (group.room_token, "joined Ops")):
        await frame.get_by_label("Token", exact=True).fill(token)
        await frame.get_by_role("button", name="Join").click()
        await expect(frame.locator("#said")).to_contain_text(words)

    assert group.room_token not in await frame.locator("html").inner_html()
    house.troubles[:] = [line for line in house.troubles if "409" not in line]


async def test_a_rooms_owner_sees_that_room_alone(house: House, visit: Visit) -> None:
    """Keys and rights of the room; what concerns the whole group is not there."""
    hipchat = house.stage.server.hipchat
    dana = house.stage.room.person("dana")
    house.stage.room.room.owner_id = dana.id
    frame = await opened(await visit("Dana"))
    await expect(frame.locator("#plan")).to_contain_text("an admin of the group changes them")

    await expect(frame.locator("#audit")).to_contain_text("Nothing has been changed on this page yet")
    await expect(frame.locator("#hooks")).to_have_count(0)
    await expect(frame.locator("#keys tbody tr")).to_have_count(1)
    assert hipchat is not None


async def test_silences_and_people(house: House, visit: Visit) -> None:
    """A room's silences end by a click, which the room hears; the people whom the bot has met are listed."""
    await house.stage.room.says("lee", "/alert silence service=db 2h for a while")
    await house.stage.room.sees("S1 hides")
    page = await visit("Alex")
    frame = await opened(page)
    await expect(frame.locator("#silences li")).to_contain_text("S1 service=db until")
    await frame.get_by_role("button", name="End it").click()
    await expect(frame.locator("#silences")).to_contain_text("Nothing is silenced")
    await house.stage.room.sees("S1 (service=db) is ended")
    await frame.get_by_text("known here").click()

    await expect(frame.locator("#people")).to_contain_text("lee@example.com")
    await expect(frame.locator("#said")).to_contain_text("S1")
