"""Every lasting message."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import card_grouping, columns, leases, mappers, outbox, queue_stats, tables, tallies, transactions

_CARDS, _ANOMALIES = tables.cards, tables.anomalies

_POSTED = _CARDS.c.ts.is_not(None)
_ENDED = _CARDS.c.state.in_([model.CardState.LOST.value, model.CardState.GONE.value])

_NEWEST_EDIT = (_CARDS.c.urgent.desc(), _CARDS.c.posted.desc(), _CARDS.c.id.desc())
_OLDEST_POST = (_CARDS.c.created, _CARDS.c.place, _CARDS.c.id)


class Cards:
    """The port `Cards`."""

    def __init__(self, db: transactions.Database) -> None:
        self._db = db

    async def waiting(self) -> Sequence[model.Card]:
        """Cards that nobody has decided about, oldest first."""
        return await self._cards(sa.select(_CARDS).where(tables.WAITING).order_by(*_OLDEST_POST))

    async def windows(self) -> Mapping[str, model.Window]:
        """The last window of every route."""

        async def work(connection: AsyncConnection) -> Mapping[str, model.Window]:
            return {row.route: mappers.window(row) for row in await connection.execute(sa.select(tables.windows))}

        return await self._db.read(work)

    async def decide(self, decision: model.Decision, now: datetime) -> None:
        """Carry out a decision in one transaction; cards that were decided in between are left alone."""
        await self._db.write(lambda connection: card_grouping.decide(connection, decision, now))

    async def due(
        self, now: datetime, *, posted: bool, channel: str = "", without: Sequence[str] = (), limit: int = 50
    ) -> Sequence[model.Card]:
        """Live cards that are due and not leased: first posts (oldest first) or edits (clicked first, then newest); of one channel, or of
        all but those in `without`."""
        statement = sa.select(_CARDS).where(self._due(now, posted=posted)).order_by(*(_NEWEST_EDIT if posted else _OLDEST_POST))
        if channel:
            statement = statement.where(_CARDS.c.channel == channel)
        if without:
            statement = statement.where(_CARDS.c.channel.not_in(without))
        return await self._cards(statement.limit(limit))

    async def due_channels(self, now: datetime) -> Sequence[str]:
        """Channels with first posts that are due and whose lane nobody holds, by name."""
        there = sa.and_(self._due(now, posted=False), leases.free(leases.LANES, _CARDS.c.channel, self._db, now))
        statement = sa.select(_CARDS.c.channel).distinct().where(there).order_by(_CARDS.c.channel)

        async def work(connection: AsyncConnection) -> Sequence[str]:
            return list(await connection.scalars(statement))

        return await self._db.read(work)

    async def get(self, card: str) -> model.Card | None:
        """A card by its id."""
        return next(iter(await self._cards(sa.select(_CARDS).where(_CARDS.c.id == card))), None)

    async def at(self, channel: str, ts: str) -> model.Card | None:
        """The card behind a message."""
        statement = sa.select(_CARDS).where(_CARDS.c.channel == channel, _CARDS.c.ts == ts).order_by(_CARDS.c.created.desc())
        return next(iter(await self._cards(statement.limit(1))), None)

    async def of(self, refs: Sequence[model.Ref]) -> Sequence[model.Card]:
        """All cards that show these anomalies, group cards too, oldest first."""

        async def work(connection: AsyncConnection) -> Sequence[model.Card]:
            found: dict[str, model.Card] = {}
            for source in sorted({ref.source for ref in refs}):
                for ids in transactions.chunks(sorted({ref.id for ref in refs if ref.source == source})):
                    statement = sa.select(_CARDS).where(_CARDS.c.id.in_(outbox.showing(source, ids)))
                    found |= {row.id: mappers.card(row) for row in await connection.execute(statement)}
            return sorted(found.values(), key=lambda card: (card.created, card.id))

        return await self._db.read(work)

    async def find(self, draft: model.CardDraft) -> model.Card | None:
        """The card of (kind, channel, key), where it is there."""
        statement = sa.select(_CARDS).where(outbox.is_draft(draft))

        async def work(connection: AsyncConnection) -> model.Card | None:
            row = (await connection.execute(statement)).one_or_none()
            return mappers.card(row) if row else None

        return await self._db.read(work)

    async def put(self, draft: model.CardDraft, now: datetime) -> model.Card:
        """The card of (kind, channel, key): made when missing, else given this payload and marked dirty when that is another one."""

        async def work(connection: AsyncConnection) -> model.Card:
            card = await _existing(connection, draft)
            if card is None:
                return await _made(connection, outbox.values(draft, now), now)
            if card.payload == _stored(draft.payload):
                return card
            await connection.execute(
                sa.update(_CARDS).where(_CARDS.c.id == card.id).values(payload=dict(draft.payload), **_dirty_if_live(now))
            )
            return await _one(connection, card.id)

        return await self._db.write(work)

    async def touch(self, cards: Sequence[str], now: datetime) -> None:
        """Mark dirty and due now, however old: a click, so it comes first. A moment to come is when it is due, unless it is before that.

        A card that was ended is delivered again when it has a message; one that has none is never posted by a touch.
        """
        ended = sa.and_(_ENDED, _POSTED)

        async def work(connection: AsyncConnection) -> None:
            for chunk in transactions.chunks(sorted(cards)):
                # Anomalies before cards, as whoever stores an anomaly does: else two who meet would wait for each other.
                await _click(connection, chunk, now)
                revived = list(await connection.scalars(sa.select(_CARDS.c.id).where(_CARDS.c.id.in_(chunk), ended)))
                await connection.execute(
                    sa.update(_CARDS)
                    .where(_CARDS.c.id.in_(chunk), sa.or_(outbox.LIVE, ended))
                    .values(state=model.CardState.LIVE, urgent=True, **outbox.dirty(now))
                )
                if revived:
                    await outbox.refresh_shown(connection, revived, now)

        await self._db.write(work)

    async def stir(self, card: str, at: datetime) -> None:
        """Mark a live card dirty without hurry: it is delivered at that moment or later; one that is due already stays due when it is."""

        async def work(connection: AsyncConnection) -> None:
            due = sa.func.coalesce(_CARDS.c.due, sa.literal(at, columns.Utc()))
            live = sa.and_(_CARDS.c.id == card, outbox.LIVE)
            await connection.execute(sa.update(_CARDS).where(live).values(outbox.dirty(at) | {"due": due}))

        await self._db.write(work)

    async def adopt(self, draft: model.CardDraft, ts: str, now: datetime) -> model.Card:
        """Take over a message of ours that no row knows. A card that already has a live message keeps it."""
        taken = {
            "ts": ts,
            "state": model.CardState.LIVE.value,
            "reason": model.Reason.ADOPTED.value,
            "posted": _posted_at(ts, now),
            "posting": None,
            "urgent": True,
            "due": now,
            "since": now,
        }

        async def work(connection: AsyncConnection) -> model.Card:
            card = await _existing(connection, draft)
            if card is None:
                return await _made(connection, outbox.values(draft, now) | taken, now)
            if card.ts and card.state is model.CardState.LIVE:
                return card
            await connection.execute(sa.update(_CARDS).where(_CARDS.c.id == card.id).values({**taken, "wanted": card.wanted + 1}))
            await outbox.refresh_shown(connection, [card.id], now)
            return await _one(connection, card.id)

        return await self._db.write(work)

    async def begin(self, lease: model.Lease, now: datetime) -> bool:
        """Row before call: a first post starts now. False also when the card has a message, or is not to be seen any more."""
        return await self._fenced(lease, sa.and_(outbox.LIVE, _CARDS.c.ts.is_(None)), posting=self._db.moment(now))

    async def delivered(
        self,
        lease: model.Lease,
        version: int,
        now: datetime,
        *,
        ts: str = "",
        reason: model.Reason | None = None,
        again: datetime | None = None,
    ) -> ports.Shown:
        """Slack shows `version`; with `ts` it was the first post (`ports.Cards.delivered`)."""
        current = sa.or_(_CARDS.c.wanted == version, ~outbox.LIVE)
        values: dict[str, Any] = {
            "delivered": version,
            "due": sa.case(
                (~outbox.LIVE, None),
                (_CARDS.c.wanted == version, None if again is None else sa.literal(again, columns.Utc())),
                else_=sa.literal(now, columns.Utc()),
            ),
            "since": sa.case((current, None), else_=outbox.earliest(_CARDS.c.since, now)),
            "urgent": sa.case((current, sa.false()), else_=_CARDS.c.urgent),
            "posting": None,
            "tries": 0,
            "error": "",
        }
        if ts:
            values |= {"ts": ts, "posted": _posted_at(ts, now)}
        if reason is not None:
            values["reason"] = reason.value
        change = sa.update(_CARDS).where(leases.held(lease, self._db)).values(values).returning(_CARDS.c.due)

        async def work(connection: AsyncConnection) -> ports.Shown:
            row = (await connection.execute(change)).one_or_none()
            if row is None:
                return ports.Shown.LOST
            if row.due is not None and row.due <= now:
                return ports.Shown.PART
            await leases.give_back(connection, [lease])
            return ports.Shown.ALL

        return await self._db.write(work)

    async def defer(self, lease: model.Lease, until: datetime, error: str, *, unsent: bool = True) -> bool:
        """Try again later; `unsent` when it is certain that nothing was posted. False also when the card is not to be seen any more."""
        sent = {"posting": None} if unsent else {}
        return await self._fenced(lease, outbox.LIVE, due=until, error=error, tries=_CARDS.c.tries + 1, **sent)

    async def end(self, lease: model.Lease, state: model.CardState, reason: model.Reason, error: str = "") -> bool:
        """No more deliveries until somebody touches it."""
        ended = {"due": None, "since": None, "urgent": False, "posting": None}

        async def work(connection: AsyncConnection) -> bool:
            change = sa.update(_CARDS).where(leases.held(lease, self._db)).values(state=state, reason=reason, error=error, **ended)
            if not (await connection.execute(change)).rowcount:
                return False
            await outbox.refresh_shown(connection, [lease.key], lease.until)
            return True

        return await self._db.write(work)

    async def tally(self, card: str, sample: int = 5, *, version: int = 0, severity: str = "") -> ports.Tally:
        """The members of a group card, counted by the database; the sample is of the newest (`ports.Cards.tally`)."""
        return await self._db.read(lambda connection: tallies.tally(connection, tallies.Members(card, version, severity), sample))

    async def members(
        self, card: str, *, offset: int = 0, limit: int = 10, version: int = 0, severity: str = ""
    ) -> Sequence[model.Anomaly]:
        """The members of a group card, newest first."""
        those = tallies.Members(card, version, severity)
        return await self._db.read(lambda connection: tallies.page(connection, those, offset, limit))

    async def backlog(self, now: datetime) -> ports.Backlog:
        """What waits; ages count from when Slack began to lag behind."""
        return await self._db.read(lambda connection: queue_stats.measure(connection, now))

    def _due(self, now: datetime, *, posted: bool) -> sa.ColumnElement[bool]:
        lane = _POSTED if posted else _CARDS.c.ts.is_(None)
        return sa.and_(_CARDS.c.due.is_not(None), _CARDS.c.due <= now, lane, leases.free(leases.CARDS, _CARDS.c.id, self._db, now))

    async def _cards(self, statement: sa.Select[Any]) -> Sequence[model.Card]:
        async def work(connection: AsyncConnection) -> Sequence[model.Card]:
            return await mappers.each(await connection.execute(statement), mappers.card)

        return await self._db.read(work)

    async def _fenced(self, lease: model.Lease, condition: sa.ColumnElement[bool], **values: Any) -> bool:
        statement = sa.update(_CARDS).where(leases.held(lease, self._db), condition).values(values)

        async def work(connection: AsyncConnection) -> bool:
            return (await connection.execute(statement)).rowcount == 1

        return await self._db.write(work)


def _posted_at(ts: str, now: datetime) -> datetime:
    """A ts is the moment of the post, in seconds; a message that is adopted was posted then, not now."""
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return now


def _dirty_if_live(now: datetime) -> dict[str, Any]:
    return {
        "wanted": _CARDS.c.wanted + 1,
        "due": sa.case((outbox.LIVE, sa.literal(now, columns.Utc())), else_=_CARDS.c.due),
        "since": sa.case((outbox.LIVE, outbox.earliest(_CARDS.c.since, now)), else_=_CARDS.c.since),
    }


def _stored(payload: Mapping[str, Any]) -> Any:
    """A payload as it is read back: a tuple was stored as a list, which must not look like a change."""
    return json.loads(json.dumps(dict(payload)))


async def _existing(connection: AsyncConnection, draft: model.CardDraft) -> model.Card | None:
    statement = sa.select(_CARDS).where(outbox.is_draft(draft)).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    return mappers.card(row) if row else None


async def _made(connection: AsyncConnection, values: dict[str, Any], now: datetime) -> model.Card:
    await connection.execute(sa.insert(_CARDS).values(values))
    await outbox.refresh_shown(connection, [values["id"]], now)
    return await _one(connection, values["id"])


async def _one(connection: AsyncConnection, card: str) -> model.Card:
    return mappers.card((await connection.execute(sa.select(_CARDS).where(_CARDS.c.id == card))).one())


async def _click(connection: AsyncConnection, cards: Sequence[str], now: datetime) -> None:
    clicked = sa.select(_CARDS.c.source, _CARDS.c.anomaly).where(_CARDS.c.id.in_(cards), _CARDS.c.anomaly.is_not(None))
    await connection.execute(sa.update(_ANOMALIES).where(sa.tuple_(_ANOMALIES.c.source, _ANOMALIES.c.id).in_(clicked)).values(clicked=now))
