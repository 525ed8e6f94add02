"""What Anomify tells becomes an anomaly: the vendor page's own sample, what is written oddly, and what may be told of it at all."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot import errors, model
from bot.render.anomaly import anomaly_card
from bot.sources.anomify import discretion, rounds, source, system
from sandbox import anomify
from sandbox.anomify import odd
from tests.render import samples, slack_rules
from tests.sources.staging import Clock, RealClock, Wire, fixture

THEN = datetime(2020, 5, 5, 14, 0, tzinfo=UTC)
"""Half an hour after the anomaly of the vendor's page."""
TOKEN = "s3cret-token-value"
PEOPLE = ("dana@acme.example", "+34600000000", "U0DANAREYES", "Dana Reyes")


@dataclass
class Site:
    """A source whose server is a function."""

    source: source.Anomify
    wire: Wire
    clock: Clock

    async def one(self, ident: str = "7786") -> model.Anomaly:
        return (await self.source.get([ident]))[ident]


def reply(data: Any, code: Any = 200, message: str = "OK", status: int = 200) -> httpx.Response:
    """The envelope."""
    return httpx.Response(status, json={"status": {"code": code, "message": message}, "data": data})


def over(answer: Callable[[httpx.Request], httpx.Response], **settings: Any) -> Site:
    wire, clock = Wire(answer), Clock(THEN)
    given = {"url": "https://api.anomify.example/v1", "token": TOKEN, **settings}
    return Site(source.Anomify(clock=clock, transport=httpx.MockTransport(wire), **given), wire, clock)


def telling(change: Callable[[dict[str, Any]], None] | None = None, **settings: Any) -> Site:
    """One that tells the vendor's sample, changed."""
    told = fixture("anomify_anomaly")
    if change:
        change(told["data"])
    return over(lambda request: httpx.Response(200, json=told), **settings)


def facts(one: model.Anomaly, label: str) -> list[model.Fact]:
    return [fact for fact in one.facts if fact.label == label]


def visible(one: model.Anomaly) -> str:
    message = anomaly_card.anomaly(one, model.Capabilities("Anomify", frozenset(model.Action)), samples.past())
    return slack_rules.seen(message)


# --- the sample -----------------------------------------------------------------------------------------------------------


async def test_the_sample_of_the_vendors_page_becomes_a_card() -> None:
    one = await telling().one()
    metric = "grph_1.cloudinfra.mx-out02.network.eth0.tx_byte"
    begun, until = datetime.fromtimestamp(1588685340, UTC), datetime.fromtimestamp(1588685460, UTC)
    assert one.series == model.Series(metric, 12183.4, start=begun, end=until), "0 to 0 is no range"
    assert (one.weight, one.severity, one.type, one.related) == (78.0, model.Severity.HIGH, "negative", (model.Ref("anomify", "7785"),))
    assert (one.created, one.ended, one.state, one.kept_here) == (begun, until, model.State.ACTIVE, tuple(model.Part))
    assert [fact.value for fact in facts(one, "Training")] == ["not possible: expired"]
    assert len(facts(one, "Correlated")) == 5 and facts(one, "Correlated")[0].value == "prom_2.node_load15, 1, same minute"
    assert len(facts(one, "Correlated")[-1].more) == 30, "the others are for whoever asks for details"
    card = visible(one)
    for said in (metric, "12,183", "Training: not possible: expired", "prom_2.node_load15", "7785"):
        assert said in card, said


async def test_whoever_looks_closely_is_told_what_happened_around_it() -> None:
    site = telling()
    told = await site.source.closer.evidence(await site.one())
    assert [one.what for one in told.happened] == [
        "match 3468 of graphite-labs_wikimedia_org.clouddb-services.clouddb1001.cpu.total.user, 2 min later",
        "anomaly 7785 of grph_1.cloudinfra.mx-out02.network.eth0.rx_byte: 18,091.8, same minute",
    ]
    assert told.missing == ()


