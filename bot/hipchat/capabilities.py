"""Which hosts may install us, and whether a capabilities document keeps to them (product.md 7). Pure.

A URL is taken apart by one strict pattern and not by a URL library: what has a second reading (userinfo, backslashes,
control characters, escaped or non-ASCII hosts) does not match it at all.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.hipchat.payloads import CapabilitiesDocument

UNREADABLE = "that is not a plain https://host/path URL"
NOT_ALLOWED = "{host} is not among the hosts that may install us (HIPCHAT_HOSTS)"
NOT_HTTPS = "{host} has to be reached by https"
NOT_ITSELF = "the capabilities document names another address as its own (links.self)"
BAD_LINK = "{name} of the capabilities document: {reason}"
BAD_PATTERN = "{pattern!r} is no host: expected HOST, HOST:PORT, *.DOMAIN or *.DOMAIN:PORT"

_NAME = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*"
_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_NAME}|\[::1\])(?P<port>:[1-9][0-9]{{0,4}})?(?P<path>[/?][\x21\x24-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]*)?\Z",
    re.IGNORECASE | re.ASCII,  # without ASCII, the Kelvin sign would be a k
)
_RULE = re.compile(
    rf"(?P<wild>\*\.)?(?P<host>{_NAME}|\[::1\])(?P<port>:[1-9][0-9]{{0,4}})?\Z", re.IGNORECASE | re.ASCII
)
_LOOPBACK = re.compile(r"localhost|127(?:\.(?:0|[1-9][0-9]{0,2})){3}|\[::1\]", re.ASCII)
_LAST_PORT = 65_535
_DEFAULT_PORTS = {"https": 443, "http": 80}


class Untrusted(Exception):
    """A host or a document that we do not follow; `reason` may be shown to an admin."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True, slots=True)
class HostRule:
    """One entry of HIPCHAT_HOSTS: a host, or any host below a domain; `port` None is the scheme's own.

    On a loopback host, where stand-ins and tests live, a rule without a port takes every port.
    """

    host: str
    below: bool = False
    port: int | None = None

    def takes(self, scheme: str, host: str, port: int) -> bool:
        """Say whether a URL of this scheme, lower-case host and port is covered."""
        if not (host.endswith("." + self.host) if self.below else host == self.host):
            return False
        if self.port is None:
            return _is_loopback(host) or port == _DEFAULT_PORTS[scheme]
        return port == self.port


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoints:
    """Where an installation's Hipchat is reached, all of it on allowed hosts. `api_url` ends in a slash."""

    capabilities_url: str
    api_url: str
    token_url: str
    homepage: str


def read_rules(patterns: Iterable[str]) -> tuple[HostRule, ...]:
    """Read host patterns such as `api.hipchat.com`, `*.hipchat.com` or `127.0.0.1:8080`; raise ValueError for others."""
    rules = []
    for pattern in patterns:
        found = _RULE.match(pattern)
        if not found:
            raise ValueError(BAD_PATTERN.format(pattern=pattern))
        port = int(found["port"][1:]) if found["port"] else None
        rules.append(HostRule(host=found["host"].lower(), below=bool(found["wild"]), port=port))
    return tuple(rules)


def refusal(url: str, rules: Sequence[HostRule]) -> str | None:
    """Return why we do not fetch from `url`, or None when we may."""
    found = _URL.match(url) if len(url) <= 2048 else None
    if not found or (found["port"] and int(found["port"][1:]) > _LAST_PORT):
        return UNREADABLE
    scheme, host = found["scheme"].lower(), found["host"].lower()
    port = int(found["port"][1:]) if found["port"] else _DEFAULT_PORTS[scheme]
    if not any(rule.takes(scheme, host, port) for rule in rules):
        return NOT_ALLOWED.format(host=host + (found["port"] or ""))
    if scheme == "http" and not _is_loopback(host):
        return NOT_HTTPS.format(host=host)
    return None


def check(document: CapabilitiesDocument, fetched_from: str, rules: Sequence[HostRule]) -> Endpoints:
    """Check the document that `fetched_from` answered (hipchat-api.md 1, 7.2); raise Untrusted with the reason.

    `links.self` must be that URL byte for byte, and every URL that we or a browser would follow passes the same rules.
    """
    if document.links.self_url != fetched_from:
        raise Untrusted(NOT_ITSELF)
    oauth2, api = document.capabilities.oauth2, document.capabilities.api
    followed = {
        "links.self": document.links.self_url,
        "links.homepage": document.links.homepage,
        "links.api": document.links.api,
        "links.subdomain": document.links.subdomain,
        "oauth2Provider.tokenUrl": oauth2.token_url,
        "oauth2Provider.authorizationUrl": oauth2.authorization_url,
        "hipchatApiProvider.url": api.url,
    }
    for name, url in followed.items():
        reason = refusal(url, rules) if url is not None else None
        if reason:
            raise Untrusted(BAD_LINK.format(name=name, reason=reason))
    return Endpoints(
        capabilities_url=fetched_from,
        api_url=api.url.rstrip("/") + "/",
        token_url=oauth2.token_url,
        homepage=document.links.homepage,
    )


def _is_loopback(host: str) -> bool:
    return bool(_LOOPBACK.fullmatch(host))
