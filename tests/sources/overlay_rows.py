"""What a desk keeps of anomalies, in memory: the port `Overlays`, and the writing that the recorder does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot import model


@dataclass(slots=True)
class Rows:
    """Rows by the ids of anomalies, and these as they were seen last."""

    rows: dict[str, model.Overlay] = field(default_factory=dict)
    seen: dict[str, model.Anomaly] = field(default_factory=dict)

    async def get(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Overlay]:
        """What is kept of these."""
        return {ident: self.rows[ident] for ident in ids if ident in self.rows}

    async def known(self, source: str) -> Sequence[model.Anomaly]:
        """All of which something is kept."""
        return [self.seen[ident] for ident in sorted(self.rows)]

    def write(self, anomaly: model.Anomaly, kept: model.Overlay) -> None:
        """Keep this from now on; what says nothing needs no row."""
        ident = anomaly.ref.id
        self.rows.pop(ident, None)
        if not kept.empty:
            self.rows[ident], self.seen[ident] = kept, anomaly
