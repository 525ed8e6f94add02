"""Which action makes sense where; what somebody did elsewhere; whether the system did what it said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import transitions
from bot.core.transitions import Kind
from bot.model import Action, State
from bot.sources.qualytics import closings
from tests import examples

Make = Callable[..., model.Anomaly]
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
OPEN = {"state": State.ACTIVE, "status": "Active"}
ACKED = {"state": State.ACKNOWLEDGED, "status": "Acknowledged"}
INVALID = {"state": State.ARCHIVED, "status": "Invalid", "archived_as": "Invalid"}
GONE = {"state": State.ARCHIVED, "status": "Deleted", "deleted": True}


def change(action: Action, **parts: Any) -> model.Change:
    return model.Change(action, **parts)


@pytest.mark.parametrize(
    ("wanted", "now", "kind", "says"),
    [
        pytest.param(change(Action.ACKNOWLEDGE), OPEN, Kind.DO, "", id="acknowledge open"),
        pytest.param(change(Action.ACKNOWLEDGE), ACKED, Kind.ALREADY, "acknowledged already", id="acknowledge twice"),
        pytest.param(change(Action.ACKNOWLEDGE, assignees=("9",)), ACKED, Kind.DO, "", id="acknowledge twice, assigning another"),
        pytest.param(change(Action.ACKNOWLEDGE, assignees=("7",)), ACKED, Kind.ALREADY, "", id="acknowledge twice, assigning the same"),
        pytest.param(change(Action.ACKNOWLEDGE, comment="look"), ACKED, Kind.DO, "", id="acknowledge twice, with a remark"),
        pytest.param(change(Action.ACKNOWLEDGE), INVALID, Kind.REFUSED, "archived as Invalid. Reopen it first", id="acknowledge archived"),
        pytest.param(change(Action.UNACKNOWLEDGE), ACKED, Kind.DO, "", id="take back"),
        pytest.param(change(Action.UNACKNOWLEDGE), OPEN, Kind.ALREADY, "not acknowledged", id="take back nothing"),
        pytest.param(change(Action.UNACKNOWLEDGE), INVALID, Kind.REFUSED, "Reopen it first", id="take back on archived"),
        pytest.param(change(Action.ARCHIVE, archive_as="Invalid"), OPEN, Kind.DO, "", id="archive open"),
        pytest.param(change(Action.ARCHIVE, archive_as="Invalid"), ACKED, Kind.DO, "", id="archive acknowledged"),
        pytest.param(change(Action.ARCHIVE, archive_as="Invalid"), INVALID, Kind.ALREADY, "as Invalid already", id="archive twice"),
        pytest.param(change(Action.ARCHIVE), INVALID, Kind.ALREADY, "already", id="archive twice without an outcome"),
        pytest.param(
            change(Action.ARCHIVE, archive_as="Resolved"),
            INVALID,
            Kind.REFUSED,
            "as Resolved, reopen it first",
            id="another outcome",
        ),
        pytest.param(change(Action.REOPEN), INVALID, Kind.DO, "", id="reopen"),
        pytest.param(change(Action.REOPEN), OPEN, Kind.ALREADY, "open already", id="reopen open"),
        pytest.param(change(Action.REOPEN), ACKED, Kind.ALREADY, "acknowledged, not archived", id="reopen acknowledged"),
        pytest.param(change(Action.ASSIGN, assignees=("9",)), OPEN, Kind.DO, "", id="assign"),
        pytest.param(change(Action.ASSIGN, assignees=()), OPEN, Kind.DO, "", id="unassign"),
        pytest.param(change(Action.ASSIGN, assignees=("7",)), ACKED, Kind.ALREADY, "assigned like that", id="assign the same"),
        pytest.param(change(Action.ASSIGN, assignees=("9",)), INVALID, Kind.REFUSED, "Reopen it first", id="assign archived"),
        pytest.param(change(Action.TAG, add_tags=("new",)), OPEN, Kind.DO, "", id="tag"),
        pytest.param(change(Action.TAG, add_tags=("pii",)), OPEN, Kind.ALREADY, "these tags", id="tag that is there"),
        pytest.param(change(Action.TAG, add_tags=("pii", "critical")), OPEN, Kind.ALREADY, "these tags", id="all tags that are there"),
        pytest.param(change(Action.TAG, remove_tags=("pii",)), OPEN, Kind.DO, "", id="remove a tag"),
        pytest.param(change(Action.TAG, remove_tags=("x",)), ACKED, Kind.ALREADY, "these tags", id="remove a tag that is not there"),
        pytest.param(change(Action.TAG, add_tags=("x",)), INVALID, Kind.REFUSED, "Reopen", id="tag archived"),
        pytest.param(change(Action.DESCRIBE, description="new"), OPEN, Kind.DO, "", id="describe"),
        pytest.param(change(Action.DESCRIBE, description="new"), INVALID, Kind.REFUSED, "Reopen", id="describe archived"),
        pytest.param(
            change(Action.DESCRIBE, description="4,210 rows fail: customer_id not null "),
            OPEN,
            Kind.ALREADY,
            "description",
            id="describe alike",
        ),
        pytest.param(change(Action.COMMENT, comment="x"), OPEN, Kind.DO, "", id="comment on open"),
        pytest.param(change(Action.COMMENT, comment="x"), INVALID, Kind.DO, "", id="comment on archived"),
        pytest.param(change(Action.DELETE), INVALID, Kind.DO, "", id="delete archived"),
        pytest.param(change(Action.COMMENT, comment="x"), GONE, Kind.REFUSED, "was deleted", id="comment on deleted"),
        pytest.param(change(Action.REOPEN), GONE, Kind.REFUSED, "was deleted", id="reopen deleted"),
    ],
)
def test_check(anomaly: Make, wanted: model.Change, now: dict[str, Any], kind: Kind, says: str) -> None:
    verdict = transitions.check(wanted.action, anomaly(**now), wanted)
    assert verdict.kind is kind
    assert says in verdict.sentence
    assert bool(verdict.sentence) is (kind is not Kind.DO)


@pytest.mark.parametrize(
    ("wanted", "now", "kind", "instead"),
    [
        pytest.param(change(Action.ARCHIVE, archive_as="Resolved"), ACKED, Kind.DO, None, id="still sensible"),
        pytest.param(change(Action.ACKNOWLEDGE), ACKED, Kind.ALREADY, None, id="somebody did the same"),
        pytest.param(change(Action.ACKNOWLEDGE), INVALID, Kind.STALE, Action.REOPEN, id="somebody closed it"),
    ],
)
def test_a_click_on_an_old_card(anomaly: Make, wanted: model.Change, now: dict[str, Any], kind: Kind, instead: Action | None) -> None:
    verdict = transitions.still_sensible(wanted, 2, anomaly(**now, version=3))
    assert (verdict.kind, verdict.instead) == (kind, instead)


def test_what_nobody_was_shown_is_not_old(anomaly: Make) -> None:
    assert transitions.still_sensible(change(Action.ACKNOWLEDGE), 0, anomaly(**INVALID, version=3)).kind is Kind.REFUSED


def test_a_refusal_on_a_card_that_is_up_to_date_is_no_staleness(anomaly: Make) -> None:
    verdict = transitions.still_sensible(change(Action.ACKNOWLEDGE), 3, anomaly(**INVALID, version=3))
    assert verdict.kind is Kind.REFUSED


# --- never backwards silently ---------------------------------------------------------------------------------------------

_CHANGES = st.builds(
    model.Change,
    st.sampled_from(list(Action)),
    archive_as=st.none() | st.sampled_from(closings.WORDS),
    assignees=st.none() | st.lists(st.sampled_from(["7", "8"]), unique=True).map(tuple),
    add_tags=st.lists(st.sampled_from(["a", "PII"]), unique=True).map(tuple),
    remove_tags=st.lists(st.sampled_from(["a", "pii"]), unique=True).map(tuple),
    description=st.none() | st.just("other"),
    comment=st.sampled_from(["", "said"]),
)
_AFTER = {
    Action.ACKNOWLEDGE: ACKED,
    Action.UNACKNOWLEDGE: OPEN | {"archived_as": None},
    Action.REOPEN: ACKED | {"archived_as": None},
}


def _applied(anomaly: model.Anomaly, wanted: model.Change) -> model.Anomaly:
    """What a system makes of a change that it accepts."""
    if wanted.action in (Action.COMMENT, Action.CASE, Action.SCAN, Action.ABORT, Action.BROWSE, Action.ROWS):
        return anomaly
    states = _AFTER | {
        Action.ARCHIVE: {"state": State.ARCHIVED, "status": wanted.archive_as or "Archived", "archived_as": wanted.archive_as},
        Action.DELETE: {"state": State.ARCHIVED, "status": transitions.DELETED, "archived_as": None, "deleted": True},
    }
    people = anomaly.assignees if wanted.assignees is None else tuple(model.Person("qualytics", one, one) for one in wanted.assignees)
    removed = {tag.casefold() for tag in wanted.remove_tags} - {tag.casefold() for tag in wanted.add_tags}
    tags = tuple(tag for tag in anomaly.tags if tag.casefold() not in removed) + wanted.add_tags
    told = anomaly.description if wanted.description is None else wanted.description
    parts: dict[str, Any] = {"assignees": people, "tags": tags, "description": told}
    return replace(anomaly, **parts, **states.get(wanted.action, {}))


@examples.times(4)
@given(st.lists(_CHANGES, max_size=12))
def test_only_a_reopen_leaves_the_archive_and_nothing_leaves_the_grave(anomaly: Make, wanted: list[model.Change]) -> None:
    now = anomaly()
    for one in wanted:
        verdict = transitions.check(one.action, now, one)
        if verdict.kind is not Kind.DO:
            continue
        after = _applied(now, one)
        assert not now.deleted
        if now.state is State.ARCHIVED:
            assert one.action in (
                Action.REOPEN,
                Action.COMMENT,
                Action.CASE,
                Action.DELETE,
                Action.SCAN,
                Action.ABORT,
                Action.BROWSE,
                Action.ROWS,
            )
        if (now.state, after.state) == (State.ACKNOWLEDGED, State.ACTIVE):
            assert one.action is Action.UNACKNOWLEDGE
        assert transitions.doubt(one, after, "Qualytics") == ""
        now = after


@examples.times(4)
@given(_CHANGES, st.sampled_from([OPEN, ACKED, INVALID]))
def test_what_was_done_is_not_done_twice(anomaly: Make, wanted: model.Change, state: dict[str, Any]) -> None:
    once = anomaly(**state)
    if transitions.check(wanted.action, once, wanted).kind is not Kind.DO or wanted.comment or wanted.action in (Action.SCAN, Action.ABORT):
        return
    again = transitions.check(wanted.action, _applied(once, wanted), wanted)
    assert again.kind is not Kind.DO or wanted.action in (Action.COMMENT, Action.CASE, Action.BROWSE, Action.ROWS)


# --- what is offered ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(OPEN, (Action.ACKNOWLEDGE, Action.ASSIGN, Action.ARCHIVE), id="open"),
        pytest.param(ACKED, (Action.ASSIGN, Action.ARCHIVE, Action.UNACKNOWLEDGE), id="acknowledged"),
        pytest.param(INVALID, (Action.REOPEN,), id="archived"),
        pytest.param(GONE, (), id="deleted"),
    ],
)
def test_offered(anomaly: Make, now: dict[str, Any], expected: tuple[Action, ...]) -> None:
    found = transitions.offered(anomaly(**now), frozenset(Action))
    assert found == expected
    for action in found:
        wanted = model.Change(action, assignees=("other",) if action is Action.ASSIGN else None)
        assert transitions.check(action, anomaly(**now), wanted).kind is Kind.DO, "what is offered can be done"


def test_what_the_system_lacks_is_not_offered(anomaly: Make) -> None:
    assert transitions.offered(anomaly(), frozenset({Action.ASSIGN, Action.REOPEN})) == (Action.ASSIGN,)


# --- elsewhere ------------------------------------------------------------------------------------------------------------

LEE = model.Person("qualytics", "8", "Lee Park")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(OPEN, OPEN, None, id="nothing"),
        pytest.param(OPEN, OPEN | {"weight": 60, "records": 1, "version": 9, "enriched": False}, None, id="only what a system counts"),
        pytest.param(OPEN, ACKED, ("acknowledge", "Active", "Acknowledged"), id="acknowledged"),
        pytest.param(ACKED, OPEN, ("unacknowledge", "Acknowledged", "Active"), id="taken back"),
        pytest.param(ACKED, INVALID, ("archive", "Acknowledged", "Invalid"), id="archived"),
        pytest.param(
            OPEN, INVALID | {"status": "Archived"}, ("archive", "Active", "Archived as Invalid"), id="archived, in another's words"
        ),
        pytest.param(INVALID, ACKED, ("reopen", "Invalid", "Acknowledged"), id="reopened"),
        pytest.param(
            INVALID,
            INVALID | {"status": "Resolved", "archived_as": "Resolved"},
            ("archive", "Invalid", "Resolved"),
            id="archived anew",
        ),
        pytest.param(OPEN, GONE, ("delete", "Active", "Deleted"), id="deleted"),
        pytest.param(OPEN, OPEN | {"status": "Triaged"}, ("status", "Active", "Triaged"), id="a status nobody knows"),
        pytest.param(OPEN, OPEN | {"assignees": ()}, ("assign", "Dana Levi", "unassigned"), id="unassigned"),
        pytest.param(OPEN, ACKED | {"assignees": (LEE,)}, ("acknowledge", "Active; Dana Levi", "Acknowledged; Lee Park"), id="two things"),
        pytest.param(OPEN, OPEN | {"assignees": (model.Person("qualytics", "7", "D. Levi"),)}, None, id="somebody is called otherwise"),
        pytest.param(OPEN, OPEN | {"tags": ()}, ("tag", "PII, critical", "no tags"), id="tags"),
        pytest.param(OPEN, OPEN | {"tags": ("PII", "critical")}, None, id="tags in another order"),
        pytest.param(OPEN | {"description": "a"}, OPEN | {"description": "b"}, ("describe", "a", "b"), id="description"),
    ],
)
def test_observed(anomaly: Make, before: dict[str, Any], after: dict[str, Any], expected: tuple[str, str, str] | None) -> None:
    seen = transitions.observed(anomaly(**before), anomaly(**after))
    assert (seen and (seen.action, seen.before, seen.after)) == expected


def test_elsewhere_is_a_line_for_the_journal(anomaly: Make) -> None:
    entry = transitions.elsewhere(anomaly(**OPEN), anomaly(**ACKED), "Qualytics", NOW)
    assert entry == model.Entry(anomaly().ref, "acknowledge", NOW, via="Qualytics", before="Active", after="Acknowledged")
    assert transitions.elsewhere(anomaly(), anomaly(), "Qualytics", NOW) is None


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(Action.ARCHIVE, "Active", id="status"),
        pytest.param(Action.ASSIGN, "Dana Levi", id="assignees"),
        pytest.param(Action.TAG, "PII, critical", id="tags"),
        pytest.param(Action.COMMENT, "", id="nothing to tell"),
    ],
)
def test_standing(anomaly: Make, action: Action, expected: str) -> None:
    assert transitions.standing(anomaly(), change(action)) == expected
    assert transitions.standing(None, change(action)) == ""


@pytest.mark.parametrize(
    ("wanted", "after", "says"),
    [
        pytest.param(change(Action.ACKNOWLEDGE), ACKED, "", id="done"),
        pytest.param(change(Action.ACKNOWLEDGE), OPEN, "still Active", id="not done"),
        pytest.param(change(Action.REOPEN), INVALID, "still Invalid there. It may have to be restored there", id="not restored"),
        pytest.param(change(Action.REOPEN), OPEN, "", id="restored to open"),
        pytest.param(change(Action.ARCHIVE, archive_as="Resolved"), INVALID, "archived the anomaly as Invalid", id="another outcome"),
        pytest.param(change(Action.ARCHIVE, archive_as="Invalid"), INVALID, "", id="archived"),
        pytest.param(change(Action.ASSIGN, assignees=("8",)), OPEN, "the assignees", id="not assigned"),
        pytest.param(change(Action.TAG, add_tags=("x",)), OPEN, "the tags", id="not tagged"),
        pytest.param(change(Action.DESCRIBE, description="x"), OPEN, "the description", id="not described"),
        pytest.param(change(Action.COMMENT, comment="x"), OPEN, "", id="a comment cannot be seen"),
        pytest.param(change(Action.DELETE), OPEN, "still there", id="not deleted"),
        pytest.param(change(Action.DELETE), None, "", id="deleted"),
        pytest.param(change(Action.ACKNOWLEDGE), None, "does not know this anomaly any more", id="gone"),
        pytest.param(change(Action.ACKNOWLEDGE), GONE, "any more", id="deleted meanwhile"),
    ],
)
def test_doubt(anomaly: Make, wanted: model.Change, after: dict[str, Any] | None, says: str) -> None:
    doubt = transitions.doubt(wanted, None if after is None else anomaly(**after), "Qualytics")
    assert says in doubt
    assert bool(doubt) is bool(says)


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (State.ACKNOWLEDGED, State.ACTIVE, Action.UNACKNOWLEDGE),
        (State.ACTIVE, State.ACKNOWLEDGED, Action.ACKNOWLEDGE),
        (State.ACTIVE, State.ARCHIVED, Action.ARCHIVE),
        (State.ARCHIVED, State.ACTIVE, Action.REOPEN),
        (State.ARCHIVED, State.ACKNOWLEDGED, Action.REOPEN),
        (State.ACTIVE, State.ACTIVE, None),
    ],
)
def test_what_an_undo_did_is_read_from_where_it_led(anomaly: Make, before: State, after: State, action: Action | None) -> None:
    assert transitions.became(anomaly(state=before), anomaly(state=after)) is action
    assert transitions.became(None, anomaly(state=after)) is None
