"""The board: what one person clicks the room and everybody else sees within two seconds, by mouse and by keyboard."""

import time
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bot.demo.samples import SAMPLES
from tests.pages.conftest import House, Visit, board_of

HOSTILE = "<img src=x onerror=alert(1)> </script><script>alert(1)</script> \u202egnp.exe"
SOON = 10_000
"""Milliseconds that a test waits for what comes within two seconds on a machine that does nothing else."""


async def test_one_acks_and_everybody_sees_it(house: House, visit: Visit) -> None:
    """A click in one sidebar changes the room, the other sidebar and the history, and can be undone."""
    await house.backend.post(*SAMPLES)
    dana, lee = await visit("Dana"), await visit("Lee")
    mine, other = await board_of(dana), await board_of(lee)
    await expect(other.locator("#alert-1")).to_contain_text("nobody")
    await mine.locator("#alert-1").get_by_role("button", name="Ack", exact=True).click()

    await expect(other.locator("#alert-1 .second")).to_contain_text("Dana", timeout=SOON)
    await expect(lee.get_by_role("button", name="#1 acked by Dana")).to_be_visible(timeout=SOON)
    await expect(mine.get_by_role("status")).to_have_text("acked 1: #1 Disk 97% full on db1")
    await expect(mine.locator("#counts")).to_have_text("2 open · 1 acked")
    await mine.get_by_role("button", name="Undo").click()
    await expect(other.locator("#alert-1 .second")).to_contain_text("nobody", timeout=SOON)


async def test_the_room_and_others_change_within_two_seconds(house: House, visit: Visit) -> None:
    """From the click to the room and to a second browser, the best of three clicks, since other work shares the machine."""
    await house.backend.post(SAMPLES[0])
    dana, lee = await visit("Dana"), await visit("Lee")
    mine, other = await board_of(dana), await board_of(lee)
    taken = []
    for verb, said in (("Ack", "acked"), ("Unack", "unacked"), ("Close", "closed")):
        button = mine.locator("#alert-1").get_by_role("button", name=verb, exact=True)
        await expect(button).to_be_visible(timeout=SOON)
        begun = time.monotonic()
        await button.click()
        await expect(lee.get_by_role("log").get_by_role("button", name=f"#1 {said} by Dana")).to_be_visible(
            timeout=SOON
        )
        gone = (
            other.locator("#empty") if verb == "Close" else other.locator("#alert-1", has_text=said.removeprefix("un"))
        )
        if verb != "Unack":
            await expect(gone).to_be_visible(timeout=SOON)
        taken.append(time.monotonic() - begun)

    assert min(taken) < 2


async def test_a_second_person_is_told_who_has_it(house: House, visit: Visit) -> None:
    """Of two clicks one wins; the other reads who has it and how to take it over."""
    await house.backend.post(SAMPLES[0])
    board = await board_of(await visit("Dana"))
    await house.stage.room.says("lee", "/alert ack 1 on it")
    await expect(board.locator("#alert-1 .second")).to_contain_text("Lee", timeout=SOON)
    await board.locator("#alert-1").get_by_role("button", name="Own").click()
    await expect(board.locator("#alert-1 .second")).to_contain_text("Dana", timeout=SOON)
    await house.stage.room.says("lee", "/alert close 1")

    await expect(board.locator("#empty")).to_have_text("Nothing is wrong here.", timeout=SOON)


async def test_forms_for_what_needs_a_word(house: House, visit: Visit) -> None:
    """Snooze asks for how long and assign to whom; Escape gives up, and the focus is where it was."""
    await house.backend.post(SAMPLES[0])
    page = await visit("Dana")
    board = await board_of(page)
    row = board.locator("#alert-1")
    await row.get_by_role("button", name="Snooze").press("Enter")
    await board.get_by_label("Snooze for").press("Escape")
    await expect(board.get_by_label("Snooze for")).to_have_count(0)
    await row.get_by_role("button", name="Snooze").press("Enter")
    await board.get_by_label("Snooze for").select_option("2 h")
    await board.locator(".ask").get_by_role("button", name="Snooze").press("Enter")
    await expect(row.locator(".second")).to_contain_text("snoozed", timeout=SOON)
    await row.get_by_role("button", name="Assign").press("Enter")
    await board.get_by_label("Assign to").fill("nobody")
    await page.keyboard.press("Enter")
    await expect(board.get_by_role("status")).to_contain_text("I know nobody called nobody")
    await board.get_by_label("Assign to").fill("@Lee")
    await page.keyboard.press("Enter")

    await expect(row.locator(".second")).to_contain_text("Lee", timeout=SOON)
    house.troubles[:] = [line for line in house.troubles if "409" not in line]


