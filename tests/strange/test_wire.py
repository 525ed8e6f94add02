"""The source that speaks to the strange system, where it differs from all others: tokens by an exchange, errors inside HTTP 200, marks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import tenacity

from bot import errors, model
from bot.sources import base
from tests.sources.staging import RealClock
from tests.strange import server, service, source, wire
from tests.strange import world as worlds


@dataclass
class Site:
    """A strange system that runs, and a source that speaks to it."""

    url: str
    parts: server.Parts
    source: source.Strange

    @property
    def world(self) -> worlds.World:
        return self.parts.world

    def asked(self, path: str = "") -> list[dict[str, Any]]:
        """The calls that it got, of this path."""
        return [call for call in self.parts.app.calls if path in call["path"]]

    def says(self, code: int, **fault: Any) -> None:
        """It answers with a code, whatever is asked."""
        said = {"code": code, "message": f"as it is, {worlds.KEY}", "wait": "3"}
        self.parts.faults.add(**{"mode": "reply", "json": said, **fault})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "_backoff", tenacity.wait_none())


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    """A dozen signals."""
    world = worlds.World()
    world.arrive(12)
    async with server.serving(world) as (url, parts):
        made = Site(url, parts, source.Strange(url=url, key=worlds.KEY, clock=RealClock()))
        yield made
        await made.source.aclose()


async def test_one_exchange_serves_all_who_wait_for_it(site: Site) -> None:
    await asyncio.gather(*(site.source.get([ident]) for ident in list(site.world.signals)[:10]))
    assert site.world.exchanges == 1
    site.world.expire()
    await asyncio.gather(*(site.source.get([ident]) for ident in list(site.world.signals)[:6]))
    assert site.world.exchanges == 2
    assert {call["token"] for call in site.asked("/token")} == {""}, "the exchange carries no token, and no other call the key"
    assert worlds.KEY not in {str(call["json"]) + call["token"] for call in site.asked("/signals")}


async def test_a_write_whose_token_was_spent_is_sent_again_and_done_once(site: Site) -> None:
    found = await site.source.get(["ab:17/x"])
    site.world.expire()
    site.parts.app.calls.clear()
    outcome = (await site.source.apply(model.Change(model.Action.ACKNOWLEDGE), [found["ab:17/x"]]))[0]
    assert outcome.result is model.Result.DONE
    assert [call["path"].rpartition("/")[2] for call in site.asked()] == ["phase", "token", "phase"]
    assert site.world.signals["ab:17/x"].rev == 2


async def test_a_token_that_is_never_good_is_not_asked_for_forever(site: Site) -> None:
    site.world.token_calls = 0
    with pytest.raises(errors.SourceAuthFailed):
        await site.source.get(["ab:17/x"])
    assert site.world.exchanges <= 3


async def test_a_time_that_is_over_is_noticed(site: Site) -> None:
    site.world.token_seconds = 0.0
    with pytest.raises(errors.SourceAuthFailed):
        await site.source.get(["ab:17/x"])
    site.world.token_seconds = 60.0
    assert await site.source.get(["ab:17/x"])


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (service.BAD_KEY, errors.SourceAuthFailed),
        (service.SPENT, errors.SourceAuthFailed),
        (service.MISSING, errors.SourceMissing),
        (service.CONFLICT, errors.SourceRejected),
        (service.MALFORMED, errors.SourceRejected),
        (service.WAIT, errors.SourceRateLimited),
        (service.BUSY, errors.SourceUnavailable),
        (1, errors.SourceRejected),
    ],
)
async def test_a_code_inside_a_good_answer_is_what_it_means(
    site: Site, code: int, error: type[errors.SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    await site.source.get(["ab:17/x"])
    site.says(code, path="/signals")
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(base, "pause", pause)
    with pytest.raises(errors.SourceError) as raised:
        await site.source.changes("")
    assert type(raised.value) is error
    assert worlds.KEY not in str(raised.value)
    if isinstance(raised.value, errors.SourceRateLimited):
        assert raised.value.retry_after == 3.0
        assert waited == [3.0, 3.0]


@pytest.mark.parametrize("answer", [{"code": "zero"}, {"message": "hm"}, {"code": None}, "code"])
async def test_an_answer_without_a_code_is_none(site: Site, answer: Any) -> None:
    site.parts.faults.add(mode="reply", json=answer, path="/signals")
    with pytest.raises(errors.SourceGarbled):
        await site.source.changes("")


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 0, "signals": [], "next": "again"},
        {"code": 0, "signals": {"id": 1}, "next": None},
        {"code": 0, "next": None},
    ],
    ids=["circle", "no list", "nothing"],
)
async def test_a_list_that_is_none_or_has_no_end_is_not_read_for_ever(site: Site, answer: Any) -> None:
    site.parts.faults.add(mode="reply", json=answer, path="/signals")
    with pytest.raises(errors.SourceGarbled):
        await site.source.changes("")
    assert len(site.asked("/signals")) <= 3


async def test_a_list_longer_than_anybody_wants_is_not_read_to_its_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MOST_PAGES", 2)
    site.world.arrive(30)
    with pytest.raises(errors.SourceGarbled, match="without an end"):
        await site.source.changes("")
    assert len(site.asked("/signals")) == 2


async def test_numbers_that_are_text_are_numbers_and_one_without_a_date_is_dated_now(site: Site) -> None:
    raw = {"id": "ab:1/x", "phase": "live", "as": None, "kind": "wobble", "score": "0.87", "at": "soon", "rev": "3"}
    site.parts.faults.add(mode="reply", json={"code": 0, "signals": [raw, {"phase": "live"}, None, "x"], "next": None}, path="/signals")
    (one,) = (await site.source.changes("")).anomalies
    assert (one.weight, one.scale.most, one.severity, one.type, one.undated) == (0.87, 1.0, None, "wobble", True)
    assert one.ref == model.Ref("strange", "ab:1/x")


async def test_what_it_closed_by_itself_is_closed_and_cannot_be_reopened(site: Site) -> None:
    site.world.close("ab:17/x")
    found = (await site.source.get(["ab:17/x"]))["ab:17/x"]
    assert (found.state, found.status, found.archived_as) == (model.State.ARCHIVED, "shut by itself", model.OVER)
    assert found.over is not None
    (outcome,) = await site.source.apply(model.Change(model.Action.REOPEN), [found])
    assert outcome.result is model.Result.REFUSED
    assert "over by itself" in outcome.reason
