"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.health import DigestMarks, HealthRecords, SlackHealth, SourceTraits
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
from bot.ports.work import Batches, Deliveries, Delivery, Leases, Operations, Workers

__all__ = [
    "AHEAD",
    "Anomalies",
    "Backlog",
    "Batches",
    "Cards",
    "Clock",
    "Deliveries",
    "Delivery",
    "DigestMarks",
    "Directory",
    "HealthRecords",
    "Identities",
    "Intent",
    "Journal",
    "Leases",
    "Messenger",
    "Note",
    "Observation",
    "Operations",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "SlackHealth",
    "Source",
    "SourceTraits",
    "Tally",
    "Telemetry",
    "Workers",
]