async def test_it_is_over_a_day_after_its_last_value() -> None:
    site = telling()
    site.clock.at = datetime.fromtimestamp(1588685460 + 86_399, UTC)
    assert (await site.one()).state is model.State.ACTIVE
    site.clock.pass_by(seconds=1)
    one = await site.one()
    assert (one.state, one.archived_as, one.over) == (model.State.ARCHIVED, model.OVER, site.clock.at)


async def test_watchers_are_named_and_nobody_behind_them() -> None:
    muting = {"muted": True, "muted_until_timestamp": 1588689000}
    owner = {
        "name": PEOPLE[3],
        "email": PEOPLE[0],
        "phone_number": PEOPLE[1],
        "slack_member_id": PEOPLE[2],
        "org": {"alert_muting": muting},
    }

    def change(data: dict[str, Any]) -> None:
        data["matching_watchers"] = [
            {"id": 1, "name": "web", "is_alert": True, "is_deleted": False, "owner": owner},
            {"id": 2, "name": "quiet, ask dana@acme.example or +34 600 000 000 or U0DANAREYES", "is_alert": False, "owner": owner},
            {"id": 3, "name": "old", "is_alert": True, "is_deleted": True, "owner": owner},
        ]

    one = await telling(change).one()
    said = facts(one, "Watchers")[0].value
    assert said == "web, quiet, ask [hidden] or [hidden] or [hidden] (no alerts)"
    assert facts(one, "Alerts muted") == [model.Fact("Alerts muted", "until", at=datetime.fromtimestamp(1588689000, UTC))]
    assert not [word for word in (*PEOPLE, "600 000 000") if word in repr(one)]


async def test_training_and_patterns_are_told() -> None:
    def change(data: dict[str, Any]) -> None:
        data["anomaly"] |= {
            "training": {
                "trainable": True,
                "trainable_status": "",
                "trainable_until_timestamp": 1588700000,
                "30_day_trainable_from_timestamp": 1588800000,
                "30_day_trainable_in": "2 days",
            },
            "patterns": [{"id": 5, "label": "Deploy", "matches": 3}],
            "pending_patterns": [{"id": 6}, {"id": 7}],
            "positive": True,
            "expected_range_lower": 10,
            "expected_range_upper": 20,
        }

    one = await telling(change).one()
    assert facts(one, "Training") == [model.Fact("Training", "possible until", at=datetime.fromtimestamp(1588700000, UTC))]
    assert facts(one, "30-day training") == [model.Fact("30-day training", "from", at=datetime.fromtimestamp(1588800000, UTC))]
    assert facts(one, "Patterns")[0].more == ("Deploy (5), 3 matches",) and facts(one, "Pending patterns")[0].value == "2"
    assert one.series is not None and (one.series.low, one.series.high, one.series.direction) == (10.0, 20.0, model.Direction.UP)
    assert one.type == "positive"


async def test_what_is_related_has_a_status_of_its_own() -> None:
    site = telling(lambda data: data.update(related={"status": {"code": 500, "message": "luminosity is down"}}))
    one = await site.one()
    assert [fact.value for fact in facts(one, "Correlations")] == ["not told by Anomify (luminosity is down)"]
    assert (await site.source.closer.evidence(one)).missing == ("What is related is not told by Anomify (luminosity is down).",)


async def test_the_page_of_an_anomaly_is_linked_and_links_to_it_are_understood() -> None:
    site = telling(page="https://dashboard.anomify.example/#/anomaly/{id}?tab=1")
    assert (await site.one()).url == "https://dashboard.anomify.example/#/anomaly/7786?tab=1"
    found = re.fullmatch(site.source.idents.path, "/#/anomaly/7786?tab=1")
    assert site.source.idents.hosts == ("dashboard.anomify.example",) and found is not None and found[1] == "7786"


