"""All that listeners may call, put together by the composition root."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from bot import model, ports
from bot.services import browse, digest, home, people, review, status, triage
from bot.services.batches import freeze, preview, run
from bot.services.scans import ask, detect, follow

Placing = Callable[[model.Actor], Awaitable[tuple[model.Ref, ...]]]
"""Finds for this actor the systems of the ids of a command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """All that listeners may call."""

    people: people.People
    triage: triage.Triage
    browse: browse.Browse
    batches: freeze.Batches
    previews: preview.Previews
    runs: run.Runs
    scans: ask.Scans
    detections: detect.Detections
    follow: follow.Follow
    digests: digest.Digests
    review: review.Review
    status: status.Status
    home: home.Home
    messenger: ports.Messenger
    deliveries: ports.Deliveries
    telemetry: ports.Telemetry
    clock: ports.Clock
    zone: ZoneInfo
    sources: tuple[str, ...]
    tasks: set[asyncio.Future[Any]] = field(default_factory=set)

    def today(self) -> date:
        """The date in the desk's time zone."""
        return self.clock.now().astimezone(self.zone).date()
