"""Every action_id, callback_id and block_id of the product, and what button values look like.

Released action ids are never removed: old cards stay clickable. A test keeps the list.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot import model

# --- action ids: buttons and menus on messages -------------------------------------------------------------------------

ACKNOWLEDGE = "anomaly.acknowledge"
UNACKNOWLEDGE = "anomaly.unacknowledge"
ASSIGN = "anomaly.assign"
ARCHIVE = "anomaly.archive"
REOPEN = "anomaly.reopen"
OPEN = "anomaly.open"
MORE = "anomaly.more"
SHOW = "anomaly.show"
DETAILS = "anomaly.details"
WHICH_SYSTEM = "anomaly.which"
GROUP_LIST = "group.list"
GROUP_ACKNOWLEDGE = "group.acknowledge"
GROUP_ARCHIVE = "group.archive"
CONTACT_NEWEST = "contact.newest"
CONTACT_LIST = "contact.list"
LIST_PAGE = "list.page"
BATCH_CONFIRM = "batch.confirm"
BATCH_CANCEL = "batch.cancel"
BATCH_UNDO = "batch.undo"
BATCH_AGAIN = "batch.again"
REVIEW_OPEN = "review.open"
SCAN_START = "scan.start"
SCAN_CANCEL = "scan.cancel"
SCAN_OPTIONS = "scan.options"
SCAN_ABORT = "scan.abort"
SCAN_FIX = "scan.fix"
SCAN_SYNC = "scan.sync"
SCAN_INSTEAD = "scan.instead"
SCAN_OPEN = "scan.open"
LINK_ME = "link.me"

MESSAGE_ACTIONS = (
    ACKNOWLEDGE, UNACKNOWLEDGE, ASSIGN, ARCHIVE, REOPEN, OPEN, MORE, SHOW, DETAILS, WHICH_SYSTEM, GROUP_LIST, GROUP_ACKNOWLEDGE,
    GROUP_ARCHIVE, CONTACT_NEWEST, CONTACT_LIST, LIST_PAGE, BATCH_CONFIRM, BATCH_CANCEL, BATCH_UNDO, BATCH_AGAIN, REVIEW_OPEN, SCAN_START,
    SCAN_CANCEL, SCAN_OPTIONS, SCAN_ABORT, SCAN_FIX, SCAN_SYNC, SCAN_INSTEAD, SCAN_OPEN, LINK_ME,
)  # fmt: skip

# --- action ids of the App Home alone: it has those of messages, too -------------------------------------------------------

HOME = "home"
"""What stands for the channel of what happens there."""
HOME_FILTER = "home.filter"
HOME_BACK = "home.back"
HOME_NEXT = "home.next"

HOME_ACTIONS = (HOME_FILTER, HOME_BACK, HOME_NEXT)

# --- overflow choices ----------------------------------------------------------------------------------------------------

MORE_OPEN = "open"
MORE_ONLY = "only"
MORE_COMMENT = "comment"
MORE_HISTORY = "history"
MORE_WHY = "why"
MORE_VERIFY = "verify"
MORE_DETAILS = "details"
MORE_STAGE = "stage:"
"""... and a word of a system for what is acknowledged."""

# --- what can be fixed with one click: the first part of the value of SCAN_FIX ---------------------------------------------

FIX_AGAIN = "again"
FIX_SYNC = "sync"
FIX_PROFILE = "profile"
FIX_ALL_TABLES = "all"
FIX_FOLLOW = "follow"
FIX_REST = "rest"

# --- shortcuts: callback ids of the manifest -------------------------------------------------------------------------------

TRIAGE_SHORTCUT = "triage.open"
MESSAGE_SHORTCUT = "triage.message"

# --- modals: callback ids, block ids, and the action ids of their inputs -------------------------------------------------

ASSIGN_VIEW = "assign"
ASSIGN_PEOPLE = "assign.people"
LINK_VIEW = "link"
LINK_PERSON = "link.person"
LINK_ME_VIEW = "link.me"
LINK_ME_PERSON = "link.me.person"
LINK_ME_TYPED = "link.me.typed"
COMMENT_VIEW = "comment"
COMMENT_TEXT = "comment.text"
DUPLICATE_VIEW = "duplicate"
DUPLICATE_PICK = "duplicate.pick"
DUPLICATE_OF = "duplicate.of"
DELETE_VIEW = "delete"
DELETE_COUNT = "delete.count"
REVIEW_VIEW = "review"
REVIEW_FILTER = "review.filter"
REVIEW_PICK = "review.pick"
REVIEW_WHICH = "review.which"
REVIEW_ACTION = "review.action"
REVIEW_PEOPLE = "review.people"
REVIEW_BACK = "review.back"
REVIEW_NEXT = "review.next"
DETAILS_BACK = "details.back"
DETAILS_NEXT = "details.next"
DETAILS_ROWS = "details.rows"
DETAILS_ROWS_BACK = "details.rows.back"
DETAILS_ROWS_NEXT = "details.rows.next"
DETAILS_AGAIN = "details.again"
REVIEW_CONFIRM_VIEW = "review.confirm"
REVIEW_ORIGINAL_VIEW = "review.original"
SCAN_VIEW = "scan"
SCAN_DATASTORES = "scan.datastores"
SCAN_TABLES = "scan.tables"
SCAN_TAGS = "scan.tags"
SCAN_HOW = "scan.how"
SCAN_RECORDS = "scan.records"
SCAN_SINCE = "scan.since"
SCAN_BATCH = "scan.batch"
SCAN_SOURCE_ROWS = "scan.source_rows"

LINK_ME_INPUTS = (LINK_ME_PERSON, LINK_ME_TYPED)
DUPLICATE_INPUTS = (DUPLICATE_PICK, DUPLICATE_OF)
REVIEW_INPUTS = (REVIEW_PICK, REVIEW_WHICH, REVIEW_ACTION, REVIEW_PEOPLE)
SCAN_INPUTS = (SCAN_DATASTORES, SCAN_TABLES, SCAN_TAGS, SCAN_HOW, SCAN_RECORDS, SCAN_SINCE, SCAN_BATCH, SCAN_SOURCE_ROWS)

VIEW_OPTIONS = (LINK_PERSON, LINK_ME_PERSON, SCAN_DATASTORES, SCAN_TABLES, SCAN_TAGS)

DETAILS_PAGES = (DETAILS_BACK, DETAILS_NEXT, DETAILS_AGAIN)
ROWS_PAGES = (DETAILS_ROWS, DETAILS_ROWS_BACK, DETAILS_ROWS_NEXT)
"""Buttons that show a page of the details, or of the rows."""

VIEW_ACTIONS = (REVIEW_FILTER, REVIEW_BACK, REVIEW_NEXT, *DETAILS_PAGES, *ROWS_PAGES)
"""Elements of a modal that change it while it is open."""


FURTHEST = 1_000_000
"""No page of a list starts further down than this."""


@dataclass(frozen=True, slots=True)
class ButtonTarget:
    """What a button is about: an anomaly and the version that was shown."""

    ref: model.Ref
    version: int


def encode(ref: model.Ref, version: int) -> str:
    """A button's value: identity and version, nothing else (150 characters in menus)."""
    return f"{ref}|{version}"


