"""Graph images, and what an address that should be one may answer instead."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping

from starlette import responses

from sandbox.anomify import answers, api, catalogue, picture

OVER = 12_000_000
"""Bytes of an image that nobody would want."""
LOGIN = b"<!doctype html><title>Anomify</title><h1>Please log in</h1>"
AXES: Mapping[str, tuple[str, ...]] = {"display_x_axis": ("neither", "below"), "display_y_axis": ("neither", "right")}


async def graph(call: api.Call) -> responses.Response:
    """The metric between `from` and `until` (epoch seconds)."""
    metric = catalogue.METRICS.get(str(call.request.path_params["metric"]))
    if metric is None:
        raise answers.missing("Metric")
    first, last = call.number("from"), call.number("until")
    if first >= last:
        raise answers.wrong("Parameter from has to be before until")
    for name, known in AXES.items():
        if call.asked.get(name, known[0]) not in known:
            raise answers.wrong(f"Parameter {name} has to be one of: {', '.join(known)}")
    dents = [one.dent() for one in call.world.of_metric(metric)]
    return INSTEAD[call.world.modes.graphs](call, picture.graph(metric, first, last, dents))


def _as(kind: str, body: bytes | None = None, more: int = 0) -> Callable[[api.Call, bytes], responses.Response]:
    return lambda call, png: responses.Response((png if body is None else body) + b"\0" * more, media_type=kind)


def _endless(call: api.Call, png: bytes) -> responses.Response:
    """As many bytes, without a length that would warn of them."""

    async def parts() -> AsyncIterator[bytes]:
        yield png
        for _ in range(OVER // 100_000):
            yield b"\0" * 100_000

    return responses.StreamingResponse(parts(), media_type="image/png")


def _missing(call: api.Call, png: bytes) -> responses.Response:
    raise answers.missing("Graph")


def _redirect(call: api.Call, png: bytes) -> responses.Response:
    return responses.RedirectResponse(f"{call.world.modes.elsewhere.rstrip('/')}{call.request.url.path}", 302)


INSTEAD: Mapping[str, Callable[[api.Call, bytes], responses.Response]] = {
    "png": _as("image/png"),
    "oversized": _as("image/png", more=OVER),
    "endless": _endless,
    "html": _as("text/html", LOGIN),
    "mislabelled": _as("image/png", LOGIN),
    "svg": _as("image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    "empty": _as("image/png", b""),
    "missing": _missing,
    "redirect": _redirect,
}

ROWS = (api.Row("/metric/{metric}/graph", graph),)
