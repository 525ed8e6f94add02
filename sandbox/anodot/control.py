"""`/_control`: what tests and the chaos panel do to the fake account, and what they see of it. Not part of the vendor's contract."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette import requests

from sandbox import controls, faults, recorder
from sandbox.anodot import account, answers, catalogue, life, odd, push, push_json, switches, tokens, wire_json

FIELDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "what": ("what", controls.one_of(tuple(catalogue.MEASURE))),
    "resolution": ("resolution", controls.one_of(tuple(catalogue.SCALES))),
    "metrics": ("together", int),
    "up": ("up", bool),
    "startDate": ("started", int),
    "life": ("life", int),
    "score": ("score", float),
    "name": ("name", str),
    "bookmarks": ("bookmarks", set),
    "triggered": ("triggered", bool),
    "odd": ("odd", controls.one_of(odd.WORDS)),
}
"""What a new anomaly may be told to be, and how it is read: `score` 0..1, `life` in seconds, `triggered`: whether rules raise triggers."""
CHANGED = ("life", "score", "name", "bookmarks", "odd")
"""Those that can be changed afterwards."""


class Control(controls.Controls):
    """The control routes of one account."""

    refused = (*controls.Controls.refused, StopIteration)

    def __init__(self, state: account.Account, trouble: faults.Faults, log: recorder.Recorder, channel: push.Channel) -> None:
        super().__init__(state, trouble, log)
        self.world, self.channel = state, channel

    def rows(self) -> Sequence[controls.Row]:
        return (
            ("POST", "/anomalies", self.create),
            ("PATCH", "/anomalies/{id}", self.change),
            ("DELETE", "/anomalies/{id}", self.erase),
            ("POST", "/merge", self.merge),
            ("POST", "/triggers/{id}", self.handle),
            ("POST", "/rights", self.set_right),
            ("POST", "/keys", self.set_key),
            ("POST", "/tokens/expire", self.expire),
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
        """Something happens to it: {status: "closed" or "open"}, {spread: how many metrics join}, {calm: metric id}, any of CHANGED;
        or somebody ({by?: user id}) acknowledges all of its triggers: {acknowledge: bool}."""
        anomaly, body = self._anomaly(str(request.path_params["id"])), await controls.read(request)
        status, spread, calm, ack = (body.pop(name, None) for name in ("status", "spread", "calm", "acknowledge"))
        by = str(body.pop("by", catalogue.SAM.id))
        if body:
            self.world.change(anomaly, **_fields(body, CHANGED))
        if spread is not None:
            self.world.spread(anomaly, int(spread))
        if calm is not None:
            self.world.calm(anomaly, str(calm))
        for trigger in anomaly.triggers if ack is not None else ():
            self.world.acknowledge(trigger, by, bool(ack))
        if status is not None and controls.one_of(("open", "closed"))(status) != anomaly.state:
            (self.world.close if status == "closed" else self.world.reopen)(anomaly)
        return wire_json.anomaly(anomaly, self.world)

    async def erase(self, request: requests.Request) -> Any:
        self.world.erase(self._anomaly(str(request.path_params["id"])))
        return {"ok": True}

    async def merge(self, request: requests.Request) -> Any:
        """{into?, other?}: the other becomes part of the first; without words the two newest open ones, into the older."""
        body = await controls.read(request)
        opened = (one for one in self.world.newest() if one.ended is None)
        other = self._anomaly(body["other"]) if "other" in body else next(opened)
        into = self._anomaly(body["into"]) if "into" in body else next(one for one in opened if one is not other)
        if into is other:
            raise controls.Bad("an anomaly cannot be merged with itself")
        self.world.merge(into, other)
        return {"id": into.id, "merged": into.merged}

    async def handle(self, request: requests.Request) -> Any:
        """Somebody works on a trigger in Anodot itself: {acknowledge?: bool, assignee?: user id or "", by?: user id}."""
        trigger, body = self.world.triggers[str(request.path_params["id"])], await controls.read(request)
        by = str(body.pop("by", catalogue.SAM.id))
        if "acknowledge" in body:
            self.world.acknowledge(trigger, by, bool(body.pop("acknowledge")))
        if "assignee" in body:
            self.world.assign(trigger, str(body.pop("assignee")), by)
        if body:
            raise controls.Bad(f"unknown: {', '.join(body)}")
        return {"ok": True}

    def _anomaly(self, ident: str) -> account.Anomaly:
        if ident not in self.world.anomalies:
            raise controls.Bad("no such anomaly")
        return self.world.anomalies[ident]

    # --- who may what ------------------------------------------------------------------------------------------------

    async def set_right(self, request: requests.Request) -> Any:
        """{role, key?}: the role of a key (SANDBOX_KEY); any word, those that are no role may nothing."""
        body = await controls.read(request)
        self.world.tokens.keys[body.get("key", tokens.SANDBOX_KEY)].role = str(body["role"])
        self.world.touch()
        return {"ok": True}

    async def set_key(self, request: requests.Request) -> Any:
        """{revoked, key?}: take a key back, or give it back."""
        body = await controls.read(request)
        self.world.tokens.keys[body.get("key", tokens.SANDBOX_KEY)].revoked = bool(body["revoked"])
        self.world.touch()
        return {"ok": True}

    async def expire(self, request: requests.Request) -> Any:
        """End all tokens now."""
        return {"ended": self.world.tokens.expire(self.world.clock().timestamp())}

    # --- webhooks ----------------------------------------------------------------------------------------------------

    async def set_hook(self, request: requests.Request) -> Any:
        """{url, user?, password?, extended?, ungrouped?}: post what happens from now on; without a URL nothing."""
        self.channel.hook = push.Hook.model_validate(await controls.read(request))
        self.world.news.clear()
        return {"url": self.channel.hook.url}

    async def push(self, request: requests.Request) -> Any:
        """{id?, event?, and any of the hook}: post one now. `event`: open, update or close, of this anomaly or of the newest with a
        trigger; static or no_data, which are about no anomaly."""
        body = await controls.read(request)
        ident, event = body.pop("id", None), controls.one_of((*push_json.STATUS, *push_json.STANDING))(body.pop("event", "open"))
        hook = push.Hook.model_validate({**self.channel.hook.model_dump(), **body})
        if not hook.url:
            raise controls.Bad("there is no URL to post to: set one with POST /_control/hook")
        if event in push_json.STANDING:
            return {"posts": await self.channel.alarm(event, hook)}
        anomaly = self._anomaly(ident) if ident else next(one for one in self.world.newest() if one.triggers)
        return {"posts": await self.channel.post(anomaly, event, hook)}

    async def pushes(self, request: requests.Request) -> Any:
        return {"posts": list(self.channel.sent)}

    # --- what happened -------------------------------------------------------------------------------------------------

    async def state(self, request: requests.Request) -> Any:
        """The full truth, newest last; with `id` one anomaly."""
        self.world.advance()
        if ident := request.query_params.get("id"):
            found = self.world.anomalies.get(ident)
            return {"revision": self.world.revision, "anomaly": None if found is None else self._row(found)}
        return {
            "revision": self.world.revision,
            "anomalies": [self._row(one) for one in self.world.shelf],
            "gone": self.world.gone,
            "modes": self.world.modes.model_dump(),
        }

    def _row(self, one: account.Anomaly) -> dict[str, Any]:
        """Plainly, with what people did to its triggers and said about it."""
        triggers = [
            {"id": trigger.id, "rule": trigger.rule.title, "status": trigger.status, "acks": trigger.acks, "assignee": trigger.assignee}
            for trigger in one.triggers
        ]
        verdicts = self.world.feedback_of([trigger.id for trigger in one.triggers])
        return {
            "id": one.id,
            "serial": one.serial,
            "status": one.state,
            "resolution": one.resolution,
            "startDate": one.started,
            "score": one.score,
            "merged": one.merged,
            "metrics": [breach.metric.id for breach in one.breaches],
            "triggers": triggers,
            "feedback": [{"type": said.type, "by": said.user.id, "reason": said.reason, "comment": said.comment} for said in verdicts],
            "comments": [{"text": said.text, "by": said.user} for said in self.world.comments if said.group == one.id],
        }


def _fields(wanted: Mapping[str, Any], known: Sequence[str]) -> dict[str, Any]:
    unknown = set(wanted) - set(known)
    if unknown:
        raise controls.Bad(f"unknown field {', '.join(sorted(unknown))}; known: {', '.join(known)}")
    return {FIELDS[name][0]: FIELDS[name][1](value) for name, value in wanted.items()}


async def tick(state: account.Account, channel: push.Channel, every: float = 0.2) -> None:
    """The background of a server: arrivals and what happens meanwhile, ends that nobody asks about, webhooks. Runs until it is
    cancelled."""
    arrival, living = controls.Rhythm(), life.Life(state)
    while True:
        await asyncio.sleep(every)
        state.advance()
        if arrival.due(state.modes.arrivals):
            living.step()
            state.arrive()
        await channel.deliver()


# --- faults in the vendor's words --------------------------------------------------------------------------------------


def _refused(status: int, says: str, code: int = answers.GENERAL) -> faults.Answer:
    def answer(fault: faults.Fault, path: str) -> faults.Reply:
        told = {"errors": [answers.error(code, says, switches.ContractSwitches())]}
        return faults.Reply(status, json.dumps(told).encode())

    return answer


REPLIES: Mapping[str, faults.Answer] = {
    **faults.REPLIES,
    "500": _refused(500, "Server error"),
    "400": _refused(400, "General error"),
    "429": _refused(429, "API calls rate exceeded the maximum allowed", answers.RATE),
    "1004": _refused(400, "API calls rate exceeded the maximum allowed", answers.RATE),
    "2002": _refused(400, "Too many concurrent requests", answers.AT_ONCE),
    "2001": _refused(401, "Token is not active", answers.INACTIVE),
    "401": lambda fault, path: faults.Reply(401, b'{"message":"jwt expired"}'),
    "expired": lambda fault, path: faults.Reply(400, b'{"message":"jwt expired"}'),
    "403": lambda fault, path: faults.Reply(403, b'{"message":"You are not allowed to perform this action"}'),
    "failed": _refused(200, "General error"),
    "overloaded": _refused(200, "Too many concurrent requests", answers.AT_ONCE),
}
"""`failed` and `overloaded`: `errors[]` inside of HTTP 200; `expired`: the 400 that may mean the end of a token."""
