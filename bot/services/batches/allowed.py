"""Whether the actor of a batch still may do what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from bot import errors, model, ports
from bot.core import permissions
from bot.services import people

May = Callable[[Collection[model.Action]], str]


async def may(folk: people.People, store: ports.Batches, grants: permissions.Grants, batch: model.Batch) -> May:
    """Asks for the right to an action, as things stand now: "" or why not. Raises DeliveryError while Slack cannot be asked."""
    actor = await folk.actor(batch.actor)
    original = await store.get(batch.undo_of) if batch.undo_of else None
    alien = original is not None and original.actor != actor.id and not permissions.is_admin(actor, grants)

    def may(actions: Collection[model.Action]) -> str:
        if alien:
            return f"{batch.actor_name} is no admin of this desk any more, and it was somebody else's batch."
        try:
            for action in sorted(actions):
                permissions.decide(action, actor, grants)
        except errors.NotAllowed as error:
            return f"{batch.actor_name} may not do this any more. {error}"
        return ""

    return may
