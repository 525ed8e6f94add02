"""The words of `/scan`: what may follow a verb, how each word is read and written, and what else people type there."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.core import lookup, phrases
from bot.core.grammar import edits, fields, lexer, references, verbs

ASSETS = ("anomalies", "checks", "profiles")
"""What an export can take, the usual one first."""

FORM = "/scan alone opens a form with record limits, since, batch and the enrichment limit."

UNOFFERED: Mapping[str, str] = {
    "prune": "it drops from the catalogue what a sync did not find",
    "recreate": "it drops the whole catalogue and builds it anew",
}
"""What a sync can do and this desk never does."""

IDENTS = frozenset({"id", "operation", "op"})
"""Words before the id of an operation; understood, not documented."""

_RUNS = ("scan", "sync", "profile", "materialize", "export", "daily")
_NARROWED = ("scan", "profile", "materialize", "export", "daily")
_SCANS = ("scan", "daily")
_TAKES = "/scan takes datastores, tables: or tags:, incremental and auto-resolve:."
_WHOLE = "it covers the whole datastore. Leave it out."
_SWITCH = {"on": True, "yes": True, "true": True, "off": False, "no": False, "false": False}
_EVERYTHING = frozenset({"all", "everything", "any", "*"})
_BETWEEN = frozenset({"and", "in", "of", "for"})
"""Small words that people put between others."""
_FORM_WORDS = frozenset(
    {"record", "records", "max-records", "limit", "since", "until", "from", "to", "batch", "greater-than", "greater-than-time",
     "greater-than-batch", "rows", "source-rows", "enrichment", "enrichment-limit"}
)  # fmt: skip
_IDENT = re.compile(r"#?((?=[A-Za-z._-]*[0-9])[A-Za-z0-9][A-Za-z0-9._-]{0,63})")
_ID = re.compile(r"#?([0-9]{1,18})")
_NUMBER = re.compile(r"[0-9]{1,18}")
_PLAIN = re.compile(r"\w[\w.$/-]*")


@dataclass(frozen=True, slots=True)
class Said:
    """One value of a word, and where the word that it belongs to stands."""

    value: lexer.Value
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Option:
    """What may follow a verb: its label, the verbs that take it, and what to tell the others. `read` makes the kept value of what was
    typed and raises Mistake."""

    label: str
    example: str
    about: str
    verbs: tuple[str, ...]
    read: Callable[[str, Sequence[Said]], Any]
    refused: Mapping[str, str] = field(default_factory=dict)


# --- reading ------------------------------------------------------------------------------------------------------------


def ident(text: str) -> str:
    """The id of an operation without its hash, "" when this is none."""
    found = _IDENT.fullmatch(text)
    return found[1] if found else ""


def is_unknown(key: str) -> bool:
    """Whether this is a word of no command."""
    return key not in OPTIONS and key not in ALIASES and fields.find(key) is None


def is_id(value: lexer.Value) -> bool:
    """Whether this names a place by its id; in quotation marks, a number is a name."""
    return not value.quoted and _ID.fullmatch(value.text) is not None


def _names(name: str, found: Sequence[Said]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_name(name, one) for one in found))


def _name(name: str, one: Said) -> str:
    value = one.value
    if not value.text.strip():
        raise lexer.Mistake("There is nothing between the quotation marks.", value.start, value.end)
    if name in ("tables", "tags") and not value.quoted and value.text.casefold() in _EVERYTHING:
        message = f"Without tables: and tags:, the whole datastore is taken: leave {name}: out."
        raise lexer.Mistake(f"{message} {or_a_name(value.text)}", one.start, one.end, fix=" ")
    if name == "tags":
        return fields.tag(name, value).strip()
    found = _ID.fullmatch(value.text) if is_id(value) else None
    return found[1] if found else value.text.strip()


def _switch(name: str, found: Sequence[Said]) -> bool:
    last = found[-1]
    read = [_choice(name, one, _SWITCH, "on or off") for one in found]
    if len(set(read)) > 1:
        message = f"{name} is switched on and off at once. Leave one of the two out."
        raise lexer.Mistake(message, last.start, last.end, fix=" ")
    return bool(read[0])


def _asset(name: str, found: Sequence[Said]) -> str:
    assets = {word: asset for asset in ASSETS for word in (asset, asset.removesuffix("s"))} | {"anomaly": ASSETS[0]}
    read = [str(_choice(name, one, assets, "anomalies, checks or profiles")) for one in found]
    if len(set(read)) > 1:
        message = f"One export takes one kind: {phrases.either(ASSETS)}. Take them one after the other."
        raise lexer.Mistake(message, found[0].start, found[-1].end, fix=f"of:{read[0]}")
    return read[0]


def _choice(name: str, one: Said, choices: Mapping[str, Any], told: str) -> Any:
    typed = one.value.text.strip().casefold()
    if typed in choices:
        return choices[typed]
    near = lookup.nearest(typed, choices)
    hint = f"Did you mean {name}:{near}?" if near else f"Write {OPTIONS[name].example}."
    message = f"{phrases.quoted(one.value.text)} is not a value of {name}. {hint} It takes {told}."
    raise lexer.Mistake(message, one.value.start, one.value.end, fix=near)


def _source(name: str, found: Sequence[Said]) -> str:
    read = list(dict.fromkeys(one.value.text.casefold() for one in found))
    if len(read) > 1:
        message = f"One command runs in one system, and these are {' and '.join(read)}. Take them one after the other."
        raise lexer.Mistake(message, found[0].start, found[-1].end)
    return read[0]


OPTIONS: Mapping[str, Option] = {
    "datastores": Option("datastores", "datastore:warehouse", "leave them out.", _RUNS, _names),
    "tables": Option("tables", "tables:orders,customers", "leave them out.", _NARROWED, _names, {"sync": _WHOLE}),
    "tags": Option("tags", "tags:critical", "leave them out.", _NARROWED, _names, {"sync": _WHOLE}),
    "incremental": Option("incremental", "incremental", "that is for scan and daily. Leave it out.", _SCANS, _switch),
    "auto-resolve": Option("auto-resolve", "auto-resolve:off", "that is for scan and daily. Leave it out.", _SCANS, _switch),
    "of": Option("of", "of:checks", "that says what to export, like export of:checks warehouse.", ("export",), _asset),
    "source": Option("source", "source:name", "leave it out.", _RUNS, _source),
}

ALIASES: Mapping[str, str] = {
    "datastore": "datastores", "ds": "datastores", "table": "tables", "container": "tables", "containers": "tables", "tag": "tags",
    "inc": "incremental", "autoresolve": "auto-resolve", "asset": "of", "assets": "of", "asset-type": "of", "system": "source",
}  # fmt: skip
"""Words that people use for ours; understood, not documented."""

_FLAGS: Mapping[str, tuple[str, str]] = {
    "incremental": ("incremental", "on"), "inc": ("incremental", "on"), "full": ("incremental", "off"),
    "auto-resolve": ("auto-resolve", "on"), "autoresolve": ("auto-resolve", "on"),
    "no-auto-resolve": ("auto-resolve", "off"), "no-autoresolve": ("auto-resolve", "off"), "noautoresolve": ("auto-resolve", "off"),
}  # fmt: skip
"""Words that stand alone, and what they say."""

_COLON_MISSING = frozenset({"datastore", "datastores", "tables", "table", "tags", "tag", "container", "containers"})


# --- sorting ------------------------------------------------------------------------------------------------------------


def joined(found: Sequence[lexer.Token]) -> Sequence[lexer.Token]:
    """Lists in which a space stands at a comma, made whole; commas alone belong to the word before them."""
    kept: list[lexer.Token] = []
    for token in found:
        last = kept[-1] if kept else None
        if last is not None and _goes_on(last, token):
            values = (*last.values, *token.values)
            kept[-1] = replace(last, values=values, end=token.end, raw=f"{last.raw} {token.raw}", open_ended=token.open_ended)
        elif token.key or token.values:
            kept.append(token)
    return kept


def _goes_on(last: lexer.Token, token: lexer.Token) -> bool:
    return not token.key and (last.open_ended or token.raw.startswith(",")) and token.raw.casefold() not in _FLAGS


def sort(rest: Sequence[lexer.Token], verb: str, context: references.Context) -> Mapping[str, Sequence[Said]]:
    """What follows a verb by the name of the word, in the order typed. `verb` is "" when none was typed. Raises Mistake."""
    said: dict[str, list[Said]] = defaultdict(list)
    for index, token in enumerate(rest):
        following = rest[index + 1] if index + 1 < len(rest) else None
        pairs = _keyed(token, following, context) if token.key else _bare(token, following, verb, rest)
        for name, value in pairs:
            said[name].append(Said(value, token.start, token.end))
    return said


def _keyed(token: lexer.Token, following: lexer.Token | None, context: references.Context) -> Iterator[tuple[str, lexer.Value]]:
    name = ALIASES.get(token.key, token.key)
    if token.key in context.sources:
        yield "source", lexer.Value(token.key, token.start, token.key_end - 1)
        name = "datastores"
    if name not in OPTIONS:
        raise _unknown(token)
    if not token.values:
        raise _empty(name, token, following, context)
    for value in token.values:
        if name == "source" and value.text.casefold() not in context.sources:
            raise references.unknown_source(value.text.casefold(), token, value, context)
        yield name, value


def _empty(name: str, token: lexer.Token, following: lexer.Token | None, context: references.Context) -> lexer.Mistake:
    if following is not None and not following.key:
        fix = f"{token.raw}{following.raw}"
        return lexer.Mistake(f"Leave out the space after the colon: {fix}", token.start, following.end, fix=fix)
    example = f"source:{context.sources[0]}" if name == "source" and context.sources else OPTIONS[name].example
    return lexer.Mistake(f"{token.key}: needs a value, for example {example}", token.start, token.end, fix=example)


def _unknown(token: lexer.Token) -> lexer.Mistake:
    key = token.key
    if key in _FORM_WORDS:
        return lexer.Mistake(f"{key}: cannot be typed. {FORM}", token.start, token.end, whole=verbs.SCAN_SLASH)
    if key in UNOFFERED:
        return unoffered(key, token, fix=" ")
    if key in verbs.SCAN_BY_NAME and (fields.find(key) is None or any(ident(value.text) for value in token.values)):
        fix = f"{verbs.SCAN_BY_NAME[key].name} "
        message = f"There is no colon behind a verb: {fix}{token.raw[len(key) + 1 :]}"
        return lexer.Mistake(message, token.start, token.key_end, fix=fix)
    if fields.find(key) is not None:
        return lexer.Mistake(f"{key}: selects anomalies. {_TAKES}", token.start, token.end, fix=" ")
    if edits.mark(token):
        return lexer.Mistake(f"{key}: changes anomalies. {_TAKES}", token.start, token.end, fix=" ")
    near = lookup.nearest(key, [*OPTIONS, *ALIASES])
    near = ALIASES.get(near, near)
    hint = f"Did you mean {near}:?" if near else _TAKES
    fix = f"{near}:" if near else ""
    return lexer.Mistake(f"There is no word {phrases.quoted(key + ':')}. {hint}", token.start, token.key_end, fix=fix)


def unoffered(word: str, token: lexer.Token, *, fix: str = "", whole: str = "") -> lexer.Mistake:
    """The mistake of asking for what is not offered."""
    message = f"{token.raw} is not offered here: {UNOFFERED[word]}. Do that in the system itself."
    return lexer.Mistake(message, token.start, token.end, fix=fix, whole=whole)


# --- words that stand alone -----------------------------------------------------------------------------------------------


def _bare(token: lexer.Token, following: lexer.Token | None, verb: str, rest: Sequence[lexer.Token]) -> Iterator[tuple[str, lexer.Value]]:
    for value in token.values:
        word = value.text.casefold()
        if value.quoted:
            yield "datastores", value
        elif word in _FLAGS:
            name, said = _FLAGS[word]
            if following is not None and following.raw.casefold() in _SWITCH:
                fix = f"{name}:{following.raw}"
                raise lexer.Mistake(f"A colon joins the two: {fix}", value.start, following.end, fix=fix)
            yield name, lexer.Value(said, value.start, value.end)
        elif word not in _BETWEEN:
            mistake = _mistake(word, value, token, following, verb, rest)
            if mistake is not None:
                raise mistake
            yield "datastores", value


def _mistake(
    word: str, value: lexer.Value, token: lexer.Token, following: lexer.Token | None, verb: str, rest: Sequence[lexer.Token]
) -> lexer.Mistake | None:
    """What a word was meant as that looks like no datastore, None when it looks like one."""
    if word in UNOFFERED:
        return unoffered(word, token, fix=" ")
    if word in _VERBS:
        return _late_verb(word, value, token, verb, rest)
    if word in _COLON_MISSING:
        return _without_colon(value, token, following)
    if word in _EVERYTHING:
        message = f"Name the datastores: nothing runs on all of them at once. {or_a_name(value.text)}"
        return lexer.Mistake(message, value.start, value.end)
    if word in ASSETS and verb == "export":
        return lexer.Mistake(f"What to export is marked, like of:{word}. {or_a_name(word)}", value.start, value.end, fix=f"of:{word}")
    near = _nearly_an_option(word)
    if near:
        message = f"There is no word {phrases.quoted(value.text)}. Did you mean {near}? {or_a_name(value.text)}"
        return lexer.Mistake(message, value.start, value.end, fix=near)
    return None


_VERBS = frozenset(verb.name for verb in verbs.SCAN_VERBS)


def _late_verb(word: str, value: lexer.Value, token: lexer.Token, verb: str, rest: Sequence[lexer.Token]) -> lexer.Mistake:
    """A verb that is not the first word."""
    others = [one.raw for one in rest if one is not token]
    if verb or len(token.values) > 1 or not others:
        first = f"One command has one verb, and this one has {verb} already. " if verb else ""
        return lexer.Mistake(first + or_a_name(value.text), value.start, value.end, fix=lexer.quote(value.text, always=True))
    whole = " ".join([word, *others])
    message = f"The verb comes first: {phrases.brief(whole)}. {or_a_name(value.text)}"
    return lexer.Mistake(message, value.start, value.end, whole=whole)


def _without_colon(value: lexer.Value, token: lexer.Token, following: lexer.Token | None) -> lexer.Mistake:
    name = ALIASES.get(value.text.casefold(), value.text.casefold())
    joins = following is not None and not following.key and len(token.values) == 1
    word = "datastore" if name == "datastores" else name
    fix = f"{word}:{following.raw}" if joins and following else OPTIONS[name].example
    end = following.end if joins and following else value.end
    message = f"{word}: needs a colon and a value, like {phrases.cut(fix, 80)}. {or_a_name(value.text)}"
    return lexer.Mistake(message, value.start, end, fix=fix)


def or_a_name(word: str) -> str:
    """How a name is typed that looks like something else."""
    return f"If it is a name, put it into quotation marks: {lexer.quote(word[:40], always=True)}"


def nearly_a_verb(word: str) -> str:
    """The verb that this word was probably meant as, "" when none is very near."""
    known = [name for name in verbs.SCAN_BY_NAME if name in _VERBS or len(name) > 5]
    near = difflib.get_close_matches(word[:40].casefold(), known, n=1, cutoff=0.75)
    return verbs.SCAN_BY_NAME[near[0]].name if near else ""


def _nearly_an_option(word: str) -> str:
    return next(iter(difflib.get_close_matches(word[:40], ("incremental", "auto-resolve", "no-auto-resolve"), n=1, cutoff=0.8)), "")


# --- writing ------------------------------------------------------------------------------------------------------------


def listed(key: str, names: Sequence[str]) -> str:
    """Names behind a key ("" for datastores) as they are typed; among names of tables, a number is no id."""
    mixed = key == "tables:" and not all(_NUMBER.fullmatch(name) for name in names)
    return key + ",".join(lexer.quote(name, always=_special(name, mixed)) for name in names) if names else ""


def _special(name: str, mixed: bool) -> bool:
    """Whether a name would be read as something else without quotation marks."""
    word = name.casefold()
    if word in _MEANT or not _PLAIN.fullmatch(name) or _nearly_an_option(word):
        return True
    return mixed and _NUMBER.fullmatch(name) is not None


_MEANT = _EVERYTHING | _BETWEEN | _COLON_MISSING | UNOFFERED.keys() | _FLAGS.keys() | verbs.SCAN_BY_NAME.keys() | set(ASSETS)
