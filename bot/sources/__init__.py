"""Inbound formats: each reads a body into signals, and holds no more than that. A new one is a file and a line here."""

from collections.abc import Callable, Mapping

from bot.sources import alertmanager
from bot.sources.values import Item

Parse = Callable[[bytes], list[Item]]

SOURCES: Mapping[str, Parse] = {
    alertmanager.SENDER: alertmanager.parse,
}
"""What `/in/NAME` reads. The generic API and Alertmanager's own have paths and answers of their own (web/ingest.py)."""
