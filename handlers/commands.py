"""Slash commands: text -> one grammar -> one service call -> one answer for the asker alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial

from bot import errors, model
from bot.core import grammar
from bot.render.anomaly import anomaly_card, histories, likeness, replies
from bot.render.desk import desk_help, desk_status
from bot.render.digest import digest_message
from bot.render.kit import ids, refusals, spreadsheet
from bot.services import browse, slicing
from handlers import bulk, desk, guard, incoming, review, scans


async def anomalies(desk: desk.Desk, request: incoming.Request) -> None:
    """`/anomalies ...`"""
    await _run(desk, request, str(request.body.get("text", "")))


async def which(desk: desk.Desk, request: incoming.Request) -> None:
    """The button that says which system was meant by an id: the same command once more."""
    try:
        home, said = ids.decode_pair(request.value)
    except ValueError as error:
        raise errors.NotFound("This button is too old to be understood. Type the command again.") from error
    await _run(desk, request, said, home)


async def _run(desk: desk.Desk, request: incoming.Request, said: str, home: str = "") -> None:
    """What opens a form opens it before anything else is awaited: the trigger lasts three seconds. `home` is the system of ids that several
    have."""
    alone = desk.sources[0] if len(desk.sources) == 1 else ""
    try:
        command = grammar.command(
            said,
            today=desk.today(),
            sources=desk.sources,
            default_source=alone,
            closings={name: desk.browse.capabilities(name).archive_as for name in desk.sources},
            systems=desk.browse.spoken,
        )
    except errors.UserError:
        await guard.may_look(desk, request)  # who may not look is told that, and not how to write it
        raise
    if command.verb in FORMS:
        await FORMS[command.verb](desk, request, command, lambda actor: desk.browse.placed(command.refs, actor, home, said))
        return
    actor = await guard.may_look(desk, request)
    command = replace(command, system=command.system or home)
    command = replace(command, refs=await desk.browse.placed(command.refs, actor, home, said))
    if command.change is not None:
        await bulk.change(desk, request, command, actor)
    elif command.verb == "undo":
        await bulk.undo(desk, request, command, actor)
    else:
        with guard.looking():
            answer = await VERBS[command.verb](desk, command, actor)
        await guard.say(desk, request, answer)


async def _export(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    """To the asker alone: a CSV file in the direct messages with the bot."""
    query = command.query or model.Query()
    found = await desk.browse.export(query, actor)
    home = await desk.messenger.home("", actor.id)
    words = grammar.canonical(query)
    words = grammar.named(words, await desk.people.called(words))
    name = f"anomalies-{desk.clock.now():%Y-%m-%d-%H%M}.csv"
    capabilities_of = {source: desk.browse.capabilities(source) for source in desk.sources}
    content, lines = await slicing.streamed(found.pages(), partial(spreadsheet.anomalies, capabilities_of=capabilities_of), browse.bounded)
    await desk.messenger.upload(home, "", name, f"Anomalies: {words or 'all that are open'}", content)
    return replies.exported(words, lines, found.unheard)


async def _digest(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    made = await desk.digests.ask(command.query or model.Query(), actor)
    return digest_message.digest(made, desk.digests.capabilities(made), asked=True)


async def _link(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    """Who somebody is in a system. Everybody answers for themselves, admins for others."""
    who = command.person or actor.id
    if not command.target:
        found, unheard = await desk.people.everywhere(who, command.system)
        mine = [source for source, person in found if person is None and who == actor.id]
        doors = [refusals.link_me(name, desk.browse.capabilities(name).title, several=len(mine) > 1) for name in mine]
        return replies.known(who, [(desk.browse.capabilities(source), person) for source, person in found], unheard, doors)
    source = desk.people.placed(command.system, command.target, command.text)
    capabilities = desk.browse.capabilities(source)
    if command.target == "none":
        await desk.people.forget(actor, who, source)
        return replies.linked(who, None, capabilities, "unlinked")
    linked = await desk.people.link(actor, who, source, command.target)
    return replies.linked(who, linked.person, capabilities, "linked", linked.replaced)


async def _help(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    capabilities_of = [desk.browse.capabilities(name) for name in desk.sources]
    ways = [one for capabilities in capabilities_of for one in capabilities.archive_as]
    unable = grammar.unable({action for capabilities in capabilities_of for action in capabilities.supports})
    unable |= frozenset() if desk.browse.commons else {"common"}
    search = desk.browse.search
    newest, scanned = await desk.browse.newest(), await scans.named(desk)
    here = desk.browse.capabilities(newest.ref.source) if newest is not None else None
    can, own, refused = bool(desk.scans.scanners), search.own_words(), search.refused_words()
    return desk_help.full(newest, ways, own, refused, unable, scans=can, scanned=scanned, here=here)


async def _list(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    query = command.query or model.Query()
    listing = await desk.browse.listing(query, actor)
    if not listing.anomalies:
        raise errors.NotFound(await desk.browse.why_nothing(query, actor))
    return replies.listing(replace(listing, names=await desk.people.called(listing.words)))


async def _count(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    query = command.query or model.Query()
    counted = await desk.browse.count(query, actor)
    if not counted.total:
        raise errors.NotFound(await desk.browse.why_nothing(query, actor))
    words = grammar.named(counted.words, await desk.people.called(counted.words))
    return replies.count(words, counted.total, counted.by_state, counted.by_table, counted.totals, counted.unheard, counted.as_of)


async def _common(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    query = command.query or model.Query()
    name, found = await desk.browse.likeness.of(query, actor)
    return likeness.told(grammar.canonical(query), found, desk.browse.capabilities(name))


async def _show(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    shown = await desk.browse.show(command.refs[0], actor)
    told = await desk.browse.closely(shown.anomaly)
    anomaly = replace(shown.anomaly, related=tuple(told.related) or shown.anomaly.related)
    return anomaly_card.anomaly(anomaly, shown.capabilities, shown.past, shown.course)


async def _history(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    shown, entries, comments = await desk.browse.history(command.refs[0], actor)
    return histories.history(shown.anomaly, entries, comments, await desk.browse.closely(shown.anomaly))


async def _why(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    (ref, *_) = command.refs
    return histories.why(ref, await desk.browse.why(ref, actor), await desk.browse.seen(ref))


async def _status(desk: desk.Desk, command: grammar.Command, actor: model.Actor) -> model.Message:
    return desk_status.status(await desk.status.view())


VERBS: Mapping[str, Callable[[desk.Desk, grammar.Command, model.Actor], Awaitable[model.Message]]] = {
    "help": _help,
    "list": _list,
    "count": _count,
    "common": _common,
    "show": _show,
    "history": _history,
    "why": _why,
    "status": _status,
    "export": _export,
    "digest": _digest,
    "link": _link,
}

FORMS: Mapping[str, Callable[[desk.Desk, incoming.Request, grammar.Command, desk.Placing], Awaitable[None]]] = {
    "review": review.asked,
    "delete": bulk.asked_to_delete,
}
"""Verbs that are answered by a form."""

ACTIONS: Mapping[str, guard.Handler] = {ids.WHICH_SYSTEM: which}

COMMANDS: Mapping[str, guard.Handler] = {grammar.SLASH: anomalies}
