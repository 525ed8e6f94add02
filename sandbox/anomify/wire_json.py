"""An anomaly with all that Anomify says about it, as JSON in the vendor's names."""

from __future__ import annotations

from typing import Any
from urllib import parse

from sandbox.anomify import answers, catalogue, dates, odd, organisation, series, story

Json = dict[str, Any]
TRAINABLE_SECONDS = 7 * series.DAY
FLAGS = (
    "main_intro",
    "alerts_intro",
    "alerts_from_search",
    "training_intro",
    "alert_created",
    "test_alert_sent",
    "two_alerts_sent",
    "pattern_trained",
)


def detail(one: organisation.Anomaly, state: organisation.Organisation, base: str) -> Any:
    """The `data` of `/anomaly/{id}`; `base` is the address of this server."""
    root = _root(state, base)
    told: Json = {
        "anomaly": anomaly(one, state, root),
        "anomaly_graph_url": _graph(root, one.metric, one.started - 30 * series.DAY, one.started, "anomaly_30_day"),
        "pattern_graph_urls": {str(taught.id): pattern_graph(root, taught) for taught in one.draft.patterns if not taught.pending},
        "matching_watchers": [watcher(found, state) for found in catalogue.watchers(one.metric)],
        "related": _related(one, state),
    }
    return odd.ODD[one.odd](told)


def anomaly(one: organisation.Anomaly, state: organisation.Organisation, root: str) -> Json:
    low, high = series.band(one.metric, one.started) if one.draft.known and one.correlated else (0, 0)
    patterns = [pattern(taught, root) for taught in one.draft.patterns if not taught.pending]
    pending = [pattern(taught, root) for taught in one.draft.patterns if taught.pending]
    told: Json = {
        "id": _ident(one, state),
        "metric_id": one.metric.id,
        "metric": one.metric.name,
        "value": one.told_value(),
        "timestamp": one.started,
        "timestamp_string": dates.spoken(one.started),
        "until_timestamp": _until(one, state),
        "score": one.told_score(),
        "training": _training(one, state, bool(pending)),
        "patterns": patterns,
        "positive": one.positive,
        "expected_range_lower": round(low, 3),
        "expected_range_upper": round(high, 3),
        "expected_range_lower_string": f"{round(low, 3):,.10g}",
        "expected_range_upper_string": f"{round(high, 3):,.10g}",
        "pending_patterns": pending,
    }
    if one.ended is None and state.modes.running_until == "absent":
        del told["until_timestamp"]
    return told


def _ident(one: organisation.Anomaly, state: organisation.Organisation) -> int | None:
    unstored: dict[str, int | None] = {"given": one.id, "null": None, "0": 0}
    return one.id if state.stored(one) else unstored[state.modes.unstored_id]


