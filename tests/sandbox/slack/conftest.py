"""A fake workspace on a free port, a real slack_sdk client for the app, and hands for the people in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import slack
from sandbox.slack import manifest

CHANNEL = "C0QUALITY"
MANIFEST = Path(__file__).parents[3] / "manifest.yml"


def app_manifest(**changes: Any) -> manifest.Manifest:
    """The product's manifest; `home` False takes the home tab away, `without` scopes and the events that need them, `events` takes the
    place of the product's, `off` stops interactivity, `shortcuts` takes the place of the product's."""
    value = yaml.safe_load(MANIFEST.read_text())
    if "shortcuts" in changes:
        value["features"]["shortcuts"] = changes["shortcuts"]
    value["features"]["app_home"]["home_tab_enabled"] = changes.get("home", True)
    scopes = [scope for scope in value["oauth_config"]["scopes"]["bot"] if scope not in changes.get("without", ())]
    value["oauth_config"]["scopes"]["bot"] = scopes
    events = changes.get("events") or value["settings"].pop("event_subscriptions")["bot_events"]
    if events := [event for event in events if manifest.EVENT_SCOPES.get(event, scopes[0]) in scopes]:
        value["settings"]["event_subscriptions"] = {"bot_events": events}
    if changes.get("off"):
        value["settings"]["interactivity"]["is_enabled"] = False
    return manifest.parse(value)


class Desk:
    """One workspace under test: `client` is the app's, `do` and `see` are people's."""

    def __init__(self, space: slack.Workspace, base: str, http: httpx.AsyncClient, stack: AsyncExitStack) -> None:
        self.space = space
        self.base = base
        self.http = http
        self._stack = stack
        self.client = self.app_client()

    def app_client(self, token: str = "xoxb-sandbox", timeout: int = 5) -> AsyncWebClient:
        return AsyncWebClient(token=token, base_url=f"{self.base}/api/", timeout=timeout, retry_handlers=[])

    async def do(self, what: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.post(f"/_control/{what}", json=body)).json()
        return answer

    async def see(self, what: str, **params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.get(f"/_control/{what}", params=params)).json()
        return answer

    async def messages(self, user: str = "U0DANA", channel: str = CHANNEL) -> list[dict[str, Any]]:
        return list((await self.see(f"channels/{channel}/messages", user=user))["messages"])

    async def until(self, look: Callable[[], Awaitable[Any]]) -> Any:
        """Look again after each change until there is something."""
        for _ in range(200):
            revision = (await self.see("revision"))["revision"]
            if found := await look():
                return found
            await self.see("changes", since=revision, timeout=2)
        raise AssertionError("nothing to see")

    async def connect(self, app: AsyncApp) -> AsyncSocketModeHandler:
        """Bring a Bolt app in over Socket Mode."""
        handler = AsyncSocketModeHandler(app, "xapp-sandbox")
        await handler.connect_async()
        self._stack.push_async_callback(handler.close_async)

        async def connected() -> bool:
            return bool((await self.see("sockets"))["connections"])

        await self.until(connected)
        return handler


@asynccontextmanager
async def desk_of(space: slack.Workspace) -> AsyncIterator[Desk]:
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(slack.running(space))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=base, timeout=30, trust_env=False))
        yield Desk(space, base, http, stack)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A workspace without rate limits and with a home tab."""
    async with desk_of(slack.Workspace(app_manifest(home=True), budgets=False)) as made:
        yield made


async def error_of(call: Awaitable[Any]) -> str:
    """The error that Slack answers, "" when it accepts."""
    try:
        await call
    except SlackApiError as error:
        return str(error.response.data.get("error")) if isinstance(error.response.data, dict) else "not JSON"
    return ""


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def button(action_id: str = "press", value: str = "v", text: str = "Press") -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain(text), "value": value}


def actions(*elements: dict[str, Any], block_id: str = "row") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "modal", "callback_id": "form", "title": plain("Form"), "submit": plain("Send"), "blocks": list(blocks), **more}


def text_input(block_id: str = "note", action_id: str = "note.text", **element: Any) -> dict[str, Any]:
    entry = {"type": "plain_text_input", "action_id": action_id, **element}
    return {"type": "input", "block_id": block_id, "label": plain("Note"), "element": entry}
