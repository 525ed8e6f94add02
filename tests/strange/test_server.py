"""The strange system itself: what it refuses, what it answers, how its tokens end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.strange import server, service
from tests.strange import world as worlds


@pytest.fixture
async def parts() -> AsyncIterator[tuple[httpx.AsyncClient, server.Parts]]:
    """A strange system with twelve signals, and a client that knows nothing."""
    world = worlds.World(token_calls=3)
    world.arrive(12)
    async with server.serving(world) as (url, made), httpx.AsyncClient(base_url=url) as http:
        yield http, made


async def said(http: httpx.AsyncClient, method: str, path: str, token: str = "", **more: Any) -> dict[str, Any]:
    """What a call answers; HTTP 200 whatever it says."""
    headers = {"authorization": f"Strange {token}"} if token else {}
    answer = await http.request(method, path, headers=headers, **more)
    assert answer.status_code == 200
    return dict(answer.json())


async def test_a_key_is_exchanged_for_tokens_that_are_soon_spent(parts: tuple[httpx.AsyncClient, server.Parts]) -> None:
    http, made = parts
    assert (await said(http, "POST", "/v0/token", json={"key": "wrong"}))["code"] == service.BAD_KEY
    assert (await said(http, "POST", "/v0/token", "anything", json={"key": worlds.KEY}))["code"] == service.MALFORMED
    token = (await said(http, "POST", "/v0/token", json={"key": worlds.KEY}))["token"]
    codes = [(await said(http, "GET", "/v0/signals", token))["code"] for _ in range(4)]
    assert codes == [0, 0, 0, service.SPENT]
    token = (await said(http, "POST", "/v0/token", json={"key": worlds.KEY}))["token"]
    made.world.expire()
    assert (await said(http, "GET", "/v0/signals", token))["code"] == service.SPENT
    token = (await said(http, "POST", "/v0/token", json={"key": worlds.KEY}))["token"]
    made.world.clock = lambda: made.world.tokens[token].until if token in made.world.tokens else 0.0
    assert (await said(http, "GET", "/v0/signals", token))["code"] == service.SPENT


async def test_a_list_is_read_by_its_marks_and_an_id_is_one_segment(parts: tuple[httpx.AsyncClient, server.Parts]) -> None:
    http, made = parts
    token = made.world.exchange()
    first = await said(http, "GET", "/v0/signals?open=yes", token)
    rest = await said(http, "GET", f"/v0/signals?open=yes&next={first['next']}", token)
    assert [one["id"] for one in first["signals"] + rest["signals"]] == list(reversed(made.world.signals))
    assert rest["next"] is None
    assert {type(value) for one in first["signals"] for name, value in one.items() if name in ("score", "at", "rev")} == {str}
    token = made.world.exchange()
    assert (await said(http, "GET", "/v0/signals/ab%3A17%2Fx", token))["signal"]["id"] == "ab:17/x"
    assert (await said(http, "GET", "/v0/signals/ab:17/x", token))["code"] == service.MALFORMED
    assert (await said(http, "GET", "/v0/signals/ab%3A1%2Fx", token))["code"] == service.MISSING
    token = made.world.exchange()
    for words in ("?page=2", f"?open=no&next={first['next']}", "?next=nonsense"):
        assert (await said(http, "GET", f"/v0/signals{words}", token))["code"] == service.MALFORMED, words


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "seen"}, 0),
        ({"to": "shut", "as": "expected"}, 0),
        ({"to": "shut"}, 0),
        ({"to": "live"}, service.CONFLICT),
        ({"to": "seen", "as": "expected"}, service.MALFORMED),
        ({"to": "shut", "as": "duplicate"}, service.MALFORMED),
        ({"to": "gone"}, service.MALFORMED),
        ({"to": "seen", "note": "hello"}, service.MALFORMED),
    ],
)
async def test_it_takes_what_makes_sense_and_nothing_else(
    parts: tuple[httpx.AsyncClient, server.Parts], body: dict[str, str], code: int
) -> None:
    http, made = parts
    assert (await said(http, "POST", "/v0/signals/ab%3A17%2Fx/phase", made.world.exchange(), json=body))["code"] == code
    assert (made.world.signals["ab:17/x"].phase == "live") is bool(code)


async def test_what_it_closed_by_itself_stays_closed(parts: tuple[httpx.AsyncClient, server.Parts]) -> None:
    http, made = parts
    await http.post("/_control/close", json={"id": "ab:17/x"})
    reply = await said(http, "POST", "/v0/signals/ab%3A17%2Fx/phase", made.world.exchange(), json={"to": "live"})
    assert reply["code"] == service.CONFLICT
    assert (await http.get("/_control/state", params={"id": "ab:17/x"})).json()["anomaly"]["ending"] == worlds.ITSELF
