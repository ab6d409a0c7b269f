"""Week: what a tenant's rooms were told lately, alert by alert, to try other routes out on it."""

from dataclasses import dataclass

from bot.domain.alert import Alert
from bot.storage.alerts import alert_of
from bot.storage.engine import Tx

ALERTS = """
SELECT * FROM alerts WHERE tenant_id = :tenant AND opened_at >= :since ORDER BY number DESC LIMIT :limit
"""
MESSAGES = """
SELECT number, COUNT(*) AS many FROM outbox
WHERE tenant_id = :tenant AND number IS NOT NULL AND at >= :since GROUP BY number
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """An alert, and how many messages there were about it."""

    alert: Alert
    messages: int


async def since(tx: Tx, tenant: int, moment: int, *, limit: int) -> list[Told]:
    """Return the alerts that were opened since a moment (epoch ms), the newest first."""
    counts = {row["number"]: row["many"] for row in await tx.all(MESSAGES, tenant=tenant, since=moment)}
    found = [alert_of(row) for row in await tx.all(ALERTS, tenant=tenant, since=moment, limit=limit)]
    return [Told(alert=alert, messages=counts.get(alert.number, 0)) for alert in found]
