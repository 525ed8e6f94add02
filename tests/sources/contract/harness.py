"""What the contract does to a system and sees of it, alike for each: one harness beside each fake."""

from __future__ import annotations

import abc
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from bot import model, ports, settings
from bot.core import overlay
from bot.services import kept_here
from bot.sources import registry
from bot.sources.anodot import client as anodot_client
from bot.sources.anodot import source as anodot_source
from bot.sources.anomify import source as anomify_source
from bot.sources.autional import client
from bot.sources.autional import source as autional_source
from bot.sources.qualytics import closings
from sandbox import anodot, anomify, autional, qualytics
from sandbox.anodot import catalogue as anodot_people
from tests.sources import overlay_rows
from tests.sources.staging import Deployment, RealClock, Traits
from tests.strange import server as strange_server
from tests.strange import service, source
from tests.strange import system as strange_system
from tests.strange import world as worlds

Fault = dict[str, Any]
SLACK = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DESK_CHANNEL": "C0123456789"}
"""What the settings want besides a system."""


class Harness(abc.ABC):
    """A fake that runs. `page` is how many anomalies one call lists, `together` how many one call reads by their ids, `cannot` what the
    system has no way to do; `outcomes` are the ways of closing that it offers, `secret` must be in no sentence."""

    name: str
    page: int
    together: int
    cannot: frozenset[model.Action]
    outcomes: tuple[str, ...]
    secret: str
    url: str
    move: tuple[str, str]
    """The method and the path of a single change."""
    linked: bool = True
    """Whether each anomaly has a page of its own there."""
    heard: bool = True
    """Whether it tells the remarks that were left."""
    assignee: str = "12"
    """The id of somebody who can be assigned."""
    refused_door: ClassVar[Fault]
    """What a system says that does not take the credentials, whatever is asked."""
    doors: ClassVar[Sequence[Mapping[str, str]]]
    """The settings by which it is reached besides its address, for each way to tell who asks."""
    parts: Any
    lacks: ClassVar[frozenset[str]] = frozenset()
    """What it is not asked, by the names of tests: it does not have what they are about."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def source(self, **settings: Any) -> Any:
        """A new process that speaks to it."""
        self._made.append(self._source(**settings))
        return self._made[-1]

    @abc.abstractmethod
    def _source(self, **settings: Any) -> Any: ...

    def system(self, door: Mapping[str, str]) -> ports.System:
        """It with all that it can, as the product builds it of settings."""
        (kind,) = [one for one in (*registry.SYSTEMS.values(), strange_system.KIND) if one.name == self.name]
        given = {kind.variable(name): value for name, value in {"URL": self.url, **door}.items()}
        read = settings.load({**SLACK, **given}, (kind,)).systems[self.name]
        assert kind.build is not None
        made = kind.build(ports.Deps(values=read.plain(), thresholds=read.severity, clock=RealClock(), traits=Traits()))
        self._made.append(made.source)
        return made

    # --- what happens there ----------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        """New ones; their ids."""

    @abc.abstractmethod
    def close(self, ident: str) -> None:
        """Somebody, or the system itself, closes one."""

    @abc.abstractmethod
    def erase(self, ident: str) -> None:
        """It does not exist any more."""

    @abc.abstractmethod
    def make_odd(self, ident: str) -> None:
        """It gets a state and a type that are in no contract."""

    def fault(self, mode: str, **fields: Any) -> None:
        """The next calls meet this."""
        self.parts.faults.add(mode=mode, **fields)

    # --- how it stands there ---------------------------------------------------------------------------------------------------

    @abc.abstractmethod
    def state(self, ident: str) -> model.State | None:
        """Where it stands; None where it does not exist."""

    @abc.abstractmethod
    def everything(self) -> list[str]:
        """The ids of all, closed ones too."""

    def standing(self, *states: model.State) -> set[str]:
        """The ids of those that stand so."""
        return {ident for ident in self.everything() if self.state(ident) in states}

    def open(self) -> set[str]:
        """The ids of all that is not closed."""
        return self.standing(model.State.ACTIVE, model.State.ACKNOWLEDGED)

    @abc.abstractmethod
    def ended_as(self, ident: str) -> str:
        """With which outcome it was closed."""

    def lines(self) -> list[str]:
        """What was asked since the last look: method and path. How a key is exchanged is nobody's business."""
        calls = [f"{call['method']} {call['path']}" for call in self.parts.app.calls if call["path"] != "/v0/token"]
        self.parts.app.calls.clear()
        return calls

    def writes(self) -> list[str]:
        """What was asked to change something since the last look."""
        return [line for line in self.lines() if not line.startswith("GET ")]

    async def aclose(self) -> None:
        """Close what was made."""
        for one in self._made:
            await one.aclose()


