"""The calls that start, show and stop operations (contracts 1.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette import responses

from sandbox import acme
from sandbox.qualytics import api, catalogue, deployment, engine, request_models

KINDS = ("scan", "profile", "sync", "materialize", "export")


async def run(call: api.Call) -> responses.Response:
    if call.world.modes.operations == "page":
        page: request_models.PageRun = await call.body(request_models.PageRun)
        stores = [_datastore(call, ident) for ident in page.datastore_ids]
    else:
        page = await call.body(request_models.AnyRun)
        stores = [_datastore(call, page.datastore_id)]  # type: ignore[attr-defined]  # AnyRun, which has no name at run time
    call.need("operate", stores)
    body = page.model_dump(mode="json")
    scopes = [chosen(call.world, page.type, store, body) for store in stores]
    started = [engine.start(call.world, page.type, *pair, body, call.grant.user) for pair in zip(stores, scopes, strict=True)]
    return responses.JSONResponse(engine.render(started[0], call.world))


def _datastore(call: api.Call, ident: int) -> acme.Datastore:
    return api.found(call.world.facts.datastores.get(ident), f"Datastore {ident}")


def chosen(state: deployment.Deployment, kind: str, store: acme.Datastore, body: dict[str, Any]) -> Sequence[catalogue.Container]:
    """The containers an operation is about. Raises 404 for a name or id that is not there; names are case-sensitive."""
    found = [c for c in state.facts.containers.values() if c.datastore.id == store.id]
    if kind == "materialize":
        found = [c for c in found if c.table.kind != "table"]
    if names := body.get("container_names"):
        missing = [name for name in names if state.facts.container(store.id, name) is None]
        if missing:
            raise api.Refused(404, f"Container '{missing[0]}' not found")
        found = [c for c in found if c.table.name in names]
    if idents := body.get("container_ids"):
        unknown = sorted(set(idents) - {c.id for c in found})
        if unknown:
            raise api.Refused(404, f"Container {unknown[0]} not found")
        found = [c for c in found if c.id in idents]
    if tags := body.get("container_tags"):
        found = [c for c in found if set(tags) & set(c.table.tags)]
    return found


async def index(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.OperationQuery)
    visible = call.world.visible(call.grant)
    shown = [op for op in call.world.operations.values() if op.datastore.id in visible and _matches(call.world, op, wanted)]
    shown.sort(key=lambda op: (op.created, op.id), reverse=wanted.sort_created == "desc")
    return api.page(shown, wanted, lambda op: engine.render(op, call.world))


SAME = {"catalog": "sync"}
"""Two words for one kind (contracts 1.6)."""


def _matches(state: deployment.Deployment, op: deployment.Operation, wanted: request_models.OperationQuery) -> bool:
    now, asked = state.clock(), wanted.operation_type
    return all(
        (
            asked is None or SAME.get(asked, asked) == SAME.get(op.kind, op.kind),
            not wanted.result or engine.result(op, now) in wanted.result,
            not wanted.datastore or op.datastore.id in wanted.datastore,
            not wanted.container or any(c.id in wanted.container for c in op.containers),
            wanted.finished is None or bool(op.result) == wanted.finished,
            wanted.start_date is None or _from(op, wanted.start_date),
            wanted.end_date is None or _until(op, wanted.end_date),
        )
    )


def _from(op: deployment.Operation, text: str) -> bool:
    asked = request_models.day(text)
    return asked is not None and op.created.date() >= asked


def _until(op: deployment.Operation, text: str) -> bool:
    asked = request_models.day(text)
    return asked is not None and op.created.date() <= asked


def _one(call: api.Call, act: str) -> deployment.Operation:
    op = api.found(call.world.operations.get(call.number()), f"Operation {call.path()}")
    call.need(act, [op.datastore])
    return op


async def show(call: api.Call) -> responses.Response:
    return responses.JSONResponse(engine.render(_one(call, "read"), call.world))


async def abort(call: api.Call) -> responses.Response:
    op = _one(call, "operate")
    engine.abort(call.world, op)
    return responses.JSONResponse(engine.render(op, call.world))


ROWS = (
    api.Row("GET", "/operations", index),
    api.Row("POST", "/operations/run", run),
    api.Row("PUT", "/operations/abort/{id}", abort),
    api.Row("GET", "/operations/{id}", show),
)
