"""The vendor's client works against the fake, and this is what it sends."""

from __future__ import annotations

import asyncio
import json
import pathlib
import sys

import pytest
import pytest_asyncio

from sandbox import qualytics
from tests.sandbox.qualytics import oracle
from tests.sandbox.qualytics.oracle import Call

PAGE = (("page", "1"), ("size", "100"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ran() -> dict[str, oracle.Ran]:
    state = qualytics.Deployment()
    state.modes.operation_seconds = 0.5
    done = await oracle.run(*oracle.COMMANDS.values(), state=state)
    return dict(zip(oracle.COMMANDS, done, strict=True))


@pytest.mark.parametrize("name", oracle.COMMANDS)
async def test_every_command_of_the_client_succeeds(ran: dict[str, oracle.Ran], name: str) -> None:
    assert ran[name].code == 0, ran[name].out
    assert set(ran[name].statuses) <= {200, 204}


SENT = {
    "list open": [Call("GET", "/api/anomalies", (*PAGE, ("datastore", "42")))],
    "list active": [Call("GET", "/api/anomalies", (*PAGE, ("datastore", "42"), ("status", "Active"), ("status", "Acknowledged")))],
    "list closed": [
        Call("GET", "/api/anomalies", (*PAGE, ("datastore", "42"), ("status", "Resolved"), ("status", "Invalid"), ("archived", "only")))
    ],
    "list both": [
        Call("GET", "/api/anomalies", (*PAGE, ("datastore", "42"), ("status", "Active"), ("status", "Resolved"), ("archived", "include")))
    ],
    "list filtered": [
        Call(
            "GET",
            "/api/anomalies",
            (
                *PAGE,
                ("datastore", "42"),
                ("container", "100"),
                ("quality_check", "501"),
                ("anomaly_type", "record"),
                ("tag", "critical"),
                ("start_date", "2026-05-01"),
                ("end_date", "2026-05-08"),
                ("source_enriched", "true"),
            ),
        )
    ],
    "get": [Call("GET", "/api/anomalies/1050")],
    "update one": [Call("PUT", "/api/anomalies/1050", (), {"status": "Acknowledged"})],
    "update one fully": [
        Call(
            "PUT",
            "/api/anomalies/1050",
            (),
            {"status": "Active", "description": "Investigating in INC-987", "tags": ["incident", "oncall"], "assignee_ids": [12, 18]},
        )
    ],
    "unassign one": [Call("PUT", "/api/anomalies/1050", (), {"status": "Acknowledged", "assignee_ids": []})],
    "update many": [
        Call(
            "PATCH",
            "/api/anomalies",
            (),
            [{"id": ident, "status": "Acknowledged", "tags": ["incident"], "assignee_ids": [12]} for ident in (1050, 1049)],
        )
    ],
    "archive one": [Call("DELETE", "/api/anomalies/1048", (("archive", "true"), ("status", "Invalid")))],
    "archive many": [Call("DELETE", "/api/anomalies", (), [{"id": i, "archive": True, "status": "Duplicate"} for i in (1047, 1046)])],
    "delete one": [Call("DELETE", "/api/anomalies/1045", (("archive", "false"), ("status", "Resolved")))],
    "delete many": [Call("DELETE", "/api/anomalies", (), [{"id": 1044, "archive": False}, {"id": 1043, "archive": False}])],
    "scan": [Call("POST", "/api/operations/run", (), {"datastore_id": 42, "type": "scan", "incremental": False})],
    "scan tables": [
        Call(
            "POST",
            "/api/operations/run",
            (),
            {
                "datastore_id": 42,
                "type": "scan",
                "incremental": True,
                "auto_resolve_passed_anomalies": False,
                "max_records_analyzed_per_partition": -1,
                "enrichment_source_record_limit": 10,
                "greater_than_time": "2026-05-01T00:00:00.000Z",
                "container_names": ["orders", "customers"],
            },
        )
    ],
    "scan tags": [
        Call(
            "POST",
            "/api/operations/run",
            (),
            {
                "datastore_id": store,
                "type": "scan",
                "incremental": False,
                "auto_resolve_passed_anomalies": True,
                "container_tags": ["critical"],
            },
        )
        for store in (42, 43)
    ],
    "sync": [
        Call(
            "POST",
            "/api/operations/run",
            (),
            {"datastore_id": 42, "type": "sync", "include": ["table", "view"], "prune": True, "recreate": False},
        )
    ],
    "profile": [
        Call(
            "POST",
            "/api/operations/run",
            (),
            {"datastore_id": 42, "type": "profile", "container_names": ["orders"], "ai_effort": "high", "infer_as_draft": True},
        )
    ],
    "materialize": [
        Call("POST", "/api/operations/run", (), {"datastore_id": 42, "type": "materialize", "container_names": ["orders_daily"]})
    ],
    "export": [
        Call(
            "POST",
            "/api/operations/run",
            (),
            {"datastore_id": 42, "type": "export", "asset_type": "anomalies", "container_ids": [100, 101], "include_deleted": False},
        )
    ],
    "operation": [Call("GET", "/api/operations/3001")],
    "operations": [
        Call(
            "GET",
            "/api/operations",
            (
                *PAGE,
                ("datastore", "42"),
                ("datastore", "44"),
                ("operation_type", "scan"),
                ("result", "running"),
                ("result", "success"),
                ("sort_created", "desc"),
            ),
        )
    ],
    "abort": [Call("PUT", "/api/operations/abort/3001")],
    "users": [Call("GET", "/api/users", PAGE)],
    "tags": [Call("GET", "/api/global-tags", PAGE)],
    "teams": [Call("GET", "/api/teams", PAGE)],
}


@pytest.mark.parametrize("name", SENT)
async def test_what_the_client_sends(ran: dict[str, oracle.Ran], name: str) -> None:
    assert list(ran[name].calls) == SENT[name]


def _shown(done: oracle.Ran) -> list[dict[str, object]]:
    text = done.out
    return json.loads(text[text.index("[") :])


async def test_the_client_sees_the_statuses_that_it_asked_for(ran: dict[str, oracle.Ran]) -> None:
    assert {row["status"] for row in _shown(ran["list closed"])} == {"Resolved", "Invalid"}
    assert {row["status"] for row in _shown(ran["list both"])} == {"Active", "Resolved"}
    assert {row["datastore"]["id"] for row in _shown(ran["list active"])} == {42}  # type: ignore[index]


async def test_the_client_waits_until_a_scan_has_ended(ran: dict[str, oracle.Ran]) -> None:
    done = ran["scan and wait"]
    assert done.calls[0].method == "POST" and {c.path for c in done.calls[1:]} == {done.calls[1].path}
    assert "Successfully Finished Scan operation" in " ".join(done.out.split())


async def test_the_changes_of_the_client_happen() -> None:
    state = qualytics.Deployment()
    names = ("update one fully", "unassign one", "archive one", "archive many", "delete one", "delete many")
    await oracle.run(*(oracle.COMMANDS[name] for name in names), state=state)
    one = state.anomalies[1050]
    assert (one.status, one.assignees, one.tags, one.description) == (
        "Acknowledged",
        [],
        ["incident", "oncall"],
        "Investigating in INC-987",
    )
    assert [state.anomalies[ident].status for ident in (1048, 1047, 1046)] == ["Invalid", "Duplicate", "Duplicate"]
    assert not {1045, 1044, 1043} & set(state.anomalies)


async def test_the_client_is_refused_where_the_service_refuses() -> None:
    state = qualytics.Deployment()
    state.tokens.limit(42, "Viewer")
    state.modes.deployment = "old"
    forbidden, unknown = await oracle.run(
        oracle.COMMANDS["update one"], ("anomalies", "archive", "--id", "1049", "--status", "Discarded"), state=state
    )
    assert forbidden.code != 0 and forbidden.statuses == (403,)
    assert unknown.code != 0 and unknown.statuses == (422,)


async def test_the_installed_program_itself(tmp_path: pathlib.Path) -> None:
    """Not the driver of the oracle: the console script, as a person runs it."""
    program = pathlib.Path(sys.executable).with_name("qualytics")
    async with qualytics.running(qualytics.Deployment()) as url:
        process = await asyncio.create_subprocess_exec(
            *(program, "anomalies", "list", "--datastore-id", "43"),
            stdout=asyncio.subprocess.PIPE,
            env=oracle.environment(url, str(tmp_path), qualytics.SANDBOX_TOKEN),
        )
        out, _ = await process.communicate()
        assert process.returncode == 0 and out.startswith(b"Found ")
        assert await oracle.logged(url) == (Call("GET", "/api/anomalies", (*PAGE, ("datastore", "43"))),)
