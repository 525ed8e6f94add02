"""`/scan` and the buttons of its messages: propose, confirm, fix, abort, show; and the form with the remaining flags."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from slack_bolt.async_app import AsyncAck

from bot import errors, model
from bot.core import grammar, scan_rules
from bot.render.kit import ids, modals, refusals
from bot.render.scan import detection, scan_form, scan_message, scan_preview
from bot.services.scans import ask
from handlers import desk, guard, incoming

Typed = grammar.ScanCommand


async def command(desk: desk.Desk, request: incoming.Request) -> None:
    """`/scan ...`"""
    if not str(request.body.get("text", "")).strip():
        await _open(desk, request, scan_form.ScanDraft(desk.scans.usual, request.channel))
        return
    try:
        typed = _read(desk, request)
    except errors.UserError:
        await guard.may_look(desk, request)  # who may not look is told that, and not how to write it
        _askable(desk)
        _read(desk, request, await named(desk))
        raise
    if typed.verb == "form":  # before anything else is awaited: the trigger lasts three seconds
        await _open(desk, request, scan_form.ScanDraft(desk.scans.usual, request.channel))
        return
    actor = await guard.may_look(desk, request)
    await VERBS.get(typed.verb, _run)(desk, request, typed, actor)


def _read(desk: desk.Desk, request: incoming.Request, scanned: grammar.Scanned = grammar.ANY_SCANNED) -> Typed:
    said, known = str(request.body.get("text", "")), desk.browse.spoken
    return grammar.scan(said, sources=desk.sources, default_source=desk.scans.usual, systems=known, scanned=scanned)


async def named(desk: desk.Desk) -> grammar.Scanned:
    """What examples name: where the newest anomaly is, else any datastore."""
    newest = await desk.browse.newest(desk.scans.scanners)
    if newest is not None and newest.datastore is not None and newest.datastore.name.strip():
        return grammar.Scanned(newest.datastore.name, newest.container.name if newest.container else "")
    return grammar.Scanned(await desk.scans.any_datastore())


async def _run(desk: desk.Desk, request: incoming.Request, typed: Typed, actor: model.Actor, once: str = "") -> None:
    if typed.verb == "export":
        options: Mapping[str, object] = {"asset_type": typed.asset}
    else:
        options = scan_rules.options(incremental=typed.incremental, auto_resolve=typed.auto_resolve)
    order = ask.ScanOrder(scan_rules.kinds(typed.verb), typed.datastores, typed.tables, typed.tags, options)
    await _propose(desk, request, order, actor, typed.source or desk.scans.usual, once, typed)


async def _propose(
    desk: desk.Desk,
    request: incoming.Request,
    order: ask.ScanOrder,
    actor: model.Actor,
    source: str,
    once: str = "",
    typed: Typed | None = None,
) -> None:
    channel = await desk.messenger.home(request.channel, actor.id)
    await _answer(desk, request, await desk.scans.propose(source, order, actor, channel, once), actor, source, typed)


async def _answer(
    desk: desk.Desk, request: incoming.Request, proposal: model.Proposal, actor: model.Actor, source: str, typed: Typed | None = None
) -> None:
    """Start at once what changes no anomaly and is as it was typed; ask about the rest."""
    capabilities = desk.browse.capabilities(source)
    if not proposal.operations:
        await guard.say(desk, request, scan_preview.problems(proposal.problems, capabilities, source, typed))
    elif desk.scans.asks_first(proposal):
        await guard.say(desk, request, scan_preview.preview(proposal, capabilities, typed=typed))
    else:
        started = await desk.scans.confirm(proposal.operations[0].plan, actor)
        await guard.say(desk, request, scan_message.started(started))
        await desk.follow.work()


async def _status(desk: desk.Desk, request: incoming.Request, typed: Typed, actor: model.Actor) -> None:
    source = typed.source or desk.scans.usual
    now, capabilities = desk.clock.now(), desk.browse.capabilities(source)
    if typed.ident:
        operation = await desk.scans.one(source, typed.ident, actor)
        await guard.say(desk, request, await desk.scans.shown.card(operation))
        return
    running, recent = await desk.scans.status(actor)
    await guard.say(desk, request, scan_message.status(running, recent, capabilities, now))


async def _abort(desk: desk.Desk, request: incoming.Request, typed: Typed, actor: model.Actor) -> None:
    operation = await desk.scans.abort(typed.ident, actor, typed.source or desk.scans.usual)
    await guard.say(desk, request, scan_message.aborting(operation))
    await desk.follow.work()


async def _detect(desk: desk.Desk, request: incoming.Request, typed: Typed, actor: model.Actor) -> None:
    source, found = await desk.detections.start(typed.source, typed.span, actor)
    await guard.say(desk, request, detection.started(found, typed.span, desk.browse.capabilities(source)))


def _askable(desk: desk.Desk) -> None:
    """Raise NotSupported where nothing of this can be asked of any system."""
    if not desk.detections.detectors:
        desk.scans.offered()


async def _help(desk: desk.Desk, request: incoming.Request, typed: Typed, actor: model.Actor) -> None:
    _askable(desk)
    await guard.say(desk, request, scan_message.help_text(await named(desk)))


VERBS: Mapping[str, Callable[[desk.Desk, incoming.Request, Typed, model.Actor], Awaitable[None]]] = {
    "help": _help,
    "status": _status,
    "abort": _abort,
    "detect": _detect,
}
"""Verbs that start no operation; all others do."""


# --- buttons ----------------------------------------------------------------------------------------------------------------


async def pressed_start(desk: desk.Desk, request: incoming.Request) -> None:
    """[Start] on a preview: the preview is replaced, the operations run."""
    started = await desk.scans.confirm(request.value, await desk.people.actor(request.user))
    await desk.messenger.respond(request.response_url, scan_message.started(started), replace=True)
    await desk.follow.work()


async def pressed_cancel(desk: desk.Desk, request: incoming.Request) -> None:
    """[Cancel] on a preview."""
    await desk.scans.cancel(request.value, await desk.people.actor(request.user))
    await desk.messenger.respond(request.response_url, scan_message.cancelled(), replace=True)


async def pressed_options(desk: desk.Desk, request: incoming.Request) -> None:
    """[More options...] on a preview: the form, filled with what was typed."""
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading("Scan"))
    try:
        operations = await desk.scans.previewed(request.value, await desk.people.actor(request.user))
        view = scan_form.form(scan_form.of(operations, request.channel))
    except errors.BotError as error:
        view = modals.notice("Scan", refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def pressed_abort(desk: desk.Desk, request: incoming.Request) -> None:
    """[Abort] on a running operation."""
    operation = await desk.scans.abort(request.value, await desk.people.actor(request.user))
    await guard.say(desk, request, scan_message.aborting(operation))
    await desk.follow.work()


async def pressed_fix(desk: desk.Desk, request: incoming.Request) -> None:
    """A one-click fix on an operation that did not help."""
    what, ident = _pair(request.value)
    actor = await desk.people.actor(request.user)
    if what == ids.FIX_FOLLOW:
        await guard.say(desk, request, scan_message.started([await desk.scans.follow_on(ident, actor)]))
        return
    channel = await desk.messenger.home(request.channel, actor.id)
    operation, proposal = await desk.scans.fix(what, ident, actor, channel)
    await _answer(desk, request, proposal, actor, operation.source)


async def pressed_sync(desk: desk.Desk, request: incoming.Request) -> None:
    """[Run sync first], where nothing could be started."""
    source, datastore = _pair(request.value)
    order = ask.ScanOrder(("sync",), (datastore,))
    await _propose(desk, request, order, await desk.people.actor(request.user), source, _once(request))


async def pressed_instead(desk: desk.Desk, request: incoming.Request) -> None:
    """[Scan warehouse-prod instead]: the command with the name that was probably meant."""
    source, said = _pair(request.value)
    typed = grammar.scan(said, sources=desk.sources, default_source=source, systems=desk.browse.spoken)
    await _run(desk, request, replace(typed, source=source), await desk.people.actor(request.user), _once(request))


def _once(request: incoming.Request) -> str:
    """The pressed button: pressed twice, it is one plan."""
    return f"{request.user}|{request.channel}|{request.container.get('message_ts', '')}|{request.value}"


async def pressed_open(desk: desk.Desk, request: incoming.Request) -> None:
    """[Scan] beside a help and in an App Home: the form."""
    await _open(desk, request, scan_form.ScanDraft(desk.scans.usual, request.channel))


async def verify(desk: desk.Desk, request: incoming.Request, target: ids.ButtonTarget) -> None:
    """ "Fixed, verify" in the [...] menu of a card."""
    actor = await desk.people.actor(request.user)
    channel = await desk.messenger.home(request.channel, actor.id)
    proposal = await desk.scans.verify(target.ref, actor, channel)
    await _answer(desk, request, proposal, actor, target.ref.source)


def _pair(value: str) -> tuple[str, str]:
    try:
        return ids.decode_pair(value)
    except ValueError as error:
        raise errors.NotFound("This button is too old to be understood. Ask again with /scan.") from error


# --- the form -----------------------------------------------------------------------------------------------------------------


async def _open(desk: desk.Desk, request: incoming.Request, draft: scan_form.ScanDraft) -> None:
    view_id = await desk.messenger.open_view(request.trigger_id, modals.loading("Scan"))
    try:
        desk.scans.may(draft.source, await desk.people.actor(request.user))
        view = scan_form.form(draft)
    except errors.BotError as error:
        view = modals.notice("Scan", refusals.error(error))
    await desk.messenger.update_view(view_id, view)


async def submitted(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form: what is wrong in it is said beside its fields; the rest goes the way of the command."""
    draft = _draft(request)
    wrong = scan_form.mistakes(draft)
    if wrong:
        await ack(response_action="errors", errors=wrong)
        return
    await ack()
    if draft.plan:
        await _replaced(desk, request, draft.plan)
    where = incoming.Request(request.body, request.user, draft.channel, "", "")
    try:
        order = ask.ScanOrder((scan_rules.SCAN,), draft.datastores, draft.tables, draft.tags, draft.options())
        await _propose(desk, where, order, await desk.people.actor(request.user), draft.source)
    except errors.BotError as error:
        await guard.say(desk, where, refusals.error(error))


