"""One change to many anomalies: freeze, preview, confirm, receipt, undo.

Nothing is held in memory that a restart would lose: a batch and each of its items are rows, and what is sent is marked before it is sent.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import connected, permissions, snapshot, transitions, undo
from bot.render.batch import batch_message, batch_wording, deletion_form
from bot.services import cards, people, selecting, slicing
from bot.services.batches import freezing

PREVIEW_FOR = timedelta(hours=1)
"""A preview older than this is not confirmed any more: what it shows has changed since."""

PAGE = 500
"""Items of a batch that are read from the store at once."""

SAMPLE = 5
"""Anomalies that a preview shows."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A frozen batch that nobody has confirmed yet; `missing` are those asked for that its system does not know, and so not in it,
    `names` the people whom it would assign, by their ids."""

    batch: model.Batch
    split: model.Split
    progress: model.Progress
    missing: Sequence[model.Ref] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def todo(self) -> int:
        """How many would be changed."""
        return self.progress.counts.get(model.Fate.TODO, 0)


@dataclass(slots=True, kw_only=True)
class Batches:
    """Freezes, shows, starts and takes back; `run` does the work."""

    sources: Mapping[str, ports.Source]
    store: ports.Batches
    people: people.People
    cards: cards.Cards
    clock: ports.Clock
    grants: permissions.Grants

    # --- asking ------------------------------------------------------------------------------------------------------------

    async def freeze(
        self, change: model.Change, targets: selecting.Selection | Sequence[model.Anomaly], words: str, actor: model.Actor, channel: str
    ) -> Preview:
        """Keep exactly these anomalies for one change, and say what would become of each. Raises UserError."""
        return await self._keep(change, selecting.of(targets), lambda one: self._judged(one, change), words, actor, channel)

    async def freeze_each(
        self,
        change: model.Change,
        own: Callable[[model.Anomaly], model.Change | None],
        targets: selecting.Selection | Sequence[model.Anomaly],
        words: str,
        actor: model.Actor,
        channel: str,
    ) -> Preview:
        """The same where each anomaly gets a change of its own (a swapped assignee); those that get none are not in it."""

        def judged(one: model.Anomaly) -> model.Item | None:
            mine = own(one)
            return None if mine is None else replace(self._judged(one, mine), change=mine)

        return await self._keep(change, selecting.of(targets), judged, words, actor, channel)

    async def _keep(
        self,
        change: model.Change,
        targets: selecting.Selection,
        judged: Callable[[model.Anomaly], model.Item | None],
        words: str,
        actor: model.Actor,
        channel: str,
    ) -> Preview:
        """Raises NotFound when nothing of it is to be in the batch."""
        source, now, sample = self._source(targets.first[0].ref.source, change, actor), self.clock.now(), list[model.Anomaly]()

        async def items() -> AsyncIterator[Sequence[model.Item]]:
            async for page in targets.pages():
                async for some in slicing.each(page):
                    pairs = [(one, item) for one in some if (item := judged(one)) is not None]
                    sample.extend([one for one, item in pairs if item.fate is model.Fate.TODO][: SAMPLE - len(sample)])
                    yield [item for _, item in pairs]

        given = (source.name, change, words, actor.id, actor.name, channel, model.BatchState.PREVIEW, now, 0)
        batch = await freezing.filled(self.store, self.clock, model.Batch(uuid.uuid4().hex[:12], *given), items())
        if batch is None:
            raise errors.Stale("What you asked for took too long to be put together, so nothing was frozen. Ask again.")
        if not batch.total:
            raise errors.NotFound("Nothing that is open is assigned to that person, so there is nothing to reassign.")
        return Preview(batch, replace(await self.store.split(batch.id), sample=sample), await self.store.progress(batch.id))

    def _judged(self, anomaly: model.Anomaly, change: model.Change) -> model.Item:
        verdict = transitions.check(change.action, anomaly, change)
        fate = {transitions.Kind.DO: model.Fate.TODO, transitions.Kind.ALREADY: model.Fate.ALREADY}.get(verdict.kind, model.Fate.REFUSED)
        return model.Item(
            anomaly.ref,
            snapshot.of(anomaly),
            fate,
            reason=verdict.sentence,
            place=anomaly.datastore.name if anomaly.datastore else "",
            table=anomaly.container.name if anomaly.container else "",
        )

    async def confirm(self, ident: str, actor: model.Actor, *, typed: str = "") -> model.Batch:
        """Start a preview, once, by the one who asked for it; what cannot be brought back needs its number `typed`. Raises UserError."""
        batch = await self._mine(ident, actor)
        self._source(batch.source, batch.change, actor)
        if batch.change.action is model.Action.DELETE and deletion_form.wrong(typed, await self.todo(ident)):
            raise errors.NotAllowed(
                "Nothing is deleted without its number: ask again with /anomalies delete, and type into the form how many it is about."
            )
        now = self.clock.now()
        if batch.state is model.BatchState.PREVIEW and now - batch.created > PREVIEW_FOR:
            raise errors.Stale("This preview is more than an hour old, and things have moved on. Ask again to see how it stands now.")
        if not await self.store.confirm(ident, now):
            raise errors.Stale("This batch was confirmed or cancelled already. Its message in the channel tells how it goes.")
        await self.cards.publish(self.draft(batch))
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
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        now = self.clock.now()
        batch = await self.store.get(ident) if ident else await self.store.latest(actor.id, now - batch_message.UNDO_FOR)
        if batch is None:
            raise errors.NotFound("There is no batch of yours from the last 30 minutes to take back.")
        if batch.actor != actor.id and not permissions.is_admin(actor, self.grants):
            raise errors.NotAllowed(f"Only {batch.actor_name} or an admin can take this batch back.")
        for action in snapshot.parts(batch.change):
            permissions.decide(action, actor, self.grants)
        why = self._not_undoable(batch, now)
        if why:
            raise errors.Stale(why)
        connected.named(self.sources, batch.source)  # one that is switched off takes nothing back
        back = await self._begin(batch, actor, channel, now)
        await self.cards.publish(self.draft(back))
        return back

    async def _done(self, ident: str) -> AsyncIterator[Sequence[model.Item]]:
        """What a batch changed, page by page."""
        some, offset = await self.store.items(ident, (model.Fate.DONE,), limit=PAGE), 0
        yield some
        while len(some) == PAGE:
            offset += PAGE
            some = await self.store.items(ident, (model.Fate.DONE,), offset=offset, limit=PAGE)
            yield some

    def _taken_back(self, item: model.Item, change: model.Change, actor: model.Actor) -> model.Item:
        """An item of the undo of a batch: refused when the way back goes through something that the actor may not do."""
        back = replace(item, before=item.after or item.before, after=None, fate=model.Fate.TODO, reason="", right="")
        try:
            for action in sorted(undo.rights(item, change)):
                permissions.decide(action, actor, self.grants)
        except errors.NotAllowed as error:
            return replace(back, fate=model.Fate.REFUSED, reason=f"Taking it back is not allowed. {error}")
        return back

    async def _begin(self, batch: model.Batch, actor: model.Actor, channel: str, now: datetime) -> model.Batch:
        """It runs as soon as it is whole: a kill leaves no undo that nobody ever starts, and one that was not whole is made anew. Raises
        Stale and NotAllowed."""
        refused, todo = "", False

        async def items() -> AsyncIterator[Sequence[model.Item]]:
            nonlocal refused, todo
            async for some in self._done(batch.id):
                back = [self._taken_back(item, batch.change, actor) for item in some]
                todo = todo or any(item.fate is model.Fate.TODO for item in back)
                refused = refused or next((item.reason for item in back if item.fate is not model.Fate.TODO), "")
                yield back
            if refused and not todo:
                raise errors.NotAllowed(refused)

        action = model.Action.REOPEN if batch.change.action is model.Action.ARCHIVE else batch.change.action
        back = model.Batch(
            f"undo-{batch.id}",  # the id of an undo is that of its batch
            batch.source,
            model.Change(action),
            f"undo {batch.id}",
            actor.id,
            actor.name,
            channel or batch.channel,
            model.BatchState.RUNNING,
            now,
            0,
            confirmed=now,
            undo_of=batch.id,
        )
        begun = await freezing.filled(self.store, self.clock, back, items())
        if begun is None:
            # An earlier release could be killed between asking and starting: what was asked for is started now.
            if not await self.store.confirm(back.id, now):
                raise errors.Stale("This batch is being taken back already. Its message in the channel tells how it goes.")
            return await self.store.get(back.id) or back
        if not begun.total:
            raise errors.Stale("Nothing was changed by this batch, so there is nothing to take back.")
        return begun

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
        if now - batch.finished > batch_message.UNDO_FOR:
            return "This batch finished more than 30 minutes ago; it cannot be taken back any more."
        if batch.change.action is model.Action.DELETE:
            return "What was deleted cannot be brought back."
        return ""

    async def _mine(self, ident: str, actor: model.Actor) -> model.Batch:
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        batch = await self.store.get(ident)
        if batch is None:
            raise errors.NotFound("This batch is not known any more. Ask again.")
        if batch.actor != actor.id:
            raise errors.NotAllowed("Only the person who asked for this batch can confirm or cancel it.")
        return batch

    # --- showing ---------------------------------------------------------------------------------------------------------------

    def draft(self, batch: model.Batch) -> model.CardDraft:
        """The batch's lasting message. Its payload never changes; what it shows is read when it is drawn."""
        return cards.at_once(model.CardKind.BATCH, batch.channel, batch.id, {"batch": batch.id})

    async def draw(self, card: model.Card) -> model.Message | None:
        """What the batch's message shows now: progress, or the receipt. Given to `post`, the only writer."""
        batch = await self.store.get(str(card.payload.get("batch", "")))
        if batch is None:
            return None
        connected.named(self.sources, batch.source)
        progress = await self.store.progress(batch.id, sample=batch_wording.CSV_ABOVE)
        try:
            names = await self.people.names(batch.source, batch.change.assignees or ())
        except errors.SourceError:
            names = {}  # ids will do until the system answers again
        can = connected.capabilities(self.sources, batch.source)
        return batch_message.card(batch, progress, self.undoable(batch), can, names)

    def _source(self, name: str, change: model.Change, actor: model.Actor) -> ports.Source:
        """The system of a change, when it and the actor may do every part of it."""
        for action in snapshot.parts(change):
            permissions.decide(action, actor, self.grants)
        source = connected.named(self.sources, name)
        for action in snapshot.parts(change):
            connected.require(source, action)
        return source
