"""What a command wants changed: the marked words (`+tag: -tag: assign: note: describe: as: of:`), and the people behind a verb.

Filter words select, changes are marked: no word is both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import model
from bot.core import closings, duplicates, lookup, phrases
from bot.core.grammar import fields, lexer, verbs


@dataclass(frozen=True, slots=True)
class TypedChange:
    """A change as it was typed, before anybody is looked up.

    `people` are as typed (`<@U1>`, "me", a name, an address or an id of the system); None leaves the assignees, () clears them. `swap` are
    the two people of a reassign, from and to. `duplicate_of` is the original of a duplicate, as typed.
    """

    action: model.Action
    archive_as: str | None = None
    stage: str | None = None
    people: tuple[str, ...] | None = None
    swap: tuple[str, str] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    description: str | None = None
    note: str = ""
    case: str = ""
    duplicate_of: str = ""


def resolved(wanted: TypedChange, assignees: tuple[str, ...] | None) -> model.Change:
    """The change behind what was typed; `assignees` are its people as ids of the system's users. A swap is made per anomaly
    (`snapshot.swap`)."""
    return model.Change(
        wanted.action,
        archive_as=wanted.archive_as,
        stage=wanted.stage,
        case=wanted.case,
        assignees=assignees,
        add_tags=wanted.add_tags,
        remove_tags=wanted.remove_tags,
        description=wanted.description,
        comment=wanted.note,
    )


@dataclass(frozen=True, slots=True)
class Shape:
    """What a verb does, and which marked words may follow it; one of `needs` has to. `staged`: as: may, too, where a system has stages."""

    action: model.Action
    marks: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    staged: bool = False


_ANY = ("+tag", "-tag", "assign", "note", "describe")
_NOT_ASSIGN = ("+tag", "-tag", "note", "describe")

SHAPES: Mapping[str, Shape] = {
    "ack": Shape(model.Action.ACKNOWLEDGE, _ANY, staged=True),
    "unack": Shape(model.Action.UNACKNOWLEDGE, _ANY),
    "tag": Shape(model.Action.TAG, _ANY, ("+tag", "-tag")),
    "describe": Shape(model.Action.DESCRIBE, _ANY, ("describe",)),
    "assign": Shape(model.Action.ASSIGN, _NOT_ASSIGN),
    "unassign": Shape(model.Action.ASSIGN, _NOT_ASSIGN),
    "reassign": Shape(model.Action.ASSIGN),
    "archive": Shape(model.Action.ARCHIVE, ("as", "of", *_ANY), ("as",)),
    "reopen": Shape(model.Action.REOPEN, ("note",)),
    "delete": Shape(model.Action.DELETE),
}

_OPTIONAL: Mapping[str, model.Action] = {"case": model.Action.CASE}
"""Verbs for what few systems can: help is silent about them where none can."""


def unable(supports: Collection[model.Action]) -> frozenset[str]:
    """The verbs that nothing can be done with where systems support these actions between them."""
    return frozenset(name for name, action in _OPTIONAL.items() if action not in supports)


Closing = Sequence[model.Closing]
"""The ways of closing that people choose from, of all systems."""


def outcomes(closing: Closing) -> Mapping[str, str]:
    """The ways to close, as they are typed, and what each means."""
    return {one.word.casefold(): one.meaning for one in closing}


def outcomes_told(closing: Closing) -> str:
    """What may stand behind `as:`."""
    return closings.told(dict.fromkeys(closing)) or "as: and the word of the system"


@dataclass(frozen=True, slots=True)
class Mark:
    """One marked word. `read` makes the kept value of its typed ones; without `many`, it takes one value, once."""

    field: str
    example: str
    read: Callable[[str, Sequence[lexer.Value]], Any]
    many: bool = False


def outcome(value: lexer.Value, closing: Closing) -> str:
    """The word of the way of closing that was typed; any word where no system has told its own. Raises Mistake."""
    known = closings.find(closing, value.text)
    if known is not None:
        return known.word
    if not closing and value.text.strip():
        return value.text.capitalize()
    near = lookup.nearest(value.text.casefold(), outcomes(closing))
    hint = f"Did you mean as:{near}?" if near else "An anomaly is archived for a reason:"
    message = f"{phrases.quoted(value.text)} is no outcome. {hint} {outcomes_told(closing)}."
    raise lexer.Mistake(message, value.start, value.end, fix=near)


def closed_as(said: str, closing: Closing | None) -> str:
    """A usage or an example in the ways of closing that the connected systems have, None where they are not known; "duplicate" stands in
    examples where that is one."""
    chosen = closings.chosen(closing or ())
    words = list(dict.fromkeys(map(closings.typed, chosen)))
    if not any(one.kind is model.ClosingKind.DUPLICATE for one in chosen):
        said = said.replace(verbs.OF, "")
    if not words:
        plain = said.replace(f" as:{verbs.HOW}", "")
        return plain if closing is None else plain.replace(" as:duplicate", "")
    example = "duplicate" if "duplicate" in words else words[0]
    return said.replace(verbs.HOW, "|".join(words)).replace("as:duplicate", f"as:{example}")


def _typed(name: str, values: Sequence[lexer.Value]) -> lexer.Value:
    return values[0]


def _original(name: str, values: Sequence[lexer.Value]) -> str:
    return values[0].text


def _tags(name: str, values: Sequence[lexer.Value]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fields.tag(name, value).strip() for value in values))


def _note(name: str, values: Sequence[lexer.Value]) -> str:
    if not values[0].text.strip():
        raise lexer.Mistake(f"{name}: needs something between the quotation marks.", values[0].start, values[0].end)
    return values[0].text


def _description(name: str, values: Sequence[lexer.Value]) -> str:
    return values[0].text if values[0].text.strip() else ""


def people(name: str, values: Sequence[lexer.Value]) -> tuple[str, ...]:
    """People as typed, each once; "none" alone is nobody: (). Raises Mistake."""
    for value in values:
        if not value.text.strip(" @"):
            raise lexer.Mistake(f"{name} needs somebody: a mention, an e-mail address, a name or me.", value.start, value.end)
    named = tuple(dict.fromkeys(fields.SOMEBODY.get(value.text.casefold(), value.text) for value in values))
    if fields.NOBODY in named and len(named) > 1:
        message = "Nobody and somebody at once is not possible. Name the people, or write unassign."
        raise lexer.Mistake(message, values[0].start, values[-1].end)
    return () if named == (fields.NOBODY,) else named


MARKS: Mapping[str, Mark] = {
    "as": Mark("archive_as", "as:duplicate", _typed),
    "of": Mark("duplicate_of", "of:1001", _original),
    "+tag": Mark("add_tags", "+tag:incident", _tags, many=True),
    "-tag": Mark("remove_tags", "-tag:incident", _tags, many=True),
    "assign": Mark("people", "assign:me", people, many=True),
    "note": Mark("note", 'note:"fixed at the source"', _note),
    "describe": Mark("description", 'describe:"Investigating in INC-987"', _description),
}

ALIASES: Mapping[str, str] = {"+tags": "+tag", "-tags": "-tag", "comment": "note", "description": "describe", "outcome": "as"}
"""Words that people use for ours; understood, not documented."""

FREE = frozenset({"note", "describe"})
"""Marked words with a text of several words."""


def mark(token: lexer.Token) -> str:
    """The marked word that this is, "" for any other."""
    name = ALIASES.get(token.key, token.key)
    return name if name in MARKS else ""


def stage(value: lexer.Value, stages: Sequence[model.Stage]) -> str:
    """The word of the stage that was typed behind an acknowledgement. Raises Mistake."""
    known = closings.staged(stages, value.text)
    if known is not None:
        return known.word
    near = lookup.nearest(value.text.casefold(), [one.word.casefold() for one in stages])
    hint = f"Did you mean as:{near}? It takes {closings.staged_told(stages)}." if near else f"It takes {closings.staged_told(stages)}."
    raise lexer.Mistake(f"{phrases.quoted(value.text)} is no way to acknowledge. {hint}", value.start, value.end, fix=near)


def read(
    shape: Shape, marked: Sequence[lexer.Token], extra: Mapping[str, Any], closing: Closing = (), stages: Sequence[model.Stage] = ()
) -> TypedChange:
    """What these marked words want changed, which the shape allows; `extra` are what the verb itself says. Raises Mistake."""
    typed: dict[str, list[lexer.Value]] = {}
    for token in marked:
        name = mark(token)
        values = _checked(name, token, closed_as(MARKS[name].example, closing or None), again=name in typed)
        typed.setdefault(name, []).extend(values)
    kept = {MARKS[name].field: MARKS[name].read(name, values) for name, values in typed.items()}
    if "archive_as" in kept and shape.staged:
        kept["stage"] = stage(kept.pop("archive_as"), stages)
    if "archive_as" in kept:
        kept["archive_as"] = outcome(kept["archive_as"], closing)
    if "duplicate_of" in kept and closing and not duplicates.asks(closing, kept.get("archive_as")):
        message = "of: names the original of a duplicate, so it goes with as:duplicate alone."
        raise lexer.Mistake(message, typed["of"][0].start, typed["of"][0].end, fix=" ")
    _check_tags(typed)
    return TypedChange(shape.action, **(kept | dict(extra)))


def _checked(name: str, token: lexer.Token, example: str, *, again: bool) -> Sequence[lexer.Value]:
    if not token.values:
        raise lexer.Mistake(f"{name}: needs a value, for example {example}", token.start, token.end, fix=example)
    if MARKS[name].many:
        return token.values
    if again:
        raise lexer.Mistake(f"{name}: is there twice; it takes one value.", token.start, token.end, fix=" ")
    if len(token.values) > 1:
        if name not in FREE:
            raise lexer.Mistake(f"{name}: takes one value, for example {example}", token.start, token.end, fix=example)
        fix = f"{name}:{lexer.quote(token.raw[token.key_end - token.start :])}"
        raise lexer.Mistake(f"{name}: takes one text. Put it in quotation marks: {fix}", token.start, token.end, fix=fix)
    return token.values


def _check_tags(typed: Mapping[str, Sequence[lexer.Value]]) -> None:
    added = {fields.tag("+tag", value).strip().casefold() for value in typed.get("+tag", ())}
    for value in typed.get("-tag", ()):
        if fields.tag("-tag", value).strip().casefold() in added:
            message = f"{phrases.quoted(value.text)} is to be added and removed at once. Leave one of the two out."
            raise lexer.Mistake(message, value.start, value.end)


# --- a text behind a verb ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind the ids of a verb: `what` it says, what it is `told` as, and whether it is a single word."""

    what: str
    told: str
    word: bool = False


BEHIND: Mapping[str, Behind] = {
    "note": Behind("what to note", "the text"),
    "case": Behind("to which case it belongs", "the case", word=True),
}
CASE_LENGTH = 100


def behind(verb: verbs.Verb, text: str, value: lexer.Value) -> TypedChange:
    """The change that this text means behind this verb. Raises Mistake."""
    if not BEHIND[verb.name].word:
        return TypedChange(model.Action.COMMENT, note=text)
    case = text.strip()
    if len(case.split()) > 1 or len(case) > CASE_LENGTH or not case.isprintable():
        message = f"A case has a name of one word, like {verb.example.rpartition(' ')[2]}."
        raise lexer.Mistake(message, value.start, value.end, whole=verb.example)
    return TypedChange(model.Action.CASE, case=case)


# --- people behind a verb ---------------------------------------------------------------------------------------------

_PERSON = re.compile(r"<@[^<>]+>|@\S+|[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+")


def names_people(token: lexer.Token) -> bool:
    """Whether a bare word can only be people: a mention, an address, me, or a list with one of them."""
    return not token.key and any(_PERSON.fullmatch(value.text) or value.text.casefold() in fields.SOMEBODY for value in token.values)