def decode(value: str) -> ButtonTarget:
    """Read a button's value. Raises ValueError for anything that `encode` did not write."""
    ref, _, version = value.rpartition("|")
    return ButtonTarget(model.Ref.parse(ref), int(version))


def encode_choice(choice: str, ref: model.Ref, version: int) -> str:
    """The value of a menu entry: the choice before the target."""
    return f"{choice}|{encode(ref, version)}"


def decode_choice(value: str) -> tuple[str, ButtonTarget]:
    """Read the value of a menu entry. Raises ValueError for anything that `encode_choice` did not write."""
    choice, _, target = value.partition("|")
    return choice, decode(target)


def encode_page(offset: int, words: str) -> str:
    """The value of a button that shows a page of a list: where it starts, and the filter as canonical text."""
    return f"{offset}|{words}"


def decode_page(value: str) -> tuple[int, str]:
    """Read the value of a list button. Raises ValueError for anything that `encode_page` did not write."""
    offset, _, words = value.partition("|")
    return _offset(offset), words


def encode_group(card: str, offset: int = 0) -> str:
    """The value of a button that shows the list behind a group card; the first page is the card's id alone."""
    return f"{card}|{offset}" if offset else card


def decode_group(value: str) -> tuple[str, int]:
    """Read the value of a group's list button: the card's id and where the page starts. Raises ValueError for anything else."""
    card, _, offset = value.partition("|")
    return card, _offset(offset or "0")


def _offset(text: str) -> int:
    offset = int(text)
    if not 0 <= offset <= FURTHEST:
        raise ValueError(f"no page starts there: {text}")
    return offset


def pick(ref: model.Ref, source: str) -> str:
    """What a review form of `source` ("": of several) keeps of one anomaly; `Ref.parse` reads it back."""
    return ref.id if ref.source == source and ":" not in ref.id else str(ref)


def encode_scope(scope: model.ReviewScope) -> str:
    """The value of a [Review] button: a group card (those of its members that it shows, all or of one severity), or a filter as canonical
    text."""
    if scope.card and scope.severity:
        return f"{scope.severity}|{scope.version}|{scope.card}"
    if scope.card and scope.version:
        return f"members|{scope.version}|{scope.card}"
    return f"group|{scope.card}" if scope.card else f"filter|{scope.words}"


def decode_scope(value: str) -> model.ReviewScope:
    """Read the value of a [Review] button. Raises ValueError for anything that `encode_scope` did not write."""
    kind, found, rest = value.partition("|")
    if kind == "filter" and found:
        return model.ReviewScope(words=rest)
    version, _, card = ("0", "", rest) if kind == "group" else rest.partition("|")
    if kind not in ("group", "members", *model.Severity) or not card or not version.isdecimal():
        raise ValueError(f"no review: {value!r}")
    return model.ReviewScope(card=card, version=int(version), severity=kind if kind in set(model.Severity) else "")


def encode_members(choice: str, card: str, version: int) -> str:
    """The value of a menu entry that is about the members that a group card shows in this version."""
    return f"{choice}|{version}|{card}"


def decode_members(value: str) -> tuple[str, model.ReviewScope]:
    """Read what `encode_members` wrote. Raises ValueError for anything else."""
    choice, _, scope = value.partition("|")
    return choice, decode_scope(f"members|{scope}")


def encode_pair(what: str, ident: str) -> str:
    """The value of a button that does one thing (`FIX_...`, a source's name) about one row of ours or of the system."""
    return f"{what}|{ident}"


def decode_pair(value: str) -> tuple[str, str]:
    """Read what `encode_pair` wrote. Raises ValueError for anything else."""
    what, found, ident = value.partition("|")
    if not (what and found and ident):
        raise ValueError(f"not two parts: {value!r}")
    return what, ident


def link_block(slack_id: str) -> str:
    """The block of the picker for one Slack user."""
    return f"{LINK_PERSON}:{slack_id}"


def linked_slack_id(block_id: str) -> str:
    """The Slack user that a picker's block is about; "" when the block is no picker."""
    name, _, slack_id = block_id.partition(":")
    return slack_id if name == LINK_PERSON else ""
