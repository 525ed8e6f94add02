"""A whole command: its verb, and what follows it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot import errors, model
from bot.core import lookup, phrases
from bot.core.grammar import (
    assignees,
    cleaning,
    cli_aliases,
    edits,
    fields,
    filters,
    hints,
    identity,
    idents,
    lexer,
    references,
    selector,
    systems,
    verbs,
)

SLASH = verbs.SLASH
VERBS = verbs.VERBS
BY_NAME = verbs.BY_NAME
Verb = verbs.Verb
Takes = verbs.Takes


@dataclass(frozen=True, slots=True)
class Command:
    """A command, understood: `query` where a filter selects, `refs` where ids do; `text` is the clean text, `selection` the words of it
    that select. `change` is what the verbs that change anything want, `batch` the batch of an undo ("" is the newest).

    `person` is the Slack id whom a link is about ("" is the asker), `target` the id, e-mail address or name of the user of a system that
    they are, as typed ("none" unlinks, "" asks), and `system` the system of that user where one is named.
    """

    verb: str
    query: model.Query | None
    refs: tuple[model.Ref, ...]
    text: str
    change: edits.TypedChange | None = None
    batch: str = ""
    selection: str = ""
    person: str = ""
    target: str = ""
    system: str = ""


@dataclass(frozen=True, slots=True)
class _Typed:
    """What follows a verb, and the whole clean text."""

    verb: verbs.Verb
    rest: Sequence[lexer.Token]
    plain: str
    context: references.Context

    def command(
        self, query: model.Query | None = None, refs: tuple[model.Ref, ...] = (), change: edits.TypedChange | None = None, **more: str
    ) -> Command:
        return Command(self.verb.name, query, refs, self.plain, change, **more)


def command(
    text: str,
    *,
    today: date,
    sources: Sequence[str],
    default_source: str,
    closings: Mapping[str, Sequence[model.Closing]] | None = None,
    systems: systems.Systems = systems.NONE,
) -> Command:
    """Read what somebody typed after `/anomalies`, as Slack sent it. Raises BadCommand, and nothing else.

    `today` is the day of the person who typed it, `sources` the names of the connected systems, `default_source` that of a bare id ("":
    whichever has it), `closings` how each of them closes anomalies, `systems` what else they bring to the grammar.
    """
    context = references.Context(today, sources, default_source, closings or {}, systems)
    sent = cleaning.cleaned(text)
    return hints.understood(text, SLASH, BY_NAME, BY_NAME["list"].example, lambda plain: _read(plain, context, sent))


def reference(text: str, *, sources: Sequence[str], default_source: str, systems: systems.Systems = systems.NONE) -> model.Ref:
    """The one anomaly that somebody typed or pasted, `default_source` that of a bare id. Raises BadCommand."""
    plain = cleaning.clean(text).strip()
    try:
        return references.one(plain, references.Context(date.min, sources, default_source, {}, systems))
    except lexer.Mistake as mistake:
        raise errors.BadCommand(mistake.message, text=plain, start=mistake.start, end=mistake.end) from mistake


def _read(plain: str, context: references.Context, sent: cleaning.Cleaned) -> Command:
    typed = lexer.walk(plain)
    first = next(typed, None)
    if first is not None and first.raw == SLASH:
        first = next(typed, None)
    if first is None:
        return Command("help", None, (), plain)
    if first.raw.casefold() in cli_aliases.VERBS:
        raise cli_aliases.instead(first, tuple(typed), context.systems, context.closing)
    verb = _verb(first, plain, context)
    if verb.takes is Takes.TEXT:
        return _text(verb, typed, sent if plain == sent.text else cleaning.cleaned(plain), context)
    rest = tuple(typed)
    if verb.takes is not Takes.ANYTHING:
        cli_aliases.check_flags(verb.name, rest, context.systems)
    if verb.takes in (Takes.CHANGE, Takes.REF):
        rest = tuple(idents.unlisted(rest))
    return _READERS[verb.takes](_Typed(verb, rest, plain, context))


def _verb(token: lexer.Token, plain: str, context: references.Context) -> verbs.Verb:
    name = token.raw.casefold()
    if name in BY_NAME:
        return BY_NAME[name]
    if context.systems.find(token.key) and token.key not in context.sources:
        rest = plain[token.start :]
        message = f"A command begins with a verb, and {phrases.quoted(token.raw)} is a filter. Did you mean list {rest}?"
        raise lexer.Mistake(message, token.start, token.end, whole=f"list {rest}")
    if references.looks_like(token, context):
        message = f"A command begins with a verb. Did you mean show {token.raw}?"
        raise lexer.Mistake(message, token.start, token.end, whole=f"show {token.raw}")
    near = lookup.nearest(name.rstrip(":"), BY_NAME)
    near = BY_NAME[near].name if near else ""
    hint = f"Did you mean {near}?" if near else f"The commands are {', '.join(verb.name for verb in VERBS)}."
    raise lexer.Mistake(f"There is no command {phrases.quoted(token.raw)}. {hint}", token.start, token.end, fix=near)


# --- verbs that look ----------------------------------------------------------------------------------------------------


def _nothing(typed: _Typed) -> Command:
    if typed.rest:
        message = f'"{typed.verb.name}" stands alone: leave out what follows it.'
        raise lexer.Mistake(message, typed.rest[0].start, typed.rest[-1].end, whole=typed.verb.name)
    return typed.command()


def _anything(typed: _Typed) -> Command:
    return typed.command()


def _filter(typed: _Typed) -> Command:
    verb, context = typed.verb, typed.context
    for token in typed.rest:
        if references.looks_like(token, context):
            found = references.read([token], context)
            fix = references.as_filter(found[:_FEW], context)
            show = references.typed(found[0], context)
            message = f"{verb.name} takes a filter. To select by id write {fix}, and to see one anomaly show {show}."
            raise lexer.Mistake(message, token.start, token.end, fix=fix)
    query = filters.read(typed.rest, context.today, context.sources, context.systems)
    return typed.command(query, selection=" ".join(token.raw for token in typed.rest))


_FEW = 20
"""So many ids are repeated in a hint."""


def _one_ref(typed: _Typed) -> Command:
    verb, rest, context = typed.verb, typed.rest, typed.context
    if not any(token.values or token.key for token in rest):
        message = f"Say which anomaly: {verb.name} takes its id, for example {verb.example}, or a link to it."
        raise lexer.Mistake(message, len(typed.plain), len(typed.plain), whole=verb.example)
    for token in rest:
        if selector.selects(token, context):
            selected = typed.plain[rest[0].start :]
            message = f"{verb.name} takes the id of one anomaly, not a filter. To find it: list {selected}"
            raise lexer.Mistake(message, token.start, token.end, whole=f"list {selected}")
    found = references.read(rest, context)
    if len(found) > 1:
        first = f"{verb.name} {references.typed(found[0], context)}"
        message = f"{verb.name} takes one anomaly, and these are {len(found)}. Take them one at a time: {first}"
        raise lexer.Mistake(message, rest[0].start, rest[-1].end, whole=first)
    return typed.command(None, found)


def _link(typed: _Typed) -> Command:
    found = identity.read(typed.verb, typed.rest, typed.context)
    return typed.command(person=found.person, target=found.target, system=found.system)


# --- verbs that change --------------------------------------------------------------------------------------------------


def _change(typed: _Typed) -> Command:
    verb, end = typed.verb, len(typed.plain)
    shape = edits.SHAPES[verb.name]
    behind = assignees.behind(verb, typed.rest, end, typed.context)
    marked = [token for token in behind.rest if edits.mark(token)]
    found = [token for token in behind.rest if not edits.mark(token)]
    _check_ends(behind.rest)
    _check_allowed(verb, shape, marked, found, typed.context)
    if not found and behind.default is None:
        raise selector.nothing(verb, end)
    if found:
        selected = selector.read(verb, found, marked, typed.context)
    else:
        selected = selector.Selection(behind.default, (), "")
    wanted = edits.read(shape, marked, behind.said, typed.context.closing, typed.context.systems.stages)
    _check_needs(typed, shape, marked, found)
    query = assignees.narrowed(selected.query, wanted)
    return typed.command(query, selected.refs, wanted, selection=selected.typed or filters.canonical(query or model.Query()))


def _check_ends(rest: Sequence[lexer.Token]) -> None:
    """Where does a marked word end? A bare word behind it must not become an id that was meant as a tag or as text."""
    for before, token in itertools.pairwise(rest):
        name = edits.mark(before)
        if not name or token.key or not before.values:
            continue
        if name in edits.FREE and before.raw[-1:] not in {'"', "'"}:
            raise _loose_text(name, before, [one for one in rest if one.start >= token.start])
        if before.open_ended:
            fix = f"{before.raw.rstrip(', ')} {token.raw}" if name == "assign" else before.raw + token.raw
            hint = "The comma says that more follows; leave it out" if name == "assign" else "Leave out the space after the comma"
            raise lexer.Mistake(f"{hint}: {fix}", before.start, token.end, fix=fix)


def _loose_text(name: str, before: lexer.Token, tail: Sequence[lexer.Token]) -> lexer.Mistake:
    loose = tail[: next((number for number, one in enumerate(tail) if one.key), len(tail))]
    text = " ".join([before.raw[before.key_end - before.start :], *(one.raw for one in loose)])
    fix = f"{name}:{lexer.quote(text)}"
    message = f"A text of several words stands in quotation marks: {fix} What selects goes before it, or after the closing mark."
    return lexer.Mistake(message, before.start, loose[-1].end, fix=fix)


def _check_allowed(
    verb: verbs.Verb, shape: edits.Shape, marked: Sequence[lexer.Token], found: Sequence[lexer.Token], context: references.Context
) -> None:
    for token in marked:
        name = edits.mark(token)
        if name in shape.marks or (name == "as" and shape.staged and context.systems.stages):
            continue
        selected = [one.raw for one in found]
        if name == "as":
            whole = " ".join(["archive", *selected, token.raw])
            message = f"{verb.name} closes nothing, and as: says how to close. That is archive, like {BY_NAME['archive'].example}."
        elif name == "assign":
            whole = " ".join([verb.name, token.raw[token.key_end - token.start :], *selected])
            message = f"{verb.name} names people without assign:, like {BY_NAME['assign'].example}."
        else:
            allowed = ", ".join(f"{one}:" for one in shape.marks)
            message = f"{verb.name} takes no {name}:. " + (f"It takes {allowed}." if allowed else "Leave it out.")
            whole = ""
        raise lexer.Mistake(message, token.start, token.end, fix=" ", whole=whole)


def _check_needs(typed: _Typed, shape: edits.Shape, marked: Sequence[lexer.Token], found: Sequence[lexer.Token]) -> None:
    verb, end, closing = typed.verb, len(typed.plain), typed.context.closings
    if not shape.needs or any(edits.mark(token) in shape.needs for token in marked):
        return
    if "as" in shape.needs and closing and not all(any(one.chosen for one in some) for some in closing.values()):
        return  # one of the systems closes anomalies without a reason
    plain_tag = next((token for token in found if "+tag" in shape.needs and fields.ALIASES.get(token.key, token.key) == "tag"), None)
    if plain_tag is not None:
        fix = f"{plain_tag.raw} +tag:incident"
        message = f"tag: selects what has the tag already. To add tags write +tag:, to remove them -tag:, like {fix}."
        raise lexer.Mistake(message, plain_tag.start, plain_tag.end, fix=fix)
    if "as" in shape.needs:
        message = f"Say why they are archived: {edits.outcomes_told(typed.context.closing)}."
    else:
        message = f"Say what to change: {phrases.either([edits.MARKS[name].example for name in shape.needs])}."
    raise lexer.Mistake(message, end, end, whole=edits.closed_as(verb.example, typed.context.closing or None))


# --- a text, a batch ----------------------------------------------------------------------------------------------------


def _text(verb: verbs.Verb, typed: Iterator[lexer.Token], sent: cleaning.Cleaned, context: references.Context) -> Command:
    """The ids first; whatever follows is the text as it was typed, quotation marks or not."""
    plain = sent.text
    ids: list[lexer.Token] = []
    for token in typed:
        ids.append(_without_colon(token, context))
        if not token.open_ended:
            break
    if not ids:
        raise lexer.Mistake(
            f"Say which anomaly, and then {edits.BEHIND[verb.name].what}: {verb.example}", len(plain), len(plain), whole=verb.example
        )
    if selector.selects(ids[0], context):
        message = f"{verb.name} takes ids, not a filter: it cannot be taken back. To find the ids: list {ids[0].raw}"
        raise lexer.Mistake(message, ids[0].start, ids[0].end, whole=f"list {ids[0].raw}")
    refs = references.read(ids, context)
    text = cleaning.exact(_NOTED.sub("", sent.behind(ids[-1].end).lstrip()))
    if not text.strip():
        selected, what = plain[ids[0].start :].strip(), edits.BEHIND[verb.name]
        message = f"Say {what.what}: {verb.name} {phrases.cut(selected)} and then {what.told}."
        raise lexer.Mistake(message, len(plain), len(plain), whole=verb.example)
    wanted = edits.behind(verb, text, lexer.Value(text, ids[-1].end, len(plain)))
    return Command(verb.name, None, refs, plain, wanted, selection=" ".join(token.raw for token in ids))


_NOTED = re.compile(r"^(?:note|comment|case)[:：]\s*", re.IGNORECASE)


def _without_colon(token: lexer.Token, context: references.Context) -> lexer.Token:
    """ "1001: the late load" names the id 1001."""
    if token.values or not token.key or token.key in context.sources or selector.selects(token, context):
        return token
    value = lexer.Value(token.raw[:-1], token.start, token.end - 1)
    return replace(token, key="", key_end=token.start, values=(value,))


_BATCH = re.compile(r"#?([A-Za-z0-9][A-Za-z0-9._-]{0,63})")


def _batch(typed: _Typed) -> Command:
    if not typed.rest:
        return typed.command()
    named = _BATCH.fullmatch(typed.rest[0].raw)
    if named is None or len(typed.rest) > 1:
        message = "undo stands alone and takes back your last bulk change, or it takes the id of one batch from its receipt."
        raise lexer.Mistake(message, typed.rest[0].start, typed.rest[-1].end, whole=typed.verb.example)
    return typed.command(batch=named[1])


_READERS: Mapping[verbs.Takes, Callable[[_Typed], Command]] = {
    Takes.NOTHING: _nothing,
    Takes.ANYTHING: _anything,
    Takes.REF: _one_ref,
    Takes.FILTER: _filter,
    Takes.CHANGE: _change,
    Takes.BATCH: _batch,
    Takes.LINK: _link,
}
