"""Looking for anomalies in what happened lately, where a system can be asked to and tells nothing of it afterwards: no row, nothing that is
followed. What is found comes with the next look at the system, which is asked for at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot import errors, model, ports
from bot.core import connected, permissions, phrases

LOST = (errors.SourceUnavailable, errors.SourceGarbled)


@dataclass(slots=True, kw_only=True)
class Detections:
    """Starts them, once for each time that somebody asks."""

    sources: Mapping[str, ports.Source]
    detectors: Mapping[str, ports.Detector]
    health: ports.HealthRecords
    grants: permissions.Grants

    async def start(self, name: str, span: str, actor: model.Actor) -> tuple[str, model.Detection]:
        """Look in this span, in the system of this name ("": the one that can). Returns that name, too. Raises NotAllowed, NotSupported,
        NotFound, and SourceError."""
        permissions.decide(model.Action.SCAN, actor, self.grants)
        name = name or self._only()
        source, detector = connected.named(self.sources, name), self.detectors.get(name)
        if detector is None:
            raise errors.NotSupported(f"{source.title} cannot be asked to look for anomalies in a span of time.")
        if span not in detector.spans:
            takes = phrases.either(list(detector.spans))
            raise errors.NotSupported(f"{source.title} cannot look for anomalies in {phrases.quoted(span)}. It takes {takes}.")
        try:
            with ports.clicked():
                found = await detector.detect(span)
        except LOST as error:
            text = f"{error} It may have begun all the same, and {source.title} does not tell. Look at the list before you ask again."
            raise type(error)(source.name, text) from error
        finally:
            await self.health.ask(name)
        return name, found

    def _only(self) -> str:
        """The system that is meant where nobody names one."""
        if len(self.detectors) == 1:
            return next(iter(self.detectors))
        if not self.detectors:
            titles = phrases.both([source.title for source in self.sources.values()])
            raise errors.NotSupported(f"{titles} cannot be asked to look for anomalies in a span of time.")
        named = phrases.either([f"source:{name}" for name in self.detectors])
        raise errors.NotSupported(f"Several systems can look for anomalies. Say which one: {named}.")
