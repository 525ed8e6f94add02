"""Reopening many: two first, then the rest the way that brought them back, and as few readings as may be."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model
from sandbox import qualytics as fake
from tests.sources.staging import Deployment, RealClock, opened, truth

REOPEN = model.Change(model.Action.REOPEN)
BACK = {model.Result.DONE}


async def archived(system: Deployment, source: Any, count: int) -> list[model.Anomaly]:
    """So many of one datastore that arrived and were archived."""
    ids = [str(one.id) for one in system.world.arrive(count, [next(iter(system.world.facts.containers.values()))])]
    found = (await source.get(ids)).values()
    await source.apply(model.Change(model.Action.ARCHIVE, archive_as="Invalid"), list(found))
    targets = list((await source.get(ids)).values())
    system.calls()
    return targets


def by_kind(lines: list[str]) -> Counter[str]:
    """Calls by method, and by whether they name one anomaly."""
    return Counter(f"{line.partition(' ')[0]} {'list' if line.endswith('anomalies') else 'one'}" for line in lines)


def results(outcomes: Any) -> list[model.Result]:
    return [outcome.result for outcome in outcomes]


async def test_many_come_back_by_the_hundred_after_two_did(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 150)
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert by_kind(system.lines()) == {"PATCH list": 3, "GET list": 3}
    assert {truth(system, one).status for one in targets} == {"Acknowledged"}
    targets = await archived(system, source, 150)
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert by_kind(system.lines()) == {"PATCH list": 2, "GET list": 2}, "the way is known"


@pytest.mark.parametrize("mode", ["422", "ignores"])
async def test_where_the_bulk_call_brings_none_back_each_is_asked_for_alone(system: Deployment, mode: str) -> None:
    source, _ = await opened(system)
    system.world.modes.restore_many = mode
    targets = await archived(system, source, 20)
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert by_kind(system.lines()) == {"PATCH list": 1, "PUT one": 20, "GET list": 3}
    targets = await archived(system, source, 20)
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert by_kind(system.lines()) == {"PUT one": 20, "GET list": 1}, "the way is known"


@pytest.mark.parametrize(("mode", "says"), [("422", "cannot be updated"), ("ignores", "left it archived")])
async def test_where_none_of_the_first_comes_back_the_rest_is_spared_and_told(system: Deployment, mode: str, says: str) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 40)
    system.world.modes.restore = mode
    outcomes = await source.apply(REOPEN, targets)
    assert {*results(outcomes)} == {model.Result.REFUSED}
    assert all("restore it there" in outcome.reason for outcome in outcomes)
    assert [says in outcome.reason for outcome in outcomes] == [True, True, *[False] * 38]
    lines = by_kind(system.lines())
    assert (lines["PATCH list"], lines["PUT one"]) == (1, 2)
    assert model.Action.REOPEN in source.supports
    assert model.Action.REOPEN in source.doubtful
    system.world.modes.restore = "restores"
    assert {*results(await source.apply(REOPEN, targets))} == BACK, "the next who asks is asked for"
    assert model.Action.REOPEN not in source.doubtful


async def test_a_deployment_that_stops_restoring_is_found_out_by_the_reading(system: Deployment) -> None:
    source, _ = await opened(system)
    for mode in ("ignores", "422"):
        system.world.modes.restore = "restores"
        await source.apply(REOPEN, await archived(system, source, 2))
        targets = await archived(system, source, 4)
        system.world.modes.restore = mode
        outcomes = await source.apply(REOPEN, targets)
        assert all("restore it there" in outcome.reason for outcome in outcomes)
        system.world.modes.restore = "restores"
        assert {*results(await source.apply(REOPEN, targets))} == BACK


async def test_one_that_is_archived_again_meanwhile_says_nothing_about_the_others(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 5)
    inner = system.parts.app.app

    async def meddling(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        if scope["method"] == "PATCH":
            system.world.change(truth(system, targets[2]), status="Invalid")

    system.parts.app.app = meddling
    outcomes = await source.apply(REOPEN, targets)
    assert results(outcomes) == [*[model.Result.DONE] * 2, model.Result.REFUSED, *[model.Result.DONE] * 2]
    assert "archived it again" in outcomes[2].reason
    assert model.Action.REOPEN not in source.doubtful


async def test_those_that_are_gone_or_may_not_be_touched_say_nothing_about_the_rest(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 6)
    for one in targets[:2]:
        system.world.erase(truth(system, one))
    outcomes = await source.apply(REOPEN, targets)
    assert results(outcomes) == [*[model.Result.REFUSED] * 2, *[model.Result.DONE] * 4]
    assert "not exist" in outcomes[0].reason
    more = await archived(system, system.source(), 4)
    assert more[0].datastore
    system.world.tokens.limit(int(more[0].datastore.id), "Reporter", fake.SANDBOX_TOKEN)
    outcomes = await system.source().apply(REOPEN, more)
    assert {one.right for one in outcomes} == {"Editor"}
    assert model.Action.REOPEN not in source.doubtful


async def test_those_of_datastores_of_their_own_need_no_probe(system: Deployment) -> None:
    source, _ = await opened(system)
    homes = {one.datastore.id: one for one in system.world.facts.containers.values()}
    ids = [str(system.world.arrive(1, [homes[home]])[0].id) for home in (42, 43)]
    for ident in ids:
        system.world.change(system.world.anomalies[int(ident)], status="Invalid")
    targets = list((await source.get(ids)).values())
    system.calls()
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert by_kind(system.lines())["PUT one"] == 2


async def test_the_way_that_worked_is_not_believed_for_ever(system: Deployment) -> None:
    clock = RealClock()
    source, _ = await opened(system, clock=clock)
    await source.apply(REOPEN, await archived(system, source, 10))
    targets = await archived(system, source, 10)
    system.world.modes.restore_many = "ignores"
    clock.now = lambda: datetime.now(UTC) + timedelta(hours=2)  # type: ignore[method-assign]
    assert {*results(await source.apply(REOPEN, targets))} == BACK


async def test_what_came_back_first_is_told_though_the_rest_failed(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 10)
    system.parts.faults.add(mode="401", method="PATCH", skip=1)
    outcomes = await source.apply(REOPEN, targets)
    assert results(outcomes) == [*[model.Result.DONE] * 2, *[model.Result.REFUSED] * 8]
    assert "token" in outcomes[5].reason


async def test_nothing_done_at_all_is_an_error(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 4)
    system.parts.faults.add(mode="401")
    for some in (targets, targets[:1]):
        with pytest.raises(errors.SourceAuthFailed):
            await source.apply(REOPEN, some)


async def test_an_older_desks_memory_is_read(system: Deployment) -> None:
    """It knew an action as off, without a kind, for a week; and a newer one may know more."""
    lately, source = (datetime.now(UTC) - timedelta(minutes=5)).isoformat(), system.source()
    await system.traits.put(
        *source._dialect._deployment,
        {"datastore_key": "datastore_id", "bulk_delete": False, "off": {"reopen": lately}, "news": 1},
        datetime.now(UTC),
    )
    system.world.modes.datastore_key = "datastore_id"
    targets = await archived(system, source, 1)
    assert source.doubtful == {model.Action.REOPEN}
    assert await source.count(model.Query(datastores=("42",)))
    assert not [call for call in system.calls() if "datastore" in dict(call["query"])]
    assert {*results(await source.apply(REOPEN, targets))} == BACK
    assert source.doubtful == frozenset()
