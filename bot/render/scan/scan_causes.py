"""Why an operation could not start or did not help, and what one click can do about it: one table for every cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot import model
from bot.core import grammar, phrases, scan_rules
from bot.render import siblings
from bot.render.kit import blocks, ids, limits, text
from bot.render.scan import scan_wording

_NEAR = 5
_INSTEAD = 3
"""Names that get a button where a datastore's name is not there."""
_SYNCS = 3
"""Datastores that get their own [Run sync first] in one message."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One cause: what happened, why that is likely, what to do; what a click can do once an operation exists, and whether a sync helps
    before there is one. The words may hold {names}, {near}, {place}, {system}, {right}, {said} and {stood}."""

    happened: str
    why: str = ""
    fixes: tuple[str, ...] = ()
    sync: bool = False
    suggest: bool = True
    own_words: bool = False


_ROWS: Mapping[model.Cause, _Row] = {
    model.Cause.DATASTORE_MISSING: _Row(
        "{system} has no datastore called {names} that this desk can see",
        "It was renamed, or the desk's user or its setting for datastores leaves it out",
    ),
    model.Cause.TABLE_MISSING: _Row(
        "There is no table called {names} in {place}",
        "It was renamed or dropped since the last sync, or it is new and was not synced yet",
        (ids.FIX_SYNC,),
        sync=True,
    ),
    model.Cause.TABLE_AMBIGUOUS: _Row(
        "Several tables of {place} differ from {names} in upper and lower case alone: {near}",
        "Write the one that you mean exactly like that",
        suggest=False,
    ),
    model.Cause.NO_TABLES: _Row(
        "There are no tables in {place} that {system} knows of", "It was probably never synced", (ids.FIX_SYNC,), sync=True
    ),
    model.Cause.TAG_MISSING: _Row("{system} has no tag called {names}", "Look at its spelling, or make the tag in {system} first"),
    model.Cause.TAG_NOWHERE: _Row(
        "The tag {names} exists, but it is on no table of {place}",
        "Put it on tables in {system}, or scan all tables",
        (ids.FIX_ALL_TABLES,),
    ),
    model.Cause.NO_CHECKS: _Row(
        "Nothing was found because no check is active on these tables",
        "A profile reads the tables and infers checks from what it sees",
        (ids.FIX_PROFILE,),
    ),
    model.Cause.NO_RIGHT: _Row(
        "The desk's user lacks {right} on {place} in {system}",
        "An admin of the team that {place} belongs to can give it in {system}",
        (ids.FIX_AGAIN,),
    ),
    model.Cause.REFUSED: _Row("{system} refused to start it: {said}", "", (ids.FIX_AGAIN,), own_words=True),
    model.Cause.NOT_ALLOWED: _Row("It was not started. {said}", "", (ids.FIX_AGAIN,), own_words=True),
    model.Cause.FAILED: _Row("{system} says: {said}", "", (ids.FIX_AGAIN,), own_words=True),
    model.Cause.VANISHED: _Row(
        "{system} does not know this operation any more, so nobody can say how it ended",
        "It was probably deleted there",
        (ids.FIX_AGAIN,),
    ),
    model.Cause.GAVE_UP: _Row(
        "It {stood}; the desk stopped looking",
        "It may go on in {system} and still end well there",
        (ids.FIX_FOLLOW,),
    ),
}

_FIXES: Mapping[str, str] = {
    ids.FIX_AGAIN: "Run it again",
    ids.FIX_SYNC: "Run sync first",
    ids.FIX_PROFILE: "Profile these tables",
    ids.FIX_ALL_TABLES: "{verb} all tables instead",
    ids.FIX_FOLLOW: "Follow it on",
    ids.FIX_REST: "Start the rest",
}


def explain(problem: model.Problem, system: str, stood: str = "was still running") -> str:
    """What happened, why that is likely, what may have been meant; `stood` is how it stood when the desk stopped looking."""
    row = _ROWS[problem.cause]
    near = siblings.apart(problem.near, 60)
    facts = {
        "names": scan_wording.names(problem.names) if problem.names else "this name",
        "near": text.listed(near, _NEAR) or "nobody told which",
        "place": scan_wording.place(problem.place),
        "system": system,
        "right": f"the right {text.short(problem.right, 40)}" if problem.right.strip() else "a right",
        "said": text.short(problem.detail, 1_000, "it gave no reason"),
        "stood": stood,
    }
    meant = f"Did you mean {phrases.either(near[:_NEAR])}?" if near and row.suggest else ""
    own = "" if row.own_words else text.short(problem.detail, 1_000, "")
    told = f"{system} says: {own}" if own else ""
    return text.sentence(row.happened.format(**facts), row.why.format(**facts), meant, told)


def syncs(problems: Sequence[model.Problem], source: str) -> list[model.Block]:
    """[Run sync first] for each datastore that one would help, before any operation exists."""
    places = {problem.place.id: problem.place for problem in problems if problem.place and problem.place.id and _ROWS[problem.cause].sync}
    offered = list(places.values())[:_SYNCS] if source else []
    names = siblings.things([(place.id, place.name.strip() or f"datastore {place.id}") for place in offered], 60)
    return [
        blocks.button(
            ids.SCAN_SYNC,
            f"Sync {name} first" if len(places) > 1 else "Run sync first",
            ids.encode_pair(source, place.id),
            hint=f"Sync {name} first",
        )
        for place, name in zip(offered, names, strict=True)
    ]


def instead(problems: Sequence[model.Problem], source: str, typed: grammar.ScanCommand | None) -> list[model.Block]:
    """[Scan warehouse-prod instead] for what a datastore that is not there may have meant: the same command with that name."""
    if typed is None or not source:
        return []
    near = [
        (problem.names[0], name)
        for problem in problems
        if problem.cause is model.Cause.DATASTORE_MISSING and problem.names
        for name in problem.near
    ]
    verb = scan_wording.verb(scan_rules.kinds(typed.verb)[-1])
    labels = siblings.apart([name for _, name in near[:_INSTEAD]], limits.BUTTON - len(f"{verb}  instead"))
    found = [_instead(typed, *one, f"{verb} {label} instead", source) for one, label in zip(near[:_INSTEAD], labels, strict=True)]
    return [button for button in found if button is not None]


def _instead(typed: grammar.ScanCommand, wrong: str, name: str, label: str, source: str) -> model.Block | None:
    """None where the command is too long for a button: it is typed again."""
    meant = replace(typed, datastores=tuple(name if one == wrong else one for one in typed.datastores), source=source)
    value = ids.encode_pair(source, grammar.scan_words(meant))
    if text.size(value, markup=True) > limits.VALUE:
        return None
    return blocks.button(ids.SCAN_INSTEAD, label, value, hint=label)


def fixes(problem: model.Problem | None, operation: model.Operation) -> list[model.Block]:
    """What one click can do about an operation that ended with this problem."""
    return [fix(what, operation) for what in (_ROWS[problem.cause].fixes if problem else ())]


def fix(what: str, operation: model.Operation) -> model.Block:
    """The button for one fix."""
    if what == ids.FIX_SYNC and operation.request.kind == "sync":
        what = ids.FIX_AGAIN
    label = _FIXES[what].format(verb=scan_wording.verb(operation.request.kind))
    return blocks.button(ids.SCAN_FIX, label, ids.encode_pair(what, operation.id), hint=f"{label}: {scan_wording.thing(operation)}")
