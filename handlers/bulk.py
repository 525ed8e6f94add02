"""Changes by command: one anomaly at once, more behind a preview that only the asker sees; confirm, cancel, undo, delete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import grammar, permissions
from bot.render.anomaly import replies
from bot.render.batch import batch_message, deletion_form
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
        await _show(desk, request, answer)
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
    await desk.messenger.update_view(view_id, deletion_form.form(preview.batch, preview.todo) if preview.todo else nothing)
    await _show(desk, request, preview)


async def _show(desk: desk.Desk, request: incoming.Request, preview: freeze.Preview) -> None:
    await guard.say(desk, request, shown(preview))
    if preview.missing:
        alone = len({ref.source for ref in preview.missing}) == 1
        gone = ", ".join(ref.id if alone else str(ref) for ref in preview.missing[:20])
        title = desk.browse.capabilities(preview.missing[0].source).title if alone else "Their systems"
        raise errors.NotFound(f"{title} {'does' if alone else 'do'} not know these, so they are left out: {gone}.")


def shown(preview: freeze.Preview) -> model.Message:
    """The preview as a message."""
    silent, later = preview.unheard, preview.later
    return batch_message.preview(preview.batch, preview.split, preview.progress, preview.capabilities, preview.names, silent, later)


async def undo(desk: desk.Desk, request: incoming.Request, command: grammar.Command, actor: model.Actor) -> None:
    """`/anomalies undo [batch]`"""
    await _undo(desk, request, command.batch, actor)


async def pressed_undo(desk: desk.Desk, request: incoming.Request) -> None:
    """[Undo] on a receipt."""
    await _undo(desk, request, request.value, await desk.people.actor(request.user))


async def _undo(desk: desk.Desk, request: incoming.Request, ident: str, actor: model.Actor) -> None:
    started = await desk.batches.undo(ident, actor, await desk.messenger.home(request.channel, actor.id))
    await guard.say(desk, request, batch_message.started(started, await desk.batches.capabilities(started)))
    await desk.runs.work()


async def pressed_again(desk: desk.Desk, request: incoming.Request) -> None:
    """[Try that part again] on a receipt: a new preview of exactly those."""
    actor = await desk.people.actor(request.user)
    await _show(desk, request, await desk.previews.again(request.value, actor, request.channel))


async def pressed_confirm(desk: desk.Desk, request: incoming.Request) -> None:
    """[Confirm] on a preview: the preview is replaced, the batch runs."""
    actor = await desk.people.actor(request.user)
    batch = await desk.batches.confirm(request.value, actor)
    await desk.messenger.respond(request.response_url, batch_message.started(batch, await desk.batches.capabilities(batch)), replace=True)
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
    where = incoming.Request(request.body, request.user, batch.channel, "", "")
    await guard.say(desk, where, batch_message.started(batch, await desk.batches.capabilities(batch)))
    await desk.runs.work()


ACTIONS: Mapping[str, guard.Handler] = {
    ids.BATCH_CONFIRM: pressed_confirm,
    ids.BATCH_CANCEL: pressed_cancel,
    ids.BATCH_UNDO: pressed_undo,
    ids.BATCH_AGAIN: pressed_again,
}

VIEWS: Mapping[str, guard.ViewHandler] = {ids.DELETE_VIEW: delete}
