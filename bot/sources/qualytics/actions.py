"""One change to some anomalies, as one outcome each: which call serves which action, and what its failure means to people."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot import errors, model, ports
from bot.sources import base
from bot.sources.qualytics import bodies, client, dialect, reading, writes

Outcomes = dict[str, model.Outcome]
Targets = Sequence[model.Anomaly]

UPDATES = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ASSIGN, model.Action.TAG, model.Action.DESCRIBE})
SUPPORTS = UPDATES | {
    model.Action.ARCHIVE, model.Action.REOPEN, model.Action.COMMENT, model.Action.DELETE,
    model.Action.SCAN, model.Action.ABORT, model.Action.BROWSE,
}  # fmt: skip

OFF = {
    model.Action.REOPEN: (
        "This Qualytics deployment does not let the bot reopen an archived anomaly. Open it in Qualytics and restore it there."
    ),
    model.Action.COMMENT: ("This Qualytics deployment does not take comments from the bot. Open it in Qualytics and write it there."),
}
STILL = "Others came back, but it is still archived. Perhaps somebody archived it again meanwhile: look at it in Qualytics."
GONE = "It does not exist in Qualytics any more."
NO_SUCH_CALL = frozenset({400, 405, 409, 410, 422, 501})


class Actions:
    """Applies changes to one deployment."""

    def __init__(self, *, api: client.Client, dialect: dialect.Dialect, by_id: reading.ById, max_batch: int, clock: ports.Clock) -> None:
        self._api, self._dialect, self._by_id = api, dialect, by_id
        self._writes = writes.Writes(api=api, dialect=dialect, by_id=by_id, max_batch=max_batch, clock=clock)
        self._restores = False

    async def apply(self, change: model.Change, targets: Targets) -> Sequence[model.Outcome]:
        """One outcome per target, in order. Raises SourceError when nothing at all could be done."""
        if change.action in self._dialect.off():
            return [_refused(one, OFF.get(change.action, "This Qualytics deployment cannot do that.")) for one in targets]
        serve = self._table().get(change.action)
        if serve is None:
            return [_refused(one, f"Qualytics has no way to {change.action.value} an anomaly.") for one in targets]
        outcomes = await serve(change, list({one.ref.id: one for one in targets}.values()))
        return [outcomes[one.ref.id] for one in targets]

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
        closed = {one.ref.id: _refused(one, _closed(one)) for one in targets if one.state is model.State.ARCHIVED}
        rest = [one for one in targets if one.ref.id not in closed]
        settled = await self._writes.update(change, rest) if rest else writes.Settled({})
        return await self._noted(change, targets, closed | {one.ref.id: _outcome(change, one, settled) for one in rest})

    async def _archive(self, change: model.Change, targets: Targets) -> Outcomes:
        """Archiving carries nothing but its status: what else the change holds goes first."""
        before = {one.ref.id: model.Outcome(one.ref, model.Result.ALREADY) for one in targets if bodies.had(change, one)}
        rest = [one for one in targets if one.ref.id not in before]
        if any((change.add_tags, change.remove_tags, change.assignees is not None, change.description is not None)):
            first = await self._update(replace(change, action=model.Action.DESCRIBE, comment=""), rest)
            before |= {ident: outcome for ident, outcome in first.items() if outcome.result is model.Result.REFUSED}
            rest = [one for one in rest if one.ref.id not in before]
        noted = await self._noted(change, rest, {one.ref.id: model.Outcome(one.ref, model.Result.DONE) for one in rest})
        removed = await self._remove(change, rest)
        return before | {ident: replace(one, reason=one.reason or noted[ident].reason) for ident, one in removed.items()}

    async def _remove(self, change: model.Change, targets: Targets) -> Outcomes:
        settled = await self._writes.remove(change, targets) if targets else writes.Settled({})
        return {one.ref.id: _outcome(change, one, settled, alone=len(targets) == 1) for one in targets}

    # --- comments: never repeated, and not believed to exist (contracts 1.5) ------------------------------------------

    async def _noted(self, change: model.Change, targets: Targets, outcomes: Outcomes) -> Outcomes:
        """Leave the comment that another action carries; its failure does not undo the action."""
        done = [one for one in targets if change.comment and outcomes[one.ref.id].result is not model.Result.REFUSED]
        for one in done:
            try:
                said = await self._say(one, change.comment)
            except errors.SourceError as error:
                said = _failed(one, error)
            if said.result is model.Result.REFUSED:
                outcomes[one.ref.id] = replace(outcomes[one.ref.id], reason=f"The comment was not left: {said.reason}")
        return outcomes

    async def _comment(self, change: model.Change, targets: Targets) -> Outcomes:
        if len(targets) == 1:
            return {targets[0].ref.id: await self._say(targets[0], change.comment)}
        said = [await self._say_or_fail(targets[0], change.comment)]
        said += await base.together(self._say_or_fail(one, change.comment) for one in targets[1:])
        return {one.ref.id: outcome for one, outcome in zip(targets, said, strict=True)}

    async def _say_or_fail(self, target: model.Anomaly, text: str) -> model.Outcome:
        try:
            return await self._say(target, text)
        except errors.SourceUnavailable as error:
            why = f"{error} The comment may have been saved all the same: look before you send it again."
            return replace(_refused(target, why), unsure=True)
        except errors.SourceError as error:
            return _failed(target, error)

    async def _say(self, target: model.Anomaly, text: str) -> model.Outcome:
        """Raises what says nothing about this anomaly: no answer, a bad token."""
        if model.Action.COMMENT in self._dialect.off():
            return _refused(target, OFF[model.Action.COMMENT])
        try:
            body = {"message": text, "anomaly_id": bodies.number(target.ref.id)}
            await self._api.write("POST", "comments", body=body, ask=base.Ask("Author", _where(target)))
        except (errors.SourceMissing, errors.SourceRejected) as error:
            return await self._without(model.Action.COMMENT, target, error)
        except errors.SourceForbidden as error:
            return _failed(target, error)
        return model.Outcome(target.ref, model.Result.DONE)

    # --- reopening: no vendor text tells how (contracts 1.5) -----------------------------------------------------------

    async def _reopen(self, change: model.Change, targets: Targets) -> Outcomes:
        """Until one was seen to come back, the first one shows whether this deployment can do it at all; then the rest at once."""
        outcomes = {one.ref.id: model.Outcome(one.ref, model.Result.ALREADY) for one in targets if one.state is not model.State.ARCHIVED}
        closed = [one for one in targets if one.ref.id not in outcomes]
        scouts = 0 if self._restores else 1
        for few in filter(None, (closed[:scouts], closed[scouts:])):
            outcomes |= await self._restore(few, alone=len(targets) == 1)
        return await self._noted(change, targets, outcomes)

    async def _restore(self, targets: Targets, *, alone: bool) -> Outcomes:
        """Ask for each, then believe the reading of all of them, not the answers. Raises for the only one what says nothing about it."""
        refused = dict(await base.together(self._asked_back(one, alone=alone) for one in targets))
        asked = [one for one in targets if refused[one.ref.id] is None]
        outcomes = {ident: outcome for ident, outcome in refused.items() if outcome is not None}
        try:
            found = (await self._by_id.read([one.ref.id for one in asked], 0)).found
        except errors.SourceError as error:
            if alone:
                raise
            return outcomes | {one.ref.id: _failed(one, error) for one in asked}
        if any(one.state is not model.State.ARCHIVED for one in found.values()):
            self._restores, still = True, STILL
        else:
            still = OFF[model.Action.REOPEN]
            if found:
                await self._cannot(model.Action.REOPEN)
        return outcomes | {one.ref.id: _back(one, found.get(one.ref.id), still) for one in asked}

    async def _asked_back(self, target: model.Anomaly, *, alone: bool) -> tuple[str, model.Outcome | None]:
        """None: asked, and not refused."""
        if model.Action.REOPEN in self._dialect.off():
            return target.ref.id, _refused(target, OFF[model.Action.REOPEN])
        try:
            await self._writes.put(target.ref.id, {"status": bodies.OPEN_WORDS[model.Action.REOPEN]}, _where(target))
        except (errors.SourceMissing, errors.SourceRejected) as error:
            return target.ref.id, await self._without(model.Action.REOPEN, target, error)
        except errors.SourceError as error:
            if alone and not isinstance(error, errors.SourceForbidden):
                raise
            return target.ref.id, _failed(target, error)
        return target.ref.id, None

    async def _without(self, action: model.Action, target: model.Anomaly, error: errors.SourceError) -> model.Outcome:
        """A refusal: is it this anomaly, is it what was said, or is it the deployment that cannot do it?"""
        fields = error.fields if isinstance(error, errors.SourceRejected) else ()
        if any("message" in field for field in fields) or (isinstance(error, errors.SourceRejected) and error.status not in NO_SUCH_CALL):
            return _failed(target, error)
        if await self._by_id.one(target.ref.id) is None:
            return _refused(target, GONE)
        await self._cannot(action)
        return _refused(target, OFF[action])

    async def _cannot(self, action: model.Action) -> None:
        """Switch it off, once."""
        self._restores = self._restores and action is not model.Action.REOPEN
        if action not in self._dialect.off():
            await self._dialect.switch_off(action)


def _outcome(change: model.Change, target: model.Anomaly, settled: writes.Settled, *, alone: bool = False) -> model.Outcome:
    failure = settled.fates[target.ref.id]
    if failure is not None:
        return _failed(target, failure)
    before = bodies.had(change, target) or (alone and target.ref.id in settled.anyway)
    return model.Outcome(target.ref, model.Result.ALREADY if before else model.Result.DONE)


def _failed(target: model.Anomaly, error: errors.SourceError) -> model.Outcome:
    if isinstance(error, errors.SourceForbidden):
        return model.Outcome(target.ref, model.Result.REFUSED, str(error), right=error.right, place=error.place)
    unsure = isinstance(error, (errors.SourceUnavailable, errors.SourceGarbled))
    return replace(_refused(target, GONE if isinstance(error, errors.SourceMissing) else str(error)), unsure=unsure)


def _refused(target: model.Anomaly, reason: str) -> model.Outcome:
    return model.Outcome(target.ref, model.Result.REFUSED, reason)


def _back(target: model.Anomaly, now: model.Anomaly | None, still: str) -> model.Outcome:
    """What became of one that was asked to come back."""
    if now is None:
        return _refused(target, GONE)
    return _refused(target, still) if now.state is model.State.ARCHIVED else model.Outcome(target.ref, model.Result.DONE)


def _closed(target: model.Anomaly) -> str:
    return f"It is archived as {target.status}. Reopen it first."


def _where(target: model.Anomaly) -> str:
    return target.datastore.name if target.datastore else ""
