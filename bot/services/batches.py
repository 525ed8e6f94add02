"""One change to many anomalies: freeze, preview, run, resume, receipt, undo.

Nothing is held in memory that a restart would lose: a batch and each of its items are rows, and what is sent is marked before it is sent.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import permissions, signing, transitions
from bot.core import undo as undoing
from bot.render import batch as batch_view
from bot.render import spreadsheet
from bot.services import post as posting

log = logging.getLogger(__name__)

CLAIM_SECONDS = 120.0

UNDO_FOR = timedelta(minutes=30)

PREVIEW_FOR = timedelta(hours=1)
"""A preview older than this is not confirmed any more: it shows a world that is gone."""

SHOW_EVERY = timedelta(seconds=4)
"""At most 15 edits of progress a minute, of the 35 that machines may make."""

CSV_ABOVE = 20

WINDOWS = 4
"""Chunks that are under way together; the source bounds its calls itself."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A frozen batch that nobody has confirmed yet."""

    batch: model.Batch
    split: model.Split
    progress: model.Progress


@dataclass(slots=True)
class Batches:
    """Runs batches. Several processes may: each batch is claimed; within one, batches of a source take turns window by window."""

    sources: Mapping[str, ports.Source]
    store: ports.Batches
    anomalies: ports.Anomalies
    claims: ports.Claims
    post: posting.Post
    messenger: ports.Messenger
    clock: ports.Clock
    telemetry: ports.Telemetry
    grants: permissions.Grants
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    # --- asking ------------------------------------------------------------------------------------------------------------

    async def freeze(self, change: model.Change, targets: Sequence[model.Anomaly], words: str, actor: model.Actor, channel: str) -> Preview:
        """Keep exactly these anomalies for one change, and say what would become of each. Raises UserError."""
        source = self._source(targets[0].ref.source, change, actor)
        items = [self._judged(one, change) for one in targets]
        return await self._keep(source, change, items, targets, words, actor, channel)

    async def freeze_each(
        self,
        change: model.Change,
        own: Mapping[model.Ref, model.Change],
        targets: Sequence[model.Anomaly],
        words: str,
        actor: model.Actor,
        channel: str,
    ) -> Preview:
        """The same where each anomaly gets a change of its own (a swapped assignee)."""
        source = self._source(targets[0].ref.source, change, actor)
        items = [replace(self._judged(one, own[one.ref]), change=own[one.ref]) for one in targets if one.ref in own]
        return await self._keep(source, change, items, targets, words, actor, channel)

    async def _keep(
        self,
        source: ports.Source,
        change: model.Change,
        items: Sequence[model.Item],
        targets: Sequence[model.Anomaly],
        words: str,
        actor: model.Actor,
        channel: str,
        undo_of: str = "",
    ) -> Preview:
        now = self.clock.now()
        batch = model.Batch(
            uuid.uuid4().hex[:12],
            source.name,
            change,
            words,
            actor.id,
            actor.name,
            channel,
            model.BatchState.PREVIEW,
            now,
            len(items),
            undo_of=undo_of,
        )
        await self.store.create(batch, items)
        todo = {item.ref for item in items if item.fate is model.Fate.TODO}
        split = replace(await self.store.split(batch.id), sample=[one for one in targets if one.ref in todo][:5])
        return Preview(batch, split, await self.store.progress(batch.id))

    def _judged(self, anomaly: model.Anomaly, change: model.Change) -> model.Item:
        verdict = transitions.check(change.action, anomaly, change)
        fate = {transitions.Kind.DO: model.Fate.TODO, transitions.Kind.ALREADY: model.Fate.ALREADY}.get(verdict.kind, model.Fate.REFUSED)
        return model.Item(
            anomaly.ref,
            undoing.snapshot(anomaly),
            fate,
            reason=verdict.sentence,
            place=anomaly.datastore.name if anomaly.datastore else "",
            table=anomaly.container.name if anomaly.container else "",
        )

    async def confirm(self, ident: str, actor: model.Actor) -> model.Batch:
        """Start a preview, once, by the one who asked for it. Raises UserError."""
        batch = await self._mine(ident, actor)
        permissions.decide(batch.change.action, actor, self.grants)
        now = self.clock.now()
        if batch.state is model.BatchState.PREVIEW and now - batch.created > PREVIEW_FOR:
            raise errors.Stale("This preview is more than an hour old, and things have moved on. Ask again to see how it stands now.")
        if not await self.store.confirm(ident, now):
            raise errors.Stale("This batch was confirmed or cancelled already. Its message in the channel tells how it goes.")
        await self.post.cards.put(self._draft(batch), now)
        return batch

    async def todo(self, ident: str) -> int:
        """How many anomalies a batch would change."""
        return (await self.store.progress(ident)).counts.get(model.Fate.TODO, 0)

    async def cancel(self, ident: str, actor: model.Actor) -> model.Batch:
        """Forget a preview. Raises UserError."""
        batch = await self._mine(ident, actor)
        if not await self.store.cancel(ident, self.clock.now()):
            raise errors.Stale("This batch was confirmed or cancelled already, so there is nothing to cancel.")
        return batch

    async def undo(self, ident: str, actor: model.Actor, channel: str) -> model.Batch:
        """Take back a finished batch within 30 minutes, by the one who did it or an admin; runs at once. "" = the actor's latest."""
        now = self.clock.now()
        batch = await self.store.get(ident) if ident else await self.store.latest(actor.id, now - UNDO_FOR)
        if batch is None:
            raise errors.NotFound("There is no batch of yours from the last 30 minutes to take back.")
        if batch.actor != actor.id:
            permissions.decide(model.Action.DELETE, actor, self.grants)
        permissions.decide(batch.change.action, actor, self.grants)
        why = self._not_undoable(batch, now)
        if why:
            raise errors.Stale(why)
        source = self.sources[batch.source]
        done = await self.store.items(batch.id, (model.Fate.DONE,), limit=1_000_000)
        if not done:
            raise errors.Stale("Nothing was changed by this batch, so there is nothing to take back.")
        items = [replace(item, before=item.after or item.before, after=None, fate=model.Fate.TODO, reason="", right="") for item in done]
        back = model.Change(model.Action.REOPEN if batch.change.action is model.Action.ARCHIVE else batch.change.action)
        words = f"undo {batch.id}"
        preview = await self._keep(source, back, items, (), words, actor, channel or batch.channel, undo_of=batch.id)
        await self.store.confirm(preview.batch.id, now)
        await self.post.cards.put(self._draft(preview.batch), now)
        return preview.batch

    def undoable(self, batch: model.Batch) -> bool:
        """Whether [Undo] makes sense now."""
        return not self._not_undoable(batch, self.clock.now())

    def _not_undoable(self, batch: model.Batch, now: datetime) -> str:
        if batch.state is not model.BatchState.DONE or batch.finished is None:
            return "This batch is not finished. Wait for its receipt."
        if batch.undo_of:
            return "This batch was an undo itself. Ask for the change that you want instead."
        if batch.undone_by:
            return "This batch was taken back already."
        if now - batch.finished > UNDO_FOR:
            return "This batch finished more than 30 minutes ago; it cannot be taken back any more."
        if batch.change.action is model.Action.DELETE:
            return "What was deleted cannot be brought back."
        return ""

    async def _mine(self, ident: str, actor: model.Actor) -> model.Batch:
        batch = await self.store.get(ident)
        if batch is None:
            raise errors.NotFound("This batch is not known any more. Ask again.")
        if batch.actor != actor.id:
            raise errors.NotAllowed("Only the person who asked for this batch can confirm or cancel it.")
        return batch

    # --- running ---------------------------------------------------------------------------------------------------------------

    async def work(self) -> None:
        """Run every batch that nobody runs, until all are done; what a restart interrupted goes on here."""
        while runnable := await self.store.runnable(self.clock.now()):
            ran = await asyncio.gather(*(self.run(ident) for ident in runnable))
            if not any(ran):
                return
        await self.store.sweep(self.clock.now() - timedelta(days=1))

    async def run(self, ident: str) -> bool:
        """Run one batch to its end. False when somebody else does, or its system is away: it goes on with the next `work`."""
        claim = await self.claims.take("batches", ident, self.clock.now(), CLAIM_SECONDS)
        if claim is None:
            return False
        try:
            batch = await self.store.get(ident)
            if batch is None or batch.state is not model.BatchState.RUNNING:
                return False
            return await self._windows(claim, batch)
        except errors.SourceError as error:
            log.warning("batch %s waits: %s", ident, error)
            return False
        finally:
            await self.claims.release(claim)

    async def _windows(self, claim: model.Claim, batch: model.Batch) -> bool:
        source = self.sources[batch.source]
        turn, shown = self._turns.setdefault(source.name, asyncio.Lock()), self.clock.now()
        while items := await self.store.next(batch.id, source.max_batch * WINDOWS):
            async with turn:
                settled = await self._window(claim, batch, source, items)
            if not settled:
                return False
            if self.clock.now() - shown > SHOW_EVERY:
                shown = self.clock.now()
                await self._show(batch)
        await self.store.finish(claim, self.clock.now())
        await self._show(batch)
        await self._attach(batch)
        return True

    async def _window(self, claim: model.Claim, batch: model.Batch, source: ports.Source, items: Sequence[model.Item]) -> bool:
        """Read, leave alone what drifted, mark, send, read back, record: for a few chunks at once."""
        now_there, _ = await self._read(source, [item.ref for item in items])
        ready: list[model.Item] = []
        settled: list[model.Item] = []
        for item in items:
            checked = self._checked(batch, item, now_there.get(item.ref))
            (ready if checked.fate is model.Fate.TODO else settled).append(checked)
        if not await self.store.settle(claim, [*settled, *(replace(item, fate=model.Fate.SENT) for item in ready)], self.clock.now()):
            return False
        if not ready:
            return True
        outcomes = await self._send(batch, source, ready, now_there)
        after, read_at = await self._read(source, [item.ref for item in ready])
        done = [self._outcome(batch, item, outcomes.get(item.ref), after.get(item.ref), source) for item in ready]
        await self._record(batch, source, done, now_there, after, read_at)
        for item in done:
            self.telemetry.count("batch_items", fate=item.fate, action=batch.change.action)
        return await self.store.settle(claim, done, self.clock.now())

    def _checked(self, batch: model.Batch, item: model.Item, anomaly: model.Anomaly | None) -> model.Item:
        """What to do about one item now: send it (TODO), or settle it without a call."""
        if batch.undo_of:
            why = undoing.drifted(item.before, anomaly, _everything(batch.change))
            return replace(item, fate=model.Fate.DRIFTED if why else model.Fate.TODO, reason=why)
        change = item.change or batch.change
        if item.fate is model.Fate.SENT and anomaly is not None and undoing.took(change, anomaly):
            # Sent before a restart, and it is as asked: it was this batch.
            return replace(item, fate=model.Fate.DONE, after=undoing.snapshot(anomaly))
        why = undoing.drifted(item.before, anomaly, change)
        if why:
            return replace(item, fate=model.Fate.DRIFTED, reason=why)
        return replace(item, fate=model.Fate.TODO)

    async def _send(
        self, batch: model.Batch, source: ports.Source, ready: Sequence[model.Item], there: Mapping[model.Ref, model.Anomaly]
    ) -> Mapping[model.Ref, model.Outcome]:
        """Every step of every item; items with the same change go together. An answer that was lost is settled by the reading after it."""
        originals, told = await self._originals(batch, ready, there)
        steps = {item.ref: originals[item.ref] if batch.undo_of else (item.change or batch.change,) for item in ready}
        for number in range(max(map(len, steps.values()), default=0)):
            groups: dict[model.Change, list[model.Anomaly]] = {}
            for ref, changes in steps.items():
                if number < len(changes) and told.get(ref, _FINE).result is not model.Result.REFUSED:
                    groups.setdefault(changes[number], []).append(there[ref])
            if number:
                fresh, _ = await self._read(source, [one.ref for group in groups.values() for one in group])
                groups = {change: [fresh.get(one.ref, one) for one in group] for change, group in groups.items()}
            for change, group in groups.items():
                for outcome in await self._apply(batch, source, change, group):
                    told[outcome.ref] = outcome
        return told

    async def _apply(
        self, batch: model.Batch, source: ports.Source, change: model.Change, group: Sequence[model.Anomaly]
    ) -> Sequence[model.Outcome]:
        if change.comment:
            change = replace(change, comment=signing.signed(change.comment, batch.actor_name))
        try:
            return await source.apply(change, group)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            log.info("an answer to batch %s was lost: %s", batch.id, error)
            return []

    async def _originals(
        self, batch: model.Batch, ready: Sequence[model.Item], there: Mapping[model.Ref, model.Anomaly]
    ) -> tuple[Mapping[model.Ref, Sequence[model.Change]], dict[model.Ref, model.Outcome]]:
        """For an undo: the steps that bring each anomaly back to where it was before the batch that is taken back, and who has none."""
        if not batch.undo_of:
            return {}, {}
        wanted = {item.ref for item in ready}
        items = [item for item in await self.store.items(batch.undo_of, (model.Fate.DONE,), limit=1_000_000) if item.ref in wanted]
        original = await self.store.get(batch.undo_of)
        plans = {item.ref: undoing.undo(item, there.get(item.ref), original.change if original else None) for item in items}
        stuck = {ref: model.Outcome(ref, model.Result.REFUSED, why) for ref, (steps, why) in plans.items() if not steps}
        return {ref: tuple(steps) for ref, (steps, _) in plans.items()}, stuck

    def _outcome(
        self, batch: model.Batch, item: model.Item, outcome: model.Outcome | None, after: model.Anomaly | None, source: ports.Source
    ) -> model.Item:
        """Believe what was read back, not what was answered."""
        if outcome is not None and outcome.result is model.Result.REFUSED:
            return replace(item, fate=model.Fate.REFUSED, reason=outcome.reason, right=outcome.right, place=outcome.place or item.place)
        change = item.change or batch.change
        doubt = "" if batch.undo_of else transitions.doubt(change, after, source.title)
        if doubt:
            return replace(item, fate=model.Fate.REFUSED, reason=doubt)
        return replace(item, fate=model.Fate.DONE, reason="", after=undoing.snapshot(after) if after is not None else None)

    async def _read(self, source: ports.Source, refs: Sequence[model.Ref]) -> tuple[Mapping[model.Ref, model.Anomaly], datetime]:
        read_at = self.clock.now()
        reading = await source.read([ref.id for ref in refs])
        return {one.ref: one for one in reading.found.values()}, read_at

    async def _record(
        self,
        batch: model.Batch,
        source: ports.Source,
        done: Sequence[model.Item],
        before: Mapping[model.Ref, model.Anomaly],
        after: Mapping[model.Ref, model.Anomaly],
        read_at: datetime,
    ) -> None:
        """State and journal, for what the desk tracks; cards follow by themselves."""
        known = await self.anomalies.get(list(after))
        now = self.clock.now()
        changed = [item for item in done if item.fate is model.Fate.DONE]
        await self.anomalies.save(
            source.name,
            [one for ref, one in after.items() if ref in known],
            read_at=read_at,
            now=now,
            reason=model.Reason.ADOPTED,
            entries=[self._entry(batch, item, before.get(item.ref), after.get(item.ref), now) for item in changed],
        )

    def _entry(
        self, batch: model.Batch, item: model.Item, before: model.Anomaly | None, after: model.Anomaly | None, now: datetime
    ) -> model.Entry:
        change = item.change or batch.change
        return model.Entry(
            item.ref,
            change.action,
            now,
            actor=batch.actor,
            actor_name=batch.actor_name,
            before=transitions.standing(before, change),
            after=transitions.standing(after, change),
            detail=f"batch {batch.id}",
        )

    # --- showing ---------------------------------------------------------------------------------------------------------------

    def _draft(self, batch: model.Batch) -> model.CardDraft:
        """The batch's lasting message. Its payload never changes; what it shows is read when it is drawn."""
        payload = {"batch": batch.id}
        return model.CardDraft(
            model.CardKind.BATCH, batch.channel, batch.id, payload=payload, state=model.CardState.LIVE, reason=model.Reason.REPORT
        )

    async def draw(self, card: model.Card) -> model.Message | None:
        """What the batch's message shows now: progress, or the receipt. Given to `post`, the only writer."""
        batch = await self.store.get(str(card.payload.get("batch", "")))
        if batch is None:
            return None
        progress = await self.store.progress(batch.id, sample=CSV_ABOVE)
        return batch_view.card(batch, progress, self.undoable(batch), self.post.offer(batch.source))

    async def _show(self, batch: model.Batch) -> None:
        card = await self.post.cards.put(self._draft(batch), self.clock.now())
        await self.post.cards.touch([card.id], self.clock.now())

    async def _attach(self, batch: model.Batch) -> None:
        """The whole receipt as a CSV in the thread, when it is too long to read; its failure is logged, not repeated."""
        counts = (await self.store.progress(batch.id)).counts
        if sum(counts.values()) <= CSV_ABOVE:
            return
        await self.post.flush()
        card = await self.post.cards.get((await self.post.cards.put(self._draft(batch), self.clock.now())).id)
        if card is None or not card.ts:
            return
        items = await self.store.items(batch.id, limit=1_000_000)
        try:
            await self.messenger.upload(
                card.channel, card.ts, f"batch-{batch.id}.csv", f"Receipt of batch {batch.id}", spreadsheet.receipt(items)
            )
        except errors.DeliveryError as error:
            log.warning("the CSV of batch %s could not be attached: %s", batch.id, error)

    def _source(self, name: str, change: model.Change, actor: model.Actor) -> ports.Source:
        permissions.decide(change.action, actor, self.grants)
        source = self.sources.get(name)
        if source is None:
            raise errors.NotFound(f'No system called "{name}" is connected here. Connected: {", ".join(sorted(self.sources))}.')
        if change.action not in source.supports:
            raise errors.NotSupported(f"{source.title} offers no way to {change.action.value} anomalies here.")
        return source


_FINE = model.Outcome(model.Ref("", ""), model.Result.DONE)


def _everything(change: model.Change) -> model.Change:
    """A change that touches all parts, so that any later change counts as drift: an undo only restores what nobody touched since."""
    return model.Change(change.action, assignees=(), add_tags=("",), description="")
