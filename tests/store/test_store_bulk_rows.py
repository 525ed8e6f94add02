"""Many rows at once: the same as row by row."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from bot.store import bulk_rows, columns, engine, outbox, tables
from tests.store.making import NOON, after, draft, live


async def test_they_are_what_the_library_would_have_inserted(store: engine.Store) -> None:
    made = [outbox.values(draft(1), NOON, 3), outbox.values(live(2, key="half \ud800 of a pair", payload={"\0": [1, None, "ü"]}), NOON)]
    await store.db.write(lambda connection: bulk_rows.insert(connection, tables.cards, made))
    ours = {row.id: row for row in await store.db.read(lambda connection: connection.execute(sa.select(tables.cards)))}
    await store.db.write(lambda connection: connection.execute(sa.delete(tables.cards)))
    await store.db.write(lambda connection: connection.execute(sa.insert(tables.cards), made))
    theirs = {row.id: row for row in await store.db.read(lambda connection: connection.execute(sa.select(tables.cards)))}
    assert ours == theirs and len(ours) == 2


async def test_a_column_that_has_to_be_given_is_named(store: engine.Store) -> None:
    with pytest.raises(ValueError, match="windows needs group_card, posted"):
        await store.db.write(
            lambda connection: bulk_rows.insert(connection, tables.windows, [{"route": "r", "opened": NOON, "closes": NOON}])
        )


async def test_rows_are_found_by_their_key_and_changed_alone(store: engine.Store) -> None:
    made = [outbox.values(live(number), NOON) for number in range(4)]
    await store.db.write(lambda connection: bulk_rows.insert(connection, tables.cards, made))
    changes = [{"id": made[number]["id"], "error": f"e{number}", "due": after(number), "payload": {"n": number}} for number in (1, 2)]
    await store.db.write(lambda connection: bulk_rows.update(connection, tables.cards, ("id",), changes))
    rows = {row.id: row for row in await store.db.read(lambda connection: connection.execute(sa.select(tables.cards)))}
    told = [(rows[one["id"]].error, rows[one["id"]].due, rows[one["id"]].payload, rows[one["id"]].key) for one in made]
    assert told == [
        ("", NOON, {}, "qualytics:0"),
        ("e1", after(1), {"n": 1}, "qualytics:1"),
        ("e2", after(2), {"n": 2}, "qualytics:2"),
        ("", NOON, {}, "qualytics:3"),
    ]


async def test_nothing_is_nothing(store: engine.Store) -> None:
    await store.db.write(lambda connection: bulk_rows.update(connection, tables.windows, ("route",), []))
    await store.db.write(lambda connection: bulk_rows.insert(connection, tables.windows, []))


@pytest.mark.parametrize(("value", "text"), [({"b": 1}, '{"b": 1}'), (columns.Encoded('{"b":1}'), '{"b":1}'), (None, "null")])
def test_json_that_is_text_already_is_bound_as_it_is(value: object, text: str) -> None:
    assert columns.as_json(value) == text
