"""Looking through many and acting on some: pages of ten, ticks, and what they come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date

from bot import errors, model
from bot.core import grammar, permissions
from bot.render.kit import text
from bot.services import browse, selecting


@dataclass(slots=True)
class Review:
    """Pages through what a filter or a group card holds. Changes nothing."""

    browse: browse.Browse

    def query(self, scope: model.ReviewScope, today: date) -> model.Query:
        """The filter of what is looked through; a group card has none."""
        return model.Query() if scope.card else grammar.stored(scope.words, today=today, systems=self.browse.spoken)

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
            listing = await self.browse.members(scope.card, actor, offset, scope.version, scope.severity)
        else:
            listing = await self.browse.listing(query, actor, offset)
        if not listing.anomalies and offset:  # what was there was dealt with meanwhile
            return await self.page(scope, query, actor, 0, picked, channel)
        kept = replace(scope, words=listing.words)
        source = query.source or (next(iter(self.browse.sources)) if len(self.browse.sources) == 1 else "")
        meant = min(listing.total, query.limit) if query.limit and listing.total is not None else listing.total
        page = model.ReviewPage(kept, listing.anomalies, meant, listing.offset, frozenset(picked), channel, source=source)
        return replace(page, totals=listing.totals, unheard=listing.unheard, capabilities_of=listing.capabilities_of, later=listing.later)

    async def filtered(self, reviewing: model.ReviewInput, actor: model.Actor, today: date) -> model.ReviewPage:
        """The first page of the filter that was typed into the form; one that cannot be understood is told on the page that was there."""
        permissions.decide(model.Action.BROWSE, actor, self.browse.grants)
        try:
            same = reviewing.typed.split() == reviewing.scope.words.split()
            typed = self.query(reviewing.scope, today) if same else self._typed(reviewing.typed, today)
            return await self.page(model.ReviewScope(words=grammar.canonical(typed)), typed, actor, channel=reviewing.channel)
        except errors.UserError as error:
            before = self.query(reviewing.scope, today)
            page = await self.page(reviewing.scope, before, actor, reviewing.offset, reviewing.picked, reviewing.channel)
            return replace(page, notice=str(error))

    def _typed(self, words: str, today: date) -> model.Query:
        """A form's text comes as it was typed."""
        return grammar.query(grammar.clean(text.escape(words)), today=today, systems=self.browse.spoken)

    async def targets(self, reviewing: model.ReviewInput, query: model.Query, actor: model.Actor) -> selecting.Selection:
        """The anomalies that a review form means, fresh from their systems, and those that these do not know any more."""
        if reviewing.which == "all":
            scope = reviewing.scope
            if not scope.card:
                return await self.browse.select(query, actor)
            return await self.browse.whole_group(scope.card, actor, scope.version, scope.severity)
        refs = self.refs(reviewing)
        if not refs:
            raise errors.NotFound("Nothing is ticked. Tick some anomalies, or choose all on the page or all that match.")
        return (await self.browse.pick(refs, actor)).selection

    def refs(self, reviewing: model.ReviewInput) -> list[model.Ref]:
        """Those that a review form names one by one: none where all are meant."""
        chosen = {"page": reviewing.shown, "picked": sorted(reviewing.picked)}.get(reviewing.which, ())
        return [model.Ref.parse(word, reviewing.source) for word in chosen]

    def words(self, reviewing: model.ReviewInput) -> str:
        """How the selection of a review is told on its receipt."""
        return (
            (reviewing.scope.words or ("a group card" if reviewing.scope.card else "everything that is open"))
            if reviewing.which == "all"
            else "chosen in a review"
        )
