"""One change to some anomalies, as one outcome each: which call serves which action, and what its failure means to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot import errors, model, ports
from bot.sources import base, judging
from bot.sources.qualytics import by_id, client, dialect, outcomes, payloads, restoring, write_calls

Outcomes = dict[str, model.Outcome]
Targets = Sequence[model.Anomaly]

UPDATES = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ASSIGN, model.Action.TAG, model.Action.DESCRIBE})
SUPPORTS = UPDATES | {
    model.Action.ARCHIVE, model.Action.REOPEN, model.Action.COMMENT, model.Action.DELETE,
    model.Action.SCAN, model.Action.ABORT, model.Action.BROWSE, model.Action.ROWS,
}  # fmt: skip

NO_COMMENTS = "This Qualytics deployment took no comment from the bot. Open it in Qualytics and write it there."
PROBES = 2
"""Comments that show whether any can be left: the second may be refused like the first."""


class Trial:
    """What one request found out about comments on the way: `hopeless`, the rest is spared."""

    def __init__(self) -> None:
        self.hopeless = False
        self._kinds: set[dialect.Refusal] = set()

    def refused(self, kind: dialect.Refusal) -> None:
        """One more was refused, the anomaly being there."""
        self.hopeless = self.hopeless or kind is dialect.Refusal.ABSENT or kind in self._kinds
        self._kinds.add(kind)


class Actions:
    """Applies changes to one deployment."""

    def __init__(self, *, api: client.Client, dialect: dialect.Dialect, by_id: by_id.ById, max_batch: int, clock: ports.Clock) -> None:
        self._api, self._dialect, self._by_id = api, dialect, by_id
        self._writes = write_calls.Writes(api=api, dialect=dialect, by_id=by_id, max_batch=max_batch, clock=clock)
        self._restoring = restoring.Restoring(writes=self._writes, by_id=by_id, dialect=dialect)

    async def apply(self, change: model.Change, targets: Targets) -> Sequence[model.Outcome]:
        """One outcome per target, in order. Raises SourceError when nothing at all could be done."""
        serve = self._table().get(change.action)
        if serve is None:
            return [outcomes.refused(one, f"Qualytics has no way to {change.action.value} an anomaly.") for one in targets]
        done = await serve(change, list({one.ref.id: one for one in targets}.values()))
        return [done[one.ref.id] for one in targets]

    def _table(self) -> Mapping[model.Action, Callable[[model.Change, Targets], Awaitable[Outcomes]]]:
        return {
            **dict.fromkeys(UPDATES, self._update),
            model.Action.ARCHIVE: self._archive,
            model.Action.DELETE: self._remove,
            model.Action.REOPEN: self._reopen,
            model.Action.COMMENT: self._comment,
        }

    async def _update(self, change: model.Change, targets: Targets) -> Outcomes:
        """An update of an archived anomaly could bring it back, so none is sent."""
        closed = {one.ref.id: outcomes.refused(one, _closed(one)) for one in targets if one.state is model.State.ARCHIVED}
        rest = [one for one in targets if one.ref.id not in closed]
        settled = await self._writes.update(change, rest) if rest else write_calls.Settled({})
        return await self._noted(change, targets, closed | {one.ref.id: _outcome(change, one, settled) for one in rest})

    async def _archive(self, change: model.Change, targets: Targets) -> Outcomes:
        """Archiving carries nothing but its status: what else the change holds goes first."""
        before = {one.ref.id: model.Outcome(one.ref, model.Result.ALREADY) for one in targets if payloads.had(change, one)}
        rest = [one for one in targets if one.ref.id not in before]
        if any((change.add_tags, change.remove_tags, change.assignees is not None, change.description is not None)):
            first = await self._update(replace(change, action=model.Action.DESCRIBE, comment=""), rest)
            before |= {ident: outcome for ident, outcome in first.items() if outcome.result is model.Result.REFUSED}
            rest = [one for one in rest if one.ref.id not in before]
        noted = await self._noted(change, rest, {one.ref.id: model.Outcome(one.ref, model.Result.DONE) for one in rest})
        removed = await self._remove(change, rest)
        return before | {ident: replace(one, reason=one.reason or noted[ident].reason) for ident, one in removed.items()}

    async def _remove(self, change: model.Change, targets: Targets) -> Outcomes:
        settled = await self._writes.remove(change, targets) if targets else write_calls.Settled({})
        return {one.ref.id: _outcome(change, one, settled, alone=len(targets) == 1) for one in targets}

    # --- comments: never repeated, and not believed to exist (contracts 1.5) ------------------------------------------

    async def _noted(self, change: model.Change, targets: Targets, done: Outcomes) -> Outcomes:
        """Leave the comment that another action carries; its failure does not undo the action."""
        trial = Trial()
        for one in [one for one in targets if change.comment and done[one.ref.id].result is not model.Result.REFUSED]:
            try:
                said = await self._say(one, change.comment, trial)
            except errors.SourceError as error:
                said = outcomes.failed(one, error)
            if said.result is model.Result.REFUSED:
                done[one.ref.id] = replace(done[one.ref.id], reason=f"The comment was not left: {said.reason}")
        return done

    async def _comment(self, change: model.Change, targets: Targets) -> Outcomes:
        trial = Trial()
        if len(targets) == 1:
            return {targets[0].ref.id: await self._say(targets[0], change.comment, trial)}
        said = [await self._say_or_fail(one, change.comment, trial) for one in targets[:PROBES]]
        said += await base.together(self._say_or_fail(one, change.comment, trial) for one in targets[PROBES:])
        return {one.ref.id: outcome for one, outcome in zip(targets, said, strict=True)}

    async def _say_or_fail(self, target: model.Anomaly, text: str, trial: Trial) -> model.Outcome:
        try:
            return await self._say(target, text, trial)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            why = f"{error} The comment may have been saved all the same: look before you send it again."
            return outcomes.unsure(target, why)
        except errors.SourceError as error:
            return outcomes.failed(target, error)

    async def _say(self, target: model.Anomaly, text: str, trial: Trial) -> model.Outcome:
        """Raises what says nothing about this anomaly: no answer, a bad token."""
        if trial.hopeless:
            return outcomes.refused(target, NO_COMMENTS)
        try:
            body = {"message": text, "anomaly_id": payloads.number(target.ref.id)}
            await self._api.write("POST", "comments", body=body, ask=judging.Ask("Author", _where(target)))
        except (errors.SourceMissing, errors.SourceRejected) as error:
            return await self._unsaid(target, error, trial)
        except errors.SourceForbidden as error:
            return outcomes.failed(target, error)
        await self._dialect.worked(model.Action.COMMENT)
        return model.Outcome(target.ref, model.Result.DONE)

    async def _unsaid(self, target: model.Anomaly, error: errors.SourceError, trial: Trial) -> model.Outcome:
        """A refusal: is it this anomaly, is it what was said, or are there no comments here?"""
        kind = dialect.refusal(error)
        said = isinstance(error, errors.SourceRejected) and any("message" in field for field in error.fields)
        if kind is None or said:
            return outcomes.failed(target, error)
        if await self._by_id.one(target.ref.id) is None:
            return outcomes.gone(target)
        trial.refused(kind)
        await self._dialect.refused(model.Action.COMMENT, kind, target.ref.id)
        return outcomes.refused(target, f"{NO_COMMENTS} {error}" if kind is not dialect.Refusal.ABSENT else NO_COMMENTS)

    async def _reopen(self, change: model.Change, targets: Targets) -> Outcomes:
        done = {one.ref.id: model.Outcome(one.ref, model.Result.ALREADY) for one in targets if one.state is not model.State.ARCHIVED}
        closed = [one for one in targets if one.ref.id not in done]
        if closed:
            done |= await self._restoring.restore(closed)
        return await self._noted(change, targets, done)


def _outcome(change: model.Change, target: model.Anomaly, settled: write_calls.Settled, *, alone: bool = False) -> model.Outcome:
    failure = settled.fates[target.ref.id]
    if failure is not None:
        return outcomes.failed(target, failure)
    before = payloads.had(change, target) or (alone and target.ref.id in settled.anyway)
    return model.Outcome(target.ref, model.Result.ALREADY if before else model.Result.DONE)


def _closed(target: model.Anomaly) -> str:
    return f"It is archived as {target.status}. Reopen it first."


def _where(target: model.Anomaly) -> str:
    return target.datastore.name if target.datastore else ""
