"""Unseen: characters that a line of text does not show: breaks, controls, and what turns the direction of writing."""


def plain(text: str) -> str:
    """Return text on one line: every line break and character that is not seen is a space."""
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)
