"""Between rows and the words of `model`: what is stored of each, and how it is read back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pydantic
import sqlalchemy as sa

from bot import model, ports
from bot.store import columns

T = TypeVar("T")

SLICE = 50

AnyRow = sa.Row[*tuple[Any, ...]]
"""A row of any columns."""

_ANOMALY = pydantic.TypeAdapter(model.Anomaly)
_CHANGE = pydantic.TypeAdapter(model.Change)
_SNAPSHOT = pydantic.TypeAdapter(model.Snapshot)
_PLACE = pydantic.TypeAdapter(model.Place)
_REQUEST = pydantic.TypeAdapter(model.ScanRequest)
_SCAN = pydantic.TypeAdapter(model.Scan)
_VERDICT = pydantic.TypeAdapter(model.Verdict)

_SORTED = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


async def each(found: Iterable[AnyRow], read: Callable[[AnyRow], T]) -> list[T]:
    """Read many rows, giving the loop a turn now and then: ten thousand take a quarter of a second."""
    made: list[T] = []
    for number, row in enumerate(found, start=1):
        made.append(read(row))
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return made


def body(anomaly: model.Anomaly) -> dict[str, Any]:
    """Every field but the version, as JSON values.

    Defaults are left out, so that a field that a later release adds does not make every stored anomaly look changed.
    """
    values: dict[str, Any] = _ANOMALY.dump_python(anomaly, mode="json", exclude={"version"}, exclude_defaults=True)
    for part in (values, values.get("series"), values.get("scale")):
        _drop_endless(part or {})
    if anomaly.status == _DELETED:
        values["deleted"] = anomaly.deleted
    return values


_DELETED = "Deleted"
"""The status by which alone earlier releases know an anomaly that does not exist any more: its row says which of both it means."""


def _drop_endless(values: dict[str, Any]) -> None:
    """JSON has no word for a number that is none or has no end."""
    for key in [key for key, value in values.items() if isinstance(value, float) and not math.isfinite(value)]:
        del values[key]


def encoded(anomaly: model.Anomaly) -> columns.Encoded:
    """The body as it is stored, its keys in order, encoded once for the column and for the digest."""
    return columns.Encoded(_SORTED.encode(body(anomaly)))


def digest(text: columns.Encoded) -> str:
    """A fingerprint of what is visible: another body, another digest."""
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def anomaly(row: AnyRow) -> model.Anomaly:
    """Read a row that has `body` and `version`."""
    body = row.body
    deleted = body.get("deleted", body.get("status") == _DELETED)
    return _ANOMALY.validate_python({**body, "deleted": deleted, "version": row.version})


def card(row: AnyRow) -> model.Card:
    """Read a whole row of `cards`."""
    return model.Card(
        id=row.id,
        kind=model.CardKind(row.kind),
        channel=row.channel,
        key=row.key,
        state=model.CardState(row.state),
        reason=model.Reason(row.reason),
        created=row.created,
        route=row.route,
        ref=None if row.anomaly is None else model.Ref(row.source, row.anomaly),
        ts=row.ts or "",
        wanted=row.wanted,
        delivered=row.delivered,
        due=row.due,
        posting=row.posting,
        posted=row.posted,
        tries=row.tries,
        error=row.error,
        payload=row.payload,
    )


def window(row: AnyRow) -> model.Window:
    """Read a whole row of `windows`."""
    return model.Window(row.route, row.opened, row.closes, row.posted, row.group_card, row.grouped, row.joined)


def standing(row: AnyRow) -> model.SourceHealth:
    """Read a whole row of `sources`."""
    return model.SourceHealth(
        source=row.source,
        cursor=row.cursor,
        contacted=row.contacted,
        last_ok=row.last_ok,
        failing_since=row.failing_since,
        failures=row.failures,
        error=row.error,
        next_poll=row.next_poll,
        watch_mark=row.watch_mark,
        watch_began=row.watch_began,
        asked=row.asked or 0,
        answered=row.answered or 0,
        told=model.Trouble(row.told_since, row.told_error or "") if row.told_since else None,
        noticed=row.noticed,
        over=tuple(row.noticed_over or ()),
    )


def entry(row: AnyRow) -> model.Entry:
    """Read a whole row of `journal`."""
    return model.Entry(
        ref=model.Ref(row.source, row.anomaly),
        action=row.action,
        at=row.at,
        actor=row.actor,
        actor_name=row.actor_name,
        via=row.via,
        before=row.before,
        after=row.after,
        result=model.Result(row.result),
        detail=row.detail,
    )


def change_values(change: model.Change) -> Any:
    """What is stored of a change."""
    return _CHANGE.dump_python(change, mode="json")


def intent_values(intent: ports.Intent) -> dict[str, Any]:
    """What is stored of an intent."""
    return {
        "key": intent.key,
        "change": change_values(intent.change),
        "refs": [[intent.ref.source, intent.ref.id]],  # a list: so it was in the first release
        "actor": intent.actor,
        "actor_name": intent.actor_name,
        "at": intent.at,
        "channel": intent.channel,
        "shown": [[ref.source, ref.id, version] for ref, version in intent.shown.items()],
    }


def intent(row: AnyRow) -> ports.Intent:
    """Read a whole row of `intents`."""
    return ports.Intent(
        key=row.key,
        change=_CHANGE.validate_python(row.change),
        ref=model.Ref(*row.refs[0]),
        actor=row.actor,
        actor_name=row.actor_name,
        at=row.at,
        channel=row.channel,
        shown={model.Ref(source, ident): version for source, ident, version in row.shown},
        sent=row.sent,
    )


def remark_values(remark: ports.Remark) -> dict[str, Any]:
    """What is stored of a remark that is new."""
    return {
        "key": remark.key,
        "source": remark.ref.source,
        "anomaly": remark.ref.id,
        "text": remark.text,
        "at": remark.at,
        "due": remark.at,
        "asked": remark.asked,
        "tries": remark.tries,
    }


def remark(row: AnyRow) -> ports.Remark:
    """Read a whole row of `remarks`."""
    return ports.Remark(row.key, model.Ref(row.source, row.anomaly), row.text, row.at, row.asked, row.tries)


# --- batches ----------------------------------------------------------------------------------------------------------------


def batch_values(batch: model.Batch) -> dict[str, Any]:
    """What is stored of a batch."""
    return {
        "id": batch.id,
        "source": batch.source,
        "change": change_values(batch.change),
        "words": batch.words,
        "actor": batch.actor,
        "actor_name": batch.actor_name,
        "channel": batch.channel,
        "state": batch.state.value,
        "created": batch.created,
        "total": batch.total,
        "confirmed": batch.confirmed,
        "finished": batch.finished,
        "undo_of": batch.undo_of,
        "undone_by": batch.undone_by,
    }


def batch(row: AnyRow) -> model.Batch:
    """Read a whole row of `batches`."""
    return model.Batch(
        id=row.id,
        source=row.source,
        change=_CHANGE.validate_python(row.change),
        words=row.words,
        actor=row.actor,
        actor_name=row.actor_name,
        channel=row.channel,
        state=model.BatchState(row.state),
        created=row.created,
        total=row.total,
        confirmed=row.confirmed,
        finished=row.finished,
        undo_of=row.undo_of,
        undone_by=row.undone_by,
    )


def item_values(item: model.Item) -> dict[str, Any]:
    """What is stored of an item that is new, but for its batch and its turn."""
    return {
        "source": item.ref.source,
        "anomaly": item.ref.id,
        "before": _SNAPSHOT.dump_python(item.before, mode="json", exclude_defaults=True),
        "status": item.before.status,
        "change": None if item.change is None else change_values(item.change),
        "container": item.table,
        **settled_values(item),
    }


def settled_values(item: model.Item) -> dict[str, Any]:
    """What is stored of an item when something became of it."""
    return {
        "fate": item.fate.value,
        "after": None if item.after is None else _SNAPSHOT.dump_python(item.after, mode="json", exclude_defaults=True),
        "reason": item.reason,
        "missing_right": item.right,
        "datastore": item.place,
    }


def item(row: AnyRow) -> model.Item:
    """Read a whole row of `batch_items`."""
    return model.Item(
        ref=model.Ref(row.source, row.anomaly),
        before=_SNAPSHOT.validate_python(row.before),
        fate=model.Fate(row.fate),
        change=None if row.change is None else _CHANGE.validate_python(row.change),
        after=None if row.after is None else _SNAPSHOT.validate_python(row.after),
        reason=row.reason,
        right=row.missing_right,
        place=row.datastore,
        table=row.container,
    )


# --- operations -------------------------------------------------------------------------------------------------------------


def operation_values(operation: model.Operation) -> dict[str, Any]:
    """What is stored of an operation that is new."""
    fixed = {"id": operation.id, "source": operation.source, "created": operation.created, "aborted_by": operation.aborted_by}
    return {**fixed, **operation_changes(operation)}


def operation_changes(operation: model.Operation) -> dict[str, Any]:
    """What is stored of an operation when something became of it: all but its id, its source, its birth and who
    stopped it."""
    return {
        "request": _REQUEST.dump_python(operation.request, mode="json", exclude_defaults=True),
        "place": _PLACE.dump_python(operation.place, mode="json"),
        "channel": operation.channel,
        "state": operation.state.value,
        "plan": operation.plan,
        "actor": operation.actor,
        "actor_name": operation.actor_name,
        "confirmed": operation.confirmed,
        "asked": operation.asked,
        "scan_id": (operation.scan.id or None) if operation.scan else None,
        "scan": None if operation.scan is None else _SCAN.dump_python(operation.scan, mode="json", exclude_defaults=True),
        "seen": operation.seen,
        "look": operation.look,
        "misses": operation.misses,
        "ended": operation.ended,
        "verdict": None if operation.verdict is None else _VERDICT.dump_python(operation.verdict, mode="json", exclude_defaults=True),
        "then": list(operation.then),
        "step": operation.step,
        "steps": operation.steps,
        "verifies": None if operation.verifies is None else [operation.verifies.source, operation.verifies.id],
    }


def operation(row: AnyRow) -> model.Operation:
    """Read a whole row of `operations`."""
    return model.Operation(
        id=row.id,
        source=row.source,
        request=_REQUEST.validate_python(row.request),
        place=_PLACE.validate_python(row.place),
        channel=row.channel,
        state=model.OperationState(row.state),
        created=row.created,
        plan=row.plan,
        actor=row.actor,
        actor_name=row.actor_name,
        confirmed=row.confirmed,
        asked=row.asked,
        scan=None if row.scan is None else _SCAN.validate_python(row.scan),
        seen=row.seen,
        look=row.look,
        misses=row.misses,
        ended=row.ended,
        verdict=None if row.verdict is None else _VERDICT.validate_python(row.verdict),
        then=tuple(row.then),
        step=row.step,
        steps=row.steps,
        verifies=None if row.verifies is None else model.Ref(*row.verifies),
        aborted_by=row.aborted_by,
    )
