"""What a system keeps and what we keep: how both come together, and whose part of a change is whose."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot import model
from bot.core import overlay, transitions

Action, Part, State = model.Action, model.Part, model.State
REF = model.Ref("acme", "1")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DANA, LEE = (model.Person("acme", ident, name) for ident, name in (("d", "Dana"), ("l", "Lee")))
ALL = tuple(Part)


def one(*here: Part, **values: object) -> model.Anomaly:
    return replace(model.Anomaly(REF, State.ACTIVE, "live", NOON), kept_here=here, **values)  # type: ignore[arg-type]


def row(state: State | None = None, outcome: str | None = None, *people: model.Person) -> model.Overlay:
    return model.Overlay(REF, state, outcome, people or None)


OVER = {"state": State.ARCHIVED, "archived_as": model.OVER, "over": NOON}


def test_what_the_system_keeps_is_never_ours() -> None:
    told = one(state=State.ARCHIVED, archived_as="fixed", assignees=(DANA,))
    assert overlay.merged(told, row(State.ACKNOWLEDGED, None, LEE)) == told


@pytest.mark.parametrize(
    ("anomaly", "kept", "state", "outcome", "status"),
    [
        (one(*ALL), None, State.ACTIVE, None, "Active"),
        (one(*ALL), row(State.ACKNOWLEDGED), State.ACKNOWLEDGED, None, "Acknowledged"),
        (one(*ALL), row(State.ARCHIVED, "fixed"), State.ARCHIVED, "fixed", "Archived"),
        (one(*ALL, **OVER), None, State.ARCHIVED, model.OVER, "Archived"),
        (one(*ALL, **OVER), row(State.ACKNOWLEDGED), State.ACKNOWLEDGED, None, "Acknowledged"),
        (one(*ALL, **OVER), row(State.ARCHIVED, "fixed"), State.ARCHIVED, "fixed", "Archived"),
        (one(Part.OUTCOME, state=State.ARCHIVED, status="shut"), row(None, "fixed"), State.ARCHIVED, "fixed", "shut"),
        (one(Part.OUTCOME), row(None, "fixed"), State.ACTIVE, None, "live"),
        (one(Part.ASSIGNEES), row(State.ACKNOWLEDGED), State.ACTIVE, None, "live"),
    ],
)
def test_both_together(anomaly: model.Anomaly, kept: model.Overlay | None, state: State, outcome: str | None, status: str) -> None:
    merged = overlay.merged(anomaly, kept)
    assert (merged.state, merged.archived_as, merged.status) == (state, outcome, status)
    assert merged.over == anomaly.over
    for before in (row(State.ARCHIVED, "broken", LEE), row(State.ACKNOWLEDGED), None):
        assert overlay.merged(overlay.merged(anomaly, before), kept) == merged, "however it was merged before"


def test_what_was_deleted_stays_deleted() -> None:
    gone = transitions.gone(one(*ALL))
    assert overlay.merged(gone, row(State.ACKNOWLEDGED)) == gone


@pytest.mark.parametrize(
    ("here", "change", "theirs"),
    [
        ((), model.Change(Action.ARCHIVE, archive_as="fixed"), model.Change(Action.ARCHIVE, archive_as="fixed")),
        (ALL, model.Change(Action.ARCHIVE, archive_as="fixed"), None),
        (ALL, model.Change(Action.ACKNOWLEDGE, assignees=("d",)), None),
        (ALL, model.Change(Action.ACKNOWLEDGE, add_tags=("x",), comment="so"), model.Change(Action.TAG, add_tags=("x",), comment="so")),
        (ALL, model.Change(Action.COMMENT, comment="so"), model.Change(Action.COMMENT, comment="so")),
        (ALL, model.Change(Action.DELETE), model.Change(Action.DELETE)),
        ((Part.ASSIGNEES,), model.Change(Action.ACKNOWLEDGE, assignees=("d",)), model.Change(Action.ACKNOWLEDGE)),
        ((Part.ASSIGNEES,), model.Change(Action.ASSIGN, assignees=("d",)), None),
        ((Part.STATE,), model.Change(Action.ACKNOWLEDGE, assignees=("d",)), model.Change(Action.ASSIGN, assignees=("d",))),
        ((Part.OUTCOME,), model.Change(Action.ARCHIVE, archive_as="fixed"), model.Change(Action.ARCHIVE)),
    ],
)
def test_whose_a_change_is(here: tuple[Part, ...], change: model.Change, theirs: model.Change | None) -> None:
    assert overlay.theirs(change, one(*here)) == theirs
    assert overlay.whole(change, one(*here)) == (theirs is None)


@pytest.mark.parametrize(
    ("anomaly", "change", "state", "people"),
    [
        (one(*ALL), model.Change(Action.ACKNOWLEDGE, assignees=("l", "x")), State.ACKNOWLEDGED, ["Lee", "x"]),
        (one(*ALL), model.Change(Action.REOPEN), State.ACTIVE, []),
        (one(*ALL, **OVER), model.Change(Action.REOPEN), State.ACKNOWLEDGED, []),
        (one(Part.ASSIGNEES), model.Change(Action.ACKNOWLEDGE, assignees=("l",)), State.ACTIVE, ["Lee"]),
        (one(Part.STATE, assignees=(DANA,)), model.Change(Action.ACKNOWLEDGE, assignees=("l",)), State.ACKNOWLEDGED, ["Dana"]),
    ],
)
def test_our_part_of_a_change(anomaly: model.Anomaly, change: model.Change, state: State, people: list[str]) -> None:
    made = overlay.made(change, overlay.merged(anomaly, None), {"l": LEE})
    assert (made.state, [person.name for person in made.assignees]) == (state, people)
    assert overlay.merged(anomaly, overlay.of(made)) == made, "what is written down makes it so again"


def test_an_outcome_alone_is_kept_and_shown() -> None:
    shut = one(Part.OUTCOME, state=State.ARCHIVED, status="shut")
    made = overlay.made(model.Change(Action.ARCHIVE, archive_as="fixed"), one(Part.OUTCOME), {})
    assert overlay.of(overlay.merged(shut, overlay.of(replace(shut, archived_as="fixed")))).outcome == "fixed"
    assert made.state is State.ACTIVE, "the system has closed it or not"
    assert overlay.shown(replace(shut, archived_as="fixed")) == [Part.OUTCOME]


def test_what_is_shown_of_ours_is_what_somebody_did() -> None:
    assert overlay.shown(one(*ALL)) == overlay.shown(one(*ALL, **OVER)) == []
    assert overlay.shown(one(*ALL, state=State.ACKNOWLEDGED, assignees=(LEE,))) == [Part.STATE, Part.ASSIGNEES]
    assert overlay.shown(one(assignees=(LEE,), state=State.ACKNOWLEDGED)) == []


def test_what_is_to_be_written_is_what_became_different() -> None:
    before, after = one(*ALL), one(*ALL, state=State.ACKNOWLEDGED)
    assert overlay.kept(before, after) == row(State.ACKNOWLEDGED)
    assert overlay.kept(after, after) is overlay.kept(after, None) is overlay.kept(one(), one(state=State.ACKNOWLEDGED)) is None
    assert overlay.kept(after, before) == row()


def test_of_what_was_refused_nothing_is_kept() -> None:
    read, ours = {REF: one(*ALL)}, row(State.ACKNOWLEDGED)
    outcomes = [model.Outcome(REF, result, ours=ours) for result in (model.Result.DONE, model.Result.REFUSED)]
    assert [overlay.done(read, [one])[REF].state for one in outcomes] == [State.ACKNOWLEDGED, State.ACTIVE]
    assert overlay.after(read, [outcomes[1]])[REF].state is State.ACKNOWLEDGED, "as it would be, to be judged by"


# --- what a system keeps unless the desk was made to


def lent(**values: object) -> model.Anomaly:
    return replace(one(), keepable=ALL, **values)  # type: ignore[arg-type]


def test_what_the_desk_was_made_to_keep_counts_and_how_it_stands_there_is_not_forgotten() -> None:
    told = lent(state=State.ACKNOWLEDGED, status="acknowledged", assignees=(LEE,))
    assert overlay.merged(told, None) == told
    ours = overlay.merged(told, row(State.ARCHIVED, "Resolved"))
    assert (ours.state, ours.archived_as, ours.assignees) == (State.ARCHIVED, "Resolved", (LEE,))
    assert (ours.kept_here, overlay.fixed(ours)) == ((Part.STATE, Part.OUTCOME), ())
    assert overlay.shown(ours) == [Part.STATE]
    assert overlay.merged(ours, row()) == told, "its system's word again, once nothing is kept"
    assert overlay.merged(ours, row(None, None, DANA)).state is State.ACKNOWLEDGED


def test_a_system_that_may_keep_a_part_is_asked_each_time() -> None:
    ours = overlay.merged(lent(), row(State.ACKNOWLEDGED))
    change = model.Change(Action.ARCHIVE, archive_as="Resolved")
    assert overlay.theirs(change, ours) == change
    assert not overlay.whole(change, ours)


def test_what_is_kept_no_more_is_written_down_as_nothing() -> None:
    ours = overlay.merged(lent(), row(State.ACKNOWLEDGED))
    assert overlay.kept(ours, lent()) == row()
    assert overlay.kept(lent(), lent()) is None
    assert overlay.outlived(row(State.ACKNOWLEDGED), lent()) is None, "what was kept before a system could is kept on"
