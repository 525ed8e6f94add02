"""Pictures that are wanted in threads of cards: rows, so that whoever starts after a crash goes on with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot import model


@dataclass(frozen=True, slots=True)
class WantedPicture:
    """What is drawn of one anomaly, wanted in the thread `ts`. `begun` names the files whose sending began: each of them may be there.
    `tries`: how often it was put off."""

    key: str
    ref: model.Ref
    channel: str
    ts: str
    at: datetime
    begun: tuple[str, ...] = ()
    tries: int = 0


class WantedPictures(Protocol):
    """Those that are not there yet. Leasable as kind "pictures"; methods with a Lease do nothing and return False when it has passed to
    somebody else."""

    async def ask(self, card: model.Card, ts: str, refs: Sequence[model.Ref], now: datetime) -> None:
        """Want those of these anomalies in the thread of that card, each once ever."""
        ...

    async def worst(self, card: str, sources: Sequence[str], limit: int) -> Sequence[model.Ref]:
        """The critical members of a group that are of these systems, the highest score first."""
        ...

    async def due(self, now: datetime, limit: int = 50) -> Sequence[WantedPicture]:
        """Those to be shared by now that nobody holds, the longest due first."""
        ...

    async def get(self, key: str) -> WantedPicture | None:
        """One as it is now; None when it is done."""
        ...

    async def begun(self, lease: model.Lease, names: Sequence[str]) -> bool:
        """Row before call: these may be there from now on."""
        ...

    async def later(self, lease: model.Lease, until: datetime, names: Sequence[str]) -> bool:
        """Go on at that time; but for these it is certain that none is there."""
        ...

    async def settle(self, lease: model.Lease, now: datetime) -> bool:
        """They are there, or never will be."""
        ...
