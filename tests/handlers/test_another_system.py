"""A desk that has one system only, and not one that this release brings: registered by this file, through the registry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from bot import app, errors, model, ports
from bot.core import setting_values
from bot.render.kit import ids
from bot.sources import registry
from tests.handlers.front import NAMES, Front, Unhurried, visible
from tests.walks import stage as staging


class Acme:
    """A system of a few alarms in memory that can be acknowledged, and nothing else."""

    name, title = "acme", "Acme"
    supports = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE})
    doubtful: frozenset[model.Action] = frozenset()
    stages: tuple[model.Stage, ...] = ()
    archive_as: tuple[model.Closing, ...] = ()
    idents, own_words, client_options = model.Idents(), (), model.ClientOptions()
    words: Mapping[str, model.Word] = dict.fromkeys(("source", "status", "sort", "limit", "id"), model.Word(model.Handling.SENT))
    max_batch, census = 1, 1
    unkept: frozenset[model.Part] = frozenset()
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0

    def __init__(self, deps: ports.Deps) -> None:
        self.deps, self.closed = deps, False
        self.there: dict[str, model.Anomaly] = {}

    def ring(self, ident: str) -> None:
        """Something is wrong."""
        self.there[ident] = model.Anomaly(model.Ref("acme", ident), model.State.ACTIVE, "ringing", datetime.now(UTC), description="Too hot")

    async def changes(self, cursor: str) -> model.Changes:
        return model.Changes(list(self.there.values()), "1")

    async def find(self, query: model.Query) -> model.Found:
        return model.Found(list(self.there.values()), len(self.there))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        yield list(self.there.values())

    async def count(self, query: model.Query) -> int:
        return len(self.there)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        return {ident: self.there[ident] for ident in ids if ident in self.there}

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        return model.Reading(await self.get(ids), frozenset(ids) - self.there.keys())

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        for one in targets:
            self.there[one.ref.id] = replace(self.there[one.ref.id], state=model.State.ACKNOWLEDGED, status="heard")
        return [model.Outcome(one.ref, model.Result.DONE) for one in targets]

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        return ()

    async def people(self) -> Sequence[model.Person]:
        return ()

    async def check(self) -> str:
        if self.deps.values["TOKEN"] != "sesame":
            raise errors.SourceAuthFailed(self.name, "Acme does not know ACME_TOKEN.")
        return "2 bells"

    async def aclose(self) -> None:
        self.closed = True


MADE: list[Acme] = []


def _build(deps: ports.Deps) -> ports.System:
    MADE.append(Acme(deps))
    return ports.System(MADE[-1])


KIND = ports.Kind(
    name="acme",
    title="Acme",
    prefix="ACME",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of Acme"),
        ports.Setting("TOKEN", setting_values.secret(), "a token of Acme", secret=True),
    ),
    build=_build,
)


@pytest.fixture
def known() -> Any:
    """The desk knows Acme as well as its own systems."""
    with mock.patch.object(registry, "SYSTEMS", {**registry.SYSTEMS, "acme": KIND}):
        MADE.clear()
        yield


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[staging.Stage]:
    async with staging.staged(tmp_path) as made:
        yield made


def environment(stage: staging.Stage, **more: str) -> dict[str, str]:
    """The environment of a desk with Acme alone."""
    env = stage.env(DESK_POLL_SECONDS="86400", DESK_WAIT_SECONDS="0", PORT="0", DESK_CLICK_CALLS="5")
    given = {name: env[name] for name in env if name.startswith("DESK_") or name in NAMES}
    return given | {"ACME_URL": "https://acme.example", "ACME_TOKEN": "sesame", "ACME_CALLS_PER_MINUTE": "600"} | more


async def test_one_system_alone_is_a_whole_desk(stage: staging.Stage, known: None) -> None:
    async with app.running(app.load(environment(stage)), listening=False, working=False) as running:
        running.post.messenger._pacer = Unhurried()  # type: ignore[attr-defined]
        assert (list(running.sources), list(running.scanners)) == (["acme"], [])
        (system,), front = MADE, Front(stage, running)
        assert system.deps.lanes == ports.Lanes(clicks=5) and system.deps.values["TOKEN"] == "sesame"
        assert system.deps.budget is running.calls["acme"] and running.calls["acme"].per_minute == 600
        for ident in ("", "b1"):  # first contact, then news
            if ident:
                system.ring(ident)
            await running.poll.poll("acme", now_please=True)
            await running.post.flush()
        (card,) = [message for message in front.posted() if "Too hot" in visible(message)]
        await front.send(front.press(card, ids.ACKNOWLEDGE))
        assert system.there["b1"].state is model.State.ACKNOWLEDGED
        (card,) = [message for message in front.posted() if "Too hot" in visible(message)]
        assert "Acknowledged by Dana" in visible(card)
        assert "Acme" in await front.told(front.command("status"))
        told = await front.told(front.command("anything", name="/scan"))
        assert told.startswith("Acme offers no way to start scans from here.")
        await front.send(front.command("", name="/scan"))
        assert "Acme offers no way to start scans from here." in front.modal()
    assert system.closed


async def test_check_asks_it_and_nobody_else(stage: staging.Stage, known: None) -> None:
    found = await app.check(app.load(environment(stage)))
    assert list(found)[-1] == "Acme" and found["Acme"] == app.Finding(seen="2 bells")
    wrong = await app.check(app.load(environment(stage, ACME_TOKEN="open")))
    assert wrong["Acme"].fault == "Acme does not know ACME_TOKEN."


async def test_a_system_that_nobody_configured_is_not_built(stage: staging.Stage, known: None) -> None:
    env = stage.env(PORT="0")
    given = {name: env[name] for name in env if name.startswith(("DESK_", "QUALYTICS_")) or name in NAMES}
    async with app.running(app.load(given), listening=False, working=False) as running:
        assert (list(running.sources), MADE) == (["qualytics"], [])
        assert "qualytics" in running.scanners


async def test_scans_are_for_the_system_that_has_some(stage: staging.Stage) -> None:
    env = environment(stage) | {name: value for name, value in stage.env().items() if name.startswith("QUALYTICS_")}
    with mock.patch.object(registry, "SYSTEMS", {"acme": KIND, **registry.SYSTEMS}):
        async with app.running(app.load(env), listening=False, working=False) as running:
            running.post.messenger._pacer = Unhurried()  # type: ignore[attr-defined]
            front = Front(stage, running)
            assert list(running.sources) == ["acme", "qualytics"]
            assert "Started: " in await front.told(front.command("warehouse-prod tables:orders incremental", name="/scan"))
            told = await front.told(front.command("warehouse-prod source:acme", name="/scan"))
            assert told.startswith("Acme offers no way to start scans from here.")
