"""The strange side of the `Source` port: what a system has to be that is as little like the others as it can."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from bot import errors, model, ports
from bot.core import endings
from bot.sources import base
from tests.strange import wire, world

OVERLAP = 300.0
"""Seconds behind the newest one known within which a late one may appear."""
ABREAST = 4

_SENT, _HERE = model.Word(model.Handling.SENT), model.Word(model.Handling.HERE)


def _refused(because: str) -> model.Word:
    return model.Word(model.Handling.REFUSED, because)


_NO_PLACES = _refused("Strange has no datastores and no tables. Use q: or type: instead.")
_NO_CHECKS = _refused("Strange has no checks and no rules. Use q: or type: instead.")

WORDS: Mapping[str, model.Word] = {
    **dict.fromkeys(("source", "status", "sort", "limit", "id"), _SENT),
    **dict.fromkeys(("type", "min", "since", "until", "q", "below"), _HERE),
    **dict.fromkeys(("datastore", "table", "container", "enriched"), _NO_PLACES),
    **dict.fromkeys(("check", "rule", "fingerprint"), _NO_CHECKS),
    "tag": _refused("Strange has no tags. Use q: or type: instead."),
    "severity": _refused("Strange has a score from 0 to 1 and no severities. Use min:0.8 instead."),
    "assignee": _refused("Strange assigns nothing to anybody."),
}

SUPPORTS = frozenset({model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ARCHIVE, model.Action.REOPEN, model.Action.BROWSE})
_AIMS: Mapping[model.Action, tuple[str, model.State]] = {
    model.Action.ACKNOWLEDGE: (world.SEEN, model.State.ACKNOWLEDGED),
    model.Action.UNACKNOWLEDGE: (world.LIVE, model.State.ACTIVE),
    model.Action.ARCHIVE: (world.SHUT, model.State.ARCHIVED),
    model.Action.REOPEN: (world.LIVE, model.State.ACTIVE),
}
_STATES = {world.SEEN: model.State.ACKNOWLEDGED, world.SHUT: model.State.ARCHIVED}
_SORTS = {
    "oldest": lambda one: one.created.timestamp(),
    "weight": lambda one: -(one.weight or 0.0),
    "newest": lambda one: -one.created.timestamp(),
}


CLOSINGS = (
    model.Closing(world.EXPECTED, "it had to be so", "Expected", model.ClosingKind.NOISE),
    model.Closing(world.BROKEN, "something broke", "Broken", model.ClosingKind.FIXED),
)
SCORE = model.Scale("score", 1.0)


def _level(typed: str) -> str:
    try:
        return f"{float(typed):g}"
    except ValueError:
        raise ValueError("it takes a number, as the metric is measured.") from None


def _below(kept: str, one: model.Anomaly) -> bool:
    return one.series is not None and one.series.value is not None and one.series.value < float(kept)


OWN_WORDS = (model.OwnWord("below", "below:20", "measured under this value", _level, _below, ("under",)),)


class Strange:
    """One deployment: `url` its address, `key` what is exchanged for tokens."""

    name = "strange"
    title = "Strange"
    supports = SUPPORTS
    doubtful: frozenset[model.Action] = frozenset()
    archive_as = CLOSINGS
    stages: tuple[model.Stage, ...] = ()
    max_batch = 1
    words = WORDS
    census = 16
    unkept: frozenset[model.Part] = frozenset()
    uncleared: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    own_words = OWN_WORDS
    client_options = model.ClientOptions("strangectl", {"signal": "", "ending": "as:", "phase": "status:"})

    def __init__(
        self,
        *,
        url: str,
        key: str,
        clock: ports.Clock,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._clock, self._url = clock, url.rstrip("/")
        self.idents = model.Idents(r"ab:[0-9]+/x", (urlsplit(url).netloc,), r"/signals/([^\s/?#<>|\"]+)", "ab:17/x")
        self._wire = wire.Wire(url=url, key=key, clock=clock, allowance=allowance, budget=budget, timeout=timeout, transport=transport)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def changes(self, cursor: str) -> model.Changes:
        """What is open: all of it at first; later the newest pages back to known ground, and one page of everything else in turn."""
        newest, turn = _cursor(cursor)
        found: dict[model.Ref, model.Anomaly] = {}
        async for page, _ in self._wire.pages("yes"):
            some = self._anomalies(page)
            found |= {one.ref: one for one in some}
            if some and newest is not None and some[-1].created.timestamp() < newest - OVERLAP:
                break
        late: frozenset[model.Ref] = frozenset()
        if newest is not None:
            async for page, following in self._wire.pages("yes", turn):
                turn = following
                others = {one.ref: one for one in self._anomalies(page) if one.ref not in found}
                found, late = found | others, frozenset(others)
                break
        else:
            self.census = max(1, len(found))
        ordered = sorted(found.values(), key=_SORTS["newest"])
        last = max([one.created.timestamp() for one in ordered] + [newest or 0.0])
        return model.Changes(ordered, json.dumps({"newest": last, "turn": turn}), late=late)

    async def find(self, query: model.Query) -> model.Found:
        """Ids, statuses, order and limit; the rest is applied elsewhere."""
        if query.ids:
            found = list((await self.read(query.ids)).found.values())
        else:
            found = [one async for page, _ in self._wire.pages(_which(query.statuses)) for one in self._anomalies(page)]
        kept = sorted((one for one in found if _stands(one, query.statuses)), key=_SORTS.get(query.sort, _SORTS["newest"]))
        return model.Found(kept[: query.limit or None], len(kept))

    async def pages(self, query: model.Query) -> AsyncIterator[Sequence[model.Anomaly]]:
        """Page by page as the list has them, the newest first; every other order needs all of them."""
        if query.ids or query.sort not in ("", "newest"):
            yield (await self.find(replace(query, limit=0))).anomalies
            return
        async for page, _ in self._wire.pages(_which(query.statuses)):
            if some := [one for one in self._anomalies(page) if _stands(one, query.statuses)]:
                yield some

    async def count(self, query: model.Query) -> int:
        """There is no call that counts."""
        return len((await self.find(replace(query, limit=0))).anomalies)

    async def get(self, ids: Sequence[str]) -> Mapping[str, model.Anomaly]:
        """One call for each."""
        return (await self.read(ids)).found

    async def read(self, ids: Sequence[str], *, pages: int = 0) -> model.Reading:
        """One call for each, so a budget of calls is one of ids."""
        asked = list(dict.fromkeys(ids))[: pages or None]
        read = dict(zip(asked, await base.together([self._one(ident) for ident in asked], ABREAST), strict=True))
        found = {ident: one for ident, one in read.items() if one is not None}
        return model.Reading(found, frozenset(read) - frozenset(found))

    async def _one(self, ident: str) -> model.Anomaly | None:
        try:
            reply = await self._wire.read(self._wire.signal(ident))
        except errors.SourceMissing:
            return None
        found = self._anomalies([reply.get("signal")])
        if not found:
            raise errors.SourceGarbled(self.name, f"{self.title} gave a signal that cannot be read.")
        return found[0]

    # --- writing -------------------------------------------------------------------------------------------------------

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """One call for each. Raises when it is one, or when all failed alike."""
        if len(targets) == 1:
            return [await self._do(change, targets[0])]
        done = await base.together([self._tried(change, one) for one in targets], ABREAST)
        failed = [one for one in done if isinstance(one, errors.SourceError)]
        if failed and len(failed) == len(done):
            raise failed[0]
        return [
            _no(target, str(one), unsure=isinstance(one, errors.SourceUnavailable | errors.SourceGarbled))
            if isinstance(one, errors.SourceError)
            else one
            for target, one in zip(targets, done, strict=True)
        ]

    async def _tried(self, change: model.Change, target: model.Anomaly) -> model.Outcome | errors.SourceError:
        try:
            return await self._do(change, target)
        except errors.SourceError as error:
            return error

    async def _do(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        why = self._impossible(change, target)
        if why:
            return _no(target, why)
        phase, state = _AIMS[change.action]
        if target.state is state or (change.action is model.Action.REOPEN and target.state is not model.State.ARCHIVED):
            return model.Outcome(target.ref, model.Result.ALREADY)
        body = {"to": phase, **({"as": change.archive_as} if change.archive_as else {})}
        try:
            await self._sent(target, body, state)
        except errors.SourceMissing:
            return _no(target, f"It does not exist in {self.title} any more.")
        except errors.SourceRejected as error:
            return _no(target, str(error))
        lost = f"The comment was not left: {self.title} has none." if change.comment else ""
        return model.Outcome(target.ref, model.Result.DONE, lost)

    async def _sent(self, target: model.Anomaly, body: Mapping[str, str], wanted: model.State) -> None:
        """Sent once. After an answer that was lost somebody looks, and where the connection broke before anything happened, once more."""
        path = self._wire.signal(target.ref.id, "/phase")
        try:
            self._wire.json(await self._wire.write("POST", path, body=body))
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            now = await self._one(target.ref.id)
            if now is not None and now.state is wanted:
                return
            if not (isinstance(error, errors.SourceUnavailable) and error.dropped):
                raise
            await self._wire.write("POST", path, body=body)

    def _impossible(self, change: model.Change, target: model.Anomaly) -> str:
        """Why this cannot be done here at all, "" when it can."""
        if change.action not in _AIMS:
            return f"{self.title} has no way to {change.action.value} an anomaly."
        if change.archive_as and change.archive_as not in world.ENDINGS:
            return f"{self.title} closes an anomaly as {' or '.join(world.ENDINGS)}, not as {change.archive_as}."
        if target.state is model.State.ARCHIVED and change.action in (model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE):
            return "It is closed. Reopen it first."
        return ""

    # --- what it does not have -----------------------------------------------------------------------------------------

    async def comments(self, ident: str) -> Sequence[model.Comment]:
        """None."""
        return ()

    async def people(self) -> Sequence[model.Person]:
        """Nobody."""
        return ()

    # --- the rest ------------------------------------------------------------------------------------------------------

    async def check(self) -> str:
        """Whether the key opens the door, and what is behind it."""
        async for page, following in self._wire.pages("yes"):
            return f"{len(page)}{' and more' if following else ''} open"
        return ""

    async def aclose(self) -> None:
        """Close connections."""
        await self._wire.aclose()

    # --- reading what it writes ------------------------------------------------------------------------------------------

    def _anomalies(self, raw: Sequence[Any]) -> list[model.Anomaly]:
        """Those that have an id. What is strange about the rest of one is kept as it is."""
        return [self._anomaly(one) for one in raw if isinstance(one, Mapping) and one.get("id")]

    def _anomaly(self, raw: Mapping[str, Any]) -> model.Anomaly:
        at, ident, phase = _number(raw.get("at")), str(raw["id"]), str(raw.get("phase") or "unknown")
        ending, was = str(raw.get("as") or ""), str(raw.get("was") or "")
        alone = ending == world.ITSELF
        told = was if alone and was == world.SEEN else f"{phase} by itself" if alone else phase
        read = model.Anomaly(
            model.Ref(self.name, ident),
            _STATES.get(was if alone else phase, model.State.ACTIVE),
            told,
            datetime.fromtimestamp(at, UTC) if at else self._clock.now(),
            archived_as=None if alone else ending or None,
            type=str(raw.get("kind") or ""),
            description=str(raw.get("line") or ""),
            weight=_number(raw.get("score")),
            scale=SCORE,
            series=_series(raw.get("metric")),
            url=f"{self._url}/{self._wire.signal(ident)}",
            undated=not at,
            kept_here=() if raw.get("phase") else tuple(part for part in model.Part if part in self.unkept),
        )
        if not alone:
            return read
        until = _number(raw.get("until"))
        return endings.settled(read, datetime.fromtimestamp(until, UTC) if until else self._clock.now())


def _series(raw: Any) -> model.Series | None:
    if not isinstance(raw, Mapping):
        return None
    value, low, high = (_number(raw.get(name)) for name in ("value", "low", "high"))
    return model.Series(str(raw.get("name") or ""), value, low, high)


def _no(target: model.Anomaly, why: str, *, unsure: bool = False) -> model.Outcome:
    return model.Outcome(target.ref, model.Result.REFUSED, why, unsure=unsure)


def _number(text: Any) -> float | None:
    try:
        return float(text)
    except (TypeError, ValueError):
        return None


def _cursor(text: str) -> tuple[float | None, str]:
    """The newest that was seen, and where the round through everything stands; nothing for a cursor that nobody wrote."""
    try:
        read = json.loads(text)
        return float(read["newest"]), str(read["turn"])
    except (ValueError, KeyError, TypeError):
        return None, ""


_GROUPS = {
    "active": model.State.ACTIVE,
    "acknowledged": model.State.ACKNOWLEDGED,
    "archived": model.State.ARCHIVED,
}


def _which(statuses: Sequence[str]) -> str:
    """Which half of the list is enough."""
    if not statuses or set(statuses) <= {"open", "active", "acknowledged"}:
        return "yes"
    return "no" if set(statuses).isdisjoint({"open", "active", "acknowledged", "any"}) else ""


def _stands(one: model.Anomaly, statuses: Sequence[str]) -> bool:
    """Whether it stands as one of these words says; one that names an ending means those closed so."""
    if not statuses or ("open" in statuses and one.state is not model.State.ARCHIVED):
        return one.state is not model.State.ARCHIVED
    return any(word == "any" or _GROUPS.get(word) is one.state or word == one.archived_as for word in statuses)
