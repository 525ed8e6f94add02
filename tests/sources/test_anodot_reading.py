"""What Anodot sends of an anomaly, as it is read: the samples of the vendor's page, every odd one that the fake can write, and what is
asked."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import errors, model
from bot.core import severity
from bot.sources.anodot import closer, course, filters, schema, source, triggers
from sandbox.anodot import catalogue, odd
from tests.sources import metrics_desk
from tests.sources.staging import Clock

SAMPLES = Path(__file__).parent / "fixtures"
ALL = "short,medium,long,longlong,weekly"
ID = "2af8dcb64b3520178dd115345af28bc3"


class Book:
    """One trigger, or none."""

    def __init__(self, trigger: triggers.Trigger | None = None) -> None:
        self.trigger = trigger

    def of(self, ident: str) -> triggers.Trigger | None:
        return self.trigger


def sample(name: str) -> Any:
    """A sample of the vendor's page; two of them are no JSON as they stand there: a doubled brace, and a word in single quotes."""
    return json.loads((SAMPLES / f"anodot_{name}.txt").read_text().replace("{{", "{").replace("'small'", '"small"'))


def read(raw: Any, trigger: triggers.Trigger | None = None) -> model.Anomaly:
    reader = schema.Reader("https://app.anodot.com", severity.ordered(source.THRESHOLDS), Clock())
    found = reader.anomaly(raw, Book(trigger), {"u1": model.Person("anodot", "u1", "Dana Reyes")})
    assert found is not None
    return found


def facts(one: model.Anomaly) -> dict[str, str]:
    return {fact.label: fact.value for fact in one.facts}


# --- the samples of the page


def test_the_list_of_the_page_is_read_whole() -> None:
    one = read(sample("list")["anomalies"][0])
    assert (one.ref, one.state, one.status) == (model.Ref("anodot", ID), model.State.ACTIVE, "open")
    assert (one.weight, one.scale.most, one.severity) == (95.0, 100.0, model.Severity.CRITICAL)
    assert (one.description, one.type, one.type_title) == ("anomaly name given by the user", "transient", "Transient")
    assert one.created == datetime(2014, 8, 26, 11, 8, tzinfo=UTC)
    assert one.series is not None
    assert (one.series.metric, one.series.value, one.series.direction, one.series.resolution) == (
        "monitoring", 38.0, model.Direction.UP, "1 minute",
    )  # fmt: skip
    assert one.series.high == pytest.approx(25.87, abs=0.01), "the edge of the baseline that the peak passed"
    assert "stream_type=Postgres" in one.tags
    assert facts(one) == {"Metrics": "1", "Last normal": "", "Intervals": "1", "Properties": "8"}, "its series tells the rest"
    assert one.url.startswith("https://app.anodot.com/#!/anomalies?") and f"anomalies=;0({ID})" in one.url
    assert one.kept_here == tuple(model.Part), "no alert raised a trigger for it"


def test_a_value_has_the_unit_of_its_metric() -> None:
    raw = sample("list")["anomalies"][0]
    raw["metrics"][0]["properties"] = [{"key": "unit", "value": "USD"}, {"key": "country", "value": "US"}]
    one = read(raw)
    assert one.series is not None and one.series.unit == "USD"


def test_what_a_falling_metric_changed_by_has_a_sign() -> None:
    raw = sample("list")["anomalies"][0]
    rising = read(raw).series
    for interval in raw["metrics"][0]["currentAnomalyIntervals"]:
        interval |= {"directionUp": False, "absoluteDelta": 12.5, "percentageDelta": 40.0}
    falling = read(raw).series
    assert rising is not None and falling is not None
    assert (rising.direction, falling.direction) == (model.Direction.UP, model.Direction.DOWN)
    assert (rising.delta, rising.percent) == (pytest.approx(12.13, abs=0.01), pytest.approx(46.89, abs=0.01))
    assert (falling.delta, falling.percent) == (-12.5, -40.0)


def test_the_anomaly_of_the_page_is_over_and_its_score_of_one_is_told_as_one_of_a_hundred() -> None:
    one = read(sample("metrics"))
    assert (one.state, one.archived_as, one.over) == (model.State.ARCHIVED, "Over", datetime(2016, 8, 3, 10, 2, 55, tzinfo=UTC))
    assert (one.weight, facts(one)["Score as told"], facts(one)["Composite"]) == (95.0, "0.95", "111111122222222333333")
    assert facts(one)["Below baseline"] == "30.7 (71 %)"


