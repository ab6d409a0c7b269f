"""Inbound formats: each reads a payload into signals, and holds no more than that. A new one is a file and a line here."""

from collections.abc import Callable, Mapping

from bot.sources import (
    alertmanager,
    cloudevents,
    cloudwatch,
    datadog,
    grafana,
    loose,
    mail,
    nagios,
    sematext,
    sentry,
    uptime_kuma,
    zabbix,
)
from bot.sources.payload import Payload
from bot.sources.values import Item

Parse = Callable[[Payload], list[Item]]

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
    loose.SENDER: loose.parse,
}
"""What `/in/NAME` reads. The generic API and Alertmanager's own have paths and answers of their own (web/ingest.py)."""
KEPT: Mapping[str, Callable[[Payload], bytes]] = {sematext.SENDER: sematext.kept, cloudevents.SENDER: cloudevents.kept}
"""What is kept of a request where that is not its body, query or form as it came."""
BY_QUERY = frozenset({sematext.SENDER, uptime_kuma.SENDER, loose.SENDER})
"""Sources whose senders may use GET."""
