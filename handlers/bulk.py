"""Changes by command: one anomaly at once, more behind a preview that only the asker sees; confirm, cancel, undo, delete."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import grammar, permissions
from bot.render.anomaly import replies
from bot.render.batch import batch_message, batch_preview, deletion_form
from bot.render.kit import ids, modals, refusals
from bot.services import triage
from bot.services.batches import freeze
from handlers import desk, guard, incoming, linking

DELETE_TITLE = "Delete anomalies"


async def change(desk: desk.Desk, request: incoming.Request, command: grammar.Command, actor: model.Actor) -> None:
    """A command that changes anomalies: what became of the one that was named, or what would become of many."""
    click = triage.Click(key=f"command:{request.trigger_id}", channel=request.channel)
    answer = await desk.previews.change(command, actor, click)
    if isinstance(answer, freeze.Preview):
        await show(desk, request, answer)
        return
    source = answer.outcomes[0].ref.source
    await guard.say(desk, request, replies.receipt(answer, actor, desk.browse.capabilities(source)))
    await linking.offer(desk, request, answer, actor)


async def asked_to_delete(desk: desk.Desk, request: incoming.Request, command: grammar.Command, placing: desk.Placing) -> None:
    """`/anomalies delete ...`: the form first, as a skeleton; what it asks, or why there is nothing to ask, follows the reading."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(DELETE_TITLE))
    try:
        actor = await guard.may_look(desk, request)
        command = replace(command, refs=await placing(actor))
        preview = await desk.previews.deletion(command, actor, request.channel)
    except errors.BotError as error:
        await desk.messenger.update_view(view_id, modals.notice(DELETE_TITLE, refusals.error(error)))
        raise
    nothing = modals.notice(DELETE_TITLE, "Nothing of this can be deleted. The message in the channel says why.")
    await desk.messenger.update_view(
        view_id, deletion_form.form(preview.batch, preview.todo, preview.view.names) if preview.todo else nothing
    )
    await show(desk, request, preview)


async def show(desk: desk.Desk, request: incoming.Request, preview: freeze.Preview) -> None:
    """A preview, and what of it is not known any more."""
    await guard.say(desk, request, shown(preview))
    if preview.missing:
        alone = len({ref.source for ref in preview.missing}) == 1
        gone = ", ".join(ref.id if alone else str(ref) for ref in preview.missing[:20])
        title = desk.browse.capabilities(preview.missing[0].source).title if alone else "Their systems"
        raise errors.NotFound(f"{title} {'does' if alone else 'do'} not know these, so they are left out: {gone}.")


def shown(preview: freeze.Preview) -> model.Message:
    """The preview as a message."""
    return batch_preview.preview(preview.view, preview.split, preview.unheard, preview.later, preview.matching)


async def undo(desk: desk.Desk, request: incoming.Request, command: grammar.Command, actor: model.Actor) -> None:
    """`/anomalies undo [batch]`: the message that changes may be far above, so that it is named."""
    started = await _undo(desk, request, command.batch, actor)
    told = await desk.batches.taken_back_by(started)
    await guard.say(desk, request, batch_message.taking_back(await desk.batches.view(told)))
    await desk.runs.work()


async def pressed_undo(desk: desk.Desk, request: incoming.Request) -> None:
    """[Undo] on a receipt, which tells what comes of it; in the Home, where the receipt is not in sight, a line does."""
    started = await _undo(desk, request, request.value, await desk.people.actor(request.user))
    if request.channel == incoming.HOME:
        told = await desk.batches.taken_back_by(started)
        await desk.home.note(request.user, batch_message.taking_back(await desk.batches.view(told)))
    await desk.runs.work()


async def _undo(desk: desk.Desk, request: incoming.Request, ident: str, actor: model.Actor) -> model.Batch:
    return await desk.batches.undo(ident, actor, await desk.messenger.home(request.channel, actor.id))


async def pressed_again(desk: desk.Desk, request: incoming.Request) -> None:
    """[Try that part again] on a receipt: a new preview of exactly those."""
    actor = await desk.people.actor(request.user)
    await show(desk, request, await desk.previews.again(request.value, actor, request.channel))


async def pressed_confirm(desk: desk.Desk, request: incoming.Request) -> None:
    """[Confirm] on a preview: the batch's message takes its place."""
    actor = await desk.people.actor(request.user)
    batch = await desk.batches.confirm(request.value, actor)
    if batch.channel == request.channel:
        with contextlib.suppress(errors.DeliveryError):  # one that cannot be taken away says what became of it when it is pressed
            await desk.messenger.dismiss(request.response_url)
    else:
        await desk.messenger.respond(request.response_url, batch_message.started(await desk.batches.view(batch)), replace=True)
    await desk.runs.work()


async def begun(desk: desk.Desk, request: incoming.Request, batch: model.Batch, channel: str) -> None:
    """A batch that was confirmed in a form: its message tells of it, and whoever looks at another `channel` is told where that is."""
    if channel and channel != batch.channel:
        where = incoming.Request(request.body, request.user, channel, "", "")
        await guard.say(desk, where, batch_message.started(await desk.batches.view(batch)))
    await desk.runs.work()


async def pressed_cancel(desk: desk.Desk, request: incoming.Request) -> None:
    """[Cancel] on a preview."""
    batch = await desk.batches.cancel(request.value, await desk.people.actor(request.user))
    await desk.messenger.respond(request.response_url, batch_message.cancelled(batch), replace=True)


async def delete(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form that asks for the number before anything is deleted."""
    ident, typed = deletion_form.read(request.view)
    try:
        actor = await desk.people.actor(request.user)
        permissions.decide(model.Action.DELETE, actor, desk.batches.grants)
        total = await desk.batches.todo(ident)
        wrong = deletion_form.wrong(typed, total)
        if wrong:
            await ack(response_action="errors", errors=wrong)
            return
        batch = await desk.batches.confirm(ident, actor, typed=typed)
    except errors.BotError as error:
        await ack(response_action="errors", errors={ids.DELETE_COUNT: refusals.error(error).text})
        return
    await ack()
    await begun(desk, request, batch, batch.channel)


ACTIONS: Mapping[str, guard.Handler] = {
    ids.BATCH_CONFIRM: pressed_confirm,
    ids.BATCH_CANCEL: pressed_cancel,
    ids.BATCH_UNDO: pressed_undo,
    ids.BATCH_AGAIN: pressed_again,
}

VIEWS: Mapping[str, guard.ViewHandler] = {ids.DELETE_VIEW: delete}