def _until(one: organisation.Anomaly, state: organisation.Organisation) -> int | None:
    if one.ended is None and state.modes.running_until == "seen":
        return max(state.now() // 60 * 60, one.started)
    return one.ended


def _training(one: organisation.Anomaly, state: organisation.Organisation, pending: bool) -> Json:
    """Only young anomalies can be trained, and metrics with less than thirty days of data not over thirty days."""
    until, now = one.started + TRAINABLE_SECONDS, state.now()
    status = "pending" if pending else "trainable" if now < until else "expired"
    waits = 30 - one.metric.seed % 28 if one.metric.seed % 3 == 0 and status != "expired" else 0
    return {
        "trainable": status == "trainable",
        "trainable_status": status,
        "trainable_until_timestamp": until if status == "trainable" else None,
        "30_day_trainable_from_timestamp": one.started + waits * series.DAY if waits else None,
        "30_day_trainable_in": f"{waits} days" if waits else None,
    }


def pattern(taught: story.Pattern, root: str) -> Json:
    return {
        "id": taught.id,
        "parent_id": None,
        "group_id": None,
        "creator_type": "user" if taught.creator else "system",
        "creator_user_id": taught.creator.id if taught.creator else None,
        "metric_name": taught.metric.name,
        "duration": taught.duration,
        "anomaly_id": taught.anomaly_id,
        "anomaly_timestamp": taught.anomaly_at,
        "created_timestamp": taught.anomaly_at + 1_800,
        "enabled": not taught.pending,
        "origin": "trained",
        "checks": taught.checks,
        "matches": taught.matches,
        "match_rate": round(taught.matches / taught.checks, 4) if taught.checks else 0,
        "label": taught.label,
        "positive": True,
        "deletable": True,
        "graph_url": pattern_graph(root, taught),
    }


def watcher(one: catalogue.Watcher, state: organisation.Organisation) -> Json:
    owner = one.owner
    told = {
        "id": owner.id,
        "org_id": catalogue.ORG_ID,
        "name": owner.name,
        "email": owner.email,
        "phone_number": owner.phone,
        "slack_member_id": owner.slack,
        "demo": False,
        "admin": owner.admin,
        "org": _org(state),
        "notifications": {"email_alerts": owner.admin},
        "onboarding_flags": {flag: flag in owner.seen for flag in FLAGS},
    }
    return {"id": one.id, "name": one.name, "is_alert": one.is_alert, "is_deleted": one.is_deleted, "owner": told}


def _org(state: organisation.Organisation) -> Json:
    until = state.muted_until if state.muted() else None
    muting = {
        "muted": until is not None,
        "muted_until_timestamp": until,
        "muted_until_timestamp_string": dates.spoken(until) if until else None,
        "minutes_remaining": -((state.now() - until) // 60) if until else None,
    }
    return {
        "id": catalogue.ORG_ID,
        "name": catalogue.ORG_NAME,
        "timezone": "UTC",
        "alert_muting": muting,
        "onboarding_status_id": 300,
        "connected_services": {"slack": True, "ms_teams": False},
    }


def _related(one: organisation.Anomaly, state: organisation.Organisation) -> Json:
    if state.modes.related != "read":
        status = {"status": {"code": 500, "message": "Correlations could not be read"}}
        return status if state.modes.related == "status alone" else {**status, "cross_correlations": [], "events": []}
    found = one.draft.correlations() if one.correlated else ()
    correlations = [{"metric": other.metric.name, "coefficient": other.coefficient, **_moment(one, other.later)} for other in found]
    events = [_event(one, event) for event in one.draft.events] if one.correlated else []
    return {"status": {"code": 200, "message": "OK"}, "cross_correlations": correlations, "events": events}


def _event(one: organisation.Anomaly, event: story.Event) -> Json:
    """The id is a text here, and a match has no value."""
    told: Json = {"id": str(event.id), "type": "match" if event.value is None else "anomaly"}
    if event.value is not None:
        told["value"] = event.value
    return {**told, "metric": event.metric.name, **_moment(one, event.later)}


def _moment(one: organisation.Anomaly, later: int) -> Json:
    at = one.started + later
    return {
        "timestamp": at,
        "timestamp_string": dates.spoken(at),
        "timestamp_string_time": dates.clock(at),
        "time_diff_minutes": later // 60,
    }


def _root(state: organisation.Organisation, base: str) -> str:
    roots = {"stage": f"https://{answers.STAGE}", "own": base, "elsewhere": state.modes.elsewhere, "none": ""}
    return roots[state.modes.hosts].rstrip("/")


def _graph(root: str, metric: catalogue.Metric, first: int, last: int, context: str) -> str:
    asked = {
        "from": first,
        "until": last,
        "display_x_axis": "neither",
        "display_y_axis": "neither",
        "display_legend": "true",
        "display_anomalies": "false",
        "display_matches": "false",
        "context": context,
    }
    return f"{root}/metric/{parse.quote(metric.name, safe='')}/graph?{parse.urlencode(asked)}"


def pattern_graph(root: str, taught: story.Pattern) -> str:
    return _graph(root, taught.metric, taught.anomaly_at - taught.duration, taught.anomaly_at, "pattern")
