"""The digest: once for each due time, right numbers, and what was closed where nobody looked."""

from __future__ import annotations

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest

from bot import errors, model, ports
from bot.core import digest_stats, grammar, permissions
from bot.render.digest import digest_message
from bot.services import browse, slicing
from bot.services import digest as digests
from tests.render import slack_rules
from tests.services import cast
from tests.services.lab import CHANNEL, Lab
from tests.services.test_browse import ME

UTC = ZoneInfo("UTC")
NOON = cast.NOON
CLOSED: dict[str, Any] = {"state": model.State.ARCHIVED, "status": "Invalid", "archived_as": "Invalid"}


@dataclass
class Queue(cast.System):
    """A system that filters by every word; `queries` are what it was asked for."""

    queries: list[model.Query] = field(default_factory=list)
    away: bool = False
    read_ids: list[str] = field(default_factory=list)

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        yield (await self.find(replace(query, limit=0))).anomalies

    async def find(self, query: model.Query) -> model.Found:
        if self.away:
            raise errors.SourceUnavailable("qualytics", "Qualytics did not answer.")
        self.queries.append(query)
        found = [one for one in sorted(self.all, key=lambda one: one.created, reverse=True) if grammar.matches(query, one)]
        return model.Found(found[: query.limit or None], len(found))

    async def read(self, ids: Sequence[str]) -> Any:
        self.read_ids += ids
        return Reading({one.ref.id: one for one in self.all if one.ref.id in ids})


@dataclass
class Reading:
    found: dict[str, model.Anomaly]


@dataclass
class Desk:
    """Digests over this lab's store."""

    lab: Lab
    queue: Queue
    digests: digests.Digests

    async def tick(self) -> int:
        """The job once; returns how many digests hang in the channel."""
        await self.digests.tick()
        await self.lab.post.flush()
        return len(self.lab.told())

    async def save(self, *found: model.Anomaly) -> None:
        now = self.lab.clock.now()
        await self.lab.store.anomalies.save(
            ports.Observation("qualytics", list(found), read_at=now, now=now, entries=[], note=None, reason=model.Reason.FIRST_CONTACT)
        )


@pytest.fixture
def desk(lab: Lab) -> Desk:
    queue = Queue()
    sources: Any = {"qualytics": queue}
    store = lab.store
    grants = permissions.grants([ME.id], {})
    looking = browse.Browse(
        sources=sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=cast.unresolved,
        clock=lab.clock,
        grants=grants,
        routes=lab.cards.routes,
    )
    made = digests.Digests(
        sources=sources,
        anomalies=store.anomalies,
        journal=store.journal,
        marks=store.digests,
        leases=store.leases,
        browse=looking,
        cards=lab.cards,
        clock=lab.clock,
        grants=grants,
        spec="13:00 daily",
        zone=UTC,
    )
    lab.cards.drawers[model.CardKind.DIGEST] = made.draw
    return Desk(lab, queue, made)


def at(hours: float, ident: int = 1, **values: Any) -> model.Anomaly:
    """One that appeared so many hours after noon."""
    return replace(cast.anomaly(ident, **values), created=NOON + timedelta(hours=hours))


# --- when -------------------------------------------------------------------------------------------------------------------


async def test_the_first_digest_is_due_at_the_next_due_time_and_posted_once(desk: Desk) -> None:
    assert await desk.tick() == 0
    desk.lab.clock.pass_by(minutes=59)
    assert await desk.tick() == 0
    assert desk.queue.queries == []
    desk.lab.clock.pass_by(minutes=1)
    assert await desk.tick() == 1
    assert await desk.tick() == 1
    desk.lab.clock.pass_by(hours=23)
    assert await desk.tick() == 1
    desk.lab.clock.pass_by(days=3)
    assert await desk.tick() == 2, "of those that were missed only the last"
    (card,) = [one for one in await cards(desk) if one.key == (NOON + timedelta(days=3, hours=1)).isoformat()]
    assert (card.channel, card.kind, card.reason) == (CHANNEL, model.CardKind.DIGEST, model.Reason.REPORT)


