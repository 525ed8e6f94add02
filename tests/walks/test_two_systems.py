"""The real bot as a process with the strange system alone, and beside Qualytics: cards appear, clicks act, a restart goes on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot import model
from bot.render.kit import ids
from tests.strange import world as worlds
from tests.walks import forking
from tests.walks import stage as staging


def arrive(stage: staging.Stage, count: int = 1, **fields: Any) -> list[str]:
    """New ones in the strange system; their ids."""
    assert stage.strange is not None
    return [one.id for one in stage.strange.world.arrive(count, **fields)]


async def until(stage: staging.Stage, ident: str, phase: str) -> worlds.Signal:
    """Wait until one stands so there."""
    assert stage.strange is not None
    signal = stage.strange.world.signals[ident]

    async def look() -> bool:
        return signal.phase == phase

    await stage.until(look)
    return signal


@pytest.mark.parametrize("systems", [("strange",), ("qualytics", "strange")], ids=["alone", "mixed"])
async def test_a_card_a_click_a_kill_and_on_it_goes(tmp_path: Path, zygote: forking.Zygote, systems: Sequence[str]) -> None:
    async with staging.staged(tmp_path, systems=systems) as stage:
        assert stage.strange is not None
        world = stage.strange.world
        arrive(stage)
        bot = stage.fork(zygote)
        await bot.start()

        async def greeted() -> bool:
            return sum("open" in staging.visible(one) for one in await stage.messages()) >= len(systems)

        await stage.until(greeted)
        (ident,) = arrive(stage, score=0.87)
        card = await stage.card(ident, "Score 0.87", "Open in Strange")
        await stage.press(card, ids.ACKNOWLEDGE)
        await until(stage, ident, worlds.SEEN)
        await stage.card(ident, "Seen", "Acknowledged by Dana")

        await bot.kill()
        (unseen,) = arrive(stage)
        world.expire()
        world.close(ident)
        again = stage.fork(zygote, PORT=bot.env["PORT"])
        await again.start()
        await stage.card(ident, "Seen", "over since")
        card = await stage.card(unseen, "Open in Strange")
        await stage.press(card, ids.ARCHIVE, value=ids.encode_choice(worlds.EXPECTED, model.Ref("strange", unseen), 1))
        signal = await until(stage, unseen, worlds.SHUT)
        await stage.card(unseen, "by Dana", "Expected")
        assert signal.rev == 2, "it was done once"
        if "qualytics" in systems:
            (other,) = await stage.arrive()
            await stage.press(await stage.card(other), ids.ACKNOWLEDGE)
            await stage.status(other, "Acknowledged")
        assert await again.stop() == 0
        output = "".join([*bot.output, *again.output])
        assert worlds.KEY not in output
        assert "Traceback" not in output
        messages = [staging.buttons_of(one, staging.visible(one)) for one in await stage.messages()]
        for one in (ident, unseen):
            assert sum(str(model.Ref("strange", one)) in text for text in messages) == 1, "one card for each"
