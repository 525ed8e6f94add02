"""What is new. Autional lists by no date but "within the last hour" and the like, so the newest are read back to known ground, whatever
they stand at; and each poll a page of everything that is open, in turn (contracts trap 40)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from bot import model, ports
from bot.sources import base
from bot.sources.autional import filters, listing, statuses

OVERLAP = timedelta(minutes=10)
"""Behind the newest one known within which a late one may appear."""
ODD = "7d"
"""When Autional is met, anomalies with a status that is in no contract are looked for among those of this span: no list has them alone."""
WORDS, EVERYTHING = statuses.among(()), ""
"""The lists of what is open; and the one of all there is, where these do not hold all that is open."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """When it was looked last, the newest one that was seen then, and where the round through everything that is open stands: at which
    page of which list."""

    looked: datetime
    newest: datetime
    word: str = WORDS[0]
    page: int = 1

    def __str__(self) -> str:
        times = {"looked": self.looked.timestamp(), "newest": self.newest.timestamp()}
        return json.dumps({**times, "word": self.word, "page": self.page})


def read(text: str) -> Cursor | None:
    """A cursor as it was written; None for one that nobody wrote."""
    try:
        told = json.loads(text)
        looked, newest = (datetime.fromtimestamp(float(told[name]), UTC) for name in ("looked", "newest"))
        word, page = str(told["word"]), int(told["page"])
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None
    return Cursor(looked, newest, word if word in (*WORDS, EVERYTHING) else WORDS[0], max(page, 1))


class Arrivals:
    """Follows one tenant. `polls`: within so many everything that is open is looked through."""

    def __init__(self, lister: listing.Lister, clock: ports.Clock) -> None:
        self._lister, self._clock = lister, clock

    @property
    def polls(self) -> int:
        """The pages of all lists, and one for each that grew meanwhile."""
        return sum(self._lister.lengths.get(word, 1) for word in (*WORDS, EVERYTHING)) + len(WORDS)

    # --- the first look -----------------------------------------------------------------------------------------------------

    def opening(self) -> model.Opening:
        """Everything that is open, page by page, and the cursor behind it."""
        begun, last = self._clock.now(), [datetime.fromtimestamp(0, UTC)]

        async def pages() -> AsyncIterator[Sequence[model.Anomaly]]:
            plan = await self._lister.planned(model.Query(), begun)
            async for found in self._lister.sorted(plan, "newest"):
                last.extend(one.created for one in found)
                last[:] = [max(last)]
                yield found
            yield await self._odd()
            whole.cursor = str(Cursor(begun, last[0]))

        whole = model.Opening(pages())
        return whole

    async def _odd(self) -> list[model.Anomaly]:
        """Those that stand at a word of their own."""
        found: dict[model.Ref, model.Anomaly] = {}
        async for page in self._lister.stream([("time_range", ODD)]):
            found |= {one.ref: one for one in page.anomalies if one.status.strip().casefold() not in statuses.STATES}
        return list(found.values())

    # --- later looks --------------------------------------------------------------------------------------------------------

    async def since(self, text: str) -> model.Changes:
        """All that is open for a cursor that is none; else what is new, and a page of everything."""
        cursor = read(text)
        if cursor is None:
            opening = self.opening()
            met = {one.ref: one async for page in opening.pages for one in page}
            return model.Changes(sorted(met.values(), key=listing.newest), opening.cursor)
        begun = self._clock.now()
        found, newest = await self._newest(cursor, begun)
        late, following = await self._turn(cursor, found)
        ordered = sorted([*found.values(), *late.values()], key=listing.newest)
        return model.Changes(ordered, str(replace(following, looked=begun, newest=newest)), late=frozenset(late))

    async def _newest(self, cursor: Cursor, now: datetime) -> tuple[Mapping[model.Ref, model.Anomaly], datetime]:
        """What was detected since the last look, read no further than to what was known then."""
        ground = min(cursor.newest, cursor.looked) - OVERLAP
        span = filters.span_since(cursor.looked - OVERLAP, now)
        found: dict[model.Ref, model.Anomaly] = {}
        newest = cursor.newest
        async for page in self._lister.stream([("time_range", span)] if span else []):
            found |= {one.ref: one for one in page.anomalies if one.state is not model.State.ARCHIVED}
            dates = [one.created for one in page.anomalies if not one.undated]
            newest = max([newest, *dates])
            if dates and page.ordered and dates[-1] < ground:
                break
        return found, min(newest, now + ports.AHEAD)

    async def _turn(self, cursor: Cursor, known: Collection[model.Ref]) -> tuple[Mapping[model.Ref, model.Anomaly], Cursor]:
        """One page of everything that is open, and where the next one begins."""
        words = list(await self._lister.taken(WORDS) or [EVERYTHING])
        word = cursor.word if cursor.word in words else words[0]
        params: base.Params = [("status", word)] if word else []
        page = await self._lister.page(params, cursor.page)
        found = [one for one in page.anomalies if one.state is not model.State.ARCHIVED and filters.listed(params, one)]
        late = {one.ref: one for one in found if one.ref not in known}
        if cursor.page < self._lister.lengths[word] and page.ids:
            return late, replace(cursor, word=word, page=cursor.page + 1)
        return late, replace(cursor, word=words[(words.index(word) + 1) % len(words)], page=1)
