"""Messages and the rows behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.anomalies import Ref
from bot.model.queries import Query

Block = dict[str, Any]
"""One Block Kit block as a plain dict (SDK classes drop new blocks; slack-platform section 5)."""


@dataclass(frozen=True, slots=True)
class Message:
    """What Slack shows. `text` is a full sentence: screen readers and notifications read only that."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """Where new anomalies go: a channel, a filter, and its pace."""

    id: str
    channel: str
    query: Query = field(default_factory=Query)
    burst: int = 5
    wait_seconds: float = 10.0


class CardKind(StrEnum):
    """The kinds of lasting messages (design section 4)."""

    ANOMALY = "anomaly"
    GROUP = "group"
    SCAN = "scan"
    BATCH = "batch"
    DIGEST = "digest"
    BOARD = "board"
    REPORT = "report"


class CardState(StrEnum):
    """Where a lasting message stands."""

    WAITING = "waiting"
    """Nobody has decided yet whether it is posted alone, folded into a group, or not at all."""
    LIVE = "live"
    """It is to be seen in Slack: posted, or about to be."""
    FOLDED = "folded"
    """A group card shows it."""
    LOST = "lost"
    """Nobody knows whether Slack has it, and it cannot be looked up: never posted again."""
    GONE = "gone"
    """Deleted in Slack, or its channel is gone."""


class Reason(StrEnum):
    """Why a message was posted, edited, folded, held or left out; stored, and told by `/anomalies why`."""

    FIRST_CONTACT = "first_contact"
    NO_ROUTE = "no_route"
    LEADING = "leading"
    WAITING = "waiting"
    AFTER_WAIT = "after_wait"
    BURST = "burst"
    JOINED_GROUP = "joined_group"
    CLOSED_BEFORE_POST = "closed_before_post"
    ADOPTED = "adopted"
    REPORT = "report"
    RECONCILED = "reconciled"
    UNVERIFIABLE = "unverifiable"
    CHANNEL_GONE = "channel_gone"
    MESSAGE_GONE = "message_gone"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class CardDraft:
    """A lasting message that is wanted: one live message per (kind, channel, key)."""

    kind: CardKind
    channel: str
    key: str
    route: str = ""
    ref: Ref | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    state: CardState = CardState.WAITING
    reason: Reason = Reason.WAITING


@dataclass(frozen=True, slots=True)
class Card:
    """A lasting message: a row before the call to Slack, with `ts` after it.

    `wanted` counts the reasons to show something new, `delivered` is the count that Slack shows. `due` is when it may be delivered next
    (None: nothing to do). `posting` is when a first post was begun whose end nobody recorded: it is ambiguous until looked up.
    """

    id: str
    kind: CardKind
    channel: str
    key: str
    state: CardState
    reason: Reason
    created: datetime
    route: str = ""
    ref: Ref | None = None
    ts: str = ""
    wanted: int = 1
    delivered: int = 0
    due: datetime | None = None
    posting: datetime | None = None
    posted: datetime | None = None
    tries: int = 0
    error: str = ""
    payload: Mapping[str, Any] = field(default_factory=dict)

    @property
    def thread(self) -> str:
        """The ts of the message in whose thread it stands (of a report: the id of its card), "" for the channel itself."""
        return str(self.payload.get("thread", ""))


@dataclass(frozen=True, slots=True)
class Window:
    """A route's pace: when its window opened, when it closes, how many were announced in it, the group card that still takes in more.

    `group` is the id of that card ("" when there is none): the store fills it in when a `Decision.group` was made. `grouped` is when
    the group card was made and `joined` when it last took somebody in.
    """

    route: str
    opened: datetime
    closes: datetime
    posted: int = 0
    group: str = ""
    grouped: datetime | None = None
    joined: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What grouping decided for waiting cards of one route: which are posted alone, which are folded into which card.

    `window` is the route's window from now on. `fold` goes into the new card `group` (reason BURST), or else into the card with the id
    `join` (reason JOINED_GROUP).
    """

    route: str
    window: Window | None
    post: tuple[str, ...] = ()
    post_reason: Reason = Reason.LEADING
    fold: tuple[str, ...] = ()
    group: CardDraft | None = None
    join: str = ""
