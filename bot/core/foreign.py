"""Commands as people know them from elsewhere (`update`, `resolve`, `--status Resolved`), answered with the words used here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core import changes, tokens, words

UPDATES = frozenset({"update", "edit", "set", "change", "modify", "patch"})

CLOSES: Mapping[str, str] = {
    "resolve": "resolved", "resolved": "resolved", "fix": "resolved", "fixed": "resolved", "duplicate": "duplicate", "invalid": "invalid",
    "invalidate": "invalid", "discard": "discarded", "discarded": "discarded", "ignore": "discarded",
}  # fmt: skip

UNLINKS = frozenset({"unlink"})

VERBS = UPDATES | CLOSES.keys() | UNLINKS

FLAGS: Mapping[str, str] = {
    "ids": "", "id": "", "status": "status:", "tags": "+tag:", "tag": "tag:", "assignee-ids": "assign:", "assignee-id": "assign:",
    "description": "describe:", "datastore-id": "datastore:", "datastore": "datastore:", "container": "table:", "container-id": "table:",
    "table": "table:", "check-id": "check:", "type": "type:", "rule-type": "rule:", "start-date": "since:", "end-date": "until:",
    "source-enriched": "enriched:yes", "limit": "limit:", "format": "-", "output": "-",
}  # fmt: skip
"""The options of Qualytics' command line (vendor page "Bulk anomaly triage"), and the words for them here; "-" has none."""

_FLAG = re.compile(r"--([a-z][a-z-]*)|-((?!tags?$)[a-z][a-z]+(?:-[a-z]+)*)", re.IGNORECASE)
_MEANT: Mapping[str, str] = {"acknowledged": "ack", "open": "unack"}


def check_flags(verb: str, rest: Sequence[tokens.Token]) -> None:
    """Raise Mistake for an option as a command line takes it, with the same in words."""
    flag = next((token for token in rest if _flag(token)), None)
    if flag is None:
        return
    said = _worded(rest)
    if verb == "archive":
        said = [re.sub(r"^status:", "as:", one) for one in said]
    whole = " ".join([verb, *said])
    message = f"There are no options with dashes here. In words: {_cut(whole)}"
    raise tokens.Mistake(message, flag.start, flag.end, whole=whole)


def instead(verb: tokens.Token, rest: Sequence[tokens.Token]) -> tokens.Mistake:
    """What to write instead of a verb from elsewhere."""
    said, name = _worded(rest), verb.raw.casefold()
    if name in UNLINKS:
        whole = " ".join(["link", *(one for one in said if one.startswith("<@")), words.NOBODY])
        return tokens.Mistake(f"Unlinking is link with {words.NOBODY}: {_cut(whole)}", verb.start, verb.end, whole=whole)
    if name in CLOSES:
        outcome = CLOSES[name]
        kept = [one for one in said if not one.startswith(("status:", "as:"))]
        whole = " ".join(["archive", *(kept or ["1001"]), f"as:{outcome}"])
        message = f"Closing is archive, with the reason; {outcome} means {changes.OUTCOMES[outcome]}. Write {_cut(whole)}"
        return tokens.Mistake(message, verb.start, verb.end, whole=whole)
    status = next((one for one in said if re.match(r"(?:status|state|as):", one, re.IGNORECASE)), "")
    kept = [_marked(one) for one in said if one != status] or ["1001"]
    return _update(verb, status.partition(":")[2], kept)


def _update(verb: tokens.Token, typed: str, kept: Sequence[str]) -> tokens.Mistake:
    wanted = words.STATUSES.get(typed.strip('"').casefold(), "")
    if wanted in changes.OUTCOMES:
        whole = " ".join(["archive", *kept, f"as:{wanted}"])
        message = f"{typed} closes an anomaly, and an update does not close. Closing is archive: {_cut(whole)}"
    elif wanted in _MEANT:
        whole = " ".join([_MEANT[wanted], *kept])
        message = f"There is no {verb.raw} here: to make anomalies {typed}, write {_cut(whole)}"
    elif wanted == "archived":
        whole = ""
        message = f"An update does not close. Closing is archive, with the reason: {changes.OUTCOMES_TOLD}."
    else:
        whole = _by_mark(kept)
        message = f"There is no {verb.raw} here. Say what to do: ack, unack, tag, describe, assign, archive or reopen."
    return tokens.Mistake(message, verb.start, verb.end, whole=whole)


def _by_mark(kept: Sequence[str]) -> str:
    """The command that does what the marked words say."""
    for verb, marks in (("tag", ("+tag:", "-tag:")), ("describe", ("describe:",))):
        if any(one.startswith(marks) for one in kept):
            return " ".join([verb, *kept])
    people = [one.partition(":")[2] for one in kept if one.startswith("assign:")]
    rest = [one for one in kept if not one.startswith("assign:")]
    if not people:
        return " ".join(["ack", *rest])
    return " ".join(["unassign", *rest] if people == [words.NOBODY] else ["assign", *(f"@{one}" for one in people), *rest])


def _marked(word: str) -> str:
    """In an update, tags and assignees are what to set."""
    return re.sub(r"^tags?:", "+tag:", re.sub(r"^(?:assignees?|assignee-ids?|assigned|owner):", "assign:", word))


def _flag(token: tokens.Token) -> str:
    """The option that this bare word is, "" for anything else."""
    found = _FLAG.fullmatch(token.raw.partition("=")[0]) if not token.key else None
    name = (found[1] or found[2]).casefold() if found else ""
    return name if found and (found[1] or name in FLAGS) else ""


def _worded(rest: Sequence[tokens.Token]) -> list[str]:
    """The words of a command line as they are written here."""
    said: list[str] = []
    pending = ""
    for token in rest:
        flag = _flag(token)
        value = token.raw.partition("=")[2] if flag else token.raw
        if flag:
            pending = FLAGS.get(flag, f"{flag}:")
            if pending.endswith(":yes"):
                said.append(pending)
                pending = ""
        if not value:
            continue
        if pending != "-":
            said.append(pending + (_unlisted(pending, value) if pending or not token.key else value))
        pending = ""
    return said


def _unlisted(flag: str, value: str) -> str:
    """A quoted list ("1001, 1002") without its quotation marks; an empty one of people clears them."""
    if flag == "describe:":
        return value
    listed = re.sub(r"\s*,\s*", ",", tokens.unquote(value).strip())
    if flag == "assign:" and not listed:
        return words.NOBODY
    return value if re.search(r"\s", listed) or not listed else listed


def _cut(command: str) -> str:
    return command if len(command) <= 120 else f"{command[:117]}..."
