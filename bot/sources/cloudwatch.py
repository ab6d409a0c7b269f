"""Amazon's messages (alert-sources.md 1.10): SNS's envelope, what its signature is over, and the alarm or the event in it."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from bot.domain.headline import read_title, steady
from bot.domain.signal import Kind, Signal, made_key
from bot.sources import eventbridge, loose
from bot.sources.build import build
from bot.sources.eventbridge import ALARM_STATES
from bot.sources.payload import Fields, Payload, json_of, text_of
from bot.sources.shape import Mark
from bot.sources.values import Item, odd

SENDER = "cloudwatch"
MARKS: Sequence[Mark] = (
    ("AlarmName", "NewStateValue"),
    ("Type", "TopicArn"),
    ("detail-type", "detail", "source"),
    ("alarmData", "alarmArn"),
)
NOTIFICATION = "Notification"
CONFIRMATION = "SubscriptionConfirmation"
SIGNED: Mapping[str, Sequence[str]] = {
    NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""What each kind's signature is over, in this order."""
HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(?:\.cn)?\Z")
DEFAULT_SUBJECT = "AWS Notification Message"
"""What SNS itself writes above a mail without a subject."""
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Envelope:
    """What SNS put around a message; `certificate` and `confirm` are addresses of SNS, "" when they are none."""

    kind: str
    certificate: str
    confirm: str
    signature: bytes
    signed: bytes
    sha256: bool


def envelope(body: bytes) -> Envelope | None:
    """Read the envelope; None when the message came bare."""
    given = json_of(body)
    kind = text_of(given.get("Type")) if isinstance(given, dict) else ""
    if kind not in SIGNED:
        return None
    pairs = [(name, given.get(name)) for name in SIGNED[kind]]
    signed = "".join(f"{name}\n{text_of(value)}\n" for name, value in pairs if value is not None)
    try:
        signature = base64.b64decode(text_of(given.get("Signature", "")), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    return Envelope(
        kind=kind,
        certificate=of_sns(text_of(given.get("SigningCertURL", ""))),
        confirm=of_sns(text_of(given.get("SubscribeURL", ""))),
        signature=signature,
        signed=signed.encode("utf-8", "replace"),
        sha256=text_of(given.get("SignatureVersion", "1")) == "2",
    )


def of_sns(url: str) -> str:
    """Return an address when it is one of SNS itself, over https; else ""."""
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and HOST.match(parts.hostname or "") and parts.port in {None, 443}
    except ValueError:
        return ""
    return url if good and "@" not in parts.netloc else ""


def genuine(found: Envelope, certificate: bytes) -> bool:
    """Whether SNS signed an envelope with the key of a certificate (PEM)."""
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
    except ValueError:
        return False
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(found.signature, found.signed, padding.PKCS1v15(), SHA256() if found.sha256 else SHA1())  # noqa: S303 - version 1 of SNS is SHA-1
    except InvalidSignature:
        return False
    return True


def parse(payload: Payload) -> list[Item]:
    """Read a notification, or an alarm that came bare; what is no alarm is read by the names of its members."""
    given: Any = json_of(payload.body)
    if not isinstance(given, dict):
        return [odd(payload.body, SENDER)]
    outer = Fields(given)
    if outer.text("Type") not in SIGNED:
        return list(_told(outer)) or [odd(payload.body, SENDER)]
    return list(_notified(outer)) if outer.text("Type") == NOTIFICATION else []


def _told(given: Fields, delivery_id: str = "") -> Sequence[Signal]:
    """Read an alarm as SNS carries it, an event, or an object with the usual names; nothing where it is none."""
    if eventbridge.is_event(given):
        return eventbridge.read(given, SENDER, delivery_id)
    found = _alarm(given, delivery_id) or loose.read(given, SENDER, delivery_id=delivery_id)
    return [found] if found is not None else []


def _notified(outer: Fields) -> Sequence[Signal]:
    """Read what a notification carries; tried again, it has the same MessageId."""
    name = outer.text("MessageId")
    message = json_of(outer.text("Message").encode("utf-8", "replace"))
    told = _told(Fields(message), name) if isinstance(message, dict) else ()
    return told or [_words(outer, name)]


def _words(outer: Fields, name: str) -> Signal:
    """Read a notification in words: a subject that tells a state is what it is known by; any other stands for many texts."""
    subject, text = outer.text("Subject").removeprefix(DEFAULT_SUBJECT), outer.text("Message")
    summary = subject or text.partition("\n")[0]
    said = read_title(summary)
    return build(
        SENDER,
        key=made_key(said.name, {"topic": outer.text("TopicArn"), "text": "" if said.kind else steady(text)}),
        summary=summary,
        kind=said.kind or Kind.FIRING,
        severity=said.severity.word if said.severity is not None else "",
        source=outer.text("TopicArn"),
        description=text,
        delivery_id=name,
    )


def _alarm(given: Fields, delivery_id: str = "") -> Signal | None:
    name, word = given.text("AlarmName"), given.text("NewStateValue").upper()
    if not name or word not in ALARM_STATES:
        return None
    kind, severity = ALARM_STATES[word]
    arn = given.text("AlarmArn")
    region = arn.split(":")[3] if arn.count(":") >= 6 else given.text("Region")
    account = given.text("AWSAccountId")
    dimensions = {
        Fields(each).text("name"): Fields(each).text("value")
        for each in given.inner("Trigger").list("Dimensions")
        if isinstance(each, dict)
    }
    return build(
        SENDER,
        key=arn or f"{account}/{region}/{name}",
        summary=f"{name}: {given.text('NewStateReason') or word}",
        kind=kind,
        severity=severity,
        source=SENDER,
        description=given.text("AlarmDescription"),
        labels={
            "alarm": name,
            "account": account,
            "region": region,
            "metric": given.text("Trigger.MetricName"),
            "namespace": given.text("Trigger.Namespace"),
            **dimensions,
        },
        starts_at=_OFFSET.sub(r"\1:\2", given.text("StateChangeTime")) if kind is Kind.FIRING else "",
        delivery_id=delivery_id,
    )
