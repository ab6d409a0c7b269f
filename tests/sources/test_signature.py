"""What a sender signed, and what it did not: the vectors of alert-sources.md 4, and all that is almost right."""

import hashlib
import hmac
from dataclasses import replace

import pytest

from bot.domain.source import GRAFANA, PAGERDUTY, SENTRY, Source
from bot.sources.signature import genuine, hexadecimal

SECRET = "s3cret"
BODY = b'{"status":"firing","alerts":[]}'
PLAIN = "80a9b3dee69be8445f810d7f6dc9b81a85fca253b1e84d752fb90fef0a5b014f"
STAMPED = "4568e6bdf7c6dca23d881cd0f178f09b6c62aa149eaf89a0390edcea7f2b1806"
AT = 1767323045
BARE = Source(name="g", kind=GRAFANA)
TIMED = replace(BARE, timestamp_header="X-Stamp")


def grafana(source: Source, signature: str, seconds: int = AT, **more: str) -> bool:
    """Whether Grafana's signature is good."""
    headers = {"x-grafana-alerting-signature": signature, **more}
    return genuine(source, [SECRET], headers, BODY, seconds)


def test_the_vectors() -> None:
    """Grafana's with and without a time, and PagerDuty's, which is the plain one."""
    assert PLAIN == hexadecimal(SECRET, BODY)
    assert grafana(BARE, PLAIN)
    assert grafana(TIMED, STAMPED, AT, **{"x-stamp": str(AT)})
    assert genuine(Source(name="p", kind=PAGERDUTY), [SECRET], {"x-pagerduty-signature": f"v1={PLAIN}"}, BODY, AT)
    assert genuine(Source(name="s", kind=SENTRY), [SECRET], {"sentry-hook-signature": PLAIN}, BODY, AT)


@pytest.mark.parametrize("signature", ["", PLAIN[:-1], PLAIN.upper(), f"v1={PLAIN}", "0" * 64, "\u20ac" * 64, STAMPED])
def test_what_is_almost_right(signature: str) -> None:
    """Is not signed."""
    assert not grafana(BARE, signature)


@pytest.mark.parametrize(
    ("stamp", "seconds", "good"),
    [
        (str(AT), AT + 300, True),
        (str(AT), AT + 301, False),
        (str(AT), AT - 301, False),
        ("", AT, False),
        (f"-{AT}", AT, False),
        (f"{AT}.0", AT, False),
        ("9" * 5000, AT, False),
        ("\u0661", AT, False),
    ],
)
def test_a_signed_time(stamp: str, seconds: int, good: bool) -> None:
    """Is one of the last five minutes, in digits."""
    signature = hexadecimal(SECRET, f"{stamp}:".encode() + BODY)

    assert good is grafana(TIMED, signature, seconds, **{"x-stamp": stamp})
    assert not grafana(TIMED, PLAIN, seconds, **{"x-stamp": stamp})


def test_secrets_in_rotation_and_a_header_of_ones_own() -> None:
    """Each of several secrets is good, of PagerDuty's several signatures one is enough; a header may have another name."""
    other = hmac.new(b"older", BODY, hashlib.sha256).hexdigest()
    pagerduty = Source(name="p", kind=PAGERDUTY)

    assert genuine(replace(BARE, header="X-Mine"), ["older", SECRET], {"x-mine": other}, BODY, AT)
    assert not genuine(BARE, ["older", SECRET], {"x-mine": other}, BODY, AT)
    assert genuine(pagerduty, [SECRET], {"x-pagerduty-signature": f"v1={other}, v1={PLAIN}"}, BODY, AT)
    assert not genuine(pagerduty, [SECRET], {"x-pagerduty-signature": f"v2={PLAIN},{PLAIN}"}, BODY, AT)
    assert not genuine(pagerduty, [], {"x-pagerduty-signature": f"v1={PLAIN}"}, BODY, AT)
