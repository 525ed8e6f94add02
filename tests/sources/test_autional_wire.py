"""Autional's addresses, headers and refusals, with a function as the server and the vendor page's own samples."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from bot import errors, model, ports
from bot.sources import base
from tests.sources import audits
from tests.sources.staging import Traits, fixture

ACK = model.Change(model.Action.ACKNOWLEDGE)


async def one(site: audits.Site, **fields: Any) -> model.Anomaly:
    """The anomaly of the vendor's page as this source reads it."""
    return (await site.source.get(["ano_abc123"]))["ano_abc123"]


# --- where it is


@pytest.mark.parametrize("url", ["https://api.autional.com", "https://api.autional.com/", "https://api.autional.com/bff/"])
async def test_each_call_goes_to_the_clients_address_with_token_and_tenant(url: str) -> None:
    site = audits.over(audits.routed({("GET", "/ano_abc123"): audits.detail()}), url=url)
    await one(site)
    assert {str(request.url.copy_with(query=None)).partition("/admin/")[0] for request in site.wire.requests} == {
        "https://api.autional.com/bff/audit/api/v1",
        "https://api.autional.com/bff/tenant/api/v1",
    }
    for request in site.wire.requests:
        assert (request.headers["authorization"], request.headers["x-tenant-id"]) == (f"Bearer {audits.TOKEN}", "tnt_abc123")


async def test_the_other_address_is_found_once_and_remembered_over_a_restart() -> None:
    answer, traits = audits.routed({("GET", "/ano_abc123"): audits.detail()}, audits.SPECIFIED), Traits()
    site = audits.over(answer, traits=traits)
    await one(site)
    await one(site)
    assert site.lines == ["GET /anomalies", "GET /anomalies", "GET /anomalies/ano_abc123", *site_members(), "GET /anomalies/ano_abc123"]
    again = audits.over(answer, traits=traits)
    await one(again)
    assert again.lines == ["GET /anomalies/ano_abc123", *site_members()]


def site_members() -> list[str]:
    """How the names of the members are asked for."""
    return ["GET /bff/tenant/api/v1/admin/tenants/tnt_abc123/members"]


async def test_what_is_not_there_is_deleted_and_not_the_address_moved() -> None:
    missing = httpx.Response(404, json={**fixture("autional_problem"), "status": 404})
    site = audits.over(audits.routed({("GET", "/ano_abc123"): missing}))
    assert (await site.source.read(["ano_abc123"])).gone == {"ano_abc123"}
    assert site.lines == ["GET /anomalies", "GET /anomalies/ano_abc123"], "the address was just seen to answer"
    site.clock.pass_by(minutes=10)
    assert (await site.source.read(["ano_abc123"])).gone == {"ano_abc123"}
    assert site.lines == ["GET /anomalies/ano_abc123", "GET /anomalies"], "by then it is tried before anything is called deleted"


async def test_an_address_that_moves_is_found_again_and_nothing_is_called_deleted() -> None:
    where = [audits.AUDIT]
    site = audits.over(lambda request: audits.routed({("GET", "/ano_abc123"): audits.detail()}, where[0])(request))
    await one(site)
    where[0] = audits.SPECIFIED
    site.clock.pass_by(seconds=11)
    assert (await one(site)).ref.id == "ano_abc123"


async def test_a_list_that_is_missing_means_another_address_at_once() -> None:
    where = [audits.AUDIT]
    site = audits.over(lambda request: audits.routed({("GET", "/ano_abc123"): audits.detail()}, where[0])(request))
    assert await site.source.check()
    where[0] = audits.SPECIFIED
    assert await site.source.check()
    assert (await one(site)).ref.id == "ano_abc123"


async def test_what_is_not_understood_is_told_once_and_not_with_each_poll(caplog: pytest.LogCaptureFixture) -> None:
    odd = httpx.Response(200, json={"code": 0, "items": [{"severity": "high"}, None], "total": 2})
    site = audits.over(audits.routed({("GET", "/anomalies"): odd}))
    for _ in range(3):
        await site.source.find(model.Query())
    assert [record.getMessage() for record in caplog.records if "not understood" in record.getMessage()] == [
        "autional: 2 items of a list were not understood and left out"
    ]