async def cards(desk: Desk) -> list[model.Card]:
    found = [await desk.lab.store.cards.at(CHANNEL, ts) for ts in desk.lab.wall.shown]
    return [one for one in found if one is not None]


async def test_of_several_processes_one_counts_for_a_digest(desk: Desk) -> None:
    await desk.tick()
    for day in range(1, 3):
        desk.lab.clock.pass_by(hours=24)
        desk.queue.queries.clear()
        await desk.digests.tick()
        once = len(desk.queue.queries)
        desk.lab.clock.pass_by(hours=24)
        desk.queue.queries.clear()
        await asyncio.gather(*(desk.digests.tick() for _ in range(4)))
        assert len(desk.queue.queries) == once > 0
        assert await desk.tick() == 2 * day


async def test_no_digest_is_due_when_they_are_off(desk: Desk) -> None:
    desk.digests.spec = "off"
    assert await desk.tick() == 0
    desk.lab.clock.pass_by(days=2)
    assert await desk.tick() == 0
    assert await desk.lab.store.digests.get("default") is None


async def test_a_digest_waits_for_its_system_and_says_so_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    await desk.tick()
    desk.queue.away = True
    desk.lab.clock.pass_by(hours=1)
    assert (await desk.tick(), await desk.tick(), await desk.tick()) == (0, 0, 0)
    desk.queue.away = False
    assert (await desk.tick(), await desk.tick()) == (1, 1)
    said = [record.getMessage() for record in caplog.records if record.name == "bot.services.digest"]
    assert said == ["the digest waits: Qualytics did not answer.", "the digest waits no more"]


# --- what -------------------------------------------------------------------------------------------------------------------


async def test_a_digest_counts_what_came_what_is_open_and_what_was_closed_since_the_last(desk: Desk) -> None:
    await desk.tick()
    old, new = at(-48, 1), at(0.5, 2, state=model.State.ACKNOWLEDGED, status="Acknowledged")
    closed, earlier = at(-3, 3, **CLOSED), at(-4, 4, **CLOSED)
    desk.queue.all = [old, new, closed, earlier]
    await desk.save(replace(closed, state=model.State.ACTIVE, status="Active", archived_as=None), old)
    desk.lab.clock.pass_by(minutes=30)
    now = desk.lab.clock.now()
    entry = model.Entry(closed.ref, "archive", now, actor="U1", actor_name="Dana", before="Active", after="Invalid")
    await desk.lab.store.anomalies.save(ports.Observation("qualytics", [closed], read_at=now, now=now, entries=[entry]))
    desk.lab.clock.pass_by(minutes=30)
    assert await desk.tick() == 1
    (card,) = await cards(desk)
    made = digest_stats.unpack(card.payload)
    assert (made.opened, made.closed, made.open, made.unacknowledged, made.read) == (1, 1, 2, 1, 2)
    assert (made.since, made.until) == (NOON, NOON + timedelta(hours=1))
    assert sum(day.opened for day in made.days) == 4


async def test_asked_it_tells_of_a_filter_since_the_last_digest_or_for_a_day(desk: Desk) -> None:
    desk.queue.all = [at(-30, 1), at(-3, 2), at(-2, 3, state=model.State.ACKNOWLEDGED, status="Acknowledged")]
    made = await desk.digests.ask(model.Query(), ME)
    assert (made.since, made.opened, made.open, made.source) == (NOON - timedelta(days=1), 2, 3, "qualytics")
    await desk.lab.store.digests.put("default", NOON - timedelta(hours=2, minutes=30))
    assert (await desk.digests.ask(model.Query(), ME)).opened == 1
    some = await desk.digests.ask(model.Query(min_weight=2, limit=1, sort="oldest"), ME)
    assert (some.open, some.words) == (2, grammar.canonical(model.Query(min_weight=2)))
    week, open_ones = desk.queue.queries[:2]
    assert (week.statuses, week.since, week.limit) == (("any",), (NOON - timedelta(days=7)).date(), 0)
    assert (open_ones.statuses, open_ones.limit, open_ones.sort) == ((), 0, "newest")


