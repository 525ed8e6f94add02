"""What the tests of the store store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import model, ports

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CHANNEL = "C0ANOMALY"
SOURCE = "qualytics"


def after(seconds: float = 0, **units: float) -> datetime:
    """A moment after noon."""
    return NOON + timedelta(seconds=seconds, **units)


def ref(ident: object) -> model.Ref:
    return model.Ref(SOURCE, str(ident))


def anomaly(ident: object, **values: Any) -> model.Anomaly:
    given: dict[str, Any] = {"state": model.State.ACTIVE, "status": "Active", "created": after(hours=-1), "description": "4,210 rows fail"}
    return model.Anomaly(ref(ident), **(given | values))


def archived(ident: object, as_what: str = "Invalid", **values: Any) -> model.Anomaly:
    return anomaly(ident, **({"state": model.State.ARCHIVED, "status": as_what, "archived_as": as_what} | values))


def draft(ident: object, **values: Any) -> model.CardDraft:
    given: dict[str, Any] = {
        "kind": model.CardKind.ANOMALY,
        "channel": CHANNEL,
        "key": str(ref(ident)),
        "route": "default",
        "ref": ref(ident),
    }
    return model.CardDraft(**(given | values))


def live(ident: object, **values: Any) -> model.CardDraft:
    return draft(ident, **({"state": model.CardState.LIVE, "reason": model.Reason.LEADING} | values))


def group(key: str = "default:1", **values: Any) -> model.CardDraft:
    given: dict[str, Any] = {"route": "default", "state": model.CardState.LIVE, "reason": model.Reason.BURST}
    return model.CardDraft(model.CardKind.GROUP, CHANNEL, key, **(given | values))


def batch_card(key: str) -> model.CardDraft:
    given: Any = {"state": model.CardState.LIVE, "reason": model.Reason.REPORT, "payload": {"batch": key}}
    return model.CardDraft(model.CardKind.BATCH, CHANNEL, key, **given)


def drafts(*made: model.CardDraft) -> dict[model.Ref, Sequence[model.CardDraft]]:
    return {one.ref: [one] for one in made if one.ref}


def line(ident: object, action: str = "acknowledge", at: datetime = NOON, **values: Any) -> model.Entry:
    given: dict[str, Any] = {"actor": "U1", "actor_name": "Dana", "before": "Active", "after": "Acknowledged"}
    return model.Entry(ref(ident), action, at, **(given | values))


def intent(key: str = "click-1", ident: object = "1", **values: Any) -> ports.Intent:
    given: dict[str, Any] = {"actor": "U1", "actor_name": "Dana", "at": NOON, "channel": CHANNEL}
    return ports.Intent(key, model.Change(model.Action.ACKNOWLEDGE), ref(ident), **(given | values))


def snapshot(**values: Any) -> model.Snapshot:
    given: dict[str, Any] = {"state": model.State.ACTIVE, "status": "Active"}
    return model.Snapshot(**(given | values))


def item(ident: object, fate: model.Fate = model.Fate.TODO, **values: Any) -> model.Item:
    given: dict[str, Any] = {"before": snapshot(), "place": "warehouse-prod", "table": "orders"}
    return model.Item(ref(ident), fate=fate, **(given | values))


def batch(ident: str = "b1", total: int = 3, **values: Any) -> model.Batch:
    given: dict[str, Any] = {
        "source": SOURCE,
        "change": model.Change(model.Action.ARCHIVE, archive_as="Invalid"),
        "words": "table:orders",
        "actor": "U1",
        "actor_name": "Dana",
        "channel": CHANNEL,
        "state": model.BatchState.PREVIEW,
        "created": NOON,
    }
    return model.Batch(ident, total=total, **(given | values))


def scan(ident: object, result: model.ScanResult = model.ScanResult.RUNNING, **values: Any) -> model.Scan:
    return model.Scan(SOURCE, str(ident), "scan", result, **values)


def operation(ident: str = "o1", state: model.OperationState = model.OperationState.PREVIEW, **values: Any) -> model.Operation:
    given: dict[str, Any] = {
        "source": SOURCE,
        "request": model.ScanRequest("scan", "42", ("orders",)),
        "place": model.Place("42", "warehouse-prod"),
        "channel": CHANNEL,
        "created": NOON,
    }
    return model.Operation(ident, state=state, **(given | values))
