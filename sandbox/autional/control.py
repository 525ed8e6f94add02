"""`/_control`: what tests and the chaos panel do to the fake tenant, and what they see of it. Not part of the vendor's contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette import requests

from sandbox import controls, faults, recorder
from sandbox.autional import answers, api, catalogue, odd, switches, tenant, tokens, wire_json


def _odd(word: str) -> str:
    if word not in odd.ODD:
        raise controls.Bad(f"unknown odd word {word!r}; known: {', '.join(odd.WORDS)}")
    return word


def _moment(value: float) -> datetime:
    """Epoch milliseconds, as on the wire."""
    return datetime.fromtimestamp(value / 1000, UTC)


FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "type": ("type", str),
    "severity": ("severity", str),
    "status": ("status", str),
    "description": ("description", str),
    "user_id": ("user_id", str),
    "assignee": ("assignee", str),
    "mitre_tactic": ("technique", str),
    "related_case_id": ("case", str),
    "event_ids": ("events", list),
    "detected_at": ("detected", _moment),
    "odd": ("odd", _odd),
}
"""Wire name -> attribute of an anomaly and how it is read. Any word is taken: the set of types is open."""


class Control(controls.Controls):
    """The control routes of one tenant."""

    def __init__(self, state: tenant.Tenant, trouble: faults.Faults, log: recorder.Recorder) -> None:
        super().__init__(state, trouble, log)
        self.world = state

    def rows(self) -> Sequence[controls.Row]:
        return (
            ("POST", "/anomalies", self.create),
            ("PATCH", "/anomalies/{id}", self.change),
            ("DELETE", "/anomalies/{id}", self.erase),
            ("POST", "/rights", self.set_right),
            ("POST", "/tokens", self.mint),
            ("POST", "/tokens/expire", self.expire),
            ("POST", "/clients", self.set_client),
            ("GET", "/state", self.state),
        )

    # --- anomalies ---------------------------------------------------------------------------------------------------

    async def create(self, request: requests.Request) -> Any:
        """{count?, fields?}; returns the new ids."""
        body = await controls.read(request)
        made = self.world.arrive(int(body.get("count", 1)), **_fields(body.get("fields", {})))
        return {"ids": [one.id for one in made]}

    async def change(self, request: requests.Request) -> Any:
        """Somebody changes it in a console: any of FIELDS, and `comment`; `by` is the member who did it."""
        anomaly = self._anomaly(str(request.path_params["id"]))
        body = await controls.read(request)
        said, by = body.pop("comment", None), str(body.pop("by", catalogue.DANA.user_id))
        fields = _fields(body)
        if "status" in fields:
            self.world.set_status(anomaly, fields.pop("status"), by)
        if fields:
            self.world.change(anomaly, **fields)
        if said is not None:
            self.world.comment(anomaly, by, str(said))
        return wire_json.anomaly(anomaly, self.world)

    async def erase(self, request: requests.Request) -> Any:
        self.world.erase(self._anomaly(str(request.path_params["id"])))
        return {"ok": True}

    def _anomaly(self, ident: str) -> tenant.Anomaly:
        if ident not in self.world.anomalies:
            raise controls.Bad("no such anomaly")
        return self.world.anomalies[ident]

    # --- who may what ------------------------------------------------------------------------------------------------

    async def set_right(self, request: requests.Request) -> Any:
        """{role, token?}: the role of a token (SANDBOX_TOKEN); any word, those that are no role may nothing."""
        body = await controls.read(request)
        self.world.tokens.grants[body.get("token", tokens.SANDBOX_TOKEN)].role = str(body["role"])
        self.world.touch()
        return {"ok": True}

    async def mint(self, request: requests.Request) -> Any:
        """{user?, role?, tenant?, expires_in?: seconds, may be negative}."""
        body = await controls.read(request)
        left = body.get("expires_in")
        grant = tokens.Grant(
            user=str(body.get("user", catalogue.BOT.user_id)),
            role=str(body.get("role", catalogue.BOT.role)),
            tenant=str(body.get("tenant", catalogue.TENANT)),
            until=None if left is None else self.world.clock().timestamp() + float(left),
        )
        return {"token": self.world.tokens.mint(grant)}

    async def expire(self, request: requests.Request) -> Any:
        """{token?}: end this one now; without it all that were exchanged for client credentials."""
        body = await controls.read(request)
        return {"ended": self.world.tokens.expire(self.world.clock().timestamp(), body.get("token"))}

    async def set_client(self, request: requests.Request) -> Any:
        """{secret}: the new secret of the client; null: the client is revoked."""
        self.world.tokens.secret = (await controls.read(request))["secret"]
        return {"ok": True}

    # --- what happened -------------------------------------------------------------------------------------------------

    async def state(self, request: requests.Request) -> Any:
        """The full truth, newest last; with `id` one anomaly."""
        self.world.advance()
        if ident := request.query_params.get("id"):
            anomaly = self.world.anomalies.get(ident)
            return {"revision": self.world.revision, "anomaly": None if anomaly is None else wire_json.anomaly(anomaly, self.world)}
        return {
            "revision": self.world.revision,
            "anomalies": [wire_json.anomaly(one, self.world) for one in self.world.shelf],
            "modes": self.world.modes.model_dump(),
        }


def _fields(wanted: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(wanted) - set(FIELDS)
    if unknown:
        raise controls.Bad(f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(FIELDS)}")
    return {FIELDS[name][0]: FIELDS[name][1](value) for name, value in wanted.items()}


async def tick(state: tenant.Tenant, every: float = 0.2) -> None:
    """The background of a server: arrivals, and tasks that nobody asks about. Runs until it is cancelled."""
    arrival = controls.Rhythm()
    while True:
        await asyncio.sleep(every)
        state.advance()
        if arrival.due(state.modes.arrivals):
            state.arrive()


# --- faults in the vendor's words --------------------------------------------------------------------------------------


OAUTH_ERRORS: Mapping[int, str] = {401: "invalid_client", 403: "access_denied", 429: "rate_limit_exceeded", 500: "server_error"}


def _refused(status: int, detail: str) -> faults.Answer:
    """In the dialect of the service that was asked: of tokens, of tenants, or of the audit."""

    def answer(fault: faults.Fault, path: str) -> faults.Reply:
        wait = None if fault.retry_after is None else int(fault.retry_after)
        number = answers.code(status, switches.ContractSwitches())
        if path.endswith("/oauth/token"):
            told: dict[str, Any] = {"error": OAUTH_ERRORS[status], "error_description": detail}
        elif path.startswith(api.TENANTS):
            told = {"code": number, "message": detail, "timestamp": answers.now()}
        else:
            told = answers.problem(answers.Refused(status, detail, wait=wait), path, number)
        return faults.Reply(status, json.dumps(told).encode(), waits_in_body=True)

    return answer


def _failed(fault: faults.Fault, path: str) -> faults.Reply:
    """A failure inside of a success."""
    told = {"code": 50_000_000, "message": "internal error: storage is not reachable", "timestamp": answers.now()}
    return faults.Reply(200, json.dumps(told).encode())


REPLIES: Mapping[str, faults.Answer] = {
    **faults.REPLIES,
    "500": _refused(500, "An internal error occurred"),
    "429": _refused(429, "Too many requests, please retry later"),
    "401": _refused(401, "The access token has expired"),
    "403": _refused(403, "tenant isolation required"),
    "failed": _failed,
}
"""`failed`: `code != 0` inside of HTTP 200. How long to wait stands in the body of a 429, and in no header."""
