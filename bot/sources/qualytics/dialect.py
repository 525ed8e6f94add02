"""What one deployment turned out to speak, and what it turned out not to do lately; remembered over restarts.

The vendor's pages and its running client disagree (contracts section 6), and deployments differ in age. The client's form is tried first.

Facts of the deployment, kept until the deployment itself shows the contrary: how the datastore filter, the bulk update and the start of an
operation are spelt. Each was learned from an answer that worked, and a wrong one is refused and learned anew.
Findings that may pass, kept for an hour (`FORGET`): a list of ids, the body of a DELETE, the way that restores several, and every refusal
of an action. A proxy is mended, a deployment upgraded, a right given; and what was refused for one anomaly may be done for the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot import errors, model, ports

FORGET = timedelta(hours=1)
"""What failed is tried again after this time."""
REREAD = timedelta(minutes=1)
"""How often it is read again what other processes have learned of the deployment."""
PASSING: Mapping[str, Any] = {"bulk_delete": True, "ids_filter": True, "restore": ""}
"""Traits that are as given here unless the deployment showed otherwise within `FORGET`."""


class Refusal(StrEnum):
    """How an action was refused although the anomaly is there."""

    ABSENT = "absent"
    """There is no such call."""
    REFUSED = "refused"
    """It was understood, and not wanted."""
    IGNORED = "ignored"
    """It was taken, and nothing happened."""


NO_SUCH_CALL = frozenset({404, 405, 501})
NOT_WANTED = frozenset({400, 409, 410, 422})


def refusal(failure: errors.SourceError | None) -> Refusal | None:
    """The kind of a failed call for an anomaly that is there; None when the failure says nothing about the action. No failure: ignored."""
    if failure is None:
        return Refusal.IGNORED
    if isinstance(failure, errors.SourceMissing):
        return Refusal.ABSENT
    if not isinstance(failure, errors.SourceRejected):
        return None
    return Refusal.ABSENT if failure.status in NO_SUCH_CALL else Refusal.REFUSED if failure.status in NOT_WANTED else None


@dataclass(frozen=True, slots=True)
class Traits:
    """`datastore_key` is the list filter, `patch` the body of the bulk update (list | object), `operations` the body that starts one
    (client | page), `bulk_delete` whether DELETE may carry a body, `ids_filter` whether a list can be asked for many ids, `off` the
    refusals ("comment:absent") with their times, `restore` how several archived anomalies came back ("together" in one call, "alone" with
    a call each, "" unknown), `since` when a passing trait was found."""

    datastore_key: str = "datastore"
    patch: str = "list"
    operations: str = "client"
    bulk_delete: bool = True
    ids_filter: bool = True
    off: Mapping[str, str] = field(default_factory=dict)
    restore: str = ""
    since: Mapping[str, str] = field(default_factory=dict)


class Dialect:
    """Loads lazily, and again now and then: another process may have learned more. `learn` writes through."""

    def __init__(self, *, known: ports.SourceTraits, clock: ports.Clock, source: str, host: str) -> None:
        self._known, self._clock, self._deployment = known, clock, (source, host)
        self._loaded: datetime | None = None
        self._learned = Traits()
        self._refused: dict[tuple[model.Action, Refusal], dict[str, datetime]] = {}

    @property
    def traits(self) -> Traits:
        """What holds now."""
        now = self._clock.now()
        over: dict[str, Any] = {one: usual for one, usual in PASSING.items() if not _recent(self._learned.since.get(one), now)}
        return replace(self._learned, **over)

    def now(self) -> datetime:
        """The time of a finding."""
        return self._clock.now()

    def lately(self, at: datetime | None) -> bool:
        """Whether something was found out within `FORGET`."""
        return at is not None and self._clock.now() - at < FORGET

    async def load(self) -> None:
        """Read what was learned before, here or by another process; what is unreadable counts as nothing."""
        now, before = self._clock.now(), self._learned
        first = self._loaded is None
        if self._loaded is not None and timedelta(0) <= now - self._loaded < REREAD:
            return
        if not first:
            self._loaded = now  # one asks; the others go on with what is known
        try:
            known = _traits(await self._known.get(*self._deployment))
        except errors.StoreError:
            if first:
                raise
            return
        if self._learned is before:  # else this process has learned something meanwhile, and read all with it
            self._learned = known
        self._loaded = now

    async def learn(self, **traits: Any) -> None:
        """Remember some traits, beside what other processes have learned of it meanwhile."""
        at = self._clock.now()
        found = {one: at.isoformat() for one, usual in PASSING.items() if traits.get(one, usual) != usual}
        self._learned = _traits(await self._known.merge(*self._deployment, {**traits, **({"since": found} if found else {})}, at))

    async def refused(self, action: model.Action, kind: Refusal, ident: str) -> None:
        """An action was refused for this anomaly. That there is no such call is clear at once; else it takes two anomalies that are
        refused alike to say anything about the deployment."""
        now = self._clock.now()
        alike = {one: at for one, at in self._refused.get((action, kind), {}).items() if now - at < FORGET}
        self._refused[action, kind] = alike | {ident: now}
        if kind is Refusal.ABSENT or len(self._refused[action, kind]) > 1:
            await self.learn(off={f"{action.value}:{kind.value}": now.isoformat()})

    async def worked(self, action: model.Action) -> None:
        """It was done: whatever was refused before does not count any more."""
        for kind in Refusal:
            self._refused.pop((action, kind), None)
        if any(_action(key) == action.value for key in self._learned.off):
            await self.learn(off={key: None for key in self._learned.off if _action(key) == action.value})

    def doubtful(self) -> frozenset[model.Action]:
        """Actions that were refused lately, whatever they were tried on."""
        now = self._clock.now()
        lately = {_action(key) for key, at in self._learned.off.items() if _recent(at, now)}
        return frozenset(action for action in model.Action if action.value in lately)


def _action(key: str) -> str:
    """The action of a refusal; an older desk wrote the action alone."""
    return key.partition(":")[0]


def _recent(at: str | None, now: datetime) -> bool:
    return at is not None and now - datetime.fromisoformat(at) < FORGET


def _traits(value: Any) -> Traits:
    """Those that are known here: an older or a newer desk may know others."""
    if not isinstance(value, Mapping):
        return Traits()
    try:
        traits = Traits(**{one.name: value[one.name] for one in fields(Traits) if one.name in value})
        for at in (*traits.off.values(), *traits.since.values()):
            datetime.fromisoformat(at)
    except (TypeError, ValueError, AttributeError):
        return Traits()
    return traits
