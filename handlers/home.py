"""The App Home: drawn when it is opened, turned to other pages, filtered; and [Link me]. Its other buttons are those of cards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.render.anomaly import replies
from bot.render.home import link_form
from bot.render.kit import ids, modals, refusals
from handlers import desk, guard, incoming

TITLE = "Link me"


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


async def asked_to_link(desk: desk.Desk, request: incoming.Request) -> None:
    """[Link me]: a field for each system in which they are nobody yet."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(TITLE))
    try:
        await guard.may_look(desk, request)
        unlinked = await desk.home.unlinked(request.user)
        linked = modals.notice(TITLE, "You are linked to every system that has users. Look who you are with /anomalies link.")
        view = link_form.form(unlinked) if unlinked else linked
    except errors.BotError as error:
        view = modals.notice(TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def linked(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form: what a system does not know is said beside its field, and then nothing is closed."""
    typed = link_form.read(request.view)
    if not typed:
        await ack(response_action="errors", errors=link_form.nothing(request.view))
        return
    await ack(response_action="update", view=modals.loading(TITLE))
    actor = await guard.may_look(desk, request)
    said, refused = [], []
    for source, word in typed.items():
        try:
            found = await desk.people.link(actor, actor.id, source, word)
            said.append(replies.linked(actor.id, found.person, desk.browse.capabilities(source), "linked", found.replaced).text)
        except errors.BotError as error:
            refused.append(refusals.error(error).text)
    await desk.messenger.update_view(str(request.view["id"]), modals.notice(TITLE, [*refused, *said]))


ACTIONS: Mapping[str, guard.Handler] = {
    ids.HOME_FILTER: filtered,
    ids.HOME_BACK: paged,
    ids.HOME_NEXT: paged,
    ids.HOME_LINK: asked_to_link,
}

VIEWS: Mapping[str, guard.ViewHandler] = {ids.LINK_ME_VIEW: linked}
