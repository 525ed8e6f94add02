"""References: ids as people type them, paste them from a spreadsheet, and copy them as links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bot import model
from bot.core import lookup, phrases
from bot.core.grammar import idents, lexer

RANGE_MAX = 1_000
"""The most ids that `1001-1005` may stand for: a slip of the finger must not select a whole system."""

REFS_MAX = 5_000
"""The most ids of one command. More are selected by a filter."""

_LINK = re.compile(r"(?:https?://)?[^\s/]+/(?:[^\s?#]*/)?anomalies/([^\s/?#]+)", re.IGNORECASE)
_RANGE = re.compile(r"#?([0-9]{1,18}) *- *#?([0-9]{1,18})")
_PIECE = re.compile(r"[^\s,;|]+")
_BEGINS = re.compile(r"[#(\[~_*`'\"]*\d|https?://\S+/anomalies/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What a command is read against: the day of the person who typed it, the connected systems, the system of a bare id, and the ways of
    closing of each system that has told them."""

    today: date
    sources: Sequence[str]
    default_source: str
    closings: Mapping[str, Sequence[model.Closing]] = field(default_factory=dict)

    @property
    def closing(self) -> Sequence[model.Closing]:
        """Every way in which people close anomalies of one of these systems."""
        return [one for some in self.closings.values() for one in some if one.chosen]


def read(found: Sequence[lexer.Token], context: Context) -> tuple[model.Ref, ...]:
    """References in the order typed, each once: `1001`, `#1001`, `qualytics:1001`, `1001-1005`, lists, pasted columns, links, with
    bullets, dots or marks around them. Raises Mistake."""
    refs: dict[model.Ref, None] = {}
    for token in found:
        idents.check_thousands(token)
        for value in _values(token):
            refs.update(dict.fromkeys(_refs(token, value, context)))
            if len(refs) > REFS_MAX:
                message = f"These are more than {REFS_MAX:,} ids. Select so many by a filter, like status:open table:orders."
                raise lexer.Mistake(message, value.start, token.end)
    return tuple(refs)


def looks_like(token: lexer.Token, context: Context) -> bool:
    """Whether this word is one or more references."""
    try:
        return bool(read([token], context))
    except lexer.Mistake:
        return False


def meant(token: lexer.Token, context: Context) -> bool:
    """Whether this word was meant as references, be they right or wrong."""
    if token.key:
        return token.key in context.sources
    return any(_BEGINS.match(value.text) for value in token.values) or looks_like(token, context)


def typed(ref: model.Ref, context: Context) -> str:
    """The reference as short as it can be typed."""
    return ref.id if ref.source == context.default_source else str(ref)


def as_filter(found: Sequence[model.Ref], context: Context) -> str:
    """The filter that selects these references, which are of one system."""
    ids = "id:" + ",".join(ref.id for ref in found)
    return ids if found[0].source == context.default_source else f"source:{found[0].source} {ids}"


_MENTIONED = re.compile(r"https?://[^\s<>|]+/anomalies/([A-Za-z0-9][A-Za-z0-9._-]{0,199})", re.IGNORECASE)

MENTIONED_MAX = 50
"""So many links of one message are followed."""


def mentioned(said: str, source: str) -> tuple[model.Ref, ...]:
    """The anomalies whose links stand in a text that nobody wrote as a command, each once; of the system `source`."""
    idents = (match[1].rstrip("._-") for match in _MENTIONED.finditer(said))
    return tuple(model.Ref(source, ident) for ident in list(dict.fromkeys(idents))[:MENTIONED_MAX])


def _values(token: lexer.Token) -> Iterator[lexer.Value]:
    """The values of a word, and the cells of a spreadsheet within each."""
    if not token.values and (token.key or "," not in token.raw):
        raise lexer.Mistake("This is not the id of an anomaly. Ids look like 1001 or qualytics:1001.", token.start, token.end)
    for value in map(idents.plain, token.values):
        pieces = list(_PIECE.finditer(value.text))
        if not pieces or pieces[0][0] == value.text or _LINK.match(value.text) or _RANGE.fullmatch(value.text):
            yield value
            continue
        quoted = value.end - value.start - len(value.text) != 0
        for piece in pieces:
            start, end = (value.start, value.end) if quoted else (value.start + piece.start(), value.start + piece.end())
            yield lexer.Value(piece[0], start, end)


def _refs(token: lexer.Token, value: lexer.Value, context: Context) -> Sequence[model.Ref]:
    source, colon, ident = value.text.rpartition(":") if "/" not in value.text else ("", "", value.text)
    source = source.casefold() if colon else token.key
    if source and source not in context.sources:
        raise unknown_source(source, token, value, context)
    if not (source or context.default_source):
        raise lexer.Mistake(
            f"Say which system {phrases.quoted(value.text)} belongs to, like qualytics:{ident[:40]}.", value.start, value.end
        )
    ident = idents.bare(ident)
    span = _RANGE.fullmatch(ident)
    found = _between(span, value, ident) if span else [_ident(ident, value, bool(source))]
    return [model.Ref(source or context.default_source, one) for one in found]


def _ident(ident: str, value: lexer.Value, named: bool) -> str:
    link = _LINK.match(ident)
    ident = idents.bare(link[1]) if link else ident
    why = idents.wrong(ident)
    if not why and not (named or any(letter.isdigit() for letter in ident)):
        why = "Ids look like 1001 or qualytics:1001; a link to the anomaly works, too."
    if why:
        raise lexer.Mistake(f"{phrases.quoted(value.text)} is not the id of an anomaly. {why}", value.start, value.end)
    return ident


def _between(span: re.Match[str], value: lexer.Value, ident: str) -> Sequence[str]:
    first, last = int(span[1]), int(span[2])
    if last < first:
        short = span[1][: -len(span[2])] + span[2]
        fix = f"{first}-{short}" if int(short) > first else f"{last}-{first}"
        message = f"{phrases.quoted(ident)} runs backwards. Did you mean {fix}?"
        raise lexer.Mistake(message, value.start, value.end, fix=value.text.removesuffix(ident) + fix)
    if last - first >= RANGE_MAX:
        hint = f"A range has at most {RANGE_MAX:,}; select more by a filter."
        raise lexer.Mistake(f"{phrases.quoted(ident)} are {last - first + 1:,} ids. {hint}", value.start, value.end)
    return [str(number) for number in range(first, last + 1)]


def unknown_source(source: str, token: lexer.Token, value: lexer.Value, context: Context) -> lexer.Mistake:
    """The mistake of naming a system that is not connected."""
    start = token.start if source == token.key else value.start
    end = token.key_end - 1 if source == token.key else value.start + len(source)
    near = lookup.nearest(source, context.sources)
    hint = f"Did you mean {near}?" if near else f"Connected: {', '.join(context.sources) or 'none'}."
    return lexer.Mistake(f"No system called {phrases.quoted(source)} is connected here. {hint}", start, end, fix=near)
