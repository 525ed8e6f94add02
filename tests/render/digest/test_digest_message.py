"""The digest, the list of its queue, and the export."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot import model
from bot.core import digest_stats, grammar
from bot.render.anomaly import rows
from bot.render.digest import digest_message
from bot.render.kit import ids, limits, spreadsheet
from sandbox.slack.blockkit import surfaces
from tests.render import review_samples, samples, slack_rules

MORNING, CAPABILITIES = review_samples.MORNING, samples.CAPABILITIES
SINCE = "2026-11-20 09:00 UTC"


def drawn(**changed: object) -> model.Message:
    message = digest_message.digest(replace(MORNING, **changed), CAPABILITIES)  # type: ignore[arg-type]
    assert slack_rules.faults(message) == []
    assert surfaces.check(list(message.blocks), "message").lines == []
    return message


def queue(message: model.Message) -> list[model.ReviewScope]:
    return [ids.decode_scope(part["value"]) for part in slack_rules.pressable(message) if part["action_id"] == ids.REVIEW_OPEN]


def test_ten_seconds_in_the_morning() -> None:
    message = drawn()
    assert slack_rules.seen(message).split("\n") == [
        "\N{LARGE RED SQUARE} *2 critical unacknowledged*, oldest since 2026-11-17 07:00 UTC",
        "12 opened, 7 closed, 412 still open, in Qualytics (table:orders), since",
        SINCE,
        "· /anomalies digest shows it at any time",
        "38 of 412 open are not acknowledged. The most severe that wait longest:",
        "\N{LARGE ORANGE SQUARE} *High* · orders · customer_id not null · 11 of 1.84 M rows · since 2026-11-12 09:12 UTC · #1001",
        "Show",
        "Who has how many: Dana 40, Lee Park 12; 120 unassigned.",
        "Noisiest checks in 7 days:",
        "• customer_id not null in orders: 41",
        "• amount between 0 and 10000 in items: 9",
        "Review queue",
    ]
    assert [block["type"] for block in message.blocks] == [
        *("section", "context", "data_visualization", "section", "section", "section", "actions"),
    ]


def test_the_week_is_a_chart_and_the_same_numbers_can_be_heard_and_read_without_it() -> None:
    message = drawn()
    (chart,) = (block["chart"] for block in message.blocks if block["type"] == "data_visualization")
    assert chart["axis_config"]["categories"][0] == "Sun 15 Nov" and len(chart["axis_config"]["categories"]) == 7
    assert {one["name"]: [point["value"] for point in one["data"]] for one in chart["series"]} == {
        "Opened": [0, 4, 8, 12, 16, 20, 24],
        "Of these still open": [0, 1, 2, 3, 4, 5, 6],
    }
    assert "Sun 15 Nov 0 and 0; Mon 16 Nov 4 and 1;" in slack_rules.heard(message)
    lines = slack_rules.seen(limits.plain(message)).split("\n")
    assert "Sat 21 Nov      24                    6" in lines
    assert limits.plain(message).text == message.text


def test_only_the_last_seven_days_are_drawn_in_their_order() -> None:
    days = [model.DigestDay(date(2026, 11, 1) + timedelta(days=number), number, 0) for number in (9, 3, 8, 2, 7, 1, 6, 5, 4)]
    (chart,) = (block["chart"] for block in drawn(days=days).blocks if block["type"] == "data_visualization")
    assert [point["value"] for point in chart["series"][0]["data"]] == [3, 4, 5, 6, 7, 8, 9]


@pytest.mark.parametrize("days", [(), [model.DigestDay(date(2026, 11, 21), 0, 0)]])
def test_an_empty_week_has_no_chart(days: list[model.DigestDay]) -> None:
    message = drawn(days=days)
    assert "data_visualization" not in {block["type"] for block in message.blocks}
    assert "by day" not in slack_rules.heard(message)


def test_all_that_is_seen_is_heard() -> None:
    message = drawn(read=100)
    heard = slack_rules.heard(message)
    for words in (
        "2 critical unacknowledged, oldest since 2026-11-17 07:00 UTC.",
        f"12 opened, 7 closed, 412 still open, in Qualytics (table:orders), since {SINCE}.",
        "38 of 412 open are not acknowledged. The most severe that wait longest: High · orders · customer_id not null · 11 of 1.84 M rows",
        "Who has how many: Dana 40, Lee Park 12; 120 unassigned.",
        "Noisiest checks in 7 days: customer_id not null in orders: 41; amount between",
        "The lists are made of the newest 100 of 412; the counts are of all.",
        "Press Review queue to handle them.",
    ):
        assert words in heard


def test_lists_are_short_and_the_longest_waiting_comes_first() -> None:
    oldest = [replace(review_samples.GLANCE, ref=model.Ref("qualytics", str(n)), created=samples.NOW - timedelta(days=n)) for n in range(8)]
    people = [(f"P{number}", 9 - number) for number in range(8)]
    noise = [model.NoisyCheck(f"check {number}", "", number) for number in range(8)]
    message = drawn(oldest=oldest, load=people, noise=noise)
    shows = [part["value"] for part in slack_rules.pressable(message) if part["action_id"] == ids.SHOW]
    assert shows == [f"qualytics:{number}|3" for number in (7, 6, 5, 4, 3)]
    seen = slack_rules.seen(message)
    assert "Who has how many: P0 9, P1 8, P2 7, P3 6, P4 5 and 3 more; 120 unassigned." in seen
    assert seen.count("• check") == 5 and "• check 0: 0" in seen


def test_what_the_lists_are_made_of_is_said_only_when_it_is_not_all() -> None:
    assert "newest" not in slack_rules.seen(drawn())
    assert "The lists are made of the newest 100 of 412; the counts are of all." in slack_rules.seen(drawn(read=100))


@pytest.mark.parametrize(
    ("words", "unacknowledged", "scope"),
    [
        ("", 38, "source:qualytics status:active"),
        ("table:orders", 38, "source:qualytics table:orders status:active"),
        ("source:anodot tag:pii", 38, "source:anodot status:active tag:pii"),
        ("status:any table:orders", 38, "source:qualytics table:orders status:active"),
        ("since:2026-11-01", 38, "source:qualytics status:active since:2026-11-01"),
        ("table:orders", 0, "source:qualytics table:orders"),
        ("a word: of tomorrow", 38, "status:active a word: of tomorrow"),
    ],
)
def test_the_queue_is_what_nobody_acknowledged_yet(words: str, unacknowledged: int, scope: str) -> None:
    assert queue(drawn(words=words, unacknowledged=unacknowledged)) == [model.ReviewScope(words=scope)]


def test_the_queue_is_a_filter_that_commands_understand() -> None:
    (scope,) = queue(drawn())
    query = grammar.query(scope.words, today=date(2026, 11, 21))
    assert (query.source, query.tables, query.statuses) == ("qualytics", ("orders",), ("active",))


def test_an_empty_queue_is_one_calm_line() -> None:
    message = drawn(opened=0, closed=0, open=0, unacknowledged=0, days=(), oldest=(), load=(), unassigned=0, noise=(), read=0)
    assert len(message.blocks) == 1 and slack_rules.pressable(message) == []
    said = f"Nothing is open. Nothing was opened or closed since {SINCE} in Qualytics (table:orders)"
    assert slack_rules.heard(message) == f"{said}."
    assert slack_rules.seen(message).replace("\n", " ") == said


def test_a_queue_that_was_emptied_says_so_and_has_nothing_to_review() -> None:
    message = drawn(open=0, unacknowledged=0, oldest=(), load=(), unassigned=0, read=0)
    assert slack_rules.seen(message).startswith("*Nothing is open now*\n12 opened, 7 closed, nothing still open, in")
    assert queue(message) == [] and "acknowledged" not in slack_rules.seen(message)


def test_who_asked_is_not_told_how_to_ask() -> None:
    asked = digest_message.digest(MORNING, CAPABILITIES, asked=True)
    assert "/anomalies digest" not in slack_rules.seen(asked)
    assert asked.text == drawn().text


def test_all_acknowledged_is_good_news() -> None:
    assert slack_rules.seen(drawn(unacknowledged=0, oldest=())).startswith("*All 412 open are acknowledged*\n")
    assert slack_rules.heard(drawn(unacknowledged=0, oldest=(), open=1)).startswith("The one open is acknowledged. ")


def test_the_first_line_of_a_digest_is_how_many_of_the_worst_wait_and_since_when() -> None:
    lone = model.Unread(model.Severity.LOW, 1, samples.NOW)
    message = drawn(unread=(lone,))
    assert slack_rules.seen(message).startswith(f"\N{LARGE BLUE SQUARE} *1 low unacknowledged*, since {samples.DATE}\n")
    assert slack_rules.heard(message).startswith(f"1 low unacknowledged, since {samples.DATE}. ")
    assert slack_rules.seen(drawn(unread=())).startswith("*38 unacknowledged*\n"), "a digest of an earlier release"


def test_the_longest_waiting_are_sorted_by_severity_then_age() -> None:
    low, high = model.Severity.LOW, model.Severity.HIGH
    waiting = [
        replace(review_samples.GLANCE, ref=model.Ref("qualytics", str(days)), severity=word, created=samples.NOW - timedelta(days=days))
        for days, word in [(90, low), (1, high), (30, None), (5, high)]
    ]
    shows = [part["value"] for part in slack_rules.pressable(drawn(oldest=waiting)) if part["action_id"] == ids.SHOW]
    assert shows == ["qualytics:5|3", "qualytics:1|3", "qualytics:90|3", "qualytics:30|3"]


def test_a_digest_of_an_earlier_release_is_drawn_by_what_it_kept() -> None:
    old = replace(review_samples.GLANCE, title="", evidence="", check="customer_id: notNull")
    seen = slack_rules.seen(drawn(oldest=(old,)))
    assert "*High* · record anomaly in orders (warehouse-prod) · customer_id: notNull · since" in seen


# --- the export -------------------------------------------------------------------------------------------------------------------


def cells(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_an_export_has_every_column_as_the_system_told_it() -> None:
    anomaly = replace(
        samples.ORDERS,
        assignees=(samples.LEE, model.Person("qualytics", "8", "", "ann@acme.example")),
        checks=(*samples.ORDERS.checks, model.Check("3", "isUnique", ("id", "day"))),
        description="Volume fell,\nagain",
        fingerprint="4711",
    )
    content = spreadsheet.anomalies([anomaly, replace(samples.DUPLICATE, weight=None, records=None, container=None, severity=None)])
    assert content.startswith(b"\xef\xbb\xbf")
    heading, first, second = cells(content)
    assert dict(zip(heading, first, strict=True)) == {
        "id": "qualytics:1001",
        "url": "https://acme.qualytics.io/anomalies/1001",
        "status": "Active",
        "type": "record",
        "severity": "high",
        "weight": "54",
        "records": "4210",
        "datastore": "warehouse-prod",
        "table": "orders",
        "created": "2026-11-21T09:12:00+00:00",
        "tags": "critical, pii",
        "assignees": "Lee Park, ann@acme.example",
        "checks": "customer_id not null; amount between 0 and 10000; id, day: isUnique",
        "description": "Volume fell, again",
        "fingerprint": "4711",
        "scale": "weight",
        "system": "qualytics",
        "closed as": "",
    }
    assert second[heading.index("closed as")] == "Duplicate"
    assert [second[heading.index(name)] for name in ("status", "weight", "records", "table", "severity")] == ["Duplicate", "", "", "", ""]


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\u200b=1", "＝1", "|cmd"])
def test_an_export_holds_nothing_that_a_spreadsheet_calculates(value: str) -> None:
    anomaly = replace(samples.ORDERS, description=value, tags=(value,), fingerprint=value, container=model.Place("1", value))
    heading, row = cells(spreadsheet.anomalies([anomaly]))
    for name in ("description", "tags", "fingerprint", "table"):
        cell = row[heading.index(name)]
        assert cell.startswith("'") and cell.endswith(value[-1])


def test_an_export_says_which_system_it_was_and_what_its_number_and_its_closing_are_called() -> None:
    closing = model.Closing("broken", "something broke", "Really broken")
    one = replace(
        samples.ORDERS, ref=model.Ref("strange", "ab:1/x"), state=model.State.ARCHIVED, archived_as="broken", weight=0.5,
        scale=model.Scale("score", 1.0),
    )  # fmt: skip
    capabilities_of = {"strange": model.Capabilities("Strange", frozenset(), (closing,))}
    heading, told = cells(spreadsheet.anomalies([one], capabilities_of=capabilities_of))
    assert [told[heading.index(name)] for name in ("id", "weight", "scale", "system", "closed as")] == [
        "strange:ab:1/x",
        "0.5",
        "score of 1",
        "Strange",
        "Really broken",
    ]


def test_in_a_digest_of_several_systems_each_line_names_its_own() -> None:
    words = digest_stats.Words(rows.title, rows.evidence, rows.rule)
    line = digest_stats.glance(samples.ORDERS, words)
    said = slack_rules.seen(drawn(oldest=(line,), unacknowledged=1, open=1, systems=(("Acme", 1), ("Umbra", 0))))
    assert str(line.ref) in said
    assert str(line.ref) not in slack_rules.seen(drawn(oldest=(line,), unacknowledged=1, open=1))
