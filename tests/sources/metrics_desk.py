"""A fake Anodot that runs, and the source as services see it: with what the desk keeps, and changed by somebody."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from bot import model, ports
from bot.core import overlay
from bot.services import kept_here
from bot.sources.anodot import client, source
from sandbox import anodot
from sandbox.anodot import catalogue
from tests.sources import overlay_rows
from tests.sources.staging import RealClock

AGE = timedelta(hours=1)
"""Older than what is not exchanged again."""
DANA = model.Person("anodot", catalogue.DANA.id, "Dana Reyes", "dana@acme.example")


class Site:
    """One account, and a source that speaks to it."""

    def __init__(self, url: str, parts: Any, **settings: Any) -> None:
        self.url, self.parts, self.world, self.rows = url, parts, parts.world, overlay_rows.Rows()
        clock = settings.pop("clock", RealClock())
        made = {"url": url, "who": client.access(settings.pop("key", anodot.SANDBOX_KEY), clock), **settings}
        self.inner = source.Anodot(clock=clock, **made)
        self.source = kept_here.KeptHere(self.inner, self.rows)

    def one(self, **wanted: Any) -> Any:
        """A new anomaly that an alert raised a trigger for."""
        return self.world.arrive(1, **{"what": "signups", "score": 0.95, **wanted})[0]

    async def get(self, ident: str) -> model.Anomaly:
        """It, as it stands."""
        return (await self.source.get([ident]))[ident]

    async def do(self, action: model.Action, ident: str, by: model.Person | None = DANA, **parts: Any) -> model.Outcome:
        """One change, and what is kept of it written down as the recorder does."""

        async def who(source: str) -> model.Person | None:
            return by

        with ports.clicked(), ports.acting(who):
            target = await self.get(ident)
            (outcome,) = await self.source.apply(model.Change(action, **parts), [target])
        if outcome.ours is not None and outcome.result is model.Result.DONE:
            self.rows.write(overlay.merged(target, outcome.ours), outcome.ours)
        return outcome

    def calls(self, *but: str) -> list[dict[str, Any]]:
        """What was asked since the last look, without the exchange of the key."""
        made = [one for one in self.parts.app.calls if not one["path"].endswith(("access-token", *but))]
        self.parts.app.calls.clear()
        return made

    def writes(self) -> list[str]:
        """What was asked to change something."""
        return [f"{one['method']} {one['path'].removeprefix('/api/v2/')}" for one in self.calls() if one["method"] != "GET"]


@contextlib.asynccontextmanager
async def site(open_count: int = 0, **settings: Any) -> AsyncIterator[Site]:
    """It, for a while."""
    async with anodot.serving(anodot.Account(seed=7, open_count=open_count)) as (url, parts):
        made = Site(url, parts, **settings)
        yield made
        await made.inner.aclose()
