"""The calls on anomalies (contracts 4.3), and the list of members (4.4)."""

from __future__ import annotations

from starlette import responses

from sandbox.autional import answers, api, questions, tenant, wire_json

BASE = "/admin/audit/anomalies"


async def index(call: api.Call) -> responses.Response:
    wanted = questions.filters(call.request.query_params, call.world.modes)
    found = call.listing.matching(wanted)
    start = (wanted.page - 1) * wanted.page_size
    shown = [wire_json.anomaly(one, call.world) for one in found[start : start + wanted.page_size]]
    return answers.page(shown, len(found), wanted.page, wanted.page_size, call.world.modes)


async def show(call: api.Call) -> responses.Response:
    return _detail(call, call.anomaly())


async def set_status(call: api.Call) -> responses.Response:
    """Status and assignee in one call."""
    anomaly, given, modes = call.anomaly(), await questions.body(call.request), call.world.modes
    status, assignee = questions.status(given, anomaly.status, modes), questions.assignee(given, modes)
    call.world.set_status(anomaly, status, call.grant.user, assignee)
    return _detail(call, anomaly)


async def assign(call: api.Call) -> responses.Response:
    anomaly = call.anomaly()
    call.world.change(anomaly, assignee=questions.text(await questions.body(call.request), "assignee"))
    return _detail(call, anomaly)


async def comment(call: api.Call) -> responses.Response:
    anomaly = call.anomaly()
    said = questions.text(await questions.body(call.request), "content", questions.COMMENT_LENGTH)
    call.world.comment(anomaly, call.grant.user, said)
    return _detail(call, anomaly)


async def link(call: api.Call) -> responses.Response:
    """The answer does not show the anomaly."""
    anomaly = call.anomaly()
    call.world.change(anomaly, case=questions.text(await questions.body(call.request), "case_id"))
    return answers.success()


async def related(call: api.Call) -> responses.Response:
    found = call.listing.related(call.anomaly())
    page, size = questions.numbers(call.request.query_params)
    shown = [wire_json.anomaly(one, call.world) for one in found[(page - 1) * size : page * size]]
    return answers.page(shown, len(found), page, size, call.world.modes)


async def timeline(call: api.Call) -> responses.Response:
    return answers.success(data=wire_json.timeline(call.anomaly(), call.world))


async def detect(call: api.Call) -> responses.Response:
    """What it finds is new. As a task it answers with an id that no call takes."""
    given, modes = await questions.body(call.request), call.world.modes
    questions.time_range(given)
    if given.get("tenant_id") not in (None, "", call.grant.tenant):
        raise answers.Refused(403, api.ELSEWHERE)
    if modes.detect == "task":
        return answers.success(data={"task_id": call.world.detect_later(modes.detect_anomalies)})
    found = call.world.arrive(modes.detect_anomalies)
    if not found:
        raise answers.Refused(404, "No anomalies detected in this time range")
    return answers.success(data=[wire_json.anomaly(one, call.world) for one in found])


async def members(call: api.Call) -> responses.Response:
    page, size = questions.numbers(call.request.query_params)
    shown = [wire_json.member(one, call.world) for one in call.world.members[(page - 1) * size : page * size]]
    return answers.page(shown, len(call.world.members), page, size, call.world.modes)


def _detail(call: api.Call, anomaly: tenant.Anomaly) -> responses.Response:
    return answers.success(data=wire_json.anomaly(anomaly, call.world))


ROWS = (
    api.Row("GET", BASE, index),
    api.Row("POST", f"{BASE}/detect", detect, writes=True),
    api.Row("GET", BASE + "/{id}", show),
    api.Row("PUT", BASE + "/{id}/status", set_status, writes=True),
    api.Row("POST", BASE + "/{id}/assign", assign, writes=True),
    api.Row("POST", BASE + "/{id}/comment", comment, writes=True),
    api.Row("POST", BASE + "/{id}/link", link, writes=True),
    api.Row("GET", BASE + "/{id}/related", related),
    api.Row("GET", BASE + "/{id}/timeline", timeline),
    api.Row("GET", "/admin/tenants/{tenant}/members", members, audit=False),
)
