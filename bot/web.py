"""The aiohttp face: Slack over HTTP, the doors of webhooks, health, readiness and metrics.

Whoever asks is a stranger until proven otherwise: raw bytes, their size, their signature, and only then text and JSON. Nothing is decoded,
parsed or logged before; a refusal is a status and a counter.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import prometheus_client
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import errors, ports, strangers, webhooks

READY_SECONDS = 5.0
READY_KEPT_SECONDS = 1.0
"""Readiness reads and writes the database, and anybody may ask: one look answers everybody who asks within this time."""

STAMP_HEADER, SIGNATURE_HEADER = "X-Slack-Request-Timestamp", "X-Slack-Signature"
STAMP = re.compile(r"[0-9]{1,11}")
SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")
STAMP_SECONDS = 300
"""Slack's tolerance (slack-platform section 15): an older request may be a recorded one."""
BOLT_HEADERS = ("Content-Type", "X-Slack-Retry-Num", "X-Slack-Retry-Reason")
"""What Bolt gets to see: headers are not signed, and some of them switch the library to other modes."""

Ready = Callable[[], Awaitable[Mapping[str, str]]]


@dataclass(frozen=True, slots=True)
class Signing:
    """What proves that Slack sent something: the signing secret, and the time."""

    secret: str
    clock: ports.Clock

    def could_be(self, stamp: str, signature: str) -> bool:
        """Whether these headers are worth reading a body for."""
        if not STAMP.fullmatch(stamp) or not SIGNATURE.fullmatch(signature):
            return False
        return abs(self.clock.now().timestamp() - int(stamp)) <= STAMP_SECONDS

    def proves(self, stamp: str, signature: str, body: bytes) -> bool:
        """Whether Slack signed these bytes."""
        digest = hmac.new(self.secret.encode(), b"v0:" + stamp.encode() + b":", hashlib.sha256)
        digest.update(body)
        return hmac.compare_digest("v0=" + digest.hexdigest(), signature)


def application(
    bolt: AsyncApp | None,
    *,
    ready: Ready,
    metrics: Metrics,
    signing: Signing | None = None,
    hooks: webhooks.Webhooks | None = None,
) -> web.Application:
    """Everything that is served. `bolt` and `signing` are given in HTTP mode only: without them there is no /slack/events.

    `ready` returns what is missing and why ({} = ready). No secret of webhooks, no webhooks.
    """
    app = web.Application(client_max_size=strangers.BODY_BYTES, middlewares=[strangers.Porter(metrics).let_in])
    app.router.add_get("/healthz", _healthz, expect_handler=strangers.expected)
    app.router.add_get("/readyz", _Readiness(ready).answer, expect_handler=strangers.expected)
    app.router.add_get("/metrics", _MetricsPage(metrics).answer, expect_handler=strangers.expected)
    if bolt and signing:
        app.router.add_post("/slack/events", _Slack(bolt, signing).answer, expect_handler=strangers.expected)
    if hooks:
        for route in webhooks.ROUTES:
            for method in ("POST", "PUT"):  # some systems let people choose
                app.router.add_route(method, route, hooks.answer, expect_handler=strangers.expected)
    return app


# --- health, readiness ---------------------------------------------------------------------------------------------------


async def _healthz(_: web.Request) -> web.Response:
    """The loop lives, or nobody would answer."""
    return web.Response(text="ok\n")


@dataclass(slots=True)
class _Readiness:
    """One look at a time, and everybody who asks meanwhile or soon after gets its answer."""

    ready: Ready
    _look: asyncio.Task[Mapping[str, str]] | None = field(default=None)
    _until: float = field(default=0.0)

    async def answer(self, _: web.Request) -> web.Response:
        """200 when nothing is missing, else 503 and what is."""
        now = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and now >= self._until):
            self._look = asyncio.create_task(self._missing())
        missing = dict(await asyncio.shield(self._look))
        return web.json_response({"ready": not missing, "missing": missing}, status=503 if missing else 200)

    async def _missing(self) -> Mapping[str, str]:
        try:
            async with asyncio.timeout(READY_SECONDS):
                return await self.ready()
        except TimeoutError:
            return {"check": f"no answer within {READY_SECONDS:g} s"}
        except errors.BotError:  # its words may quote a database, and anybody may ask here
            return {"check": "the look itself failed"}
        finally:
            self._until = asyncio.get_running_loop().time() + READY_KEPT_SECONDS


@dataclass(frozen=True, slots=True)
class _MetricsPage:
    metrics: Metrics

    async def answer(self, _: web.Request) -> web.Response:
        """The text format of Prometheus."""
        return web.Response(text=self.metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


# --- Slack ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Slack:
    bolt: AsyncApp
    signing: Signing

    async def answer(self, request: web.Request) -> web.Response:
        """Raw bytes, size, signature, text, and then Bolt, which parses and dispatches. 401 before the body is read where that is clear.

        Slack says how long a body is. One in chunks may have a million of them, and each is work before anybody is known."""
        stamp, signature = (_only(request, name) for name in (STAMP_HEADER, SIGNATURE_HEADER))
        if not self.signing.could_be(stamp, signature):
            raise strangers.Refusal(401, "signature headers")
        if request.content_length is None:
            raise strangers.Refusal(411, "length")
        body = await strangers.body(request)
        if not self.signing.proves(stamp, signature, body):
            raise strangers.Refusal(401, "signature")
        strangers.admit(request)
        return await to_aiohttp_response(await self.bolt.async_dispatch(_read(request, body)))


def _only(request: web.Request, name: str) -> str:
    """The one header of this name; "" when there is none, or more than one."""
    given = request.headers.getall(name, [])
    return given[0] if len(given) == 1 else ""


def _read(request: web.Request, body: bytes) -> AsyncBoltRequest:
    """What Slack signed, as Bolt wants it: UTF-8, whatever the headers say. It may still be nothing that anybody can parse."""
    try:
        headers = {name: request.headers[name] for name in BOLT_HEADERS if name in request.headers}
        return AsyncBoltRequest(body=body.decode("utf-8"), query=request.query_string, headers=headers)  # type: ignore[arg-type]
    except (ValueError, RecursionError, AttributeError, TypeError, KeyError):
        raise strangers.Refusal(400, "unreadable") from None


# --- metrics ----------------------------------------------------------------------------------------------------------

PREFIX = "anomaly_desk"
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Upper bounds of the histograms, in seconds."""

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for each, that nobody asked for


class Metrics:
    """Implements `ports.Telemetry`. Each name has the labels that it was first used with."""

    def __init__(self) -> None:
        self._registry = prometheus_client.CollectorRegistry()
        self._counters: dict[str, prometheus_client.Counter] = {}
        self._histograms: dict[str, prometheus_client.Histogram] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter; `name` as in "cards_posted"."""
        known = self._counters.get(name)
        if known is None:
            known = prometheus_client.Counter(name, _about(name), sorted(labels), namespace=PREFIX, registry=self._registry)
            self._counters[name] = known
        (known.labels(**labels) if labels else known).inc(amount)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Note how long something took; `name` as in "poll_seconds"."""
        known = self._histograms.get(name)
        if known is None:
            known = prometheus_client.Histogram(
                name, _about(name), sorted(labels), namespace=PREFIX, registry=self._registry, buckets=BOUNDS
            )
            self._histograms[name] = known
        (known.labels(**labels) if labels else known).observe(seconds)

    def text(self) -> str:
        """All of it, as /metrics shows it."""
        return prometheus_client.generate_latest(self._registry).decode()


def _about(name: str) -> str:
    return name.replace("_", " ").capitalize() + "."
