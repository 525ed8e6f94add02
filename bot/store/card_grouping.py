"""Carrying out what grouping decided: one transaction, and only for cards that nobody decided about in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model
from bot.core import grouping
from bot.store import anomaly_columns, columns, mappers, outbox, tables, transactions

_CARDS, _MEMBERS, _ANOMALIES = tables.cards, tables.card_members, tables.anomalies

_VERSION = (
    sa.select(_ANOMALIES.c.version)
    .where(_ANOMALIES.c.source == _CARDS.c.source, _ANOMALIES.c.id == _CARDS.c.anomaly)
    .correlate(_CARDS)
    .scalar_subquery()
)
"""Of the anomaly that a card is about."""


async def decide(connection: AsyncConnection, decision: model.Decision, now: datetime) -> None:
    """Post, fold, and remember the window. A decision that comes too late for all of its cards changes nothing at all."""
    post = await _still_waiting(connection, decision.post)
    fold = await _still_waiting(connection, decision.fold)
    if (decision.post or decision.fold) and not (post or fold):
        return
    await _post(connection, post, decision.post_reason, now)
    group = await _fold(connection, decision, fold, now)
    if decision.window is not None:
        await _store_window(connection, _window(decision.window, decision, group))


def _window(window: model.Window, decision: model.Decision, group: str) -> model.Window:
    """The window names the group card that was made for it, and forgets one that cannot take in more."""
    if group:
        return replace(window, group=group) if decision.group is not None else window
    return replace(window, group="") if decision.fold and decision.join == window.group else window


async def _still_waiting(connection: AsyncConnection, cards: Sequence[str]) -> Sequence[str]:
    found: list[str] = []
    for chunk in transactions.chunks(sorted(cards)):
        statement = sa.select(_CARDS.c.id).where(_CARDS.c.id.in_(chunk), _CARDS.c.state == model.CardState.WAITING)
        found += await connection.scalars(statement.order_by(_CARDS.c.id).with_for_update())
    return found


async def _post(connection: AsyncConnection, cards: Sequence[str], reason: model.Reason, now: datetime) -> None:
    for chunk in transactions.chunks(cards):
        change = sa.update(_CARDS).where(_CARDS.c.id.in_(chunk))
        await connection.execute(change.values(state=model.CardState.LIVE, reason=reason, due=now, since=now))
    await outbox.refresh_shown(connection, cards, now)


async def _fold(connection: AsyncConnection, decision: model.Decision, cards: Sequence[str], now: datetime) -> str:
    """Fold the cards into their group; returns its id, "" when there is none. Without a live group they go on waiting."""
    group = await _group(connection, decision, now) if cards else ""
    if not group:
        return ""
    reason = model.Reason.JOINED_GROUP if decision.join else model.Reason.BURST
    made = mappers.card((await connection.execute(sa.select(_CARDS).where(_CARDS.c.id == group))).one())
    critical: list[model.Ref] = []
    for chunk in transactions.chunks(cards):
        joins = (sa.literal(group, columns.Words()), _CARDS.c.source, _CARDS.c.anomaly, sa.literal(made.wanted), _VERSION)
        shown = sa.select(*joins).where(_CARDS.c.id.in_(chunk), _CARDS.c.anomaly.is_not(None), ~_member(group))
        await connection.execute(sa.insert(_MEMBERS).from_select([column.name for column in _MEMBERS.columns], shown))
        change = sa.update(_CARDS).where(_CARDS.c.id.in_(chunk))
        await connection.execute(change.values(state=model.CardState.FOLDED, reason=reason, due=None, since=None))
        critical += [model.Ref(row.source, row.id) for row in await connection.execute(_critical(chunk))] if made.ts else []
    await outbox.refresh_shown(connection, cards, now)
    await outbox.insert(connection, grouping.heralds(made, critical), now)
    return group


def _critical(cards: Sequence[str]) -> sa.Select[str, str]:
    """The open critical anomalies that these cards are about, the oldest first."""
    about = sa.and_(_ANOMALIES.c.source == _CARDS.c.source, _ANOMALIES.c.id == _CARDS.c.anomaly)
    bad = sa.and_(_ANOMALIES.c.rank == anomaly_columns.RANKS[model.Severity.CRITICAL], _ANOMALIES.c.closed.is_(None))
    found = sa.select(_ANOMALIES.c.source, _ANOMALIES.c.id).join(_CARDS, about).where(_CARDS.c.id.in_(cards), bad)
    return found.order_by(_ANOMALIES.c.created, _ANOMALIES.c.id)


def _member(group: str) -> sa.Exists:
    return sa.exists().where(_MEMBERS.c.card == group, _MEMBERS.c.source == _CARDS.c.source, _MEMBERS.c.anomaly == _CARDS.c.anomaly)


async def _group(connection: AsyncConnection, decision: model.Decision, now: datetime) -> str:
    """The live group card to fold into: the one to join, or the one of the draft, made when it is missing."""
    if decision.join:
        return await _dirty(connection, _CARDS.c.id == decision.join, now)
    if decision.group is None:
        return ""
    if found := await _dirty(connection, outbox.is_draft(decision.group), now):
        return found
    values = outbox.values(replace(decision.group, state=model.CardState.LIVE), now)
    if decision.group.reason is model.Reason.WAITING:
        values["reason"] = model.Reason.BURST.value
    await connection.execute(sa.insert(_CARDS).values(values))
    return str(values["id"])


async def _dirty(connection: AsyncConnection, which: sa.ColumnElement[bool], now: datetime) -> str:
    """Mark a live card dirty; a delivery that was put off stays put off. Returns its id, "" when there is no such card."""
    found = await connection.scalar(sa.select(_CARDS.c.id).where(which, outbox.LIVE).with_for_update())
    if found is None:
        return ""
    due = sa.func.coalesce(_CARDS.c.due, sa.literal(now, columns.Utc()))
    await connection.execute(sa.update(_CARDS).where(_CARDS.c.id == found).values({**outbox.dirty(now), "due": due}))
    return str(found)


async def _store_window(connection: AsyncConnection, window: model.Window) -> None:
    row = tables.windows.c.route == window.route
    values = {
        "opened": window.opened,
        "closes": window.closes,
        "posted": window.posted,
        "group_card": window.group,
        "grouped": window.grouped,
        "joined": window.joined,
    }
    if not (await connection.execute(sa.update(tables.windows).where(row).values(values))).rowcount:
        await connection.execute(sa.insert(tables.windows).values(route=window.route, **values))
