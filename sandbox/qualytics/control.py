"""`/_control`: what tests and the chaos panel do to the fake system, and what they see of it. Not part of the vendor's contract."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette import requests

from sandbox import acme, controls, faults, recorder
from sandbox.qualytics import api, catalogue, deployment, engine, operation_calls, response_json, switches, tokens


def _status(text: str) -> str:
    if text not in deployment.OPEN + deployment.CLOSED:
        raise controls.Bad(f"unknown status {text!r}")
    return text


ODD: Mapping[str, Callable[[datetime], Any]] = {
    "null": lambda at: None,
    "garbage": lambda at: "a while ago",
    "year 0": lambda at: "0000-00-00T00:00:00Z",
    "year 1": lambda at: "0001-01-01T00:00:00Z",
    "seconds": lambda at: int(at.timestamp()),
    "milliseconds": lambda at: int(at.timestamp() * 1000),
}
"""How deployments write a date of creation other than as the contract says."""

FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "type": ("type", str),
    "status": ("status", _status),
    "weight": ("weight", float),
    "anomalous_records_count": ("records", lambda value: None if value is None else int(value)),
    "description": ("description", str),
    "message": ("message", str),
    "created": ("created", lambda text: datetime.fromisoformat(text.replace("Z", "+00:00"))),
    "created_as": ("dated", lambda word: ODD[word]),
    "fingerprint": ("fingerprint", int),
    "tags": ("tags", list),
    "assignees": ("assignees", lambda people: [int(person) for person in people]),
    "source_enriched": ("enriched", bool),
}
"""Wire name -> attribute of an anomaly and how it is read."""

PLAN = ("result", "message", "seconds", "anomalies", "resolves", "passes")
"""How an operation goes: how it ends and with which words, how long it takes, how many anomalies a scan finds, how many of those that were
open it resolves, and ids of those that it resolves because they pass now."""


class Control(controls.Controls):
    """The control routes of one world."""

    refused = (*controls.Controls.refused, api.Refused)

    def __init__(self, state: deployment.Deployment, trouble: faults.Faults, log: recorder.Recorder) -> None:
        super().__init__(state, trouble, log)
        self.world = state

    def rows(self) -> Sequence[controls.Row]:
        return (
            ("POST", "/anomalies", self.create),
            ("PATCH", "/anomalies/{id:int}", self.change),
            ("DELETE", "/anomalies/{id:int}", self.erase),
            ("POST", "/checks/{id:int}", self.check),
            ("POST", "/rights", self.set_right),
            ("POST", "/tokens", self.mint),
            ("POST", "/operations", self.plan),
            ("POST", "/operations/start", self.start),
            ("POST", "/operations/{id:int}", self.end),
            ("GET", "/state", self.state),
        )

    def switched(self, wanted: dict[str, Any]) -> switches.ContractSwitches:
        return switches.switched(self.world.modes, wanted)

    # --- anomalies ---------------------------------------------------------------------------------------------------

    async def create(self, request: requests.Request) -> Any:
        """{count?, datastore?, container?, fields?}; `container` is a name or id. Returns the new ids."""
        body = await controls.read(request)
        count = int(body.get("count", 1))
        fields = self._fields(body.get("fields", {}))
        within = self._within(body)
        made = self.world.arrive(count, within, **{name: _copy(value) for name, value in fields.items()})
        return {"ids": [anomaly.id for anomaly in made]}

    def _within(self, body: Mapping[str, Any]) -> list[catalogue.Container]:
        containers = list(self.world.facts.containers.values())
        if (store := body.get("datastore")) is not None:
            containers = [found for found in containers if found.datastore.id == int(store)]
        if (name := body.get("container")) is not None:
            containers = [found for found in containers if name in (found.id, found.table.name)]
        if not containers:
            raise controls.Bad("no such datastore or container")
        return containers if len(containers) < len(self.world.facts.containers) else []

    def _fields(self, wanted: Mapping[str, Any]) -> dict[str, Any]:
        unknown = set(wanted) - set(FIELDS)
        if unknown:
            raise controls.Bad(f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(FIELDS)}")
        fields = {FIELDS[name][0]: FIELDS[name][1](value) for name, value in wanted.items()}
        strangers = set(fields.get("assignees", ())) - set(self.world.facts.users)
        if strangers:
            raise controls.Bad(f"no user {sorted(strangers)}")
        for name in fields.get("tags", ()):
            self.world.facts.tags.setdefault(name, "#687076")
        return fields

    async def change(self, request: requests.Request) -> Any:
        """Somebody changes it in the web app; any of FIELDS, and `comment` with `by` (a user id)."""
        anomaly = self._anomaly(request)
        body = await controls.read(request)
        said, author = body.pop("comment", None), int(body.pop("by", 12))
        fields = self._fields(body)
        if fields:
            self.world.change(anomaly, **fields)
        if said is not None:
            self.world.comment(anomaly, author, str(said))
        return self._truth(anomaly)

    async def erase(self, request: requests.Request) -> Any:
        self.world.erase(self._anomaly(request))
        return {"ok": True}

    def _anomaly(self, request: requests.Request) -> deployment.Anomaly:
        anomaly = self.world.find(int(request.path_params["id"]))
        if anomaly is None:
            raise controls.Bad("no such anomaly")
        return anomaly

    def _truth(self, anomaly: deployment.Anomaly) -> response_json.Json:
        return response_json.anomaly(anomaly, self.world)

    async def check(self, request: requests.Request) -> Any:
        """{active: bool}: switch a quality check on or off."""
        check = self.world.facts.checks.get(int(request.path_params["id"]))
        if check is None:
            raise controls.Bad("no such check")
        check.active = bool((await controls.read(request)).get("active", True))
        return {"ok": True}

    # --- rights ------------------------------------------------------------------------------------------------------

    async def set_right(self, request: requests.Request) -> Any:
        """{datastore, role, token?}: the role of a token (SANDBOX_TOKEN) on a datastore; role null takes it away."""
        body = await controls.read(request)
        self.world.tokens.limit(int(body["datastore"]), body["role"], body.get("token", tokens.SANDBOX_TOKEN))
        self.world.touch()
        return {"ok": True}

    async def mint(self, request: requests.Request) -> Any:
        """{user?, roles?: {datastore: role}, expires_in?: seconds, may be negative}."""
        body = await controls.read(request)
        roles = {int(ident): str(role) for ident, role in body["roles"].items()} if "roles" in body else None
        left = body.get("expires_in")
        expires = None if left is None else self.world.clock().timestamp() + float(left)
        return {"token": self.world.tokens.mint(int(body.get("user", 99)), roles, expires)}

    # --- operations --------------------------------------------------------------------------------------------------

    async def plan(self, request: requests.Request) -> Any:
        """How the next operation goes: any of PLAN."""
        self.world.plans.append(_plan(await controls.read(request)))
        return {"ok": True}

    async def start(self, request: requests.Request) -> Any:
        """Somebody starts one in the web app: {kind?, datastore, containers?: names, tags?, user?}, and any of PLAN and of the options of a
        body. Plans that wait are left for the service's own calls. Returns the new id."""
        body = await controls.read(request)
        kind, store = str(body.pop("kind", "scan")), self.world.facts.datastores[int(body.pop("datastore"))]
        if kind not in operation_calls.KINDS:
            raise controls.Bad(f"kind must be one of {', '.join(operation_calls.KINDS)}")
        user = self.world.facts.users[int(body.pop("user", acme.DANA.id))]
        plan = _plan({name: body.pop(name) for name in PLAN if name in body})
        options = {"container_names": body.pop("containers", None), "container_tags": body.pop("tags", None), **body}
        scope = operation_calls.chosen(self.world, kind, store, options)
        return {"id": engine.start(self.world, kind, store, scope, options, user.id, plan).id}

    async def end(self, request: requests.Request) -> Any:
        """{end?: result, message?}, and the rest of PLAN: one that has not ended does all of its work and ends now."""
        operation = self.world.operations.get(int(request.path_params["id"]))
        engine.advance(self.world)
        if operation is None or operation.result:
            raise controls.Bad("no such operation, or it has ended already")
        body = await controls.read(request)
        engine.end(self.world, operation, **_plan({"result": body.pop("end", "success"), **body}))
        return engine.render(operation, self.world)

    # --- what happened -------------------------------------------------------------------------------------------------

    async def visits(self, request: requests.Request) -> Any:
        """... and how many scans the bot started that have ended."""
        engine.advance(self.world)
        ours = [one for one in self.world.operations.values() if one.user == acme.BOT.id and one.result]
        return {**await super().visits(request), "scans": len(ours)}

    async def state(self, request: requests.Request) -> Any:
        """The full truth, archived ones included; with `id` one anomaly."""
        engine.advance(self.world)
        if ident := request.query_params.get("id"):
            anomaly = self.world.find(int(ident))
            return {"revision": self.world.revision, "anomaly": None if anomaly is None else self._truth(anomaly)}
        return {
            "revision": self.world.revision,
            "anomalies": [response_json.listed(anomaly, self.world.facts) for anomaly in self.world.anomalies.values()],
            "comments": [response_json.comment(said, self.world.facts) for said in self.world.comments.values()],
            "operations": [engine.render(operation, self.world) for operation in self.world.operations.values()],
            "modes": self.world.modes.model_dump(),
        }


def _plan(wanted: dict[str, Any]) -> dict[str, Any]:
    unknown = set(wanted) - set(PLAN)
    if unknown:
        raise controls.Bad(f"unknown word {', '.join(sorted(unknown))}; known: {', '.join(PLAN)}")
    if wanted.get("result", "success") not in engine.RESULTS:
        raise controls.Bad(f"result must be one of {', '.join(engine.RESULTS)}")
    return wanted


def _copy(value: Any) -> Any:
    """Anomalies made together do not share a list."""
    return list(value) if isinstance(value, list) else value


async def tick(state: deployment.Deployment, every: float = 0.2) -> None:
    """The background of a server: arrivals, people's scans, and operations that nobody asks about. Runs until it is cancelled."""
    arrival, scan = controls.Rhythm(), controls.Rhythm()
    while True:
        await asyncio.sleep(every)
        engine.advance(state)
        if arrival.due(state.modes.arrivals):
            state.arrive()
        if scan.due(state.modes.scans):
            person, store, containers = state.story.scanned()
            engine.start(state, "scan", store, containers, {}, person, {})
