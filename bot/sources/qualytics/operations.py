"""Scans and their relatives: the bodies that the vendor's client sends (contracts 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from bot import model

Options = Mapping[str, Any]

FORBIDDEN = {
    "recreate": "This desk never rebuilds a catalogue. Do it in Qualytics.",
    "remediation": "Remediation is set on the datastore in Qualytics, not on a scan.",
    "datastore_id": "The datastore is named by the command itself.",
    "type": "The kind of operation is named by the command itself.",
}


def _chosen(request: model.ScanRequest) -> Mapping[str, Any]:
    chosen = {"container_names": list(request.tables), "container_tags": list(request.tags)}
    return {key: value for key, value in chosen.items() if value}


def _scan(request: model.ScanRequest) -> Options:
    return {"incremental": False, **_chosen(request)}


def _sync(_request: model.ScanRequest) -> Options:
    return {"prune": False, "recreate": False}


def _export(request: model.ScanRequest) -> Options:
    tags = {"container_tags": list(request.tags)} if request.tags else {}
    ids = {"container_ids": [int(one) for one in request.tables]} if request.tables else {}
    return {"asset_type": "anomalies", "include_deleted": False, **ids, **tags}


KINDS: Mapping[str, Callable[[model.ScanRequest], Options]] = {
    "scan": _scan,
    "sync": _sync,
    "profile": _chosen,
    "materialize": _chosen,
    "export": _export,
}


def fault(request: model.ScanRequest) -> str:
    """Why a request cannot be sent at all, "" when it can."""
    if request.kind not in KINDS:
        return f"Qualytics has no operation {request.kind}. It has {', '.join(KINDS)}."
    if request.kind == "sync" and (request.tables or request.tags):
        return "A sync always covers the whole datastore. Leave out the tables and tags."
    return next((because for key, because in FORBIDDEN.items() if request.options.get(key) is not None), "")


def body(request: model.ScanRequest) -> Mapping[str, Any]:
    """The body of `POST /operations/run`; the tables of an export are ids. Nulls are left out, as the vendor's client does."""
    whole = {"datastore_id": int(request.datastore), "type": request.kind, **KINDS[request.kind](request), **request.options}
    return {key: value for key, value in whole.items() if value is not None}
