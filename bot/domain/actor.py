"""Who did something, and through what."""

import enum
from dataclasses import dataclass


class Who(enum.StrEnum):
    """The kinds of actors of a history row."""

    PERSON = "person"
    SOURCE = "source"
    TIMER = "timer"


class Via(enum.StrEnum):
    """Through what a change came."""

    ROOM = "room"
    SIDEBAR = "sidebar"
    API = "api"
    MAIL = "mail"
    SOURCE = "source"
    TIMER = "timer"


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody of a tenant: Hipchat's user id as text, and the mention name without `@`.

    People who act through the REST API have no Hipchat id; theirs is `api:NAME`.
    """

    id: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Actor:
    """Who acts. `label` is how history names them, where that is more than the name.

    `dialect` is what a backend's word came in (`nagios`, `zabbix`), so that no channel takes it back there.
    """

    kind: Who
    name: str
    id: str = ""
    via: Via = Via.SOURCE
    label: str = ""
    dialect: str = ""

    @property
    def person(self) -> Person:
        """The actor as somebody who can own an alert."""
        return Person(id=self.id, name=self.name)


def source(name: str, dialect: str = "") -> Actor:
    """Return a backend as an actor."""
    return Actor(kind=Who.SOURCE, name=name, via=Via.SOURCE, dialect=dialect)


SHELL = Actor(kind=Who.PERSON, name="the command line", id="shell", via=Via.API)
"""Whoever has a shell on the bot's machine."""
CLOCK = Actor(kind=Who.TIMER, name="timer", via=Via.TIMER)
"""The passing of time as an actor."""
