"""The real desk inside the test's own process, between both fakes: its clock can be moved on, so nobody waits for a pause."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from bot import app, jobs
from bot.delivery import pacing
from bot.sources import base
from tests.store import migrated
from tests.walks import stage as staging
from tests.walks.stage import DANA, Json, Stage, visible


class MovableClock:
    """The time of this machine, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The time, UTC, aware."""
        return datetime.now(UTC) + self.ahead

    def pass_by(self, seconds: float) -> None:
        """Let this much time go by at once."""
        self.ahead += timedelta(seconds=seconds)


@dataclass
class House:
    """A desk at work."""

    stage: Stage
    desk: app.Running
    clock: MovableClock
    port: int

    async def healthy(self) -> None:
        """The bot is up, and an anomaly that arrives now becomes a card."""
        assert (await self.stage.http.get(f"http://127.0.0.1:{self.port}/healthz")).status_code == 200
        (ident,) = await self.stage.arrive()
        await self.stage.card(ident, "waiting since")

    async def soon(self, look: Callable[[], Awaitable[Any]], patience: float = 20.0) -> Any:
        """Look at what neither fake tells of, like the desk's own store, until there is something to see; returns it."""
        async with asyncio.timeout(patience):
            while True:
                if seen := await look():
                    return seen
                await asyncio.sleep(0.02)

    async def lines(self, *having: str, channel: str = staging.CHANNEL) -> list[str]:
        """The lasting messages of a channel whose text holds all these words."""
        shown = [_all_text(message) for message in await self.stage.messages(channel) if not message["ephemeral"]]
        return [text for text in shown if all(word in text for word in having)]

    async def told(self, *having: str, channel: str = staging.CHANNEL) -> str:
        """Wait for a lasting message with these words."""
        found: list[str] = await self.stage.until(lambda: self.lines(*having, channel=channel))
        return found[0]

    async def direct(self, user: str = DANA) -> list[str]:
        """What the bot told this person directly."""
        listed = (await self.stage.http.get(f"{self.stage.slack_url}/_control/channels", params={"user": user})).json()["channels"]
        rooms = [room["id"] for room in listed if room["is_im"]]
        return [text for room in rooms for text in await self.lines(channel=room)]

    async def fault(self, method: str, mode: str, **more: Any) -> None:
        """Slack does something wrong."""
        await self.stage.slack("faults", method=method, mode=mode, **more)

    async def well(self) -> None:
        """Both systems do nothing wrong any more."""
        await self.stage.http.delete(f"{self.stage.slack_url}/_control/faults")
        await self.stage.http.delete(f"{self.stage.qualytics_url}/_control/faults")

    async def sick(self, mode: str, **more: Any) -> None:
        """Qualytics does something wrong."""
        answer = await self.stage.http.post(f"{self.stage.qualytics_url}/_control/faults", json={"mode": mode, **more})
        assert answer.status_code == 200, answer.text

    async def asked(self, path: str = "/api/anomalies") -> list[Json]:
        """The calls that Qualytics got for this path."""
        calls = (await self.stage.http.get(f"{self.stage.qualytics_url}/_control/log")).json()["calls"]
        return [call for call in calls if call["path"] == path]

    async def status(self) -> str:
        """What /anomalies status tells."""
        await self.stage.command("/anomalies status")
        return visible(await self.stage.ephemeral("How the desk stands"))

    async def cards(self, ident: int) -> list[Json]:
        """The lasting messages with this anomaly's buttons."""
        return [m for m in await self.stage.messages() if not m["ephemeral"] and f"qualytics:{ident}|" in str(m["blocks"])]


def _all_text(message: Json) -> str:
    return f"{visible(message)}\n{message.get('text', '')}"


@asynccontextmanager
async def opened(stage: Stage, *, connected: bool = True, poll: float = 0.2, **env: str) -> AsyncIterator[House]:
    """A desk that has made first contact and is reached by Slack.

    It is quick: it polls five times a second, waits for no followers, and posts faster than Slack's budgets, which are off here, would
    allow; a safe call is repeated at once.
    """
    setting = app.load(stage.env(**{"DESK_WAIT_SECONDS": "0", "DESK_BURST": "50", **env})).model_copy(update={"desk_poll_seconds": poll})
    clock = MovableClock()
    await migrated.lay(stage.folder / "desk.db")
    with (
        mock.patch.object(app, "SystemClock", return_value=clock),
        mock.patch.object(jobs, "FLUSH_SECONDS", 0.1),
        mock.patch.object(jobs, "RESUME_SECONDS", 0.5),
        mock.patch.object(pacing, "MARGIN", 0.05),
        mock.patch.object(base, "pause", _at_once),
    ):
        async with app.running(setting) as desk:
            house = House(stage, desk, clock, setting.port)
            if connected:
                await stage.until(stage.messages)
                await house.soon(lambda: _reached(desk))
            yield house


async def _reached(desk: app.Running) -> bool:
    return not await desk.line.fault()


async def _at_once(seconds: float) -> None:
    await asyncio.sleep(0)


class Stopwatch:
    """How long something took, in seconds."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started
