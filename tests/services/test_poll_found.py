"""The real source between the services and the running fake: whatever is open gets a card, and meanwhile people are told the truth."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import permissions
from bot.services import browse, poll
from bot.sources.qualytics import source as qualytics
from bot.store import engine
from sandbox import qualytics as fake
from sandbox.qualytics import control
from tests.services import cast
from tests.services.inbox import Desk
from tests.services.lab import DANA

LONG_AGO = datetime(2024, 2, 29, 12, 0, tzinfo=UTC)
NEWER = 150


class Town:
    """A fake deployment, a desk that made first contact with it, and somebody who asks."""

    def __init__(self, world: Any, parts: Any, url: str, store: engine.Store, **settings: Any) -> None:
        self.world, self.parts, self.url, self.store = world, parts, url, store
        self.desk = Desk(store, source=lambda clock: self._source(clock, **settings))
        self.asking = browse.Browse(
            sources=self.desk.poll.sources,
            anomalies=store.anomalies,
            cards=store.cards,
            journal=store.journal,
            health=store.health,
            resolve=_nobody,
            clock=self.desk.clock,
            grants=permissions.grants([], {}),
            routes=self.desk.wanted.routes,
        )

    def _source(self, clock: cast.Clock, **settings: Any) -> qualytics.Qualytics:
        given = {"token": fake.SANDBOX_TOKEN, "clock": clock, "traits": self.store.traits, **settings}
        return qualytics.Qualytics(url=self.url, **given)

    async def why(self, ident: int) -> list[model.Reason]:
        """What /anomalies why tells."""
        return [one.reason for one in await self.asking.why(model.Ref("qualytics", str(ident)), DANA)]

    async def card(self, ident: int) -> model.CardState | None:
        """What became of its card, its own or a group's."""
        found = await self.store.cards.of([model.Ref("qualytics", str(ident))])
        return found[0].state if found else None

    def calls(self, path: str = "/api/anomalies") -> int:
        """How often the fake was asked since the last look."""
        calls = [one for one in self.parts.app.calls if one["path"].startswith(path)]
        self.parts.app.calls.clear()
        return len(calls)


async def _nobody(query: model.Query, source: str, actor: model.Actor) -> model.Query:
    return query


@pytest.fixture
async def town(store: engine.Store) -> AsyncIterator[Town]:
    clock = cast.Clock()
    world = fake.Deployment(seed=7, open_count=10, clock=clock.now)
    async with fake.serving(world) as (url, parts):
        made = Town(world, parts, url, store)
        made.desk.clock.at = clock.at
        world.clock = made.desk.clock.now
        await made.desk.turn()
        yield made
        await made.desk.inbox.aclose()  # type: ignore[attr-defined]


async def _old(town: Town) -> int:
    return town.world.arrive(1, created=LONG_AGO)[0].id


async def _reopened(town: Town) -> int:
    closed = next(one for _, one in town.world.closed)
    town.world.change(closed, status="Acknowledged", created=LONG_AGO)
    return closed.id


async def _unreadable(town: Town) -> int:
    return town.world.arrive(1, created=LONG_AGO, dated=control.ODD["garbage"])[0].id


async def _known_and_closed(town: Town) -> int:
    """Open at first contact, closed from Slack, and opened again in Qualytics."""
    one = town.world.open[0][1]
    found = (await town.store.anomalies.get([model.Ref("qualytics", str(one.id))])).popitem()[1]
    now = town.desk.clock.now()
    closed = model.Anomaly(found.ref, model.State.ARCHIVED, "Invalid", found.created, "Invalid", datastore=found.datastore)
    await town.store.anomalies.save(ports.Observation("qualytics", [closed], read_at=now, now=now))
    town.world.change(one, created=LONG_AGO)
    return one.id


@pytest.mark.long
@pytest.mark.parametrize("appears", [_old, _reopened, _unreadable, _known_and_closed])
async def test_each_among_many_newer_ones_gets_a_card_within_twenty_polls_and_why_tells_the_truth(town: Town, appears: Any) -> None:
    town.world.arrive(NEWER, created=town.desk.clock.now() - timedelta(hours=1))
    await town.desk.turn()
    town.world.arrive(1)
    await town.desk.turn()
    ident = await appears(town)
    await town.desk.turn()
    with pytest.raises(errors.NotFound, match=r"is open in Qualytics.* when the desk looks through everything.* every 1\d polls"):
        await town.why(ident)
    polls = 1
    while await town.card(ident) is None:
        await town.desk.turn()
        polls += 1
        assert polls <= 20
    assert await town.card(ident) is model.CardState.LIVE
    assert (await town.why(ident))[0] in (model.Reason.LEADING, model.Reason.AFTER_WAIT)
    for _ in range(20):
        await town.desk.turn()
    assert len(town.desk.wall.shown) == NEWER + 3, "the greeting, and each once"


