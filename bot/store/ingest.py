"""The one transaction that stores what was seen: anomalies, their cards, the cursor, the journal, the end of an action."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import (
    anomaly_columns,
    bulk_rows,
    columns,
    health_tables,
    journal,
    mappers,
    outbox,
    overlays,
    source_health,
    tables,
    transactions,
    underway,
)

_ANOMALIES = tables.anomalies


@dataclass(frozen=True, slots=True)
class Sight:
    """What one save is asked to do. `ours`: a record of what we did ourselves; with `ended` somebody ended its intent before, `known_only`
    says that what is not known stays so, `kept` is what we keep of it from now on in place of the system, `awaited` that somebody waits
    for its cards."""

    of: ports.Observation
    ours: bool = False
    ended: bool = False
    known_only: bool = False
    kept: Sequence[model.Overlay] = ()
    awaited: bool = False

    @property
    def acted(self) -> frozenset[str]:
        """What somebody acted on from Slack."""
        return frozenset(entry.ref.id for entry in self.of.entries if entry.actor and entry.ref.source == self.of.source)


@dataclass(slots=True)
class _Tally:
    """What has been found out so far. `there`: whether anything is kept here of that system, None while nobody had to know."""

    new: set[model.Ref] = field(default_factory=set)
    changed: set[model.Ref] = field(default_factory=set)
    noted: list[model.Entry] = field(default_factory=list)
    closings: set[model.Ref] = field(default_factory=set)
    clicked: set[str] = field(default_factory=set)
    prints: dict[model.Ref, str] = field(default_factory=dict)
    places: dict[model.Ref | None, int] = field(default_factory=dict)
    there: bool | None = None


@dataclass(frozen=True, slots=True)
class _Change:
    """An anomaly whose visible content is another than the stored row's."""

    before: mappers.AnyRow
    seen: model.Anomaly
    body: columns.Encoded
    digest: str


async def save(connection: AsyncConnection, sight: Sight) -> model.Ingested:
    """Do it, in the order of the ids so that two savers never wait for each other."""
    tally = _Tally()
    seen: dict[str, model.Anomaly] = {}
    for anomaly in sight.of.seen:
        seen.setdefault(anomaly.ref.id, anomaly)
    oldest_first = sorted(seen.values(), key=lambda anomaly: (anomaly.created, anomaly.ref.id))
    tally.places = {anomaly.ref: place for place, anomaly in enumerate(oldest_first)}
    for ids in transactions.chunks(sorted(seen)):
        await _chunk(connection, sight, await _dated(connection, [seen[ident] for ident in ids]), tally)
    await overlays.write(connection, sight.of.source, [one for one in sight.kept if one.ref.id not in seen])
    await outbox.insert(connection, sight.of.extra, sight.of.now)
    await _record(connection, sight, tally)
    if sight.of.cursor is not None:
        contacted = sa.func.coalesce(health_tables.sources.c.contacted, sa.literal(sight.of.now, columns.Utc()))
        await source_health.update(connection, sight.of.source, cursor=sight.of.cursor, contacted=contacted)
    refs = [anomaly.ref for anomaly in seen.values()]
    return model.Ingested([ref for ref in refs if ref in tally.new], [ref for ref in refs if ref in tally.changed])


