"""References: ids as people type them, paste them from a spreadsheet, and copy them as links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib import parse

from bot import model
from bot.core import lookup, phrases
from bot.core.grammar import idents, lexer, systems

RANGE_MAX = 1_000
"""The most ids that `1001-1005` may stand for: a slip of the finger must not select a whole system."""

REFS_MAX = 5_000
"""The most ids of one command. More are selected by a filter."""

_LINK = re.compile(r"(?:https?://)?([^\s/]+\.[^\s/]+|[^\s/]+:[0-9]+)(/\S*)", re.IGNORECASE)
_RANGE = re.compile(r"#?([0-9]{1,18}) *- *#?([0-9]{1,18})")
_PIECE = re.compile(r"[^\s,;|]+")
_BEGINS = re.compile(r"[#(\[~_*`'\"]*\d|https?://\S+/", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What a command is read against: the day of the person who typed it, the connected systems, the system of a bare id ("": whichever has
    it), the ways of closing of each system that has told them, and what else the systems bring."""

    today: date
    sources: Sequence[str]
    default_source: str
    closings: Mapping[str, Sequence[model.Closing]] = field(default_factory=dict)
    systems: systems.Systems = systems.NONE

    @property
    def closing(self) -> Sequence[model.Closing]:
        """Every way in which people close anomalies of one of these systems."""
        return [one for some in self.closings.values() for one in some if one.chosen]


def read(found: Sequence[lexer.Token], context: Context) -> tuple[model.Ref, ...]:
    """References in the order typed, each once: `1001`, `#1001`, `system:1001`, `1001-1005`, lists, pasted columns, links, with
    bullets, dots or marks around them. Raises Mistake."""
    refs: dict[model.Ref, None] = {}
    for token in (_whole(one, context) for one in found):
        idents.check_thousands(token)
        for value in _values(token, context):
            refs.update(dict.fromkeys(_refs(token, value, context)))
            if len(refs) > REFS_MAX:
                message = f"These are more than {REFS_MAX:,} ids. Select so many by a filter, like status:active since:7d."
                raise lexer.Mistake(message, value.start, token.end)
    return tuple(refs)


def one(text: str, context: Context) -> model.Ref:
    """The one reference that this text is: an id, `system:1001`, or a link. Raises Mistake."""
    found = read(tuple(lexer.walk(text)), context)
    if len(found) != 1:
        raise lexer.Mistake("It takes one anomaly: an id, or a link to it.", 0, len(text))
    return found[0]


def looks_like(token: lexer.Token, context: Context) -> bool:
    """Whether this word is one or more references."""
    try:
        return bool(read([token], context))
    except lexer.Mistake:
        return False


def meant(token: lexer.Token, context: Context) -> bool:
    """Whether this word was meant as references, be they right or wrong."""
    if token.key:
        return token.key in context.sources or not _whole(token, context).key
    return any(_BEGINS.match(value.text) for value in token.values) or looks_like(token, context)


def _whole(token: lexer.Token, context: Context) -> lexer.Token:
    """A word whose colon belongs to an id as a system says that its ids look: it names no system and selects nothing."""
    if not token.values or not token.key or token.key in context.sources or context.systems.find(token.key):
        return token
    first = token.values[0]
    text = token.raw[: first.end - token.start]
    if not context.systems.homes(text):
        return token
    return replace(token, key="", key_end=token.start, values=(lexer.Value(text, token.start, first.end), *token.values[1:]))


def typed(ref: model.Ref, context: Context) -> str:
    """The reference as short as it can be typed."""
    return ref.id if ref.source in ("", context.default_source) else str(ref)


def as_filter(found: Sequence[model.Ref], context: Context) -> str:
    """The filter that selects these references, which are of one system."""
    ids = "id:" + ",".join(lexer.quote(ref.id) for ref in found)
    return ids if found[0].source in ("", context.default_source) else f"source:{found[0].source} {ids}"


_MENTIONED = re.compile(r"https?://([^\s/?#<>|\"]+)(?=/)", re.IGNORECASE)

