"""What one click asks of the database: counted at the engine, so that it cannot grow unnoticed. SQLite has one writer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from bot.render.kit import ids
from tests.handlers.front import Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRITES, STATEMENTS = 9, 21
"""Transactions that write, and statements in them: the delivery; the intent; sent; the record; the card's lease; the card as delivered;
the delivery's end; the comment taken, the comment there."""
READS, LOOKS = 9, 12
"""Transactions that read, and statements in them."""


AROUND = ("BEGIN", "SAVEPOINT", "RELEASE")
"""What stands around the statements; by chance some transactions wait for the writer together, and then there is more of it."""


@contextmanager
def counted(front: Front) -> Iterator[Counter[str]]:
    """How many transactions and statements there are while this is open."""
    found: Counter[str] = Counter()
    engines = {"write": front.running.store.db.writer.sync_engine, "read": front.running.store.db.reader.sync_engine}

    def committed(what: str) -> Any:
        return lambda connection: found.update([f"{what} transactions"])

    def executed(what: str) -> Any:
        def heard(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            found.update([f"{what} statements"] if not statement.startswith(AROUND) else [])

        return heard

    heard = [
        (one, name, make(what))
        for what, one in engines.items()
        for name, make in (("commit", committed), ("before_cursor_execute", executed))
    ]
    for one, name, listener in heard:
        event.listen(one, name, listener)
    try:
        yield found
    finally:
        for one, name, listener in heard:
            event.remove(one, name, listener)


async def test_a_click_takes_few_transactions_and_statements(front: Front) -> None:
    first, second = await front.arrive(2)
    await front.send(front.press(front.card(first), ids.ACKNOWLEDGE))  # what is asked once for all clicks has been
    with counted(front) as found:
        await front.send(front.press(front.card(second), ids.ACKNOWLEDGE))
    assert "Dana looks into it" in visible(front.card(second))
    assert (await front.stage.truth(second))["status"] == "Acknowledged"
    assert found["write transactions"] <= WRITES and found["write statements"] <= STATEMENTS, found
    assert found["read transactions"] <= READS and found["read statements"] <= LOOKS, found
