"""Whose turn it is at an anomaly: a click waits for another one, and is told of that one when it takes too long."""

from __future__ import annotations

import asyncio

from bot import errors, model, ports
from bot.services import leasing

WAIT_SECONDS = 3.0
"""How long a click waits for another one on the same anomaly, before its actor is told of that one."""

LOOK_SECONDS = 0.05
LONGEST_LOOK = 0.5
"""How soon it looks again for the first time, and at last."""


async def mine(
    leases: ports.Leases, journal: ports.Journal, clock: ports.Clock, intent: ports.Intent, held: list[model.Lease], *, again: bool
) -> None:
    """Have the anomaly for ourselves. Raises Stale when somebody else is at it for too long; after a restart it is tried later."""
    ref, loop, pause, last = intent.ref, asyncio.get_running_loop(), LOOK_SECONDS, False
    end = loop.time() + WAIT_SECONDS
    while not any(lease.kind == "anomalies" for lease in held):
        if (lease := await leases.take("anomalies", str(ref), clock.now(), leasing.SECONDS)) is not None:
            held.append(lease)
            return
        if loop.time() >= end:
            if first := await journal.under_way(ref, intent.key):
                if not again and (first.actor, first.change) == (intent.actor, intent.change):
                    raise errors.Repeated("You asked for this a moment ago. The card will show what became of it.")
                raise _busy(ref, f"{first.actor_name} was first, and that change is not finished yet", again=again)
            if last:
                raise _busy(ref, "A change of many is at this anomaly just now", again=again)
            last = loop.time() >= end + WAIT_SECONDS  # once more: whoever was at it may just have ended
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_LOOK)


def _busy(ref: model.Ref, who: str, *, again: bool) -> errors.BotError:
    """What is told to who came second; after a restart it is tried later."""
    why = f"{who}. Nothing was changed by you; the card will show what became of it."
    return errors.SourceUnsure(ref.source, why) if again else errors.Stale(why)
