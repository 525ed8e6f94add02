"""Who is who: Slack users, and the users of each anomaly system that they are."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import connected, grammar, ownership, permissions, phrases
from bot.services import cards, searching

ROSTER_AGE = timedelta(minutes=10)
"""How long a system's list of users is believed. A miss reads it again at once, at most this often per minute."""

ROSTER_RETRY = timedelta(minutes=1)

_SLACK_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_SOMEBODY = re.compile(r"(?P<who><@[^<>]+>)$|@me$")


@dataclass(frozen=True, slots=True)
class Match:
    """Slack users looked up in one system: who was found, by Slack id, and who is not known there."""

    found: Mapping[str, model.Person]
    unknown: Sequence[model.Actor]


@dataclass(frozen=True, slots=True)
class Linked:
    """Who somebody is from now on, and the Slack user who was that before ("" for nobody) and is told."""

    person: model.Person
    replaced: str = ""


@dataclass(slots=True)
class _Roster:
    people: Sequence[model.Person]
    read: datetime


@dataclass(slots=True, kw_only=True)
class People:
    """Looks people up: Slack's directory for rights, e-mail and remembered choices for assignments."""

    sources: Mapping[str, ports.Source]
    identities: ports.Identities
    directory: ports.Directory
    clock: ports.Clock
    grants: permissions.Grants = field(default_factory=permissions.Grants)
    _rosters: dict[str, _Roster] = field(default_factory=dict)

    async def home(self) -> model.Installation:
        """Where this app is installed. Raises DeliveryError when Slack cannot be asked."""
        return await self.directory.home()

    async def actor(self, user: str) -> model.Actor:
        """Who acts, with fresh flags. Raises DeliveryError when Slack cannot be asked: nobody acts unseen."""
        return await self.directory.actor(user)

    async def called(self, *texts: str) -> Mapping[str, str]:
        """The names of the Slack users whom these texts mention, by their ids; without those of whom Slack does not tell now."""
        found: dict[str, str] = {}
        for ident in grammar.people(*texts):
            with contextlib.suppress(errors.DeliveryError):
                found[ident] = (await self.directory.actor(ident)).name
        return found

    async def match(self, source: str, slack_ids: Sequence[str]) -> Match:
        """Find these Slack users among a system's users: a remembered choice first, then the same address, which is then remembered. Where
        a system has no users they are themselves."""
        if self._themselves(source):
            return Match({one: await self._themself(source, one) for one in slack_ids}, ())
        found = dict(await self.identities.find(slack_ids, source))
        unknown: list[model.Actor] = []
        for slack_id in slack_ids:
            if slack_id in found:
                continue
            actor = await self.directory.actor(slack_id)
            person = await self._by_address(source, actor.email)
            if person is None or await self._own(actor, person, "email", await self.identities.slack_id(person)) is None:
                unknown.append(actor)
            else:
                found[slack_id] = person
        return Match(found, unknown)

    def check_strangers(self, actor: model.Actor, source: str, unknown: Sequence[model.Actor]) -> None:
        """Raise NotAllowed when the actor may not say who these Slack users are."""
        ownership.check_strangers(unknown, actor, self.sources[source].title, self.grants)

    def unlinked(self, actor: model.Actor, source: str) -> errors.UserError:
        """What is said to somebody who is nobody in a system: who they are is theirs to say where they may assign, else somebody else's."""
        title = self.sources[source].title
        said = f"You are not linked to {title} yet."
        try:
            permissions.decide(model.Action.ASSIGN, actor, self.grants)
        except errors.NotAllowed as error:
            return errors.NotAllowed(f"{said} {error}", ask=error.ask or sorted(self.grants.admins))
        return errors.NotLinked(f"{said} Say who you are there: /anomalies link.", systems=[(source, title)])

    async def remember(self, actor: model.Actor, slack_id: str, source: str, person_id: str) -> Linked:
        """Keep the actor's choice of who a Slack user is. Raises NotFound when the system has no such user, NotAllowed when the choice is
        not the actor's."""
        title = self.sources[source].title
        person = next((one for one in await self._roster(source) if one.id == person_id), None)
        if person is None:
            raise errors.NotFound(f"{title} has no user {person_id} any more. Choose again.")
        permissions.decide(model.Action.ASSIGN, actor, self.grants)
        owner = await self.identities.slack_id(person)
        by_address = await self.directory.by_address(person.email) if person.email else ""
        own = await self._by_address(source, actor.email) if slack_id == actor.id else None
        ownership.decide(ownership.Choice(slack_id, person, title, owner, by_address, own), actor, self.grants)
        subject = await self.directory.actor(slack_id)
        linked = await self._own(subject, person, "email" if by_address else "picked", owner, actor.name)
        if linked is None:
            raise errors.Stale("Somebody else was linked to that user at the same moment. Look who with /anomalies link, and try again.")
        return linked

    async def _own(self, subject: model.Actor, person: model.Person, how: str, owner: str, by: str = "") -> Linked | None:
        """Make somebody the owner, and tell who was it before; None when somebody else was faster."""
        replaced = owner if owner != subject.id else ""
        told = [self._replaced(replaced, subject, person, by)] if replaced else []
        done = await self.identities.link(subject.id, person, how, self.clock.now(), replacing=replaced, told=told)
        return Linked(person, replaced) if done else None

    def _replaced(self, owner: str, subject: model.Actor, person: model.Person, by: str) -> model.CardDraft:
        """The direct message to somebody who is a system's user no longer."""
        title, named = self.sources[person.source].title, person.name or person.email or person.id
        key = f"replaced:{person.source}:{person.id}:{owner}:{self.clock.now().isoformat()}"
        return cards.report(key, model.LinkReplaced(title, named, subject.name, by), owner)

    async def known(self, slack_id: str, source: str) -> model.Person | None:
        """Who a Slack user is in a system, None when nobody knows."""
        connected.named(self.sources, source)
        return (await self.match(source, [slack_id])).found.get(slack_id)

    def standing_in(self, slack_id: str) -> ports.Who:
        """Who a Slack user is, for a system that writes down in its own words who did it; nobody while Slack does not say who that is."""

        async def who(source: str) -> model.Person | None:
            with contextlib.suppress(errors.DeliveryError):
                return await self.known(slack_id, source)
            return None

        return who

    def placed(self, named: str, typed: str, text: str) -> str:
        """The system in which somebody is to be linked: the one that is named, or the only one. Raises Unclear with the `text` of the
        command where there are several, NotFound and NotSupported where there is none."""
        if named:
            return self._with_users([connected.named(self.sources, named)])[0].name
        found = self._with_users(list(self.sources.values()))
        if len(found) > 1:
            titles = [(source.name, source.title) for source in found]
            message = f"{phrases.both([title for _, title in titles])} have users of their own. Which one is meant?"
            raise errors.Unclear(message, systems=titles, text=text, word=typed)
        return found[0].name

    async def everywhere(self, slack_id: str, named: str = "") -> tuple[Sequence[tuple[str, model.Person | None]], Sequence[model.Unheard]]:
        """Who a Slack user is, by the names of the systems that have users (or in the one that is named); and which of these do not answer.
        Raises NotFound and NotSupported."""
        asked = self._with_users([connected.named(self.sources, named)] if named else list(self.sources.values()))
        heard, unheard = await searching.each(asked, lambda source: self.known(slack_id, source.name))
        return [(source.name, person) for source, person in heard], unheard

    def peopled(self) -> Sequence[str]:
        """The systems that have users, to whom something can be assigned."""
        return [name for name, source in self.sources.items() if model.Action.ASSIGN in source.supports and not self._themselves(name)]

    def _with_users(self, sources: Sequence[ports.Source]) -> Sequence[ports.Source]:
        """Those that assign something to somebody: in the others nobody is anybody."""
        found = [one for one in sources if model.Action.ASSIGN in one.supports and not self._themselves(one.name)]
        if not found:
            titles = phrases.both([source.title for source in sources])
            raise errors.NotSupported(f"In {titles} nothing is assigned to anybody from here, so nobody has to be linked there.")
        return found

    async def link(self, actor: model.Actor, slack_id: str, source: str, word: str) -> Linked:
        """Keep who a Slack user is, by the id, address or name that the system knows. Raises NotFound and NotAllowed."""
        connected.named(self.sources, source)
        return await self.remember(actor, slack_id, source, (await self._named(source, word)).id)

    async def forget(self, actor: model.Actor, slack_id: str, source: str) -> None:
        """Unlink, so that the next assignment asks again. Raises NotAllowed: others are an admin's."""
        permissions.decide(model.Action.ASSIGN, actor, self.grants)
        ownership.check_others(slack_id, actor, self.grants)
        await self.identities.unlink(slack_id, source)

    async def suggest(self, source: str, typed: str) -> Sequence[model.Person]:
        """A system's users whose name or address holds what was typed."""
        wanted = typed.strip().casefold()
        people = await self._roster(source)
        return [p for p in people if wanted in p.name.casefold() or wanted in p.email.casefold()]

    async def names(self, source: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Id -> name of a system's users; those whom it does not know are missing."""
        if self._themselves(source):
            return {one: (await self._themself(source, one)).name for one in ids}
        return {person.id: person.name for person in await self._roster(source) if person.id in ids} if ids else {}

    async def slack_ids(self, people: Sequence[model.Person]) -> Mapping[str, str]:
        """Person id -> Slack id for those whom somebody linked."""
        pairs = [(one.id, one.id if self._themselves(one.source) else await self.identities.slack_id(one)) for one in people]
        return {person: slack for person, slack in pairs if slack}

    async def resolve(self, query: model.Query, source: str, actor: model.Actor) -> model.Query:
        """Replace the people of a filter by the system's user ids: its assignees (me, mentions, names, addresses), and whoever of Slack
        stands in the system's own words. Raises NotFound."""
        from_words = [await self._assignee(word, source, actor) for word in query.assignees]
        naming = {one.name for one in self.sources[source].own_words if one.people}
        others = [(name, await self._inside(value, source, actor) if name in naming else value) for name, value in query.others]
        return replace(query, assignees=tuple(from_words), others=tuple(others))

    async def _inside(self, kept: str, source: str, actor: model.Actor) -> str:
        found = _SOMEBODY.search(kept)
        return f"{kept[: found.start()]}@{await self._assignee(found['who'] or 'me', source, actor)}" if found else kept

    async def _assignee(self, word: str, source: str, actor: model.Actor) -> str:
        if word == "none":
            return word
        title = self.sources[source].title
        slack_id = actor.id if word == "me" else word[2:-1].partition("|")[0] if word.startswith("<@") else ""
        if slack_id:
            match = await self.match(source, [slack_id])
            if slack_id in match.found:
                return match.found[slack_id].id
            if slack_id == actor.id:
                raise self.unlinked(actor, source)
            how = "They, or an admin of this desk, can say who they are there"
            who = match.unknown[0].name
            raise errors.NotFound(f"{who} is not linked to {title} yet. {how}: /anomalies link and the e-mail address in {title}.")
        return (await self._named(source, word)).id

    async def _named(self, source: str, word: str) -> model.Person:
        """The one user of a system with this name, address or id. Raises NotFound."""
        if self._themselves(source):
            return await self._addressed(source, word)
        wanted = word.removeprefix("@").casefold()
        hits = [p for p in await self._roster(source) if wanted in (p.name.casefold(), p.email.casefold(), p.id)]
        if len(hits) != 1:
            found = f"{len(hits)} users are" if hits else "no user is"
            title = self.sources[source].title
            raise errors.NotFound(f'In {title} {found} called "{word}". Use the e-mail address, or mention the person with @.')
        return hits[0]

    # --- who is nobody but themselves ----------------------------------------------------------------------------------------

    def _themselves(self, source: str) -> bool:
        """Whether a system has no users, so that Slack users stand for themselves."""
        return isinstance(self.sources.get(source), ports.Unpeopled)

    async def _themself(self, source: str, slack_id: str) -> model.Person:
        return model.Person(source, slack_id, (await self.directory.actor(slack_id)).name)

    async def _addressed(self, source: str, word: str) -> model.Person:
        slack_id = word if _SLACK_ID.fullmatch(word) else await self.directory.by_address(word) if "@" in word.strip("@") else ""
        if not slack_id:
            title = self.sources[source].title
            raise errors.NotFound(f'{title} has no users, and in Slack none is found by "{word}". Mention the person with @.')
        return await self._themself(source, slack_id)

    # --- who is somebody there -------------------------------------------------------------------------------------------------

    async def _by_address(self, source: str, address: str) -> model.Person | None:
        if not address:
            return None
        for again in (False, True):
            for person in await self._roster(source, again=again):
                if person.email and person.email.casefold() == address.casefold():
                    return person
        return None

    async def _roster(self, source: str, *, again: bool = False) -> Sequence[model.Person]:
        roster, now = self._rosters.get(source), self.clock.now()
        age = ROSTER_RETRY if again else ROSTER_AGE
        if roster is None or now - roster.read > age:
            roster = self._rosters[source] = _Roster(await self.sources[source].people(), now)
        return roster.people
