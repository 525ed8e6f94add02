"""Pushes: stored before they are answered, read soon, together, by whoever works; none lost, and none believed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import kept_here, pushes
from bot.store import engine
from tests.services import cast, inbox
from tests.services.lab import away

NAME = "qualytics"
LIVE = model.CardState.LIVE


def bell(body: bytes) -> model.News:
    """Ids; "all" for everything, "test" for nothing."""
    said = body.decode()
    if not said:
        raise ValueError("is empty")
    words = said.split(",")
    about = tuple(model.Mention(one) for one in words if one.isdecimal())
    return model.News(about, everything="all" in words)


HOOKS: Mapping[str, ports.Hooks] = {NAME: ports.Hooks(ways=(), read=bell, steps=())}


@dataclass
class Bell(inbox.Inbox):
    """A system that pushes. The next reads raise `stumbles`; one that finds `door` set waits there."""

    stumbles: list[errors.SourceError] = field(default_factory=list)
    door: asyncio.Event | None = None
    at_the_door: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        reading = await super().read(ids, pages=pages)
        if self.door is not None:
            self.at_the_door.set()
            await self.door.wait()
        if self.stumbles:
            raise self.stumbles.pop(0)
        return reading


class Desk(inbox.Desk):
    """A process with doors: one that works, or one that only stores what is pushed."""

    def __init__(self, store: engine.Store, beside: Desk | None = None, *, works: bool = True) -> None:
        super().__init__(store, beside, Bell)
        self.pushes = pushes.Pushes(
            hooks=HOOKS,
            store=store.pushes,
            leases=store.leases,
            poll=self.poll,
            flush=self.post.flush,
            clock=self.clock,
            telemetry=self.counts,
            works=works,
        )

    async def rings(self, *bodies: str) -> None:
        """Webhooks come, one after the other."""
        for body in bodies:
            await self.pushes.receive(NAME, body.encode())

    @property
    def posted(self) -> list[str]:
        """The cards of anomalies."""
        return self.told("Weight")

    async def quiet(self) -> None:
        """Nothing of it goes on any more."""
        while self.pushes.tasks:
            done, _ = await asyncio.wait(list(self.pushes.tasks))
            assert not [error for task in done if (error := task.exception())]

    async def looks(self) -> None:
        """The job that looks for what waits."""
        await self.pushes.work()
        await self.quiet()

    async def waiting(self) -> list[str]:
        """What waits, whenever it is to be read: the ids, or all."""
        later = replace(self.clock).at.replace(year=self.clock.now().year + 1)
        found = await self.store.pushes.waiting(NAME, later, 1000)
        return [",".join(one.ident for one in push.news.about) or "all" for push in found]


@pytest.fixture
async def desk(store: engine.Store) -> Desk:
    """One that made first contact with an empty queue."""
    made = Desk(store)
    await made.turn()
    return made


both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


# --- what a push does ----------------------------------------------------------------------------------------------------------


async def test_a_push_about_a_new_one_makes_its_card_without_a_list(desk: Desk) -> None:
    desk.inbox.add(7)
    await desk.rings("7")
    assert await desk.waiting() == ["7"], "stored before it is answered, and read after that"
    await desk.quiet()
    assert (desk.inbox.reads, desk.inbox.polls) == ([["7"]], 1)
    assert await desk.cards(7) == {7: LIVE} and len(desk.posted) == 1
    assert await desk.waiting() == []


async def test_what_a_push_says_is_not_believed_but_read(desk: Desk) -> None:
    """Duplicates, and an older push after a younger one."""
    desk.inbox.add(7)
    await desk.rings("7", "7")
    await desk.quiet()
    desk.inbox.close(7)
    await desk.rings("7")
    await desk.quiet()
    stored = (await desk.store.anomalies.get([cast.anomaly(7).ref]))[cast.anomaly(7).ref]
    assert stored.state is model.State.ARCHIVED
    await desk.rings("7", "7")
    await desk.quiet()
    entries = await desk.store.journal.history(cast.anomaly(7).ref)
    assert len(desk.wall.shown) == 2 and len(entries) == 1, "one card beside the greeting, and one line about what somebody did there"


async def test_a_push_about_everything_makes_a_poll(desk: Desk) -> None:
    desk.inbox.add(7, 8)
    await desk.rings("all")
    await desk.quiet()
    assert (desk.inbox.polls, desk.inbox.reads) == (2, [])
    assert await desk.cards(7, 8) == {7: LIVE, 8: LIVE} and len(desk.posted) == 2


async def test_the_cards_of_a_poll_do_not_wait_for_what_is_read_again(desk: Desk) -> None:
    desk.inbox.add(7)
    await desk.rings("7")
    await desk.quiet()
    desk.clock.pass_by(minutes=1)
    desk.inbox.door = asyncio.Event()
    desk.inbox.add(8)
    del desk.inbox.open["7"]
    await desk.rings("all")
    await desk.inbox.at_the_door.wait()
    flush = [task for task in desk.pushes.tasks if "flush" in repr(task)]
    await asyncio.gather(*flush)
    assert len(flush) == 1 and len(desk.posted) == 2
    desk.inbox.door.set()
    await desk.quiet()


async def test_what_is_named_does_not_wait_for_a_poll(desk: Desk) -> None:
    desk.inbox.add(7, 8)
    desk.inbox.gate = asyncio.Event()
    await desk.rings("all")
    await desk.inbox.inside.wait()
    await desk.rings("7")
    while await desk.cards(7) != {7: LIVE}:
        await asyncio.wait(desk.pushes.tasks, return_when=asyncio.FIRST_COMPLETED)
    assert desk.inbox.polls == 2 and await desk.cards(8) == {8: None}
    desk.inbox.gate.set()
    await desk.quiet()
    assert await desk.cards(8) == {8: LIVE} and await desk.waiting() == []


async def test_what_is_gone_is_told(desk: Desk) -> None:
    desk.inbox.add(7)
    await desk.rings("7")
    await desk.quiet()
    del desk.inbox.open["7"]
    await desk.rings("7")
    await desk.quiet()
    stored = (await desk.store.anomalies.get([cast.anomaly(7).ref]))[cast.anomaly(7).ref]
    assert stored.deleted and await desk.waiting() == []


async def test_a_test_stores_nothing_and_garbage_is_refused(desk: Desk) -> None:
    await desk.rings("test")
    with pytest.raises(errors.SourceGarbled, match=r"^The webhook's body is empty\.$"):
        await desk.rings("")
    with pytest.raises(errors.NotFound):
        await desk.pushes.receive("prometheus", b"7")
    assert await desk.waiting() == [] and not desk.pushes.tasks and desk.inbox.reads == []


async def test_a_system_that_is_not_met_is_met_first(store: engine.Store) -> None:
    """What was open when it was connected is no news, whatever is pushed about it."""
    desk = Desk(store)
    desk.inbox.add(1, 2)
    await desk.rings("2")
    await desk.quiet()
    assert await desk.cards(1, 2) == dict.fromkeys((1, 2)) and len(desk.told("2 were already open")) == 1
    assert await desk.waiting() == []


async def test_a_system_that_cannot_be_met_keeps_its_pushes(store: engine.Store) -> None:
    desk = Desk(store)
    desk.inbox.add(1)
    desk.inbox.faults = [away()]
    await desk.rings("1")
    await desk.quiet()
    await desk.looks()
    assert desk.inbox.reads == [] and desk.inbox.polls == 1 and await desk.waiting() == ["1"]
    desk.clock.pass_by(minutes=5)
    await desk.looks()
    assert desk.inbox.polls == 2 and await desk.waiting() == [] and await desk.cards(1) == {1: None}


# --- together ------------------------------------------------------------------------------------------------------------------


async def at_the_door(desk: Desk) -> asyncio.Event:
    """A read is under way, and waits."""
    desk.inbox.door = asyncio.Event()
    await desk.rings("1")
    await desk.inbox.at_the_door.wait()
    return desk.inbox.door


async def test_a_hundred_pushes_during_one_read_make_exactly_one_more(desk: Desk) -> None:
    desk.inbox.add(*range(1, 102))
    door = await at_the_door(desk)
    await desk.rings(*(str(ident) for ident in range(2, 102)))
    assert len(desk.inbox.reads) == 1
    door.set()
    await desk.quiet()
    assert [len(ids) for ids in desk.inbox.reads] == [1, 100] and desk.inbox.polls == 1
    assert await desk.waiting() == [] and set((await desk.cards(*range(1, 102))).values()) == {LIVE}


async def test_a_hundred_pushes_about_everything_make_one_more_poll(desk: Desk) -> None:
    desk.inbox.add(1)
    door = await at_the_door(desk)
    await desk.rings(*["all"] * 100)
    door.set()
    await desk.quiet()
    assert desk.inbox.polls == 2 and await desk.waiting() == []


@both
async def test_what_another_process_stores_during_a_read_is_read_once_more_by_the_reader(desk: Desk) -> None:
    other = Desk(desk.store, desk)
    desk.inbox.add(*range(1, 12))
    door = await at_the_door(desk)
    await other.rings(*(str(ident) for ident in range(2, 12)))
    await other.quiet()
    assert len(desk.inbox.reads) == 1, "somebody is at it"
    door.set()
    await desk.quiet()
    assert [len(ids) for ids in desk.inbox.reads] == [1, 10] and await desk.waiting() == []


@both
async def test_what_a_web_stores_a_worker_reads(desk: Desk) -> None:
    web = Desk(desk.store, desk, works=False)
    desk.inbox.add(7, 8)
    await web.rings("7", "8", "all")
    await web.looks()
    assert desk.inbox.reads == [] and not web.pushes.tasks
    await desk.looks()
    assert desk.inbox.reads == [["7", "8"]] and desk.inbox.polls == 2 and len(desk.posted) == 2
    await desk.looks()
    assert desk.inbox.polls == 2 and await desk.waiting() == []


# --- what must not be lost ---------------------------------------------------------------------------------------------------------


async def test_who_dies_between_storing_and_reading_loses_nothing(desk: Desk) -> None:
    desk.inbox.add(7)
    desk.inbox.door = asyncio.Event()
    await desk.rings("7")
    await desk.inbox.at_the_door.wait()
    for task in desk.pushes.tasks:
        task.cancel()
    await asyncio.gather(*desk.pushes.tasks, return_exceptions=True)
    desk.inbox.door.set()
    again = Desk(desk.store, desk)  # nothing in memory that a restart loses
    desk.clock.pass_by(seconds=21)
    await again.looks()
    assert await desk.cards(7) == {7: LIVE} and await desk.waiting() == []


async def test_who_dies_between_reading_and_settling_reads_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.inbox.add(7)

    async def dies(*_: Any) -> None:
        raise errors.StoreUnavailable("killed")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store.pushes, "settle", dies)
        await desk.rings("7")
        while desk.pushes.tasks:
            await asyncio.wait(list(desk.pushes.tasks))
    assert await desk.waiting() == ["7"]
    await Desk(desk.store, desk).looks()
    assert desk.inbox.reads == [["7"], ["7"]] and len(desk.posted) == 1 and await desk.waiting() == []


async def test_what_cannot_be_stored_is_not_answered_as_if_it_were(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> None:
        raise errors.StoreUnavailable("The database is not available: disk full.")

    monkeypatch.setattr(desk.store.pushes, "add", full)
    with pytest.raises(errors.StoreUnavailable):
        await desk.rings("7")
    assert not desk.pushes.tasks


async def test_one_that_is_not_there_yet_is_looked_for_again(desk: Desk) -> None:
    await desk.rings("7")
    await desk.quiet()
    await desk.looks()
    assert desk.inbox.reads == [["7"]] and await desk.waiting() == ["7"], "not at once"
    desk.inbox.add(7)
    desk.clock.pass_by(seconds=2)
    await desk.looks()
    assert await desk.cards(7) == {7: LIVE} and await desk.waiting() == []


async def test_one_that_never_is_there_is_given_up(desk: Desk) -> None:
    desk.inbox.add(8)
    await desk.rings("7,8")
    await desk.quiet()
    assert await desk.cards(8) == {8: LIVE}, "the other one is not kept waiting"
    for _ in range(10):
        desk.clock.pass_by(seconds=20)
        await desk.looks()
    assert len(desk.inbox.reads) == pushes.TRIES and await desk.waiting() == []


async def test_one_that_cannot_be_read_keeps_no_other_from_being_read(desk: Desk) -> None:
    desk.inbox.add(7, 8)
    refused = errors.SourceForbidden(NAME, "A right is missing.")
    desk.inbox.stumbles = [refused]
    await desk.rings("7", "8")
    await desk.quiet()
    desk.inbox.stumbles = [refused]
    desk.clock.pass_by(seconds=2)
    await desk.looks()
    assert desk.inbox.reads[1:] == [["7"], ["8"]], "alone, the second time"
    assert await desk.cards(7, 8) == {7: None, 8: LIVE} and (await desk.standing()).failing_since is None
    desk.clock.pass_by(seconds=4)
    await desk.looks()
    assert await desk.cards(7) == {7: LIVE} and await desk.waiting() == []


@pytest.mark.parametrize("error", [away, lambda: errors.SourceAuthFailed(NAME, "The token was refused.")])
async def test_pushes_of_a_system_that_is_down_wait_without_a_hot_loop(error: Callable[[], errors.SourceError], desk: Desk) -> None:
    desk.inbox.add(7)
    desk.inbox.stumbles = [error() for _ in range(100)]
    await desk.rings("7")
    await desk.quiet()
    for _ in range(20):
        await desk.rings("7")
        await desk.looks()
    assert len(desk.inbox.reads) == 1 and (await desk.standing()).failures == 1
    for _ in range(60):
        desk.clock.pass_by(seconds=1)
        await desk.looks()
    assert 3 <= len(desk.inbox.reads) <= 6
    assert len(desk.told("does not answer as it should")) <= 1 and len(await desk.waiting()) == 21
    desk.inbox.stumbles.clear()
    desk.clock.pass_by(minutes=5)
    await desk.looks()
    assert await desk.cards(7) == {7: LIVE} and await desk.waiting() == []


async def test_a_system_that_asks_to_wait_is_left_alone_so_long(desk: Desk) -> None:
    desk.inbox.add(7)
    desk.inbox.stumbles = [errors.SourceRateLimited(NAME, "Slower, please.", retry_after=30)]
    await desk.rings("7")
    await desk.quiet()
    desk.clock.pass_by(seconds=29)
    await desk.looks()
    assert len(desk.inbox.reads) == 1
    desk.clock.pass_by(seconds=2)
    await desk.looks()
    assert await desk.cards(7) == {7: LIVE}


async def test_a_poll_that_fails_after_a_push_about_everything_is_made_up_for(desk: Desk) -> None:
    desk.inbox.faults = [away()]
    await desk.rings("all")
    await desk.quiet()
    assert (await desk.standing()).wanted, "the wish is in the source's row by now"
    desk.clock.pass_by(seconds=10)
    await desk.poll.catch_up()
    assert not (await desk.standing()).wanted and desk.inbox.polls == 3


# --- more than an id ---------------------------------------------------------------------------------------------------------------


@dataclass
class Clever(Bell):
    """One that finds an anomaly by its metric and moment while its id is not known there."""

    clues: list[Mapping[str, str]] = field(default_factory=list)

    async def pushed(self, about: Sequence[model.Mention]) -> model.Reading:
        self.clues += [one.clues for one in about]
        return await self.read([one.ident for one in about])


async def test_the_clues_of_a_webhook_reach_the_system(store: engine.Store) -> None:
    desk = Desk(store)
    clever = Clever(desk.clock)
    desk.inbox = desk.poll.sources[NAME] = clever  # type: ignore[index]
    await desk.turn()
    clever.add(7)
    mention = model.Mention("7", {"metric": "cpu", "timestamp": "1599563224"})
    await store.pushes.add(NAME, model.News((mention,)), desk.clock.now())
    await desk.looks()
    assert clever.clues == [mention.clues] and await desk.cards(7) == {7: LIVE}


async def test_a_system_whose_triage_is_kept_here_is_told_the_clues_as_well(store: engine.Store) -> None:
    clock = cast.Clock()
    clever, plain = Clever(clock, unkept=frozenset(model.Part)), Bell(clock, unkept=frozenset(model.Part))
    for system in (clever, plain):
        system.words = {}  # type: ignore[attr-defined]
        system.add(7)
        wrapped = kept_here.KeptHere(system, store.overlays)  # type: ignore[arg-type]
        assert set((await wrapped.pushed([model.Mention("7", {"metric": "cpu"})])).found) == {"7"}
    assert clever.clues == [{"metric": "cpu"}] and plain.reads == [["7"]]
