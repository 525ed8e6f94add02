"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.slack import Directory, Messenger
from bot.ports.store import (
    Anomalies,
    Backlog,
    Batches,
    Cards,
    Facts,
    HealthRecords,
    Identities,
    Intent,
    Journal,
    Leases,
    Note,
    Operations,
    Record,
    Records,
    Remark,
    Remarks,
    Tally,
)
from bot.ports.systems import AHEAD, Clock, Source, Telemetry

__all__ = [
    "AHEAD",
    "Anomalies",
    "Backlog",
    "Batches",
    "Cards",
    "Clock",
    "Directory",
    "Facts",
    "HealthRecords",
    "Identities",
    "Intent",
    "Journal",
    "Leases",
    "Messenger",
    "Note",
    "Operations",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "Source",
    "Tally",
    "Telemetry",
]
