"""One change to many anomalies: freeze, preview, confirm, receipt, undo.

Nothing is held in memory that a restart would lose: a batch and each of its items are rows, and what is sent is marked before it is sent.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import batch_items, batch_split, closings, connected, permissions, snapshot, transitions, undo
from bot.render.batch import batch_message, batch_wording, deletion_form
from bot.services import cards, people, searching, selecting, slicing
from bot.services.batches import filling

PREVIEW_FOR = timedelta(hours=1)
"""A preview older than this is not confirmed any more: what it shows has changed since."""

PAGE = 500
"""Items of a batch that are read from the store at once."""

NOBODY: Mapping[str, str] = {}
ALIKE: Mapping[str, model.Change] = {}

Own = Callable[[model.Anomaly], model.Change | None]
"""The change of one anomaly; None: it is not in the batch."""


class Nothing(errors.NotFound):
    """Of what was selected nothing is to be changed."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A frozen batch that nobody has confirmed yet; `missing` are those asked for that their system does not know, and so not in it,
    `unheard` the systems that are not in it, `later` joined the group card after it was seen, and are not in it either. `matching`: so many
    match where only the first of them were asked for, None where they are all, or nobody can say."""

    view: model.BatchView
    split: model.Split
    missing: Sequence[model.Ref] = ()
    unheard: Sequence[model.Unheard] = ()
    later: int = 0
    matching: int | None = None

    @property
    def batch(self) -> model.Batch:
        """What waits for its confirmation."""
        return self.view.batch

    @property
    def todo(self) -> int:
        """How many would be changed."""
        return self.view.progress.counts.get(model.Fate.TODO, 0)


@dataclass(slots=True, kw_only=True)
class Batches:
    """Freezes, shows, starts and takes back; `run` does the work."""

    sources: Mapping[str, ports.Source]
    store: ports.Batches
    leases: ports.Leases
    people: people.People
    cards: cards.Cards
    clock: ports.Clock
    grants: permissions.Grants

    # --- asking ------------------------------------------------------------------------------------------------------------

    async def freeze(
        self,
        change: model.Change,
        targets: selecting.Selection | Sequence[model.Anomaly],
        words: str,
        actor: model.Actor,
        channel: str,
        *,
        own: Own | None = None,
        theirs: Mapping[str, model.Change] = ALIKE,
        refused: Mapping[str, str] = NOBODY,
    ) -> Preview:
        """Keep exactly these anomalies for one change, and say what would become of each. `theirs` is how single systems take it, `own` the
        change of each anomaly where they differ (a swapped assignee). What a system does not offer is refused for its anomalies alone, and
        so is what was `refused` for a system before. Raises UserError when no system does it."""
        targets = selecting.of(targets)
        why = self._refused(targets.systems, change, actor, refused)
        fitted = {name: self._fitted(name, theirs.get(name, change)) for name in targets.systems if name not in why}
        change = next(iter(fitted.values()), change)

        def judged(one: model.Anomaly) -> model.Item | None:
            mine = own(one) if own else fitted.get(one.ref.source, change)
            if mine is None:
                return None
            item = self._judged(one, mine)
            if one.ref.source in why:
                item = replace(item, fate=model.Fate.REFUSED, reason=why[one.ref.source])
            return item if mine == change else replace(item, change=mine)

        return await self._keep(change, targets, judged, words, actor, channel)

    def _refused(self, systems: Sequence[str], change: model.Change, actor: model.Actor, given: Mapping[str, str]) -> Mapping[str, str]:
        """Why which systems do not take part. Raises what the first one says when none does."""
        why, said = dict(given), []
        for name in systems:
            try:
                self._source(name, change, actor)
            except (errors.NotSupported, errors.NotFound) as error:
                why.setdefault(name, str(error))
                said.append(error)
        if said and all(name in why for name in systems):
            raise searching.together(said)
        return why

    async def _keep(
        self,
        change: model.Change,
        targets: selecting.Selection,
        judged: Callable[[model.Anomaly], model.Item | None],
        words: str,
        actor: model.Actor,
        channel: str,
    ) -> Preview:
        """Raises Nothing when nothing of it is to be in the batch."""
        count = batch_split.Count()

        async def items() -> AsyncIterator[Sequence[model.Item]]:
            async for page in targets.pages():
                async for some in slicing.each(page):
                    pairs = [(one, item) for one in some if (item := judged(one)) is not None]
                    count.add([one for one, item in pairs if item.fate is model.Fate.TODO])
                    yield [item for _, item in pairs]

        source = targets.systems[0] if len(targets.systems) == 1 else ""
        ident, now = uuid.uuid4().hex[:12], self.clock.now()
        asked = model.Batch(ident, source, change, words, actor.id, actor.name, channel, model.BatchState.PREVIEW, now, 0)
        batch = await filling.filled(self.store, self.leases, self.clock, asked, items())
        if batch is None:
            raise errors.Stale("What you asked for took too long to be put together, so nothing was frozen. Ask again.")
        if not batch.total:
            raise Nothing("Nothing of this is to be changed.")
        mine = await self._mine_in(count.assigned(), actor)
        return Preview(await self.view(batch), count.split(mine), targets.missing, targets.unheard, targets.later, targets.matching)

    async def _mine_in(self, systems: Collection[str], actor: model.Actor) -> Mapping[str, str]:
        """Who the actor is in these systems, as far as they can say now."""
        mine: dict[str, str] = {}
        for name in systems:
            with contextlib.suppress(errors.SourceError, errors.NotFound, errors.DeliveryError):
                if (person := await self.people.known(actor.id, name)) is not None:
                    mine[name] = person.id
        return mine

    async def systems(self, batch: model.Batch) -> Sequence[str]:
        """The systems whose anomalies are in a batch."""
        return [batch.source] if batch.source else await self.store.systems(batch.id)

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
        self._refused(await self.systems(batch), batch.change, actor, NOBODY)
        if batch.change.action is model.Action.DELETE and deletion_form.wrong(typed, await self.todo(ident)):
            raise errors.NotAllowed(
                "Nothing is deleted without its number: ask again with /anomalies delete, and type into the form how many it is about."
            )
        now = self.clock.now()
        if batch.state is model.BatchState.PREVIEW and now - batch.created > PREVIEW_FOR:
            raise errors.Stale("This preview is more than an hour old, and things have moved on. Ask again to see how it stands now.")
        if not await self.store.confirm(ident, now):
            raise errors.Stale("This batch was confirmed or cancelled already. Its message in the channel tells how it goes.")
        await self.cards.publish(await self.draft(batch))
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

    async def part(self, ident: str, actor: model.Actor) -> tuple[model.Batch, Sequence[str]]:
        """A batch, and the systems that did not answer, so that their items were refused. Raises UserError."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        batch = await self.store.get(ident)
        if batch is None:
            raise errors.NotFound("This batch is not known any more. Ask again.")
        systems = list(dict.fromkeys([item.ref.source async for some in self.silent(ident) for item in some]))
        if not systems:
            raise errors.Stale("No part of this batch was refused as a whole, so there is nothing to try again.")
        return batch, systems

    async def silent(self, ident: str) -> AsyncIterator[Sequence[model.Item]]:
        """The items of a batch that were refused because their system did not answer, page by page."""
        async for some in self.pages(ident, model.Fate.REFUSED):
            yield [item for item in some if item.reason.startswith(batch_items.PART)]

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
        if batch.source:
            connected.named(self.sources, batch.source)  # one that is switched off takes nothing back
        back = await self._begin(batch, actor, channel, now)
        await self.cards.redraw(await self.draft(back))
        return back

    async def taken_back_by(self, back: model.Batch) -> model.Batch:
        """The batch that an undo takes back."""
        return await self.store.get(back.undo_of) or back

    async def pages(self, ident: str, *fates: model.Fate) -> AsyncIterator[Sequence[model.Item]]:
        """What became so of a batch (nothing said: all of it), page by page."""
        some, offset = await self.store.items(ident, fates, limit=PAGE), 0
        yield some
        while len(some) == PAGE:
            offset += PAGE
            some = await self.store.items(ident, fates, offset=offset, limit=PAGE)
            yield some

    def _taken_back(self, item: model.Item, change: model.Change, actor: model.Actor) -> model.Item:
        """An item of the undo of a batch: refused when the way back goes through something that the actor may not do."""
        back = replace(item, before=item.after or item.before, after=None, fate=model.Fate.TODO, reason="", right="")
        try:
            connected.named(self.sources, item.ref.source)
            for action in sorted(undo.rights(item, change)):
                permissions.decide(action, actor, self.grants)
        except errors.NotAllowed as error:
            return replace(back, fate=model.Fate.REFUSED, reason=f"Taking it back is not allowed. {error}")
        except errors.NotFound as error:
            return replace(back, fate=model.Fate.REFUSED, reason=str(error))
        return back

    async def _begin(self, batch: model.Batch, actor: model.Actor, channel: str, now: datetime) -> model.Batch:
        """It runs as soon as it is whole: a kill leaves no undo that nobody ever starts, and one that was not whole is made anew. Raises
        Stale and NotAllowed."""
        refused, todo = "", False

        async def items() -> AsyncIterator[Sequence[model.Item]]:
            nonlocal refused, todo
            async for some in self.pages(batch.id, model.Fate.DONE):
                back = [self._taken_back(item, batch.change, actor) for item in some]
                todo = todo or any(item.fate is model.Fate.TODO for item in back)
                refused = refused or next((item.reason for item in back if item.fate is not model.Fate.TODO), "")
                yield back
            if refused and not todo:
                raise errors.NotAllowed(refused)

        action = model.Action.REOPEN if batch.change.action is model.Action.ARCHIVE else batch.change.action
        back = model.Batch(
            _undo_of(batch),
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
        begun = await filling.filled(self.store, self.leases, self.clock, back, items())
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

    async def draft(self, batch: model.Batch) -> model.CardDraft:
        """The batch's lasting message, which is that of the batch that it takes back. Its payload never changes; what it shows is read when
        it is drawn."""
        return own_message(await self.taken_back_by(batch) if batch.undo_of else batch)

    async def draw(self, card: model.Card) -> model.Message | None:
        """What the batch's message shows now: progress, or the receipt. Given to `post`, the only writer."""
        batch = await self.store.get(str(card.payload.get("batch", "")))
        if batch is None:
            return None
        if batch.source:
            connected.named(self.sources, batch.source)
        return batch_message.card(await self.view(batch))

    async def view(self, batch: model.Batch) -> model.BatchView:
        """All that its messages tell of a batch."""
        names, done = await self.systems(batch), batch.state is model.BatchState.DONE
        return model.BatchView(
            batch,
            await self.store.progress(batch.id, sample=batch_wording.CSV_ABOVE),
            {name: connected.capabilities(self.sources, name) for name in names},
            undoable=self.undoable(batch),
            names={**await self.names(names, batch.change), **await self.people.called(batch.words)},
            shares=await self.store.shares(batch.id) if len(names) > 1 else {},
            done=await self.store.afterwards(batch.id) if done else model.Afterwards(),
            back=await self._back(batch) if done and not batch.undo_of else None,
        )

    async def _back(self, batch: model.Batch) -> model.BatchView | None:
        """What takes a batch back, once it was asked for."""
        back = await self.store.get(batch.undone_by or _undo_of(batch))
        return None if back is None or back.state is model.BatchState.PREVIEW else await self.view(back)

    async def names(self, systems: Sequence[str], change: model.Change) -> Mapping[str, str]:
        """The people whom a change would assign by their ids in the first of these systems that knows them; ids will do while it does not
        answer."""
        for name in systems if change.assignees else ():
            with contextlib.suppress(errors.SourceError):
                if name in self.sources and (found := await self.people.names(name, change.assignees or ())):
                    return found
        return {}

    def _source(self, name: str, change: model.Change, actor: model.Actor) -> ports.Source:
        """The system of a change, when it and the actor may do every part of it."""
        for action in snapshot.parts(change):
            permissions.decide(action, actor, self.grants)
        source = connected.named(self.sources, name)
        for action in snapshot.parts(change):
            connected.require(source, action)
        closings.fitted(source.archive_as, change, source.title, source.stages)
        return source

    def _fitted(self, name: str, change: model.Change) -> model.Change:
        """The change with its outcome as this system spells it."""
        source = self.sources[name]
        return closings.fitted(source.archive_as, change, source.title, source.stages)


def _undo_of(batch: model.Batch) -> str:
    """The id of what takes a batch back: there is one of it."""
    return f"undo-{batch.id}"


def own_message(batch: model.Batch) -> model.CardDraft:
    """The message that tells of this batch alone; an undo has one where an earlier release began it."""
    return cards.at_once(model.CardKind.BATCH, batch.channel, batch.id, {"batch": batch.id})
