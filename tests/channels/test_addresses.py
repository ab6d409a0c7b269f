"""An address is judged by where it leads, however it is spelled and whatever it is wrapped in."""

import pytest

from bot.channels.addresses import address_of, public

LOOPBACK = ("127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.1", "0x7f000001", "017700000001", "127.0.0.1.", "0")


@pytest.mark.parametrize(
    "address",
    [
        *LOOPBACK,
        *("10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "192.168.257", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1", "203.0.113.9", "192.0.0.8", "192.88.99.1"),  # noqa: S104
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "100::1", "[::1]"),
        *(
            "::ffff:127.0.0.1",
            "::ffff:a9fe:a9fe",
            "::127.0.0.1",
            "::ffff:0:127.0.0.1",
            "2002:7f00:1::",
            "2002:a9fe:a9fe::1",
        ),
        *("64:ff9b::a9fe:a9fe", "64:ff9b::127.0.0.1", "64:ff9b:1::1", "64:ff9b:1:a9fe::1", "2001::1", "2001:db8::1"),
        *("3fff::1", "2606:4700::5efe:a00:1", "2606:4700::200:5efe:7f00:1", "5f00::1"),
        *("nothing", "", ".", "127.0.0.1 x", "1.2.3.4.5", "256.1.1.1", "0x", "1e3"),
    ],
)
def test_private_addresses(address: str) -> None:
    """Loopback, private, link-local, shared, unspecified, multicast, reserved; in any spelling, inside IPv6 too."""
    assert not public(address)


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "93.184.216.34",
        "1.257",
        "16843009",
        "2606:4700::1111",
        "64:ff9b::101:101",
        "::ffff:1.1.1.1",
        "2002:101:101::1",
    ],
)
def test_public_addresses(address: str) -> None:
    """Everything else."""
    assert public(address)


@pytest.mark.parametrize("name", ["example.com", "localhost", "1password.example", "a.127.0.0.1.example", "0x.example"])
def test_names(name: str) -> None:
    """A name is no address: it is judged when it is resolved."""
    assert address_of(name) is None
