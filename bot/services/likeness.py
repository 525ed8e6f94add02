"""What the anomalies of a filter have in common, where a system can tell: asked when somebody wants to know, and kept nowhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import errors, model, ports
from bot.core import connected, grammar, permissions, phrases
from bot.services import searching


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Asks the one system that is meant."""

    search: searching.Search
    commons: Mapping[str, ports.Commons]
    grants: permissions.Grants

    async def of(self, query: model.Query, actor: model.Actor) -> tuple[str, Sequence[model.Common]]:
        """The name of the system that told it, and what it told. Raises NotAllowed, NotSupported, NotFound and SourceError."""
        permissions.decide(model.Action.BROWSE, actor, self.grants)
        name = query.source or self._only()
        source, asked = connected.named(self.search.sources, name), self.commons.get(name)
        if asked is None:
            raise errors.NotSupported(f"{source.title} has no call that tells what anomalies have in common.")
        mine = self.search.mine(query, source)
        grammar.check_words(mine, source.words, source.title)
        with ports.clicked():
            return name, await asked.common(await self.search.resolve(mine, name, actor))

    def _only(self) -> str:
        """The system that is meant where nobody names one."""
        if len(self.commons) == 1:
            return next(iter(self.commons))
        if not self.commons:
            titles = phrases.both([source.title for source in self.search.sources.values()])
            raise errors.NotSupported(f"{titles} cannot tell what anomalies have in common.")
        named = phrases.either([f"source:{name}" for name in self.commons])
        raise errors.NotSupported(f"Several systems can tell it. Say which one: {named}.")
