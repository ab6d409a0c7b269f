"""What is wrong with a server's certificate, by the number that OpenSSL gives to it (X509_verify_cert_error_string(3))."""

from collections.abc import Mapping

EXPIRED = "shows a certificate that has expired"
NOT_YET = "shows a certificate that is not valid yet; is this machine's clock right?"
OTHER_NAME = "shows a certificate for another name"
SELF_SIGNED = "shows a certificate that is signed by itself"
UNKNOWN_AUTHORITY = "shows a certificate of an authority that is not trusted"
REVOKED = "shows a certificate that was revoked"
UNTRUSTED = "shows a certificate that is not trusted"

WORDS: Mapping[int, str] = {
    9: NOT_YET,
    10: EXPIRED,
    18: SELF_SIGNED,
    19: UNKNOWN_AUTHORITY,
    20: UNKNOWN_AUTHORITY,
    21: UNKNOWN_AUTHORITY,
    23: REVOKED,
    62: OTHER_NAME,
    64: OTHER_NAME,
}
BY_AUTHORITY = frozenset({SELF_SIGNED, UNKNOWN_AUTHORITY})
"""The faults that naming another authority mends."""


def certificate_fault(error: object) -> str:
    """Return what is wrong, in words that go behind a host's name; `error` may have OpenSSL's `verify_code`."""
    return WORDS.get(getattr(error, "verify_code", 0), UNTRUSTED)
