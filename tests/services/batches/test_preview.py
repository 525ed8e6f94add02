"""From a command or a review to what waits for its confirmation: who may, which are meant, for whom, and what is done at once."""

from __future__ import annotations

from typing import Any

import pytest

from bot import errors, model
from bot.core import grammar
from bot.services import browse, review, triage
from bot.services.batches import freeze, preview
from tests.services import cast
from tests.services.desk import CHANNEL, DANA, LEE, Desk, World

CLICK = triage.Click("command:1", CHANNEL)
QUERY = model.Query()


class Homes:
    """Where the bot can write: in every channel but the private ones."""

    async def home(self, channel: str, user: str) -> str:
        return channel if channel == CHANNEL else f"D-{user}"


def previews(desk: Desk) -> preview.Previews:
    """The service over a desk."""
    store, acting, homes = desk.world.store, desk.triage, Homes()
    sources: Any = acting.sources
    messenger: Any = homes
    looking = browse.Browse(
        sources=sources,
        anomalies=store.anomalies,
        cards=store.cards,
        journal=store.journal,
        health=store.health,
        resolve=acting.people.resolve,
        clock=desk.world.clock,
        grants=desk.grants,
        routes=desk.cards.routes,
    )
    return preview.Previews(
        batches=desk.batches, acting=acting, browse=looking, review=review.Review(looking), people=acting.people, messenger=messenger
    )


def command(text: str) -> grammar.Command:
    """What somebody typed."""
    return grammar.command(text, today=cast.Clock().now().date(), sources=("qualytics",), default_source="qualytics")


def form(*picked: str, action: model.Change, people: tuple[str, ...] = (), channel: str = CHANNEL) -> model.ReviewInput:
    """A review that was sent with these ticked."""
    scope = model.ReviewScope(words="status:open")
    return model.ReviewInput(scope, "qualytics", 0, picked, frozenset(picked), "picked", "status:open", action, people, channel)


async def frozen(desk: Desk, text: str, actor: model.Actor = DANA, click: triage.Click = CLICK) -> freeze.Preview:
    answer = await previews(desk).change(command(text), actor, click)
    assert isinstance(answer, freeze.Preview)
    return answer


async def test_one_that_is_named_is_changed_at_once(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    answer = await previews(desk).change(command("ack 1"), DANA, CLICK)
    assert isinstance(answer, model.Receipt)
    assert [one.result for one in answer.outcomes] == [model.Result.DONE]
    assert world.system.there["1"].state is model.State.ACKNOWLEDGED


async def test_several_are_previewed_and_nothing_is_changed_yet(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    shown = await frozen(desk, "ack 1,2")
    assert (shown.todo, shown.batch.words, shown.batch.channel, shown.missing) == (2, "1, 2", CHANNEL, [])
    assert world.system.there["1"].state is model.State.ACTIVE


async def test_one_beside_one_that_nobody_knows_is_previewed_and_the_other_is_named(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    shown = await frozen(desk, "ack 1,99")
    assert (shown.todo, [ref.id for ref in shown.missing]) == (1, ["99"])


async def test_where_the_bot_cannot_write_the_receipt_goes_to_the_actor(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    shown = await frozen(desk, "ack 1,2", click=triage.Click("command:2", "G1"))
    assert shown.batch.channel == f"D-{DANA.id}"


async def test_people_of_a_command_are_the_systems_and_called_by_name(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    shown = await frozen(desk, f"assign {cast.LEE.email} 1,2")
    assert (shown.batch.change.assignees, shown.view.names) == ((cast.LEE.id,), {cast.LEE.id: cast.LEE.name})


async def test_a_reassignment_is_only_of_what_the_first_person_has(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    world.system.set(2, assignees=(cast.LEE,))
    typed = grammar.TypedChange(model.Action.ASSIGN, swap=(cast.LEE.email, cast.DANA.email))
    refs = (model.Ref("qualytics", "1"), model.Ref("qualytics", "2"))
    asked = grammar.Command("reassign", None, refs, "", typed)
    shown = await previews(desk).change(asked, DANA, CLICK)
    assert isinstance(shown, freeze.Preview)
    [item] = await world.store.batches.items(shown.batch.id)
    assert item.ref.id == "2" and item.change is not None and item.change.assignees == (cast.DANA.id,)
    world.system.set(2, assignees=())
    with pytest.raises(errors.NotFound, match="nothing to reassign"):
        await previews(desk).change(asked, DANA, CLICK)


async def test_rights_are_asked_before_anything_is_read(world: World) -> None:
    world.permissions["acknowledge"] = [DANA.id]
    desk = world.desk()
    await desk.met(1, 2)
    world.system.calls.clear()
    with pytest.raises(errors.NotAllowed):
        await previews(desk).change(command("ack 1,2"), LEE, CLICK)
    assert world.system.calls == []


async def test_a_deletion_is_always_previewed(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    shown = await previews(desk).deletion(command("delete 1,99"), DANA, CHANNEL)
    assert (shown.todo, shown.batch.change.action, [ref.id for ref in shown.missing]) == (1, model.Action.DELETE, ["99"])
    assert world.system.there["1"].state is model.State.ACTIVE
    with pytest.raises(errors.NotAllowed):
        await previews(desk).deletion(command("delete 1"), LEE, CHANNEL)


async def test_a_review_becomes_a_preview_even_for_one(world: World) -> None:
    desk = world.desk()
    await desk.met(1, 2)
    shown = await previews(desk).reviewed(form("1", action=model.Change(model.Action.ACKNOWLEDGE)), QUERY, DANA)
    assert (shown.todo, shown.batch.words, shown.batch.channel) == (1, "chosen in a review", CHANNEL)


async def test_who_is_chosen_in_a_review_has_to_be_known_to_the_system(world: World) -> None:
    desk = world.desk()
    await desk.met(1)
    assign = model.Change(model.Action.ASSIGN)
    await world.store.identities.link(LEE.id, cast.LEE, "picked", world.clock.now())
    shown = await previews(desk).reviewed(form("1", action=assign, people=(LEE.id,)), QUERY, DANA)
    assert (shown.batch.change.assignees, shown.view.names) == ((cast.LEE.id,), {cast.LEE.id: cast.LEE.name})
    with pytest.raises(errors.NotFound, match="does not know U-STRANGER"):
        await previews(desk).reviewed(form("1", action=assign, people=("U-STRANGER",)), QUERY, DANA)


async def test_a_review_that_also_assigns_needs_that_right_too(world: World) -> None:
    world.permissions["assign"] = [DANA.id]
    desk = world.desk()
    await desk.met(1)
    asked = form("1", action=model.Change(model.Action.ACKNOWLEDGE), people=(LEE.id,))
    with pytest.raises(errors.NotAllowed):
        await previews(desk).reviewed(asked, QUERY, LEE)
