"""What a desk keeps of anomalies, in memory: the port `Overlays`, and the writing that the recorder does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import model, ports
from bot.core import grammar, overlay
from bot.services import searching


@dataclass(slots=True)
class Rows:
    """Rows by the ids of anomalies, and these as they were seen last."""

    rows: dict[str, model.Overlay] = field(default_factory=dict)
    seen: dict[str, model.Anomaly] = field(default_factory=dict)

    async def get(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Overlay]:
        """What is kept of these."""
        return {ident: self.rows[ident] for ident in ids if ident in self.rows}

    async def stored(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """Those of these of which something is kept."""
        return {ident: self.seen[ident] for ident in ids if ident in self.rows}

    async def groups(self, source: str, query: model.Query) -> Sequence[model.Kept] | None:
        """What is kept of those that match all of a filter but its statuses, one by one."""
        anywhere = replace(query, statuses=("any",))
        found = [(kept, self.seen[ident]) for ident, kept in self.rows.items() if grammar.matches(anywhere, self.seen[ident])]
        return [
            model.Kept(kept.state, kept.outcome, one.state, one.over is not None, 1, one.there.state if one.there else None)
            for kept, one in found
        ]

    async def marks(self, source: str, query: model.Query, after: ports.Mark | None, limit: int) -> Sequence[ports.Mark]:
        """The next ones that match it though their system takes them to stand elsewhere."""
        found = [one for ident in self.rows if overlay.only_here(query, one := self.seen[ident])]
        ids = [one.ref.id for one in sorted(found, key=searching.order(query.sort))]
        start = ids.index(after.id) + 1 if after is not None else 0
        rows = [self.seen[ident] for ident in ids[start : start + limit]]
        return [ports.Mark(one.created, one.ref.id, one.weight) for one in rows]

    def write(self, anomaly: model.Anomaly, kept: model.Overlay) -> None:
        """Keep this from now on; what says nothing needs no row."""
        ident = anomaly.ref.id
        self.rows.pop(ident, None)
        if not kept.empty:
            self.rows[ident], self.seen[ident] = kept, anomaly
