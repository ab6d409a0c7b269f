"""`alertbot demo`: what it prints, what it plays, and how it ends (product.md 2)."""

import json
import re
import signal
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from bot.cli import main
from bot.demo import script
from bot.demo.accounting import expanded, most_in_a_minute, told_of
from bot.demo.play import Differs, Play
from tests.cli import alertbot, staying, stopped


async def test_script() -> None:
    """The script ends with 0, and its transcript shows what it is there for."""
    ran = await alertbot("demo", "--script")
    shown = ran.out

    assert (0, "") == (ran.code, ran.err)
    for expected in (
        "[card red] #1 Disk 97% full on db1",
        "1 open · 0 acked",
        "Dana Scott: /alert ack 1 moving the dumps away",
        "acked 1: #1",
        "#1 is acked by Dana since",
        "@Lee assigned 1: #1 to Lee",
        "closed 1: #1",
        "There is no #99 in this room: the last alert here is #1.",
        'Did you mean "reopen 1"?',
        "waiting · skipped #3 (closed just now by Dana)",
        "[card green] #4 resolved by",
        " more in 4 groups since ",
        "all as they should be",
    ):
        assert expected in shown
    # The reader of the transcript can check the storm: every number is on a card or in a digest.
    cards = {int(number) for number in re.findall(r"\[card red\] #(\d+) node", shown)}
    digested = [line.rpartition(": ")[2] for line in shown.split("\n") if re.search(r" \d+x: #", line)]
    assert set(range(5, 505)) == cards | set().union(*map(expanded, digested))


async def test_a_night() -> None:
    """A night on call is played with the clock moved: who is rung when, what a silence kept, what is handed over."""
    ran = await alertbot("demo", "--script", "--night")

    assert (0, "") == (ran.code, ran.err)
    for expected in (
        "ops: Dana until",
        "silenced by S1",
        "for Lee: #3 critical, not acked for 10 min: Checkout is down.",
        "Silence S1 (service=deploy, by Dana) is over.",
        "# Alert #3: Checkout is down",
        "@Dana assigned 1: #2 to Dana",
        "8 scenes played in Ops, all as they should be",
    ):
        assert expected in ran.out


async def test_a_storm() -> None:
    """Ten thousand alerts in a minute are told within the budget, acked by a filter, and closed."""
    ran = await alertbot("demo", "--script", "--storm")

    assert (0, "") == (ran.code, ran.err)
    assert "closed 10000: #1-#10000" in ran.out
    assert "3 scenes played in Ops, all as they should be" in ran.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--storm"], "alertbot demo --script --night"),
        (["--night"], "alertbot demo --script --night"),
        (["--script", "--storm", "--night"], "choose one"),
    ],
)
async def test_what_is_played_by_the_script_only(options: list[str], said: str) -> None:
    """The refusal says what to type instead."""
    ran = await alertbot("demo", *options)

    assert 2 == ran.code
    assert said in ran.err