async def _chunk(connection: AsyncConnection, sight: Sight, seen: Sequence[model.Anomaly], tally: _Tally) -> None:
    ids = {anomaly.ref.id for anomaly in seen}
    known = await _known(connection, sight.of.source, sorted(ids))
    kept = [one for one in sight.kept if one.ref.id in ids]
    ours = {one.ref.id for one in kept}
    await overlays.write(connection, sight.of.source, kept)
    seen = await _with_ours(connection, sight, seen, known, ours)
    seen = await _merged(connection, sight, seen, known, tally)
    fresh: list[tuple[model.Anomaly, columns.Encoded]] = []
    changes: list[_Change] = []
    same: list[str] = []
    for number, anomaly in enumerate(seen, start=1):
        if number % mappers.SLICE == 0:
            await asyncio.sleep(0)
        row, body = known.get(anomaly.ref.id), mappers.encoded(anomaly)
        if row is None:
            if not sight.known_only:
                fresh.append((anomaly, body))
        elif anomaly.ref.id in ours or _fresh(sight, row):
            digest = mappers.digest(body)
            if digest == row.digest:
                same.append(anomaly.ref.id)
            else:
                changes.append(_Change(row, anomaly, body, digest))
    if fresh:
        await _insert(connection, sight, fresh, tally)
    if changes:
        await _update(connection, sight, changes, tally)
    if same:
        behind = sa.or_(_ANOMALIES.c.read_at < sight.of.read_at, _ANOMALIES.c.read_at > sight.of.now + ports.AHEAD)
        await connection.execute(sa.update(_ANOMALIES).where(_these(sight.of.source, same), behind).values(read_at=sight.of.read_at))


async def _with_ours(
    connection: AsyncConnection,
    sight: Sight,
    seen: Sequence[model.Anomaly],
    known: Mapping[str, mappers.AnyRow],
    ours: Collection[str],
) -> Sequence[model.Anomaly]:
    """What we keep is put on what is stored where that was seen later than what we went by: our part is news whatever its system says."""
    late = [ident for ident in ours if not _fresh(sight, known.get(ident))]
    stored = await stored_anomalies(connection, sight.of.source, late) if late else {}
    return [stored.get(anomaly.ref, anomaly) for anomaly in seen]


async def _merged(
    connection: AsyncConnection, sight: Sight, seen: Sequence[model.Anomaly], known: Mapping[str, mappers.AnyRow], tally: _Tally
) -> Sequence[model.Anomaly]:
    """With what is kept here of them, read once their rows are locked: who changes that locks them, too."""
    beside = bool(sight.kept) or any(row.beside for row in known.values()) or any(anomaly.kept_here or anomaly.keepable for anomaly in seen)
    if not beside and len(known) < len(seen):  # it may be kept of what was not known yet
        if tally.there is None:
            tally.there = await overlays.there(connection, sight.of.source)
        beside = tally.there
    if not beside:
        return seen
    fresh = {anomaly.ref.id for anomaly in seen if _fresh(sight, known.get(anomaly.ref.id))}
    return await overlays.merge(connection, sight.of.source, seen, fresh)


def _fresh(sight: Sight, row: mappers.AnyRow | None) -> bool:
    """Whether this is news of a row: not older than what is stored, unless that was dated by a clock that has been set back since. What we
    did ourselves may have been stamped by a clock that is behind another process's."""
    apart = 2 * ports.STEP if sight.ours else timedelta(0)
    return row is None or row.read_at <= sight.of.read_at + apart or _set_back(sight, row)


def _set_back(sight: Sight, row: mappers.AnyRow) -> bool:
    return bool(row.read_at > sight.of.now + ports.AHEAD)


def _read_at(sight: Sight, row: mappers.AnyRow) -> datetime:
    """When a row was seen last: never earlier than it was, but for a clock that has been set back."""
    return sight.of.read_at if _set_back(sight, row) else max(row.read_at, sight.of.read_at)


async def _dated(connection: AsyncConnection, seen: Sequence[model.Anomaly]) -> Sequence[model.Anomaly]:
    """Those that come without a date keep the one that is stored: of their system when it told one, else of their first sight. What is
    over has been so since it was seen so first."""
    undated = [anomaly.ref.id for anomaly in seen if anomaly.undated or anomaly.over]
    if not undated:
        return seen
    stored = await stored_anomalies(connection, seen[0].ref.source, undated)
    return [anomaly.dated_as(stored.get(anomaly.ref)) for anomaly in seen]


