"""Pictures of a card: each shared once, whoever dies when, and of a group those of its worst members."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import following, pictures
from bot.store import engine
from tests.services import cast, inbox
from tests.services.desk import Fuse, Fused, Killed
from tests.services.lab import away

NAMES = ("month.png", "pattern.png")


@dataclass
class Studio:
    """A system that draws, and Slack's files. `faults` are raised by the next calls, of `lost` after the file was there."""

    away: list[errors.SourceError] = field(default_factory=list)
    faults: list[errors.DeliveryError] = field(default_factory=list)
    lost: list[errors.DeliveryError] = field(default_factory=list)
    files: list[tuple[str, str, str]] = field(default_factory=list)

    async def pictures(self, anomaly: model.Anomaly) -> Sequence[ports.Picture]:
        if self.away:
            raise self.away.pop(0)
        return [ports.Picture(f"{anomaly.ref.id}-{name}", b"png", f"Graph of {anomaly.ref.id}") for name in NAMES]

    async def upload(self, channel: str, thread: str, name: str, title: str, content: bytes, *, alt: str = "") -> None:
        assert alt and content
        if self.faults:
            raise self.faults.pop(0)
        self.files.append((channel, thread, name))
        if self.lost:
            raise self.lost.pop(0)

    def of(self, ident: int) -> list[str]:
        """The files of one anomaly."""
        return [name.partition("-")[2] for _, _, name in self.files if name.startswith(f"{ident}-")]


class Desk(inbox.Desk):
    """A process that shares pictures; all that it asks of the world goes through its fuse."""

    def __init__(self, store: engine.Store, beside: Desk | None = None, fuse: Fuse | None = None) -> None:
        super().__init__(store, beside)
        self.studio = beside.studio if beside else Studio()
        drawn: Any = Fused(self.studio, fuse) if fuse else self.studio
        self.sharing = pictures.Sharing(
            artists={"qualytics": drawn},
            anomalies=store.anomalies,
            store=Fused(store.pictures, fuse) if fuse else store.pictures,  # type: ignore[arg-type]
            leases=store.leases,
            messenger=drawn,
            clock=self.clock,
            telemetry=self.counts,
        )
        self.post.stands = self.sharing.want
        if fuse:
            self.post.store = Fused(store.cards, fuse)  # type: ignore[assignment]

    async def arrives(self, *idents: int, **values: Any) -> None:
        """They are new, and posted."""
        self.inbox.add(*idents, **values)
        await self.turn()

    async def quiet(self) -> None:
        """Nothing of it goes on any more."""
        while self.sharing.tasks:
            await asyncio.wait(list(self.sharing.tasks))

    async def later(self, minutes: float = 1) -> None:
        """The jobs, after a while."""
        self.clock.pass_by(minutes=minutes)
        await self.post.flush()
        await self.sharing.work()
        await self.quiet()


@pytest.fixture
async def desk(store: engine.Store) -> Desk:
    """One that made first contact with an empty queue."""
    made = Desk(store)
    await made.turn()
    return made


both = pytest.mark.parametrize("kind", ["sqlite", "postgresql"])


@both
async def test_each_is_shared_once_into_the_thread_of_its_card(desk: Desk) -> None:
    await desk.arrives(7)
    await desk.quiet()
    (card,) = await desk.store.cards.of([cast.anomaly(7).ref])
    assert desk.studio.files == [(card.channel, card.ts, f"7-{name}") for name in NAMES]
    for _ in range(2):
        await desk.later()
        await Desk(desk.store, desk).later()
    assert desk.studio.of(7) == list(NAMES) and desk.counts.of["pictures"] == 2


