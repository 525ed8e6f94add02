"""Changes by command: one anomaly at once, more behind a preview that only the asker sees; confirm, cancel, undo, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import grammar, permissions, snapshot
from bot.render.anomaly import replies
from bot.render.batch import batch_message, deletion_form
from bot.render.kit import ids, modals, refusals
from bot.services import slicing, triage
from bot.services.batches import freeze
from handlers import desk, guard, incoming

DELETE_TITLE = "Delete anomalies"


async def change(desk: desk.Desk, request: incoming.Request, command: grammar.Command, actor: model.Actor) -> None:
    """A command that changes anomalies. One that is named by its id is changed at once; everything else is previewed first."""
    wish = command.change
    assert wish is not None
    desk.triage.check(wish.action, model.Ref(_source(desk, command), "0"), actor)
    targets, missing = await _targets(desk, command, actor)
    wanted, own = await _wanted(desk, wish, targets, actor)
    if len(targets) == 1 and command.refs and not missing and wish.swap is None:
        click = triage.Click(key=f"command:{request.trigger_id}", channel=request.channel)
        receipt = await desk.triage.act(wanted, targets[0].ref, actor, click)
        await guard.say(desk, request, replies.receipt(receipt, actor, desk.browse.capabilities(targets[0].ref.source)))
        return
    words = _words(command)
    channel = await desk.messenger.home(request.channel, actor.id)
    if wish.swap is None:
        preview = await desk.batches.freeze(wanted, targets, words, actor, channel)
    else:
        if not own:
            raise errors.NotFound("Nothing that is open is assigned to that person, so there is nothing to reassign.")
        preview = await desk.batches.freeze_each(wanted, own, [one for one in targets if one.ref in own], words, actor, channel)
    await _show(desk, request, preview, missing)


async def asked_to_delete(desk: desk.Desk, request: incoming.Request, command: grammar.Command) -> None:
    """`/anomalies delete ...`: the form first, as a skeleton; what it asks, or why there is nothing to ask, follows the reading."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(DELETE_TITLE))
    try:
        preview, missing = await _deletion(desk, request, command)
    except errors.BotError as error:
        await desk.messenger.update_view(view_id, modals.notice(DELETE_TITLE, refusals.error(error)))
        raise
    todo = preview.progress.counts.get(model.Fate.TODO, 0)
    nothing = modals.notice(DELETE_TITLE, "Nothing of this can be deleted. The message in the channel says why.")
    await desk.messenger.update_view(view_id, deletion_form.form(preview.batch, todo) if todo else nothing)
    await _show(desk, request, preview, missing)


async def _deletion(desk: desk.Desk, request: incoming.Request, command: grammar.Command) -> tuple[freeze.Preview, Sequence[model.Ref]]:
    """What would be deleted, frozen, and the references that nobody knows. Raises UserError."""
    actor = await guard.may_look(desk, request)
    desk.triage.check(model.Action.DELETE, model.Ref(_source(desk, command), "0"), actor)
    targets, missing = await _targets(desk, command, actor)
    channel = await desk.messenger.home(request.channel, actor.id)
    return await desk.batches.freeze(model.Change(model.Action.DELETE), targets, _words(command), actor, channel), missing


def _words(command: grammar.Command) -> str:
    return grammar.canonical(command.query) if command.query else ", ".join(ref.id for ref in command.refs)


async def _show(desk: desk.Desk, request: incoming.Request, preview: freeze.Preview, missing: Sequence[model.Ref]) -> None:
    offer = desk.browse.capabilities(preview.batch.source)
    names = await desk.people.names(preview.batch.source, preview.batch.change.assignees or ())
    await guard.say(desk, request, batch_message.preview(preview.batch, preview.split, preview.progress, offer, names))
    if missing:
        gone = ", ".join(ref.id for ref in missing[:20])
        raise errors.NotFound(f"{offer.title} does not know these, so they are left out: {gone}.")


def _source(desk: desk.Desk, command: grammar.Command) -> str:
    if command.refs:
        return command.refs[0].source
    return (command.query.source if command.query else "") or desk.default_source


async def _targets(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> tuple[Sequence[model.Anomaly], Sequence[model.Ref]]:
    if command.refs:
        return await desk.browse.pick(command.refs, actor)
    return await desk.browse.select(command.query or model.Query(), actor), ()


async def _wanted(
    desk: desk.Desk, wish: grammar.TypedChange, targets: Sequence[model.Anomaly], actor: model.Actor
) -> tuple[model.Change, Mapping[model.Ref, model.Change]]:
    """The change with people looked up; for a reassignment also the change of each anomaly."""
    source = targets[0].ref.source

    async def looked_up(people: Sequence[str]) -> tuple[str, ...]:
        found = await desk.people.resolve(model.Query(assignees=tuple(people)), source, actor)
        return found.assignees

    wanted = grammar.resolved(wish, None if wish.people is None else await looked_up(wish.people))
    if wish.swap is None:
        return wanted, {}
    old, new = await looked_up(wish.swap)
    swaps = {one.ref: snapshot.swap(one, old, new) async for some in slicing.each(targets) for one in some}
    return wanted, {ref: swapped for ref, swapped in swaps.items() if swapped is not None}


async def undo(desk: desk.Desk, request: incoming.Request, command: grammar.Command, actor: model.Actor) -> None:
    """`/anomalies undo [batch]`"""
    await _undo(desk, request, command.batch, actor)


async def pressed_undo(desk: desk.Desk, request: incoming.Request) -> None:
    """[Undo] on a receipt."""
    await _undo(desk, request, request.value, await desk.people.actor(request.user))


async def _undo(desk: desk.Desk, request: incoming.Request, ident: str, actor: model.Actor) -> None:
    started = await desk.batches.undo(ident, actor, await desk.messenger.home(request.channel, actor.id))
    await guard.say(desk, request, batch_message.started(started, desk.browse.capabilities(started.source)))
    await desk.runs.work()


async def pressed_confirm(desk: desk.Desk, request: incoming.Request) -> None:
    """[Confirm] on a preview: the preview is replaced, the batch runs."""
    actor = await desk.people.actor(request.user)
    batch = await desk.batches.confirm(request.value, actor)
    await desk.messenger.respond(request.response_url, batch_message.started(batch, desk.browse.capabilities(batch.source)), replace=True)
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
    await guard.say(desk, where, batch_message.started(batch, desk.browse.capabilities(batch.source)))
    await desk.runs.work()


ACTIONS: Mapping[str, guard.Handler] = {
    ids.BATCH_CONFIRM: pressed_confirm,
    ids.BATCH_CANCEL: pressed_cancel,
    ids.BATCH_UNDO: pressed_undo,
}

VIEWS: Mapping[str, guard.ViewHandler] = {ids.DELETE_VIEW: delete}
