"""Prometheus' fingerprint of a label set: the identity of an alert to Prometheus and Alertmanager (alert-sources.md 4)."""

from collections.abc import Mapping

_BASIS = 0xCBF29CE484222325
_PRIME = 0x100000001B3
_MASK = 0xFFFFFFFFFFFFFFFF


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return 16 hex digits: FNV-1a, 64 bits, over name, 0xFF, value, 0xFF of each label in the order of their bytes."""
    pairs = sorted(
        (name.encode("utf-8", "replace"), value.encode("utf-8", "replace")) for name, value in labels.items()
    )
    state = _BASIS
    for byte in b"".join(name + b"\xff" + value + b"\xff" for name, value in pairs):
        state = (state ^ byte) * _PRIME & _MASK
    return f"{state:016x}"
