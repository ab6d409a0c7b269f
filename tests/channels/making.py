"""Parcels and channels as tests make them."""

from typing import Any

from bot.domain.channel import Channel, Kind, Parcel

NOW = 1_767_323_045_000
"""2026-01-02T03:04:05Z."""
WEBHOOK_SECRET = "whsec_aGlwY2hhdC1hbGVydC1ib3QtdGVzdC1rZXktMDAwMSE="
TOKEN = "a-very-secret-token"


def parcel(action: str = "opened", **changes: Any) -> Parcel:
    """Return a parcel about #42; `content` changes what it says."""
    content: dict[str, Any] = {
        "alert": 42,
        "state": "open",
        "severity": "critical",
        "summary": "Disk 97% full on db1",
        "description": "4 GB left",
        "source": "prometheus",
        "senders": ["prometheus"],
        "dedup_key": "db1/disk",
        "labels": {"alertname": "DiskFull", "instance": "db1:9100"},
        "links": [{"text": "Runbook", "href": "https://wiki.example.com/disk"}],
        "count": 1,
        "owner": None,
        "starts_at": None,
        "opened_at": NOW,
        "until": None,
        "by": "prometheus",
        "note": "",
        "dialect": "",
    } | changes.pop("content", {})
    full: dict[str, Any] = {"tenant": 1, "channel": "c", "number": 42, "action": action, "at": NOW, "id": 7}
    return Parcel(content=content, **(full | changes))


def channel(kind: Kind, url: str) -> Channel:
    """Return a channel of a kind with secrets, at an address."""
    settings = {
        Kind.WEBHOOK: {"url": f"{url}/hook", "secret": WEBHOOK_SECRET},
        Kind.PAGERDUTY: {"url": f"{url}/v2/enqueue", "routing_key": TOKEN},
        Kind.ALERTMANAGER: {"url": url, "token": TOKEN},
        Kind.OPSGENIE: {"url": url, "api_key": TOKEN},
        Kind.SEMATEXT: {"url": url, "token": TOKEN},
        Kind.ZABBIX: {"url": url, "token": TOKEN},
        Kind.NRDP: {"url": f"{url}/nrdp/", "token": TOKEN},
        Kind.ICINGA: {"url": url, "user": "bot", "password": TOKEN},
        Kind.EMAIL: {"to": "ops@example.com"},
    }
    return Channel(name="c", kind=kind, settings=settings[kind])
