"""How every call of the service is treated: token, latency, refusals as JSON, pages; and the route tables put together."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from starlette import exceptions, requests, responses, routing

from sandbox import acme
from sandbox.qualytics import anomaly_filter, deployment, engine, request_models, tokens

T = TypeVar("T")
PREFIX = "/api"


class Refused(Exception):
    """An answer that is not 422 and not success."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail


@dataclass(slots=True)
class Call:
    """One authenticated call."""

    request: requests.Request
    world: deployment.Deployment
    listing: anomaly_filter.Listing
    grant: tokens.Grant

    @property
    def modes(self) -> dict[str, Any]:
        return self.world.modes.model_dump()

    def query(self, kind: type[T]) -> T:
        return request_models.query(kind, self.request.query_params, self.modes)

    async def body(self, kind: Any) -> Any:
        return await request_models.body(kind, self.request, self.modes)

    def path(self, name: str = "id") -> str:
        return str(self.request.path_params[name])

    def number(self, name: str = "id") -> int:
        """An integer of the path. Raises Invalid."""
        text = self.path(name)
        if not (text.isascii() and text.isdigit()):
            wrong = "Input should be a valid integer, unable to parse string as an integer"
            raise request_models.Invalid(request_models.fault(("path", name), wrong, "int_parsing", text))
        return int(text)

    def need(self, act: str, stores: Iterable[acme.Datastore]) -> None:
        """Raises 403 and names the right that is missing and where."""
        role = tokens.NEEDS[act]
        for store in stores:
            if not self.grant.may(store.id, role):
                raise Refused(403, f"{role} permission is required on datastore '{store.name}'")


Handler = Callable[[Call], Awaitable[responses.Response]]


@dataclass(frozen=True, slots=True)
class Row:
    """One call of the service."""

    method: str
    path: str
    handler: Handler
    open: bool = False
    """Needs no token."""


def found(value: T | None, what: str) -> T:
    """Raises 404 for None."""
    if value is None:
        raise Refused(404, f"{what} not found")
    return value


def page(items: Sequence[T], wanted: request_models.PageQuery, render: Callable[[T], Any]) -> responses.Response:
    """One page of a list."""
    return paged([json.dumps(render(item), ensure_ascii=False).encode() for item in cut(items, wanted)], len(items), wanted)


def cut(items: Sequence[T], wanted: request_models.PageQuery) -> Sequence[T]:
    return items[(wanted.page - 1) * wanted.size : wanted.page * wanted.size]


def paged(encoded: Sequence[bytes], total: int, wanted: request_models.PageQuery) -> responses.Response:
    """A page whose items are JSON already."""
    rest = {"total": total, "page": wanted.page, "size": wanted.size, "pages": math.ceil(total / wanted.size)}
    body = b'{"items":[' + b",".join(encoded) + b"]," + json.dumps(rest).encode()[1:]
    return responses.Response(body, media_type="application/json")


def nothing() -> responses.Response:
    return responses.Response(status_code=204)


def refusal(status: int, detail: Any) -> responses.Response:
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return responses.JSONResponse({"detail": detail}, status, headers)


class Api:
    """The service: its routes, bound to one world."""

    def __init__(self, state: deployment.Deployment, rows: Sequence[Row]) -> None:
        self.world, self.rows = state, rows
        self.listing = anomaly_filter.Listing(state)

    def routes(self) -> list[routing.BaseRoute]:
        made = [routing.Route(PREFIX + row.path, self._endpoint(row), methods=[row.method]) for row in self.rows]
        return [*made, routing.Route(PREFIX + "/openapi.json", self._openapi)]

    def _endpoint(self, row: Row) -> Callable[[requests.Request], Awaitable[responses.Response]]:
        async def endpoint(request: requests.Request) -> responses.Response:
            await asyncio.sleep(self.world.modes.latency_ms / 1000)
            engine.advance(self.world)
            try:
                return await row.handler(Call(request, self.world, self.listing, self._grant(request, row)))
            except request_models.Invalid as error:
                return refusal(422, error.detail)
            except Refused as error:
                return refusal(error.status, error.detail)

        return endpoint

    def _grant(self, request: requests.Request, row: Row) -> tokens.Grant:
        """Raises 401; 403 is decided later, per datastore."""
        if row.open:
            return tokens.Grant(0)
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Refused(401, "Not authenticated")
        try:
            return self.world.tokens.grant(token, self.world.clock().timestamp())
        except tokens.BadToken as error:
            raise Refused(401, str(error)) from error

    async def _openapi(self, request: requests.Request) -> responses.Response:
        """The calls that exist, as far as `qualytics doctor` and a careful client look."""
        paths: dict[str, dict[str, Any]] = {}
        for row in self.rows:
            paths.setdefault(PREFIX + row.path, {})[row.method.lower()] = {"responses": {"200": {"description": "Successful Response"}}}
        return responses.JSONResponse({"openapi": "3.1.0", "info": {"title": "Qualytics sandbox", "version": "sandbox"}, "paths": paths})


async def not_served(request: requests.Request, error: Exception) -> responses.Response:
    """404 and 405 of the router, in the service's form."""
    assert isinstance(error, exceptions.HTTPException)
    return responses.JSONResponse({"detail": error.detail}, error.status_code, error.headers)
