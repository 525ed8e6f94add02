"""What Qualytics writes on the wire, read leniently, and how it becomes ours (contracts 1.4 and 1.6).

Unknown words, missing and extra fields are normal. Only an item without an id cannot be understood.
"""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import pydantic

from bot import model, ports
from bot.core import severity
from bot.sources.qualytics import closings

Wire = TypeVar("Wire", bound="Lenient")


class Lenient(pydantic.BaseModel):
    """A part of an answer: extra fields are ignored."""

    model_config = pydantic.ConfigDict(extra="ignore", populate_by_name=True)


def _number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _count(value: Any) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _text(value: Any) -> str:
    if type(value) is str:
        return value
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value)


def _flag(value: Any) -> bool | None:
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return value if isinstance(value, bool) else None


def _ident(value: Any) -> str:
    if type(value) is int:
        return str(value)
    if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
        raise ValueError("not an id")
    return str(value)


def moment(value: Any) -> datetime | None:
    """Read an ISO-8601 text; one without a time zone is UTC."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):  # the year 1 in the east is the year 0
        return None


FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Nobody's data quality was watched before or will be after: such a date is a placeholder (0001-01-01, 1970-01-01, 9999-12-31)."""
MILLISECONDS = 1e11
"""A number above this counts milliseconds since 1970, not seconds."""


def creation(value: Any) -> datetime | None:
    """A date of creation, as text or as a number since 1970; None for one that says nothing."""
    number = None if isinstance(value, str) and not _DIGITS.fullmatch(value.strip()) else _number(value)
    read = moment(value) if number is None else _epoch(number)
    return read if read is not None and FIRST_YEAR <= read.year < LAST_YEAR else None


_DIGITS = re.compile(r"\d{9,}(\.\d+)?")
"""A number since 1970; fewer digits are a date without its hyphens."""


