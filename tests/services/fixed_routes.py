"""Routes as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model


class FixedRoutes:
    """The port `Routes`: these, the first of which is that of the settings."""

    def __init__(self, *known: model.Route) -> None:
        self._known = known

    @property
    def home(self) -> model.Route:
        return self._known[0]

    async def list(self) -> Sequence[model.Route]:
        return self._known

    async def get(self, name: str) -> model.Route | None:
        return next((route for route in self._known if route.id == name), None)
