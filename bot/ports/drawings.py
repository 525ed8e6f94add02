"""Pictures that are wanted in threads of cards, and courses of metrics that are wanted on them: rows, so that whoever starts after a crash
goes on with them."""

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

    async def get(self, key: str, now: datetime) -> WantedPicture | None:
        """One as it is; None when it is done, or was put off."""
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


@dataclass(frozen=True, slots=True)
class WantedCourse:
    """How the metric of an anomaly went, wanted on its cards. `tries`: how often its system was asked in vain, or may have been."""

    key: str
    ref: model.Ref
    at: datetime
    tries: int = 0


@dataclass(frozen=True, slots=True)
class KnownCourse:
    """What is known of it: `metric` is what its system calls the metric that was asked for last, `asked` how many were before. `settled`:
    it is not asked for at this moment."""

    metric: str = ""
    points: Sequence[model.Point] = ()
    asked: int = 0
    settled: bool = False


class WantedCourses(Protocol):
    """Those that are wanted or known. Leasable as kind "courses"; methods with a Lease do nothing and return False when it has passed to
    somebody else."""

    async def ask(self, ref: model.Ref, now: datetime) -> None:
        """Want that of this anomaly, once ever."""
        ...

    async def due(self, now: datetime, limit: int = 50) -> Sequence[WantedCourse]:
        """Those to be asked for by now that nobody holds, the longest due first."""
        ...

    async def get(self, key: str, now: datetime) -> WantedCourse | None:
        """One as it is; None when it is done, or was put off."""
        ...

    async def begin(self, lease: model.Lease, again: datetime) -> bool:
        """Row before call: its system is asked now, and where nobody writes down what it said, at that time again."""
        ...

    async def settle(self, lease: model.Lease, metric: str, points: Sequence[model.Point], now: datetime) -> bool:
        """That of this metric is known, and the cards of the anomaly want an edit; without points none ever will be."""
        ...

    async def again(self, ref: model.Ref, known: KnownCourse, now: datetime) -> None:
        """Want that of another metric, unless somebody does by now."""
        ...

    async def known(self, ref: model.Ref) -> KnownCourse:
        """What is known of it, the oldest point first."""
        ...
