"""A system that is not configured any more: what is unfinished there is left alone and told, the rest goes on, and so does it one day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot import model, ports
from bot.render.kit import ids
from tests.handlers.front import CHANNEL, DANA, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

ELSEWHERE = model.Ref("anodot", "a1")
DANAS = model.Actor(DANA, "Dana")


@contextmanager
def switched_off(front: Front, name: str = "qualytics") -> Iterator[None]:
    """As if the settings knew nothing of this system."""
    parts: list[Any] = [front.running.sources, front.running.scanners]
    taken = [part.pop(name) for part in parts]
    try:
        yield
    finally:
        for part, system in zip(parts, taken, strict=True):
            part[name] = system


async def everything(front: Front) -> None:
    """The jobs of the desk, once."""
    await front.running.desk.triage.resume()
    await front.running.desk.runs.work()
    await front.running.desk.follow.work()
    await front.running.desk.digests.tick()
    await front.running.post.flush()


async def leave_behind(front: Front) -> None:
    """A batch, an action, an operation and a card of another system, all unfinished."""
    store, now = front.running.store, front.running.desk.clock.now()
    acknowledge = model.Change(model.Action.ACKNOWLEDGE)
    batch = model.Batch("gone", "anodot", acknowledge, "a1", DANA, "Dana", CHANNEL, model.BatchState.PREVIEW, now, 1)
    await store.batches.create(batch, [model.Item(ELSEWHERE, model.Snapshot(model.State.ACTIVE, "Active"), model.Fate.TODO)])
    assert await store.batches.confirm("gone", now)
    lease = await store.journal.begin(ports.Intent("gone", acknowledge, ELSEWHERE, DANA, "Dana", now, channel=CHANNEL), now, 60)
    assert lease is not None
    await store.leases.release(*lease)
    place = model.Place("1", "metrics")
    running = model.OperationState.RUNNING
    scan = model.Scan("anodot", "7", "scan", model.ScanResult.RUNNING, place)
    request = model.ScanRequest("scan", "1", ())
    operation = model.Operation("gone", "anodot", request, place, CHANNEL, running, now, confirmed=now, scan=scan, look=now)
    await store.operations.add([operation])
    draft = model.CardDraft(model.CardKind.ANOMALY, CHANNEL, str(ELSEWHERE), ref=ELSEWHERE, state=model.CardState.LIVE)
    one = model.Anomaly(ELSEWHERE, state=model.State.ACTIVE, status="Active", created=now)
    await store.anomalies.save(ports.Observation("anodot", [one], read_at=now, now=now, drafts={ELSEWHERE: [draft]}))


async def test_what_is_left_of_a_system_breaks_nothing_for_the_others(front: Front) -> None:
    await leave_behind(front)
    await everything(front)
    first, second = (await front.arrive())[0], (await front.arrive())[0]
    await front.send(front.command(f"ack {first},{second}"))
    preview = max(message.ts for message in front.stage.workspace.channels[CHANNEL].messages.values() if message.ephemeral_to == DANA)
    shown = front.stage.workspace.channels[CHANNEL].messages[preview]
    await front.send(front.press({"ts": shown.ts, "text": shown.text, "blocks": shown.blocks}, ids.BATCH_CONFIRM))
    assert [(await front.stage.truth(ident))["status"] for ident in (first, second)] == ["Acknowledged", "Acknowledged"]
    await everything(front)
    assert not any("anodot" in visible(message) for message in front.posted())
    told = await front.told(front.command("status"))
    assert "anodot is not configured any more: 3 unfinished requests wait until it is again." in told
    assert '1 card held up: No system called "anodot" is connected here' in told
    kept = await front.running.store.batches.get("gone")
    assert kept is not None and kept.state is model.BatchState.RUNNING


async def test_what_waited_goes_on_when_the_system_is_back(front: Front) -> None:
    desk = front.running.desk
    first, second = (await front.arrive())[0], (await front.arrive())[0]
    refs = [model.Ref("qualytics", str(ident)) for ident in (first, second)]
    targets = (await desk.browse.pick(refs, DANAS)).anomalies
    preview = await desk.batches.freeze(model.Change(model.Action.ACKNOWLEDGE), targets, "two", DANAS, CHANNEL)
    await desk.batches.confirm(preview.batch.id, DANAS)
    card = front.card(first)
    with switched_off(front):
        await everything(front)
        (row,) = await front.running.store.cards.of([refs[0]])
        await front.running.store.cards.touch([row.id], desk.clock.now())
        await everything(front)
        assert front.card(first) == card, "its buttons are there when the system is"
    assert (await front.stage.truth(first))["status"] == "Active"
    await everything(front)
    assert [(await front.stage.truth(ident))["status"] for ident in (first, second)] == ["Acknowledged", "Acknowledged"]


async def test_a_click_on_its_card_is_refused_and_says_what_is_connected(front: Front) -> None:
    (ident,) = await front.arrive()
    click = front.press(front.card(ident), ids.ACKNOWLEDGE)
    with switched_off(front):
        told = await front.told(click)
    assert 'No system called "qualytics" is connected here' in told
    assert (await front.stage.truth(ident))["status"] == "Active"
