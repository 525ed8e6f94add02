"""Filters: read from words, written back, said in a sentence, and applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bot import errors, model
from bot.core import lookup, phrases
from bot.core.grammar import fields, lexer, systems

EXAMPLE = "status:active since:7d"

_DAYS = ("since", "until")
"""Words whose days may be relative: those stay so in what is stored."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table of words: what one source does with one word."""

    word: str
    example: str
    about: str
    handling: model.Handling
    because: str


# --- reading ------------------------------------------------------------------------------------------------------


def query(text: str, *, today: date, systems: systems.Systems = systems.NONE) -> model.Query:
    """Read a filter from clean text; "" is the filter that takes everything that is not archived. Raises BadCommand."""
    return _read(text, today, lexer.split, systems)


def stored(text: str, *, today: date, systems: systems.Systems = systems.NONE) -> model.Query:
    """Read a filter that this desk wrote: into a button, a form, a row. Earlier releases wrote "status:open" for what is "active" now, and
    this one never writes it. Raises BadCommand."""
    return _read(text, today, lambda text: [_of_today(token) for token in lexer.split(text)], systems)


def _of_today(token: lexer.Token) -> lexer.Token:
    if token.key != "status":
        return token
    return replace(token, values=tuple(replace(one, text="active") if one.text == "open" else one for one in token.values))


def _read(text: str, today: date, split: Callable[[str], Sequence[lexer.Token]], known: systems.Systems) -> model.Query:
    try:
        return read(split(text), today, known=known)
    except lexer.Mistake as mistake:
        raise errors.BadCommand(
            mistake.message, text=text, start=mistake.start, end=mistake.end, example=_example(text, mistake, today, known)
        ) from mistake


def _example(text: str, mistake: lexer.Mistake, today: date, known: systems.Systems) -> str:
    fixed = text[: mistake.start] + mistake.fix + text[mistake.end :]
    try:
        read(lexer.split(fixed), today, known=known)
    except lexer.Mistake:
        return EXAMPLE
    return fixed.strip() if mistake.fix else EXAMPLE


def read(
    found: Sequence[lexer.Token], today: date, sources: Sequence[str] | None = None, known: systems.Systems = systems.NONE
) -> model.Query:
    """Read a filter from tokens, with the words of the systems that are `known`; with `sources`, only these systems may be named. Raises
    Mistake."""
    values: dict[str, Any] = {}
    used: dict[str, lexer.Token] = {}
    for index, token in enumerate(found):
        word = _word(token, found[index - 1] if index else None, known)
        _check_values(word, token, found[index + 1 : index + 2], used, known)
        for value in token.values:
            _keep(values, word, word.read(word.name, value, today))
            if word.name in _DAYS and (ago := fields.days_ago(value.text)) is not None:
                values["ago"] = (*values.get("ago", ()), (word.name, ago))
        used[word.name] = token
    _check_source(values, used, sources)
    _check_days(values, used)
    if "statuses" in values:
        values["statuses"] = _standing(values["statuses"])
    if "others" in values:
        values["others"] = tuple(sorted(values["others"], key=lambda pair: pair[0]))
    values["ago"] = tuple(sorted(values.get("ago", ())))
    return replace(model.Query(), **values)


def _standing(typed: Sequence[str]) -> tuple[str, ...]:
    """Statuses without "open": alone it is what a filter means that names none, beside others it is what it stands for. So no filter that
    is written here says it, and one that does was written when it meant "active" (`stored`)."""
    spelt = dict.fromkeys(one for word in typed for one in (fields.OPEN if word == "open" else (word,)))
    return () if set(spelt) == set(fields.OPEN) else tuple(spelt)


def _word(token: lexer.Token, before: lexer.Token | None, known: systems.Systems) -> fields.FilterWord:
    word = known.find(token.key) if token.key else None
    if word is not None:
        return word
    if token.key:
        known.check_known(token)
        raise _unknown(token, known)
    raise _bare(token, before, known)


def _unknown(token: lexer.Token, known: systems.Systems) -> lexer.Mistake:
    near = lookup.nearest(token.key, [*fields.BY_NAME, *fields.ALIASES, *known.words])
    near = fields.ALIASES.get(near, near)
    hint = f"Did you mean {near}:?" if near else f"The words are {', '.join(dict.fromkeys([*fields.BY_NAME, *known.words]))}."
    message = f"There is no filter word {phrases.quoted(token.key + ':')}. {hint}"
    return lexer.Mistake(message, token.start, token.key_end, fix=near and f"{near}:")