@pytest.mark.parametrize(
    ("name", "value"),
    [("PAGE_URL", "https://dashboard.anomify.example/anomaly"), ("PAGE_URL", "dashboard/{id}"), ("UNDOCUMENTED", "train")],
)
def test_a_setting_that_makes_no_sense_is_refused(name: str, value: str) -> None:
    setting = next(one for one in system.KIND.settings if one.name == name)
    with pytest.raises(ValueError, match="must be"):
        setting.read(value)


# --- the wire ---------------------------------------------------------------------------------------------------------------


async def test_it_is_asked_with_the_token_alone_and_no_cookie_is_kept() -> None:
    session = {"set-cookie": "session_id=abc; Path=/"}
    site = over(lambda request: httpx.Response(200, json=fixture("anomify_anomaly"), headers=session))
    await site.one()
    await site.one()
    for request in site.wire.requests:
        assert request.headers["X-Auth-Token"] == TOKEN
        assert not {"cookie", "authorization", "x-session-id"} & set(request.headers) and "session_id" not in str(request.url)
    assert site.wire.lines == ["GET /v1/anomaly/7786"] * 2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply({}, 401, "Invalid token"), errors.SourceAuthFailed),
        (reply({}, 500, "Out of order"), errors.SourceUnavailable),
        (reply({}, "429", "Too many"), errors.SourceRateLimited),
        (reply({}, 1069, "Odd"), errors.SourceRejected),
        (reply({}, "what"), errors.SourceGarbled),
        (httpx.Response(200, json={"neither": 1}), errors.SourceGarbled),
    ],
    ids=["401", "500", "429", "1069", "no number", "no envelope"],
)
async def test_a_status_inside_of_an_answer_is_an_error(
    answer: httpx.Response, error: type[errors.SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(seconds: float) -> None:
        """No waiting between tries."""

    monkeypatch.setattr("bot.sources.base.pause", at_once)
    with pytest.raises(error):
        await over(lambda request: httpx.Response(answer.status_code, content=answer.content)).one()


async def test_a_demo_account_is_explained() -> None:
    site = over(lambda request: reply({}, 403, "This method is not available to demo user accounts"))
    with pytest.raises(errors.SourceForbidden, match=r"ANOMIFY_TOKEN belongs to a demo account.*Use a token of an organisation"):
        await site.one()


async def test_a_refusal_tells_of_nobody() -> None:
    site = over(lambda request: reply({}, 422, f"{PEOPLE[0]} ({PEOPLE[1]}, {PEOPLE[2]}) may not"))
    with pytest.raises(errors.SourceRejected) as raised:
        await site.one()
    assert f"{discretion.HIDDEN} ({discretion.HIDDEN}, {discretion.HIDDEN}) may not" in str(raised.value)


async def test_one_that_is_not_stored_yet_is_looked_up_by_what_the_webhook_told() -> None:
    told = fixture("anomify_anomaly")
    told["data"]["anomaly"]["id"] = None

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=told) if request.url.path.endswith("/lookup") else reply({}, 404, "Anomaly not found")

    site = over(answer)
    clues = {"metric": "web.cpu", "timestamp": "1588685340"}
    reading = await site.source.pushed([model.Mention("7786", clues), model.Mention("9")])
    assert reading.found["7786"].ref == model.Ref("anomify", "7786") and reading.gone == {"9"}
    asked = [dict(one.url.params) for one in site.wire.requests if one.url.path.endswith("/lookup")]
    assert asked == [clues]
    for pages in (0, 2):
        again = await site.source.read(["7786"], pages=pages)
        assert (set(again.found), again.gone) == ({"7786"}, frozenset()), "whoever has the id alone is not told that it was deleted"
    few = await site.source.read(["7786"], pages=1)
    assert (few.found, few.gone) == ({}, frozenset()), "it takes two calls, and only one was allowed"


async def test_any_process_reads_again_what_only_another_one_heard_of() -> None:
    """As a restart does; and the calls that it takes count."""
    told, shelf = fixture("anomify_anomaly"), dict[model.Ref, model.Anomaly]()
    told["data"]["anomaly"]["id"] = None
    there = {"7786"}

    def answer(request: httpx.Request) -> httpx.Response:
        found = there and request.url.path.endswith("/lookup")
        return httpx.Response(200, json=told) if found else reply({}, 404, "Anomaly not found")

    async def stored(refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]:
        return {ref: shelf[ref] for ref in refs if ref in shelf}

    heard, deaf = over(answer, stored=stored), over(answer, stored=stored)
    clues = {"metric": "grph_1.cloudinfra.mx-out02.network.eth0.tx_byte", "timestamp": "1588685340"}
    pushed = await heard.source.pushed([model.Mention("7786", clues)])
    shelf |= {one.ref: one for one in pushed.found.values()}
    read = await deaf.source.read(["7786", "9"], pages=9)
    assert (read.found, read.gone) == (pushed.found, {"9"})
    assert [dict(one.url.params) for one in deaf.wire.requests if one.url.path.endswith("/lookup")] == [clues]
    assert deaf.source._rounds.spare() == rounds.CALLS - 3
    there.clear()
    assert (await deaf.source.read(["7786"])).gone == {"7786"}, "what is found by neither is deleted"


async def test_a_store_that_does_not_answer_is_no_deletion() -> None:
    async def away(refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]:
        raise errors.StoreUnavailable("The database does not answer.")

    site = over(lambda request: reply({}, 404, "Anomaly not found"), stored=away)
    with pytest.raises(errors.SourceUnavailable):
        await site.source.read(["7786"])


async def test_one_that_cannot_be_read_takes_no_other_with_it() -> None:
    reading = await telling().source.read(["7786", "12"])
    assert (set(reading.found), reading.gone, reading.unread) == ({"7786"}, frozenset(), {"12"}), "12 is told as another one"


async def test_a_round_goes_on_behind_one_that_cannot_be_read_and_a_click_is_told_of_it() -> None:
    site = telling()
    reading = await site.source.read(["12"], pages=1)
    assert (reading.found, reading.gone, reading.unread) == ({}, frozenset(), {"12"})
    with pytest.raises(errors.SourceGarbled, match="another anomaly than 12"):
        await site.source.get(["12"])


# --- reading again ----------------------------------------------------------------------------------------------------------


async def test_what_nobody_waits_for_gets_thirty_calls_a_minute() -> None:
    site = over(lambda request: reply({"anomaly": {"id": int(request.url.path.rpartition("/")[2]), "timestamp": THEN.timestamp()}}))
    ids = [str(number) for number in range(1, 41)]
    assert len((await site.source.read(ids, pages=50)).found) == rounds.CALLS
    assert (await site.source.read(ids, pages=50)).found == {} and len(site.wire.requests) == rounds.CALLS
    assert len(await site.source.get(["1"])) == 1, "whoever clicked is not held up"
    site.clock.pass_by(seconds=60)
    assert len((await site.source.read(ids, pages=5)).found) == 5


async def test_what_ended_a_day_ago_is_not_read_again_and_goes_on_ageing() -> None:
    site = telling()
    await site.source.read(["7786"], pages=1)
    await site.source.read(["7786"], pages=1)
    assert len(site.wire.requests) == 2, "it may change yet"
    site.clock.pass_by(days=1)
    for _ in range(2):
        reading = await site.source.read(["7786"], pages=1)
        assert reading.found["7786"].archived_as == model.OVER
    assert len(site.wire.requests) == 3


# --- pictures ---------------------------------------------------------------------------------------------------------------

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100
STAGE = "https:\\/\\/api-stage.anomify.ai\\/metric\\/m\\/graph?from=1".replace("\\", "")


def drawing(address: Any, content: bytes = PNG, **more: Any) -> Site:
    told = fixture("anomify_anomaly")
    told["data"] |= {"anomaly_graph_url": address, "pattern_graph_urls": {"12": address}}

    def answer(request: httpx.Request) -> httpx.Response:
        if "/anomaly/" in request.url.path:
            return httpx.Response(200, json=told)
        return httpx.Response(200, content=content, headers={"content-type": "image/png"}, **more)

    return over(answer)


async def test_graphs_come_from_the_host_of_the_settings_with_the_token() -> None:
    site = drawing(STAGE)
    drawn = await site.source.closer.pictures(await site.one())
    assert [(one.name, one.content) for one in drawn] == [("anomify-7786-30-days.png", PNG), ("anomify-7786-pattern-12.png", PNG)]
    assert "in the 30 days up to the anomaly" in drawn[0].alt and "pattern 12" in drawn[1].alt
    assert {(one.url.host, one.url.path) for one in site.wire.requests[2:]} == {("api.anomify.example", "/v1/metric/m/graph")}
    assert all(one.headers["X-Auth-Token"] == TOKEN for one in site.wire.requests)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/metric/m/graph",
        "https://api.anomify.example@evil.example/m",
        "https://anomify.ai.evil.example/m",
        "https://[api",
    ],
)
async def test_no_token_goes_to_another_host(address: str) -> None:
    site = drawing(address)
    one = await site.one()
    with pytest.raises(errors.SourceGarbled):
        await site.source.closer.pictures(one)
    assert {request.url.host for request in site.wire.requests} == {"api.anomify.example"}


