"""The vendor's page `PUT /admin/audit/anomalies/{anomaly_id}/status` as data: its words, its fields with their types, its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STATUSES = ("open", "acknowledged", "investigating", "resolved", "dismissed")
STATUS_BODY = {"status": "investigating", "assignee": "usr_analyst001"}
SECONDS = 1713175800

Fields = Mapping[str, tuple[type, Any]]

COMMENT: Fields = {
    "author_id": (str, "usr_analyst001"),
    "author_name": (str, "Zhang San"),
    "content": (str, "Confirmed as false positive after investigation"),
    "created_at": (int, SECONDS),
    "id": (str, "cmt_abc123"),
}
ANOMALY: Fields = {
    "assignee": (str, "usr_analyst001"),
    "comments": (list, None),
    "created_at": (int, SECONDS),
    "description": (str, "Detected 5 consecutive login failures"),
    "detected_at": (int, SECONDS),
    "event_ids": (list, None),
    "id": (str, "ano_abc123"),
    "mitre_tactic": (str, "T1110"),
    "related_case_id": (str, None),
    "resolved_at": (int, None),
    "resolved_by": (str, None),
    "severity": (str, "high"),
    "status": (str, "open"),
    "tenant_id": (str, "tnt_abc123"),
    "type": (str, "brute_force"),
    "updated_at": (int, None),
    "user_id": (str, "usr_abc123"),
}
DETAIL: Fields = {"code": (int, None), "data": (dict, None), "message": (str, None), "timestamp": (str, None)}
VIOLATION: Fields = {"code": (str, "required"), "description": (str, None), "field": (str, "user.email"), "value": (object, None)}
PROBLEM: Fields = {
    "code": (int, 30101001),
    "detail": (str, "Field 'email' is required"),
    "errors": (list, None),
    "i18n_args": (dict, None),
    "i18n_key": (str, "error.user_not_found"),
    "instance": (str, "/api/v1/users?limit=invalid"),
    "request_id": (str, "req_550e8400-e29b-41d4-a716-446655440000"),
    "retry_after": (int, None),
    "service": (str, "auth-service"),
    "span_id": (str, None),
    "status": (int, 400),
    "timestamp": (str, "2026-04-03T12:00:00Z"),
    "title": (str, "Invalid Request Parameters"),
    "trace_id": (str, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    "type": (str, "https://api.example.com/errors/invalid-request"),
}


def check(told: Mapping[str, Any], fields: Fields) -> set[str]:
    """Nothing but these fields, each of its type; returns which there were."""
    assert set(told) <= set(fields), set(told) - set(fields)
    wrong = {name: value for name, value in told.items() if not isinstance(value, fields[name][0]) or isinstance(value, bool)}
    assert wrong == {}
    return set(told)