def _bare(token: lexer.Token, before: lexer.Token | None, known: systems.Systems) -> lexer.Mistake:
    """A value without its word: say which word it probably belongs to."""
    value = token.values[0].text if token.values else ""
    if not value.strip():
        return lexer.Mistake("There is nothing in this word. Leave it out, or write table:orders.", token.start, token.end)
    if before is not None and before.open_ended and before.key:
        fix = before.raw + token.raw
        return lexer.Mistake(f"Leave out the space after the comma: {fix}", before.start, token.end, fix=fix)
    belongs = _vocabulary(token)
    if belongs:
        return lexer.Mistake(f"A filter names what it compares. Did you mean {belongs}?", token.start, token.end, fix=belongs)
    if fields.find(value.casefold()):
        near = fields.ALIASES.get(value.casefold(), value.casefold())
        fix = known.example(fields.BY_NAME[near])
        return lexer.Mistake(f"{near}: needs a colon and a value, for example {fix}", token.start, token.end, fix=fix)
    quoted = lexer.quote(value)
    if before is not None and before.key and len(before.values) == 1:
        fix = f"{before.key}:{lexer.quote(before.values[0].text + ' ' + value)}"
        message = f"{phrases.quoted(value)} stands alone. If it belongs to the word before it, use quotation marks: {fix}"
        return lexer.Mistake(message, before.start, token.end, fix=fix)
    hint = f"Did you mean q:{quoted} (anything that contains it) or table:{quoted}?"
    message = f"A filter names what it compares, and {phrases.quoted(value)} stands alone. {hint}"
    return lexer.Mistake(message, token.start, token.end, fix=f"q:{quoted}")


def _vocabulary(token: lexer.Token) -> str:
    """The filter that a bare word of a closed vocabulary stands for: "open,acked" -> "status:open,acked"."""
    typed = [one.text.casefold() for one in token.values]
    for name, choices in (("status", fields.STATUSES), ("severity", fields.SEVERITIES), ("type", fields.TYPES)):
        if all(one in choices for one in typed):
            return f"{name}:{','.join(typed)}"
    return ""


def _check_values(
    word: fields.FilterWord,
    token: lexer.Token,
    following: Sequence[lexer.Token],
    used: Mapping[str, lexer.Token],
    known: systems.Systems,
) -> None:
    example = known.example(word)
    if not token.values:
        if following and not following[0].key:
            fix = f"{word.name}:{following[0].raw}"
            raise lexer.Mistake(f"Leave out the space after the colon: {fix}", token.start, following[0].end, fix=fix)
        message = f"{word.name}: needs a value, for example {example}"
        raise lexer.Mistake(message, token.start, token.end, fix=example)
    if word.many:
        return
    if len(token.values) > 1:
        fix = f"{word.name}:{lexer.quote(token.raw[token.key_end - token.start :])}" if word.name == "q" else ""
        hint = f"Put it in quotation marks if the comma belongs to it: {fix}" if fix else f"Write it like {example}."
        raise lexer.Mistake(f"{word.name}: takes one value. {hint}", token.start, token.end, fix=fix or example)
    if word.name in used:
        raise lexer.Mistake(f"{word.name}: is there twice; it takes one value.", token.start, token.end, fix=" ")


def _keep(values: dict[str, Any], word: fields.FilterWord, value: Any) -> None:
    if word.field == "others":
        value = (word.name, value)
    elif not word.many:
        values[word.field] = value
        return
    before = values.get(word.field, ())
    values[word.field] = before if value in before else (*before, value)


def _check_source(values: Mapping[str, Any], used: Mapping[str, lexer.Token], sources: Sequence[str] | None) -> None:
    wanted = values.get("source")
    if wanted is None or sources is None or wanted in sources:
        return
    value = used["source"].values[0]
    near = lookup.nearest(wanted, sources)
    hint = f"Did you mean {near}?" if near else f"Connected: {', '.join(sources) or 'none'}."
    raise lexer.Mistake(f"No system called {phrases.quoted(wanted)} is connected here. {hint}", value.start, value.end, fix=near)


def _check_days(values: Mapping[str, Any], used: Mapping[str, lexer.Token]) -> None:
    since, until = values.get("since"), values.get("until")
    if since is None or until is None or since <= until:
        return
    token = max(used["since"], used["until"], key=lambda one: one.start)
    fix = f"until:{since.isoformat()}" if token is used["until"] else f"since:{until.isoformat()}"
    message = f"until:{until.isoformat()} lies before since:{since.isoformat()}, so nothing can match."
    raise lexer.Mistake(message, token.start, token.end, fix=fix)


