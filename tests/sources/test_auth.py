"""How a system is told who asks: headers of the settings, and keys that are exchanged for tokens."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from typing import Any

import httpx
import pytest

from bot import errors
from bot.sources import auth, judging
from tests.sources import wires
from tests.sources.staging import Clock, Wire


class Counter:
    """A server that takes the last token that it gave, and gives one for the key. `gate`: an exchange waits for it, and says so."""

    def __init__(self, seconds: Any = 3600) -> None:
        self.seconds, self.given, self.calls, self.status, self.broken = seconds, 0, list[str](), 401, 0
        self.tokens: list[str] = []
        self.forms: list[bytes] = []
        self.gate: asyncio.Event | None = None
        self.inside = asyncio.Event()

    @property
    def exchanges(self) -> int:
        return len([call for call in self.calls if call == "POST /api/token"])

    def revoke(self) -> None:
        """No token that was given is taken any more."""
        self.tokens.append("")

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(f"{request.method} {request.url.path}")
        if request.url.path == "/api/token":
            assert "authorization" not in request.headers
            self.forms.append(request.content)
            if self.gate:
                self.inside.set()
                await self.gate.wait()
            if self.broken:
                return httpx.Response(self.broken, json={"message": f"no {wires.KEY} here"})
            self.given += 1
            self.tokens.append(f"tok-{self.given}")
            return httpx.Response(200, json={"token": self.tokens[-1], "seconds": self.seconds})
        if request.headers.get("authorization") != f"Bearer {self.tokens[-1]}":
            return httpx.Response(self.status, json={"message": f"{request.headers.get('authorization')} is spent"})
        return httpx.Response(200, json={"ok": True})


# --- a header that stays


@pytest.mark.parametrize(
    ("how", "header", "value"),
    [
        ({}, "authorization", "Bearer t0ken-of-acme"),
        ({"scheme": "token"}, "authorization", "token t0ken-of-acme"),
        ({"header": "X-Acme-Key", "scheme": ""}, "x-acme-key", "t0ken-of-acme"),
    ],
)
async def test_a_token_of_the_settings_travels_in_the_header_that_the_system_wants(
    how: dict[str, str], header: str, value: str, clock: Clock
) -> None:
    server = Wire(lambda _: httpx.Response(200, json={}))
    await wires.wire(server, clock, wires.static(clock, **how)).read("things")
    assert server.requests[0].headers[header] == value
    assert ("authorization" in server.requests[0].headers) is (header == "authorization")


async def test_a_refused_token_of_the_settings_is_not_tried_again(clock: Clock) -> None:
    server = Wire(lambda _: httpx.Response(401, json={"message": "t0ken-of-acme?"}))
    with pytest.raises(errors.SourceAuthFailed) as refused:
        await wires.wire(server, clock).read("things")
    assert str(refused.value) == (
        "Acme does not accept the token. Make a new token in Acme and put it into ACME_TOKEN. Acme says: [token]?"
    )
    assert len(server.requests) == 1


# --- a key that is exchanged


async def test_one_token_serves_until_shortly_before_its_end(clock: Clock) -> None:
    server = Counter(seconds=3600)
    wire = wires.wire(server, clock, wires.exchange(clock))
    await wire.read("things")
    clock.pass_by(seconds=3539)
    await wire.read("things")
    assert server.exchanges == 1
    clock.pass_by(seconds=2)  # a minute before the end
    await wire.read("things")
    await wire.write("PUT", "things/1")
    assert server.exchanges == 2 and server.calls[-2:] == ["GET /api/things", "PUT /api/things/1"]


async def test_fifty_calls_with_a_spent_token_make_one_exchange(clock: Clock) -> None:
    server = Counter()
    wire = wires.wire(server, clock, wires.exchange(clock))
    await wire.read("things")
    clock.pass_by(seconds=60)
    server.revoke()
    server.gate = asyncio.Event()
    calls = [asyncio.create_task(wire.read("things") if number % 2 else wire.write("PUT", "things/1")) for number in range(50)]
    await server.inside.wait()
    server.gate.set()
    await asyncio.gather(*calls)
    assert server.exchanges == 2
    clock.pass_by(seconds=4000)
    await asyncio.gather(*(wire.read("things") for _ in range(50)))
    assert server.exchanges == 3


async def test_who_gives_up_does_not_end_the_exchange_that_others_wait_for(clock: Clock) -> None:
    server = Counter()
    server.gate = asyncio.Event()
    wire = wires.wire(server, clock, wires.exchange(clock))
    first, second = (asyncio.create_task(wire.read("things")) for _ in range(2))
    await server.inside.wait()
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    server.gate.set()
    assert await second == {"ok": True}
    assert server.exchanges == 1


async def test_a_write_that_was_refused_for_its_token_is_sent_once_more_and_no_more(clock: Clock) -> None:
    server = Counter()
    wire = wires.wire(server, clock, wires.exchange(clock))
    await wire.read("things")
    clock.pass_by(seconds=60)
    server.revoke()
    await wire.write("PUT", "things/1")
    assert server.calls[2:] == ["PUT /api/things/1", "POST /api/token", "PUT /api/things/1"]


async def test_a_new_token_that_is_refused_is_not_exchanged_again(clock: Clock) -> None:
    server = Counter()
    wire = wires.wire(server, clock, wires.exchange(clock))
    await wire.read("things")
    server.tokens.append("never")
    for _ in range(5):
        with pytest.raises(errors.SourceAuthFailed, match=r"^Acme does not accept the token\. Make a new key in Acme and put it"):
            await wire.read("things")
    assert server.exchanges == 1


async def test_what_tells_of_a_spent_token_may_be_another_status(clock: Clock) -> None:
    server = Counter()
    server.status = 400
    who = wires.exchange(clock, spent=lambda fault: fault.status == 400 and "is spent" in fault.words)
    wire = wires.wire(server, clock, who)
    await wire.read("things")
    clock.pass_by(seconds=60)
    server.revoke()
    assert await wire.read("things") == {"ok": True}
    assert server.exchanges == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_key_that_is_refused_is_told_once_and_not_offered_for_a_minute(status: int, clock: Clock) -> None:
    server = Counter()
    server.broken = status
    wire = wires.wire(server, clock, wires.exchange(clock))
    told = set()
    for _ in range(20):
        with pytest.raises(errors.SourceAuthFailed) as refused:
            await wire.read("things")
        told.add(str(refused.value))
    (said,) = told
    assert said.startswith("Acme does not accept ACME_ID and ACME_KEY. Make a new key in Acme and put it into ACME_ID and ACME_KEY.")
    assert said.count("Acme says: no [token] here") == 1 and wires.KEY not in said
    assert server.calls == ["POST /api/token"]
    clock.pass_by(seconds=61)
    server.broken = 0
    assert await wire.read("things") == {"ok": True}


async def test_a_pause_that_is_asked_for_instead_of_a_token_is_kept(clock: Clock) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(429, headers={"retry-after": "30"})

    wire = wires.wire(answer, clock, wires.exchange(clock))
    for _ in range(5):
        with pytest.raises(errors.SourceRateLimited, match="30 seconds") as paused:
            await wire.read("things")
        assert paused.value.retry_after == 30
    assert asked == ["POST"]
    clock.pass_by(seconds=31)
    with pytest.raises(errors.SourceRateLimited):
        await wire.read("things")
    assert asked == ["POST", "POST"]


async def test_a_token_that_holds_goes_on_while_no_other_can_be_had(clock: Clock) -> None:
    server = Counter(seconds=600)
    wire = wires.wire(server, clock, wires.exchange(clock))
    await wire.read("things")
    server.broken = 503
    clock.pass_by(seconds=545)
    for _ in range(5):
        assert await wire.read("things") == {"ok": True}
    assert server.exchanges == 2, "nobody waits for it with each call"
    clock.pass_by(seconds=60)
    with pytest.raises(errors.SourceUnavailable):
        await wire.read("things")
    server.broken = 0
    assert await wire.read("things") == {"ok": True}


@pytest.mark.parametrize("seconds", [None, 0, -5, 1e300, "60"])
async def test_a_token_whose_end_makes_no_sense_is_used_until_it_is_refused(seconds: Any, clock: Clock) -> None:
    server = Counter(seconds=seconds)
    wire = wires.wire(server, clock, wires.exchange(clock))
    for _ in range(5):
        await wire.read("things")
    assert server.exchanges == 1


@pytest.mark.parametrize(("ends", "exchanges"), [(-60, 1), (0, 1), (600, 2)])
async def test_a_token_may_tell_its_end_itself(ends: float, exchanges: int, clock: Clock) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": clock.now().timestamp() + ends}).encode()).decode().rstrip("=")
    given: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            given.append(f"eyJhbGciOiJub25lIn0.{claims}.x{len(given)}")
            return httpx.Response(200, json={"token": given[-1]})
        return httpx.Response(200, json={})

    wire = wires.wire(answer, clock, wires.exchange(clock))
    for _ in range(3):
        await wire.read("things")
    assert len(given) == 1
    clock.pass_by(seconds=545)
    await wire.read("things")
    assert len(given) == exchanges


NO_TOKENS: list[Any] = [
    {},
    [],
    *({"token": one} for one in (None, "", "two\nlines", "tök", 7)),
    {"token": "a", "seconds": []},
]


@pytest.mark.parametrize("reply", NO_TOKENS)
async def test_an_exchange_without_a_token_is_garbled(reply: Any, clock: Clock) -> None:
    wire = wires.wire(lambda _: httpx.Response(200, json=reply), clock, wires.exchange(clock))
    with pytest.raises(errors.SourceGarbled, match="without a token in it"):
        await wire.read("things")


async def test_an_exchange_may_be_a_form(clock: Clock) -> None:
    server = Counter()
    form = auth.Call("POST", "token", form={"grant_type": "client_credentials", "client_secret": wires.KEY})
    await wires.wire(server, clock, wires.exchange(clock, call=form)).read("things")
    assert server.forms == [f"grant_type=client_credentials&client_secret={wires.KEY}".encode()]


async def test_no_secret_is_shown_anywhere(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bot")
    server = Counter()
    who = wires.exchange(clock)
    wire = wires.wire(server, clock, who, judge=lambda reply: judging.Fault(422, json.dumps(reply)) if "echo" in reply else None)
    await wire.read("things")
    clock.pass_by(seconds=60)
    server.status = 409
    server.revoke()
    with pytest.raises(errors.SourceRejected) as refused:
        await wire.read("things")
    shown = f"{auth.Token('tok-1')!r} {auth.Call('POST', 'token', body={'key': wires.KEY})!r}"
    said = f"{refused.value} {who.hide('tok-1 ' + wires.KEY)} {shown}"
    assert "tok-1" not in said and wires.KEY not in said + caplog.text and "[token]" in said


async def test_closing_ends_an_exchange_that_is_under_way(clock: Clock) -> None:
    server = Counter()
    server.gate = asyncio.Event()
    wire = wires.wire(server, clock, wires.exchange(clock))
    waiting = asyncio.create_task(wire.read("things"))
    await server.inside.wait()
    await wire.aclose()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert not [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_an_exchange_that_is_elsewhere_is_found_once(clock: Clock) -> None:
    counter = Counter()

    async def server(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/first":
            return await counter(request)
        counter.calls.append("POST /api/first")
        return httpx.Response(404)

    calls = [auth.Call("POST", path, body={"key": wires.KEY}) for path in ("first", "token")]
    system = wires.wire(server, clock, wires.exchange(clock, call=calls[0], elsewhere=calls[1:]))
    await system.read("alarms")
    clock.pass_by(hours=2)
    await system.read("alarms")
    assert counter.calls == ["POST /api/first", "POST /api/token", "GET /api/alarms", "POST /api/token", "GET /api/alarms"]


async def test_an_exchange_that_is_nowhere_is_one_sentence(clock: Clock) -> None:
    calls = [auth.Call("POST", path) for path in ("first", "second")]
    wire = Wire(lambda _: httpx.Response(404))
    system = wires.wire(wire, clock, wires.exchange(clock, call=calls[0], elsewhere=calls[1:]))
    with pytest.raises(errors.SourceAuthFailed, match="ACME_ID and ACME_KEY"):
        await system.read("alarms")
    assert wire.lines == ["POST /api/first", "POST /api/second"]
