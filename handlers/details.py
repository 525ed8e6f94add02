"""Details: a modal for whoever asked, opened before anything is awaited and filled when all is known; its pages, and the rows behind it."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping

from bot import errors, model
from bot.render.anomaly import details, failing_rows
from bot.render.kit import ids, modals, refusals
from handlers import desk, guard, incoming

log = logging.getLogger(__name__)

TOO_OLD = "This button is too old to be understood. Find the anomaly with /anomalies list."

Making = Callable[[desk.Desk, model.Ref, model.Actor, int], Awaitable[model.Block]]


async def opened(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    """The entry of the [...] menu, and the button."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading(details.TITLE))
    await _fill(desk, request, view_id, _page, target.ref, 0)


async def _button(desk: desk.Desk, request: incoming.Request) -> None:
    try:
        target = ids.decode(request.value)
    except ValueError as error:
        raise errors.NotFound(TOO_OLD) from error
    await opened(desk, request, target)


async def _turned(desk: desk.Desk, request: incoming.Request) -> None:
    await _fill(desk, request, str(request.view["id"]), _page, *_where(request.value))


async def _rows(desk: desk.Desk, request: incoming.Request) -> None:
    await _fill(desk, request, str(request.view["id"]), _failing, *_where(request.value))


def _where(value: str) -> tuple[model.Ref, int]:
    """The anomaly and the page behind a button. Raises NotFound."""
    try:
        page, target = ids.decode_choice(value)
        return target.ref, int(page)
    except ValueError as error:
        raise errors.NotFound(TOO_OLD) from error


async def _page(desk: desk.Desk, ref: model.Ref, actor: model.Actor, page: int) -> model.Block:
    return details.view(await desk.details.of(ref, actor), page)


async def _failing(desk: desk.Desk, ref: model.Ref, actor: model.Actor, page: int) -> model.Block:
    anomaly, rows = await desk.details.failing(ref, actor)
    return failing_rows.view(anomaly, rows, desk.browse.capabilities(ref.source).title, page)


async def _fill(desk: desk.Desk, request: incoming.Request, view_id: str, making: Making, ref: model.Ref, page: int) -> None:
    """What was asked for, or why there is nothing of it. Who closed the modal meanwhile wants to hear no more of it."""
    try:
        view = await making(desk, ref, await desk.people.actor(request.user), page)
    except errors.BotError as error:
        desk.telemetry.count("refusals", kind=type(error).__name__)
        view = modals.notice(details.TITLE, refusals.error(error))
    try:
        await desk.messenger.update_view(view_id, view)
    except errors.SlackRejected as error:
        log.info("the details were closed before they were there: %s", error)


ACTIONS: Mapping[str, guard.Handler] = {ids.DETAILS: _button}

VIEW_ACTIONS: Mapping[str, guard.Handler] = {**dict.fromkeys(ids.DETAILS_PAGES, _turned), **dict.fromkeys(ids.ROWS_PAGES, _rows)}
