"""The part of README that is made from the grammar: `python -m tests.readme` writes it anew, a test holds it there."""

import re
from pathlib import Path

from bot.domain.verbs import VERBS

README = Path(__file__).parents[1] / "README.md"
BETWEEN = re.compile(r"(?<=<!-- verbs -->\n).*?(?=<!-- /verbs -->)", re.DOTALL)


def verbs_table() -> str:
    """Return the table of verbs in Markdown."""
    rows = ["| verb | forms | what it does |", "|---|---|---|"]
    for verb in VERBS:
        names = f"{verb.name} ({', '.join(verb.aliases)})" if verb.aliases else verb.name
        forms = " · ".join(f"`{form}`" for form in verb.usage).replace("|", "\\|")
        rows.append(f"| {names} | {forms} | {verb.summary} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    README.write_text(BETWEEN.sub(lambda _found: verbs_table(), README.read_text()))
