"""The real Bolt app of a real desk between both fakes, in this process: payloads go in as Slack sends them; nothing polls by itself."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slack_bolt import BoltResponse
from slack_bolt.request.async_request import AsyncBoltRequest

from bot import app, model
from bot.delivery import pacing
from bot.render.kit import ids
from sandbox.slack import event_shapes, message_content, modals
from sandbox.slack.blockkit import surfaces
from tests.store import migrated
from tests.strange import system
from tests.walks import stage as staging

CHANNEL = staging.CHANNEL
DANA, LEE, GUS = staging.DANA, staging.LEE, staging.GUS
Json = dict[str, Any]
visible = staging.visible


@dataclass
class Front:
    """A desk, the stage around it, and people's hands."""

    stage: staging.Stage
    running: app.Running

    # --- what people do --------------------------------------------------------------------------------------------------

    async def send(self, payload: Mapping[str, Any], *, settle: bool = True) -> BoltResponse:
        """One request as Socket Mode hands it over; with `settle` wait until the listener has ended too."""
        request = AsyncBoltRequest(body=dict(payload), mode="socket_mode")
        response = await self.running.bolt.async_dispatch(request)
        if settle:
            await self.settle()
        return response

    async def settle(self) -> None:
        """Wait for the listeners under way, and for the comments that their actions leave."""
        while tasks := [*self.running.desk.tasks, *self.running.desk.triage.remarks.tasks]:
            await asyncio.wait(tasks)

    async def read(self) -> None:
        """Wait for what webhooks told of: it is read, posted, and what follows its cards is there. A task that has ended stands in its set
        for one more turn of the loop, so it is waited for with what gives the loop this turn."""
        while tasks := list(self.running.pushes.tasks):
            await asyncio.wait(tasks)
        await self.running.post.flush()
        while tasks := [*self.running.sharing.tasks, *self.running.courses.tasks]:
            await asyncio.wait(tasks)
        await self.running.post.flush()

    def command(self, text: str, *, user: str = DANA, channel: str = CHANNEL, name: str = "/anomalies") -> Json:
        """The payload of a slash command."""
        space = self.stage.workspace
        space.base_url = self.stage.slack_url
        return dict(event_shapes.command(space, space.people[user], space.channels[channel], name, text))

    def click(
        self, action_id: str, value: str, *, user: str = DANA, channel: str = CHANNEL, ts: str = "1700000000.000100", kind: str = "button"
    ) -> Json:
        """The payload of a click on a message, which need not exist any more; `kind` "overflow" or "static_select" for menus."""
        space = self.stage.workspace
        space.base_url = self.stage.slack_url
        person, place = space.people[user], space.channels[channel]
        message = place.messages.get(ts)
        container = {"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": bool(message and message.ephemeral_to)}
        where: Json = {"container": container, "channel": {"id": channel, "name": place.name}, "state": {"values": {}}}
        if message is not None and not message.ephemeral_to:
            where["message"] = message_content.public(message, place)
        chosen = (
            {"value": value} if kind == "button" else {"selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": value}}
        )
        action = {"action_id": action_id, "block_id": "b1", "type": kind, "action_ts": space.next_ts(), **chosen}
        return event_shapes.block_actions(space, person, where, action, event_shapes.response_url(space, "actions", person, place, ts))

    def click_in(self, view: Mapping[str, Any], action_id: str, value: str, *, user: str = DANA) -> Json:
        """The payload of pressing something in a form that is open."""
        space = self.stage.workspace
        opened = space.modals.open(user, space.modals.check(copy.deepcopy(dict(view)), "modal"))
        action = {"action_id": action_id, "block_id": "b1", "type": "button", "action_ts": space.next_ts(), "value": value}
        return event_shapes.block_actions(space, space.people[user], event_shapes.in_view(opened), action, "")

    def shortcut(self, callback_id: str, *, user: str = DANA, channel: str = CHANNEL, message: Json | None = None) -> Json:
        """The payload of a shortcut: global, or of a message that is there."""
        space = self.stage.workspace
        space.base_url = self.stage.slack_url
        person, place = space.people[user], space.channels[channel]
        if message is None:
            return event_shapes.shortcut(space, person, callback_id)
        return event_shapes.message_action(space, person, place, place.messages[message["ts"]], callback_id)

    def submission(self, view: Mapping[str, Any], values: Mapping[str, Json], *, user: str = DANA, view_id: str = "") -> Json:
        """The payload of a form sent with these values (block id -> element state)."""
        space = self.stage.workspace
        opened = modals.View(view_id or f"V{space.next_ts()}", user, copy.deepcopy(dict(view)), "root")
        opened.values = {block: {block.partition(":")[0]: state} for block, state in values.items()}
        return event_shapes.submission(space, space.people[user], opened)

    def suggestion(self, view: Mapping[str, Any], typed: str, *, user: str = DANA, block: str = "") -> Json:
        """The payload of a menu that asks for its options; by default the picker of a system's user for Lee."""
        opened = modals.View("V0OPEN", user, copy.deepcopy(dict(view)), "root")
        where, element = {"block_id": block or ids.link_block(LEE)}, {"action_id": block or ids.LINK_PERSON}
        return event_shapes.suggestion(self.stage.workspace.people[user], event_shapes.in_view(opened), where, element, typed)

    # --- what people see ---------------------------------------------------------------------------------------------------

    def whispers(self, user: str = DANA) -> list[str]:
        """Everything that only this person was told, in any conversation, oldest first."""
        said = [
            (message.ts, visible({"text": message.text, "blocks": message.blocks}))
            for channel in self.stage.workspace.channels.values()
            for message in channel.messages.values()
            if message.ephemeral_to == user
        ]
        return [text for _, text in sorted(said)]

    async def told(self, payload: Mapping[str, Any]) -> str:
        """Send a payload, and read what its user is newly told."""
        user = str(payload.get("user_id") or payload["user"]["id"])
        before = len(self.whispers(user))
        response = await self.send(payload)
        assert response.status == 200
        return "\n".join(self.whispers(user)[before:])

    def modal(self, user: str = DANA) -> str:
        """The words of the modal in front of this person."""
        top = self.stage.workspace.modals.top(user)
        return json.dumps(top.payload, ensure_ascii=False) if top else ""

    def form(self, user: str = DANA) -> Json:
        """The view in front of this person, as the app made it."""
        top = self.stage.workspace.modals.top(user)
        assert top is not None
        return top.payload

    def posted(self, channel: str = CHANNEL) -> list[Json]:
        """The lasting messages of a channel."""
        return [
            {"ts": message.ts, "text": message.text, "blocks": message.blocks}
            for message in self.stage.workspace.channels[channel].messages.values()
            if not message.ephemeral_to
        ]

    def card(self, ident: object) -> Json:
        """The lasting message about one anomaly: of Qualytics by its id, of any system by its reference."""
        wanted = f"{ident}|" if isinstance(ident, model.Ref) else f"qualytics:{ident}|"
        return next(one for one in self.posted() if wanted in json.dumps(one["blocks"]))

    def press(self, message: Json, action_id: str, choice: str = "", *, user: str = DANA) -> Json:
        """The payload of pressing what this message shows; `choice` is the beginning of a menu entry's value."""
        for _, element in surfaces.interactive(message["blocks"]):
            if element["action_id"] == action_id:
                offered = [element["value"]] if element["type"] == "button" else [one["value"] for one in element["options"]]
                value = next(one for one in offered if one.startswith(choice))
                return self.click(action_id, value, user=user, ts=message["ts"], kind=element["type"])
        raise AssertionError(f"no {action_id} in {visible(message)}")

    # --- the systems ---------------------------------------------------------------------------------------------------------

    async def arrive(self, count: int = 1, **fields: Any) -> list[int]:
        """New anomalies that the desk has polled and posted."""
        made = await self.stage.arrive(count, **fields)
        await self.look()
        return made

    async def look(self) -> None:
        """Poll every system and flush once, now."""
        for name in self.running.sources:
            await self.running.poll.poll(name, now_please=True)
        await self.running.post.flush()

    async def writes(self) -> list[Json]:
        """The writes that Qualytics got since the last `forget`."""
        calls = (await self.stage.http.get(f"{self.stage.qualytics_url}/_control/log")).json()["calls"]
        return [call for call in calls if call["method"] not in ("GET", "HEAD")]

    @asynccontextmanager
    async def fault(self, **fault: Any) -> AsyncIterator[None]:
        """Qualytics has this fault as long as the block lasts."""
        faults = f"{self.stage.qualytics_url}/_control/faults"
        assert (await self.stage.http.post(faults, json=fault)).status_code == 200
        yield
        await self.stage.http.delete(faults)

    async def forget(self) -> None:
        """Begin a new log of Qualytics."""
        await self.stage.qualytics("POST", "log/clear")


