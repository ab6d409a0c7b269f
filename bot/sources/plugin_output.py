"""What a plugin of Nagios says: a first line, more lines, and performance data behind a `|`."""


def lines_of(text: str) -> tuple[str, str]:
    r"""Return the first line and what follows it. `\n` in two characters ends a line too, as Nagios reads passive results."""
    if "\n" not in text and "\\" not in text:
        return text.strip(), ""
    first, _, more = text.replace("\\n", "\n").replace("\r\n", "\n").strip().partition("\n")
    return first.strip(), more.strip()


def without_performance(line: str) -> str:
    """Return a line without its performance data."""
    return line.partition("|")[0].strip()
