"""How many calls of one system are under way at once: clicks have places of their own, so none of them waits behind a bulk or a poll."""

from __future__ import annotations

import asyncio

from bot import ports


class Places:
    """The places on the wire to one system. A call takes one and gives it back."""

    def __init__(self, lanes: ports.Lanes) -> None:
        self._clicks, self._writes, self._reads = (asyncio.Semaphore(many) for many in (lanes.clicks, lanes.writes, lanes.reads))
        self.all = lanes.clicks + lanes.writes + lanes.reads

    def one(self, *, write: bool) -> asyncio.Semaphore:
        """Where a call of this kind waits for its place."""
        if ports.urgent():
            return self._clicks
        return self._writes if write else self._reads
