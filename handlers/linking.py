"""[Link me]: who somebody is in a system, asked where it matters; then what they asked for is finished, once, with the rights of then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.render.anomaly import anomaly_forms, replies
from bot.render.desk import link_form
from bot.render.kit import asked, ids, modals, refusals
from bot.services import people
from handlers import desk, guard, incoming, once


@dataclass(frozen=True, slots=True)
class Doors:
    """Whose turn it is afterwards: the listeners of commands, of clicks on messages, and of forms."""

    commands: Mapping[str, guard.Handler]
    actions: Mapping[str, guard.Handler]
    views: Mapping[str, guard.ViewHandler]


async def pressed(desk: desk.Desk, request: incoming.Request) -> None:
    """[Link me] on a refusal, on a receipt, or in App Home: the form; in a form that is open it takes that one's place."""
    system, wanted = _decoded(request.value)
    view = incoming.part(request.body, "view")
    inside = view.get("type") == "modal"
    view_id = str(view.get("id")) if inside else await desk.messenger.open_view(request.trigger_id, modals.loading(link_form.TITLE))
    try:
        desk.triage.check(model.Action.ASSIGN, system, await desk.people.actor(request.user))
        form = link_form.form(system, desk.browse.capabilities(system), wanted)
    except errors.BotError as error:
        form = modals.notice(link_form.TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, form)


async def offer(desk: desk.Desk, request: incoming.Request, receipt: model.Receipt, actor: model.Actor) -> None:
    """[Link me] after what a system would have written down under the actor's name: what it refused for that is finished then, what is kept
    here meanwhile stays so."""
    one = next((outcome for outcome in receipt.outcomes if outcome.unlinked), None)
    if one is not None:
        wanted = incoming.asked_for(request) if one.result is model.Result.REFUSED else asked.NOTHING
        await guard.say(desk, request, refusals.error(desk.people.unlinked(actor, one.ref.source), wanted))


async def submitted(doors: Doors, desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form: what is chosen is remembered; what waits for it is finished."""
    system, wanted, picked, typed = _read(request)
    if bool(picked) == bool(typed):
        wrong = "Choose yourself, or type who you are below." if not picked else "Choose or type, not both: leave one of the two empty."
        await ack(response_action="errors", errors={ids.LINK_ME_TYPED if picked else ids.LINK_ME_PERSON: wrong})
        return
    actor = await desk.people.actor(request.user)
    remembering = asyncio.ensure_future(_remember(desk, actor, system, picked, typed))
    await asyncio.wait({remembering}, timeout=guard.VIEW_SECONDS)
    late = not remembering.done()
    if late:
        await ack(response_action="update", view=modals.loading(link_form.TITLE))
    try:
        linked = await remembering
    except errors.BotError as error:
        await _refused(desk, request, ack, error, late)
        return
    await _finish(doors, desk, request, ack, system, wanted, linked, late)


async def _remember(desk: desk.Desk, actor: model.Actor, system: str, picked: str, typed: str) -> people.Linked:
    if picked:
        return await desk.people.remember(actor, actor.id, system, picked)
    return await desk.people.link(actor, actor.id, system, typed)


async def _refused(desk: desk.Desk, request: incoming.Request, ack: AsyncAck, error: errors.BotError, late: bool) -> None:
    """A name that is not known is typed again; anything else is told in the place of the form."""
    notice = modals.notice("Not linked", refusals.error(error))
    if late:
        await desk.messenger.update_view(str(request.view["id"]), notice)
    elif isinstance(error, errors.NotFound):
        await ack(response_action="errors", errors={ids.LINK_ME_TYPED: str(error)})
    else:
        await ack(response_action="update", view=notice)


async def _finish(
    doors: Doors,
    desk: desk.Desk,
    request: incoming.Request,
    ack: AsyncAck,
    system: str,
    wanted: asked.Asked,
    linked: people.Linked,
    late: bool,
) -> None:
    """Say who they are now, and do what they asked for: at most once, however many forms of it were opened."""
    told = replies.linked(request.user, linked.person, desk.browse.capabilities(system), "linked", linked.replaced)
    again, handler, form = incoming.again(wanted, request), _handler(doors, wanted), doors.views.get(wanted.name)
    async with once.taken(desk.deliveries, desk.clock, "asked", f"{wanted.key}:{system}" if wanted.kind else "") as turn:
        if wanted.kind == asked.FORM and form is not None and turn.first and not late:
            await _quietly(desk, again, form(desk, again, ack))
            return
        if late:
            await desk.messenger.update_view(str(request.view["id"]), modals.notice(link_form.TITLE, told))
        else:
            await ack()
        await guard.say(desk, again, told)
        if handler is not None and turn.first:
            await _quietly(desk, again, handler(desk, again))


async def _quietly(desk: desk.Desk, again: incoming.Request, work: Awaitable[None]) -> None:
    """What was asked may be refused now as it would have been then; the answer goes to where it was asked."""
    try:
        await work
    except errors.BotError as error:
        await guard.say(desk, again, refusals.error(error, incoming.asked_for(again)))


def _handler(doors: Doors, wanted: asked.Asked) -> guard.Handler | None:
    table = {asked.COMMAND: doors.commands, asked.CLICK: doors.actions}.get(wanted.kind)
    return table.get(wanted.name) if table is not None else None


async def person_options(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The picker's menu, fed from the system's users as people type."""
    system = _read(request)[0]
    await guard.options(desk, ack, _suggest(desk, request, system))


async def _suggest(desk: desk.Desk, request: incoming.Request, system: str) -> model.Block:
    """Names and addresses are shown to those who may assign, and to nobody else."""
    desk.triage.check(model.Action.ASSIGN, system, await desk.people.actor(request.user))
    return anomaly_forms.options(await desk.people.suggest(system, str(request.body.get("value", ""))))


def _decoded(value: str) -> tuple[str, asked.Asked]:
    try:
        return asked.decode(value)
    except ValueError as error:
        raise errors.NotFound("This button is too old to be understood. Link yourself with /anomalies link.") from error


def _read(request: incoming.Request) -> tuple[str, asked.Asked, str, str]:
    try:
        return link_form.read(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Link yourself with /anomalies link.") from error


ACTIONS: Mapping[str, guard.Handler] = {ids.LINK_ME: pressed}

OPTIONS: Mapping[str, guard.ViewHandler] = {ids.LINK_ME_PERSON: person_options}