async def _known(connection: AsyncConnection, source: str, ids: Sequence[str]) -> Mapping[str, mappers.AnyRow]:
    names = ("id", "digest", "version", "read_at", "closed")
    there = overlays.beside(_ANOMALIES).label("beside")
    statement = sa.select(*(_ANOMALIES.c[name] for name in names), there).where(_these(source, ids)).order_by(_ANOMALIES.c.id)
    return {row.id: row for row in await connection.execute(statement.with_for_update(of=_ANOMALIES))}


async def _insert(connection: AsyncConnection, sight: Sight, fresh: Sequence[tuple[model.Anomaly, columns.Encoded]], tally: _Tally) -> None:
    drafts = [draft for anomaly, _ in fresh for draft in sight.of.drafts.get(anomaly.ref, ())]
    live = {draft.ref for draft in drafts if draft.state is model.CardState.LIVE}
    await bulk_rows.insert(
        connection,
        _ANOMALIES,
        [
            {
                "source": sight.of.source,
                "id": anomaly.ref.id,
                "version": 1,
                "reason": sight.of.reason.value,
                "shown": sight.of.now if anomaly.ref in live else None,
                **_content(anomaly, body, mappers.digest(body), sight, None),
                **anomaly_columns.values(anomaly, 1),
            }
            for anomaly, body in fresh
        ],
    )
    await anomaly_columns.insert(connection, [anomaly for anomaly, _ in fresh])
    await outbox.insert(connection, drafts, sight.of.now, tally.places)
    tally.new |= {anomaly.ref for anomaly, _ in fresh}
    tally.prints |= {anomaly.ref: anomaly.fingerprint for anomaly, _ in fresh}


async def _update(connection: AsyncConnection, sight: Sight, changes: Sequence[_Change], tally: _Tally) -> None:
    """What an action under way is about is left as it is stored, so that its record finds out what it did itself."""
    if sight.ours and sight.of.note is None:
        await _write(connection, sight, changes, tally)
        return
    busy = await underway.others(connection, sight.of.source, sight.of.own)
    told = [change for change in changes if change.seen.ref.id not in busy]
    await _note(connection, sight, told, tally)
    changes = changes if sight.ours else told
    if changes:
        await _write(connection, sight, changes, tally)


async def _write(connection: AsyncConnection, sight: Sight, changes: Sequence[_Change], tally: _Tally) -> None:
    ids = [change.seen.ref.id for change in changes]
    clicked = {"clicked": sight.of.now} if sight.acted.issuperset(ids) else {}
    await bulk_rows.update(
        connection,
        _ANOMALIES,
        ("source", "id"),
        [
            {
                "source": sight.of.source,
                "id": change.seen.ref.id,
                "version": change.before.version + 1,
                **_content(change.seen, change.body, change.digest, sight, change.before.closed),
                "read_at": _read_at(sight, change.before),
                **clicked,
                **anomaly_columns.values(change.seen, change.before.version + 1),
            }
            for change in changes
        ],
    )
    await anomaly_columns.replace(connection, sight.of.source, [change.seen for change in changes])
    await outbox.mark_dirty(connection, sight.of.source, ids, sight.of.now, urgent=sight.awaited)
    await _end_or_revive(connection, sight, changes, tally)
    tally.changed |= {change.seen.ref for change in changes}
    tally.clicked |= set(ids) if clicked else set()
    tally.prints |= {change.seen.ref: change.seen.fingerprint for change in changes}


async def _note(connection: AsyncConnection, sight: Sight, changes: Sequence[_Change], tally: _Tally) -> None:
    """Ask for a line about each change that was made elsewhere; only this needs the stored bodies."""
    if sight.of.note is None or not changes:
        return
    ours = await journal.ours_since(connection, sight.of.source, {change.seen.ref.id: change.before.read_at for change in changes})
    ids = [change.seen.ref.id for change in changes if change.seen.ref.id not in ours]
    stored = await stored_anomalies(connection, sight.of.source, ids)
    lines = (sight.of.note(stored[change.seen.ref], change.seen) for change in changes if change.seen.ref in stored)
    tally.noted += [line for line in lines if line is not None]


