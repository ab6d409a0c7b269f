"""The script of `alertbot demo --script --night`: a night on call, with the clock moved."""

import tomllib
from datetime import UTC, datetime, timedelta

from bot.demo.backend import Posted
from bot.demo.play import Play, differs
from bot.demo.stage import ADDON
from bot.usecases import planning

PLAN = """
[[route]]
name = "all"
policy = "ops"

[[policy]]
name = "ops"
[[policy.step]]
wait = "5m"
tell = ["on-call ops"]
[[policy.step]]
wait = "5m"
tell = ["next ops"]

[[schedule]]
name = "ops"
zone = "UTC"
[[schedule.layer]]
people = ["Dana", "Lee"]
first = {first}
every = "1w"
"""
DEPLOY: Posted = {"severity": "warning", "labels": {"service": "deploy"}, "source": "Prometheus"}
CHECKOUT: Posted = {
    "summary": "Checkout is down",
    "severity": "critical",
    "dedup_key": "night:checkout",
    "labels": {"service": "shop"},
    "source": "Prometheus",
}


async def evening(play: Play) -> None:
    """Bring in who is on call, and ask who it is."""
    await play.stage.room.sees("Alertbot is here", sender=ADDON)
    yesterday = datetime.fromtimestamp(play.stage.clock.seconds(), UTC) - timedelta(days=1)
    plan = PLAN.replace("{first}", f"{yesterday:%Y-%m-%dT%H:%M:%S}")
    parts = play.stage.parts
    await planning.bring_in(parts.storage, None, tomllib.loads(plan), seal=parts.vault.seal, now=parts.clock())
    await play.ask("lee", "/alert oncall", "ops: Dana until", "then Lee")


async def silence(play: Play) -> None:
    """Silence the deploy: its alerts come in, and the room hears nothing of them."""
    await play.ask("dana", "/alert silence service=deploy 1h the night deploy", "S1 hides service=deploy")
    numbers = await play.post(
        {**DEPLOY, "summary": "web1 restarts", "dedup_key": "night:web1"},
        {**DEPLOY, "summary": "web2 restarts", "dedup_key": "night:web2"},
    )
    differs(numbers == [1, 2], "the first alerts to be #1 and #2", numbers)
    await play.ask("dana", "/alert list", "2 open · 0 acked", "silenced by S1")


async def nobody_acks(play: Play) -> None:
    """Let a critical alert wait: first Dana is rung, then Lee."""
    await play.post(CHECKOUT)
    await play.sees("#3 Checkout is down", color="red")
    await play.forward(minutes=5)
    await play.stage.room.sees("for Dana: #3 critical, not acked for 5 min: Checkout is down", sender=ADDON)
    await play.forward(minutes=5)
    await play.stage.room.sees("for Lee: #3 critical, not acked for 10 min: Checkout is down", sender=ADDON)


async def taking_over(play: Play) -> None:
    """Take it, for an hour; the silence's author is asked whether it shall go on, and hears what waited."""
    await play.ask("lee", "/alert own 3 1h restarting the pool", "owned 1: #3")
    await play.forward(minutes=44)
    await play.stage.room.sees("for Dana: your silence S1 (service=deploy) ends in 6 min", sender=ADDON)
    await play.forward(minutes=6)
    over = await play.stage.room.sees("Silence S1 (service=deploy, by Dana) is over.", sender=ADDON)
    differs("Still there and not told so far: 2" in over.text, "both that waited", over.text)


async def reminded(play: Play) -> None:
    """Hear that what waited is nobody's yet, and be reminded before the hour is over; then the source resolves it."""
    await play.forward(minutes=1)
    await play.stage.room.sees("for Dana: 2 alerts are not acked", sender=ADDON)
    await play.forward(minutes=3)
    await play.stage.room.sees("for Lee: ", sender=ADDON)
    results = await play.backend.post({**CHECKOUT, "status": "resolved"})
    differs(results[0]["outcome"] == "resolved", "the outcome resolved", dict(results[0]))
    await play.sees("resolved by", color="green")


async def snoozed(play: Play) -> None:
    """Snooze what can wait: it comes back by itself."""
    await play.ask("dana", "/alert snooze 1 30m the deploy is late", "snoozed 1: #1")
    await play.ask("lee", "/alert own 2 it was mine", "owned 1: #2")
    await play.forward(minutes=27)
    await play.stage.room.sees("for Dana: ", sender=ADDON)
    await play.forward(minutes=3)
    back = await play.stage.room.sees("for Dana: ", sender=ADDON)
    differs("#1" in back.text, "#1 to be back", back.text)
    await play.stands(1, state="open")


async def morning(play: Play) -> None:
    """Look back in the morning, and hand over what is left."""
    await play.ask("dana", "/alert why 3", "#3 Checkout is down", "route: feed ops leads to the room Ops, by route all")
    await play.ask("dana", "/alert story 3", "# Alert #3: Checkout is down", "## Timeline")
    await play.ask("dana", "/alert stats 1d", "3 alerts", "time to ack")
    await play.ask("lee", "/alert handover @Dana", "This would make Dana the owner of 1 alert: #2.")
    await play.ask("lee", "/alert yes", "@Dana", "assigned 1: #2 to Dana")
    await play.stands(2, state="acked", owner="Dana")


async def quiet(play: Play) -> None:
    """Look for anything else: nobody was told more."""
    left = [str(shown) for shown in play.stage.room.unseen()]
    differs(not left, "no further message", left)


SCENES = (evening, silence, nobody_acks, taking_over, reminded, snoozed, morning, quiet)
