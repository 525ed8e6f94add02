"""What earlier releases remembered as facts: carried over once, whatever happens meanwhile, and never over something newer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bot import model
from bot.store import columns, connections, engine, health_tables, legacy_facts
from tests.store.making import NOON, SOURCE, after
from tests.store.test_store_migrations import to_revision

LEARNED = {"datastore_key": "datastore_id", "off": {}}

OLD: dict[str, Any] = {
    f"told.{SOURCE}": {"since": NOON.isoformat(), "error": "no answer"},
    f"operations.noticed.{SOURCE}": {"at": NOON.isoformat(), "old": ["7", "8"]},
    "slack.refused:C1": NOON.isoformat(),
    "slack.refused:C2": None,
    "slack.plain_blocks": NOON.isoformat(),
    "digest.default": after(60).isoformat(),
    f"dialect.{SOURCE}.127.0.0.1:18733": LEARNED,
    "desk.ready": NOON.isoformat(),
}


async def write(store: engine.Store, at: datetime, **facts: Any) -> None:
    """As a process of the last release does it: it knows three columns."""
    old = sa.table("facts", sa.column("key", columns.Words()), sa.column("value", sa.JSON()), sa.column("at", columns.Utc()))

    async def work(connection: Any) -> None:
        for key, value in facts.items():
            changed = await connection.execute(sa.update(old).where(old.c.key == key).values(value=value, at=at))
            if not changed.rowcount:
                await connection.execute(sa.insert(old).values(key=key, value=value, at=at))

    await store.db.write(work)


async def seen(store: engine.Store) -> tuple[object, ...]:
    """All that was carried over."""
    standing = await store.health.get(SOURCE)
    return (
        standing.told,
        (standing.noticed, standing.over),
        [await store.slack.refused_since(channel) for channel in ("C1", "C2")],
        await store.slack.charts_refused(),
        await store.digests.get("default"),
        await store.traits.get(SOURCE, "127.0.0.1:18733"),
    )


CARRIED = (model.Trouble(NOON, "no answer"), (NOON, ("7", "8")), [NOON, None], NOON, after(60), LEARNED)


async def test_a_database_of_the_sixth_revision_keeps_what_its_facts_said(url: str) -> None:
    await to_revision(url, "0006")
    db = engine._database(engine.parse(url), connections.Patience())
    rows = [{"key": key, "value": value, "at": NOON} for key, value in OLD.items()]
    facts = sa.Table("facts", sa.MetaData(), *(sa.Column(one.name, one.type) for one in health_tables.facts.c if one.name != "carried"))
    await db.write(lambda connection: connection.execute(sa.insert(facts), rows))
    await db.close()
    await engine.migrate(url)
    store = await engine.open(url)
    try:
        assert await store.legacy.carry() == len(OLD)
        assert await seen(store) == CARRIED
        assert await store.legacy.carry() == 0
        count = await store.db.read(lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(health_tables.facts)))
        assert count == len(OLD), "a process of the last release still reads them"
    finally:
        await store.close()


@pytest.mark.parametrize("which", range(len(OLD)))
async def test_a_kill_loses_nothing(store: engine.Store, which: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """At any fact; the slice that is cut off is done again from its start."""
    monkeypatch.setattr(legacy_facts, "SLICE", 3)
    await write(store, NOON, **OLD)
    left, carried = which, legacy_facts._carry

    async def killed(*arguments: Any) -> None:
        nonlocal left
        if not left:
            raise RuntimeError("killed")
        left -= 1
        await carried(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(legacy_facts, "_carry", killed)
        with pytest.raises(RuntimeError):
            await store.legacy.carry()
    assert await store.legacy.carry() == len(OLD) - 3 * (which // 3)
    assert await seen(store) == CARRIED


async def test_what_is_newer_than_a_fact_stays(store: engine.Store) -> None:
    later, trouble = after(120), model.Trouble(after(90), "again")
    await store.health.told(SOURCE, trouble, later)
    await store.health.noticed(SOURCE, later, ["9"])
    await store.slack.works("C1", later)
    await store.slack.refuses("C2", later)
    await store.slack.refuses_charts(later)
    await store.digests.put("default", later)
    await store.traits.merge(SOURCE, "127.0.0.1:18733", {}, later)
    before = await seen(store)
    await write(store, NOON, **OLD)
    assert await store.legacy.carry() == len(OLD)
    assert await seen(store) == before


async def test_a_process_of_the_last_release_goes_on_beside_this_one(store: engine.Store) -> None:
    """What it writes later is carried over later: people are not told twice, and no digest is made twice."""
    await write(store, NOON, **OLD)
    await store.legacy.carry()
    day = timedelta(days=1)
    await write(store, NOON + day, **{f"told.{SOURCE}": None, "slack.refused:C1": None, "digest.default": (after(60) + day).isoformat()})
    assert await store.legacy.carry() == 3
    assert (await store.health.get(SOURCE)).told is None
    assert await store.slack.refused_since("C1") is None
    assert await store.digests.get("default") == after(60) + day


async def test_a_source_that_the_last_release_adds_is_read(store: engine.Store) -> None:
    """It knows none of the new columns."""
    new = {"told_since", "told_error", "told_at", "noticed", "noticed_over"}
    old = sa.Table("sources", sa.MetaData(), *(sa.Column(one.name, one.type) for one in health_tables.sources.c if one.name not in new))
    row = {"source": SOURCE, "cursor": "c", "failures": 0, "error": "", "watch_mark": ""}
    await store.db.write(lambda connection: connection.execute(sa.insert(old).values(row)))
    assert await store.health.get(SOURCE) == model.SourceHealth(SOURCE, cursor="c")


@pytest.mark.parametrize(
    "facts",
    [
        {"slack.plain_blocks": True},
        {f"told.{SOURCE}": ["x"], "slack.refused:C1": 7},
        {"digest.default": "yesterday", f"operations.noticed.{SOURCE}": {"at": "2026-03-02T12:00:00"}},
        {"from.another.product": {}},
    ],
    ids=["for ever", "another shape", "no time", "another key"],
)
async def test_what_cannot_be_read_counts_for_nothing_and_stops_nothing(store: engine.Store, facts: dict[str, Any]) -> None:
    await write(store, NOON, **facts)
    assert await store.legacy.carry() == len(facts)
    assert await seen(store) == (None, (None, ()), [None, None], None, None, None)
    assert await store.legacy.carry() == 0