class Qualytics(Harness):
    """The sandbox's Qualytics, with thirty open."""

    name, page, together = "qualytics", 100, 100
    cannot = frozenset({model.Action.CASE})
    outcomes = closings.WORDS
    secret = qualytics.SANDBOX_TOKEN
    move = ("PUT", "anomalies/")
    refused_door: ClassVar[Fault] = {"mode": "401"}
    doors = ({"TOKEN": qualytics.SANDBOX_TOKEN},)

    def __init__(self, url: str, parts: Any) -> None:
        super().__init__()
        self.url, self.parts, self.world, self._deployment = url, parts, parts.world, Deployment(url, parts)

    def _source(self, **settings: Any) -> Any:
        return self._deployment.source(**settings)

    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        when = {"created": datetime.now(UTC) - timedelta(hours=hours_ago)} if hours_ago else {}
        return [str(one.id) for one in self.world.arrive(count, **when)]

    def close(self, ident: str) -> None:
        self.world.change(self.world.anomalies[int(ident)], status="Invalid")

    def erase(self, ident: str) -> None:
        self.world.erase(self.world.anomalies[int(ident)])

    def make_odd(self, ident: str) -> None:
        self.world.change(self.world.anomalies[int(ident)], status="Pondering", type="wobble")

    def state(self, ident: str) -> model.State | None:
        known = {"Acknowledged": model.State.ACKNOWLEDGED, **dict.fromkeys(self.outcomes, model.State.ARCHIVED)}
        one = self.world.anomalies.get(int(ident))
        return None if one is None else known.get(one.status, model.State.ACTIVE)

    def everything(self) -> list[str]:
        return [str(ident) for ident in self.world.anomalies]

    def ended_as(self, ident: str) -> str:
        return str(self.world.anomalies[int(ident)].status)


class Strange(Harness):
    """The system that is strange on purpose, with thirty open and three closed."""

    name, page, together = "strange", 10, 1
    cannot = frozenset(
        {model.Action.ASSIGN, model.Action.COMMENT, model.Action.TAG, model.Action.DESCRIBE, model.Action.DELETE}
        | {model.Action.SCAN, model.Action.ABORT, model.Action.CASE, model.Action.ROWS}
    )
    outcomes = worlds.ENDINGS
    secret = worlds.KEY
    move = ("POST", "/phase")
    refused_door: ClassVar[Fault] = {"mode": "reply", "json": {"code": service.BAD_KEY, "message": f"the key {worlds.KEY} opens nothing"}}
    doors = ({"KEY": worlds.KEY},)

    def __init__(self, url: str, parts: strange_server.Parts) -> None:
        super().__init__()
        self.url, self.parts, self.world = url, parts, parts.world

    def _source(self, **settings: Any) -> Any:
        given = {name: value for name, value in settings.items() if name != "max_batch"}
        return source.Strange(**{"url": self.url, "key": self.secret, "clock": RealClock(), **given})

    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        when = {"at": self.world.clock() - hours_ago * 3600} if hours_ago else {}
        return [one.id for one in self.world.arrive(count, **when)]

    def close(self, ident: str) -> None:
        self.world.close(ident)

    def erase(self, ident: str) -> None:
        self.world.erase(ident)

    def make_odd(self, ident: str) -> None:
        self.world.change(self.world.signals[ident], phase="pondering", kind="wobble")

    def state(self, ident: str) -> model.State | None:
        known = {worlds.SEEN: model.State.ACKNOWLEDGED, worlds.SHUT: model.State.ARCHIVED}
        one = self.world.signals.get(ident)
        return None if one is None else known.get(worlds.SEEN if one.was and worlds.waits(one) else one.phase, model.State.ACTIVE)

    def everything(self) -> list[str]:
        return list(self.world.signals)

    def ended_as(self, ident: str) -> str:
        return self.world.signals[ident].ending