@pytest.mark.long
async def test_without_the_filter_by_id_every_posted_one_is_re_read_in_turn_within_the_budget(town: Town) -> None:
    """Forty cards; then 150 newer ones, stored silently, push them off the page that each poll reads."""
    town.world.modes.ids = "ignored"
    posted = town.world.arrive(40)
    await town.desk.turn()
    town.world.arrive(NEWER)
    await town.desk.turn()
    assert len(await town.store.anomalies.watched("qualytics", 1000)) == 40 + NEWER
    for one in posted:
        town.world.change(one, status="Invalid")
    town.calls()
    for _ in range(20):
        await town.desk.turn()
        assert town.calls() <= 1 + 10 + 8
        assert (await town.desk.poll.lag("qualytics") or 0) <= 20 * 30
    found = await town.store.anomalies.get([model.Ref("qualytics", str(one.id)) for one in posted])
    assert {one.state for one in found.values()} == {model.State.ARCHIVED}
    assert len(town.desk.told("Invalid")) == 40


async def test_a_datastore_that_is_added_is_told_once_and_floods_nobody(store: engine.Store) -> None:
    clock = cast.Clock()
    world = fake.Deployment(seed=7, open_count=10, clock=clock.now)
    async with fake.serving(world) as (url, parts):
        first = Town(world, parts, url, store, datastores=["42"])
        await first.desk.turn()
        crm = [one for one in world.facts.containers.values() if one.datastore.id == 43]
        before = sum(one.container.datastore.id == 43 for _, one in world.open)
        world.arrive(60, crm, created=clock.at - timedelta(days=3))
        second = Town(world, parts, url, store, datastores=["42", "43"])
        second.desk.clock.at = first.desk.clock.at
        await second.desk.turn()
        assert len(second.desk.wall.shown) == 1, "one message, no card"
        (said,) = second.desk.told("looked after")
        assert f"{crm[0].datastore.name} ({60 + before} open already)" in said
        world.clock = second.desk.clock.now
        (new,) = world.arrive(1, crm)
        await second.desk.turn()
        assert await second.card(new.id) is model.CardState.LIVE
        for one in (first, second):
            await one.desk.inbox.aclose()  # type: ignore[attr-defined]


async def test_a_system_is_met_page_by_page_and_a_kill_on_the_way_begins_again(
    store: engine.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is announced twice, nothing is lost: the cursor comes last."""
    monkeypatch.setattr(poll, "OPENING_SLICE", 5)
    clock = cast.Clock()
    world = fake.Deployment(seed=7, open_count=20, clock=clock.now)
    async with fake.serving(world) as (url, parts):
        made = Town(world, parts, url, store, page_size=5)
        made.desk.clock.at = clock.at
        world.clock = made.desk.clock.now
        world.arrive(1, created=LONG_AGO, dated=control.ODD["garbage"])
        save, saves = store.anomalies.save, 0

        async def dying(observation: ports.Observation) -> model.Ingested:
            nonlocal saves
            saves += 1
            assert len(observation.seen) <= 10, "a few pages at once"
            if saves == 3:
                raise errors.StoreUnavailable("The database does not answer.")
            return await save(observation)

        monkeypatch.setattr(store.anomalies, "save", dying)
        with pytest.raises(errors.StoreUnavailable):
            await made.desk.turn()
        assert sum((await store.anomalies.totals()).values()) == 10 and not (await store.health.get("qualytics")).cursor
        for _ in range(3):
            await made.desk.turn()
        assert sum((await store.anomalies.totals()).values()) == 21
        assert made.desk.counts.of["anomalies_undated"] == 1
        (greeting,) = made.desk.wall.shown.values()
        assert "21 were already open" in greeting
        await made.desk.inbox.aclose()  # type: ignore[attr-defined]
