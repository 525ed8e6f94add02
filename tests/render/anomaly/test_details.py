"""The details of one anomaly in a modal: all of it, harmless, within Slack's limits, and nothing about what its system does not have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot import model
from bot.render.anomaly import details
from bot.render.kit import ids, limits
from tests.render import samples, slack_rules

INVALID = model.Entry(model.Ref("qualytics", "988"), "archive", samples.NOW - timedelta(days=2), actor_name="Dana", after="Invalid")
ARCHIVED = model.Entry(samples.REF, "acknowledge", samples.NOW, actor_name="Lee", before="Active", after="Acknowledged", detail="on it")
THERE = model.Entry(samples.REF, "status", samples.NOW, via="Qualytics", before="Acknowledged", after="Active")
SAID = model.Comment("Dana", "late vendor file, see the loader", samples.NOW)


def told(anomaly: model.Anomaly = samples.ORDERS, **more: object) -> model.Details:
    return model.Details(anomaly, samples.CAPABILITIES, **more)  # type: ignore[arg-type]


def read(given: model.Details) -> str:
    """What is seen on all pages."""
    return "\n".join(slack_rules.seen(view) for view in details.views(given)).replace("\u200b", "")


def test_all_rules_fields_places_and_ids_are_told() -> None:
    checks = tuple(model.Check(str(n), "notNull", tuple(f"field_{n}_{m}" for m in range(8)), f"rule {n} fails") for n in range(30))
    seen = read(told(replace(samples.ORDERS, checks=checks, fingerprint="f00")))
    assert all(f"rule {n} fails" in seen and f"field_{n}_7" in seen and f"check {n}" in seen for n in range(30))
    for words in (
        "4,210 rows fail",
        "warehouse-prod (1) › orders (2)",
        "id 1001",
        "fingerprint f00",
        "Tags: critical, pii",
        "Open in Qualytics",
    ):
        assert words in seen, seen


def test_how_many_rows_fail_is_not_said_again_where_a_rule_begins_with_it() -> None:
    based = model.Check("1", "notNull", ("customer_id",), "4,210 of 1,840,000 rows violate: customer_id not null")
    assert "4,210 rows fail" not in read(told(replace(samples.ORDERS, checks=(based,))))
    assert "4,210 rows fail" in read(
        told(replace(samples.ORDERS, checks=(replace(based, message="12 rows violate: customer_id not null"),)))
    )


def test_recurrence_is_told_with_its_base_and_by_whom_it_was_closed() -> None:
    repeats = model.Repeats(4, (0,) * 10 + (1, 0, 2, 1), (model.Closed(INVALID, 3),))
    seen = read(told(repeats=repeats, past=model.Recurrence(4, INVALID)))
    assert "4 times in 7 days, 3 × Invalid by Dana" in seen
    assert "▁▁▁▁▁▁▁▁▁▁▅▁█▅ per day, newest last: 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2, 1" in seen
    assert "The last one, 988: Invalid by Dana" in seen


def test_a_series_is_drawn_and_written() -> None:
    series = model.Series("orders.count", 4210, 1200, 1900, start=samples.NOW)
    seen = read(told(replace(samples.ORDERS, series=series), evidence=model.Evidence(course=(1, 2, 8))))
    assert "▁▂█ the last 3 values, oldest first: 1, 2, 8" in seen
    assert "orders.count 4,210, expected 1,200 to 1,900" in seen


def test_history_is_ours_and_the_systems_and_comments_are_newest_first() -> None:
    remark = model.Entry(samples.REF, "comment", samples.NOW, actor_name="Dana", detail="late vendor file, see the loader")
    ours = model.Comment("Anomaly Desk", "late vendor file, see the loader\n\nDana via Slack", samples.NOW)
    seen = read(told(entries=[THERE, remark, ARCHIVED], lines=3, comments=[replace(SAID, text="first"), ours]))
    assert f"Acknowledged by Lee (Active → Acknowledged): on it {samples.DATE}" in seen
    assert "Changed in Qualytics (Acknowledged → Active)" in seen
    assert seen.index("Dana via Slack: late vendor file, see the loader") < seen.index("Dana: first")
    assert f"Commented on by Dana {samples.DATE}" in seen, "nothing is said twice"


def test_what_stands_behind_facts_and_what_belongs_together_is_told() -> None:
    facts = (model.Fact("Watchers", "a, b and 2 more", more=("c", "d")), model.Fact("Technique", "T1110", "https://attack.example/T1110"))
    evidence = model.Evidence(
        [model.Fact("Last value", "7")], [model.Happening("deploy", samples.NOW)], 24, [model.Ref("qualytics", "9")], ("The map is down.",)
    )
    seen = read(told(replace(samples.ORDERS, facts=facts), evidence=evidence, missing=["Comments cannot be read."]))
    for words in (
        "Watchers: a, b and 2 more\n    ◦ c\n    ◦ d",
        "Technique: T1110 open the page",
        "Last value: 7",
        f"deploy {samples.DATE}",
        "and 23 more",
    ):
        assert words in seen, seen
    for words in ("Related: 9", "The map is down.", "Comments cannot be read."):
        assert words in seen, seen


def test_what_a_system_does_not_have_is_not_mentioned() -> None:
    bare = model.Anomaly(model.Ref("strange", "7"), model.State.ACTIVE, "open", samples.NOW)
    seen = read(model.Details(bare, model.Capabilities("Strange", frozenset())))
    for word in ("Rules", "rows", "Course", "How often", "besides", "Comments", "fingerprint", "Tags", "Open in", "assigned", "type"):
        assert word not in seen, seen


def test_deleted_merged_and_over_say_so_first() -> None:
    other = model.Ref("qualytics", "77")
    for anomaly, words in (
        (replace(samples.ORDERS, deleted=True), "Deleted in Qualytics."),
        (replace(samples.ORDERS, merged_into=other), "Merged into 77."),
        (replace(samples.ORDERS, over=samples.NOW, state=model.State.ARCHIVED, archived_as=model.OVER), "Over."),
    ):
        assert slack_rules.seen(details.view(told(anomaly))).splitlines()[1].startswith(words)


def test_what_was_deleted_from_slack_is_said_as_such() -> None:
    seen = slack_rules.seen(details.view(told(replace(samples.ORDERS, deleted=True), entries=[samples.entry("delete")], lines=1)))
    assert seen.splitlines()[1].startswith("Deleted by Dana.") and "Deleted in" not in seen


def test_only_who_may_see_rows_gets_the_button_and_no_metadata_is_carried() -> None:
    for may in (False, True):
        view = details.view(told(rows=may))
        assert any(part["action_id"] == ids.DETAILS_ROWS for part in slack_rules.pressable(view["blocks"])) is may
        assert view.get("private_metadata", "") == ""


def test_every_page_leads_to_its_neighbours() -> None:
    pages = details.views(told(entries=[replace(ARCHIVED, detail="word " * 400)] * 30))
    assert len(pages) > 2
    for number, view in enumerate(pages):
        values = {part["action_id"]: part["value"] for part in slack_rules.pressable(view["blocks"])}
        assert values.get(ids.DETAILS_BACK) == (f"{number - 1}|qualytics:1001|3" if number else None)
        assert values.get(ids.DETAILS_NEXT) == (f"{number + 1}|qualytics:1001|3" if number + 1 < len(pages) else None)


def test_a_page_that_there_is_not_any_more_is_the_last_one() -> None:
    assert details.view(told(), 7) == details.view(told(), 0) == details.view(told(), -1)


def test_nothing_of_very_much_is_left_out() -> None:
    marks = [f"mark{n:05}" for n in range(3_000)]
    comments = [model.Comment("Dana", " ".join(marks[n : n + 500]), None) for n in range(0, 1_000, 500)]
    entries = [replace(ARCHIVED, detail=" ".join(marks[n : n + 10])) for n in range(1_000, 2_000, 10)]
    anomaly = replace(samples.ORDERS, description=" ".join(marks[2_000:]))
    given = told(anomaly, entries=entries, lines=len(entries), comments=comments)
    seen = read(given)
    assert [mark for mark in marks if mark not in seen] == []
    assert len(details.views(given)) > 1


LONG = st.one_of(samples.SHORT, st.sampled_from(["&" * 700, "*_~" * 300, "\u05d0" * 900, "👩‍👩‍👧" * 150, "a b " * 400]))
FACTS = st.builds(model.Fact, LONG, LONG, samples.ADDRESSES, samples.MOMENTS, st.lists(LONG, max_size=2).map(tuple))
EVIDENCE = st.builds(
    model.Evidence,
    st.lists(FACTS, max_size=2),
    st.lists(st.builds(model.Happening, LONG, samples.MOMENTS), max_size=2),
    st.one_of(st.none(), st.integers(0, 10**9)),
    st.lists(samples.OTHERS, max_size=2),
    st.lists(LONG, max_size=3).map(tuple),
    st.lists(st.floats(), max_size=30),
)
REPEATS = st.builds(
    model.Repeats,
    st.integers(1, 10**6),
    st.lists(st.integers(0, 10**6), max_size=14).map(tuple),
    st.lists(st.builds(model.Closed, samples.ENTRIES, st.integers(1, 999)), max_size=5).map(tuple),
)
DETAILS = st.builds(
    model.Details,
    st.builds(lambda one, said: replace(one, description=said), samples.HOSTILE, LONG),
    samples.OFFERS,
    samples.PASTS,
    REPEATS,
    st.lists(st.builds(lambda one, said: replace(one, detail=said), samples.ENTRIES, LONG), max_size=3),
    st.integers(0, 400),
    st.lists(st.builds(model.Comment, LONG, LONG, samples.MOMENTS), max_size=3),
    EVIDENCE,
    st.booleans(),
    st.lists(LONG, max_size=3),
)


@settings(max_examples=settings().max_examples // 2)
@given(DETAILS)
def test_whatever_a_system_tells_fits_and_is_harmless_and_nothing_is_cut(given_: model.Details) -> None:
    for view in details.views(given_):
        assert slack_rules.view_faults(view) == []
        assert slack_rules.foreign_controls(model.Message("x", tuple(view["blocks"]))) == []
        assert limits.fit_view(view) == view
        assert len(view["blocks"]) < limits.VIEW_BLOCKS