class Autional(Harness):
    """The sandbox's Autional in the words of its page, with thirty open; pages are of ten."""

    name, page, together = "autional", 10, 1
    cannot = frozenset(
        {model.Action.TAG, model.Action.DESCRIBE, model.Action.DELETE, model.Action.SCAN, model.Action.ABORT, model.Action.ROWS}
    )
    outcomes = ("Resolved", "Invalid")
    secret = autional.SANDBOX_TOKEN
    move = ("PUT", "/status")
    linked = False
    refused_door: ClassVar[Fault] = {"mode": "401"}
    doors = (
        {"TENANT": autional.TENANT, "TOKEN": autional.SANDBOX_TOKEN},
        {"TENANT": autional.TENANT, "CLIENT_ID": autional.CLIENT_ID, "CLIENT_SECRET": autional.CLIENT_SECRET},
    )

    def __init__(self, url: str, parts: Any) -> None:
        super().__init__()
        self.url, self.parts, self.world, self.traits = url, parts, parts.world, Traits()

    def _source(self, **settings: Any) -> Any:
        given = {name: value for name, value in settings.items() if name != "max_batch"}
        clock = given.pop("clock", RealClock())
        who = client.token(self.secret, clock)
        made = {"url": self.url, "tenant": autional.TENANT, "who": who, "traits": self.traits, "page_size": self.page, **given}
        return autional_source.Autional(clock=clock, **made)

    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        when = {"detected": datetime.now(UTC) - timedelta(hours=hours_ago)} if hours_ago else {}
        return [one.id for one in self.world.arrive(count, **when)]

    def close(self, ident: str) -> None:
        self.world.set_status(self.world.anomalies[ident], "resolved", "usr_1")

    def erase(self, ident: str) -> None:
        self.world.erase(self.world.anomalies[ident])

    def make_odd(self, ident: str) -> None:
        self.world.change(self.world.anomalies[ident], status="pondering", type="wobble")

    def state(self, ident: str) -> model.State | None:
        one = self.world.anomalies.get(ident)
        known = {
            **dict.fromkeys(("acknowledged", "investigating"), model.State.ACKNOWLEDGED),
            **dict.fromkeys(("resolved", "dismissed", "false_positive"), model.State.ARCHIVED),
        }
        return None if one is None else known.get(one.status, model.State.ACTIVE)

    def everything(self) -> list[str]:
        return list(self.world.anomalies)

    def ended_as(self, ident: str) -> str:
        return {"resolved": "Resolved"}.get(self.world.anomalies[ident].status, "Invalid")


