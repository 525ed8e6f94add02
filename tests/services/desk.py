"""Changes at work without a network: a store on disk, a scripted system that is as strict as the real one, and a process that can die
between any two things that it asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from bot import errors, model
from bot.core import permissions
from bot.services import cards, kept_here, people, poll, post, recording, remarks, triage
from bot.services.batches import freeze, run
from bot.sources.qualytics import closings
from bot.store import engine
from tests.services import cast, fixed_routes, lab

CHANNEL, DANA, LEE = lab.CHANNEL, lab.DANA, lab.LEE
ACK = model.Change(model.Action.ACKNOWLEDGE)
UNACK = model.Change(model.Action.UNACKNOWLEDGE)
INVALID = model.Change(model.Action.ARCHIVE, archive_as="Invalid")
ACTIONS = frozenset(model.Action) - {model.Action.SCAN, model.Action.ABORT}


class Killed(BaseException):
    """The process is gone: nothing catches this."""


@dataclass
class Fuse:
    """Burns down by one with whatever the process asks of the world; at its end the process dies, before or after that was done."""

    left: int = -1
    after: bool = False
    burnt: int = 0

    async def through(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self.burnt += 1
        if self.left == 0:
            raise Killed  # what is dead asks for nothing more
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        answer = await call()
        if self.left == 0:
            raise Killed
        return answer


class Blip(Fuse):
    """At its end the database is away for one moment, and the process goes on."""

    async def through(self, call: Callable[[], Awaitable[Any]]) -> Any:
        self.left -= 1
        if self.left == 0 and not self.after:
            raise errors.StoreUnavailable("The database does not answer.")
        answer = await call()
        if self.left == 0:
            raise errors.StoreUnavailable("The database does not answer.")
        return answer


class Fused:
    """Passes every call on, through the fuse of the process that makes it."""

    def __init__(self, real: Any, fuse: Fuse) -> None:
        self._real, self._fuse = real, fuse

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if not asyncio.iscoroutinefunction(real):
            return real
        return lambda *given, **named: self._fuse.through(lambda: real(*given, **named))


@dataclass
class System:
    """Anomalies that change as Qualytics changes them. `faults` by call are raised by the next calls of that name; of `lost` and `garbled`
    the call is done before."""

    clock: cast.Clock
    there: dict[str, model.Anomaly] = field(default_factory=dict)
    name: str = "qualytics"
    title: str = "Qualytics"
    supports: frozenset[model.Action] = ACTIONS
    stages: tuple[model.Stage, ...] = ()
    archive_as: tuple[model.Closing, ...] = closings.CLOSINGS
    doubtful: frozenset[model.Action] = frozenset()
    idents: model.Idents = field(default_factory=lambda: model.Idents(hosts=("acme.example",)))
    own_words: tuple[model.OwnWord, ...] = ()
    unkept: frozenset[model.Part] = frozenset()
    client_options: model.ClientOptions = field(default_factory=model.ClientOptions)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    max_batch: int = 5
    census: int = 16
    words: Mapping[str, model.Word] = field(default_factory=dict)
    said: dict[str, list[model.Comment]] = field(default_factory=dict)
    calls: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    faults: dict[str, list[errors.SourceError]] = field(default_factory=dict)
    done_but: list[errors.SourceError] = field(default_factory=list)
    bad: dict[str, model.Outcome] = field(default_factory=dict)
    before_apply: Callable[[], None] | None = None
    on_call: Callable[[str], Awaitable[None]] | None = None

    def put(self, *idents: int, **values: object) -> None:
        """New ones."""
        for ident in idents:
            self.there[str(ident)] = replace(cast.anomaly(ident, **values), ref=model.Ref(self.name, str(ident)))

    def set(self, ident: object, **values: Any) -> None:
        """Somebody changes one in the system itself."""
        self.there[str(ident)] = replace(self.there[str(ident)], **values)

    def comments_of(self, ident: object) -> list[str]:
        return [one.text for one in self.said.get(str(ident), [])]

    async def _call(self, name: str, idents: Sequence[str] = ()) -> None:
        self.calls.append((name, tuple(idents)))
        self.clock.pass_by(milliseconds=10)
        if self.on_call:
            await self.on_call(name)
        if self.faults.get(name):
            raise self.faults[name].pop(0)

    async def changes(self, cursor: str) -> model.Changes:
        await self._call("changes")
        opened = [one for one in self.there.values() if one.state is not model.State.ARCHIVED]
        return model.Changes(sorted(opened, key=lambda one: one.created, reverse=True), "c")

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        await self._call("get", ids)
        return {ident: self.there[ident] for ident in ids if ident in self.there}

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        await self._call("read", ids)
        found = {ident: self.there[ident] for ident in ids if ident in self.there}
        return model.Reading(found, frozenset(ids) - set(found))

    async def people(self) -> Sequence[model.Person]:
        return (cast.DANA, cast.LEE)

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        await self._call("comments", (ident,))
        return self.said.get(ident, [])

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        name = "comment" if change.action is model.Action.COMMENT else "apply"
        await self._call(name, [one.ref.id for one in targets])
        if self.before_apply:
            self.before_apply()
        outcomes = [self.bad.get(one.ref.id) or self._do(change, one) for one in targets]
        if self.done_but:
            raise self.done_but.pop(0)
        return outcomes

    def _do(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        ident, here = target.ref.id, self.there.get(target.ref.id)
        if here is None:
            return model.Outcome(target.ref, model.Result.REFUSED, "It does not exist in Qualytics any more.")
        if change.comment:
            self.said.setdefault(ident, []).append(model.Comment("token", change.comment, self.clock.now()))
        if change.action is model.Action.DELETE:
            del self.there[ident]
        elif change.action is not model.Action.COMMENT:
            self.there[ident] = _changed(here, change)
        return model.Outcome(target.ref, model.Result.DONE)


def _changed(one: model.Anomaly, change: model.Change) -> model.Anomaly:
    tags = [tag for tag in one.tags if tag not in change.remove_tags]
    one = replace(one, tags=(*tags, *(tag for tag in change.add_tags if tag not in tags)))
    if change.assignees is not None:
        known = {person.id: person for person in (cast.DANA, cast.LEE)}
        one = replace(one, assignees=tuple(known[ident] for ident in change.assignees))
    if change.description is not None:
        one = replace(one, description=change.description)
    match change.action:
        case model.Action.ACKNOWLEDGE | model.Action.REOPEN:
            return replace(one, state=model.State.ACKNOWLEDGED, status="Acknowledged", archived_as=None)
        case model.Action.UNACKNOWLEDGE:
            return replace(one, state=model.State.ACTIVE, status="Active")
        case model.Action.ARCHIVE:
            assert change.archive_as
            return replace(one, state=model.State.ARCHIVED, status=change.archive_as, archived_as=change.archive_as)
    return one


class Wall(lab.Wall):
    """Messages that hang somewhere, and files that were attached."""

    files: int = 0

    async def upload(self, channel: str, thread: str, name: str, title: str, content: bytes, *, alt: str = "") -> None:
        self.files += 1


@dataclass
class World:
    """What outlives a process: the database, the systems, Slack, the time. `others` are sources beside the scripted one, or instead of it
    where it is not `scripted`."""

    store: engine.Store
    clock: cast.Clock = field(default_factory=cast.Clock)
    directory: lab.Directory = field(default_factory=lab.Directory)
    permissions: Mapping[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    scripted: bool = True

    def __post_init__(self) -> None:
        self.system = System(self.clock)
        self.wall = Wall(self.clock)

    @property
    def sources(self) -> Mapping[str, Any]:
        """Every system that is connected."""
        return ({self.system.name: self.system} if self.scripted else {}) | dict(self.others)

    def desk(self, fuse: Fuse | None = None) -> Desk:
        """A new process."""
        return Desk(self, fuse or Fuse())

    async def history(self, ident: object) -> list[model.Entry]:
        """What was done to one, oldest first."""
        lines = await self.store.journal.history(ref_of(ident))
        return [line for line in reversed(lines) if line.result is model.Result.DONE]

    async def who(self, ident: object) -> list[str]:
        """Its history as people read it: "acknowledge by Dana", "archive in Qualytics"."""
        return [f"{one.action} by {one.actor_name}" if one.actor else f"{one.action} in {one.via}" for one in await self.history(ident)]

    async def stored(self, ident: object) -> model.Anomaly:
        ref = ref_of(ident)
        return (await self.store.anomalies.get([ref]))[ref]


def ref_of(ident: object) -> model.Ref:
    """One of the scripted system by its id alone, or any by its reference."""
    return ident if isinstance(ident, model.Ref) else model.Ref("qualytics", str(ident))


class Remarks(remarks.Remarks):
    """The tests say when comments are left."""

    def soon(self) -> None: ...


class Desk:
    """One process of the desk."""

    def __init__(self, world: World, fuse: Fuse) -> None:
        store, clock, wall = world.store, world.clock, world.wall
        self.world, self.fuse = world, fuse

        def through(real: Any) -> Any:
            return Fused(real, fuse)

        called: Any = {name: through(source) for name, source in world.sources.items()}
        self.sources: Any = kept_here.sources(called, through(store.overlays))
        sources = self.sources
        anomalies, leases, journal = through(store.anomalies), through(store.leases), through(store.journal)
        self.grants = permissions.grants([DANA.id], world.permissions)
        folk = people.People(
            sources=sources,
            identities=store.identities,
            directory=world.directory,
            clock=clock,
        )
        silent, messenger = lab.Silent(), through(wall)
        route = model.Route("default", CHANNEL)
        rows, batches = through(store.cards), through(store.batches)
        self.cards = cards.Cards(
            routes=fixed_routes.FixedRoutes(route), sources=sources, anomalies=anomalies, store=rows, journal=journal, clock=clock
        )
        self.post = post.Post(
            cards=self.cards,
            store=rows,
            leases=leases,
            slack=through(store.slack),
            messenger=messenger,
            clock=clock,
            telemetry=silent,
        )
        self.recorder = recording.Recorder(through(store.records), clock)
        self.remarks = Remarks(sources=sources, store=through(store.remarks), leases=leases, clock=clock)
        self.triage = triage.Triage(
            sources=sources,
            anomalies=anomalies,
            journal=journal,
            leases=leases,
            people=folk,
            cards=self.cards,
            post=self.post,
            clock=clock,
            telemetry=silent,
            grants=self.grants,
            recorder=self.recorder,
            remarks=self.remarks,
        )
        self.batches = freeze.Batches(
            sources=sources,
            store=batches,
            leases=leases,
            people=folk,
            cards=self.cards,
            clock=clock,
            grants=self.grants,
        )
        self.runs = run.Runs(
            sources=sources,
            store=batches,
            anomalies=anomalies,
            leases=leases,
            batches=self.batches,
            people=folk,
            cards=self.cards,
            post=self.post,
            messenger=messenger,
            clock=clock,
            telemetry=silent,
            grants=self.grants,
            recorder=self.recorder,
        )
        self.poll = poll.Poll(
            sources=sources,
            anomalies=anomalies,
            health=store.health,
            leases=leases,
            cards=self.cards,
            clock=clock,
            telemetry=silent,
            every=timedelta(seconds=60),
        )
        self.cards.drawers[model.CardKind.BATCH] = self.batches.draw

    # --- what people do ----------------------------------------------------------------------------------------------------------

    async def met(self, *idents: int, **values: object) -> None:
        """Anomalies that are known and posted."""
        self.world.system.put(0)
        await self.look()
        self.world.clock.pass_by(seconds=60)
        self.world.system.put(*idents, **values)
        await self.look()
        await self.post.flush()

    async def look(self) -> None:
        """One poll of each system."""
        for name in self.world.sources:
            await self.poll.poll(name, now_please=True)

    async def click(self, change: model.Change, ident: object, actor: model.Actor = DANA, key: str = "") -> model.Receipt:
        click = triage.Click(key or f"click:{self.world.clock.now().isoformat()}:{ident}:{change.action}")
        return await self.triage.act(change, ref_of(ident), actor, click)

    async def ask(self, change: model.Change, *idents: object, actor: model.Actor = DANA) -> str:
        """A batch that was confirmed."""
        targets = [(await self.sources[ref.source].get([ref.id]))[ref.id] for ref in map(ref_of, idents)]
        preview = await self.batches.freeze(change, targets, "status:open", actor, CHANNEL)
        await self.batches.confirm(preview.batch.id, actor)
        return preview.batch.id

    # --- what happens by itself --------------------------------------------------------------------------------------------------

    async def turn(self) -> None:
        """Every job of the desk, once."""
        await self.triage.resume()
        await self.runs.work()
        await self.remarks.work()
        await self.look()
        await self.post.flush()

    async def settle(self) -> None:
        """All jobs, until whatever somebody else held is free."""
        for _ in range(3):
            self.world.clock.pass_by(seconds=301)
            await self.turn()

    async def fates(self, batch: str) -> Mapping[str, tuple[model.Fate, str]]:
        items = await self.world.store.batches.items(batch)
        return {item.ref.id: (item.fate, item.reason) for item in items}


async def killed(work: Awaitable[Any]) -> bool:
    """Whether the process died of it."""
    try:
        await work
    except Killed:
        return True
    return False
