"""Which addresses are of the public Internet, however they are spelled and whatever they are wrapped in.

Judged by lists of our own (IANA's registries of special-purpose addresses, RFC 6890), so that it is the same whatever
Python and HTTP client there are.
"""

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_V4_SPECIAL: Sequence[IPv4Network] = [
    IPv4Network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
        *("224.0.0.0/4", "240.0.0.0/4"),
    )
]
"""Private, shared, loopback, link-local, documentation, benchmarks, multicast and reserved."""
_V6_GLOBAL = IPv6Network("2000::/3")
"""All that IANA has given out; everything else is local, or wraps another address."""
_V6_SPECIAL: Sequence[IPv6Network] = [IPv6Network(network) for network in ("2001::/23", "2001:db8::/32", "3fff::/20")]
"""Protocols (Teredo among them) and documentation, inside what is given out."""
_NAT64 = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
_LAST_32 = 0xFFFF_FFFF


def plain_name(host: str) -> str:
    """Return a host as the settings name it: in small letters, without the dot that may end it."""
    return host.lower().removesuffix(".")


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the address that a host is, in any spelling that the system would connect to; None for a name.

    `127.1`, `2130706433`, `0177.0.0.1` and `0x7f.1` are 127.0.0.1 to inet_aton(3).
    """
    bare = plain_name(host).strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    if not bare or not (bare[0].isdigit() and bare.isascii()) or " " in bare:
        return None
    try:
        return IPv4Address(socket.inet_aton(bare))
    except OSError:
        return None


def public(address: str) -> bool:
    """Whether an address is of the public Internet; what is no address is not."""
    found = address_of(address)
    if isinstance(found, IPv6Address):
        return _public_v6(found)
    return found is not None and _public_v4(found)


def _public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _V4_SPECIAL)


def _public_v6(address: IPv6Address) -> bool:
    if address.ipv4_mapped is not None:
        return _public_v4(address.ipv4_mapped)
    inside = IPv4Address(int(address) & _LAST_32)
    if address in _NAT64:
        return _public_v4(inside)
    if address in _6TO4:
        return address.sixtofour is not None and _public_v4(address.sixtofour)
    if (int(address) >> 32) & _LAST_32 in _ISATAP and not _public_v4(inside):
        return False
    return address in _V6_GLOBAL and not any(address in network for network in _V6_SPECIAL)
