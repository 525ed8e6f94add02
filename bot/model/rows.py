"""Rows behind an anomaly, as its system keeps them: they may be about persons, so they are shown to whoever asked, and kept nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rows:
    """The `columns` and, row by row, what stands in each, "" where a row lacks one. What its system masked is masked here. `total` is how
    many it keeps, of which these are the first; `taken` is when it took them. Nothing of it stands in a repr."""

    columns: Sequence[str] = field(default=(), repr=False)
    cells: Sequence[Sequence[str]] = field(default=(), repr=False)
    total: int = 0
    taken: datetime | None = None
