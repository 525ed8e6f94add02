"""Connections to PostgreSQL that notice when nobody answers.

A server that dies says so; a proxy, a firewall or a cut cable says nothing, and a command waits for ever. The driver's own time-out is no
way out: it asks for the command's cancellation over a second connection, and waits for that one. So a connection that stays silent too long
is closed from this side, which fails its command at once; and those that lie idle go with it, because they are as old.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import AsyncEngine

GRACE_SECONDS = 1.0
"""After the patience is over an answer may still lie in the socket: a machine that was suspended, a loop that was busy."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the store waits, in seconds: for a new connection, for the answer to one statement, for a turn in the pool, and for a
    goodbye. A connection lives for `life`, because some networks forget old ones."""

    connect: float = 5.0
    command: float = 10.0
    pool: float = 20.0
    close: float = 2.0
    life: float = 1800.0

    @property
    def reach(self) -> float:
        """For a connection, pooled or new, with all that is said on it before it can be used."""
        return self.pool + 2 * self.connect


def server_settings(patience: Patience) -> Mapping[str, str]:
    """What the server does about us when we are the silent ones: our locks must not outlive us."""
    seconds = max(1, round(2 * patience.command))
    return {
        "statement_timeout": f"{seconds}s",
        "idle_in_transaction_session_timeout": f"{2 * seconds}s",
        "tcp_keepalives_idle": "30",
        "tcp_keepalives_interval": "10",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "30000",
    }


class Watch:
    """Closes connections that are silent for longer than a command may take."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._idle: weakref.WeakSet[Any] = weakref.WeakSet()
        self._busy: dict[Any, asyncio.TimerHandle] = {}

    def attach(self, engine: AsyncEngine) -> None:
        """Watch all connections of an engine."""
        listeners: Mapping[str, Callable[..., Any]] = {
            "connect": self._made,
            "checkout": self._taken,
            "checkin": self._returned,
            "before_cursor_execute": self._executes,
            "commit": self._ends,
            "rollback": self._ends,
        }
        for name, listener in listeners.items():
            event.listen(engine.sync_engine, name, listener)

    def cut_all(self) -> None:
        """Close everything from this side, answer or not."""
        for driver in [*self._idle, *self._busy]:
            self._disarm(driver)
            driver.terminate()
        self._idle.clear()

    def _made(self, connection: Any, _record: object) -> None:
        """Said on the connection and not at its start, which poolers such as PgBouncer refuse."""
        words = "; ".join(f"SET {name} = '{value}'" for name, value in server_settings(self._patience).items())
        connection.run_async(lambda driver: driver.execute(words))

    def _taken(self, connection: Any, _record: object, _proxy: object) -> None:
        if connection.driver_connection.is_closed():
            raise exc.DisconnectionError("the connection was closed while it lay idle")
        self._idle.discard(connection.driver_connection)
        self._arm(connection.driver_connection)

    def _returned(self, connection: Any, _record: object) -> None:
        if connection is not None:
            self._disarm(connection.driver_connection)
            self._idle.add(connection.driver_connection)

    def _executes(self, connection: sa.Connection, *_: object) -> None:
        self._arm(connection.connection.driver_connection)

    def _ends(self, connection: sa.Connection) -> None:
        if not connection.invalidated and not connection.closed:
            self._arm(connection.connection.driver_connection)

    def _arm(self, driver: Any) -> None:
        self._disarm(driver)
        self._busy[driver] = asyncio.get_running_loop().call_later(self._patience.command, self._silent, driver)

    def _disarm(self, driver: Any) -> None:
        timer = self._busy.pop(driver, None)
        if timer is not None:
            timer.cancel()

    def _silent(self, driver: Any) -> None:
        self._busy[driver] = asyncio.get_running_loop().call_later(min(GRACE_SECONDS, self._patience.command), self._cut, driver)

    def _cut(self, driver: Any) -> None:
        self._disarm(driver)
        for old in (driver, *self._idle):
            old.terminate()
        self._idle.clear()
