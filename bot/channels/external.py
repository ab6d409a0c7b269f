"""External: what an alert is to a Nagios: external commands and passive check results, whatever way they go (alert-sources.md 2.2).

What Nagios watches itself gets commands: acknowledgements, their removal, comments; never a result, which would come back to
us. Every other alert is a passive result of a host and a service there, commanded as well where the way carries commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.channels.webhook import iso
from bot.domain.channel import OF_NAGIOS, Channel, Move, Parcel
from bot.domain.holding import Hold
from bot.domain.signal import Severity
from bot.domain.unseen import plain

NAME_LIMIT = 255
TEXT_LIMIT = 1500
"""Bytes of a name and of a text: two commands fit into the 4096 that are written to a command file at once."""
SUMMARY_LIMIT = 64
"""Characters of a summary that stands for a service's name."""

NOBODY = "alertbot"
"""Who acts where nobody is named, and which host an alert is of that names none."""
CODES: Mapping[Severity, int] = {Severity.CRITICAL: 2, Severity.ERROR: 2, Severity.WARNING: 1, Severity.INFO: 1}
"""A problem's return code: 0 is no problem, and 3 is for what could not be checked."""
OPEN_AGAIN = frozenset({"reopened", "worse", "unacked", "woken", "undone", *Hold})
"""Changes after which nobody has the problem."""
SAID = "alert {number} {action}{until}{note}"
ON = "{summary} (alert {number})"
OVER = "{action}{by}{note}: {summary} (alert {number})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A host of Nagios, and a service of it ("" for the host itself)."""

    host: str
    service: str

    def command(self, of_service: str, of_host: str, *fields: str) -> str:
        """Write the command of a service, or of a host where there is none."""
        if self.service:
            return ";".join((of_service, self.host, self.service, *fields))
        return ";".join((of_host, self.host, *fields))


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A passive check result."""

    place: Place
    code: int
    output: str

    @property
    def command(self) -> str:
        """The result as an external command."""
        name = "PROCESS_{}_CHECK_RESULT"
        return self.place.command(name.format("SERVICE"), name.format("HOST"), str(self.code), self.output)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What Nagios is told of a change: commands first, then a result. `place` is what the alert is there."""

    place: Place
    commands: tuple[str, ...] = ()
    result: Result | None = None

    @property
    def reference(self) -> str:
        """The place, as a receipt keeps it: an alert stays there while its words change."""
        return f"{self.place.host};{self.place.service}"


def told(parcel: Parcel, to: Channel) -> Told:
    """Say what a change of an alert is to Nagios."""
    place = own_place(parcel)
    if place is not None:
        return Told(place=place, commands=_commands(parcel, place))
    place = _given_place(parcel, to)
    result = None
    reranked = parcel.action == "severity" and parcel.content["state"] != "closed"
    if parcel.move is Move.TRIGGER or reranked:
        output = ON.format(summary=parcel.content["summary"], number=parcel.number)
        result = Result(place=place, code=CODES[parcel.severity], output=_output(output))
    elif parcel.move is Move.RESOLVE:
        by = f" by {parcel.content['by']}" if parcel.content["by"] else ""
        output = OVER.format(
            action=parcel.action, by=by, note=_note(parcel), summary=parcel.content["summary"], number=parcel.number
        )
        result = Result(place=place, code=0, output=_output(output))
    needless = parcel.move is Move.RESOLVE or reranked
    return Told(place=place, commands=() if needless else _commands(parcel, place), result=result)


def _commands(parcel: Parcel, place: Place) -> tuple[str, ...]:
    author = name(parcel.content["by"]) or NOBODY
    until = f" until {iso(parcel.content['until'])}" if parcel.content["until"] else ""
    comment = line(SAID.format(number=parcel.number, action=parcel.action, until=until, note=_note(parcel)))
    match parcel.move:
        case Move.ACKNOWLEDGE:  # without a notification, and gone when the state changes: what gets worse is heard of
            fields = ("1", "0", "0", author, comment)
            return (place.command("ACKNOWLEDGE_SVC_PROBLEM", "ACKNOWLEDGE_HOST_PROBLEM", *fields),)
        case Move.TRIGGER if parcel.action in OPEN_AGAIN:
            return (place.command("REMOVE_SVC_ACKNOWLEDGEMENT", "REMOVE_HOST_ACKNOWLEDGEMENT"),)
        case Move.TRIGGER:
            return ()
        case _:  # kept when Nagios starts anew
            return (place.command("ADD_SVC_COMMENT", "ADD_HOST_COMMENT", "1", author, comment),)


def own_place(parcel: Parcel) -> Place | None:
    """Return what Nagios itself watches and told us of; None for all other alerts.

    Its senders are gone with the problem, its key is not: `host!service`, as all dialects of Nagios have it.
    """
    labels, key = parcel.content["labels"], parcel.content["dedup_key"]
    host, service = labels.get("host", ""), labels.get("service", "")
    if host and (key == f"{host}!{service}" or not OF_NAGIOS.isdisjoint(parcel.content["senders"])):
        return place_of(labels)
    return None


def place_of(labels: Mapping[str, str]) -> Place:
    """Return the place that an alert's own labels name."""
    return Place(host=name(labels.get("host", "")), service=name(labels.get("service", "")))


def _given_place(parcel: Parcel, to: Channel) -> Place:
    """Return where an alert of others belongs: where it was before, else as the channel and its labels say."""
    host, known, service = parcel.reference.partition(";")
    if known and host and service:
        return Place(host=host, service=service)
    labels = parcel.content["labels"]
    host = to.settings.get("host_name") or labels.get("host") or _machine(labels.get("instance", "")) or NOBODY
    summary = str(parcel.content["summary"])[:SUMMARY_LIMIT]
    service = to.settings.get("service") or labels.get("alertname") or summary
    return Place(host=name(host) or NOBODY, service=name(service) or NOBODY)


def _machine(instance: str) -> str:
    """Return the host of an `instance` such as `db1:9100` or `[::1]:9100`."""
    host, colon, port = instance.rpartition(":")
    return (host if colon and port.isdigit() and (":" not in host or host.startswith("[")) else instance).strip("[]")


def _note(parcel: Parcel) -> str:
    return f": {parcel.content['note']}" if parcel.content["note"] else ""


def name(text: str) -> str:
    """Return a text as one field of a command: what would end the field or the line is replaced."""
    return _cut(plain(text).replace(";", ","), NAME_LIMIT).strip()


def line(text: str) -> str:
    """Return a text as the last field of a command, where only the end of the line counts.

    Nagios reads a backslash and an `n` there as the end of a line, so a backslash is a slash.
    """
    return _cut(" ".join(plain(text.replace("\\", "/")).split()), TEXT_LIMIT)


def _output(text: str) -> str:
    """Return a text as a plugin's output, without what would begin its performance data."""
    return line(text.replace("|", "/"))


def _cut(text: str, limit: int) -> str:
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")
