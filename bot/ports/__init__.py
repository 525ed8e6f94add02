"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.slack import Directory, Messenger
from bot.ports.store import (
    Anomalies,
    Backlog,
    Batches,
    Cards,
    Claims,
    Facts,
    Intent,
    Journal,
    Links,
    Note,
    Operations,
    Record,
    Records,
    Remark,
    Remarks,
    Standings,
    Tally,
)
from bot.ports.systems import Clock, Source, Telemetry

__all__ = [
    "Anomalies",
    "Backlog",
    "Batches",
    "Cards",
    "Claims",
    "Clock",
    "Directory",
    "Facts",
    "Intent",
    "Journal",
    "Links",
    "Messenger",
    "Note",
    "Operations",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "Source",
    "Standings",
    "Tally",
    "Telemetry",
]
