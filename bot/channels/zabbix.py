"""Zabbix: what people do with one of its events is done there too, by `event.acknowledge` (alert-sources.md 2.8).

It concerns alerts that Zabbix reports, and no others: their dedup key is the event's id.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.outbound import Outbound
from bot.domain.alert import Alert
from bot.domain.channel import Channel, Move, Parcel
from bot.domain.difference import Standing, Survey
from bot.ports import Later, Never, Receipt
from bot.sources.payload import Fields, objects
from bot.sources.zabbix import SENDER

PATH = "/api_jsonrpc.php"
CLOSE, ACKNOWLEDGE, MESSAGE, SEVERITY, UNACKNOWLEDGE, SUPPRESS, UNSUPPRESS = 1, 2, 4, 8, 16, 32, 64
"""The bits of an action; what does not apply to an event is skipped there without an error."""
ACTIONS: Mapping[str, int] = {
    "snoozed": ACKNOWLEDGE | SUPPRESS,
    "severity": SEVERITY,
    "assigned": 0,
    "unassigned": 0,
    "noted": 0,
    "escalated": 0,
}
"""What a change is there, beside its message; all others are what they mean to a service of few states."""
BY_MOVE: Mapping[Move, int] = {
    Move.ACKNOWLEDGE: ACKNOWLEDGE,
    Move.TRIGGER: UNACKNOWLEDGE | UNSUPPRESS,
    Move.RESOLVE: CLOSE,
    Move.NOTE: 0,
}
SEVERITIES: Mapping[str, int] = {"critical": 5, "error": 4, "warning": 2, "info": 1}
WHO = "{by} via Hipchat: {action} (alert {number})"
TEXT_LIMIT = 2048
INTERNAL = frozenset({"-32603", "-32400"})
"""JSON-RPC errors that are trouble over there; all others are refusals."""
PAGE = 500
LISTING_LIMIT = 4 * 1024 * 1024

TROUBLE = "Zabbix has trouble: {words}"
REFUSED = "Zabbix refused it: {words}"
UNREAD = "Zabbix's answer cannot be read: is its address right?"


class Zabbix:
    """Acknowledges, suppresses, comments and closes events."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Do one change there. A trigger that may not be closed by hand is told of the close in words."""
        params = acknowledgement(parcel)
        if params is None:
            return Receipt(status=204)
        try:
            await self._call(to, "event.acknowledge", params)
        except Never:
            if not params["action"] & CLOSE:
                raise
            await self._call(to, "event.acknowledge", {**params, "action": MESSAGE})
        return Receipt(status=200)

    async def probe(self, to: Channel) -> int:
        """Ask for nothing much, to see whether the token is good."""
        await self._call(to, "event.get", {"output": ["eventid"], "limit": 1})
        return 200

    async def survey(self, known: Sequence[Alert], to: Channel) -> Survey:
        """Say where events stand there; those that Zabbix no longer keeps are left out."""
        mine = {alert.dedup_key: alert.number for alert in known if SENDER in alert.senders}
        standings: dict[int, Standing] = {}
        for start in range(0, len(mine), PAGE):
            params = {
                "eventids": list(mine)[start : start + PAGE],
                "output": ["eventid", "acknowledged", "r_eventid", "suppressed"],
            }
            found = await self._call(to, "event.get", params)
            for each in objects(found):
                quiet = "1" in {each.text("acknowledged"), each.text("suppressed")}
                over = each.text("r_eventid") not in {"", "0"}
                standing = Standing.GONE if over else Standing.ACKED if quiet else Standing.FIRING
                number = mine.get(each.text("eventid"))
                if number is not None:
                    standings[number] = standing
        return Survey(standings=standings)

    async def _call(self, to: Channel, method: str, params: Mapping[str, Any]) -> Any:
        """Call a method and return its result. Raises Later or Never: errors come as 200."""
        headers = {"Content-Type": "application/json-rpc", "Authorization": f"Bearer {to.settings['token']}"}
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode()
        url = to.settings["url"].rstrip("/").removesuffix(PATH) + PATH
        answer = await self._outbound.call("POST", url, body=body, headers=headers, limit=LISTING_LIMIT)
        given = answer.json()
        if not isinstance(given, dict) or not {"result", "error"} & given.keys():
            raise Later(UNREAD)
        if "error" not in given:
            return given["result"]
        error = Fields(given).inner("error")
        words = " ".join(f"{error.text('message')} {error.text('data')}".split())[:200]
        if error.text("code") in INTERNAL:
            raise Later(TROUBLE.format(words=words))
        raise Never(REFUSED.format(words=words))


def acknowledgement(parcel: Parcel) -> dict[str, Any] | None:
    """Return the parameters of a change; None for what is not Zabbix's, or what it knows: that its problem is there."""
    told = parcel.content
    if SENDER not in told.get("senders", ()) or not told["dedup_key"].isdecimal():
        # Of others, or of Zabbix's own test, which is no event.
        return None
    if parcel.action in {"opened", "unreachable"}:
        return None
    action = ACTIONS.get(parcel.action, BY_MOVE[parcel.move]) | MESSAGE
    words = WHO.format(by=told["by"] or "alertbot", action=parcel.action, number=parcel.number)
    words += f" to {told['owner']}" if parcel.action == "assigned" and told["owner"] else ""
    params: dict[str, Any] = {
        "eventids": told["dedup_key"],
        "action": action,
        "message": (f"{words}: {told['note']}" if told["note"] else words)[:TEXT_LIMIT],
    }
    if action & SEVERITY:
        params["severity"] = SEVERITIES[told["severity"]]
    if action & SUPPRESS:
        params["suppress_until"] = (told["until"] or 0) // 1000
    return params
