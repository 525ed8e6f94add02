"""Errors that stand inside answers whose status is fine, and addresses that are not the system's."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from bot import errors
from bot.sources import base, judging
from tests.sources import wires
from tests.sources.staging import Clock, Wire


def judge(reply: Any) -> judging.Fault | None:
    """Zero is well; everything else is a status, with words, fields and seconds to wait."""
    code = int(reply["code"])
    return (
        judging.Fault(max(code, judging.SENSELESS), reply.get("said", ""), tuple(reply.get("at", ())), reply.get("wait")) if code else None
    )


def server(status: int = 200, headers: dict[str, str] | None = None, **body: Any) -> Wire:
    return Wire(lambda _: httpx.Response(status, json=body, headers=headers))


@pytest.mark.parametrize(
    ("body", "kind", "said", "calls"),
    [
        ({"code": 401, "said": "who?"}, errors.SourceAuthFailed, "does not accept the token", 1),
        ({"code": 403, "said": "no"}, errors.SourceForbidden, "lacks a right. Acme says: no", 1),
        ({"code": 404}, errors.SourceMissing, "no such thing", 1),
        ({"code": 422, "said": "bad t0ken-of-acme", "at": ["a.b"]}, errors.SourceRejected, r"bad \[token\]", 1),
        ({"code": 429, "wait": 0}, errors.SourceRateLimited, "asks to wait", base.ATTEMPTS),
        ({"code": 500, "said": "oops"}, errors.SourceUnavailable, "failed with HTTP 500. Acme says: oops", base.ATTEMPTS),
        ({"code": -1, "said": "?"}, errors.SourceGarbled, "makes no sense", 1),
        ({"code": "a word"}, errors.SourceGarbled, "makes no sense", 1),
        ({}, errors.SourceGarbled, "makes no sense", 1),
    ],
)
async def test_a_body_means_what_a_status_would(
    body: dict[str, Any], kind: type[errors.SourceError], said: str, calls: int, clock: Clock
) -> None:
    there = server(**body)
    with pytest.raises(errors.SourceError, match=said) as raised:
        await wires.wire(there, clock, judge=judge).read("things")
    assert type(raised.value) is kind and len(there.requests) == calls
    writing = server(**body)
    with pytest.raises(errors.SourceError, match=said) as raised:
        await wires.wire(writing, clock, judge=judge).write("PUT", "things/1")
    assert type(raised.value) is kind and len(writing.requests) == 1


async def test_what_is_well_is_read(clock: Clock) -> None:
    wire = wires.wire(server(code=0, things=[1]), clock, judge=judge)
    assert (await wire.read("things"))["things"] == [1]
    assert wire.json(await wire.write("PUT", "things/1"))["code"] == 0


@pytest.mark.parametrize(("wait", "kept", "asked"), [(7.5, 7.5, 7.5), (100_000, judging.LONGEST_PAUSE, 100_000), (float("inf"), 1.0, 1.0)])
async def test_the_pause_in_a_body_is_kept(wait: float, kept: float, asked: float, clock: Clock) -> None:
    wire = wires.wire(lambda _: httpx.Response(200, json={}), clock, judge=lambda _: judging.Fault(429, wait=wait))
    with pytest.raises(errors.SourceRateLimited) as paused:
        await wire.write("PUT", "things/1")
    assert (paused.value.retry_after, paused.value.asked) == (kept, asked)


async def test_without_a_pause_in_the_body_the_header_counts(clock: Clock) -> None:
    with pytest.raises(errors.SourceRateLimited) as paused:
        await wires.wire(server(headers={"retry-after": "9"}, code=429), clock, judge=judge).write("PUT", "things/1")
    assert paused.value.retry_after == 9


async def test_a_status_that_is_no_success_holds_and_the_body_has_the_words(clock: Clock) -> None:
    with pytest.raises(errors.SourceMissing, match="Acme says: gone"):
        await wires.wire(server(404, code=500, said="gone"), clock, judge=judge).read("things")
    with pytest.raises(errors.SourceMissing, match="Acme says: plainly gone"):
        await wires.wire(server(404, message="plainly gone"), clock, judge=judge).read("things")


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xfe", b"[" * 100_000])
async def test_what_a_judge_cannot_read_is_garbled(content: bytes, clock: Clock) -> None:
    wire = wires.wire(lambda _: httpx.Response(200, content=content), clock, judge=judge)
    for call in (wire.read("things"), wire.write("PUT", "things/1")):
        with pytest.raises(errors.SourceGarbled):
            await call


# --- other hosts


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/api/things",
        "http://acme.example/api/things",
        "https://acme.example:8443/things",
        "https://acme.example@evil.example/",
    ],
)
async def test_a_next_page_on_another_host_is_not_asked_for(address: str, clock: Clock) -> None:
    there = server()
    wire = wires.wire(there, clock)
    for call in (wire.read(address), wire.write("POST", address)):
        with pytest.raises(errors.SourceGarbled, match="points to another host"):
            await call
    assert there.requests == []


async def test_a_next_page_of_the_system_itself_is_read(clock: Clock) -> None:
    there = server(code=0)
    await wires.wire(there, clock).read("https://acme.example/api/things?page=2")
    assert str(there.requests[0].url) == "https://acme.example/api/things?page=2"


async def test_no_redirect_is_followed(clock: Clock) -> None:
    there = Wire(lambda _: httpx.Response(302, headers={"location": "https://evil.example/"}))
    with pytest.raises(errors.SourceRejected, match="redirect"):
        await wires.wire(there, clock).read("things")
    assert len(there.requests) == 1
