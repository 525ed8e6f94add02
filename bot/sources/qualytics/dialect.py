"""What one deployment turned out to speak, and what it turned out not to be able to do; remembered over restarts.

The vendor's pages and its running client disagree (contracts section 6), and deployments differ in age. The client's form is tried first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot import model, ports

FORGET = timedelta(days=7)
"""A capability that failed is tried again after this time: deployments are upgraded."""


@dataclass(frozen=True, slots=True)
class Traits:
    """`datastore_key` is the list filter, `patch` the body of the bulk update (list | object), `operations` the body that starts one
    (client | page), `bulk_delete` whether DELETE may carry a body, `ids_filter` whether a list can be asked for many ids, `off` the actions
    that failed here, with the time of it."""

    datastore_key: str = "datastore"
    patch: str = "list"
    operations: str = "client"
    bulk_delete: bool = True
    ids_filter: bool = True
    off: Mapping[str, str] = field(default_factory=dict)


class Dialect:
    """Loads once, lazily; `learn` writes through."""

    def __init__(self, *, facts: ports.Facts, clock: ports.Clock, key: str) -> None:
        self._facts, self._clock, self._key = facts, clock, key
        self._loaded = False
        self.traits = Traits()

    async def load(self) -> None:
        """Read what was learned before; unreadable facts count as none."""
        if self._loaded:
            return
        self.traits = _traits(await self._facts.get(self._key))
        self._loaded = True

    async def learn(self, **traits: Any) -> None:
        """Remember some traits."""
        self.traits = replace(self.traits, **traits)
        await self._facts.put(self._key, asdict(self.traits), self._clock.now())

    async def switch_off(self, action: model.Action) -> None:
        """This deployment cannot do `action`, as far as anybody knows today."""
        await self.learn(off={**self.traits.off, action.value: self._clock.now().isoformat()})

    async def switch_on(self, action: model.Action) -> None:
        """It can, after all."""
        if action.value in self.traits.off:
            await self.learn(off={word: at for word, at in self.traits.off.items() if word != action.value})

    def off(self) -> frozenset[model.Action]:
        """Actions that failed here lately."""
        now = self._clock.now()
        return frozenset(action for action in model.Action if _recent(self.traits.off.get(action.value), now))


def _recent(at: str | None, now: datetime) -> bool:
    return at is not None and now - datetime.fromisoformat(at) < FORGET


def _traits(value: Any) -> Traits:
    if not isinstance(value, Mapping):
        return Traits()
    try:
        traits = Traits(**value)
        for at in traits.off.values():
            datetime.fromisoformat(at)
    except (TypeError, ValueError, AttributeError):
        return Traits()
    return traits
