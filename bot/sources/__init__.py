"""Inbound formats: each reads a payload into signals, and holds no more than that. A new one is a file and a line here."""

import functools
from collections.abc import Callable, Iterable, Mapping

from bot.domain.mapping import Mapping as Expressions
from bot.sources import (
    alertmanager,
    azure,
    betterstack,
    checkmk,
    cloudevents,
    cloudwatch,
    datadog,
    gcp,
    grafana,
    healthchecks,
    loose,
    mail,
    mapped,
    nagios,
    netdata,
    pingdom,
    sematext,
    sentry,
    slack,
    statuscake,
    uptime_kuma,
    uptimerobot,
    victorops,
    zabbix,
)
from bot.sources.payload import Payload, fields_of, kept
from bot.sources.reading import Parse, Reading, reading
from bot.sources.shape import Mark, Shapes
from bot.sources.values import Item, is_odd

AUTO = "auto"
"""The source of messages whose sender is told by their shape."""


def parse_any(payload: Payload) -> list[Item]:
    """Read a message of any source that is known by its shape, and any other by its usual names."""
    given = fields_of(payload)
    source = _SHAPES.recognise(payload, given)
    return SOURCES[source](payload) if source else loose.parse_fields(payload, given)


def read(source: str, payload: Payload) -> list[Item]:
    """Read what came for a source; what that source cannot read may be another's. Raises KeyError for an unknown source."""
    items = SOURCES[source](payload)
    if all(map(is_odd, items)) and not any(map(is_odd, others := parse_any(payload))):
        return others
    return items


SOURCES: Mapping[str, Parse] = {
    alertmanager.SENDER: alertmanager.parse,
    grafana.SENDER: grafana.parse,
    sematext.SENDER: sematext.parse,
    nagios.SENDER: nagios.parse,
    zabbix.SENDER: zabbix.parse,
    datadog.SENDER: datadog.parse,
    cloudwatch.SENDER: cloudwatch.parse,
    sentry.SENDER: sentry.parse,
    uptime_kuma.SENDER: uptime_kuma.parse,
    cloudevents.SENDER: cloudevents.parse,
    mail.SENDER: mail.parse,
    azure.SENDER: azure.parse,
    betterstack.SENDER: betterstack.parse,
    checkmk.SENDER: checkmk.parse,
    gcp.SENDER: gcp.parse,
    healthchecks.SENDER: healthchecks.parse,
    netdata.SENDER: netdata.parse,
    pingdom.SENDER: pingdom.parse,
    slack.SENDER: slack.parse,
    statuscake.SENDER: statuscake.parse,
    uptimerobot.SENDER: uptimerobot.parse,
    victorops.SENDER: victorops.parse,
    loose.SENDER: parse_any,
    AUTO: parse_any,
}
"""What `/in/NAME` reads. The generic API and Alertmanager's own have paths and answers of their own (web/ingest.py)."""
MARKS: Mapping[str, Iterable[Mark]] = {
    grafana.SENDER: grafana.MARKS,
    alertmanager.SENDER: alertmanager.MARKS,
    sematext.SENDER: sematext.MARKS,
    nagios.SENDER: nagios.MARKS,
    zabbix.SENDER: zabbix.MARKS,
    datadog.SENDER: datadog.MARKS,
    cloudwatch.SENDER: cloudwatch.MARKS,
    sentry.SENDER: sentry.MARKS,
    uptime_kuma.SENDER: uptime_kuma.MARKS,
    cloudevents.SENDER: cloudevents.MARKS,
    azure.SENDER: azure.MARKS,
    betterstack.SENDER: betterstack.MARKS,
    checkmk.SENDER: checkmk.MARKS,
    gcp.SENDER: gcp.MARKS,
    healthchecks.SENDER: healthchecks.MARKS,
    netdata.SENDER: netdata.MARKS,
    pingdom.SENDER: pingdom.MARKS,
    statuscake.SENDER: statuscake.MARKS,
    uptimerobot.SENDER: uptimerobot.MARKS,
    victorops.SENDER: victorops.MARKS,
    slack.SENDER: slack.MARKS,
}
"""What tells each source's messages from all others'; the first that fits counts. Slack's are common names, so it is last."""
_SHAPES = Shapes(MARKS)
KEPT: Mapping[str, Callable[[Payload], bytes]] = {
    sematext.SENDER: sematext.kept,
    cloudevents.SENDER: cloudevents.kept,
    statuscake.SENDER: statuscake.kept,
}
"""What is kept of a request where that is not its body, query or form as it came."""
BY_QUERY = frozenset(
    {
        *(sematext.SENDER, uptime_kuma.SENDER),
        *(healthchecks.SENDER, statuscake.SENDER, uptimerobot.SENDER),
        *(loose.SENDER, AUTO),
    }
)
"""Sources whose senders may use GET without a query, too; that says only that something is there."""


def take(source: str, payload: Payload, mapping: Expressions | None = None) -> Reading:
    """Read a request as it came, by a source or by an admin's mapping for it. Raises KeyError for an unknown source."""
    if source == mail.SENDER and payload.body:  # each part of a mail has a charset of its own
        return Reading(items=mail.parse(payload), kept=payload.body)
    parse = functools.partial(read, source) if mapping is None else functools.partial(mapped.parse, given=mapping)
    return reading(payload, parse, KEPT.get(source, kept))
