"""The composition root: `running` starts the whole desk and takes it down in reverse. The only file that sees everything."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import yaml
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

import handlers
from bot import assembly, errors, ports, scheduling, serving, settings, web
from bot.core import permissions
from bot.delivery import directory, pacing, probe, slack
from bot.services import keeping, poll, post, remarks
from bot.sources import registry
from bot.store import engine
from handlers.desk import Desk

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
RESUME_SECONDS = 15.0
BATCH_SECONDS = 5.0
FOLLOW_SECONDS = 1.0
ASKED_SECONDS = 5.0
DIGEST_SECONDS = 15.0
LINE_SECONDS = 5.0
LEGACY_SECONDS = 60.0
KEEP_SECONDS = 3600.0
KEEP_DEADLINE = 3600.0
"""The first run over an old database forgets years; one that is cut off goes on where it was with the next."""
BATCH_DEADLINE = 3600.0
"""A run of the batches does all of one: thousands of items, at the pace of the system."""

FINISH_SECONDS = 18.0
"""SIGTERM leaves 20 s for work under way (design section 6); a bit is left for closing connections."""


class SystemClock:
    """The only clock of the product."""

    def now(self) -> datetime:
        """The time, UTC, aware."""
        return datetime.now(UTC)


@dataclass(slots=True)
class Line:
    """The connection to Slack: Socket Mode, watched because the library reconnects quietly and for ever, or plain HTTP."""

    socket: AsyncSocketModeHandler | None
    listening: bool
    _was: bool | None = None

    async def fault(self) -> str:
        """Why nothing comes from Slack at this moment, "" when all is well."""
        if self.socket is None or await self.socket.client.is_connected():
            return ""
        return "the Socket Mode connection is down; it is being renewed"

    async def words(self) -> str:
        """How it stands, for the status."""
        if self.socket is None:
            return "served over HTTP" if self.listening else "left to other processes"
        return await self.fault() or "connected by Socket Mode"

    async def watch(self) -> None:
        """Log once when the connection is lost, once when it is back."""
        up = not await self.fault()
        if up != self._was and not (up and self._was is None):
            log.log(logging.INFO if up else logging.WARNING, "Slack is %s", "connected again" if up else "not connected; trying again")
        self._was = up


@dataclass(slots=True, kw_only=True)
class Running:
    """A desk that runs: what tests and the bench look at."""

    desk: Desk
    bolt: AsyncApp
    poll: poll.Poll
    post: post.Post
    remarks: remarks.Remarks
    keeping: keeping.Keeping
    store: engine.Store
    sources: Mapping[str, ports.Source]
    metrics: web.Metrics
    line: Line
    jobs: scheduling.Scheduler = field(default_factory=scheduling.Scheduler)
    background: set[asyncio.Task[Any]] = field(default_factory=set)

    async def missing(self) -> Mapping[str, str]:
        """What keeps the desk from working, for /readyz, in words that anybody may read.

        The database can be read and written, Slack is connected, and where this process polls and posts, it did so lately. A system that
        does not answer is told in Slack instead: the poll that found it out was a good one, and clicks on the others go on.
        """
        found = {"database": await self.store.fault(self.desk.clock.now()), "slack": await self.line.fault()}
        found |= {name: f"not done for {ago:.0f} s" for name, ago in self.jobs.late().items()}
        return {what: words for what, words in found.items() if words}


@asynccontextmanager
async def running(configured: settings.Settings, *, listening: bool = True, working: bool = True) -> AsyncIterator[Running]:
    """The whole desk, from the database up; on the way out: intake stops, what was begun ends, leases are released.

    `listening`: answer Slack. `working`: poll and post. Raises ConfigError for what a person has to mend.
    """
    for note in configured.notes:
        log.warning(note)
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        url = configured.database_url.get_secret_value()
        await engine.migrate(url)
        store = await engine.open(url)
        stack.push_async_callback(store.close)
        if store.alone:
            await store.leases.release_all()
        await store.legacy.carry()
        http = await stack.enter_async_context(slack.session())
        desk = _assemble(configured, clock, store, http, listening=listening)
        for source in desk.sources.values():
            stack.push_async_callback(source.aclose)
        server = web.application(
            None if configured.socket_mode or not listening else desk.bolt,
            ready=desk.missing,
            metrics=desk.metrics,
            signing=web.Signing(_secret(configured.slack_signing_secret), clock),
            hooks=lambda name, headers, body: _pushed(desk, name, headers, body),
            hook_secret=_secret(configured.desk_webhook_secret),
        )
        stack.push_async_callback(_finish, desk, desk.jobs)
        if working:
            desk.jobs.start(_jobs(configured, desk))
        if listening:
            await _listen(configured, desk, stack)
        stack.push_async_callback(await serving.serve(server, configured.port, configured.host, desk.metrics))
        yield desk


def _assemble(configured: settings.Settings, clock: ports.Clock, store: engine.Store, http: Any, *, listening: bool) -> Running:
    """Straight down the layers: adapters, services, listeners."""
    metrics = web.Metrics()
    client = slack.client(configured.slack_bot_token.get_secret_value(), configured.slack_api_url, http)
    grants = permissions.grants(configured.desk_admins, configured.desk_permissions)
    bolt, line = _slack(configured, client, listening=listening)
    ground = assembly.Ground(
        configured=configured,
        clock=clock,
        telemetry=metrics,
        store=store,
        sources=_sources(configured, clock, store),
        messenger=slack.SlackMessenger(client, pacing.Pacer(configured.desk_posts_per_minute), telemetry=metrics),
        directory=directory.SlackDirectory(client, sorted(grants.groups())),
        grants=grants,
        line=line.words,
    )
    made = assembly.services(ground)
    handlers.register(bolt, made.desk)
    return Running(
        desk=made.desk,
        bolt=bolt,
        poll=made.poll,
        post=made.post,
        remarks=made.remarks,
        keeping=made.keeping,
        store=store,
        sources=ground.sources,
        metrics=metrics,
        line=line,
    )


def _slack(configured: settings.Settings, client: Any, *, listening: bool) -> tuple[AsyncApp, Line]:
    """The app that takes what Slack sends, and the connection that brings it."""
    bolt = AsyncApp(
        client=client,
        signing_secret=_secret(configured.slack_signing_secret) or None,
        request_verification_enabled=False,  # the web face did it, on the raw bytes
        raise_error_for_unhandled_request=True,
        logger=_library_log(logging.ERROR),
    )
    # The library tells of each failed attempt to connect, with a traceback, for ever; `Line` tells once.
    socket_log = _library_log(logging.CRITICAL)
    socket = AsyncSocketModeHandler(bolt, _secret(configured.slack_app_token), socket_log) if configured.socket_mode and listening else None
    line = Line(socket, listening)
    return bolt, line


def _sources(configured: settings.Settings, clock: ports.Clock, store: engine.Store) -> Mapping[str, ports.Source]:
    assert configured.qualytics_url, "the settings do not load without"
    assert configured.qualytics_token, "the settings do not load without"
    make = registry.SOURCES["qualytics"].make
    return {
        make.name: make(
            url=configured.qualytics_url,
            token=configured.qualytics_token.get_secret_value(),
            clock=clock,
            traits=store.traits,
            datastores=configured.qualytics_datastores,
            thresholds={word.value: bound for word, bound in configured.desk_severity},
            max_batch=configured.qualytics_max_batch,
        )
    }


def _jobs(configured: settings.Settings, desk: Running) -> list[scheduling.Job]:
    """What happens by itself, and how often."""
    every = configured.desk_poll_seconds

    def polling(name: str) -> Callable[[], Any]:
        return lambda: _poll_and_flush(desk, name)

    def noticing(name: str) -> Callable[[], Any]:
        return lambda: desk.desk.follow.notice(name)

    return [
        *(scheduling.Job(f"poll {name}", polling(name), every, jitter=every / 10, first=True, watched=True) for name in desk.sources),
        scheduling.Job("asked polls", desk.poll.catch_up, ASKED_SECONDS, first=True),
        scheduling.Job("flush", desk.post.flush, FLUSH_SECONDS, watched=True),
        scheduling.Job("resume", desk.desk.triage.resume, RESUME_SECONDS, first=True),
        scheduling.Job("remarks", desk.remarks.work, RESUME_SECONDS, first=True),
        scheduling.Job("batches", desk.desk.runs.work, BATCH_SECONDS, first=True, deadline=BATCH_DEADLINE),
        scheduling.Job("operations", desk.desk.follow.work, FOLLOW_SECONDS, first=True),
        *(scheduling.Job(f"notice {name}", noticing(name), every, jitter=every / 10, first=True) for name in desk.sources),
        scheduling.Job("digest", desk.desk.digests.tick, DIGEST_SECONDS, first=True),
        scheduling.Job("connection", desk.line.watch, LINE_SECONDS),
        scheduling.Job("keeping", desk.keeping.work, KEEP_SECONDS, jitter=KEEP_SECONDS / 10, deadline=KEEP_DEADLINE),
        scheduling.Job("legacy facts", desk.store.legacy.carry, LEGACY_SECONDS),
    ]


async def _poll_and_flush(desk: Running, name: str) -> None:
    await desk.poll.poll(name)
    await desk.post.flush()


async def _pushed(desk: Running, name: str, headers: Mapping[str, str], body: bytes) -> None:
    """A webhook whose secret was right: read it, then look at that source now. The hook is only a hint: the source tells the truth."""
    source = desk.sources.get(name)
    if source is None:
        raise errors.NotFound(f"No system called {name} is connected.")
    source.push(headers, body)

    async def look() -> None:
        await desk.poll.poll(name, now_please=True)
        await desk.post.flush()

    task = asyncio.create_task(look())
    desk.background.add(task)
    task.add_done_callback(lambda ended: _pushed_away(desk, ended))


def _pushed_away(desk: Running, ended: asyncio.Task[None]) -> None:
    """A push is only a hint: what stopped its poll stops the next one too, which tells."""
    desk.background.discard(ended)
    error = None if ended.cancelled() else ended.exception()
    if error is not None and not isinstance(error, errors.BotError):
        log.error("a poll after a push failed", exc_info=error)


async def _listen(configured: settings.Settings, desk: Running, stack: AsyncExitStack) -> None:
    """Socket Mode connects in the background: a Slack that does not answer at the start is no reason not to start."""
    if desk.line.socket is None:
        return
    connecting = asyncio.create_task(desk.line.socket.connect_async())  # type: ignore[no-untyped-call]
    stack.push_async_callback(_hang_up, desk.line.socket, connecting)


async def _hang_up(socket: AsyncSocketModeHandler, connecting: asyncio.Task[None]) -> None:
    connecting.cancel()
    await asyncio.gather(connecting, return_exceptions=True)
    await socket.close_async()  # type: ignore[no-untyped-call]


async def _finish(desk: Running, scheduler: scheduling.Scheduler) -> None:
    """Let jobs, listeners, pushes and deliveries under way end, all within the same time; what is cut off is an intent or a leased
    card, and the next start ends it."""
    end = asyncio.get_running_loop().time() + FINISH_SECONDS
    await asyncio.gather(scheduler.shutdown(FINISH_SECONDS), _listeners_end(desk, end), desk.post.close(FINISH_SECONDS))
    await _listeners_end(desk, end)  # a job may have taken up a click, and left a comment about it to be made


async def _listeners_end(desk: Running, end: float) -> None:
    """What a listener starts in its last moment, like the comment about a click, is waited for as well."""
    while under_way := {*desk.desk.tasks, *desk.background, *desk.remarks.tasks}:
        _, late = await asyncio.wait(under_way, timeout=max(0.0, end - asyncio.get_running_loop().time()))
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


def _library_log(level: int) -> logging.Logger:
    quiet = logging.getLogger(f"slack.{logging.getLevelName(level).lower()}")
    quiet.setLevel(level)
    return quiet


def _secret(value: Any) -> str:
    return value.get_secret_value() if value else ""


# --- the other commands ------------------------------------------------------------------------------------------------------


async def migrate(configured: settings.Settings) -> str:
    """Bring the database up to date; returns its revision."""
    return await engine.migrate(configured.database_url.get_secret_value())


async def check(configured: settings.Settings) -> Mapping[str, str]:
    """Try everything that a start needs, without posting: what was tried -> what is wrong ("" when nothing is)."""
    found = {"settings": ""}
    async with AsyncExitStack() as stack:
        try:
            url = configured.database_url.get_secret_value()
            await engine.migrate(url)
            store = await engine.open(url)
        except errors.BotError as error:
            return found | {"database": str(error)}
        stack.push_async_callback(store.close)
        found["database"] = ""
        http = await stack.enter_async_context(slack.session())
        client = slack.client(configured.slack_bot_token.get_secret_value(), configured.slack_api_url, http)
        found["Slack token"] = await _tried(probe.token(client))
        if configured.socket_mode:
            found["Slack app token"] = await _tried(probe.app_token(client, _secret(configured.slack_app_token)))
        found["Slack channel"] = await _tried(probe.channel(client, configured.desk_channel))
        for source in _sources(configured, SystemClock(), store).values():
            stack.push_async_callback(source.aclose)
            found[source.title] = await _tried(source.datastores())
    return found


async def _tried(attempt: Awaitable[object]) -> str:
    try:
        await attempt
    except errors.BotError as error:
        return str(error)
    return ""


def manifest(text: str, url: str) -> str:
    """The app manifest for Slack over HTTP, as JSON, from the Socket Mode one; `url` is the public address of this bot."""
    shape = yaml.safe_load(text)
    endpoint = f"{url.rstrip('/')}/slack/events"
    shape["settings"]["socket_mode_enabled"] = False
    shape["settings"]["interactivity"] |= {"request_url": endpoint, "message_menu_options_url": endpoint}
    for command in shape["features"]["slash_commands"]:
        command["url"] = endpoint
    return json.dumps(shape, indent=2)