class Anomify(Harness):
    """The sandbox's Anomify, with thirty open, where the list that no document describes can be had."""

    name, page, together = "anomify", 20, 1
    cannot = frozenset(model.Action) - {model.Action.BROWSE}
    outcomes = ("Resolved", "Invalid", "Duplicate", "Discarded")
    lacks = frozenset(
        {
            "test_a_change_is_done_and_nothing_else",
            "test_a_remark_that_rides_along_is_left_or_said_to_be_lost",
            "test_a_repeated_change_says_already",
            "test_each_outcome_that_is_offered_is_done_and_seen",
            "test_an_outcome_that_is_none_of_its_own_is_refused_with_those_that_are",
            "test_bad_ids_among_many_are_named_and_the_good_ones_done",
            "test_what_is_closed_is_never_updated",
            "test_after_an_answer_that_was_lost_somebody_looks_and_it_is_done_once",
            "test_a_connection_that_broke_before_anything_happened_is_tried_once_more",
            "test_one_of_many_that_fails_takes_no_other_with_it",
            "test_nothing_at_all_done_raises",
            "test_at_most_four_writes_at_once",
            "test_a_state_and_a_type_that_nobody_knows_are_kept_as_they_are",
            "test_find_and_count_agree_with_the_truth",
            "test_the_limit_takes_the_first_of_the_order",
            "test_the_pages_bring_what_is_found_in_its_order_and_look_at_no_limit",
            "test_chosen_ids_are_found_as_far_as_they_stand_so",
        }
    )
    """Changes, states and types of its own, and a list that filters or sorts."""
    secret = anomify.SANDBOX_TOKEN
    linked = False
    refused_door: ClassVar[Fault] = {"mode": "401"}
    doors = ({"TOKEN": anomify.SANDBOX_TOKEN, "UNDOCUMENTED": "list"},)

    def __init__(self, url: str, parts: Any) -> None:
        super().__init__()
        self.url, self.parts, self.world = url, parts, parts.world

    def _source(self, **settings: Any) -> Any:
        given = {name: value for name, value in settings.items() if name != "max_batch"}
        return anomify_source.Anomify(**{"url": self.url, "token": self.secret, "clock": RealClock(), "listing": True, **given})

    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        return [str(one.id) for one in self.world.arrive(count, started=self.world.now() - 60 - int(hours_ago * 3600), life=10**7)]

    def close(self, ident: str) -> None:
        one = self.world.anomalies[int(ident)]
        self.world.change(one, ended=self.world.now() - 90_000)

    def erase(self, ident: str) -> None:
        self.world.erase(self.world.anomalies[int(ident)])

    def make_odd(self, ident: str) -> None:
        raise NotImplementedError("it has no states and no types")

    def state(self, ident: str) -> model.State | None:
        one = self.world.anomalies.get(int(ident))
        if one is None:
            return None
        return model.State.ARCHIVED if one.ended and self.world.now() - one.ended >= 86_400 else model.State.ACTIVE

    def everything(self) -> list[str]:
        return [str(ident) for ident in self.world.anomalies]

    def ended_as(self, ident: str) -> str:
        return model.OVER


@contextlib.asynccontextmanager
async def _anomify() -> AsyncIterator[Harness]:
    world = anomify.Organisation(seed=7, open_count=30)
    world.modes.list = "anomalies"
    async with anomify.serving(world) as (url, parts):
        yield Anomify(url, parts)


class Kept(kept_here.KeptHere):
    """Anodot as services see it: with what is kept here, written down as the recorder would, and changed by Dana."""

    def __init__(self, inner: anodot_source.Anodot, rows: overlay_rows.Rows) -> None:
        super().__init__(inner, rows)
        self._inner, self._kept = inner, rows

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        with ports.acting(_dana):
            outcomes = await super().apply(change, targets)
        for target, outcome in zip(targets, outcomes, strict=True):
            if outcome.ours is not None and outcome.result is not model.Result.REFUSED:
                self._kept.write(overlay.merged(target, outcome.ours), outcome.ours)
        return outcomes


async def _dana(source: str) -> model.Person:
    return model.Person("anodot", anodot_people.DANA.id, "Dana Reyes", "dana@acme.example")


