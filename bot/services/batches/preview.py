"""From what somebody asked for, by command or in a review, to a frozen batch that waits for its confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import errors, model, ports
from bot.core import grammar, snapshot
from bot.services import browse, people, review, selecting, triage
from bot.services.batches import freeze


@dataclass(slots=True, kw_only=True)
class Previews:
    """Asks for the rights, finds who and what is meant, and freezes it. What is frozen has changed nothing yet."""

    batches: freeze.Batches
    acting: triage.Triage
    browse: browse.Browse
    review: review.Review
    people: people.People
    messenger: ports.Messenger

    async def change(self, command: grammar.Command, actor: model.Actor, click: triage.Click) -> model.Receipt | freeze.Preview:
        """A command that changes anomalies. One that is named by its id is changed at once; everything else is previewed first."""
        typed = command.change
        assert typed is not None, "the verb changes something"
        self.acting.check(typed.action, model.Ref(self._source(command), "0"), actor)
        targets, missing = await self._targets(command, actor)
        wanted = await self._wanted(typed, targets.first[0].ref.source, actor)
        if typed.swap is not None:
            return replace(await self._swapped(typed.swap, wanted, targets, command, actor, click.channel), missing=missing)
        if len(targets.first) == 1 and command.refs and not missing:
            return await self.acting.act(wanted, targets.first[0].ref, actor, click)
        return replace(await self._frozen(wanted, targets, _words(command), actor, click.channel), missing=missing)

    async def deletion(self, command: grammar.Command, actor: model.Actor, channel: str) -> freeze.Preview:
        """What a command would delete for good."""
        self.acting.check(model.Action.DELETE, model.Ref(self._source(command), "0"), actor)
        targets, missing = await self._targets(command, actor)
        return replace(await self._frozen(model.Change(model.Action.DELETE), targets, _words(command), actor, channel), missing=missing)

    async def reviewed(self, reviewing: model.ReviewInput, query: model.Query, actor: model.Actor) -> freeze.Preview:
        """What a sent review form asks for; `query` is the filter of its scope, read."""
        asked = reviewing.change
        assert asked is not None, "the form was checked"
        for action in (asked.action, *((model.Action.ASSIGN,) if reviewing.people else ())):
            self.acting.check(action, model.Ref(reviewing.source, "0"), actor)
        wanted = await self._with_people(reviewing, asked)
        targets, _ = await self.review.targets(reviewing, query, actor)
        return await self._frozen(wanted, targets, self.review.words(reviewing), actor, reviewing.channel)

    # --- which, and for whom -----------------------------------------------------------------------------------------------------

    def _source(self, command: grammar.Command) -> str:
        if command.refs:
            return command.refs[0].source
        return (command.query.source if command.query else "") or self.browse.default_source

    async def _targets(self, command: grammar.Command, actor: model.Actor) -> tuple[selecting.Selection, Sequence[model.Ref]]:
        """The anomalies that a command selects, and the references that their system does not know."""
        if command.refs:
            found, missing = await self.browse.pick(command.refs, actor)
            return selecting.whole(found), missing
        return await self.browse.select(command.query or model.Query(), actor), ()

    async def _wanted(self, typed: grammar.TypedChange, source: str, actor: model.Actor) -> model.Change:
        """The change with its people looked up."""
        return grammar.resolved(typed, None if typed.people is None else await self._ids(typed.people, source, actor))

    async def _ids(self, people: Sequence[str], source: str, actor: model.Actor) -> tuple[str, ...]:
        return (await self.people.resolve(model.Query(assignees=tuple(people)), source, actor)).assignees

    async def _with_people(self, reviewing: model.ReviewInput, change: model.Change) -> model.Change:
        """The change with its Slack users as the system's. Raises NotFound for somebody whom it does not know."""
        if not reviewing.people:
            return change
        match = await self.people.match(reviewing.source, reviewing.people)
        if match.unknown:
            names = ", ".join(actor.name for actor in match.unknown)
            title = self.browse.capabilities(reviewing.source).title
            raise errors.NotFound(f"{title} does not know {names}. Say who that is there with /anomalies link @user name, and try again.")
        return replace(change, assignees=tuple(person.id for person in match.found.values()))

    # --- freezing ----------------------------------------------------------------------------------------------------------------

    async def _swapped(
        self,
        swap: tuple[str, str],
        wanted: model.Change,
        targets: selecting.Selection,
        command: grammar.Command,
        actor: model.Actor,
        channel: str,
    ) -> freeze.Preview:
        """A reassignment: each anomaly gets its own assignees, with somebody in the place of somebody."""
        old, new = await self._ids(swap, targets.first[0].ref.source, actor)
        home = await self.messenger.home(channel, actor.id)
        return await self.batches.freeze_each(wanted, lambda one: snapshot.swap(one, old, new), targets, _words(command), actor, home)

    async def _frozen(
        self, change: model.Change, targets: selecting.Selection, words: str, actor: model.Actor, channel: str
    ) -> freeze.Preview:
        frozen = await self.batches.freeze(change, targets, words, actor, await self.messenger.home(channel, actor.id))
        return replace(frozen, names=await self.people.names(frozen.batch.source, change.assignees or ()))


def _words(command: grammar.Command) -> str:
    """How the selection of a command is told on its receipt."""
    return grammar.canonical(command.query) if command.query else ", ".join(ref.id for ref in command.refs)
