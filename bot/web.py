"""The aiohttp face: Slack over HTTP, inbound webhooks, health, readiness and metrics."""

from __future__ import annotations

import asyncio
import hmac
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

from bot import errors

BODY_BYTES = 1024 * 1024
READY_SECONDS = 5.0
STOP_SECONDS = 15.0
"""How long requests under way may take after `stop`: less than the 20 s of SIGTERM (design section 6)."""

SECRET_HEADERS = ("X-Desk-Secret", "X-Qualytics-Secret")

Ready = Callable[[], Awaitable[Mapping[str, str]]]
Hooks = Callable[[str, Mapping[str, str], bytes], Awaitable[None]]


def application(
    bolt: AsyncApp | None, *, ready: Ready, metrics: Callable[[], str], hooks: Hooks | None = None, hook_secret: str = ""
) -> web.Application:
    """Everything that is served. `bolt` is given in HTTP mode only: without it there is no /slack/events.

    `ready` returns what is missing and why ({} = ready). `hooks` gets (source, headers, body) of a webhook whose secret was right; it may
    raise `errors.NotFound` for an unknown source and `errors.SourceGarbled` for a body that cannot be one. No secret, no webhooks.
    """
    app = web.Application(client_max_size=BODY_BYTES)
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", _Readiness(ready).answer)
    app.router.add_get("/metrics", _MetricsPage(metrics).answer)
    if bolt:
        app.router.add_post("/slack/events", _Slack(bolt).answer)
    if hooks and hook_secret:
        app.router.add_post("/hooks/{source}", _Webhooks(hooks, hook_secret).answer)
    return app


async def serve(app: web.Application, port: int, host: str | None = None) -> Callable[[], Awaitable[None]]:
    """Listen on `port` of all interfaces (or of `host`); returns what stops it: no new requests, those under way end.

    Raises `errors.ConfigError` when the port is taken.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=STOP_SECONDS)  # an access log would show ?key=
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise errors.ConfigError([f"PORT {port} cannot be used: {error.strerror}."]) from error
    return runner.cleanup


async def _healthz(_: web.Request) -> web.Response:
    """The loop lives, or nobody would answer."""
    return web.Response(text="ok\n")


@dataclass(frozen=True, slots=True)
class _Readiness:
    ready: Ready

    async def answer(self, _: web.Request) -> web.Response:
        """200 when nothing is missing, else 503 and what is."""
        try:
            async with asyncio.timeout(READY_SECONDS):
                missing = dict(await self.ready())
        except TimeoutError:
            missing = {"check": f"no answer within {READY_SECONDS:g} s"}
        except errors.BotError as error:
            missing = {"check": str(error)}
        return web.json_response({"ready": not missing, "missing": missing}, status=503 if missing else 200)


@dataclass(frozen=True, slots=True)
class _MetricsPage:
    metrics: Callable[[], str]

    async def answer(self, _: web.Request) -> web.Response:
        """The text format of Prometheus."""
        return web.Response(text=self.metrics(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})


@dataclass(frozen=True, slots=True)
class _Slack:
    bolt: AsyncApp

    async def answer(self, request: web.Request) -> web.Response:
        """Bolt checks the signature (401) and dispatches. It fails with a 500 on a timestamp that is no number, so that is a 401 here."""
        if not request.headers.get("X-Slack-Request-Timestamp", "0").isdecimal():
            return web.Response(status=401)
        try:
            asked = await to_bolt_request(request)
        except (UnicodeDecodeError, LookupError):
            return web.Response(status=400)
        return await to_aiohttp_response(await self.bolt.async_dispatch(asked))


@dataclass(frozen=True, slots=True)
class _Webhooks:
    hooks: Hooks
    secret: str

    async def answer(self, request: web.Request) -> web.Response:
        """202 when it was understood; 401 before anything else when the secret is wrong."""
        if not self._knows_secret(request):
            return web.Response(status=401)
        try:
            await self.hooks(request.match_info["source"], request.headers, await request.read())
        except errors.NotFound:
            return web.Response(status=404)
        except errors.SourceGarbled as error:
            return web.Response(status=400, text=f"{error}\n")
        except errors.BotError:
            return web.Response(status=503)
        return web.Response(status=202)

    def _knows_secret(self, request: web.Request) -> bool:
        """In a header where the system can send one, else in the address (Qualytics Flows can do no better: contracts 1.7)."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        bearer = token.strip() if scheme.lower() == "bearer" else ""
        offered = (bearer, request.query.get("key", ""), *(request.headers.get(name, "") for name in SECRET_HEADERS))
        return any(hmac.compare_digest(_bytes(each), _bytes(self.secret)) for each in offered)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# --- metrics ----------------------------------------------------------------------------------------------------------

PREFIX = "anomaly_desk_"
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)
"""Upper bounds of the histograms, in seconds."""

_Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Spread:
    """A histogram: how many fell under each bound, and the sum."""

    buckets: list[int]
    total: float = 0.0


class Metrics:
    """Implements `ports.Telemetry` and prints it in the text format of Prometheus."""

    def __init__(self) -> None:
        self._counts: defaultdict[str, defaultdict[_Labels, float]] = defaultdict(lambda: defaultdict(float))
        self._spreads: defaultdict[str, defaultdict[_Labels, _Spread]] = defaultdict(
            lambda: defaultdict(lambda: _Spread([0] * (len(BOUNDS) + 1)))
        )

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter; `name` as in "cards_posted"."""
        self._counts[name][_sorted(labels)] += amount

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Note how long something took; `name` as in "poll_seconds"."""
        spread = self._spreads[name][_sorted(labels)]
        spread.buckets[bisect_left(BOUNDS, seconds)] += 1
        spread.total += seconds

    def text(self) -> str:
        """All of it, as /metrics shows it."""
        lines: list[str] = []
        for name, counts in sorted(self._counts.items()):
            lines.append(f"# TYPE {PREFIX}{name}_total counter")
            lines += [f"{PREFIX}{name}_total{_braces(labels)} {amount:g}" for labels, amount in sorted(counts.items())]
        for name, spreads in sorted(self._spreads.items()):
            lines.append(f"# TYPE {PREFIX}{name} histogram")
            for labels, spread in sorted(spreads.items(), key=lambda item: item[0]):
                lines += _histogram(PREFIX + name, labels, spread)
        return "".join(f"{line}\n" for line in lines)


def _histogram(name: str, labels: _Labels, spread: _Spread) -> list[str]:
    below, lines = 0, []
    for bound, many in zip((*(f"{bound:g}" for bound in BOUNDS), "+Inf"), spread.buckets, strict=True):
        below += many
        lines.append(f"{name}_bucket{_braces((*labels, ('le', bound)))} {below}")
    return [*lines, f"{name}_sum{_braces(labels)} {spread.total:g}", f"{name}_count{_braces(labels)} {below}"]


def _sorted(labels: Mapping[str, str]) -> _Labels:
    return tuple(sorted(labels.items()))


def _braces(labels: _Labels) -> str:
    escaped = (f'{key}="{value.translate(_ESCAPES)}"' for key, value in labels)
    return "{" + ",".join(escaped) + "}" if labels else ""


_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
