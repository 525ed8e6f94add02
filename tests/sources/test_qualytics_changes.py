"""What Qualytics promises of changes beyond what every source does, against the running fake: bulk calls, rights, dialects, comments."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model
from sandbox import qualytics as fake
from tests.sources.staging import Clock, Deployment, RealClock, mine, opened, truth

# --- apply

CHANGES = [
    (model.Change(model.Action.ACKNOWLEDGE), lambda one: one.status == "Acknowledged"),
    (model.Change(model.Action.UNACKNOWLEDGE), lambda one: one.status == "Active"),
    (model.Change(model.Action.ASSIGN, assignees=("12", "18")), lambda one: one.assignees == [12, 18]),
    (model.Change(model.Action.ASSIGN, assignees=()), lambda one: one.assignees == []),
    (model.Change(model.Action.DESCRIBE, description="INC-987"), lambda one: one.description == "INC-987"),
    (
        model.Change(model.Action.TAG, add_tags=("incident",), remove_tags=("pii",)),
        lambda one: "incident" in one.tags and "pii" not in one.tags,
    ),
    (model.Change(model.Action.ARCHIVE, archive_as="Duplicate"), lambda one: one.status == "Duplicate"),
    (model.Change(model.Action.DELETE), lambda one: one is None),
]


@pytest.mark.parametrize(("change", "done"), CHANGES, ids=lambda one: one.action.value if isinstance(one, model.Change) else "")
@pytest.mark.parametrize("count", [1, 7])
async def test_a_change_is_done_and_nothing_else(system: Deployment, change: model.Change, done: Any, count: int) -> None:
    source, found = await opened(system, max_batch=3)
    targets = found[:count]
    kept = {one.ref.id: (truth(system, one).status, list(truth(system, one).tags), list(truth(system, one).assignees)) for one in found}
    outcomes = await source.apply(change, targets)
    assert [outcome.ref for outcome in outcomes] == [one.ref for one in targets]
    assert not [outcome for outcome in outcomes if outcome.result is model.Result.REFUSED]
    for one in targets:
        now = truth(system, one)
        assert done(now)
        if now is not None:
            assert change.action in (model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ARCHIVE) or now.status == one.status
            assert change.assignees is not None or now.assignees == kept[one.ref.id][2]
            assert change.add_tags or now.tags == kept[one.ref.id][1]
    for one in found[count:]:
        now = truth(system, one)
        assert (now.status, now.tags, now.assignees) == kept[one.ref.id]


async def test_a_bulk_call_never_spans_datastores_and_never_exceeds_a_batch(system: Deployment) -> None:
    source, found = await opened(system, max_batch=4)
    homes = {int(one.ref.id): one.datastore.id for one in found if one.datastore}
    await source.apply(model.Change(model.Action.ACKNOWLEDGE), found)
    await source.apply(model.Change(model.Action.ARCHIVE, archive_as="Resolved"), found)
    writes = [call["json"] for call in system.calls() if isinstance(call["json"], list)]
    assert writes
    for items in writes:
        assert len(items) <= 4
        assert len({homes[item["id"]] for item in items}) == 1
    archived = [item for items in writes for item in items if "archive" in item]
    assert archived
    assert all(item["archive"] is True for item in archived)


async def test_bad_ids_in_a_bulk_call_are_named_and_the_good_ones_done(system: Deployment) -> None:
    source, found = await opened(system)
    system.world.arrive(60, [next(iter(system.world.facts.containers.values()))])
    found = list((await source.changes("")).anomalies)
    targets = mine(found, str(next(iter(system.world.facts.containers.values())).datastore.id))[:60]
    gone = [targets[3], targets[41]]
    for one in gone:
        system.world.erase(truth(system, one))
    system.calls()
    for change in (model.Change(model.Action.ACKNOWLEDGE), model.Change(model.Action.ARCHIVE, archive_as="Discarded")):
        outcomes = await source.apply(change, targets)
        refused = {outcome.ref for outcome in outcomes if outcome.result is model.Result.REFUSED}
        assert refused == {one.ref for one in gone}
        assert all("not exist" in outcome.reason for outcome in outcomes if outcome.ref in refused)
        sent = [call for call in system.calls() if call["method"] in ("PATCH", "PUT", "DELETE")]
        assert len(sent) <= 1 + 2 * 2 * 6
    assert all(truth(system, one).status == "Discarded" for one in targets if one not in gone)


async def test_a_missing_right_is_told_with_its_datastore_and_the_other_datastores_go_on(system: Deployment) -> None:
    source, found = await opened(system)
    system.world.tokens.limit(42, "Reporter", fake.SANDBOX_TOKEN)
    assert mine(found)
    assert mine(found) != found
    outcomes = await source.apply(model.Change(model.Action.ACKNOWLEDGE), found)
    name = next(one.datastore.name for one in mine(found) if one.datastore)
    for one, outcome in zip(found, outcomes, strict=True):
        if one in mine(found):
            assert (outcome.result, outcome.right, outcome.place) == (model.Result.REFUSED, "Editor", name)
            assert name in outcome.reason
        else:
            assert truth(system, one).status == "Acknowledged"


async def test_an_archived_anomaly_is_never_updated(system: Deployment) -> None:
    source, _ = await opened(system)
    closed = str(system.world.closed[0][1].id)
    target = (await source.get([closed]))[closed]
    system.calls()
    outcome = (await source.apply(model.Change(model.Action.TAG, add_tags=("incident",)), [target]))[0]
    assert outcome.result is model.Result.REFUSED
    assert "Reopen" in outcome.reason
    assert system.calls() == []


# --- reopening and comments: what a deployment may not be able to do


@pytest.mark.parametrize("mode", ["restores", "422", "ignores"])
async def test_reopening_believes_the_reading(system: Deployment, mode: str) -> None:
    system.world.modes.restore = mode
    source, _ = await opened(system)
    closed = [str(one.id) for _, one in system.world.closed][:3]
    targets = list((await source.get(closed)).values())
    outcomes = await source.apply(model.Change(model.Action.REOPEN), targets)
    works = mode == "restores"
    assert {outcome.result for outcome in outcomes} == {model.Result.DONE if works else model.Result.REFUSED}
    assert model.Action.REOPEN in source.supports
    if not works:
        assert all("restore it there" in outcome.reason for outcome in outcomes)
        system.world.modes.restore = "restores"
        for asked in (source, system.source()):
            again = await asked.apply(model.Change(model.Action.REOPEN), targets[:1])
            assert again[0].result is model.Result.DONE, "whoever asks next is not refused for what happened before"
            targets = targets[1:]


@pytest.mark.parametrize("mode", ["422", "ignores"])
async def test_one_refused_reopen_says_nothing_of_the_next(system: Deployment, mode: str) -> None:
    source, _ = await opened(system)
    closed = [str(one.id) for _, one in system.world.closed][:2]
    targets = list((await source.get(closed)).values())
    system.world.modes.restore = mode
    refused = (await source.apply(model.Change(model.Action.REOPEN), targets[:1]))[0]
    assert refused.result is model.Result.REFUSED
    assert "restore it there" in refused.reason
    assert model.Action.REOPEN not in source.doubtful
    system.world.modes.restore = "restores"
    for one in targets:
        assert (await source.apply(model.Change(model.Action.REOPEN), [one]))[0].result is model.Result.DONE


@pytest.mark.parametrize("mode", ["on", "off", "discriminator"])
async def test_comments_are_left_once_or_said_to_be_impossible(system: Deployment, mode: str) -> None:
    system.world.modes.comments = mode
    source, found = await opened(system)
    outcome = (await source.apply(model.Change(model.Action.COMMENT, comment="Known issue."), found[:1]))[0]
    said = [comment.message for comment in system.world.comments.values() if comment.anomaly == int(found[0].ref.id)]
    if mode == "on":
        assert outcome.result is model.Result.DONE
        assert said.count("Known issue.") == 1
        assert "Known issue." in [comment.text for comment in await source.comments(found[0].ref.id)]
    else:
        assert outcome.result is model.Result.REFUSED
        assert "took no comment" in outcome.reason
        assert (model.Action.COMMENT in source.doubtful) is (mode == "off"), "one refusal says nothing of the next anomaly"
        await source.apply(model.Change(model.Action.COMMENT, comment="Known issue."), found[1:2])
        assert model.Action.COMMENT in source.doubtful
    assert model.Action.COMMENT in source.supports


async def test_a_comment_on_what_is_gone_does_not_switch_comments_off(system: Deployment) -> None:
    source, found = await opened(system)
    system.world.erase(truth(system, found[0]))
    outcome = (await source.apply(model.Change(model.Action.COMMENT, comment="Hello"), found[:1]))[0]
    assert outcome.result is model.Result.REFUSED
    assert model.Action.COMMENT in source.supports


async def test_what_was_refused_is_tried_by_the_next_who_asks_and_forgotten_after_an_hour(system: Deployment) -> None:
    system.world.modes.comments = "off"
    clock = RealClock()
    source, found = await opened(system, clock=clock)
    change = model.Change(model.Action.COMMENT, comment="Hello")
    await source.apply(change, found[:1])
    assert model.Action.COMMENT in source.doubtful
    clock.now = lambda: datetime.now(UTC) + timedelta(hours=1)  # type: ignore[method-assign]
    await source.get([found[0].ref.id])
    assert model.Action.COMMENT not in source.doubtful
    await source.apply(change, found[:1])
    system.world.modes.comments = "on"
    assert (await source.apply(change, found[:1]))[0].result is model.Result.DONE
    restarted = system.source(clock=clock)
    await restarted.get([found[0].ref.id])
    assert model.Action.COMMENT not in source.doubtful | restarted.doubtful


# --- dialects


async def test_the_other_name_of_the_datastore_filter_is_found_and_remembered(system: Deployment) -> None:
    system.world.modes.datastore_key = "datastore_id"
    source = system.source(datastores=["42"])
    found = (await source.changes("")).anomalies
    assert found
    assert {one.datastore.id for one in found if one.datastore} == {"42"}
    system.calls()
    assert await system.source(datastores=["42"]).count(model.Query()) == len(found)
    assert [dict(call["query"]).get("datastore_id") for call in system.calls()] == ["42"]


async def test_what_another_process_learns_is_known_here_within_a_minute(system: Deployment) -> None:
    clock = Clock(datetime.now(UTC))
    here, there = (system.source(datastores=["42"], clock=clock) for _ in range(2))
    await here.count(model.Query())
    system.world.modes.datastore_key = "datastore_id"
    found = (await there.changes("")).anomalies
    clock.pass_by(seconds=61)
    system.calls()
    assert await here.count(model.Query()) == len(found)
    assert [dict(call["query"]).get("datastore_id") for call in system.calls()] == ["42"]


async def test_what_two_processes_learn_is_known_to_both_and_to_the_next(system: Deployment) -> None:
    """Neither overwrites the other's, though each began without it."""
    clock = Clock(datetime.now(UTC))
    one, two = (system.source(datastores=["42"], clock=clock) for _ in range(2))
    found = list((await one.changes("")).anomalies)
    await two.changes("")
    system.world.modes.comments = "off"
    await one.apply(model.Change(model.Action.COMMENT, comment="Known."), found[:1])
    system.world.modes.datastore_key = "datastore_id"
    await two.changes("")
    clock.pass_by(seconds=61)
    for source in (one, two, system.source(datastores=["42"], clock=clock)):
        system.calls()
        await source.count(model.Query())
        assert [dict(call["query"]).get("datastore_id") for call in system.calls()] == ["42"]
        assert source.doubtful == {model.Action.COMMENT}