class Anodot(Harness):
    """The sandbox's Anodot, with thirty open; pages are of ten. A look at all triggers, one at names, and tokens are not counted."""

    name, page, together = "anodot", 10, 1
    cannot = frozenset(
        {model.Action.TAG, model.Action.DESCRIBE, model.Action.DELETE, model.Action.SCAN, model.Action.ABORT, model.Action.CASE}
        | {model.Action.ROWS}
    )
    outcomes = ("Resolved", "Duplicate", "Invalid", "Discarded")
    secret = anodot.SANDBOX_KEY
    move = ("POST", "/acknowledge/add")
    heard = False
    assignee = anodot_people.DANA.id
    refused_door: ClassVar[Fault] = {"mode": "401"}
    doors = ({"ACCESS_KEY": anodot.SANDBOX_KEY},)
    beside = ("GET /api/v2/alerts/triggered", "GET /api/v2/users", "POST /api/v2/access-token")

    def __init__(self, url: str, parts: Any) -> None:
        super().__init__()
        self.url, self.parts, self.world, self.rows = url, parts, parts.world, overlay_rows.Rows()

    def _source(self, **settings: Any) -> Any:
        given = {name: value for name, value in settings.items() if name != "max_batch"}
        clock = given.pop("clock", RealClock())
        made = {"url": self.url, "who": anodot_client.access(self.secret, clock), "page_size": self.page, **given}
        return Kept(anodot_source.Anodot(clock=clock, **made), self.rows)

    def arrive(self, count: int = 1, *, hours_ago: float = 0.0) -> list[str]:
        when = {"started": self.world.now() - int(hours_ago * 3600), "life": 10**7} if hours_ago else {}
        return [one.id for one in self.world.arrive(count, what="signups", score=0.95, **when)]

    def close(self, ident: str) -> None:
        self.world.close(self.world.anomalies[ident])

    def erase(self, ident: str) -> None:
        self.world.erase(self.world.anomalies[ident])

    def make_odd(self, ident: str) -> None:
        self.world.change(self.world.anomalies[ident], odd="pondering")

    def state(self, ident: str) -> model.State | None:
        one, kept = self.world.anomalies.get(ident), self.rows.rows.get(ident)
        if one is None:
            return None
        if kept is not None and kept.state is not None:
            return kept.state
        if any(trigger.acks for trigger in one.triggers):
            return model.State.ACKNOWLEDGED
        return model.State.ARCHIVED if one.ended is not None else model.State.ACTIVE

    def everything(self) -> list[str]:
        return list(self.world.anomalies)

    def ended_as(self, ident: str) -> str:
        return self.rows.rows[ident].outcome or ""

    def lines(self) -> list[str]:
        return [line for line in super().lines() if line not in self.beside]


@contextlib.asynccontextmanager
async def _qualytics() -> AsyncIterator[Harness]:
    async with qualytics.serving(qualytics.Deployment(seed=7, open_count=30)) as (url, parts):
        yield Qualytics(url, parts)


@contextlib.asynccontextmanager
async def _strange() -> AsyncIterator[Harness]:
    world = worlds.World(token_calls=20)
    for number in range(33):
        made = world.arrive(1, at=world.clock() - 86400 * 3 + number * 3600, score=(number * 7 % 100) / 100)[0]
        world.change(made, phase=[worlds.LIVE, worlds.LIVE, worlds.SEEN][number % 3])
    for one in list(world.signals.values())[4:30:11]:
        world.change(one, phase=worlds.SHUT, ending=worlds.EXPECTED)
    async with strange_server.serving(world) as (url, parts):
        yield Strange(url, parts)


@contextlib.asynccontextmanager
async def _autional() -> AsyncIterator[Harness]:
    world = autional.Tenant(seed=7, open_count=30)
    world.modes.words = world.modes.filter_words = "page"
    async with autional.serving(world) as (url, parts):
        for one in world.anomalies.values():
            if one.status == "false_positive":
                world.change(one, status="dismissed")
        yield Autional(url, parts)


LACKS = {one.name: one.lacks for one in (Anodot, Anomify, Autional, Qualytics, Strange)}


@contextlib.asynccontextmanager
async def _anodot() -> AsyncIterator[Harness]:
    world = anodot.Account(seed=7, open_count=0)
    for number in range(30):
        (one,) = world.arrive(1, what="signups", score=(60 + number) / 100, started=world.now() - 86400 * 3 + number * 3600, life=10**7)
        if number % 3 == 2:
            world.acknowledge(one.triggers[0], anodot_people.SAM.id, True)
    async with anodot.serving(world) as (url, parts):
        yield Anodot(url, parts)


HARNESSES: dict[str, Callable[[], AbstractAsyncContextManager[Harness]]] = {
    "anomify": _anomify,
    "anodot": _anodot,
    "autional": _autional,
    "qualytics": _qualytics,
    "strange": _strange,
}
"""One for each system that is registered, and for the one of the tests."""
