"""Operations that move with the clock: queued, running with progress, ended; and what a scan leaves behind.

Nothing runs in the background: `advance` brings every operation to where it is by now, before each look at it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sandbox import acme
from sandbox.qualytics import catalogue, deployment, response_json

QUEUED_SHARE = 0.15
"""The part of an operation's time that it waits in the queue, one second at most."""
RESULTS = ("success", "failure", "aborted")


def start(
    state: deployment.Deployment,
    kind: str,
    store: acme.Datastore,
    containers: Sequence[catalogue.Container],
    body: dict[str, Any],
    user: int,
    plan: dict[str, Any] | None = None,
) -> deployment.Operation:
    """A new operation, following its own plan or the oldest that `/_control/operations` left."""
    if plan is None:
        plan = state.plans.pop(0) if state.plans else {}
    seconds = float(plan.get("seconds", state.modes.operation_seconds))
    now = state.clock()
    begins = now + timedelta(seconds=min(1.0, seconds * QUEUED_SHARE))
    made = deployment.Operation(
        id=deployment.FIRST_OPERATION + len(state.operations),
        kind=kind,
        datastore=store,
        containers=tuple(containers),
        user=user,
        created=now,
        begins=begins,
        ends=now + timedelta(seconds=seconds),
        body=body,
        plan=plan,
    )
    state.operations[made.id] = made
    state.touch()
    return made


def advance(state: deployment.Deployment) -> None:
    """Bring all operations up to now."""
    now = state.clock()
    for operation in state.operations.values():
        if operation.result:
            continue
        _find(state, operation, progress(operation, now))
        if now >= operation.ends:
            _end(state, operation)


def progress(operation: deployment.Operation, now: datetime) -> float:
    """How much is done, 0..1."""
    if operation.result:
        return operation.share
    length = (operation.ends - operation.begins).total_seconds()
    done = (now - operation.begins).total_seconds() / length if length > 0 else 1.0
    return min(max(done, 0.0), 1.0)


def result(operation: deployment.Operation, now: datetime) -> str:
    """queued, running, success, failure or aborted."""
    return operation.result or ("queued" if now < operation.begins else "running")


def abort(state: deployment.Deployment, operation: deployment.Operation) -> None:
    """Stop it; nothing happens when it has ended."""
    if operation.result:
        return
    now = state.clock()
    operation.share = progress(operation, now)
    operation.result, operation.message, operation.ends = "aborted", "Operation aborted by user", now
    state.touch()


def end(state: deployment.Deployment, operation: deployment.Operation, **plan: Any) -> None:
    """Let one that has not ended do all it has to do now; `plan` says how it ends."""
    now = state.clock()
    operation.plan |= plan
    operation.begins, operation.ends = min(operation.begins, now), now
    advance(state)


def _find(state: deployment.Deployment, operation: deployment.Operation, share: float) -> None:
    """A scan finds its anomalies on the way, in tables that have active checks."""
    checked = [container for container in operation.containers if any(check.active for check in container.checks)]
    if operation.kind != "scan" or not checked:
        return
    wanted = int(operation.plan.get("anomalies", state.modes.scan_anomalies))
    missing = int(wanted * share) - len(operation.found)
    operation.found += [anomaly.id for anomaly in state.arrive(max(missing, 0), checked)]


def _end(state: deployment.Deployment, operation: deployment.Operation) -> None:
    operation.result = operation.plan.get("result", "success")
    operation.message = operation.plan.get("message")
    operation.share = 1.0 if operation.result == "success" else 0.5
    if operation.result == "success" and _resolves(operation):
        _resolve(state, operation)
    state.touch()


def _resolves(operation: deployment.Operation) -> bool:
    """A full scan closes what passes now unless told not to; an incremental one never does (contracts 1.6)."""
    asked = operation.body.get("auto_resolve_passed_anomalies")
    return operation.kind == "scan" and not operation.body.get("incremental") and asked is not False


def _resolve(state: deployment.Deployment, operation: deployment.Operation) -> None:
    """Of what is open on its tables: exactly those that the plan says `passes`; without that word the oldest `resolves` that did not fail
    again."""
    failing = {state.anomalies[ident].fingerprint for ident in operation.found if ident in state.anomalies}
    scope = set(map(id, operation.containers))
    there = [anomaly for _, anomaly in state.open if id(anomaly.container) in scope and anomaly.created < operation.created]
    chosen = set(operation.plan.get("passes", ()))
    named = [anomaly for anomaly in there if anomaly.id in chosen]
    others = [anomaly for anomaly in there if anomaly.id not in chosen and anomaly.fingerprint not in failing]
    count = int(operation.plan.get("resolves", 0 if "passes" in operation.plan else 1))
    for anomaly in [*named, *others[:count]]:
        state.change(anomaly, status="Resolved")


def render(operation: deployment.Operation, state: deployment.Deployment) -> response_json.Json:
    """An operation as the service tells it; `status` is an object, not a text."""
    now = state.clock()
    share = progress(operation, now)
    done = int(len(operation.containers) * share)
    scanned = operation.containers[:done]
    ended = bool(operation.result)
    return {
        "id": operation.id,
        "type": operation.kind,
        "created": response_json.moment(operation.created),
        "start_time": response_json.moment(operation.begins) if now >= operation.begins else None,
        "end_time": response_json.moment(operation.ends) if ended else None,
        "result": result(operation, now),
        "message": operation.message,
        "triggered_by": state.facts.users[operation.user].name,
        "datastore": response_json.datastore_stub(operation.datastore),
        "schedule": None,
        "status": {
            "total_containers": len(operation.containers),
            "containers_analyzed": done,
            "partitions_scanned": done,
            "records_processed": sum(container.table.rows for container in scanned),
            "anomalies_identified": len(operation.found),
        },
        "containers": [response_json.container_stub(container) for container in operation.containers],
        "container_scans": [_container_scan(container, operation, state) for container in scanned] if operation.kind == "scan" else [],
    }


def _container_scan(container: catalogue.Container, operation: deployment.Operation, state: deployment.Deployment) -> response_json.Json:
    found = [ident for ident in operation.found if ident in state.anomalies and state.anomalies[ident].container is container]
    return {
        "container": response_json.container_stub(container),
        "records_processed": container.table.rows,
        "anomaly_count": len(found),
        "result": "success",
        "message": None,
    }
