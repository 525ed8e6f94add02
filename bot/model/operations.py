"""Scans and their relatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.model.anomalies import Place, Ref


class ScanResult(StrEnum):
    """How an operation stands; a warning is a success with a message (contracts 1.6)."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What to start on one datastore. `kind` is scan, sync, profile, materialize or export; `options` go as they are."""

    kind: str
    datastore: str
    tables: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scan:
    """An operation as its system tells it. Finished when `ended` is set, whatever `result` says."""

    source: str
    id: str
    kind: str
    result: ScanResult
    datastore: Place | None = None
    message: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    tables_total: int | None = None
    tables_done: int | None = None
    records: int | None = None
    anomalies: int | None = None
    by: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Push:
    """What an inbound webhook of a system says: which anomalies it is about, as far as it tells."""

    refs: tuple[Ref, ...] = ()
