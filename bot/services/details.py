"""All that is known of one anomaly, and the rows behind it, for whoever looks closely: nothing of the rows is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from bot import errors, model, ports
from bot.core import attribution, connected, permissions
from bot.services import browse

LINES = 200
"""Lines of the journal that are read; that there are more is said."""

Part = TypeVar("Part")


@dataclass(slots=True, kw_only=True)
class Details:
    """Answers whoever opened the details. `rows` are the systems whose rows may be seen here: none unless the settings say so."""

    browse: browse.Browse
    rows: Mapping[str, ports.Rows]

    async def of(self, ref: model.Ref, actor: model.Actor) -> model.Details:
        """Everything, fresh from its system; of one that its system deleted what was seen last. What fails besides is said in it. Raises
        NotFound for one that does not exist for this desk."""
        anomaly = await self._known(ref, actor)
        missing: list[str] = []
        evidence, comments = await asyncio.gather(
            self._tried(self.browse.closely(anomaly), model.NO_EVIDENCE, missing), self._tried(self._comments(anomaly), (), missing)
        )
        now = self.browse.clock.now()
        entries = await self.browse.journal.history(ref, LINES + 1)
        return model.Details(
            anomaly,
            self.browse.capabilities(ref.source),
            await self.browse.journal.past(anomaly, now),
            await self.browse.journal.repeats(anomaly, now),
            entries[:LINES],
            len(entries),
            attribution.foreign(comments, entries),
            evidence,
            rows=not anomaly.deleted and self._may_see_rows(ref.source, actor),
            missing=missing,
        )

    async def _known(self, ref: model.Ref, actor: model.Actor) -> model.Anomaly:
        """As its system tells it; else as it was seen last, where its system says that it is gone."""
        try:
            return (await self.browse.show(ref, actor)).anomaly
        except errors.NotFound:
            stored = (await self.browse.anomalies.get([ref])).get(ref)
            # What lies outside the scope is neither found nor gone: nothing is told of it, whatever was seen before.
            if stored is None or ref.id not in (await connected.named(self.browse.sources, ref.source).read([ref.id])).gone:
                raise
            return replace(stored, deleted=True)

    async def _comments(self, anomaly: model.Anomaly) -> tuple[model.Comment, ...]:
        source = connected.named(self.browse.sources, anomaly.ref.source)
        if anomaly.deleted or model.Action.COMMENT not in source.supports:
            return ()
        return tuple(await source.comments(anomaly.ref.id))

    async def _tried(self, asking: Awaitable[Part], otherwise: Part, missing: list[str]) -> Part:
        try:
            return await asking
        except errors.SourceError as error:
            missing.append(str(error))
            return otherwise

    # --- rows ---------------------------------------------------------------------------------------------------------------

    def _may_see_rows(self, source: str, actor: model.Actor) -> bool:
        try:
            self._row_keeper(source, actor)
        except errors.UserError:
            return False
        return True

    def _row_keeper(self, source: str, actor: model.Actor) -> ports.Rows:
        """Who gives the rows. Raises NotAllowed, and NotSupported where there are none or the settings do not offer them."""
        permissions.decide(model.Action.ROWS, actor, self.browse.grants)
        connected.require(connected.named(self.browse.sources, source), model.Action.ROWS)
        if source not in self.rows:
            raise errors.NotSupported("Failing rows are not shown by this desk. Whoever runs the bot can change that with DESK_ROWS.")
        return self.rows[source]

    async def failing(self, ref: model.Ref, actor: model.Actor) -> tuple[model.Anomaly, model.Rows]:
        """The rows behind an anomaly, and the anomaly; for this answer, and kept nowhere."""
        keeper = self._row_keeper(ref.source, actor)
        shown = await self.browse.show(ref, actor)
        return shown.anomaly, await keeper.rows(shown.anomaly)
