"""Of which anomaly another one is a duplicate: what the journal and a comment say of it, and how it is read again.

The journal keeps it as the first line of its detail, which says the same to an older release; it is always one of the same system.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from bot import model

_SAID = re.compile(r"Duplicate of (\S.*)\.")


def said(ident: str) -> str:
    """The sentence that is left as a comment: "Duplicate of 1001."."""
    return f"Duplicate of {ident}."


def named(change: model.Change, ident: str, *, commented: bool) -> model.Change:
    """The change with its original; `commented`: with the comment that says so, before what else was to be said."""
    comment = "\n".join(filter(None, [said(ident), change.comment])) if commented else change.comment
    return replace(change, duplicate_of=ident, comment=comment)


def asks(closings: Sequence[model.Closing], word: str | None) -> bool:
    """Whether closing like this says that it is the same as another one."""
    return any(one.kind is model.ClosingKind.DUPLICATE and one.word == word for one in closings)


def detail(change: model.Change, rest: str) -> str:
    """What the journal's line says besides, `rest`, with the original before it."""
    if not change.duplicate_of:
        return rest
    first = said(change.duplicate_of)
    return "\n".join(filter(None, [first, rest.removeprefix(first).strip()]))


def original(entry: model.Entry) -> str:
    """The id of the original that a line of the journal names, "" for none."""
    found = _SAID.fullmatch(entry.detail.partition("\n")[0]) if entry.action == model.Action.ARCHIVE else None
    return found[1] if found and entry.result is model.Result.DONE else ""
