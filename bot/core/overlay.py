"""What a system cannot keep of an anomaly, and what we keep in its place: how both come together, and which part of a change is whose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot import model
from bot.core import endings, grammar, snapshot, transitions

_STATUS: Mapping[model.State, str] = {
    model.State.ACTIVE: "Active",
    model.State.ACKNOWLEDGED: "Acknowledged",
    model.State.ARCHIVED: "Archived",
}
"""The words for where an anomaly stands whose system has none."""

_ACTIONS: Mapping[model.Part, frozenset[model.Action]] = {
    model.Part.STATE: snapshot.STATES - {model.Action.DELETE},
    model.Part.OUTCOME: frozenset(),
    model.Part.ASSIGNEES: frozenset({model.Action.ASSIGN}),
}
"""The actions that are about a part and nothing else."""


def actions(parts: Collection[model.Part]) -> frozenset[model.Action]:
    """What the desk lets people do by itself where it keeps these parts."""
    return frozenset(action for part in parts for action in _ACTIONS[part])


def in_order(parts: Collection[model.Part]) -> tuple[model.Part, ...]:
    """These parts as an anomaly tells them."""
    return tuple(part for part in model.Part if part in parts)


def fixed(anomaly: model.Anomaly) -> tuple[model.Part, ...]:
    """The parts that its system has no way to keep, whatever anybody does."""
    return tuple(part for part in anomaly.kept_here if part not in anomaly.keepable)


def _said(kept: model.Overlay) -> set[model.Part]:
    """The parts of which something is kept."""
    told = {model.Part.STATE: kept.state, model.Part.OUTCOME: kept.outcome, model.Part.ASSIGNEES: kept.assignees}
    return {part for part, said in told.items() if said is not None}


# --- both together ------------------------------------------------------------------------------------------------------


def merged(anomaly: model.Anomaly, kept: model.Overlay | None) -> model.Anomaly:
    """The anomaly as its system tells it, with what is kept here in the parts that it has no way to keep.

    Nothing of these parts is taken from `anomaly` itself, so that one that was merged before becomes what is kept now."""
    said = kept or model.Overlay(anomaly.ref)
    if anomaly.keepable:
        anomaly = _lent(anomaly, said)
    here = anomaly.kept_here
    if not here or anomaly.deleted:
        return anomaly
    if model.Part.ASSIGNEES in here:
        anomaly = replace(anomaly, assignees=said.assignees or ())
    if model.Part.STATE in here:
        return _standing(anomaly, said)
    if model.Part.OUTCOME in here and anomaly.state is model.State.ARCHIVED and not endings.by_itself(anomaly):
        return replace(anomaly, archived_as=said.outcome)
    return anomaly


def _lent(anomaly: model.Anomaly, said: model.Overlay) -> model.Anomaly:
    """As its system tells it, with the parts marked that are kept here in its place, and how it stands there beside them."""
    there = anomaly.there or model.Standing(anomaly.state, anomaly.status, anomaly.archived_as, anomaly.assignees)
    ours = _said(said) & set(anomaly.keepable)
    return replace(
        anomaly,
        state=there.state,
        status=there.status,
        archived_as=there.archived_as,
        assignees=there.assignees,
        kept_here=in_order({*fixed(anomaly), *ours}),
        there=there if ours else None,
    )


def _standing(anomaly: model.Anomaly, said: model.Overlay) -> model.Anomaly:
    state = said.state or model.State.ACTIVE
    outcome = said.outcome if state is model.State.ARCHIVED else None
    stands = replace(anomaly, state=state, archived_as=outcome, status=_STATUS[state])
    settled = endings.settled(stands, anomaly.over) if anomaly.over else stands
    return replace(settled, status=_STATUS[settled.state])


def of(anomaly: model.Anomaly) -> model.Overlay:
    """What is kept here of an anomaly that stands so."""
    here, alone = anomaly.kept_here, endings.by_itself(anomaly)
    state = anomaly.state if model.Part.STATE in here and not alone and anomaly.state is not model.State.ACTIVE else None
    outcome = anomaly.archived_as if {model.Part.STATE, model.Part.OUTCOME} & set(here) and not alone else None
    return model.Overlay(anomaly.ref, state, outcome, (anomaly.assignees or None) if model.Part.ASSIGNEES in here else None)


def outlived(kept: model.Overlay, anomaly: model.Anomaly) -> model.Overlay | None:
    """What is left of `kept` where the system keeps a part by now: its word wins, and ours is forgotten. None where all of it is left."""
    here = {*anomaly.kept_here, *anomaly.keepable}
    state = kept.state if model.Part.STATE in here else None
    outcome = kept.outcome if {model.Part.STATE, model.Part.OUTCOME} & here else None
    left = replace(kept, state=state, outcome=outcome, assignees=kept.assignees if model.Part.ASSIGNEES in here else None)
    return None if left == kept else left


def shown(anomaly: model.Anomaly) -> Sequence[model.Part]:
    """The parts in which what people see of it is kept here: where nobody did anything, nothing is."""
    kept = of(anomaly)
    said = {model.Part.STATE: kept.state, model.Part.OUTCOME: None if kept.state else kept.outcome, model.Part.ASSIGNEES: kept.assignees}
    return [part for part, told in said.items() if told]


# --- finding ------------------------------------------------------------------------------------------------------------


def only_here(query: model.Query, anomaly: model.Anomaly) -> bool:
    """Whether an anomaly, as it is with what is kept, stands as a filter says, and its system takes it to stand otherwise: asked for these,
    it does not tell of this one."""
    stands = model.Query(statuses=query.statuses)
    return grammar.matches(stands, anomaly) and not grammar.matches(stands, merged(anomaly, None))


def moved(query: model.Query, kept: Collection[model.Kept]) -> tuple[int, int]:
    """How many of these stand as a filter says here alone, and how many in their system alone."""
    stands = model.Query(statuses=query.statuses)
    more = less = 0
    for some in kept:
        one = _like(some)
        there = grammar.matches(stands, merged(one, None) if some.there is None else replace(one, state=some.there, archived_as=None))
        here = grammar.matches(stands, merged(one, _ours(some)))
        more += some.count if here and not there else 0
        less += some.count if there and not here else 0
    return more, less


def _like(some: model.Kept) -> model.Anomaly:
    """One of them, as far as it matters where it stands."""
    parts = (model.Part.STATE, model.Part.OUTCOME) if some.state else (model.Part.OUTCOME,)
    alone = model.OVER if some.over and some.stored is model.State.ARCHIVED else None
    return model.Anomaly(_NOBODY, some.stored, "", _ONCE, alone, over=_ONCE if some.over else None, kept_here=parts)


def _ours(some: model.Kept) -> model.Overlay:
    return model.Overlay(_NOBODY, some.state, some.outcome)


_NOBODY, _ONCE = model.Ref("", ""), datetime.min.replace(tzinfo=UTC)


# --- whose a change is --------------------------------------------------------------------------------------------------


def theirs(change: model.Change, anomaly: model.Anomaly) -> model.Change | None:
    """The part of a change that its system has to make of this anomaly; None where all of it is kept here. A system that may keep a part is
    asked each time, and says what of it is ours."""
    here = fixed(anomaly)
    if not here:
        return change
    assignees = None if model.Part.ASSIGNEES in here else change.assignees
    outcome = None if {model.Part.STATE, model.Part.OUTCOME} & set(here) else change.archive_as
    left = replace(change, assignees=assignees, archive_as=outcome)
    if change.action not in actions(here):
        return left
    carried = [action for action in snapshot.parts(left) if action is not change.action]
    return replace(left, action=carried[0]) if carried else None


def whole(change: model.Change, anomaly: model.Anomaly | None) -> bool:
    """Whether all of a change is kept here, so that nobody but us can have made it, and it is written down as it is made."""
    return anomaly is not None and theirs(change, anomaly) is None


def here(anomalies: Collection[model.Anomaly], changes: Collection[model.Change]) -> bool:
    """Whether all of these is kept here, so that nothing was sent and there is nothing to read back."""
    return bool(changes) and all(whole(change, anomaly) for anomaly in anomalies for change in changes)


def made(change: model.Change, anomaly: model.Anomaly, people: Mapping[str, model.Person]) -> model.Anomaly:
    """The anomaly after our part of a change; `people` are the system's users by their ids."""
    kept = of(anomaly)
    if change.assignees is not None:
        known = {person.id: person for person in anomaly.assignees} | dict(people)
        kept = replace(kept, assignees=tuple(known.get(one, model.Person(anomaly.ref.source, one, one)) for one in change.assignees))
    if change.action in _BECOMES and change.action in actions(anomaly.kept_here):
        kept = replace(kept, state=_becomes(change.action, anomaly), outcome=change.archive_as)
    elif model.Part.OUTCOME in anomaly.kept_here and change.action is model.Action.ARCHIVE:
        kept = replace(kept, outcome=change.archive_as)
    return merged(anomaly, kept)


