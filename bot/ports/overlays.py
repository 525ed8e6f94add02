"""What the desk keeps of anomalies in place of their systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot import model


class Overlays(Protocol):
    """Rows beside the anomalies. They are written by `Records` alone, and cleared by whatever sees that the system keeps it by now."""

    async def get(self, source: str, ids: Sequence[str]) -> Mapping[str, model.Overlay]:
        """What is kept of these."""
        ...

    async def known(self, source: str) -> Sequence[model.Anomaly]:
        """Everything that is known of a system and of which something is kept, as it was last seen."""
        ...
