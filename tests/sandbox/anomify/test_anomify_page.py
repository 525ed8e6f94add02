"""What the fake answers, held against the sample of the vendor's page: its fields, their types, its words."""

from __future__ import annotations

import httpx

from sandbox import anomify
from sandbox.anomify import dates
from tests.sandbox.anomify import page
from tests.sandbox.anomify.conftest import Tell, detail


async def test_every_anomaly_has_the_fields_of_the_sample_and_none_besides(api: httpx.AsyncClient, world: anomify.Organisation) -> None:
    told = [await detail(api, ident) for ident in world.anomalies]
    assert len(told) == 32
    sample = page.SAMPLE
    for one in told:
        page.alike(one, sample)
        for watcher in one["matching_watchers"]:
            page.alike(watcher, sample["matching_watchers"][0])
        for correlation in one["related"]["cross_correlations"]:
            page.alike(correlation, sample["related"]["cross_correlations"][0])
            assert 0.94 <= correlation["coefficient"] <= 1
            assert correlation["timestamp"] - one["anomaly"]["timestamp"] == 60 * correlation["time_diff_minutes"]
        for event in one["related"]["events"]:
            page.alike(event, sample["related"]["events"][event["type"] == "match"])
        assert 0 <= one["anomaly"]["score"] <= 1
        assert one["anomaly"]["timestamp_string"] == dates.spoken(one["anomaly"]["timestamp"])
    assert min(len(one["related"]["cross_correlations"]) for one in told) > 12
    assert {event["type"] for one in told for event in one["related"]["events"]} == {"anomaly", "match"}
    assert {one["anomaly"]["positive"] for one in told} == {True, False}
    assert {one["anomaly"]["until_timestamp"] is None for one in told} == {True, False}
    ranges = {(one["anomaly"]["expected_range_lower"], one["anomaly"]["expected_range_upper"]) == (0, 0) for one in told}
    assert ranges == {True, False}


async def test_the_story_has_people_training_and_patterns_of_all_kinds(api: httpx.AsyncClient, world: anomify.Organisation) -> None:
    told = [await detail(api, ident) for ident in world.anomalies]
    training = [one["anomaly"]["training"] for one in told]
    assert {one["trainable_status"] for one in training} == {"trainable", "pending", "expired"}
    assert all(one["trainable"] is (one["trainable_status"] == "trainable") for one in training)
    assert {one["30_day_trainable_in"] is None for one in training} == {True, False}
    patterns = [one for each in told for one in (*each["anomaly"]["patterns"], *each["anomaly"]["pending_patterns"])]
    for one in patterns:
        assert set(one) == set(page.PATTERN) and all(type(one[name]) in types for name, types in page.PATTERN.items()), one
    assert {one["enabled"] for one in patterns} == {True, False}
    assert all(set(one["pattern_graph_urls"]) == {str(taught["id"]) for taught in one["anomaly"]["patterns"]} for one in told)
    watchers = [watcher for one in told for watcher in one["matching_watchers"]]
    assert {watcher["is_alert"] for watcher in watchers} == {watcher["is_deleted"] for watcher in watchers} == {True, False}
    assert {watcher["owner"]["email"] for watcher in watchers} >= {"dana@acme.example", "sam@acme.example", "tom.vance@acme.example"}
    assert {watcher["owner"]["slack_member_id"] for watcher in watchers} >= {None, "U0SAMOKAFOR"}
    first = patterns[0]
    assert (await api.get(f"/pattern/{first['id']}")).json()["data"]["pattern"]["label"] == first["label"]


async def test_the_envelope_is_the_vendors_and_its_slashes_are_escaped(api: httpx.AsyncClient, world: anomify.Organisation) -> None:
    reply = await api.get(f"/anomaly/{min(world.anomalies)}")
    assert set(reply.json()) == {"status", "data"}
    assert set(reply.json()["status"]) == page.STATUS
    assert r"https:\/\/api-stage.anomify.ai\/metric\/" in reply.text
    assert reply.json()["status"]["api_host"] == "api-stage.anomify.ai"


def test_times_are_spelt_as_in_the_sample() -> None:
    sample = page.SAMPLE["anomaly"]
    assert dates.spoken(sample["timestamp"]) == sample["timestamp_string"]
    days = {day: dates.spoken(1588291200 + 86_400 * (day - 1)).split()[1] for day in (1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 31)}
    assert list(days.values()) == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "31st"]


async def test_the_same_seed_tells_the_same_story(world: anomify.Organisation, clock: list[object]) -> None:
    again = anomify.Organisation(clock=world.clock)
    assert [(one.id, one.metric.name, one.value, one.score) for one in again.anomalies.values()] == [
        (one.id, one.metric.name, one.value, one.score) for one in world.anomalies.values()
    ]
    other = anomify.Organisation(seed=8, clock=world.clock)
    assert [one.metric for one in other.anomalies.values()] != [one.metric for one in world.anomalies.values()]


async def test_muting_is_told_with_each_watcher(api: httpx.AsyncClient, world: anomify.Organisation, tell: Tell) -> None:
    await tell("mute", minutes=90)
    watchers = [watcher for ident in world.anomalies for watcher in (await detail(api, ident))["matching_watchers"]]
    muting = watchers[0]["owner"]["org"]["alert_muting"]
    until = world.now() + 5400
    assert muting == {
        "muted": True,
        "muted_until_timestamp": until,
        "muted_until_timestamp_string": dates.spoken(until),
        "minutes_remaining": 90,
    }
