"""What is said about an app that was installed with an earlier manifest, and which filters a Home can have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from bot import errors, model
from bot.core import features, home_filter

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALL = {one.scope for one in features.FEATURES}
HEARD = {"app_mention": NOON}


def test_nothing_is_said_of_an_app_that_has_all_of_it() -> None:
    assert features.off(ALL, HEARD) == []
    assert features.off((), HEARD) == [], "where Slack does not say what it may, nothing is known to be missing"


def test_a_missing_scope_names_what_is_missed_and_what_to_do() -> None:
    (said,) = features.off(ALL - {"app_mentions:read"}, HEARD)
    assert said.startswith("Switched off: a mention of the bot is not answered (scope app_mentions:read).")
    assert said.endswith("install it again.")


def test_a_home_tab_that_slack_refused_is_off_until_it_took_one() -> None:
    off = {features.HOME_OFF: NOON}
    (said,) = features.off(ALL, HEARD | off)
    assert "the app has no Home tab" in said
    assert features.off(ALL, HEARD | off | {features.HOME_ON: NOON + timedelta(hours=1)}) == []
    assert len(features.off(ALL, HEARD | off | {features.HOME_ON: NOON - timedelta(hours=1)})) == 1


def test_events_of_which_none_ever_came_may_not_be_subscribed_to() -> None:
    (said,) = features.off(ALL, {})
    assert "app_home_opened, app_mention and message.im" in said and "python -m bot manifest" in said


def test_a_home_is_filtered_by_what_the_desk_knows_and_says_so_of_the_rest() -> None:
    home_filter.check(model.Query(source="acme", tables=("orders",), severities=(model.Severity.HIGH,), since=date(2026, 3, 1)))
    for query in (model.Query(rules=("notNull",)), model.Query(text="late"), model.Query(statuses=("archived",)), model.Query(limit=3)):
        with pytest.raises(errors.NotSupported, match="Your Home can be filtered by source:"):
            home_filter.check(query)
