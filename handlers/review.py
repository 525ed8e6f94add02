"""Review: a filter, a group card or a message in a form with check boxes; one action for what is ticked, behind the same preview."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import duplicates, grammar
from bot.render.kit import ids, modals, refusals
from bot.render.review import original_form, review_form, review_input
from handlers import bulk, desk, guard, incoming

log = logging.getLogger(__name__)

TITLE = "Review"

QUEUE = model.ReviewScope(words="status:active")
"""What the shortcut shows: what nobody has looked at yet."""


# --- opening ----------------------------------------------------------------------------------------------------------------


async def opened(desk: desk.Desk, request: incoming.Request) -> None:
    """[Review] on a group card, a list, a verdict or a digest."""
    try:
        scope = ids.decode_scope(request.value)
    except ValueError as error:
        raise errors.NotFound("This button is too old to be understood. Look with /anomalies list.") from error
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(TITLE))
    await _show(desk, request, view_id, scope, request.channel)


async def asked(desk: desk.Desk, request: incoming.Request, command: grammar.Command, placing: desk.Placing) -> None:
    """`/anomalies review [filter]`"""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(TITLE))
    await _show(desk, request, view_id, model.ReviewScope(words=grammar.canonical(command.query or model.Query())), request.channel)


async def triage(desk: desk.Desk, request: incoming.Request) -> None:
    """The global shortcut "Triage anomalies"."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(TITLE))
    await _show(desk, request, view_id, QUEUE, "")


async def triage_message(desk: desk.Desk, request: incoming.Request) -> None:
    """The message shortcut "Triage this anomaly": a card of ours, or any message with a link to an anomaly."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(TITLE))
    message = incoming.part(request.body, "message")
    try:
        actor = await desk.people.actor(request.user)
        said = json.dumps([message.get("text"), message.get("blocks"), message.get("attachments")])
        scope = await desk.browse.about(request.channel, str(message.get("ts", "")), said, actor)
    except errors.BotError as error:
        await desk.messenger.update_view(view_id, modals.notice(TITLE, refusals.error(error)))
        return
    await _show(desk, request, view_id, scope, request.channel)


async def _show(
    desk: desk.Desk,
    request: incoming.Request,
    view_id: str,
    scope: model.ReviewScope,
    channel: str,
    offset: int = 0,
    picked: Collection[str] = (),
) -> None:
    """Put a page into the modal, or the reason why there is none."""
    try:
        query = desk.review.query(scope, desk.today())
        with guard.looking():
            page = await desk.review.page(scope, query, await desk.people.actor(request.user), offset, picked, channel)
        view = review_form.form(page, desk.browse.together([page.source] if page.source else ()))
    except errors.BotError as error:
        view = modals.notice(TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


# --- in the form --------------------------------------------------------------------------------------------------------------


async def turned(desk: desk.Desk, request: incoming.Request) -> None:
    """[Previous page] and [Next page]: what is ticked stays ticked."""
    reviewing = _read(request)
    offset = int(request.value) if request.value.isdecimal() else 0
    await _show(desk, request, str(request.view["id"]), reviewing.scope, reviewing.channel, offset, reviewing.picked)


async def filtered(desk: desk.Desk, request: incoming.Request) -> None:
    """Another filter: the first page of it. One that cannot be understood is said in the form, and the old page stays."""
    reviewing = _read(request)
    try:
        view = await _filtered(desk, request, reviewing)
    except errors.BotError as error:
        view = modals.notice(TITLE, refusals.error(error))
    await desk.messenger.update_view(str(request.view["id"]), view)


async def _filtered(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput) -> model.Block:
    page = await desk.review.filtered(reviewing, await desk.people.actor(request.user), desk.today())
    return review_form.form(page, desk.browse.together([page.source] if page.source else ()))


async def submitted(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """[Continue]: the frozen preview takes the form's place."""
    reviewing = _read(request)
    if review_input.searching(reviewing):
        await guard.in_place(desk, request, ack, TITLE, _filtered(desk, request, reviewing))
        return
    wrong = review_input.mistakes(reviewing)
    if wrong:
        await ack(response_action="errors", errors=wrong)
        return
    if asks(desk, reviewing):
        await guard.in_place(desk, request, ack, original_form.TITLE, _question(desk, request, reviewing))
        return
    await guard.in_place(desk, request, ack, TITLE, _preview(desk, request, reviewing))


def asks(desk: desk.Desk, reviewing: model.ReviewInput) -> bool:
    """Whether what a form asks for says that they are the same as another one."""
    able = desk.browse.together([reviewing.source] if reviewing.source else ())
    return reviewing.change is not None and duplicates.asks(able.archive_as, reviewing.change.archive_as)


async def ask(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput) -> None:
    """The question of which one they are duplicates, in a form of its own: a group card was archived as that."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(original_form.TITLE))
    try:
        view = await _question(desk, request, reviewing)
    except errors.BotError as error:
        view = modals.notice(original_form.TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def _question(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput, wrong: str = "") -> model.Block:
    others, found = await desk.previews.originals(reviewing, await desk.people.actor(request.user))
    able = desk.browse.together([reviewing.source] if reviewing.source else ())
    return original_form.form(reviewing, able, others, found, wrong)


async def original_named(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """[Continue] on that question: the frozen preview takes its place; what is no original is said in the form, and nothing is changed."""
    try:
        reviewing, picked, typed = original_form.read(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Open it again.") from error
    if picked and typed.strip():
        await ack(response_action="errors", errors={ids.DUPLICATE_OF: "Choose an original above, or type one here: not both."})
        return
    await guard.in_place(desk, request, ack, TITLE, _named(desk, request, reviewing))


async def _named(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput) -> model.Block:
    try:
        return await _preview(desk, request, reviewing)
    except errors.NotLinked:
        raise
    except errors.NotFound as error:
        if not reviewing.original:
            raise
        return await _question(desk, request, reviewing, str(error))


async def _preview(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput) -> model.Block:
    query = desk.review.query(reviewing.scope, desk.today())
    frozen = await desk.previews.reviewed(reviewing, query, await desk.people.actor(request.user))
    return review_form.preview(bulk.shown(frozen), frozen.batch, frozen.todo)


async def confirmed(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """[Confirm] on the preview in the modal."""
    try:
        ident, channel = review_form.read_preview(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Open it again.") from error
    try:
        batch = await desk.batches.confirm(ident, await desk.people.actor(request.user))
    except errors.BotError as error:
        await ack(response_action="update", view=modals.notice(TITLE, refusals.error(error)))
        return
    await ack()
    await bulk.begun(desk, request, batch, channel)


def _read(request: incoming.Request) -> model.ReviewInput:
    try:
        return review_input.read(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Open it again.") from error


ACTIONS: Mapping[str, guard.Handler] = {ids.REVIEW_OPEN: opened}

VIEW_ACTIONS: Mapping[str, guard.Handler] = {
    ids.REVIEW_FILTER: filtered,
    ids.REVIEW_BACK: turned,
    ids.REVIEW_NEXT: turned,
}

VIEWS: Mapping[str, guard.ViewHandler] = {
    ids.REVIEW_VIEW: submitted,
    ids.REVIEW_ORIGINAL_VIEW: original_named,
    ids.REVIEW_CONFIRM_VIEW: confirmed,
}

SHORTCUTS: Mapping[str, guard.Handler] = {ids.TRIAGE_SHORTCUT: triage, ids.MESSAGE_SHORTCUT: triage_message}
