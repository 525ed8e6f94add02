"""Modals: read what was submitted; ask who an unknown person is; act; tell the actor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.render.anomaly import anomaly_forms, replies
from bot.render.kit import ids, modals, refusals
from bot.services import people, triage
from handlers import desk, guard, incoming, linking

T = TypeVar("T")


async def assign(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The Assign form: everybody known -> assigned; somebody unknown -> a picker of the system's users, and then assigned."""
    form = _read(anomaly_forms.read_assign, request)
    await _assign(desk, request, ack, form.pending, form.chosen)


async def link(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The picker: remember who is who, then do the assignment that asked for it."""
    form = _read(anomaly_forms.read_pick, request)
    await _assign(desk, request, ack, form.pending, form.chosen, form.picked)


async def _assign(
    desk: desk.Desk,
    request: incoming.Request,
    ack: AsyncAck,
    pending: anomaly_forms.Pending,
    chosen: Sequence[str],
    picked: Mapping[str, str] | None = None,
) -> None:
    """Answer Slack in time: close the modal, show the picker in it, or say that it takes a moment and go on."""
    lookup = asyncio.ensure_future(_match(desk, request, pending, chosen, picked or {}))
    await asyncio.wait({lookup}, timeout=guard.VIEW_SECONDS)
    if not lookup.done():
        await ack(response_action="update", view=modals.loading("Assign"))
        await _later(desk, request, pending, chosen, lookup)
        return
    actor, match = lookup.result()
    if match.unknown:
        await ack(
            response_action="update", view=anomaly_forms.pick(pending, chosen, match.unknown, desk.browse.capabilities(pending.ref.source))
        )
        return
    await ack()
    await _carry_out(desk, request, pending, actor, match)


async def _later(
    desk: desk.Desk,
    request: incoming.Request,
    pending: anomaly_forms.Pending,
    chosen: Sequence[str],
    lookup: asyncio.Future[tuple[model.Actor, people.Match]],
) -> None:
    """The look-up took too long for an ack: the modal is told the rest afterwards."""
    view_id = str(request.view["id"])
    try:
        actor, match = await lookup
        if match.unknown:
            picker = anomaly_forms.pick(pending, chosen, match.unknown, desk.browse.capabilities(pending.ref.source))
            await desk.messenger.update_view(view_id, picker)
            return
        await _carry_out(desk, request, pending, actor, match)
        await desk.messenger.update_view(view_id, modals.notice("Assign", "Done. You can close this."))
    except errors.BotError as error:
        await desk.messenger.update_view(view_id, modals.notice("Not done", refusals.error(error)))


async def _match(
    desk: desk.Desk, request: incoming.Request, pending: anomaly_forms.Pending, chosen: Sequence[str], picked: Mapping[str, str]
) -> tuple[model.Actor, people.Match]:
    """Rights first; then what was just picked is remembered; then everybody is looked up. Who others are is an admin's to say."""
    actor = await desk.people.actor(request.user)
    desk.triage.check(model.Action.ASSIGN, pending.ref.source, actor)
    source = pending.ref.source
    for slack_id, person in picked.items():
        linked = await desk.people.remember(actor, slack_id, source, person)
        if linked.replaced:
            told = replies.linked(slack_id, linked.person, desk.browse.capabilities(source), "linked", linked.replaced)
            guard.spare(desk, asyncio.ensure_future(guard.say(desk, _where(request, pending), told)))
    match = await desk.people.match(source, chosen)
    desk.people.check_strangers(actor, source, match.unknown)
    return actor, match


def _where(request: incoming.Request, pending: anomaly_forms.Pending) -> incoming.Request:
    """Submissions carry no response_url: the answer goes to the channel where the form was opened."""
    return incoming.Request(request.body, request.user, pending.channel, "", "")


async def _carry_out(
    desk: desk.Desk, request: incoming.Request, pending: anomaly_forms.Pending, actor: model.Actor, match: people.Match
) -> None:
    """Those who cannot be shown in Slack's picker stay assigned: nobody took them off."""
    assignees = tuple(dict.fromkeys([*(person.id for person in match.found.values()), *pending.kept]))
    await _act(desk, request, model.Change(model.Action.ASSIGN, assignees=assignees), pending, actor)


async def comment(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The Comment form."""
    form = _read(anomaly_forms.read_comment, request)
    if not form.text.strip():
        await ack(response_action="errors", errors={ids.COMMENT_TEXT: "Write something first: spaces alone are no comment."})
        return
    await ack()
    actor = await desk.people.actor(request.user)
    await _act(desk, request, model.Change(model.Action.COMMENT, comment=form.text), form.pending, actor)


async def _act(
    desk: desk.Desk, request: incoming.Request, change: model.Change, pending: anomaly_forms.Pending, actor: model.Actor
) -> None:
    where = _where(request, pending)
    click = triage.Click(key=f"view:{request.view['id']}", channel=pending.channel, shown={pending.ref: pending.version})
    try:
        receipt = await desk.triage.act(change, pending.ref, actor, click)
    except errors.BotError as error:
        await guard.say(desk, where, refusals.error(error))
        return
    if not (receipt.shown and replies.silent(receipt, actor)):
        await guard.say(desk, where, replies.receipt(receipt, actor, desk.browse.capabilities(pending.ref.source)))
    await linking.offer(desk, where, receipt, actor)


async def person_options(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The picker's menu, fed from the system's users as people type."""
    form = _read(anomaly_forms.read_pick, request)
    await guard.options(desk, ack, _suggest(desk, request, form.pending))


async def _suggest(desk: desk.Desk, request: incoming.Request, pending: anomaly_forms.Pending) -> model.Block:
    """Names and addresses are shown to those who may assign, and to nobody else."""
    desk.triage.check(model.Action.ASSIGN, pending.ref.source, await desk.people.actor(request.user))
    return anomaly_forms.options(await desk.people.suggest(pending.ref.source, str(request.body.get("value", ""))))


def _read(form: Callable[[Mapping[str, Any]], T], request: incoming.Request) -> T:
    try:
        return form(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Open it again from the anomaly's card.") from error


VIEWS: Mapping[str, guard.ViewHandler] = {ids.ASSIGN_VIEW: assign, ids.LINK_VIEW: link, ids.COMMENT_VIEW: comment}

OPTIONS: Mapping[str, guard.ViewHandler] = {ids.LINK_PERSON: person_options}


async def _nothing(desk: desk.Desk, request: incoming.Request) -> None:
    """An input announces a change; there is nothing to do before the form is sent."""


QUIET: Mapping[str, guard.Handler] = dict.fromkeys(
    (ids.ASSIGN_PEOPLE, ids.COMMENT_TEXT, ids.LINK_PERSON, *ids.LINK_ME_INPUTS, *ids.REVIEW_INPUTS, *ids.SCAN_INPUTS),
    _nothing,
)
