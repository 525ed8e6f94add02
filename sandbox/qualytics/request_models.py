"""What the service accepts, and how it refuses the rest: pydantic models and FastAPI's 422.

Unknown query keys and unknown keys of a body are ignored, as FastAPI does (contracts 6, trap 1).
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

import pydantic
import pydantic_core
from starlette import datastructures, requests

from sandbox.qualytics import deployment

T = TypeVar("T")


class Invalid(Exception):
    """A 422; `detail` is FastAPI's list of what is wrong where."""

    def __init__(self, *detail: dict[str, Any]) -> None:
        super().__init__(str(detail))
        self.detail = list(detail)


def fault(loc: tuple[str | int, ...], message: str, kind: str = "value_error", value: Any = None) -> dict[str, Any]:
    """One entry of a 422."""
    return {"type": kind, "loc": list(loc), "msg": message, "input": value}


# --- vocabulary ------------------------------------------------------------------------------------------------------


def _word(known: tuple[str, ...]) -> pydantic.AfterValidator:
    def among(value: str, info: pydantic.ValidationInfo) -> str:
        old = bool(info.context and info.context.get("deployment") == "old")
        allowed = [word for word in known if not (old and word == "Discarded")]
        if value not in allowed:
            names = [f"'{word}'" for word in allowed]
            expected = f"{', '.join(names[:-1])} or {names[-1]}"
            raise pydantic_core.PydanticCustomError("enum", "Input should be {expected}", {"expected": expected})
        return value

    return pydantic.AfterValidator(among)


OpenStatus = Annotated[str, _word(deployment.OPEN)]
ClosedStatus = Annotated[str, _word(deployment.CLOSED)]
AnyStatus = Annotated[str, _word(deployment.OPEN + deployment.CLOSED)]
Ident = Annotated[int | uuid.UUID, pydantic.Field(union_mode="left_to_right")]
Direction = Literal["asc", "desc"]


class PageQuery(pydantic.BaseModel):
    """A page: from 1, at most 100 entries."""

    page: int = pydantic.Field(default=1, ge=1)
    size: int = pydantic.Field(default=50, ge=1, le=100)


class AnomalyQuery(PageQuery):
    """The filters of `GET /anomalies` (contracts 1.3)."""

    id: list[Ident] = []
    datastore: int | None = None
    container: list[int] = []
    quality_check: list[int] = []
    status: list[AnyStatus] = []
    archived: Literal["include", "only"] | None = None
    anomaly_type: Literal["shape", "record"] | None = None
    tag: list[str] = []
    rule_type: list[str] = []
    field: list[str] = []
    created_date: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    timeframe: int | None = None
    sort_created: Direction | None = None
    sort_weight: Direction | None = None
    source_enriched: bool | None = None


class ContainerQuery(PageQuery):
    datastore: list[int] = []
    container_type: list[str] = []
    name: str | None = None
    tag: list[str] = []
    search: str | None = None


class ListQuery(pydantic.BaseModel):
    datastore: int


class DatastoreQuery(PageQuery):
    name: str | None = None
    search: str | None = None


class UserQuery(PageQuery):
    name: str | None = None


class CheckQuery(PageQuery):
    datastore: list[int] = []
    container: list[int] = []
    tag: list[str] = []
    status: str | None = None


class OperationQuery(PageQuery):
    operation_type: str | None = None
    result: list[Literal["queued", "running", "success", "failure", "aborted"]] = []
    datastore: list[int] = []
    container: list[int] = []
    finished: bool | None = None
    start_date: str | None = None
    end_date: str | None = None
    sort_created: Direction = "desc"


class DeleteQuery(pydantic.BaseModel):
    """`archive` left out destroys: the server's default is unknown, and this is the one that hurts (contracts 1.5)."""

    archive: bool = False
    status: ClosedStatus = "Resolved"


# --- bodies ----------------------------------------------------------------------------------------------------------


class Update(pydantic.BaseModel):
    """The body of `PUT /anomalies/{id}`. A list replaces, [] clears, absent or null keeps."""

    status: OpenStatus
    description: str | None = None
    tags: list[str] | None = None
    assignee_ids: list[int] | None = None


class BulkUpdate(Update):
    """One item of `PATCH /anomalies`."""

    status: OpenStatus | None = None  # type: ignore[assignment]  # optional in bulk, required alone (2023 spec)
    id: Ident


class PageUpdate(Update):
    """`PATCH /anomalies` as the vendor's page has it."""

    status: OpenStatus | None = None  # type: ignore[assignment]
    ids: list[Ident]


class BulkDelete(pydantic.BaseModel):
    """One item of `DELETE /anomalies`."""

    id: Ident
    archive: bool = False
    status: ClosedStatus | None = None


class NewComment(pydantic.BaseModel):
    message: str
    anomaly_id: Ident


