"""One anomaly in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import model
from bot.render.anomaly import rows
from bot.render.kit import text
from tests.render import samples

ORDERS = samples.ORDERS
BASED = replace(
    ORDERS,
    ref=model.Ref("qualytics", "1074"),
    records=11,
    checks=(model.Check("1", "notNull", ("customer_id",), "11 of 1,840,000 rows violate: customer_id not null"),),
    assignees=(model.Person("qualytics", "7", "Dana"),),
)


def said(anomaly: model.Anomaly, common: rows.Among = rows.ALONE) -> str:
    return text.unspoken(rows.spoken(anomaly, samples.CAPABILITIES, common))


def test_a_row_is_one_line() -> None:
    assert said(BASED) == f"High · orders · customer_id not null · 11 of 1.84 M rows · Dana · {samples.DATE} · #1074"
    drawn = rows.drawn(BASED, samples.CAPABILITIES)
    assert "\n" not in drawn
    assert drawn.startswith(
        "\N{LARGE ORANGE SQUARE} *High* · <https://acme.qualytics.io/anomalies/1001|orders · customer_id not null> · 11 of"
    )


@pytest.mark.parametrize("word", [*model.Severity, None])
def test_severity_is_told_by_word_and_mark(word: model.Severity | None) -> None:
    mark, name = rows.marked(word).split(" ")
    assert name == f"*{rows.severity(word)}*" and name.strip("*").isalpha()
    assert len({rows.marked(other)[0] for other in (*model.Severity, None)}) == 5 and not mark.isascii()


@pytest.mark.parametrize(
    ("amount", "told"),
    [(1_140, "1,140"), (999_999, "999,999"), (1_840_000, "1.84 M"), (2_500_000_000, "2.5 B"), (10**12, "1 T"), (10**16, "10,000 T")],
)
def test_large_numbers_of_rows_can_be_compared_at_a_glance(amount: int, told: str) -> None:
    assert rows.amount(amount) == told


def test_the_state_is_told_where_it_is_not_what_most_are_in_the_word_of_the_system() -> None:
    assert "Active" not in said(ORDERS)
    investigating = replace(ORDERS, state=model.State.ACKNOWLEDGED, status="investigating")
    assert " · Investigating · unassigned · " in said(investigating)
    assert " · Archived as Duplicate · " in said(samples.DUPLICATE)


def test_a_metric_and_a_threat_are_headlines_too() -> None:
    series = model.Series("signups", 43.64, low=125.93, direction=model.Direction.DOWN)
    metric = replace(ORDERS, checks=(), records=None, datastore=None, container=None, type="pattern_change", type_title="Pattern change")
    assert said(replace(metric, series=series)).startswith(
        "High · signups · pattern change · 43.64 (expected at least 125.93) · unassigned"
    )
    threat = replace(metric, type="unusual_time", type_title="", description="svc-backup read 120 secrets within 33 minutes")
    assert said(threat).startswith("High · unusual time · svc-backup read 120 secrets within 33 minutes · unassigned")


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (None, None, "4,210 ms"),
        (1200.0, 1900.0, "4,210 ms (expected 1,200 to 1,900)"),
        (None, 1900.0, "4,210 ms (expected at most 1,900)"),
        (7.0, 7.0, "4,210 ms (expected 7)"),
    ],
)
def test_a_value_stands_beside_what_was_expected(low: float | None, high: float | None, told: str) -> None:
    assert rows.evidence(replace(ORDERS, series=model.Series("m", 4210.0, low, high, unit="ms"))) == told


def test_several_datastores_and_systems_are_named_where_there_are_several() -> None:
    other = replace(BASED, datastore=model.Place("9", "crm"))
    assert rows.among([BASED, BASED]) == rows.ALONE
    assert "orders (warehouse-prod) · customer_id" in said(BASED, rows.among([BASED, other]))
    assert said(BASED, rows.among([BASED], systems=True)).endswith(" · qualytics:1074")


def test_links_give_way_before_lines_do() -> None:
    far = replace(ORDERS, url="https://acme.example/" + "x" * 450)
    chosen = rows.linkable([far] * 10)
    assert chosen == [True] * 7 + [False] * 3
    assert rows.linkable([replace(ORDERS, url="javascript:alert(1)"), replace(far, url=far.url * 2)]) == [False, False]
    assert "<https" not in rows.drawn(far, linked=False)
