"""The alerts that the demo posts by itself: few, and of different severities."""

from bot.demo.backend import Posted

SAMPLES: tuple[Posted, ...] = (
    {
        "summary": "Disk 97% full on db1",
        "description": "/var/lib/postgresql has 4 GB left and grows by 1 GB an hour",
        "severity": "critical",
        "dedup_key": "demo:disk:db1",
        "source": "Prometheus",
        "labels": {"service": "db", "host": "db1", "mount": "/var/lib/postgresql"},
        "links": [{"text": "Runbook", "href": "https://wiki.example.com/runbooks/disk-full"}],
    },
    {
        "summary": "Checkout answers in 2.4 s (p99)",
        "severity": "error",
        "dedup_key": "demo:latency:checkout",
        "source": "Grafana",
        "labels": {"service": "checkout", "region": "eu-west"},
        "links": [{"text": "Dashboard", "href": "https://grafana.example.com/d/checkout"}],
    },
    {
        "summary": "Certificate of shop.example.com expires in 6 days",
        "severity": "warning",
        "dedup_key": "demo:certificate:shop",
        "source": "cron on web1",
        "labels": {"service": "web", "host": "web1"},
    },
)
"""With the greeting these are four messages; the demo stays within five (product.md 2)."""
