"""The vendor's own client as the oracle: run `qualytics` commands against a fake deployment and see what they send.

    done = await oracle.run(oracle.COMMANDS["archive many"])       # a fresh fake, one process
    done[0].calls == (Call("DELETE", "/api/anomalies", (), [{"id": 1040, "archive": True, "status": "Duplicate"}, ...]),)

`logged(url)` gives the calls of any running fake in the same form, so a request of ours is compared with `==`.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from sandbox import qualytics

DRIVER = """
import json, os, sys, traceback, urllib.request
from typer.testing import CliRunner
from qualytics.qualytics import app

def control(method, path):
    request = urllib.request.Request(os.environ["QUALYTICS_URL"] + "/_control" + path, method=method)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)

def ran(command):
    result = CliRunner().invoke(app, command)
    calls = control("GET", "/log")["calls"]
    control("POST", "/log/clear")
    return {"code": result.exit_code, "out": result.output, "calls": calls}

def answer(environment, commands):
    os.environ.clear()
    os.environ.update(environment)
    try:
        print(json.dumps([ran(command) for command in commands]), flush=True)
    except BaseException:
        print(json.dumps(traceback.format_exc()), flush=True)
    os._exit(0)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        answer(*json.loads(line))
    os.waitpid(child, 0)
"""
"""Imports the client once, for two seconds; each line on stdin, an environment and commands, is then for a fork of its own."""

COMMANDS: Mapping[str, tuple[str, ...]] = {
    "list open": ("anomalies", "list", "--datastore-id", "42"),
    "list active": ("anomalies", "list", "--datastore-id", "42", "--status", "Active,Acknowledged", "--format", "json"),
    "list closed": ("anomalies", "list", "--datastore-id", "42", "--status", "Resolved,Invalid", "--format", "json"),
    "list both": ("anomalies", "list", "--datastore-id", "42", "--status", "Active,Resolved", "--format", "json"),
    "list filtered": (
        *("anomalies", "list", "--datastore-id", "42", "--container", "100", "--check-id", "501", "--type", "record"),
        *("--tag", "critical", "--start-date", "2026-05-01", "--end-date", "2026-05-08", "--source-enriched"),
    ),
    "get": ("anomalies", "get", "--id", "1050", "--format", "json"),
    "update one": ("anomalies", "update", "--id", "1050", "--status", "Acknowledged"),
    "update one fully": (
        *("anomalies", "update", "--id", "1050", "--status", "Active", "--description", "Investigating in INC-987"),
        *("--tags", "incident,oncall", "--assignee-ids", "12,18"),
    ),
    "unassign one": ("anomalies", "update", "--id", "1050", "--status", "Acknowledged", "--assignee-ids", ""),
    "update many": ("anomalies", "update", "--ids", "1050,1049", "--status", "Acknowledged", "--assignee-ids", "12", "--tags", "incident"),
    "archive one": ("anomalies", "archive", "--id", "1048", "--status", "Invalid"),
    "archive many": ("anomalies", "archive", "--ids", "1047,1046", "--status", "Duplicate"),
    "delete one": ("anomalies", "delete", "--id", "1045"),
    "delete many": ("anomalies", "delete", "--ids", "1044,1043"),
    "scan": ("operations", "scan", "--datastore-id", "42", "--background"),
    "scan tables": (
        *("operations", "scan", "--datastore-id", "42", "--container-names", "orders,customers", "--incremental"),
        *("--no-auto-resolve-passed-anomalies", "--max-records-analyzed-per-partition", "-1", "--enrichment-source-record-limit", "10"),
        *("--greater-than-time", "2026-05-01T00:00:00", "--background"),
    ),
    "scan tags": (
        "operations",
        "scan",
        "--datastore-id",
        "42,43",
        "--container-tags",
        "critical",
        "--auto-resolve-passed-anomalies",
        "--background",
    ),
    "sync": ("operations", "sync", "--datastore-id", "42", "--include", "table,view", "--prune", "--background"),
    "profile": (
        "operations",
        "profile",
        "--datastore-id",
        "42",
        "--container-names",
        "orders",
        "--ai-effort",
        "3",
        "--infer-as-draft",
        "--background",
    ),
    "materialize": ("operations", "materialize", "--datastore-id", "42", "--container-names", "orders_daily", "--background"),
    "export": ("operations", "export", "--datastore-id", "42", "--asset-type", "anomalies", "--container-ids", "100,101", "--background"),
    "scan batch": (
        *("operations", "scan", "--datastore-id", "42", "--container-names", "orders", "--incremental"),
        *("--greater-than-batch", "1234.5", "--background"),
    ),
    "sync plain": ("operations", "sync", "--datastore-id", "43,44", "--background"),
    "profile tags": (
        *("operations", "profile", "--datastore-id", "42", "--container-tags", "critical,finance", "--ai-effort", "off"),
        *("--max-records-analyzed-per-partition", "1000", "--max-count-testing-sample", "500", "--percent-testing-threshold", "0.5"),
        *("--high-correlation-threshold", "0.9", "--greater-than-time", "2026-05-01T06:30:00", "--greater-than-batch", "7"),
        *("--histogram-max-distinct-values", "50", "--background"),
    ),
    "profile all": ("operations", "profile", "--datastore-id", "42", "--background"),
    "materialize tags": (
        *("operations", "materialize", "--datastore-id", "42", "--container-tags", "nightly"),
        *("--max-records-per-partition", "5000", "--background"),
    ),
    "materialize all": ("operations", "materialize", "--datastore-id", "42", "--background"),
    "export checks": (
        *("operations", "export", "--datastore-id", "42", "--asset-type", "checks", "--container-tags", "critical"),
        *("--include-deleted", "--background"),
    ),
    "export profiles": ("operations", "export", "--datastore-id", "42", "--asset-type", "profiles", "--background"),
    "scan and wait": ("operations", "scan", "--datastore-id", "44", "--poll-interval", "1"),
    "operation": ("operations", "get", "--id", "3001", "--format", "json"),
    "operations": ("operations", "list", "--datastore-id", "42,44", "--type", "scan", "--status", "running,success", "--format", "json"),
    "abort": ("operations", "abort", "--id", "3001"),
    "users": ("users", "list", "--format", "json"),
    "tags": ("tags", "list", "--format", "json"),
    "teams": ("teams", "list", "--format", "json"),
    "datastores": ("datastores", "list", "--format", "json"),
    "containers": ("containers", "list", "--datastore-id", "42", "--format", "json"),
    "checks": ("checks", "list", "--datastore-id", "42", "--containers", "100", "--format", "json"),
}
"""Commands that work one after the other against `World()`."""


@dataclass(frozen=True)
class Call:
    """A request as the fake logged it: the query as ordered pairs, the JSON body (None without one)."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    json: Any = None