async def test_hostile_text_is_text(house: House, visit: Visit) -> None:
    """In the board and in the dialog; nothing runs and nothing is fetched."""
    await house.backend.post(
        {"summary": HOSTILE, "source": HOSTILE, "description": HOSTILE, "labels": {"a": HOSTILE}, "severity": "error"}
    )
    page = await visit("Dana")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    board = await board_of(page)
    await expect(board.locator("#alert-1 .title")).to_contain_text("<img src=x onerror=alert(1)>")
    await board.locator("#alert-1 .title").click()
    await expect(page.frame_locator("dialog iframe").locator("h1")).to_contain_text("</script><script>alert(1)")

    assert [] == dialogs


async def test_the_filter(house: House, visit: Visit) -> None:
    """By words, by label and by owner; what comes later is sifted too."""
    await house.backend.post(*SAMPLES)
    board = await board_of(await visit("Dana"))
    shown = board.locator(".alert:visible")
    await expect(shown).to_have_count(3)
    await board.get_by_label("Filter").fill("service=db")
    await expect(shown).to_have_count(1)
    await house.backend.post({"summary": "Another", "labels": {"service": "db"}}, {"summary": "Elsewhere"})
    await expect(shown).to_have_count(2, timeout=SOON)
    await board.get_by_label("Filter").fill("")
    await board.get_by_label("Whose").select_option("mine")

    await expect(shown).to_have_count(0)


async def test_a_detail(house: House, visit: Visit) -> None:
    """The dialog shows labels, links, timeline and reasons, takes a note, and acts."""
    await house.backend.post(SAMPLES[0])
    page = await visit("Dana")
    board = await board_of(page)
    await board.locator("#alert-1 .title").click()
    detail = page.frame_locator("dialog iframe")
    await expect(detail.locator("body.ready .labels")).to_contain_text("service")
    await expect(detail.locator(".why")).to_contain_text("dedup key")
    await detail.get_by_label("Note").fill("moving dumps")
    await detail.get_by_role("button", name="Add note").click()
    await expect(detail.locator(".timeline")).to_contain_text("noted by Dana: moving dumps", timeout=SOON)
    await detail.get_by_role("button", name="Close", exact=True).click()
    await expect(detail.locator(".lozenge.closed")).to_be_visible(timeout=SOON)
    await expect(board.locator("#empty")).to_be_visible(timeout=SOON)


async def test_an_alert_of_a_message(house: House, visit: Visit) -> None:
    """A message's menu opens the form with its text; the alert is in the room, made by that person."""
    page = await visit("Dana")
    await house.stage.room.says("lee", "db1 looks slow to me")
    await expect(page.get_by_text("db1 looks slow to me")).to_be_visible()
    await expect(page.locator(".log.has-actions")).to_be_visible()
    more = page.locator(".message", has_text="db1 looks slow to me").get_by_label("More")
    await more.press("Enter")
    await page.get_by_role("menuitem", name="Make an alert of it").press("Enter")
    form = page.frame_locator("dialog iframe")
    await expect(form.locator("body.ready")).to_be_visible()
    await expect(form.get_by_label("What is wrong in Ops?")).to_have_value("db1 looks slow to me")
    await form.get_by_label("How bad is it?").select_option("error")
    await form.get_by_role("button", name="Create the alert").click()

    await expect(page.locator(".card", has_text="#1 db1 looks slow to me")).to_be_visible(timeout=SOON)
    await expect(page.locator("dialog")).to_be_hidden()
    alert = await house.backend.alert(1)
    assert ("error", "Dana") == (alert["severity"], alert["source"])


async def test_a_card_shows_its_alert(house: House, visit: Visit) -> None:
    """The menu of a card leads to that alert's dialog, and offers no new one."""
    await house.backend.post(SAMPLES[0])
    page = await visit("Lee")
    await expect(page.locator(".log.has-actions")).to_be_visible()
    card = page.locator(".message", has_text="#1 Disk 97% full")
    await card.get_by_label("More").press("Enter")
    await expect(page.get_by_role("menuitem")).to_have_text(["Show the alert"])
    await page.get_by_role("menuitem").press("Enter")

    await expect(page.frame_locator("dialog iframe").locator("h1")).to_contain_text("#1 Disk 97% full")


async def test_a_token_that_is_over_is_renewed(house: House, visit: Visit) -> None:
    """An hour later the page asks Hipchat for a fresh one, and goes on without a reload."""
    await house.backend.post(SAMPLES[0])
    board = await board_of(await visit("Dana"))
    house.stage.forward(hours=2)
    await board.locator("#alert-1").get_by_role("button", name="Ack", exact=True).click()

    await expect(board.locator("#alert-1 .second")).to_contain_text("Dana", timeout=5_000)
    house.troubles[:] = [line for line in house.troubles if "401" not in line]


