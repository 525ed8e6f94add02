"""The stand: both fakes, the bot and bare peers, each in a process of its own on loopback, all of them gone at the end."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, time
from typing import Any

import httpx

from bot import app
from sandbox import qualytics

ROOT = Path(__file__).parent.parent
CHANNEL = "C0QUALITY"
PEOPLE = ("U0DANA", "U0LEE")
SECRET = "bench-hook-secret"
PATIENCE = 60.0
STOP_SECONDS = 25.0

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Callback:
    """One callback of the bot's loop: milliseconds of processor time, how many of these for garbage, and where it was seen."""

    took: float
    garbage: float
    where: str


LONG: list[Callback] = []
"""What took long in the bots that ended since somebody cleared this."""


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def until(what: str, look: Callable[[], Any], patience: float = PATIENCE, every: float = 0.05) -> Any:
    """Look again until there is something to see; returns it. Raises TimeoutError, which says what did not happen."""
    deadline = monotonic() + patience
    while not (seen := await look()):
        if monotonic() > deadline:
            raise TimeoutError(f"within {patience:g} s it did not happen that {what}")
        await asyncio.sleep(every)
    return seen


@dataclass
class Process:
    """A child process whose output goes to a file."""

    name: str
    pid: int
    child: asyncio.subprocess.Process
    log: Path

    async def stop(self) -> int:
        """SIGTERM, and SIGKILL for who does not go; returns the exit code."""
        if self.child.returncode is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self.child.wait(), STOP_SECONDS)
            except TimeoutError:
                self.child.kill()
        return await self.child.wait()

    def check(self) -> None:
        """Raise RuntimeError, with its last words, when it has ended."""
        if self.child.returncode is not None:
            raise RuntimeError(f"{self.name} ended with code {self.child.returncode}:\n{self.log.read_text()[-2000:]}")

    def memory(self) -> tuple[float, float]:
        """Resident memory now and at its highest, in MB (2**20 bytes)."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        return kilobytes["VmRSS"] / 1024, kilobytes["VmHWM"] / 1024

    def worked(self) -> float:
        """Seconds of processor time so far, of all threads that there are, to the nanosecond."""
        return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{self.pid}/task").glob("*/schedstat")) / 1e9

    def forget_peak(self) -> None:
        """Let the highest memory start again from what is resident now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")


async def start(name: str, log: Path, *arguments: str, env: Mapping[str, str] | None = None) -> Process:
    """Start `python <arguments>` in the root of the project."""
    with log.open("ab") as output:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, cwd=ROOT, env=dict(env or clean()), stdout=output, stderr=output
        )
    return Process(name, child.pid, child, log)


@asynccontextmanager
async def process(name: str, log: Path, *arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Process]:
    """The same, stopped at the end."""
    child = await start(name, log, *arguments, env=env)
    try:
        yield child
    finally:
        await child.stop()


def _callbacks(log: Path, since: float) -> list[Callback]:
    """What `bench.watched` wrote down from that moment on."""
    lines = [line.split(" ", 3) for line in log.read_text().splitlines()] if log.exists() else []
    return [Callback(float(took), float(garbage), where) for at, took, garbage, where in lines if float(at) >= since]


