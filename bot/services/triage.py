"""One action on one or a few anomalies: permission, capability, transition, apply, read back, record, show."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import permissions, signing, systems, transitions
from bot.core import undo as undoing
from bot.services import people as directory
from bot.services import post as posting

log = logging.getLogger(__name__)

CLAIM_SECONDS = 120.0

RESUME_WITHIN = timedelta(minutes=15)
"""An action that a restart interrupted is ended if it is younger than this; an older one is reported as not done."""


@dataclass(frozen=True, slots=True)
class Click:
    """Where an action came from: a key that a redelivery repeats, the message, and what the actor saw there."""

    key: str
    channel: str = ""
    ts: str = ""
    response_url: str = ""
    shown: Mapping[model.Ref, int] = field(default_factory=dict)


@dataclass(slots=True)
class Triage:
    """Carries out actions. An accepted action is stored before anything is sent, so that a restart can end it."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    journal: ports.Journal
    claims: ports.Claims
    people: directory.People
    post: posting.Post
    clock: ports.Clock
    telemetry: ports.Telemetry
    grants: permissions.Grants
    actor_comments: bool = True
    _locks: dict[model.Ref, asyncio.Lock] = field(default_factory=dict)

    def check(self, action: model.Action, ref: model.Ref, actor: model.Actor) -> None:
        """Raise NotAllowed or NotSupported before a form is shown for nothing."""
        permissions.decide(action, actor, self.grants)
        self._source(ref.source, action)

    async def act(self, change: model.Change, refs: Sequence[model.Ref], actor: model.Actor, click: Click) -> model.Receipt:
        """Do one change to anomalies of one source. Raises UserError for a refusal that changed nothing, SourceError when the system
        did not do it; one refused anomaly among several is an Outcome."""
        for action in undoing.parts(change):
            self.check(action, refs[0], actor)
        intent = ports.Intent(
            click.key, change, tuple(refs), actor.id, actor.name, self.clock.now(), channel=click.channel, shown=click.shown
        )
        claim = await self.journal.begin(intent, self.clock.now(), CLAIM_SECONDS)
        if claim is None:
            raise errors.Stale("This click has been dealt with already; the card shows what became of it.")
        try:
            return await self._run(intent, click)
        finally:
            await self.claims.release(claim)

    async def resume(self) -> int:
        """End what an earlier process accepted and did not finish. Returns how many actions were looked at."""
        unfinished = await self.journal.unfinished(self.clock.now())
        for intent in unfinished:
            if intent.refs[0].source not in self.sources:
                continue  # the system is not configured any more; should it come back, this is ended
            claim = await self.claims.take("intents", intent.key, self.clock.now(), CLAIM_SECONDS)
            if claim is None:
                continue
            try:
                await self._resume(intent)
            finally:
                await self.claims.release(claim)
        return len(unfinished)

    async def _resume(self, intent: ports.Intent) -> None:
        try:
            if self.clock.now() - intent.at > RESUME_WITHIN:
                raise errors.Stale("The bot was restarted before this was done, and it is too long ago to do it now.")
            actor = await self.people.actor(intent.actor)
            self.check(intent.change.action, intent.refs[0], actor)
            receipt = await self._run(intent, Click(intent.key, intent.channel, shown=intent.shown), again=True)
            refused = [outcome for outcome in receipt.outcomes if outcome.result is model.Result.REFUSED]
            if refused:
                await self._tell_interrupted(intent, refused[0].reason)
        except errors.SourceError as error:
            if not error.retryable:
                await self._not_done(intent, str(error))
            # Otherwise the next resume tries again, until it is too long ago.
        except errors.UserError as error:
            await self._not_done(intent, str(error))
        except errors.DeliveryError as error:
            log.warning("cannot ask Slack who %s is: %s", intent.actor, error)

    async def _not_done(self, intent: ports.Intent, why: str) -> None:
        now = self.clock.now()
        entries = [self._entry(intent, ref, model.Result.REFUSED, detail=why) for ref in intent.refs]
        await self.journal.finish(intent.key, entries, now)
        await self._tell_interrupted(intent, why)

    async def _tell_interrupted(self, intent: ports.Intent, why: str) -> None:
        payload = {"what": "interrupted", "action": intent.change.action.value, "refs": [str(ref) for ref in intent.refs], "why": why}
        await self.post.report(f"interrupted:{intent.key}", payload | {"at": intent.at.isoformat()}, intent.actor)

    async def _run(self, intent: ports.Intent, click: Click, *, again: bool = False) -> model.Receipt:
        locks = [self._locks.setdefault(ref, asyncio.Lock()) for ref in sorted(intent.refs)]
        for lock in locks:
            await lock.acquire()
        try:
            receipt = await self._apply(intent, again=again, adopting=bool(click.ts))
        except errors.BotError as error:
            if not again:
                entries = [self._entry(intent, ref, model.Result.REFUSED, detail=str(error)) for ref in intent.refs]
                await self.journal.finish(intent.key, entries, self.clock.now())
            raise
        finally:
            for ref, lock in zip(sorted(intent.refs), locks, strict=True):
                lock.release()
                if not lock.locked():
                    self._locks.pop(ref, None)
        await self._show(receipt, click)
        return receipt

    async def _show(self, receipt: model.Receipt, click: Click) -> None:
        """The action is done and recorded: trouble with Slack from here on is the flush's to mend."""
        refs = [outcome.ref for outcome in receipt.outcomes]
        hint = posting.Hint(click.channel, click.ts, click.response_url) if click.response_url else None
        try:
            if click.ts and len(refs) == 1:
                await self.post.adopt(refs[0], click.channel, click.ts)
            await self.post.show(refs, hint)
        except errors.DeliveryError as error:
            log.warning("the cards of %d anomalies will follow later: %s", len(refs), error)

    # --- one change --------------------------------------------------------------------------------------------------------

    async def _apply(self, intent: ports.Intent, *, again: bool, adopting: bool) -> model.Receipt:
        source = self._source(intent.refs[0].source, intent.change.action)
        before = await self._read(source, intent.refs, adopting=adopting)
        judge = self._judge_again if again else self._judge
        judged = {ref: await judge(intent, ref, before.get(ref), source) for ref in intent.refs}
        targets = [before[ref] for ref, outcome in judged.items() if outcome is None]
        if again and await self._said_already(intent, source):
            judged |= {one.ref: model.Outcome(one.ref, model.Result.DONE) for one in targets}
            targets = []
        read_at, after = self.clock.now(), before
        if targets:
            applied, after = await self._change(intent, source, targets)
            judged |= {outcome.ref: outcome for outcome in applied}
        outcomes = [outcome for ref in intent.refs if (outcome := judged[ref]) is not None]
        await self._record(intent, source, outcomes, before, after, read_at=read_at, adopting=adopting)
        return model.Receipt(intent.change, outcomes, after)

    async def _read(self, source: ports.Source, refs: Sequence[model.Ref], *, adopting: bool) -> Mapping[model.Ref, model.Anomaly]:
        """What the system says now; what it says differently from the store is stored, with a journal line for whoever did it there."""
        read_at = self.clock.now()
        found = {one.ref: one for one in (await source.get([ref.id for ref in refs])).values()}
        seen = await self._tracked(found, adopting=adopting)
        await self.anomalies.save(
            source.name,
            seen,
            read_at=read_at,
            now=self.clock.now(),
            reason=model.Reason.ADOPTED,
            note=lambda old, new: transitions.elsewhere(old, new, source.title, read_at),
        )
        return found

    async def _tracked(self, found: Mapping[model.Ref, model.Anomaly], *, adopting: bool) -> Sequence[model.Anomaly]:
        """Only what the store knows is stored again: what the poll has not seen yet must still be announced by it."""
        if adopting:
            return list(found.values())
        known = await self.anomalies.get(list(found))
        return [one for ref, one in found.items() if ref in known]

    async def _judge(
        self, intent: ports.Intent, ref: model.Ref, anomaly: model.Anomaly | None, source: ports.Source
    ) -> model.Outcome | None:
        """None when the change is to be made; otherwise why not, and who was faster."""
        if anomaly is None:
            return model.Outcome(ref, model.Result.REFUSED, f"It does not exist in {source.title} any more.")
        verdict = transitions.check(intent.change.action, anomaly, intent.change)
        if verdict.kind is transitions.Kind.DO:
            return None
        last = (await self.journal.past(anomaly, self.clock.now())).last
        result = model.Result.ALREADY if verdict.kind is transitions.Kind.ALREADY else model.Result.REFUSED
        return model.Outcome(ref, result, verdict.sentence, by=last)

    async def _judge_again(
        self, intent: ports.Intent, ref: model.Ref, anomaly: model.Anomaly | None, source: ports.Source
    ) -> model.Outcome | None:
        """After a restart: what is so already was most likely our own doing; what somebody changed since is not touched again."""
        outcome = await self._judge(intent, ref, anomaly, source)
        if outcome is not None and outcome.result is model.Result.ALREADY:
            return model.Outcome(ref, model.Result.DONE)
        stored = (await self.anomalies.get([ref])).get(ref)
        if outcome is None and stored is not None and intent.shown.get(ref, stored.version) not in (0, stored.version):
            why = "The bot was restarted before this was done, and somebody has changed the anomaly since."
            return model.Outcome(ref, model.Result.REFUSED, why)
        return outcome

    async def _change(
        self, intent: ports.Intent, source: ports.Source, targets: Sequence[model.Anomaly]
    ) -> tuple[Sequence[model.Outcome], Mapping[model.Ref, model.Anomaly]]:
        """Apply and read back. A lost answer is settled by the reading; what the system says it did and did not do counts as refused."""
        lost: errors.SourceError | None = None
        try:
            applied = await source.apply(_signed(intent), targets)
        except errors.SourceUnavailable as error:
            lost = error
            applied = [model.Outcome(one.ref, model.Result.DONE) for one in targets]
        done = [outcome.ref for outcome in applied if outcome.result is model.Result.DONE]
        after, _ = await asyncio.gather(self._after(source, targets), self._sign(intent, source, targets, done, lost))
        believed = [self._believe(intent.change, outcome, after, source) for outcome in applied]
        if lost is not None and (intent.change.action is model.Action.COMMENT or any(o.result is model.Result.REFUSED for o in believed)):
            raise lost
        return believed, after

    async def _after(self, source: ports.Source, targets: Sequence[model.Anomaly]) -> Mapping[model.Ref, model.Anomaly]:
        found = await source.get([one.ref.id for one in targets])
        return {one.ref: one for one in found.values()}

    def _believe(
        self, change: model.Change, outcome: model.Outcome, after: Mapping[model.Ref, model.Anomaly], source: ports.Source
    ) -> model.Outcome:
        if outcome.result is not model.Result.DONE:
            return outcome
        doubt = transitions.doubt(change, after.get(outcome.ref), source.title)
        return replace(outcome, result=model.Result.REFUSED, reason=doubt) if doubt else outcome

    async def _sign(
        self,
        intent: ports.Intent,
        source: ports.Source,
        targets: Sequence[model.Anomaly],
        done: Sequence[model.Ref],
        lost: errors.SourceError | None,
    ) -> None:
        """The token hides who acted: a single action leaves a comment with the name, where comments work. Never repeated."""
        said = signing.remark(intent.change, intent.actor_name)
        if not (said and self.actor_comments and lost is None and len(targets) == len(done) == 1):
            return
        if model.Action.COMMENT not in source.supports:
            return
        comment = model.Change(model.Action.COMMENT, comment=said)
        try:
            await source.apply(comment, targets)
        except errors.SourceError as error:
            log.info("no comment was left on %s: %s", targets[0].ref, error)

    async def _said_already(self, intent: ports.Intent, source: ports.Source) -> bool:
        """A comment is not repeated blindly: after a restart, look whether it is there."""
        if intent.change.action is not model.Action.COMMENT:
            return False
        text = _signed(intent).comment
        return any(comment.text == text for comment in await source.comments(intent.refs[0].id))

    async def _record(
        self,
        intent: ports.Intent,
        source: ports.Source,
        outcomes: Sequence[model.Outcome],
        before: Mapping[model.Ref, model.Anomaly],
        after: Mapping[model.Ref, model.Anomaly],
        *,
        read_at: datetime,
        adopting: bool,
    ) -> None:
        """State, journal, the end of the intent and the messages to new assignees: one transaction."""
        done = [outcome.ref for outcome in outcomes if outcome.result is model.Result.DONE]
        extra = [draft for ref in done for draft in await self._tell_assignees(intent, before.get(ref), after.get(ref))]
        await self.anomalies.save(
            source.name,
            await self._tracked(after, adopting=adopting),
            read_at=read_at,
            now=self.clock.now(),
            reason=model.Reason.ADOPTED,
            extra=extra,
            entries=[self._entry(intent, o.ref, o.result, before.get(o.ref), after.get(o.ref), o.reason) for o in outcomes],
            done=intent.key,
        )
        for outcome in outcomes:
            self.telemetry.count("actions", action=intent.change.action, result=outcome.result)

    async def _tell_assignees(
        self, intent: ports.Intent, before: model.Anomaly | None, after: model.Anomaly | None
    ) -> Sequence[model.CardDraft]:
        """One direct message to each new assignee who is known in Slack, except to those who assigned themselves."""
        if intent.change.assignees is None or before is None or after is None:
            return []
        added = [person for person in after.assignees if person.id not in {old.id for old in before.assignees}]
        slack_ids = await self.people.slack_ids(added)
        payload = {"what": "assigned", "ref": str(after.ref), "title": after.description, "url": after.url, "by": intent.actor_name}
        place = " in ".join(name for name in (after.type, after.container.name if after.container else "") if name)
        return [
            self.post.report_draft(f"assigned:{intent.key}:{slack_id}", payload | {"header": place}, slack_id)
            for slack_id in slack_ids.values()
            if slack_id != intent.actor
        ]

    def _entry(
        self,
        intent: ports.Intent,
        ref: model.Ref,
        result: model.Result,
        before: model.Anomaly | None = None,
        after: model.Anomaly | None = None,
        detail: str = "",
    ) -> model.Entry:
        return model.Entry(
            ref,
            intent.change.action,
            self.clock.now(),
            actor=intent.actor,
            actor_name=intent.actor_name,
            before=transitions.standing(before, intent.change),
            after=transitions.standing(after, intent.change),
            result=result,
            detail=detail or intent.change.comment,
        )

    def _source(self, name: str, action: model.Action) -> ports.Source:
        source = systems.named(self.sources, name)
        if action not in source.supports:
            raise errors.NotSupported(f"{source.title} offers no way to {action.value} an anomaly here. Open it in {source.title} instead.")
        return source


def _signed(intent: ports.Intent) -> model.Change:
    """A person's own comment carries the name, since the token hides it."""
    if intent.change.action is not model.Action.COMMENT:
        return intent.change
    return replace(intent.change, comment=signing.signed(intent.change.comment, intent.actor_name))
