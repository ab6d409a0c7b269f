import pytest

from bot.sources.fingerprint import fingerprint

VECTORS = [
    ({}, "cbf29ce484222325"),
    ({"severity": "warning", "job": "foo"}, "9266ef3da838ad95"),
    ({"severity": "critical", "job": "foo"}, "3b15fd163d36582e"),
    ({"severity": "critical", "job": "bar"}, "c7e68cb08e3e67f9"),
    (
        {
            "alertname": "InstanceDown",
            "group": "production",
            "instance": "localhost:8081",
            "job": "node",
            "severity": "critical",
        },
        "f404ecabc8dd5cd7",
    ),
    ({"alertname": "DiskFull", "instance": "db1:9100", "severity": "critical"}, "efb0c6c488e007da"),
    ({"alertname": "DiskFull", "instance": "db2:9100", "severity": "critical"}, "db73c85864f826bb"),
]


@pytest.mark.parametrize(("labels", "expected"), VECTORS)
def test_vectors(labels: dict[str, str], expected: str) -> None:
    """The fingerprint is Prometheus' own (alert-sources.md 4)."""
    assert expected == fingerprint(labels)


def test_order_of_labels() -> None:
    """The order in which labels were sent says nothing."""
    labels = {"b": "1", "a": "2", "ä": "3"}

    assert fingerprint(labels) == fingerprint(dict(reversed(labels.items())))
