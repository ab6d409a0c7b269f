"""NSCA: passive check results, as `send_nsca` sends them (alert-sources.md 1.7.3)."""

from collections.abc import Sequence

from bot.nsca import Packet
from bot.sources import nrdp
from bot.sources.payload import Fields
from bot.sources.values import Item

SENDER = "nsca"
UNKNOWN = 3
"""What a code is that a plugin cannot have."""


def parse(packets: Sequence[Packet]) -> list[Item]:
    """Read check results; each is an alert's state now."""
    return [nrdp.result(_fields(packet), "", sender=SENDER) for packet in packets]


def kept(packets: Sequence[Packet]) -> bytes:
    """Return what is kept of results: a line each, as `send_nsca` reads them."""
    rows = ("\t".join((each.host, each.service, str(each.code), each.output)) + "\n" for each in packets)
    return "".join(rows).encode("utf-8", "replace")


def _fields(packet: Packet) -> Fields:
    code = packet.code if 0 <= packet.code <= UNKNOWN else UNKNOWN
    return Fields({"hostname": packet.host, "servicename": packet.service, "state": str(code), "output": packet.output})
