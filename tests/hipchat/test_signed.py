"""The check of Hipchat's JWTs (hipchat-api.md 8)."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.hipchat import signed
from bot.hipchat.signed import BadSignature, claimed_issuer, find_token, verify

NOW = 1_468_372_200_000
SECOND = 1000
ISSUER = "8d0c6f5e-3b1a-4f77-9a52-6de0b1c4a913"
SECRET = "Qm4tR8vYw2LkPn6sXc1MbHd9JfGa5QeUo7RiVt4K"
CLAIMS = {
    "iss": ISSUER,
    "sub": "3297240",
    "prn": "3297240",
    "iat": 1_468_372_150,
    "exp": 1_468_375_750,
    "jti": "YGmIBL8ewp0Ma8NIGEgp",
    "context": {"room_id": 1001, "roomId": 1001, "user_tz": "Europe/Amsterdam"},
}


def b64(data: bytes) -> str:
    """Encode a part of a token (RFC 7515, 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(claims: Any = CLAIMS, *, header: Any = None, secret: str = SECRET, digest: Any = hashlib.sha256) -> str:
    """Make a token by hand, so that no library of the code under test has a part in it."""
    head = b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode())
    body = b64(claims if isinstance(claims, bytes) else json.dumps(claims).encode())
    mark = hmac.new(secret.encode(), f"{head}.{body}".encode(), digest).digest()
    return f"{head}.{body}.{b64(mark)}"


def with_claims(**changes: Any) -> dict[str, Any]:
    """Return the claims with some changed, or left out where the value is an ellipsis."""
    claims = {**CLAIMS, **changes}
    return {name: value for name, value in claims.items() if value is not ...}


def known(issuer: str) -> str | None:
    """Return the secret of the one installation."""
    return SECRET if issuer == ISSUER else None


def test_a_token_of_hipchat_says_who_acts_and_where() -> None:
    """The claims recorded in hipchat-api.md 8 are read as they are meant."""
    read = verify(token(), known, NOW)

    assert read.issuer == ISSUER
    assert read.subject == 3297240
    assert read.room_id == 1001
    assert read.user_tz == "Europe/Amsterdam"
    assert read.expires_at == 1_468_375_750_000
    assert read.jti == "YGmIBL8ewp0Ma8NIGEgp"