class TypedComment(NewComment):
    """The same where a discriminator tells comments on anomalies from those on partitions."""

    type: Literal["anomaly"]


class EditedComment(pydantic.BaseModel):
    message: str


# --- operations (contracts 1.6) ----------------------------------------------------------------------------------------


class Run(pydantic.BaseModel):
    """What all operations have: exactly one datastore. A key that the client never sends is ignored."""

    datastore_id: int


class Scoped(Run):
    container_names: list[str] | None = None
    container_tags: list[str] | None = None


class Incremental(Scoped):
    max_records_analyzed_per_partition: int | None = pydantic.Field(default=None, ge=-1)
    greater_than_time: datetime | None = None
    greater_than_batch: float | None = None


class Scan(Incremental):
    type: Literal["scan"]
    incremental: bool = False
    auto_resolve_passed_anomalies: bool | None = None
    enrichment_source_record_limit: int | None = pydantic.Field(default=None, ge=1)


class Profile(Incremental):
    type: Literal["profile"]
    ai_effort: Literal["off", "low", "medium", "high", "xhigh", "max"] | None = None
    infer_as_draft: bool | None = None
    max_count_testing_sample: int | None = pydantic.Field(default=None, ge=1, le=100_000)
    percent_testing_threshold: float | None = None
    high_correlation_threshold: float | None = None
    histogram_max_distinct_values: int | None = None


class Sync(Run):
    type: Literal["sync", "catalog"]
    include: list[str] | None = None
    prune: bool = False
    recreate: bool = False


class Materialize(Scoped):
    type: Literal["materialize"]
    max_records_per_partition: int | None = pydantic.Field(default=None, ge=-1)


class Export(Run):
    type: Literal["export"]
    asset_type: Literal["anomalies", "checks", "profiles"]
    container_ids: list[int] | None = None
    container_tags: list[str] | None = None
    include_deleted: bool = False


AnyRun = Annotated[Scan | Profile | Sync | Materialize | Export, pydantic.Field(discriminator="type")]


class PageRun(pydantic.BaseModel):
    """An operation as the vendor's page starts it."""

    type: Literal["scan", "profile", "sync", "materialize", "export"]
    datastore_ids: list[int] = pydantic.Field(min_length=1)
    container_ids: list[int] | None = None
    container_tags: list[str] | None = None
    incremental: bool = False
    auto_resolve_passed_anomalies: bool | None = None


# --- reading ----------------------------------------------------------------------------------------------------------


def _refused(error: pydantic.ValidationError, where: str) -> Invalid:
    found = json.loads(json.dumps(error.errors(include_url=False), default=str))
    return Invalid(*({**entry, "loc": [where, *entry["loc"]]} for entry in found))


def query(kind: type[T], params: datastructures.QueryParams, modes: Mapping[str, Any]) -> T:
    """Read the query as a model: repeated keys are lists, of a single value the last counts. Raises Invalid."""
    adapter = pydantic.TypeAdapter(kind)
    values: dict[str, Any] = {}
    for name, about in kind.model_fields.items():  # type: ignore[attr-defined]
        key = modes["datastore_key"] if name == "datastore" else name
        if key in params:
            values[name] = params.getlist(key) if isinstance(about.default, list) else params.getlist(key)[-1]
    try:
        return adapter.validate_python(values, context=modes)
    except pydantic.ValidationError as error:
        raise _refused(error, "query") from error


async def body(kind: type[T], request: requests.Request, modes: Mapping[str, Any]) -> T:
    """Read the JSON body. Raises Invalid in FastAPI's words, for a missing body and for broken JSON too."""
    raw = b"" if request.method == "DELETE" and modes["delete_bodies"] == "dropped" else await request.body()
    if not raw:
        raise Invalid(fault(("body",), "Field required", "missing"))
    value: Any = raw.decode(errors="replace")
    if "json" in request.headers.get("content-type", ""):
        try:
            value = json.loads(raw)
        except json.JSONDecodeError as error:
            detail = fault(("body", error.pos), "JSON decode error", "json_invalid", {})
            raise Invalid({**detail, "ctx": {"error": error.msg}}) from error
    try:
        return pydantic.TypeAdapter(kind).validate_python(value, context=modes)
    except pydantic.ValidationError as error:
        raise _refused(error, "body") from error


def ident(text: str) -> int | uuid.UUID:
    """The id in a path. Raises Invalid."""
    try:
        return int(text) if text.isascii() and text.isdigit() else uuid.UUID(text)
    except ValueError as error:
        raise Invalid(fault(("path", "id"), "Input should be a valid integer or UUID", "int_parsing", text)) from error


def day(text: str) -> date | None:
    """A date filter; None when it is not YYYY-MM-DD, and then nothing matches (vendor page)."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
