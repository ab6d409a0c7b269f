"""Change: writing what decisions came to, whoever made them: alerts, history, news and timers in one go."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bot.domain import holding
from bot.domain.alert import RULES, Alert, Change, Event, Outcome, Rules, State
from bot.domain.channel import MOVES, TOLD, Move, Parcel, content, echoes
from bot.domain.notice import News, lane_of
from bot.domain.routing import Plan
from bot.storage import alerts, history, outbox, parcels, plans, silences, timers
from bot.storage.engine import Tx
from bot.usecases import quiet, summons
from bot.usecases.quiet import Known, Telling


@dataclass(frozen=True, kw_only=True, slots=True)
class Decided:
    """A change beside the alert that it began from (None: a new one)."""

    before: Alert | None
    change: Change
    told: bool = True


@dataclass(slots=True)
class Ledger:
    """What a transaction is going to write for one tenant. Alerts are written once, however often they changed.

    `silenced` is false where it is known that the tenant has no silence; `plan` is the tenant's, None where it is not known.
    """

    tenant: int
    now: int
    rules: Rules = RULES
    silenced: bool = True
    plan: Plan | None = None
    new: dict[int, Alert] = field(default_factory=dict)
    changed: dict[int, Alert] = field(default_factory=dict)
    touched: dict[int, Alert] = field(default_factory=dict)
    events: list[tuple[int, Event]] = field(default_factory=list)
    posts: list[outbox.Post] = field(default_factory=list)
    armed: list[timers.Timer] = field(default_factory=list)
    tellings: list[Telling] = field(default_factory=list)
    begun: dict[int, bool] = field(default_factory=dict)
    moves: list[tuple[Change, Alert]] = field(default_factory=list)

    def add(self, decided: Decided) -> None:
        """Take a change in. News goes to the alert's room, unless whoever made the change tells the room himself."""
        before, change = decided.before, decided.change
        after = change.alert
        subject = after or before
        if subject is None:
            return
        self.events.extend((subject.number, event) for event in change.events)
        if after is None:
            return
        if not decided.told and not (after.heard and after.silenced_by is None):
            # Whoever changes it in the room has the room look at it.
            after = replace(after, heard=True, silenced_by=None)
        self._alert(before, change, after)
        self.moves.append((change, after))
        self._begun(before, change, after)
        if change.news is not None and decided.told and after.room is not None:
            post = outbox.Post(
                tenant=after.tenant,
                room=after.room,
                news=change.news,
                lane=lane_of(change.news, after.severity),
                at=self.now,
                number=after.number,
                detail=_detail(change),
            )
            self.posts.append(post)
            fresh = before is None or before.number != after.number or not before.active
            self.tellings.append(Telling(post=post, alert=after, fresh=fresh))
        self._timers(before, change, after)

    def _alert(self, before: Alert | None, change: Change, after: Alert) -> None:
        number = after.number
        if before is None or before.number != number or number in self.new:
            self.new[number] = after
        elif number in self.changed or change.events or change.news or _words(before) != _words(after):
            self.touched.pop(number, None)
            self.changed[number] = after
        else:
            self.touched[number] = after

    def _begun(self, before: Alert | None, change: Change, after: Alert) -> None:
        """Note alerts that become open, or get worse while they are: somebody may have to be called."""
        if after.state is not State.OPEN:
            return
        was_open = before is not None and before.number == after.number and before.state is State.OPEN
        if not was_open:
            self.begun[after.number] = False
        elif change.news is News.WORSE:
            self.begun.setdefault(after.number, True)

    def _timers(self, before: Alert | None, change: Change, after: Alert) -> None:
        was = before.expires_at if before is not None and before.active and before.number == after.number else None
        due = after.expires_at if after.active else None
        # A promise that is only extended needs no new timer: the old one looks again when it is due.
        if due is not None and (was is None or due < was):
            self._arm(timers.PROMISE, after, due)
        if before is None or _hold(before) != _hold(after):
            self._held(after)
        if self.rules.stale_after is not None and after.active and (before is None or not before.active):
            self._arm(timers.STALE, after, after.last_seen_at + self.rules.stale_after)
        silent = change.outcome is Outcome.REOPENED and change.news is None
        if silent and after.flap_told_at is not None:
            self._arm(timers.FLAPPING, after, after.flap_told_at + RULES.reopen_window)

    def _held(self, after: Alert) -> None:
        """Set the timers of an ack or a snooze. Timers of an earlier one look at the alert, and find nothing to do."""
        if after.until is not None:
            self._arm(timers.UNTIL, after, after.until)
        moment = holding.reminds_at(after, self.rules, followed_at=self.now)
        if moment is not None:
            self._arm(timers.REMINDER, after, moment)

    def hold(self, change: Change, span: int) -> None:
        """Look at an alert again, of which the room hears nothing for so many milliseconds."""
        assert change.alert is not None
        self._arm(timers.HOLD, change.alert, self.now + span)

    def _arm(self, kind: str, alert: Alert, due: int) -> None:
        self.armed.append(timers.Timer(kind=kind, tenant=alert.tenant, number=alert.number, due_at=due))

    async def write(self, tx: Tx) -> None:
        """Write everything that was taken in; what a silence covers is written and not told."""
        if self.tellings:
            await self._keep_back(tx)
        await alerts.store(tx, new=self.new.values(), changed=self.changed.values(), touched=self.touched.values())
        await history.add(tx, self.tenant, self.events)
        await outbox.add(tx, self.posts)
        await self._summon(tx)
        await self._pack(tx)
        await timers.arm(tx, self.armed)

    async def _summon(self, tx: Tx) -> None:
        if not self.begun or (self.plan is not None and not self.plan.policies):
            return
        plan = await plans.load(tx, self.tenant) if self.plan is None else self.plan
        if plan.policies:
            known = (*self.new.values(), *self.changed.values())
            self.armed += await summons.begin(tx, self.tenant, self.begun, known, plan, now=self.now)

    async def _pack(self, tx: Tx) -> None:
        """Queue the changes that channels hear of. What is held or silenced begins nothing there, but may end."""
        if not self.moves or (self.plan is not None and not self.plan.channels):
            return
        plan = await plans.load(tx, self.tenant) if self.plan is None else self.plan
        if not plan.channels:
            return
        # Whoever was told of an alert, by a policy's step perhaps, hears how it goes on.
        heard = await parcels.channels_of(tx, self.tenant, sorted({alert.number for _, alert in self.moves}))
        packed: list[Parcel] = []
        for change, alert in self.moves:
            known = self.new.get(alert.number) or self.changed.get(alert.number) or alert
            for action, told in _actions(change, alert):
                begins = MOVES.get(action) is Move.TRIGGER
                if not known.heard or (begins and known.silenced_by is not None):
                    continue
                also = () if begins else sorted(heard.get(alert.number, ()))
                packed += [
                    Parcel(
                        tenant=self.tenant, channel=name, number=alert.number, action=action, at=self.now, content=told
                    )
                    for name in dict.fromkeys([*plan.channels_for(alert), *also])
                    if name in plan.channels and not echoes(plan.channels[name].kind, told)
                ]
        await parcels.add(tx, packed)

    async def _keep_back(self, tx: Tx) -> None:
        live = await silences.live(tx, self.tenant) if self.silenced else []
        kept = quiet.kept_back(self.tellings, live, self.now)
        self.posts = [post for post in self.posts if id(post) not in kept.posts]
        self.events += kept.events
        for number, known in kept.known.items():
            self._know(number, known)
        await quiet.note(tx, self.tenant, kept, self.now)

    def _know(self, number: int, known: Known) -> None:
        for alerts_of in (self.new, self.changed):
            if number in alerts_of:
                alerts_of[number] = replace(alerts_of[number], heard=known.heard, silenced_by=known.silenced_by)


