"""What people see on a card of many (screens.md, "Group card")."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model, ports
from bot.render.anomaly import group_card
from bot.render.kit import ids, limits
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

CAPABILITIES, ORDERS = samples.CAPABILITIES, samples.ORDERS
OF = {"qualytics": CAPABILITIES}
STRANGE = model.Capabilities(
    "Strange", frozenset({model.Action.ACKNOWLEDGE, model.Action.ARCHIVE}), (model.Closing("broken", "something broke", "Really broken"),)
)
CRITICAL, HIGH = model.Severity.CRITICAL, model.Severity.HIGH


def bad(ident: int, **more: object) -> model.Anomaly:
    return replace(ORDERS, ref=model.Ref("qualytics", str(ident)), severity=CRITICAL, **more)  # type: ignore[arg-type]


def tally(critical: int = 2, high: int = 21, others: int = 27, shown: int | None = None, **states: int) -> ports.Tally:
    total = critical + high + others
    counts = {model.State(name): amount for name, amount in states.items()} or {model.State.ACTIVE: total}
    worst = [bad(1100 + number) for number in range(min(10, critical if shown is None else shown))]
    told = [(CRITICAL, critical), (HIGH, high), (model.Severity.LOW, others - 1), (None, 1)]
    tables = [("orders", 12), ("order_items", 9), ("customers", 6), ("a", 1)]
    return ports.Tally(
        total, counts, tables, [ORDERS] * 5, sources=[("qualytics", total)], severities=told, places=26, critical=critical, worst=worst
    )


def drawn(counted: ports.Tally, of: dict[str, model.Capabilities] = OF, version: int = 3) -> model.Message:
    message = group_card.group("card-7", counted, of, 5, version)
    assert slack_rules.faults(message) == []
    assert surfaces.check(list(message.blocks), "message").lines == []
    return message


def lines(message: model.Message) -> list[str]:
    return slack_rules.seen(message).replace("*", "").split("\n")


def test_the_first_line_counts_by_severity_mark_and_word() -> None:
    first = "\N{LARGE RED SQUARE} 2 critical · \N{LARGE ORANGE SQUARE} 21 high · 27 others: 50 anomalies in 26 tables arrived together"
    assert lines(drawn(tally()))[0] == first
    assert slack_rules.heard(drawn(tally())).startswith("2 critical · 21 high · 27 others: 50 anomalies in 26 tables arrived together")


def test_a_critical_one_has_a_row_with_its_own_acknowledge() -> None:
    message = drawn(tally())
    row = "\N{LARGE RED SQUARE} Critical  orders · customer_id not null and 1 more · 4,210 rows · #1100"
    assert row in lines(message)
    pressed = [one for one in slack_rules.pressable(message) if one["action_id"] == ids.GROUP_ACKNOWLEDGE]
    assert [ids.decode(one["value"]).ref.id for one in pressed] == ["1100", "1101"]
    assert len({one["accessibility_label"] for one in pressed}) == 2, "told apart by those who hear them"
    heard = slack_rules.heard(message)
    assert "Critical: orders · customer_id not null and 1 more, 4,210 rows, #1100" in heard and "Acknowledge beside a critical one" in heard


def test_one_that_somebody_acknowledged_keeps_its_row_without_the_button() -> None:
    taken = bad(7, state=model.State.ACKNOWLEDGED, status="Acknowledged", assignees=(samples.LEE,))
    message = drawn(replace(tally(critical=1), worst=[taken]))
    assert any(line.endswith("· Acknowledged · Lee Park · #7") for line in lines(message))
    assert ids.GROUP_ACKNOWLEDGE not in [one["action_id"] for one in slack_rules.pressable(message)]


def test_the_rest_of_many_critical_ones_is_counted_with_review_critical() -> None:
    message = drawn(tally(critical=500))
    assert "\N{LARGE RED SQUARE} +490 critical" in lines(message)
    (review,) = [one for one in slack_rules.pressable(message) if one.get("text", {}).get("text") == "Review critical"]
    assert ids.decode_scope(review["value"]) == model.ReviewScope("", "card-7", 3, CRITICAL)
    assert "490 more critical ones are open" in slack_rules.heard(message)
    assert len(message.blocks) <= 40


def test_places_are_counted_and_the_rest_of_them_too() -> None:
    assert "orders 12 · order_items 9 · customers 6 · and 23 tables more" in lines(drawn(tally()))
    assert "tables more" not in slack_rules.seen(drawn(replace(tally(), tables=[("orders", 50)], places=1)))


def test_review_is_primary_and_first_then_archive_as_then_the_list() -> None:
    message = drawn(tally(critical=0, others=29))
    review, archive, show = slack_rules.pressable(message)
    assert (review["text"]["text"], review["style"]) == ("Review", "primary")
    assert ids.decode_scope(review["value"]) == model.ReviewScope(card="card-7", version=3)
    assert archive["action_id"] == ids.GROUP_ARCHIVE
    assert [option["text"]["text"] for option in archive["options"]] == ["Resolved", "Duplicate", "Invalid", "Discarded"]
    assert ids.decode_members(archive["options"][2]["value"]) == ("Invalid", model.ReviewScope(card="card-7", version=3))
    assert (show["action_id"], show["value"], show["text"]["text"]) == (ids.GROUP_LIST, "card-7", "Show list")


def test_it_follows_what_becomes_of_them() -> None:
    message = drawn(tally(open=30, acknowledged=15, archived=5))
    assert "Now: 30 active · 15 acknowledged · 5 archived." in lines(message)
    assert "30 active" in slack_rules.heard(message)
    assert "Now:" not in slack_rules.seen(drawn(tally())), "nobody did anything yet"


def test_when_all_are_closed_there_is_nothing_to_review() -> None:
    message = drawn(replace(tally(critical=0, high=0, others=6, archived=6), worst=[], critical=0))
    assert "6 anomalies in 26 tables arrived together, all closed now" in slack_rules.seen(message)
    assert slack_rules.labels(message) == ["Show list"]
    assert "Review" not in slack_rules.heard(message)


def test_where_none_is_critical_there_are_examples() -> None:
    assert slack_rules.seen(drawn(tally(critical=0, others=29))).count("• High: orders") == 3
    assert "•" not in slack_rules.seen(drawn(tally()))


def test_a_group_of_several_systems_counts_each_and_names_each_with_its_system() -> None:
    other = replace(ORDERS, ref=model.Ref("strange", "ab:17/x"), severity=CRITICAL)
    counted = replace(tally(), worst=[bad(1), other], sources=[("qualytics", 49), ("strange", 1)])
    message = drawn(counted, {"qualytics": CAPABILITIES, "strange": STRANGE})
    seen = slack_rules.seen(message).replace("\u200b", "")
    assert "By system: Qualytics 49, Strange 1." in seen and "strange:ab:17/x" in seen and "qualytics:1" in seen
    assert "from Qualytics and Strange" in message.text
    archive = next(one for one in slack_rules.pressable(message) if one["action_id"] == ids.GROUP_ARCHIVE)
    assert [option["text"]["text"] for option in archive["options"]][-1] == "Really broken"
    alone = slack_rules.seen(drawn(tally()))
    assert "By system" not in alone and "qualytics:" not in alone


SEVERITIES = st.lists(
    st.tuples(st.one_of(st.none(), st.sampled_from(model.Severity)), st.integers(0, 10**7)), max_size=5, unique_by=lambda one: one[0]
)
TALLIES = st.builds(
    ports.Tally,
    st.integers(0, 10**8),
    st.dictionaries(st.sampled_from(model.State), st.integers(0, 10**7)),
    st.lists(st.tuples(samples.SHORT, st.integers(0, 10**7)), max_size=6),
    st.lists(samples.HOSTILE, max_size=3),
    sources=st.lists(st.tuples(st.sampled_from(["qualytics", "strange", "gone"]), st.integers(0, 9)), max_size=3),
    severities=SEVERITIES,
    places=st.integers(0, 10**6),
    critical=st.integers(0, 10**6),
    worst=st.lists(samples.HOSTILE, max_size=10),
)


@pytest.mark.parametrize("version", [0, 3])
@given(counted=TALLIES)
def test_any_group_of_any_systems_fits(version: int, counted: ports.Tally) -> None:
    message = drawn(counted, {"qualytics": CAPABILITIES, "strange": STRANGE}, version)
    assert len(message.blocks) <= 40 and len(message.text) <= 3_900
    assert slack_rules.foreign_controls(message) == []
    assert slack_rules.faults(limits.bare(message)) == []
