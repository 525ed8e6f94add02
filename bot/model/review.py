"""Looking through many at once: what is looked through, a page of it, and what its form says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.model.actions import Change
from bot.model.anomalies import Anomaly
from bot.model.queries import Unheard
from bot.model.sources import Capabilities


@dataclass(frozen=True, slots=True)
class ReviewScope:
    """What a review looks through: the members of a group card, or (`card` "") what matches a filter, as canonical text. `version` is the
    card as somebody saw it (`Card.wanted`): who joined later is not meant; 0 where nobody knows, and all are. Of one `severity` those that
    are open are meant, "" of all."""

    words: str = ""
    card: str = ""
    version: int = 0
    severity: str = ""


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A page of a review: at most ten anomalies from `offset` on, of `total` (None: nobody says); `picked` are those that are ticked, on
    this page and others (`ids.pick`). `notice` is why the filter that was typed last cannot be used, `source` the system that is looked
    through, "" for several: then `totals` are by their titles, and `unheard` are those whose anomalies are not in it. `capabilities_of`
    is what the systems of its anomalies let people do, by their names. `later` joined the card after it was seen, and are not in it."""

    scope: ReviewScope
    anomalies: Sequence[Anomaly]
    total: int | None
    offset: int = 0
    picked: frozenset[str] = frozenset()
    channel: str = ""
    notice: str = ""
    source: str = ""
    totals: Sequence[tuple[str, int | None]] = ()
    unheard: Sequence[Unheard] = ()
    capabilities_of: Mapping[str, Capabilities] = field(default_factory=dict)
    later: int = 0


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """What a review form says: `which` is picked, page or all; `shown` the ids of its page; `typed` the text of its filter field.

    `change` is the one action, None while none is chosen; `people` are Slack ids to be assigned with it. `original` is that of which they
    are duplicates, as it was chosen or typed, "" where nobody said.
    """

    scope: ReviewScope
    source: str
    offset: int
    shown: tuple[str, ...]
    picked: frozenset[str]
    which: str
    typed: str
    change: Change | None
    people: tuple[str, ...] = ()
    channel: str = ""
    original: str = ""
