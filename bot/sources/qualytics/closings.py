"""The ways in which Qualytics closes anomalies (contracts 1.5)."""

from __future__ import annotations

from bot import model

RESOLVED = "Resolved"

CLOSINGS = (
    model.Closing(RESOLVED, "root cause fixed", kind=model.ClosingKind.FIXED),
    model.Closing("Duplicate", "same as another", kind=model.ClosingKind.DUPLICATE),
    model.Closing("Invalid", "not actually a problem", kind=model.ClosingKind.WRONG),
    model.Closing("Discarded", "noise", kind=model.ClosingKind.NOISE),
)

WORDS = tuple(one.word for one in CLOSINGS)
"""The statuses of what is archived."""
