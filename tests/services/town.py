"""The strange system at work with the services: the real source on the running fake, alone or beside the scripted system."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from bot import model
from bot.store import engine
from tests.services import desk as desks
from tests.services import inbox
from tests.strange import server, source
from tests.strange import world as worlds

FIRST = model.Ref("strange", "ab:17/x")


def ref(ident: str) -> model.Ref:
    """One of the strange system."""
    return model.Ref("strange", ident)


class Wall(desks.Wall, inbox.Wall):
    """One whose messages are as old as the clock says, so that they are edited."""


@dataclass
class Town:
    """What outlives a process, with a strange system in it; `mixed` where there is another one besides."""

    world: desks.World
    parts: server.Parts
    mixed: bool

    @property
    def strange(self) -> worlds.World:
        """What the strange system knows."""
        return self.parts.world

    def arrive(self, count: int = 1, **fields: Any) -> list[model.Ref]:
        """New ones in the strange system."""
        return [ref(one.id) for one in self.strange.arrive(count, **fields)]

    async def met(self, count: int = 1) -> tuple[desks.Desk, list[model.Ref]]:
        """A desk that knows its systems, and new anomalies of the strange one that it has posted."""
        desk = self.world.desk()
        self.arrive(1, at=self.world.clock.now().timestamp() - 3600)
        self.world.system.put(0)
        await desk.look()
        self.world.clock.pass_by(seconds=60)
        made = self.arrive(count)
        await desk.look()
        await desk.post.flush()
        return desk, made

    def phase(self, which: model.Ref) -> str:
        """Where one stands there."""
        return self.strange.signals[which.id].phase

    def writes(self) -> list[str]:
        """What was asked to change something there since the last look."""
        calls = [f"{call['path']} {(call['json'] or {}).get('to')}" for call in self.parts.app.calls if call["path"].endswith("/phase")]
        self.parts.app.calls.clear()
        return calls

    def fault(self, mode: str, **fields: Any) -> None:
        """The strange system's next calls meet this."""
        self.parts.faults.add(mode=mode, **fields)

    def said(self, *words: str) -> list[str]:
        """The messages on the wall that hold all these words."""
        return [said for said in self.world.wall.shown.values() if all(word in said for word in words)]


@contextlib.asynccontextmanager
async def built(store: engine.Store, *, mixed: bool, kind: type[source.Strange] = source.Strange) -> AsyncIterator[Town]:
    """Nothing has happened yet. `kind` is how the strange system is understood."""
    there = worlds.World(token_seconds=86_400)
    async with server.serving(there) as (url, parts):
        world = desks.World(store, scripted=mixed)
        world.wall = Wall(world.clock)
        there.clock = lambda: world.clock.now().timestamp()
        speaks = kind(url=url, key=worlds.KEY, clock=world.clock)
        world.others = {"strange": speaks}
        yield Town(world, parts, mixed)
        await speaks.aclose()
