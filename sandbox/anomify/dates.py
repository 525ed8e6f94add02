"""Times as Anomify shows them, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def spoken(at: int) -> str:
    """`May 5th 2020, 13:29` for epoch seconds."""
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%B} {when.day}{ENDINGS.get(when.day, 'th')} {when:%Y, %H:%M}"


def clock(at: int) -> str:
    """`13:29` for epoch seconds."""
    return f"{datetime.fromtimestamp(at, UTC):%H:%M}"