class Unhurried(pacing.Pacer):
    """No budgets, so that a module of tests takes seconds; tests/delivery tests the budgets, the walks run with them."""

    @asynccontextmanager
    async def slot(self, lane: pacing.Lane, channel: str) -> AsyncIterator[None]:
        """At once."""
        yield


@asynccontextmanager
async def desk(stage: staging.Stage, **more: str) -> AsyncIterator[Front]:
    """A desk on this stage that polls and listens only when a test says so, and has made first contact."""
    env = stage.env(DESK_POLL_SECONDS="86400", DESK_WAIT_SECONDS="0", PORT="0", **more)
    given = {
        name: env[name]
        for name in env
        if name.startswith(("DESK_", "QUALYTICS_", "STRANGE_", "AUTIONAL_", "ANODOT_", "ANOMIFY_")) or name in NAMES
    }
    await migrated.lay(stage.folder / "desk.db")
    async with AsyncExitStack() as stack:
        with system.registered():
            running = await stack.enter_async_context(app.running(app.load(given), listening=False, working=False))
        running.post.messenger._pacer = Unhurried()  # type: ignore[attr-defined]
        front = Front(stage, running)
        await front.look()
        yield front


OURS = ("DESK_", "QUALYTICS_", "STRANGE_", "AUTIONAL_", "ANODOT_", "ANOMIFY_")
NAMES = ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "SLACK_API_URL", "DATABASE_URL", "PORT")


@asynccontextmanager
async def opened(folder: Path, systems: Sequence[str] = ("qualytics",), **more: str) -> AsyncIterator[Front]:
    """The fakes and a desk with these systems."""
    async with staging.staged(folder, systems=systems) as stage, desk(stage, **more) as front:
        yield front
