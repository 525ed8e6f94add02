"""An App Home of somebody to whom 500 are assigned, among 1,000 and among 1,000,000 that are tracked: what drawing it costs the bot.

The store is filled in its own tables, copied from rows that the product wrote itself: of the rest every tenth is open, and one in three of
those is somebody else's. What is measured is a redraw after a click, from what is due to what Slack has taken, with all that it renders.
"""

from __future__ import annotations

import gc
import shutil
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from bench import figures, stand, steady
from bot import app
from bot.services import home, presence

PERSON = stand.PEOPLE[0]
MINE, COLLEAGUES = 500, 40
ROUNDS = 11
MOST_MS = 300.0
THEIRS = "12"
"""Who that is among the users of the fake Qualytics: the one with the same address."""


async def rows(folder: Path) -> list[figures.Row]:
    """Processor time of a drawing, beside that of the same Home among a thousand."""
    async with stand.standing(folder / "home", budgets=False) as here:
        async with here.desk("few.db") as desk:
            await steady.post_group(here, desk)
        shutil.copy(here.folder / "few.db", here.folder / "many.db")
        took = steady.fill(here.folder / "many.db")
        for name in ("few.db", "many.db"):
            _assign(here.folder / name)
        few, many = [await _measured(here, name) for name in ("few.db", "many.db")]
    return [
        figures.Row(
            f"an App Home of somebody with {MINE} assigned, {steady.MANY:,} tracked: processor time of a drawing (median of {ROUNDS})",
            f"{figures.median(many):.0f} ms, at most {max(many):.0f} ms",
            f"{steady.FEW:,} tracked: {figures.median(few):.0f} ms",
            f"{figures.median(many) / figures.median(few):.2f} x",
            f"<= {MOST_MS:g} ms",
            figures.median(many) <= MOST_MS,
            f"SQLite in the bot's own process, so its work counts; filling the store took {took:.0f} s.",
        )
    ]


def _assign(path: Path) -> None:
    """Some are theirs, and of the others that are open one in three is a colleague's."""
    filling = sa.create_engine(f"sqlite:///{path}")
    with filling.begin() as connection:
        connection.exec_driver_sql("DELETE FROM anomaly_assignees")
        found = "SELECT source, id, row_number() OVER (ORDER BY created DESC) AS n FROM anomalies WHERE closed IS NULL"
        connection.exec_driver_sql(
            f"INSERT INTO anomaly_assignees (source, anomaly, value) SELECT source, id, "
            f"CASE WHEN n <= {MINE} THEN '{THEIRS}' ELSE 'colleague-' || (n % {COLLEAGUES}) END "
            f"FROM ({found}) WHERE n <= {MINE} OR n % 3 = 0"
        )
    filling.dispose()


async def _measured(here: stand.Stand, name: str) -> list[float]:
    """Milliseconds of processor time of each redraw."""
    took = []
    async with here.desk(name) as desk:
        clock = desk.desk.clock
        assert isinstance(clock, presence.SetClock)
        await desk.desk.home.opened(PERSON, "")
        await _is_whole(desk)
        for _ in range(ROUNDS):
            clock.ahead += home.PACE + timedelta(seconds=1)
            await desk.store.homes.notice(PERSON, f"Drawn at {clock.now()}.", clock.now())
            gc.collect()
            began = time.process_time()
            await desk.desk.home.draw(PERSON)
            took.append((time.process_time() - began) * 1000)
    calls = await here.calls("views.publish")
    if len(calls) < ROUNDS or any(call["error"] for call in calls):
        raise RuntimeError(f"the Home was not shown: {[call['error'] for call in calls]}")
    return took


async def _is_whole(desk: app.Running) -> None:
    """It shows the queue that this is about."""
    known = await desk.store.homes.get(PERSON)
    if known is None or known.people.get("qualytics") != THEIRS:
        raise RuntimeError(f"{PERSON} is not user {THEIRS} of Qualytics: {known}")
