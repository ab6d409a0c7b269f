"""Summons: escalations begin with alerts that become open, as their routes' policies say; calling.py goes on with them."""

from collections.abc import Iterable, Mapping

from bot.domain import escalation, routing
from bot.domain.alert import Alert, State
from bot.domain.routing import Plan
from bot.storage import plans, timers
from bot.storage.engine import Tx
from bot.storage.plans import Running
from bot.storage.timers import Timer


async def begin(
    tx: Tx, tenant: int, begun: Mapping[int, bool], known: Iterable[Alert], plan: Plan, *, now: int
) -> list[Timer]:
    """Begin the escalations of alerts that have become open, and return their timers.

    `begun` tells of each number whether it was open before and only got worse: an escalation that goes on is left alone.
    """
    found = [alert for alert in known if alert.number in begun and alert.state is State.OPEN]
    policies = {alert.number: plan.policy_for(alert) for alert in found}
    worse = [alert.number for alert in found if begun[alert.number] and policies[alert.number]]
    going_on = await plans.escalations(tx, tenant, worse)
    running: list[Running] = []
    armed: list[Timer] = []
    for alert in found:
        policy, before = policies[alert.number], going_on.get(alert.number)
        if policy is None or (before is not None and before.policy == policy.name):
            continue
        step = escalation.next_step(policy, alert, 0, now + _held_for(alert, plan))
        if step is not None:
            running.append(Running(number=alert.number, policy=policy.name, position=0))
            armed.append(Timer(kind=timers.ESCALATE, tenant=tenant, number=alert.number, due_at=step.at))
    await plans.escalate(tx, tenant, running)
    return armed


def _held_for(alert: Alert, plan: Plan) -> int:
    route = routing.route_for(plan.routes, alert.feed, alert)
    return 0 if route is None or alert.heard or alert.silenced_by is not None else route.hold
