"""The real bot as a process with Autional and nothing else: cards appear, people act on them, a kill is survived."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bot import model
from bot.render.kit import ids
from sandbox import autional
from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import DANA, LEE

TOKEN = {"AUTIONAL_CLIENT_ID": "", "AUTIONAL_CLIENT_SECRET": "", "AUTIONAL_TOKEN": autional.SANDBOX_TOKEN}
"""A token that stays, in the place of a client's id and secret."""


def arrive(stage: staging.Stage, **fields: Any) -> Any:
    """A new one, as Autional has it."""
    return stage.autional.world.arrive(1, **fields)[0]


async def until(stage: staging.Stage, one: Any, **wanted: str) -> None:
    """Wait until it stands so there."""

    async def look() -> bool:
        return all(getattr(one, name) == value for name, value in wanted.items())

    await stage.until(look)


async def cards(stage: staging.Stage, one: Any) -> int:
    """How many messages of the channel have buttons for it."""
    messages = [message for message in await stage.messages() if not message["ephemeral"]]
    return sum(str(model.Ref("autional", one.id)) in staging.buttons_of(message, "") for message in messages)


async def test_a_desk_of_autional_alone_survives_a_kill(tmp_path: Path, zygote: forking.Zygote) -> None:
    """It goes on with another way to tell who asks."""
    async with staging.staged(tmp_path, systems=("autional",)) as stage:
        bot = stage.fork(zygote)
        assert not [name for name in bot.env if name.startswith(("QUALYTICS_", "ANODOT_", "ANOMIFY_"))]
        await bot.start()
        await stage.until(stage.messages)
        first, second = arrive(stage, type="brute_force", severity="critical"), arrive(stage, type="unusual_time", severity="low")

        card = await stage.card(first.id, "Critical", "rute force", f"User: {first.user_id}", "waiting since")
        await stage.press(card, ids.ACKNOWLEDGE)
        await until(stage, first, status="investigating", assignee="usr_dreyes")
        card = await stage.card(first.id, "Dana looks into it")
        await stage.press(card, ids.ASSIGN)
        await stage.view(DANA, "Assign to")
        await stage.slack("submit", user=DANA, values={"assign.people": [LEE]})
        await stage.view(DANA, "Who is this?")
        found = await stage.slack("select", user=DANA, action_id="link.person", query="lee")
        await stage.slack("submit", user=DANA, values={"link.person": found["options"][0]["value"]})
        await until(stage, first, assignee="usr_lpark")
        await stage.card(first.id, "Lee Park")
        card = await stage.card(second.id, "waiting since")

        await bot.kill()
        unseen = arrive(stage, type="data_exfiltration", severity="high")
        again = stage.fork(zygote, **TOKEN)
        await again.start()
        await stage.press(card, ids.ARCHIVE, value=ids.encode_choice("Invalid", model.Ref("autional", second.id), 1))
        await until(stage, second, status="false_positive")
        await stage.card(second.id, "Invalid", "by Dana")
        card = await stage.card(first.id, "Lee Park")
        await stage.press(card, ids.ARCHIVE, value=ids.encode_choice("Resolved", model.Ref("autional", first.id), 3))
        await until(stage, first, status="resolved")
        await stage.card(first.id, "Resolved", "by Dana")
        await stage.card(unseen.id, "ata exfiltration", "waiting since")
        assert await again.stop() == 0

        assert [await cards(stage, one) for one in (first, second, unseen)] == [1, 1, 1]
        output = "".join([*bot.output, *again.output])
        assert "Traceback" not in output
        assert not [secret for secret in (autional.CLIENT_SECRET, autional.SANDBOX_TOKEN) if secret in output]
        assert [one.content for one in first.comments] == [
            "Acknowledged by Dana via Slack.",
            "Assigned by Dana via Slack.",
            "Archived as Resolved by Dana via Slack.",
        ]
