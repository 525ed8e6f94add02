"""Reading: one anomaly, looking it up before it is stored, what changes later, graphs, and the list that nobody published."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib import parse

import httpx
import pytest

from sandbox import anomify
from sandbox.anomify import catalogue, odd, picture
from tests.sandbox.anomify.conftest import Tell, code, detail

PLUS = "acme_shop.search.site.no_results+typos.per_min"


async def test_an_anomaly_is_looked_up_before_it_is_stored(api: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"metric": PLUS}))["ids"][0]
    asked = {"metric": PLUS, "timestamp": int(clock[0].timestamp())}
    assert await code(api, f"/anomaly/{ident}") == (200, 404)
    told = (await api.get("/anomaly/lookup", params=asked)).json()["data"]
    assert (told["anomaly"]["id"], told["anomaly"]["metric"]) == (ident, PLUS)
    for word, shown in (("null", None), ("0", 0)):
        await tell("modes", unstored_id=word)
        assert (await api.get("/anomaly/lookup", params=asked)).json()["data"]["anomaly"]["id"] == shown
    clock[0] += timedelta(seconds=20)
    assert (await detail(api, ident))["anomaly"]["id"] == ident
    assert (await api.get("/anomaly/lookup", params=asked)).json()["data"] == await detail(api, ident)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", 400),
        ("metric=x", 400),
        ("timestamp=1", 400),
        (f"metric={PLUS}&timestamp=soon", 400),
        ("metric=x&timestamp=1", 404),
        (f"metric={parse.quote(PLUS, safe='')}&timestamp=1", 404),
    ],
)
async def test_a_look_up_wants_the_metric_and_its_very_second(api: httpx.AsyncClient, query: str, expected: int) -> None:
    assert await code(api, f"/anomaly/lookup?{query}") == (200, expected)


async def test_a_plus_that_is_not_encoded_is_a_space(api: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    await tell("anomalies", fields={"metric": PLUS})
    at = int(clock[0].timestamp())
    assert await code(api, f"/anomaly/lookup?metric={PLUS}&timestamp={at}") == (200, 404)
    assert await code(api, f"/anomaly/lookup?metric={parse.quote(PLUS)}&timestamp={at}") == (200, 200)


async def test_values_are_revised_and_the_rest_is_found_later(api: httpx.AsyncClient, clock: list[datetime], tell: Tell) -> None:
    ident = (await tell("anomalies", fields={"metric": "acme_prod.mysql.db-01.threads_running", "life": 900, "score": 0.8}))["ids"][0]
    clock[0] += timedelta(seconds=60)
    early = await detail(api, ident)
    assert early["related"] == {"status": {"code": 200, "message": "OK"}, "cross_correlations": [], "events": []}
    assert (early["anomaly"]["score"], early["anomaly"]["until_timestamp"]) == (0.76, None)
    assert (early["anomaly"]["expected_range_lower"], early["anomaly"]["expected_range_upper"]) == (0, 0)
    clock[0] += timedelta(seconds=120)
    later = await detail(api, ident)
    assert len(later["related"]["cross_correlations"]) > 12
    assert (later["anomaly"]["score"], later["anomaly"]["value"] > early["anomaly"]["value"]) == (0.8, True)
    assert later["anomaly"]["until_timestamp"] is None
    await tell(f"anomalies/{ident}", "PATCH", score=0.91, value=77.5)
    clock[0] += timedelta(seconds=720)
    over = (await detail(api, ident))["anomaly"]
    assert (over["until_timestamp"] - over["timestamp"], over["score"], over["value"]) == (900, 0.91, 77.5)


async def test_what_goes_on_is_told_in_three_ways(api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell) -> None:
    ident = next(one.id for one in world.newest() if one.ended is None)
    assert (await detail(api, ident))["anomaly"]["until_timestamp"] is None
    await tell("modes", running_until="absent")
    assert "until_timestamp" not in (await detail(api, ident))["anomaly"]
    await tell("modes", running_until="seen")
    assert (await detail(api, ident))["anomaly"]["until_timestamp"] == world.now()


async def test_correlations_have_a_status_of_their_own(api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell) -> None:
    ident = min(world.anomalies)
    failed = {"status": {"code": 500, "message": "Correlations could not be read"}}
    for word, shown in (("failed", {**failed, "cross_correlations": [], "events": []}), ("status alone", failed)):
        await tell("modes", related=word)
        told = await detail(api, ident)
        assert (told["related"], told["anomaly"]["id"]) == (shown, ident)


async def test_what_was_deleted_there_is_gone(api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell) -> None:
    ident = min(world.anomalies)
    await tell(f"anomalies/{ident}", "DELETE")
    assert await code(api, f"/anomaly/{ident}") == (200, 404)


# --- graphs ------------------------------------------------------------------------------------------------------------------


def path(url: str) -> str:
    parts = parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


def pixels(png: bytes) -> list[bytes]:
    """The rows of a picture of ours, checked down to its sums."""
    assert png.startswith(picture.SIGNATURE)
    at, body, kinds = len(picture.SIGNATURE), b"", []
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        chunk = png[at + 8 : at + 8 + length]
        assert struct.unpack(">I", png[at + 8 + length : at + 12 + length])[0] == zlib.crc32(kind + chunk)
        kinds.append(kind)
        body += chunk if kind == b"IDAT" else b""
        at += 12 + length
    assert kinds == [b"IHDR", b"PLTE", b"IDAT", b"IEND"]
    raw = zlib.decompress(body)
    assert len(raw) == picture.HEIGHT * (picture.WIDTH + 1)
    return [raw[row * (picture.WIDTH + 1) + 1 : (row + 1) * (picture.WIDTH + 1)] for row in range(picture.HEIGHT)]


async def test_a_graph_is_an_image_for_those_with_a_token(
    api: httpx.AsyncClient, web: httpx.AsyncClient, world: anomify.Organisation
) -> None:
    told = await detail(api, next(one.id for one in world.newest() if one.draft.patterns and not one.draft.patterns[0].pending))
    for url in (told["anomaly_graph_url"], *told["pattern_graph_urls"].values()):
        assert url.startswith("https://api-stage.anomify.ai/metric/")
        reply = await api.get(path(url))
        assert (reply.status_code, reply.headers["content-type"]) == (200, "image/png")
        rows = pixels(reply.content)
        assert {picture.BAND, picture.LINE} <= set(b"".join(rows))
    assert picture.RED in {row[-1] for row in pixels((await api.get(path(told["anomaly_graph_url"]))).content)}
    assert await code(web, path(told["anomaly_graph_url"])) == (200, 401)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"from": 2, "until": 1}, 400),
        ({"from": "a", "until": 1}, 400),
        ({"until": 1}, 400),
        ({"from": 1, "until": 2, "display_x_axis": "above"}, 400),
    ],
)
async def test_a_graph_wants_two_times_and_known_axes(api: httpx.AsyncClient, asked: dict[str, Any], expected: int) -> None:
    assert await code(api, f"/metric/{next(iter(catalogue.METRICS))}/graph", params=asked) == (200, expected)
    assert await code(api, "/metric/no.such.metric/graph", params={"from": 1, "until": 2}) == (200, 404)


@pytest.mark.parametrize(
    ("hosts", "begins"),
    [("own", "{url}/metric/"), ("elsewhere", "https://images.acme.example/metric/"), ("none", "/metric/")],
)
async def test_addresses_of_images_may_have_other_hosts(
    api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell, url: str, hosts: str, begins: str
) -> None:
    await tell("modes", hosts=hosts)
    assert (await detail(api, min(world.anomalies)))["anomaly_graph_url"].startswith(begins.format(url=url))


WRONG: dict[str, Callable[[httpx.Response], bool]] = {
    "oversized": lambda reply: reply.headers["content-type"] == "image/png" and int(reply.headers["content-length"]) > 10_000_000,
    "endless": lambda reply: "content-length" not in reply.headers and len(reply.content) > 10_000_000,
    "html": lambda reply: reply.headers["content-type"].startswith("text/html"),
    "mislabelled": lambda reply: reply.headers["content-type"] == "image/png" and reply.content.startswith(b"<!doctype"),
    "svg": lambda reply: reply.headers["content-type"] == "image/svg+xml" and b"<script>" in reply.content,
    "empty": lambda reply: reply.headers["content-type"] == "image/png" and not reply.content,
    "missing": lambda reply: reply.json()["status"]["code"] == 404,
    "redirect": lambda reply: reply.status_code == 302 and reply.headers["location"].startswith("https://images.acme.example/metric/"),
}


@pytest.mark.parametrize("word", WRONG)
async def test_an_image_may_be_none(api: httpx.AsyncClient, tell: Tell, word: str) -> None:
    await tell("modes", graphs=word)
    assert WRONG[word](await api.get(f"/metric/{next(iter(catalogue.METRICS))}/graph", params={"from": 1, "until": 4000}))


# --- the list that nobody published ----------------------------------------------------------------------------------------


LISTS: dict[str, Callable[[Any], list[tuple[str, str]]]] = {
    "anomalies": lambda data: [(str(row["id"]), row["metric"]) for row in data["anomalies"]],
    "bare": lambda data: [(str(row["id"]), row["metric"]) for row in data],
    "by id": lambda data: [(ident, row["metric"]) for ident, row in data["anomalies"].items()],
    "thin": lambda data: [(row["id"], row["metric"]) for row in data["anomalies"] if set(row) == {"id", "metric", "timestamp", "score"}],
    "wrapped": lambda data: [(str(row["anomaly"]["id"]), row["anomaly"]["metric"]) for row in data["anomalies"]],
}


async def test_the_list_is_no_method_until_somebody_says_so(api: httpx.AsyncClient) -> None:
    assert await code(api, "/anomalies") == (200, 404)


@pytest.mark.parametrize("form", LISTS)
async def test_the_list_may_have_several_forms(api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell, form: str) -> None:
    await tell("modes", list=form)
    told = (await api.get("/anomalies", params={"whatever": 1})).json()["data"]
    assert LISTS[form](told) == [(str(one.id), one.metric.name) for one in world.newest()]
    since = world.now() - 4 * 3600
    young = (await api.get("/anomalies", params={"from": since, "until": world.now()})).json()["data"]
    assert LISTS[form](young) == [(str(one.id), one.metric.name) for one in world.newest() if one.started >= since]


async def test_the_list_has_a_hundred_at_most_and_none_that_is_not_stored(
    api: httpx.AsyncClient, tell: Tell, clock: list[datetime]
) -> None:
    made = (await tell("anomalies", count=110))["ids"]
    await tell("modes", list="anomalies")
    assert len((await api.get("/anomalies")).json()["data"]["anomalies"]) == 32
    clock[0] += timedelta(seconds=30)
    told = (await api.get("/anomalies")).json()["data"]["anomalies"]
    assert [row["id"] for row in told] == made[:9:-1]


# --- odd ones ------------------------------------------------------------------------------------------------------------------


async def test_every_so_many_th_arrival_is_written_oddly_each_in_another_way(
    api: httpx.AsyncClient, clock: list[datetime], tell: Tell
) -> None:
    await tell("modes", odd_every=2)
    made = (await tell("anomalies", count=2 * len(odd.WORDS), fields={"metric": PLUS}))["ids"]
    clock[0] += timedelta(seconds=300)
    plain = await detail(api, made[0])
    assert set(plain) == {"anomaly", "anomaly_graph_url", "pattern_graph_urls", "matching_watchers", "related"}
    told = [(await api.get(f"/anomaly/{ident}")).json() for ident in made[1::2]]
    assert {one["status"]["code"] for one in told} == {200}
    seen = dict(zip(odd.WORDS, (one["data"] for one in told), strict=True))
    assert seen["numbers as text"]["anomaly"]["timestamp"] == str(plain["anomaly"]["timestamp"])
    assert seen["times in milliseconds"]["anomaly"]["timestamp"] == plain["anomaly"]["timestamp"] * 1000
    assert (seen["another id"]["anomaly"]["id"], seen["related null"]["related"], seen["null"]) == (1, None, None)
    assert isinstance(seen["a list"], list) and set(seen["id alone"]["anomaly"]) == {"id"}