def test_a_difference_is_told_and_ends_with_1(monkeypatch: pytest.MonkeyPatch, logs_as_before: None) -> None:
    """When a scene goes otherwise, the room is printed all the same, the difference after it, and the exit code is 1."""

    async def wrong(_play: Play) -> None:
        """Expect a miracle."""
        raise Differs("expected a miracle, but there is: nothing")

    monkeypatch.setattr(script, "SCENES", (script.greeting, wrong, script.card))
    result = CliRunner().invoke(main, ["demo", "--script"])

    assert 1 == result.exit_code
    assert "Alertbot is here" in result.stdout
    assert "#1 Disk 97% full on db1" in result.stdout
    assert "1 of 3 scenes differ" in result.stderr
    assert "Expect a miracle." in result.stderr
    assert "expected a miracle, but there is: nothing" in result.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_json(how: signal.Signals) -> None:
    """One line of JSON says all that a program needs to play along; then the demo runs until it is stopped."""
    async with staying("demo", "--json") as (process, line), aiohttp.ClientSession() as session:
        about = json.loads(line)
        dana, lee = about["users"][:2]
        room = f"{about['chat_url']}/v2/room/{about['room']['id']}"
        key = {"Authorization": f"Bearer {about['key']}"}
        speaks = {"Authorization": f"Bearer {lee['token']}"}
        async with session.get(f"{room}/history", headers=speaks) as answer:
            first = (await answer.json())["items"]
        alert = {"summary": "Disk full on web1", "severity": "critical"}
        async with session.post(f"{about['bot_url']}/api/v1/alerts", json=alert, headers=key) as answer:
            posted = (202, (await answer.json())["results"][0]["outcome"])
        async with session.post(f"{room}/message", json={"message": "/alert ack 1"}, headers=speaks) as answer:
            assert 201 == answer.status
        async with session.post(f"{about['chat_url']}/_standin/idle") as answer:
            assert 204 == answer.status
        async with session.get(f"{about['bot_url']}/api/v1/alerts/1", headers=key) as answer:
            acked = await answer.json()
        async with session.post(f"{about['bot_url']}/api/v1/alerts/1/close", json={"by": "me"}, headers=key) as answer:
            closed = answer.status
        ended = await stopped(process, how)

    assert {"chat_url", "bot_url", "ca_file", "key", "room", "users"} == set(about)
    assert "Ops" == about["room"]["name"]
    assert ("Dana", "Lee") == (dana["mention_name"], lee["mention_name"])
    assert 2 <= len(first) <= 5
    assert [] == [each["message"] for each in first if each["type"] != "notification"]
    assert sum("card" in each for each in first) == len(first) - 1
    assert (202, "opened") == posted
    assert ("acked", "Lee") == (acked["state"], acked["acked_by"])
    assert 200 == closed
    assert (0, "", "") == (ended.code, ended.out, ended.err)


async def test_words_for_a_person_and_a_folder_that_stays(tmp_path: Path) -> None:
    """A person gets addresses, a key and a curl line; with --data the alerts are there again the next time."""
    folder = tmp_path / "data"
    for run in range(2):
        async with staying("demo", "--data", str(folder), LOG_LEVEL="error") as (process, _):
            assert process.stdout is not None
            text = (await process.stdout.readuntil(b"Ctrl-C")).decode()
            found = re.search(r"^curl (\S+)/api/v1/alerts -H '(\S+): (\S+ \S+)'", text, re.MULTILINE)
            assert found is not None
            async with aiohttp.ClientSession(headers={found[2]: found[3]}) as session:
                await session.post(f"{found[1]}/api/v1/alerts", json={"summary": f"run {run}"})
                async with session.get(f"{found[1]}/api/v1/alerts?q=run") as answer:
                    kept = [alert["summary"] for alert in (await answer.json())["alerts"]]
            ended = await stopped(process, signal.SIGINT)
        assert 0 == ended.code

    assert ["run 1", "run 0"] == kept
    assert re.search(r"http://127\.0\.0\.1:\d+", text)


async def test_script_and_json_do_not_go_together() -> None:
    """The one plays, the other says where to play."""
    ran = await alertbot("demo", "--script", "--json")

    assert 2 == ran.code
    assert "choose one" in ran.err


@pytest.mark.parametrize(
    ("ranges", "numbers"),
    [
        ("#7", {7}),
        ("#1-#3 #5", {1, 2, 3, 5}),
        ("#100-#105 except #102 #104, #110 #111", {100, 101, 103, 105, 110, 111}),
        ("#1-#9 except #2-#8", {1, 9}),
        ("", set()),
    ],
)
def test_ranges_are_read_as_people_read_them(ranges: str, numbers: set[int]) -> None:
    """A range stands for all its numbers, and an `except` reaches to the next comma."""
    assert numbers == expanded(ranges)


def test_nothing_said_is_nothing_told() -> None:
    """Without messages there are no numbers and no minute."""
    assert set() == told_of([])
    assert 0 == most_in_a_minute([])
