"""Tokens are cached until they expire, and asked for once at a time."""

import asyncio
from dataclasses import replace

import pytest

from bot.hipchat.tokens import Credentials, Token, TokenRefused, Tokens, Unauthorized
from bot.ports import Later

SECRET = "Qm4tR8vYw2LkPn6sXc1MbHd9JfGa5QeUo7RiVt4K"
OPS = Credentials(
    token_url="https://api.hipchat.com/v2/oauth/token", oauth_id="ops", secret=SECRET, scopes=("send_notification",)
)
SECOND = 1000


class World:
    """A clock and a token URL; what it says next is put into `answers`, and `gate` holds the answers back."""

    def __init__(self, *, life: int = 3600) -> None:
        self.now = 1_000_000
        self.life = life
        self.asked: list[Credentials] = []
        self.troubles: list[Exception] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.tokens = Tokens(self.fetch, lambda: self.now)

    async def fetch(self, credentials: Credentials) -> Token:
        """Answer as the token URL."""
        self.asked.append(credentials)
        number = len(self.asked)
        await self.gate.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        return Token(
            value=f"token{number}", expires_in=self.life * SECOND, group_id=4711, group_name="Example", scopes=()
        )


@pytest.mark.parametrize(
    ("life", "good_for"),
    [(3600, 3540), (28_800, 28_740), (431_999_999, 431_999_939), (600, 540), (60, 54), (10, 9), (0, 0)],
)
async def test_a_token_is_renewed_before_it_expires(life: int, good_for: int) -> None:
    """A minute before its end, or a tenth of its life when it is short: `expires_in` is obeyed, whatever it is."""
    world = World(life=life)
    await world.tokens.get(OPS)
    if good_for:
        world.now += good_for * SECOND - 1
        kept = await world.tokens.get(OPS)
        world.now += 1
    renewed = await world.tokens.get(OPS)

    assert renewed.value == "token2"
    if good_for:
        assert kept.value == "token1"


async def test_callers_share_one_request() -> None:
    """A hundred callers at once ask once."""
    world = World()
    world.gate.clear()
    callers = [asyncio.create_task(world.tokens.get(OPS)) for _ in range(100)]
    await asyncio.sleep(0)
    world.gate.set()
    got = await asyncio.gather(*callers)

    assert {"token1"} == {token.value for token in got}
    assert len(world.asked) == 1


async def test_a_cancelled_caller_leaves_the_others_alone() -> None:
    """The request goes on for those who wait with the one who left, even when that one had begun it."""
    world = World()
    world.gate.clear()
    first = asyncio.create_task(world.tokens.get(OPS))
    second = asyncio.create_task(world.tokens.get(OPS))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    world.gate.set()

    assert (await second).value == "token1"
    assert len(world.asked) == 1


async def test_all_callers_cancelled() -> None:
    """A failure that nobody waits for any more is no warning, and the next caller asks anew."""
    world = World()
    world.gate.clear()
    world.troubles = [Later("down")]
    caller = asyncio.create_task(world.tokens.get(OPS))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    world.gate.set()
    for _ in range(3):
        await asyncio.sleep(0)

    assert (await world.tokens.get(OPS)).value == "token2"


async def test_a_failure_is_shared_and_not_remembered() -> None:
    """Who waits hears of it; who comes later asks again. Suspension and network trouble are told apart."""
    world = World()
    world.troubles = [Unauthorized(), Later("down")]
    with pytest.raises(Unauthorized):
        await world.tokens.get(OPS)
    with pytest.raises(Later):
        await world.tokens.get(OPS)

    assert (await world.tokens.get(OPS)).value == "token3"


async def test_a_refused_token_is_fetched_once_more() -> None:
    """A 401 of an API call costs one refresh; the call is made again."""
    world = World()
    used: list[str] = []

    async def send(token: Token) -> str:
        used.append(token.value)
        if token.value == "token1":
            raise TokenRefused
        return "sent"

    assert await world.tokens.call(OPS, send) == "sent"
    assert used == ["token1", "token2"]
    assert (await world.tokens.get(OPS)).value == "token2"


async def test_a_fresh_token_that_is_refused_ends_it() -> None:
    """There is no third try."""
    world = World()

    async def send(token: Token) -> None:
        raise TokenRefused

    with pytest.raises(TokenRefused):
        await world.tokens.call(OPS, send)

    assert len(world.asked) == 2


async def test_calls_refused_at_once_share_the_refresh() -> None:
    """Ten calls with one dead token fetch one new token, not ten."""
    world = World()
    await world.tokens.get(OPS)
    together = asyncio.Barrier(10)

    async def send(token: Token) -> str:
        if token.value == "token1":
            await together.wait()
            raise TokenRefused
        return token.value

    sent = await asyncio.gather(*(world.tokens.call(OPS, send) for _ in range(10)))

    assert sent == ["token2"] * 10
    assert len(world.asked) == 2


async def test_installations_and_secrets_are_apart() -> None:
    """Another installation, or the same one with a new secret, never gets this one's token."""
    world = World()
    ours = await world.tokens.get(OPS)
    other = await world.tokens.get(replace(OPS, oauth_id="dev"))
    renewed = await world.tokens.get(replace(OPS, secret="n" * 40))

    assert len({ours.value, other.value, renewed.value}) == 3


async def test_forgetting_an_installation() -> None:
    """What was removed has no token left."""
    world = World()
    await world.tokens.get(OPS)
    world.tokens.forget("ops")

    assert (await world.tokens.get(OPS)).value == "token2"


async def test_nothing_printed_holds_a_secret() -> None:
    """Credentials and tokens may stand in a traceback or a log line."""
    token = await World().tokens.get(OPS)

    assert SECRET not in repr(OPS)
    assert token.value not in repr(token)
