"""Upload URLs: where the bytes of an announced file go, once, without a token."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from sandbox.slack import api, population, workspace


class Uploads:
    """`/upload/v1/...` of one workspace."""

    def __init__(self, space: workspace.Workspace, web: api.Api) -> None:
        self._space = space
        self._web = web

    async def endpoint(self, request: Request) -> Response:
        """One file, logged as the method `upload_url`: its id and how many bytes came."""
        space = self._space
        ticket = request.path_params["ticket"]
        file = next((one for one in space.files.values() if one.ticket == ticket), None)
        content = await _content(request)
        line = workspace.Call(space.now(), "upload_url", {"file": file.id if file else "", "bytes": len(content)})
        space.log.append(line)
        fault = space.faults.take("upload_url", "", frozenset())
        line.fault = fault.mode if fault else None
        response = await self._web.with_fault(request, fault, lambda _: _take(file, content), error_status=400)
        line.status = 0 if isinstance(response, api.Dropped) else response.status_code
        line.error = None if line.status == 200 else bytes(response.body or b"").decode() or "dropped"
        space.changed()
        return response


async def _content(request: Request) -> bytes:
    """The body as it is, or the first file of a multipart form."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await request.body()
    parts = [part for part in (await request.form()).values() if isinstance(part, UploadFile)]
    return await parts[0].read() if parts else b""


def _take(file: population.File | None, content: bytes) -> Response:
    if file is None or file.content is not None:
        return PlainTextResponse("not found", 404)
    if len(content) != file.length:
        return PlainTextResponse(f"expected {file.length} bytes, got {len(content)}", 400)
    file.content = content
    return PlainTextResponse(f"OK - {len(content)}")