def test_the_metric_and_the_tokens_of_the_page_are_read() -> None:
    assert schema.metric(sample("metric")).direction is model.Direction.UP
    assert course.read(sample("metric")) == []
    (cluster,) = closer.commons(sample("tokens"))
    assert (cluster.told, [token.told for token in cluster.tokens]) == ("what=errors: 30 of 309", ["server=my_server_name01: 30 of 309"])
    (spelt,) = closer.commons(json.loads(json.dumps(sample("tokens")).replace("Occurrences", "Occurances")))
    assert spelt.told == cluster.told, "as the table of the same page spells it"


@pytest.mark.parametrize(
    ("told", "score"),
    [(0.41, 41.0), (95, 95.0), (48, 48.0), (1, 100.0), ("0.5", 50.0), (180.5, 100.0), (None, None), (-1, None), ("x", None)],
)
def test_a_score_of_one_and_one_of_a_hundred_are_told_apart(told: Any, score: float | None) -> None:
    assert schema.score(told) == score


@pytest.mark.parametrize(
    ("told", "word"), [("small", "short"), ("1m", "short"), ("5m", "medium"), ("1H", "long"), ("1w", "weekly"), ("tiny", "tiny")]
)
def test_three_vocabularies_of_one_scale_are_one(told: str, word: str) -> None:
    assert schema.scale(told) == word


@pytest.mark.parametrize(("kind", "title"), [("transient", "Transient"), ("pattern_change", "Pattern change"), ("drift", "")])
def test_transient_and_pattern_change_are_told_apart(kind: str, title: str) -> None:
    raw = sample("metrics")
    raw["metrics"][0]["currentAnomalyIntervals"][0]["type"] = kind
    assert (read(raw).type, read(raw).type_title) == (kind, title)


def test_what_a_trigger_says_wins() -> None:
    trigger = triggers.Trigger("t1", ID, "Anomaly on signups", model.Severity.MEDIUM, stars=("u1",), assignee="u1", metrics=7)
    one = read(sample("list")["anomalies"][0], trigger)
    assert (one.severity, one.state, one.assignees[0].name) == (model.Severity.MEDIUM, model.State.ACKNOWLEDGED, "Dana Reyes")
    assert (one.kept_here, one.keepable) == ((), tuple(model.Part))
    assert facts(one)["Alert"] == "Anomaly on signups"
    closed = read(sample("metrics"), trigger)
    assert (closed.state, closed.over is not None) == (model.State.ACKNOWLEDGED, True), "it stays with whoever has it in hand"


@pytest.mark.parametrize("form", ["alerts", "alertGroups"])
def test_both_forms_of_the_list_of_triggers_are_read(form: str) -> None:
    alert = {
        "id": "t1",
        "groupId": ID,
        "type": "ANOMALY",
        "status": "CLOSE",
        "severity": "HIGH",
        "startTime": "1617148800",
        "stars": ["u1"],
    }
    others = [{"id": "t2", "groupId": "x", "type": "no_data"}, None, {"groupId": "y"}]
    reply = (
        {"alerts": [alert, *others]} if form == "alerts" else {"alertGroups": [{"id": ID, "alerts": [alert, *others], "stars": ["u2"]}, 7]}
    )
    page = triggers.read(reply)
    assert page is not None
    (found,) = page.triggers
    assert (found.id, found.severity, found.started, found.closed) == ("t1", model.Severity.HIGH, 1617148800.0, True)
    assert found.stars == (("u1",) if form == "alerts" else ("u1", "u2"))
    assert triggers.read({"anomalies": []}) is None


@pytest.mark.parametrize("told", ["u1", {"assigneeId": "u1", "assignerId": "u2"}, {"_id": "u1"}])
def test_an_assignee_may_be_told_in_several_ways(told: Any) -> None:
    page = triggers.read({"alerts": [{"id": "t1", "groupId": ID, "assignee": told}]})
    assert page is not None
    (found,) = page.triggers
    assert found.assignee == "u1"


# --- against the fake


async def test_every_odd_anomaly_becomes_one_as_far_as_it_has_an_id() -> None:
    async with metrics_desk.site() as site:
        made = [site.one(odd=word) for word in odd.WORDS]
        found = {one.ref.id: one for one in (await site.source.changes("")).anomalies}
        unread = {"no id", "not an object", "null"}
        assert {one.odd for one in made if one.id not in found} == unread
        again = (await site.source.read([one.id for one in made if one.odd not in unread])).found
        assert {one.odd for one in made if one.id in again} == set(odd.WORDS) - unread


