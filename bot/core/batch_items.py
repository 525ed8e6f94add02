"""What to do about one item of a batch when its turn has come: send it, or settle it without a call."""

from __future__ import annotations

from dataclasses import replace

from bot import model
from bot.core import overlay, snapshot, undo

PART = "This part was refused as a whole: "
"""How the reason begins where a system did not answer while the others went on; by it the part is found that can be tried again."""


def checked(batch: model.Batch, item: model.Item, anomaly: model.Anomaly | None) -> model.Item:
    """What to do about one item now: send it (TODO), or settle it without a call."""
    if item.fate is model.Fate.REFUSED:
        return item
    if batch.undo_of:
        # One that was marked as sent may be half-way back by our own doing: its plan starts from where it is.
        half_way = item.fate is model.Fate.SENT and anomaly is not None
        why = "" if half_way else snapshot.drifted(item.before, anomaly, _everything(batch.change))
        return replace(item, fate=model.Fate.DRIFTED if why else model.Fate.TODO, reason=why)
    change = item.change or batch.change
    if overlay.whole(change, anomaly):
        # What is kept here is written down as it is made: it was not, and whatever is different since was somebody else's doing.
        item = replace(item, fate=model.Fate.TODO)
    if item.fate is model.Fate.SENT and snapshot.took(change, anomaly):
        # Sent before a restart, and it is as asked: it was this batch.
        return replace(item, fate=model.Fate.DONE, after=snapshot.of(anomaly) if anomaly is not None else None)
    why = (undo.overtaken if item.fate is model.Fate.SENT else snapshot.drifted)(item.before, anomaly, change)
    if why:
        return replace(item, fate=model.Fate.DRIFTED, reason=why)
    return replace(item, fate=model.Fate.TODO)


def _everything(change: model.Change) -> model.Change:
    """A change that touches all parts, so that any later change counts as drift: an undo only restores what nobody touched since."""
    return model.Change(change.action, assignees=(), add_tags=("",), description="")


def following(before: model.Outcome | None, now: model.Outcome) -> model.Outcome:
    """What became of one step, with what was said of an earlier one: that stays true."""
    return now if before is None or now.reason or now.result is model.Result.REFUSED else replace(now, reason=before.reason)
