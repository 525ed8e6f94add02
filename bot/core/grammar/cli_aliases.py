"""Commands as people know them from elsewhere (`update`, `resolve`, and the options that the systems declare of their own command lines),
answered with the words used here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core import phrases
from bot.core.grammar import edits, fields, lexer, scan_fields, systems, verbs

UPDATES = frozenset({"update", "edit", "set", "change", "modify", "patch"})

CLOSES: Mapping[str, str] = {
    "resolve": "resolved", "resolved": "resolved", "fix": "resolved", "fixed": "resolved", "duplicate": "duplicate", "invalid": "invalid",
    "invalidate": "invalid", "discard": "discarded", "discarded": "discarded", "ignore": "discarded",
}  # fmt: skip

UNLINKS = frozenset({"unlink"})

VERBS = UPDATES | CLOSES.keys() | UNLINKS

_SWITCHES = frozenset({"enriched:yes", "incremental", "auto-resolve:on", "auto-resolve:off", "help", "--"})
"""Words for options that have no value."""

_IN_FORM = ("max-records", "records", "limit", "enrichment", "greater-than", "since", "batch")

_FLAG = re.compile(r"--([a-z][a-z-]*)|-((?!tags?$)[a-z][a-z]+(?:-[a-z]+)*)", re.IGNORECASE)
_MEANT: Mapping[str, str] = {"acknowledged": "ack", "active": "unack", "open": "unack"}


def check_flags(verb: str, rest: Sequence[lexer.Token], known: systems.Systems) -> None:
    """Raise Mistake for an option as a command line takes it, with the same in words."""
    flag = next((token for token in rest if _flag(token, known.flags)), None)
    if flag is None:
        return
    said = _worded(rest, known.flags)
    if verb == "archive":
        said = [re.sub(r"^status:", "as:", one) for one in said]
    whole = " ".join([verb, *said])
    message = f"There are no options with dashes here. In words: {phrases.brief(whole)}"
    raise lexer.Mistake(message, flag.start, flag.end, whole=whole)


def check_scan_flags(verb: str, rest: Sequence[lexer.Token], known: systems.Systems) -> None:
    """Raise Mistake for an option of an operation as a command line takes it; `verb` is "" when none was typed."""
    flag = next((token for token in rest if _flag(token, known.scan_flags)), None)
    if flag is None:
        return
    named = [_flag(token, known.scan_flags) for token in rest]
    whole = _operation(known, [*filter(None, [verb]), *_worded(rest, known.scan_flags)])
    for name, token in zip(named, rest, strict=True):
        if name in scan_fields.UNOFFERED:
            raise scan_fields.unoffered(name, token, whole=whole)
    if any(name.startswith(_IN_FORM) for name in named):
        message = f"There are no options with dashes here. {scan_fields.FORM} The rest in words: {phrases.brief(whole)}"
        raise lexer.Mistake(message, flag.start, flag.end, whole=verbs.SCAN_SLASH)
    raise lexer.Mistake(f"There are no options with dashes here. In words: {phrases.brief(whole)}", flag.start, flag.end, whole=whole)


def _operation(known: systems.Systems, said: list[str]) -> str:
    """The words behind a program's `operations ...` as a command: its own name left out, and what excludes each other."""
    while said and said[0].casefold() in {*known.programs, "operations", "operation"}:
        said = said[1:]
    if "help" in said:
        return "help"
    first = said[0].casefold() if said else ""
    if first == "list":
        return "status"
    if "incremental" in said:
        said = [one for one in said if one != "auto-resolve:on"]
    return " ".join(["status", *said[1:]] if first == "get" else said[1:] if first == "scan" else said)


