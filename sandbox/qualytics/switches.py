"""The switches of the fake deployment: where the real contract is unknown or has changed, both ways can be had."""

from __future__ import annotations

from typing import Any, Literal

import pydantic


class ContractSwitches(pydantic.BaseModel):
    """How this deployment behaves.

    `restore`: what `PUT status=Acknowledged` does to an archived anomaly; `restore_many`: what the bulk call does, the same or not.
    `comments`: on, off (404), or a body without `type` refused.
    `source_records`: the rows of an anomaly in one object, in a list of such (the vendor's models of 2025 and 2023), or off (404).
    `ids`: whether the list can be asked for ids, or ignores that filter as it does all that it does not know.
    `delete_bodies`: a proxy drops the bodies of DELETE. `deployment`: an old one does not know `Discarded`.
    `datastore_key`, `bulk`, `operations`: the client's dialect or that of the vendor's page (contracts 6, traps 1, 3, 4, 9).
    Times in seconds, `latency_ms` in milliseconds; with `arrivals` 0 nothing appears by itself, with `scans` 0 nobody starts a scan.
    """

    model_config = pydantic.ConfigDict(extra="forbid", validate_assignment=True)

    restore: Literal["restores", "422", "ignores"] = "restores"
    restore_many: Literal["alike", "422", "ignores"] = "alike"
    comments: Literal["on", "off", "discriminator"] = "on"
    source_records: Literal["object", "entries", "off"] = "object"
    ids: Literal["on", "ignored"] = "on"
    delete_bodies: Literal["kept", "dropped"] = "kept"
    deployment: Literal["new", "old"] = "new"
    datastore_key: Literal["datastore", "datastore_id"] = "datastore"
    bulk: Literal["list", "object"] = "list"
    operations: Literal["client", "page"] = "client"
    latency_ms: float = pydantic.Field(default=0, ge=0)
    arrivals: float = pydantic.Field(default=0, ge=0)
    scans: float = pydantic.Field(default=0, ge=0)
    operation_seconds: float = pydantic.Field(default=6, ge=0)
    scan_anomalies: int = pydantic.Field(default=2, ge=0)


DIALECTS: dict[str, dict[str, str]] = {
    "client": {"datastore_key": "datastore", "bulk": "list", "operations": "client"},
    "page": {"datastore_key": "datastore_id", "bulk": "object", "operations": "page"},
}
"""`dialect` sets the three dialect switches at once."""


def switched(now: ContractSwitches, wanted: dict[str, Any]) -> ContractSwitches:
    """The modes after a change. Raises pydantic.ValidationError for an unknown switch or value, KeyError for an unknown dialect."""
    changes = dict(wanted)
    dialect = DIALECTS[changes.pop("dialect")] if "dialect" in changes else {}
    return ContractSwitches.model_validate({**now.model_dump(), **dialect, **changes})
