"""What the rooms promise each other: small protocols, implemented in `sources`, `store`, `delivery` and `app`. Import the package."""

from __future__ import annotations

from bot.ports.health import DigestMarks, HealthRecords, SlackHealth, SourceTraits
from bot.ports.keeping import Reached, Removed, Retention
from bot.ports.kinds import Budget, Deps, Kind, Lanes, Setting, Thresholds
from bot.ports.overlays import Overlays
from bot.ports.pushes import ALWAYS, BASIC, BEARER, DESK_SECRET, KEY, PATH, Carrier, Hooks, Pushes, Way, header
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
from bot.ports.systems import AHEAD, STEP, Clock, Finder, Opener, Picture, Pictures, Scanner, Source, System, Telemetry
from bot.ports.urgency import clicked, urgent
from bot.ports.work import Batches, Deliveries, Delivery, Leases, Operations, Workers

__all__ = [
    "AHEAD",
    "ALWAYS",
    "BASIC",
    "BEARER",
    "DESK_SECRET",
    "KEY",
    "PATH",
    "STEP",
    "Anomalies",
    "Backlog",
    "Batches",
    "Budget",
    "Cards",
    "Carrier",
    "Clock",
    "Deliveries",
    "Delivery",
    "Deps",
    "DigestMarks",
    "Directory",
    "Finder",
    "HealthRecords",
    "Hooks",
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
    "Pushes",
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
    "Way",
    "Workers",
    "clicked",
    "header",
    "urgent",
]
