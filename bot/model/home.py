"""What a person's App Home is drawn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.anomalies import Anomaly, Severity
from bot.model.batches import Batch
from bot.model.scans import Operation


@dataclass(frozen=True, slots=True)
class Home:
    """A person's App Home as it is remembered. `due` is when it is to be drawn (None: it shows what is wanted), `wanted` how often
    somebody wanted that, `called` when Slack was asked last to show it, `hash` Slack's word for what it shows ("" when nobody knows),
    `shown` a digest of that. `words` is its filter, `mine` and `unseen` are where the page of each queue starts, `notice` is the line on
    top. `people` is who they are in each system, by its name, as far as that was said."""

    who: str
    opened: datetime
    due: datetime | None = None
    wanted: int = 0
    called: datetime | None = None
    hash: str = ""
    shown: str = ""
    words: str = ""
    mine: int = 0
    unseen: int = 0
    notice: str = ""
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """How a person looks at the queues of their Home from now on: the filter in canonical form, and where each page starts."""

    words: str = ""
    mine: int = 0
    unseen: int = 0


@dataclass(frozen=True, slots=True)
class HomeQueue:
    """A page of open anomalies, the worst first, of each severity the oldest first. `more`: there are more than `total`, and they were not
    counted. `severities` splits the total; None is for those without."""

    anomalies: Sequence[Anomaly] = ()
    total: int = 0
    more: bool = False
    offset: int = 0
    severities: Mapping[Severity | None, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Load:
    """How many open anomalies somebody has: a Slack user, or "" and the `name` that a system has for them. `more` as of a queue."""

    slack_id: str
    name: str
    total: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What is known at one moment, for one person: what is assigned to them, what nobody has acknowledged, what runs, their last batches
    with how many of each were done, and who has how much, those with the most first."""

    mine: HomeQueue = HomeQueue()
    unseen: HomeQueue = HomeQueue()
    operations: Sequence[Operation] = ()
    batches: Sequence[tuple[Batch, int]] = ()
    load: Sequence[Load] = ()
