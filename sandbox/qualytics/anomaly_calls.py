"""The calls on anomalies and their comments (contracts 1.3 to 1.5)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from starlette import responses

from sandbox.qualytics import anomaly_filter, api, deployment, request_models, response_json, source_records

Loc = tuple[str | int, ...]


async def index(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.AnomalyQuery)
    matching = call.listing.matching(wanted, call.world.visible(call.grant))
    facts = call.world.facts
    return api.paged([response_json.listed_bytes(anomaly, facts) for anomaly in api.cut(matching, wanted)], len(matching), wanted)


async def show(call: api.Call) -> responses.Response:
    anomaly = _one(call)
    call.need("read", [anomaly.container.datastore])
    return responses.JSONResponse(response_json.anomaly(anomaly, call.world))


async def source_record(call: api.Call) -> responses.Response:
    """One object, or a list of such: the vendor's clients disagree. It takes no parameters, and ignores those that it does not know."""
    if call.world.modes.source_records == "off":
        raise api.Refused(404, "Not Found")
    anomaly = _one(call)
    call.need("read", [anomaly.container.datastore])
    found = {"source_record": source_records.written(anomaly), "created": response_json.moment(anomaly.created)}
    return responses.JSONResponse([found] if call.world.modes.source_records == "entries" else found)


async def update(call: api.Call) -> responses.Response:
    ident = request_models.ident(call.path())
    body: request_models.Update = await call.body(request_models.Update)
    anomaly = api.found(call.world.find(ident), f"Anomaly {ident}")
    call.need("update", [anomaly.container.datastore])
    _apply(call, [(anomaly, body, ("body",))], call.world.modes.restore)
    return responses.JSONResponse(response_json.anomaly(anomaly, call.world))


async def bulk_update(call: api.Call) -> responses.Response:
    """All or nothing: one bad or forbidden id refuses the whole call. The reply says nothing, since no client reads it."""
    if call.world.modes.bulk == "object":
        page: request_models.PageUpdate = await call.body(request_models.PageUpdate)
        items: list[tuple[int | uuid.UUID, request_models.Update, Loc]] = [(ident, page, ("body",)) for ident in page.ids]
    else:
        rows: list[request_models.BulkUpdate] = await call.body(list[request_models.BulkUpdate])
        items = [(row.id, row, ("body", position)) for position, row in enumerate(rows)]
    anomalies = _all(call, [ident for ident, _, _ in items], "update")
    modes = call.world.modes
    restore = modes.restore if modes.restore_many == "alike" else modes.restore_many
    _apply(call, [(anomaly, body, loc) for anomaly, (_, body, loc) in zip(anomalies, items, strict=True)], restore)
    return api.nothing()


async def remove(call: api.Call) -> responses.Response:
    wanted = call.query(request_models.DeleteQuery)
    anomaly = _one(call)
    call.need("archive" if wanted.archive else "delete", [anomaly.container.datastore])
    _close(call.world, anomaly, wanted.archive, wanted.status)
    return api.nothing()


async def bulk_remove(call: api.Call) -> responses.Response:
    """All or nothing, as `bulk_update`."""
    if call.world.modes.bulk == "object":
        rows = _page_rows(call)
    else:
        rows = await call.body(list[request_models.BulkDelete])
    anomalies = _all(call, [row.id for row in rows], "archive" if any(row.archive for row in rows) else "delete")
    for anomaly, row in zip(anomalies, rows, strict=True):
        if call.world.find(anomaly.id):
            _close(call.world, anomaly, row.archive, row.status or "Resolved")
    return api.nothing()


def _page_rows(call: api.Call) -> list[request_models.BulkDelete]:
    """`DELETE ?ids=1,2&archive=true&status=...` as the vendor's page has it."""
    wanted = call.query(request_models.DeleteQuery)
    idents = [part for text in call.request.query_params.getlist("ids") for part in text.split(",") if part]
    if not idents:
        raise request_models.Invalid(request_models.fault(("query", "ids"), "Field required", "missing"))
    return [request_models.BulkDelete(id=request_models.ident(text), archive=wanted.archive, status=wanted.status) for text in idents]


def _close(state: deployment.Deployment, anomaly: deployment.Anomaly, archive: bool, status: str) -> None:
    """Archiving what is archived already sets the new outcome: nothing is known, and this forgives a repeated call."""
    if archive:
        state.change(anomaly, status=status)
    else:
        state.erase(anomaly)


def _one(call: api.Call) -> deployment.Anomaly:
    ident = request_models.ident(call.path())
    return api.found(call.world.find(ident), f"Anomaly {ident}")


def _all(call: api.Call, idents: Sequence[int | uuid.UUID], act: str) -> list[deployment.Anomaly]:
    """Raises 404 when one does not exist, 403 when one may not be touched."""
    anomalies, missing = anomaly_filter.chosen(call.world, idents)
    if missing:
        raise api.Refused(404, f"Anomaly {', '.join(map(str, missing))} not found")
    call.need(act, call.world.datastores_of(anomalies))
    return anomalies


