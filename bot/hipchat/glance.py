"""Glance: the board of a room as one line in Hipchat's sidebar (hipchat-api.md 15.1)."""

from collections.abc import Mapping
from typing import Any

from bot.domain.board import Board
from bot.domain.signal import Severity

KEY = "alerts-glance"
"""The key in the descriptor."""
OPEN = "<b>{}</b> open"
NONE_OPEN = "no open alerts"
ALL_WELL = "OK"

TYPES: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.ERROR: "error",
    Severity.WARNING: "moved",
    Severity.INFO: "current",
}


def content(board: Board) -> dict[str, Any]:
    """Return label, lozenge and metadata."""
    label = OPEN.format(board.open) if board.open else NONE_OPEN
    others = board.others()
    lozenge = (
        {"label": ALL_WELL, "type": "success"}
        if board.worst is None
        else {"label": board.worst.word.upper(), "type": TYPES[board.worst]}
    )
    return {
        "label": {"type": "html", "value": f"{label} · {others}" if others else label},
        "status": {"type": "lozenge", "value": lozenge},
        "metadata": {"open": board.open, "isConfigured": True},
    }
