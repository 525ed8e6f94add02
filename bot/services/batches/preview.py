"""From what somebody asked for, by command or in a review, to a frozen batch that waits for its confirmation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import errors, model, ports
from bot.core import grammar, phrases, snapshot
from bot.services import browse, duplicates, people, review, searching, selecting, triage
from bot.services.batches import freeze


@dataclass(frozen=True, slots=True)
class _Wants:
    """A change as the first system takes it, what each of the others takes in its place, and the systems that do not take part, and why."""

    first: model.Change
    theirs: Mapping[str, model.Change] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Previews:
    """Asks for the rights, finds who and what is meant, and freezes it. What is frozen has changed nothing yet."""

    batches: freeze.Batches
    acting: triage.Triage
    browse: browse.Browse
    review: review.Review
    people: people.People
    duplicates: duplicates.Duplicates
    messenger: ports.Messenger

    async def change(self, command: grammar.Command, actor: model.Actor, click: triage.Click) -> model.Receipt | freeze.Preview:
        """A command that changes anomalies. One that is named by its id is changed at once; everything else is previewed first."""
        typed = command.change
        assert typed is not None, "the verb changes something"
        self._check([typed.action], self._systems(command), actor)
        chosen = await self._targets(command, actor)
        if typed.swap is not None:
            return await self._swapped(typed.swap, typed, chosen, command, actor, click.channel)
        wants = await self._wants(chosen.systems, lambda name: self._wanted(typed, name, actor))
        if len(chosen.first) == 1 and command.refs and not (chosen.missing or chosen.unheard):
            return await self.acting.act(wants.first, chosen.first[0].ref, actor, click)
        return await self._frozen(wants, chosen, _words(command), actor, click.channel)

    async def deletion(self, command: grammar.Command, actor: model.Actor, channel: str) -> freeze.Preview:
        """What a command would delete for good."""
        self._check([model.Action.DELETE], self._systems(command), actor)
        chosen = await self._targets(command, actor)
        return await self._frozen(_Wants(model.Change(model.Action.DELETE)), chosen, _words(command), actor, channel)

    async def reviewed(self, reviewing: model.ReviewInput, query: model.Query, actor: model.Actor) -> freeze.Preview:
        """What a sent review form asks for; `query` is the filter of its scope, read."""
        asked = self._asked(reviewing, actor)
        chosen = await self.review.targets(reviewing, query, actor)
        wants = await self._wants(chosen.systems, lambda name: self._with_people(reviewing, asked, name, actor))
        return await self._frozen(wants, chosen, self.review.words(reviewing), actor, reviewing.channel)

    async def originals(self, reviewing: model.ReviewInput, actor: model.Actor) -> tuple[Sequence[model.Anomaly], int]:
        """Of what those of a review may be duplicates, before anybody is asked: others of their table, and how many there are. Raises
        UserError for who may not do what the form asks for."""
        self._asked(reviewing, actor)
        return await self.duplicates.among(self.review.refs(reviewing), actor)

    def _asked(self, reviewing: model.ReviewInput, actor: model.Actor) -> model.Change:
        """The change of a sent form, by somebody who may make it."""
        asked = reviewing.change
        assert asked is not None, "the form was checked"
        systems = [reviewing.source] if reviewing.source else list(self.browse.sources)
        self._check([asked.action, *((model.Action.ASSIGN,) if reviewing.people else ())], systems, actor)
        return asked

    async def again(self, ident: str, actor: model.Actor, channel: str) -> freeze.Preview:
        """The part of a batch that was refused as a whole because its system did not answer: exactly these once more, read anew. Raises
        UserError, and SourceError while the system still does not answer."""
        batch, systems = await self.batches.part(ident, actor)
        change = batch.change
        for system in systems:
            for action in snapshot.parts(change):
                self.acting.check(action, system, actor)
        own: dict[model.Ref, model.Change] = {}  # of the page that is being frozen

        async def refs() -> browse.Refs:
            async for items in self.batches.silent(ident):
                own.clear()
                own.update({item.ref: item.change for item in items if item.change is not None})
                yield [item.ref for item in items]

        chosen = await self.browse.fresh(refs(), systems, actor, "None of these anomalies is known any more. They may have been deleted.")
        titles = phrases.both([self.browse.capabilities(system).title for system in systems])
        part, where = f" (the part of {titles})", channel or batch.channel
        words = batch.words.removesuffix(part) + part
        return await self._frozen(_Wants(change), chosen, words, actor, where, own=lambda one: own.get(one.ref, change))

    # --- which, and for whom -----------------------------------------------------------------------------------------------------

    def _systems(self, command: grammar.Command) -> Sequence[str]:
        """The systems that a command is about."""
        if command.refs:
            return list(dict.fromkeys(ref.source for ref in command.refs))
        named = command.query.source if command.query else ""
        return [named] if named else list(self.browse.sources)

    def _check(self, actions: Sequence[model.Action], systems: Sequence[str], actor: model.Actor) -> None:
        """Raise NotAllowed, and NotSupported when no system offers it: what only some offer, the preview tells."""
        for action in actions:
            failed: list[errors.BotError] = []
            for name in systems:
                try:
                    self.acting.check(action, name, actor)
                except errors.NotSupported as error:
                    failed.append(error)
            if len(failed) == len(systems):
                raise searching.together(failed)

    async def _targets(self, command: grammar.Command, actor: model.Actor) -> selecting.Selection:
        """The anomalies that a command selects, the references that their system does not know, and the systems that did not answer."""
        if command.refs:
            return (await self.browse.pick(command.refs, actor)).selection
        return await self.browse.select(command.query or model.Query(), actor)

    async def _wants(self, systems: Sequence[str], make: Callable[[str], Awaitable[model.Change]]) -> _Wants:
        """The change for each system: people have other ids in each. One that does not know them takes no part. Raises what the first one
        says when none does."""
        made: dict[str, model.Change] = {}
        refused: dict[str, errors.BotError] = {}
        for name in systems:
            try:
                made[name] = await make(name)
            except (errors.NotFound, errors.SourceError) as error:
                refused[name] = error
        if not made:
            raise searching.together(list(refused.values()))
        return _Wants(next(iter(made.values())), made, {name: str(error) for name, error in refused.items()})

    async def _wanted(self, typed: grammar.TypedChange, source: str, actor: model.Actor) -> model.Change:
        """The change with its people, and the original of a duplicate, looked up."""
        change = grammar.resolved(typed, None if typed.people is None else await self._ids(typed.people, source, actor))
        return await self.duplicates.named(change, typed.duplicate_of, source, actor)

    async def _ids(self, people: Sequence[str], source: str, actor: model.Actor) -> tuple[str, ...]:
        return (await self.people.resolve(model.Query(assignees=tuple(people)), source, actor)).assignees

    async def _with_people(self, reviewing: model.ReviewInput, change: model.Change, source: str, actor: model.Actor) -> model.Change:
        """The change with the original of a duplicate, and its Slack users as the system's. Raises NotFound for what it does not know."""
        change = await self.duplicates.named(change, reviewing.original, source, actor)
        if not reviewing.people:
            return change
        match = await self.people.match(source, reviewing.people)
        if any(one.id == actor.id for one in match.unknown):
            raise self.people.unlinked(actor, source)
        if match.unknown:
            names = ", ".join(actor.name for actor in match.unknown)
            title = self.browse.capabilities(source).title
            raise errors.NotFound(f"{title} does not know {names}. Say who that is there with /anomalies link @user name, and try again.")
        return replace(change, assignees=tuple(person.id for person in match.found.values()))

    # --- freezing ----------------------------------------------------------------------------------------------------------------

    async def _swapped(
        self,
        swap: tuple[str, str],
        typed: grammar.TypedChange,
        chosen: selecting.Selection,
        command: grammar.Command,
        actor: model.Actor,
        channel: str,
    ) -> freeze.Preview:
        """A reassignment: each anomaly gets its own assignees, with somebody in the place of somebody. Where they are not known, nothing is
        in it."""
        known: dict[str, tuple[str, ...]] = {}
        failed: list[errors.BotError] = []
        for source in chosen.systems:
            try:
                known[source] = await self._ids(swap, source, actor)
            except (errors.NotFound, errors.SourceError) as error:
                failed.append(error)
        if not known:
            raise searching.together(failed)

        def own(one: model.Anomaly) -> model.Change | None:
            return snapshot.swap(one, *known[one.ref.source]) if one.ref.source in known else None

        theirs = replace(chosen, systems=[name for name in chosen.systems if name in known])
        change = replace(grammar.resolved(typed, None), swap=await self._called(known))
        try:
            return await self._frozen(_Wants(change), theirs, _words(command), actor, channel, own=own)
        except freeze.Nothing as error:
            if failed:
                raise searching.together(failed) from error
            raise errors.NotFound("Nothing that is open is assigned to that person, so there is nothing to reassign.") from error

    async def _called(self, known: Mapping[str, tuple[str, ...]]) -> tuple[str, str]:
        """Who hands over to whom, as the first of these systems calls them."""
        source, (there, here) = next(iter(known.items()))
        names = await self.people.names(source, (there, here))
        return names.get(there, there), names.get(here, here)

    async def _frozen(
        self,
        wants: _Wants,
        chosen: selecting.Selection,
        words: str,
        actor: model.Actor,
        channel: str,
        *,
        own: freeze.Own | None = None,
    ) -> freeze.Preview:
        home = await self.messenger.home(channel, actor.id)
        return await self.batches.freeze(wants.first, chosen, words, actor, home, own=own, theirs=wants.theirs, refused=wants.refused)


def _words(command: grammar.Command) -> str:
    """How the selection of a command is told on its receipt."""
    if command.query:
        first = f" limit:{command.query.limit}" if command.query.limit else ""
        return (grammar.canonical(replace(command.query, limit=0)) or "everything that is open") + first
    alone = len({ref.source for ref in command.refs}) == 1
    return ", ".join(ref.id if alone else str(ref) for ref in command.refs)
