"""The one list of anomaly systems. A source is on when its URL is set; the prefix is that of its settings (`QUALYTICS_URL`, ...)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sources.qualytics import source


@dataclass(frozen=True, slots=True)
class System:
    """A system that the desk knows: the class that speaks to it, and the prefix of its settings."""

    make: type[source.Qualytics]
    prefix: str


SOURCES: Mapping[str, System] = {
    source.Qualytics.name: System(source.Qualytics, "QUALYTICS"),
}
