"""The services besides Hipchat that news goes to, a file each; what comes in from them is a source's business."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.channels import alertmanager, email, icinga, nagios, nrdp, nsca, opsgenie, pagerduty, sematext, webhook, zabbix
from bot.channels.email import Postman
from bot.channels.letterhead import Letterhead
from bot.channels.outbound import Outbound
from bot.domain.channel import Channel, Kind, Parcel
from bot.ports import Receipt


class Service(Protocol):
    """What a kind of channel does."""

    async def send(self, parcel: Parcel, to: Channel) -> Receipt:
        """Send one parcel; a channel's secrets are open here. Raises Later or Never when it was not taken."""
        ...


def services(
    outbound: Outbound,
    postman: Postman | None,
    letterhead: Letterhead | None = None,
    *,
    command_files: Sequence[str] = (),
) -> Mapping[Kind, Service]:
    """Return the service of each kind. Without a postman (no SMTP_URL) no mail leaves; mails lead back by the letterhead.

    Nagios is written to in these files only.
    """
    return {
        Kind.WEBHOOK: webhook.Webhook(outbound),
        Kind.EMAIL: email.Email(postman, letterhead),
        Kind.PAGERDUTY: pagerduty.PagerDuty(outbound),
        Kind.ALERTMANAGER: alertmanager.Alertmanager(outbound),
        Kind.OPSGENIE: opsgenie.Opsgenie(outbound),
        Kind.SEMATEXT: sematext.Sematext(outbound),
        Kind.ZABBIX: zabbix.Zabbix(outbound),
        Kind.ICINGA: icinga.Icinga(outbound),
        Kind.NAGIOS: nagios.Nagios(command_files),
        Kind.NRDP: nrdp.Nrdp(outbound),
        Kind.NSCA: nsca.Nsca(outbound),
    }
