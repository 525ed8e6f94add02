"""Ids that were typed without their system: found where this desk knows them, else asked for where they may be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import errors, model, ports
from bot.core import connected, grammar, phrases
from bot.services import searching


@dataclass(frozen=True, slots=True)
class Placing:
    """Finds the systems of bare ids."""

    sources: Mapping[str, ports.Source]
    anomalies: ports.Anomalies
    spoken: grammar.Systems

    async def placed(self, refs: Sequence[model.Ref], home: str = "", text: str = "") -> tuple[model.Ref, ...]:
        """These references, each with its system. What this desk knows counts first, over all systems; an id that it does not know is asked
        for in those whose form of id fits. Of several that have it `home` is meant, if it is one of them: else Unclear is raised, with
        the `text` that was typed. Raises NotFound when no system has it."""
        bare = list(dict.fromkeys(ref.id for ref in refs if not ref.source))
        if not bare:
            return tuple(refs)
        known = await self.anomalies.known([model.Ref(name, ident) for name in self.sources for ident in bare])
        hits: dict[str, Sequence[str]] = {ident: [name for name in self.sources if model.Ref(name, ident) in known] for ident in bare}
        hits |= await self._asked([ident for ident, names in hits.items() if not names])
        found = {ident: self._one(ident, names, home, text) for ident, names in hits.items()}
        return tuple(dict.fromkeys(ref if ref.source else model.Ref(found[ref.id], ref.id) for ref in refs))

    async def _asked(self, idents: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Which systems have these, by asking; an id that only one system can have is not asked for."""
        fits = {ident: self.spoken.homes(ident) for ident in idents}
        wanted = {name: [ident for ident, names in fits.items() if len(names) > 1 and name in names] for name in self.sources}
        sources = [connected.named(self.sources, name) for name, some in wanted.items() if some]
        if not sources:
            return fits
        heard, unheard = await searching.each(sources, lambda source: source.get(wanted[source.name]))
        there = {ident: [source.name for source, found in heard if ident in found] for ident, names in fits.items() if len(names) > 1}
        lost = [ident for ident, names in there.items() if not names]
        if lost and unheard:
            raise errors.NotFound(f"{phrases.both([one.title for one in unheard])} cannot be asked for {lost[0]}: {unheard[0].why}")
        return {**fits, **there}

    def _one(self, ident: str, names: Sequence[str], home: str, text: str) -> str:
        if home in names:
            return home
        if len(names) == 1:
            return names[0]
        titles = [(name, self.sources[name].title) for name in names]
        if names:
            message = f"{phrases.both([title for _, title in titles])} have an anomaly {ident} each. Which one is meant?"
            raise errors.Unclear(message, systems=titles, text=text)
        knows = phrases.both([source.title for source in self.sources.values()])
        gone = "It may have been deleted, or the number may be wrong."
        raise errors.NotFound(f"Of {knows}, none has an anomaly {ident}. {gone}")
