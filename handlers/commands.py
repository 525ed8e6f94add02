"""Slash commands: text -> one grammar -> one service call -> one answer for the asker alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from bot import model
from bot.core import filters, permissions
from bot.render import card, replies
from bot.render import desk as desk_view
from handlers import bulk, guard


async def anomalies(desk: guard.Desk, request: guard.Request) -> None:
    """`/anomalies ...`"""
    actor = await desk.people.actor(request.user)
    permissions.decide(model.Action.BROWSE, actor, desk.browse.grants)
    command = filters.command(
        str(request.body.get("text", "")), today=desk.today(), sources=desk.sources, default_source=desk.default_source
    )
    if command.change is not None:
        await bulk.change(desk, request, command, actor)
    elif command.verb == "undo":
        await bulk.undo(desk, request, command, actor)
    else:
        await guard.say(desk, request, await VERBS[command.verb](desk, command, actor))


async def _help(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    newest = await desk.browse.anomalies.newest(desk.default_source, 1)
    return desk_view.help_text(newest[0] if newest else None)


async def _list(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    return replies.listing(await desk.browse.listing(command.query or model.Query(), actor))


async def _count(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    counted = await desk.browse.count(command.query or model.Query(), actor)
    return replies.count(counted.words, counted.total, counted.by_state, counted.by_table)


async def _show(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    shown = await desk.browse.show(command.refs[0], actor)
    return card.anomaly(shown.anomaly, shown.offer, shown.past)


async def _history(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    shown, entries, comments = await desk.browse.history(command.refs[0], actor)
    return replies.history(shown.anomaly, entries, comments)


async def _why(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    return replies.why(command.refs[0], await desk.browse.why(command.refs[0], actor))


async def _status(desk: guard.Desk, command: filters.Command, actor: model.Actor) -> model.Message:
    return desk_view.status(await desk.status())


VERBS: Mapping[str, Callable[[guard.Desk, filters.Command, model.Actor], Awaitable[model.Message]]] = {
    "help": _help,
    "list": _list,
    "count": _count,
    "show": _show,
    "history": _history,
    "why": _why,
    "status": _status,
}

COMMANDS: Mapping[str, guard.Handler] = {"/anomalies": anomalies}
