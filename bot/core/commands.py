"""The verbs of `/anomalies`: what follows each of them, and how a whole command is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from bot import errors, model
from bot.core import cleaning, queries, tokens, words

SLASH = "/anomalies"


class Takes(StrEnum):
    """What follows a verb."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    REF = "one anomaly"
    FILTER = "a filter"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its usage and purpose for the help, and an example that works. `aliases` are understood, not documented."""

    name: str
    takes: Takes
    usage: str
    about: str
    example: str
    aliases: tuple[str, ...] = ()


VERBS: tuple[Verb, ...] = (
    Verb("help", Takes.ANYTHING, "help", "this help", "help", ("?", "-h", "-help", "hello", "usage")),
    Verb("list", Takes.FILTER, "list <filter>", "what matches, newest first", "list status:open table:orders", ("ls", "find", "search")),
    Verb("count", Takes.FILTER, "count <filter>", "how many match", "count severity:critical since:7d"),
    Verb("show", Takes.REF, "show <id>", "one anomaly, fresh from its system", "show 1001", ("get",)),
    Verb("history", Takes.REF, "history <id>", "who did what to it", "history 1001", ("log",)),
    Verb("why", Takes.REF, "why <id>", "why it was or was not posted here", "why 1001"),
    Verb("status", Takes.NOTHING, "status", "how the desk and its systems stand", "status"),
)

BY_NAME: Mapping[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}


@dataclass(frozen=True, slots=True)
class Command:
    """A command, understood: `query` where the verb takes a filter, `refs` where it takes anomalies; `text` is the clean text."""

    verb: str
    query: model.Query | None
    refs: tuple[model.Ref, ...]
    text: str


@dataclass(frozen=True, slots=True)
class _Context:
    today: date
    sources: Sequence[str]
    default_source: str


def command(text: str, *, today: date, sources: Sequence[str], default_source: str) -> Command:
    """Read what somebody typed after `/anomalies`, as Slack sent it. Raises BadCommand, and nothing else.

    `today` is the day of the person who typed it, `sources` the names of the connected systems, `default_source` that of a bare id.
    """
    plain = cleaning.clean(text)
    context = _Context(today, sources, default_source)
    try:
        return _read(plain, context)
    except tokens.Mistake as mistake:
        example = _example(plain, mistake, context)
        raise errors.BadCommand(mistake.message, text=plain, start=mistake.start, end=mistake.end, example=example) from mistake


def _example(plain: str, mistake: tokens.Mistake, context: _Context) -> str:
    """The command that was probably meant when it works, else one that does."""
    fixed = plain[: mistake.start] + mistake.fix + plain[mistake.end :] if mistake.fix else ""
    first = plain.removeprefix(SLASH).split(maxsplit=1)
    verb = BY_NAME.get(first[0].casefold()) if first else None
    for candidate in (mistake.whole, fixed, verb.example if verb else ""):
        if candidate and _works(candidate, context):
            return f"{SLASH} {candidate.removeprefix(SLASH).strip()}"
    return f"{SLASH} {BY_NAME['list'].example}"


def _works(plain: str, context: _Context) -> bool:
    try:
        _read(plain, context)
    except tokens.Mistake:
        return False
    return True


def _read(plain: str, context: _Context) -> Command:
    found = list(tokens.split(plain))
    if found and found[0].raw == SLASH:
        found.pop(0)
    if not found:
        return Command("help", None, (), plain)
    verb = _verb(found[0], plain, context)
    query, refs = _READERS[verb.takes](verb, found[1:], plain, context)
    return Command(verb.name, query, refs, plain)


def _verb(token: tokens.Token, plain: str, context: _Context) -> Verb:
    name = token.raw.casefold()
    if name in BY_NAME:
        return BY_NAME[name]
    if words.find(token.key) and token.key not in context.sources:
        rest = plain[token.start :]
        message = f"A command begins with a verb, and {cleaning.short(token.raw)} is a filter. Did you mean list {rest}?"
        raise tokens.Mistake(message, token.start, token.end, whole=f"list {rest}")
    if _looks_like_ref(token, context):
        message = f"A command begins with a verb. Did you mean show {token.raw}?"
        raise tokens.Mistake(message, token.start, token.end, whole=f"show {token.raw}")
    near = cleaning.nearest(name.rstrip(":"), BY_NAME)
    near = BY_NAME[near].name if near else ""
    hint = f"Did you mean {near}?" if near else f"The commands are {', '.join(verb.name for verb in VERBS)}."
    raise tokens.Mistake(f"There is no command {cleaning.short(token.raw)}. {hint}", token.start, token.end, fix=near)


# --- what follows a verb --------------------------------------------------------------------------------------------

_Read = tuple[model.Query | None, tuple[model.Ref, ...]]


def _nothing(verb: Verb, rest: Sequence[tokens.Token], plain: str, context: _Context) -> _Read:
    if rest:
        message = f'"{verb.name}" stands alone: leave out what follows it.'
        raise tokens.Mistake(message, rest[0].start, rest[-1].end, whole=verb.name)
    return None, ()


def _anything(verb: Verb, rest: Sequence[tokens.Token], plain: str, context: _Context) -> _Read:
    return None, ()


def _filter(verb: Verb, rest: Sequence[tokens.Token], plain: str, context: _Context) -> _Read:
    for token in rest:
        if _looks_like_ref(token, context):
            found = refs([token], context.sources, context.default_source)
            fix = " ".join(_as_filter(found, context))
            message = f"{verb.name} takes a filter. To select by id write {fix}, and to see one anomaly show {_typed(found[0], context)}."
            raise tokens.Mistake(message, token.start, token.end, fix=fix)
    return queries.read(rest, context.today, context.sources), ()


def _one_ref(verb: Verb, rest: Sequence[tokens.Token], plain: str, context: _Context) -> _Read:
    if not any(token.values or token.key for token in rest):
        message = f"Say which anomaly: {verb.name} takes its id, for example {verb.example}, or a link to it."
        raise tokens.Mistake(message, len(plain), len(plain), whole=verb.example)
    for token in rest:
        if words.find(token.key) and token.key not in context.sources:
            selected = plain[rest[0].start :]
            message = f"{verb.name} takes the id of one anomaly, not a filter. To find it: list {selected}"
            raise tokens.Mistake(message, token.start, token.end, whole=f"list {selected}")
    found = refs(rest, context.sources, context.default_source)
    if len(found) > 1:
        first = f"{verb.name} {_typed(found[0], context)}"
        message = f"{verb.name} takes one anomaly, and these are {len(found)}. Take them one at a time: {first}"
        raise tokens.Mistake(message, rest[0].start, rest[-1].end, whole=first)
    return None, found


_READERS: Mapping[Takes, Callable[[Verb, Sequence[tokens.Token], str, _Context], _Read]] = {
    Takes.NOTHING: _nothing,
    Takes.ANYTHING: _anything,
    Takes.REF: _one_ref,
    Takes.FILTER: _filter,
}


# --- references -----------------------------------------------------------------------------------------------------

_LINK = re.compile(r"(?:https?://)?[^\s/]+/(?:[^\s?#]*/)?anomalies/([^\s/?#]+)", re.IGNORECASE)
_IDENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def refs(found: Sequence[tokens.Token], sources: Sequence[str], default_source: str) -> tuple[model.Ref, ...]:
    """References in the order typed, each once: `1001`, `#1001`, `qualytics:1001`, lists with commas, links. Raises Mistake."""
    read = [_ref(token, value, sources, default_source) for token in found for value in _values(token)]
    return tuple(dict.fromkeys(read))


def _values(token: tokens.Token) -> Sequence[tokens.Value]:
    if not token.values and (token.key or "," not in token.raw):
        raise tokens.Mistake("This is not the id of an anomaly. Ids look like 1001 or qualytics:1001.", token.start, token.end)
    return token.values


def _ref(token: tokens.Token, value: tokens.Value, sources: Sequence[str], default_source: str) -> model.Ref:
    source, colon, ident = value.text.rpartition(":") if "/" not in value.text else ("", "", value.text)
    source = source.casefold() if colon else token.key
    if source and source not in sources:
        raise _unknown_source(source, token, value, sources)
    link = _LINK.match(ident)
    ident = link[1] if link else ident.lstrip("#")
    if not _IDENT.fullmatch(ident) or not (source or any(letter.isdigit() for letter in ident)):
        hint = "Ids look like 1001 or qualytics:1001; a link to the anomaly works, too."
        raise tokens.Mistake(f"{cleaning.short(value.text)} is not the id of an anomaly. {hint}", value.start, value.end)
    if not (source or default_source):
        raise tokens.Mistake(f"Say which system {cleaning.short(ident)} belongs to, like qualytics:{ident[:40]}.", value.start, value.end)
    return model.Ref(source or default_source, ident)


def _unknown_source(source: str, token: tokens.Token, value: tokens.Value, sources: Sequence[str]) -> tokens.Mistake:
    start = token.start if source == token.key else value.start
    end = token.key_end - 1 if source == token.key else value.start + len(source)
    near = cleaning.nearest(source, sources)
    hint = f"Did you mean {near}?" if near else f"Connected: {', '.join(sources) or 'none'}."
    return tokens.Mistake(f"No system called {cleaning.short(source)} is connected here. {hint}", start, end, fix=near)


def _typed(ref: model.Ref, context: _Context) -> str:
    return ref.id if ref.source == context.default_source else str(ref)


def _as_filter(found: Sequence[model.Ref], context: _Context) -> Sequence[str]:
    ids = "id:" + ",".join(ref.id for ref in found)
    return [ids] if found[0].source == context.default_source else [f"source:{found[0].source}", ids]


def _looks_like_ref(token: tokens.Token, context: _Context) -> bool:
    try:
        return bool(refs([token], context.sources, context.default_source))
    except tokens.Mistake:
        return False