def _apply(call: api.Call, items: Sequence[tuple[deployment.Anomaly, request_models.Update, Loc]], restore: str) -> None:
    """Check all, then change all. `restore`: what becomes of archived ones."""
    wrong = [fault for anomaly, body, loc in items for fault in _wrong(call.world, anomaly, body, loc, restore)]
    if wrong:
        raise request_models.Invalid(*wrong)
    for anomaly, body, _ in items:
        call.world.change(anomaly, **_fields(anomaly, body, restore))


def _wrong(
    state: deployment.Deployment, anomaly: deployment.Anomaly, body: request_models.Update, loc: Loc, restore: str
) -> list[dict[str, Any]]:
    faults = [
        request_models.fault((*loc, "assignee_ids", position), f"User {person} not found", value=person)
        for position, person in enumerate(body.assignee_ids or ())
        if person not in state.facts.users
    ]
    faults += [
        request_models.fault((*loc, "tags", position), f"Tag '{name}' not found", value=name)
        for position, name in enumerate(body.tags or ())
        if name not in state.facts.tags
    ]
    if anomaly.archived and body.status is not None:
        message = _restore_fault(restore, body.status)
        faults += [request_models.fault((*loc, "status"), message, value=body.status)] if message else []
    return faults


def _restore_fault(mode: str, status: str) -> str:
    """Why an archived anomaly may not get this status, "" when it may. The web app restores to Acknowledged only (contracts 1.5)."""
    if mode == "422":
        return "An archived anomaly cannot be updated"
    if mode == "restores" and status != "Acknowledged":
        return "An archived anomaly can only be restored to 'Acknowledged'"
    return ""


def _fields(anomaly: deployment.Anomaly, body: request_models.Update, restore: str) -> dict[str, Any]:
    """What changes. Absent and null keep; a list replaces."""
    ignored = anomaly.archived and restore == "ignores"
    given = {
        "status": None if ignored else body.status,
        "description": body.description,
        "tags": None if body.tags is None else list(dict.fromkeys(body.tags)),
        "assignees": None if body.assignee_ids is None else list(dict.fromkeys(body.assignee_ids)),
    }
    return {name: value for name, value in given.items() if value is not None}


# --- comments ----------------------------------------------------------------------------------------------------------


def _comments_on(call: api.Call) -> None:
    if call.world.modes.comments == "off":
        raise api.Refused(404, "Not Found")


async def create_comment(call: api.Call) -> responses.Response:
    """One comment, or a list of them (Oct-2025 spec)."""
    _comments_on(call)
    kind = request_models.TypedComment if call.world.modes.comments == "discriminator" else request_models.NewComment
    body: Any = await call.body(list[kind] if await _is_list(call) else kind)  # type: ignore[valid-type]
    rows: list[request_models.NewComment] = body if isinstance(body, list) else [body]
    anomalies = _all(call, [row.anomaly_id for row in rows], "comment")
    made = [call.world.comment(anomaly, call.grant.user, row.message) for anomaly, row in zip(anomalies, rows, strict=True)]
    shown = [response_json.comment(comment, call.world.facts) for comment in made]
    return responses.JSONResponse(shown if isinstance(body, list) else shown[0])


async def _is_list(call: api.Call) -> bool:
    return (await call.request.body()).lstrip().startswith(b"[")


async def comments(call: api.Call) -> responses.Response:
    """Newest first; there is no filter by anomaly."""
    _comments_on(call)
    wanted = call.query(request_models.PageQuery)
    readable = call.world.visible(call.grant)
    shown = [said for said in call.world.comments.values() if _place(call, said) in readable]
    return api.page(shown[::-1], wanted, lambda said: response_json.comment(said, call.world.facts))


def _place(call: api.Call, said: deployment.Comment) -> int:
    return call.world.anomalies[said.anomaly].container.datastore.id


def _comment(call: api.Call, act: str) -> deployment.Comment:
    _comments_on(call)
    said = api.found(call.world.comments.get(call.number()), f"Comment {call.path()}")
    call.need(act, [call.world.facts.datastores[_place(call, said)]])
    return said


async def show_comment(call: api.Call) -> responses.Response:
    return responses.JSONResponse(response_json.comment(_comment(call, "read"), call.world.facts))


async def update_comment(call: api.Call) -> responses.Response:
    body: request_models.EditedComment = await call.body(request_models.EditedComment)
    said = _comment(call, "comment")
    said.message = body.message
    call.world.touch()
    return responses.JSONResponse(response_json.comment(said, call.world.facts))


async def remove_comment(call: api.Call) -> responses.Response:
    said = _comment(call, "comment")
    del call.world.comments[said.id]
    call.world.touch()
    return api.nothing()


ROWS = (
    api.Row("GET", "/anomalies", index),
    api.Row("PATCH", "/anomalies", bulk_update),
    api.Row("DELETE", "/anomalies", bulk_remove),
    api.Row("GET", "/anomalies/{id}", show),
    api.Row("GET", "/anomalies/{id}/source-record", source_record),
    api.Row("PUT", "/anomalies/{id}", update),
    api.Row("DELETE", "/anomalies/{id}", remove),
    api.Row("GET", "/comments", comments),
    api.Row("POST", "/comments", create_comment),
    api.Row("GET", "/comments/{id}", show_comment),
    api.Row("PUT", "/comments/{id}", update_comment),
    api.Row("DELETE", "/comments/{id}", remove_comment),
)
