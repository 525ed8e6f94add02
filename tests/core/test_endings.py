"""Closed at the source by itself: over, by nobody's verdict."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot import model
from bot.core import endings, snapshot, transitions, undo
from bot.model import Action, State

Make = Callable[..., model.Anomaly]

SINCE = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ACKED: dict[str, Any] = {"state": State.ACKNOWLEDGED, "status": "Acknowledged"}


def test_what_nobody_looked_after_is_archived_as_over(anomaly: Make) -> None:
    found = endings.settled(anomaly(status="closed"), SINCE)
    assert (found.state, found.archived_as, found.over) == (State.ARCHIVED, "Over", SINCE)
    assert endings.by_itself(found)


def test_what_somebody_acknowledged_stays_with_them_and_is_marked(anomaly: Make) -> None:
    found = endings.settled(anomaly(**ACKED), SINCE)
    assert (found.state, found.archived_as, found.over) == (State.ACKNOWLEDGED, None, SINCE)
    assert not endings.by_itself(found)


def test_what_a_person_closed_stays_closed_in_that_way(anomaly: Make) -> None:
    closed = anomaly(state=State.ARCHIVED, status="Invalid", archived_as="Invalid")
    assert endings.settled(closed, SINCE) == closed


def test_an_acknowledged_one_that_is_over_is_closed_by_a_person_and_not_given_back(anomaly: Make) -> None:
    over = endings.settled(anomaly(**ACKED), SINCE)
    assert transitions.offered(over, frozenset(Action)) == (Action.ASSIGN, Action.ARCHIVE)
    assert transitions.check(Action.ARCHIVE, over, model.Change(Action.ARCHIVE, "Invalid")) == transitions.DO
    back = transitions.check(Action.UNACKNOWLEDGE, over, model.Change(Action.UNACKNOWLEDGE))
    assert (back.kind, back.instead) == (transitions.Kind.REFUSED, Action.ARCHIVE)
    assert back.sentence == "It is over: its system closed it by itself. Archive it when nothing is left to do."


@pytest.mark.parametrize(
    ("change", "kind", "told"),
    [
        (model.Change(Action.ACKNOWLEDGE), transitions.Kind.REFUSED, "It is over: its system closed it by itself. Reopen it first."),
        (model.Change(Action.ARCHIVE), transitions.Kind.ALREADY, "It is over: its system closed it by itself."),
        (model.Change(Action.ARCHIVE, "Invalid"), transitions.Kind.REFUSED, "To archive it as Invalid, reopen it first."),
        (model.Change(Action.REOPEN), transitions.Kind.DO, ""),
    ],
)
def test_what_can_be_done_with_one_that_is_over(anomaly: Make, change: model.Change, kind: transitions.Kind, told: str) -> None:
    found = transitions.check(change.action, endings.settled(anomaly(), SINCE), change)
    assert found.kind is kind and told in found.sentence


def test_the_journal_says_what_the_system_did(anomaly: Make) -> None:
    before = anomaly()
    told = transitions.elsewhere(before, endings.settled(replace(before, status="closed"), SINCE), "Strange", SINCE)
    assert told is not None and (told.action, told.before, told.after, told.actor_name) == ("archive", "Active", "closed as Over", "")
    acked = anomaly(**ACKED)
    told = transitions.elsewhere(acked, endings.settled(acked, SINCE), "Strange", SINCE)
    assert told is not None and (told.action, told.before, told.after) == ("status", "Acknowledged", "Acknowledged, over")


def test_an_undo_never_closes_in_the_systems_name(anomaly: Make) -> None:
    before, after = endings.settled(anomaly(), SINCE), anomaly(**ACKED)
    item = model.Item(before.ref, snapshot.of(before), model.Fate.DONE, after=snapshot.of(after))
    steps, said = undo.undo(item, after, model.Change(Action.REOPEN))
    assert steps == () and said == "Its system had closed it by itself, which nobody else can do, so its status was left alone."