def _becomes(action: model.Action, anomaly: model.Anomaly) -> model.State:
    """What is over would be closed again at once: who reopens it has it in hand."""
    return model.State.ACKNOWLEDGED if action is model.Action.REOPEN and anomaly.over else _BECOMES[action]


_BECOMES: Mapping[model.Action, model.State] = {
    model.Action.ACKNOWLEDGE: model.State.ACKNOWLEDGED,
    model.Action.UNACKNOWLEDGE: model.State.ACTIVE,
    model.Action.ARCHIVE: model.State.ARCHIVED,
    model.Action.REOPEN: model.State.ACTIVE,
}


def refused(change: model.Change, anomaly: model.Anomaly) -> str:
    """Why our part of a change makes no sense for this anomaly, "" when it does."""
    verdict = transitions.check(change.action, anomaly, change)
    return verdict.sentence if verdict.kind is transitions.Kind.REFUSED else ""


# --- what became of it --------------------------------------------------------------------------------------------------


def after(read: Mapping[model.Ref, model.Anomaly], outcomes: Collection[model.Outcome]) -> dict[model.Ref, model.Anomaly]:
    """What was read back, with our part of what was done: it is stored together with the end of the change, and not before."""
    ours = {one.ref: one.ours for one in outcomes if one.ours is not None}
    return {ref: merged(one, ours[ref]) if ref in ours else one for ref, one in read.items()}


def done(read: Mapping[model.Ref, model.Anomaly], outcomes: Collection[model.Outcome]) -> dict[model.Ref, model.Anomaly]:
    """The same after each was judged: of what was refused nothing is kept."""
    return after(read, [one for one in outcomes if one.result is not model.Result.REFUSED])


def kept(before: model.Anomaly | None, now: model.Anomaly | None) -> model.Overlay | None:
    """What is to be written down of an anomaly that we changed; None where nothing of it is kept here, or nothing became different."""
    if now is None or not (now.kept_here or now.keepable) or now.deleted:
        return None
    here = of(now)
    return None if before is not None and of(before) == here else here
