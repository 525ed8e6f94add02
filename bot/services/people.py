"""Who is who: Slack users, and the users of each anomaly system that they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.core import systems

ROSTER_AGE = timedelta(minutes=10)
"""How long a system's list of users is believed. A miss reads it again at once, at most this often per minute."""

ROSTER_RETRY = timedelta(minutes=1)

OPTIONS = 100
"""Slack shows at most this many options (slack-platform section 4)."""


@dataclass(frozen=True, slots=True)
class Match:
    """Slack users looked up in one system: who was found, by Slack id, and who is not known there."""

    found: Mapping[str, model.Person]
    unknown: Sequence[model.Actor]


@dataclass(slots=True)
class _Roster:
    people: Sequence[model.Person]
    read: datetime


@dataclass(slots=True)
class People:
    """Looks people up: Slack's directory for rights, e-mail and remembered choices for assignments."""

    sources: Mapping[str, ports.Source]
    links: ports.Links
    directory: ports.Directory
    clock: ports.Clock
    _rosters: dict[str, _Roster] = field(default_factory=dict)

    async def home(self) -> model.Installation:
        """Where this app is installed. Raises DeliveryError when Slack cannot be asked."""
        return await self.directory.home()

    async def actor(self, user: str) -> model.Actor:
        """Who acts, with fresh flags. Raises DeliveryError when Slack cannot be asked: nobody acts unseen."""
        return await self.directory.actor(user)

    async def match(self, source: str, slack_ids: Sequence[str]) -> Match:
        """Find these Slack users among a system's users: a remembered choice first, then the same address, which is then remembered."""
        found = dict(await self.links.find(slack_ids, source))
        unknown: list[model.Actor] = []
        for slack_id in slack_ids:
            if slack_id in found:
                continue
            actor = await self.directory.actor(slack_id)
            person = await self._by_address(source, actor.email)
            if person is None:
                unknown.append(actor)
            else:
                await self.links.link(slack_id, person, "email", self.clock.now())
                found[slack_id] = person
        return Match(found, unknown)

    async def remember(self, slack_id: str, source: str, person_id: str) -> model.Person:
        """Keep a person's choice of who a Slack user is. Raises NotFound when the system has no such user."""
        for person in await self._roster(source):
            if person.id == person_id:
                await self.links.link(slack_id, person, "picked", self.clock.now())
                return person
        raise errors.NotFound(f"{self.sources[source].title} has no user {person_id} any more. Choose again.")

    async def known(self, slack_id: str, source: str) -> model.Person | None:
        """Who a Slack user is in a system, None when nobody knows."""
        systems.named(self.sources, source)
        return (await self.match(source, [slack_id])).found.get(slack_id)

    async def link(self, slack_id: str, source: str, word: str) -> model.Person:
        """Keep who a Slack user is, by the id, address or name that the system knows. Raises NotFound."""
        systems.named(self.sources, source)
        return await self.remember(slack_id, source, (await self._named(source, word)).id)

    async def forget(self, slack_id: str, source: str) -> None:
        """Unlink, so that the next assignment asks again."""
        await self.links.unlink(slack_id, source)

    async def suggest(self, source: str, typed: str) -> Sequence[model.Person]:
        """A system's users whose name or address holds what was typed, at most a menu's worth."""
        wanted = typed.strip().casefold()
        people = await self._roster(source)
        return [p for p in people if wanted in p.name.casefold() or wanted in p.email.casefold()][:OPTIONS]

    async def names(self, source: str, ids: Sequence[str]) -> Mapping[str, str]:
        """Id -> name of a system's users; those whom it does not know are missing."""
        return {person.id: person.name for person in await self._roster(source) if person.id in ids} if ids else {}

    async def slack_ids(self, people: Sequence[model.Person]) -> Mapping[str, str]:
        """Person id -> Slack id for those whom somebody linked."""
        pairs = [(person.id, await self.links.slack_id(person)) for person in people]
        return {person: slack for person, slack in pairs if slack}

    async def resolve(self, query: model.Query, source: str, actor: model.Actor) -> model.Query:
        """Replace the assignees of a filter (me, mentions, names, addresses) by the system's user ids. Raises NotFound."""
        from_words = [await self._assignee(word, source, actor) for word in query.assignees]
        return replace(query, assignees=tuple(from_words))

    async def _assignee(self, word: str, source: str, actor: model.Actor) -> str:
        if word == "none":
            return word
        title = self.sources[source].title
        slack_id = actor.id if word == "me" else word[2:-1].partition("|")[0] if word.startswith("<@") else ""
        if slack_id:
            match = await self.match(source, [slack_id])
            if slack_id in match.found:
                return match.found[slack_id].id
            who = "You are" if word == "me" else f"{match.unknown[0].name} is"
            raise errors.NotFound(
                f"{who} not linked to a {title} user yet. Assign an anomaly to that person once; the choice is remembered."
            )
        return (await self._named(source, word)).id

    async def _named(self, source: str, word: str) -> model.Person:
        """The one user of a system with this name, address or id. Raises NotFound."""
        wanted = word.removeprefix("@").casefold()
        hits = [p for p in await self._roster(source) if wanted in (p.name.casefold(), p.email.casefold(), p.id)]
        if len(hits) != 1:
            found = f"{len(hits)} users are" if hits else "no user is"
            title = self.sources[source].title
            raise errors.NotFound(f'In {title} {found} called "{word}". Use the e-mail address, or mention the person with @.')
        return hits[0]

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
