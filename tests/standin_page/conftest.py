"""A group with two people and two rooms, and an application that is its chat page alone."""

from dataclasses import dataclass

import pytest
from aiohttp import web

from bot.standin.page import add_routes
from bot.standin.people import Sender, User
from bot.standin.rooms import Room
from bot.standin.state import HIPCHAT, Hipchat

BEGIN = 1_700_000_000.0


class Clock:
    """Seconds since 1970 that go on only when told."""

    def __init__(self) -> None:
        self.now = BEGIN

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@dataclass(frozen=True, kw_only=True)
class Group:
    """The group of these tests; `dana` and `lee` are in `ops`, only `lee` in the private `secret`."""

    hipchat: Hipchat
    clock: Clock
    dana: User
    lee: User
    ops: Room
    secret: Room
    addon: Sender


@pytest.fixture
def group() -> Group:
    """Make the group."""
    clock = Clock()
    hipchat = Hipchat(clock=clock)
    dana = hipchat.add_user("Dana Scott", "Dana", "dana@example.com", title="SRE")
    lee = hipchat.add_user("Lee Wong", "Lee", "lee@example.com")
    ops = hipchat.create_room("Ops", dana, topic="on call: @Dana")
    secret = hipchat.create_room("Secret", lee, privacy="private")
    addon = Sender(kind="addon", name="Alerts", client_id="c1", addon_key="alertbot")
    return Group(hipchat=hipchat, clock=clock, dana=dana, lee=lee, ops=ops, secret=secret, addon=addon)


@pytest.fixture
def app(group: Group) -> web.Application:
    """Make the application."""
    app = web.Application()
    app[HIPCHAT] = group.hipchat
    add_routes(app)
    return app
