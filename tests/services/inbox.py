"""A poll at work without a network: a real store, the real writer of messages, a scripted system, counted telemetry, a clock by hand."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot import errors, model
from bot.render.kit import text
from bot.services import cards, poll, post
from bot.store import engine
from tests.services import cast, fixed_routes, lab

EVERY = timedelta(seconds=30)


@dataclass
class Inbox:
    """A system with a queue. `faults` are raised by the next calls of `changes`, whatever they are; `reads` says what each watch asked
    for, `pages` how many ids one call of it looks at. A poll that finds `gate` set waits there, in the middle of its list."""

    clock: cast.Clock
    name: str = "qualytics"
    title: str = "Qualytics"
    max_batch: int = 100
    census: int = 16
    unkept: frozenset[model.Part] = frozenset()
    supports: frozenset[model.Action] = frozenset()
    doubtful: frozenset[model.Action] = frozenset()
    idents: model.Idents = field(default_factory=lambda: model.Idents(hosts=("acme.example",)))
    own_words: tuple[model.OwnWord, ...] = ()
    client_options: model.ClientOptions = field(default_factory=model.ClientOptions)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    stages: tuple[model.Stage, ...] = ()
    archive_as: tuple[model.Closing, ...] = ()
    open: dict[str, model.Anomaly] = field(default_factory=dict)
    closed: dict[str, model.Anomaly] = field(default_factory=dict)
    met: Sequence[model.Contact] = ()
    late: frozenset[model.Ref] = frozenset()
    faults: list[errors.SourceError] = field(default_factory=list)
    polls: int = 0
    reads: list[list[str]] = field(default_factory=list)
    reach: int = 1000
    gate: asyncio.Event | None = None
    inside: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, *idents: int, **values: Any) -> None:
        """They appear."""
        for one in (cast.anomaly(ident, **values) for ident in idents):
            self.open[one.ref.id] = one

    def close(self, ident: int) -> None:
        """Somebody closes it in the system."""
        self.open.pop(str(ident))
        self.closed[str(ident)] = cast.anomaly(ident, state=model.State.ARCHIVED, status="Invalid", archived_as="Invalid")

    async def changes(self, cursor: str) -> model.Changes:
        self.polls += 1
        shown = sorted(self.open.values(), key=lambda one: one.created, reverse=True)
        if self.gate is not None:
            self.inside.set()
            await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        met, self.met = self.met, ()
        return model.Changes(shown, str(self.polls), met, self.late)

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        self.reads.append(list(ids[: pages * self.reach or None]))
        everything = self.open | self.closed
        found = {ident: everything[ident] for ident in self.reads[-1] if ident in everything}
        return model.Reading(found, frozenset(self.reads[-1]) - frozenset(found))

    async def get(self, ids: Sequence[str]) -> dict[str, model.Anomaly]:
        everything = self.open | self.closed
        return {ident: everything[ident] for ident in ids if ident in everything}


class Wall(lab.Wall):
    """One whose messages are as old as the clock says: old ones are corrected only when somebody touches them."""

    async def post(self, channel: str, message: model.Message, card: str) -> str:
        ts = f"{self.clock.now().timestamp() + len(self.shown) / 1000:.6f}"
        self.shown[ts] = text.spoken(message.text)
        return ts


class Counts:
    """Telemetry that remembers its counters."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        self.of[name] += int(amount)

    def observe(self, name: str, seconds: float, **labels: str) -> None: ...


class Desk:
    """One process that polls; several may share a store, a system and a clock."""

    def __init__(self, store: engine.Store, beside: Desk | None = None, source: Callable[[cast.Clock], Any] = Inbox) -> None:
        self.store = store
        self.clock = beside.clock if beside else cast.Clock()
        self.inbox = beside.inbox if beside else source(self.clock)
        self.wall = beside.wall if beside else Wall(self.clock)
        self.counts = Counts()
        sources: Any = {"qualytics": self.inbox}
        self.wanted = cards.Cards(
            routes=fixed_routes.FixedRoutes(model.Route("default", lab.CHANNEL, burst=1000, wait_seconds=0)),
            sources=sources,
            anomalies=store.anomalies,
            store=store.cards,
            journal=store.journal,
            clock=self.clock,
        )
        self.post = post.Post(
            cards=self.wanted,
            store=store.cards,
            leases=store.leases,
            slack=store.slack,
            messenger=self.wall,  # type: ignore[arg-type]
            clock=self.clock,
            telemetry=self.counts,
        )
        self.poll = poll.Poll(
            sources=sources,
            anomalies=store.anomalies,
            health=store.health,
            leases=store.leases,
            cards=self.wanted,
            clock=self.clock,
            telemetry=self.counts,
            every=EVERY,
        )

    async def turn(self, **how: bool) -> model.Ingested | None:
        """Half a minute goes by; a poll, and what follows from it in the channel."""
        self.clock.pass_by(seconds=EVERY.total_seconds())
        saved = await self.poll.poll("qualytics", **how)
        await self.post.flush()
        return saved

    async def push(self) -> model.Ingested | None:
        """A webhook rings."""
        return await self.poll.poll("qualytics", now_please=True)

    async def standing(self) -> model.SourceHealth:
        """How the system stands."""
        return await self.store.health.get("qualytics")

    async def cards(self, *idents: int) -> dict[int, model.CardState | None]:
        """What became of the card of each anomaly; None where there is none."""
        found = {card.ref: card.state for card in await self.store.cards.of([cast.anomaly(one).ref for one in idents])}
        return {one: found.get(cast.anomaly(one).ref) for one in idents}

    def told(self, *words: str) -> list[str]:
        """The messages on the wall that hold all these words."""
        return [said for said in self.wall.shown.values() if all(word in said for word in words)]
