"""Snippets: how each backend is told where its alerts go, ready to be pasted, with the address and the key in place."""

from collections.abc import Mapping
from urllib.parse import urlsplit

CURL = """curl {base}/api/v1/alerts -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' \\
  -d '{{"summary": "Disk 97% full on db1", "severity": "critical", "dedup_key": "db1/disk"}}'"""
PROMETHEUS = """# prometheus.yml: beside your Alertmanager, or instead of it
alerting:
  alertmanagers:
    - scheme: {scheme}
      authorization: {{credentials: {key}}}
      static_configs: [{{targets: ["{host}"]}}]"""
ALERTMANAGER = """# alertmanager.yml
receivers:
  - name: hipchat
    webhook_configs:
      - url: {base}/in/alertmanager
        http_config: {{authorization: {{credentials: {key}}}}}"""
GRAFANA = """Contact point: Webhook
URL: {base}/in/grafana
Authorization header: scheme Bearer, credentials {key}"""
SEMATEXT = """Notification hook: Custom webhook, method POST, JSON
URL: {base}/in/sematext/{key}"""
NAGIOS = """define command {{
  command_name notify-hipchat
  command_line curl -fsS -m 20 {base}/in/nagios -H 'X-Api-Key: {key}' \\
    --data-urlencode 'type=$NOTIFICATIONTYPE$' --data-urlencode 'host=$HOSTNAME$' \\
    --data-urlencode 'service=$SERVICEDESC$' --data-urlencode 'state=$SERVICESTATE$$HOSTSTATE$' \\
    --data-urlencode 'output=$SERVICEOUTPUT$$HOSTOUTPUT$'
}}"""
ZABBIX = """Import this file under Alerts > Media types (Zabbix 6.0 and later):
{base}/hipchat/static/zabbix.yaml
and set its parameters
url {base}
key {key}"""
NSCA = """# the bot's settings
NSCA_PORT=5667 NSCA_KEY={key} NSCA_ENCRYPTION=14
# send_nsca.cfg
password={key}
encryption_method=14
# a try
printf 'db1\\tDisk\\t2\\t97%% used\\n' | send_nsca -H {machine} -c send_nsca.cfg"""
DATADOG = """Webhooks integration
URL: {base}/in/datadog
Custom headers: {{"X-Api-Key": "{key}"}}"""
SENTRY = "Webhook URL: {base}/in/sentry/{key}"
UPTIME_KUMA = """Notification type: Webhook, JSON
Post URL: {base}/in/uptime-kuma/{key}"""
CLOUDEVENTS = """POST {base}/in/cloudevents
Authorization: Bearer {key}"""
GENERIC = """Any JSON or form: POST {base}/in/generic/{key}
title, severity, status and dedup_key are found by their usual names"""
MAIL = """Mails to in+{key}@{domain}
The subject is the summary; RESOLVED, OK or Recovery at its beginning resolves the same subject"""
HEARTBEAT = """# cron: an alert when this is not called for a day and two hours
0 4 * * * backup.sh && curl -fsS '{base}/in/heartbeat/{key}?name=backup&every=1d&grace=2h'"""
SHELL = """ALERTBOT_URL={base} ALERTBOT_KEY={key} \\
  alertbot send "backup failed" --severity error --spool /var/spool/alertbot"""

SNIPPETS: Mapping[str, str] = {
    "curl": CURL,
    "Prometheus": PROMETHEUS,
    "Alertmanager": ALERTMANAGER,
    "Grafana": GRAFANA,
    "Sematext": SEMATEXT,
    "Nagios, Icinga": NAGIOS,
    "NSCA": NSCA,
    "Zabbix": ZABBIX,
    "Datadog": DATADOG,
    "Sentry": SENTRY,
    "Uptime Kuma": UPTIME_KUMA,
    "CloudEvents": CLOUDEVENTS,
    "anything else": GENERIC,
    "cron and shells": SHELL,
    "a heartbeat": HEARTBEAT,
}
"""The backends, each with what is pasted there."""


def filled(base: str, key: str, domain: str = "") -> list[dict[str, str]]:
    """Return every snippet for an address, a key and the domain that mails come to ("": none): `{"name", "text"}`."""
    scheme, _, host = base.partition("://")
    machine = urlsplit(base).hostname or host
    offered = {**SNIPPETS, "mail": MAIL} if domain else SNIPPETS
    return [
        {
            "name": name,
            "text": text.format(base=base, key=key, scheme=scheme, host=host, machine=machine, domain=domain),
        }
        for name, text in offered.items()
    ]
