"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.health import DigestMarks, HealthRecords, SlackHealth, SourceTraits
from bot.ports.keeping import Mark, Removed, Retention
from bot.ports.slack import Directory, Messenger
from bot.ports.store import (
    Anomalies,
    Backlog,
    Cards,
    Identities,
    Intent,
    Journal,
    Note,
    Observation,
    Record,
    Records,
    Remark,
    Remarks,
    Tally,
)
from bot.ports.systems import AHEAD, Clock, Opener, Source, Telemetry
from bot.ports.work import Batches, Leases, Operations

__all__ = [
    "AHEAD",
    "Anomalies",
    "Backlog",
    "Batches",
    "Cards",
    "Clock",
    "DigestMarks",
    "Directory",
    "HealthRecords",
    "Identities",
    "Intent",
    "Journal",
    "Leases",
    "Mark",
    "Messenger",
    "Note",
    "Observation",
    "Opener",
    "Operations",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "Removed",
    "Retention",
    "SlackHealth",
    "Source",
    "SourceTraits",
    "Tally",
    "Telemetry",
]
