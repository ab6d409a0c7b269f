"""Whatever charset, query or nearly-JSON a message comes in, it is read alike at every entrance."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from yarl import URL

from bot.sources import BY_QUERY, SOURCES
from bot.sources.values import ODD
from tests.web.conftest import SECRETS, Desk, bearer

KEY = SECRETS["ingest"]
LATIN = "iso-8859-1"


async def told(desk: Desk, path: str, body: bytes, content_type: str = "application/json") -> Any:
    """Post bytes and return the answer's results."""
    headers = {**bearer("ingest"), "Content-Type": content_type}
    async with desk.client.post(URL(path, encoded=True), data=body, headers=headers) as response:
        assert response.status < 300, await response.text()
        return (await response.json())["results"]


async def fetched(desk: Desk, path: str) -> Any:
    """Open an address and return the answer's results."""
    async with desk.client.get(URL(path, encoded=True)) as response:
        assert response.status == 200, await response.text()
        return (await response.json())["results"]


async def summaries(desk: Desk) -> list[str]:
    """Return the alerts' summaries, the newest first."""
    return [alert["summary"] for alert in await desk.alerts()]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        (LATIN, ""),
        ("cp1252", ""),
        (LATIN, "; charset=iso-8859-1"),
        (LATIN, "; charset=utf-8"),
        ("utf-8", "; charset=iso-8859-1"),
        ("utf-8-sig", ""),
        ("utf-16", "; charset=utf-16"),
        ("utf-16-le", "; charset=utf-16"),
        ("utf-16", ""),
        ("koi8-r", "; charset=koi8-r"),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/alerts", "/in/generic", "/in/datadog"])
async def test_json(desk: Desk, path: str, encoding: str, declared: str) -> None:
    """JSON is read in the charset that was meant."""
    words = "Сервер" if encoding == "koi8-r" else "Gerät größer"
    body = json.dumps({"summary": words, "title": words, "text": words}, ensure_ascii=False).encode(encoding)
    await told(desk, path, body, f"application/json{declared}")

    assert [words] == await summaries(desk)


@pytest.mark.parametrize(
    "body",
    [
        "title=Ger%E4t",
        "title=Ger\xe4t",
        "_charset_=iso-8859-1&title=Ger%E4t",
        "title=Ger%C3%A4t",
    ],
)
async def test_forms(desk: Desk, body: str) -> None:
    """A form's bytes, in percent signs or not, are read in the charset that was meant."""
    await told(desk, "/in/generic", body.encode("latin-1"), "application/x-www-form-urlencoded")

    assert ["Gerät"] == await summaries(desk)


async def test_form_in_another_charset(desk: Desk) -> None:
    """A charset that is declared for a form is believed."""
    body = f"title={quote('Сервер'.encode('cp1251'))}".encode()
    await told(desk, "/in/generic", body, "application/x-www-form-urlencoded; charset=windows-1251")

    assert ["Сервер"] == await summaries(desk)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (b"\r\n\r\nGer\xe4t", "Gerät"),
        (b"\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\n" + "Сервер".encode("koi8-r"), "Сервер"),
        (b"\r\n\r\n" + "Gerät".encode(), "Gerät"),
    ],
)
async def test_parts(desk: Desk, part: bytes, words: str) -> None:
    """Each part of a form has a charset of its own."""
    body = b'--B\r\nContent-Disposition: form-data; name="title"' + part + b"\r\n--B--\r\n"
    await told(desk, "/in/generic", body, "multipart/form-data; boundary=B")

    assert [words] == await summaries(desk)


@pytest.mark.parametrize("title", ["Ger%E4t", "Ger%C3%A4t", "Ger%e4t+"])
async def test_queries(desk: Desk, title: str) -> None:
    """A query's bytes are read in the charset that was meant, also a heartbeat's."""
    await fetched(desk, f"/in/generic/{KEY}?title={title}")
    async with desk.client.get(URL(f"/in/heartbeat/{KEY}?name={title}", encoded=True)) as response:
        beaten = await response.json()

    assert ["Gerät"] == await summaries(desk)
    assert "Gerät" == beaten["name"]


@pytest.mark.parametrize("source", sorted(SOURCES))
async def test_unread_queries(desk: Desk, source: str) -> None:
    """A query that nobody understands is raw text, and two of them are two alerts that can be told apart; the same one again is not."""
    for shop in ("Shop", "Pay", "Shop"):
        await fetched(desk, f"/in/{source}/{KEY}?wibble={shop}&wobble=Down&x=1")
    alerts = await desk.alerts()

    assert [1, 2] == [alert["count"] for alert in alerts]
    for alert, shop in zip(alerts, ("Pay", "Shop"), strict=True):
        assert f"wibble={shop}" in alert["description"]
        assert alert["summary"].startswith(ODD.format(""))
        assert alert["summary"].endswith(f": {shop}, Down")


@pytest.mark.parametrize("source", ["generic", "datadog", "alertmanager", "sentry", "nagios"])
@pytest.mark.parametrize("body", [b"something is wrong", b'{"unknown": "x"}'])
async def test_unread_bodies_with_queries(desk: Desk, source: str, body: bytes) -> None:
    """The query tells unread messages apart that have one body."""
    for host in ("a", "b", "a"):
        await told(desk, f"/in/{source}?where={host}", body, "application/octet-stream")
    alerts = await desk.alerts()

    assert [1, 2] == [alert["count"] for alert in alerts]
    assert ["where=b", "where=a"] == [alert["description"][-7:] for alert in alerts]


