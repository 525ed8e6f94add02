"""Buttons and menus: decode who, what and which version was shown; one service call; a receipt for the actor."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from bot import errors, model
from bot.core import grammar
from bot.render.anomaly import anomaly_card, anomaly_forms, histories, replies
from bot.render.kit import ids, modals, refusals
from bot.render.review import review_input
from bot.services import triage
from handlers import bulk, desk, details, duplicates, guard, incoming, linking, review, scans

log = logging.getLogger(__name__)

T = TypeVar("T")

ONLY = model.Change(model.Action.ACKNOWLEDGE)

DIRECT: Mapping[str, model.Change] = {
    ids.ACKNOWLEDGE: model.Change(model.Action.ACKNOWLEDGE, taking=True),
    ids.GROUP_ACKNOWLEDGE: ONLY,
    ids.UNACKNOWLEDGE: model.Change(model.Action.UNACKNOWLEDGE, taking=True),
    ids.REOPEN: model.Change(model.Action.REOPEN),
}
"""Buttons that need no further question."""


async def _direct(change: model.Change, desk: desk.Desk, request: incoming.Request) -> None:
    await _act(desk, request, change, _read(ids.decode, request.value))


async def _archive(desk: desk.Desk, request: incoming.Request) -> None:
    outcome, target = _read(_outcome, request.value)
    if outcome is not None and duplicates.asks(desk, outcome, target.ref.source):
        await duplicates.opened(desk, request, outcome, target)
        return
    await _act(desk, request, model.Change(model.Action.ARCHIVE, archive_as=outcome), target)


def _outcome(value: str) -> tuple[str | None, ids.ButtonTarget]:
    """What closing means, None where the system has no reasons. Raises ValueError."""
    choice, target = ids.decode_choice(value)
    return choice or None, target


async def _act(desk: desk.Desk, request: incoming.Request, change: model.Change, target: ids.ButtonTarget) -> None:
    actor = await desk.people.actor(request.user)
    lasting = not request.container.get("is_ephemeral")
    click = triage.Click(
        key=f"click:{request.trigger_id}",
        channel=request.channel,
        ts=str(request.container.get("message_ts", "")) if lasting else "",
        response_url=request.response_url if lasting else "",
        shown={target.ref: target.version},
    )
    try:
        receipt = await desk.triage.act(change, target.ref, actor, click)
    except errors.Repeated:
        return  # the card says that it is under way, and then what became of it
    redrawn = receipt.shown if lasting else await _redrawn(desk, request, target, actor)
    if not (redrawn and replies.silent(receipt, actor)):
        await guard.say(desk, request, replies.receipt(receipt, actor, desk.browse.capabilities(target.ref.source)))
    await linking.offer(desk, request, receipt, actor)


async def _redrawn(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget, actor: model.Actor) -> bool:
    """An ephemeral card is nobody's row: it is redrawn through its own response_url. The action is done whatever comes of it."""
    try:
        shown = await desk.browse.show(target.ref, actor)
        card = anomaly_card.anomaly(shown.anomaly, shown.capabilities, shown.past, shown.course)
        await desk.messenger.respond(request.response_url, card, replace=True)
    except errors.BotError as error:
        log.info("a card that only its reader sees stays as it was: %s", error)
        return False
    return True


async def _assign(desk: desk.Desk, request: incoming.Request) -> None:
    target = _read(ids.decode, request.value)
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading("Assign"))
    await _fill(desk, request, view_id, "Assign", model.Action.ASSIGN, target)


async def _comment(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading("Comment"))
    await _fill(desk, request, view_id, "Comment", model.Action.COMMENT, target)


