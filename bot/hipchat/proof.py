"""Proof: what Hipchat itself says of an installation that an unsigned callback claims (product.md 7)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from bot.domain.proof import Claim, NotProven, Proof
from bot.hipchat.capabilities import HostRule, Untrusted, check, refusal
from bot.hipchat.client import HipchatClient
from bot.hipchat.tokens import Credentials, TokenRefused, Unauthorized
from bot.ports import Later, Never

NO_ACCESS = "Hipchat's token URL refused the credentials of this installation"
NO_ANSWER = "Hipchat did not confirm the installation: {reason}"


class Prover:
    """Asks Hipchat, on allowed hosts only, who an installation really is."""

    def __init__(self, client: HipchatClient, rules: Sequence[HostRule], scopes: Sequence[str]) -> None:
        self._client = client
        self._rules = rules
        self._scopes = tuple(scopes)

    async def prove(self, claim: Claim) -> Proof:
        """Fetch capabilities document, token and session. Raises NotProven with a reason that holds no secret."""
        why = refusal(claim.capabilities_url, self._rules)
        if why:
            raise NotProven(why)
        try:
            document = await self._client.capabilities(claim.capabilities_url)
            endpoints = check(document, claim.capabilities_url, self._rules)
            credentials = Credentials(
                token_url=endpoints.token_url, oauth_id=claim.oauth_id, secret=claim.secret, scopes=self._scopes
            )
            token = await self._client.token(credentials)
            session = (await self._client.session(endpoints.api_url, token.value)).value
            # The session names the room, and the directory its present name; a group-wide client has no room.
            bound = session.client.room
            name = bound.name if bound else ""
            if bound and not name:
                name = (await self._client.room(endpoints.api_url, token.value, bound.id)).value.name
        except Untrusted as untrusted:
            raise NotProven(untrusted.reason) from None
        except (Unauthorized, TokenRefused):
            raise NotProven(NO_ACCESS) from None
        except (Later, Never) as trouble:
            raise NotProven(NO_ANSWER.format(reason=trouble.reason)) from None
        return Proof(
            host=urlsplit(endpoints.api_url).netloc.lower(),
            group_id=token.group_id,
            group_name=token.group_name,
            room_id=bound.id if bound else None,
            room_name=name,
            api_url=endpoints.api_url,
            token_url=endpoints.token_url,
            scopes=" ".join(token.scopes),
        )

    async def is_dead(self, *, token_url: str, oauth_id: str, secret: str) -> bool:
        """Whether the token URL says 401: the only proof that an installation is gone. Raises Later or Never."""
        try:
            await self._client.token(
                Credentials(token_url=token_url, oauth_id=oauth_id, secret=secret, scopes=self._scopes)
            )
        except Unauthorized:
            return True
        return False
