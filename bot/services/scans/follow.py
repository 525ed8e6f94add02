"""Operations at work: start what was confirmed, look at what runs, decide the verdict once, notice what was started elsewhere."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import permissions, scan_rules, transitions
from bot.services import abreast, cards, leasing, people
from bot.services.scans import ask

log = logging.getLogger(__name__)

SETTLE = timedelta(seconds=10)
"""How long a system gets to show an operation whose start was not answered before it is started again."""

NEWEST = 20
"""So many operations are looked through for those that somebody started elsewhere."""

OVERLAP = timedelta(minutes=5)
"""What ended longer ago than this before the desk could notice it is no news any more."""

MARK_EVERY = timedelta(minutes=1)
"""How often it is written down that the desk looked; OVERLAP is longer, so nothing falls between."""

PATIENCE = 3
"""After so many looks in vain at what a verdict would also like to know, it is given without."""

LONG_PATIENCE = 20
"""The same for what a verdict is asked for, and for giving up: a minute at least, ten at most, so that an outage is not the last word."""

MOMENT = timedelta(seconds=1)
"""Longer than it takes to store a verdict."""

TURN = 0.9
"""The part of an interval in which nobody else looks; the rest is for clocks that do not tick alike."""


@dataclass(slots=True, kw_only=True)
class Follow:
    """Follows operations until they have ended or `give_up` has passed. Several processes may: each operation is leased."""

    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    store: ports.Operations
    anomalies: ports.Anomalies
    leases: ports.Leases
    health: ports.HealthRecords
    scans: ask.Scans
    cards: cards.Cards
    clock: ports.Clock
    telemetry: ports.Telemetry
    give_up: timedelta
    people: people.People
    every: timedelta = timedelta(0)
    """How often others' operations are looked for, by whichever process comes first."""
    _failing: set[str] = field(default_factory=set)

    async def work(self) -> None:
        """Take every operation that is due one step further."""
        due = await self.store.due(self.clock.now())
        await abreast.to_their_ends(self._step(ident) for ident in due)

    async def _step(self, ident: str) -> None:
        async with leasing.trying(self.leases, self.clock, "operations", ident) as lease:
            operation = await self.store.get(ident) if lease is not None else None
            if lease is None or operation is None or operation.look is None or operation.look > self.clock.now():
                return
            if operation.source not in self.scanners:
                return  # the system is not configured any more; should it come back, this goes on
            if operation.state is model.OperationState.STARTING:
                await self._start(lease, operation)
            elif operation.state is model.OperationState.RUNNING:
                await self._look(lease, operation)

    # --- starting ------------------------------------------------------------------------------------------------------------

    async def _start(self, lease: model.Lease, operation: model.Operation) -> None:
        """Row before call: a start whose answer was lost is looked for before it is asked for again."""
        scanner = self.scanners[operation.source]
        if operation.asked is not None:
            await self._find(lease, operation, scanner)
            return
        if not await self._may(lease, operation):
            return
        operation = replace(operation, asked=self.clock.now())
        if not await self.store.save(lease, operation):
            return
        try:
            scan = await scanner.start(scan_rules.to_send(operation.request))
        except errors.SourceRateLimited as error:  # said no before it did anything
            await self._later(lease, replace(operation, asked=None), timedelta(seconds=error.retry_after))
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            log.info("the start of operation %s was not answered: %s", operation.id, error)
            # It may have waited for half a minute: what the system gets to show it begins now.
            await self._later(lease, replace(operation, asked=self.clock.now()), scan_rules.SOONEST)
        except errors.SourceError as error:
            await self._refused(lease, operation, error)
        else:
            await self._started(lease, operation, scan)

    async def _may(self, lease: model.Lease, operation: model.Operation) -> bool:
        """Whether the one who asked for it may still start it; asked later while Slack does not say who that is, ended when not."""
        try:
            actor = await self.people.actor(operation.actor)
            permissions.decide(model.Action.SCAN, actor, self.scans.grants)
        except errors.DeliveryError as error:
            log.info("operation %s waits: Slack does not say who asked for it: %s", operation.id, error)
            await self.store.save(lease, replace(operation, look=self.clock.now() + SETTLE))
            return False
        except errors.NotAllowed as error:
            why = f"{operation.actor_name} may not do this any more. {error}"
            problem = model.Problem(model.Cause.NOT_ALLOWED, operation.place, detail=why)
            await self._end(lease, operation, model.Verdict(model.ScanResult.FAILURE, problem))
            return False
        return True

    async def _find(self, lease: model.Lease, operation: model.Operation, scanner: ports.Scanner) -> None:
        assert operation.asked is not None
        wanted, asked_at = operation.request, operation.asked
        try:
            seen = await scanner.scans(since=asked_at - scan_rules.SKEW, datastore=wanted.datastore, kind=wanted.kind)
        except errors.SourceError as error:
            await self._later(lease, operation, _pause(error, scan_rules.pause(asked_at, self.clock.now())))
            return
        known = await self.store.known(operation.source, [scan.id for scan in seen])
        scan = scan_rules.ours(operation, seen, known)
        if scan is not None:
            await self._started(lease, operation, scan)
        elif self.clock.now() - asked_at < SETTLE:
            await self._later(lease, operation, scan_rules.SOONEST)
        else:
            await self._later(lease, replace(operation, asked=None), timedelta(0))

    async def _started(self, lease: model.Lease, operation: model.Operation, scan: model.Scan) -> None:
        now = self.clock.now()
        running = replace(
            operation, state=model.OperationState.RUNNING, scan=scan, seen=now, misses=0, confirmed=now, look=now + scan_rules.SOONEST
        )
        if await self.store.save(lease, running):
            self.telemetry.count("operations", kind=running.request.kind, what="started")
            await self._show(running)

    async def _later(self, lease: model.Lease, operation: model.Operation, pause: timedelta) -> None:
        """Try again, unless it has been tried for too long."""
        now = self.clock.now()
        missed = replace(operation, look=now + pause, misses=operation.misses + 1)
        if self._overdue(operation, now) and missed.misses >= LONG_PATIENCE:
            await self._gave_up(lease, operation)
            return
        await self.store.save(lease, missed)
        await self._show(operation)

    async def _gave_up(self, lease: model.Lease, operation: model.Operation) -> None:
        problem = model.Problem(model.Cause.GAVE_UP, operation.place)
        await self._end(lease, operation, model.Verdict(model.ScanResult.UNKNOWN, problem))

    async def _refused(self, lease: model.Lease, operation: model.Operation, error: errors.SourceError) -> None:
        """The system will not start it: its own words, and what they mean where that is known."""
        problem = scan_rules.trouble(operation, str(error))
        if isinstance(error, errors.SourceForbidden):
            problem = replace(problem, cause=model.Cause.NO_RIGHT, right=error.right)
        elif problem.cause is model.Cause.FAILED:
            problem = replace(problem, cause=model.Cause.REFUSED)
        await self._end(lease, operation, model.Verdict(model.ScanResult.FAILURE, problem))

    # --- looking ---------------------------------------------------------------------------------------------------------------

    async def _look(self, lease: model.Lease, operation: model.Operation) -> None:
        assert operation.scan is not None
        try:
            scan = await self.scanners[operation.source].scan(operation.scan.id)
        except errors.SourceMissing as error:
            if operation.misses + 1 < PATIENCE:  # what was started a moment ago may not be readable everywhere yet
                await self._missed(lease, operation, error)
                return
            problem = model.Problem(model.Cause.VANISHED, operation.place)
            await self._end(lease, operation, model.Verdict(model.ScanResult.UNKNOWN, problem))
            return
        except errors.SourceError as error:
            await self._missed(lease, operation, error)
            return
        now = self.clock.now()
        seen = replace(operation, scan=_known(scan, operation.scan), seen=now)
        if scan.ended is None:
            await self._goes_on(lease, seen, now)
            return
        if operation.scan.ended is None:
            seen = replace(seen, misses=0)  # from now on they are looks in vain at what the verdict needs
        try:
            verdict = await self._verdict(seen, scan)
        except errors.SourceError as error:
            await self._missed(lease, seen, error)
        else:
            await self._end(lease, seen, verdict)

    async def _missed(self, lease: model.Lease, operation: model.Operation, error: errors.SourceError) -> None:
        await self._later(lease, operation, _pause(error, scan_rules.pause(self._since(operation), self.clock.now())))

    async def _goes_on(self, lease: model.Lease, operation: model.Operation, now: datetime) -> None:
        if self._overdue(operation, now):
            await self._gave_up(lease, operation)
            return
        await self.store.save(lease, replace(operation, misses=0, look=now + scan_rules.pause(self._since(operation), now)))
        await self._show(operation)

    def _since(self, operation: model.Operation) -> datetime:
        return operation.confirmed or operation.created

    def _overdue(self, operation: model.Operation, now: datetime) -> bool:
        return now - self._since(operation) > self.give_up

    # --- the verdict -----------------------------------------------------------------------------------------------------------

    async def _verdict(self, operation: model.Operation, scan: model.Scan) -> model.Verdict:
        """How it ended, with the likely cause where it did not help. Raises SourceError while it is worth waiting for something that
        cannot be read; in the end, it is given without."""
        well = scan.result in scan_rules.WENT_WELL
        problem = None
        if scan.result is model.ScanResult.FAILURE:
            problem = scan_rules.trouble(operation, scan.message)
        elif well and operation.request.kind == scan_rules.SCAN and scan.anomalies == 0:
            problem = await self._unchecked(operation)
        passes, stands = await self._passes(operation, scan.result) if well and operation.verifies is not None else (None, "")
        return model.Verdict(scan.result, problem, (), passes, scan_rules.words(operation), stands)

    async def _unchecked(self, operation: model.Operation) -> model.Problem | None:
        """A scan that found nothing: is there anything that it could have found? (vendor page, troubleshooting)"""
        request, scanner = operation.request, self.scanners[operation.source]
        try:
            there = await scanner.tables(request.datastore, tags=request.tags)
            names = {name.casefold() for name in request.tables}
            tables = [table for table in there if not names or table.name.casefold() in names]
            chosen = [table.id for table in tables] if names or request.tags else ()
            if await scanner.active_checks(request.datastore, chosen):
                return None
        except errors.SourceError as error:
            if error.retryable and operation.misses < PATIENCE:
                raise
            return None
        return model.Problem(model.Cause.NO_CHECKS, operation.place, tuple(table.name for table in tables) if chosen else ())

    async def _passes(self, operation: model.Operation, result: model.ScanResult) -> tuple[bool | None, str]:
        """Whether the anomaly that was to be verified is resolved now: the system's own scan closes what passes. Its card follows.
        Where somebody closed it in another way meanwhile, how: then nobody can say."""
        assert operation.verifies is not None
        ref, read_at, source = operation.verifies, self.clock.now(), self.sources[operation.source]
        try:
            after = (await source.get([ref.id])).get(ref.id)
        except errors.SourceError as error:
            if error.retryable and operation.misses < LONG_PATIENCE:
                raise
            return None, ""
        if after is None:
            return None, model.GONE
        passes, stands = scan_rules.passes(after, result, source.archive_as)
        entry = model.Entry(
            ref,
            "verify",
            read_at,
            actor=operation.actor,
            actor_name=operation.actor_name,
            after=after.status,
            detail=f"{_SAID[passes]}{_rows(after, passes)}, operation {operation.scan.id if operation.scan else ''}",
        )
        known = await self.anomalies.get([ref])
        await self.anomalies.save(
            ports.Observation(
                source.name,
                [after] if ref in known else [],
                read_at=read_at,
                now=self.clock.now(),
                note=lambda old, new: transitions.elsewhere(old, new, source.title, read_at),
                entries=[entry],
            )
        )
        await self.scans.shown.told(ref)
        return passes, stands

    async def _end(self, lease: model.Lease, operation: model.Operation, verdict: model.Verdict) -> None:
        """Decided once: the row is fenced by the lease, and the next operation of a chain is added in the same transaction. Nothing
        follows what somebody asked to stop, however it ended."""
        now, latest = self.clock.now(), await self.store.get(operation.id)
        goes_on = verdict.result in scan_rules.WENT_WELL and not (latest and latest.aborted_by)
        following = scan_rules.following(operation, now) if goes_on else None
        verdict = replace(verdict, stopped=() if goes_on else operation.then)
        done = replace(operation, state=model.OperationState.DONE, verdict=verdict, ended=now, look=None)
        # Before it is decided: nobody looks at it afterwards, so a kill in between must not leave its message as it was.
        await self.scans.shown.progress(operation, MOMENT)
        if not await self.store.save(lease, done, [following] if following else ()):
            return
        self.telemetry.count("operations", kind=done.request.kind, what=verdict.result)
        await self._show(done)
        if following is not None:
            await self._show(following)

    async def _show(self, operation: model.Operation) -> None:
        await self.scans.shown.progress(operation)

    # --- started elsewhere -----------------------------------------------------------------------------------------------------

    async def notice(self, name: str) -> None:
        """Follow what somebody started in the system itself, on the default route. What was over before the desk looked is no news."""
        scanner, now = self.scanners.get(name), self.clock.now()
        if scanner is None:
            return
        turn = self.every.total_seconds() * TURN
        if await self.leases.take("notices", name, now, turn) is None:  # kept until it is over: a turn is one process's
            return
        standing = await self.health.get(name)
        mark = standing.noticed
        try:
            old = standing.over if mark else [scan.id for scan in await scanner.scans(limit=NEWEST) if scan.ended is not None]
            seen = [scan for scan in await self._newest(scanner, mark, now) if scan.id not in old]
        except errors.SourceError as error:
            if name not in self._failing:
                log.info("operations of %s cannot be listed: %s", name, error)
            self._failing.add(name)
            return
        if name in self._failing:
            log.info("operations of %s can be listed again", name)
            self._failing.discard(name)
        known = await self.store.known(name, [scan.id for scan in seen])
        starting = {
            (one.request.kind, one.place.id)
            for one in await self.store.running()
            if one.source == name and one.state is model.OperationState.STARTING
        }
        fresh = [self._elsewhere(name, scan, now) for scan in seen if scan.id not in known and _pair(scan) not in starting]
        for ident in await self.store.add(fresh) if fresh else ():
            await self._show(next(one for one in fresh if one.id == ident))
        if mark is None or now - mark > MARK_EVERY:
            await self.health.noticed(name, now, old)
            await self.store.sweep(now - timedelta(days=1))

    async def _newest(self, scanner: ports.Scanner, mark: datetime | None, now: datetime) -> list[model.Scan]:
        """What may be news; `mark` is about when the desk looked last, None when it never did."""
        since = max(mark, now - OVERLAP) - OVERLAP if mark else now
        seen = list(await scanner.scans(limit=NEWEST) if mark else await scanner.scans(running=True))
        if mark and len(seen) >= NEWEST and (mark < now - OVERLAP or all(_begun(scan, since) for scan in seen)):
            # Too many since the last look: what ended since then is among those that began since then, or it was followed already.
            more = [*await scanner.scans(since=since), *await scanner.scans(running=True)]
            seen = list({scan.id: scan for scan in [*seen, *more]}.values())
        return [scan for scan in seen if scan.datastore is not None and (scan.ended is None or scan.ended > since)]

    def _elsewhere(self, source: str, scan: model.Scan, now: datetime) -> model.Operation:
        assert scan.datastore is not None
        return model.Operation(
            uuid.uuid4().hex[:12],
            source,
            model.ScanRequest(scan.kind, scan.datastore.id, scan.tables),
            scan.datastore,
            self.cards.channel,
            model.OperationState.RUNNING,
            now,
            confirmed=now,
            scan=scan,
            seen=now,
            look=now,
        )


def _pair(scan: model.Scan) -> tuple[str, str]:
    return scan.kind, scan.datastore.id if scan.datastore else ""


def _begun(scan: model.Scan, since: datetime) -> bool:
    return scan.started is None or scan.started > since


def _known(scan: model.Scan, before: model.Scan) -> model.Scan:
    """What one answer leaves out and an earlier one told stays known."""
    return replace(
        scan,
        datastore=scan.datastore or before.datastore,
        started=scan.started or before.started,
        by=scan.by or before.by,
        tables=scan.tables or before.tables,
    )


def _rows(anomaly: model.Anomaly, passes: bool | None) -> str:
    rows = anomaly.records or 0
    return f" ({rows:,} {'row' if rows == 1 else 'rows'})" if passes is False and rows else ""


_SAID = {True: "passes", False: "still fails", None: "nobody can say"}


def _pause(error: errors.SourceError, otherwise: timedelta) -> timedelta:
    """When to look again: when the system says so, if it does."""
    return max(timedelta(seconds=error.retry_after), otherwise) if isinstance(error, errors.SourceRateLimited) else otherwise
