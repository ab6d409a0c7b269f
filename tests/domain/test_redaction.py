"""Credentials are taken out of whatever comes; everything else is as it was."""

import base64
import json
from email.message import EmailMessage
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain import letter
from bot.domain.redaction import REMOVED, is_suspect, redacted

KEY = "Ab3dEf6hIj9lMn2pQr5tUv8xYz1CdE4g"
OTHER = "zY8xWv5uTs2rQp9oNm6lKj3iHg0fEd7c"
MD5 = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
NAMES = (
    *(
        "routing_key",
        "service_key",
        "integration_key",
        "api_key",
        "apikey",
        "apiKey",
        "app_key",
        "access_token",
        "token",
    ),
    *("password", "passwd", "secret", "authorization", "client_secret", "x-api-key", "X-Auth-Token", "db_password"),
    *("DB_PASSWORD", "secretAccessKey", "private_key", "Cookie", "GenieKey", "pwd", "passphrase", "API Key"),
)
HIDDEN = "hunter-2-sw0rdfish"


@pytest.mark.parametrize("name", NAMES)
def test_a_member_that_names_a_credential(name: str) -> None:
    """Its value goes, in JSON, a form, XML, a query in a text, JSON in JSON, and JSON in a form."""
    inner = json.dumps({"a": 1, name: HIDDEN, "z": [2]})
    bodies = [
        inner,
        json.dumps({"labels": {name: HIDDEN}, "n": 1}, indent=2),
        json.dumps({"Message": inner}),
        json.dumps({"Message": json.dumps({"deeper": inner})}),
        json.dumps({"headers": {name: [HIDDEN, HIDDEN]}}),
        json.dumps({"headers": [{"name": name, "value": HIDDEN}]}),
        urlencode({"a": "1", name: HIDDEN, "z": "2"}),
        urlencode({"payload": inner}),
        quote(inner),
        f"{{'{name}': '{HIDDEN}'}}",
        f'{{"{name}": "{HIDDEN}',
        f"{name}: {HIDDEN}",
    ]
    if " " not in name:
        bodies += [
            f"<a><{name}>{HIDDEN}</{name}><b>2</b></a>",
            f"<a><{name} x='1'><![CDATA[{HIDDEN}]]></{name}></a>",
            f'<a {name}="{HIDDEN}" b="2"/>',
            json.dumps({"url": f"https://x.example/?a=1&{name}={HIDDEN}&z=2"}),
            f"it failed with {name}={HIDDEN} on db1",
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{HIDDEN}\r\n--b--\r\n',
        ]
    for body in bodies:
        done = redacted(body.encode())

        assert is_suspect(body.encode()), body
        assert HIDDEN not in done.decode(), body
        assert REMOVED in done.decode() or quote(REMOVED) in done.decode(), body
        assert done == redacted(done), body


def test_what_stands_beside_a_credential() -> None:
    """Stays, and a message is as sound as before."""
    body = {"a": 'no token, said "x": 1', "token": 12.5, "secret": None, "password": True, "tokens": 3, "z": "a\\"}
    said = {**body, "token": REMOVED}
    form = {"token": "a&b c", "summary": "a=b&c", "payload": '{"secret": "\u00e9", "b": "\u00e9"}'}

    assert said == json.loads(redacted(json.dumps(body).encode()))
    assert said == json.loads(json.loads(redacted(json.dumps({"in": json.dumps(body)}).encode()))["in"])
    assert {**form, "token": REMOVED, "payload": f'{{"secret": "{REMOVED}", "b": "\u00e9"}}'} == dict(
        parse_qsl(redacted(urlencode(form).encode()).decode())
    )


