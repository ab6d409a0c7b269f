"""SNS: what it signed is taken, what it did not sign is not, and nothing is fetched from anywhere else."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from bot.channels.outbound import Answer
from bot.ports import Later
from bot.sources import cloudwatch
from bot.web.server import create_app
from tests.sources.recorded import HERE
from tests.web.conftest import SECRETS, Desk

CERT_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem"
PATH = f"/in/cloudwatch/{SECRETS['ingest']}"


@dataclass(kw_only=True)
class Amazon:
    """SNS: its key and certificate, and what was fetched from it."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    fetched: list[str] = field(default_factory=list)
    down: bool = False

    async def call(self, _method: str, address: str, **_more: Any) -> Answer:
        """Answer what the bot fetches."""
        self.fetched.append(address)
        if self.down:
            raise Later("sns.eu-west-1.amazonaws.com cannot be reached")
        return Answer(status=200, text=self.certificate.decode())

    def signed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Sign a body as SNS does."""
        names = cloudwatch.SIGNED[body["Type"]]
        text = "".join(f"{name}\n{body[name]}\n" for name in names if name in body).encode()
        kind = SHA256() if body["SignatureVersion"] == "2" else SHA1()  # noqa: S303 - as SNS does
        signature = self.key.sign(text, padding.PKCS1v15(), kind)
        return {**body, "Signature": base64.b64encode(signature).decode(), "SigningCertURL": CERT_URL}


@pytest.fixture(scope="module")
def pair() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Make a key and its certificate."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )
    return key, certificate.public_bytes(Encoding.PEM)


@pytest.fixture
async def amazon(desk: Desk, pair: tuple[rsa.RSAPrivateKey, bytes]) -> Amazon:
    """Give SNS."""
    assert desk is not None
    return Amazon(key=pair[0], certificate=pair[1])


@pytest.fixture
async def client(desk: Desk, amazon: Amazon) -> AsyncIterator[TestClient[Any, Any]]:
    """Serve the application with this SNS in the place of the world outside."""
    parts = replace(desk.parts, outbound=amazon)  # type: ignore[arg-type]  # all that is asked of it
    async with TestClient(TestServer(create_app(parts))) as client:
        yield client


def recorded(name: str, **changes: Any) -> dict[str, Any]:
    """Return a recorded message."""
    body: dict[str, Any] = json.loads((HERE / "cloudwatch" / f"{name}.json").read_text())
    return {**body, **changes}


def confirmation(**changes: Any) -> dict[str, Any]:
    """Return a request to confirm a subscription."""
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": "m-0",
        "Token": "t",
        "TopicArn": "arn:aws:sns:eu-west-1:123456789012:alerts",
        "Message": "You have chosen to subscribe",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t",
        "Timestamp": "2026-01-02T03:04:06.000Z",
        "SignatureVersion": "1",
        **changes,
    }


async def post(client: TestClient[Any, Any], body: Any) -> tuple[int, str]:
    """Post as SNS does: JSON that says it is text."""
    headers = {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
    async with client.post(PATH, data=json.dumps(body), headers=headers) as response:
        return response.status, await response.text()


@pytest.mark.parametrize("version", ["1", "2"])
async def test_an_alarm_and_its_end(desk: Desk, client: TestClient[Any, Any], amazon: Amazon, version: str) -> None:
    """Signed in either version; the certificate is fetched once."""
    opened = await post(client, amazon.signed(recorded("notification", SignatureVersion=version)))
    (alert,) = await desk.alerts()
    closed = await post(client, amazon.signed(recorded("ok", MessageId="m-2", SignatureVersion=version)))

    assert (200, 200) == (opened[0], closed[0])
    assert ("critical", "eu-west-1") == (alert["severity"], alert["labels"]["region"])
    assert "closed" == (await desk.alerts())[0]["state"]
    assert [CERT_URL] == amazon.fetched


@pytest.mark.parametrize(
    "spoil",
    [
        {"Message": "another"},
        {"Signature": "AAAA"},
        {"Signature": "not base64"},
        {"Signature": None},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com.evil.example/x.pem"},
        {"SigningCertURL": "http://sns.eu-west-1.amazonaws.com/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com@evil.example/x.pem"},
        {"SigningCertURL": "https://sns.eu-west-1.amazonaws.com:8443/x.pem"},
        {"SigningCertURL": "https://169.254.169.254/x.pem"},
        {"SigningCertURL": "https://[/"},
        {"SigningCertURL": 5},
    ],
)
async def test_what_sns_did_not_sign(desk: Desk, client: TestClient[Any, Any], amazon: Amazon, spoil: Any) -> None:
    """403, nothing is stored, and nothing is fetched but from SNS's own hosts."""
    status, _ = await post(client, {**amazon.signed(recorded("notification")), **spoil})

    assert 403 == status
    assert [] == await desk.alerts()
    assert set(amazon.fetched) <= {CERT_URL}


async def test_a_subscription_is_confirmed(desk: Desk, client: TestClient[Any, Any], amazon: Amazon) -> None:
    """At SNS's own address alone."""
    good = await post(client, amazon.signed(confirmation()))
    bad = await post(client, amazon.signed(confirmation(SubscribeURL="https://evil.example/")))
    forged = await post(client, {**amazon.signed(confirmation()), "Token": "other"})

    assert (200, 403, 403) == (good[0], bad[0], forged[0])
    assert [CERT_URL, confirmation()["SubscribeURL"]] == amazon.fetched
    assert [] == await desk.alerts()


async def test_while_sns_cannot_be_asked(desk: Desk, client: TestClient[Any, Any], amazon: Amazon) -> None:
    """503, so that SNS sends it again."""
    amazon.down = True
    first = await post(client, amazon.signed(recorded("notification")))
    amazon.down = False
    second = await post(client, amazon.signed(recorded("notification")))

    assert (503, 200) == (first[0], second[0])
    assert 1 == len(await desk.alerts())


async def test_a_bare_alarm(desk: Desk, client: TestClient[Any, Any], amazon: Amazon) -> None:
    """With raw delivery the key in the path vouches for it."""
    status, _ = await post(client, recorded("alarm"))

    assert 200 == status
    assert 1 == len(await desk.alerts())
    assert [] == amazon.fetched