async def test_a_lost_connection(house: House, visit: Visit) -> None:
    """The page says so, tries again, and shows what happened meanwhile."""
    page = await visit("Dana")
    board = await board_of(page)
    await page.context.set_offline(True)
    await page.context.route("**/hipchat/sidebar/**", lambda route: route.abort())
    await house.backend.post(SAMPLES[0])
    await page.context.set_offline(False)
    await page.context.unroute_all()

    await expect(board.locator("#alert-1")).to_be_visible(timeout=10_000)
    house.troubles[:] = [line for line in house.troubles if "ERR_" not in line]


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_themes(house: House, visit: Visit, theme: Any) -> None:
    """The page is drawn in Hipchat's theme, at the sidebar's 300 px, without a sideways scroll."""
    await house.backend.post(*SAMPLES)
    page = await visit("Dana", color_scheme=theme)
    board = await board_of(page)
    width, scroll = await board.locator("html").evaluate("(root) => [root.clientWidth, root.scrollWidth]")
    ground = await board.locator("body").evaluate("(body) => getComputedStyle(body).backgroundColor")

    assert 280 <= width <= 300
    assert scroll <= width
    assert ("rgb(255, 255, 255)" == ground) is (theme == "light")


async def test_a_thousand_alerts_scroll_smoothly(house: House, visit: Visit) -> None:
    """Rows out of sight cost nothing: frames keep coming while one scrolls through all of them."""
    for start in range(0, 1000, 200):
        await house.backend.post(
            *({"summary": f"Problem {number}", "severity": "error"} for number in range(start, start + 200))
        )
    page = await visit("Dana")
    board = await board_of(page)
    await expect(board.locator(".alert")).to_have_count(1000, timeout=10_000)
    frames = await board.locator("html").evaluate(
        """async (root) => {
          const gaps = [];
          let last = performance.now();
          for (let step = 0; step < 60; step += 1) {
            root.scrollTop += 400;
            await new Promise(requestAnimationFrame);
            gaps.push(performance.now() - last);
            last = performance.now();
          }
          return gaps.toSorted((a, b) => a - b);
        }"""
    )
    still = await idle_frames(page)

    # Beside the same page at rest in the same minute, since other work shares this machine.
    assert frames[len(frames) // 2] <= max(3 * still, 50)


async def idle_frames(page: Page) -> float:
    """Return the usual time between two frames of a page that does nothing, in milliseconds."""
    gap: float = await page.evaluate(
        """async () => {
          const gaps = [];
          let last = performance.now();
          for (let step = 0; step < 30; step += 1) {
            await new Promise(requestAnimationFrame);
            gaps.push(performance.now() - last);
            last = performance.now();
          }
          return gaps.toSorted((a, b) => a - b)[15];
        }"""
    )
    return gap


async def test_installing_from_the_browser(stage: Any, visit: Visit) -> None:
    """An admin types the descriptor's address, approves, and the bot greets the room with its sidebar at hand."""
    page = await visit("Alex")
    await page.get_by_text("Add an integration").click()
    await page.get_by_label("Address of its descriptor").fill(f"{stage.bot_url}/hipchat/descriptor")
    await page.get_by_role("button", name="Continue").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("Alertbot is here")).to_be_visible(timeout=5_000)

    await expect(page.locator("[data-glance=alerts-glance]")).to_contain_text("no open alerts")


async def test_a_cards_link_outside_and_inside(house: House, visit: Visit) -> None:
    """A plain browser gets the alert's page; the number in the message opens the dialog where the client knows how."""
    await house.backend.post(SAMPLES[0])
    page = await visit("Dana")
    await expect(page.locator(".log.has-actions")).to_be_visible()
    async with page.context.expect_page() as opening:
        await page.get_by_role("link", name="#1 Disk 97% full").click()
    plain = await opening.value
    await expect(plain.get_by_role("heading", level=1)).to_contain_text("#1 Disk 97% full")
    await expect(plain.get_by_role("button")).to_have_count(0)
    await page.bring_to_front()
    await page.get_by_label("Show what card-unaware clients see").check()
    await page.get_by_role("link", name="#1", exact=True).click()

    await expect(page.frame_locator("dialog iframe").locator("h1")).to_contain_text("#1 Disk 97% full")


async def test_charts(house: House, visit: Visit) -> None:
    """Drawn from the board, for another span too, with the numbers in a table; an empty room has them as well."""
    page = await visit("Dana")
    board = await board_of(page)
    await board.get_by_role("button", name="Charts").click()
    charts = page.frame_locator("dialog iframe")
    await expect(charts.get_by_role("heading", level=1)).to_have_text("0 alerts in Ops")
    await page.locator("dialog .module-foot").get_by_role("button", name="Close").click()
    await house.backend.post(*SAMPLES)
    await house.stage.room.says("dana", "/alert close 1")
    await board.get_by_role("button", name="Charts").click()
    await expect(charts.locator("body.ready h1")).to_have_text("3 alerts in Ops")
    await charts.get_by_label("of").select_option("the last day")
    await expect(charts.locator("svg rect.critical")).to_have_count(1)
    await charts.get_by_text("The numbers").last.click()

    await expect(charts.locator("table").last).to_contain_text("Prometheus")