async def test_no_address_at_all_says_what_to_check() -> None:
    site = audits.over(audits.routed({}, "/nowhere"))
    with pytest.raises(
        errors.SourceRejected, match=r"audit/api/v1/ nor .*audit-service/api/v1/ of api\.autional\.com\. Check AUTIONAL_URL"
    ):
        await site.source.check()


async def test_an_id_that_would_be_another_address_is_never_asked() -> None:
    site = audits.over(audits.routed({("GET", "/x"): httpx.Response(404)}))
    assert (await site.source.read(["..", "."])).gone == {"..", "."}
    await site.source.read(["a/../../x"])
    assert "%2F" in str(site.wire.requests[-1].url.raw_path)


# --- what an answer means


async def test_a_problem_is_told_with_title_detail_and_fields_and_never_with_a_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bot.sources.base")
    problem = fixture("autional_problem")
    site = audits.over(audits.routed({("PUT", "/status"): httpx.Response(400, json=problem), ("GET", "/ano_abc123"): audits.detail()}))
    (outcome,) = await site.source.apply(ACK, [await one(site)])
    assert outcome.result is model.Result.REFUSED
    for said in ("Invalid Request Parameters", "Field 'email' is required", "addresses[0].city: Must be a valid city"):
        assert said in outcome.reason
    lines = "\n".join(record.getMessage() for record in caplog.records)
    for told in (problem["request_id"], problem["trace_id"], problem["service"], "400"):
        assert told in lines
    assert "s3cret" not in outcome.reason + lines


async def test_refusals_alike_leave_one_line_and_each_click_one_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="bot.sources.base")
    problem = {**fixture("autional_problem"), "status": 403, "request_id": "req 1\nforged line"}
    site = audits.over(audits.routed({("GET", "/anomalies"): httpx.Response(403, json=problem)}))
    for _ in range(3):
        with pytest.raises(errors.SourceForbidden):
            await site.source.changes("")
    assert len(caplog.records) == 1
    assert "\n" not in caplog.records[0].getMessage()
    with ports.clicked(), pytest.raises(errors.SourceForbidden):
        await site.source.check()
    assert len(caplog.records) == 2


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"code": 50000000, "message": "storage is not reachable"}, errors.SourceUnavailable),
        ({"code": "50000000", "message": "storage is not reachable"}, errors.SourceUnavailable),
        ({"code": 40100000, "message": "expired"}, errors.SourceAuthFailed),
        ({"code": 40300000, "message": "tenant isolation required"}, errors.SourceForbidden),
        ({"code": 400002, "message": "reuse"}, errors.SourceRejected),
        ({"code": 30101001, "message": "no"}, errors.SourceRejected),
        ({"code": "AUDIT_DOWN", "message": "no"}, errors.SourceRejected),
        ({"title": "Too Many Requests", "status": 429, "retry_after": 40}, errors.SourceRateLimited),
        ({"code": 1, "message": "later", "retry_after": 40}, errors.SourceRateLimited),
        ({"message": "hm"}, errors.SourceGarbled),
        ({"code": 0, "items": {"id": 1}}, errors.SourceGarbled),
    ],
)
async def test_an_error_inside_a_success_is_one(reply: Any, error: type[errors.SourceError]) -> None:
    site = audits.over(audits.routed({("GET", "/anomalies"): httpx.Response(200, json=reply)}))
    with pytest.raises(errors.SourceError) as raised:
        await site.source.check()
    assert type(raised.value) is error


async def test_a_pause_that_stands_in_the_body_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(base, "pause", pause)
    told = [httpx.Response(429, json={**fixture("autional_problem"), "status": 429, "retry_after": wait}) for wait in (3, 40)]
    site = audits.over(audits.routed({("GET", "/anomalies"): lambda request: told.pop(0)}))
    with pytest.raises(errors.SourceRateLimited) as raised:
        await site.source.check()
    assert (waited, raised.value.retry_after) == ([3.0], 40.0)


async def test_a_redirect_takes_no_token_along() -> None:
    moved = httpx.Response(307, headers={"location": "https://evil.example/anomalies"})
    site = audits.over(audits.routed({("GET", "/anomalies"): moved}))
    with pytest.raises(errors.SourceRejected, match="redirect"):
        await site.source.check()
    assert {request.url.host for request in site.wire.requests} == {"api.autional.com"}
