"""Scans and their relatives as people ask for them: propose, confirm, fix, abort, show; `follow` does the rest.

Nothing is held in memory that a restart would lose: an operation is a row from its preview on, and what starts it is marked before it is
sent.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import connected, lookup, permissions, scan_rules
from bot.render.kit import ids
from bot.services import abreast, leasing
from bot.services.scans import showing

PREVIEW_FOR = timedelta(hours=1)
"""A preview older than this is not confirmed any more: what it shows has changed since."""

REPEATED_FOR = timedelta(minutes=1)
"""Clicks on one button within this time mean the same preview."""

RECENT = 5
"""So many operations that ended are told beside those that run."""


_RUNS = (model.OperationState.STARTING, model.OperationState.RUNNING)


@dataclass(frozen=True, slots=True)
class ScanOrder:
    """What somebody wants to run: `kinds` one after the other, each only when the one before went well; datastores, tables and tags are
    names or ids as typed."""

    kinds: tuple[str, ...]
    datastores: tuple[str, ...]
    tables: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    options: Mapping[str, object] | None = None
    verifies: model.Ref | None = None


@dataclass(slots=True, kw_only=True)
class Scans:
    """Asks, confirms and shows. Whatever may close anomalies by itself is previewed first; the rest starts at once."""

    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    store: ports.Operations
    leases: ports.Leases
    shown: showing.Shown
    clock: ports.Clock
    grants: permissions.Grants

    @property
    def usual(self) -> str:
        """The system that is meant where nobody names one: the first that has operations; without any the first of all, which says so."""
        return next(iter(self.scanners), next(iter(self.sources), ""))

    def offered(self, name: str = "", action: model.Action = model.Action.SCAN) -> None:
        """Raise NotSupported where the system of this name has no operations, or where, without a name, none has: there is nothing to ask
        for, nothing to look at, and no sense in saying how it would be typed. Raises NotFound for a system that is not connected."""
        if name:
            connected.part(self.scanners, name, connected.named(self.sources, name), action)
        elif not self.scanners:
            raise connected.unable(list(self.sources.values()), action)

    def _unknown(self, message: str) -> errors.UserError:
        """What is said of an operation that is not known: asking again helps only where there are operations."""
        return errors.NotFound(message) if self.scanners else connected.unable(list(self.sources.values()), model.Action.SCAN)

    def may(self, name: str, actor: model.Actor) -> None:
        """Raise NotAllowed or NotSupported before a form is shown for nothing."""
        self._system(name, model.Action.SCAN, actor)

    # --- asking ------------------------------------------------------------------------------------------------------------

    async def propose(self, name: str, order: ScanOrder, actor: model.Actor, channel: str, once: str = "") -> model.Proposal:
        """Resolve the names, keep what could be started as previews, and say what is wrong with the rest. `once` names the button behind
        it: clicked twice, it is one plan. Raises UserError."""
        source, scanner = self._system(name, model.Action.SCAN, actor)
        plan = await self._plan(once, actor) if once else uuid.uuid4().hex[:12]
        places, missing = scan_rules.places(order.datastores, await scanner.datastores())
        tags = await scanner.tags() if order.tags else ()
        resolved = await abreast.to_their_ends(self._resolved(scanner, place, order, tags) for place in places)
        operations = [
            self._draft(name, request, place, order, plan, actor, channel)
            for place, (request, _) in zip(places, resolved, strict=True)
            if request
        ]
        await self.store.add(operations)
        closing = [one for one in operations if scan_rules.closes_later(one)]
        counts = await abreast.to_their_ends(self._closable(source, scanner, one) for one in closing)
        closes = {one.id: count for one, count in zip(closing, counts, strict=True)}
        return model.Proposal(operations, closes, [*missing, *(problem for _, wrong in resolved for problem in wrong)])

    async def _plan(self, once: str, actor: model.Actor) -> str:
        """The plan of a button: that of a moment ago when it was not confirmed yet, a new one when nothing of the one before runs. Raises
        Stale."""
        for turn in itertools.count():
            plan = _name(once, turn)
            before = await self.store.plan(plan)
            if any(one.state in _RUNS for one in before):
                raise errors.Stale("This was started already. Its message in the channel tells how it goes.")
            if not before or all(self._repeats(one, actor) for one in before):
                return plan
        raise AssertionError("numbers do not end")

    def _repeats(self, one: model.Operation, actor: model.Actor) -> bool:
        young = self.clock.now() - one.created < REPEATED_FOR
        return young and one.actor == actor.id and one.state is model.OperationState.PREVIEW

    async def _resolved(
        self, scanner: ports.Scanner, place: model.Place, order: ScanOrder, known: Sequence[str]
    ) -> tuple[model.ScanRequest | None, Sequence[model.Problem]]:
        """The request for one datastore with names put right, and what is wrong; no request when nothing sensible is left."""
        request = model.ScanRequest(order.kinds[0], place.id, options=dict(order.options or {}))
        if order.kinds == ("sync",):
            return request, ()
        there = await scanner.tables(place.id)
        if not there and order.kinds[0] != "sync":
            return None, [model.Problem(model.Cause.NO_TABLES, place)]
        if order.tables:
            tables, problems = _tables(order.tables, place, there)
            return (replace(request, tables=tables) if tables else None), problems
        if order.tags:
            tags, problems = await self._tags(scanner, place, order.tags, known)
            nowhere = all(problem.cause is model.Cause.TAG_NOWHERE for problem in problems)
            return (replace(request, tags=tags) if tags or nowhere else None), problems  # all tables instead, for a person to decide
        return request, ()

    async def _tags(
        self, scanner: ports.Scanner, place: model.Place, typed: Sequence[str], known: Sequence[str]
    ) -> tuple[tuple[str, ...], Sequence[model.Problem]]:
        found: list[str] = []
        problems: list[model.Problem] = []
        for tag in typed:
            name, near = lookup.pick_name(tag, known)
            if not name:
                problems.append(model.Problem(model.Cause.TAG_MISSING, place, (tag,), near))
            elif not await scanner.tables(place.id, tags=[name]):
                problems.append(model.Problem(model.Cause.TAG_NOWHERE, place, (name,)))
            else:
                found.append(name)
        return tuple(dict.fromkeys(found)), problems

    def _draft(
        self,
        source: str,
        request: model.ScanRequest,
        place: model.Place,
        order: ScanOrder,
        plan: str,
        actor: model.Actor,
        channel: str,
    ) -> model.Operation:
        return model.Operation(
            _name(plan, place.id),
            source,
            request,
            place,
            channel,
            model.OperationState.PREVIEW,
            self.clock.now(),
            plan=plan,
            actor=actor.id,
            actor_name=actor.name,
            then=order.kinds[1:],
            steps=len(order.kinds),
            verifies=order.verifies,
        )

    async def _closable(self, source: ports.Source, scanner: ports.Scanner, operation: model.Operation) -> int:
        """How many open anomalies a full scan may resolve: those on its tables."""
        where, tables = (operation.place.id,), operation.request.tables
        if operation.request.tags:
            tables = tuple(table.name for table in await scanner.tables(operation.place.id, tags=operation.request.tags))
            if not tables:
                return 0
        some = [tables[at : at + scan_rules.MOST_TABLES] for at in range(0, len(tables), scan_rules.MOST_TABLES)] or [()]
        open_ones = model.Query(datastores=where, statuses=("open", "acknowledged"))
        return sum(await abreast.to_their_ends(source.count(replace(open_ones, tables=part)) for part in some))

    # --- deciding ------------------------------------------------------------------------------------------------------------

    def asks_first(self, proposal: model.Proposal) -> bool:
        """Whether a person has to confirm: something may be closed by itself, or something is not as it was typed."""
        return bool(proposal.problems) or any(scan_rules.closes_later(one) for one in proposal.operations)

    async def confirm(self, plan: str, actor: model.Actor) -> Sequence[model.Operation]:
        """Start a preview, once, by the one who asked for it. Raises UserError."""
        operations = await self._mine(plan, actor)
        self._system(operations[0].source, model.Action.SCAN, actor)
        now = self.clock.now()
        if operations[0].state is model.OperationState.PREVIEW and now - operations[0].created > PREVIEW_FOR:
            raise errors.Stale("This preview is more than an hour old, and things have moved on. Ask again to see how it stands now.")
        if not await self.store.confirm(plan, now):
            raise errors.Stale("This was started or cancelled already. Its message in the channel tells how it goes.")
        started = await self.store.plan(plan)
        for operation in started:
            await self.shown.publish(operation)
        return started

    async def cancel(self, plan: str, actor: model.Actor) -> None:
        """Forget a preview. Raises UserError."""
        await self._mine(plan, actor)
        if not await self.store.cancel(plan, self.clock.now()):
            raise errors.Stale("This was started or cancelled already, so there is nothing to cancel.")

    async def previewed(self, plan: str, actor: model.Actor) -> Sequence[model.Operation]:
        """The operations of a preview of one's own. Raises UserError."""
        return await self._mine(plan, actor)

    async def _mine(self, plan: str, actor: model.Actor) -> Sequence[model.Operation]:
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        operations = await self.store.plan(plan)
        if not operations:
            raise self._unknown("This preview is not known any more. Ask again with /scan.")
        if operations[0].actor != actor.id:
            raise errors.NotAllowed("Only the person who asked for this can start or cancel it.")
        return operations

    # --- afterwards ----------------------------------------------------------------------------------------------------------

    async def abort(self, ident: str, actor: model.Actor, source: str = "") -> model.Operation:
        """Ask an operation to stop: by our id, or by the system's with `source`. It may have ended already. Raises UserError."""
        permissions.decide(model.Action.ABORT, actor, self.grants)
        operation = await (self.store.by_scan(source, ident) if source else self.store.get(ident))
        if operation is None:
            self.offered(source, model.Action.ABORT)
            raise errors.NotFound(f"No operation {ident} is followed here. /scan status lists those that run.")
        system, scanner = self._system(operation.source, model.Action.ABORT, actor)
        if operation.state is model.OperationState.DONE:
            raise errors.Stale("This has ended already; its message tells how.")
        if operation.scan is None:
            raise errors.Stale(f"{system.title} has not taken it yet, so there is nothing to stop. Try again in a few seconds.")
        await self.store.stop(operation.id, actor.name, self.clock.now())
        try:
            await scanner.abort(operation.scan.id)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            error.unsure = True  # nobody knows whether it was heard
            raise
        except errors.SourceError:
            await self.store.stop(operation.id, operation.aborted_by, self.clock.now())
            raise
        return operation

    async def fix(self, what: str, ident: str, actor: model.Actor, channel: str) -> tuple[model.Operation, model.Proposal]:
        """One click on an operation that did not help: that operation, and a proposal of what may. Raises UserError."""
        permissions.decide(model.Action.SCAN, actor, self.grants)
        operation = await self.store.get(ident)
        if operation is None:
            raise self._unknown("This operation is not known any more. Ask again with /scan.")
        order = _FIXES[what](operation) if what in _FIXES else None
        if order is None:
            raise errors.Stale("There is nothing left to do about this operation. Ask again with /scan.")
        return operation, await self.propose(operation.source, order, actor, channel, f"{what}|{ident}")

    async def verify(self, ref: model.Ref, actor: model.Actor, channel: str) -> model.Proposal:
        """Propose a full scan of just the anomaly's table; its verdict says whether the anomaly passes. Raises UserError."""
        source, _ = self._system(ref.source, model.Action.SCAN, actor)
        anomaly = (await source.get([ref.id])).get(ref.id)
        if anomaly is None:
            raise errors.NotFound(f"{source.title} does not know anomaly {ref.id} any more.")
        if anomaly.state is model.State.ARCHIVED:
            raise errors.Stale(f"Anomaly {ref.id} is archived already, so there is nothing to verify.")
        if anomaly.datastore is None or anomaly.container is None:
            raise errors.NotSupported(f"{source.title} does not say which table anomaly {ref.id} is on. Start the scan with /scan.")
        options = scan_rules.options(incremental=False, auto_resolve=True)
        order = ScanOrder((scan_rules.SCAN,), (anomaly.datastore.id,), (anomaly.container.name,), options=options, verifies=ref)
        return await self.propose(ref.source, order, actor, channel)

    async def follow_on(self, ident: str, actor: model.Actor) -> model.Operation:
        """Follow an operation again that the desk gave up. Raises UserError."""
        permissions.decide(model.Action.SCAN, actor, self.grants)
        now = self.clock.now()
        async with leasing.trying(self.leases, self.clock, "operations", ident) as lease:
            operation = await self.store.get(ident)
            if operation is None:
                raise self._unknown("This operation is not known any more. /scan status lists those that run.")
            self._system(operation.source, model.Action.SCAN, actor)
            problem = operation.verdict.problem if operation.verdict else None
            running = _followed(operation, now)
            gave_up = problem is not None and problem.cause is model.Cause.GAVE_UP
            if lease is None or not gave_up or not await self.store.save(lease, running):
                raise errors.Stale("This is being followed already, or it has ended; its message tells how it stands.")
        await self.shown.progress(running)
        return running

    async def status(self, actor: model.Actor) -> tuple[Sequence[model.Operation], Sequence[model.Operation]]:
        """What runs, and what ended last; of a system that was switched off, too. Raises NotSupported where there is nothing and never will
        be."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        running, recent = await self.store.running(), await self.store.recent(RECENT)
        if not running and not recent:
            self.offered()
        return running, recent

    async def one(self, source: str, scan: str, actor: model.Actor) -> model.Operation:
        """The operation that a system calls `scan`. Raises NotFound."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        operation = await self.store.by_scan(source, scan)
        if operation is None:
            self.offered(source)
            raise errors.NotFound(f"No operation {scan} is followed here. /scan status lists those that run.")
        return operation

    # --- the form --------------------------------------------------------------------------------------------------------------

    async def datastores(self, source: str, actor: model.Actor) -> Sequence[model.Place]:
        """What the form's first menu offers."""
        _, scanner = self._system(source, model.Action.SCAN, actor)
        return await scanner.datastores()

    async def any_datastore(self) -> str:
        """A datastore to name in an example, "" where nobody tells of one."""
        with contextlib.suppress(errors.SourceError):
            places = await self.scanners[self.usual].datastores() if self.scanners else ()
            return next((place.name for place in places if place.name.strip()), "")
        return ""

    async def tables(self, source: str, datastores: Sequence[str], actor: model.Actor) -> Sequence[str]:
        """The names of the tables of these datastores (by id), for the form's second menu."""
        _, scanner = self._system(source, model.Action.SCAN, actor)
        return sorted({table.name for datastore in datastores for table in await scanner.tables(datastore)})

    async def tags(self, source: str, actor: model.Actor) -> Sequence[str]:
        """The names of all tags, for the form's third menu."""
        _, scanner = self._system(source, model.Action.SCAN, actor)
        return await scanner.tags()

    def _system(self, name: str, action: model.Action, actor: model.Actor) -> tuple[ports.Source, ports.Scanner]:
        permissions.decide(action, actor, self.grants)
        source = connected.named(self.sources, name)
        return source, connected.part(self.scanners, name, source, action)


