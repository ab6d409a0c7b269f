"""NSCA: passive check results for a Nagios server's daemon (alert-sources.md 1.7.3 and 2.2). It carries nothing else, and answers nothing."""

import asyncio
import contextlib
import secrets

from bot.channels.external import Result, told
from bot.channels.outbound import Outbound
from bot.domain.channel import Channel, Parcel
from bot.nsca import GREETING_SIZE, LONG, Encryption, Packet, pack, read_greeting
from bot.ports import Later, Never, Receipt

PORT = 5667
ENCRYPTION = 1
"""What nsca.cfg has where nobody says otherwise."""
CLOSING = 5.0
"""Seconds in which a server closes that has read everything; some leave that to us."""

NO_GREETING = "{host} closed without a greeting; perhaps its allowed_hosts do not name us"


class Nsca:
    """Sends results, encrypted as the channel says; acknowledgements and comments have no place there."""

    def __init__(self, outbound: Outbound) -> None:
        self._outbound = outbound

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Send the result that a change means, if it means one."""
        said = told(parcel, to)
        if said.result is None:
            return Receipt(status=204, detail=said.reference)
        password = to.settings.get("password", "").encode()
        method = int(to.settings.get("encryption", ENCRYPTION))
        host, port = to.settings["host"], int(to.settings.get("port", PORT))
        async with self._outbound.connection(host, port) as (reader, writer):
            try:
                iv, timestamp = read_greeting(await reader.readexactly(GREETING_SIZE))
            except EOFError:
                raise Later(NO_GREETING.format(host=host)) from None
            try:
                encryption = Encryption(method=method, password=password, iv=iv)
            except ValueError as error:
                raise Never(str(error)) from None
            packet, _ = encryption.sealed(pack(_packet(said.result, timestamp), secrets.token_bytes(LONG)))
            writer.write(packet)
            writer.write_eof()
            await _closed(reader)
        return Receipt(status=202, detail=said.reference)


async def _closed(reader: asyncio.StreamReader) -> None:
    """Wait until the server has closed, which it does once it has read everything. Raises OSError when it broke off."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            while await reader.read(GREETING_SIZE):
                pass


def _packet(result: Result, timestamp: int) -> Packet:
    return Packet(
        timestamp=timestamp,
        code=result.code,
        host=result.place.host,
        service=result.place.service,
        output=result.output,
    )
