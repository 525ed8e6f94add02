"""Links, and how sources stand."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import model, ports
from bot.store import engine, identities, tables
from tests.store.making import NOON, SOURCE, after

DANA = model.Person(SOURCE, "7", "Dana", "dana@example.com")
LEE = model.Person(SOURCE, "8", "Lee")


async def test_a_link_is_found_from_both_sides(store: engine.Store) -> None:
    await store.identities.link("U1", DANA, "email", NOON)
    await store.identities.link("U1", model.Person("anodot", "x", "dana"), "picked", NOON)
    await store.identities.link("U2", LEE, "picked", NOON)
    assert await store.identities.find(["U1", "U2", "U3"], SOURCE) == {"U1": DANA, "U2": LEE}
    assert await store.identities.find([], SOURCE) == {}
    assert await store.identities.slack_id(DANA) == "U1"
    assert await store.identities.slack_id(model.Person("anodot", "7", "Dana")) == ""


async def test_a_new_link_replaces_the_old_one_and_unlinking_ends_it(store: engine.Store) -> None:
    await store.identities.link("U1", DANA, "email", NOON)
    await store.identities.link("U1", LEE, "picked", after(1))
    assert await store.identities.find(["U1"], SOURCE) == {"U1": LEE}
    assert await store.identities.slack_id(DANA) == ""
    await store.identities.unlink("U1", SOURCE)
    assert await store.identities.find(["U1"], SOURCE) == {}


async def test_a_person_has_one_owner(store: engine.Store) -> None:
    told = model.CardDraft(model.CardKind.REPORT, "U1", "replaced", state=model.CardState.LIVE, reason=model.Reason.REPORT)
    assert await store.identities.link("U1", DANA, "picked", NOON)
    assert not await store.identities.link("U2", DANA, "picked", after(1), told=[told]), "nobody is replaced unasked"
    assert not await store.identities.link("U2", DANA, "picked", after(1), replacing="U3", told=[told])
    assert await store.identities.find(["U1", "U2"], SOURCE) == {"U1": DANA} and not await store.cards.due(after(2), posted=False)
    assert await store.identities.link("U2", DANA, "picked", after(1), replacing="U1", told=[told])
    assert await store.identities.find(["U1", "U2"], SOURCE) == {"U2": DANA}
    assert await store.identities.slack_id(DANA) == "U2"
    assert [card.channel for card in await store.cards.due(after(2), posted=False)] == ["U1"]
    assert await store.identities.link("U2", DANA, "picked", after(3)), "again is no conflict"


async def test_two_who_claim_a_person_at_once_are_not_both_that_person(store: engine.Store) -> None:
    done = await asyncio.gather(*(store.identities.link(f"U{number}", DANA, "picked", NOON) for number in range(6)))
    assert done.count(True) == 1
    assert len(await store.identities.find([f"U{number}" for number in range(6)], SOURCE)) == 1


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_who_was_linked_between_the_look_and_the_write_is_not_replaced(
    kind: str, store: engine.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite lets one in at a time."""
    looked = identities._linked

    async def slowly(connection: AsyncConnection, person: model.Person) -> Sequence[Any]:
        rows = await looked(connection, person)
        monkeypatch.setattr(identities, "_linked", looked)
        assert await store.identities.link("U1", DANA, "picked", NOON)
        return rows

    monkeypatch.setattr(identities, "_linked", slowly)
    assert not await store.identities.link("U2", DANA, "picked", NOON)
    assert await store.identities.find(["U1", "U2"], SOURCE) == {"U1": DANA}


@pytest.mark.parametrize(
    ("earlier_owners", "owner"),
    [
        ({"U1": ("picked", 0), "U2": ("picked", 5)}, "U2"),
        ({"U1": ("email", 0), "U2": ("picked", 5)}, "U1"),
        ({"U1": ("picked", 5), "U2": ("picked", 5)}, "U2"),
    ],
    ids=["the later", "the address", "the same moment"],
)
async def test_of_several_owners_of_before_one_counts(store: engine.Store, earlier_owners: dict[str, tuple[str, int]], owner: str) -> None:
    async def earlier(connection: AsyncConnection) -> None:
        for slack_id, (how, at) in earlier_owners.items():
            row = {"slack_id": slack_id, "source": SOURCE, "person": DANA.id, "name": DANA.name, "email": DANA.email}
            await connection.execute(sa.insert(tables.links).values(row | {"how": how, "at": after(at)}))

    await store.identities._db.write(earlier)
    assert await store.identities.slack_id(DANA) == owner
    assert await store.identities.find(list(earlier_owners), SOURCE) == {owner: DANA}
    assert await store.identities.link(owner, DANA, "picked", after(9))
    assert await store.identities.find(list(earlier_owners), SOURCE) == {owner: DANA}


async def test_a_standing_tells_since_when_it_fails_and_how_it_stood(store: engine.Store) -> None:
    assert await store.health.get(SOURCE) == model.SourceHealth(SOURCE)
    before = await store.health.failed(SOURCE, "no answer", NOON, after(30))
    assert before == model.SourceHealth(SOURCE)
    before = await store.health.failed(SOURCE, "still none", after(30), after(90))
    assert (before.failing_since, before.failures, before.error) == (NOON, 1, "no answer")
    now = await store.health.get(SOURCE)
    assert (now.failing_since, now.failures, now.error, now.next_poll) == (NOON, 2, "still none", after(90))
    before = await store.health.ok(SOURCE, after(90))
    assert before == now
    assert await store.health.get(SOURCE) == model.SourceHealth(SOURCE, last_ok=after(90))


async def test_the_mark_of_the_watch_is_remembered_beside_the_cursor(store: engine.Store) -> None:
    await store.health.mark(SOURCE, "17", NOON)
    await store.anomalies.save(ports.Observation(SOURCE, [], read_at=NOON, now=NOON, cursor="c"))
    standing = await store.health.get(SOURCE)
    assert (standing.watch_mark, standing.cursor) == ("17", "c")


async def test_looks_that_are_asked_for_are_counted_and_answered_by_those_that_began_after(store: engine.Store) -> None:
    await store.health.ask(SOURCE)
    await store.health.ask(SOURCE)
    began = await store.health.get(SOURCE)
    assert (began.asked, began.wanted) == (2, True)
    await store.health.ask(SOURCE)
    await store.health.ok(SOURCE, NOON, began.asked)
    assert (await store.health.get(SOURCE)).wanted, "asked for while it was looked at"
    await store.health.ok(SOURCE, NOON, 3)
    await store.health.ok(SOURCE, NOON, 2)
    assert not (await store.health.get(SOURCE)).wanted, "a slow one takes no answer back"
