"""What people do, who does it, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.anomalies import Ref
from bot.model.overlays import Overlay


class Action(StrEnum):
    """What a person can do. The values are the words of `DESK_PERMISSIONS` and of `Source.supports`."""

    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    ASSIGN = "assign"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    COMMENT = "comment"
    TAG = "tag"
    DESCRIBE = "describe"
    CASE = "case"
    DELETE = "delete"
    SCAN = "scan"
    ABORT = "abort"
    BROWSE = "browse"


@dataclass(frozen=True, slots=True)
class Change:
    """One action with everything it carries.

    `archive_as` is the word of a way of closing (`model.Closing`), None where the system has none. `stage` is the word that an
    acknowledged anomaly gets (`model.Stage`), None for the system's usual one. `case` is what it is linked to. `assignees` are ids of the
    system's users: None leaves them, () clears them, anything else replaces them. `swap` are the names of two people, for a batch in which
    the second takes the place of the first: its anomalies have assignees of their own.
    """

    action: Action
    archive_as: str | None = None
    assignees: tuple[str, ...] | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    description: str | None = None
    comment: str = ""
    stage: str | None = None
    case: str = ""
    swap: tuple[str, str] | None = None
    taking: bool = False


class Result(StrEnum):
    """What became of one anomaly of an action."""

    DONE = "done"
    ALREADY = "already"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One anomaly of an action: what became of it, and why it was refused, in words for people.

    `right` and `place` name a missing right and its datastore when that was the reason; `by` is the journal's newest line where somebody
    else was faster. `stale` says that the button was drawn before the anomaly became what it is; `unsure` that the answer does not tell
    whether it was done, so that somebody has to look. `ours` is what the desk is to keep of it in place of its system; `unlinked` that the
    system would have written down who did it, and does not know whoever acts.
    """

    ref: Ref
    result: Result
    reason: str = ""
    right: str = ""
    place: str = ""
    by: Entry | None = None
    stale: bool = False
    unsure: bool = False
    ours: Overlay | None = None
    unlinked: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, as Slack told it for this very request (slack-platform section 14)."""

    id: str
    name: str
    email: str = ""
    is_bot: bool = False
    is_guest: bool = False
    is_outsider: bool = False
    is_deleted: bool = False
    groups: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    """The workspaces that they belong to: one, or several of an Enterprise Grid."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where this app is installed: the ids of workspace, Grid organization ("" outside a Grid) and app ("" when Slack does not tell)."""

    team: str
    enterprise: str = ""
    app: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal: who did what to which anomaly, when, and what became of it.

    `via` is "slack", or the source's title for what somebody did there; `actor` is a Slack user id or "".
    """

    ref: Ref
    action: str
    at: datetime
    actor: str = ""
    actor_name: str = ""
    via: str = "slack"
    before: str = ""
    after: str = ""
    result: Result = Result.DONE
    detail: str = ""
