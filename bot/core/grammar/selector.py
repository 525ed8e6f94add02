"""Which anomalies a change is for: ids or a filter, never everything by accident; and what was meant where that is not clear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import model
from bot.core import lookup, phrases
from bot.core.grammar import edits, fields, filters, lexer, references, verbs

_EVERYTHING = frozenset({"all", "everything", "*", "any", "-all"})
_COLUMN_TITLES = frozenset({"id", "ids", "anomaly", "anomaly_id", "anomaly-id"})
_NO_CHOICE = frozenset({"source", "sort", "limit"})
_DASHES = frozenset({"-", "to", "until", "..", "..."})
_MARKED: Mapping[str, str] = {"tag": "+tag", "assignee": "assign"}
"""Filter words that are often typed for the change of the same thing."""

_FEW = 20
"""So many ids are repeated in a hint."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Either of both; `typed` are its words."""

    query: model.Query | None
    refs: tuple[model.Ref, ...]
    typed: str


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a change, sorted: those that select, and the marked ones."""

    verb: verbs.Verb
    ids: Sequence[lexer.Token]
    filters: Sequence[lexer.Token]
    others: Sequence[lexer.Token]
    marked: Sequence[lexer.Token]
    closing: edits.Closing

    @property
    def outcomes(self) -> Mapping[str, str]:
        """The ways of closing, as they are typed, and what each means."""
        return edits.outcomes(self.closing)

    @property
    def closed(self) -> frozenset[str]:
        """Statuses of what is archived; a change other than reopening or commenting would be refused for each of them."""
        return frozenset({"archived", *self.outcomes})

    @property
    def outcome(self) -> bool:
        """Whether it is said how the anomalies are to be closed."""
        return any(edits.mark(token) == "as" for token in self.marked)

    def whole(self, *parts: str, verb: str = "", marked: Sequence[lexer.Token] | None = None) -> str:
        """A whole command with these parts as its selection, and the marked words."""
        marked = self.marked if marked is None else marked
        return " ".join([verb or self.verb.name, *filter(None, parts), *(token.raw for token in marked)])


def selects(token: lexer.Token, context: references.Context) -> bool:
    """Whether this is a filter word."""
    return context.systems.find(token.key) is not None and token.key not in context.sources


def read(verb: verbs.Verb, found: Sequence[lexer.Token], marked: Sequence[lexer.Token], context: references.Context) -> Selection:
    """Read the words that select: at least one. Raises Mistake."""
    kinds: dict[str, list[lexer.Token]] = {"filter": [], "id": [], "other": []}
    for token in found:
        kinds["filter" if selects(token, context) else "id" if references.meant(token, context) else "other"].append(token)
    filters, ids, others = kinds["filter"], kinds["id"], kinds["other"]
    if ids:
        others = [token for token in others if token.raw.casefold() not in _COLUMN_TITLES]
    sorted_words = _Words(verb, ids, filters, others, marked, context.closing)
    _check_others(sorted_words, context)
    if ids and filters:
        raise _both(sorted_words, context)
    if ids:
        return Selection(None, _refs(sorted_words, context), " ".join(token.raw for token in ids))
    return Selection(_query(sorted_words, context), (), " ".join(token.raw for token in filters))


def nothing(verb: verbs.Verb, end: int) -> lexer.Mistake:
    """The mistake of a change without a selection."""
    how = "ids like 1001,1002"
    how += "" if verb.name == "delete" else f", or a filter like {'status:archived' if verb.name == 'reopen' else 'status:active'} since:7d"
    return lexer.Mistake(f"Say which anomalies to {verb.name}: {how}.", end, end, whole=verb.example)


# --- ids --------------------------------------------------------------------------------------------------------------


def _refs(found: _Words, context: references.Context) -> tuple[model.Ref, ...]:
    return references.read(found.ids, context)


def _check_others(found: _Words, context: references.Context) -> None:
    """What neither selects nor is marked: say what was probably meant."""
    for token in found.others:
        raise _stray(token, found, context)


def _stray(token: lexer.Token, found: _Words, context: references.Context) -> lexer.Mistake:
    if token.key:
        return _unknown(token, found, context)
    typed = token.raw.casefold()
    if typed in _EVERYTHING:
        status = "status:archived" if found.verb.name == "reopen" else "status:open"
        message = f"Nothing is changed by saying {phrases.quoted(typed)}. To take everything that is {status[7:]}, write {status}."
        return lexer.Mistake(message, token.start, token.end, fix=status)
    marked = _unmarked(token, found)
    if marked:
        message = f"{phrases.quoted(token.raw)} stands alone. Changes are marked: {marked}"
        return lexer.Mistake(message, token.start, token.end, fix=marked)
    if typed in _DASHES and len(found.ids) > 1:
        message = "A range is written without spaces, like 1001-1005."
        return lexer.Mistake(message, token.start, token.end, whole=_joined(token, found))
    if found.ids and found.verb.name == "describe" and not found.marked:
        return _undescribed(token, found)
    if found.ids:
        hint = f"Ids look like 1001, {context.systems.sample()} or 1001-1005; from a spreadsheet paste only the column with the ids."
        message = f"{phrases.quoted(token.values[0].text if token.values else token.raw)} is not the id of an anomaly. {hint}"
        return lexer.Mistake(message, token.start, token.end, whole=found.whole(*(one.raw for one in found.ids)))
    return _not_a_filter(found, context)


def _not_a_filter(found: _Words, context: references.Context) -> lexer.Mistake:
    rest = sorted([*found.filters, *found.others], key=lambda one: one.start)
    try:
        filters.read(rest, context.today, context.sources, context.systems)
    except lexer.Mistake as mistake:
        return mistake
    return nothing(found.verb, rest[-1].end)  # pragma: no cover - a filter never takes a bare word


def _unknown(token: lexer.Token, found: _Words, context: references.Context) -> lexer.Mistake:
    """No such word: the nearest one of the filter, of the changes, or of the systems."""
    context.systems.check_known(token)
    near = lookup.nearest(token.key, [*fields.BY_NAME, *fields.ALIASES, *edits.MARKS, *edits.ALIASES, *context.sources])
    if near in context.sources and token.values:
        return references.unknown_source(token.key, token, token.values[0], context)
    near = fields.ALIASES.get(near, edits.ALIASES.get(near, near))
    near = _MARKED.get(near, near) if found.ids and _MARKED.get(near, near) in edits.SHAPES[found.verb.name].marks else near
    marks = ", ".join(f"{name}:" for name in edits.SHAPES[found.verb.name].marks)
    hint = (
        f"Did you mean {near}:?" if near else f"Words that select are {', '.join(fields.BY_NAME)}. Words that change are {marks or 'none'}."
    )
    message = f"There is no word {phrases.quoted(token.key + ':')}. {hint}"
    return lexer.Mistake(message, token.start, token.key_end, fix=near and f"{near}:")


def _unmarked(token: lexer.Token, found: _Words) -> str:
    """The marked word that a bare one was meant to be, "" when none is likely."""
    typed, allowed = token.raw.casefold(), edits.SHAPES[found.verb.name].marks
    if typed in allowed or edits.ALIASES.get(typed) in allowed:
        return edits.MARKS[edits.ALIASES.get(typed, typed)].example
    if "as" in allowed and typed in found.outcomes:
        return f"as:{typed}"
    if typed[:1] in {"+", "-"} and typed[1:2].isalpha() and "+tag" in allowed:
        return f"{typed[0]}tag:{lexer.quote(token.values[0].text[1:]) if len(token.values) == 1 else token.raw[1:]}"
    if found.verb.name == "tag" and found.ids and not found.marked:
        return f"+tag:{token.raw}"
    return ""


def _joined(dash: lexer.Token, found: _Words) -> str:
    before = [one.raw for one in found.ids if one.end <= dash.start]
    after = [one.raw for one in found.ids if one.start >= dash.end]
    if not (before and after):
        return ""
    return found.whole(*before[:-1], f"{before[-1]}-{after[0]}", *after[1:])


def _undescribed(token: lexer.Token, found: _Words) -> lexer.Mistake:
    rest = " ".join(one.raw for one in found.others).replace('"', "'")
    fix = f'describe:"{rest}"'
    message = f"The new description is marked and stands in quotation marks: {fix}"
    return lexer.Mistake(message, token.start, found.others[-1].end, whole=found.whole(*(one.raw for one in found.ids), fix))


# --- filters ----------------------------------------------------------------------------------------------------------


def _query(found: _Words, context: references.Context) -> model.Query:
    first, last = found.filters[0], found.filters[-1]
    parts = [token.raw for token in found.filters]
    query = filters.read(found.filters, context.today, context.sources, context.systems)
    if found.verb.name == "delete":
        message = "delete takes ids, not a filter, which could take more than anybody has looked at. To find the ids: list."
        raise lexer.Mistake(message, first.start, last.end, whole=" ".join(["list", *parts]))
    if all(fields.ALIASES.get(token.key, token.key) in _NO_CHOICE for token in found.filters):
        named = phrases.both(list(dict.fromkeys(f"{token.key}:" for token in found.filters)))
        message = f"{named} alone would take everything. If you mean everything that is open, write status:open."
        raise lexer.Mistake(message, first.start, last.end, whole=found.whole(*parts, "status:open"))
    _check_status(found, query)
    return query


def _check_status(found: _Words, query: model.Query) -> None:
    status = next((token for token in found.filters if fields.find(token.key) is fields.BY_NAME["status"]), None)
    first = found.filters[0]
    if found.verb.name == "reopen":
        if not found.closed.isdisjoint(query.statuses) or "any" in query.statuses:
            return
        parts = [token.raw for token in found.filters if token is not status]
        why = f"{status.raw} selects what is not archived" if status else "Without a status, a filter selects what is not archived"
        message = f"{why}, and reopen brings archived ones back. Write status:archived."
        raise lexer.Mistake(
            message, (status or first).start, (status or found.filters[-1]).end, whole=found.whole(*parts, "status:archived")
        )
    if status is not None and query.statuses and found.closed.issuperset(query.statuses):
        raise closing(found, status)


# --- both, or the other of both ---------------------------------------------------------------------------------------


def _both(found: _Words, context: references.Context) -> lexer.Mistake:
    """Ids and filter words together. Often the filter word was meant as a change."""
    ids = [token.raw for token in found.ids]
    for token in found.filters:
        name = fields.ALIASES.get(token.key, token.key)
        if name == "status" and not found.outcome:
            return closing(found, token)
        meant = _MARKED.get(name, "")
        if meant in edits.SHAPES[found.verb.name].marks and token.values:
            fix = f"{meant}:{token.raw[token.key_end - token.start :]}"
            message = f"{name}: selects, and the ids select already. To change it write {fix}"
            return lexer.Mistake(message, token.start, token.end, fix=fix)
    refs = references.read(found.ids, context)
    same_system = len({ref.source for ref in refs}) == 1
    as_filter = references.as_filter(refs, context) if len(refs) <= _FEW and same_system and found.verb.name != "delete" else ""
    hint = f" As a filter, the ids are {phrases.brief(as_filter)}" if as_filter else ""
    whole = found.whole(as_filter, *(token.raw for token in found.filters)) if as_filter else found.whole(*ids)
    message = f"Select by ids or by a filter, not by both.{hint}"
    return lexer.Mistake(message, found.filters[0].start, found.filters[-1].end, whole=whole)


def closing(found: _Words, status: lexer.Token) -> lexer.Mistake:
    """A status that was meant to be set, where it selects: say which verb sets it."""
    kept = [token.raw for token in sorted([*found.ids, *found.filters], key=lambda one: one.start) if token is not status]
    typed = status.values[0].text if status.values else ""
    wanted = fields.STATUSES.get(typed.casefold(), "")
    if wanted in found.closed:
        return _close_instead(found, status, kept, typed, wanted)
    verb = {"acknowledged": "ack", "active": "unack", "open": "unack"}.get(wanted, found.verb.name)
    if verb == found.verb.name:
        message = "status: selects, and the ids select already. Leave it out."
        return lexer.Mistake(message, status.start, status.end, whole=found.whole(*kept))
    allowed = [token for token in found.marked if edits.mark(token) in edits.SHAPES[verb].marks]
    whole = found.whole(*kept, verb=verb, marked=allowed)
    message = f"status: selects, and the ids select already. To make them {typed}, write {verb}: {phrases.brief(whole)}"
    return lexer.Mistake(message, status.start, status.end, whole=whole)


def _close_instead(found: _Words, status: lexer.Token, kept: Sequence[str], typed: str, wanted: str) -> lexer.Mistake:
    outcome = f"as:{wanted}" if wanted in found.outcomes else ""
    reopened = " ".join(["reopen", *kept, status.raw])
    closed = found.whole(*kept, outcome, verb="archive")
    if not kept or found.outcome:
        why = f"{status.raw} selects archived anomalies, and {found.verb.name} does not change those"
        message = f"{why}. To bring them back: {phrases.brief(reopened)}"
        return lexer.Mistake(message, status.start, status.end, whole=reopened)
    if not outcome:
        how = edits.outcomes_told(found.closing)
        message = f"status: selects, and archived is not set by {found.verb.name}. Closing is archive, with the reason: {how}."
        return lexer.Mistake(message, status.start, status.end, whole="")
    if found.verb.name == "archive":
        message = f"status: selects. How an anomaly is closed is said by {outcome}: {phrases.brief(closed)}"
    else:
        message = (
            f"{found.verb.name} does not make an anomaly {typed}: that closes it, and closing is archive. Write {phrases.brief(closed)}"
        )
    return lexer.Mistake(message, status.start, status.end, whole=closed)