@pytest.mark.parametrize("source", sorted(set(SOURCES) - BY_QUERY))
async def test_get_without_a_query(desk: Desk, source: str) -> None:
    """Opening an address of a tool that posts says nothing."""
    async with desk.client.get(f"/in/{source}/{KEY}") as response:
        assert response.status == 405


async def test_a_signed_source_is_posted(desk: Desk) -> None:
    """What SNS signs is not taken by GET, where nobody looks at the signature."""
    async with desk.client.request("GET", f"/in/cloudwatch/{KEY}?x=1", json={"Type": "Notification"}) as response:
        assert response.status == 405


async def test_text_under_a_query(desk: Desk) -> None:
    """A query that says what it is, with the text of a log as body, is one alert of both."""
    await told(desk, "/in/generic?title=Backup&severity=error", b"line 1: x=y\nline 2", "application/octet-stream")
    (alert,) = await desk.alerts()

    assert ("Backup", "error", "line 1: x=y\nline 2") == (alert["summary"], alert["severity"], alert["description"])


@pytest.mark.parametrize(
    "body",
    [
        "payload=" + quote('{"title":"Disk","severity":"critical","dedup_key":"k"}'),
        'payload={"title":"Disk","severity":"critical","dedup_key":"k"}',
        "data=" + quote('{"title":"Disk","severity":"critical","dedup_key":"k",}'),
        quote('{"title":"Disk","severity":"critical","dedup_key":"k"}'),
        json.dumps('{"title":"Disk","severity":"critical","dedup_key":"k"}'),
        '{"title":"Disk","severity":"critical","dedup_key":"k","description":"a\nb"}',
        '{"title":"Disk","severity":"critical","dedup_key":"k","description":"C:\\temp says "no""}',
        "{'title': 'Disk', 'severity': 'critical', 'dedup_key': 'k', 'x': None}",
        '{"title":"Disk","severity":"critical","dedup_key":"k",}\x00',
        '{"title":"Disk","severity":"critical","dedup_key":"k","description":"and the end is cut o',
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_nearly_json(desk: Desk, body: str, content_type: str) -> None:
    """Title, severity and key are read where they are plain to see, in whatever they are wrapped."""
    (result,) = await told(desk, "/in/generic", body.encode(), content_type)
    (alert,) = await desk.alerts()

    assert ("Disk", "critical", "k") == (alert["summary"], alert["severity"], result["dedup_key"])


@pytest.mark.parametrize(
    "body", ['{"title":"a"}\n{"title":"b"}', '[{"title":"a"},{"title":"b"}]', '{"title":"a"},{"title":"b"},']
)
@pytest.mark.parametrize("source", ["generic", "datadog"])
async def test_several_documents(desk: Desk, source: str, body: str) -> None:
    """Several documents in one body are an alert each."""
    await told(desk, f"/in/{source}", body.encode())

    assert ["b", "a"] == await summaries(desk)


async def test_no_end_of_a_half(desk: Desk) -> None:
    """An end whose document is cut off ends nothing, and is shown; a whole one that is nearly JSON ends."""
    problem = {"title": "Disk", "dedup_key": "db1", "status": "firing"}
    await told(desk, "/in/generic", json.dumps(problem).encode())
    await told(desk, "/in/generic", b'{"status":"resolved","title":"Disk","dedup_key":"db1"')
    cut, before = await desk.alerts()
    await told(desk, "/in/generic", b"{'status': 'resolved', 'title': 'Disk', 'dedup_key': 'db1',}")

    assert cut["summary"].startswith(ODD.format("generic"))
    assert "open" == before["state"]
    assert ["open", "closed"] == [alert["state"] for alert in await desk.alerts()]


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("alertmanager", '{"status":"firing","alerts":[{"labels":{"alertname":"A"},"annotations":{"summary":"x\ny"}},]}'),
        ("grafana", "{'alerts': [{'labels': {'alertname': 'A'}, 'annotations': {'summary': 'x y'}}]}"),
        ("alertmanager", '{"alerts":[{"labels":{"alertname":"A"},"annotations":{"summary":"x y"}},{"labels":{"alertname":"B"},"anno'),
    ],
)  # fmt: skip
async def test_groups(desk: Desk, source: str, body: str) -> None:
    """A group of alerts that is nearly JSON is read, too."""
    await told(desk, f"/in/{source}", body.encode())
    alerts = await desk.alerts()

    assert "A" == alerts[-1]["labels"]["alertname"]
    assert "x y" == " ".join(alerts[-1]["summary"].split())


async def test_unread_messages_are_told_apart(desk: Desk) -> None:
    """The summary of a message that nobody could read begins as ever, and goes on with what it seems to be about."""
    for body in (
        b'{"wibble": {"wobble_name": "CPU of Ger\xe4t", "url": "https://x"}}',
        b"{Backup failed on db1\nline 2",
        b"\x00\x01\x02",
        b"<alert><name>Disk</name></alert>",
    ):
        await told(desk, "/in/generic", body)

    assert [
        "A message that could not be read, from generic: Disk",
        "A message that could not be read, from generic",
        "A message that could not be read, from generic: {Backup failed on db1",
        "A message that could not be read, from generic: CPU of Gerät",
    ] == await summaries(desk)
