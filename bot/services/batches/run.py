"""Batches at work: window by window, each item marked before it is sent, so that a restart goes on where it was."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import attribution, batch_items, overlay, permissions, snapshot, transitions, undo
from bot.render.batch import batch_wording
from bot.render.kit import spreadsheet
from bot.services import abreast, cards, leasing, people, post, recording, remarks, slicing
from bot.services.batches import allowed, freeze, parts, windows

log = logging.getLogger(__name__)

SHOW_EVERY = cards.PROGRESS_EVERY

MOMENT = timedelta(seconds=1)
"""Longer than it takes to store the end of a batch."""

ABREAST = 8
"""Windows of a batch that are under way together, a chunk each: while some wait for the system, others are checked or recorded."""


CLEAR = (errors.SourceForbidden, errors.SourceMissing, errors.SourceRejected)
"""Refusals that waiting does not mend."""

UNSEEN = "The bot was restarted when it left the comment, and cannot see whether it is there: {why} Look before you send it again."


@dataclass(frozen=True, slots=True)
class _Plan:
    """The changes for one anomaly, in order, and a sentence about what cannot be brought back."""

    steps: tuple[model.Change, ...] = ()
    stays: str = ""


@dataclass(slots=True, kw_only=True)
class Runs:
    """Runs batches. Several processes may: each batch is leased; within one, batches of a source take turns."""

    sources: Mapping[str, ports.Source]
    store: ports.Batches
    anomalies: ports.Anomalies
    leases: ports.Leases
    batches: freeze.Batches
    people: people.People
    cards: cards.Cards
    post: post.Post
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    grants: permissions.Grants
    recorder: recording.Recorder
    _turns: dict[str, windows.Turn] = field(default_factory=dict)
    _waiting: set[str] = field(default_factory=set)

    async def work(self) -> None:
        """Run every batch that nobody runs, until all are done; what a restart interrupted goes on here."""
        while runnable := await self.store.runnable(self.clock.now()):
            ran = await asyncio.gather(*(self.run(ident) for ident in runnable))
            if not any(ran):
                break
        await self.store.sweep(self.clock.now() - timedelta(days=1))

    async def run(self, ident: str) -> bool:
        """Run one batch to its end. False when somebody else does, when its system is away, or when Slack does not say whether the actor
        still may: it goes on with the next `work`."""
        try:
            with ports.clicked(really=False):  # whoever confirmed it does not make it a click
                async with leasing.trying(self.leases, self.clock, "batches", ident) as lease:
                    return lease is not None and await self._run(lease)
        except errors.SourceError as error:
            self._waits(ident, str(error))
            return False
        except errors.DeliveryError as error:
            self._waits(ident, f"Slack does not say who the actor is: {error}")
            return False

    async def _run(self, lease: model.Lease) -> bool:
        batch = await self.store.get(lease.key)
        if batch is None or batch.state is not model.BatchState.RUNNING:
            return False
        if batch.source and batch.source not in self.sources:
            return False  # the system is not configured any more; should it come back, this goes on
        ended = await self._windows(lease, batch)
        if ended:
            self._waiting.discard(batch.id)
        return ended

    def _waits(self, ident: str, why: str) -> None:
        """Said once for each time that a batch has to wait, however often it is tried."""
        if ident not in self._waiting:
            log.warning("batch %s waits: %s", ident, why)
        self._waiting.add(ident)

    async def _windows(self, lease: model.Lease, batch: model.Batch) -> bool:
        # A kill right after the confirmation must not lose the message.
        await self.cards.publish(await self.batches.draft(batch))
        systems = await self.batches.systems(batch)
        if not all(await abreast.to_their_ends(self._part(lease, batch, name) for name in systems)):
            return False
        # Before it is finished: nobody runs it afterwards, so a kill in between must not leave its message as it was.
        await self.cards.progress(await self.batches.draft(batch), MOMENT)
        await self.store.finish(lease, self.clock.now())
        await self._show(batch)
        await self._attach(batch)
        return True

    async def _part(self, lease: model.Lease, batch: model.Batch, name: str) -> bool:
        """The windows of one system, so that a slow one does not hold the others. Of several, one that does not answer is refused as a
        whole. One that asks for patience is waited for, and so is the system of a batch that has only one, and any at an undo: what is
        refused there could not be taken back any more."""
        source = self.sources.get(name)
        if source is None:
            why = f"No system called {name} is connected here any more."
            return await parts.refuse(self.store, self.clock, lease, batch.id, name, why)
        turn = self._turns.setdefault(source.name, windows.Turn())
        course = windows.Course(self.store, batch.id, source.max_batch, self.clock.now(), source="" if batch.source else name)
        try:
            while not course.ended:
                async with turn.mine():
                    await abreast.to_their_ends(self._work(lease, batch, source, turn, course) for _ in range(ABREAST))
        except errors.SourceError as error:
            if batch.source:
                raise
            if batch.undo_of or isinstance(error, errors.SourceRateLimited):
                self._waits(batch.id, str(error))
                return False
            return await parts.refuse(self.store, self.clock, lease, batch.id, name, str(error))
        return not course.broken

    async def _work(self, lease: model.Lease, batch: model.Batch, source: ports.Source, turn: windows.Turn, course: windows.Course) -> None:
        """Window after window, until none is left or another batch waits for its turn. What one worker meets stops all, each after the
        window that it has: nothing is cut off between a call and its record."""
        while not course.ended and (items := await course.take()):
            try:
                settled = await self._owned(lease, batch, source, course, items)
            except BaseException:
                course.stop()
                raise
            if not settled:
                course.stop()
            elif self.clock.now() - course.shown > SHOW_EVERY:
                course.shown = self.clock.now()
                await self.cards.progress(await self.batches.draft(batch))
            if turn.waiting:
                return

    async def _owned(
        self, lease: model.Lease, batch: model.Batch, source: ports.Source, course: windows.Course, items: Sequence[model.Item]
    ) -> bool:
        """A window with those of its anomalies that nobody else is changing; the others' turn is the last. False when it did not settle
        them."""
        async with leasing.trying(self.leases, self.clock, "anomalies", [str(item.ref) for item in items]) as owned:
            mine = [item for item in items if owned is not None and str(item.ref) in owned.keys]
            settled = not mine or await self._window(lease, batch, source, mine)
            course.settled(mine)
        had = {item.ref for item in mine}
        await course.last([item for item in items if item.ref not in had])
        return settled

    async def _window(self, lease: model.Lease, batch: model.Batch, source: ports.Source, items: Sequence[model.Item]) -> bool:
        """Read, leave alone what drifted and what the actor may not do any more, mark, send, read back, record: for one chunk."""
        may = await allowed.may(self.people, self.store, self.grants, batch)
        now_there, looked_at = await self._read(source, [item.ref for item in items])
        sent = [item for item in items if item.fate is model.Fate.SENT]
        resumed = {item.ref for item in sent if not overlay.whole(item.change or batch.change, now_there.get(item.ref))}
        looked = await self._uncommented(batch, source, items, now_there)
        checked = [batch_items.checked(batch, item, now_there.get(item.ref)) for item in looked]
        plans = await self._plans(batch, source, [item for item in checked if item.fate is model.Fate.TODO], now_there, resumed)
        checked = [_permitted(item, plans, may) for item in checked]
        ready = [item for item in checked if item.fate is model.Fate.TODO]
        marked = [replace(item, fate=model.Fate.SENT) if item.fate is model.Fate.TODO else item for item in checked]
        # What was sent before a restart and is settled now was ours, or somebody else's: either is written down together with its end.
        ended = [item for item in checked if item.ref in resumed and item.fate is not model.Fate.TODO]
        before = await self._before(ended, now_there, resumed)
        if not await self._record(lease, batch, source, (ended, marked), before, now_there, looked_at):
            return False
        if not ready:
            return True
        plans = {item.ref: plans[item.ref] for item in ready}
        outcomes = await self._send(batch, source, plans, now_there)
        read: Mapping[model.Ref, model.Anomaly] = {ref: one for ref, one in now_there.items() if ref in plans}
        read_at = looked_at
        if not all(overlay.here([one], plans[one.ref].steps) for one in read.values()):
            read, read_at = await self._read(source, list(plans))
        after = overlay.after(read, outcomes.values())
        done = [
            self._outcome(
                item, plans[item.ref], outcomes.get(item.ref, _NOTHING_SENT), now_there.get(item.ref), after.get(item.ref), source
            )
            for item in await self._heard(batch, source, ready, outcomes)
        ]
        for item in done:
            self.telemetry.count("batch_items", fate=item.fate, action=batch.change.action)
        after |= {item.ref: read[item.ref] for item in done if item.fate is model.Fate.REFUSED and item.ref in read}
        return await self._record(lease, batch, source, (done, done), await self._before(done, now_there, resumed), after, read_at)

    async def _uncommented(
        self, batch: model.Batch, source: ports.Source, items: Sequence[model.Item], there: Mapping[model.Ref, model.Anomaly]
    ) -> Sequence[model.Item]:
        """A comment that was sent before a restart is not sent again: where it is there already, or nobody may look, the rest of the change
        is what is left."""
        looked: list[model.Item] = []
        for item in items:
            change = item.change or batch.change
            if item.fate is model.Fate.SENT and change.comment and item.ref in there:
                item = await self._looked(batch, source, item, change)
            looked.append(item)
        return looked

    async def _looked(self, batch: model.Batch, source: ports.Source, item: model.Item, change: model.Change) -> model.Item:
        try:
            said = await self._said(batch, source, item)
        except CLEAR as error:
            if change.action is model.Action.COMMENT:
                return replace(item, fate=model.Fate.REFUSED, reason=UNSEEN.format(why=error))
            said = True
        return replace(item, change=replace(change, comment="")) if said else item

    async def _said(self, batch: model.Batch, source: ports.Source, item: model.Item) -> bool:
        text = attribution.signed((item.change or batch.change).comment, batch.actor_name)
        return await remarks.said(source, item.ref, text, batch.confirmed or batch.created)

    async def _heard(
        self, batch: model.Batch, source: ports.Source, items: Sequence[model.Item], outcomes: dict[model.Ref, model.Outcome]
    ) -> Sequence[model.Item]:
        """No reading of an anomaly shows a comment: where its answer was lost, the comments are looked through."""
        for item in items:
            change = item.change or batch.change
            if change.action is model.Action.COMMENT and change.comment and outcomes.get(item.ref, _NOTHING_SENT).unsure:
                with contextlib.suppress(*CLEAR):
                    if await self._said(batch, source, item):
                        outcomes[item.ref] = replace(outcomes[item.ref], result=model.Result.DONE, reason="", unsure=False)
        return items

    async def _send(
        self, batch: model.Batch, source: ports.Source, plans: Mapping[model.Ref, _Plan], there: Mapping[model.Ref, model.Anomaly]
    ) -> dict[model.Ref, model.Outcome]:
        """Every step of every item; items with the same change go together. An answer that was lost is settled by the reading after it."""
        told: dict[model.Ref, model.Outcome] = {}
        for number in range(max((len(plan.steps) for plan in plans.values()), default=0)):
            groups: dict[model.Change, list[model.Anomaly]] = {}
            for ref, plan in plans.items():
                if number < len(plan.steps) and _goes_on(told.get(ref)):
                    groups.setdefault(plan.steps[number], []).append(there[ref])
            if number:
                there_now, _ = await self._read(source, [one.ref for group in groups.values() for one in group])
                fresh = overlay.after(there_now, told.values())
                read = {change: [fresh.get(one.ref, one) for one in group] for change, group in groups.items()}
                groups = {change: [one for one in group if not transitions.shows(change, one)] for change, group in read.items()}
            for change, group in groups.items():
                for outcome in await self._apply(batch, source, change, group) if group else ():
                    told[outcome.ref] = batch_items.following(told.get(outcome.ref), outcome)
        return told

    async def _apply(
        self, batch: model.Batch, source: ports.Source, change: model.Change, group: Sequence[model.Anomaly]
    ) -> Sequence[model.Outcome]:
        if change.comment:
            change = replace(change, comment=attribution.signed(change.comment, batch.actor_name))
        try:
            with ports.acting(self.people.standing_in(batch.actor)):
                return await source.apply(change, group)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            log.info("an answer to batch %s was lost: %s", batch.id, error)
            return [model.Outcome(one.ref, model.Result.REFUSED, str(error), unsure=True) for one in group]

    async def _plans(
        self,
        batch: model.Batch,
        source: ports.Source,
        ready: Sequence[model.Item],
        there: Mapping[model.Ref, model.Anomaly],
        resumed: Collection[model.Ref],
    ) -> Mapping[model.Ref, _Plan]:
        """The steps for each item: the change; or for an undo what brings it back to where it was, and what cannot return."""
        if not batch.undo_of:
            return {item.ref: _Plan(_steps(item.change or batch.change)) for item in ready}
        original = await self.store.get(batch.undo_of)
        asked = original.change if original else None
        plans: dict[model.Ref, _Plan] = {}
        for item in await self.store.items(batch.undo_of, (model.Fate.DONE,), of=[item.ref for item in ready]):
            now = there.get(item.ref)
            start = replace(item, after=snapshot.of(now)) if item.ref in resumed and now is not None else item
            steps, stays = undo.possible(*undo.undo(start, now, asked), item, source)
            # Nothing left to do for one that was sent before a restart: it is back already.
            plans[item.ref] = _Plan(tuple(steps), "" if item.ref in resumed and not steps else stays)
        return {item.ref: plans.get(item.ref, _Plan()) for item in ready}

    def _outcome(
        self,
        item: model.Item,
        plan: _Plan,
        outcome: model.Outcome,
        before: model.Anomaly | None,
        after: model.Anomaly | None,
        source: ports.Source,
    ) -> model.Item:
        """Believe what was read back, not what was answered."""
        if plan.steps:
            outcome = transitions.believed(plan.steps[-1], outcome, before, after, source.title)
        elif plan.stays:
            outcome = model.Outcome(item.ref, model.Result.REFUSED, plan.stays)
        if outcome.result is model.Result.REFUSED:
            return replace(item, fate=model.Fate.REFUSED, reason=outcome.reason, right=outcome.right, place=outcome.place or item.place)
        said = " ".join(filter(None, (plan.stays, outcome.reason if outcome.result is model.Result.DONE else "")))
        return replace(item, fate=model.Fate.DONE, reason=said, after=snapshot.of(after) if after is not None else None)

    async def _read(self, source: ports.Source, refs: Sequence[model.Ref]) -> tuple[Mapping[model.Ref, model.Anomaly], datetime]:
        read_at = self.clock.now()
        reading = await source.read([ref.id for ref in refs])
        return {one.ref: one for one in reading.found.values()}, read_at

    async def _before(
        self, items: Sequence[model.Item], there: Mapping[model.Ref, model.Anomaly], resumed: Collection[model.Ref]
    ) -> Mapping[model.Ref, model.Anomaly]:
        """How they stood before the batch: what was sent before a restart may have been read as it has become, or not at all."""
        gone = [item.ref for item in items if item.ref not in there]
        known = {**there, **(await self.anomalies.get(gone) if gone else {})}
        return {
            item.ref: undo.standing_as(item.before, known[item.ref]) if item.ref in resumed else known[item.ref]
            for item in items
            if item.ref in known
        }

    async def _record(
        self,
        lease: model.Lease,
        batch: model.Batch,
        source: ports.Source,
        items: tuple[Sequence[model.Item], Sequence[model.Item]],
        before: Mapping[model.Ref, model.Anomaly],
        after: Mapping[model.Ref, model.Anomaly],
        read_at: datetime,
    ) -> bool:
        """`items`: what became of some anomalies, and all items that are settled or marked with it. False when the lease is lost."""
        ended, settled = items
        deeds = [self._deed(batch, item, before.get(item.ref), after.get(item.ref)) for item in ended]
        return await self.recorder.record(source, deeds, read_at, recording.End(batch.actor, batch.actor_name, lease=lease, items=settled))

    def _deed(self, batch: model.Batch, item: model.Item, before: model.Anomaly | None, after: model.Anomaly | None) -> recording.Deed:
        change = asked = item.change or batch.change
        if batch.undo_of:
            change = replace(change, action=transitions.became(before, after) or change.action)
        result = model.Result.DONE if item.fate is model.Fate.DONE else model.Result.REFUSED
        return recording.Deed(item.ref, change, result, before, after, f"batch {batch.id}", told=False, sent=(asked,))

    # --- showing ---------------------------------------------------------------------------------------------------------------

    async def _show(self, batch: model.Batch) -> None:
        """A receipt waits for nothing."""
        await self.cards.redraw(await self.batches.draft(batch))
        await self.cards.redraw_old(freeze.own_message(batch))

    async def _attach(self, batch: model.Batch) -> None:
        """The whole receipt as a CSV in the thread, when it is too long to read; its failure is logged, not repeated."""
        counts = (await self.store.progress(batch.id)).counts
        if sum(counts.values()) <= batch_wording.CSV_ABOVE:
            return
        card = await self.cards.publish(await self.batches.draft(batch))
        ts = await self.post.posted(card)
        if not ts:
            return
        content, _ = await slicing.streamed(self.batches.pages(batch.id), spreadsheet.receipt)
        try:
            await self.messenger.upload(card.channel, ts, f"batch-{batch.id}.csv", f"Receipt of batch {batch.id}", content)
        except errors.DeliveryError as error:
            log.warning("the CSV of batch %s could not be attached: %s", batch.id, error)


def _steps(change: model.Change) -> tuple[model.Change, ...]:
    """A comment that was found already leaves nothing to do."""
    return () if change.action is model.Action.COMMENT and not change.comment else (change,)


_NOTHING_SENT = model.Outcome(model.Ref("", ""), model.Result.DONE)


def _goes_on(outcome: model.Outcome | None) -> bool:
    """Whether the next step of an item makes sense: what may have been done is found out by the reading before it."""
    return outcome is None or outcome.unsure or outcome.result is not model.Result.REFUSED


def _permitted(item: model.Item, plans: Mapping[model.Ref, _Plan], may: allowed.May) -> model.Item:
    """An item that would be sent, refused when the actor may not do all of it any more."""
    why = may(undo.needed(plans[item.ref].steps)) if item.fate is model.Fate.TODO else ""
    return replace(item, fate=model.Fate.REFUSED, reason=why) if why else item
