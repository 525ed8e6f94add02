"""One line when the database is gone, one when it is back, whoever meets it: jobs, listeners, the web face."""

from __future__ import annotations

import asyncio
import logging
import math

_log = logging.getLogger(__name__)

READ, WRITE = "read", "written"


class Outage:
    """Knows since when the database cannot be used. A full disk can be read, so it is over when something was written; what hangs on a dead
    connection fails long after that, and tells of no new outage."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._over = -math.inf

    def now(self) -> float:
        """When something begins, for `failed` and `worked`."""
        return asyncio.get_running_loop().time()

    def failed(self, what: str, why: str, begun: float) -> None:
        """The database could not be read or written by something that began at this time."""
        if self._since is not None or begun <= self._over:
            return
        self._since = self.now()
        _log.warning("the database cannot be %s: %s; what needs it is tried again", what, why)

    def worked(self, what: str, begun: float) -> None:
        """Something worked that began at this time; what began before the outage proves nothing. What can write can read."""
        if self._since is None or what != WRITE or begun < self._since:
            return
        self._over = self.now()
        _log.info("the database works again, after %.0f s", self._over - self._since)
        self._since = None
