"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.health import DigestMarks, HealthRecords, SlackHealth, SourceTraits
from bot.ports.queries import Mark, OpenAnomalies
from bot.ports.routes import Routes
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
from bot.ports.systems import AHEAD, Clock, Source, Telemetry
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
    "OpenAnomalies",
    "Operations",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "Routes",
    "SlackHealth",
    "Source",
    "SourceTraits",
    "Tally",
    "Telemetry",
]
