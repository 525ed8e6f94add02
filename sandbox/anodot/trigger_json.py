"""Alert triggers as JSON in the vendor's names, in the newer and the older form of their list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sandbox.anodot import account, catalogue, series

Json = dict[str, Any]


def listed(found: Sequence[account.Trigger], total: int, state: account.Account, lean: bool) -> Json:
    """The list of triggers: flat, or grouped by what they are about; in the older form `total` counts the groups of all."""
    if state.modes.triggers == "newer":
        return {"total": total, "alerts": [trigger(one, state, lean) for one in found]}
    groups: dict[str, list[account.Trigger]] = {}
    for one in found:
        groups.setdefault(one.group, []).append(one)
    return {"total": total, "alertGroups": [_group(ident, members, state, lean) for ident, members in groups.items()]}


def _group(ident: str, members: Sequence[account.Trigger], state: account.Account, lean: bool) -> Json:
    return {
        "id": ident,
        "name": members[0].rule.title if len(members) == 1 else "",
        "alerts": [trigger(one, state, lean) for one in members],
        "stars": sorted({user for one in members for user in one.acks}),
        "startTime": min(one.started for one in members),
        "updateTime": max(one.updated for one in members),
    }


def trigger(one: account.Trigger, state: account.Account, lean: bool) -> Json:
    """`lean` has no metrics."""
    now = state.now()
    breaches = one.anomaly.breaches if one.anomaly else []
    told: Json = {
        "id": one.id,
        "timeScale": catalogue.TIME_SCALE[one.anomaly.resolution] if one.anomaly else "5m",
        "type": one.rule.kind.upper() if state.modes.trigger_types == "capitals" else one.rule.kind,
        "status": one.status,
        "groupId": one.group,
        "alertConfigurationId": one.rule.id,
        "title": one.rule.title,
        "description": "",
        "severity": one.rule.severity,
        "startTime": one.started,
        "updateTime": one.updated,
        "endTime": one.ended,
        "triggerTime": one.started + 60,
        "duration": max((one.ended or now) - one.started, 0),
        "channels": [dict(catalogue.CHANNEL)],
        "subscribers": list(one.rule.subscribers),
        "labels": [one.rule.label],
        "totalMetrics": len(breaches),
        "stars": list(one.acks),
        "assignee": {"assigneeId": one.assignee, "assignerId": one.assigner} if one.assignee else None,
        "feedback": [{"id": said.id, "type": said.type, "userId": said.user.id} for said in state.feedback_of([one.id])],
    }
    if not lean and one.anomaly:
        told["metrics"] = [_metric(breach, one.anomaly, one.rule, now) for breach in breaches]
    return told


def _metric(breach: series.Breach, of: account.Anomaly, rule: catalogue.Rule, now: int) -> Json:
    found, interval, metric = series.peak(breach.metric, breach.now), breach.now, breach.metric
    until = now if interval.ended is None else interval.ended
    deltas = (found.absolute, found.percentage, None, None) if interval.up else (None, None, found.absolute, found.percentage)
    names = ("upperAbsoluteDelta", "upperPercentageDelta", "lowerAbsoluteDelta", "lowerPercentageDelta")
    return {
        "id": metric.id,
        "name": metric.name,
        "what": metric.measure.what,
        "properties": [{"key": key, "value": value} for key, value in metric.properties],
        "tags": [],
        "dataPoints": [],
        "baseline": [],
        "origin": {"type": "ALERT", "id": rule.id, "title": rule.title},
        "status": "open" if breach.is_open else "close",
        "updatedTime": until,
        "startTime": interval.started,
        "snooze": None,
        "stopLearning": None,
        "intervals": [
            {
                "status": "OPEN" if breach.is_open else "CLOSE",
                "startTime": interval.started,
                "endTime": until,
                "duration": until - interval.started,
                "anomalyId": of.id,
                "direction": "UP" if interval.up else "DOWN",
                "peak": found.value,
                "score": interval.score,
                "deltaAbsolute": found.absolute,
                "deltaPercentage": found.percentage,
            }
        ],
        **dict(zip(names, deltas, strict=True)),
        "impact": None,
    }
