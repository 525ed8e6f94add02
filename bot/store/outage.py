"""One line when the database is gone, one when it is back, whoever meets it: jobs, listeners, the web face."""

from __future__ import annotations

import asyncio
import logging

_log = logging.getLogger(__name__)

READ, WRITE = "read", "written"


class Outage:
    """Knows since when the database cannot be read, or written. A full disk can be read: it is over when both work."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def now(self) -> float:
        """When something begins, for `worked`."""
        return asyncio.get_running_loop().time()

    def failed(self, what: str, why: str) -> None:
        """The database could not be read or written."""
        if not self._since:
            _log.warning("the database cannot be %s: %s; what needs it is tried again", what, why)
        self._since.setdefault(what, self.now())

    def worked(self, what: str, begun: float) -> None:
        """Something worked that began at this time; what began before the outage proves nothing. What can write can read."""
        if not self._since or begun < max(self._since.values()):
            return
        since = min(self._since.values())
        for ended in (READ, WRITE) if what == WRITE else (READ,):
            self._since.pop(ended, None)
        if not self._since:
            _log.info("the database works again, after %.0f s", self.now() - since)
