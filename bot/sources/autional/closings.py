"""How Autional closes anomalies. It takes no reason; Duplicate and Discarded have no word there, so they are not offered
(contracts 4.3)."""

from __future__ import annotations

from bot import model

RESOLVED = model.Closing("Resolved", "dealt with", kind=model.ClosingKind.FIXED)
INVALID = model.Closing("Invalid", "a false positive", kind=model.ClosingKind.WRONG)

CLOSINGS = (RESOLVED, INVALID)
