"""What a webhook channel posts about an anomaly, standard or extended, with the oddities of the vendor's samples (contracts 2.6)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.anodot import account, catalogue, links, series

Json = dict[str, Any]
STATUS = {"open": "OPEN", "update": "UPDATE", "close": "CLOSE"}
SUBJECT = {"open": "Open", "update": "Update", "close": "Close"}
WEIGHT = ("info", "low", "medium", "high", "critical")


def bodies(one: account.Anomaly, event: str, state: account.Account, base: str, *, extended: bool, ungrouped: bool) -> list[Json]:
    """One body, or with `ungrouped` one for each metric."""
    parts = [[breach] for breach in one.breaches] if ungrouped else [one.breaches]
    return [_body(one, event, state, base, breaches, extended) for breaches in parts]


def group_id(one: account.Anomaly, state: account.Account) -> str:
    """What `anomalyId` says: as in the vendor's samples with dashes, and not what the API knows."""
    return one.id if state.modes.push_ids == "same" else str(uuid.uuid5(uuid.NAMESPACE_OID, one.id))


def _body(one: account.Anomaly, event: str, state: account.Account, base: str, breaches: Sequence[series.Breach], extended: bool) -> Json:
    rules = [trigger.rule for trigger in one.triggers]
    worst = max((rule.severity for rule in rules), key=WEIGHT.index, default="info")
    triggers = [trigger.id for trigger in one.triggers]
    many = f"({len(rules)} Alerts) " if len(rules) > 1 else "Alert "
    told: Json = {
        "subject": f"{many}{SUBJECT[event]}: {' and '.join(rule.title for rule in rules)}[{worst}][{one.id[:5]}]",
        "severity": worst,
        "description": "",
        "investigationUrl": links.investigate(base, one.id, one.resolution, triggers),
        "startTime": _moment(one.started),
        "startTimeEpoch": str(one.started),
        "anomalyId": group_id(one, state),
        "alertGroupId": group_id(one, state),
        "mergedAnomalies": f"[{', '.join([*one.merged, one.id])}]",
        "timeScale": catalogue.TIME_SCALE[one.resolution],
        "type": "Anomaly",
        "alerts": [_alert(trigger, event, breaches, base, state.now(), extended) for trigger in one.triggers],
    }
    return {**told, "alertGroupStatus": STATUS[event]} if extended else told


def _alert(trigger: account.Trigger, event: str, breaches: Sequence[series.Breach], base: str, now: int, extended: bool) -> Json:
    told: Json = {
        "title": trigger.rule.title,
        "metrics": [_metric(breach, now, extended) for breach in breaches],
        "events": {"total": "0", "buckets": []},
        "alertId": trigger.rule.id,
        "alertSettingsUrl": f"{base}/#!/alerts/{trigger.rule.id}",
        "description": "",
        "severity": trigger.rule.severity,
    }
    if not extended:
        return told
    closed = {"closeReasonPhrase": "All metrics are back to normal"} if event == "close" else {}
    return {**told, "triggereIds": [trigger.id], "alertStatus": STATUS[event], "actions": [], **closed}


def _metric(breach: series.Breach, now: int, extended: bool) -> Json:
    """Most numbers are texts, some are not."""
    found, interval = series.peak(breach.metric, breach.now), breach.now
    lasted = max((now if interval.ended is None else interval.ended) - interval.started, 0)
    side = "upper" if interval.up else "lower"
    told: Json = {
        "duration": _duration(lasted),
        "durationInSeconds": str(lasted),
        "startTime": _moment(interval.started),
        "startTimeEpoch": str(interval.started),
        "imageUrl": "",
        "peak": f"{found.value:.1f}",
        f"{side}Peak": f"{found.value:.1f}",
        "direction": "UP" if interval.up else "DOWN",
        "delta": round(found.percentage),
        f"{side}PercentageDelta": round(found.percentage),
        "significance": round(interval.score * 100),
        "name": breach.metric.name,
        "id": breach.metric.id,
        "state": "OPEN" if breach.is_open else "CLOSED",
        "season": "1d",
    }
    if extended:
        told |= {f"{side}AbsoluteDelta": found.absolute, "from": series.expected(breach.metric, interval.started), "to": found.value}
        told["impactInfo"] = {"impact": "0.2941702200631637", "currency": "USD", "effect": "bad"}
    return told


def _moment(at: int) -> str:
    when = datetime.fromtimestamp(at, UTC)
    return f"{when:%d %b, %Y} {when.hour % 12 or 12}:{when:%M%p} (UTC)"


def _duration(seconds: int) -> str:
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    parts = [f"{number}{unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if number]
    return " ".join(parts) or "0m"
