"""A certificate that is refused is refused in words that lead to the right repair."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.domain.trust import EXPIRED, NOT_YET, OTHER_NAME, SELF_SIGNED, UNTRUSTED, certificate_fault

DAY = timedelta(days=1)


def refusal_of(
    folder: Path, *, begins: timedelta, ends: timedelta, name: str, trusted: bool
) -> ssl.SSLCertVerificationError:
    """Let a client of `a.example` shake hands with a server whose certificate is like that, and return what it refuses it with."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    whose = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder(whose, whose, key.public_key(), 1, now + begins, now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain = folder / "chain.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(chain)
    here = ssl.create_default_context(cafile=str(chain) if trusted else None)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(to_client, to_server, server_hostname="a.example")
    server = there.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error
    raise AssertionError("the certificate was trusted")


@pytest.mark.parametrize(
    ("begins", "ends", "name", "trusted", "words"),
    [
        (-2 * DAY, -DAY, "a.example", True, EXPIRED),
        (DAY, 2 * DAY, "a.example", True, NOT_YET),
        (-DAY, DAY, "b.example", True, OTHER_NAME),
        (-DAY, DAY, "a.example", False, SELF_SIGNED),
    ],
)
def test_faults_by_their_names(  # noqa: PLR0917 - one row of the table
    tmp_path: Path, begins: timedelta, ends: timedelta, name: str, trusted: bool, words: str
) -> None:
    """What a real handshake refuses is named: over, not begun, another's, or of nobody we know."""
    assert words == certificate_fault(refusal_of(tmp_path, begins=begins, ends=ends, name=name, trusted=trusted))


def test_any_other_fault() -> None:
    """What we have no words for is not trusted."""
    assert UNTRUSTED == certificate_fault(OSError("x"))
