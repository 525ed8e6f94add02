"""A stage for whole walks: a fake Slack, a fake Qualytics, and the real bot between them, as a child process or in this one."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from sandbox import anodot, anomify, autional, qualytics, slack
from tests.strange import server as strange_server
from tests.strange import world as strange_world
from tests.walks import forking, orphans

ROOT = Path(__file__).parent.parent.parent
CHANNEL = "C0QUALITY"
DANA, LEE, GUS = "U0DANA", "U0LEE", "U0GUS"
PATIENCE = 90.0
FOREIGN = ("SLACK_", "DESK_", "QUALYTICS_", "STRANGE_", "AUTIONAL_", "ANODOT_", "ANOMIFY_", "DATABASE_")
"""Variables that a bot of the tests does not inherit."""

Json = dict[str, Any]


def free_port() -> int:
    """A port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Bot:
    """The product as a child process: killed, stopped and started like in real life."""

    env: Mapping[str, str]
    port: int
    module: str = "bot"
    process: asyncio.subprocess.Process | None = None
    output: list[str] = field(default_factory=list)
    _reader: asyncio.Task[None] | None = None

    async def start(self, *, ready: bool = True) -> None:
        """Start it and wait until it says that it is ready."""
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            self.module,
            "run",
            cwd=ROOT,
            env=dict(self.env),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            preexec_fn=orphans.die_with_parent,
        )
        self._reader = asyncio.create_task(self._read(self.process))
        if ready:
            await self.ready()

    async def ready(self) -> None:
        """Poll /readyz, the way a platform does."""
        async with httpx.AsyncClient() as http:
            for _ in range(600):
                assert self.process is not None and self.process.returncode is None, "the bot ended:\n" + "".join(self.output)
                try:
                    if (await http.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200:
                        return
                except httpx.HTTPError:
                    pass
                await asyncio.sleep(0.05)
        raise AssertionError("the bot did not get ready:\n" + "".join(self.output))

    async def kill(self) -> None:
        """kill -9, if it was started at all."""
        if self.process is not None:
            await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def _end(self, sign: signal.Signals) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(sign)
        return await self.ended()

    async def ended(self) -> int:
        """Wait until it has ended and all that it said has been read; returns the exit code."""
        assert self.process is not None
        code = await asyncio.wait_for(self.process.wait(), PATIENCE)
        if self._reader is not None:
            await self._reader
        return code

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self.output.append(line.decode())


@dataclass
class Fork:
    """The product as a forked process, for tests that start it many times. `off`: by how many seconds its clock is wrong."""

    zygote: forking.Zygote
    env: Mapping[str, str]
    role: str = "run"
    off: float = 0.0
    module: str = "bot"
    lives: list[forking.Process] = field(default_factory=list)

    @property
    def output(self) -> list[str]:
        """What it said in all its lives."""
        return [line for life in self.lives for line in life.output]

    async def start(self) -> None:
        """Start it and wait until it is ready."""
        life = await self.zygote.start(self.module, self.role, env=self.env, off=self.off)
        self.lives.append(life)
        assert await asyncio.wait_for(life.says("bot: ready"), PATIENCE), "the bot ended:\n" + "".join(life.output)
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as http:
            while (await http.get(f"http://127.0.0.1:{self.env['PORT']}/readyz")).status_code != 200:  # noqa: ASYNC110  (platforms ask)
                await asyncio.sleep(0.05)

    async def kill(self) -> None:
        """kill -9, if it was started at all; the kernel has then let its files and ports go."""
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        return await asyncio.wait_for(self._end(signal.SIGTERM), PATIENCE)

    async def _end(self, sign: signal.Signals) -> int:
        code = 0
        for life in self.lives[-1:]:
            life.send(sign)
            code = await life.ended()
        return code


@dataclass
class Stage:
    """Both fakes, their control routes, and the bots between them."""

    slack_url: str
    qualytics_url: str
    workspace: slack.Workspace
    world: qualytics.Deployment
    http: httpx.AsyncClient
    folder: Path
    bots: list[Bot | Fork] = field(default_factory=list)
    systems: Sequence[str] = ("qualytics",)
    strange: strange_server.Parts | None = None
    strange_url: str = ""
    autional: Any = None
    autional_url: str = ""
    anomify: Any = None
    anomify_url: str = ""
    anodot: Any = None
    anodot_url: str = ""

    def env(self, **more: str) -> dict[str, str]:
        """What differs from production: the environment, and nothing else."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {
            **clean,
            "SLACK_BOT_TOKEN": "xoxb-sandbox",
            "SLACK_APP_TOKEN": "xapp-sandbox",
            "SLACK_API_URL": f"{self.slack_url}/api/",
            "DATABASE_URL": f"sqlite:///{self.folder / 'desk.db'}",
            **self._keys(),
            "DESK_CHANNEL": CHANNEL,
            "DESK_POLL_SECONDS": "1",
            "DESK_WAIT_SECONDS": "1",
            "DESK_ADMINS": DANA,
            "PORT": str(free_port()),
            **more,
        }

    def _keys(self) -> dict[str, str]:
        """Where the systems are, and what opens them."""
        known = {
            "qualytics": {"QUALYTICS_URL": self.qualytics_url, "QUALYTICS_TOKEN": qualytics.SANDBOX_TOKEN},
            "strange": {"STRANGE_URL": self.strange_url, "STRANGE_KEY": strange_world.KEY},
            "anomify": {"ANOMIFY_URL": self.anomify_url, "ANOMIFY_TOKEN": anomify.SANDBOX_TOKEN},
            "anodot": {"ANODOT_URL": self.anodot_url, "ANODOT_ACCESS_KEY": anodot.SANDBOX_KEY},
            "autional": {
                "AUTIONAL_URL": self.autional_url,
                "AUTIONAL_TENANT": autional.TENANT,
                "AUTIONAL_CLIENT_ID": autional.CLIENT_ID,
                "AUTIONAL_CLIENT_SECRET": autional.CLIENT_SECRET,
            },
        }
        return {name: value for system in self.systems for name, value in known[system].items()}

    def bot(self, **more: str) -> Bot:
        """The bot, not started yet."""
        env = self.env(**more)
        made = Bot(env, int(env["PORT"]), self._module)
        self.bots.append(made)
        return made

    @property
    def _module(self) -> str:
        return "tests.strange.bot" if "strange" in self.systems else "bot"

    def fork(self, zygote: forking.Zygote, *, role: str = "run", off: float = 0.0, **more: str) -> Fork:
        """The bot as a fork, not started yet, with an empty database."""
        if not (database := self.folder / "desk.db").exists():
            shutil.copyfile(zygote.empty, database)
        made = Fork(zygote, self.env(**more), role, off, self._module)
        self.bots.append(made)
        return made

    # --- Slack, as a person sees and uses it ---------------------------------------------------------------------------

    async def slack(self, path: str, **body: Any) -> Json:
        """A POST to a control route of the fake Slack."""
        return _json(await self.http.post(f"{self.slack_url}/_control/{path}", json=body))

    async def messages(self, channel: str = CHANNEL, user: str = DANA) -> list[Json]:
        """What this person sees in the channel, ephemerals included."""
        reply = _json(await self.http.get(f"{self.slack_url}/_control/channels/{channel}/messages", params={"user": user}))
        return list(reply["messages"])

    async def calls(self, method: str) -> list[Json]:
        """The Web API calls that the fake Slack got."""
        return list(_json(await self.http.get(f"{self.slack_url}/_control/log", params={"method": method}))["log"])

    async def until(self, look: Callable[[], Awaitable[Any]], patience: float = PATIENCE) -> Any:
        """Look again after every change in Slack or Qualytics until there is something to see; returns it."""
        async with asyncio.timeout(patience):
            while True:
                marks = await self._revisions()
                seen = await look()
                if seen:
                    return seen
                await self._change(marks)

    async def card(self, ident: str | int, *having: str, channel: str = CHANNEL, user: str = DANA) -> Json:
        """Wait for the lasting message about an anomaly whose visible text holds all these words."""

        async def look() -> Json | None:
            for message in await self.messages(channel, user):
                shown = visible(message)
                if not message.get("ephemeral") and f"{ident}" in buttons_of(message, shown) and all(word in shown for word in having):
                    return message
            return None

        found: Json = await self.until(look)
        return found

    async def ephemeral(self, *having: str, user: str = DANA, channel: str = CHANNEL) -> Json:
        """Wait for an answer that only this person sees."""

        async def look() -> Json | None:
            for message in reversed(await self.messages(channel, user)):
                if message.get("ephemeral") and all(word in visible(message) for word in having):
                    return message
            return None

        found: Json = await self.until(look)
        return found

    async def press(self, message: Json, action_id: str, *, user: str = DANA, value: str | None = None, channel: str = CHANNEL) -> Json:
        """Click a button, or choose an option of a menu."""
        body: Json = {"user": user, "channel": channel, "ts": message["ts"], "action_id": action_id}
        return await self.slack("click", **(body | ({"value": value} if value is not None else {})))

    async def command(self, text: str, *, user: str = DANA, channel: str = CHANNEL) -> Json:
        """Type a slash command."""
        return await self.slack("command", user=user, channel=channel, text=text)

    async def view(self, user: str = DANA, *having: str) -> Json:
        """Wait for this person's top modal with these words in it."""

        async def look() -> Json | None:
            reply = _json(await self.http.get(f"{self.slack_url}/_control/views/{user}"))
            views = reply["views"]
            return views[-1] if views and all(word in str(views[-1]) for word in having) else None

        found: Json = await self.until(look)
        return found

    # --- Qualytics ---------------------------------------------------------------------------------------------------------

    async def qualytics(self, method: str, path: str, **body: Any) -> Json:
        """A control call to the fake Qualytics."""
        return _json(await self.http.request(method, f"{self.qualytics_url}/_control/{path}", json=body or None))

    async def arrive(self, count: int = 1, **fields: Any) -> list[int]:
        """New anomalies; returns their ids."""
        return list((await self.qualytics("POST", "anomalies", count=count, fields=fields))["ids"])

    async def truth(self, ident: str | int) -> Json:
        """One anomaly as Qualytics has it."""
        reply = _json(await self.http.get(f"{self.qualytics_url}/_control/state", params={"id": ident}))
        return dict(reply["anomaly"])

    async def status(self, ident: str | int, wanted: str) -> None:
        """Wait until Qualytics has this status."""

        async def look() -> bool:
            return bool((await self.truth(ident))["status"] == wanted)

        await self.until(look)

    @property
    def _urls(self) -> list[str]:
        """Everything that may change."""
        known = {
            "qualytics": self.qualytics_url,
            "strange": self.strange_url,
            "autional": self.autional_url,
            "anodot": self.anodot_url,
            "anomify": self.anomify_url,
        }
        return [self.slack_url, *(known[system] for system in self.systems)]

    async def _revisions(self) -> list[int]:
        slack, *others = self._urls
        answers = await asyncio.gather(
            self.http.get(f"{slack}/_control/revision"),
            *(self.http.get(f"{url}/_control/changes", params={"since": -1}) for url in others),
        )
        return [int(_json(answer)["revision"]) for answer in answers]

    async def _change(self, marks: Sequence[int]) -> None:
        urls = self._urls
        waits = [
            asyncio.ensure_future(self.http.get(f"{url}/_control/changes", params={"since": mark, "timeout": 2}))
            for url, mark in zip(urls, marks, strict=True)
        ]
        _, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in pending:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    seed: int = 7,
    open_at_start: int = 0,
    latency_ms: int = 0,
    budgets: bool = False,
    systems: Sequence[str] = ("qualytics",),
) -> AsyncIterator[Stage]:
    """The fakes on free ports; Slack's budgets off unless asked for, so that walks are quick. The bots know `systems` alone, and none
    outlives the fakes."""
    async with AsyncExitStack() as stack:
        workspace = slack.Workspace(budgets=budgets)
        world = qualytics.Deployment(seed=seed, open_count=open_at_start)
        slack_url = await stack.enter_async_context(slack.running(workspace))
        qualytics_url = await stack.enter_async_context(qualytics.running(world, latency_ms=latency_ms))
        # A connection for each call: none is sent into that just closes, or that a cancelled call has left half read.
        limits = httpx.Limits(max_keepalive_connections=0)
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60, limits=limits))
        made = Stage(slack_url, qualytics_url, workspace, world, http, folder, systems=systems)
        if "strange" in systems:
            made.strange_url, made.strange = await stack.enter_async_context(strange_server.serving(strange_world.World()))
        if "anomify" in systems:
            organisation = anomify.Organisation(seed=seed, open_count=open_at_start)
            made.anomify_url, made.anomify = await stack.enter_async_context(anomify.serving(organisation))
        if "autional" in systems:
            tenant = autional.Tenant(seed=seed, open_count=open_at_start)
            made.autional_url, made.autional = await stack.enter_async_context(autional.serving(tenant))
        if "anodot" in systems:
            account = anodot.Account(seed=seed, open_count=open_at_start)
            made.anodot_url, made.anodot = await stack.enter_async_context(anodot.serving(account))
        try:
            yield made
        finally:
            for bot in made.bots:
                await bot.kill()


def visible(message: Json) -> str:
    """Everything a person can read in a message: all texts of all blocks, and the fallback text where there are no blocks."""
    found: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, Mapping):
            if isinstance(node.get("text"), str):
                found.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message.get("blocks") or [])
    return "\n".join(found) or str(message.get("text", ""))


def buttons_of(message: Json, shown: str) -> str:
    """The values of all buttons and menus, and the text: where an anomaly's id is to be found."""
    found: list[str] = [shown]

    def walk(node: Any) -> None:
        if isinstance(node, Mapping):
            if isinstance(node.get("value"), str):
                found.append(node["value"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(message.get("blocks") or [])
    return "\n".join(found)


def _json(response: httpx.Response) -> Json:
    assert response.status_code < 400, response.text
    return dict(response.json())