# --- writing ------------------------------------------------------------------------------------------------------


def canonical(query: model.Query) -> str:
    """The filter as text that reads back as the same filter, in the order of the table of words; those of single systems come last."""
    own = [f"{name}:{','.join(map(lexer.quote, _others(query, name)))}" for name in dict.fromkeys(name for name, _ in query.others)]
    return " ".join([*(part for word in fields.TABLE for part in _written(query, word)), *own])


def _others(query: model.Query, name: str) -> Sequence[str]:
    return [value for word, value in query.others if word == name]


def _written(query: model.Query, word: fields.FilterWord) -> Sequence[str]:
    ago = dict(query.ago).get(word.name)
    if ago is not None and fields.kept(query, word):
        return [f"{word.name}:{fields.written_ago(ago)}"]
    values = [_typed(word, value) for value in fields.kept(query, word)]
    return [f"{word.name}:{','.join(values)}"] if values else []


def _typed(word: fields.FilterWord, value: Any) -> str:
    """A value as it has to be typed: in quotation marks where it would be read as something else."""
    text = word.write(value)
    try:
        same = word.read(word.name, lexer.Value(text, 0, len(text)), date.min) == value
    except lexer.Mistake:
        same = False
    return lexer.quote(text, always=not same)


def describe(query: model.Query) -> str:
    """The filter as a phrase for people: "open anomalies in orders since 2026-11-01"."""
    own = [f"with {name} {phrases.either(_others(query, name))}" for name in dict.fromkeys(name for name, _ in query.others)]
    return " ".join(filter(None, (_subject(query), *(_said(query, name, phrase) for name, phrase in _PHRASES), *own)))


def _subject(query: model.Query) -> str:
    statuses = [word for word in query.statuses if word != "any"]
    standing = phrases.either(statuses) if statuses else ("" if query.statuses else "open")
    kinds = (standing, phrases.either(list(query.severities)), phrases.either(list(query.types)), "anomalies")
    return " ".join(filter(None, kinds))


_PHRASES: tuple[tuple[str, str], ...] = (
    ("id", "with id {}"),
    ("table", "in {}"),
    ("datastore", "of datastore {}"),
    ("source", "from {}"),
    ("tag", "tagged {}"),
    ("check", "of check {}"),
    ("rule", "of rule {}"),
    ("min", "with weight {} or more"),
    ("assignee", "assigned to {}"),
    ("enriched", "with source records: {}"),
    ("fingerprint", "with fingerprint {}"),
    ("q", 'containing "{}"'),
    ("since", "since {}"),
    ("until", "until {}"),
    ("sort", "({} first)"),
    ("limit", "(at most {})"),
)


def _said(query: model.Query, name: str, phrase: str) -> str:
    word = fields.BY_NAME[name]
    values = [word.write(value) for value in fields.kept(query, word)]
    if name == "assignee":
        values = ["nobody" if value == fields.NOBODY else value for value in values]
    if name == "sort":
        values = ["heaviest" if value == "weight" else value for value in values]
    return phrase.format(phrases.either(values)) if values else ""


# --- applying -----------------------------------------------------------------------------------------------------


def check_words(query: model.Query, known: Mapping[str, model.Word], title: str) -> None:
    """Raise NotSupported that names every word which the system of this title refuses or does not know, and why."""
    treated = {name: _treated(name, known, title) for name in [*fields.BY_NAME, *dict(query.others)] if name in _used(query)}
    if "sort" in treated:
        treated["sort"] = _sorted(query.sort, treated["sort"], title)
    refused = {name: word.because for name, word in treated.items() if word.handling is model.Handling.REFUSED}
    if refused:
        raise errors.NotSupported(" ".join(_refusals(refused, title)))


def _refusals(refused: Mapping[str, str], title: str) -> Iterator[str]:
    """ "Acme cannot filter by check: it has no checks. Use q: instead." Each reason once, with all the words that it is about."""
    alike: dict[str, list[str]] = {}
    for name, because in refused.items():
        alike.setdefault(because, []).append(name)
    sorting = "".join(name for name in refused if name == "sort")
    for number, (because, names) in enumerate(alike.items()):
        reason = f"it{because.removeprefix(title)}" if because.startswith(f"{title} ") else because
        who = "It" if number else title
        yield _sentence(because if names == [sorting] else f"{who} cannot filter by {phrases.either(names)}: {reason}")
    if any("Use " not in because for because, names in alike.items() if names != [sorting]):
        yield "Leave the word out." if len(refused) == 1 else "Leave these words out."


