"""What is new: the newest since the last look, with overlap, and each poll a page of everything that is open, in turn: what is measured by
the day or the week is dated long before it is noticed (trap 23)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot import model, ports
from bot.sources import base
from bot.sources.anodot import client, listing

OVERLAP = timedelta(hours=2)
"""Behind the newest one known within which a late one may appear."""
OPEN: base.Params = (("state", "open"), ("resolution", ",".join(client.SCALES)))


@dataclass(frozen=True, slots=True)
class Cursor:
    """When it was looked last, the newest one that was seen then, and from when on the round through everything that is open goes on: of
    what began in that second, `skip` were looked at."""

    looked: datetime
    newest: datetime
    turn: int = 0
    skip: int = 0

    def __str__(self) -> str:
        times = {"looked": self.looked.timestamp(), "newest": self.newest.timestamp()}
        return json.dumps({**times, "turn": self.turn, "skip": self.skip})


def read(text: str) -> Cursor | None:
    """A cursor as it was written; None for one that nobody wrote."""
    try:
        told = json.loads(text)
        looked, newest = (datetime.fromtimestamp(float(told[name]), UTC) for name in ("looked", "newest"))
        return Cursor(looked, newest, max(int(told["turn"]), 0), max(int(told.get("skip", 0)), 0))
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


class Arrivals:
    """Follows one account. `polls`: within so many everything that is open is looked through."""

    def __init__(self, lister: listing.Lister, clock: ports.Clock, size: int) -> None:
        self._lister, self._clock, self._size = lister, clock, size
        self.polls = 1

    def opening(self) -> model.Opening:
        """Everything that is open, page by page, and the cursor behind it."""
        begun, last = self._clock.now(), [datetime.fromtimestamp(0, UTC)]

        async def pages() -> AsyncIterator[Sequence[model.Anomaly]]:
            async for found in self._lister.stream(OPEN):
                last[:] = [max([*last, *(one.created for one in found if not one.undated)])]
                yield [one for one in found if one.state is not model.State.ARCHIVED]
            whole.cursor = str(Cursor(begun, min(last[0], begun + ports.AHEAD)))

        whole = model.Opening(pages())
        return whole

    async def since(self, text: str) -> model.Changes:
        """All that is open for a cursor that is none; else what is new, and a page of everything."""
        cursor = read(text)
        if cursor is None:
            opening = self.opening()
            met = {one.ref: one async for page in opening.pages for one in page}
            return model.Changes(sorted(met.values(), key=listing.newest), opening.cursor)
        begun = self._clock.now()
        found, newest = await self._newest(cursor, begun)
        late, turn, skip = await self._turn(cursor, found)
        ordered = sorted([*found.values(), *late.values()], key=listing.newest)
        return model.Changes(ordered, str(Cursor(begun, newest, turn, skip)), late=frozenset(late))

    async def _newest(self, cursor: Cursor, now: datetime) -> tuple[Mapping[model.Ref, model.Anomaly], datetime]:
        ground = min(cursor.newest, cursor.looked) - OVERLAP
        params = [*OPEN, ("startDate", max(int(ground.timestamp()), 1))]
        found: dict[model.Ref, model.Anomaly] = {}
        newest = cursor.newest
        async for page in self._lister.stream(params):
            found |= {one.ref: one for one in page if one.state is not model.State.ARCHIVED}
            newest = max([newest, *(one.created for one in page if not one.undated)])
        return found, min(newest, now + ports.AHEAD)

    async def _turn(self, cursor: Cursor, known: Collection[model.Ref]) -> tuple[Mapping[model.Ref, model.Anomaly], int, int]:
        """One page of everything that is open, and from where on the next one goes; of a second in which more began than paging reaches,
        all of it."""
        begin: base.Params = [("startDate", cursor.turn)] if cursor.turn else []
        page = await self._lister.page([*OPEN, *begin, ("sort", "startDate"), ("order", "asc")], cursor.skip)
        found, reach = list(page.anomalies), cursor.skip + page.raw if page.total is None else page.total
        if not cursor.turn and not cursor.skip:
            self.polls = max(-(-reach // max(page.raw, 1)), 1) + 1
        last = int(page.last.timestamp()) if page.last else 0
        skip = page.ties + (cursor.skip if last == cursor.turn else 0)
        if not last or reach <= cursor.skip + page.raw:
            last, skip = 0, 0
        elif page.most and skip >= page.most:
            found += [one async for some in self._lister.crowd(OPEN, last) for one in some.anomalies]
            last, skip = last + 1, 0
        late = {one.ref: one for one in found if one.ref not in known and one.state is not model.State.ARCHIVED}
        return late, last, skip