async def test_killed_at_any_moment_none_is_left_out_that_was_not_begun_and_none_comes_twice(desk: Desk) -> None:
    """What had begun when it died may be missing, and that alone."""
    whole = Counter[int]()
    for number in range(1, 60):
        fuse = Fuse(number // 2 + 1, after=bool(number % 2))
        dying = Desk(desk.store, desk, fuse)
        with _silently():
            await dying.arrives(number)
        await dying.quiet()
        again = Desk(desk.store, desk)
        for _ in range(3):
            await again.later(0.5)
        found = desk.studio.of(number)
        assert len(found) == len(set(found)), number
        assert len(found) >= len(NAMES) - 1, number
        whole[len(found)] += 1
        if fuse.left > 0:
            break
    else:
        raise AssertionError("it never got through alive")
    assert whole[2] > whole[1] > 0


class _silently:
    """What is dead says nothing."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, *rest: Any) -> bool:
        return kind is not None and issubclass(kind, Killed)


async def test_what_was_asked_for_and_never_begun_is_shared_by_the_next_process(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(following.Rounds, "start", lambda _: None)  # killed right after the row
        await desk.arrives(7)
    assert desk.studio.files == []
    await Desk(desk.store, desk).later()
    assert desk.studio.of(7) == list(NAMES)


async def test_a_post_whose_answer_was_lost_gets_its_pictures_when_it_is_found(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    post = desk.wall.post

    async def lost(*given: Any, **named: Any) -> str:
        await post(*given, **named)
        raise errors.SlackAmbiguous("Slack did not answer.")

    async def found(*_: Any) -> str:
        return max(desk.wall.shown)

    monkeypatch.setattr(desk.wall, "find", found)
    with monkeypatch.context() as patch:
        patch.setattr(desk.wall, "post", lost)
        desk.inbox.add(7)
        await desk.turn()
    await desk.later()
    assert desk.studio.of(7) == list(NAMES) and len(desk.told("Weight")) == 1


async def test_one_that_may_have_arrived_is_not_sent_again_and_the_others_follow(desk: Desk) -> None:
    desk.studio.lost = [errors.SlackAmbiguous("Slack did not answer.")]
    await desk.arrives(7)
    await desk.quiet()
    await desk.later()
    assert desk.studio.of(7) == list(NAMES)


@pytest.mark.parametrize("error", [errors.SlackUnavailable("It did not answer."), errors.SlackRateLimited("Too many.", retry_after=3)])
async def test_one_that_certainly_is_not_there_is_sent_later(desk: Desk, error: errors.DeliveryError) -> None:
    desk.studio.faults = [error]
    await desk.arrives(7)
    await desk.quiet()
    assert desk.studio.files == []
    await desk.later()
    assert desk.studio.of(7) == list(NAMES)


async def test_a_system_that_does_not_draw_yet_is_asked_again_for_a_while(desk: Desk) -> None:
    desk.studio.away = [away(), away()]
    await desk.arrives(7)
    await desk.quiet()
    for _ in range(2):
        assert desk.studio.files == []
        await desk.later()
    assert desk.studio.of(7) == list(NAMES)
    desk.studio.away = [away() for _ in range(9)]
    await desk.arrives(8)
    for _ in range(9):
        await desk.later(20)
    assert desk.studio.of(8) == [] and len(desk.studio.away) == 9 - 1 - len(following.AGAIN), "not for ever"


async def test_what_slack_refuses_is_left_out(desk: Desk) -> None:
    desk.studio.faults = [errors.SlackRejected("Slack refused it (file_uploads_disabled).", code="file_uploads_disabled")]
    await desk.arrives(7)
    await desk.quiet()
    await desk.later()
    assert desk.studio.files == []


async def test_of_a_group_the_three_worst_of_the_critical_ones_are_shared(desk: Desk) -> None:
    desk.wanted.routes = inbox.fixed_routes.FixedRoutes(model.Route("default", inbox.lab.CHANNEL, burst=2, wait_seconds=0))
    desk.inbox.add(1, 2, 3, 4, severity=model.Severity.CRITICAL)
    await desk.arrives(5, 6, 7, 8, 9, severity=model.Severity.HIGH)
    await desk.quiet()
    shared = {name.partition("-")[0] for _, _, name in desk.studio.files}
    (card,) = {card.id: card for card in await desk.store.cards.of([cast.anomaly(4).ref]) if card.kind is model.CardKind.GROUP}.values()
    assert shared == {"4", "3", "2"} and {thread for _, thread, _ in desk.studio.files} == {card.ts}
    await desk.later()
    assert len(desk.studio.files) == 3 * len(NAMES)


async def test_one_that_is_a_day_late_is_left_out(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following.Rounds, "start", lambda _: None)
    await desk.arrives(7)
    await Desk(desk.store, desk).later(25 * 60)
    assert desk.studio.files == []


async def test_rows_are_forgotten_with_their_age(desk: Desk) -> None:
    await desk.arrives(7)
    await desk.quiet()
    now = desk.clock.now()
    assert not (await desk.store.retention.remove("pictures", now, now)).rows
    removed = await desk.store.retention.remove("pictures", now.replace(year=now.year + 1), now)
    assert dict(removed.rows) == {"pictures": 1}
