"""A system in memory whose anomalies have the very ids that Qualytics gives, and the registry that knows it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from bot import app, model, ports
from bot.core import setting_values
from bot.sources import registry
from bot.sources.qualytics import closings
from tests.handlers import front as fronts
from tests.services import cast, whole
from tests.walks import stage as staging


@dataclass
class Twin(whole.Whole):
    """What the scripted system of the services is, as a whole source."""

    name: str = "twin"
    title: str = "Twin"

    def __post_init__(self) -> None:
        self.idents = model.Idents(hosts=("twin.example",))

    async def people(self) -> Sequence[model.Person]:
        return (model.Person("twin", "12", "Dana of Twin", cast.DANA.email),)

    async def check(self) -> str:
        return "here"

    async def aclose(self) -> None: ...


@dataclass
class Both:
    """A desk between Qualytics and its twin."""

    front: fronts.Front
    twin: Twin

    async def arrive(self, count: int = 1, words: str = "the same") -> list[int]:
        """New ones in Qualytics, and new ones of the same ids in its twin, polled and posted."""
        made = await self.front.stage.arrive(count, description=f"{words} first")
        now = self.front.running.desk.clock.now()
        for ident in made:
            self.twin.put(ident, description=f"{words} second", created=now, url=f"https://twin.example/anomalies/{ident}")
        await self.front.look()
        return made

    async def states(self, ident: int) -> tuple[str, str]:
        """How it stands in Qualytics, and how the one of the same id stands in the twin."""
        return str((await self.front.stage.truth(ident))["status"]), self.twin.there[str(ident)].status

    def card(self, source: str, ident: int) -> fronts.Json:
        """The card of one of the two."""
        return self.front.card(model.Ref(source, str(ident)))


@contextlib.asynccontextmanager
async def opened(folder: Path, **more: str) -> AsyncIterator[Both]:
    """A desk that has met both."""
    made = Twin(cast.Clock(), archive_as=closings.CLOSINGS)
    kind = ports.Kind(
        name="twin",
        title="Twin",
        prefix="TWIN",
        settings=(ports.Setting("URL", setting_values.url), ports.Setting("TOKEN", setting_values.secret(), secret=True)),
        build=lambda deps: ports.System(made),
    )
    async with contextlib.AsyncExitStack() as stack:
        stage = await stack.enter_async_context(staging.staged(folder))
        stack.enter_context(mock.patch.dict(registry.SYSTEMS, {"twin": kind}))
        env = stage.env(DESK_POLL_SECONDS="86400", DESK_WAIT_SECONDS="0", PORT="0", **more)
        given = {name: env[name] for name in env if name.startswith(("DESK_", "QUALYTICS_")) or name in fronts.NAMES}
        configured: Any = app.load({**given, "TWIN_URL": "https://twin.example", "TWIN_TOKEN": "t"})
        running = await stack.enter_async_context(app.running(configured, listening=False, working=False))
        running.post.messenger._pacer = fronts.Unhurried()  # type: ignore[attr-defined]
        front = fronts.Front(stage, running)
        await front.look()
        yield Both(front, made)
