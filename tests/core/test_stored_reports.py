"""Reports as rows hold them: what earlier releases wrote is read, and what is written today is what they would have written."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import model
from bot.core import stored_reports

OLD = Path(__file__).parent.parent / "fixtures/revision_0003/desk.sql"
AT, LATER = "2026-11-21T09:12:00.000017+00:00", "2026-11-21T09:19:00+00:00"

ROWS: list[tuple[dict[str, Any], type[model.Report]]] = [
    ({"what": "first_contact", "source": "qualytics", "title": "Qualytics", "count": 40, "at": AT}, model.FirstContact),
    ({"what": "first_contact", "source": "qualytics", "title": "Qualytics", "count": 0, "at": AT}, model.FirstContact),
    (
        {"what": "first_contact", "source": "q", "title": "Q", "places": [{"name": "crm", "count": 7}], "at": AT},
        model.PlacesMet,
    ),
    ({"what": "failing", "title": "Qualytics", "since": AT, "error": "HTTP 500"}, model.SourceFailing),
    ({"what": "failing", "title": "Qualytics", "since": AT, "error": "HTTP 500", "over": LATER}, model.SourceFailing),
    ({"what": "recovered", "title": "Qualytics", "since": AT, "error": "HTTP 500", "at": LATER}, model.SourceRecovered),
    (
        {"what": "assigned", "ref": "q:1", "title": "Fell", "url": "https://q.example/1", "by": "Dana", "header": "record in orders"},
        model.NewlyAssigned,
    ),
    ({"what": "replaced", "title": "Qualytics", "person": "Lee", "new": "Ann", "by": ""}, model.LinkReplaced),
    ({"what": "interrupted", "action": "archive", "refs": ["q:1", "q:2"], "why": "Restarted", "at": AT}, model.RequestInterrupted),
    ({"what": "channel_gone", "channel": "C1", "code": "is_archived", "at": AT}, model.ChannelRefuses),
    ({"what": "channel_back", "channel": "C1", "since": AT, "at": LATER}, model.ChannelWorks),
]


@pytest.mark.parametrize(("row", "kind"), ROWS, ids=[f"{row['what']} {at}" for at, (row, _) in enumerate(ROWS)])
def test_a_row_is_read_and_written_again_as_it_was(row: dict[str, Any], kind: type[model.Report]) -> None:
    said = stored_reports.unpack(row)
    assert type(said) is kind
    assert json.loads(json.dumps(stored_reports.pack(said))) == row, "another payload would edit a message that is up to date"


def test_the_rows_of_an_earlier_release_are_read() -> None:
    found = [json.loads(row) for row in re.findall(r"VALUES\('\w+','report',.*?'(\{.*?\})'", OLD.read_text())]
    assert found
    for row in found:
        assert stored_reports.pack(stored_reports.unpack(row)) == row
    assert stored_reports.unpack(found[0]) == model.FirstContact(
        "qualytics", "Qualytics", 40, datetime(2026, 11, 27, 16, 14, 29, 999677, tzinfo=UTC)
    )


def test_what_is_missing_or_unreadable_is_empty_and_what_is_unknown_keeps_its_word() -> None:
    assert stored_reports.unpack({"what": "failing", "since": "yesterday"}) == model.SourceFailing("", "")
    assert stored_reports.unpack({"what": "recovered", "at": "2026-11-21T09:19:00"}) == model.SourceRecovered(
        "", at=datetime(2026, 11, 21, 9, 19, tzinfo=UTC)
    )
    assert stored_reports.unpack({"what": "interrupted", "refs": ["q:1", "nothing"]}) == model.RequestInterrupted(
        "", (model.Ref("q", "1"),), ""
    )
    assert stored_reports.unpack({"what": "assigned", "ref": "", "by": "Dana"}) == model.NewlyAssigned(None, "Dana")
    assert stored_reports.unpack({"what": "something new"}) == model.UnknownReport("something new")
    assert stored_reports.pack(model.UnknownReport("something new")) == {"what": "something new"}