@pytest.mark.parametrize(
    "content",
    [b"<html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"", PNG + b"0" * 5 * 1024 * 1024],
    ids=["html", "svg", "empty", "large"],
)
async def test_what_is_no_picture_or_too_large_is_not_taken(content: bytes) -> None:
    site = drawing(STAGE, content)
    with pytest.raises(errors.SourceGarbled):
        await site.source.closer.pictures(await site.one())


async def test_where_nothing_is_drawn_there_are_no_pictures() -> None:
    site = drawing(None)
    assert await site.source.closer.pictures(await site.one()) == []


# --- the list that is not described, and odd writing, against the fake ------------------------------------------------------


@pytest.fixture
async def world() -> AsyncIterator[tuple[anomify.Organisation, source.Anomify]]:
    """An organisation with three anomalies that go on, and a source that tries its list."""
    state = anomify.Organisation(seed=7, open_count=3)
    async with anomify.serving(state) as (url, _):
        made = source.Anomify(url=url, token=anomify.SANDBOX_TOKEN, clock=RealClock(), listing=True)
        yield state, made
        await made.aclose()


@pytest.mark.parametrize("form", ["anomalies", "bare", "by id", "thin", "wrapped"])
async def test_the_list_is_read_in_whatever_form_it_comes(world: tuple[anomify.Organisation, source.Anomify], form: Any) -> None:
    state, made = world
    state.modes.list = form
    first = await made.changes("")
    assert len(first.anomalies) >= 3 and all(one.series for one in first.anomalies)
    assert not (await made.changes(first.cursor)).anomalies, "each is told once"


async def test_a_list_that_is_not_there_is_told_once_and_nothing_fails(
    world: tuple[anomify.Organisation, source.Anomify], caplog: pytest.LogCaptureFixture
) -> None:
    _, made = world
    for _ in range(2):
        assert (await made.changes("")).anomalies == ()
    assert len([one for one in caplog.records if "unpublished list" in one.message]) == 1


async def test_what_is_written_oddly_is_read_as_far_as_it_can_be(world: tuple[anomify.Organisation, source.Anomify]) -> None:
    state, made = world
    unread = {"another id", "anomaly null", "null"}
    for word in odd.WORDS:
        ident = str(state.arrive(1, odd=word, correlated=True)[0].id)
        if word in unread:
            continue
        one = (await made.get([ident]))[ident]
        assert visible(one), word
        assert "@acme.example" not in repr(one) and "555 0" not in repr(one), word
