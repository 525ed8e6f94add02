"""The App Home: drawn when it is opened, turned to other pages, filtered. Its other buttons are those of cards and of the help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot import errors, model
from bot.render.kit import ids
from handlers import desk, guard, incoming


async def opened(desk: desk.Desk, request: incoming.Request) -> None:
    """Somebody opened the Home; the messages beside it are no concern of its."""
    event = incoming.part(request.body, "event")
    if event.get("tab", "home") == "home":
        await desk.home.opened(request.user, str(incoming.part(event, "view").get("hash") or ""))


async def paged(desk: desk.Desk, request: incoming.Request) -> None:
    """[Previous page] and [Next page] of one of the queues."""
    try:
        name, offset = ids.decode_pair(request.value)
        turn = TURNS[name](await desk.home.turns(request.user), max(0, int(offset)))
    except (ValueError, KeyError) as error:
        raise errors.NotFound("This button is too old to be understood. Open the Home again.") from error
    await guard.may_look(desk, request)
    await desk.home.turned(request.user, turn)


TURNS: Mapping[str, Callable[[model.Turn, int], model.Turn]] = {
    "mine": lambda turn, start: replace(turn, mine=start),
    "unseen": lambda turn, start: replace(turn, unseen=start),
}


async def filtered(desk: desk.Desk, request: incoming.Request) -> None:
    """Another filter; one that cannot be understood is said on top, and the old one stays."""
    await guard.may_look(desk, request)
    await desk.home.filtered(request.user, str(request.action.get("value") or ""), desk.today())


ACTIONS: Mapping[str, guard.Handler] = {
    ids.HOME_FILTER: filtered,
    ids.HOME_BACK: paged,
    ids.HOME_NEXT: paged,
}