async def test_a_digest_reaches_back_to_the_last_one_when_that_is_longer_ago_than_a_week(desk: Desk) -> None:
    long_ago = NOON - timedelta(days=20)
    await desk.lab.store.digests.put("default", long_ago)
    desk.queue.all = [at(-24 * 15, 1)]
    assert (await desk.digests.ask(model.Query(), ME)).opened == 1
    assert desk.queue.queries[0].since == long_ago.date()


async def test_whoever_may_not_look_gets_no_digest(desk: Desk) -> None:
    with pytest.raises(errors.NotAllowed):
        await desk.digests.ask(model.Query(), model.Actor("U0GUS", "Gus", is_guest=True))
    with pytest.raises(errors.NotFound):
        await desk.digests.ask(model.Query(source="anodot"), ME)
    assert desk.queue.queries == []


async def test_what_is_not_open_there_any_more_is_read_again_and_written_down(desk: Desk) -> None:
    gone, still = at(-5, 1), at(-4, 2)
    await desk.save(gone, still)
    desk.lab.clock.pass_by(minutes=10)
    desk.queue.all = [replace(gone, **CLOSED), still]
    await desk.digests.ask(model.Query(min_weight=1), ME)
    assert desk.queue.read_ids == [], "a filter does not see everything"
    made = await desk.digests.ask(model.Query(), ME)
    assert desk.queue.read_ids == ["1"]
    assert made.closed == 1
    assert (await desk.lab.store.anomalies.get([gone.ref]))[gone.ref].state is model.State.ARCHIVED
    (entry,) = await desk.lab.store.journal.history(gone.ref)
    assert "Invalid" in entry.after


async def test_more_open_than_are_read_are_counted_and_nothing_is_concluded(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "MOST", 2)
    await desk.save(at(-9, 9))
    desk.queue.all = [at(-5, 1), at(-4, 2), at(-3, 3)]
    made = await desk.digests.ask(model.Query(), ME)
    assert (made.open, made.read) == (3, 2)
    assert desk.queue.read_ids == []
    desk.queue.all = desk.queue.all[:2]
    await desk.digests.ask(model.Query(), ME)
    assert desk.queue.read_ids == ["9"]


async def test_only_what_was_closed_and_matches_counts_as_closed(desk: Desk) -> None:
    light, heavy, reopened = (at(-5, ident) for ident in (1, 5, 6))
    await desk.save(light, heavy, reopened)
    desk.lab.clock.pass_by(minutes=10)
    now = desk.lab.clock.now()
    entries = [model.Entry(one.ref, "archive", now, actor="U1", before="Active", after="Invalid") for one in (light, heavy, reopened)]
    found = [replace(light, **CLOSED), replace(heavy, **CLOSED), reopened]
    await desk.lab.store.anomalies.save(ports.Observation("qualytics", found, read_at=now, now=now, entries=entries))
    desk.queue.all = found
    assert (await desk.digests.ask(model.Query(min_weight=5), ME)).closed == 1
    assert (await desk.digests.ask(model.Query(), ME)).closed == 2


@dataclass
class Endless(Queue):
    """A system with so many in its week, all of them open, that it tells page by page; `most` is how many were in memory at once."""

    number: int = 3_000
    most: int = 0

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        for start in range(0, self.number, 100):
            yield [at(-ident / 60, ident) for ident in range(start, start + 100)]
            if start % 1_000 == 0:
                self.most = max(self.most, sum(isinstance(one, model.Anomaly) for one in gc.get_objects()))

    async def count(self, query: model.Query) -> int:
        return self.number


