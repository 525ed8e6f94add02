"""What a source can do, and how it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.actions import Action
from bot.model.anomalies import Part


@dataclass(frozen=True, slots=True)
class Trouble:
    """Since when a source fails, and why, in words for people."""

    since: datetime
    error: str


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """How a source stands: `failing_since` is None while it answers; times are UTC.

    `asked` counts the looks that somebody asked for, `answered` those of them that were followed by a good one. `watch_mark` is how far the
    round of the watch got that began at `watch_began`. `told` is the trouble that people know of. What others started was looked for
    at `noticed`; the operations in `over` had ended before the first such look.
    """

    source: str
    cursor: str = ""
    contacted: datetime | None = None
    last_ok: datetime | None = None
    failing_since: datetime | None = None
    failures: int = 0
    error: str = ""
    next_poll: datetime | None = None
    watch_mark: str = ""
    watch_began: datetime | None = None
    asked: int = 0
    answered: int = 0
    told: Trouble | None = None
    noticed: datetime | None = None
    over: tuple[str, ...] = ()

    @property
    def wanted(self) -> bool:
        """Whether somebody asked for a look that was not taken yet."""
        return self.asked > self.answered


class ClosingKind(StrEnum):
    """What a way of closing says about an anomaly, whatever its system calls it."""

    FIXED = "fixed"
    DUPLICATE = "duplicate"
    WRONG = "wrong"
    NOISE = "noise"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Closing:
    """One way in which a system closes anomalies, as data of its source.

    `word` is what is stored and sent (without a `|`, which parts the values of buttons), `title` what it is called for people ("": the word
    itself), `meaning` says in a few words what it stands for. People choose it only where it is `chosen`; the others a system sets by
    itself.
    """

    word: str
    meaning: str = ""
    title: str = ""
    kind: ClosingKind = ClosingKind.OTHER
    chosen: bool = True


@dataclass(frozen=True, slots=True)
class Stage:
    """One word of a system for an anomaly that somebody acknowledged, beside its usual one: `word` is what is stored and sent (without a
    `|`), `title` what it is called for people, `meaning` says in a few words what it stands for."""

    word: str
    title: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a source lets people do, as far as a card has to know: its title, the actions that exist, the ways of closing, the stages of
    what is acknowledged. Of some of its anomalies the desk keeps the parts that are `unkept`. `longest_comment` is how many characters a
    comment may have (0: no limit is known)."""

    title: str
    supports: frozenset[Action]
    archive_as: tuple[Closing, ...] = ()
    unkept: frozenset[Part] = frozenset()
    stages: tuple[Stage, ...] = ()
    longest_comment: int = 0