def _epoch(number: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(number / 1000 if number > MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _name(value: Any) -> str:
    return _text(value.get("name")) if isinstance(value, dict) else _text(value)


def _names(value: Any) -> tuple[str, ...]:
    """Names from texts or from objects with a name."""
    found = [_name(one) for one in value] if isinstance(value, list) else []
    return tuple(dict.fromkeys(name for name in found if name))


SHARED = 2048
"""Ten thousand anomalies name a few hundred places, people and checks: equal ones are one object, up to so many of each."""
_the_place = functools.lru_cache(SHARED)(model.Place)
_the_person = functools.lru_cache(SHARED)(model.Person)
_the_check = functools.lru_cache(SHARED)(model.Check)


def place(raw: Any) -> model.Place | None:
    """A datastore or container; None when there is no id."""
    ident = _ident_of(raw)
    return _the_place(ident, _text(raw.get("name")) or ident) if ident else None


def _checks(value: Any) -> tuple[model.Check, ...]:
    """The checks that failed, each with what it says about the anomaly; those without an id are left out."""
    found: list[tuple[dict[str, Any], Any]] = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict):
            found.append((one, one.get("quality_check")))
    return tuple(_check(raw, check) for raw, check in found if _ident_of(check))


def _check(raw: dict[str, Any], check: dict[str, Any]) -> model.Check:
    message = _text(raw.get("message")) or _text(check.get("description"))
    return _the_check(_ident_of(check), _text(check.get("rule_type")), _names(check.get("fields")), message)


def _ident_of(raw: Any) -> str:
    """The id of a part of an answer; "" when there is none."""
    try:
        return _ident(raw.get("id")) if isinstance(raw, dict) else ""
    except ValueError:
        return ""


def _each(kind: type[Wire]) -> Callable[[Any], list[Wire]]:
    def read(value: Any) -> list[Wire]:
        found = [lenient(kind, one) for one in value] if isinstance(value, list) else []
        return [one for one in found if one is not None]

    return read


def _one(kind: type[Wire]) -> Callable[[Any], Wire | None]:
    return lambda value: lenient(kind, value)


def lenient(kind: type[Wire], raw: Any) -> Wire | None:
    """Read `raw` as `kind`; None when it cannot be that."""
    try:
        return kind.model_validate(raw)
    except pydantic.ValidationError:
        return None


# Each of these functions returns what the field says, so nothing is left to validate: a page of anomalies has thousands of fields.
Number = Annotated[float | None, pydantic.PlainValidator(_number)]
Count = Annotated[int | None, pydantic.PlainValidator(_count)]
Text = Annotated[str, pydantic.PlainValidator(_text)]
Flag = Annotated[bool | None, pydantic.PlainValidator(_flag)]
Ident = Annotated[str, pydantic.PlainValidator(_ident)]
Moment = Annotated[datetime | None, pydantic.PlainValidator(moment)]
Creation = Annotated[datetime | None, pydantic.PlainValidator(creation)]
Names = Annotated[tuple[str, ...], pydantic.PlainValidator(_names)]
Spot = Annotated[model.Place | None, pydantic.PlainValidator(place)]
Checks = Annotated[tuple[model.Check, ...], pydantic.PlainValidator(_checks)]


class StubWire(Lenient):
    """A datastore or a container."""

    id: Ident
    name: Text = ""
    datastore: Any = None


class UserWire(Lenient):
    """A user, or a stub of one."""

    id: Ident
    name: Text = ""
    user_name: Text = ""
    email: Text = ""


class ListedCheckWire(Lenient):
    """A quality check of the list of checks."""

    id: Ident
    status: Text = ""
    archived: Flag = None
    container: Spot = None


class CommentWire(Lenient):
    """A remark; only the anomaly's own list leaves out which anomaly it is about."""

    message: Text = ""
    anomaly_id: Any = None
    created: Moment = None
    author: Any = pydantic.Field(default=None, validation_alias=pydantic.AliasChoices("author", "user", "created_by"))


class AnomalyWire(Lenient):
    """One anomaly."""

    id: Ident
    created: Creation = None
    status: Text = ""
    archived: Flag = None
    type: Text = pydantic.Field(default="", validation_alias=pydantic.AliasChoices("type", "anomaly_type"))
    description: Text = ""
    message: Text = ""
    weight: Number = pydantic.Field(default=None, validation_alias=pydantic.AliasChoices("weight", "importance_score"))
    anomalous_records_count: Count = None
    fingerprint: Text = ""
    tags: Names = pydantic.Field(default=(), validation_alias=pydantic.AliasChoices("global_tags", "tags"))
    assignees: Annotated[list[UserWire], pydantic.PlainValidator(_each(UserWire))] = []
    failed_checks: Checks = ()
    datastore: Spot = None
    container: Spot = None
    source_enriched: Flag = None
    comments: Annotated[list[CommentWire], pydantic.PlainValidator(_each(CommentWire))] | None = None


class ProgressWire(Lenient):
    """How far an operation is; `anomalies_caught` is the name of 2023."""

    total_containers: Count = None
    containers_analyzed: Count = None
    records_processed: Count = None
    anomalies: Count = pydantic.Field(default=None, validation_alias=pydantic.AliasChoices("anomalies_identified", "anomalies_caught"))


class OperationWire(Lenient):
    """One operation."""

    id: Ident
    type: Text = ""
    result: Text = ""
    message: Text = ""
    created: Moment = None
    start_time: Moment = None
    end_time: Moment = None
    triggered_by: Any = None
    datastore: Spot = None
    status: Annotated[ProgressWire | None, pydantic.PlainValidator(_one(ProgressWire))] = None
    containers: Names = ()


# --- from theirs to ours ----------------------------------------------------------------------------------------------

STATES = {
    "Active": model.State.ACTIVE,
    "Acknowledged": model.State.ACKNOWLEDGED,
    **dict.fromkeys(closings.WORDS, model.State.ARCHIVED),
}
OUTCOMES = dict(zip(closings.WORDS, closings.WORDS, strict=True))
"""Each word once: ten thousand anomalies share it."""
UNTOLD = {model.State.ACTIVE: "Active", model.State.ARCHIVED: "Archived"}
"""The status of an anomaly that tells none."""
KINDS = {"catalog": "sync"}
"""The operations list says `catalog` where the run says `sync` (contracts 1.6)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Turns answers into ours. `web` is the deployment's web address, `thresholds` severities and their lower bounds of weight, highest
    first. `clock` dates what has no date."""

    source: str
    web: str
    thresholds: severity.Thresholds
    clock: ports.Clock

    def anomaly(self, raw: Any) -> model.Anomaly | None:
        """One anomaly; None when it cannot be understood."""
        wire = lenient(AnomalyWire, raw)
        if wire is None:
            return None
        state = STATES.get(wire.status, model.State.ACTIVE)
        if wire.archived:
            state = model.State.ARCHIVED
        return model.Anomaly(
            ref=model.Ref(self.source, wire.id),
            state=state,
            status=sys.intern(wire.status or UNTOLD[state]),
            created=wire.created or self.clock.now(),
            undated=wire.created is None,
            archived_as=OUTCOMES.get(wire.status),
            type=sys.intern(wire.type),
            description=wire.description or wire.message,
            severity=severity.word(wire.weight, self.thresholds),
            weight=wire.weight,
            records=wire.anomalous_records_count,
            fingerprint=wire.fingerprint,
            tags=tuple(sys.intern(one) for one in wire.tags),
            assignees=tuple(self._person(one) for one in wire.assignees),
            checks=wire.failed_checks,
            datastore=wire.datastore,
            container=wire.container,
            enriched=wire.source_enriched,
            url=f"{self.web}/anomalies/{wire.id}",
        )

    def person(self, raw: Any) -> model.Person | None:
        """A user; None when there is no id."""
        wire = lenient(UserWire, raw)
        return None if wire is None else self._person(wire)

    def _person(self, wire: UserWire) -> model.Person:
        return _the_person(self.source, wire.id, wire.name or wire.user_name or wire.email or f"user {wire.id}", wire.email)

    def scan(self, raw: Any) -> model.Scan | None:
        """An operation, plain or wrapped as a page of one (contracts 1.6)."""
        inner = raw.get("items") if isinstance(raw, Mapping) else None
        wire = lenient(OperationWire, inner[0] if isinstance(inner, list) and len(inner) == 1 else raw)
        if wire is None:
            return None
        done = wire.status or ProgressWire()
        return model.Scan(
            source=self.source,
            id=wire.id,
            kind=KINDS.get(wire.type, wire.type),
            result=_result(wire),
            datastore=wire.datastore,
            message=wire.message,
            started=wire.start_time or wire.created,
            ended=wire.end_time,
            tables_total=done.total_containers,
            tables_done=done.containers_analyzed,
            records=done.records_processed,
            anomalies=done.anomalies,
            by=_author(wire.triggered_by),
            tables=wire.containers,
        )


def carries(raw: Any, tag: str) -> bool:
    """Whether something carries a tag, as far as it says which it has."""
    told = raw.get("global_tags", raw.get("tags")) if isinstance(raw, Mapping) else None
    return not isinstance(told, list) or tag.casefold() in {one.casefold() for one in _names(told)}


def comment(wire: CommentWire) -> model.Comment:
    """A remark."""
    return model.Comment(_author(wire.author), wire.message, wire.created)


def _author(value: Any) -> str:
    wire = lenient(UserWire, value)
    return (wire.name or wire.user_name or wire.email) if wire is not None else _text(value)


def _result(wire: OperationWire) -> model.ScanResult:
    if wire.result == model.ScanResult.SUCCESS and wire.message:
        return model.ScanResult.WARNING
    known = {one.value: one for one in model.ScanResult}
    return known.get(wire.result, model.ScanResult.UNKNOWN)
