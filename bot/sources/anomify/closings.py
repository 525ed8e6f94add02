"""How an anomaly of Anomify is closed: there nobody closes anything, so these are the desk's own words."""

from __future__ import annotations

from bot import model

CLOSINGS = (
    model.Closing("Resolved", "root cause fixed", kind=model.ClosingKind.FIXED),
    model.Closing("Invalid", "not a problem", kind=model.ClosingKind.WRONG),
    model.Closing("Duplicate", "same as another", kind=model.ClosingKind.DUPLICATE),
    model.Closing("Discarded", "not worth a look", kind=model.ClosingKind.NOISE),
)
