"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.health import DigestMarks, HealthRecords, SlackHealth, SourceTraits
from bot.ports.keeping import Reached, Removed, Retention
from bot.ports.kinds import Budget, Deps, Kind, Lanes, Setting, Thresholds
from bot.ports.overlays import Overlays
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
from bot.ports.systems import (
    AHEAD,
    STEP,
    Clock,
    Detector,
    Opener,
    Picture,
    Pictures,
    Scanner,
    Source,
    System,
    Telemetry,
    Witness,
)
from bot.ports.urgency import clicked, urgent
from bot.ports.work import Batches, Deliveries, Delivery, Leases, Operations, Workers

__all__ = [
    "AHEAD",
    "STEP",
    "Anomalies",
    "Backlog",
    "Batches",
    "Budget",
    "Cards",
    "Clock",
    "Deliveries",
    "Delivery",
    "Deps",
    "Detector",
    "DigestMarks",
    "Directory",
    "HealthRecords",
    "Identities",
    "Intent",
    "Journal",
    "Kind",
    "Lanes",
    "Leases",
    "Mark",
    "Messenger",
    "Note",
    "Observation",
    "OpenAnomalies",
    "Opener",
    "Operations",
    "Overlays",
    "Picture",
    "Pictures",
    "Reached",
    "Record",
    "Records",
    "Remark",
    "Remarks",
    "Removed",
    "Retention",
    "Routes",
    "Scanner",
    "Setting",
    "SlackHealth",
    "Source",
    "SourceTraits",
    "System",
    "Tally",
    "Telemetry",
    "Thresholds",
    "Witness",
    "Workers",
    "clicked",
    "urgent",
]