async def test_all_scales_are_asked_for_by_every_call_unless_one_is_named() -> None:
    async with metrics_desk.site() as site:
        one = site.one(resolution="longlong")
        assert [found.ref.id for found in (await site.source.changes("")).anomalies] == [one.id]
        await site.source.find(model.Query())
        await site.source.count(model.Query())
        await site.get(one.id)
        asked = [dict(call["query"]) for call in site.calls("/users", "/triggered")]
        assert len(asked) >= 4 and {call["resolution"] for call in asked} == {ALL}
        await site.source.count(model.Query(others=(("resolution", "longlong"),)))
        assert dict(site.calls("/users", "/triggered")[-1]["query"])["resolution"] == "longlong"


async def test_what_is_behind_the_end_of_paging_is_read_in_windows_whole_and_once() -> None:
    async with metrics_desk.site(page_size=5) as site:
        site.world.modes.paging_max = 8
        now = site.world.now()
        ids = {site.one(started=now - 600 * number, life=10**7).id for number in range(40)}
        for query in (model.Query(), model.Query(sort="oldest"), model.Query(sort="weight")):
            found = await site.source.find(query)
            assert len(found.anomalies) == len(ids) == found.total
            assert {one.ref.id for one in found.anomalies} == ids
        dates = [one.created for one in (await site.source.find(model.Query())).anomalies]
        assert dates == sorted(dates, reverse=True)


async def test_an_old_one_of_a_long_scale_is_read_by_its_id_after_a_restart() -> None:
    async with metrics_desk.site() as site:
        one = site.one(resolution="weekly", started=site.world.now() - 20 * 86400, life=10**7)
        assert (await site.get(one.id)).series is not None


@pytest.mark.parametrize("merged", ["gone", "followed"])
async def test_one_that_was_merged_says_where_it_went_and_has_nothing_to_do_any_more(merged: str) -> None:
    async with metrics_desk.site() as site:
        site.world.modes.merged = merged
        into, old = site.one(), site.one()
        await site.source.changes("")
        site.world.merge(into, old)
        now = await site.get(old.id)
        assert (now.merged_into, now.state, now.status) == (model.Ref("anodot", into.id), model.State.ARCHIVED, "merged")
        refused = await site.do(model.Action.COMMENT, old.id, comment="x")
        assert refused.result is model.Result.REFUSED and into.id in refused.reason


async def test_one_that_is_closed_is_over_and_one_in_hand_stays_in_hand() -> None:
    async with metrics_desk.site() as site:
        one, held = site.one(), site.one()
        await site.do(model.Action.ACKNOWLEDGE, held.id)
        for each in (one, held):
            site.world.close(each)
        assert ((await site.get(one.id)).archived_as, (await site.get(held.id)).state) == ("Over", model.State.ACKNOWLEDGED)
        assert [found.ref.id for found in (await site.source.find(model.Query())).anomalies] == [held.id], "it is open for whoever has it"


async def test_what_a_webhook_tells_of_an_old_one_is_used_to_find_it() -> None:
    async with metrics_desk.site() as site:
        one = site.one(started=site.world.now() - 86400 * 3, life=10**7)
        told = model.Mention(one.id, {"start": str(one.started), "scale": "5m"})
        assert (await site.source.pushed([told])).found[one.id].ref.id == one.id
        asked = next(dict(call["query"]) for call in site.calls() if call["path"].endswith("/metrics"))
        assert int(asked["startDate"]) == one.started - 86400


async def test_triggers_are_read_to_their_total_however_few_come_at_once() -> None:
    async with metrics_desk.site() as site:
        made = [site.one(started=int(site.world.now()) - 60 * number) for number in range(1, 8)]
        site.world.modes.triggers_most = 3
        found = await site.source.get([one.id for one in made])
        assert [ident for ident, one in found.items() if one.kept_here] == [], "each has the trigger that an alert raised for it"
        asked = [call for call in site.calls() if call["path"].endswith("alerts/triggered")]
        assert 3 <= len(asked) <= 6, "and no more answers than hold them"


