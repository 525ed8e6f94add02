"""What Slack delivers twice is done once: each delivery is written down before any work."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot import errors, ports
from bot.services import leasing
from handlers import incoming

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Turn:
    """A delivery under way. `again`: nothing was done, so that the same may be sent once more."""

    first: bool = True
    again: bool = False


@asynccontextmanager
async def begun(deliveries: ports.Deliveries, clock: ports.Clock, request: incoming.Request) -> AsyncIterator[Turn]:
    """Work on it, if nobody does or did. Of a process that dies meanwhile, the next delivery is worked on; one without a name always is."""
    async with taken(deliveries, clock, *_name(request)) as turn:
        yield turn


@asynccontextmanager
async def taken(deliveries: ports.Deliveries, clock: ports.Clock, kind: str, key: str) -> AsyncIterator[Turn]:
    """The same for what has this name."""
    delivery = await deliveries.begin(kind, key, clock.now(), leasing.SECONDS) if key else None
    if delivery is None:
        yield Turn(first=not key)
        return
    turn, known = Turn(), delivery
    try:
        async with leasing.kept(lambda: deliveries.renew(known, clock.now(), leasing.SECONDS)):
            yield turn
    finally:
        try:
            await (deliveries.forget(known) if turn.again else deliveries.done(known, clock.now()))
        except errors.StoreError as error:
            log.info("what Slack delivered may be done again, should it deliver it again: %s", error)


def _name(request: incoming.Request) -> tuple[str, str]:
    """What a second delivery of the same has in common with the first, and nothing else has: of a form what was sent in which state of it,
    of an event its id, of anything else what it triggered."""
    view = incoming.part(request.body, "view")
    if request.body.get("type") == "view_submission":
        ident = ":".join(str(view.get(name) or "") for name in ("id", "callback_id", "hash"))
        return "view", ident if view.get("id") else ""
    event = request.body.get("event_id")
    return ("event", event) if isinstance(event, str) and event else ("trigger", request.trigger_id)
