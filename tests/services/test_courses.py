"""The course of a metric on the card of its anomaly: asked for once, drawn by every edit from then on, whoever dies when."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import courses, following
from bot.store import engine
from tests.services import cast, inbox
from tests.services.desk import Fuse, Fused, Killed
from tests.services.lab import away

SERIES = model.Series("checkout.latency_ms", value=41.0, high=12.0, unit="ms", ident="m-1")
WENT = "rose from 3 to 41"
both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@dataclass
class Teller:
    """A system that tells how a metric went: `gate` holds it in the middle of its answer."""

    asked: list[str] = field(default_factory=list)
    away: list[errors.SourceError] = field(default_factory=list)
    points: Sequence[model.Point] = ()
    gate: asyncio.Event | None = None

    async def course(self, anomaly: model.Anomaly) -> Sequence[model.Point]:
        self.asked.append(anomaly.ref.id)
        assert not ports.urgent(), "whoever waits for the system goes first"
        if self.gate is not None:
            await self.gate.wait()
        if self.away:
            raise self.away.pop(0)
        return self.points


def went(start: datetime) -> list[model.Point]:
    """Twenty-five points, the last of which leaves what was expected."""
    return [model.Point(start + timedelta(minutes=number), 41.0 if number == 24 else 3.0, 0.0, 12.0) for number in range(25)]


class Desk(inbox.Desk):
    """A process that learns how metrics went; all that it asks of the world goes through its fuse."""

    def __init__(self, store: engine.Store, beside: Desk | None = None, fuse: Fuse | None = None) -> None:
        super().__init__(store, beside)
        self.teller = beside.teller if beside else Teller(points=went(self.clock.now()))
        told: Any = Fused(self.teller, fuse) if fuse else self.teller
        self.courses = courses.Courses(
            tellers={"qualytics": told},
            anomalies=store.anomalies,
            store=Fused(store.courses, fuse) if fuse else store.courses,  # type: ignore[arg-type]
            leases=store.leases,
            clock=self.clock,
            telemetry=self.counts,
        )
        self.post.stands, self.wanted.course = self.courses.want, self.courses.followed
        if fuse:
            self.post.store = Fused(store.cards, fuse)  # type: ignore[assignment]

    async def arrives(self, *idents: int, **values: Any) -> None:
        """They are new, posted, and what follows from that has followed."""
        self.inbox.add(*idents, **{"series": SERIES, **values})
        await self.turn()
        await self.quiet()

    async def quiet(self) -> None:
        """Nothing of it goes on any more, and Slack shows what came of it."""
        while self.courses.tasks:
            await asyncio.wait(list(self.courses.tasks))
            await self.post.flush()

    async def later(self, minutes: float = 1) -> None:
        """The jobs, after a while."""
        self.clock.pass_by(minutes=minutes)
        await self.post.flush()
        await self.courses.work()
        await self.quiet()
        await self.post.flush()

    async def shows(self, ident: int) -> str:
        """The card of one."""
        (card,) = await self.store.cards.of([cast.anomaly(ident).ref])
        return self.wall.shown.get(card.ts, "")


@pytest.fixture
async def desk(store: engine.Store) -> Desk:
    """One that made first contact with an empty queue."""
    made = Desk(store)
    await made.turn()
    return made


@both
async def test_it_is_asked_for_once_and_the_card_is_edited_once_to_tell_it(desk: Desk) -> None:
    await desk.arrives(7)
    assert WENT in await desk.shows(7) and len(desk.wall.edits) == 1
    for _ in range(2):
        await desk.later(700)
        await Desk(desk.store, desk).later(1)
    assert desk.teller.asked == ["7"] and desk.counts.of["courses"] == 1 and len(desk.wall.edits) == 1


@both
async def test_two_workers_ask_once(desk: Desk) -> None:
    desk.teller.gate = asyncio.Event()
    other = Desk(desk.store, desk)
    desk.inbox.add(7, series=SERIES)
    with ports.clicked():
        await desk.turn()
    await asyncio.gather(other.courses.work(), other.courses.work())
    desk.teller.gate.set()
    await desk.quiet()
    await other.later()
    assert desk.teller.asked == ["7"] and WENT in await desk.shows(7)


async def test_every_later_edit_keeps_it_and_a_card_that_is_closed_and_opened_again_has_it_again(desk: Desk) -> None:
    await desk.arrives(7)
    seen = cast.anomaly(7, series=SERIES, tags=("pii",))
    desk.inbox.open["7"] = seen
    await desk.turn()
    assert "pii" in await desk.shows(7) and WENT in await desk.shows(7)
    desk.inbox.close(7)
    await desk.turn()
    assert WENT not in await desk.shows(7), "one line, once it is over"
    desk.inbox.open["7"] = desk.inbox.closed.pop("7") and seen
    await desk.turn()
    assert WENT in await desk.shows(7) and desk.teller.asked == ["7"]


async def test_one_that_is_told_by_another_metric_by_now_gets_the_course_of_that_and_no_mixture(desk: Desk) -> None:
    await desk.arrives(7)
    desk.teller.gate, desk.teller.points = asyncio.Event(), [replace(one, value=one.value + 1) for one in went(desk.clock.now())]
    desk.inbox.open["7"] = cast.anomaly(7, series=replace(SERIES, ident="m-2", value=42.0, high=13.0))
    await desk.turn()
    assert WENT not in await desk.shows(7) and "expected at most 13" in await desk.shows(7)
    desk.teller.gate.set()
    await desk.quiet()
    assert "rose from 4 to 42" in await desk.shows(7) and desk.teller.asked == ["7", "7"]
    for number in range(3, 20):
        desk.inbox.open["7"] = cast.anomaly(7, series=replace(SERIES, ident=f"m-{number}"))
        await desk.turn()
        await desk.quiet()
    assert len(desk.teller.asked) == 1 + courses.METRICS, "where it is another one at each look, that has an end"


async def test_the_draft_of_a_card_that_is_wanted_again_takes_nothing_from_it(desk: Desk) -> None:
    """A card's payload is whatever its last draft said: what is learned of it has a row of its own."""
    await desk.arrives(7)
    (card,) = await desk.store.cards.of([cast.anomaly(7).ref])
    await desk.wanted.redraw(model.CardDraft(card.kind, card.channel, card.key, ref=card.ref))
    await desk.post.flush()
    assert len(desk.wall.edits) == 2 and WENT in await desk.shows(7)


