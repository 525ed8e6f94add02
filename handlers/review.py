"""Review: a filter, a group card or a message in a form with check boxes; one action for what is ticked, behind the same preview."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import grammar, permissions
from bot.render.batch import batch_message
from bot.render.kit import ids, modals, refusals, text
from bot.render.review import review_form, review_input
from handlers import desk, guard, incoming

log = logging.getLogger(__name__)

TITLE = "Review"

QUEUE = model.ReviewScope(words="status:open")
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


async def asked(desk: desk.Desk, request: incoming.Request, command: grammar.Command) -> None:
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
        query = _query(desk, scope)
        page = await desk.review.page(scope, query, await desk.people.actor(request.user), offset, picked, channel)
        view = review_form.form(page, desk.triage.post.offer(query.source or desk.default_source))
    except errors.BotError as error:
        view = modals.notice(TITLE, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


def _query(desk: desk.Desk, scope: model.ReviewScope) -> model.Query:
    return model.Query() if scope.card else grammar.query(scope.words, today=desk.today())


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
    actor = await desk.people.actor(request.user)
    permissions.decide(model.Action.BROWSE, actor, desk.browse.grants)
    try:
        query = grammar.query(grammar.clean(text.escape(reviewing.typed)), today=desk.today())  # a form's text comes as typed
        page = await desk.review.page(model.ReviewScope(words=grammar.canonical(query)), query, actor, 0, (), reviewing.channel)
    except errors.UserError as error:
        query = _query(desk, reviewing.scope)
        page = await desk.review.page(reviewing.scope, query, actor, reviewing.offset, reviewing.picked, reviewing.channel)
        page = replace(page, notice=str(error))
    return review_form.form(page, desk.triage.post.offer(query.source or desk.default_source))


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
    assert reviewing.change is not None, "the form was checked"
    await guard.in_place(desk, request, ack, TITLE, _preview(desk, request, reviewing, reviewing.change))


async def _preview(desk: desk.Desk, request: incoming.Request, reviewing: model.ReviewInput, asked: model.Change) -> model.Block:
    actor = await desk.people.actor(request.user)
    for action in (asked.action, *((model.Action.ASSIGN,) if reviewing.people else ())):
        desk.triage.check(action, model.Ref(reviewing.source, "0"), actor)
    change = await _with_people(desk, reviewing, asked)
    targets, _ = await desk.review.targets(reviewing, _query(desk, reviewing.scope), actor)
    channel = await desk.messenger.home(reviewing.channel, actor.id)
    frozen = await desk.batches.freeze(change, targets, desk.review.words(reviewing), actor, channel)
    names = await desk.people.names(frozen.batch.source, change.assignees or ())
    shown = batch_message.preview(frozen.batch, frozen.split, frozen.progress, desk.triage.post.offer(frozen.batch.source), names)
    return review_form.preview(shown, frozen.batch, frozen.progress.counts.get(model.Fate.TODO, 0))


async def _with_people(desk: desk.Desk, reviewing: model.ReviewInput, change: model.Change) -> model.Change:
    """The change with its Slack users as the system's. Raises NotFound for somebody whom it does not know."""
    if not reviewing.people:
        return change
    match = await desk.people.match(reviewing.source, reviewing.people)
    if match.unknown:
        names = ", ".join(actor.name for actor in match.unknown)
        title = desk.triage.post.offer(reviewing.source).title
        raise errors.NotFound(f"{title} does not know {names}. Say who that is there with /anomalies link @user name, and try again.")
    return replace(change, assignees=tuple(person.id for person in match.found.values()))


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
    where = incoming.Request(request.body, request.user, channel, "", "")
    await guard.say(desk, where, batch_message.started(batch, desk.triage.post.offer(batch.source)))
    await desk.runs.work()


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

VIEWS: Mapping[str, guard.ViewHandler] = {ids.REVIEW_VIEW: submitted, ids.REVIEW_CONFIRM_VIEW: confirmed}

SHORTCUTS: Mapping[str, guard.Handler] = {ids.TRIAGE_SHORTCUT: triage, ids.MESSAGE_SHORTCUT: triage_message}
