"""How the desk stands: its systems, what waits to be delivered, what is left alone, and Slack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot import ports
from bot.render.desk import desk_status
from bot.services import browse, poll, post


@dataclass(slots=True, kw_only=True)
class Status:
    """Looks when somebody asks. `line` says in words how the connection to Slack stands."""

    sources: Mapping[str, ports.Source]
    browse: browse.Browse
    poll: poll.Poll
    post: post.Post
    cards: ports.Cards
    batches: ports.Batches
    operations: ports.Operations
    journal: ports.Journal
    workers: ports.Workers
    pushes: ports.Pushes
    clock: ports.Clock
    line: Callable[[], Awaitable[str]]
    version: str
    started: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.clock.now()

    async def view(self) -> desk_status.StatusView:
        """All that `/anomalies status` tells."""
        views = []
        for name, source in self.sources.items():
            standing, counts = await self.browse.standing(name)
            pushed = desk_status.Pushed(*await self.pushes.backlog(name))
            views.append(desk_status.SourceView(source.title, standing, counts, await self.poll.lag(name), source.unkept, pushed))
        crew = await self.workers.crew(self.clock.now())
        plain = await self.post.fallback.refuses_new_blocks()
        return desk_status.StatusView(
            views,
            await self.cards.backlog(self.clock.now()),
            await self.line(),
            self.version,
            crew.since or self.started,
            unsupported=("charts and tables",) if plain else (),
            paused=await self.post.pauses(),
            left_alone=await self._left_alone(),
            crew=crew,
        )

    async def _left_alone(self) -> Mapping[str, int]:
        """What is unfinished, by system, where that is not configured any more."""
        now = self.clock.now()
        found = [
            *[name for ident in await self.batches.runnable(now) for name in await self.batches.systems(ident)],
            *(intent.ref.source for intent in await self.journal.unfinished(now)),
            *(operation.source for operation in await self.operations.running()),
        ]
        return Counter(name for name in sorted(found) if name not in self.sources)
