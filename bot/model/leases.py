"""What one process owns for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write one row for a while, fenced by its token."""

    table: str
    key: str
    token: str
    until: datetime