def _actions(change: Change, alert: Alert) -> list[tuple[str, dict[str, object]]]:
    """Return what a change is to channels: its history, or the news that its hold kept back."""
    if not change.events and change.news in {News.OPENED, News.REOPENED, News.FLAPPING}:
        return [("opened", content(alert, None, change.why))]
    return [(event.action, content(alert, event)) for event in change.events if event.action in TOLD]


def _hold(alert: Alert) -> tuple[object, ...]:
    return alert.state, alert.state_at, alert.until


def _words(alert: Alert) -> tuple[object, ...]:
    return alert.summary, alert.description, alert.labels, alert.links, alert.told_at, alert.reported, alert.resolved_at


def _detail(change: Change) -> dict[str, str]:
    """Return what the news must remember, because the alert will have moved on by the time it is told."""
    by = change.events[-1].by if change.events else None
    action = change.events[-1].action if change.events else ""
    alert = change.alert
    said = {
        "why": change.why,
        "by": by.name if by else "",
        "action": action,
        "state": alert.state.value if alert else "",
        "severity": alert.severity.word if alert else "",
        "owner": alert.owner.name if alert and alert.owner else "",
        "count": str(alert.count) if alert else "",
        "until": str(alert.until) if alert and alert.until else "",
    }
    return {name: text for name, text in said.items() if text}


async def write_all(tx: Tx, ledgers: Iterable[Ledger]) -> None:
    """Write the ledgers of several tenants."""
    for ledger in ledgers:
        await ledger.write(tx)