@pytest.mark.parametrize(
    ("changes", "subject", "room"),
    [
        ({"sub": 3297240}, 3297240, 1001),
        ({"sub": ...}, None, 1001),
        ({"sub": None}, None, 1001),
        ({"sub": ""}, None, 1001),
        ({"context": ...}, 3297240, None),
        ({"context": {"roomId": 7}}, 3297240, 7),
        ({"context": {"room_id": 7, "user_tz": None}}, 3297240, 7),
        ({"iat": ..., "jti": ...}, 3297240, 1001),
    ],
)
def test_what_may_be_missing_or_spelled_otherwise(changes: Any, subject: int | None, room: int | None) -> None:
    """A number as `sub`, no acting user, one spelling of the room: all seen or expected of Hipchat."""
    read = verify(token(with_claims(**changes)), known, NOW)

    assert (subject, room) == (read.subject, read.room_id)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (token(secret="another installation's secret....."), signed.FORGED),
        (token(header={"alg": "none"}), signed.FORGED),
        (token(header={"alg": "none"}).rsplit(".", 1)[0] + ".", signed.FORGED),
        (token(header={"alg": "HS384"}, digest=hashlib.sha384), signed.FORGED),
        (token(header={"alg": "HS512"}, digest=hashlib.sha512), signed.FORGED),
        (token(header={"alg": "RS256"}), signed.FORGED),
        (token(header={"alg": ["HS256"]}), signed.FORGED),
        (token(header={"typ": "JWT"}), signed.FORGED),
        (token(with_claims(iss="somebody-else")), signed.UNKNOWN),
        (token(with_claims(iss=...)), signed.MALFORMED),
        (token(with_claims(iss=5)), signed.MALFORMED),
        (token(with_claims(exp=...)), signed.MALFORMED),
        (token(with_claims(exp="1468375750")), signed.MALFORMED),
        (token(with_claims(exp=True)), signed.MALFORMED),
        (token(with_claims(exp=1e300)), signed.MALFORMED),
        (token(with_claims(exp=-1)), signed.MALFORMED),
        (token(with_claims(exp=NOW // SECOND - 61)), signed.EXPIRED),
        (token(with_claims(iat=NOW // SECOND + 61)), signed.EARLY),
        (token(with_claims(nbf=NOW // SECOND + 61)), signed.EARLY),
        (token(with_claims(sub="3297240 OR 1=1")), signed.MALFORMED),
        (token(with_claims(sub="٣")), signed.MALFORMED),
        (token(with_claims(sub="12\n")), signed.MALFORMED),
        (token(with_claims(sub=-5)), signed.MALFORMED),
        (token(with_claims(sub=["3297240"])), signed.MALFORMED),
        (token(with_claims(sub=True)), signed.MALFORMED),
        (token(with_claims(aud="our own page")), signed.FOREIGN),
        (token(with_claims(context={"room_id": 1, "roomId": 2})), signed.TWO_ROOMS),
        (token(with_claims(context={"room_id": "1001"})), signed.MALFORMED),
        (token(with_claims(context=[])), signed.MALFORMED),
        (token([CLAIMS]), signed.MALFORMED),
        (token(b"\xff\xfe"), signed.MALFORMED),
        (token(b"[" * 4000), signed.MALFORMED),
        (token(b'{"iss":"' + ISSUER.encode() + b'","exp":1e400}'), signed.MALFORMED),
        (b64(b"[" * 5000) + "." + token().split(".", 1)[1], signed.MALFORMED),
        (token(with_claims(jti="x" * 9000)), signed.MALFORMED),
        ("", signed.MALFORMED),
        ("a.b.c", signed.MALFORMED),
        ("é.é.é", signed.MALFORMED),
    ],
)
def test_what_is_refused(bad: str, reason: str) -> None:
    """Another algorithm, another secret, a wrong time, a wrong type: each is refused for its reason."""
    with pytest.raises(BadSignature) as refused:
        verify(bad, known, NOW)

    assert reason == refused.value.reason


def test_leeway_bounds() -> None:
    """A token is good up to the leeway after its end and before its start, and not a millisecond longer."""
    claims = token(with_claims(iat=NOW // SECOND, exp=NOW // SECOND + 10))

    verify(claims, known, NOW + 69_999)
    verify(claims, known, NOW - 60_000)
    with pytest.raises(BadSignature):
        verify(claims, known, NOW + 70_000)
    with pytest.raises(BadSignature):
        verify(claims, known, NOW - 60_001)


@pytest.mark.parametrize(
    ("header", "query", "found"),
    [
        ("JWT a.b.c", None, "a.b.c"),
        ("jwt   a.b.c ", None, "a.b.c"),
        ("JWT a.b.c", "d.e.f", "a.b.c"),
        (None, "d.e.f", "d.e.f"),
        ("Bearer x", "d.e.f", "d.e.f"),
        ("JWT", "d.e.f", "d.e.f"),
    ],
)
def test_the_token_is_in_header_or_query(header: str | None, query: str | None, found: str) -> None:
    """Production used the header, the manual says the query (hipchat-api.md 8)."""
    assert found == find_token(header, query)


@pytest.mark.parametrize(("header", "query"), [(None, None), ("", ""), ("Bearer a.b.c", None), ("JWT a b", None)])
def test_no_token(header: str | None, query: str | None) -> None:
    """A callback without a token is refused."""
    with pytest.raises(BadSignature) as refused:
        find_token(header, query)

    assert signed.MISSING == refused.value.reason


def test_the_issuer_is_read_before_the_check() -> None:
    """The secret is looked up by what the token claims."""
    assert ISSUER == claimed_issuer(token(secret="anything"))


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_refused_and_breaks_nothing(text: str) -> None:
    """No text raises anything but BadSignature, and nothing of it is repeated in the reason."""
    with pytest.raises(BadSignature):
        verify(text, known, NOW)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_any_claim_is_read_or_refused(value: object) -> None:
    """Whatever a secret's holder signs, the answer is a Signed or a BadSignature."""
    for name in CLAIMS:
        try:
            read = verify(token(with_claims(**{name: value})), known, NOW)
        except BadSignature:
            continue

        assert ISSUER == read.issuer


def test_no_reason_holds_the_token() -> None:
    """Reasons go to the log."""
    bad = token(secret="wrong" * 10)
    with pytest.raises(BadSignature) as refused:
        verify(bad, known, NOW)

    assert bad not in repr(refused.value)
    assert refused.value.__cause__ is None
