"""One action on one anomaly: permission, capability, transition, apply, read back, record, show."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import attribution, closings, connected, duplicates, overlay, permissions, snapshot, transitions
from bot.render.anomaly import rows
from bot.services import asking, cards, leasing, people, post, recording, remarks, takes, turns

log = logging.getLogger(__name__)

RESUME_WITHIN = timedelta(minutes=15)
"""An action that a restart interrupted is ended if it is younger than this; an older one is reported as not done."""

CLEAR = (errors.SourceForbidden, errors.SourceMissing, errors.SourceRejected)
"""Refusals that leave no doubt whether it was done."""

LOOK_WITHIN = timedelta(days=1)
"""So long it is looked what became of one that was sent, when the system does not answer."""


@dataclass(frozen=True, slots=True)
class Click:
    """Where an action came from: a key that a redelivery repeats, the message, and what the actor saw there."""

    key: str
    channel: str = ""
    ts: str = ""
    response_url: str = ""
    shown: Mapping[model.Ref, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Triage:
    """Carries out actions. An accepted action is stored before anything is sent, so that a restart can end it."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    journal: ports.Journal
    leases: ports.Leases
    people: people.People
    cards: cards.Cards
    post: post.Post
    clock: ports.Clock
    telemetry: ports.Telemetry
    grants: permissions.Grants
    recorder: recording.Recorder
    remarks: remarks.Remarks
    asking: asking.Asking
    takes: takes.Takes
    actor_comments: bool = True

    def check(self, action: model.Action, source: str, actor: model.Actor) -> None:
        """Raise NotAllowed or NotSupported before a form is shown for nothing."""
        permissions.decide(action, actor, self.grants)
        self._source(source, action)

    async def act(self, change: model.Change, ref: model.Ref, actor: model.Actor, click: Click) -> model.Receipt:
        """Do one change to one anomaly; many are a batch. Raises UserError for a refusal that changed nothing, SourceError when the system
        did not do it."""
        for action in snapshot.parts(change):
            self.check(action, ref.source, actor)
        source = connected.named(self.sources, ref.source)
        change = closings.fitted(source.archive_as, change, source.title, source.stages)
        intent = ports.Intent(click.key, change, ref, actor.id, actor.name, self.clock.now(), channel=click.channel, shown=click.shown)
        begun = await self.journal.begin(intent, self.clock.now(), leasing.SECONDS)
        if not begun:
            raise errors.Stale("This click has been dealt with already; the card shows what became of it.")
        async with leasing.holding(self.leases, self.clock, *begun) as held:
            return await self._run(intent, click, held)

    async def resume(self) -> int:
        """End what an earlier process accepted and did not finish. Returns how many actions were looked at."""
        unfinished = await self.journal.unfinished(self.clock.now())
        for intent in unfinished:
            if intent.ref.source not in self.sources:
                continue  # the system is not configured any more; should it come back, this is ended
            lease = await self.leases.take("intents", intent.key, self.clock.now(), leasing.SECONDS)
            if lease is None:
                continue
            async with leasing.holding(self.leases, self.clock, lease) as held:
                now = await self.journal.open(intent.key)  # somebody may have been at it since it was read
                if now is not None:
                    await self._resume(now, held)
        return len(unfinished)

    async def _resume(self, intent: ports.Intent, held: list[model.Lease]) -> None:
        """Look first what became of it; do it only where it was not done, is not too old, and the actor still may."""
        try:
            receipt = await self._run(intent, Click(intent.key, intent.channel, shown=intent.shown), held, again=True)
            refused = [outcome for outcome in receipt.outcomes if outcome.result is model.Result.REFUSED]
            if refused:
                await self._tell_interrupted(intent, refused[0].reason)
        except errors.SourceError as error:
            unsent, age = intent.sent is None, self.clock.now() - intent.at
            if (unsent and not error.retryable) or age > (RESUME_WITHIN if unsent else LOOK_WITHIN):
                await self._not_done(intent, str(error))
            # Otherwise the next resume looks again.
        except errors.UserError as error:
            await self._not_done(intent, str(error))
        except errors.DeliveryError as error:
            log.warning("cannot ask Slack who %s is: %s", intent.actor, error)

    async def _not_done(self, intent: ports.Intent, why: str) -> None:
        await self._refused(intent, why)
        await self._tell_interrupted(intent, why)

    async def _refused(self, intent: ports.Intent, why: str) -> None:
        """Nothing was changed, and nothing was read: there is nothing to store but the lines."""
        deed, now = recording.Deed(intent.ref, intent.change, model.Result.REFUSED, detail=why), self.clock.now()
        await self.journal.finish(intent.key, recording.entries([deed], now, self._end(intent)), now)

    async def _tell_interrupted(self, intent: ports.Intent, why: str) -> None:
        said = model.RequestInterrupted(intent.change.action.value, (intent.ref,), why, intent.at)
        await self.cards.report(f"interrupted:{intent.key}", said, intent.actor)

    async def _run(self, intent: ports.Intent, click: Click, held: list[model.Lease], *, again: bool = False) -> model.Receipt:
        try:
            receipt = await self._asked(intent, click, held, again=again)
        except (errors.SourceUnsure, errors.LeaseLost):
            raise  # the intent stays open, or is somebody else's: the next resume looks what became of it
        except errors.Stale:
            await self.journal.finish(intent.key, (), self.clock.now())  # who came second changed nothing, and is told so
            raise
        except errors.BotError as error:
            if not again:
                await self._refused(intent, str(error))
            raise
        shown = await self._show(intent.ref, click)
        self.remarks.soon()
        return replace(receipt, shown=shown)

    async def _asked(self, intent: ports.Intent, click: Click, held: list[model.Lease], *, again: bool) -> model.Receipt:
        """Where it takes long the clicked card says so; one that said so and then failed shows what is true."""
        title = self.sources[intent.ref.source].title
        told = False
        try:
            async with self.asking.told(click.channel, click.ts, click.response_url, title, intent.actor_name) as said:
                await turns.mine(self.leases, self.journal, self.clock, intent, held, again=again)
                with ports.clicked(really=not again):
                    return await self._apply(intent, held, again=again, adopting=bool(click.ts))
        except errors.BotError:
            told = said.is_set()
            raise
        finally:
            if told:
                await self._show(intent.ref, click)

    async def _show(self, ref: model.Ref, click: Click) -> bool:
        """Whether the clicked message tells what became of it. The action is done and recorded: trouble with Slack or the store from here
        on is the flush's to mend."""
        hint = post.Hint(click.channel, click.ts, click.response_url) if click.ts else None
        try:
            return await self.post.show([ref], hint, click.channel)
        except (errors.DeliveryError, errors.StoreError) as error:
            log.warning("the card of %s will follow later: %s", ref, error)
            return False

    # --- one change --------------------------------------------------------------------------------------------------------

    async def _apply(self, intent: ports.Intent, held: list[model.Lease], *, again: bool, adopting: bool) -> model.Receipt:
        """What became of it is recorded at the end, and the leases are given back with it: whoever waits for this anomaly need not wait for
        Slack, too."""
        ref, source = intent.ref, self._source(intent.ref.source, intent.change.action)
        read_at = self.clock.now()
        before = await self._read(source, ref)
        stored = (await self.anomalies.get([ref])).get(ref)
        # After a restart what is different may be our own doing: it is stored together with what became of the action.
        if before is not None and not again and not _same(stored, before):
            stored = await self._seen(source, before, read_at, intent.key, known=adopting or stored is not None)
        intent = replace(intent, change=await self.takes.comes_to(intent, before, self.check))
        outcome = await self._judged(intent, before, stored, source, again=again)
        if outcome is None and again and (why := await self._forbidden(intent)):
            outcome = model.Outcome(ref, model.Result.REFUSED, why)
        after = before
        if outcome is None:
            assert before is not None, "what is to be changed is there"
            intent = replace(intent, sent=self.clock.now())
            if not await self.journal.sent(next(lease for lease in held if lease.kind == "intents"), intent.change, self.clock.now()):
                raise errors.LeaseLost
            outcome, read_at, after = await self._change(intent, source, before, read_at, again=again)
        stood = stored or before if again else before
        with leasing.ending(held) as given_back:
            await self._record(intent, source, outcome, stood, after, read_at=read_at, adopting=adopting, given_back=given_back)
        return model.Receipt(intent.change, [outcome], {} if after is None else {ref: after})

    async def _read(self, source: ports.Source, ref: model.Ref) -> model.Anomaly | None:
        return (await source.get([ref.id])).get(ref.id)

    async def _seen(self, source: ports.Source, found: model.Anomaly, read_at: datetime, own: str, *, known: bool) -> model.Anomaly | None:
        """What the system says differently from the store is stored, with a journal line for whoever did it there; returns what is stored
        then. Only what the store knows is stored again: what the poll has not seen yet must still be announced by it."""
        await self.anomalies.save(
            ports.Observation(
                source.name,
                [found] if known else [],
                read_at=read_at,
                now=self.clock.now(),
                reason=model.Reason.ADOPTED,
                note=lambda old, new: transitions.elsewhere(old, new, source.title, read_at),
                own=own,
            )
        )
        return (await self.anomalies.get([found.ref])).get(found.ref)

    async def _judge(
        self, intent: ports.Intent, anomaly: model.Anomaly | None, stored: model.Anomaly | None, source: ports.Source
    ) -> model.Outcome | None:
        """None when the change is to be made; otherwise why not, and who was faster."""
        ref = intent.ref
        if anomaly is None:
            return model.Outcome(ref, model.Result.REFUSED, f"It does not exist in {source.title} any more.")
        version = (stored or anomaly).version
        verdict = transitions.still_sensible(intent.change, intent.shown.get(ref, 0), replace(anomaly, version=version))
        if verdict.kind is transitions.Kind.DO:
            return None
        first = attribution.first(intent.change, await self.journal.history(ref))
        result = model.Result.ALREADY if verdict.kind is transitions.Kind.ALREADY else model.Result.REFUSED
        return model.Outcome(ref, result, verdict.sentence, by=first, stale=verdict.kind is transitions.Kind.STALE)

    async def _judged(
        self,
        intent: ports.Intent,
        anomaly: model.Anomaly | None,
        stored: model.Anomaly | None,
        source: ports.Source,
        *,
        again: bool,
    ) -> model.Outcome | None:
        """The same, and after a restart: what was sent and is so now was our own doing; what somebody changed since is not touched."""
        ref, outcome = intent.ref, await self._judge(intent, anomaly, stored, source)
        if not again:
            return outcome
        if intent.sent is not None and not overlay.whole(intent.change, anomaly) and await self._was_done(intent, outcome, source):
            return model.Outcome(ref, model.Result.DONE)
        if outcome is None and stored is not None and _moved(intent.shown.get(ref, 0), stored, anomaly):
            why = "The bot was restarted before this was done, and somebody has changed the anomaly since."
            return model.Outcome(ref, model.Result.REFUSED, why)
        return outcome

    async def _was_done(self, intent: ports.Intent, outcome: model.Outcome | None, source: ports.Source) -> bool:
        if outcome is None:
            return await self._said(intent, source)
        return outcome.result is model.Result.ALREADY

    async def _forbidden(self, intent: ports.Intent) -> str:
        """Why an accepted action is not done any more, "" when it still may be. Raises DeliveryError while Slack cannot be asked."""
        if self.clock.now() - intent.at > RESUME_WITHIN:
            return "The bot was restarted before this was done, and it is too long ago to do it now."
        actor = await self.people.actor(intent.actor)
        try:
            for action in snapshot.parts(intent.change):
                self.check(action, intent.ref.source, actor)
        except errors.UserError as error:
            return str(error)
        return ""

    async def _change(
        self, intent: ports.Intent, source: ports.Source, target: model.Anomaly, read_at: datetime, *, again: bool
    ) -> tuple[model.Outcome, datetime, model.Anomaly | None]:
        """Apply and read back, unless all is kept here; returns also when it was read. A lost or unreadable answer is settled by the
        reading; what the system says it did and did not do counts as refused. Raises SourceUnsure when nobody could look."""
        lost: errors.SourceError | None = None
        try:
            with ports.acting(self.people.standing_in(intent.actor)):
                (told,) = await source.apply(_signed(intent), [target])
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            lost, told = error, model.Outcome(target.ref, model.Result.REFUSED, str(error), unsure=True)
        except CLEAR as error:
            if not again:
                raise
            told = model.Outcome(target.ref, model.Result.REFUSED, str(error))
        except errors.StoreError as error:  # a source remembers what it learned: it may have been done
            raise errors.SourceUnsure(source.name, str(error)) from error
        try:
            read: model.Anomaly | None = target
            if not overlay.here([target], [intent.change]):
                read_at, read = self.clock.now(), await self._read(source, target.ref)
            told = await self._believed(intent, told, target, _with(read, told), source)
        except (errors.SourceError, errors.StoreError) as error:
            raise errors.SourceUnsure(source.name, str(lost or error)) from error
        if lost is not None and told.result is model.Result.REFUSED:
            raise lost
        return told, read_at, _with(read, told) if told.result is not model.Result.REFUSED else read

    async def _believed(
        self,
        intent: ports.Intent,
        outcome: model.Outcome,
        before: model.Anomaly,
        after: model.Anomaly | None,
        source: ports.Source,
    ) -> model.Outcome:
        """A reading shows what a change did; a comment has to be looked for."""
        if outcome.unsure and await self._said(intent, source):
            return replace(outcome, result=model.Result.DONE, reason="", unsure=False)
        return transitions.believed(intent.change, outcome, before, after, source.title)

    async def _said(self, intent: ports.Intent, source: ports.Source) -> bool:
        """A comment is not repeated blindly: look whether it is there."""
        if intent.change.action is not model.Action.COMMENT:
            return False
        return await remarks.said(source, intent.ref, _signed(intent).comment, intent.at)

    async def _record(
        self,
        intent: ports.Intent,
        source: ports.Source,
        outcome: model.Outcome,
        before: model.Anomaly | None,
        after: model.Anomaly | None,
        *,
        read_at: datetime,
        adopting: bool,
        given_back: Sequence[model.Lease],
    ) -> None:
        """State, journal, the end of the intent, the messages to new assignees and the comment with the name: one transaction."""
        deed = recording.Deed(
            outcome.ref,
            intent.change,
            outcome.result,
            before,
            after,
            duplicates.detail(intent.change, outcome.reason or intent.change.comment),
            told=outcome.result is not model.Result.ALREADY,  # who came second changed nothing, and has been told so
            sent=(intent.change,) if intent.sent else (),
        )
        try:
            extra = await self._tell_assignees(intent, before, after) if deed.done else []
            left = self._remarks(intent, source, deed)
            end = replace(self._end(intent), adopting=adopting, extra=extra, remarks=left, given_back=given_back)
            await self.recorder.record(source, [deed], read_at, end)
        except errors.StoreError as error:
            if not (deed.done or deed.partly):
                raise
            raise errors.SourceUnsure(source.name, str(error)) from error
        self.telemetry.count("actions", action=intent.change.action, result=outcome.result)

    def _end(self, intent: ports.Intent) -> recording.End:
        return recording.End(intent.actor, intent.actor_name, intent=intent.key)

    def _remarks(self, intent: ports.Intent, source: ports.Source, deed: recording.Deed) -> Sequence[ports.Remark]:
        """The token hides who acted: a single action that was confirmed leaves a comment with the name, where comments work; not where the
        system took no part in it."""
        said = attribution.remark(intent.change, intent.actor_name)
        theirs = deed.done and not overlay.whole(intent.change, deed.after)
        wanted = said and self.actor_comments and theirs and model.Action.COMMENT in source.supports
        return [ports.Remark(intent.key, deed.ref, said, self.clock.now())] if wanted else []

    async def _tell_assignees(
        self, intent: ports.Intent, before: model.Anomaly | None, after: model.Anomaly | None
    ) -> Sequence[model.CardDraft]:
        """One direct message to each new assignee who is known in Slack, except to those who assigned themselves."""
        if intent.change.assignees is None or intent.change.taking or before is None or after is None:
            return []
        added = [person for person in after.assignees if person.id not in {old.id for old in before.assignees}]
        slack_ids = await self.people.slack_ids(added)
        said = model.NewlyAssigned(after.ref, intent.actor_name, rows.evidence(after), rows.named(after), after.url)
        return [
            cards.report(f"assigned:{intent.key}:{slack_id}", said, slack_id) for slack_id in slack_ids.values() if slack_id != intent.actor
        ]

    def _source(self, name: str, action: model.Action) -> ports.Source:
        source = connected.named(self.sources, name)
        connected.require(source, action)
        return source


def _same(stored: model.Anomaly | None, found: model.Anomaly) -> bool:
    """Whether nothing is to be stored of it."""
    return stored is not None and stored == replace(found, version=stored.version)


def _moved(shown: int, stored: model.Anomaly, now: model.Anomaly | None) -> bool:
    """Whether it is not what the actor saw any more: another version was stored, or it stands elsewhere than it was stored."""
    return shown not in (0, stored.version) or (now is not None and now.state is not stored.state)


def _signed(intent: ports.Intent) -> model.Change:
    """A person's own comment carries the name, since the token hides it."""
    if intent.change.action is not model.Action.COMMENT:
        return intent.change
    return replace(intent.change, comment=attribution.signed(intent.change.comment, intent.actor_name))


def _with(read: model.Anomaly | None, told: model.Outcome) -> model.Anomaly | None:
    """What was read, with our part of what was done."""
    return read if read is None else overlay.after({read.ref: read}, [told])[read.ref]
