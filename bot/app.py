"""The composition root: `running` starts the whole desk and takes it down in reverse. The only file that sees everything."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

import handlers
from bot import assembly, errors, foundation, hook_guide, jobs, model, ports, scheduling, serving, settings, web, webhooks
from bot.core import features, permissions
from bot.delivery import directory, pacing, probe, slack
from bot.services import courses, pictures, poll, post, presence, pushes, remarks
from bot.sources import budgets, registry
from bot.store import engine
from handlers.desk import Desk

log = logging.getLogger(__name__)

SKEW = timedelta(seconds=5)  # from here on a clock is worth a warning
THREADS = ("message.channels", "message.groups")
"""Events of which the bot needs none unless somebody asks for them: they carry everything that is said in its channels."""
FINISH_SECONDS = 18.0
"""SIGTERM leaves 20 s for work under way (design section 6); a bit is left for closing connections."""


class SystemClock:
    """The only clock of the product: this machine's."""

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
    pushes: pushes.Pushes
    sharing: pictures.Sharing
    courses: courses.Courses
    store: engine.Store
    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    calls: Mapping[str, budgets.Budget]
    metrics: web.Metrics
    line: Line
    presence: presence.Presence
    work: Sequence[scheduling.Job]
    jobs: scheduling.Scheduler = field(default_factory=scheduling.Scheduler)

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
    clock = presence.SetClock(SystemClock())
    async with AsyncExitStack() as stack:
        url = configured.database_url.get_secret_value()
        await engine.migrate(url)
        store = await engine.open(url)
        stack.push_async_callback(store.close)
        if store.alone:
            await store.leases.release_all()
        await _set(clock, store)
        await store.legacy.carry()
        http = await stack.enter_async_context(slack.session())
        desk = _assemble(configured, clock, store, http, listening=listening, working=working)
        stack.push_async_callback(desk.presence.leave)
        for source in desk.sources.values():
            stack.push_async_callback(source.aclose)
        server = web.application(
            None if configured.socket_mode or not listening else desk.bolt,
            ready=desk.missing,
            metrics=desk.metrics,
            signing=web.Signing(_secret(configured.slack_signing_secret), clock),
            hooks=_hooks(configured, desk.pushes.receive),
        )
        stack.push_async_callback(_finish, desk, desk.jobs)
        if working or listening:
            await desk.presence.beat()
            desk.jobs.start(desk.work)
        if listening:
            await _listen(configured, desk, stack)
        stack.push_async_callback(await serving.serve(server, configured.port, configured.host, desk.metrics))
        yield desk


async def _set(clock: presence.SetClock, store: engine.Store) -> None:
    """Go by the database's clock from the start, and say when this machine's is wrong."""
    ahead = (await store.workers.crew(clock.now())).ahead
    if abs(ahead) > SKEW:
        log.warning("the clock of this machine is %.0f s behind the database's; the desk goes by the database's", ahead.total_seconds())
    clock.correct(ahead)


def _assemble(
    configured: settings.Settings, clock: presence.SetClock, store: engine.Store, http: Any, *, listening: bool, working: bool
) -> Running:
    """Straight down the layers: adapters, services, listeners."""
    metrics, pacer = web.Metrics(), pacing.Pacer(configured.desk_posts_per_minute)
    client = slack.client(configured.slack_bot_token.get_secret_value(), configured.slack_api_url, http)
    grants = permissions.grants(configured.desk_admins, configured.desk_permissions)
    bolt, line = _slack(configured, client, listening=listening)
    calls = {name: budgets.Budget(given.calls_per_minute) for name, given in configured.systems.items()}
    systems = _systems(configured, clock, store, calls)
    ground = foundation.Ground(
        configured=configured,
        clock=clock,
        telemetry=metrics,
        store=store,
        sources={name: system.source for name, system in systems.items()},
        scanners={name: system.scanner for name, system in systems.items() if system.scanner},
        pictures={name: system.pictures for name, system in systems.items() if system.pictures},
        courses={name: system.courses for name, system in systems.items() if system.courses},
        witnesses={name: system.witness for name, system in systems.items() if system.witness},
        detectors={name: system.detector for name, system in systems.items() if system.detector},
        commons={name: system.commons for name, system in systems.items() if system.commons},
        rows={name: system.rows for name, system in systems.items() if system.rows},
        hooks={name: kind.hooks for name, kind in registry.SYSTEMS.items() if name in systems and kind.hooks},
        messenger=slack.SlackMessenger(client, pacer, telemetry=metrics),
        directory=directory.SlackDirectory(client, sorted(grants.groups())),
        grants=grants,
        line=line.words,
        elsewhere=settings.own_words(registry.SYSTEMS.values()),
        works=working or not listening,
    )
    made = assembly.services(ground)
    handlers.register(bolt, made.desk)
    here = _presence(ground, made.post, clock, pacer, calls, "worker" if not listening else "run" if working else "web")
    return Running(
        desk=made.desk,
        bolt=bolt,
        poll=made.poll,
        post=made.post,
        remarks=made.remarks,
        pushes=made.pushes,
        sharing=made.sharing,
        courses=made.courses,
        store=store,
        sources=made.sources,
        scanners=ground.scanners,
        calls=calls,
        metrics=metrics,
        line=line,
        presence=here,
        work=[*(jobs.table(configured.desk_poll_seconds, made, here, store, line.watch) if working else ()), jobs.heartbeat(here)],
    )


