"""Keep up with the anomaly systems: what is new since the cursor, and what became of what was posted."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import transitions
from bot.services import post as posting

log = logging.getLogger(__name__)

CLAIM_SECONDS = 300.0

TELL_AFTER = 2
"""A single failed poll is not worth a message; the second one in a row is. A refused token is told at once."""

BACKOFF_LIMIT = timedelta(minutes=2)

WATCH_PAGES = 10
"""Calls that one watch may cost (design section 4)."""

WATCH_IDS = 1000


@dataclass(slots=True)
class Poll:
    """Polls and watches one source at a time; a failing one backs off, is told once, and once when it recovers."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    standings: ports.Standings
    claims: ports.Claims
    facts: ports.Facts
    post: posting.Post
    clock: ports.Clock
    telemetry: ports.Telemetry
    every: timedelta
    lag: dict[str, float] = field(default_factory=dict)
    """Seconds that the last full round of the watch took, by source: how far behind the truth a card may be."""
    _rounds: dict[str, datetime] = field(default_factory=dict)

    async def poll(self, name: str, *, now_please: bool = False) -> model.Saved | None:
        """Read what is new and store it; None when somebody else does, or when the source is being left alone."""
        claim = await self.claims.take("sources", name, self.clock.now(), CLAIM_SECONDS)
        if claim is None:
            return None
        try:
            standing = await self.standings.get(name)
            if not now_please and standing.next_poll is not None and standing.next_poll > self.clock.now():
                return None
            try:
                saved = await self._poll(name, standing)
                await self._watch(name, standing)
            except errors.SourceError as error:
                await self._failed(name, error)
                return None
            await self._answered(name)
            return saved
        finally:
            await self.claims.release(claim)

    async def _poll(self, name: str, standing: model.Standing) -> model.Saved:
        source, read_at = self.sources[name], self.clock.now()
        changes = await source.changes(standing.cursor)
        first = not standing.cursor
        saved = await self.anomalies.save(
            name,
            changes.anomalies,
            read_at=read_at,
            now=self.clock.now(),
            reason=model.Reason.FIRST_CONTACT if first else model.Reason.WAITING,
            cursor=changes.cursor,
            drafts={} if first else self.post.drafts(changes.anomalies),
            extra=[self._greeting(source, len(changes.anomalies))] if first else (),
            note=await self._note(source.title, read_at),
        )
        self.telemetry.count("anomalies_new", len(saved.new), source=name)
        self.telemetry.observe("poll", (self.clock.now() - read_at).total_seconds(), source=name)
        return saved

    def _greeting(self, source: ports.Source, count: int) -> model.CardDraft:
        payload = {"what": "first_contact", "source": source.name, "title": source.title, "count": count}
        return self.post.report_draft(f"first_contact:{source.name}", payload | {"at": self.clock.now().isoformat()})

    async def _watch(self, name: str, standing: model.Standing) -> None:
        """Re-read what people see in Slack, within a budget, in turn where there is more than it allows."""
        ids = await self.anomalies.watched(name, WATCH_IDS, standing.watch_mark)
        if not ids:
            return
        source, read_at = self.sources[name], self.clock.now()
        reading = await source.read(ids, pages=WATCH_PAGES)
        await self._seen(source, list(reading.found.values()), read_at)
        await self._round(name, ids, standing)
        if reading.gone:
            await self._seen(source, await self._deleted(source, reading.gone), read_at)

    async def _seen(self, source: ports.Source, anomalies: Sequence[model.Anomaly], read_at: datetime) -> None:
        note = await self._note(source.title, read_at)
        await self.anomalies.save(source.name, anomalies, read_at=read_at, now=self.clock.now(), note=note)

    async def _deleted(self, source: ports.Source, idents: Collection[str]) -> Sequence[model.Anomaly]:
        """Those that do not exist any more. Lists also leave out what the token may not see, and rights are given by datastore: so one
        of each datastore is asked for alone, and a refusal is told instead of being taken for a deletion."""
        stored = await self.anomalies.get([model.Ref(source.name, ident) for ident in sorted(idents)])
        places: dict[str, list[model.Anomaly]] = {}
        for one in stored.values():
            places.setdefault(one.datastore.id if one.datastore else "", []).append(one)
        gone = [few for few in places.values() if not await source.get([few[0].ref.id])]
        return [transitions.gone(one) for few in gone for one in few]

    async def _round(self, name: str, ids: Sequence[str], standing: model.Standing) -> None:
        """Remember how far this round got; a short answer means that the next one starts from the top."""
        ended = len(ids) < WATCH_IDS
        now = self.clock.now()
        if ended or not standing.watch_mark:
            started = self._rounds.get(name, now)
            self.lag[name] = (now - started).total_seconds()
            self._rounds[name] = now
        await self.standings.mark(name, "" if ended else ids[-1])

    async def _note(self, title: str, read_at: datetime) -> ports.Note:
        """The journal's lines for what somebody did in the system itself; the store leaves out what an action of ours is about."""
        return lambda before, after: transitions.elsewhere(before, after, title, read_at)

    async def _answered(self, name: str) -> None:
        """Tell that it is over if people were told that it began, and only then forget it: after a kill it is the same report again."""
        before, now = await self.standings.ok(name, self.clock.now()), self.clock.now()
        if before.failing_since is not None:
            log.info("%s answers again", name)
        told = await self.facts.get(f"told.{name}")
        if told:
            times = {"since": told["since"], "title": self.sources[name].title, "error": told["error"]}
            await self.post.report(f"failing:{name}:{told['since']}", {"what": "failing", **times, "over": now.isoformat()})
            await self.post.report(f"recovered:{name}:{told['since']}", {"what": "recovered", **times, "at": now.isoformat()})
            await self.facts.put(f"told.{name}", None, now)

    async def _failed(self, name: str, error: errors.SourceError) -> None:
        now = self.clock.now()
        standing = await self.standings.get(name)
        wait = min(self.every * 2 ** min(standing.failures, 10), max(BACKOFF_LIMIT, self.every))
        if isinstance(error, errors.SourceRateLimited):
            wait = max(wait, timedelta(seconds=error.retry_after))
        before = await self.standings.failed(name, str(error), now, now + wait)
        self.telemetry.count("source_errors", source=name, kind=type(error).__name__)
        if before.failing_since is None:
            log.warning("%s does not answer as it should: %s", name, error)
        if (before.failures + 1 >= TELL_AFTER or not error.retryable) and not await self.facts.get(f"told.{name}"):
            trouble = {"since": (before.failing_since or now).isoformat(), "error": str(error)}
            payload = {"what": "failing", "title": self.sources[name].title, **trouble}
            await self.post.report(f"failing:{name}:{trouble['since']}", payload)
            await self.facts.put(f"told.{name}", trouble, now)
