"""Inbound formats: each reads a payload into signals, and holds no more than that. A new one is a file and a line here."""

from collections.abc import Callable, Iterable, Mapping

from bot.sources import (
    alertmanager,
    cloudevents,
    cloudwatch,
    datadog,
    dynatrace,
    elastalert,
    goalert,
    grafana,
    grafana_oncall,
    graylog,
    kibana,
    librenms,
    loose,
    mail,
    nagios,
    newrelic,
    proxmox,
    sematext,
    sentry,
    signl4,
    splunk,
    uptime_kuma,
    zabbix,
)
from bot.sources.payload import Payload, fields_of
from bot.sources.shape import Mark, Shapes
from bot.sources.values import Item, is_odd

Parse = Callable[[Payload], list[Item]]

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
}
"""What tells each source's messages from all others'; the first that fits counts."""
_SHAPES = Shapes(MARKS)
KEPT: Mapping[str, Callable[[Payload], bytes]] = {sematext.SENDER: sematext.kept, cloudevents.SENDER: cloudevents.kept}
"""What is kept of a request where that is not its body, query or form as it came."""
BY_QUERY = frozenset({sematext.SENDER, uptime_kuma.SENDER, librenms.SENDER, loose.SENDER, AUTO})
"""Sources whose senders may use GET."""