async def test_killed_at_any_moment_each_card_tells_it_in_the_end_and_it_is_asked_for_again_only_where_nobody_wrote_it_down(
    desk: Desk,
) -> None:
    asked = Counter[int]()
    for number in range(1, 60):
        fuse = Fuse(number // 2 + 1, after=bool(number % 2))
        dying = Desk(desk.store, desk, fuse)
        dying.inbox.add(number, series=SERIES)
        with _silently():
            await dying.turn()
        while dying.courses.tasks:
            await asyncio.wait(list(dying.courses.tasks))
        before = desk.teller.asked.count(str(number))
        again = Desk(desk.store, desk)
        for _ in range(3):
            await again.later(0.5)
        shown = [said for said in desk.told(WENT) if f"Qualytics {number}." in said]
        assert len(shown) == 1, (number, desk.told("Qualytics"))
        calls = desk.teller.asked.count(str(number))
        assert before <= 1 and calls <= 2, number
        asked[calls] += 1
        if fuse.left > 0:
            break
    else:
        raise AssertionError("it never got through alive")
    assert asked[1] > asked[2] > 0


class _silently:
    """What is dead says nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> bool:
        return kind is not None and issubclass(kind, Killed)


async def test_what_was_wanted_and_never_asked_for_is_asked_for_by_the_next_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(following.Rounds, "start", lambda _: None)  # killed right after the row
        await desk.arrives(7)
    assert desk.teller.asked == [] and WENT not in await desk.shows(7)
    await Desk(desk.store, desk).later()
    assert desk.teller.asked == ["7"] and WENT in await desk.shows(7)


async def test_a_system_that_is_silent_is_asked_a_few_times_and_the_card_stays_as_it_is(desk: Desk) -> None:
    desk.teller.away = [away(), away()]
    await desk.arrives(7)
    for _ in range(2):
        assert WENT not in await desk.shows(7)
        await desk.later()
    assert WENT in await desk.shows(7) and len(desk.teller.asked) == 3
    desk.teller.away, desk.teller.asked = [away() for _ in range(9)], []
    await desk.arrives(8)
    shown, edits = await desk.shows(8), len(desk.wall.edits)
    for _ in range(9):
        await desk.later(20)
    assert len(desk.teller.asked) == 1 + len(following.AGAIN), "not for ever"
    assert (await desk.shows(8), len(desk.wall.edits)) == (shown, edits)


@pytest.mark.parametrize("points", [[], went(datetime.fromisoformat("2026-11-12T12:00:00+00:00"))[:1]])
async def test_a_system_that_has_nothing_to_draw_is_not_asked_again(desk: Desk, points: list[model.Point]) -> None:
    desk.teller.points = points
    await desk.arrives(7)
    shown = await desk.shows(7)
    await desk.later(20)
    assert desk.teller.asked == ["7"] and await desk.shows(7) == shown


async def test_what_does_not_exist_any_more_is_not_asked_for_again(desk: Desk) -> None:
    desk.teller.away = [errors.SourceMissing("qualytics", "Qualytics has no anomaly 7 any more.")]
    await desk.arrives(7)
    await desk.later(20)
    assert desk.teller.asked == ["7"]


async def test_neither_a_group_nor_one_without_a_metric_is_asked_about(desk: Desk) -> None:
    await desk.arrives(1, series=None)
    desk.wanted.routes = inbox.fixed_routes.FixedRoutes(model.Route("default", inbox.lab.CHANNEL, burst=2, wait_seconds=0))
    desk.clock.pass_by(minutes=60)
    await desk.arrives(2, 3, 4, 5, 6)
    await desk.later()
    (group,) = {card.id for card in await desk.store.cards.of([cast.anomaly(4).ref]) if card.kind is model.CardKind.GROUP}
    assert group and desk.teller.asked == []


async def test_one_that_is_a_day_late_is_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following.Rounds, "start", lambda _: None)
    await desk.arrives(7)
    await Desk(desk.store, desk).later(25 * 60)
    assert desk.teller.asked == []


async def test_what_is_known_goes_with_its_anomaly_and_not_before(desk: Desk) -> None:
    await desk.arrives(7)
    ref, future = cast.anomaly(7).ref, desk.clock.now() + timedelta(days=400)
    for step in desk.store.retention.steps:
        await desk.store.retention.remove(step, future, future)
    assert len((await desk.store.courses.known(ref)).points) == 20, "it is open"
    desk.inbox.close(7)
    await desk.turn()
    for step in desk.store.retention.steps:
        await desk.store.retention.remove(step, future, future)
    assert await desk.store.courses.known(ref) == ports.KnownCourse()