async def test_a_database_that_is_away_for_a_moment_does_not_make_it_forget(system: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(datetime.now(UTC))
    system.world.modes.datastore_key = "datastore_id"
    source, found = await opened(system, datastores=["42"], clock=clock)

    async def away(*_: str) -> None:
        raise errors.StoreUnavailable("The database does not answer.")

    monkeypatch.setattr(system.traits, "get", away)
    clock.pass_by(seconds=61)
    assert await source.count(model.Query()) == len(found)
    assert [dict(call["query"]).get("datastore_id") for call in system.calls()] == ["42"]


@pytest.mark.parametrize("switch", [{"bulk": "object"}, {"delete_bodies": "dropped"}])
async def test_bulk_writes_find_the_form_that_works_and_remember_it(system: Deployment, switch: dict[str, str]) -> None:
    source, found = await opened(system)
    for name, value in switch.items():
        setattr(system.world.modes, name, value)
    targets = mine(found)[:6]
    assert len(targets) > 2
    tag = model.Change(model.Action.TAG, add_tags=("incident",))
    archive = model.Change(model.Action.ARCHIVE, archive_as="Resolved")
    for change in (tag, archive):
        outcomes = await source.apply(change, targets)
        assert {outcome.result for outcome in outcomes} == {model.Result.DONE}, outcomes
    assert all(truth(system, one).status == "Resolved" and {*one.tags, "incident"} == set(truth(system, one).tags) for one in targets)
    statuses = [call["status"] for call in system.calls()]
    assert 422 in statuses
    rest = mine(found)[6:] or [one for one in found if one not in mine(found)][:3]
    restarted = system.source()
    assert {one.result for one in await restarted.apply(archive, rest)} == {model.Result.DONE}
    assert 422 not in [call["status"] for call in system.calls()]


async def test_an_outcome_that_an_old_deployment_does_not_know_is_refused_in_its_words(system: Deployment) -> None:
    system.world.modes.deployment = "old"
    source, found = await opened(system)
    outcomes = await source.apply(model.Change(model.Action.ARCHIVE, archive_as="Discarded"), mine(found))
    assert {outcome.result for outcome in outcomes} == {model.Result.REFUSED}
    assert "Duplicate" in outcomes[0].reason
    assert len([call for call in system.calls() if call["method"] == "DELETE"]) == 1
    assert (await source.find(model.Query(statuses=("archived",)))).anomalies


# --- trouble


UNREADABLE = {"mode": "reply", "json": {"fine": True}, "headers": {"content-encoding": "gzip"}, "after": True}
METHODS = {model.Action.ARCHIVE: "DELETE", model.Action.DELETE: "DELETE", model.Action.COMMENT: "POST"}
SINGLE = [
    model.Change(model.Action.ACKNOWLEDGE),
    model.Change(model.Action.ASSIGN, assignees=("12",)),
    model.Change(model.Action.ARCHIVE, archive_as="Invalid"),
    model.Change(model.Action.DELETE),
    model.Change(model.Action.COMMENT, comment="Hello"),
]


@pytest.mark.parametrize("fault", [{"mode": "drop_after"}, UNREADABLE], ids=["lost", "unreadable"])
@pytest.mark.parametrize("change", SINGLE, ids=lambda change: change.action.value)
async def test_after_a_single_write_whose_answer_was_lost_or_cannot_be_read_somebody_looks(
    system: Deployment, change: model.Change, fault: dict[str, Any]
) -> None:
    """It was done, and is not done again. A remark cannot be looked for, so that is told."""
    source, found = await opened(system)
    system.parts.faults.add(method=METHODS.get(change.action, "PUT"), times=1, **fault)
    if change.action is model.Action.COMMENT:
        with pytest.raises(errors.SourceGarbled if fault is UNREADABLE else errors.SourceUnavailable):
            await source.apply(change, found[:1])
    else:
        assert (await source.apply(change, found[:1]))[0].result is not model.Result.REFUSED
    assert len([call for call in system.calls() if call["method"] != "GET"]) == 1


@pytest.mark.parametrize("change", SINGLE, ids=lambda change: change.action.value)
async def test_an_update_under_which_the_connection_broke_is_sent_once_more_when_nothing_happened(
    system: Deployment, change: model.Change
) -> None:
    """Neither a removal nor a remark is: it may still be on its way."""
    source, found = await opened(system)
    system.parts.faults.add(mode="drop", method=METHODS.get(change.action, "PUT"), times=1)
    if change in SINGLE[:2]:
        assert (await source.apply(change, found[:1]))[0].result is model.Result.DONE
        assert [line.split()[0] for line in system.lines()] == ["PUT", "GET", "PUT"]
    else:
        with pytest.raises(errors.SourceUnavailable):
            await source.apply(change, found[:1])
        assert len([line for line in system.lines() if not line.startswith("GET")]) == 1


async def test_of_a_bulk_whose_last_one_broke_the_last_one_is_sent_once_more(system: Deployment) -> None:
    source, found = await opened(system, max_batch=1)
    targets = mine(found)[:3]
    system.parts.faults.add(mode="drop", path=f"anomalies/{targets[1].ref.id}$", method="PUT", times=1)
    outcomes = await source.apply(SINGLE[0], targets)
    assert {outcome.result for outcome in outcomes} == {model.Result.DONE}
    assert len([line for line in system.lines() if line.startswith("PUT")]) == 4


@pytest.mark.parametrize("action", [model.Action.ACKNOWLEDGE, model.Action.ARCHIVE, model.Action.DELETE])
@pytest.mark.parametrize("mode", ["drop", "drop_after"])
async def test_a_lost_answer_of_a_bulk_write_is_looked_up_before_anything_is_sent_again(
    system: Deployment, action: model.Action, mode: str
) -> None:
    source, found = await opened(system)
    targets = mine(found)
    change = model.Change(action, archive_as="Invalid" if action is model.Action.ARCHIVE else None)
    system.parts.faults.add(mode=mode, method="PATCH" if action is model.Action.ACKNOWLEDGE else "DELETE", times=1)
    outcomes = await source.apply(change, targets)
    assert model.Result.REFUSED not in {outcome.result for outcome in outcomes}
    lines = [line.split()[0] for line in system.lines()]
    writes = lines.count("PATCH") + lines.count("DELETE")
    assert writes == (1 if mode == "drop_after" else 3)
    assert lines.index("GET") == 1
    if action is not model.Action.DELETE:
        assert {truth(system, one).status for one in targets} == {"Acknowledged" if action is model.Action.ACKNOWLEDGE else "Invalid"}


async def test_a_bulk_that_asks_to_wait_goes_on(system: Deployment) -> None:
    source, found = await opened(system)
    system.parts.faults.add(mode="429", method="PATCH", times=1, retry_after=0)
    outcomes = await source.apply(model.Change(model.Action.ACKNOWLEDGE), found)
    assert model.Result.REFUSED not in {outcome.result for outcome in outcomes}


# --- many in a datastore without rights

REFUSED_ALIKE = [
    model.Change(model.Action.ACKNOWLEDGE),
    model.Change(model.Action.ARCHIVE, archive_as="Invalid"),
    model.Change(model.Action.DELETE),
]


async def crowd(system: Deployment, count: int, **settings: Any) -> tuple[Any, list[model.Anomaly]]:
    """`count` anomalies in one datastore, and a few in another."""
    stores = {container.datastore.id: container for container in system.world.facts.containers.values()}
    made = [one.id for one in system.world.arrive(count, [stores[42]])]
    others = [one.id for one in system.world.arrive(7, [stores[43]])]
    source, found = await opened(system, **settings)
    known = {int(one.ref.id): one for one in found}
    return source, [known[ident] for ident in (*made, *others)]


@pytest.mark.parametrize("change", REFUSED_ALIKE, ids=lambda change: change.action.value)
async def test_a_thousand_without_the_right_cost_few_calls(system: Deployment, change: model.Change) -> None:
    source, targets = await crowd(system, 1000)
    system.world.tokens.limit(42, "Reporter", fake.SANDBOX_TOKEN)
    outcomes = await source.apply(change, targets)
    assert len(system.calls()) < 260
    right = "Editor" if change.action is model.Action.ACKNOWLEDGE else "Author"
    assert {(one.result, one.right, one.place) for one in outcomes[:1000]} == {(model.Result.REFUSED, right, "warehouse-prod")}
    assert {one.result for one in outcomes[1000:]} == {model.Result.DONE}


async def test_what_is_known_of_a_missing_right_outlasts_a_call_and_ends_with_the_right(system: Deployment) -> None:
    """As a batch does it: a chunk in a call of its own, four calls at once."""
    clock = RealClock()
    source, targets = await crowd(system, 1000, clock=clock)
    system.world.tokens.limit(42, "Reporter", fake.SANDBOX_TOKEN)
    change, chunks = REFUSED_ALIKE[1], [targets[start : start + 100] for start in range(0, 1000, 100)]
    for four in (chunks[:4], chunks[4:8], chunks[8:]):
        outcomes = await asyncio.gather(*(source.apply(change, chunk) for chunk in four))
        assert {one.right for part in outcomes for one in part} == {"Author"}
    assert len(system.calls()) < 260
    await source.apply(change, chunks[0][:50])
    assert len(system.calls()) == 3
    await source.apply(REFUSED_ALIKE[0], chunks[0][:50])
    assert len(system.calls()) == 99, "another right is another question"
    clock.now = lambda: datetime.now(UTC) + timedelta(minutes=2)  # type: ignore[method-assign]
    await source.apply(change, chunks[0][:50])
    assert len(system.calls()) == 99, "after a while it is asked again"
    system.world.tokens.limit(42, "Author", fake.SANDBOX_TOKEN)
    assert {one.result for one in await source.apply(change, chunks[1])} == {model.Result.DONE}
    assert len(system.calls()) == 1
