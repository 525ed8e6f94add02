"""What all services stand on: the settings, and whatever talks to the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from bot import model, ports, settings
from bot.core import permissions
from bot.store import engine, routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The settings, and whatever talks to the world; the systems with what each of them has. `line` says how
    the connection to Slack stands, `elsewhere` whose the filter words of single systems are; a process that only answers Slack does not
    `works`."""

    configured: settings.Settings
    clock: ports.Clock
    telemetry: ports.Telemetry
    store: engine.Store
    sources: Mapping[str, ports.Source]
    scanners: Mapping[str, ports.Scanner]
    pictures: Mapping[str, ports.Pictures]
    courses: Mapping[str, ports.Courses]
    witnesses: Mapping[str, ports.Witness]
    detectors: Mapping[str, ports.Detector]
    commons: Mapping[str, ports.Commons]
    rows: Mapping[str, ports.Rows]
    hooks: Mapping[str, ports.Hooks]
    messenger: ports.Messenger
    directory: ports.Directory
    grants: permissions.Grants
    line: Callable[[], Awaitable[str]]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    works: bool = True

    @property
    def routes(self) -> ports.Routes:
        """Where new anomalies go."""
        given = self.configured
        home = model.Route("default", given.desk_channel, burst=given.desk_burst, wait_seconds=given.desk_wait_seconds)
        zone, systems = ZoneInfo(given.desk_timezone), list(self.sources.values())
        return routes.Routes(self.store.db, home, self.clock, zone, systems, self.elsewhere)
