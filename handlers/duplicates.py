"""Archiving one as a duplicate: a form asks for the original first, which may be left out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import duplicates
from bot.render.anomaly import anomaly_forms, replies
from bot.render.kit import ids, modals, refusals
from bot.services import triage
from handlers import desk, guard, incoming, linking


def asks(desk: desk.Desk, outcome: str | None, source: str) -> bool:
    """Whether closing one of this system like this asks for an original."""
    return duplicates.asks(desk.browse.capabilities(source).archive_as, outcome)


async def opened(desk: desk.Desk, request: incoming.Request, outcome: str, target: ids.ButtonTarget) -> None:
    """The form, as a skeleton before anything is asked."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(anomaly_forms.DUPLICATE_TITLE))
    try:
        actor = await desk.people.actor(request.user)
        desk.triage.check(model.Action.ARCHIVE, target.ref.source, actor)
        shown = await desk.browse.show(target.ref, actor)
        if shown.anomaly.state is model.State.ARCHIVED:
            view = modals.notice(anomaly_forms.DUPLICATE_TITLE, await _refereed(desk, request, outcome, target, actor))
            await desk.messenger.update_view(view_id, view)
            return
        others, found = await desk.duplicates.offered(shown.anomaly, actor)
        view = anomaly_forms.duplicate(shown.anomaly, shown.capabilities, outcome, others, found, request.channel)
    except errors.BotError as error:
        view = modals.notice(anomaly_forms.DUPLICATE_TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def _refereed(
    desk: desk.Desk, request: incoming.Request, outcome: str, target: ids.ButtonTarget, actor: model.Actor
) -> model.Message:
    """The button is older than what became of the anomaly: who did what, and what makes sense now."""
    click = triage.Click(key=f"click:{request.trigger_id}", channel=request.channel, shown={target.ref: target.version})
    receipt = await desk.triage.act(model.Change(model.Action.ARCHIVE, archive_as=outcome), target.ref, actor, click)
    return replies.receipt(receipt, actor, desk.browse.capabilities(target.ref.source))


async def submitted(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The original is looked up first: what is wrong with it is said in the form, and nothing is changed."""
    try:
        form = anomaly_forms.read_duplicate(request.view)
    except ValueError as error:
        raise errors.NotFound("This form cannot be understood any more. Archive the anomaly from its card again.") from error
    if form.typed.strip() and form.picked:
        await ack(response_action="errors", errors={ids.DUPLICATE_OF: "Choose an original above, or type one here: not both."})
        return
    lookup = asyncio.ensure_future(_change(desk, request, form))
    await asyncio.wait({lookup}, timeout=guard.VIEW_SECONDS)
    if not lookup.done():
        await ack(response_action="update", view=modals.loading(anomaly_forms.DUPLICATE_TITLE))
        await _later(desk, request, form, lookup)
        return
    try:
        change, actor = lookup.result()
    except errors.NotFound as error:
        await ack(response_action="errors", errors={ids.DUPLICATE_OF: str(error)})
        return
    await ack()
    try:
        await _act(desk, request, form, change, actor)
    except errors.BotError as error:
        await guard.say(desk, _where(request, form), refusals.error(error))


async def _change(desk: desk.Desk, request: incoming.Request, form: anomaly_forms.Duplicating) -> tuple[model.Change, model.Actor]:
    """Rights first. Raises NotFound for an original that is none, NotAllowed, SourceError."""
    actor = await desk.people.actor(request.user)
    ref = form.pending.ref
    desk.triage.check(model.Action.ARCHIVE, ref.source, actor)
    change = model.Change(model.Action.ARCHIVE, archive_as=form.archive_as or None)
    change = await desk.duplicates.named(change, form.original, ref.source, actor)
    if change.duplicate_of == ref.id:
        raise errors.NotFound(f"{ref.id} is this anomaly itself. Name the other one, or leave it out.")
    return change, actor


async def _later(
    desk: desk.Desk,
    request: incoming.Request,
    form: anomaly_forms.Duplicating,
    lookup: asyncio.Future[tuple[model.Change, model.Actor]],
) -> None:
    """The look-up took too long for an ack: the form is told the rest afterwards."""
    title, view_id = anomaly_forms.DUPLICATE_TITLE, str(request.view["id"])
    try:
        change, actor = await lookup
        await _act(desk, request, form, change, actor)
        view = modals.notice(title, "Done. You can close this.")
    except errors.BotError as error:
        view = modals.notice("Not done", refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def _act(
    desk: desk.Desk, request: incoming.Request, form: anomaly_forms.Duplicating, change: model.Change, actor: model.Actor
) -> None:
    """As the button does it; the answer goes to the channel where the form was opened. Raises UserError and SourceError."""
    pending = form.pending
    click = triage.Click(key=f"view:{request.view['id']}", channel=pending.channel, shown={pending.ref: pending.version})
    receipt = await desk.triage.act(change, pending.ref, actor, click)
    where = _where(request, form)
    if not (receipt.shown and replies.silent(receipt, actor)):
        await guard.say(desk, where, replies.receipt(receipt, actor, desk.browse.capabilities(pending.ref.source)))
    await linking.offer(desk, where, receipt, actor)


def _where(request: incoming.Request, form: anomaly_forms.Duplicating) -> incoming.Request:
    """Submissions carry no response_url."""
    return incoming.Request(request.body, request.user, form.pending.channel, "", "")


VIEWS: Mapping[str, guard.ViewHandler] = {ids.DUPLICATE_VIEW: submitted}