@pytest.mark.parametrize(
    "body",
    [
        b'{"summary": "The token expired", "dedup_key": "a/b", "groupKey": "{}:{a=\\"b\\"}"}',
        b'{"summary": "Secret: rotated", "tags": ["token", "password"], "token_count": 3}',
        b'{"text": "invalid password: ask ops", "source": "ops@example.com"}',
        b'{"git": "ssh://git@example.com/x", "mail": "mailto:ops@example.com"}',
        b'{"a": "no token=", "b": "x", "c": "the secret: ", "d": 1}',
        b'{"digest": "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "uuid": "123e4567-e89b-12d3-a456-426614174000"}',
        b"dedup_key=1&summary=a+token+is+old",
        b"<a>the token</a> is old",
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_what_is_no_credential(body: bytes) -> None:
    """Is the same object afterwards."""
    assert body is redacted(body)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://dana:hunter2@db.example/x", "https://(removed)@db.example/x"),
        ("https://hunter2@db.example/x", "https://(removed)@db.example/x"),
        ("postgres://app:hunter2@db.example/x", "postgres://(removed)@db.example/x"),
        ("redis://:hunter2@db.example", "redis://(removed)@db.example"),
        ("https:\\/\\/dana:hunter2@db.example", "https:\\/\\/(removed)@db.example"),
        ("Authorization: Bearer hunter2", "Authorization: (removed)"),
        ("curl -H 'Authorization: Basic aHVudGVyMg=='", "curl -H 'Authorization: (removed)'"),
        ("curl -u Bearer aHVudGVyMgaHVudGVyMg2", "curl -u Bearer (removed)"),
        (f"alerts+{'a2' * 28}@x.example", "alerts+(removed)@x.example"),
        (f"in+{KEY}@x.example", "in+(removed)@x.example"),
        (f"https://bot/a/1-2-3-{'x' * 24}", "https://bot/a/(removed)"),
        (f"https://bot/hipchat/hook/{KEY}", "https://bot/hipchat/hook/(removed)"),
        ("host=db1\nPassword: swordfish\n", "host=db1\nPassword: (removed)\n"),
        ("?next=https%3A%2F%2Fx%3Ftoken%3Dhunter2%26b%3D1", "?next=https%3A%2F%2Fx%3Ftoken%3D(removed)%26b%3D1"),
        ("see https://x.example/?token=hunter%2F2&b=1 now", "see https://x.example/?token=(removed)&b=1 now"),
        ("-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----(removed)-----END PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_credentials_in_a_text(text: str, shown: str) -> None:
    """Addresses, headers, and what leads to us go, wherever a text holds them."""
    assert shown == redacted(text.encode()).decode()


@pytest.mark.parametrize(
    "around", ["{}", "https://bot/in/grafana/{}", "x{}y", "https%3A%2F%2Fbot%2F{}%2F", "\\n{}", "{}{}"]
)
def test_a_key_of_ours(around: str) -> None:
    """Goes in any case, whatever surrounds it."""
    body = json.dumps({"externalURL": around.format(KEY, KEY), "a": 1}).encode()
    lower = json.dumps({"externalURL": around.format(KEY.lower(), KEY), "a": 1}).encode()

    for each in (body, lower):
        assert KEY.lower().encode() not in redacted(each, [KEY]).lower()
        assert 1 == json.loads(redacted(each, [KEY]))["a"]


@pytest.mark.parametrize(
    "around", ["{}", "https://bot/in/grafana/{}", "https%3A%2F%2Fbot%2F{}%2F", "\\n{}", "a={}=3D{}"]
)
def test_what_may_be_a_key_of_ours(around: str) -> None:
    """Is asked for; a digest is not."""
    asked: set[str] = set()
    redacted(around.format(KEY, OTHER).encode(), (), asked)
    redacted(f"{MD5} {KEY}{KEY} {MD5}{MD5}".encode(), (), asked)

    assert asked <= {KEY, OTHER}
    assert KEY in asked


def test_names_and_keys_that_are_escaped() -> None:
    r"""`\u0074oken`, `tok%65n` and base64 hide nothing."""
    packed = base64.b64encode(json.dumps({"token": HIDDEN}).encode()).decode()
    escaped = "".join(f"\\u{ord(sign):04x}" for sign in KEY)

    assert HIDDEN not in redacted(f'{{"\\u0074oken": "{HIDDEN}"}}'.encode()).decode()
    assert HIDDEN not in redacted(f"a=1&tok%65n={HIDDEN}".encode()).decode()
    assert {"token": REMOVED} == json.loads(
        base64.b64decode(json.loads(redacted(json.dumps({"data_base64": packed}).encode()))["data_base64"])
    )
    assert escaped.encode() not in redacted(f'{{"x": "{escaped}"}}'.encode(), [KEY])


@pytest.mark.parametrize("coding", ["7bit", "quoted-printable", "base64"])
def test_mails(coding: str) -> None:
    """Say the same without their credentials, however they are encoded: headers, and the text."""
    mail = EmailMessage()
    mail["From"] = "cron@example.com"
    mail["To"] = f"in+{KEY}@alerts.example"
    mail["Delivered-To"] = f"IN+{KEY.lower()}@alerts.example"
    mail["Received"] = f"from a by b for <in+{KEY}@alerts.example>; Fri, 2 Jan 2026 03:04:05 +0000"
    mail["Message-ID"] = "<1@example.com>"
    mail["Subject"] = f"Backup fehlgeschlagen \u00fc password={HIDDEN}" if coding != "7bit" else f"password={HIDDEN}"
    mail.set_content(f"It failed.\npassword = {HIDDEN}\nkey {KEY}\nThe end.\n", cte=coding)
    if coding != "7bit":
        mail.add_attachment(b"\x00\x01", maintype="application", subtype="octet-stream")
    raw = mail.as_bytes()
    done = redacted(raw, [KEY])
    before, after = letter.read(raw), letter.read(done)

    assert HIDDEN not in repr((done, after))
    assert KEY.lower() not in repr((done, after)).lower()
    assert "cron@example.com" == after.sender
    assert "<1@example.com>" == after.message_id
    assert before.subject.replace(HIDDEN, REMOVED) == after.subject
    assert before.text.replace(HIDDEN, REMOVED).replace(KEY, REMOVED).strip() == after.text.strip()
    assert done == redacted(done, [KEY])


TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from("\"'\\:=&%,{}[]<>/@ \n"), max_size=12) | st.sampled_from(
    ["token", "password", "my token: ", "token=", 'secret="', "\\", '\\"', "https://a:b@c", "'", "<token>"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def shape(value: Any) -> Any:
    """Return what no redaction changes: names, and where objects and arrays are."""
    match value:
        case dict():
            return {redacted(name.encode()).decode(): shape(each) for name, each in value.items()}
        case list():
            return [shape(each) for each in value]
        case _:
            return None


@settings(max_examples=500, deadline=None)
@given(JSON)
def test_any_json(value: Any) -> None:
    """Is JSON of the same shape afterwards, and the second time nothing more goes."""
    for ascii_only in (True, False):
        done = redacted(json.dumps(value, ensure_ascii=ascii_only).encode())

        assert shape(value) == shape(json.loads(done))
        assert done == redacted(done)
