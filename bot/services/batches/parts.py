"""The part of a batch whose system does not answer: refused as a whole, so that it holds nobody up and can be tried again."""

from __future__ import annotations

from dataclasses import replace

from bot import model, ports
from bot.core import batch_items

PAGE = 500
"""Items that are refused at once."""


async def refuse(store: ports.Batches, clock: ports.Clock, lease: model.Lease, batch: str, source: str, why: str) -> bool:
    """Refuse what was not sent yet. False when something was sent: it is looked at when the system answers again; and when the lease is
    lost."""
    sent = 0
    while left := await store.next(batch, PAGE + sent, source):
        todo = [replace(one, fate=model.Fate.REFUSED, reason=batch_items.PART + why) for one in left if one.fate is model.Fate.TODO]
        sent = len(left) - len(todo)
        if not todo or not await store.settle(lease, todo, clock.now()):
            return False
    return True
