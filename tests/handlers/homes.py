"""What people do in their App Homes, and what they see there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

from bot.services import presence
from sandbox.slack import event_shapes
from sandbox.slack.blockkit import surfaces
from tests.handlers.front import CHANNEL, DANA, Front, Json, visible


def event(front: Front, kind: str, **fields: Any) -> Json:
    """The payload of an event."""
    return event_shapes.callback({"type": kind, "event_ts": front.stage.workspace.next_ts(), **fields}, 1_700_000_000)


def opening(front: Front, user: str = DANA, **fields: Any) -> Json:
    """Somebody opens their Home."""
    shown = front.stage.workspace.modals.homes.get(user)
    told = {"user": user, "channel": f"D{user[1:]}", "tab": "home", **({"view": shown.json()} if shown else {})}
    return event(front, "app_home_opened", **(told | fields))


def mention(front: Front, user: str = DANA, **fields: Any) -> Json:
    """Somebody mentions the bot in the channel."""
    return event(front, "app_mention", **({"user": user, "channel": CHANNEL, "text": "<@U0DESKBOT> hello", "ts": "1.1"} | fields))


def written(front: Front, user: str = DANA, **fields: Any) -> Json:
    """Somebody writes to the bot directly."""
    channel = front.stage.workspace.dm(user)
    told = {"user": user, "channel": channel.id, "channel_type": "im", "text": "hello", "ts": "1.1"}
    return event(front, "message", **(told | fields))


async def tell(front: Front, payload: Json) -> None:
    """Deliver an event. The library acknowledges it before the listener has begun: that one has to come to its turn."""
    assert (await front.send(payload, settle=False)).status == 200
    for _ in range(20):
        await asyncio.sleep(0)
    await front.settle()


def later(front: Front, seconds: float = 4) -> None:
    """Let time pass for the desk."""
    clock = front.running.desk.clock
    assert isinstance(clock, presence.SetClock)
    clock.ahead += timedelta(seconds=seconds)


async def opened(front: Front, user: str = DANA) -> str:
    """Open the Home, and read it."""
    later(front)
    await tell(front, opening(front, user))
    return seen(front, user)


def view(front: Front, user: str = DANA) -> Json:
    """The Home of somebody, as the app made it."""
    return front.stage.workspace.modals.homes[user].payload


def seen(front: Front, user: str = DANA) -> str:
    """What can be read in it."""
    return visible({"text": "", "blocks": view(front, user)["blocks"]})


def press(front: Front, action_id: str, having: str = "", *, choice: str = "", user: str = DANA) -> Json:
    """The payload of pressing the first button (or menu entry) of this kind in the Home whose value holds these words."""
    space = front.stage.workspace
    for block, element in surfaces.interactive(view(front, user)["blocks"]):
        offered = [element.get("value", "")] if element["type"] == "button" else [one["value"] for one in element.get("options", [])]
        found = [value for value in offered if having in value and value.startswith(choice)]
        if element["action_id"] == action_id and found:
            chosen = {"value": found[0]} if element["type"] == "button" else {"selected_option": {"value": found[0]}}
            action = {"action_id": action_id, "block_id": block["block_id"], "type": element["type"], **chosen}
            return event_shapes.block_actions(space, space.people[user], event_shapes.in_view(space.modals.homes[user]), action)
    raise AssertionError(f"no {action_id} with {having!r} in {seen(front, user)}")


def typed(front: Front, action_id: str, words: str | None, user: str = DANA) -> Json:
    """The payload of Enter in a field of the Home."""
    space = front.stage.workspace
    action = {"action_id": action_id, "block_id": action_id, "type": "plain_text_input", "value": words}
    return event_shapes.block_actions(space, space.people[user], event_shapes.in_view(space.modals.homes[user]), action)


def published(front: Front) -> int:
    """How often the app had a Home shown."""
    return sum(call.method == "views.publish" for call in front.stage.workspace.log)
