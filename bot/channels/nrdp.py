"""NRDP: external commands and check results for a Nagios behind its web server (alert-sources.md 1.7.2 and 2.2)."""

import json
from collections.abc import Mapping
from urllib.parse import urlencode
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from bot.channels.external import Result, told
from bot.channels.outbound import Answer, Outbound
from bot.domain.channel import Channel, Parcel
from bot.ports import Later, Never, Receipt
from bot.sources.payload import Fields

WORDS_LIMIT = 100
FINAL = frozenset(
    {
        "BAD TOKEN",
        "NO TOKEN",
        "NO TOKENS",
        "DENIED TOKEN",
        "NOT AUTHENTICATED",
        "BAD_USER",
        "HTTPS REQUIRED",
        "COMMANDS DISABLED",
        "NOT ENABLED",
        "NO REQUEST HANDLER",
        "NO COMMAND",
        "NO DATA",
        "BAD JSON",
        "BAD XML",
    }
)
"""What NRDP says that it will say again; the rest (a command file that is away) may pass."""

UNREAD = "its answer is none of NRDP's"
REFUSED = "NRDP refused it: {words}"


class Nrdp:
    """Submits commands, then a result. What was submitted twice changes nothing."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Submit what a change means."""
        said = told(parcel, to)
        status = 204
        for command in said.commands:
            status = await self._submit(to, {"cmd": "submitcmd", "command": command})
        if said.result is not None:
            status = await self._submit(to, {"cmd": "submitcheck", "json": check_of(said.result)})
        return Receipt(status=status, detail=said.reference)

    async def _submit(self, to: Channel, form: Mapping[str, str]) -> int:
        token = to.settings["token"]
        body = urlencode({"token": token, **form}, errors="replace").encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._outbound.call("POST", to.settings["url"], body=body, headers=headers)
        status, message = said_in(answer)
        if status != "0":
            words = " ".join(message.replace(token, "...").split())[:WORDS_LIMIT]
            raise (Never if message in FINAL else Later)(REFUSED.format(words=words), status=answer.status)
        return answer.status


def check_of(result: Result) -> str:
    """Write a check result as NRDP's JSON."""
    of_service = {"servicename": result.place.service} if result.place.service else {}
    given = {
        "checkresult": {"type": "service" if of_service else "host", "checktype": "1"},
        "hostname": result.place.host,
        **of_service,
        "state": str(result.code),
        "output": result.output,
    }
    return json.dumps({"checkresults": [given]})


def said_in(answer: Answer) -> tuple[str, str]:
    """Read status and message of an answer, which is JSON or XML; errors come with the HTTP status 200 too. Raises Later."""
    given = answer.json()
    if isinstance(given, dict):
        result = Fields(given).inner("result")
        status, message = result.text("status"), result.text("message")
    else:
        try:
            root = fromstring(answer.text.strip())
        except (ParseError, DefusedXmlException, ValueError):
            raise Later(UNREAD, status=answer.status) from None
        status, message = (str(root.findtext(name) or "").strip() for name in ("status", "message"))
    if not status:
        raise Later(UNREAD, status=answer.status)
    return status, message
