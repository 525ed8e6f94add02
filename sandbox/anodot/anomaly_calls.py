"""The calls on anomalies (contracts 2.3, 2.4). All of them read: an anomaly has no status that could be set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from starlette import responses

from sandbox.anodot import account, answers, api, listing, questions, series, token_map, wire_json

BASE = "/anomalies"
HOUR = 3600


async def index(call: api.Call) -> responses.Response:
    params, modes = call.request.query_params, call.world.modes
    found = call.listing.matching(questions.filters(params, call.world))
    first, last = questions.page(params, modes)
    result: dict[str, Any] = {
        "total": len(found),
        "pagingMax": str(modes.paging_max) if modes.paging_as == "text" else modes.paging_max,
        "anomalies": [wire_json.anomaly(one, call.world) for one in found[first:last]],
    }
    return responses.JSONResponse(answers.beside(result, modes))


async def count(call: api.Call) -> responses.Response:
    found = call.listing.matching(questions.filters(call.request.query_params, call.world))
    return responses.JSONResponse({"total": len(found)})


async def common(call: api.Call) -> responses.Response:
    """The token map: of one anomaly with its resolution, or of all that a search finds."""
    params = call.request.query_params
    ask = questions.Reader(params, call.world.modes)
    ident = ask.text("anomalyId")
    if not ident and not ask.text("q"):
        raise answers.wrong("q is mandatory when no anomalyId is passed")
    wanted = questions.filters(params, call.world, resolution=bool(ident))
    clusters, tokens = ask.whole("tokenMapClustersLimit"), ask.whole("toklenMapClusterLimit")
    return responses.JSONResponse(token_map.told(_chosen(call, ident, wanted), clusters, tokens))


def _chosen(call: api.Call, ident: str, wanted: questions.Filter) -> Sequence[account.Anomaly]:
    """An anomaly that there is none of has no token map."""
    if not ident:
        return call.listing.matching(wanted)
    found = call.world.found(ident)
    return [found] if found and listing.fits(found, wanted, call.world.now()) else []


async def metrics(call: api.Call) -> responses.Response:
    """One anomaly with some of its metrics, from `index` on: nothing tells how many there are."""
    one, wanted = call.anomaly(), _young(call)
    if not listing.fits(one, wanted, call.world.now()):
        return _hidden(call, one)
    ask, page = questions.Reader(call.request.query_params, call.world.modes), call.world.modes.metrics_page
    first = ask.whole("index") or 0
    shown = [breach for breach in one.breaches if wanted.query.holds(breach.metric)]
    return responses.JSONResponse(wire_json.anomaly(one, call.world, shown[first : first + page]))


async def metric(call: api.Call) -> responses.Response:
    """One metric by its id, which has to be encoded: a slash in it is no slash of the path."""
    one, ident = call.anomaly(), call.request.path_params["metric"]
    wanted, now = _young(call), call.world.now()
    alone = questions.Filter(start=wanted.start, end=wanted.end, resolutions=wanted.resolutions)
    if not listing.fits(one, alone, now):
        return _hidden(call, one)
    found = next((breach for breach in one.breaches if breach.metric.id == ident), None)
    if found is None or _slashes(call):
        raise answers.missing(f"Metric {ident}")
    params = call.request.query_params
    frame = (wanted.start or 0, now if wanted.end is None else wanted.end)
    asked = [params.get(name) == "true" for name in ("datapoints", "baseline")]
    return responses.JSONResponse(_drawn(found, one, call, frame, asked))


def _drawn(found: series.Breach, one: account.Anomaly, call: api.Call, frame: tuple[int, int], asked: Sequence[bool]) -> Any:
    return wire_json.series_of(found, one, call.world.now(), frame, *asked)


def _slashes(call: api.Call) -> bool:
    raw = bytes(call.request.scope.get("raw_path", b"")).partition(b"/metric/")[2]
    return b"/" in raw


def _young(call: api.Call) -> questions.Filter:
    """The filters of a call on one anomaly: without a start it looks back no further than the switch says."""
    wanted = questions.filters(call.request.query_params, call.world)
    if wanted.start is None:
        return replace(wanted, start=call.world.now() - call.world.modes.metrics_hours * HOUR)
    return wanted


def _hidden(call: api.Call, one: account.Anomaly) -> responses.Response:
    """It is there, but not for these filters."""
    if call.world.modes.hidden == "empty":
        return responses.JSONResponse({})
    raise answers.missing(f"Anomaly {one.id}")


ROWS = (
    api.Row("GET", BASE, index, "anomaly_calls"),
    api.Row("GET", f"{BASE}/count", count, "anomaly_calls"),
    api.Row("GET", f"{BASE}/tokenMap", common, "anomaly_calls"),
    api.Row("GET", BASE + "/{id}/metrics", metrics, "anomaly_calls"),
    api.Row("GET", BASE + "/{id}/metric/{metric:path}", metric, "anomaly_calls"),
)
