"""Routes: the one of the settings, and those that are rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import pytest

from bot import errors, model
from bot.store import engine, routes
from tests.core.grammar import spoken
from tests.store.making import CHANNEL, NOON, after

HOME = model.Route("default", CHANNEL, burst=5, wait_seconds=10.0)


WORDS = {word: model.Word(model.Handling.SENT) for word in ("status", "min", "tag", "since", "delta", "direction", "table")}


@dataclass(frozen=True)
class Filtering(spoken.System):
    """A system as the grammar knows it, which takes these words and no others."""

    words: Mapping[str, model.Word] = field(default_factory=lambda: WORDS)


SYSTEMS: Any = [Filtering(one.name, one.title, one.idents, one.own_words, one.archive_as) for one in (spoken.QUALYTICS, spoken.ANODOT)]


def _routes(store: engine.Store, clock: mock.Mock, zone: str = "UTC") -> routes.Routes:
    return routes.Routes(store.db, HOME, clock, ZoneInfo(zone), SYSTEMS, spoken.ELSEWHERE)


async def test_the_settings_make_the_one_route_there_is_today(store: engine.Store) -> None:
    known = _routes(store, mock.Mock(now=lambda: NOON))
    assert known.home == HOME and await known.list() == [HOME]
    assert await known.get("default") == HOME and await known.get("other") is None


async def test_a_row_is_a_route_and_takes_its_pace_from_the_settings_where_it_says_nothing(store: engine.Store) -> None:
    known = _routes(store, mock.Mock(now=lambda: NOON))
    await known.put(model.Route("heavy", "C0HEAVY", burst=2, wait_seconds=3.0), "min:50", "U1", after(2))
    await known.put(model.Route("pii", "C0PII"), "tag:pii", "U1", after(1))
    async with store.db.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE routes SET burst = NULL, wait_seconds = NULL WHERE id = 'pii'")
    pii = model.Route("pii", "C0PII", model.Query(tags=("pii",)), burst=5, wait_seconds=10.0)
    heavy = model.Route("heavy", "C0HEAVY", model.Query(min_weight=50.0), burst=2, wait_seconds=3.0)
    assert await known.list() == [HOME, pii, heavy] and await known.get("heavy") == heavy
    await known.put(heavy, "min:80", "U1", after(3))
    assert (await known.list())[2].query.min_weight == 80.0


async def test_relative_days_of_a_route_are_those_of_the_day_in_the_zone_of_the_desk(store: engine.Store) -> None:
    clock = mock.Mock(now=mock.Mock(return_value=NOON))
    known = _routes(store, clock, "Asia/Tokyo")
    await known.put(model.Route("fresh", "C0FRESH"), "since:7d", "U1", NOON)
    for now, since in (
        (datetime(2026, 3, 2, 14, 0, tzinfo=UTC), date(2026, 2, 23)),
        (datetime(2026, 3, 2, 15, 0, tzinfo=UTC), date(2026, 2, 24)),
    ):
        clock.now.return_value = now
        found = await known.get("fresh")
        assert found and found.query.since == since, now


async def test_a_route_whose_filter_cannot_be_read_takes_nothing_and_holds_up_no_other(
    store: engine.Store, caplog: pytest.LogCaptureFixture
) -> None:
    known = _routes(store, mock.Mock(now=lambda: NOON))
    await known.put(model.Route("later", "C1"), "delta:7", "U1", NOON)
    async with store.db.writer.begin() as connection:
        await connection.exec_driver_sql("UPDATE routes SET filter = 'resolution:7' WHERE id = 'later'")
    await known.put(model.Route("pii", "C0PII"), "tag:pii", "U1", after(1))
    for _ in range(2):
        assert [route.id for route in await known.list()] == ["default", "pii"] and await known.get("later") is None
    assert len(caplog.records) == 1 and "the route later takes nothing" in caplog.text
    assert "resolution: is a word of Anomify, which is not connected here" in caplog.text


async def test_a_route_may_use_the_words_of_one_system(store: engine.Store) -> None:
    known = _routes(store, mock.Mock(now=lambda: NOON))
    await known.put(model.Route("steep", "C0STEEP"), "change:20% status:active", "U1", NOON)
    (_, steep) = await known.list()
    assert steep.query == model.Query(statuses=("active",), others=(("delta", "20"),))


@pytest.mark.parametrize(
    ("words", "refusal", "said"),
    [
        ("delta:steep", errors.BadCommand, "It takes a whole number"),
        ("resolution:1h", errors.BadCommand, "is a word of Anomify, which is not connected here"),
        ("speed:9", errors.BadCommand, "There is no filter word"),
        ("direction:up", errors.NotSupported, "Only Anodot can tell what matches direction:"),
        ("enriched:yes", errors.NotSupported, "cannot filter by enriched:"),
    ],
)
async def test_a_filter_of_a_route_is_refused_as_in_a_command_and_changes_nothing(
    store: engine.Store, words: str, refusal: type[errors.UserError], said: str
) -> None:
    known = _routes(store, mock.Mock(now=lambda: NOON))
    before = model.Route("heavy", "C0HEAVY", model.Query(min_weight=50.0))
    await known.put(before, "min:50", "U1", NOON)
    with pytest.raises(refusal, match=said):
        await known.put(before, words, "U1", after(1))
    assert await known.get("heavy") == before
