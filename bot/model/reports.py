"""What the desk has to tell about itself, once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.model.anomalies import Ref


@dataclass(frozen=True, slots=True)
class FirstContact:
    """A system was met: so many were open already."""

    source: str
    title: str
    count: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlacesMet:
    """Places of a system that are looked after since now, with how many were open in each."""

    source: str
    title: str
    places: tuple[tuple[str, int], ...]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceFailing:
    """A system does not answer as it should; `over` when it does again."""

    title: str
    error: str
    since: datetime | None = None
    over: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceRecovered:
    """A system answers again; `error` is what it said before."""

    title: str
    error: str = ""
    since: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewlyAssigned:
    """For who was assigned by somebody: which anomaly (None: nobody can read which), its description, what it is and where."""

    ref: Ref | None
    by: str
    description: str = ""
    place: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class LinkReplaced:
    """For who is not that user of a system any more: who is now, and who said so ("": the address did)."""

    title: str
    person: str
    new: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class RequestInterrupted:
    """For who asked for something that a restart kept from being done. `action` is its word."""

    action: str
    refs: tuple[Ref, ...]
    why: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelRefuses:
    """For admins: nothing can be posted in a channel, for Slack's `code`."""

    channel: str
    code: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelWorks:
    """For admins: posting there works again."""

    channel: str
    since: datetime | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CriticalJoined:
    """Critical anomalies that joined a card of many which was there already, told in its thread: `thread` is the id of that card."""

    thread: str
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class UnknownReport:
    """One that another release stored, by its word."""

    what: str


Report = (
    FirstContact
    | PlacesMet
    | SourceFailing
    | SourceRecovered
    | NewlyAssigned
    | LinkReplaced
    | RequestInterrupted
    | ChannelRefuses
    | ChannelWorks
    | CriticalJoined
    | UnknownReport
)