async def _fill(
    desk: desk.Desk, request: incoming.Request, view_id: str, title: str, action: model.Action, target: ids.ButtonTarget
) -> None:
    """Put the form into the skeleton, or the reason why there is none."""
    try:
        actor = await desk.people.actor(request.user)
        desk.triage.check(action, target.ref.source, actor)
        shown = await desk.browse.show(target.ref, actor)
        if action is model.Action.COMMENT:
            view = anomaly_forms.comment(shown.anomaly, shown.capabilities, request.channel)
        else:
            linked = await desk.people.slack_ids(shown.anomaly.assignees)
            view = anomaly_forms.assign(shown.anomaly, shown.capabilities, request.channel, linked)
    except errors.BotError as error:
        view = modals.notice(title, refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def _history(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    actor = await desk.people.actor(request.user)
    shown, entries, comments = await desk.browse.history(target.ref, actor)
    await guard.say(desk, request, histories.history(shown.anomaly, entries, comments, await desk.browse.closely(shown.anomaly)))


async def _why(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    actor = await desk.people.actor(request.user)
    decided = await desk.browse.why(target.ref, actor)
    await guard.say(desk, request, histories.why(target.ref, decided, await desk.browse.seen(target.ref)))


More = Callable[[desk.Desk, incoming.Request, ids.ButtonTarget], Awaitable[None]]


async def _only(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    """Acknowledged, and nobody gets it."""
    await _act(desk, request, ONLY, target)


async def _opened(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    """A link: Slack opens the page, and the ack is all it wants."""


MORE: Mapping[str, More] = {
    ids.MORE_OPEN: _opened,
    ids.MORE_ONLY: _only,
    ids.MORE_DETAILS: details.opened,
    ids.MORE_COMMENT: _comment,
    ids.MORE_HISTORY: guard.looks(_history),
    ids.MORE_WHY: guard.looks(_why),
    ids.MORE_VERIFY: scans.verify,
}


async def _more(desk: desk.Desk, request: incoming.Request) -> None:
    chosen, target = _read(_chosen, request.value)
    await chosen(desk, request, target)


async def _stage(word: str, desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    """Acknowledged in a word of the system's that is not its usual one."""
    await _act(desk, request, model.Change(model.Action.ACKNOWLEDGE, stage=word), target)


def _chosen(value: str) -> tuple[More, ids.ButtonTarget]:
    """The entry of the [...] menu. Raises ValueError for one that is not in it."""
    choice, target = ids.decode_choice(value)
    if choice.startswith(ids.MORE_STAGE):
        return partial(_stage, choice.removeprefix(ids.MORE_STAGE)), target
    if choice not in MORE:
        raise ValueError(f"no such choice: {choice!r}")
    return MORE[choice], target


async def _show(desk: desk.Desk, request: incoming.Request) -> None:
    shown = await desk.browse.show(_read(ids.decode, request.value).ref, await desk.people.actor(request.user))
    await guard.say(desk, request, anomaly_card.anomaly(shown.anomaly, shown.capabilities, shown.past, shown.course))


async def _members(desk: desk.Desk, request: incoming.Request) -> None:
    card_id, offset = _read(ids.decode_group, request.value)
    listing = await desk.browse.members(card_id, await desk.people.actor(request.user), offset)
    await guard.say(desk, request, replies.listing(listing, card_id), instead=True)


async def _group_archive(desk: desk.Desk, request: incoming.Request) -> None:
    """[Archive as…] on a card of many: a preview of those that the card showed; of duplicates the original is asked for first."""
    outcome, scope = _read(ids.decode_members, request.value)
    change = model.Change(model.Action.ARCHIVE, archive_as=outcome)
    every = model.ReviewInput(scope, "", 0, (), frozenset(), review_input.ALL, "", change, channel=request.channel)
    if review.asks(desk, every):
        await review.ask(desk, request, every)
        return
    preview = await desk.previews.reviewed(every, model.Query(), await desk.people.actor(request.user))
    await bulk.show(desk, request, preview)


async def _list(desk: desk.Desk, request: incoming.Request, sort: str = "") -> None:
    """A page of a list, in place of the page that was clicked. `sort` is how, where the button does not say."""
    offset, words = _read(ids.decode_page, request.value)
    query = grammar.stored(words, today=desk.today(), systems=desk.browse.spoken)
    query = replace(query, sort=query.sort or sort)
    listing = await desk.browse.listing(query, await desk.people.actor(request.user), offset)
    listing = replace(listing, names=await desk.people.called(listing.words))
    await guard.say(desk, request, replies.listing(listing), instead=True)


async def _nothing(desk: desk.Desk, request: incoming.Request) -> None:
    """A link button: Slack opens the page, and the ack is all it wants."""


ACTIONS: Mapping[str, guard.Handler] = {
    **{action: partial(_direct, change) for action, change in DIRECT.items()},
    ids.ARCHIVE: _archive,
    ids.ASSIGN: _assign,
    ids.MORE: _more,
    ids.SHOW: guard.looks(_show),
    ids.GROUP_LIST: guard.looks(_members),
    ids.GROUP_ARCHIVE: _group_archive,
    ids.LIST_PAGE: guard.looks(_list),
    ids.CONTACT_NEWEST: guard.looks(partial(_list, sort="newest")),
    ids.CONTACT_LIST: guard.looks(_list),
    ids.OPEN: _nothing,
}


def _read(decode: Callable[[str], T], value: str) -> T:
    try:
        return decode(value)
    except ValueError as error:
        raise errors.NotFound("This button is too old to be understood. Find the anomaly with /anomalies list.") from error
