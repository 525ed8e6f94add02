"""Of which anomaly another one is a duplicate: what somebody typed or chose, looked up before anything is changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot import errors, model
from bot.core import connected, duplicates, grammar, permissions, phrases
from bot.services import browse

OFFERED = 25
"""So many of the same table are offered, the newest first."""


@dataclass(slots=True, kw_only=True)
class Duplicates:
    """Finds originals."""

    browse: browse.Browse

    async def named(self, change: model.Change, typed: str, source: str, actor: model.Actor) -> model.Change:
        """The change with the original that was typed (an id, a reference or a link) for anomalies of this system; as it is where nothing
        was typed. Raises NotFound for what is none, is unknown, or belongs to another system."""
        if not typed.strip():
            return change
        system = connected.named(self.browse.sources, source)
        ref = self._read(typed, source)
        if ref.source != source:
            theirs = connected.capabilities(self.browse.sources, ref.source).title
            raise errors.NotFound(f"{ref.id} is an anomaly of {theirs}: the original has to be one of {system.title}, as the duplicate is.")
        found = (await system.get([ref.id])).get(ref.id)
        if found is None:
            hint = "Look at the number again, or leave the original out."
            raise errors.NotFound(f"{system.title} has no anomaly {ref.id} of which this could be a duplicate. {hint}")
        return duplicates.named(change, found.ref.id, commented=self._commented(source, actor))

    def _read(self, typed: str, source: str) -> model.Ref:
        try:
            return grammar.reference(typed, sources=tuple(self.browse.sources), default_source=source, systems=self.browse.spoken)
        except errors.BadCommand as error:
            raise errors.NotFound(f"{phrases.quoted(typed.strip()[:80])} is no anomaly's id or link. {error}") from error

    def _commented(self, source: str, actor: model.Actor) -> bool:
        """Whether the system takes comments, and from this person."""
        try:
            permissions.decide(model.Action.COMMENT, actor, self.browse.grants)
        except errors.NotAllowed:
            return False
        system = connected.named(self.browse.sources, source)
        return model.Action.COMMENT in system.supports - system.doubtful

    async def offered(
        self, anomaly: model.Anomaly, actor: model.Actor, besides: Collection[model.Ref] = ()
    ) -> tuple[Sequence[model.Anomaly], int]:
        """Some others of the same table, of which it may be a duplicate, and how many there are, 0 where nobody can say; none where they
        cannot be told. `besides` are not among them."""
        if anomaly.container is None:
            return (), 0
        left_out = {anomaly.ref, *besides}
        most = OFFERED + len(left_out)
        stores = (anomaly.datastore.id,) if anomaly.datastore else ()
        query = model.Query(source=anomaly.ref.source, datastores=stores, tables=(anomaly.container.id,), statuses=("any",), limit=most)
        try:
            found = await self.browse.search.find(query, actor, most)
        except (errors.UserError, errors.SourceError):
            return (), 0
        others = [one for one in found.anomalies if one.ref not in left_out]
        return others[:OFFERED], max(len(others), (found.total or 0) - len(left_out))

    async def among(self, refs: Collection[model.Ref], actor: model.Actor) -> tuple[Sequence[model.Anomaly], int]:
        """The same for several that are all of one table, as far as this desk knows; none where they are not."""
        known = list((await self.browse.anomalies.get(list(refs))).values())
        tables = {(one.ref.source, one.container.id) for one in known if one.container is not None}
        if not known or len(known) < len(set(refs)) or len(tables) != 1 or any(one.container is None for one in known):
            return (), 0
        return await self.offered(known[0], actor, refs)
