"""What a system found, as people see and hear it, whichever system it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import model
from bot.core import endings
from bot.render.anomaly import anomaly_card, histories, replies, rows, wording
from bot.render.kit import ids
from tests.render import samples, slack_rules

STRANGE = model.Capabilities("Strange", frozenset(model.Action), (model.Closing("not_a_problem", "nothing was wrong", "Not a problem"),))
ORDERS = model.Series("orders.count", 4210, 1200, 1900, percent=121.3, direction=model.Direction.UP, start=samples.NOW)
LATER = samples.NOW + timedelta(hours=2)
LATER_SAID = "2026-11-21 11:12 UTC"

METRIC = model.Anomaly(
    model.Ref("strange", "a:7"),
    model.State.ACTIVE,
    "open",
    samples.NOW,
    type="spike",
    severity=model.Severity.HIGH,
    weight=72,
    scale=model.Scale("score", 100),
    series=ORDERS,
    version=1,
)


def card(anomaly: model.Anomaly, past: model.Recurrence | None = None) -> tuple[str, str]:
    """What is seen on the card, and what is heard of it."""
    message = anomaly_card.anomaly(anomaly, STRANGE, past or samples.past())
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message).replace("\n", " ").replace("*", "").replace("\u200b", "")
    return seen, slack_rules.heard(message)


def both(anomaly: model.Anomaly, words: str, past: model.Recurrence | None = None) -> None:
    """These words are seen and heard."""
    seen, heard = card(anomaly, past)
    assert words in seen and words in heard, (seen, heard)


# --- the series -----------------------------------------------------------------------------------------------------------


def test_a_series_is_told_in_words() -> None:
    both(METRIC, "orders.count")
    both(METRIC, f"4,210, expected 1,200 to 1,900 (+121.3 %), up · since {samples.DATE}")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            {"percent": None, "delta": 2310, "unit": "rows"},
            "4,210 rows, expected 1,200 to 1,900 rows (+2,310 rows), up · since",
        ),
        ({"percent": -40, "direction": model.Direction.DOWN}, "expected 1,200 to 1,900 (-40 %), down · since"),
        ({"low": None}, "expected at most 1,900 (+121.3 %)"),
        ({"high": None}, "expected at least 1,200 (+121.3 %)"),
        ({"low": 1900}, "expected 1,900 (+121.3 %)"),
        ({"low": None, "high": None, "percent": None}, "4,210, up · since"),
        ({"resolution": "1h"}, "up, resolution 1h · since"),
        ({"end": LATER}, f"up · from {samples.DATE} to {LATER_SAID}"),
        (
            {"value": None, "direction": None, "start": None, "end": LATER},
            f"expected 1,200 to 1,900 (+121.3 %) · until {LATER_SAID}",
        ),
    ],
)
def test_what_a_series_does_not_tell_is_left_out(told: dict[str, Any], words: str) -> None:
    both(replace(METRIC, series=replace(ORDERS, **told)), words)


def test_the_anomaly_says_how_long_it_lasted_where_the_series_does_not() -> None:
    both(replace(METRIC, series=replace(ORDERS, start=None), started=samples.NOW, ended=LATER), f"up · from {samples.DATE} to {LATER_SAID}")
    both(replace(METRIC, series=None, started=LATER), f"since {LATER_SAID}")
    assert [said.count("up · since") for said in card(replace(METRIC, started=samples.NOW))] == [1, 1], "nothing is said twice"


def test_a_metric_is_a_place_where_there_is_no_other() -> None:
    assert rows.named(METRIC) == "🟧 High · orders.count · spike"


# --- score, type, places ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scale", "words"),
    [
        (model.Scale("score", 100), "Score 72 of 100"),
        (model.Scale("significance"), "Significance 72"),
        (samples.ORDERS.scale, "Weight 72"),
    ],
)
def test_the_raw_number_is_shown_with_its_scale(scale: model.Scale, words: str) -> None:
    both(replace(METRIC, scale=scale), words)


def test_any_type_is_shown_as_the_system_tells_it_or_in_the_nicer_words_of_its_source() -> None:
    where = {"places": (model.Place("1", "checkout"),)}
    assert rows.title(replace(METRIC, type="impossible_travel", series=None, **where)) == "checkout · impossible travel"
    nicer = replace(METRIC, type="impossible_travel", type_title="impossible travel of a user", **where)
    both(replace(nicer, series=None), "checkout · impossible travel of a user")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["checkout"], "checkout"),
        (["Payments", "checkout"], "(Payments)"),
        (["Payments", "eu-west", "checkout"], "(Payments › eu-west)"),
        (["a", "b", "c", "d", "e", "f"], "(a › … › c › d › e)"),
    ],
)
def test_places_are_nested_from_the_outermost_to_the_innermost(names: list[str], words: str) -> None:
    places = tuple(model.Place(name, name) for name in names)
    both(replace(METRIC, places=places), words)
    both(replace(METRIC, places=places, series=None), f"{names[-1]} · spike")


def test_datastore_and_table_are_the_places_where_there_are_no_others() -> None:
    assert wording.place(samples.ORDERS) == "orders (warehouse-prod)"
    assert [place.name for place in samples.ORDERS.where] == ["warehouse-prod", "orders"]


# --- facts ------------------------------------------------------------------------------------------------------------------


def test_facts_come_in_their_order_with_their_links() -> None:
    facts = (model.Fact("Device", "A laptop", "https://acme.example/d/1"), model.Fact("City", "Oslo <!channel>"))
    message = anomaly_card.anomaly(replace(METRIC, facts=facts), STRANGE, samples.past())
    both(replace(METRIC, facts=facts), "Device: A laptop · City: Oslo <!channel>")
    assert any("<https://acme.example/d/1|Device: A laptop>" in markup for markup in slack_rules.markups(message))
    assert "<!channel>" not in "".join(slack_rules.markups(message))


def test_the_most_important_facts_fit_and_the_rest_is_counted() -> None:
    facts = tuple(model.Fact(f"Fact {number}", "x" * 500, f"https://acme.example/{'y' * 150}") for number in range(1, 13))
    seen, heard = card(replace(METRIC, facts=facts))
    for said in (seen, heard):
        assert "Fact 1: x" in said and "Fact 8: x" in said and "Fact 9" not in said and "and 4 more" in said
        assert "Open in Strange" not in said or said is heard
    assert "You can acknowledge, assign or archive it with the buttons." in heard
    links = "".join(slack_rules.markups(anomaly_card.anomaly(replace(METRIC, facts=facts), STRANGE, samples.past())))
    assert "|Fact 1: x" in links and "|Fact 8: x" not in links, "the links of the most important ones have room"


# --- what it belongs to -------------------------------------------------------------------------------------------------------


def test_related_and_merged_anomalies_are_named() -> None:
    related = tuple(model.Ref("strange", str(number)) for number in range(1, 8))
    tied = replace(METRIC, related=related, merged_into=model.Ref("other", "b:1"))
    both(tied, "Merged into other:b:1 · related to 1, 2, 3, 4, 5 and 2 more")
    closed = replace(tied, state=model.State.ARCHIVED, status="closed", archived_as="not_a_problem")
    both(closed, "Merged into other:b:1 · related to 1, 2, 3, 4, 5 and 2 more")


def test_a_way_of_closing_is_called_as_its_system_calls_it() -> None:
    closed = replace(METRIC, state=model.State.ARCHIVED, status="closed", archived_as="not_a_problem")
    both(closed, "Archived as Not a problem · detected")
    both(closed, "Archived as Not a problem by Dana", samples.past(samples.entry("archive")))


def test_deleted_is_a_state_of_its_own() -> None:
    seen, heard = card(replace(METRIC, deleted=True))
    assert seen == "Deleted in Strange · orders.count · #a:7" and heard == f"{seen}."
    assert "Deleted in Strange" not in card(replace(METRIC, status="Deleted"))[0], "a status alone deletes nothing"


# --- over ---------------------------------------------------------------------------------------------------------------------

CLOSED_ITSELF = samples.entry("archive", actor="", actor_name="", via="Strange")


def test_one_that_its_system_closed_by_itself_is_over() -> None:
    over = endings.settled(replace(METRIC, status="closed"), LATER)
    both(over, "Over: Strange closed it by itself")
    assert all("Archived" not in said and LATER_SAID in said for said in card(over)), "nobody archived it as anything"
    both(over, "Over: Strange closed it by itself", samples.past(CLOSED_ITSELF))


def test_an_acknowledged_one_stays_and_is_marked_over() -> None:
    acked = replace(METRIC, state=model.State.ACKNOWLEDGED, status="investigating")
    over = endings.settled(acked, LATER)
    both(over, "Investigating · ")
    both(over, " · unassigned")
    both(over, f"over since {LATER_SAID}")
    assert "over since" not in card(acked)[0]
    shown = anomaly_card.anomaly(over, STRANGE, samples.past(replace(CLOSED_ITSELF, action="status")))
    assert "Over: Strange closed it by itself" in slack_rules.heard(shown)
    pressed = {part["action_id"] for part in slack_rules.pressable(shown.blocks)}
    assert ids.ARCHIVE in pressed and ids.UNACKNOWLEDGE not in pressed
    listed = replies.listing(model.Listing("status:any", [over], 1))
    assert "Investigating, over · unassigned" in slack_rules.seen(listed)
    assert "Investigating, over · unassigned" in slack_rules.heard(listed)


def test_what_a_person_did_is_never_told_as_the_systems_doing() -> None:
    over = endings.settled(replace(METRIC, state=model.State.ACKNOWLEDGED, status="investigating"), LATER)
    both(over, "Changed by Dana", samples.past(samples.entry("status")))


# --- whoever looks closely


def test_a_fact_tells_a_time_in_each_readers_own() -> None:
    seen, heard = card(replace(METRIC, facts=(model.Fact("Resolved", "by Dana", at=LATER), model.Fact("", "", at=LATER))))
    assert LATER_SAID in seen and LATER_SAID in heard


def test_what_no_card_has_room_for_is_told_in_the_history() -> None:
    anomaly = replace(METRIC, facts=(model.Fact("Events", "30", more=tuple(f"e{number}" for number in range(30))),))
    assert "e0" not in card(anomaly)[0]
    told = model.Evidence(
        facts=(model.Fact("Devices", "3"),),
        happened=[model.Happening(f"login {number} <!here>", samples.NOW) for number in range(20)],
        happened_in_all=40,
        related=[model.Ref("strange", "a:8"), model.Ref("acme", "9")],
        missing=("Strange does not tell the rest.",),
    )
    message = histories.history(anomaly, [], [], told)
    assert slack_rules.faults(message) == []
    for words in (slack_rules.seen(message), slack_rules.heard(message)):
        for said in ("Devices: 3", "Events: e0", "and 10 more", "login 7", "and 32 more", "a:8", "acme:9", "does not tell the rest"):
            assert said in words, (said, words)
        assert "login 8" not in words
    assert "<!here>" not in message.text + str(message.blocks)