_LINK_TOO = "The link to the anomaly works, too."

MENTIONED_MAX = 50
"""So many links of one message are followed."""


def mentioned(said: str, known: systems.Systems) -> tuple[model.Ref, ...]:
    """The anomalies whose links stand in a text that nobody wrote as a command, each once; of the systems whose hosts these are."""
    found: dict[model.Ref, None] = {}
    for link in _MENTIONED.finditer(said):
        source = known.owner(link[1])
        path = re.compile(known.idents[source].path, re.IGNORECASE).match(said, link.end()) if source else None
        ident = parse.unquote(path[1]).rstrip("._-:") if path else ""
        if ident and (known.fits(source, ident) or not known.idents[source].form):
            found[model.Ref(source, ident)] = None
    return tuple(found)[:MENTIONED_MAX]


def _values(token: lexer.Token, context: Context) -> Iterator[lexer.Value]:
    """The values of a word, and the cells of a spreadsheet within each."""
    if not token.values and (token.key or "," not in token.raw):
        raise lexer.Mistake(f"This is not the id of an anomaly. {context.systems.look()} {_LINK_TOO}", token.start, token.end)
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
    link = _LINK.fullmatch(idents.bare(value.text))
    if link and not (context.systems.fits(token.key, value.text) or context.systems.homes(value.text)):
        return [_linked(link, token, value, context)]
    source, ident = _parted(token, value, context)
    ident = idents.bare(ident)
    span = _RANGE.fullmatch(ident)
    if span and context.systems.fits(source, ident) and not context.systems.fits(source, span[1]):
        span = None  # a system whose ids are never plain numbers
    found = _between(span, value, ident) if span else [_ident(ident, value, source, context)]
    return [model.Ref(source or context.default_source, one) for one in found]


def _parted(token: lexer.Token, value: lexer.Value, context: Context) -> tuple[str, str]:
    """The system that is named ("" for none), and the id: parted at the first colon, and only behind the name of a system, since ids may
    have colons of their own."""
    head, colon, rest = value.text.partition(":")
    if colon and head.casefold() in context.sources:
        return head.casefold(), rest
    if token.key and token.key not in context.sources:
        raise unknown_source(token.key, token, value, context)
    own = context.systems.fits(token.key, value.text) if token.key else context.systems.homes(value.text)
    if colon and not own:
        raise unknown_source(head.casefold(), token, value, context)
    return token.key, value.text


def _linked(link: re.Match[str], token: lexer.Token, value: lexer.Value, context: Context) -> model.Ref:
    """The anomaly of a link: of the system that has its web pages there."""
    known = context.systems
    owner = known.owner(link[1])
    if not owner:
        hosts = phrases.either([host for idents in known.idents.values() for host in idents.hosts])
        hint = f" Their web pages are at {hosts}." if hosts else ""
        message = f"No system that is connected here has its web pages at {phrases.cut(link[1], 80)}.{hint}"
        raise lexer.Mistake(message, value.start, value.end)
    path = re.compile(known.idents[owner].path + r"(?:[/?#].*)?", re.IGNORECASE).fullmatch(link[2])
    if path is None or (token.key and token.key != owner):
        raise lexer.Mistake(f"This link leads to {known.titles[owner]}, but to none of its anomalies.", value.start, value.end)
    return model.Ref(owner, _ident(idents.bare(parse.unquote(path[1])), value, owner, context))


def _ident(ident: str, value: lexer.Value, source: str, context: Context) -> str:
    """The id when it can be one: as its system says how its ids look, else as ids usually look."""
    home = source or context.default_source
    wordy = not (source or any(letter.isdigit() for letter in ident))
    if not wordy and (context.systems.fits(home, ident) or (not home and context.systems.homes(ident))):
        return ident
    hint = f"{context.systems.look(home)} {_LINK_TOO}"
    why = idents.wrong(ident, hint)
    if not why and (wordy or home in context.systems.idents or (not home and context.systems.idents)):
        why = hint
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
