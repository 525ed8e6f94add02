"""Where new anomalies go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot import model


class Routes(Protocol):
    """Every route there is at this moment: a process that runs for long asks again each time."""

    @property
    def home(self) -> model.Route:
        """The one from the settings: it takes everything, and what belongs to no other route is told in its channel."""
        ...

    async def list(self) -> Sequence[model.Route]:
        """All of them, that of the settings first."""
        ...

    async def get(self, name: str) -> model.Route | None:
        """The route with this id; None when it is gone."""
        ...
