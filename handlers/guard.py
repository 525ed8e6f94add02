"""Around every listener: acknowledge first, know the request, answer every error, never lose an ack.

Bolt discards an ack when the listener raises right after it (slack-platform section 12); here nothing is raised any more.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, nullcontext
from functools import wraps
from typing import Any, TypeVar, cast

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp

from bot import errors, model, ports
from bot.core import permissions
from bot.render.desk import link_form
from bot.render.kit import asked, modals, refusals
from handlers import at_home, belonging, desk, incoming, once

log = logging.getLogger(__name__)

VIEW_SECONDS = 1.8
"""A view_submission and an option menu must be answered within 3 s; a bit is left for the network (slack-platform section 2)."""


Handler = Callable[[desk.Desk, incoming.Request], Awaitable[None]]
ViewHandler = Callable[[desk.Desk, incoming.Request, AsyncAck], Awaitable[None]]


def acked(desk: desk.Desk, handler: Handler) -> Callable[..., Awaitable[None]]:
    """A listener that acknowledges in its first line and then works."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        request = incoming.read(body)

        async def work(request: incoming.Request) -> None:
            await handler(desk, request)

        async def tell(message: model.Message) -> None:
            await say(desk, request, message, refused=True)

        await _guarded(desk, request, work, tell, once.begun(desk.deliveries, desk.clock, request), acted=True)

    return listener


def heard(desk: desk.Desk, name: str, kind: str, handler: Handler) -> Callable[..., Awaitable[None]]:
    """A listener for an event that somebody caused: `name` is what the manifest calls it, `kind` the kind of channel that it is about, ""
    for any. What bots say, what is no new message, and what is said elsewhere is nothing to it: no row is written for it."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        await ack()
        request = incoming.event(body)

        async def work(request: incoming.Request) -> None:
            await desk.home.hear(name)
            await handler(desk, request)

        async def tell(message: model.Message) -> None:
            await say(desk, request, message, refused=True)

        if _from_a_person(request) and kind in ("", incoming.part(body, "event").get("channel_type")):
            await _guarded(desk, request, work, tell, once.begun(desk.deliveries, desk.clock, request))

    return listener


NEW = ("", "file_share", "thread_broadcast")
"""Subtypes of messages that are new; all others tell of older ones, or are written by an app."""


def _from_a_person(request: incoming.Request) -> bool:
    event = incoming.part(request.body, "event")
    return bool(request.user) and not event.get("bot_id") and (event.get("subtype") or "") in NEW


def submitted(desk: desk.Desk, handler: ViewHandler) -> Callable[..., Awaitable[None]]:
    """A listener for a sent form. It acknowledges on its own, in time; a refusal before that is shown in the form itself."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        request = incoming.read(body)

        async def tell(message: model.Message) -> None:
            if ack.response is None:
                await ack(response_action="update", view=modals.notice("Not done", message))
            else:
                await say(desk, request, message, refused=True)

        async def work(request: incoming.Request) -> None:
            try:
                await handler(desk, request, ack)
            except errors.NotLinked as error:
                if ack.response is not None:
                    raise
                await _who_first(desk, request, ack, error)

        await _guarded(desk, request, work, tell, _form(desk, request, ack), acted=True)
        if ack.response is None:
            await ack()

    return listener


async def _who_first(desk: desk.Desk, request: incoming.Request, ack: AsyncAck, error: errors.NotLinked) -> None:
    """Ask above the form who its sender is; it is sent again by itself then. Where that form is too long to be kept it stays below."""
    name, wanted = error.systems[0][0], incoming.asked_for(request)
    try:
        form = link_form.form(name, desk.browse.capabilities(name), wanted)
    except errors.NotSupported:
        form = link_form.form(name, desk.browse.capabilities(name), asked.NOTHING)
    await ack(response_action="push", view=form)


@asynccontextmanager
async def _form(desk: desk.Desk, request: incoming.Request, ack: AsyncAck) -> AsyncIterator[once.Turn]:
    """A form that was sent back with what is wrong in it may be sent again as it is."""
    async with once.begun(desk.deliveries, desk.clock, request) as turn:
        yield turn
        turn.again = ack.response is not None and '"errors"' in str(ack.response.body)


def offered(desk: desk.Desk, handler: ViewHandler) -> Callable[..., Awaitable[None]]:
    """A listener for a menu that asks for its options: where they cannot be given there are none, because a menu can say nothing else."""

    async def listener(ack: AsyncAck, body: dict[str, Any]) -> None:
        async def tell(_: model.Message) -> None:
            if ack.response is None:
                await ack(options=[])

        async def work(request: incoming.Request) -> None:
            await handler(desk, request, ack)

        await _guarded(desk, incoming.read(body), work, tell, nullcontext(once.Turn()))

    return listener


async def options(desk: desk.Desk, ack: AsyncAck, making: Awaitable[model.Block]) -> None:
    """Answer a menu in time with its options; what comes too late is there for the next letter."""
    lookup = asyncio.ensure_future(making)
    await asyncio.wait({lookup}, timeout=VIEW_SECONDS)
    if lookup.done():
        await ack(**lookup.result())
        return
    spare(desk, lookup)
    await ack(options=[])


