"""Messages about the desk itself."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from bot import model
from bot.core import stored_reports
from bot.render.desk import reports
from bot.render.kit import ids
from tests.render import samples, slack_rules

AT, LATER = samples.NOW.isoformat(), "2026-11-21T09:19:00+00:00"


def drawn(payload: dict[str, Any]) -> model.Message:
    """A row as it is stored, as it is shown."""
    return reports.report(stored_reports.unpack(payload))


def told(payload: dict[str, Any]) -> str:
    """What people see; what they hear must say the same words."""
    message = drawn(payload)
    assert slack_rules.faults(message) == []
    seen = slack_rules.seen(message)
    assert seen.split("\n")[0].split(". ")[0].rstrip(".") in slack_rules.heard(message)
    return seen


def test_first_contact_says_how_many_and_offers_the_list() -> None:
    payload = {"what": "first_contact", "source": "qualytics", "title": "Qualytics", "count": 4120, "at": AT}
    assert told(payload).startswith("Connected to Qualytics. 4,120 were already open in Qualytics;")
    buttons = {part["action_id"]: part for part in slack_rules.pressable(drawn(payload))}
    assert buttons[ids.CONTACT_NEWEST]["text"]["text"] == "Show newest 10"
    assert ids.decode_page(buttons[ids.CONTACT_NEWEST]["value"]) == (0, "source:qualytics limit:10")
    assert ids.decode_page(buttons[ids.CONTACT_LIST]["value"]) == (0, "source:qualytics")
    assert "1 was already open" in told({**payload, "count": 1})


def test_first_contact_with_nothing_open_is_one_line() -> None:
    payload = {"what": "first_contact", "source": "qualytics", "title": "Qualytics", "count": 0}
    assert told(payload) == "Connected to Qualytics: nothing is open there. New anomalies will appear here."
    assert slack_rules.pressable(drawn(payload)) == []


def test_places_that_are_met_later_are_named_with_how_many_are_open_in_each() -> None:
    places = [{"name": "crm", "count": 1200}, {"name": "finance lake", "count": 4}]
    payload = {"what": "first_contact", "source": "qualytics", "title": "Qualytics", "places": places, "at": AT}
    assert told(payload).startswith("Qualytics is looked after in crm (1,200 open already), finance lake (4 open already) too from now on.")
    buttons = {part["action_id"]: part for part in slack_rules.pressable(drawn(payload))}
    assert ids.decode_page(buttons[ids.CONTACT_LIST]["value"]) == (0, 'source:qualytics datastore:crm,"finance lake"')
    many = [{"name": f"warehouse {number} of the northern branch", "count": 7} for number in range(200)]
    assert "and 190 more" in told({**payload, "places": many})
    assert slack_rules.pressable(drawn({**payload, "places": many})) == [], "too many for a button"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (
            {"what": "failing", "title": "Qualytics", "error": "HTTP 500", "since": AT},
            ["Qualytics does not answer as it should. HTTP 500.", "tried again by itself", f"Since\n{samples.DATE}"],
        ),
        (
            {"what": "failing", "title": "Qualytics", "error": "HTTP 500", "since": AT, "over": LATER},
            ["Over: Qualytics did not answer as it should. It said: HTTP 500.", f"From\n{samples.DATE}\nTo\n2026-11-21 09:19 UTC"],
        ),
        ({"what": "recovered", "title": "Qualytics", "since": AT, "at": LATER}, ["Qualytics answers again.", "about 7 minutes"]),
        (
            {"what": "interrupted", "action": "archive", "refs": ["qualytics:1", "qualytics:2"], "why": "Restarted", "at": AT},
            ["qualytics:1, qualytics:2 were not archived. Restarted.", samples.DATE],
        ),
        (
            {"what": "replaced", "title": "Qualytics", "person": "Lee Park", "new": "Ann", "by": "Dana"},
            ["You are not Lee Park in Qualytics any more. Ann is from now on: Dana said so. If that is wrong, ask an admin"],
        ),
        (
            {"what": "replaced", "title": "Qualytics", "person": "Lee Park", "new": "<!channel>", "by": ""},
            ["<!channel> is from now on: their e-mail address is the same."],
        ),
        ({"what": "channel_gone", "channel": "C1", "code": "not_in_channel"}, ["channel <#C1>: I am not a member.", "/invite"]),
        ({"what": "channel_gone", "channel": "C1", "code": "odd"}, ["Slack said: odd."]),
        (
            {"what": "channel_back", "channel": "C1", "since": AT, "at": LATER},
            ["Posting in the channel <#C1> works again after trouble since", samples.DATE],
        ),
        (
            {"what": "failing", "title": "<!here>", "error": "*boom*", "since": "yesterday"},
            ["<!here> does not answer as it should. *boom*."],
        ),
        ({"what": "something new"}, ["(something new)", "/anomalies status"]),
        ({}, ["/anomalies status"]),
    ],
)
def test_reports(payload: dict[str, Any], words: list[str]) -> None:
    seen = told(payload)
    for expected in words:
        assert expected in seen


def test_new_assignee_learns_who_assigned_what_with_a_link() -> None:
    payload = {"what": "assigned", "ref": "qualytics:1001", "title": "Volume fell", "header": "record in orders", "by": "Dana"}
    message = drawn(payload | {"url": samples.ORDERS.url})
    assert slack_rules.seen(message).startswith("Dana assigned you to record in orders: Volume fell")
    show, opened = slack_rules.pressable(message)
    assert ids.decode(show["value"]) == ids.ButtonTarget(samples.REF, 0)
    assert opened["url"] == samples.ORDERS.url
    assert slack_rules.labels(drawn(payload)) == ["Show"]
    assert slack_rules.pressable(drawn({"what": "assigned", "ref": ""})) == []


def test_the_rows_of_an_earlier_release_are_drawn() -> None:
    old = Path(__file__).parents[2] / "fixtures/revision_0003/desk.sql"
    (row,) = [json.loads(found) for found in re.findall(r"VALUES\('\w+','report',.*?'(\{.*?\})'", old.read_text())]
    assert told(row).startswith("Connected to Qualytics. 40 were already open in Qualytics;")
