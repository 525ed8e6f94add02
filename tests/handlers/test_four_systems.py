"""A desk between all four systems, through the real app: one queue, and one change over all of them while one of them does not answer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from bot.sources import base
from sandbox.anomify import catalogue, push_json
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import Front, Json, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEMS = ("qualytics", "anodot", "anomify", "autional")
METRIC = next(one for one in catalogue.METRICS.values() if catalogue.alerts(one))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """All four; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), SYSTEMS) as made:
        yield made


async def arrived(front: Front) -> Mapping[str, model.Ref]:
    """A new one in each, by the system's name, that the desk knows and has posted."""
    stage: Any = front.stage
    (signups,) = stage.anodot.world.arrive(1, what="signups", score=0.95)
    (hit,) = stage.anomify.world.arrive(1, metric=METRIC.name)
    (break_in,) = stage.autional.world.arrive(1)
    told = {"data": push_json.POSTS["initial"](hit, stage.anomify.world), "status": {}}
    await front.running.pushes.receive("anomify", json.dumps(told).encode())
    await front.read()
    (rows,) = await front.arrive()  # polls all
    made = {"qualytics": rows, "anodot": signups.id, "anomify": hit.id, "autional": break_in.id}
    return {name: model.Ref(name, str(ident)) for name, ident in made.items()}


def archived(front: Front, refs: Mapping[str, model.Ref]) -> set[str]:
    """The systems in which it is archived, as the cards tell it."""
    return {name for name, ref in refs.items() if "Archived as Resolved by Dana" in visible(front.card(ref))}


async def taken_back(front: Front, receipt: Json) -> str:
    """The receipt after its [Undo]: the same message, and no other one."""
    before = len(front.posted()), len(front.whispers())
    await front.send(front.press(receipt, ids.BATCH_UNDO))
    await front.running.post.flush()
    assert (len(front.posted()), len(front.whispers())) == before
    return visible(next(one for one in front.posted() if one["ts"] == receipt["ts"]))


async def test_one_list_shows_what_is_open_in_all_of_them(front: Front) -> None:
    refs = await arrived(front)
    told = await front.told(front.command("list"))
    assert [name for name, ref in refs.items() if str(ref) not in told] == [], told
    assert [name for name, ref in refs.items() if ids.ACKNOWLEDGE not in str(front.card(ref)["blocks"])] == []


async def test_while_one_is_down_the_others_are_done_and_its_part_is_tried_again_and_all_is_taken_back(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "pause", lambda seconds: asyncio.sleep(0))
    refs, autional = await arrived(front), front.stage.autional
    await front.send(front.command(f"archive {','.join(str(ref) for ref in refs.values())} as:resolved"))
    autional.faults.add(mode="503")
    await pair.confirmed(front)
    autional.faults.clear()
    receipt = front.posted()[-1]
    for said in (
        "Dana archived 3 anomalies as Resolved",
        "1 refused",
        f"Autional: 1 refused as a whole (id {refs['autional']}): Autional failed with HTTP 503",
    ):
        assert said in visible(receipt), visible(receipt)
    assert archived(front, refs) == {"qualytics", "anodot", "anomify"}
    assert autional.world.anomalies[refs["autional"].id].status == "open"

    await front.send(front.press(receipt, ids.BATCH_AGAIN))
    assert "Archive 1 anomaly as Resolved?" in front.whispers()[-1]
    await pair.confirmed(front)
    again = front.posted()[-1]
    assert archived(front, refs) == set(SYSTEMS)
    assert autional.world.anomalies[refs["autional"].id].status == "resolved"

    told = await taken_back(front, receipt)
    assert "3 as before again" in told and "feedback that was given stays in Anodot" in told, told
    assert archived(front, refs) == {"autional"}
    assert "1 as before again" in await taken_back(front, again)
    assert archived(front, refs) == set()
    assert autional.world.anomalies[refs["autional"].id].status == "open"


TOLD = {
    "qualytics": ("check ", "fingerprint "),
    "anodot": ("values, oldest first:", "Intervals", "Common"),
    "anomify": ("Watchers", "Training"),
    "autional": ("Events", "Related"),
}
"""What only this system has, in its details."""


async def test_details_tell_of_each_system_what_it_has_and_of_none_what_it_has_not(front: Front) -> None:
    for name, ref in (await arrived(front)).items():
        front.stage.workspace.modals.stacks.clear()
        await front.send(front.press(front.card(ref), ids.MORE, ids.MORE_DETAILS))
        told = front.modal()
        assert f"id {ref.id}" in told and "Loading" not in told and "Could not be had" not in told, told
        assert [word for word in TOLD[name] if word not in told] == [], told
        others = [word for other in TOLD if other != name for word in TOLD[other] if word != "Related"]
        assert [word for word in others if word in told] == [], told