async def in_place(desk: desk.Desk, request: incoming.Request, ack: AsyncAck, title: str, making: Awaitable[model.Block]) -> None:
    """Answer a sent form with the view that takes its place: in the ack itself when it is ready in time, else behind a skeleton. (A view
    that is updated beside its ack races with it: Slack may show the skeleton last.)"""
    view = asyncio.ensure_future(_or_why_not(title, making))
    await asyncio.wait({view}, timeout=VIEW_SECONDS)
    if view.done():
        await ack(response_action="update", view=view.result())
        return
    await ack(response_action="update", view=modals.loading(title))
    try:
        made = await view
    except errors.NotLinked as error:
        made = modals.notice(title, refusals.error(error))
    await desk.messenger.update_view(str(request.view["id"]), made)


async def _or_why_not(title: str, making: Awaitable[model.Block]) -> model.Block:
    try:
        return await making
    except errors.NotLinked:
        raise
    except errors.BotError as error:
        return modals.notice(title, refusals.error(error))


Tell = Callable[[model.Message], Awaitable[None]]


async def _guarded(
    desk: desk.Desk,
    request: incoming.Request,
    work: Callable[[incoming.Request], Awaitable[None]],
    tell: Tell,
    delivery: AbstractAsyncContextManager[once.Turn],
    *,
    acted: bool = False,
) -> None:
    """What was delivered before is answered by nothing: whoever sent it sees the first one's answer. The Home of somebody who `acted`
    follows."""
    task = asyncio.current_task()
    assert task is not None
    desk.tasks.add(task)
    begun = desk.clock.now()
    try:
        async with delivery as turn:
            if turn.first:
                await _answered(desk, request, work, tell)
                if acted:
                    spare(desk, asyncio.ensure_future(at_home.follow(desk, request, begun)))
    except errors.StoreError as error:
        await tell(refusals.error(error))
    finally:
        desk.tasks.discard(task)


async def _answered(desk: desk.Desk, request: incoming.Request, work: Callable[[incoming.Request], Awaitable[None]], tell: Tell) -> None:
    try:
        with ports.clicked():
            await belonging.require(desk.people, request.body, request.user)
            await work(request)
    except errors.BotError as error:
        desk.telemetry.count("refusals", kind=type(error).__name__)
        await tell(refusals.error(error, incoming.asked_for(request), await desk.people.called(*refusals.mentions(error))))
    except Exception:
        number = uuid.uuid4().hex[:8]
        log.exception("a listener failed; told the user number %s", number)
        await tell(refusals.broken(number))


def spare(desk: desk.Desk, work: asyncio.Future[Any]) -> None:
    """Let work go on that nobody waits for any more, until the desk stops; what it raises was answered already, or matters to nobody."""

    def done(ended: asyncio.Future[Any]) -> None:
        desk.tasks.discard(work)
        if not ended.cancelled():
            ended.exception()

    desk.tasks.add(work)
    work.add_done_callback(done)


@contextmanager
def looking() -> Iterator[None]:
    """In here nothing is to be changed: a system that fails is told of as one that could not be read."""
    try:
        yield
    except errors.SourceError as error:
        error.reading = True
        raise


Look = TypeVar("Look", bound=Callable[..., Awaitable[None]])


def looks(handler: Look) -> Look:
    """A listener that only shows something."""

    @wraps(handler)
    async def looked(*given: Any) -> None:
        with looking():
            await handler(*given)

    return cast(Look, looked)


async def may_look(desk: desk.Desk, request: incoming.Request) -> model.Actor:
    """Who asks, if they may ask at all. Raises NotAllowed."""
    actor = await desk.people.actor(request.user)
    permissions.decide(model.Action.BROWSE, actor, desk.browse.grants)
    return actor


async def say(desk: desk.Desk, request: incoming.Request, message: model.Message, *, refused: bool = False, instead: bool = False) -> None:
    """Tell the actor alone: in their Home where they are in it, through the response_url, else in the channel, else directly. An answer
    that cannot be given is logged.

    `instead`: in place of the message that was clicked, where that is one that only the actor sees and can still be replaced.
    """
    replace = instead and bool(request.container.get("is_ephemeral"))
    try:
        if request.channel == incoming.HOME:
            await at_home.answer(desk, request, message, refused=refused)
        elif not await _responded(desk, request, message, replace):
            await _whisper(desk, request, message)
    except errors.DeliveryError as error:
        log.warning("an answer did not reach its user: %s", error)


async def _responded(desk: desk.Desk, request: incoming.Request, message: model.Message, replace: bool) -> bool:
    """Through the response_url; False when there is none or it is used up."""
    if not request.response_url:
        return False
    try:
        await desk.messenger.respond(request.response_url, message, replace=replace)
    except errors.SlackRejected as error:
        log.info("a response_url is used up: %s", error)
        return False
    return True


async def _whisper(desk: desk.Desk, request: incoming.Request, message: model.Message) -> None:
    """In the channel; directly where the bot is no member, since people can use commands there."""
    if request.channel:
        try:
            await desk.messenger.whisper(request.channel, request.user, message, request.thread)
            return
        except (errors.ChannelGone, errors.SlackRejected) as error:
            log.info("answering directly, because the channel did not take it: %s", error)
    await desk.messenger.whisper(request.user, request.user, message)


def catch_all(app: AsyncApp) -> None:
    """The last net: what Bolt itself raises is logged and answered with 200, so that Slack does not repeat the request."""

    @app.error
    async def _error(error: Exception, response: BoltResponse | None) -> BoltResponse | None:
        log.error("Slack sent something that no listener takes: %s", type(error).__name__)
        return BoltResponse(status=200) if response is not None else None  # it was answered already: Bolt takes no second answer
