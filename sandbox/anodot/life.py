"""What happens by itself to anomalies that are open already: they spread, turn out to be one, or are over."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from sandbox.anodot import account

KEPT_OPEN = 4
"""So many stay open, whatever happens."""
QUIET = 0.35
"""How often nothing happens."""


class Life:
    """Lets something happen now and then. Deterministic by seed."""

    def __init__(self, state: account.Account, seed: int = 25) -> None:
        self.world, self.chance = state, random.Random(seed)
        self._happens: Sequence[tuple[Callable[[list[account.Anomaly]], None], int]] = (
            (self._over, 4),
            (self._spread, 3),
            (self._calm, 2),
            (self._merge, 1),
        )

    def step(self) -> None:
        """Perhaps one of these things, to something that is open."""
        opened = [one for one in self.world.newest() if one.ended is None]
        if len(opened) <= KEPT_OPEN or self.chance.random() < QUIET:
            return
        deeds, shares = zip(*self._happens, strict=True)
        self.chance.choices(deeds, shares)[0](opened)

    def _over(self, opened: list[account.Anomaly]) -> None:
        self.world.close(self.chance.choice(opened))

    def _spread(self, opened: list[account.Anomaly]) -> None:
        self.world.spread(self.chance.choice(opened), self.chance.randint(1, 3))

    def _calm(self, opened: list[account.Anomaly]) -> None:
        """One of several metrics is normal again."""
        one = self.chance.choice(opened)
        broken = [breach.metric.id for breach in one.breaches if breach.is_open]
        if len(broken) > 1:
            self.world.calm(one, self.chance.choice(broken))

    def _merge(self, opened: list[account.Anomaly]) -> None:
        """Two of one measure on one scale had one cause."""
        into = self.chance.choice(opened)
        alike = [one for one in opened if one is not into and _like(one) == _like(into)]
        if alike:
            self.world.merge(into, alike[0])


def _like(one: account.Anomaly) -> tuple[str, str]:
    return one.breaches[0].metric.measure.what, one.resolution