async def _end_or_revive(connection: AsyncConnection, sight: Sight, changes: Sequence[_Change], tally: _Tally) -> None:
    archived = [change.seen.ref for change in changes if _archived(change.seen) and change.before.closed is None]
    reopened = [change.seen.ref.id for change in changes if not _archived(change.seen) and change.before.closed is not None]
    tally.closings |= set(archived)
    if archived:
        await outbox.end_unposted(connection, sight.of.source, [ref.id for ref in archived])
    if reopened:
        await outbox.revive_unposted(connection, sight.of.source, reopened)
        await _show_again(connection, sight, reopened)


async def _show_again(connection: AsyncConnection, sight: Sight, reopened: Sequence[str]) -> None:
    """What is open again is to be seen again: a card that was never made, or whose message was deleted, waits to be posted; one that is
    there is corrected however old it is."""
    drafts = {ident: sight.of.drafts[ref] for ident in reopened if (ref := model.Ref(sight.of.source, ident)) in sight.of.drafts}
    if not drafts:
        return
    await outbox.insert(connection, [draft for few in drafts.values() for draft in few], sight.of.now)
    await outbox.revive_deleted(connection, sight.of.source, list(drafts))
    await outbox.correct_old(connection, sight.of.source, list(drafts), sight.of.now)


async def _record(connection: AsyncConnection, sight: Sight, tally: _Tally) -> None:
    """The journal, last: its lines carry the fingerprints that were just stored. An action that somebody ended before adds no lines."""
    entries: list[model.Entry] = list(tally.noted)
    if not sight.ended:
        entries += sight.of.entries
    await journal.record(connection, entries, tally.closings, tally.prints)
    acted = sorted(sight.acted)
    await mark_clicked(connection, sight.of.source, [ident for ident in acted if ident not in tally.clicked], sight.of.now)
    # Where a poll saw the change before its author was written down, the card is up to date but for the line about who did it.
    if unsigned := [ident for ident in acted if model.Ref(sight.of.source, ident) not in tally.changed]:
        await outbox.mark_dirty(connection, sight.of.source, unsigned, sight.of.now, urgent=sight.awaited)


def _content(anomaly: model.Anomaly, body: columns.Encoded, digest: str, sight: Sight, closed: datetime | None) -> dict[str, Any]:
    return {
        "state": anomaly.state.value,
        "created": anomaly.created,
        "digest": digest,
        "body": body,
        "fingerprint": anomaly.fingerprint,
        "container": anomaly.container.name if anomaly.container else "",
        "read_at": sight.of.read_at,
        "closed": (closed or sight.of.read_at) if _archived(anomaly) else None,
    }


def _archived(anomaly: model.Anomaly) -> bool:
    return anomaly.state is model.State.ARCHIVED


def _these(source: str, ids: Iterable[str]) -> sa.ColumnElement[bool]:
    return sa.and_(_ANOMALIES.c.source == source, _ANOMALIES.c.id.in_(ids))


async def stored_anomalies(connection: AsyncConnection, source: str, ids: Sequence[str]) -> dict[model.Ref, model.Anomaly]:
    """What is known of these."""
    found: dict[model.Ref, model.Anomaly] = {}
    for chunk in transactions.chunks(ids):
        statement = sa.select(_ANOMALIES.c.body, _ANOMALIES.c.version).where(_these(source, chunk))
        for row in await connection.execute(statement):
            anomaly = mappers.anomaly(row)
            found[anomaly.ref] = anomaly
    return found


async def mark_clicked(connection: AsyncConnection, source: str, ids: Sequence[str], now: datetime) -> None:
    """Somebody acted on these: the watch looks at them first for an hour."""
    for chunk in transactions.chunks(ids):
        await connection.execute(sa.update(_ANOMALIES).where(_these(source, chunk)).values(clicked=now))
