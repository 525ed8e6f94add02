"""What is measured by the day begins at midnight: more anomalies, or alerts, of the same second than one answer of Anodot holds."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from bot import errors, model
from bot.sources.anodot import arrivals, triggers
from sandbox.anodot import catalogue
from tests.sources import metrics_desk

HELD = 10**7
"""Seconds that an anomaly of these tests lasts."""


def midnight(site: metrics_desk.Site, count: int, scores: Sequence[float] = (0.95,), **wanted: Any) -> set[str]:
    """So many of one second of the past, and one before and one after it; their ids."""
    second = int(site.world.now()) - 3 * 86400
    given = {"resolution": "longlong", "up": True, **wanted}
    made = [site.one(started=second, life=HELD, score=scores[number % len(scores)], **given) for number in range(count)]
    around = [site.one(started=second + shift, life=HELD, resolution="medium") for shift in (-600, 600)]
    return {one.id for one in (*made, *around)}


WORLDS: Mapping[str, Mapping[str, Any]] = {
    "told apart by how heavy they are": {"count": 20, "scores": [number / 100 for number in range(40, 60)]},
    "told apart by their scale": {"count": 0},
    "as heavy as each other, as many as paging reaches": {"count": 4, "scores": (0.6,)},
}


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
async def test_all_of_a_second_are_listed_that_paging_does_not_reach(world: Mapping[str, Any]) -> None:
    async with metrics_desk.site(page_size=3) as site:
        site.world.modes.paging_max = 4
        ids = midnight(site, **world)
        for scale in ("short", "medium", "long", "weekly"):
            ids |= midnight(site, 3, resolution=scale)
        found = await site.source.find(model.Query())
        assert {one.ref.id for one in found.anomalies} == ids
        assert len(found.anomalies) == len(ids), "each once"
        met = [one.ref.id async for page in site.inner.opening().pages for one in page]
        assert (set(met), len(met)) == (ids, len(ids))


async def test_those_that_are_over_are_among_them_and_a_scale_that_is_not_known_fails_nothing() -> None:
    async with metrics_desk.site(page_size=3) as site:
        site.world.modes.paging_max, site.world.modes.weekly = 4, "refused"
        ids = [*midnight(site, 4), *midnight(site, 4, up=False), *midnight(site, 4, resolution="long")]
        for ident in ids[::2]:
            site.world.close(site.world.anomalies[ident])
        found = await site.source.find(model.Query(statuses=("any",)))
        assert {one.ref.id for one in found.anomalies} >= set(ids)


async def test_those_that_nothing_tells_apart_are_said_to_be_missing_and_the_list_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async with metrics_desk.site(page_size=3) as site:
        site.world.modes.paging_max = 4
        ids = midnight(site, 9, scores=(0.6,))
        with caplog.at_level(logging.WARNING):
            found = {one.ref.id for _ in range(2) for one in (await site.source.find(model.Query())).anomalies}
        assert found <= ids and len(found) >= 6, "those around it are there"
        assert caplog.text.count("score 60; some are not listed") == 1, "once, however often it is looked at"


@pytest.mark.parametrize("score", [1.0, 0.0])
async def test_a_list_of_equals_ends(score: float) -> None:
    """Also at either end of the scale, and where no score is told."""
    async with metrics_desk.site(page_size=3) as site:
        site.world.modes.paging_max = 4
        midnight(site, 9, scores=(score,))
        assert (await site.source.find(model.Query())).anomalies
        assert len(site.calls()) < 200


async def test_the_round_looks_at_all_of_a_second_page_by_page() -> None:
    """Late ones: none of them is among the newest, and none was there at the first look."""
    async with metrics_desk.site(page_size=5) as site:
        site.one(started=int(site.world.now()) - 60, life=HELD)
        cursor = (await site.source.changes("")).cursor
        ids = midnight(site, 23)
        late: list[str] = []
        for _ in range(6):
            site.calls()
            changes = await site.source.changes(cursor)
            late += [one.id for one in changes.late]
            cursor = changes.cursor
            lists = [call for call in site.calls() if call["path"].endswith("/anomalies")]
            assert len(lists) == 2, "the newest, and one page of the round"
        assert sorted(late) == sorted(ids), "each once: the next page begins behind the last one"


async def test_the_round_looks_at_all_of_a_second_that_paging_does_not_reach() -> None:
    async with metrics_desk.site(page_size=5) as site:
        site.world.modes.paging_max = 7
        site.one(started=int(site.world.now()) - 60, life=HELD)
        cursor = (await site.source.changes("")).cursor
        ids = midnight(site, 20, scores=[number / 100 for number in range(40, 60)])
        late = set[str]()
        for _ in range(8):
            changes = await site.source.changes(cursor)
            late |= {one.id for one in changes.late}
            cursor = changes.cursor
        assert late == ids


def test_a_cursor_of_an_earlier_release_is_read() -> None:
    (cursor,) = filter(None, [arrivals.read('{"looked": 1793491200.0, "newest": 1793491100.0, "turn": 1793490000}')])
    assert (cursor.turn, cursor.skip) == (1793490000, 0)
    assert arrivals.read(str(cursor)) == cursor


# --- alerts


def unknown(found: Mapping[str, model.Anomaly], ids: set[str]) -> set[str]:
    """Those of which it is not known that an alert was raised for them."""
    return {ident for ident in ids if found[ident].kept_here}


async def test_alerts_of_one_second_are_asked_for_in_a_larger_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(triggers, "SIZE", 5)
    async with metrics_desk.site() as site:
        ids = midnight(site, 23)
        assert unknown(await site.source.get(sorted(ids)), ids) == set()
        sizes = [dict(call["query"])["size"] for call in site.calls() if call["path"].endswith("alerts/triggered")]
        assert sizes.count(str(triggers.LARGE)) == 1 and len(sizes) <= 7, sizes


async def test_alerts_of_one_second_that_no_answer_holds_are_asked_for_in_parts() -> None:
    """By how severe they are, who acknowledged them, and whether they are over."""
    async with metrics_desk.site() as site:
        site.world.modes.triggers_most = 3
        ids = set[str]()
        for what in ("signups", "ad_spend", "temperature"):
            ids |= midnight(site, 4, what=what)
        for ident in sorted(ids)[::2]:
            for trigger in site.world.anomalies[ident].triggers:
                site.world.acknowledge(trigger, catalogue.DANA.id, True)
        for ident in sorted(ids)[::3]:
            site.world.close(site.world.anomalies[ident])
        found = await site.source.get(sorted(ids))
        assert unknown(found, ids) == set()
        held = {ident for ident in ids if site.world.anomalies[ident].triggers[0].acks}
        assert {ident for ident, one in found.items() if one.state is model.State.ACKNOWLEDGED} == held


async def test_alerts_that_nothing_tells_apart_are_said_to_be_missing(caplog: pytest.LogCaptureFixture) -> None:
    async with metrics_desk.site() as site:
        site.world.modes.triggers_most = 3
        ids = midnight(site, 9)
        with caplog.at_level(logging.WARNING):
            await site.source.get(sorted(ids))
            found = await site.source.get(sorted(ids))
        assert 0 < len(unknown(found, ids)) < len(ids)
        assert caplog.text.count("more alerts than an answer holds began in one second") == 1


async def test_a_word_by_which_a_deployment_does_not_tell_alerts_apart_fails_nothing() -> None:
    async with metrics_desk.site() as site:
        site.world.modes.triggers_most = 3
        ids = midnight(site, 9)
        site.parts.faults.add(mode="failed", path="/alerts/triggered", skip=2, times=6)
        try:
            found = await site.source.get(sorted(ids))
        except errors.SourceError as error:
            pytest.fail(f"it is no failure: {error}")
        assert len(found) == len(ids)
