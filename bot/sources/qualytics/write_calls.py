"""Updates, archiving and deleting, single and in bulk (contracts 1.5, traps 3 to 5).

One anomaly goes through PUT or DELETE, several through PATCH or DELETE with a list, never across datastores. What is refused is halved
until the bad ids are alone. A lost answer is looked up before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import errors, model, ports
from bot.core import bisection
from bot.sources import base, judging
from bot.sources.qualytics import by_id, client, dialect, missing_rights, payloads

Failure = errors.SourceError
Reply = bisection.StepReply[str, Failure]


@dataclass(frozen=True, slots=True)
class Settled:
    """The fate of each id (None: done), and the ids that turned out to be done although the call was refused."""

    fates: Mapping[str, Failure | None]
    anyway: frozenset[str] = frozenset()


LATER = (errors.SourceAuthFailed, errors.SourceUnavailable, errors.SourceRateLimited, errors.SourceGarbled)
"""Failures that say nothing about the anomaly: when there is nothing else, the whole call failed."""
CLEAR = (errors.SourceForbidden, errors.SourceAuthFailed)
"""Refusals that leave no doubt whether it was done."""
NO_BODY = frozenset({400, 405, 411, 501})
"""What a proxy or a server answers that does not take a body with DELETE."""
TOO_LARGE = 413
LONGEST_WAIT = 30.0
"""Seconds that a bulk call waits when Qualytics asks for it."""
PATIENCE = 3


class Writes:
    """Changes anomalies of one deployment."""

    def __init__(self, *, api: client.Client, dialect: dialect.Dialect, by_id: by_id.ById, max_batch: int, clock: ports.Clock) -> None:
        self._api, self._dialect, self._by_id, self._max_batch = api, dialect, by_id, max_batch
        self.scouts = missing_rights.Scouts(clock)
        self._forms_tried: datetime | None = None

    async def update(self, change: model.Change, targets: Sequence[model.Anomaly], *, alone: bool = False) -> Settled:
        """PUT or PATCH; with `alone` each one by PUT. Every target is open, but for a change that brings it back."""
        return await self._settle(_Job(self, change, targets, removes=False), 1 if alone else self._max_batch)

    async def remove(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Settled:
        """Archive or delete."""
        return await self._settle(_Job(self, change, targets, removes=True), self._max_batch if self._dialect.traits.bulk_delete else 1)

    async def _settle(self, job: _Job, size: int) -> Settled:
        """All chunks of all datastores at once; the number of calls is bounded by the wire. Raises when nothing at all could be done."""
        places = bisection.grouped(job.targets.values(), lambda one: one.datastore.id if one.datastore else "")
        chunks = [chunk for group in places.values() for chunk in bisection.chunks([one.ref.id for one in group], size)]
        fates: dict[str, Failure | None] = {}
        for part in await base.together(job.run(chunk) for chunk in chunks):
            fates |= part
        failures = [fate for fate in fates.values() if fate is not None]
        if failures and len(failures) == len(fates) and all(isinstance(one, LATER) for one in failures):
            raise failures[0]
        return await self._corrected(job, fates)

    async def _corrected(self, job: _Job, fates: dict[str, Failure | None]) -> Settled:
        """A removal that was refused may have been done before: by a part of an earlier call, or by somebody else. Look."""
        doubtful = [ident for ident, fate in fates.items() if fate is not None and not isinstance(fate, CLEAR)]
        if not job.removes or not doubtful:
            return Settled(fates)
        try:
            now = await self._by_id.read(doubtful, 0)
        except errors.SourceError:
            return Settled(fates)
        done = frozenset(one for one in doubtful if payloads.achieved(job.change, job.targets[one], now.found.get(one)))
        return Settled({**fates, **dict.fromkeys(done)}, done)

    async def put(self, ident: str, body: payloads.Body, place: str) -> None:
        """Update one."""
        await self._api.write("PUT", self._api.at("anomalies", ident), body=dict(body), ask=judging.Ask("Editor", place))

    async def patch(self, items: Mapping[str, payloads.Body], place: str) -> None:
        """Update many: the client's list first; when the refusal points at the body as a whole, the page's object form once, remembered."""
        form = self._dialect.traits.patch
        try:
            await self._patch_as(form, items, place)
        except errors.SourceRejected as error:
            if not _points_at_body(error) or self._dialect.lately(self._forms_tried):
                raise
            self._forms_tried = self._dialect.now()
            other = "object" if form == "list" else "list"
            try:
                await self._patch_as(other, items, place)
            except (errors.SourceRejected, errors.SourceMissing):
                raise error from None
            await self._dialect.learn(patch=other)

    async def _patch_as(self, form: str, items: Mapping[str, payloads.Body], place: str) -> None:
        ask = judging.Ask("Editor", place)
        if form == "list":
            body: Any = [{"id": payloads.number(ident), **item} for ident, item in items.items()]
            await self._api.write("PATCH", "anomalies", body=body, ask=ask)
            return
        alike = bisection.grouped(items.items(), lambda item: repr(sorted(item[1].items())))
        for group in alike.values():
            body = {"ids": [payloads.number(ident) for ident, _ in group], **group[0][1]}
            await self._api.write("PATCH", "anomalies", body=body, ask=ask)

    async def delete_one(self, change: model.Change, ident: str, place: str) -> None:
        """Archive or delete one."""
        params = payloads.removal_query(change)
        await self._api.write("DELETE", self._api.at("anomalies", ident), params=params, ask=judging.Ask("Author", place))

    async def delete_many(self, change: model.Change, ids: Sequence[str], place: str) -> Reply:
        """Archive or delete many; one by one where a body with DELETE gets lost or is not wanted, remembered once a single call worked."""
        body = [{"id": payloads.number(ident), **payloads.removal(change)} for ident in ids]
        try:
            await self._api.write("DELETE", "anomalies", body=body, ask=judging.Ask("Author", place))
        except errors.SourceRejected as error:
            lost = _points_at_body(error) or "query.ids" in error.fields or (error.status in NO_BODY and not error.fields)
            if not lost:
                raise
            fates = dict(await base.together(self._fate(change, ident, place) for ident in ids))
            if None in fates.values():
                await self._dialect.learn(bulk_delete=False)
            return bisection.StepReply(bisection.StepOutcome.SETTLED, fates=fates)
        return bisection.StepReply(bisection.StepOutcome.ACCEPTED)

    async def _fate(self, change: model.Change, ident: str, place: str) -> tuple[str, Failure | None]:
        try:
            await self.delete_one(change, ident, place)
        except errors.SourceError as error:
            return ident, error
        return ident, None

    async def undone(self, job: _Job, ids: Sequence[str], lost: Failure | None) -> Reply:
        """Which of these are not done. Where that cannot be read, all that is known is that the answer was `lost`."""
        try:
            now = await self._by_id.read(ids, 0)
        except errors.SourceError as error:
            return bisection.StepReply(bisection.StepOutcome.STOP, lost or error)
        left = tuple(one for one in ids if not payloads.achieved(job.change, job.targets[one], now.found.get(one)))
        return bisection.StepReply(bisection.StepOutcome.ACCEPTED, left=left)


class _Job:
    """One change to some targets: drives the halving of each chunk."""

    def __init__(self, writes: Writes, change: model.Change, targets: Sequence[model.Anomaly], *, removes: bool) -> None:
        self.change, self.removes = change, removes
        self.targets = {one.ref.id: one for one in targets}
        self._writes = writes
        self._lost: dict[tuple[str, ...], Failure] = {}

    async def run(self, chunk: tuple[str, ...]) -> Mapping[str, Failure | None]:
        """Settle one chunk: the fate of each id. Of a chunk that is refused in a datastore where another one could not change anything
        for want of a right, but two ids are tried."""
        key, scout = (self._place(chunk), self.removes), missing_rights.Scout()
        fates: Mapping[str, Failure | None] = {}

        async def answer(step: bisection.Step[str]) -> Reply:
            reply = await self._answer(step)
            whole = len(step.items) == len(chunk) > 1 and not step.look
            if not whole or not isinstance(reply.why, errors.SourceForbidden):
                return reply
            return await self._sampled(chunk) if await self._writes.scouts.found_bare(key, scout) else reply

        try:
            fates = await self._drive(chunk, answer)
        finally:
            self._writes.scouts.returned(key, scout, fates.values())
        return fates

    async def _drive(
        self, chunk: tuple[str, ...], answer: Callable[[bisection.Step[str]], Awaitable[Reply]]
    ) -> bisection.Fates[str, Failure]:
        halving: bisection.Halving[str, Failure] = bisection.Halving(chunk, PATIENCE)
        machine = halving.run()
        try:
            step = next(machine)
            while True:
                step = machine.send(await answer(step))
        except StopIteration:
            return halving.fates

    async def _sampled(self, chunk: tuple[str, ...]) -> Reply:
        """The first and the last of a refused chunk alone: when both are refused for the missing right, so is the rest; else the rest goes
        its usual way."""
        fates: dict[str, Failure | None] = {}
        for ident in dict.fromkeys((chunk[0], chunk[-1])):
            fates |= await self._drive((ident,), self._answer)
        rest = tuple(one for one in chunk if one not in fates)
        if missing_rights.same_right_missing(fates.values()):
            return bisection.StepReply(bisection.StepOutcome.SETTLED, fates={**fates, **dict.fromkeys(rest, fates[chunk[-1]])})
        return bisection.StepReply(bisection.StepOutcome.SETTLED, fates={**fates, **await self._drive(rest, self._answer)})

    def _place(self, chunk: Sequence[str]) -> str:
        place = self.targets[chunk[0]].datastore
        return place.id if place else ""

    async def _answer(self, step: bisection.Step[str]) -> Reply:
        if step.look:
            return await self._writes.undone(self, step.items, self._lost.get(step.items))
        for last in (False, False, True):
            try:
                return await self._send(step.items)
            except errors.SourceRateLimited as error:
                if last or error.retry_after > LONGEST_WAIT or len(self.targets) == 1:
                    return bisection.StepReply(bisection.StepOutcome.STOP, error)
                await base.pause(error.retry_after)
                if self.removes:
                    return self._failed(step.items, error, bisection.StepOutcome.UNSURE)
            except errors.SourceError as error:
                if len(step.items) == 1 and not self.removes and _dropped(error):
                    return await self._once_more(step.items, error)
                return self._failed(step.items, error, self._verdict(error))
        raise AssertionError("the last try returns")

    async def _once_more(self, items: tuple[str, ...], error: Failure) -> Reply:
        """The connection broke under the update of one: look, and send it once more where nothing happened. What archives, deletes or
        leaves a remark is not: it may still be on its way."""
        looked = await self._writes.undone(self, items, error)
        if not looked.left:
            return looked
        try:
            return await self._send(items)
        except errors.SourceError as again:
            return self._failed(items, again, self._verdict(again))

    def _failed(self, items: tuple[str, ...], error: Failure, verdict: bisection.StepOutcome) -> Reply:
        if _names_all(error, len(items)):
            return bisection.StepReply(bisection.StepOutcome.SETTLED, fates=dict.fromkeys(items, error))
        self._lost[items] = error
        return bisection.StepReply(verdict, error)

    def _verdict(self, error: Failure) -> bisection.StepOutcome:
        """An answer that cannot be read, or a connection that broke: look. No answer in time: when there is only one, whoever asked can
        look as well, and has waited long enough."""
        if isinstance(error, errors.SourceAuthFailed):
            return bisection.StepOutcome.STOP
        if isinstance(error, errors.SourceGarbled) or _dropped(error):
            return bisection.StepOutcome.UNSURE
        if isinstance(error, errors.SourceUnavailable):
            return bisection.StepOutcome.STOP if len(self.targets) == 1 else bisection.StepOutcome.UNSURE
        too_large = isinstance(error, errors.SourceRejected) and error.status == TOO_LARGE
        return bisection.StepOutcome.UNSURE if too_large and len(self.targets) > 1 else bisection.StepOutcome.REFUSED

    async def _send(self, ids: Sequence[str]) -> Reply:
        place = self.targets[ids[0]].datastore
        where = place.name if place else ""
        if self.removes and len(ids) > 1:
            return await self._writes.delete_many(self.change, ids, where)
        if self.removes:
            await self._writes.delete_one(self.change, ids[0], where)
        elif len(ids) > 1:
            await self._writes.patch({ident: payloads.update(self.change, self.targets[ident]) for ident in ids}, where)
        else:
            await self._writes.put(ids[0], payloads.update(self.change, self.targets[ids[0]]), where)
        return bisection.StepReply(bisection.StepOutcome.ACCEPTED)


def _dropped(error: Failure) -> bool:
    return isinstance(error, errors.SourceUnavailable) and error.dropped


def _points_at_body(error: errors.SourceRejected) -> bool:
    """The refusal is about the body's shape, not about one of its items ("body.3.status")."""
    return error.status == 422 and any(field in ("body", "body.ids") for field in error.fields)


def _names_all(error: errors.SourceError, count: int) -> bool:
    """The refusal names every item of a list ("body.0.status", "body.1.status", ...): halving would find nothing new."""
    fields = error.fields if isinstance(error, errors.SourceRejected) else ()
    named = {parts[1] for parts in (field.split(".") for field in fields) if len(parts) > 2 and parts[0] == "body"}
    return count > 1 and named >= {str(index) for index in range(count)}
