"""README says what the grammar is."""

from tests.readme import BETWEEN, README, verbs_table


def test_the_table_of_verbs_is_the_grammars() -> None:
    """README's verbs are printed from the one table; `python -m tests.readme` brings it up to date."""
    found = BETWEEN.search(README.read_text())

    assert found is not None
    assert verbs_table() == found[0]
