"""Anomalies, their timelines and members as JSON, in the vendor's names."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox.autional import catalogue, odd, tenant

Json = dict[str, Any]
DAY = timedelta(hours=24)


def moment(at: datetime, times: str, mixed: bool = False) -> int:
    """Epoch milliseconds or seconds; where both are mixed, `mixed` are the seconds."""
    seconds = times == "seconds" or (times == "mixed" and mixed)
    return int(at.timestamp() * (1 if seconds else 1000))


def anomaly(one: tenant.Anomaly, state: tenant.Tenant) -> Any:
    """An anomaly as the service writes it; where times are mixed, those of comments and ends are seconds, and all of every third one."""
    times, third = state.modes.times, one.serial % 3 == 0
    full: Json = {
        "id": one.id,
        "type": one.type,
        "severity": one.severity,
        "status": one.status,
        "description": one.description,
        "user_id": one.user_id,
        "tenant_id": catalogue.TENANT,
        "assignee": one.assignee,
        "mitre_tactic": one.technique,
        "related_case_id": one.case,
        "event_ids": list(one.events),
        "detected_at": moment(one.detected, times, third),
        "created_at": moment(one.created, times, third),
        "updated_at": moment(one.updated, times, third),
        "resolved_at": moment(one.resolved, times, True) if one.resolved else 0,
        "resolved_by": one.resolved_by,
        "comments": [_comment(said, state) for said in one.comments] or None,
    }
    shown = full if state.modes.empties == "told" else {name: value for name, value in full.items() if value not in ("", 0, None, [])}
    return odd.ODD[one.odd](shown)


def _comment(said: tenant.Comment, state: tenant.Tenant) -> Json:
    """The author's name is empty in practice: who it was has to be looked up."""
    known = {member.user_id: member.username for member in state.members}
    name = known.get(said.author, "") if state.modes.author_names == "filled" else ""
    at = moment(said.created, state.modes.times, True)
    return {"id": said.id, "author_id": said.author, "author_name": name, "content": said.content, "created_at": at}


# --- timeline and members ----------------------------------------------------------------------------------------------


def timeline(one: tenant.Anomaly, state: tenant.Tenant) -> Json:
    """What the account did within a day of the anomaly. Told from the anomaly's id: the same question has the same answer."""
    chance = random.Random(one.id)
    account = next((known for known in (*catalogue.ACCOUNTS, catalogue.NOISY) if known.user_id == one.user_id), catalogue.NOISY)
    sources = [(account.ip, catalogue.AGENTS[0])]
    sources += [(ip, chance.choice(catalogue.AGENTS)) for ip in chance.sample(catalogue.STRANGERS, k=chance.randint(0, 2))]
    events = [_event(one, ident, chance, sources[position % len(sources)], state) for position, ident in enumerate(one.events)]
    events.sort(key=lambda event: int(event["timestamp"]))
    used = sorted({(event["ip"], event["user_agent"]) for event in events})
    span = (events[-1]["timestamp"] - events[0]["timestamp"]) // (1 if state.modes.times == "seconds" else 1000) if events else 0
    context = {
        "total_events": len(events),
        "unique_devices": len(used),
        "unique_ips": len({ip for ip, _ in used}),
        "time_span_seconds": span,
    }
    return {
        "anomaly": anomaly(one, state),
        "context": context,
        "login_sessions": [_session(ip, agent, events) for ip, agent in used],
        "events": events,
    }


def _event(one: tenant.Anomaly, ident: str, chance: random.Random, source: tuple[str, str], state: tenant.Tenant) -> Json:
    kind = catalogue.KIND.get(one.type, catalogue.KINDS[0])
    at = one.detected - timedelta(seconds=chance.randint(0, 3600))
    return {
        "id": ident,
        "action": kind.action,
        "module": kind.module,
        "level": "warning",
        "message": f"{kind.action} by {one.user_id}",
        "operator_id": one.user_id,
        "operator_type": "user" if one.user_id.startswith("usr_") else "service",
        "ip": source[0],
        "user_agent": source[1],
        "request_id": f"req_{chance.getrandbits(40):010x}",
        "sequence": chance.randint(10_000, 99_999),
        "status": chance.choice((0, 0, 1)),
        "tenant_id": catalogue.TENANT,
        "timestamp": moment(at, state.modes.times),
    }


def _session(ip: str, agent: str, events: Sequence[Json]) -> Json:
    mine = [event["timestamp"] for event in events if (event["ip"], event["user_agent"]) == (ip, agent)]
    print_ = f"{random.Random(ip + agent).getrandbits(64):016x}"
    return {
        "fingerprint": print_,
        "ip": ip,
        "user_agent": agent,
        "event_count": len(mine),
        "first_seen": min(mine),
        "last_seen": max(mine),
    }


def member(one: catalogue.Member, state: tenant.Tenant) -> Json:
    shown: Json = {
        "user_id": one.user_id,
        "role": one.role,
        "status": one.status,
        "tenant_id": catalogue.TENANT,
        "department_id": one.department,
        "joined_at": one.joined,
    }
    return shown if state.modes.members == "bare" else {**shown, "username": one.username, "email": one.email}
