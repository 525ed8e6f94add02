"""Single answers of the wire: what every status means, what is repeated, what never appears in an error, odd deployments."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot import errors, model
from bot.sources import base
from bot.sources.qualytics import client
from tests.sources.conftest import NOW, TOKEN, Clock, Facts, Make, Wire, anomaly_json, fixture, page_json

RETRIED = {408, 425, 429, 500, 501, 502, 503, 504, 507, 599}


def target(ident: str = "1001", state: model.State = model.State.OPEN, status: str = "Active", **fields: Any) -> model.Anomaly:
    fields = {"datastore": model.Place("42", "warehouse-prod"), **fields}
    return model.Anomaly(model.Ref("qualytics", ident), state, status, NOW, **fields)


def jwt(expires: float) -> str:
    body = base64.urlsafe_b64encode(json.dumps({"sub": "x", "exp": expires}).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJIUzI1NiJ9.{body}.c2ln"


def verdict(status: int) -> type[errors.SourceError]:
    named = {401: errors.SourceAuthFailed, 403: errors.SourceForbidden, 404: errors.SourceMissing, 429: errors.SourceRateLimited}
    if status in named:
        return named[status]
    return errors.SourceUnavailable if status >= 500 or status in (408, 425) else errors.SourceRejected


# --- verdicts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [code for code in range(300, 600) if code in httpx.codes._value2member_map_])
async def test_every_status_has_one_verdict(over: Make, status: int) -> None:
    wire = Wire(
        lambda _: httpx.Response(status, json={"detail": f"no, Bearer {TOKEN}"}, headers={} if status == 503 else {"retry-after": "0"})
    )
    source = over(wire)
    expected = errors.SourceRateLimited if status == 429 else verdict(status)
    with pytest.raises(errors.SourceError) as raised:
        await source.people()
    assert type(raised.value) is expected
    assert len(wire.requests) == (base.ATTEMPTS if raised.value.retryable else 1)
    assert TOKEN not in str(raised.value)
    assert raised.value.source == "qualytics"


@pytest.mark.parametrize("status", [401, 403, 404, 422, 429, 500, 503])
@pytest.mark.parametrize(
    "change",
    [model.Change(model.Action.ACKNOWLEDGE), model.Change(model.Action.DELETE), model.Change(model.Action.COMMENT, comment="x")],
    ids=lambda change: change.action.value,
)
async def test_writes_are_never_repeated(over: Make, change: model.Change, status: int) -> None:
    wire = Wire(lambda one: httpx.Response(200, json=anomaly_json(1001)) if one.method == "GET" else httpx.Response(status, json={}))
    if status in (401, 429, 500, 503):
        with pytest.raises(errors.SourceError):
            await over(wire).apply(change, [target()])
    else:
        outcomes = await over(wire).apply(change, [target()])
        assert outcomes[0].result is model.Result.REFUSED
    assert len([one for one in wire.requests if one.method != "GET"]) == 1


async def test_the_systems_own_words_and_fields_are_kept(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(422, json=fixture("validation_error")))
    with pytest.raises(errors.SourceRejected) as raised:
        await over(wire).count(model.Query())
    assert "Input should be 'Active' or 'Acknowledged' (body.0.status)" in str(raised.value)
    assert (raised.value.fields, raised.value.status) == (("body.0.status",), 422)


async def test_a_missing_right_names_itself_and_the_datastore(over: Make) -> None:
    source = over(Wire(lambda _: httpx.Response(403, json={"detail": "Not enough permissions"})))
    outcome = (await source.apply(model.Change(model.Action.ARCHIVE, archive_as=model.ArchiveAs.RESOLVED), [target()]))[0]
    assert (outcome.right, outcome.place) == ("Author", "warehouse-prod")
    assert "Author" in outcome.reason
    assert "warehouse-prod" in outcome.reason
    assert "Not enough permissions" in outcome.reason


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"retry-after": "17"}, 17.0),
        ({"retry-after": "Fri, 08 May 2026 12:01:30 GMT"}, 90.0),
        ({"retry-after": "soon"}, 1.0),
        ({"retry-after": "nan"}, 1.0),
        ({"retry-after": "99999999"}, 3600.0),
    ],
)
async def test_retry_after_is_told(over: Make, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], waits: float) -> None:
    monkeypatch.setattr(base, "LONGEST_WAIT", 0.5)
    wire = Wire(lambda _: httpx.Response(429, headers=headers))
    with pytest.raises(errors.SourceRateLimited) as raised:
        await over(wire).people()
    assert raised.value.retry_after == waits
    assert len(wire.requests) == 1


async def test_a_short_retry_after_is_waited_for(over: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(base, "pause", sleep)
    answers = iter([httpx.Response(503, headers={"retry-after": "2"}), httpx.Response(200, json=page_json([]))])
    assert await over(Wire(lambda _: next(answers))).people() == []
    assert slept == [2.0]


@pytest.mark.parametrize(
    ("content", "headers", "words"),
    [
        (b"", {}, "not JSON"),
        (b"<html>login</html>", {}, "not JSON"),
        (b"[" * 100_000, {}, "not JSON"),
        (b'{"items": 3}', {}, "not a page"),
        (json.dumps(page_json([{"id": None}, 7])).encode(), {}, "nothing can be understood"),
        (b" " * (base.MAX_BODY + 1), {}, "more than 8 MB"),
        (b"not gzip", {"content-encoding": "gzip"}, "unpacked"),
    ],
    ids=["empty", "html", "deep", "no list", "no anomaly", "huge", "not gzip"],
)
async def test_garbage_is_called_garbage(over: Make, content: bytes, headers: dict[str, str], words: str) -> None:
    async def body() -> Any:
        yield content

    with pytest.raises(errors.SourceGarbled, match=words):
        await over(lambda _: httpx.Response(200, content=body(), headers=headers)).changes("")


async def test_a_large_answer_is_not_read_to_its_end(over: Make) -> None:
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1
            yield b"x" * 2**20

    with pytest.raises(errors.SourceGarbled):
        await over(lambda _: httpx.Response(200, content=endless())).changes("")
    assert sent <= base.MAX_BODY // 2**20 + 1


async def test_connection_troubles_have_no_library_words(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"failed with {request.headers['authorization']}", request=request)

    wire = Wire(handler)
    with pytest.raises(errors.SourceUnavailable) as raised:
        await over(wire).people()
    assert TOKEN not in str(raised.value)
    assert isinstance(raised.value.__cause__, httpx.ConnectError)
    assert len(wire.requests) == base.ATTEMPTS


# --- the token --------------------------------------------------------------------------------------------------------


async def test_an_expired_token_is_noticed_before_the_call(over: Make, clock: Clock) -> None:
    wire = Wire(lambda _: httpx.Response(200, json=page_json([])))
    source = over(wire, token=jwt((NOW + timedelta(minutes=5)).timestamp()))
    await source.people()
    clock.at = NOW + timedelta(minutes=5)
    with pytest.raises(errors.SourceAuthFailed, match=r"expired on 2026-05-08 12:05 UTC.*new token.*QUALYTICS_TOKEN"):
        await source.people()
    assert len(wire.requests) == 1


@pytest.mark.parametrize("token", ["plain", "a.b.c", "a.bm90IGpzb24.c", jwt(float("inf")), "eyJhbGciOiJIUzI1NiJ9.e30.x"])
async def test_a_token_without_a_readable_end_is_used_as_it_is(over: Make, token: str) -> None:
    wire = Wire(lambda _: httpx.Response(200, json=page_json([])))
    await over(wire, token=f" {token}\n").people()
    assert wire.requests[0].headers["authorization"] == f"Bearer {token}"


@pytest.mark.parametrize("detail", [f"bad token {TOKEN}", f"Bearer {TOKEN}", f"see {jwt(1.0)}", [{"loc": ["header"], "msg": f"{TOKEN}?"}]])
async def test_no_error_ever_holds_a_token(over: Make, detail: Any) -> None:
    with pytest.raises(errors.SourceRejected) as raised:
        await over(lambda _: httpx.Response(400, json={"detail": detail})).people()
    assert TOKEN not in str(raised.value)
    assert "eyJ" not in str(raised.value)
    assert "[token]" in str(raised.value)


@pytest.mark.parametrize(
    ("url", "web"),
    [
        ("acme.qualytics.io", "https://acme.qualytics.io"),
        ("https://acme.qualytics.io/", "https://acme.qualytics.io"),
        ("https://acme.qualytics.io/api", "https://acme.qualytics.io"),
        ("https://acme.qualytics.io/api/", "https://acme.qualytics.io"),
        (" http://localhost:8000 ", "http://localhost:8000"),
        ("https://my-api", "https://my-api"),
    ],
)
def test_the_address_is_normalised(url: str, web: str) -> None:
    assert client.web_address(url) == web


# --- reading leniently ------------------------------------------------------------------------------------------------


async def read_one(over: Make, **fields: Any) -> model.Anomaly:
    raw = {key: value for key, value in anomaly_json(1001, **fields).items() if value != "absent"}
    return (await over(lambda _: httpx.Response(200, json=raw)).get(["1001"]))["1001"]


async def test_the_sample_is_understood_whole(over: Make) -> None:
    one = await read_one(over)
    assert one == model.Anomaly(
        ref=model.Ref("qualytics", "1001"),
        state=model.State.OPEN,
        status="Active",
        created=NOW.replace(hour=9, minute=12, microsecond=123456),
        type="record",
        description="4,210 rows fail: customer_id not null",
        severity=model.Severity.HIGH,
        weight=54.0,
        records=4210,
        fingerprint="8412907731",
        tags=("critical", "pii"),
        assignees=(model.Person("qualytics", "12", "Dana Reyes", "dana@acme.example"),),
        checks=(model.Check("555", "notNull", ("customer_id",), "customer_id is null in 4,210 rows"),),
        datastore=model.Place("42", "warehouse-prod"),
        container=model.Place("100", "orders"),
        enriched=True,
        url="https://acme.qualytics.io/anomalies/1001",
    )


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"status": "Escalated", "archived": False}, {"state": model.State.OPEN, "status": "Escalated"}),
        ({"status": "Muted", "archived": True}, {"state": model.State.ARCHIVED, "status": "Muted", "archived_as": None}),
        ({"status": "Duplicate"}, {"state": model.State.ARCHIVED, "archived_as": model.ArchiveAs.DUPLICATE}),
        ({"status": None}, {"state": model.State.OPEN, "status": "Active"}),
        ({"weight": 79.9}, {"severity": model.Severity.HIGH}),
        ({"weight": "80"}, {"severity": model.Severity.CRITICAL, "weight": 80.0}),
        ({"weight": None}, {"severity": None, "weight": None}),
        ({"weight": -3}, {"severity": model.Severity.LOW}),
        ({"weight": "heavy"}, {"weight": None}),
        ({"weight": "absent", "importance_score": 20}, {"weight": 20.0, "severity": model.Severity.MEDIUM}),
        ({"anomalous_records_count": 12.0}, {"records": 12}),
        ({"anomalous_records_count": None}, {"records": None}),
        ({"created": "2026-05-08T09:00:00"}, {"created": NOW.replace(hour=9)}),
        ({"created": "2026-05-08T11:00:00+02:00"}, {"created": NOW.replace(hour=9)}),
        ({"fingerprint": "abc"}, {"fingerprint": "abc"}),
        ({"global_tags": ["a", {"name": "b"}, {"color": "#fff"}, None, "a"]}, {"tags": ("a", "b")}),
        (
            {"assignees": [{"id": 1, "name": None, "user_name": "kim"}, {"name": "no id"}, "x"]},
            {"assignees": (model.Person("qualytics", "1", "kim"),)},
        ),
        ({"failed_checks": None, "datastore": None, "container": "orders"}, {"checks": (), "datastore": None, "container": None}),
    ],
    ids=str,
)
async def test_odd_fields_are_normal(over: Make, fields: dict[str, Any], wanted: dict[str, Any]) -> None:
    one = await read_one(over, **fields)
    assert {name: getattr(one, name) for name in wanted} == wanted


async def test_an_item_that_cannot_be_understood_is_left_out_and_the_rest_is_read(over: Make, caplog: pytest.LogCaptureFixture) -> None:
    items = [anomaly_json(1), {"id": True}, anomaly_json(2, created="yesterday"), anomaly_json(3)]
    source = over(lambda _: httpx.Response(200, json=page_json(items)))
    assert {one.ref.id for one in (await source.changes("")).anomalies} == {"1", "3"}
    await source.changes("")
    assert len(caplog.records) == 1


# --- lists that drift, lie or stay silent -----------------------------------------------------------------------------


async def test_a_list_that_shrinks_while_it_is_read_is_read_once_more(over: Make) -> None:
    ids = list(range(1, 21))

    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        shown = ids[(page - 1) * 10 : page * 10]
        reply = page_json([anomaly_json(one) for one in shown], total=len(ids), page=page, size=10)
        if ids[0] == 1:
            ids.pop(0)
        return httpx.Response(200, json=reply)

    wire = Wire(handler)
    found = await over(wire, page_size=10).changes("")
    assert {int(one.ref.id) for one in found.anomalies} == set(range(2, 21))
    assert len(wire.requests) == 4


async def test_a_server_that_gives_smaller_pages_than_asked_is_read_whole(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = range(1, 26)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json=page_json([anomaly_json(one) for one in ids], total=25, page=page, size=10))

    assert len((await over(handler).changes("")).anomalies) == 25


async def test_a_server_without_a_total_is_read_until_a_page_is_not_full(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        ids = range(1, 26)[(page - 1) * 10 : page * 10]
        return httpx.Response(200, json={"items": [anomaly_json(one) for one in ids]})

    assert len((await over(handler, page_size=10).changes("")).anomalies) == 25


async def test_when_no_filter_works_foreign_anomalies_are_dropped_all_the_same(over: Make) -> None:
    items = [anomaly_json(1), anomaly_json(2, datastore={"id": 7, "name": "other"}), anomaly_json(3)]
    wire = Wire(lambda _: httpx.Response(200, json=page_json(items)))
    source = over(wire, datastores=["42"])
    assert {one.ref.id for one in (await source.changes("")).anomalies} == {"1", "3"}
    assert await source.count(model.Query()) == 2
    assert len([one for one in wire.requests if "datastore_id" in one.url.params]) == 1


async def test_a_filter_that_is_ignored_lets_nothing_through(over: Make) -> None:
    items = [anomaly_json(1), anomaly_json(2, type="shape"), anomaly_json(3, status="Acknowledged")]
    source = over(lambda _: httpx.Response(200, json=page_json(items)))
    assert {one.ref.id for one in (await source.find(model.Query(types=("shape",)))).anomalies} == {"2"}
    assert {one.ref.id for one in (await source.find(model.Query(statuses=("acknowledged",)))).anomalies} == {"3"}
    assert await source.count(model.Query(statuses=("acknowledged",))) == 1
    first = await source.find(model.Query(types=("shape",), limit=1))
    assert ([one.ref.id for one in first.anomalies], first.total) == (["2"], 1)


def deployment_with(ids: list[int], mode: str) -> Wire:
    """A server whose `id` filter is a list, only its last value, ignored, or refused."""

    def handler(request: httpx.Request) -> httpx.Response:
        tail = request.url.path.rpartition("/")[2]
        if tail.isdecimal():
            return (
                httpx.Response(200, json=anomaly_json(int(tail))) if int(tail) in ids else httpx.Response(404, json={"detail": "Not found"})
            )
        asked = [int(one) for one in request.url.params.get_list("id")]
        if mode == "refused":
            return httpx.Response(422, json={"detail": [{"loc": ["query", "id"], "msg": "Input should be an integer"}]})
        asked = {"list": asked, "last": asked[-1:], "ignored": ids}[mode]
        return httpx.Response(
            200, json=page_json([anomaly_json(one) for one in ids if one in asked][:100], total=len(set(asked) & set(ids)))
        )

    return Wire(handler)


@pytest.mark.parametrize("mode", ["list", "last", "ignored", "refused"])
async def test_many_ids_are_read_right_on_every_deployment(over: Make, facts: Facts, mode: str) -> None:
    ids = list(range(1, 151))
    wire = deployment_with(ids, mode)
    source = over(wire)
    wanted = [str(one) for one in range(1, 141, 4)] + ["900"]
    reading = await source.read(wanted)
    assert reading.found.keys() == set(wanted[:-1])
    assert reading.gone == {"900"}
    wire.requests.clear()
    assert (await over(wire).get(wanted)).keys() == set(wanted[:-1])
    lists = [line for line in wire.lines if line == "GET /api/anomalies"]
    assert len(lists) == (1 if mode == "list" else 0)


async def test_the_first_ids_come_first_where_every_id_costs_a_call(over: Make) -> None:
    source = over(deployment_with(list(range(1, 50)), "refused"))
    await source.read(["1", "2"])
    reading = await source.read([str(one) for one in range(1, 40)], pages=5)
    assert reading.found.keys() == {"1", "2", "3", "4", "5"}
    assert not reading.gone


# --- changes on the wire ----------------------------------------------------------------------------------------------


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
            await source.apply(model.Change(action, archive_as=model.ArchiveAs.INVALID), held)
    single, bulk, single_delete, bulk_delete = wire.requests
    assert dict(single.url.params) == {"archive": "true", "status": "Invalid"}
    assert body_of(bulk) == [{"id": 1, "archive": True, "status": "Invalid"}, {"id": 2, "archive": True, "status": "Invalid"}]
    assert single_delete.url.params["archive"] == "false"
    assert body_of(bulk_delete) == [{"id": 1, "archive": False}, {"id": 2, "archive": False}]


async def test_what_archiving_cannot_carry_goes_first(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(200, json={}))
    change = model.Change(model.Action.ARCHIVE, archive_as=model.ArchiveAs.RESOLVED, description="fixed in INC-1", comment="Fixed.")
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

    outcomes = await over(handler).apply(model.Change(model.Action.ARCHIVE, archive_as=model.ArchiveAs.RESOLVED), [target()])
    assert outcomes[0].result is model.Result.ALREADY


# --- operations and pushes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True])
async def test_an_operation_plain_or_wrapped(over: Make, wrapped: bool) -> None:
    raw = fixture("operation")
    scan = await over(lambda _: httpx.Response(200, json=page_json([raw]) if wrapped else raw)).scan("3001")
    assert (scan.kind, scan.result, scan.message) == ("sync", model.ScanResult.WARNING, "2 tables were skipped")
    assert (scan.tables_total, scan.tables_done, scan.records, scan.anomalies) == (10, 8, 120_000, 3)
    assert scan.ended == NOW.replace(hour=9, minute=1)
    assert scan.by == "Dana Reyes"


async def test_starting_is_never_repeated(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    wire = Wire(handler)
    with pytest.raises(errors.SourceUnavailable):
        await over(wire).start(model.ScanRequest("scan", "42"))
    assert len(wire.requests) == 1


LINK = "https://acme.qualytics.io/anomalies/1001"


@pytest.mark.parametrize(
    ("body", "ids"),
    [
        (json.dumps(fixture("push_n8n")).encode(), ["1001", "1002"]),
        (json.dumps({"text": f"New record anomaly in orders: {LINK}"}).encode(), ["1001"]),
        (f"New anomaly <{LINK}|open>, and {LINK}2?tab=1".encode(), ["1001", "10012"]),
        (json.dumps({"target_link": LINK}).replace("/", "\\/").encode(), ["1001"]),
        (
            b'{"target_link": "https://acme.qualytics.io/anomalies/3c5b1f0e-2f6b-4a39-9f43-0a7c6e0f4f11"}',
            ["3c5b1f0e-2f6b-4a39-9f43-0a7c6e0f4f11"],
        ),
        (b'{"target_link": "https://acme.qualytics.io/operations/3001"}', []),
        (b"a scan has ended", []),
    ],
)
async def test_a_push_names_its_anomalies(over: Make, body: bytes, ids: list[str]) -> None:
    push = over(lambda _: httpx.Response(500)).push({}, body)
    assert [ref.id for ref in push.refs] == ids


@pytest.mark.parametrize("body", [b"", b"  ", b"\xff\xfe", b"[1, 2]", b"17", b"x" * 1_100_000])
async def test_what_no_push_can_be(over: Make, body: bytes) -> None:
    with pytest.raises(errors.SourceGarbled):
        over(lambda _: httpx.Response(500)).push({}, body)


# --- capabilities are data --------------------------------------------------------------------------------------------


async def test_words_that_make_no_sense_for_tables_are_refused_with_a_reason(over: Make) -> None:
    words = over(lambda _: httpx.Response(500)).words
    for word in ("metric", "direction", "delta", "duration", "resolution"):
        assert words[word].handling is model.Handling.REFUSED
        assert words[word].because.endswith(".")
    assert words["severity"].handling is words["q"].handling is model.Handling.HERE
    assert words["datastore"].handling is words["since"].handling is model.Handling.SENT


async def test_facts_that_nobody_wrote_do_no_harm(over: Make, facts: Facts) -> None:
    for value in ('"x"', '{"nonsense": 1}', '{"off": {"reopen": "not a date"}}', "[]"):
        facts.values["dialect.qualytics.acme.qualytics.io"] = value
        assert model.Action.REOPEN in over(lambda _: httpx.Response(200, json=page_json([]))).supports
        assert (await over(lambda _: httpx.Response(200, json=page_json([]))).changes("")).anomalies == []
