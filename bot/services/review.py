"""Looking through many and acting on some: pages of ten, ticks, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot import errors, model
from bot.services import browse


@dataclass(slots=True)
class Review:
    """Pages through what a filter or a group card holds. Changes nothing."""

    browse: browse.Browse

    async def page(
        self,
        scope: model.ReviewScope,
        query: model.Query,
        actor: model.Actor,
        offset: int = 0,
        picked: Collection[str] = (),
        channel: str = "",
    ) -> model.ReviewPage:
        """A page of it, with what is ticked already; `query` is the filter of the scope, read. Raises UserError."""
        if scope.card:
            listing = await self.browse.members(scope.card, actor, offset)
        else:
            listing = await self.browse.listing(query, actor, offset)
        if not listing.anomalies and offset:  # what was there was dealt with meanwhile
            return await self.page(scope, query, actor, 0, picked, channel)
        kept = model.ReviewScope(words=listing.words, card=scope.card)
        return model.ReviewPage(kept, listing.anomalies, listing.total, listing.offset, frozenset(picked), channel)

    async def targets(
        self, reviewing: model.ReviewInput, query: model.Query, actor: model.Actor
    ) -> tuple[Sequence[model.Anomaly], Sequence[model.Ref]]:
        """The anomalies that a review form means, fresh from their system, and those that it does not know any more."""
        if reviewing.which == "all" and not reviewing.scope.card:
            return await self.browse.select(query, actor), ()
        if reviewing.which == "all":
            refs = [one.ref for one in await self.browse.whole_group(reviewing.scope.card, actor)]
        else:
            chosen = reviewing.shown if reviewing.which == "page" else sorted(reviewing.picked)
            refs = [model.Ref(reviewing.source, ident) for ident in chosen]
        if not refs:
            raise errors.NotFound("Nothing is ticked. Tick some anomalies, or choose all on the page or all that match.")
        return await self.browse.pick(refs, actor)

    def words(self, reviewing: model.ReviewInput) -> str:
        """How the selection of a review is told on its receipt."""
        return (reviewing.scope.words or "a group card") if reviewing.which == "all" else "chosen in a review"
