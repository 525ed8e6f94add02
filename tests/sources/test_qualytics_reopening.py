"""Reopening many: a call for each, and as few readings as may be."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bot import model
from tests.sources.staging import Deployment, opened, truth


async def archived(system: Deployment, source: Any, count: int) -> list[model.Anomaly]:
    """So many that arrived and were archived."""
    ids = [str(one.id) for one in system.world.arrive(count, [next(iter(system.world.facts.containers.values()))])]
    found = (await source.get(ids)).values()
    await source.apply(model.Change(model.Action.ARCHIVE, archive_as=model.ArchiveAs.INVALID), list(found))
    targets = list((await source.get(ids)).values())
    system.calls()
    return targets


def by_kind(lines: list[str]) -> Counter[str]:
    """Calls by method, and by whether they name one anomaly."""
    return Counter(f"{line.partition(' ')[0]} {'list' if line.endswith('anomalies') else 'one'}" for line in lines)


async def test_many_that_come_back_are_read_again_by_the_hundred(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 150)
    outcomes = await source.apply(model.Change(model.Action.REOPEN), targets)
    assert {outcome.result for outcome in outcomes} == {model.Result.DONE}
    assert by_kind(system.lines()) == {"PUT one": 150, "GET one": 1, "GET list": 2}
    assert {truth(system, one).status for one in targets} == {"Acknowledged"}
    targets = await archived(system, source, 150)
    await source.apply(model.Change(model.Action.REOPEN), targets)
    assert by_kind(system.lines()) == {"PUT one": 150, "GET list": 2}


async def test_a_deployment_that_stops_restoring_is_found_out_by_the_reading(system: Deployment) -> None:
    source, _ = await opened(system)
    await source.apply(model.Change(model.Action.REOPEN), await archived(system, source, 2))
    for mode in ("ignores", "422"):
        targets = await archived(system, source, 4)
        system.world.modes.restore = mode
        outcomes = await source.apply(model.Change(model.Action.REOPEN), targets)
        assert all("restore it there" in outcome.reason for outcome in outcomes)
        assert model.Action.REOPEN not in source.supports
        system.facts = type(system.facts)()
        system.world.modes.restore = "restores"
        source = system.source()
        back = await source.apply(model.Change(model.Action.REOPEN), targets)
        assert {outcome.result for outcome in back} == {model.Result.DONE}


async def test_one_that_is_archived_again_meanwhile_says_nothing_about_the_deployment(system: Deployment) -> None:
    source, _ = await opened(system)
    targets = await archived(system, source, 4)
    inner = system.parts.app.app

    async def meddling(scope: Any, receive: Any, send: Any) -> None:
        await inner(scope, receive, send)
        if scope["method"] == "PUT" and scope["path"].endswith(targets[2].ref.id):
            system.world.change(truth(system, targets[2]), status="Invalid")

    system.parts.app.app = meddling
    outcomes = await source.apply(model.Change(model.Action.REOPEN), targets)
    assert [outcome.result for outcome in outcomes] == [*[model.Result.DONE] * 2, model.Result.REFUSED, model.Result.DONE]
    assert "archived it again" in outcomes[2].reason
    assert model.Action.REOPEN in source.supports