def clean() -> dict[str, str]:
    """The environment without what would configure the bot."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(("SLACK_", "DESK_", "QUALYTICS_", "DATABASE_", "PORT"))
    }


@dataclass
class Stand:
    """Two fakes in their own processes, and what the bench asks of them."""

    slack_url: str
    qualytics_url: str
    http: httpx.AsyncClient
    folder: Path

    def env(self, database: str = "desk.db", **more: str) -> dict[str, str]:
        """All that the bot is told."""
        return {
            **clean(),
            "SLACK_BOT_TOKEN": "xoxb-sandbox",
            "SLACK_APP_TOKEN": "xapp-sandbox",
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "DATABASE_URL": f"sqlite:///{self.folder / database}",
            "QUALYTICS_URL": self.qualytics_url,
            "QUALYTICS_TOKEN": qualytics.SANDBOX_TOKEN,
            "DESK_CHANNEL": CHANNEL,
            "DESK_WEBHOOK_SECRET": SECRET,
            "PORT": str(free_port()),
            **more,
        }

    @asynccontextmanager
    async def bot(self, database: str = "desk.db", *, role: str = "run", **more: str) -> AsyncIterator[Bot]:
        """`python -m bot run`, or another of its roles, ready."""
        env = self.env(database, **more)
        watched, log = (self.folder / f"{what}-{role}-{env['PORT']}.log" for what in ("callbacks", "bot"))
        async with process("the bot", log, "-m", "bench.watched", str(watched), role, env=env) as child:
            running = Bot(child, f"http://127.0.0.1:{env['PORT']}", self.http)
            await running.ready()
            ready = time()
            yield running
        LONG.extend(_callbacks(watched, ready))

    @asynccontextmanager
    async def desk(self, database: str = "desk.db", **more: str) -> AsyncIterator[app.Running]:
        """The desk in this process; nothing happens in it by itself."""
        async with app.running(app.load(self.env(database, **more)), listening=False, working=False) as running:
            yield running

    async def slack(self, verb: str, path: str, **given: Any) -> Json:
        """A control call to the fake Slack."""
        return await self._control(f"{self.slack_url}/_control/{path}", verb, given)

    async def qualytics(self, verb: str, path: str, **given: Any) -> Json:
        """A control call to the fake Qualytics."""
        return await self._control(f"{self.qualytics_url}/_control/{path}", verb, given)

    async def _control(self, url: str, verb: str, given: Json) -> Json:
        body: Json = {"params": given} if verb == "GET" else {"json": given}
        answer = await self.http.request(verb, url, **body)
        if answer.status_code >= 400:
            raise RuntimeError(f"{verb} {url}: {answer.text[:500]}")
        return dict(answer.json())

    async def arrive(self, count: int) -> list[int]:
        """New anomalies; returns their ids."""
        return list((await self.qualytics("POST", "anomalies", count=count))["ids"])

    async def calls(self, method: str) -> list[Json]:
        """What the bot called in Slack since the log was cleared, refused calls too."""
        return list((await self.slack("GET", "log", method=method))["log"])

    async def lists(self) -> int:
        """How many list requests for anomalies Qualytics got since its log was cleared."""
        calls = (await self.qualytics("GET", "log"))["calls"]
        return sum(call["method"] == "GET" and call["path"].rstrip("/").endswith("/anomalies") for call in calls)

    async def messages(self) -> list[Json]:
        """Messages in the channel that everybody sees."""
        found = (await self.slack("GET", f"channels/{CHANNEL}/messages"))["messages"]
        return [message for message in found if not message.get("ephemeral")]


@dataclass
class Bot:
    """The product as a child process."""

    process: Process
    url: str
    http: httpx.AsyncClient

    async def ready(self, every: float = 0.01) -> None:
        """Ask /readyz, the way a platform does, until it says 200."""

        async def look() -> bool:
            self.process.check()
            with suppress(httpx.HTTPError):
                return (await self.http.get(f"{self.url}/readyz")).status_code == 200
            return False

        await until("the bot is ready", look, every=every)

    async def poll_now(self) -> None:
        """Ring the webhook: the bot looks at Qualytics at once."""
        await self.push({})

    async def push(self, body: Json) -> None:
        """Qualytics pushes this."""
        answer = await self.http.post(f"{self.url}/hooks/qualytics", headers={"X-Desk-Secret": SECRET}, json=body)
        if answer.status_code != 200:
            raise RuntimeError(f"the webhook was answered with {answer.status_code} {answer.text}")


@asynccontextmanager
async def standing(
    folder: Path, *, open_at_start: int = 0, latency_ms: int = 0, budgets: bool = True, http_url: str = ""
) -> AsyncIterator[Stand]:
    """Both fakes, answering; with `http_url` Slack posts there instead of using Socket Mode."""
    folder.mkdir()  # noqa: ASYNC240
    ports = free_port(), free_port()
    slack = ("-m", "sandbox.slack", "--port", f"{ports[0]}", "--http-url", http_url, *([] if budgets else ["--no-budgets"]))
    systems = ("-m", "sandbox.qualytics", "--port", f"{ports[1]}", "--open", f"{open_at_start}", "--latency-ms", f"{latency_ms}")
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            httpx.AsyncClient(timeout=60, limits=httpx.Limits(max_connections=None, max_keepalive_connections=100))
        )
        children = [
            await stack.enter_async_context(process("the fake Slack", folder / "slack.log", *slack)),
            await stack.enter_async_context(process("the fake Qualytics", folder / "qualytics.log", *systems)),
        ]
        stand = Stand(f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}", http, folder)

        async def look() -> bool:
            for child in children:
                child.check()
            with suppress(httpx.HTTPError):
                await stand.slack("GET", "revision")
                await stand.qualytics("GET", "modes")
                return True
            return False

        await until("the fakes answer", look)
        yield stand
