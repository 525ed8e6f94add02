"""Scans at work without a network: a real store, the real writer of messages, a scripted system, a wall for messages, a clock by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model
from bot.core import permissions
from bot.render.kit import text
from bot.services import cards, people, post
from bot.services.scans import ask, follow
from bot.sources.qualytics import closings
from bot.store import engine
from tests.services import cast, fixed_routes

CHANNEL = "C0QUALITY"
DANA = model.Actor("U0DANA", "Dana")
LEE = model.Actor("U0LEE", "Lee")
WAREHOUSE, CRM = model.Place("42", "warehouse-prod"), model.Place("43", "crm")
ORDERS, CUSTOMERS = model.Place("1", "orders"), model.Place("2", "customers")
GIVE_UP = timedelta(minutes=360)


def away(source: str = "qualytics") -> errors.SourceError:
    """What an outage looks like."""
    return errors.SourceUnavailable(source, "Qualytics did not answer within 30 seconds.")


@dataclass
class Works:
    """A system that runs operations; `faults` are raised by the next calls of a name, "lost" after the call was done."""

    clock: cast.Clock
    name: str = "qualytics"
    title: str = "Qualytics"
    supports: frozenset[model.Action] = frozenset({model.Action.SCAN, model.Action.ABORT})
    doubtful: frozenset[model.Action] = frozenset()
    unkept: frozenset[model.Part] = frozenset()
    idents: model.Idents = field(default_factory=lambda: model.Idents(hosts=("acme.example",)))
    own_words: tuple[model.OwnWord, ...] = ()
    client_options: model.ClientOptions = field(default_factory=model.ClientOptions)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    stages: tuple[model.Stage, ...] = ()
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    max_batch: int = 100
    words: Mapping[str, model.Word] = field(default_factory=dict)
    places: Sequence[model.Place] = (WAREHOUSE, CRM)
    there: Sequence[model.Place] = (ORDERS, CUSTOMERS)
    checks: int = 3
    open: Mapping[str, int] = field(default_factory=dict)
    anomalies: dict[str, model.Anomaly] = field(default_factory=dict)
    all: dict[str, model.Scan] = field(default_factory=dict)
    started: list[model.ScanRequest] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    faults: dict[str, list[errors.SourceError]] = field(default_factory=dict)
    lost: list[errors.SourceError] = field(default_factory=list)
    waits: float = 0.0

    def _call(self, name: str) -> None:
        self.asked.append(name)
        waiting = self.faults.get(name) or self.faults.get("*")
        if waiting:
            raise waiting.pop(0)

    def begin(self, request: model.ScanRequest, **values: Any) -> model.Scan:
        """Somebody starts one."""
        place = next(one for one in self.places if one.id == request.datastore)
        made = model.Scan(
            "qualytics", str(900 + len(self.all)), request.kind, model.ScanResult.RUNNING, place, started=self.clock.now(), by="Dana Reyes"
        )
        made = replace(made, **({"tables": request.tables} | values))
        self.all[made.id] = made
        return made

    def end(self, ident: str = "900", result: model.ScanResult = model.ScanResult.SUCCESS, **values: Any) -> None:
        """An operation ends now."""
        self.all[ident] = replace(self.all[ident], **({"result": result, "ended": self.clock.now(), "anomalies": 2} | values))

    async def start(self, request: model.ScanRequest) -> model.Scan:
        self.clock.pass_by(seconds=self.waits)
        self._call("start")
        self.started.append(request)
        made = self.begin(request)
        if self.lost:
            raise self.lost.pop(0)
        return made

    async def scan(self, ident: str) -> model.Scan:
        self._call("scan")
        if ident not in self.all:
            raise errors.SourceMissing("qualytics", f"Operation {ident} not found")
        return self.all[ident]

    async def scans(
        self, *, since: datetime | None = None, running: bool = False, datastore: str = "", kind: str = "", limit: int = 0
    ) -> Sequence[model.Scan]:
        self._call("scans")
        found = [
            one
            for one in reversed(self.all.values())
            if (since is None or (one.started and one.started >= since))
            and not (running and one.ended)
            and (not datastore or (one.datastore and one.datastore.id == datastore))
            and (not kind or one.kind == kind)
        ]
        return found[: limit or None]

    async def abort(self, ident: str) -> model.Scan:
        self._call("abort")
        if self.all[ident].ended is None:
            self.end(ident, model.ScanResult.ABORTED)
        return self.all[ident]

    async def datastores(self) -> Sequence[model.Place]:
        self._call("datastores")
        return self.places

    async def tables(self, datastore: str, *, tags: Sequence[str] = ()) -> Sequence[model.Place]:
        self._call("tables")
        return self.there

    async def tags(self) -> Sequence[str]:
        self._call("tags")
        return ["critical"]

    async def active_checks(self, datastore: str, tables: Sequence[str] = ()) -> int:
        self._call("checks")
        return self.checks

    async def count(self, query: model.Query) -> int:
        self._call("count")
        assert len(query.tables) <= 20, "more do not fit into an address"
        return sum(self.open.get(table, 0) for table in query.tables or self.open)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        self._call("get")
        return {ident: self.anomalies[ident] for ident in ids if ident in self.anomalies}


@dataclass
class Wall:
    """Where messages hang: what each shows, and when it was edited."""

    clock: cast.Clock
    shown: dict[str, str] = field(default_factory=dict)
    edits: list[datetime] = field(default_factory=list)

    async def post(self, channel: str, message: model.Message, card: str) -> str:
        ts = f"{1_700_000_000 + len(self.shown)}.000100"
        self.shown[ts] = text.spoken(message.text)
        return ts

    async def update(self, channel: str, ts: str, message: model.Message, *, clicked: bool = False) -> None:
        assert ts in self.shown
        self.edits.append(self.clock.now())
        self.shown[ts] = text.spoken(message.text)

    async def find(self, channel: str, card: str, since: datetime) -> str:
        return ""


@dataclass
class Directory:
    """Slack's directory: everybody is a member, but for those who are `changed`; `away` while it is not to be asked."""

    changed: dict[str, model.Actor] = field(default_factory=dict)
    away: bool = False

    async def actor(self, user: str) -> model.Actor:
        if self.away:
            raise errors.SlackUnavailable("Slack did not answer.")
        known = {DANA.id: DANA, LEE.id: LEE}
        return self.changed.get(user, known.get(user, model.Actor(user, user)))