def _treated(name: str, known: Mapping[str, model.Word], title: str) -> model.Word:
    return known.get(name, model.Word(model.Handling.REFUSED, f"{title} knows nothing of the kind"))


def _sorted(way: str, word: model.Word, title: str) -> model.Word:
    """How a system treats one way of sorting: not every one of them has every one."""
    if word.handling is model.Handling.REFUSED:
        return replace(word, because=f"{title} lists the newest first, and in no other order.")
    if way in fields.SORTED or way in word.values:
        return word
    ways = phrases.either(list(word.values or fields.SORTED))
    return model.Word(model.Handling.REFUSED, f"{title} sorts by {ways}, not by {way}.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."


def here(query: model.Query, known: Mapping[str, model.Word]) -> bool:
    """Whether some word of the filter has to be applied here; without a status, that of hiding what is archived counts."""
    used = {*_used(query), "status"} - ({"status"} if "any" in query.statuses else set())
    return any(word in known and known[word].handling is model.Handling.HERE for word in used)


def _used(query: model.Query) -> frozenset[str]:
    common = (word.name for word in fields.TABLE if word.name != "source" and fields.kept(query, word))
    return frozenset(common) - ({"sort"} if query.sort == "newest" else set()) | dict(query.others).keys()


def matches(
    query: model.Query, anomaly: model.Anomaly, known: Mapping[str, model.Word] | None = None, own: Sequence[model.OwnWord] = ()
) -> bool:
    """Whether an anomaly passes the filter: all of its words, or with `known` only those that are applied HERE. `own` are the words of its
    system alone; one of another system is never passed.

    Assignees of the query are ids of the system's users, or "none", by now. Days are days of UTC.
    """
    return matcher(query, known, own)(anomaly)


def matcher(
    query: model.Query, known: Mapping[str, model.Word] | None = None, own: Sequence[model.OwnWord] = ()
) -> Callable[[model.Anomaly], bool]:
    """`matches` for many anomalies: which words are used is found out once."""
    used = (_used(query) | {"status"} | ({"source"} if query.source else set())) - ({"status"} if "any" in query.statuses else set())
    if known is not None:
        used = frozenset(word for word in used if word in known and known[word].handling is model.Handling.HERE)
    common = [word.matches for word in fields.TABLE if word.name in used and word.matches is not None]
    tests = {word.name: word.matches for word in own}
    others = [(tests.get(name), _others(query, name)) for name in dict(query.others) if name in used]

    def takes(anomaly: model.Anomaly) -> bool:
        return all(test(query, anomaly) for test in common) and all(_passes(test, wanted, anomaly) for test, wanted in others)

    return takes


def _passes(test: Callable[[str, model.Anomaly], bool] | None, wanted: Sequence[str], anomaly: model.Anomaly) -> bool:
    return test is not None and any(test(one, anomaly) for one in wanted)


def explain(
    known: Mapping[str, model.Word], title: str = "This system", own: Sequence[model.OwnWord] = (), name: str = ""
) -> tuple[Row, ...]:
    """What a system of this title and `name` does with every word of the grammar, in the order of the table of words, and then with its
    `own` ones."""
    named = {"source": f"source:{name}"} if name else {}
    table = [fields.OPEN_TYPES if word.name == "type" and fields.opens(known) else word for word in fields.TABLE]
    rows = [_row(replace(word, example=named.get(word.name, word.example)), known, title) for word in table]
    return (*rows, *(_row(word, known, title) for word in own))


def _row(word: fields.FilterWord | model.OwnWord, known: Mapping[str, model.Word], title: str) -> Row:
    if word.name == "source":
        return Row(word.name, word.example, word.about, model.Handling.HERE, "")
    answer = _treated(word.name, known, title)
    return Row(word.name, word.example, word.about, answer.handling, answer.because)


_FRAME = ("source", "sort", "limit", "ids", "ago")


def without_each(query: model.Query) -> Sequence[tuple[str, model.Query]]:
    """The query without each of its selecting words in turn, and the word as text: to find out which one excludes most."""
    empty = model.Query()
    frame = replace(empty, ago=query.ago)
    named = [name for name in model.Query.__dataclass_fields__ if name not in _FRAME and getattr(query, name) != getattr(empty, name)]
    return [(canonical(replace(frame, **{name: getattr(query, name)})), replace(query, **{name: getattr(empty, name)})) for name in named]
