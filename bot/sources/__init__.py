"""Inbound formats: each reads a payload into signals, and holds no more than that. A new one is a file and a line here."""

import functools
from collections.abc import Callable, Iterable, Mapping

from bot.domain import letter
from bot.domain.mapping import Mapping as Expressions
from bot.sources import (
    alertmanager,
    azure,
    betterstack,
    checkmk,
    cloudevents,
    cloudwatch,
    datadog,
    dialects,
    dynatrace,
    elastalert,
    gcp,
    goalert,
    grafana,
    grafana_oncall,
    graylog,
    healthchecks,
    kibana,
    librenms,
    loose,
    mail,
    mapped,
    nagios,
    netdata,
    newrelic,
    pingdom,
    proxmox,
    sematext,
    sentry,
    signl4,
    slack,
    splunk,
    statuscake,
    uptime_kuma,
    uptimerobot,
    victorops,
    zabbix,
)
from bot.sources.payload import Fields, Payload, fields_of, json_of, kept
from bot.sources.reading import Parse, Reading, reading
from bot.sources.shape import Mark, Shapes
from bot.sources.values import Item, is_odd

AUTO = "auto"
"""The source of messages whose sender is told by their shape."""
MAIL = "message/rfc822"
WRAPPED = ("data", "payload")
"""Fields of forms that hold a whole message as JSON."""


def parse_any(payload: Payload) -> list[Item]:
    """Read a message of any source that is known by its shape, and any other by its usual names."""
    given = fields_of(payload)
    return _told(payload, given, _SHAPES.recognise(payload, given))


def parse_auto(payload: Payload) -> list[Item]:
    """Read a message as above, and also those that have addresses of their own."""
    given = fields_of(payload)
    return _told(payload, given, _ALL_SHAPES.recognise(payload, given))


def _told(payload: Payload, given: Fields | None, source: str) -> list[Item]:
    """Read a message of a source ("": unknown) as it is meant; what is not understood so is read by its usual names."""
    if source:
        items = _READERS[source](payload)
        if not _is_lost(items):
            return items
    if payload.body[:1] != b"{":
        if _is_mail(payload):
            return mail.parse(payload)
        found = json_of(payload.body) if given is None else None
        parse = dialects.of_array(found) if isinstance(found, list) else None
        if parse is not None:
            return parse(payload)
    items = loose.parse_fields(payload, given)
    if given is not None and _is_lost(items):
        for text in filter(None, map(given.text, WRAPPED)):
            inside = Payload(body=text.encode("utf-8", "replace"), headers=payload.headers, now=payload.now)
            if text[0] == "{" and not _is_lost(others := parse_any(inside)):
                return others
    return items


def _is_lost(items: list[Item]) -> bool:
    return len(items) == 1 and is_odd(items[0])


def _is_mail(payload: Payload) -> bool:
    return payload.content_type == MAIL or letter.looks_like(payload.body)


def _kept_any(payload: Payload) -> bytes:
    """Return what is kept of a message whose source is told by its shape."""
    return KEPT.get(_ALL_SHAPES.recognise(payload, fields_of(payload)), kept)(payload)


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
    dynatrace.SENDER: dynatrace.parse,
    elastalert.SENDER: elastalert.parse,
    goalert.SENDER: goalert.parse,
    grafana_oncall.SENDER: grafana_oncall.parse,
    graylog.SENDER: graylog.parse,
    kibana.SENDER: kibana.parse,
    librenms.SENDER: librenms.parse,
    newrelic.SENDER: newrelic.parse,
    proxmox.SENDER: proxmox.parse,
    signl4.SENDER: signl4.parse,
    splunk.SENDER: splunk.parse,
    loose.SENDER: parse_any,
    AUTO: parse_auto,
}
"""What `/in/NAME` reads. The generic API and Alertmanager's own have paths and answers of their own (web/ingest.py)."""
MARKS: Mapping[str, Iterable[Mark]] = {
    grafana.SENDER: grafana.MARKS,
    alertmanager.SENDER: alertmanager.MARKS,
    sematext.SENDER: sematext.MARKS,
    checkmk.SENDER: checkmk.MARKS,
    nagios.SENDER: nagios.MARKS,
    zabbix.SENDER: zabbix.MARKS,
    datadog.SENDER: datadog.MARKS,
    cloudwatch.SENDER: cloudwatch.MARKS,
    sentry.SENDER: sentry.MARKS,
    uptime_kuma.SENDER: uptime_kuma.MARKS,
    cloudevents.SENDER: cloudevents.MARKS,
    azure.SENDER: azure.MARKS,
    betterstack.SENDER: betterstack.MARKS,
    gcp.SENDER: gcp.MARKS,
    healthchecks.SENDER: healthchecks.MARKS,
    netdata.SENDER: netdata.MARKS,
    pingdom.SENDER: pingdom.MARKS,
    statuscake.SENDER: statuscake.MARKS,
    uptimerobot.SENDER: uptimerobot.MARKS,
    victorops.SENDER: victorops.MARKS,
    dynatrace.SENDER: dynatrace.MARKS,
    elastalert.SENDER: elastalert.MARKS,
    goalert.SENDER: goalert.MARKS,
    grafana_oncall.SENDER: grafana_oncall.MARKS,
    graylog.SENDER: graylog.MARKS,
    kibana.SENDER: kibana.MARKS,
    librenms.SENDER: librenms.MARKS,
    newrelic.SENDER: newrelic.MARKS,
    proxmox.SENDER: proxmox.MARKS,
    signl4.SENDER: signl4.MARKS,
    splunk.SENDER: splunk.MARKS,
    slack.SENDER: slack.MARKS,
}
"""What tells each source's messages from all others'; the first that fits counts. Slack's are common names, so it is last."""
_SHAPES = Shapes(MARKS)
_OF_ITS_OWN = {source: marks for source, marks in MARKS.items() if source != slack.SENDER}
_ALL_SHAPES = Shapes({**_OF_ITS_OWN, **dialects.MARKS, slack.SENDER: slack.MARKS})
_READERS: Mapping[str, Parse] = {**SOURCES, **dialects.DIALECTS}
KEPT: Mapping[str, Callable[[Payload], bytes]] = {
    cloudevents.SENDER: cloudevents.kept,
    loose.SENDER: _kept_any,
    AUTO: _kept_any,
}
"""What is kept of a request where that is not its body, query or form as it came."""
BY_QUERY = frozenset(
    {
        *(sematext.SENDER, uptime_kuma.SENDER),
        *(healthchecks.SENDER, librenms.SENDER, statuscake.SENDER, uptimerobot.SENDER),
        *(loose.SENDER, AUTO),
    }
)
"""Sources whose senders may use GET without a query, too; that says only that something is there."""


def take(source: str, payload: Payload, mapping: Expressions | None = None) -> Reading:
    """Read a request as it came, by a source or by an admin's mapping for it. Raises KeyError for an unknown source."""
    if payload.body and (source == mail.SENDER or (source in {loose.SENDER, AUTO} and _is_mail(payload))):
        # Each part of a mail has a charset of its own.
        return Reading(items=read(source, payload), kept=payload.body)
    parse = functools.partial(read, source) if mapping is None else functools.partial(mapped.parse, given=mapping)
    return reading(payload, parse, KEPT.get(source, kept))
