"""`/_control`: what tests and the chaos panel do to the fake organisation, and what they see of it. Not part of the vendor's contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette import requests

from sandbox import controls, faults, recorder
from sandbox.anomify import answers, catalogue, odd, organisation, push, push_json, sessions

FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "metric": ("metric", controls.one_of(tuple(catalogue.METRICS))),
    "positive": ("up", bool),
    "timestamp": ("started", int),
    "life": ("life", int),
    "value": ("value", float),
    "score": ("score", float),
    "odd": ("odd", controls.one_of(odd.WORDS)),
}
"""What a new anomaly may be told to be, and how it is read: `score` 0..1, `life` in seconds."""
CHANGED = ("life", "value", "score", "odd")
"""Those that can be changed afterwards: values are revised."""
STATES = ("running", "over")


class Control(controls.Controls):
    """The control routes of one organisation."""

    refused = (*controls.Controls.refused, StopIteration)

    def __init__(self, state: organisation.Organisation, trouble: faults.Faults, log: recorder.Recorder, channel: push.Channel) -> None:
        super().__init__(state, trouble, log)
        self.world, self.channel = state, channel

    def rows(self) -> Sequence[controls.Row]:
        return (
            ("POST", "/anomalies", self.create),
            ("PATCH", "/anomalies/{id}", self.change),
            ("DELETE", "/anomalies/{id}", self.erase),
            ("POST", "/mute", self.mute),
            ("POST", "/tokens", self.set_token),
            ("POST", "/sessions", self.login),
            ("POST", "/hook", self.set_hook),
            ("POST", "/push", self.push),
            ("GET", "/pushes", self.pushes),
            ("GET", "/state", self.state),
        )

    # --- anomalies ---------------------------------------------------------------------------------------------------

    async def create(self, request: requests.Request) -> Any:
        """{count?, fields?}; returns the new ids."""
        body = await controls.read(request)
        made = self.world.arrive(int(body.get("count", 1)), **_fields(body.get("fields", {}), tuple(FIELDS)))
        return {"ids": [one.id for one in made]}

    async def change(self, request: requests.Request) -> Any:
        """{status: "over"}: as expected again; {correlated: true}: correlations are found now; any of CHANGED: it is revised."""
        one, body = self._anomaly(request.path_params["id"]), await controls.read(request)
        status, correlated = body.pop("status", None), bool(body.pop("correlated", False))
        if body:
            self.world.change(one, **_fields(body, CHANGED))
        if correlated and not one.correlated:
            self.world.correlate(one)
        if status is not None and controls.one_of(STATES)(status) != _status(one):
            if status == "running":
                raise controls.Bad("what is over stays so")
            self.world.end(one)
        return self._row(one)

    async def erase(self, request: requests.Request) -> Any:
        self.world.erase(self._anomaly(request.path_params["id"]))
        return {"ok": True}

    def _anomaly(self, ident: Any) -> organisation.Anomaly:
        found = self.world.anomalies.get(int(ident))
        if found is None:
            raise controls.Bad("no such anomaly")
        return found

    # --- who may what ------------------------------------------------------------------------------------------------

    async def mute(self, request: requests.Request) -> Any:
        """{minutes}: no alerts for so long; 0: alerts again."""
        self.world.mute(int((await controls.read(request))["minutes"]) * 60)
        return {"muted_until": self.world.muted_until}

    async def set_token(self, request: requests.Request) -> Any:
        """{revoked, token?}: take a token back, or give it back."""
        body = await controls.read(request)
        self.world.doors.revoked[str(body.get("token", sessions.SANDBOX_TOKEN))] = bool(body["revoked"])
        self.world.touch()
        return {"ok": True}

    async def login(self, request: requests.Request) -> Any:
        """{kind}: a session of a user or of a demo account."""
        kind = controls.one_of((sessions.USER, sessions.DEMO))((await controls.read(request)).get("kind"))
        return {"session_id": self.world.doors.login(kind)}

    # --- webhooks ----------------------------------------------------------------------------------------------------

    async def set_hook(self, request: requests.Request) -> Any:
        """{url, password?}: post what happens from now on; without a URL nothing."""
        self.channel.point(push.Hook.model_validate(await controls.read(request)))
        return {"url": self.channel.hook.url}

    async def push(self, request: requests.Request) -> Any:
        """{id?, event?, url?, password?}: post one now, once. `event`: initial, correlated, final or test, of this anomaly or of the
        newest that anybody is told of."""
        body = await controls.read(request)
        ident, event = body.pop("id", None), controls.one_of(tuple(push_json.POSTS))(body.pop("event", organisation.INITIAL))
        hook = push.Hook.model_validate({**self.channel.hook.model_dump(), **body})
        if not hook.url:
            raise controls.Bad("there is no URL to post to: set one with POST /_control/hook")
        one = next(one for one in self.world.newest() if catalogue.alerts(one.metric)) if ident is None else self._anomaly(ident)
        return {"posts": [await self.channel.post(one, event, hook)]}

    async def pushes(self, request: requests.Request) -> Any:
        """What was posted, with what was answered, and how many posts are still on their way."""
        return {"posts": list(self.channel.sent), "waiting": len(self.channel.outbox)}

    # --- what happened -------------------------------------------------------------------------------------------------

    async def state(self, request: requests.Request) -> Any:
        """The full truth, newest last; with `id` one anomaly."""
        self.world.advance()
        if ident := request.query_params.get("id"):
            found = self.world.anomalies.get(int(ident))
            return {"revision": self.world.revision, "anomaly": None if found is None else self._row(found)}
        return {
            "revision": self.world.revision,
            "anomalies": [self._row(one) for one in self.world.anomalies.values()],
            "modes": self.world.modes.model_dump(),
        }

    def _row(self, one: organisation.Anomaly) -> dict[str, Any]:
        return {
            "id": one.id,
            "status": _status(one),
            "metric": one.metric.name,
            "timestamp": one.started,
            "until": one.ended,
            "value": one.told_value(),
            "score": one.told_score(),
            "stored": self.world.stored(one),
            "correlated": one.correlated,
            "alerts": catalogue.alerts(one.metric),
        }


def _status(one: organisation.Anomaly) -> str:
    """Ours: Anomify has no word for it."""
    return "running" if one.ended is None else "over"


def _fields(wanted: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    unknown = set(wanted) - set(known)
    if unknown:
        raise controls.Bad(f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return {FIELDS[name][0]: FIELDS[name][1](value) for name, value in wanted.items()}


async def tick(state: organisation.Organisation, channel: push.Channel, every: float = 0.2) -> None:
    """The background of a server: arrivals, what is due, webhooks. Runs until it is cancelled."""
    await asyncio.gather(_live(state, every), _dispatch(channel, every))


async def _live(state: organisation.Organisation, every: float) -> None:
    arrival = controls.Rhythm()
    while True:
        await asyncio.sleep(every)
        state.advance()
        if arrival.due(state.modes.arrivals):
            state.settle()
            state.arrive()


async def _dispatch(channel: push.Channel, every: float) -> None:
    """Apart from the rest: a hook that hangs holds up nothing but posts."""
    while True:
        await asyncio.sleep(every)
        await channel.deliver()


# --- faults in the vendor's words --------------------------------------------------------------------------------------


def _refused(status: int, code: int, says: str) -> faults.Answer:
    def answer(fault: faults.Fault, path: str) -> faults.Reply:
        told = answers.envelope(answers.Frame(0, 0.0, "", answers.STAGE), {}, code, says)
        return faults.Reply(status, json.dumps(told).encode())

    return answer


REPLIES: Mapping[str, faults.Answer] = {
    **faults.REPLIES,
    "500": _refused(500, 500, "Internal error"),
    "429": _refused(429, 429, "Too many requests"),
    "401": _refused(401, 401, "You need to be logged in to use this method"),
    "403": _refused(403, 403, "This method is not available to demo user accounts"),
    "failed": _refused(200, 500, "Internal error"),
    "stranger": _refused(200, 401, "You need to be logged in to use this method"),
    "demo": _refused(200, 403, "This method is not available to demo user accounts"),
    "no data": lambda fault, path: faults.Reply(200, b'{"status":{"code":200,"message":"OK"}}'),
    "no status": lambda fault, path: faults.Reply(200, b'{"data":{}}'),
    "text code": lambda fault, path: faults.Reply(200, b'{"status":{"code":"500","message":"Internal error"},"data":{}}'),
}
"""`failed`, `stranger`, `demo`: a `status.code` inside of HTTP 200."""
