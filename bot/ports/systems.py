"""The clock, the counters, and an anomaly system: what each of them can, and what some of them can besides."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

from bot import model

AHEAD = timedelta(minutes=5)
"""What is dated further in the future than this was dated by a clock that has been set back since."""

STEP = timedelta(seconds=0.5)
"""From here on a clock is worth being set; what a call to the database takes is not. Two processes' clocks differ by twice as much."""


class Clock(Protocol):
    """The time. Always UTC, always aware."""

    def now(self) -> datetime: ...


class Telemetry(Protocol):
    """Counters and durations for `/metrics` and `/anomalies status`. `labels` never carry secrets or row data."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, seconds: float, **labels: str) -> None: ...


@runtime_checkable
class Opener(Protocol):
    """A source that can be met page by page; any other one is met by `changes("")`."""

    def opening(self) -> model.Opening:
        """Everything that is open, and the cursor behind it."""
        ...


@runtime_checkable
class Finder(Protocol):
    """A source that finds what a push is about by more than an id; any other one reads the ids."""

    async def pushed(self, about: Sequence[model.Mention]) -> model.Reading:
        """Read these anomalies, as `Source.read`, with the clues that its own webhooks gave; the ids of the answer are those mentioned."""
        ...


@runtime_checkable
class Unlisted(Protocol):
    """A source that has no list: filters are answered from what this desk knows of it, and `find`, `pages` and `count` are not asked."""

    unlisted: bool


@runtime_checkable
class Unpeopled(Protocol):
    """A source of which nobody is a user here: whoever is assigned is a Slack user, by their Slack id."""

    unpeopled: bool


class Source(Protocol):
    """The anomalies of one system. Every call raises `errors.SourceError` or a child of it, and nothing else. What belongs to a datastore
    that the desk does not look after does not exist in any of them.

    Capabilities are data: `supports` names the actions that exist, `archive_as` the ways of closing (() where it has no reason),
    `stages` the words for an acknowledged one that people may choose (() where there is one word alone),
    `max_batch` the ids of one bulk write (1: no bulk call), `words` how each filter word is treated (a word that is missing is refused).
    `doubtful` names those of `supports` that were refused lately, whatever they were tried on: they are spared where nobody asked for them
    (the comment that tells who acted), and tried whenever somebody does.
    `census`: within so many polls everything that is open was looked through once, whatever its date.
    `unkept` are the parts that it cannot keep of some or all of its anomalies, each of which says so (`Anomaly.kept_here`): the desk keeps
    them, and calls nothing to change them. It lists and counts such ones as if nobody had done anything: open, or over.
    `uncleared` are the parts that it can change and never empty again, like who is assigned.
    `longest_comment` is how many characters a comment may have, the name of who wrote it included (0: it tells no limit).
    `idents` say how its anomalies are named, `own_words` are the filter words that belong to it alone,
    `client_options` what people know from its own command line.
    Who starts scans is a `Scanner` beside it: `supports` names SCAN and ABORT exactly where there is one.
    """

    name: str
    title: str
    supports: frozenset[model.Action]
    doubtful: frozenset[model.Action]
    archive_as: tuple[model.Closing, ...]
    stages: tuple[model.Stage, ...]
    max_batch: int
    words: Mapping[str, model.Word]
    census: int
    unkept: frozenset[model.Part]
    uncleared: frozenset[model.Part]
    longest_comment: int
    idents: model.Idents
    own_words: tuple[model.OwnWord, ...]
    client_options: model.ClientOptions

    async def changes(self, cursor: str) -> model.Changes:
        """Anomalies that are open and new since `cursor` ("" = everything that is open), newest first, with overlap; and, a few at a time,
        everything else that is open: whether it is known decides what is new, not its date."""
        ...

    async def find(self, query: model.Query) -> model.Found:
        """What matches the words of `query` that are SENT to the system, newest first unless it says otherwise; at most
        `query.limit` (0: all). Words that are applied HERE are ignored. Raises `errors.NotFound` for an unknown datastore or table."""
        ...

    def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """All that `find` finds, page by page in its order, however many there are: none is kept here. `query.limit` is not looked at. One
        that moves to another page meanwhile may come twice."""
        ...

    async def count(self, query: model.Query) -> int:
        """How many match the SENT words of `query`."""
        ...

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Read these anomalies again, archived ones too. An id that is missing from the answer does not exist any more.
        One id costs one call."""
        ...

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """Read these anomalies again, archived ones too, with at most `pages` calls (0: as many as it takes), first ids first. Those of
        other datastores are neither found nor gone."""
        ...

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """Do one change to these anomalies (as last read): one Outcome per target, in order. Never raises for one bad id, only when nothing
        could be done at all: `SourceUnavailable` and `SourceGarbled` then mean that nobody knows whether it was done. Chunks, isolates
        datastores, halves refused chunks. Does not read back, except where an answer was lost."""
        ...

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """The remarks on one anomaly, oldest first; () where the system has none."""
        ...

    async def people(self) -> Sequence[model.Person]:
        """All users who can be assigned."""
        ...

    async def check(self) -> str:
        """Try what a start needs: the system can be reached, takes the token, and knows what the settings name. Returns what is seen
        there, in a few words ("3 datastores")."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Scanner(Protocol):
    """The operations of one system, where the desk can start and follow them. Raises what `Source` raises; what belongs to a datastore
    that the desk does not look after does not exist here either."""

    async def datastores(self) -> Sequence[model.Place]:
        """The datastores that this desk looks after."""
        ...

    async def tables(self, datastore: str, *, tags: Sequence[str] = ()) -> Sequence[model.Place]:
        """The containers of one datastore (by id); with `tags` those that carry at least one of them."""
        ...

    async def active_checks(self, datastore: str, tables: Sequence[str] = ()) -> int:
        """How many checks are active on these containers (by id; () = on all) of one datastore."""
        ...

    async def tags(self) -> Sequence[str]:
        """The names of all tags."""
        ...

    async def start(self, request: model.ScanRequest) -> model.Scan:
        """Start an operation. Never repeated by itself: a time-out raises `SourceUnavailable` and the caller looks first."""
        ...

    async def scan(self, ident: str) -> model.Scan:
        """One operation as it stands."""
        ...

    async def scans(
        self, *, since: datetime | None = None, running: bool = False, datastore: str = "", kind: str = "", limit: int = 0
    ) -> Sequence[model.Scan]:
        """Operations, newest first; only those that have not ended with `running`, of one datastore (by id), of one kind; at most `limit`
        (0: all)."""
        ...

    async def abort(self, ident: str) -> model.Scan:
        """Ask an operation to stop; it may have ended already."""
        ...


@dataclass(frozen=True, slots=True)
class Picture:
    """An image, the name of the file that it would be, and what is to be seen there, for those who do not see it."""

    name: str
    content: bytes
    alt: str


class Pictures(Protocol):
    """What a system draws of an anomaly. Raises what `Source` raises."""

    async def pictures(self, anomaly: model.Anomaly) -> Sequence[Picture]:
        """The anomaly in pictures, the most telling first; () where the system has none of it."""
        ...


class Courses(Protocol):
    """How metrics went, where a system tells it. Raises what `Source` raises."""

    async def course(self, anomaly: model.Anomaly) -> Sequence[model.Point]:
        """How the metric of this one went before and since, the oldest first, and what was expected: at most twenty points, by one call. ()
        where the system has none of it."""
        ...


class Witness(Protocol):
    """What a system tells of one anomaly to whoever looks closely. Raises what `Source` raises."""

    async def evidence(self, anomaly: model.Anomaly) -> model.Evidence:
        """What happened around it, and what belongs to it. What fails of several is told (`missing`), unless all of it does."""
        ...


class Rows(Protocol):
    """The rows behind an anomaly, where a system keeps them. Raises what `Source` raises, and quotes nothing of an answer in it. Who has it
    supports ROWS."""

    async def rows(self, anomaly: model.Anomaly) -> model.Rows:
        """The first of its rows, as masked as the system gives them; none where it keeps none."""
        ...


class Commons(Protocol):
    """What a system tells of many anomalies at once. Raises what `Source` raises."""

    async def common(self, query: model.Query) -> Sequence[model.Common]:
        """What the anomalies that match have in common, the heaviest first. Raises `errors.NotSupported` for a filter that the system
        cannot tell it of."""
        ...


class Detector(Protocol):
    """A system that can be asked to look for anomalies in a span of time, and tells nothing of it while it looks. `spans` are the words for
    those that it takes. Raises what `Source` raises."""

    spans: tuple[str, ...]

    async def detect(self, span: str) -> model.Detection:
        """Start it; never repeated by itself: after a time-out nobody knows, and nobody can look."""
        ...


@dataclass(frozen=True, slots=True)
class System:
    """One anomaly system with what it can: `source` always, the others where it has them. One object may be all of them."""

    source: Source
    scanner: Scanner | None = None
    pictures: Pictures | None = None
    courses: Courses | None = None
    witness: Witness | None = None
    detector: Detector | None = None
    commons: Commons | None = None
    rows: Rows | None = None
