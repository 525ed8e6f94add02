"""Reading again what people see: no more than so many calls a minute, and none for what does not change any more."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import model, ports
from bot.sources.anomify import by_id, schema

CALLS, MINUTE = 30, timedelta(minutes=1)
"""Anomify tells no limit, and nobody waits for these."""
YOUNG = timedelta(hours=24)
"""After so long an anomaly that has ended is not read again: what is added to one comes within minutes."""
REMEMBERED = 2_000
"""Anomalies that are known as they were read last."""


class Rounds:
    """The watch over what is posted."""

    def __init__(self, one: by_id.ById, reader: schema.Reader, clock: ports.Clock) -> None:
        self._by_id, self._reader, self._clock = one, reader, clock
        self._called: deque[datetime] = deque()
        self._settled: OrderedDict[str, model.Anomaly] = OrderedDict()

    def spare(self) -> int:
        """Calls that are left of this minute's."""
        now = self._clock.now()
        while self._called and not timedelta(0) <= now - self._called[0] < MINUTE:
            self._called.popleft()
        return max(0, CALLS - len(self._called))

    def spend(self, calls: int) -> None:
        """Count these among this minute's."""
        self._called.extend([self._clock.now()] * calls)

    async def read(self, ids: Sequence[str], calls: int) -> model.Reading:
        """These, the first ones first, with at most `calls` calls; those that have settled as they were read when they did."""
        left, asked, known = min(calls, self.spare()), list[str](), dict[str, model.Anomaly]()
        spent = 0
        for ident in dict.fromkeys(ids):
            if (kept := self._settled.get(ident)) is not None:
                known[ident] = self._reader.aged(kept)
            elif spent + (cost := self._by_id.calls(ident)) <= left:
                asked.append(ident)
                spent += cost
            else:
                break
        self.spend(spent)
        reading = await self._by_id.mentioned([model.Mention(ident) for ident in asked], all_odd=True)
        self.spend(self._by_id.unforeseen())
        self.keep(reading.found)
        return replace(reading, found={**known, **reading.found})

    def keep(self, found: Mapping[str, model.Anomaly]) -> None:
        """Remember those that have settled."""
        for ident, one in found.items():
            if one.ended and self._clock.now() - max(one.created, one.ended) >= YOUNG:
                self._settled[ident] = one
                self._settled.move_to_end(ident)
            else:
                self._settled.pop(ident, None)
        while len(self._settled) > REMEMBERED:
            self._settled.popitem(last=False)
