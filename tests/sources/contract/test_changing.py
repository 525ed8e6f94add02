"""What every source promises of changes, against the running fake of its system."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot import errors, model
from tests.sources.contract import harness

Action, Result, State = model.Action, model.Result, model.State

MOVES = [
    (Action.ACKNOWLEDGE, State.ACTIVE, (State.ACKNOWLEDGED,)),
    (Action.UNACKNOWLEDGE, State.ACKNOWLEDGED, (State.ACTIVE,)),
    (Action.ARCHIVE, State.ACTIVE, (State.ARCHIVED,)),
    (Action.ARCHIVE, State.ACKNOWLEDGED, (State.ARCHIVED,)),
    (Action.REOPEN, State.ARCHIVED, (State.ACTIVE, State.ACKNOWLEDGED)),
]
"""Each action with where it begins and where it may end."""

CARRIED: dict[Action, dict[str, Any]] = {
    Action.ASSIGN: {"assignees": ("12",)},
    Action.COMMENT: {"comment": "Known issue."},
    Action.TAG: {"add_tags": ("incident",)},
    Action.DESCRIBE: {"description": "INC-987"},
    Action.CASE: {"case": "CASE-2026-001"},
}
IMPOSSIBLE = (*CARRIED, Action.DELETE)
"""What is asked for where a system may have no way to do it."""


def change_to(action: Action, system: harness.Harness) -> model.Change:
    """A change that this system takes."""
    closing = {"archive_as": system.outcomes[0]} if action is Action.ARCHIVE else {}
    who = {"assignees": (system.assignee,)} if action is Action.ASSIGN else {}
    return model.Change(action, **{**closing, **CARRIED.get(action, {}), **who})


async def standing(system: harness.Harness, source: Any, state: State, count: int) -> list[model.Anomaly]:
    """So many that stand so, as they are read."""
    there = sorted(system.standing(state))
    if len(there) < count:
        made = system.arrive(count)
        read = list((await source.get(made)).values())
        if state is not State.ACTIVE:
            await source.apply(change_to(Action.ACKNOWLEDGE if state is State.ACKNOWLEDGED else Action.ARCHIVE, system), read)
        there = made
    found = await source.get(there[:count])
    system.lines()
    return [found[ident] for ident in there[:count]]


# --- apply


@pytest.mark.parametrize("count", [1, 7])
@pytest.mark.parametrize(("action", "begin", "ends"), MOVES, ids=lambda one: str(one) if isinstance(one, (Action, State)) else "")
async def test_a_change_is_done_and_nothing_else(
    system: harness.Harness, action: Action, begin: State, ends: tuple[State, ...], count: int
) -> None:
    source = system.source()
    targets = await standing(system, source, begin, count)
    ids = {one.ref.id for one in targets}
    before = {ident: system.state(ident) for ident in system.everything() if ident not in ids}
    outcomes = await source.apply(change_to(action, system), targets)
    assert [outcome.ref for outcome in outcomes] == [one.ref for one in targets]
    assert {outcome.result for outcome in outcomes} == {Result.DONE}
    assert {system.state(ident) for ident in ids} <= set(ends)
    assert {one.state for one in (await source.get(sorted(ids))).values()} <= set(ends)
    assert {ident: system.state(ident) for ident in before} == before


@pytest.mark.parametrize("action", IMPOSSIBLE)
async def test_what_a_system_cannot_do_is_refused_in_words_and_not_tried(system: harness.Harness, action: Action) -> None:
    source = system.source()
    for count in (1, 3):
        targets = await standing(system, source, State.ACTIVE, count)
        outcomes = await source.apply(change_to(action, system), targets)
        if action in system.cannot:
            assert {outcome.result for outcome in outcomes} == {Result.REFUSED}
            assert all(source.title in outcome.reason and action.value in outcome.reason for outcome in outcomes)
            assert system.lines() == []
        else:
            assert Result.REFUSED not in {outcome.result for outcome in outcomes}
            assert system.writes()


async def test_a_remark_that_rides_along_is_left_or_said_to_be_lost(system: harness.Harness) -> None:
    source = system.source()
    targets = await standing(system, source, State.ACTIVE, 1)
    outcome = (await source.apply(model.Change(Action.ACKNOWLEDGE, comment="Known issue."), targets))[0]
    assert outcome.result is Result.DONE
    if Action.COMMENT in system.cannot:
        assert "comment was not left" in outcome.reason
    else:
        assert outcome.reason == ""
        assert not system.heard or "Known issue." in [one.text for one in await source.comments(targets[0].ref.id)]


async def test_a_repeated_change_says_already(system: harness.Harness) -> None:
    source = system.source()
    (target,) = await standing(system, source, State.ACTIVE, 1)
    for action in (Action.ACKNOWLEDGE, Action.ARCHIVE, Action.REOPEN):
        assert (await source.apply(change_to(action, system), [target]))[0].result is Result.DONE
        target = (await source.get([target.ref.id]))[target.ref.id]
        assert (await source.apply(change_to(action, system), [target]))[0].result is Result.ALREADY, action


async def test_each_outcome_that_is_offered_is_done_and_seen(system: harness.Harness) -> None:
    source = system.source()
    assert tuple(one.word for one in source.archive_as if one.chosen) == system.outcomes
    targets = await standing(system, source, State.ACTIVE, len(system.outcomes))
    for outcome, target in zip(source.archive_as, targets, strict=True):
        assert (await source.apply(model.Change(Action.ARCHIVE, archive_as=outcome.word), [target]))[0].result is Result.DONE
        assert system.ended_as(target.ref.id) == outcome.word
        assert (await source.get([target.ref.id]))[target.ref.id].archived_as == outcome.word


async def test_an_outcome_that_is_none_of_its_own_is_refused_with_those_that_are(system: harness.Harness) -> None:
    source = system.source()
    (target,) = await standing(system, source, State.ACTIVE, 1)
    foreign = model.Change(Action.ARCHIVE, archive_as="Duplicate")
    if "Duplicate" in system.outcomes:
        assert (await source.apply(foreign, [target]))[0].result is Result.DONE
        return
    (refused,) = await source.apply(foreign, [target])
    assert refused.result is Result.REFUSED
    assert all(own in refused.reason for own in system.outcomes)
    assert system.lines() == []


async def test_bad_ids_among_many_are_named_and_the_good_ones_done(system: harness.Harness) -> None:
    source = system.source()
    targets = list((await source.get(system.arrive(30))).values())
    gone = {targets[3].ref, targets[21].ref}
    for ref in gone:
        system.erase(ref.id)
    for action, state in ((Action.ACKNOWLEDGE, State.ACKNOWLEDGED), (Action.ARCHIVE, State.ARCHIVED)):
        outcomes = await source.apply(change_to(action, system), targets)
        assert {outcome.ref for outcome in outcomes if outcome.result is Result.REFUSED} == gone
        assert all("not exist" in outcome.reason for outcome in outcomes if outcome.ref in gone)
        assert {system.state(one.ref.id) for one in targets if one.ref not in gone} == {state}


async def test_what_is_closed_is_never_updated(system: harness.Harness) -> None:
    source = system.source()
    targets = await standing(system, source, State.ARCHIVED, 2)
    for some in (targets[:1], targets):
        outcomes = await source.apply(model.Change(Action.ACKNOWLEDGE), some)
        assert {outcome.result for outcome in outcomes} == {Result.REFUSED}
        assert "Reopen" in outcomes[0].reason
    assert system.lines() == []


# --- answers that are lost

LOST: list[harness.Fault] = [
    {"mode": "drop_after"},
    {"mode": "reply", "json": {"fine": True}, "headers": {"content-encoding": "gzip"}, "after": True},
]


@pytest.mark.parametrize("fault", LOST, ids=["lost", "unreadable"])
@pytest.mark.parametrize("count", [1, 3])
async def test_after_an_answer_that_was_lost_somebody_looks_and_it_is_done_once(
    system: harness.Harness, fault: harness.Fault, count: int
) -> None:
    source = system.source(max_batch=1)
    targets = await standing(system, source, State.ACTIVE, count)
    method, path = system.move
    system.fault(**fault, method=method, path=path, times=1)
    outcomes = await source.apply(model.Change(Action.ACKNOWLEDGE), targets)
    assert Result.REFUSED not in {outcome.result for outcome in outcomes}
    assert len(system.writes()) == count
    assert {system.state(one.ref.id) for one in targets} == {State.ACKNOWLEDGED}


async def test_a_connection_that_broke_before_anything_happened_is_tried_once_more(system: harness.Harness) -> None:
    source = system.source()
    (first, second) = await standing(system, source, State.ACTIVE, 2)
    method, path = system.move
    system.fault("drop", method=method, path=path, times=1)
    assert (await source.apply(model.Change(Action.ACKNOWLEDGE), [first]))[0].result is Result.DONE
    assert [line.split()[0] for line in system.lines()] == [method, "GET", method]
    system.fault("drop", method=method, path=path)
    with pytest.raises(errors.SourceUnavailable):
        await source.apply(model.Change(Action.ACKNOWLEDGE), [second])
    assert len(system.writes()) == 2


async def test_one_of_many_that_fails_takes_no_other_with_it(system: harness.Harness) -> None:
    source = system.source(max_batch=1)
    targets = await standing(system, source, State.ACTIVE, 5)
    method, path = system.move
    system.fault("500", method=method, path=path, times=1)
    outcomes = await source.apply(model.Change(Action.ACKNOWLEDGE), targets)
    done = [outcome.result is Result.DONE for outcome in outcomes]
    assert done.count(True) >= 4
    assert done == [system.state(one.ref.id) is State.ACKNOWLEDGED for one in targets]


async def test_nothing_at_all_done_raises(system: harness.Harness) -> None:
    source = system.source()
    targets = await standing(system, source, State.ACTIVE, 5)
    system.fault(**system.refused_door)
    with pytest.raises(errors.SourceAuthFailed):
        await source.apply(model.Change(Action.ACKNOWLEDGE), targets)


async def test_at_most_four_writes_at_once(system: harness.Harness) -> None:
    source = system.source(max_batch=2)
    targets = await standing(system, source, State.ACTIVE, 20)
    running, inner = [0, 0], system.parts.app.app

    async def counting(scope: Any, receive: Any, send: Any) -> None:
        running[0] += scope["method"] != "GET"
        running[1] = max(running)
        await asyncio.sleep(0.02)
        await inner(scope, receive, send)
        running[0] -= scope["method"] != "GET"

    system.parts.app.app = counting
    await source.apply(model.Change(Action.ACKNOWLEDGE), targets)
    assert 1 <= running[1] <= 4