def instead(verb: lexer.Token, rest: Sequence[lexer.Token], known: systems.Systems, closing: edits.Closing = ()) -> lexer.Mistake:
    """What to write instead of a verb from elsewhere."""
    said, name = _worded(rest, known.flags), verb.raw.casefold()
    if name in UNLINKS:
        whole = " ".join(["link", *(one for one in said if one.startswith("<@")), fields.NOBODY])
        return lexer.Mistake(f"Unlinking is link with {fields.NOBODY}: {phrases.brief(whole)}", verb.start, verb.end, whole=whole)
    if name in CLOSES:
        outcome = CLOSES[name]
        kept = [one for one in said if not one.startswith(("status:", "as:"))]
        whole = " ".join(["archive", *(kept or ["1001"]), f"as:{outcome}"])
        meaning = edits.outcomes(closing).get(outcome)
        means = f"; {outcome} means {meaning}" if meaning else ""
        message = f"Closing is archive, with the reason{means}. Write {phrases.brief(whole)}"
        return lexer.Mistake(message, verb.start, verb.end, whole=whole)
    status = next((one for one in said if re.match(r"(?:status|state|as):", one, re.IGNORECASE)), "")
    kept = [_marked(one) for one in said if one != status] or ["1001"]
    return _update(verb, status.partition(":")[2], kept, closing)


def _update(verb: lexer.Token, typed: str, kept: Sequence[str], closing: edits.Closing) -> lexer.Mistake:
    wanted = fields.STATUSES.get(typed.strip('"').casefold(), "")
    if wanted in edits.outcomes(closing):
        whole = " ".join(["archive", *kept, f"as:{wanted}"])
        message = f"{typed} closes an anomaly, and an update does not close. Closing is archive: {phrases.brief(whole)}"
    elif wanted in _MEANT:
        whole = " ".join([_MEANT[wanted], *kept])
        message = f"There is no {verb.raw} here: to make anomalies {typed}, write {phrases.brief(whole)}"
    elif wanted == "archived":
        whole = ""
        message = f"An update does not close. Closing is archive, with the reason: {edits.outcomes_told(closing)}."
    else:
        whole = _by_mark(kept)
        message = f"There is no {verb.raw} here. Say what to do: ack, unack, tag, describe, assign, archive or reopen."
    return lexer.Mistake(message, verb.start, verb.end, whole=whole)


def _by_mark(kept: Sequence[str]) -> str:
    """The command that does what the marked words say."""
    for verb, marks in (("tag", ("+tag:", "-tag:")), ("describe", ("describe:",))):
        if any(one.startswith(marks) for one in kept):
            return " ".join([verb, *kept])
    people = [one.partition(":")[2] for one in kept if one.startswith("assign:")]
    rest = [one for one in kept if not one.startswith("assign:")]
    if not people:
        return " ".join(["ack", *rest])
    return " ".join(["unassign", *rest] if people == [fields.NOBODY] else ["assign", *(f"@{one}" for one in people), *rest])


def _marked(word: str) -> str:
    """In an update, tags and assignees are what to set."""
    return re.sub(r"^tags?:", "+tag:", re.sub(r"^(?:assignees?|assignee-ids?|assigned|owner):", "assign:", word))


def _flag(token: lexer.Token, flags: Mapping[str, str]) -> str:
    """The option that this bare word is, "" for anything else."""
    found = _FLAG.fullmatch(token.raw.partition("=")[0]) if not token.key else None
    name = (found[1] or found[2]).casefold() if found else ""
    return name if found and (found[1] or name in flags) else ""


def _worded(rest: Sequence[lexer.Token], flags: Mapping[str, str]) -> list[str]:
    """The words of a command line as they are written here."""
    said: list[str] = []
    pending = ""
    for token in rest:
        flag = _flag(token, flags)
        value = token.raw.partition("=")[2] if flag else token.raw
        if flag:
            pending = flags.get(flag, f"{flag}:")
            if pending in _SWITCHES:
                said.extend(_switched(pending, value))
                value = pending = ""
        if not value:
            continue
        if pending != "-":
            said.append(pending + (_unlisted(pending, value) if pending or not token.key else value))
        pending = ""
    return said


def _switched(word: str, value: str) -> Sequence[str]:
    """The word for an option without a value; `--incremental=false` says nothing."""
    return () if word == "--" or value.casefold() in {"false", "no", "0"} else (word,)


def _unlisted(flag: str, value: str) -> str:
    """A quoted list ("1001, 1002") without its quotation marks; an empty one of people clears them."""
    if flag == "describe:":
        return value
    listed = re.sub(r"\s*,\s*", ",", lexer.unquote(value).strip())
    if flag == "assign:" and not listed:
        return fields.NOBODY
    return value if re.search(r"\s", listed) or not listed else listed
