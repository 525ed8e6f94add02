"""Looking through many and acting on some: pages of ten, ticks, and what they come to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot import errors, model
from bot.core import grammar, permissions
from bot.render.kit import text
from bot.services import browse, selecting


def query(scope: model.ReviewScope, today: date) -> model.Query:
    """The filter of what is looked through; a group card has none."""
    return model.Query() if scope.card else grammar.query(scope.words, today=today)


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
        source = query.source or self.browse.default_source
        return model.ReviewPage(kept, listing.anomalies, listing.total, listing.offset, frozenset(picked), channel, source=source)

    async def filtered(self, reviewing: model.ReviewInput, actor: model.Actor, today: date) -> model.ReviewPage:
        """The first page of the filter that was typed into the form; one that cannot be understood is told on the page that was there."""
        permissions.decide(model.Action.BROWSE, actor, self.browse.grants)
        try:
            typed = grammar.query(grammar.clean(text.escape(reviewing.typed)), today=today)  # a form's text comes as typed
            return await self.page(model.ReviewScope(words=grammar.canonical(typed)), typed, actor, channel=reviewing.channel)
        except errors.UserError as error:
            before = query(reviewing.scope, today)
            page = await self.page(reviewing.scope, before, actor, reviewing.offset, reviewing.picked, reviewing.channel)
            return replace(page, notice=str(error))

    async def targets(
        self, reviewing: model.ReviewInput, query: model.Query, actor: model.Actor
    ) -> tuple[selecting.Selection, Sequence[model.Ref]]:
        """The anomalies that a review form means, fresh from their system, and those that it does not know any more."""
        if reviewing.which == "all":
            whole = self.browse.whole_group(reviewing.scope.card, actor) if reviewing.scope.card else self.browse.select(query, actor)
            return await whole, ()
        chosen = reviewing.shown if reviewing.which == "page" else sorted(reviewing.picked)
        refs = [model.Ref(reviewing.source, ident) for ident in chosen]
        if not refs:
            raise errors.NotFound("Nothing is ticked. Tick some anomalies, or choose all on the page or all that match.")
        found, missing = await self.browse.pick(refs, actor)
        return selecting.whole(found), missing

    def words(self, reviewing: model.ReviewInput) -> str:
        """How the selection of a review is told on its receipt."""
        return (reviewing.scope.words or "a group card") if reviewing.which == "all" else "chosen in a review"
