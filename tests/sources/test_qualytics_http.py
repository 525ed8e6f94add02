"""What every status means, what is repeated, what never appears in an error, and when a token is not sent at all."""

from __future__ import annotations

import base64
import contextlib
import functools
import gzip
import json
import tracemalloc
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot import errors, model
from bot.sources import base, judging
from bot.sources.qualytics import client
from tests.sources.staging import NOW, TOKEN, Clock, Make, Wire, anomaly_json, fixture, page_json


def target(ident: str = "1001", state: model.State = model.State.ACTIVE, status: str = "Active", **fields: Any) -> model.Anomaly:
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


@pytest.mark.parametrize("fault", [httpx.ConnectError, httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadTimeout])
@pytest.mark.parametrize(
    "change",
    [
        model.Change(model.Action.ARCHIVE, archive_as="Invalid"),
        model.Change(model.Action.DELETE),
        model.Change(model.Action.COMMENT, comment="x"),
    ],
    ids=lambda change: change.action.value,
)
async def test_only_a_write_of_which_nothing_left_is_sent_once_more_without_a_look(
    over: Make, change: model.Change, fault: type[httpx.HTTPError]
) -> None:
    """Without a connection nothing left. Of any other write that broke, some may have arrived."""
    sent = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal sent
        if request.method == "GET":
            return httpx.Response(200, json=anomaly_json(1001))
        sent += 1
        if sent == 1:
            raise fault("broken", request=request)
        return httpx.Response(200, json={})

    asked = over(handler).apply(change, [target()])
    if fault is httpx.ConnectError:
        assert (await asked)[0].result is model.Result.DONE
    else:
        with pytest.raises(errors.SourceUnavailable) as raised:
            await asked
        assert raised.value.dropped is (fault is not httpx.ReadTimeout)
    assert sent == (2 if fault is httpx.ConnectError else 1)


async def test_no_connection_at_all_is_tried_twice_for_a_write(over: Make) -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    wire = Wire(handler)
    with pytest.raises(errors.SourceUnavailable):
        await over(wire).apply(model.Change(model.Action.DELETE), [target()])
    assert len([one for one in wire.requests if one.method == "DELETE"]) == 2


async def test_the_systems_own_words_and_fields_are_kept(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(422, json=fixture("validation_error")))
    with pytest.raises(errors.SourceRejected) as raised:
        await over(wire).count(model.Query())
    assert "Input should be 'Active' or 'Acknowledged' (body.0.status)" in str(raised.value)
    assert (raised.value.fields, raised.value.status) == (("body.0.status",), 422)


async def test_a_missing_right_names_itself_and_the_datastore(over: Make) -> None:
    source = over(Wire(lambda _: httpx.Response(403, json={"detail": "Not enough permissions"})))
    outcome = (await source.apply(model.Change(model.Action.ARCHIVE, archive_as="Resolved"), [target()]))[0]
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
        ({"retry-after": "119.25"}, 119.25),
        ({"retry-after": "99999999"}, judging.LONGEST_PAUSE),
    ],
)
async def test_retry_after_is_told(over: Make, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], waits: float) -> None:
    monkeypatch.setattr(base, "LONGEST_WAIT", 0.5)
    wire = Wire(lambda _: httpx.Response(429, headers=headers))
    with pytest.raises(errors.SourceRateLimited) as raised:
        await over(wire).people()
    assert raised.value.retry_after == waits
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("1", "asks to wait 1 second."),
        ("99.34567", "asks to wait 100 seconds."),
        ("3601", "asks to wait 61 minutes. That is long: the next try is in 2 minutes."),
        ("100000", "asks to wait 28 hours. That is long: the next try is in 2 minutes."),
        ("99999999", "asks to wait 1,158 days. That is long: the next try is in 2 minutes."),
    ],
)
async def test_a_pause_is_told_in_words_for_people_and_an_absurd_one_is_not_kept(
    over: Make, monkeypatch: pytest.MonkeyPatch, asked: str, said: str
) -> None:
    monkeypatch.setattr(base, "LONGEST_WAIT", 0.5)
    with pytest.raises(errors.SourceRateLimited) as raised:
        await over(lambda _: httpx.Response(429, headers={"retry-after": asked})).people()
    assert said in str(raised.value)
    assert (raised.value.retry_after, raised.value.asked) == (min(float(asked), 120.0), float(asked))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_the_token_goes_nowhere_else(over: Make, status: int) -> None:
    """Neither a redirect nor a link to the next page leads to another host."""
    elsewhere = "https://elsewhere.example/api/users?page=2"
    redirected = Wire(lambda _: httpx.Response(status, headers={"location": elsewhere}))
    for asked in (over(redirected).people(), over(redirected).apply(model.Change(model.Action.ACKNOWLEDGE), [target()])):
        with contextlib.suppress(errors.SourceRejected):
            assert "redirect" in (await asked)[0].reason
    linked = Wire(
        lambda _: httpx.Response(200, json={**page_json([{"id": 1}], total=150), "next": elsewhere, "links": {"next": elsewhere}})
    )
    await over(linked).people()
    assert {one.url.host for one in (*redirected.requests, *linked.requests)} == {"acme.qualytics.io"}


@pytest.mark.parametrize("ident", ["", ".", "..", "..."])
async def test_an_id_that_would_be_another_address_is_never_asked_for(over: Make, ident: str) -> None:
    wire = Wire(lambda _: httpx.Response(200, json=page_json([])))
    source = over(wire)
    assert await source.get([ident]) == {}
    for asked in (source.comments, source.scan, source.abort):
        with pytest.raises(errors.SourceMissing):
            await asked(ident)
    for change in (model.Change(model.Action.ACKNOWLEDGE), model.Change(model.Action.DELETE)):
        assert (await source.apply(change, [target(ident)]))[0].result is not model.Result.DONE
    assert wire.requests == []


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


@functools.cache
def packed(times: int) -> bytes:
    """A quarter of a gigabyte of blanks."""
    return gzip.compress(packed(times - 1) if times > 1 else b" " * 2**28)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "deflate", "br", "gzip, identity"])
async def test_a_packed_answer_is_unpacked_no_further_than_it_is_read(over: Make, status: int, encoding: str) -> None:
    content = packed(encoding.count("gzip") or 1)

    async def body() -> Any:
        yield content

    source = over(lambda _: httpx.Response(status, content=body(), headers={"content-encoding": encoding}))
    tracemalloc.start()
    try:
        with pytest.raises((errors.SourceGarbled, errors.SourceRejected)):
            await source.people()
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


async def test_a_packed_answer_is_read(over: Make) -> None:
    content = gzip.compress(json.dumps(page_json([anomaly_json(1001)])).encode())

    async def body() -> Any:
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    wire = Wire(lambda _: httpx.Response(200, content=body(), headers={"content-encoding": "GZip"}))
    assert [one.ref.id for one in (await over(wire).find(model.Query())).anomalies] == ["1001"]
    assert {request.headers["accept-encoding"] for request in wire.requests} == {"gzip"}


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


async def test_an_id_from_a_forged_button_stays_one_path_segment(over: Make) -> None:
    wire = Wire(lambda _: httpx.Response(404, json={"detail": "Not Found"}))
    assert await over(wire).get(["../users/me"]) == {}
    assert [request.url.raw_path for request in wire.requests] == [b"/api/anomalies/..%2Fusers%2Fme"]