def _presence(
    ground: foundation.Ground,
    posting: post.Post,
    clock: presence.SetClock,
    pacer: pacing.Pacer,
    calls: Mapping[str, budgets.Budget],
    role: str,
) -> presence.Presence:
    """Who is there sets the clock, the channels that are posted to here, and what may be spent here of the workspace's budgets and of the
    calls that each system takes."""
    works, listens = role in ("run", "worker"), role in ("run", "web")

    def share(crew: model.Crew) -> None:
        clock.correct(crew.ahead)
        posting.crew = crew
        pacer.share(workers=crew.working if works else 0, webs=crew.listening if listens else 0)
        for budget in calls.values():
            budget.share(crew.all)

    rows = ground.store
    return presence.Presence(role=role, workers=rows.workers, leases=rows.leases, deliveries=rows.deliveries, clock=clock, told=[share])


def _slack(configured: settings.Settings, client: Any, *, listening: bool) -> tuple[AsyncApp, Line]:
    """The app that takes what Slack sends, and the connection that brings it."""
    bolt = AsyncApp(
        name="Anomaly Desk",  # else Bolt reads the source of every function under way, to find out the name of the file that calls it
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


def load(environ: Mapping[str, str]) -> settings.Settings:
    """The settings, with those of every system that this release speaks. Raises ConfigError."""
    return settings.load(environ, registry.SYSTEMS.values())


def _systems(
    configured: settings.Settings, clock: ports.Clock, store: engine.Store, calls: Mapping[str, ports.Budget]
) -> Mapping[str, ports.System]:
    """Whatever is configured, built."""
    lanes = ports.Lanes(configured.desk_click_calls, configured.desk_write_calls, configured.desk_read_calls)
    made: dict[str, ports.System] = {}
    for name, given in configured.systems.items():
        build = registry.SYSTEMS[name].build
        assert build, "what is on can be built"
        made[name] = build(
            ports.Deps(
                values=given.plain(),
                thresholds=given.severity,
                clock=clock,
                traits=store.traits,
                lanes=lanes,
                budget=calls.get(name),
                stored=store.anomalies.get,
            )
        )
    return made


def _hooks(configured: settings.Settings, receive: webhooks.Receive) -> webhooks.Webhooks:
    """The doors of the connected systems that push."""
    doors = {
        kind.name: webhooks.Door(configured.webhook_secret(kind)[1], kind.hooks.ways)
        for kind in map(registry.SYSTEMS.__getitem__, configured.systems)
        if kind.hooks
    }
    return webhooks.Webhooks(doors=doors, receive=receive, secret=_secret(configured.desk_webhook_secret))


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
    while under_way := {*desk.desk.tasks, *desk.pushes.tasks, *desk.remarks.tasks, *desk.sharing.tasks, *desk.courses.tasks}:
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


@dataclass(frozen=True, slots=True)
class Finding:
    """What a try came to: what is wrong, "" when nothing is, and what was seen, "" when there is nothing to tell."""

    fault: str = ""
    seen: str = ""


async def check(configured: settings.Settings) -> Mapping[str, Finding]:
    """Try everything that a start needs, without posting: what was tried -> what it came to."""
    found = {"settings": Finding()}
    async with AsyncExitStack() as stack:
        try:
            url = configured.database_url.get_secret_value()
            await engine.migrate(url)
            store = await engine.open(url)
        except errors.BotError as error:
            return found | {"database": Finding(str(error))}
        stack.push_async_callback(store.close)
        found["database"] = Finding()
        http = await stack.enter_async_context(slack.session())
        client = slack.client(configured.slack_bot_token.get_secret_value(), configured.slack_api_url, http)
        found["Slack token"] = await _tried(_features(client, store))
        if configured.socket_mode:
            found["Slack app token"] = await _tried(probe.app_token(client, _secret(configured.slack_app_token)))
        found["Slack channel"] = await _tried(probe.channel(client, configured.desk_channel))
        for system in _systems(configured, SystemClock(), store, {}).values():
            stack.push_async_callback(system.source.aclose)
            found[system.source.title] = await _tried(system.source.check())
    return found


async def _features(client: Any, store: engine.Store) -> str:
    """What the app was installed without, which keeps nothing else from working."""
    scopes = await probe.token(client)
    return " ".join(features.off(scopes, await store.heard.last()))


async def _tried(attempt: Awaitable[str | None]) -> Finding:
    try:
        return Finding(seen=await attempt or "")
    except errors.BotError as error:
        return Finding(str(error))


def manifest(text: str, url: str = "", *, threads: bool = False) -> str:
    """The app manifest as JSON: for Slack over HTTP when `url`, the public address of this bot, is given; `threads` adds what is said in
    channels that the bot is in."""
    shape = yaml.safe_load(text)
    if threads:
        shape["settings"]["event_subscriptions"]["bot_events"] += THREADS
    if url:
        endpoint = f"{url.rstrip('/')}/slack/events"
        shape["settings"]["socket_mode_enabled"] = False
        shape["settings"]["interactivity"] |= {"request_url": endpoint, "message_menu_options_url": endpoint}
        shape["settings"]["event_subscriptions"]["request_url"] = endpoint
        for command in shape["features"]["slash_commands"]:
            command["url"] = endpoint
    return json.dumps(shape, indent=2)


def hooks(configured: settings.Settings, url: str = "") -> str:
    """Where the webhooks of each connected system go, and what to do in its console; `url` is the public address, "" for the settings'."""
    kinds = [registry.SYSTEMS[name] for name in configured.systems]
    return hook_guide.guide(url or configured.desk_public_url or "", [(kind, *configured.webhook_secret(kind)) for kind in kinds])
