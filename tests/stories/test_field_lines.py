"""Lines of public bug reports about other bots, as people and their phones wrote them (tests/field)."""

import json

import pytest

from bot.standin.driver import RoomDriver
from tests.stories.bot import Bot
from tests.stories.test_field import FIELD

LINES = [
    ("66", {"95": "1", "96": "2"}, "acked 2: #1", {1: "acked", 2: "acked", 3: "open"}),
    ("68", {"101": "2"}, "assigned 1: #2 to Lee", {1: "open", 2: "open", 3: "open"}),
    (
        "69",
        {"104": "1", "\uff11\uff10\uff15": "\uff12", "106": "3"},
        "acked 3: #1",
        {1: "acked", 2: "acked", 3: "acked"},
    ),
    ("70", {}, "For how long?", {1: "open", 2: "open", 3: "open"}),
]


@pytest.mark.parametrize(("case", "numbers", "answer", "states"), LINES, ids=[line[0] for line in LINES])
async def test_typed_lines(  # noqa: PLR0917 - one row of the table
    room: RoomDriver, bot: Bot, case: str, numbers: dict[str, str], answer: str, states: dict[int, str]
) -> None:
    """Smart quotes and dashes, a blank after a name, full-width digits, a number that is no time: understood, or asked about."""
    recorded = json.loads((FIELD / f"{case}.json").read_text())["inputs"]
    (line,) = [each["body"]["message"] for each in recorded if "(chat)" in each["request"]]
    for there, here in numbers.items():
        line = line.replace(there, here)
    await bot.fires("chat 0", "chat 1", "chat 2")
    room.look()
    await room.says("dana", line)
    await room.sees(answer)

    assert states == {number: (await bot.stands(number))[0] for number in states}