@dataclass(frozen=True)
class Ran:
    """A command: its exit code, what it printed, what it sent, and the statuses it got back."""

    code: int
    out: str
    calls: tuple[Call, ...]
    statuses: tuple[int, ...]


def call(entry: Mapping[str, Any]) -> Call:
    """An entry of `/_control/log`."""
    return Call(entry["method"], entry["path"], tuple((name, value) for name, value in entry["query"]), entry["json"])


async def logged(url: str) -> tuple[Call, ...]:
    """What a running fake has been sent so far."""
    async with httpx.AsyncClient() as client:
        reply = await client.get(f"{url}/_control/log")
    return tuple(call(entry) for entry in reply.json()["calls"])


def environment(url: str, home: str, token: str) -> dict[str, str]:
    """The client's settings, and nothing of the user's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("QUALYTICS_")}
    return {
        **kept,
        "QUALYTICS_URL": url,
        "QUALYTICS_TOKEN": token,
        "QUALYTICS_CONFIG_HOME": home,
        "QUALYTICS_NO_BANNER": "1",
        "NO_COLOR": "1",
        "COLUMNS": "10000",
        "NO_PROXY": "127.0.0.1",
    }


class _Client:
    """The process that has imported the client. It ends when its stdin closes, so with whoever started it."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory()  # the client reads where it is when it is imported
        self._process = subprocess.Popen(
            [sys.executable, "-c", DRIVER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment("", self._home.name, ""),
        )

    def told(self, url: str, token: str, commands: Sequence[Sequence[str]]) -> Any:
        """What became of commands that are run in one fork; what went wrong there, as text."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([environment(url, self._home.name, token), commands]) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


_client = functools.cache(_Client)


async def against(url: str, *commands: Sequence[str], token: str = qualytics.SANDBOX_TOKEN) -> list[Ran]:
    """Run commands one after the other in one process against a fake that is running; its log is cleared after each."""
    told = await asyncio.to_thread(lambda: _client().told(url, token, commands))
    if isinstance(told, str):
        raise RuntimeError(told)
    return [
        Ran(each["code"], each["out"], tuple(map(call, each["calls"])), tuple(entry["status"] for entry in each["calls"])) for each in told
    ]


async def run(*commands: Sequence[str], state: qualytics.Deployment | None = None) -> list[Ran]:
    """The same against a fake of their own (a fresh `World()` by default)."""
    async with qualytics.running(state or qualytics.Deployment()) as url:
        return await against(url, *commands)
