"""A short day of the desk in this process, before others are forked from it: what Python and its libraries learn at the first time, about
classes, statements and listeners, a third of a second of each start, none of the forks learns again."""

from __future__ import annotations

import asyncio
import functools
import importlib
import shutil
import tempfile
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from bot import app
from bot.store import engine
from tests.walks import stage as staging

LATER = ("asyncpg", "tests.strange.system")
"""What some of them import when they need it."""


class Compilations(dict[tuple[Any, ...], Any]):
    """Compiled statements, for all dialect objects of one kind: each engine makes one of its own, and they are equal."""

    def get(self, key: tuple[Any, ...], default: Any = None) -> Any:
        return super().get(_of_kind(key), default)

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        super().__setitem__(_of_kind(key), compiled)


def _of_kind(key: tuple[Any, ...]) -> tuple[Any, ...]:
    dialect, *rest = key
    return (dialect.name, dialect.driver, *rest)


def live(empty: Path) -> None:
    """The first contact, a card, a click, a list and a change of many; then everything is closed. Leaves there a database that is up to
    date and empty."""
    for name in LATER:
        importlib.import_module(name)
    known: MutableMapping[Any, Any] = Compilations()
    engine.create_async_engine = functools.partial(engine.create_async_engine, execution_options={"compiled_cache": known})
    asyncio.run(engine.migrate(f"sqlite:///{empty}"))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(empty, Path(folder) / "desk.db")
        asyncio.run(_day(Path(folder)))


async def _day(folder: Path) -> None:
    async with staging.staged(folder) as stage:
        async with app.running(app.load(stage.env(DESK_WAIT_SECONDS="0"))):
            await stage.until(stage.messages)
            (ident,) = await stage.arrive()
            card = await stage.card(ident, "waiting since")
            await stage.press(card, "anomaly.acknowledge")
            await stage.card(ident, "Dana looks into it")
            await stage.command("/anomalies list")
            await stage.command(f"/anomalies archive {ident} as:resolved")
            await stage.status(ident, "Resolved")
