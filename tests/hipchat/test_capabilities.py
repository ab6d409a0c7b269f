"""Which hosts may install us, and what a capabilities document may name."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from bot.hipchat import capabilities
from bot.hipchat.capabilities import Untrusted, check, read_rules, refusal
from bot.hipchat.payloads import BadBody, CapabilitiesDocument, read

RULES = read_rules(["api.hipchat.com", "*.hipchat.com", "chat.example.org:8443", "127.0.0.1:8080", "localhost"])
SELF = "https://api.hipchat.com/v2/capabilities"


def document(**changes: str) -> Any:
    """Return the document of hipchat-api.md 1, with some of its URLs changed."""
    urls = {
        "self": SELF,
        "homepage": "https://www.hipchat.com",
        "api": "https://api.hipchat.com/v2",
        "subdomain": "https://www.hipchat.com",
        "token": "https://api.hipchat.com/v2/oauth/token",
        "authorize": "https://www.hipchat.com/users/authorize",
        "provider": "https://api.hipchat.com/v2/",
        **changes,
    }
    return {
        "capabilities": {
            "hipchatApiProvider": {"availableScopes": {"view_room": {"id": "view_room"}}, "url": urls["provider"]},
            "oauth2Provider": {"authorizationUrl": urls["authorize"], "tokenUrl": urls["token"]},
        },
        "connect_server_api_version": 1,
        "key": "hipchat",
        "links": {name: urls[name] for name in ("api", "homepage", "self", "subdomain")},
        "name": "HipChat",
        "vendor": {"name": "Atlassian", "url": "http://atlassian.com"},
    }


def decoded(value: Any) -> CapabilitiesDocument:
    """Read a document as it comes over the network."""
    return read(CapabilitiesDocument, msgspec.json.encode(value))


@pytest.mark.parametrize(
    "url",
    [
        "https://api.hipchat.com/v2/capabilities",
        "https://API.HipChat.com/v2/capabilities",
        "https://api.hipchat.com",
        "https://api.hipchat.com:443/v2/",
        "https://example.hipchat.com/v2/",
        "https://a.b.hipchat.com/v2/",
        "https://api.hipchat.com/a?b=c&d=%20@e",
        "https://chat.example.org:8443/v2/",
        "http://127.0.0.1:8080/v2/capabilities",
        "https://127.0.0.1:8080/v2/capabilities",
        "http://localhost:5000/v2/capabilities",
        "http://localhost/v2/capabilities",
    ],
)
def test_allowed(url: str) -> None:
    """Listed hosts, hosts below a listed domain, and http on a listed loopback host."""
    assert refusal(url, RULES) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://api.hipchat.com/v2/",
        "https://hipchat.com/v2/",
        "https://evilhipchat.com/v2/",
        "https://hipchat.com.evil/v2/",
        "https://api.hipchat.com.evil.com/",
        "https://api.hipchat.com./v2/",
        "https://.hipchat.com/",
        "https://a..hipchat.com/",
        "https://-a.hipchat.com/",
        "https://evil.com#.hipchat.com",
        "https://evil.com?.hipchat.com",
        "https://evil.com/.hipchat.com",
        "https://evil.com\\.hipchat.com/",
        "https://api.hipchat.com\\@evil.com/",
        "https://evil.com%2F.hipchat.com/",
        "https://evil.com%00.hipchat.com/",
        "https://api.hipchat.com@evil.com/",
        "https://user:pass@api.hipchat.com/",
        "https://@api.hipchat.com/",
        "https://api.hipchat.com:8080/",
        "https://api.hipchat.com:/",
        "https://api.hipchat.com:0443/",
        "https://api.hipchat.com:443@evil.com/",
        "https://api.hipchat.com/v2/\nHost: evil.com",
        "https://api.hipchat.com/v2/ x",
        "https://api.hipchat.com\n",
        "https://api.hipchat.com/v2#fragment",
        "\thttps://api.hipchat.com/",
        "https:/api.hipchat.com/",
        "https:api.hipchat.com/",
        "//api.hipchat.com/",
        "ftp://api.hipchat.com/",
        "file:///etc/passwd",
        "data:application/json,{}",
        "https://xn--hipcht-5nf.com/",
        "https://ex\u0430mple.hipchat.com/",
        "https://ap\u0131.hipchat.com/",
        "https://x.hipchat\u3002com/",
        "https://x.\u212aipchat.com/",
        "https://chat.example.org/v2/",
        "https://chat.example.org:8444/v2/",
        "http://chat.example.org:8443/v2/",
        "http://127.0.0.1/v2/",
        "http://127.0.0.1:8081/v2/",
        "http://127.1:8080/",
        "http://2130706433:8080/",
        "http://0177.0.0.1:8080/",
        "http://0x7f.0.0.1:8080/",
        "http://127.0.0.2:8080/",
        "http://[::1]:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "http://localhost:65536/",
        "http://localhost.evil.com/",
        "https://169.254.169.254/latest/",
        "https://",
        "https:///v2",
        "",
        "https://api.hipchat.com/" + "a" * 2048,
    ],
)
def test_refused(url: str) -> None:
    """Look-alikes, second readings of a URL, other ports, plain http, and ways to write an address otherwise."""
    assert refusal(url, RULES)


@given(st.text(max_size=60), st.sampled_from(["https://", "http://", "https://x@", "https://api.hipchat.com"]))
def test_what_passes_is_read_alike_by_the_http_client(text: str, start: str) -> None:
    """Whatever passes goes where the rules say: aiohttp's URL type finds the same host in it."""
    url = start + text
    if refusal(url, RULES) is None:
        host = URL(url, encoded=True).host or ""

        assert host.lower().endswith(".hipchat.com") or host.lower() in {"localhost", "127.0.0.1"}


