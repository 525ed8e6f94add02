"""Looking through many: pages, what is ticked, and what a selection comes to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot import errors, model, ports
from bot.services import review
from tests.services import cast
from tests.services.test_browse import ME, looking, many, taken

WORDS = model.ReviewScope(words="min:1")
ALL = model.Query(min_weight=1)
TODAY = cast.Clock().now().date()


class Group:
    """A group card of so many."""

    def __init__(self, count: int) -> None:
        self.all = list(reversed(many(count)))

    def joined(self, version: int) -> list[model.Anomaly]:
        """One joins with each version, the first with the first."""
        return self.all[-version:] if version else self.all

    async def tally(self, card: str, sample: int = 5, *, version: int = 0, severity: model.Severity | None = None) -> ports.Tally:
        there = self.joined(version)
        return ports.Tally(len(there), {}, [], [], sources=[("qualytics", len(there))], later=len(self.all) - len(there))

    async def members(self, card: str, *, offset: int = 0, limit: int = 10, version: int = 0, severity: str = "") -> list[model.Anomaly]:
        assert card == "g1"
        return self.joined(version)[offset : offset + limit]


def reviewing(count: int) -> tuple[review.Review, cast.System]:
    system = cast.System(all=many(count))
    looker = looking(system)
    looker.cards = Group(count)  # type: ignore[assignment]
    return review.Review(looker), system


def form(which: str, **values: Any) -> model.ReviewInput:
    """A form as it was sent."""
    return replace(model.ReviewInput(WORDS, "qualytics", 0, ("3", "2"), frozenset(), which, "", None), **values)


def idents(found: Sequence[model.Anomaly]) -> list[str]:
    return [one.ref.id for one in found]


async def test_a_page_of_a_filter_keeps_what_is_ticked_and_where_it_was_asked() -> None:
    service, _ = reviewing(25)
    page = await service.page(WORDS, ALL, ME, 10, {"1", "20"}, "C1")
    assert idents(page.anomalies) == [str(number) for number in range(15, 5, -1)]
    assert (page.total, page.offset, page.picked, page.channel) == (25, 10, {"1", "20"}, "C1")
    assert (page.scope.words, page.scope.card) == ("min:1", "")


async def test_a_page_of_a_group_card_is_of_its_members() -> None:
    service, system = reviewing(12)
    page = await service.page(model.ReviewScope(card="g1"), model.Query(), ME, 10)
    assert (idents(page.anomalies), page.total, page.offset, page.scope.card) == (["2", "1"], 12, 10, "g1")
    assert system.asked == []


async def test_behind_the_end_is_the_first_page() -> None:
    service, _ = reviewing(5)
    page = await service.page(WORDS, ALL, ME, 20, {"4"}, "C1")
    assert (len(page.anomalies), page.offset, page.picked, page.channel) == (5, 0, {"4"}, "C1")
    empty, _ = reviewing(0)
    assert (await empty.page(WORDS, ALL, ME, 20)).anomalies == []


async def test_all_of_a_filter_is_everything_that_matches_now() -> None:
    service, system = reviewing(25)
    chosen = await service.targets(form("all"), replace(ALL, min_weight=4), ME)
    assert (len(await taken(chosen)), chosen.missing) == (22, ())
    system.all = ()
    with pytest.raises(errors.NotFound):
        await service.targets(form("all"), ALL, ME)


async def test_all_of_a_group_card_is_its_members_read_anew() -> None:
    service, system = reviewing(12)
    system.all = many(11)
    chosen = await service.targets(form("all", scope=model.ReviewScope(card="g1")), model.Query(), ME)
    assert (len(await taken(chosen)), [ref.id for ref in chosen.missing]) == (11, ["12"])


async def test_who_joined_a_group_card_after_it_was_seen_is_not_meant_and_is_counted() -> None:
    service, _ = reviewing(12)
    scope = model.ReviewScope(card="g1", version=11)
    page = await service.page(scope, model.Query(), ME)
    assert (page.total, page.later, page.scope) == (11, 1, scope)
    chosen = await service.targets(form("all", scope=scope), model.Query(), ME)
    assert (idents(await taken(chosen)), chosen.later) == ([str(number) for number in range(11, 0, -1)], 1)


@pytest.mark.parametrize(("which", "meant"), [("page", ["3", "2"]), ("picked", ["1", "5"])])
async def test_the_page_or_what_is_ticked_is_read_anew(which: str, meant: list[str]) -> None:
    service, _ = reviewing(5)
    chosen = await service.targets(form(which, picked=frozenset({"5", "1"})), ALL, ME)
    assert (idents(await taken(chosen)), list(chosen.missing)) == (meant, [])


async def test_nothing_ticked_is_said_before_anything_is_asked() -> None:
    service, system = reviewing(5)
    with pytest.raises(errors.NotFound, match="Nothing is ticked"):
        await service.targets(form("picked"), ALL, ME)
    assert system.asked == []


async def test_what_a_selection_is_called_on_its_receipt() -> None:
    service, _ = reviewing(1)
    assert service.words(form("all")) == "min:1"
    assert service.words(form("all", scope=model.ReviewScope(card="g1"))) == "a group card"
    assert service.words(form("page")) == service.words(form("picked")) == "chosen in a review"


async def test_another_filter_is_shown_from_its_first_page() -> None:
    service, _ = reviewing(25)
    page = await service.filtered(form("picked", typed="min:3", offset=10, picked=frozenset({"1"})), ME, TODAY)
    assert (page.scope.words, page.offset, page.picked, page.notice, page.source) == ("min:3", 0, frozenset(), "", "qualytics")


async def test_a_filter_that_cannot_be_understood_is_told_on_the_page_that_was_there() -> None:
    service, _ = reviewing(25)
    page = await service.filtered(form("picked", typed="minn:3", offset=10, picked=frozenset({"1"})), ME, TODAY)
    assert (page.scope.words, page.offset, page.picked) == ("min:1", 10, {"1"})
    assert "Did you mean min:?" in page.notice


async def test_what_was_typed_into_the_form_is_not_slacks_markup() -> None:
    service, _ = reviewing(25)
    page = await service.filtered(form("picked", typed='q:"a &lt; b"'), ME, TODAY)
    assert page.scope.words == 'q:"a &lt; b"'


def test_a_group_card_has_no_filter() -> None:
    service, _ = reviewing(1)
    assert service.query(model.ReviewScope(words="min:2", card="g1"), TODAY) == model.Query()
    assert service.query(model.ReviewScope(words="min:2"), TODAY) == model.Query(min_weight=2)


def test_a_review_that_was_opened_when_open_meant_active_goes_on_meaning_it() -> None:
    service, _ = reviewing(1)
    assert service.query(model.ReviewScope(words="status:open"), TODAY).statuses == ("active",)
