"""How anomalies of Anodot are closed by people: the desk keeps it, and Anodot is given the feedback that says the same, where it has one
(contracts 2.5: there is no call that closes)."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model

RESOLVED = model.Closing("Resolved", "dealt with; a good catch", kind=model.ClosingKind.FIXED)
DUPLICATE = model.Closing("Duplicate", "same as another", kind=model.ClosingKind.DUPLICATE)
INVALID = model.Closing("Invalid", "not actually a problem; not interesting", kind=model.ClosingKind.WRONG)
DISCARDED = model.Closing("Discarded", "noise; not interesting", kind=model.ClosingKind.NOISE)

CLOSINGS = (RESOLVED, DUPLICATE, INVALID, DISCARDED)

GOOD_CATCH, NOT_INTERESTING = "GOOD_CATCH", "NOT_INTERESTING"

FEEDBACK: Mapping[str, str] = {
    RESOLVED.word: GOOD_CATCH,
    INVALID.word: NOT_INTERESTING,
    DISCARDED.word: NOT_INTERESTING,
}
"""What Anodot is told. It has no word for the others."""