@pytest.mark.parametrize(
    "pattern", ["", "*", "*.", "https://api.hipchat.com", "a b", "a/b", "a.*", "*a.com", "host:x", "é"]
)
def test_patterns_that_are_none(pattern: str) -> None:
    """A wrong HIPCHAT_HOSTS is said, and names the entry."""
    with pytest.raises(ValueError, match="expected HOST"):
        read_rules([pattern])


def test_no_rule_allows_nothing() -> None:
    """An empty list is not an open door."""
    assert refusal(SELF, ()) == capabilities.NOT_ALLOWED.format(host="api.hipchat.com")


def test_a_document_on_allowed_hosts() -> None:
    """The document of hipchat-api.md 1 gives the URLs that we use."""
    found = check(decoded(document()), SELF, RULES)

    assert found.api_url == "https://api.hipchat.com/v2/"
    assert found.token_url == "https://api.hipchat.com/v2/oauth/token"
    assert found.homepage == "https://www.hipchat.com"
    assert found.capabilities_url == SELF


@pytest.mark.parametrize("name", ["homepage", "api", "subdomain", "token", "authorize", "provider"])
def test_every_url_of_a_document_is_checked(name: str) -> None:
    """One foreign URL spoils the document."""
    with pytest.raises(Untrusted):
        check(decoded(document(**{name: "https://evil.example/v2/"})), SELF, RULES)


@pytest.mark.parametrize("other", [SELF + "/", SELF.replace("api", "API"), "https://www.hipchat.com/v2/capabilities"])
def test_links_self_is_compared_byte_for_byte(other: str) -> None:
    """A document that calls itself otherwise is refused even on an allowed host."""
    with pytest.raises(Untrusted) as refused:
        check(decoded(document(self=other)), SELF, RULES)

    assert capabilities.NOT_ITSELF == refused.value.reason


@pytest.mark.parametrize("url", ["", "https://a.hipchat.com/\u00e9", "https://a.hipchat.com/ ", "x" * 3000])
def test_a_url_with_odd_characters_is_not_even_decoded(url: str) -> None:
    """Such a body is refused while it is read."""
    with pytest.raises(BadBody):
        decoded(document(token=url))
