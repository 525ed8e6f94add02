"""Drift, and the way back. A small system does what was asked, so that an undo is judged by what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import model
from bot.core import snapshot, transitions, undo
from bot.sources.qualytics import closings
from tests.core import conftest

Make = Callable[..., model.Anomaly]

OPEN, ACKNOWLEDGED, ARCHIVED = model.State.ACTIVE, model.State.ACKNOWLEDGED, model.State.ARCHIVED
ACT = model.Action
STATUS = {OPEN: "Active", ACKNOWLEDGED: "Acknowledged"}
MOVES = {ACT.ACKNOWLEDGE: ACKNOWLEDGED, ACT.UNACKNOWLEDGE: OPEN, ACT.REOPEN: ACKNOWLEDGED}


def people(*idents: str) -> tuple[model.Person, ...]:
    return tuple(model.Person("qualytics", ident, f"Person {ident}") for ident in idents)


def archived(anomaly: model.Anomaly, outcome: str = "Resolved") -> model.Anomaly:
    return replace(anomaly, state=ARCHIVED, status=outcome, archived_as=outcome)


def standing(anomaly: model.Anomaly, state: model.State) -> model.Anomaly:
    return replace(anomaly, state=state, status=STATUS[state], archived_as=None)


def done(anomaly: model.Anomaly, change: model.Change) -> model.Anomaly:
    """What Qualytics makes of a change (contracts 1.5). What must not be sent to it does not go through."""
    verdict = transitions.check(change.action, anomaly, change)
    assert verdict.kind is transitions.Kind.DO, f"{change} was sent to {anomaly.status}: {verdict.sentence}"
    if change.action is ACT.REOPEN:
        assert change == model.Change(ACT.REOPEN, comment=change.comment), "a reopening carries nothing"
    if change.assignees is not None:
        anomaly = replace(anomaly, assignees=people(*change.assignees))
    if change.description is not None:
        anomaly = replace(anomaly, description=change.description)
    kept = tuple(tag for tag in anomaly.tags if tag not in change.remove_tags)
    anomaly = replace(anomaly, tags=(*kept, *(tag for tag in change.add_tags if tag not in kept)))
    if change.action is ACT.ARCHIVE:
        assert change.archive_as is not None
        return archived(anomaly, change.archive_as)
    return standing(anomaly, MOVES[change.action]) if change.action in MOVES else anomaly


def item(before: model.Anomaly, after: model.Anomaly, change: model.Change | None = None) -> model.Item:
    return model.Item(before.ref, snapshot.of(before), model.Fate.DONE, change=change, after=snapshot.of(after))


def taken_back(before: model.Anomaly, change: model.Change, meanwhile: Sequence[model.Change] = ()) -> tuple[model.Anomaly, str]:
    """Do it, let others do theirs, take it back."""
    after = done(before, change)
    now = after
    for other in meanwhile:
        now = done(now, other)
    steps, said = undo.undo(item(before, after), now, change)
    assert steps or said, "nothing is done without a word"
    for step in steps:  # a batch leaves out what a reading shows already
        now = now if transitions.shows(step, now) else done(now, step)
    return now, said


def parts(anomaly: model.Anomaly) -> tuple[object, ...]:
    shot = snapshot.of(anomaly)
    return shot.state, shot.status, shot.archived_as, set(shot.assignees), set(shot.tags), shot.description


# --- snapshots, swaps ---------------------------------------------------------------------------------------------------


def test_a_snapshot_holds_what_a_change_can_touch(anomaly: Make) -> None:
    one = archived(anomaly(assignees=people("7", "8")), "Invalid")
    assert snapshot.of(one) == model.Snapshot(
        ARCHIVED, "Invalid", "Invalid", ("7", "8"), ("critical", "PII"), "4,210 rows fail: customer_id not null"
    )


@pytest.mark.parametrize(
    ("there", "then"),
    [(["7"], ("9",)), (["6", "7", "8"], ("6", "9", "8")), (["7", "9"], ("9",)), (["9", "7"], ("9",)), (["8"], None), ([], None)],
)
def test_a_swap_replaces_one_person_and_leaves_the_others(anomaly: Make, there: list[str], then: tuple[str, ...] | None) -> None:
    change = snapshot.swap(anomaly(assignees=people(*there)), "7", "9")
    assert change == (None if then is None else model.Change(ACT.ASSIGN, assignees=then))


@pytest.mark.parametrize(
    ("change", "all_of_it"),
    [
        (model.Change(ACT.ACKNOWLEDGE), (ACT.ACKNOWLEDGE,)),
        (model.Change(ACT.ASSIGN, assignees=()), (ACT.ASSIGN,)),
        (
            model.Change(ACT.ARCHIVE, assignees=(), remove_tags=("x",), description="", comment="c"),
            (ACT.ARCHIVE, ACT.ASSIGN, ACT.TAG, ACT.DESCRIBE, ACT.COMMENT),
        ),
        (model.Change(ACT.UNACKNOWLEDGE, add_tags=("x",)), (ACT.UNACKNOWLEDGE, ACT.TAG)),
    ],
)
def test_a_change_needs_the_right_to_every_part_of_it(change: model.Change, all_of_it: tuple[model.Action, ...]) -> None:
    assert snapshot.parts(change) == all_of_it


# --- drift --------------------------------------------------------------------------------------------------------------

ACK = model.Change(ACT.ACKNOWLEDGE)
ASSIGN = model.Change(ACT.ASSIGN, assignees=("9",))
TAG = model.Change(ACT.TAG, add_tags=("incident",), remove_tags=("PII",))
DESCRIBE = model.Change(ACT.DESCRIBE, description="new")
ARCHIVE = model.Change(ACT.ARCHIVE, archive_as="Invalid")
REOPEN = model.Change(ACT.REOPEN)
COMMENT = model.Change(ACT.COMMENT, comment="hm")
DELETE = model.Change(ACT.DELETE)
EVERY = (ACK, ASSIGN, TAG, DESCRIBE, ARCHIVE, REOPEN, COMMENT, DELETE)


@pytest.mark.parametrize(
    ("made", "matters_to", "says"),
    [
        pytest.param(lambda one: one, (), "", id="nothing"),
        pytest.param(lambda one: replace(one, weight=99.0, version=9, records=1), (), "", id="what no change is about"),
        pytest.param(
            lambda one: standing(one, ACKNOWLEDGED),
            (ACK, ARCHIVE, REOPEN, DELETE),
            "It was Active at the preview and is Acknowledged now.",
            id="acknowledged",
        ),
        pytest.param(lambda one: replace(one, status="Snoozed"), (ACK, ARCHIVE, REOPEN, DELETE), "is Snoozed now", id="a word of its own"),
        pytest.param(lambda one: replace(one, status="ACTIVE"), (), "", id="the same word"),
        pytest.param(
            archived, (ACK, ASSIGN, TAG, DESCRIBE, ARCHIVE, REOPEN, DELETE), "It was Active at the preview and is Resolved", id="archived"
        ),
        pytest.param(
            lambda one: replace(one, assignees=people("8", "7")),
            (ASSIGN,),
            "Its assignees were changed since the preview: it is assigned to Person 8, Person 7 now.",
            id="assigned",
        ),
        pytest.param(lambda one: replace(one, assignees=()), (ASSIGN,), "it is assigned to nobody now", id="unassigned"),
        pytest.param(lambda one: replace(one, tags=("critical",)), (TAG,), "Its tags were changed", id="the tag to remove is gone"),
        pytest.param(lambda one: replace(one, tags=("critical", "PII", "Incident")), (TAG,), "Its tags", id="the tag to add is there"),
        pytest.param(lambda one: replace(one, tags=("other", "pii")), (), "", id="other tags"),
        pytest.param(lambda one: replace(one, description="x"), (DESCRIBE,), "Its description was changed", id="described"),
        pytest.param(lambda one: replace(one, description=f"  {one.description} "), (), "", id="blanks around the description"),
        pytest.param(lambda one: replace(one, status="Deleted", deleted=True), EVERY, "does not exist any more", id="deleted"),
        pytest.param(lambda one: None, EVERY, "does not exist any more", id="gone"),
    ],
)
def test_drift(anomaly: Make, made: Callable[[model.Anomaly], model.Anomaly | None], matters_to: Sequence[model.Change], says: str) -> None:
    before = anomaly()
    for change in EVERY:
        why = snapshot.drifted(snapshot.of(before), made(before), change)
        assert says in why if change in matters_to else why == "", change.action


def test_another_outcome_is_drift(anomaly: Make) -> None:
    before = archived(anomaly(), "Invalid")
    assert snapshot.drifted(snapshot.of(before), replace(before, archived_as=None), REOPEN)
    assert not snapshot.drifted(snapshot.of(before), before, REOPEN)


def test_the_order_of_assignees_is_no_drift(anomaly: Make) -> None:
    before = anomaly(assignees=people("7", "8"))
    assert snapshot.drifted(snapshot.of(before), replace(before, assignees=people("8", "7")), ASSIGN) == ""


@pytest.mark.parametrize("change", [ACK, ASSIGN, TAG, DESCRIBE, ARCHIVE], ids=lambda change: change.action.value)
def test_what_was_done_is_seen(anomaly: Make, change: model.Change) -> None:
    assert not snapshot.took(change, anomaly())
    assert snapshot.took(change, done(anomaly(), change))


def test_a_reopening_is_seen_a_comment_never_and_a_deletion_by_its_absence(anomaly: Make) -> None:
    assert snapshot.took(REOPEN, anomaly()) and not snapshot.took(REOPEN, archived(anomaly()))
    assert not snapshot.took(COMMENT, anomaly())
    assert not snapshot.took(DELETE, anomaly()) and snapshot.took(DELETE, anomaly(status="Deleted", deleted=True))
    assert not snapshot.took(replace(ACK, add_tags=("x",)), standing(anomaly(), ACKNOWLEDGED)), "half of it"


# --- back again ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "change", "actions"),
    [
        pytest.param(OPEN, ACK, [ACT.UNACKNOWLEDGE], id="acknowledged"),
        pytest.param(ACKNOWLEDGED, model.Change(ACT.UNACKNOWLEDGE), [ACT.ACKNOWLEDGE], id="un-acknowledged"),
        pytest.param(OPEN, ARCHIVE, [ACT.REOPEN, ACT.UNACKNOWLEDGE], id="archived when open"),
        pytest.param(ACKNOWLEDGED, ARCHIVE, [ACT.REOPEN, ACT.ACKNOWLEDGE], id="archived when acknowledged"),
        pytest.param(ARCHIVED, REOPEN, [ACT.ARCHIVE], id="reopened"),
        pytest.param(OPEN, ASSIGN, [ACT.ASSIGN], id="assigned"),
        pytest.param(OPEN, TAG, [ACT.TAG], id="tagged"),
        pytest.param(OPEN, DESCRIBE, [ACT.DESCRIBE], id="described"),
        pytest.param(OPEN, replace(ACK, assignees=("9",), add_tags=("x",)), [ACT.UNACKNOWLEDGE], id="several parts, one call"),
        pytest.param(ACKNOWLEDGED, replace(ARCHIVE, add_tags=("x",)), [ACT.REOPEN, ACT.ACKNOWLEDGE], id="a reopening carries nothing"),
        pytest.param(OPEN, replace(ARCHIVE, description="x"), [ACT.REOPEN, ACT.UNACKNOWLEDGE], id="the last step carries it"),
    ],
)
def test_the_way_back(anomaly: Make, state: model.State, change: model.Change, actions: list[model.Action]) -> None:
    before = archived(anomaly(), "Duplicate") if state is ARCHIVED else standing(anomaly(), state)
    after = done(before, change)
    steps, said = undo.undo(item(before, after), after, change)
    assert ([step.action for step in steps], said) == (actions, "")
    assert parts(taken_back(before, change)[0]) == parts(before)


def test_the_outcome_of_an_archiving_returns(anomaly: Make) -> None:
    before = archived(anomaly(), "Duplicate")
    now, _ = taken_back(before, REOPEN)
    assert now.archived_as == "Duplicate"


@pytest.mark.parametrize(
    ("change", "meanwhile", "same", "says"),
    [
        pytest.param(ACK, [ARCHIVE], {"state": ARCHIVED}, "It is Invalid by now, which somebody did since, so it was left alone.",
                     id="archived since"),
        pytest.param(TAG, [ARCHIVE], {"state": ARCHIVED, "tags": ("critical", "incident")}, "left alone", id="archived since the tag"),
        pytest.param(ARCHIVE, [REOPEN], {"state": ACKNOWLEDGED}, "It is Acknowledged by now, which somebody did since, so its status was",
                     id="reopened since"),
        pytest.param(ASSIGN, [model.Change(ACT.ASSIGN, assignees=("5",))], {"assignees": people("5")},
                     "Somebody changed its assignees since, so they were left alone.", id="assigned since"),
        pytest.param(DESCRIBE, [model.Change(ACT.DESCRIBE, description="theirs")], {"description": "theirs"},
                     "Somebody changed its description since, so it was left alone.", id="described since"),
        pytest.param(replace(ACK, assignees=("9",)), [model.Change(ACT.ASSIGN, assignees=("5",))],
                     {"state": OPEN, "assignees": people("5")}, "assignees", id="one part of two was changed since"),
        pytest.param(TAG, [model.Change(ACT.TAG, add_tags=("theirs",), remove_tags=("critical",))],
                     {"tags": ("theirs", "PII")}, "", id="other tags since"),
        pytest.param(ACK, [model.Change(ACT.TAG, add_tags=("theirs",))], {"state": OPEN, "tags": ("critical", "PII", "theirs")}, "",
                     id="a tag since, and the batch was not about tags"),
        pytest.param(ACK, [model.Change(ACT.UNACKNOWLEDGE)], {"state": OPEN}, "It is as it was before already.", id="taken back since"),
        pytest.param(replace(ACK, comment="x"), [], {"state": OPEN}, "Its comment stays: a comment cannot be taken back.", id="a comment"),
    ],
)  # fmt: skip
def test_what_somebody_changed_since_is_left_alone(
    anomaly: Make, change: model.Change, meanwhile: list[model.Change], same: dict[str, object], says: str
) -> None:
    now, said = taken_back(anomaly(), change, meanwhile)
    assert {name: getattr(now, name) for name in same} == same
    assert says in said if says else said == ""


def test_what_others_did_between_preview_and_turn_is_not_taken_for_the_batch_s_doing(anomaly: Make) -> None:
    before = anomaly(tags=())
    after = replace(done(before, ACK), tags=("theirs",), assignees=people("5"), description="theirs")
    steps, said = undo.undo(item(before, after), after, ACK)
    assert (steps, said) == ((model.Change(ACT.UNACKNOWLEDGE),), "")
    later = standing(after, OPEN)
    tagged, tag = replace(later, tags=("x", "theirs")), model.Change(ACT.TAG, add_tags=("x",))
    steps, _ = undo.undo(item(before, tagged), tagged, tag)
    assert steps == (model.Change(ACT.TAG, remove_tags=("x",)),)


def test_a_status_that_the_batch_was_not_about_stays(anomaly: Make) -> None:
    before = anomaly()
    after = done(standing(before, ACKNOWLEDGED), TAG)
    steps, said = undo.undo(item(before, after), after, TAG)
    assert (steps, said) == ((model.Change(ACT.TAG, add_tags=("PII",), remove_tags=("incident",)),), "")


def test_without_the_change_every_difference_is_the_batch_s(anomaly: Make) -> None:
    before = anomaly()
    after = done(before, replace(ACK, add_tags=("x",), assignees=()))
    steps, _ = undo.undo(item(before, after), after)
    assert steps == (model.Change(ACT.UNACKNOWLEDGE, assignees=("7",), remove_tags=("x",)),)


def test_the_item_s_own_change_counts_more(anomaly: Make) -> None:
    before = anomaly()
    own = model.Change(ACT.ASSIGN, assignees=("9",))
    after = done(before, own)
    steps, _ = undo.undo(item(before, after, own), after, model.Change(ACT.TAG))
    assert steps == (model.Change(ACT.ASSIGN, assignees=("7",)),)


@pytest.mark.parametrize("fate", [fate for fate in model.Fate if fate is not model.Fate.DONE])
def test_what_was_not_done_is_not_taken_back(anomaly: Make, fate: model.Fate) -> None:
    before = anomaly()
    assert undo.undo(replace(item(before, done(before, ACK)), fate=fate), done(before, ACK), ACK) == ((), "")


def test_what_cannot_return_is_named(anomaly: Make) -> None:
    before = anomaly()
    gone = replace(item(before, before), after=None)
    assert undo.undo(gone, None, DELETE) == ((), "It was deleted, and nothing brings it back.")
    assert undo.undo(item(before, before), None, ACK) == ((), "It does not exist any more.")
    assert undo.undo(item(before, before), anomaly(status="Deleted", deleted=True), ACK) == ((), "It does not exist any more.")
    assert undo.undo(item(before, before), before, COMMENT) == ((), "Its comment stays: a comment cannot be taken back.")
    assert undo.undo(gone, done(before, ACK), ACK)[1].startswith("How it was left is not known")
    again = replace(REOPEN, comment="why")
    assert undo.undo(item(archived(before), done(archived(before), again)), archived(before), again) == (
        (),
        "Its comment stays: a comment cannot be taken back.",
    )


# --- any change to any anomaly ------------------------------------------------------------------------------------------

_TAGS = st.lists(st.sampled_from(["a", "B", "c", "d"]), max_size=3, unique=True).map(tuple)
_PEOPLE = st.lists(st.sampled_from(["5", "7", "9"]), max_size=2, unique=True).map(tuple)
_TEXT = st.sampled_from(["", "old", "new"])


@st.composite
def anomalies(draw: st.DrawFn) -> model.Anomaly:
    one = replace(conftest.BASE, tags=draw(_TAGS), assignees=people(*draw(_PEOPLE)), description=draw(_TEXT))
    state = draw(st.sampled_from(model.State))
    return archived(one, draw(st.sampled_from(closings.WORDS))) if state is ARCHIVED else standing(one, state)


@st.composite
def wishes(draw: st.DrawFn) -> model.Change:
    action = draw(
        st.sampled_from([one for one in ACT if one not in (ACT.SCAN, ACT.ABORT, ACT.BROWSE, ACT.ROWS, ACT.DELETE, ACT.COMMENT, ACT.CASE)])
    )
    if action is ACT.REOPEN:
        return REOPEN
    add = draw(_TAGS)
    return model.Change(
        action,
        archive_as=draw(st.sampled_from(closings.WORDS)) if action is ACT.ARCHIVE else None,
        assignees=draw(st.none() | _PEOPLE),
        add_tags=add,
        remove_tags=tuple(tag for tag in draw(_TAGS) if tag not in add),
        description=draw(st.none() | _TEXT),
    )


def possible(anomaly: model.Anomaly, change: model.Change) -> bool:
    return transitions.check(change.action, anomaly, change).kind is transitions.Kind.DO


@given(anomalies(), wishes())
def test_every_change_is_taken_back_and_what_was_taken_back_is_not_again(before: model.Anomaly, change: model.Change) -> None:
    assume(possible(before, change))
    now, said = taken_back(before, change)
    assert parts(now) == parts(before)
    assert said in ("", undo.BACK)
    again, said = undo.undo(item(before, done(before, change)), now, change)
    assert (again, said) == ((), undo.BACK)


@given(anomalies(), wishes(), st.lists(wishes(), max_size=3))
def test_an_undo_touches_only_what_its_batch_changed(before: model.Anomaly, change: model.Change, others: list[model.Change]) -> None:
    assume(possible(before, change))
    after = done(before, change)
    now = after
    for other in others:
        now = done(now, other) if possible(now, other) else now
    steps, said = undo.undo(item(before, after), now, change)
    result = now
    for step in steps:
        result = result if transitions.shows(step, result) else done(result, step)
    assert steps or said
    old, mid, new, end = (snapshot.of(one) for one in (before, after, now, result))
    for name in ("assignees", "description"):
        was, did, stood, ended = (getattr(one, name) for one in (old, mid, new, end))
        assert ended == (stood if sorted(stood) != sorted(did) else ended)
        assert sorted(ended) in (sorted(stood), sorted(was))
    assert (end.state, end.status) in ((new.state, new.status), (old.state, old.status))
    if (new.state, new.status) != (mid.state, mid.status):
        assert (end.state, end.status) == (new.state, new.status), "somebody else's standing"
    assert set(end.tags) ^ set(new.tags) <= set(old.tags) ^ set(mid.tags), "somebody else's tags"


class Sticky:
    """A system that never takes anybody off."""

    title, uncleared = "Acme", frozenset({model.Part.ASSIGNEES})
    stages = (model.Stage("investigating", "Investigating"),)


def test_what_a_system_never_empties_is_left_out_and_said(anomaly: Make) -> None:
    back = [model.Change(ACT.UNACKNOWLEDGE, assignees=()), model.Change(ACT.ASSIGN, assignees=())]
    one = item(anomaly(), anomaly())
    assert undo.possible(back, "", one, Sticky()) == (
        [model.Change(ACT.UNACKNOWLEDGE)],
        "It stays assigned: Acme has no way to take somebody off an anomaly.",
    )
    other = [model.Change(ACT.ASSIGN, assignees=("7",))]
    assert undo.possible(other, "stays", one, Sticky()) == (other, "stays")


def test_what_was_acknowledged_in_another_word_is_so_again(anomaly: Make) -> None:
    before = replace(done(anomaly(), ACK), status="investigating")
    back = [REOPEN, ACK]
    assert undo.possible(back, "", item(before, archived(before)), Sticky())[0] == [REOPEN, replace(ACK, stage="investigating")]
    assert undo.possible(back, "", item(done(anomaly(), ACK), archived(before)), Sticky())[0] == back


def test_a_link_to_a_case_and_another_word_for_what_was_acknowledged_stay(anomaly: Make) -> None:
    before = anomaly()
    linked = model.Change(ACT.CASE, case="CASE-1")
    assert undo.undo(item(before, before), before, linked) == ((), "It stays linked to CASE-1: a link to a case cannot be taken back.")
    acked = done(before, ACK)
    staged = replace(acked, status="Investigating")
    assert undo.undo(item(acked, staged), staged, replace(ACK, stage="investigating"))[1].startswith("It stays Investigating: ")
