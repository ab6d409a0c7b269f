"""Who speaks in a room, and who may do what (product.md 5 and 7)."""

import pytest

from bot.domain.actor import Actor, Who
from bot.domain.tenant import (
    Caller,
    Hook,
    Installation,
    Level,
    Room,
    Standing,
    Tenant,
    level_of,
    may,
    speaker_of,
)


def installation(name: str, room: int | None, standing: Standing = Standing.ACTIVE) -> Installation:
    """Make an installation."""
    return Installation(
        oauth_id=name,
        tenant=1,
        room=room,
        secret=b"",
        capabilities_url="",
        api_url="",
        token_url="",
        scopes="",
        standing=standing,
    )


HOOK = Hook(id=1, tenant=1, room=7, kind="room", label="", api_url="", token=b"")
OURS, GROUPS, OTHER = installation("ours", 7), installation("group", None), installation("other", 8)
ASLEEP = installation("asleep", 7, Standing.SUSPENDED)


@pytest.mark.parametrize(
    ("installations", "hooks", "speaker"),
    [
        ([GROUPS, OTHER, OURS], [HOOK], OURS),
        ([OTHER, GROUPS, ASLEEP], [HOOK], GROUPS),
        ([OTHER, ASLEEP], [HOOK], HOOK),
        ([OTHER, ASLEEP], [], None),
        ([installation("gone", 7, Standing.REMOVED)], [], None),
        ([OURS, installation("second", 7)], [], OURS),
    ],
)
def test_one_speaks_in_a_room(
    installations: list[Installation], hooks: list[Hook], speaker: Installation | Hook | None
) -> None:
    """Its installation, else the group's, else the token hook; a suspended one is passed over."""
    assert speaker == speaker_of(7, installations, hooks)


GUEST, MEMBER, ADMIN, UNKNOWN = "guest", "member", "admin", "unverified"


@pytest.mark.parametrize(
    ("level", "allowed"),
    [
        (Level.EVERYBODY, {GUEST, MEMBER, ADMIN, UNKNOWN}),
        (Level.MEMBERS, {MEMBER, ADMIN, UNKNOWN}),
        (Level.ADMINS, {ADMIN}),
        (Level.NOBODY, set()),
    ],
)
def test_levels(level: Level, allowed: set[str]) -> None:
    """Each level names its callers; who is only said to be somebody is no admin."""
    room = Room(id=7, tenant=1, hipchat_id=1001, name="Ops")
    callers = {
        who: Caller(
            tenant=Tenant(id=1, host="h", group_id=1, name="g"),
            room=room,
            actor=Actor(kind=Who.PERSON, name="dana", id="1"),
            is_guest=who == GUEST,
            is_admin=who in {ADMIN, UNKNOWN},
            verified=who != UNKNOWN,
        )
        for who in (GUEST, MEMBER, ADMIN, UNKNOWN)
    }

    assert allowed == {who for who, caller in callers.items() if may(caller, level)}


def test_guests_read_only() -> None:
    """As usual everybody reads and members act; a room may say otherwise of a verb."""
    room = Room(id=7, tenant=1, hipchat_id=1001, name="Ops", rights={"close": Level.ADMINS, "stats": Level.NOBODY})

    assert [Level.EVERYBODY, Level.MEMBERS, Level.ADMINS, Level.NOBODY] == [
        level_of(room, verb, changes=changes)
        for verb, changes in (("list", False), ("ack", True), ("close", True), ("stats", False))
    ]