class Silent:
    """Telemetry that nobody reads."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None: ...


class Lab:
    """One process of the desk on a store; several may share a store, a system, a wall and a clock."""

    def __init__(self, store: engine.Store, beside: Lab | None = None) -> None:
        self.store = store
        self.clock = beside.clock if beside else cast.Clock()
        self.works = beside.works if beside else Works(self.clock)
        self.wall = beside.wall if beside else Wall(self.clock)
        sources: Any = {"qualytics": self.works}
        grants = permissions.grants([DANA.id], {})
        wall: Any = self.wall
        self.cards = cards.Cards(
            routes=fixed_routes.FixedRoutes(model.Route("default", CHANNEL)),
            sources=sources,
            anomalies=store.anomalies,
            store=store.cards,
            journal=store.journal,
            clock=self.clock,
        )
        self.post = post.Post(
            cards=self.cards,
            store=store.cards,
            leases=store.leases,
            slack=store.slack,
            messenger=wall,
            clock=self.clock,
            telemetry=Silent(),
        )
        self.scans = ask.Scans(
            sources=sources,
            scanners=sources,
            store=store.operations,
            leases=store.leases,
            cards=self.cards,
            clock=self.clock,
            grants=grants,
        )
        self.directory = beside.directory if beside else Directory()
        folk = people.People(sources=sources, identities=store.identities, directory=self.directory, clock=self.clock)
        self.follow = follow.Follow(
            sources=sources,
            scanners=sources,
            store=store.operations,
            anomalies=store.anomalies,
            leases=store.leases,
            health=store.health,
            people=folk,
            scans=self.scans,
            cards=self.cards,
            clock=self.clock,
            telemetry=Silent(),
            give_up=GIVE_UP,
        )
        self.cards.drawers[model.CardKind.SCAN] = self.scans.draw

    # --- what people do ----------------------------------------------------------------------------------------------------------

    async def ask(self, *kinds: str, datastore: str = "42", tables: tuple[str, ...] = ("orders",), **values: Any) -> str:
        """Somebody asks for operations and presses [Start]; returns the id of the first."""
        wish = ask.ScanOrder(kinds or ("scan",), (datastore,), tables, options={"incremental": True}, **values)
        proposal = await self.scans.propose("qualytics", wish, DANA, CHANNEL)
        await self.scans.confirm(proposal.operations[0].plan, DANA)
        return proposal.operations[0].id

    async def go(self, seconds: float, step: float = 1.0) -> None:
        """Let time go by, with the jobs of the desk once in every `step` seconds."""
        for _ in range(int(seconds / step)):
            self.clock.pass_by(seconds=step)
            await self.turn()

    async def turn(self) -> None:
        """The jobs of the desk, once."""
        await self.follow.work()
        await self.post.flush()

    async def operation(self, ident: str) -> model.Operation:
        """An operation as the store has it."""
        found = await self.store.operations.get(ident)
        assert found is not None
        return found

    def told(self) -> list[str]:
        """What the messages on the wall say, oldest first."""
        return list(self.wall.shown.values())
