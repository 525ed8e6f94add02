"""One change to anomalies of several systems: each by its own rules, none held up by another, and whoever is missing is named."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import errors, model, ports
from bot.core import batch_items, grammar
from bot.render.batch import batch_preview
from bot.services import post, triage
from bot.services.batches import freeze
from tests.render import slack_rules
from tests.services import cast
from tests.services.batches import test_preview
from tests.services.desk import ACK, ACTIONS, CHANNEL, DANA, INVALID, LEE, Desk, System, World

AWAY = errors.SourceUnavailable("anomify", "Anomify did not answer within 30 seconds.")
TODO, SENT, DONE, ALREADY, REFUSED, DRIFTED = model.Fate


@pytest.fixture
def other(world: World) -> System:
    """A second system beside Qualytics."""
    system = System(world.clock, name="anomify", title="Anomify")
    world.others["anomify"] = system
    return system


async def known(desk: Desk, *systems: System) -> list[model.Anomaly]:
    """Two anomalies in each, which the desk has seen."""
    for system in systems:
        system.put(1, 2)
        await desk.poll.poll(system.name, now_please=True)
    return [one for system in systems for one in system.there.values()]


def command(text: str, world: World) -> grammar.Command:
    return grammar.command(text, today=cast.Clock().now().date(), sources=("qualytics", "anomify"), default_source="")


async def frozen(desk: Desk, text: str, actor: model.Actor = DANA) -> freeze.Preview:
    click = triage.Click("command:1", CHANNEL)
    answer = await test_preview.previews(desk).change(command(text, desk.world), actor, click)
    assert isinstance(answer, freeze.Preview)
    return answer


async def fates(desk: Desk, batch: str) -> dict[str, tuple[model.Fate, str]]:
    return {str(item.ref): (item.fate, item.reason) for item in await desk.world.store.batches.items(batch)}


async def test_one_batch_changes_both_and_one_undo_takes_both_back(world: World, other: System) -> None:
    desk = world.desk()
    await known(desk, world.system, other)
    shown = await frozen(desk, "ack qualytics:1 qualytics:2 anomify:1 anomify:2")
    assert (shown.todo, shown.batch.source, shown.batch.words) == (4, "", "qualytics:1, qualytics:2, anomify:1, anomify:2")
    await desk.batches.confirm(shown.batch.id, DANA)
    await desk.runs.work()
    assert set((await fates(desk, shown.batch.id)).values()) == {(DONE, "")}
    assert {one.state for system in (world.system, other) for one in system.there.values()} == {model.State.ACKNOWLEDGED}
    back = await desk.batches.undo(shown.batch.id, DANA, CHANNEL)
    await desk.runs.work()
    assert {one.state for system in (world.system, other) for one in system.there.values()} == {model.State.ACTIVE}
    assert set((await fates(desk, back.id)).values()) == {(DONE, "")}
    await desk.post.flush()
    assert any("Dana acknowledged 4 anomalies" in said for said in world.wall.shown.values())


async def test_what_one_system_does_not_offer_is_refused_there_and_the_others_go_on(world: World, other: System) -> None:
    other.supports = ACTIONS - {model.Action.ACKNOWLEDGE}
    desk = world.desk()
    targets = await known(desk, world.system, other)
    shown = await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)
    assert shown.view.progress.counts[TODO] == shown.view.progress.counts[REFUSED] == 2
    told = slack_rules.seen(batch_preview.preview(shown.view, shown.split))
    assert "2 refused (id anomify:1, anomify:2): Anomify offers no way to acknowledge anomalies from here" in told
    await desk.batches.confirm(shown.batch.id, DANA)
    await desk.runs.work()
    assert [name for name, _ in other.calls if name == "apply"] == []
    assert {one.state for one in world.system.there.values()} == {model.State.ACKNOWLEDGED}


async def test_an_outcome_that_one_system_does_not_have_is_named(world: World, other: System) -> None:
    other.archive_as = (model.Closing("Resolved", "root cause fixed"),)
    desk = world.desk()
    targets = await known(desk, world.system, other)
    shown = await desk.batches.freeze(INVALID, targets, "status:open", DANA, CHANNEL)
    found = await fates(desk, shown.batch.id)
    assert found["anomify:1"] == (REFUSED, 'Anomify does not close anomalies as "Invalid". It takes as:resolved (root cause fixed).')
    assert found["qualytics:1"][0] is TODO
    with pytest.raises(errors.NotSupported, match='Anomify does not close anomalies as "Invalid"'):
        await desk.batches.freeze(INVALID, targets[2:], "status:open", DANA, CHANNEL)


async def test_people_are_looked_up_in_each_system(world: World, other: System, monkeypatch: pytest.MonkeyPatch) -> None:
    async def people() -> Any:
        return (model.Person("anomify", "lee-7", "Lee Park", cast.LEE.email),)

    monkeypatch.setattr(other, "people", people)
    desk = world.desk()
    await known(desk, world.system, other)
    shown = await frozen(desk, f"assign {cast.LEE.email} qualytics:1 anomify:1")
    items = {str(item.ref): (item.change or shown.batch.change).assignees for item in await world.store.batches.items(shown.batch.id)}
    assert items == {"qualytics:1": (cast.LEE.id,), "anomify:1": ("lee-7",)}
    shown = await frozen(desk, f"assign {cast.DANA.email} qualytics:1 anomify:1")
    fate, why = (await fates(desk, shown.batch.id))["anomify:1"]
    assert fate is REFUSED and 'In Anomify no user is called "dana@acme.example"' in why


async def test_a_system_that_is_down_at_the_preview_is_not_in_the_batch_and_stands_in_bold(world: World, other: System) -> None:
    desk = world.desk()
    await known(desk, world.system, other)
    other.faults = {"get": [AWAY]}
    shown = await frozen(desk, "ack qualytics:1 qualytics:2 anomify:1")
    assert (shown.batch.total, shown.missing, [gone.title for gone in shown.unheard]) == (2, [], ["Anomify"])
    message = batch_preview.preview(shown.view, shown.split, shown.unheard)
    bold = [block["elements"][0]["elements"][0] for block in message.blocks if block["type"] == "rich_text"]
    assert [(leaf["text"], leaf["style"]) for leaf in bold] == [
        ("Anomify does not answer; its anomalies are not in this batch.", {"bold": True})
    ]


async def test_a_system_that_is_down_at_its_turn_is_refused_as_a_whole_and_can_be_tried_again(
    world: World, other: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(INVALID, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    other.faults = {"read": [AWAY] * 20}
    await desk.runs.work()
    found = await fates(desk, batch.id)
    assert found["anomify:1"] == found["anomify:2"] == (REFUSED, batch_items.PART + str(AWAY))
    assert found["qualytics:1"][0] is DONE and (await world.store.batches.get(batch.id)).state is model.BatchState.DONE  # type: ignore[union-attr]
    await desk.post.flush()
    assert any(
        "Anomify: 2 refused as a whole (id anomify:1, anomify:2): Anomify did not answer" in said for said in world.wall.shown.values()
    )
    other.faults = {}
    service = test_preview.previews(desk)
    monkeypatch.setattr(freeze, "PAGE", 1)
    other.calls.clear()
    again = await service.again(batch.id, DANA, CHANNEL)
    assert [ids for name, ids in other.calls if name == "get"] == [("1",), ("2",)], "as many at once as are read from the store at once"
    assert again.todo == again.batch.total == 2 and again.batch.id != batch.id and again.batch.change == INVALID
    assert set(await fates(desk, again.batch.id)) == {"anomify:1", "anomify:2"}
    with pytest.raises(errors.Stale, match="nothing to try again"):
        await service.again(again.batch.id, DANA, CHANNEL)
    with pytest.raises(errors.NotFound):
        await service.again("nix", DANA, CHANNEL)


async def test_only_who_may_tries_a_part_again(world: World, other: System) -> None:
    world.permissions = {"archive": [DANA.id]}
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(INVALID, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    other.faults = {"read": [AWAY] * 20}
    await desk.runs.work()
    with pytest.raises(errors.NotAllowed):
        await test_preview.previews(desk).again(batch.id, LEE, CHANNEL)


async def test_what_was_sent_to_a_system_that_went_down_is_looked_at_when_it_answers_again(world: World, other: System) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    other.done_but = [AWAY]

    async def gone(name: str) -> None:
        if name == "read" and any(call == "apply" for call, _ in other.calls):
            raise AWAY

    other.on_call = gone
    await desk.runs.work()
    found = await fates(desk, batch.id)
    assert found["anomify:1"][0] is SENT and found["qualytics:1"][0] is DONE
    other.on_call = None
    world.clock.pass_by(seconds=300)
    await desk.runs.work()
    assert set((await fates(desk, batch.id)).values()) == {(DONE, "")}
    assert len([name for name, _ in other.calls if name == "apply"]) == 1


async def test_a_slow_system_does_not_hold_the_others(world: World, other: System) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    gate, done = asyncio.Event(), asyncio.Event()

    async def slow(name: str) -> None:
        await gate.wait()

    async def quick(name: str) -> None:
        if name == "apply":
            done.set()

    world.system.on_call, other.on_call = slow, quick
    work = asyncio.create_task(desk.runs.work())
    await asyncio.wait_for(done.wait(), 10)
    gate.set()
    await work
    assert set((await fates(desk, batch.id)).values()) == {(DONE, "")}


async def test_one_that_is_switched_off_is_refused_at_the_undo_and_the_others_return(world: World, other: System) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    await desk.runs.work()
    world.others.clear()
    desk = world.desk()
    back = await desk.batches.undo(batch.id, DANA, CHANNEL)
    world.clock.pass_by(seconds=300)
    await desk.runs.work()
    found = await fates(desk, back.id)
    assert found["qualytics:1"][0] is DONE and found["anomify:1"][0] is REFUSED and "anomify" in found["anomify:1"][1]


async def test_a_system_that_asks_for_patience_is_waited_for(world: World, other: System) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    other.faults = {"read": [errors.SourceRateLimited("anomify", "Anomify takes no more calls for now.", retry_after=60)]}
    await desk.runs.work()
    found = await fates(desk, batch.id)
    assert (found["qualytics:1"][0], found["anomify:1"][0]) == (DONE, TODO)
    await desk.runs.work()
    assert set((await fates(desk, batch.id)).values()) == {(DONE, "")}


async def test_an_undo_waits_for_a_system_that_is_down(world: World, other: System) -> None:
    desk = world.desk()
    targets = await known(desk, world.system, other)
    batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
    await desk.batches.confirm(batch.id, DANA)
    await desk.runs.work()
    back = await desk.batches.undo(batch.id, DANA, CHANNEL)
    other.faults = {"read": [AWAY] * 20}
    await desk.runs.work()
    found = await fates(desk, back.id)
    assert (found["qualytics:1"][0], found["anomify:1"][0]) == (DONE, TODO)
    other.faults = {}
    await desk.runs.work()
    assert {one.state for one in other.there.values()} == {model.State.ACTIVE}


async def test_a_batch_that_a_click_starts_does_not_take_the_places_of_clicks(world: World, other: System) -> None:
    desk, urgent = world.desk(), set[bool]()
    targets = await known(desk, world.system, other)

    async def asked(name: str) -> None:
        urgent.add(ports.urgent())

    world.system.on_call = other.on_call = asked
    with ports.clicked():
        batch = (await desk.batches.freeze(ACK, targets, "status:open", DANA, CHANNEL)).batch
        await desk.batches.confirm(batch.id, DANA)
        await desk.runs.work()
    assert urgent == {False}


async def test_a_process_that_only_answers_slack_waits_for_a_worker_to_post_what_its_csv_hangs_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "LOOK_SECONDS", 0)
    web, worker = world.desk(), world.desk()
    web.post.works = False
    world.system.put(*range(1, 31))
    await worker.poll.poll("qualytics", now_please=True)
    batch = (await web.batches.freeze(ACK, list(world.system.there.values()), "status:open", DANA, CHANNEL)).batch
    await web.batches.confirm(batch.id, DANA)
    shown = set(world.wall.shown)
    await web.post.flush()
    assert set(world.wall.shown) == shown, "the channel's lane is a worker's"
    work = asyncio.create_task(web.runs.work())
    while not work.done():
        await worker.post.flush()
        await asyncio.sleep(0)
    assert world.wall.files == 1


async def test_a_process_that_only_answers_slack_edits_the_clicked_card(world: World) -> None:
    web, worker = world.desk(), world.desk()
    web.post.works = False
    await worker.met(1)
    await worker.post.flush()
    await web.click(ACK, 1)
    assert any("Acknowledged" in said for said in world.wall.shown.values())