async def _replaced(desk: desk.Desk, request: incoming.Request, plan: str) -> None:
    """The preview that the form was opened from is not to be started beside what the form says."""
    try:
        await desk.scans.cancel(plan, await desk.people.actor(request.user))
    except errors.UserError:
        pass  # it was started or cancelled meanwhile


_Look = Callable[[model.Actor], Awaitable[Sequence[model.Place] | Sequence[str]]]


async def _offered(desk: desk.Desk, request: incoming.Request, look: _Look) -> model.Block:
    """The options of a menu, as far as they hold what was typed."""
    return scan_form.options(await look(await desk.people.actor(request.user)), str(request.body.get("value", "")))


async def datastore_options(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form's menu of datastores."""
    draft = _draft(request)
    await guard.options(desk, ack, _offered(desk, request, lambda actor: desk.scans.datastores(draft.source, actor)))


async def table_options(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form's menu of tables: of the datastores that are chosen in it at this moment."""
    draft = _draft(request)
    await guard.options(desk, ack, _offered(desk, request, lambda actor: desk.scans.tables(draft.source, draft.datastores, actor)))


async def tag_options(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> None:
    """The form's menu of tags."""
    draft = _draft(request)
    await guard.options(desk, ack, _offered(desk, request, lambda actor: desk.scans.tags(draft.source, actor)))


def _draft(request: incoming.Request) -> scan_form.ScanDraft:
    try:
        return scan_form.read(request.view)
    except ValueError as error:
        raise errors.NotFound("This form is too old to be understood. Open it again with /scan.") from error


ACTIONS: Mapping[str, guard.Handler] = {
    ids.SCAN_START: pressed_start,
    ids.SCAN_CANCEL: pressed_cancel,
    ids.SCAN_OPTIONS: pressed_options,
    ids.SCAN_ABORT: pressed_abort,
    ids.SCAN_FIX: pressed_fix,
    ids.SCAN_SYNC: pressed_sync,
    ids.SCAN_INSTEAD: pressed_instead,
    ids.SCAN_OPEN: pressed_open,
}

VIEWS: Mapping[str, guard.ViewHandler] = {ids.SCAN_VIEW: submitted}

OPTIONS: Mapping[str, guard.ViewHandler] = {
    ids.SCAN_DATASTORES: datastore_options,
    ids.SCAN_TABLES: table_options,
    ids.SCAN_TAGS: tag_options,
}