async def test_who_looks_closely_sees_the_course_the_baseline_and_the_tokens() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        site.world.spread(one, 14)
        told = await site.inner.closer.evidence(await site.get(one.id))
        said = {fact.label: fact.value for fact in told.facts}
        assert said["Metrics in all"] == str(len(one.breaches)), "all pages of them"
        assert " to " in said["Baseline now"] and len(told.course) == 20, "the last ones, to be drawn"
        assert sum(fact.label == "Common" and " of " in fact.value for fact in told.facts) == 3
        (call,) = [call for call in site.calls() if "/metric/" in call["path"]]
        assert dict(call["query"]).items() >= {"datapoints": "true", "baseline": "true"}.items()


async def test_what_a_filter_has_in_common_is_told_with_both_limits() -> None:
    async with metrics_desk.site() as site:
        site.world.spread(site.one(), 4)
        found = await site.inner.closer.common(model.Query(others=(("metric", "signups"),)))
        assert found and found[0].told.startswith("what=signups: ")
        asked = dict(site.calls("/users")[-1]["query"])
        assert {"tokenMapClustersLimit", "toklenMapClusterLimit"} <= asked.keys()
        with pytest.raises(errors.NotSupported, match=r"add metric:revenue"):
            await site.inner.closer.common(model.Query())


@pytest.mark.parametrize(
    ("narrower", "words"),
    [
        ({"severities": (model.Severity.HIGH,), "until": date(2026, 11, 1)}, "severity and until"),
        ({"statuses": ("acknowledged",)}, "status"),
        ({"assignees": ("u1",), "types": ("transient",)}, "type and assignee"),
        ({"tags": ("critical",)}, "tag"),
    ],
)
async def test_what_more_than_was_asked_for_has_in_common_is_not_told(narrower: dict[str, Any], words: str) -> None:
    async with metrics_desk.site() as site:
        site.one()
        with pytest.raises(errors.NotSupported, match=f"^Leave out {words}: Anodot tells"):
            await site.inner.closer.common(model.Query(others=(("metric", "signups"),), **narrower))
        assert not [call for call in site.calls() if call["path"].endswith("/tokenMap")]


# --- words


def params(query: model.Query, bookmarks: Sequence[str] = ()) -> list[dict[str, Any]]:
    return [dict(one) for one in filters.plan(query, bookmarks).lists]


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        (model.Query(statuses=("archived",)), {"state": "closed"}),
        (model.Query(statuses=("any",)), {"state": "both"}),
        (model.Query(min_weight=80), {"state": "open", "score": "0.8"}),
        (model.Query(others=(("score", "95"),)), {"score": "0.95"}),
        (model.Query(others=(("duration", "2h"),)), {"durationUnit": "hours", "durationValue": 2}),
        (model.Query(others=(("direction", "down"),)), {"valueDirection": "down"}),
        (model.Query(others=(("delta", "20%"),)), {"deltaType": "percentage", "delta": "20"}),
        (model.Query(others=(("delta", "20"),)), {"deltaType": "absolute", "delta": "20"}),
        (model.Query(since=date(2026, 11, 1)), {"startDate": 1793491200}),
        (model.Query(until=date(2026, 11, 1)), {"endDate": 1793577599}),
        (model.Query(text='{"expression":[]}'), {"state": "open"}),
    ],
)
def test_each_word_is_the_argument_of_the_page(query: model.Query, asked: dict[str, Any]) -> None:
    (sent,) = params(query)
    assert sent.items() >= asked.items()


def test_a_metric_and_a_tag_become_a_search_expression_and_several_values_several_lists() -> None:
    query = model.Query(tags=("server=web01",), others=(("metric", "cpu"), ("metric", "mem")))
    told = [json.loads(one["q"])["expression"] for one in params(query)]
    assert [[(term["key"], term["value"], term["isExact"]) for term in terms] for terms in told] == [
        [("what", "cpu", True), ("server", "web01", True)],
        [("what", "mem", True), ("server", "web01", True)],
    ]


def test_a_search_that_begins_with_a_brace_is_sent_as_it_is_and_other_text_is_applied_here() -> None:
    typed = '{"expression": [{"type": "origin", "key": "originId", "value": "7"}]}'
    assert params(model.Query(text=typed))[0]["q"] == typed
    assert params(model.Query(text="{nonsense"))[0]["q"] == "{nonsense"
    plan = filters.plan(model.Query(text="Given By"))
    assert "q" not in dict(plan.lists[0]) and not plan.exact
    one = read(sample("list")["anomalies"][0])
    assert plan.holds(one) and not filters.plan(model.Query(text="elsewhere")).holds(one)


