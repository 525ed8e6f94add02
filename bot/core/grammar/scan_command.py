"""`/scan`: what to run, on which datastores, and on which of their tables; by the same words and mistakes as every other command."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.core import phrases
from bot.core.grammar import cleaning, cli_aliases, hints, lexer, references, scan_fields, systems, verbs

SLASH = verbs.SCAN_SLASH
VERBS = verbs.SCAN_VERBS
BY_NAME = verbs.SCAN_BY_NAME


@dataclass(frozen=True, slots=True)
class ScanCommand:
    """A `/scan` command, understood. `verb` is form, help, scan, sync, profile, materialize, export, daily, detect, status or abort.

    Datastores, tables and tags are names or ids as typed, each once. `auto_resolve` None leaves it to the system. `asset` is what an export
    takes: anomalies, checks or profiles. `ident` is the operation of a status ("" is all) or an abort, `span` what is looked at by detect.
    `source` is the system where one is named, "" for the default. `text` is the clean text.
    """

    verb: str
    datastores: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    incremental: bool = False
    auto_resolve: bool | None = None
    asset: str = ""
    ident: str = ""
    text: str = ""
    source: str = ""
    span: str = ""


@dataclass(frozen=True, slots=True)
class Scanned:
    """What examples name: a datastore, and a table in it where one is known."""

    datastore: str = ""
    table: str = ""


ANY = Scanned()
"""Where nobody knows any: examples name a warehouse."""


def example(verb: str, scanned: Scanned = ANY) -> str:
    """An example of a verb, with names that are there, as a person types it."""
    known = BY_NAME[verb]
    if known.takes is not verbs.Takes.DATASTORES or not scanned.datastore.strip():
        return known.example
    tables = (scanned.table,) if scanned.table.strip() and verb in ("scan", "profile") else ()
    asset = "checks" if verb == "export" else ""
    return _spelled(ScanCommand(verb, (scanned.datastore,), tables, incremental=verb == "daily", asset=asset))


@dataclass(frozen=True, slots=True)
class _Typed:
    """What follows a verb. `named` says that the verb was typed; without one, it is a scan. `scanned` is what its example names."""

    verb: verbs.Verb
    rest: Sequence[lexer.Token]
    plain: str
    context: references.Context
    named: bool
    scanned: Scanned = ANY


_Said = Mapping[str, Sequence[scan_fields.Said]]


def scan(
    text: str, *, sources: Sequence[str], default_source: str, systems: systems.Systems = systems.NONE, scanned: Scanned = ANY
) -> ScanCommand:
    """Read what somebody typed after `/scan`, as Slack sent it. Raises BadCommand, and nothing else.

    `sources` are the names of the connected systems, `default_source` the one that is meant when none is named, `systems` what these bring
    to the grammar, `scanned` what the example in a refusal names.
    """
    context = references.Context(date.min, sources, default_source, systems=systems)  # no word of /scan is a day
    by_name = {name: replace(verb, example=example(verb.name, scanned)) for name, verb in BY_NAME.items()}
    return hints.understood(text, SLASH, by_name, by_name["scan"].example, lambda plain: _read(plain, context, by_name, scanned))


def scan_words(command: ScanCommand) -> str:
    """The command as text behind `/scan` that reads back as the same command."""
    words = _spelled(command)
    return words if cleaning.clean(words) == words else words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _spelled(command: ScanCommand) -> str:
    """The same as a person types it, before Slack escapes what looks like a mention."""
    parts = [] if command.verb in {"form", "scan"} else [command.verb]
    if command.source and not command.ident:
        parts.append(f"source:{lexer.quote(command.source)}")
    if command.asset:
        parts.append(f"of:{command.asset}")
    if command.ident:
        parts.append(f"{command.source}:{command.ident}" if command.source else command.ident)
    if command.span:
        parts.append(command.span)
    if command.datastores:
        parts.append(scan_fields.listed("", command.datastores))
    parts.extend(scan_fields.listed(f"{name}:", getattr(command, name)) for name in ("tables", "tags") if getattr(command, name))
    if command.incremental:
        parts.append("incremental")
    if command.auto_resolve is not None:
        parts.append("auto-resolve:on" if command.auto_resolve else "auto-resolve:off")
    return " ".join(parts)


def _read(plain: str, context: references.Context, by_name: Mapping[str, verbs.Verb], scanned: Scanned) -> ScanCommand:
    found = lexer.split(plain)
    if found and found[0].raw == SLASH:
        found = found[1:]
    if not found:
        return ScanCommand("form", text=plain)
    verb = _verb(found[0], by_name)
    rest = scan_fields.joined(found[1:] if verb else found)
    typed = _Typed(verb or by_name["scan"], rest, plain, context, verb is not None, scanned)
    if typed.verb.takes in (verbs.Takes.NOTHING, verbs.Takes.ANYTHING):
        return _alone(typed)
    if typed.verb.takes is verbs.Takes.SPAN:
        return _span(typed)
    cli_aliases.check_scan_flags(typed.verb.name if typed.named else "", rest, context.systems)
    return _operation(typed) if typed.verb.takes is verbs.Takes.OPERATION else _run(typed)


def _verb(token: lexer.Token, by_name: Mapping[str, verbs.Verb]) -> verbs.Verb | None:
    """The verb that the first word is; in quotation marks, or with a comma behind it, it is a name."""
    plain = not token.key and len(token.values) == 1 and not token.values[0].quoted and not token.open_ended
    return by_name.get(token.raw.casefold()) if plain else None


def _alone(typed: _Typed) -> ScanCommand:
    if typed.rest and typed.verb.takes is verbs.Takes.NOTHING:
        rest = " ".join(token.raw for token in typed.rest)
        message = f"The form opens when nothing follows {SLASH}. Leave out what follows, or the word {typed.verb.name}: {_short(rest)}"
        raise lexer.Mistake(message, typed.rest[0].start, typed.rest[-1].end, whole=SLASH)
    return ScanCommand(typed.verb.name, text=typed.plain)


_SPAN = re.compile(r"[1-9][0-9]{0,3}(?:min|[hdw])")


def _span(typed: _Typed) -> ScanCommand:
    """A length of time, and a system where one is named."""
    verb, source, spans = typed.verb, "", list[lexer.Token]()
    for token in typed.rest:
        if token.key in ("source", "system") and len(token.values) == 1:
            source = _named(token.values[0].text.casefold(), typed.context)
        else:
            spans.append(token)
    if len(spans) != 1 or not _SPAN.fullmatch(spans[0].raw.casefold()):
        start, end = (spans[0].start, spans[-1].end) if spans else (len(typed.plain), len(typed.plain))
        message = f"{verb.name} takes a length of time that ends now, like {verb.example}."
        raise lexer.Mistake(message, start, end, whole=verb.example)
    return ScanCommand(verb.name, text=typed.plain, source=source, span=spans[0].raw.casefold())


# --- one operation: status, abort ------------------------------------------------------------------------------------------


def _operation(typed: _Typed) -> ScanCommand:
    verb, rest = typed.verb, typed.rest
    if not rest:
        if verb.name == "status":
            return ScanCommand(verb.name, text=typed.plain)
        message = f"Say which operation: {verb.name} takes its id, like {verb.example}. {SLASH} status lists what runs."
        raise lexer.Mistake(message, len(typed.plain), len(typed.plain), whole="status")
    source, ident = _ident(typed, rest[0])
    if len(rest) > 1 or len(rest[0].values) > 1:
        whole = scan_words(ScanCommand(verb.name, ident=ident, source=source))
        message = f"{verb.name} takes one operation at a time: {whole}"
        raise lexer.Mistake(message, rest[0].start, rest[-1].end, whole=whole)
    return ScanCommand(verb.name, ident=ident, text=typed.plain, source=source)


def _ident(typed: _Typed, token: lexer.Token) -> tuple[str, str]:
    """The system where one is named, and the id of an operation."""
    value = token.values[0] if token.values else lexer.Value("", token.start, token.end)
    ident = scan_fields.ident(value.text)
    if ident and (not token.key or token.key in scan_fields.IDENTS):
        return "", ident
    if ident and token.key in typed.context.sources:
        return _named(token.key, typed.context), ident
    if ident and scan_fields.is_unknown(token.key):
        raise references.unknown_source(token.key, token, value, typed.context)
    hint = f"{typed.verb.name} takes the id of an operation, like {typed.verb.example}."
    alone = f" {SLASH} status alone says what runs and what ran last."
    message = f"{phrases.quoted(token.raw)} is not the id of an operation. {hint}{alone}"
    raise lexer.Mistake(message, token.start, token.end, whole="status")


def _named(source: str, context: references.Context) -> str:
    return "" if source == context.default_source else source


# --- something to run: scan, sync, profile, materialize, export, daily -------------------------------------------------------


def _run(typed: _Typed) -> ScanCommand:
    said = scan_fields.sort(typed.rest, typed.verb.name if typed.named else "", typed.context)
    if not typed.named:
        _check_first(typed, said)
    read = {name: scan_fields.OPTIONS[name].read(name, found) for name, found in said.items()}
    draft = ScanCommand(
        typed.verb.name,
        datastores=read.get("datastores", ()),
        tables=read.get("tables", ()),
        tags=read.get("tags", ()),
        incremental=read.get("incremental", False),
        auto_resolve=read.get("auto-resolve"),
        asset=read.get("of", scan_fields.ASSETS[0] if typed.verb.name == "export" else ""),
        text=typed.plain,
        source=_named(read.get("source", typed.context.default_source), typed.context),
    )
    for check in _CHECKS:
        check(typed, said, draft)
    return draft


def _check_first(typed: _Typed, said: _Said) -> None:
    """A first word that is nearly a verb, with more words like datastores behind it, was probably meant as the verb."""
    if len(said.get("datastores", ())) < 2:
        return
    first = typed.rest[0]
    if first.key or len(first.values) != 1 or first.values[0].quoted:
        return
    near = scan_fields.nearly_a_verb(first.raw)
    if near:
        message = f"There is no command {phrases.quoted(first.raw)}. Did you mean {near}? {scan_fields.or_a_name(first.raw)}"
        raise lexer.Mistake(message, first.start, first.end, fix=near)


def _check_allowed(typed: _Typed, said: _Said, draft: ScanCommand) -> None:
    verb = typed.verb.name
    for name, found in said.items():
        option = scan_fields.OPTIONS[name]
        if verb in option.verbs:
            continue
        bare = replace(draft, tables=(), tags=(), incremental=False, auto_resolve=None, asset="")
        whole = scan_words(replace(bare, verb="export", asset=draft.asset) if name == "of" else bare)
        message = f"{verb} takes no {option.label}: {option.refused.get(verb, option.about)}"
        raise lexer.Mistake(message, found[0].start, found[0].end, whole=whole)


def _check_narrowed(typed: _Typed, said: _Said, draft: ScanCommand) -> None:
    if draft.tables and draft.tags:
        later = max(said["tables"][0], said["tags"][0], key=lambda one: one.start)
        kept = replace(draft, tables=()) if later is said["tables"][0] else replace(draft, tags=())
        message = f"Tables or tags, not both kinds in one command. Leave one of the two out: {_short(scan_words(kept))}"
        raise lexer.Mistake(message, later.start, later.end, whole=scan_words(kept))


def _check_kinds(typed: _Typed, said: _Said, draft: ScanCommand) -> None:
    """Tables go to the system either by name or by id."""
    ids = [one for one in said.get("tables", ()) if scan_fields.is_id(one.value)]
    names = [one for one in said.get("tables", ()) if one not in ids]
    if ids and names:
        kept = scan_words(replace(draft, tables=scan_fields.OPTIONS["tables"].read("tables", names)))
        message = (
            f"Names or ids of tables, not both at once: words of digits alone are ids. With the names alone: {_short(kept)}. "
            "A table whose name is a number stands in quotation marks."
        )
        raise lexer.Mistake(message, ids[0].value.start, ids[0].value.end, whole=kept)


def _check_incremental(typed: _Typed, said: _Said, draft: ScanCommand) -> None:
    if draft.incremental and draft.auto_resolve:
        found = said["auto-resolve"][0]
        kept = scan_words(replace(draft, auto_resolve=None))
        message = f"An incremental scan never auto-resolves: leave out one of the two. For instance {_short(kept)}"
        raise lexer.Mistake(message, found.start, found.end, whole=kept)


def _check_datastores(typed: _Typed, said: _Said, draft: ScanCommand) -> None:
    if draft.datastores:
        return
    end = len(typed.plain)
    verb = typed.verb
    name = f" {scan_fields.or_a_name(typed.plain.removeprefix(SLASH).split()[0])}" if typed.named else ""
    message = f"Say which datastore: {verb.name} takes names or ids, like {verb.example}.{name}"
    raise lexer.Mistake(message, end, end, whole=scan_words(replace(draft, datastores=(typed.scanned.datastore.strip() or "warehouse",))))


_CHECKS: tuple[Callable[[_Typed, _Said, ScanCommand], None], ...] = (
    _check_allowed,
    _check_narrowed,
    _check_kinds,
    _check_incremental,
    _check_datastores,
)


def _short(command: str) -> str:
    """A command for a sentence; the whole of it is the example below."""
    return command if len(command) <= 120 else f"{command[:117]}..."
