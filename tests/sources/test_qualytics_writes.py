"""What a change sends, and what becomes of refusals, lost answers and odd deployments."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot import model
from tests.sources.staging import NOW, Clock, Make, Traits, Wire, anomaly_json, page_json


def target(ident: str = "1001", state: model.State = model.State.ACTIVE, status: str = "Active", **fields: Any) -> model.Anomaly:
    fields = {"datastore": model.Place("42", "warehouse-prod"), **fields}
    return model.Anomaly(model.Ref("qualytics", ident), state, status, NOW, **fields)


def body_of(request: httpx.Request) -> Any:
    return json.loads(request.content)


async def test_one_tag_more_keeps_the_others_and_the_status(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(200, json={}))
    held = target(state=model.State.ACKNOWLEDGED, status="Acknowledged", tags=("a", "b"))
    change = model.Change(model.Action.TAG, add_tags=("c", "a"), remove_tags=("b",))
    await over(wire).apply(change, [held])
    assert body_of(wire.requests[0]) == {"status": "Acknowledged", "tags": ["a", "c"]}


async def test_a_write_that_succeeded_has_succeeded_whatever_its_answer_holds(over: Make) -> None:
    async def huge() -> Any:
        for _ in range(12):
            yield b"x" * 2**20

    source = over(lambda _: httpx.Response(200, content=huge()))
    assert (await source.apply(model.Change(model.Action.ACKNOWLEDGE), [target()]))[0].result is model.Result.DONE


async def test_in_bulk_every_anomaly_keeps_its_own_tags_and_status(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(204))
    held = [target("1", tags=("a",)), target("2", model.State.ACKNOWLEDGED, "Acknowledged", tags=("b",))]
    await over(wire).apply(model.Change(model.Action.ASSIGN, assignees=(), add_tags=("c",)), held)
    assert wire.lines == ["PATCH /api/anomalies"]
    assert body_of(wire.requests[0]) == [
        {"id": 1, "status": "Active", "tags": ["a", "c"], "assignee_ids": []},
        {"id": 2, "status": "Acknowledged", "tags": ["b", "c"], "assignee_ids": []},
    ]


async def test_archive_is_always_explicit(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(204))
    source = over(wire)
    for action in (model.Action.ARCHIVE, model.Action.DELETE):
        for held in ([target("1")], [target("1"), target("2")]):
            await source.apply(model.Change(action, archive_as="Invalid"), held)
    single, bulk, single_delete, bulk_delete = wire.requests
    assert dict(single.url.params) == {"archive": "true", "status": "Invalid"}
    assert body_of(bulk) == [{"id": 1, "archive": True, "status": "Invalid"}, {"id": 2, "archive": True, "status": "Invalid"}]
    assert single_delete.url.params["archive"] == "false"
    assert body_of(bulk_delete) == [{"id": 1, "archive": False}, {"id": 2, "archive": False}]


async def test_what_archiving_cannot_carry_goes_first(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(200, json={}))
    change = model.Change(model.Action.ARCHIVE, archive_as="Resolved", description="fixed in INC-1", comment="Fixed.")
    outcomes = await over(wire).apply(change, [target()])
    assert outcomes == [model.Outcome(target().ref, model.Result.DONE)]
    assert wire.lines == ["PUT /api/anomalies/1001", "POST /api/comments", "DELETE /api/anomalies/1001"]
    assert body_of(wire.requests[0]) == {"status": "Active", "description": "fixed in INC-1"}


async def test_a_bulk_that_is_too_large_is_halved_after_a_look(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked = [int(one) for one in request.url.params.get_list("id")]
            return httpx.Response(200, json=page_json([anomaly_json(one) for one in asked]))
        return httpx.Response(413 if len(body_of(request)) > 5 else 204)

    wire = Wire(handler)
    outcomes = await over(wire).apply(model.Change(model.Action.ACKNOWLEDGE), [target(str(one)) for one in range(1, 11)])
    assert {one.result for one in outcomes} == {model.Result.DONE}
    assert wire.lines == ["PATCH /api/anomalies", "GET /api/anomalies", "PATCH /api/anomalies", "PATCH /api/anomalies"]


async def test_a_half_done_delete_is_settled_by_looking(over: Make) -> None:
    """The server deletes some of the chunk and then refuses it: what is gone counts as done."""
    alive = {1, 2, 3, 4}

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked = [int(one) for one in request.url.params.get_list("id")] or [int(request.url.path.rpartition("/")[2])]
            found = [anomaly_json(one) for one in asked if one in alive]
            if "id" in request.url.params:
                return httpx.Response(200, json=page_json(found))
            return httpx.Response(200, json=found[0]) if found else httpx.Response(404)
        ids = [one["id"] for one in body_of(request)] if request.content else [int(request.url.path.rpartition("/")[2])]
        if 4 in ids:
            alive.difference_update(one for one in ids if one == 1)
            return httpx.Response(403 if ids == [4] else 404, json={"detail": "4 belongs to another team"})
        if set(ids) - alive:
            return httpx.Response(404, json={"detail": "Anomaly not found"})
        alive.difference_update(ids)
        return httpx.Response(204)

    outcomes = await over(handler).apply(model.Change(model.Action.DELETE), [target(str(one)) for one in (1, 2, 3, 4)])
    assert [one.result for one in outcomes] == [model.Result.DONE] * 3 + [model.Result.REFUSED]
    assert outcomes[3].right == "Author"
    assert alive == {4}


async def test_somebody_else_was_first(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=anomaly_json(1001, status="Resolved", archived=True))
        return httpx.Response(422, json={"detail": "already archived"})

    outcomes = await over(handler).apply(model.Change(model.Action.ARCHIVE, archive_as="Resolved"), [target()])
    assert outcomes[0].result is model.Result.ALREADY


async def test_the_form_of_a_bulk_update_is_remembered(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        if isinstance(body_of(request), list):
            return httpx.Response(422, json={"detail": [{"loc": ["body"], "msg": "Input should be an object"}]})
        return httpx.Response(204)

    wire, change = Wire(handler), model.Change(model.Action.ACKNOWLEDGE)
    assert {one.result for one in await over(wire).apply(change, [target("1"), target("2")])} == {model.Result.DONE}
    assert body_of(wire.requests[1]) == {"ids": [1, 2], "status": "Acknowledged"}
    wire.requests.clear()
    await over(wire).apply(change, [target("3"), target("4")])
    assert [body_of(one) for one in wire.requests] == [{"ids": [3, 4], "status": "Acknowledged"}]


async def test_both_forms_are_tried_only_once(over: Make) -> None:
    wire = Wire(lambda one: httpx.Response(422, json={"detail": [{"loc": ["body"], "msg": "no"}]}))
    source, change = over(wire), model.Change(model.Action.ACKNOWLEDGE)
    outcomes = await source.apply(change, [target("1"), target("2")])
    assert {one.result for one in outcomes} == {model.Result.REFUSED}
    assert wire.lines.count("PATCH /api/anomalies") == 2
    wire.requests.clear()
    await source.apply(change, [target("1"), target("2")])
    assert wire.lines.count("PATCH /api/anomalies") == 1


async def test_bulk_deletes_are_not_given_up_because_single_ones_fail_too(over: Make, traits: Traits) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403 if request.url.path[-1].isdigit() else 405, json={"detail": "no"})

    await over(handler).apply(model.Change(model.Action.DELETE), [target("1"), target("2")])
    assert traits.values == {}


async def test_a_bulk_delete_that_has_to_wait_looks_before_it_goes_on(over: Make) -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(204)])

    def handler(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked = request.url.params.get_list("id")
            return httpx.Response(200, json=page_json([anomaly_json(int(one)) for one in asked]))
        return next(answers, httpx.Response(204))

    wire = Wire(handler)
    outcomes = await over(wire).apply(model.Change(model.Action.DELETE), [target("1"), target("2")])
    assert {one.result for one in outcomes} == {model.Result.DONE}
    assert [line.split()[0] for line in wire.lines][:2] == ["DELETE", "GET"]


async def test_words_that_qualytics_does_not_take_say_nothing_about_comments(over: Make) -> None:
    fault = {"detail": [{"loc": ["body", "message"], "msg": "String should have at most 10 characters"}]}
    wire = Wire(lambda one: httpx.Response(422, json=fault) if one.method == "POST" else httpx.Response(200, json=anomaly_json(1001)))
    source = over(wire)
    outcome = (await source.apply(model.Change(model.Action.COMMENT, comment="far too long"), [target()]))[0]
    assert "at most 10 characters" in outcome.reason
    assert model.Action.COMMENT in source.supports


async def test_the_first_comment_shows_whether_any_can_be_left(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        found = anomaly_json(int(request.url.path.rpartition("/")[2])) if request.method == "GET" else {}
        return httpx.Response(200, json=found) if found else httpx.Response(404, json={"detail": "Not Found"})

    wire = Wire(handler)
    outcomes = await over(wire).apply(model.Change(model.Action.COMMENT, comment="x"), [target(str(one)) for one in range(1, 9)])
    assert {one.result for one in outcomes} == {model.Result.REFUSED}
    assert wire.lines.count("POST /api/comments") == 1


@pytest.mark.parametrize(
    "change",
    [
        model.Change(model.Action.ACKNOWLEDGE),
        model.Change(model.Action.ARCHIVE, archive_as="Invalid"),
        model.Change(model.Action.DELETE),
    ],
    ids=lambda change: change.action.value,
)
@pytest.mark.parametrize("good", [(25,), (29,), (20, 24, 27), (3,), (3, 25), (0, 9, 15)], ids=str)
async def test_without_rights_on_most_those_that_a_sample_shows_are_still_done_once(
    over: Make, change: model.Change, good: tuple[int, ...]
) -> None:
    """Three chunks of ten, where the third holds good ones, or the first does."""
    done: list[int] = []
    source = over(by_id(set(good), done), max_batch=10)
    outcomes = await source.apply(change, [target(str(one)) for one in range(30)])
    assert [int(one.ref.id) for one in outcomes if one.result is model.Result.DONE] == sorted(done) == sampled(good)
    assert all(one.right for one in outcomes if one.result is model.Result.REFUSED)
    assert len(done) == len(set(done)), "nothing is sent twice"


def sampled(good: tuple[int, ...]) -> list[int]:
    """Which of the good ones can be found: all, but for those of a later chunk whose first and last are bad while the first chunk was
    bad as a whole."""
    scouted = any(one < 10 for one in good)
    return [one for one in good if scouted or one < 10 or {one // 10 * 10, one // 10 * 10 + 9} & set(good)]


def by_id(good: set[int], done: list[int]) -> Wire:
    """A server that refuses by id; a call that holds a bad one does nothing."""

    def handler(request: httpx.Request) -> httpx.Response:
        tail = request.url.path.rpartition("/")[2]
        ids = [int(tail)] if tail.isdecimal() else [one["id"] for one in body_of(request)]
        if set(ids) - good:
            return httpx.Response(403, json={"detail": "Editor permission is required"})
        done.extend(ids)
        return httpx.Response(200, json={})

    return Wire(handler)


async def test_a_datastore_without_rights_says_nothing_of_another(over: Make) -> None:
    done: list[int] = []
    held = [target(str(one), datastore=model.Place("42" if one < 20 else "43", "x")) for one in range(40)]
    await over(by_id({35}, done), max_batch=10).apply(model.Change(model.Action.ACKNOWLEDGE), [*held[:20], *held[30:]])
    assert done == [35]


async def test_where_something_could_be_changed_nothing_is_skipped_for_a_while(over: Make, clock: Clock) -> None:
    good, done = {3}, list[int]()
    wire = by_id(good, done)
    source, held = over(wire, max_batch=10), [target(str(one)) for one in range(30)]
    await source.apply(model.Change(model.Action.ACKNOWLEDGE), held[:10])
    good.clear()
    for minutes, calls in ((0, 3 * 19), (2, 3 + 18 + 4)):
        clock.at += timedelta(minutes=minutes)
        wire.requests.clear()
        await source.apply(model.Change(model.Action.ACKNOWLEDGE), held)
        assert len(wire.requests) == calls
    good.update(range(20, 30))
    await source.apply(model.Change(model.Action.ACKNOWLEDGE), [*held[:10], *held[20:]])
    assert done == [3, *range(20, 30)]


async def test_a_body_with_delete_that_got_lost_is_tried_again_after_an_hour(over: Make, clock: Clock) -> None:
    """A proxy that drops bodies may be mended; what the deployment speaks by itself is not asked for again."""
    mended = False

    def handler(request: httpx.Request) -> httpx.Response:
        single = request.url.path[-1].isdigit()
        return httpx.Response(204 if single or mended else 405, json={"detail": "no"} if not (single or mended) else None)

    wire = Wire(handler)
    source, change = over(wire), model.Change(model.Action.DELETE)
    await source.apply(change, [target("1"), target("2")])
    mended = True
    for minutes, lines in ((59, ["DELETE /api/anomalies/3", "DELETE /api/anomalies/4"]), (1, ["DELETE /api/anomalies"])):
        clock.at += timedelta(minutes=minutes)
        wire.requests.clear()
        await source.apply(change, [target("3"), target("4")])
        assert wire.lines == lines
