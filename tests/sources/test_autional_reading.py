"""What Autional sends of an anomaly, as it is read: the vendor page's sample, and every odd one that the fake can write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot import model
from bot.sources.autional import filters, schema, statuses
from sandbox.autional import odd
from tests.sources import audits
from tests.sources.staging import Clock

SAMPLE = datetime(2024, 4, 15, 10, 10, tzinfo=UTC)


async def read(**fields: Any) -> model.Anomaly:
    site = audits.over(audits.routed({("GET", "/ano_abc123"): audits.detail(**fields)}))
    return (await site.source.get(["ano_abc123"]))["ano_abc123"]


async def test_the_sample_of_the_page_is_read_whole() -> None:
    one = await read()
    assert (one.ref, one.state, one.status) == (model.Ref("autional", "ano_abc123"), model.State.ACTIVE, "open")
    assert (one.type, one.type_title, one.severity, one.weight) == ("brute_force", "Brute force", model.Severity.HIGH, None)
    assert (one.created, one.undated, one.description) == (SAMPLE, False, "Detected 5 consecutive login failures")
    assert one.assignees == (model.Person("autional", "usr_analyst001", "Zhang San", "zhang@acme.example"),)
    assert one.facts == (
        model.Fact("User", "usr_abc123"),
        model.Fact("Events", "2", more=("audit_1", "audit_2")),
        model.Fact("Technique", "T1110", "https://attack.mitre.org/techniques/T1110/"),
        model.Fact("Case", "CASE-2026-001"),
    )


async def test_who_resolved_it_and_when_is_a_fact_with_a_name() -> None:
    one = await read(status="resolved", resolved_by="usr_analyst001", resolved_at=1713175800000)
    assert (one.state, one.archived_as) == (model.State.ARCHIVED, "Resolved")
    assert model.Fact("Resolved", "by Zhang San (usr_analyst001)", at=SAMPLE) in one.facts


@pytest.mark.parametrize(
    "told", [1713175800, 1713175800000, "1713175800", "1713175800000", 1713175800.0, 1713175800000000, "2024-04-15T10:10:00Z"]
)
def test_seconds_and_milliseconds_are_told_apart(told: Any) -> None:
    assert schema.moment(told) == SAMPLE


@pytest.mark.parametrize("told", [0, -62135596800, None, "", "a while ago", "0001-01-01T00:00:00Z", [], {}, 1e300, float("nan"), True])
def test_what_is_no_time_is_none(told: Any) -> None:
    found = schema.moment(told)
    assert found is None or found.year == 1 or told is True


@pytest.mark.parametrize(
    ("word", "state", "outcome"),
    [
        ("open", model.State.ACTIVE, None),
        ("acknowledged", model.State.ACKNOWLEDGED, None),
        ("INVESTIGATING", model.State.ACKNOWLEDGED, None),
        ("resolved", model.State.ARCHIVED, "Resolved"),
        ("dismissed", model.State.ARCHIVED, "Invalid"),
        ("false_positive", model.State.ARCHIVED, "Invalid"),
        ("escalated", model.State.ACTIVE, None),
    ],
)
async def test_both_vocabularies_are_read_and_any_other_word_is_open(word: str, state: model.State, outcome: str | None) -> None:
    one = await read(status=word)
    assert (one.state, one.archived_as, one.status) == (state, outcome, word)


@pytest.mark.parametrize(
    ("word", "page"),
    [
        ("T1110.001", "https://attack.mitre.org/techniques/T1110/001/"),
        ("TA0006", "https://attack.mitre.org/tactics/TA0006/"),
        ("Credential Access", ""),
        ("T1110/../x", ""),
    ],
)
def test_a_technique_is_a_link_where_it_is_one(word: str, page: str) -> None:
    assert schema.technique_page(word) == page


async def test_every_odd_one_becomes_a_card_or_is_left_out() -> None:
    async with audits.tenant() as tenant:
        for way in odd.ODD:
            tenant.world.arrive(1, odd=way)
        made = tenant.source()
        first = await made.changes("")
        found = {one.ref: one for one in (*first.anomalies, *(await made.changes(first.cursor)).anomalies)}
        without_an_id = {"no id", "not an object", "null"}
        assert len(found) == len(odd.ODD) - len(without_an_id)
        assert all(one.created.year >= 2020 for one in found.values()), "one whose date cannot be read is dated now"


async def test_comments_name_their_authors_by_the_member_list_and_come_oldest_first() -> None:
    said = [
        {"author_id": "usr_analyst001", "author_name": "", "content": "second", "created_at": 1713175900000},
        {"author_id": "usr_gone", "content": "first", "created_at": 1713175800},
        {"author_id": 7},
        "Looks fine",
    ]
    site = audits.over(audits.routed({("GET", "/ano_abc123"): audits.detail(comments=said)}))
    assert [(one.author, one.text) for one in await site.source.comments("ano_abc123")] == [("usr_gone", "first"), ("Zhang San", "second")]


async def test_without_the_member_list_ids_stand_for_names_and_it_is_not_asked_for_at_once() -> None:
    refused = httpx.Response(403, json={"code": 40300000, "message": "no"})
    inner = audits.routed({("GET", "/ano_abc123"): audits.detail()})
    site = audits.over(lambda request: refused if request.url.path.endswith("/members") else inner(request))
    for _ in range(3):
        found = (await site.source.get(["ano_abc123"]))["ano_abc123"]
        assert [(one.id, one.name) for one in found.assignees] == [("usr_analyst001", "")]
    assert sum("members" in line for line in site.lines) == 1


# --- lists


async def test_each_parameter_has_one_value_and_several_become_several_lists() -> None:
    site = audits.over(audits.routed({}))
    query = model.Query(statuses=("active",), severities=(model.Severity.HIGH, model.Severity.CRITICAL), types=("brute_force",))
    await site.source.find(query)
    asked = [dict(request.url.params.multi_items()) for request in site.wire.requests[1:]]
    assert all(len(request.url.params.multi_items()) == len(dict(request.url.params.multi_items())) for request in site.wire.requests)
    lists = [{name: one[name] for name in ("status", "severity", "type")} for one in asked if "severity" in one]
    assert lists == [{"status": "open", "severity": level, "type": "brute_force"} for level in ("high", "critical")]


@pytest.mark.parametrize(
    ("since", "span"),
    [("2026-05-08", "24h"), ("2026-05-04", "7d"), ("2026-04-20", "30d"), ("2026-01-01", None)],
)
async def test_a_day_is_asked_as_the_shortest_span_that_holds_it(since: str, span: str | None) -> None:
    site = audits.over(audits.routed({}))
    await site.source.find(model.Query(statuses=("active",), since=datetime.fromisoformat(since).date()))
    lists = [request.url.params for request in site.wire.requests if request.url.params.get("status") == "open"]
    assert {params.get("time_range") for params in lists} == {span}


async def test_a_server_that_ignores_a_filter_is_not_believed() -> None:
    items = [{"id": f"ano_{number}", "status": word, "detected_at": 1713175800} for number, word in enumerate(statuses.STATES)]
    site = audits.over(audits.routed({("GET", "/anomalies"): audits.listed(*items)}))
    query = model.Query(statuses=("acknowledged",))
    found = await site.source.find(query)
    assert {one.status for one in found.anomalies} == {"acknowledged", "investigating"}
    assert found.total == len(found.anomalies) == await site.source.count(query) == 2


async def test_a_status_that_the_list_does_not_know_is_not_asked_for_again_for_a_day() -> None:
    async with audits.tenant() as tenant:
        made = tenant.source()
        tenant.world.arrive(2, status="investigating")
        assert (await made.find(model.Query())).total == 2
        tenant.lines()
        again = tenant.source()
        assert (await again.find(model.Query())).total == 2
        asked = [call["query"] for call in tenant.parts.app.calls if "anomalies" in call["path"]] if tenant.parts.app.calls else []
        assert not any("acknowledged" in str(query) for query in asked)


async def test_where_an_anomaly_was_given_a_status_that_no_list_knows_everything_is_read() -> None:
    async with audits.tenant(words="page", filter_words="console") as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        await made.changes("")
        await made.apply(model.Change(model.Action.ACKNOWLEDGE), [one])
        assert tenant.world.anomalies[one.ref.id].status == "acknowledged"
        for source in (made, tenant.source()):
            found = await source.find(model.Query(statuses=("acknowledged",)))
            assert [each.ref for each in found.anomalies] == [one.ref]
            assert await source.count(model.Query(statuses=("acknowledged",))) == 1


async def test_an_order_that_is_not_the_newest_first_is_sorted_here() -> None:
    items = [{"id": f"ano_{number}", "status": "open", "detected_at": 1713175800 + number * 7 % 5} for number in range(5)]

    def answer(request: httpx.Request) -> httpx.Response:
        return audits.listed(*items) if request.url.params.get("status") == "open" else audits.listed()

    site = audits.over(audits.routed({("GET", "/anomalies"): answer}))
    found = (await site.source.find(model.Query(statuses=("active",), limit=3))).anomalies
    assert [one.created.timestamp() for one in found] == [1713175804, 1713175803, 1713175802]


def test_its_own_words_match_what_they_select() -> None:
    clock = Clock(SAMPLE)
    tenant, span = filters.own_words("tnt_1", clock)
    one = model.Anomaly(model.Ref("autional", "ano_1"), model.State.ACTIVE, "open", SAMPLE)
    assert tenant.matches and span.matches
    assert tenant.matches("tnt_1", one) and not tenant.matches("tnt_2", one)
    assert span.matches(span.read("1H"), one)
    clock.pass_by(hours=2)
    assert not span.matches("1h", one)
    with pytest.raises(ValueError, match="30d"):
        span.read("2h")


async def test_many_open_ones_cost_two_calls_a_poll() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        if request.url.params.get("status") != "open" or request.url.params["page_size"] == "1":
            return audits.listed()
        items = [
            {"id": f"ano_{page}_{number}", "status": "open", "detected_at": 1713175800 - (page * 100 + number) * 60}
            for number in range(100)
        ]
        return audits.listed(*items, total=1_000)

    site = audits.over(audits.routed({("GET", "/anomalies"): answer}), clock=Clock(SAMPLE))
    changes = await site.source.changes("")
    assert len(changes.anomalies) == 1_000
    site.wire.requests.clear()
    for _ in range(3):
        changes = await site.source.changes(changes.cursor)
        assert site.lines == ["GET /anomalies"] * 2
    assert site.source.census <= 20