def _name(*parts: object) -> str:
    """A short id that is the same for the same parts."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:12]


def _followed(operation: model.Operation, now: datetime) -> model.Operation:
    """An operation as it is when it is looked at again; one that its system never took has yet to be looked for, or started."""
    state = model.OperationState.RUNNING if operation.scan else model.OperationState.STARTING
    return replace(operation, state=state, confirmed=now, look=now, misses=0, ended=None, verdict=None)


def _tables(typed: Sequence[str], place: model.Place, there: Sequence[model.Place]) -> tuple[tuple[str, ...], Sequence[model.Problem]]:
    """The names of these tables, the nearest one in place of a name that does not exist, and what was wrong."""
    found: list[str] = []
    problems: list[model.Problem] = []
    for name in typed:
        picked = lookup.pick(name, there)
        if picked.place is not None:
            found.append(picked.place.name)
        elif picked.same:
            problems.append(model.Problem(model.Cause.TABLE_AMBIGUOUS, place, (name,), tuple(one.name for one in picked.same)))
        else:
            problems.append(model.Problem(model.Cause.TABLE_MISSING, place, (name,), picked.near))
            found += picked.near[:1]
    return tuple(dict.fromkeys(found)), problems


def _same(operation: model.Operation, kinds: tuple[str, ...]) -> ScanOrder:
    """The same order for other kinds; only a scan verifies anything."""
    request = operation.request
    verifies = operation.verifies if scan_rules.SCAN in kinds else None
    return ScanOrder(kinds, (request.datastore,), request.tables, request.tags, request.options, verifies)


def _again(operation: model.Operation) -> ScanOrder:
    """A chain goes on from where it stopped."""
    return _same(operation, (operation.request.kind, *operation.then))


def _rest(operation: model.Operation) -> ScanOrder | None:
    stopped = operation.verdict.stopped if operation.verdict else ()
    return _same(operation, stopped) if stopped else None


_FIXES: Mapping[str, Callable[[model.Operation], ScanOrder | None]] = {
    ids.FIX_AGAIN: _again,
    ids.FIX_REST: _rest,
    ids.FIX_SYNC: lambda operation: ScanOrder(("sync",), (operation.request.datastore,)),
    ids.FIX_PROFILE: lambda operation: _same(operation, ("profile",)),
    ids.FIX_ALL_TABLES: lambda operation: replace(_again(operation), tables=(), tags=()),
}
"""What a click on a fix asks for."""
