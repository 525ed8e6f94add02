"""Stand-ins for the ports that people and browse ask: they count the questions, and time is moved by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot import errors, model
from bot.sources.qualytics import list_params

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
DANA = model.Person("qualytics", "12", "Dana Reyes", "dana@acme.example")
LEE = model.Person("qualytics", "18", "Lee Park", "lee.park@acme.example")
OTHER_LEE = model.Person("qualytics", "19", "Lee Park", "lee2@acme.example")


@dataclass
class Clock:
    """A clock that stands still."""

    at: datetime = NOON

    def now(self) -> datetime:
        return self.at

    def pass_by(self, **time: float) -> None:
        self.at += timedelta(**time)


def anomaly(ident: int, **values: object) -> model.Anomaly:
    """An open one, the newer the higher its number."""
    given: dict[str, object] = {"state": model.State.ACTIVE, "status": "Active", "created": NOON + timedelta(minutes=ident)}
    return model.Anomaly(model.Ref("qualytics", str(ident)), **(given | {"weight": float(ident)} | values))  # type: ignore[arg-type]


@dataclass
class System:
    """A source that filters by status alone, as its `words` say: everything else is applied by the desk."""

    users: Sequence[model.Person] = (DANA, LEE)
    all: Sequence[model.Anomaly] = ()
    name: str = "qualytics"
    title: str = "Qualytics"
    max_batch: int = 100
    census: int = 16
    unkept: frozenset[model.Part] = frozenset()
    supports: frozenset[model.Action] = frozenset({model.Action.ACKNOWLEDGE, model.Action.COMMENT})
    doubtful: frozenset[model.Action] = frozenset()
    idents: model.Idents = field(default_factory=lambda: model.Idents(hosts=("acme.example",)))
    own_words: tuple[model.OwnWord, ...] = ()
    client_options: model.ClientOptions = field(default_factory=model.ClientOptions)
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    stages: tuple[model.Stage, ...] = ()
    archive_as: tuple[model.Closing, ...] = ()
    words: Mapping[str, model.Word] = field(default_factory=lambda: list_params.WORDS)
    asked: list[str] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)

    async def people(self) -> Sequence[model.Person]:
        self.asked.append("people")
        return self.users

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        yield (await self.find(replace(query, limit=0))).anomalies

    async def find(self, query: model.Query) -> model.Found:
        self.asked.append("find")
        self.limits.append(query.limit)
        found = sorted(self.all, key=lambda one: one.created, reverse=True)
        return model.Found(found[: query.limit or None], len(found))

    async def count(self, query: model.Query) -> int:
        self.asked.append("count")
        return len(self.all)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        return {one.ref.id: one for one in self.all if one.ref.id in ids}


@dataclass
class Links:
    """Remembered choices, one owner for each person, and the messages that were put with them."""

    known: dict[tuple[str, str], model.Person] = field(default_factory=dict)
    how: list[str] = field(default_factory=list)
    told: list[model.CardDraft] = field(default_factory=list)

    async def find(self, slack_ids: Sequence[str], source: str) -> Mapping[str, model.Person]:
        return {ident: self.known[ident, source] for ident in slack_ids if (ident, source) in self.known}

    async def link(
        self, slack_id: str, person: model.Person, how: str, now: datetime, *, replacing: str = "", told: Sequence[model.CardDraft] = ()
    ) -> bool:
        owner = await self.slack_id(person)
        if owner not in ("", slack_id, replacing):
            return False
        self.known.pop((owner, person.source), None)
        self.known[slack_id, person.source] = person
        self.how.append(how)
        self.told.extend(told)
        return True

    async def unlink(self, slack_id: str, source: str) -> None:
        self.known.pop((slack_id, source), None)

    async def slack_id(self, person: model.Person) -> str:
        return next((slack for (slack, _), known in self.known.items() if known.id == person.id), "")


@dataclass
class Directory:
    """Slack's directory."""

    asked: list[str] = field(default_factory=list)
    addresses: Mapping[str, str] = field(default_factory=lambda: {"U0DANA": "DANA@acme.example", "U0LEE": "lee@elsewhere.example"})

    async def actor(self, user: str) -> model.Actor:
        self.asked.append(user)
        return model.Actor(user, user.removeprefix("U0").capitalize(), email=self.addresses.get(user, ""))

    async def by_address(self, address: str) -> str:
        return next((user for user, known in self.addresses.items() if known.casefold() == address.casefold()), "")


@dataclass
class Shelf:
    """What the store knows: anomalies with their versions, cards, reasons."""

    known: Mapping[model.Ref, model.Anomaly] = field(default_factory=dict)
    cards: Sequence[model.Card] = ()
    reasons: Mapping[model.Ref, model.Reason] = field(default_factory=dict)

    async def get(self, refs: Sequence[model.Ref]) -> Mapping[model.Ref, model.Anomaly]:
        return {ref: self.known[ref] for ref in refs if ref in self.known}

    async def reason(self, ref: model.Ref) -> model.Reason | None:
        return self.reasons.get(ref)

    async def of(self, refs: Sequence[model.Ref]) -> Sequence[model.Card]:
        return [card for card in self.cards if card.ref in refs]

    async def at(self, channel: str, ts: str) -> model.Card | None:
        return None

    async def past(self, one: model.Anomaly, now: datetime) -> model.Recurrence:
        return model.Recurrence()


async def unresolved(query: model.Query, source: str, actor: model.Actor) -> model.Query:
    """Nobody is looked up, except that "ghost" does not exist."""
    if "ghost" in query.assignees:
        raise errors.NotFound("no such person")
    return replace(query, assignees=tuple("12" if who == "me" else who for who in query.assignees))
