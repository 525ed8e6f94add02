"""People in a command: who is assigned, who hands over to whom, wherever in the command they stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot import model
from bot.core.grammar import edits, lexer, references, verbs

_TO = frozenset({"to", "from", "and"})
"""Small words that people put between people."""

LEFTOVERS = model.Query()
"""What a reassign takes when nothing selects: everything that can still be worked on."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What a verb says about people: the rest of its words, the fields of the change, and the filter where none is typed (None: refuse)."""

    rest: Sequence[lexer.Token]
    said: Mapping[str, Any] = field(default_factory=dict)
    default: model.Query | None = None


def behind(verb: verbs.Verb, rest: Sequence[lexer.Token], end: int, context: references.Context) -> Behind:
    """Take the people out of the words behind a verb. `end` is where the command ends. Raises Mistake."""
    return _READERS.get(verb.name, _marked)(verb, _without_commas(rest), end, context)


def _without_commas(rest: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    """A comma between spaces belongs to the word before it."""
    kept: list[lexer.Token] = []
    for token in rest:
        if token.key or token.values:
            kept.append(token)
        elif kept:
            kept[-1] = replace(kept[-1], open_ended=True)
    return kept


def narrowed(query: model.Query | None, wanted: edits.TypedChange) -> model.Query | None:
    """A reassign looks only at what the first of the two people has."""
    if query is None or wanted.swap is None or query.assignees:
        return query
    return replace(query, assignees=(wanted.swap[0],))


def _goes_on(before: lexer.Token | None, token: lexer.Token, context: references.Context) -> bool:
    """Whether a comma joins this word to the one before."""
    return before is not None and (before.open_ended or token.raw.startswith(",")) and _bare(token, context)


def _bare(token: lexer.Token, context: references.Context) -> bool:
    return not token.key and bool(token.values) and not references.meant(token, context)


# --- assign:@dana, @lee ---------------------------------------------------------------------------------------------------


def _marked(verb: verbs.Verb, rest: Sequence[lexer.Token], end: int, context: references.Context) -> Behind:
    """People stand behind `assign:`; Slack puts a space after each mention, so a list may go on in the next word."""
    kept: list[lexer.Token] = []
    for token in rest:
        last = kept[-1] if kept else None
        if not (edits.names_people(token) or _goes_on(last, token, context)):
            kept.append(token)
        elif last is not None and edits.mark(last) == "assign":
            kept[-1] = replace(
                last, values=(*last.values, *token.values), end=token.end, raw=f"{last.raw} {token.raw}", open_ended=token.open_ended
            )
        elif edits.names_people(token):
            raise _unmarked(verb, token, rest)
        else:
            kept.append(token)
    return Behind(kept)


def _unmarked(verb: verbs.Verb, token: lexer.Token, rest: Sequence[lexer.Token]) -> lexer.Mistake:
    if "assign" not in edits.SHAPES[verb.name].marks:
        return lexer.Mistake(f"{verb.name} takes nobody: leave {token.raw} out.", token.start, token.end, fix=" ")
    selected = any(one is not token and not edits.mark(one) for one in rest)
    fix = f"assign:{token.raw}" if selected else f"assignee:{token.raw}"
    message = f"People are marked: assign:{token.raw} assigns, assignee:{token.raw} selects what is assigned already."
    return lexer.Mistake(message, token.start, token.end, fix=fix)


# --- assign @dana,@lee <...>, reassign @from @to, unassign ----------------------------------------------------------------


def _found(rest: Sequence[lexer.Token], wanted: int, context: references.Context) -> Sequence[lexer.Token]:
    """The words that are people: the clear ones wherever they are, and what follows a comma; else the first bare words."""
    clear: list[lexer.Token] = []
    before: lexer.Token | None = None
    for token in rest:
        if edits.names_people(token) or (before in clear and _goes_on(before, token, context)):
            clear.append(token)
        before = token
    missing = wanted - sum(len(token.values) for token in clear)
    names = [token for token in rest if _bare(token, context) and token not in clear and token.raw.casefold() not in _TO]
    return sorted([*clear, *names[: max(0, missing)]], key=lambda token: token.start)


def _without(rest: Sequence[lexer.Token], named: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    return [token for token in rest if token not in named and token.raw.casefold() not in _TO]


def _assign(verb: verbs.Verb, rest: Sequence[lexer.Token], end: int, context: references.Context) -> Behind:
    found = [] if any(edits.mark(token) == "assign" for token in rest) else _found(rest, 1, context)
    kept = _without(rest, found)
    values = [value for token in found for value in token.values]
    marked = [token for token in kept if edits.mark(token) == "assign"]
    if not values and not marked:
        selected = " ".join(token.raw for token in kept)
        message = f"Say who: {verb.name} takes people and then what to assign, like {verb.example}."
        raise lexer.Mistake(message, end, end, whole=f"assign me {selected}" if selected else verb.example)
    return Behind(kept, {"people": edits.people(verb.name, values)} if values else {})


def _reassign(verb: verbs.Verb, rest: Sequence[lexer.Token], end: int, context: references.Context) -> Behind:
    found = _found(rest, 2, context)
    values = [value for token in found for value in token.values]
    if len(values) != 2:
        message = f"{verb.name} takes two people: who hands over, and who takes over, like reassign @dana @lee."
        start, end = (values[0].start, values[-1].end) if values else (end, end)
        raise lexer.Mistake(message, start, end, whole=verb.example)
    named = [edits.people(verb.name, [value]) for value in values]
    if () in named:
        nobody = named.index(())
        hint = "assign takes what nobody has: assign me assignee:none" if nobody == 0 else "unassign clears: unassign assignee:me"
        raise lexer.Mistake(
            f"{verb.name} swaps two people. {hint}", values[nobody].start, values[nobody].end, whole=hint.partition(": ")[2]
        )
    if named[0] == named[1]:
        message = f"{verb.name} needs two different people, like reassign @dana @lee."
        raise lexer.Mistake(message, values[0].start, values[1].end, whole=verb.example)
    kept = _without(rest, found)
    return Behind(kept, {"swap": (named[0][0], named[1][0])}, LEFTOVERS)


def _unassign(verb: verbs.Verb, rest: Sequence[lexer.Token], end: int, context: references.Context) -> Behind:
    for token in rest:
        if edits.names_people(token):
            selected = [one.raw for one in rest if one is not token]
            hint = "To put others in their place write assign, and to hand one person's work over reassign."
            whole = " ".join([verb.name, *selected]) if selected else f"{verb.name} assignee:{token.raw}"
            message = f"{verb.name} clears all assignees, so it names nobody. {hint}"
            raise lexer.Mistake(message, token.start, token.end, whole=whole)
    return Behind(rest, {"people": ()})


_Reader = Callable[[verbs.Verb, Sequence[lexer.Token], int, references.Context], Behind]

_READERS: Mapping[str, _Reader] = {"assign": _assign, "reassign": _reassign, "unassign": _unassign}