@pytest.mark.parametrize(
    ("word", "typed", "kept", "fits"),
    [
        ("metric", "monitoring", "monitoring", True),
        ("metric", "cpu", "cpu", False),
        ("resolution", "small", "short", True),
        ("resolution", "1d", "longlong", False),
        ("duration", "2 hours", "2h", True),
        ("duration", "9000d", "9000d", False),
        ("direction", "UP", "up", True),
        ("direction", "down", "down", False),
        ("direction", "both", "both", True),
        ("delta", "20 %", "20%", True),
        ("delta", "50%", "50%", False),
        ("delta", "12", "12", True),
        ("score", "95", "95", True),
        ("score", "95.5", "95.5", False),
    ],
)
def test_each_word_of_its_own_is_read_and_compared(word: str, typed: str, kept: str, fits: bool) -> None:
    own = next(one for one in filters.own_words(Clock()) if one.name == word)
    assert own.read(typed) == kept
    assert own.matches is not None
    assert own.matches(kept, read(sample("list")["anomalies"][0])) is fits


@pytest.mark.parametrize(
    ("word", "typed"),
    [("resolution", "yearly"), ("duration", "soon"), ("direction", "left"), ("delta", "much"), ("score", "101"), ("bookmark", "-")],
)
def test_what_a_word_of_its_own_cannot_be_is_said(word: str, typed: str) -> None:
    own = next(one for one in filters.own_words(Clock()) if one.name == word)
    with pytest.raises(ValueError, match=r"^it takes "):
        own.read(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("all", "all"),
        ("None", "none"),
        ("@dana", "@dana"),
        ("-@Dana", "-@Dana"),
        ("<@U1|dana>", "<@U1>"),
        ("-<@U1>", "-<@U1>"),
        ("me", "@me"),
        ("-@Me", "-@me"),
    ],
)
def test_whose_bookmarks_are_wanted_is_read_as_it_is_typed(typed: str, kept: str) -> None:
    own = next(one for one in filters.own_words(Clock()) if one.name == "bookmark")
    assert own.read(typed) == own.read(kept) == kept


@pytest.mark.parametrize("sign", ["!", "-"])
async def test_bookmarks_are_asked_for_by_the_id_of_a_user_in_whichever_way_is_taken(sign: str) -> None:
    async with metrics_desk.site() as site:
        site.world.modes.negation = sign
        mine, other = site.one(bookmarks={catalogue.DANA.id}), site.one()
        for kept, wanted in (("@dana", {mine.id}), ("-@dana@acme.example", {other.id}), ("none", {other.id}), ("all", {mine.id})):
            found = await site.source.find(model.Query(others=(("bookmark", kept),)))
            assert {one.ref.id for one in found.anomalies} - {mine.id, other.id} == set()
            assert {one.ref.id for one in found.anomalies} == wanted, kept
        with pytest.raises(errors.NotFound, match="nobody"):
            await site.source.find(model.Query(others=(("bookmark", "@nobody"),)))


async def test_a_deployment_without_weeks_is_asked_without_them() -> None:
    async with metrics_desk.site() as site:
        site.world.modes.weekly = "refused"
        one = site.one()
        assert (await site.get(one.id)).ref.id == one.id
        assert await site.source.count(model.Query()) == 1


@pytest.mark.parametrize(("sort", "key"), [("ended", lambda one: -one.ended.timestamp()), ("weight:asc", lambda one: one.weight)])
async def test_it_sorts_by_what_others_cannot(sort: str, key: Any) -> None:
    async with metrics_desk.site(open_count=2) as site:
        found = (await site.source.find(model.Query(statuses=("archived",), sort=sort))).anomalies
        assert len(found) > 5
        assert [key(one) for one in found] == sorted(map(key, found))


# --- what it costs


async def test_a_steady_poll_keeps_far_below_both_budgets() -> None:
    async with metrics_desk.site() as site:
        now = site.world.now()
        for number in range(120):
            site.one(started=now - 3600 * number, life=10**8)
        cursor = (await site.source.changes("")).cursor
        site.calls()
        clock = time.process_time()
        for _ in range(3):
            cursor = (await site.source.changes(cursor)).cursor
        paths = [call["path"].rpartition("/")[2] for call in site.calls()]
        assert paths.count("anomalies") == 6 and paths.count("triggered") <= 6
        assert time.process_time() - clock < 5
