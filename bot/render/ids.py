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
GROUP_LIST = "group.list"
CONTACT_NEWEST = "contact.newest"
CONTACT_LIST = "contact.list"
LIST_PAGE = "list.page"

MESSAGE_ACTIONS = (
    ACKNOWLEDGE, UNACKNOWLEDGE, ASSIGN, ARCHIVE, REOPEN, OPEN, MORE, SHOW, GROUP_LIST, CONTACT_NEWEST, CONTACT_LIST, LIST_PAGE,
)  # fmt: skip

# --- overflow choices ----------------------------------------------------------------------------------------------------

MORE_COMMENT = "comment"
MORE_HISTORY = "history"
MORE_WHY = "why"

# --- modals: callback ids, block ids, and the action ids of their inputs -------------------------------------------------

ASSIGN_VIEW = "assign"
ASSIGN_PEOPLE = "assign.people"
LINK_VIEW = "link"
LINK_PERSON = "link.person"
COMMENT_VIEW = "comment"
COMMENT_TEXT = "comment.text"

VIEW_OPTIONS = (LINK_PERSON,)


@dataclass(frozen=True, slots=True)
class Target:
    """What a button is about: an anomaly and the version that was shown."""

    ref: model.Ref
    version: int


def encode(ref: model.Ref, version: int) -> str:
    """A button's value: identity and version, nothing else (150 characters in menus)."""
    return f"{ref}|{version}"


def decode(value: str) -> Target:
    """Read a button's value. Raises ValueError for anything that `encode` did not write."""
    ref, _, version = value.rpartition("|")
    return Target(model.Ref.parse(ref), int(version))


def encode_choice(choice: str, ref: model.Ref, version: int) -> str:
    """The value of a menu entry: the choice before the target."""
    return f"{choice}|{encode(ref, version)}"


def decode_choice(value: str) -> tuple[str, Target]:
    """Read the value of a menu entry. Raises ValueError for anything that `encode_choice` did not write."""
    choice, _, target = value.partition("|")
    return choice, decode(target)