async def test_a_week_is_counted_page_by_page_and_in_short_turns(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    counted: list[int] = []
    real = digest_stats.Counts.came

    def came(counts: digest_stats.Counts, some: Sequence[model.Anomaly]) -> None:
        counted.append(len(some))
        real(counts, some)

    monkeypatch.setattr(digest_stats.Counts, "came", came)
    monkeypatch.setattr(digests, "MOST", 1_500)
    queue = Endless()
    systems: Any = desk.digests.browse.sources
    systems["qualytics"] = queue
    before = sum(isinstance(one, model.Anomaly) for one in gc.get_objects())
    made = await desk.digests.ask(model.Query(), ME)
    assert (made.open, made.read, sum(day.opened for day in made.days)) == (3_000, 1_500, 3_000)
    assert max(counted) <= slicing.SLICE and queue.most - before <= 300


async def test_of_many_that_were_closed_a_few_are_read_at_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = [at(-1, ident, **CLOSED) for ident in range(25)]
    await desk.save(*closed)
    now = desk.lab.clock.now()
    entries = [model.Entry(one.ref, "archive", now, actor="U1", before="Active", after="Invalid") for one in closed]
    observed = ports.Observation("qualytics", closed, read_at=now, now=now, entries=entries)
    await desk.lab.store.anomalies.save(observed)
    read: list[int] = []
    real = desk.lab.store.anomalies.get

    async def get(refs: Sequence[model.Ref]) -> Any:
        read.append(len(refs))
        return await real(refs)

    monkeypatch.setattr(desk.digests, "anomalies", mock.Mock(wraps=desk.lab.store.anomalies, get=get))
    monkeypatch.setattr(digests, "KNOWN", 10)
    monkeypatch.setattr(digests, "PAGE", 4)
    assert (await desk.digests.ask(model.Query(min_weight=5), ME)).closed == 20
    assert read == [4, 4, 2, 4, 4, 2, 4, 1]


async def test_a_digest_of_a_system_that_is_switched_off_is_left_as_it_is(desk: Desk) -> None:
    made = await desk.digests.ask(model.Query(), ME)
    draft = model.CardDraft(model.CardKind.DIGEST, CHANNEL, "d", payload=digest_stats.pack(made))
    card = await desk.lab.store.cards.put(draft, NOON)
    assert await desk.digests.draw(card) is not None
    sources: Any = desk.digests.sources
    sources.clear()
    with pytest.raises(errors.NotFound):
        await desk.digests.draw(card)


# --- several systems ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def other(desk: Desk) -> Queue:
    """A second system, with one that waits."""
    system = Queue(name="anomify", title="Anomify")
    system.all = [replace(at(-5, 7), ref=model.Ref("anomify", "a:7"))]
    desk.queue.all = [at(-1, 1), at(-2, 2, state=model.State.ACKNOWLEDGED, status="Acknowledged")]
    systems: Any = desk.digests.browse.sources
    systems["anomify"] = system
    return system


async def test_a_digest_is_of_all_systems_with_a_count_for_each(desk: Desk, other: Queue) -> None:
    made = await desk.digests.ask(model.Query(), ME)
    assert (made.source, made.open, made.unacknowledged, made.opened) == ("", 3, 2, 3)
    assert made.systems == (("Qualytics", 2), ("Anomify", 1)) and [str(one.ref) for one in made.oldest] == ["anomify:a:7", "qualytics:1"]
    assert digest_stats.unpack(json.loads(json.dumps(digest_stats.pack(made)))) == made
    seen = slack_rules.seen(digest_message.digest(made, desk.digests.capabilities(made)))
    assert "in Qualytics (2) and Anomify (1), since" in seen
    alone = await desk.digests.ask(model.Query(source="anomify"), ME)
    assert (alone.source, alone.open) == ("anomify", 1)


async def test_a_system_that_is_down_stands_in_bold_in_the_digest_that_comes_at_its_time(desk: Desk, other: Queue) -> None:
    await desk.tick()
    desk.queue.away = True
    desk.lab.clock.pass_by(hours=1)
    assert await desk.tick() == 1
    assert any("Qualytics does not answer; its anomalies are not in this digest" in said for said in desk.lab.wall.shown.values())
    made = await desk.digests.ask(model.Query(), ME)
    bold = [
        block["elements"][0]["elements"][0]
        for block in digest_message.digest(made, desk.digests.capabilities(made)).blocks
        if block["type"] == "rich_text"
    ]
    assert [(leaf["text"], leaf["style"]) for leaf in bold] == [
        ("Qualytics does not answer; its anomalies are not in this digest.", {"bold": True})
    ]
