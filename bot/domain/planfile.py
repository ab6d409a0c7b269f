"""Planfile: a plan as the tables of one file (TOML, or JSON where it is stored), read whole and written back.

A route may name a room and a feed; how those are named is the business of whoever reads: a file has names, storage has ids.
Every problem is found at once, each with its place as a JSON pointer such as `/route/1/room`, counted from 0.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from typing import Any

from bot.domain.channel import SETTINGS, Channel, flaw
from bot.domain.channel import Kind as ChannelKind
from bot.domain.escalation import ROOM, Kind, Policy, Step, Target
from bot.domain.mapping import FIELDS, ITEMS, MOST_LABELS, TABLES, Bad, check
from bot.domain.mapping import Mapping as FieldMapping
from bot.domain.matcher import Matcher, read_matchers, written
from bot.domain.routing import Plan, Route
from bot.domain.schedule import SHORTEST_TURN, Hours, Rotation, Schedule
from bot.domain.source import GENERIC, GRAFANA, Source
from bot.domain.source import KINDS as SOURCE_KINDS
from bot.domain.spans import DAY, HOUR, LONGEST, MINUTE, WEEK, WEEKDAYS, is_zone
from bot.domain.words import Misread, shown

SECOND = 1000
MOST = 200
"""So many tables of a kind, and so many entries of a list, are read."""
LONGEST_HOLD = DAY
NAME_LIMIT = 100

EXAMPLE = """# Nothing is configured yet: every alert goes to its feed's room, at once. An example:
#
# [[route]]
# name = "databases"
# match = ["service=db", "severity>=error"]
# hold = "30s"
# policy = "ops"
#
# [[policy]]
# name = "ops"
# repeat = 1
# [[policy.step]]
# wait = "10m"
# tell = ["room", "on-call ops", "channel pager"]
#
# [[channel]]
# name = "pager"
# kind = "pagerduty"
# routing_key = "..."
#
# [[schedule]]
# name = "ops"
# zone = "Europe/Berlin"
# [[schedule.layer]]
# people = ["dana", "lee"]
# first = 2026-11-02T09:00:00
# every = "1w"
"""

NOT_KNOWN = "there is no such setting here; there are: {}"
MISSING = "is missing"
NOT_TEXT = "is no text in quotation marks"
NOT_TABLES = "is no list of tables ([[{}]])"
NOT_TABLE = "is no table"
NOT_LIST = "is no list of texts"
NOT_NUMBER = "is no whole number from 0 to {}"
NOT_YES = "is neither true nor false"
NOT_NAME = "is no name: one line of 1 to {} characters"
NOT_PERSON = "is no mention name of one person, such as dana"
NOT_SPAN = 'is no span such as "30s", "5m", "1h30m", "2d" or "1w"'
NOT_WITHIN = "is not from {} to {}"
NOT_ZONE = 'is no time zone such as "Europe/Berlin"'
NOT_MOMENT = "is no date and time on the wall clock, such as 2026-11-02T09:00:00 (without an offset)"
NOT_TIME = 'is no time of day such as "09:00"'
NOT_DAY = "is no day such as mon"
NOT_TARGET = 'is none of "room", "@name", "on-call SCHEDULE", "next SCHEDULE" and "channel CHANNEL"'
NOT_SOURCE = "is no source that anything is configured of; there are: {}"
NOT_HEADER = "is no name of a header"
NOT_KIND = "is no kind of channel; there are: {}"
NOT_ADDRESS = "is no http or https address"
NO_CHANNEL = "there is no channel {}"
NO_POLICY = "there is no policy {}"
NO_SCHEDULE = "there is no schedule {}"
TWICE = "there are two of this name"
EMPTY = "is empty"
TOO_MANY = "has more than {} entries"

KINDS = ("route", "policy", "schedule", "channel", "source")
"""The tables of a file."""
_ADDRESS = re.compile(r"https?://[^\s/?#@]+(?:[/?#]\S*)?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,100}")
_PERSON = re.compile(r"@?([^\W_][\w.-]{0,49})")
_SPAN = re.compile(r"(?:\d{1,6}[smhdw])+")
_PART = re.compile(r"(\d+)([smhdw])")
_UNITS = {"w": WEEK, "d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND}
_DAYS = tuple(name[:3] for name in WEEKDAYS)
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong with a file, and where (a JSON pointer)."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.reason}"


class Problems(Exception):
    """A file that cannot be used; `found` are all the reasons."""

    def __init__(self, found: Sequence[Problem]) -> None:
        self.found = tuple(found)
        super().__init__("; ".join(map(str, found)))


Find = Callable[[str], int]
"""Finds the id of a name. Raises LookupError with words for people."""
Name = Callable[[int], str]


# --- reading --------------------------------------------------------------------------------------------------------


def read(tables: Mapping[str, Any], *, room: Find, feed: Find, version: int = 0) -> Plan:
    """Return the plan that tables hold. Raises Problems."""
    return _Reader(room=room, feed=feed).plan(tables, version)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reader:
    room: Find
    feed: Find
    found: list[Problem] = field(default_factory=list)

    def plan(self, tables: Mapping[str, Any], version: int) -> Plan:
        self.known("", tables, *KINDS)
        channels = [self.channel(path, table) for path, table in self.tables("", tables, "channel")]
        named = {channel.name for channel in channels}
        schedules = [self.schedule(path, table) for path, table in self.tables("", tables, "schedule")]
        policies = [self.policy(path, table, schedules, named) for path, table in self.tables("", tables, "policy")]
        routes = [self.route(path, table, policies, named) for path, table in self.tables("", tables, "route")]
        sources = [self.source(path, table) for path, table in self.tables("", tables, "source")]
        named_tables: Mapping[str, Sequence[Schedule | Policy | Route | Channel | Source]] = {
            "schedule": schedules,
            "policy": policies,
            "route": routes,
            "channel": channels,
            "source": sources,
        }
        for kind, each in named_tables.items():
            names = [one.name for one in each]
            for place, name in enumerate(names):
                if name in names[:place]:
                    self.wrong(f"/{kind}/{place}/name", TWICE)
        if self.found:
            raise Problems(self.found)
        return Plan(
            version=version,
            routes=tuple(routes),
            policies={policy.name: policy for policy in policies},
            schedules={schedule.name: schedule for schedule in schedules},
            channels={channel.name: channel for channel in channels},
            sources=tuple(sources),
        )

    def route(self, path: str, table: Mapping[str, Any], policies: Sequence[Policy], channels: set[str]) -> Route:
        self.known(path, table, "name", "match", "feed", "room", "hold", "again_after", "policy", "channels")
        policy = self.name(path, table, "policy", needed=False)
        if policy and policy not in {each.name for each in policies}:
            self.wrong(f"{path}/policy", NO_POLICY.format(shown(policy, 60)))
        again = self.span(path, table, "again_after", least=MINUTE, most=LONGEST, needed=False)
        matchers: list[Matcher] = []
        for place, text in enumerate(self.texts(path, table, "match")):
            try:
                matchers += read_matchers(text)
            except Misread as misread:
                self.wrong(f"{path}/match/{place}", misread.reason)
        return Route(
            name=self.name(path, table, "name"),
            matchers=tuple(matchers),
            feed=self.place(path, table, "feed", self.feed),
            room=self.place(path, table, "room", self.room),
            hold=self.span(path, table, "hold", most=LONGEST_HOLD, needed=False),
            again_after=again or None,
            policy=policy,
            channels=tuple(self.one_of(f"{path}/channels", self.texts(path, table, "channels"), channels)),
        )

    def policy(self, path: str, table: Mapping[str, Any], schedules: Sequence[Schedule], channels: set[str]) -> Policy:
        self.known(path, table, "name", "repeat", "step", "channel", "channel_after")
        names = {schedule.name for schedule in schedules}
        steps = [self.step(place, step, names, channels) for place, step in self.tables(path, table, "step")]
        if not steps:
            self.wrong(f"{path}/step", MISSING)
        repeat = table.get("repeat", 0)
        if not isinstance(repeat, int) or isinstance(repeat, bool) or not 0 <= repeat <= MOST:
            self.wrong(f"{path}/repeat", NOT_NUMBER.format(MOST))
            repeat = 0
        policy = Policy(name=self.name(path, table, "name"), steps=tuple(steps), repeat=repeat)
        channel = self.text(path, table, "channel", needed=False)
        if channel not in {"", *channels}:
            self.wrong(f"{path}/channel", NO_CHANNEL.format(shown(channel, 60)))
        after = self.span(path, table, "channel_after", least=MINUTE, most=LONGEST, needed=False)
        return replace(policy, channel=channel, channel_after=after or policy.channel_after)

    def channel(self, path: str, table: Mapping[str, Any]) -> Channel:
        word = self.text(path, table, "kind")
        if word not in set(ChannelKind):
            if word:
                self.wrong(f"{path}/kind", NOT_KIND.format(", ".join(ChannelKind)))
            return Channel(name=self.name(path, table, "name"), kind=ChannelKind.WEBHOOK)
        kind = ChannelKind(word)
        self.known(path, table, "name", "kind", *SETTINGS[kind])
        settings = {}
        for name, setting in SETTINGS[kind].items():
            value = self.text(path, table, name, needed=setting.needed)
            if setting.address and value and not _ADDRESS.fullmatch(value):
                self.wrong(f"{path}/{name}", NOT_ADDRESS)
            wrong = None if setting.secret or not value else flaw(kind, name, value)
            if wrong:
                self.wrong(f"{path}/{name}", wrong)
            if value:
                settings[name] = value
        return Channel(name=self.name(path, table, "name"), kind=kind, settings=settings)

    def source(self, path: str, table: Mapping[str, Any]) -> Source:
        kind = self.text(path, table, "kind")
        if kind and kind not in SOURCE_KINDS:
            self.wrong(f"{path}/kind", NOT_SOURCE.format(", ".join(SOURCE_KINDS)))
        own = {GENERIC: ("map",), GRAFANA: ("secret", "header", "timestamp_header")}.get(kind, ("secret",))
        self.known(path, table, "name", "kind", "feed", *own)
        headers = {name: self.text(path, table, name, needed=False) for name in ("header", "timestamp_header")}
        for name, value in headers.items():
            if value and not _HEADER.fullmatch(value):
                self.wrong(f"{path}/{name}", NOT_HEADER)
        return Source(
            name=self.name(path, table, "name"),
            kind=kind,
            feed=self.place(path, table, "feed", self.feed),
            secret="" if kind == GENERIC else self.text(path, table, "secret"),
            mapping=self.mapping(f"{path}/map", table.get("map")) if kind == GENERIC else None,
            **headers,
        )

    def mapping(self, path: str, table: Any) -> FieldMapping:
        if not isinstance(table, dict):
            self.wrong(path, MISSING if table is None else NOT_TABLE)
            return FieldMapping(fields={})
        inner = {name: table.get(name, {}) for name in TABLES}
        self.known(path, table, ITEMS, *FIELDS, *inner)
        for name, value in inner.items():
            if not isinstance(value, dict):
                self.wrong(f"{path}/{name}", NOT_TABLE)
                inner[name] = {}
            elif len(value) > MOST_LABELS:
                self.wrong(f"{path}/{name}", TOO_MANY.format(MOST_LABELS))
        texts = {
            name: {each: self.text(f"{path}/{name}", value, each) for each in list(value)[:MOST_LABELS]}
            for name, value in inner.items()
        }
        fields = {name: self.text(path, table, name) for name in (ITEMS, *FIELDS) if name in table or name == "summary"}
        places = {f"{path}/{name}": text for name, text in fields.items()}
        places |= {f"{path}/labels/{shown(name, 60)}": text for name, text in texts["labels"].items()}
        for place, text in places.items():
            try:
                check(text or "@")
            except Bad as bad:
                self.wrong(place, str(bad))
        words = {name: {each.lower(): text for each, text in texts[name].items()} for name in texts}
        return FieldMapping(
            fields=fields,
            labels=texts["labels"],
            severity_words=words["severity_words"],
            status_words=words["status_words"],
        )

    def step(self, path: str, table: Mapping[str, Any], schedules: set[str], channels: set[str]) -> Step:
        self.known(path, table, "wait", "tell", "private")
        private = table.get("private", False)
        if not isinstance(private, bool):
            self.wrong(f"{path}/private", NOT_YES)
        told = self.texts(path, table, "tell")
        targets = [self.target(f"{path}/tell/{place}", text, schedules, channels) for place, text in enumerate(told)]
        return Step(
            wait=self.span(path, table, "wait", most=LONGEST),
            tell=tuple(target for target in targets if target) or (ROOM,),
            private=private is True,
        )

    def target(self, path: str, text: str, schedules: set[str], channels: set[str]) -> Target | None:
        word, _, rest = text.strip().partition(" ")
        if word == Kind.ROOM and not rest:
            return ROOM
        if word.startswith("@") and not rest:
            return Target(kind=Kind.PERSON, name=self.person(path, word))
        if word in {Kind.ON_CALL, Kind.NEXT} and rest.strip():
            if rest.strip() not in schedules:
                self.wrong(path, NO_SCHEDULE.format(shown(rest, 60)))
            return Target(kind=Kind(word), name=rest.strip())
        if word == Kind.CHANNEL and rest.strip():
            return next((Target(kind=Kind.CHANNEL, name=name) for name in self.one_of(path, [rest], channels)), None)
        self.wrong(path, NOT_TARGET)
        return None

    def schedule(self, path: str, table: Mapping[str, Any]) -> Schedule:
        self.known(path, table, "name", "zone", "layer")
        zone_name = self.text(path, table, "zone")
        if zone_name and not is_zone(zone_name):
            self.wrong(f"{path}/zone", NOT_ZONE)
        layers = [self.layer(place, layer) for place, layer in self.tables(path, table, "layer")]
        if not layers:
            self.wrong(f"{path}/layer", MISSING)
        return Schedule(name=self.name(path, table, "name"), zone=zone_name, layers=tuple(layers))

    def layer(self, path: str, table: Mapping[str, Any]) -> Rotation:
        self.known(path, table, "people", "first", "every", "days", "from", "to")
        people = self.texts(path, table, "people", needed=True)
        named = [self.person(f"{path}/people/{place}", name) for place, name in enumerate(people)]
        first = table.get("first")
        if isinstance(first, str):
            try:
                first = datetime.fromisoformat(first)
            except ValueError:
                first = None
        if not isinstance(first, datetime) or first.tzinfo is not None or not 1970 <= first.year <= 9000:
            self.wrong(f"{path}/first", NOT_MOMENT if "first" in table else MISSING)
            first = datetime.min  # noqa: DTZ901 - a wall clock time, of a plan that is refused
        every = self.span(path, table, "every", least=SHORTEST_TURN, most=LONGEST)
        return Rotation(people=tuple(named), first=first, every=every, hours=self.hours(path, table))

    def hours(self, path: str, table: Mapping[str, Any]) -> Hours | None:
        if not {"days", "from", "to"} & table.keys():
            return None
        days = []
        for place, text in enumerate(self.texts(path, table, "days")):
            if text.lower()[:3] in _DAYS and text.lower() in {*_DAYS, *WEEKDAYS}:
                days.append(_DAYS.index(text.lower()[:3]))
            else:
                self.wrong(f"{path}/days/{place}", NOT_DAY)
        begin, end = self.clock(path, table, "from"), self.clock(path, table, "to")
        return Hours(days=frozenset(days or range(7)), begin=begin, end=end)

    # Values

    def wrong(self, path: str, reason: str) -> None:
        self.found.append(Problem(path=path, reason=reason))

    def known(self, path: str, table: Mapping[str, Any], *names: str) -> None:
        for name in table:
            if name not in names:
                self.wrong(f"{path}/{shown(str(name), 60)}", NOT_KNOWN.format(", ".join(names)))

    def tables(self, path: str, table: Mapping[str, Any], name: str) -> list[tuple[str, Mapping[str, Any]]]:
        value = table.get(name, [])
        if not isinstance(value, list):
            self.wrong(f"{path}/{name}", NOT_TABLES.format(name))
            return []
        if len(value) > MOST:
            self.wrong(f"{path}/{name}", TOO_MANY.format(MOST))
        found: list[tuple[str, Mapping[str, Any]]] = []
        for place, each in enumerate(value[:MOST]):
            if isinstance(each, dict):
                found.append((f"{path}/{name}/{place}", each))
            else:
                self.wrong(f"{path}/{name}/{place}", NOT_TABLE)
        return found

    def text(self, path: str, table: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        value = table.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if name in table or needed:
            self.wrong(f"{path}/{name}", NOT_TEXT if name in table else MISSING)
        return ""

    def name(self, path: str, table: Mapping[str, Any], name: str, *, needed: bool = True) -> str:
        text = self.text(path, table, name, needed=needed)
        if len(text) > NAME_LIMIT or not (text.isprintable() or not text):
            self.wrong(f"{path}/{name}", NOT_NAME.format(NAME_LIMIT))
        return text

    def texts(self, path: str, table: Mapping[str, Any], name: str, *, needed: bool = False) -> list[str]:
        value = table.get(name, [])
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            self.wrong(f"{path}/{name}", NOT_LIST)
            return []
        if len(value) > MOST:
            self.wrong(f"{path}/{name}", TOO_MANY.format(MOST))
        if needed and not value:
            self.wrong(f"{path}/{name}", EMPTY if name in table else MISSING)
        return value[:MOST]

    def one_of(self, path: str, texts: Sequence[str], channels: set[str]) -> list[str]:
        names = [text.strip() for text in texts]
        for name in names:
            if name not in channels:
                self.wrong(path, NO_CHANNEL.format(shown(name, 60)))
        return names

    def person(self, path: str, text: str) -> str:
        found = _PERSON.fullmatch(text)
        if found is None or found[1].lower() in {"all", "here"}:
            self.wrong(path, NOT_PERSON)
            return ""
        return found[1]

    def place(self, path: str, table: Mapping[str, Any], name: str, find: Find) -> int | None:
        text = self.text(path, table, name, needed=False)
        if not text:
            return None
        try:
            return find(text)
        except LookupError as unknown:
            self.wrong(f"{path}/{name}", str(unknown.args[0]))
            return None

    def span(
        self, path: str, table: Mapping[str, Any], name: str, *, least: int = 0, most: int, needed: bool = True
    ) -> int:
        text = self.text(path, table, name, needed=needed)
        if not text:
            return 0
        if not _SPAN.fullmatch(text):
            self.wrong(f"{path}/{name}", NOT_SPAN)
            return 0
        total = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
        if not least <= total <= most:
            self.wrong(f"{path}/{name}", NOT_WITHIN.format(span_text(least), span_text(most)))
        return total

    def clock(self, path: str, table: Mapping[str, Any], name: str) -> time:
        if name not in table:
            return time()
        text = self.text(path, table, name)
        if text == "24:00":
            return time()
        if text and not _CLOCK.fullmatch(text):
            self.wrong(f"{path}/{name}", NOT_TIME)
            return time()
        return time.fromisoformat(text) if text else time()


# --- writing --------------------------------------------------------------------------------------------------------


def tables(plan: Plan, *, room: Name, feed: Name) -> dict[str, list[dict[str, Any]]]:
    """Write a plan as tables; what `read` reads of them is the same plan. Moments are wall clock times without a zone."""
    found = {
        "route": [_route(route, room, feed) for route in plan.routes],
        "policy": [_policy(policy) for policy in plan.policies.values()],
        "schedule": [_schedule(schedule) for schedule in plan.schedules.values()],
        "channel": [{"name": each.name, "kind": each.kind.value, **each.settings} for each in plan.channels.values()],
        "source": [_source(source, feed) for source in plan.sources],
    }
    return {kind: each for kind, each in found.items() if each}


def span_text(span: int) -> str:
    """Write milliseconds as a span such as `1h30m`; what is less than a second is left off."""
    parts = []
    for unit, size in _UNITS.items():
        number, span = divmod(span, size)
        if number:
            parts.append(f"{number}{unit}")
    return "".join(parts) or "0s"


def _route(route: Route, room: Name, feed: Name) -> dict[str, Any]:
    values = {
        "name": route.name,
        "match": [written([matcher]) for matcher in route.matchers],
        "feed": "" if route.feed is None else feed(route.feed),
        "room": "" if route.room is None else room(route.room),
        "hold": span_text(route.hold) if route.hold else "",
        "again_after": "" if route.again_after is None else span_text(route.again_after),
        "policy": route.policy,
        "channels": list(route.channels),
    }
    return {name: value for name, value in values.items() if value}


def _policy(policy: Policy) -> dict[str, Any]:
    steps = [
        {"wait": span_text(step.wait), "tell": [str(target) for target in step.tell]}
        | ({"private": True} if step.private else {})
        for step in policy.steps
    ]
    second = {"channel": policy.channel, "channel_after": span_text(policy.channel_after)} if policy.channel else {}
    return {"name": policy.name} | ({"repeat": policy.repeat} if policy.repeat else {}) | second | {"step": steps}


def _source(source: Source, feed: Name) -> dict[str, Any]:
    values = {
        "name": source.name,
        "kind": source.kind,
        "feed": "" if source.feed is None else feed(source.feed),
        "secret": source.secret,
        "header": source.header,
        "timestamp_header": source.timestamp_header,
    }
    table: dict[str, Any] = {name: value for name, value in values.items() if value}
    if source.mapping is not None:
        given = source.mapping
        inner = {
            "labels": dict(given.labels),
            "severity_words": dict(given.severity_words),
            "status_words": dict(given.status_words),
        }
        table["map"] = {**given.fields, **{name: value for name, value in inner.items() if value}}
    return table


def _schedule(schedule: Schedule) -> dict[str, Any]:
    return {"name": schedule.name, "zone": schedule.zone, "layer": [_layer(layer) for layer in schedule.layers]}


def _layer(layer: Rotation) -> dict[str, Any]:
    table: dict[str, Any] = {"people": list(layer.people), "first": layer.first, "every": span_text(layer.every)}
    if layer.hours is not None:
        table["days"] = [_DAYS[day] for day in sorted(layer.hours.days)]
        table["from"], table["to"] = f"{layer.hours.begin:%H:%M}", f"{layer.hours.end:%H:%M}"
    return table


# --- comparing ------------------------------------------------------------------------------------------------------


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Say what would change between two plans' tables: `+ route db`, `~ policy ops`, `- schedule old`, `~ order of routes`."""
    found = []
    for kind in KINDS:
        old = {each["name"]: each for each in before.get(kind, [])}
        new = {each["name"]: each for each in after.get(kind, [])}
        found += [f"+ {kind} {name}" for name in new if name not in old]
        found += [f"~ {kind} {name}" for name in new if name in old and old[name] != new[name]]
        found += [f"- {kind} {name}" for name in old if name not in new]
        if kind == "route" and [name for name in old if name in new] != [name for name in new if name in old]:
            found.append("~ order of routes")
    return found
