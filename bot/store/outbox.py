"""What other transactions do to cards: make them, mark them dirty, end those that nobody needs any more."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.store import bulk_rows, columns, tables, transactions

FRESH = timedelta(days=7)
"""Machines correct messages that are younger; older ones are corrected when somebody touches them (design section 4)."""

_CARDS, _MEMBERS, _ANOMALIES = tables.cards, tables.card_members, tables.anomalies

_ANYWHERE: Mapping[model.Ref | None, int] = {}

_GIVEN_UP = (model.Reason.REFUSED, model.Reason.CHANNEL_GONE)
"""Why cards were ended although Slack may take them another day."""

LIVE = _CARDS.c.state == model.CardState.LIVE


def values(draft: model.CardDraft, now: datetime, place: int = 0) -> dict[str, Any]:
    """The row of a new card: due at once when it is live."""
    due = now if draft.state is model.CardState.LIVE else None
    return {
        "id": uuid.uuid4().hex,
        "kind": draft.kind.value,
        "channel": draft.channel,
        "key": draft.key,
        "route": draft.route,
        "source": draft.ref.source if draft.ref else None,
        "anomaly": draft.ref.id if draft.ref else None,
        "state": draft.state.value,
        "reason": draft.reason.value,
        "created": now,
        "place": place,
        "wanted": 1,
        "delivered": 0,
        "due": due,
        "since": due,
        "urgent": False,
        "tries": 0,
        "error": "",
        "payload": dict(draft.payload),
    }


def is_draft(draft: model.CardDraft) -> sa.ColumnElement[bool]:
    """The condition that a card is the one of this draft."""
    return sa.and_(_CARDS.c.key == draft.key, _CARDS.c.channel == draft.channel, _CARDS.c.kind == draft.kind.value)


async def insert(
    connection: AsyncConnection, drafts: Sequence[model.CardDraft], now: datetime, places: Mapping[model.Ref | None, int] = _ANYWHERE
) -> None:
    """Make the cards that do not exist yet; an existing one stays as it is. `places` are their turns by anomaly."""
    wanted = {(draft.key, draft.channel, draft.kind.value): draft for draft in drafts}
    for chunk in transactions.chunks(list(wanted)):
        keys = sorted({key for key, _, _ in chunk})
        statement = sa.select(_CARDS.c.key, _CARDS.c.channel, _CARDS.c.kind).where(_CARDS.c.key.in_(keys))
        known = {tuple(row) for row in await connection.execute(statement)}
        fresh = [values(wanted[key], now, places.get(wanted[key].ref, 0)) for key in chunk if key not in known]
        await bulk_rows.insert(connection, _CARDS, fresh)


async def mark_dirty(connection: AsyncConnection, source: str, ids: Sequence[str], now: datetime, *, urgent: bool = False) -> None:
    """The live cards that show these anomalies, group cards too, want an edit; old ones only remember that they do. `urgent`: somebody
    waits for it.

    A delivery that was put off stays put off: its `due` is kept; one that is only to be tried whole again is wanted now. Cards that were
    given up are found again by the next look at the system: whoever waits is answered sooner without.
    """
    if not urgent:
        await _revive_given_up(connection, source, ids, now)
    hurry = {"urgent": True} if urgent else {}
    await connection.execute(sa.update(_CARDS).where(_CARDS.c.id.in_(showing(source, ids)), LIVE).values(_edited(now) | hurry))


async def mark_own_dirty(connection: AsyncConnection, source: str, ident: str, now: datetime) -> None:
    """The same for the live cards of one anomaly alone: no group card shows what is news of it."""
    own = sa.and_(_of(source, [ident]), _CARDS.c.kind == model.CardKind.ANOMALY.value, LIVE)
    await connection.execute(sa.update(_CARDS).where(own).values(_edited(now)))


def _edited(now: datetime) -> dict[str, Any]:
    recent = _CARDS.c.posted >= now - FRESH
    settled = sa.and_(recent, _CARDS.c.delivered >= _CARDS.c.wanted)
    return {
        "wanted": _CARDS.c.wanted + 1,
        "due": sa.case((settled, sa.literal(now, columns.Utc())), (recent, _first(_CARDS.c.due, now)), else_=_CARDS.c.due),
        "since": sa.case((recent, earliest(_CARDS.c.since, now)), else_=_CARDS.c.since),
    }


async def _revive_given_up(connection: AsyncConnection, source: str, ids: Sequence[str], now: datetime) -> None:
    """Cards that an earlier release gave up for a refusal or for their channel are wanted again. One without a message is looked for
    before it is posted, as if its post had been begun when it was made."""
    given_up = sa.and_(_CARDS.c.state.in_([model.CardState.LOST, model.CardState.GONE]), _CARDS.c.reason.in_(_GIVEN_UP))
    found = list(await connection.scalars(sa.select(_CARDS.c.id).where(_CARDS.c.id.in_(showing(source, ids)), given_up)))
    if not found:
        return
    unposted = _CARDS.c.ts.is_(None)
    at_once = sa.case((unposted, sa.literal(now, columns.Utc())), else_=None)
    for chunk in transactions.chunks(found):
        await connection.execute(
            sa.update(_CARDS)
            .where(_CARDS.c.id.in_(chunk))
            .values(
                state=model.CardState.LIVE,
                due=at_once,
                since=at_once,
                posting=sa.case((unposted, _CARDS.c.created), else_=None),
                tries=0,
            )
        )
    await refresh_shown(connection, found, now)


def dirty(at: datetime) -> dict[str, Any]:
    """The values that make one card want a delivery at this moment, or before where it is due before."""
    return {"wanted": _CARDS.c.wanted + 1, "due": earliest(_CARDS.c.due, at), "since": earliest(_CARDS.c.since, at)}


def earliest(column: sa.Column[datetime], at: datetime) -> sa.ColumnElement[datetime]:
    """What the column says, or `at` where that is before it or where it says nothing."""
    return sa.case((column < at, column), else_=sa.literal(at, columns.Utc()))


async def end_unposted(connection: AsyncConnection, source: str, ids: Sequence[str]) -> None:
    """Waiting cards of anomalies that were archived before anybody saw them are never posted."""
    await connection.execute(
        sa.update(_CARDS)
        .where(_of(source, ids), _CARDS.c.state == model.CardState.WAITING)
        .values(state=model.CardState.GONE, reason=model.Reason.CLOSED_BEFORE_POST, due=None, since=None)
    )


async def revive_unposted(connection: AsyncConnection, source: str, ids: Sequence[str]) -> None:
    """Cards that were ended because their anomaly was closed wait again when it is open again: nobody has seen it yet."""
    await connection.execute(
        sa.update(_CARDS)
        .where(
            _of(source, ids),
            _CARDS.c.state == model.CardState.GONE,
            _CARDS.c.reason == model.Reason.CLOSED_BEFORE_POST,
            _CARDS.c.ts.is_(None),
        )
        .values(state=model.CardState.WAITING, reason=model.Reason.WAITING)
    )


async def revive_deleted(connection: AsyncConnection, source: str, ids: Sequence[str]) -> None:
    """Cards whose message, or whose group's message, somebody deleted in Slack wait again, as if nobody had posted them; where another
    card shows the anomaly nothing is needed."""
    hidden = sa.select(_ANOMALIES.c.id).where(_ANOMALIES.c.source == source, _ANOMALIES.c.id.in_(ids), _ANOMALIES.c.shown.is_(None))
    deleted = sa.and_(_CARDS.c.state == model.CardState.GONE, _CARDS.c.reason == model.Reason.MESSAGE_GONE)
    await connection.execute(
        sa.update(_CARDS)
        .where(_CARDS.c.source == source, _CARDS.c.anomaly.in_(hidden), sa.or_(deleted, _CARDS.c.state == model.CardState.FOLDED))
        .values(
            state=model.CardState.WAITING,
            reason=model.Reason.WAITING,
            ts=None,
            wanted=1,
            delivered=0,
            posting=None,
            posted=None,
            tries=0,
            error="",
        )
    )


async def correct_old(connection: AsyncConnection, source: str, ids: Sequence[str], now: datetime) -> None:
    """The live cards that show these anomalies are due, old ones too."""
    change = sa.update(_CARDS).where(_CARDS.c.id.in_(showing(source, ids)), LIVE, _CARDS.c.ts.is_not(None))
    await connection.execute(change.values(due=_first(_CARDS.c.due, now), since=_first(_CARDS.c.since, now)))


async def refresh_shown(connection: AsyncConnection, cards: Sequence[str], now: datetime) -> None:
    """Note on the anomalies behind these cards whether a live card shows them: the watch reads nothing else."""
    source, ident = _ANOMALIES.c.source, _ANOMALIES.c.id
    alone = _any(_CARDS.c.source == source, _CARDS.c.anomaly == ident, LIVE)
    grouped = _any(_MEMBERS.c.source == source, _MEMBERS.c.anomaly == ident, _CARDS.c.id == _MEMBERS.c.card, LIVE)
    shown = sa.case((sa.or_(alone, grouped), _first(_ANOMALIES.c.shown, now)), else_=None)
    for chunk in transactions.chunks(cards):
        # Two statements: SQLite finds rows by an index for IN (SELECT ...), not for IN (SELECT ... UNION SELECT ...).
        for shown_by in (
            sa.select(_CARDS.c.source, _CARDS.c.anomaly).where(_CARDS.c.id.in_(chunk), _CARDS.c.anomaly.is_not(None)),
            sa.select(_MEMBERS.c.source, _MEMBERS.c.anomaly).where(_MEMBERS.c.card.in_(chunk)),
        ):
            change = sa.update(_ANOMALIES).where(sa.tuple_(source, ident).in_(shown_by))
            await connection.execute(change.values(shown=shown))


def _any(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a row exists. Not EXISTS: PostgreSQL may answer that by reading all live cards at once."""
    return sa.select(sa.literal_column("1")).where(*conditions).limit(1).correlate(_ANOMALIES).scalar_subquery().is_not(None)


def _of(source: str, ids: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(_CARDS.c.source == source, _CARDS.c.anomaly.in_(ids))


def showing(source: str, ids: Sequence[str]) -> sa.CompoundSelect[Any]:
    """The ids of the cards that show these anomalies, alone or in a group."""
    return sa.union(
        sa.select(_CARDS.c.id).where(_of(source, ids)),
        sa.select(_MEMBERS.c.card).where(_MEMBERS.c.source == source, _MEMBERS.c.anomaly.in_(ids)),
    )


def _first(column: sa.Column[datetime], now: datetime) -> sa.ColumnElement[datetime]:
    return sa.func.coalesce(column, sa.literal(now, columns.Utc()))
