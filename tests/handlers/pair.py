"""The strange system on a desk of these tests: what it knows, what arrives in it, and how what it has is confirmed."""

from __future__ import annotations

from bot import model
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import Front
from tests.strange import world as worlds


def mixed(front: Front) -> bool:
    """Whether there is another system besides."""
    return len(front.running.sources) > 1


def there(front: Front) -> worlds.World:
    """What the strange system knows."""
    assert front.stage.strange is not None
    return front.stage.strange.world


async def arrived(front: Front, count: int = 1, **fields: object) -> list[model.Ref]:
    """New ones that the desk has polled and posted."""
    made = [model.Ref("strange", one.id) for one in there(front).arrive(count, **fields)]
    await front.look()
    return made


def phase(front: Front, ref: model.Ref) -> str:
    """Where one stands there."""
    return there(front).signals[ref.id].phase


async def confirmed(front: Front) -> None:
    """Press [Confirm] on the preview that only Dana sees."""
    messages = front.stage.workspace.channels[fronts.CHANNEL].messages.values()
    message = next(one for one in reversed(list(messages)) if one.ephemeral_to == fronts.DANA and ids.BATCH_CONFIRM in str(one.blocks))
    await front.send(front.press({"ts": message.ts, "text": message.text, "blocks": message.blocks}, ids.BATCH_CONFIRM))
    await front.running.post.flush()
