"""Lists, reviews, digests, status and people with the strange system, alone and beside another, and while one of them is down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot import errors, model
from bot.render.anomaly import replies
from bot.render.digest import digest_message
from bot.render.kit import ids
from bot.render.review import review_form
from bot.services import browse, digest, open_ones, people, placing, review, selecting, status
from tests.render import slack_rules
from tests.services import desk as desks
from tests.services import lab, whole
from tests.services import town as towns

ME = desks.DANA
OPEN = model.Query()


@dataclass
class Looking:
    """What looks, over a town whose systems have anomalies: `here` are those of the strange one."""

    town: towns.Town
    desk: desks.Desk
    here: list[model.Ref]
    browse: browse.Browse
    digests: digest.Digests

    @property
    def review(self) -> review.Review:
        return review.Review(self.browse)

    def down(self) -> None:
        """The strange system answers nobody."""
        self.town.fault("reply", json={"code": 53, "message": "busy"})

    def other_down(self) -> None:
        """The other one does not, and the strange one does."""
        away = errors.SourceUnavailable("qualytics", "Qualytics did not answer.")
        self.town.world.system.faults = {name: [away] * 9 for name in ("find", "get", "read", "changes")}


@pytest.fixture
async def looking(town: towns.Town) -> Looking:
    world = town.world
    world.system = whole.Whole(world.clock)
    desk, here = await town.met(2)
    world.system.put(7, 8)
    await desk.look()
    sources: Any = desk.triage.sources
    looks = browse.Browse(
        sources=sources,
        anomalies=world.store.anomalies,
        cards=world.store.cards,
        journal=world.store.journal,
        health=world.store.health,
        resolve=desk.triage.people.resolve,
        clock=world.clock,
        grants=desk.grants,
        routes=desk.cards.routes,
        known=open_ones.OpenOnes(store=world.store.open_ones),
    )
    digests = digest.Digests(
        sources=sources,
        anomalies=world.store.anomalies,
        journal=world.store.journal,
        marks=world.store.digests,
        leases=world.store.leases,
        browse=looks,
        cards=desk.cards,
        clock=world.clock,
        grants=desk.grants,
        spec="13:00 daily",
        zone=ZoneInfo("UTC"),
    )
    desk.cards.drawers[model.CardKind.DIGEST] = digests.draw
    return Looking(town, desk, here, looks, digests)


@pytest.fixture
def mixed(looking: Looking) -> Looking:
    if not looking.town.mixed:
        pytest.skip("there is one system alone")
    return looking


# --- lists and counts


async def test_a_list_has_each_in_the_words_of_its_system(looking: Looking) -> None:
    await looking.desk.click(model.Change(model.Action.ARCHIVE, archive_as="broken"), looking.here[0])
    page = await looking.browse.listing(model.Query(statuses=("any",)), ME)
    seen = slack_rules.seen(replies.listing(page)).replace("\u200b", "")
    assert "Archived as Broken" in seen
    rows = [row for row in seen.split("Show") if looking.here[1].id in row]
    assert rows and "unassigned" not in rows[0]
    assert ("strange:ab:" in seen and "qualytics:7" in seen) is looking.town.mixed
    assert page.capabilities_of.keys() == ({"strange", "qualytics"} if looking.town.mixed else {"strange"})


async def test_a_word_that_is_applied_here_is_answered_from_what_is_known_and_read_again(looking: Looking) -> None:
    town = looking.town
    town.strange.change(town.strange.signals[looking.here[0].id], score=0.95)
    town.world.clock.pass_by(seconds=60)
    await looking.desk.look()
    town.parts.app.calls.clear()
    page = await looking.browse.listing(model.Query(source="strange", min_weight=0.9), ME)
    assert [one.ref for one in page.anomalies] == [looking.here[0]]
    assert page.as_of is not None
    assert [call["path"] for call in town.parts.app.calls] == [f"/v0/signals/{looking.here[0].id}"], "one was read, and no list"


async def test_a_count_is_of_each(looking: Looking) -> None:
    counted = await looking.browse.count(OPEN, ME)
    assert counted.total == len(looking.town.strange.open) + (3 if looking.town.mixed else 0)
    assert dict(counted.totals) == ({"Qualytics": 3, "Strange": len(looking.town.strange.open)} if looking.town.mixed else {})


async def test_while_one_is_down_the_other_is_listed_counted_and_exported(mixed: Looking) -> None:
    mixed.down()
    page = await mixed.browse.listing(OPEN, ME)
    assert {one.ref.source for one in page.anomalies} == {"qualytics"}
    for unheard in (page.unheard, (await mixed.browse.count(OPEN, ME)).unheard, (await mixed.browse.export(OPEN, ME)).unheard):
        assert [(gone.source, gone.down) for gone in unheard] == [("strange", True)]
        assert "busy" in unheard[0].why


async def test_while_the_only_one_is_down_its_words_are_told(looking: Looking) -> None:
    looking.down()
    looking.other_down()
    for asked in (looking.browse.listing(OPEN, ME), looking.browse.count(OPEN, ME), looking.digests.ask(OPEN, ME)):
        with pytest.raises(errors.SourceUnavailable, match="busy"):
            await asked


async def test_ids_that_name_their_system_are_asked_for_there_alone(mixed: Looking) -> None:
    first = mixed.here[0]
    page = await mixed.browse.listing(model.Query(ids=(str(first), "qualytics:7")), ME)
    assert {str(one.ref) for one in page.anomalies} == {str(first), "qualytics:7"}
    mixed.down()
    page = await mixed.browse.listing(model.Query(ids=("qualytics:7",)), ME)
    assert [str(one.ref) for one in page.anomalies] == ["qualytics:7"] and not page.unheard, "nobody else was asked"
    assert await mixed.browse.search.size(model.Query(ids=("qualytics:7", "qualytics:99")), ME) == 1
    with pytest.raises(errors.NotFound, match="Qualytics can have none of these: strange:ab:1/x"):
        await mixed.browse.listing(model.Query(source="qualytics", ids=("strange:ab:1/x",)), ME)


async def test_an_id_whose_form_only_one_has_is_asked_for_there_alone(mixed: Looking) -> None:
    mixed.town.world.system.idents = model.Idents("[0-9]+")
    mixed.other_down()
    page = await mixed.browse.listing(model.Query(ids=(mixed.here[0].id,)), ME)
    assert [one.ref for one in page.anomalies] == [mixed.here[0]]
    assert not page.unheard, "nobody else was asked"


async def test_an_id_without_its_system_is_placed_by_its_form_though_that_is_down(looking: Looking) -> None:
    looking.down()
    places = placing.Placing(looking.browse.sources, looking.town.world.store.anomalies, looking.browse.spoken)
    assert await places.placed([model.Ref("", "ab:999/x")]) == (model.Ref("strange", "ab:999/x"),)


async def test_one_is_shown_and_its_history_told_without_comments(looking: Looking) -> None:
    await looking.desk.click(desks.ACK, looking.here[0])
    shown, entries, comments = await looking.browse.history(looking.here[0], ME)
    assert (shown.capabilities.title, [entry.action for entry in entries], list(comments)) == ("Strange", ["acknowledge"], [])
    looking.down()
    with pytest.raises(errors.SourceUnavailable, match="busy"):
        await looking.browse.show(looking.here[0], ME)


# --- reviews


def form(looking: Looking, *picked: model.Ref, which: str = "picked", change: model.Change = desks.ACK) -> model.ReviewInput:
    """A review of everything that is open, as it was sent."""
    source = "" if looking.town.mixed else "strange"
    words = frozenset(ids.pick(ref, source) for ref in picked)
    return model.ReviewInput(model.ReviewScope(), source, 0, tuple(words), words, which, "", change)


async def taken(chosen: selecting.Selection) -> list[model.Anomaly]:
    """All of a selection."""
    return [one async for page in chosen.pages() for one in page]


async def test_a_page_of_a_review_has_both_and_what_is_ticked_is_read_in_its_own_system(looking: Looking) -> None:
    page = await looking.review.page(model.ReviewScope(), OPEN, ME)
    assert page.source == ("" if looking.town.mixed else "strange")
    view = review_form.form(page, looking.browse.together([page.source] if page.source else ()))
    assert all(one.ref.id in str(view) for one in page.anomalies)
    picked = [*looking.here[:1], *([model.Ref("qualytics", "7")] if looking.town.mixed else [])]
    chosen = await looking.review.targets(form(looking, *picked), OPEN, ME)
    assert {one.ref for one in await taken(chosen)} == set(picked)
    everything = await looking.review.targets(form(looking, which="all"), OPEN, ME)
    assert {one.ref for one in await taken(everything)} >= {*looking.here, *picked}


async def test_a_review_while_one_is_down_has_the_other_and_says_so(mixed: Looking) -> None:
    mixed.down()
    page = await mixed.review.page(model.ReviewScope(), OPEN, ME)
    assert {one.ref.source for one in page.anomalies} == {"qualytics"}
    assert "Strange does not answer; its anomalies are not in this list" in str(review_form.form(page, mixed.browse.together(())))
    chosen = await mixed.review.targets(form(mixed, mixed.here[0], model.Ref("qualytics", "7")), OPEN, ME)
    assert ([str(one.ref) for one in await taken(chosen)], list(chosen.missing)) == (["qualytics:7"], [])
    assert [gone.source for gone in chosen.unheard] == ["strange"]


async def test_a_review_in_which_all_that_is_ticked_is_down_is_refused(looking: Looking) -> None:
    looking.down()
    with pytest.raises(errors.SourceUnavailable, match="busy"):
        await looking.review.targets(form(looking, looking.here[0]), OPEN, ME)


# --- digests


async def test_a_digest_counts_each_and_calls_nothing_unassigned_where_nothing_is_assigned(looking: Looking) -> None:
    made = await looking.digests.ask(OPEN, ME)
    there = len(looking.town.strange.open)
    assert made.open == there + (3 if looking.town.mixed else 0)
    assert made.unassigned == (3 if looking.town.mixed else 0)
    seen = slack_rules.seen(digest_message.digest(made, looking.digests.capabilities(made)))
    assert ("unassigned" in seen) is looking.town.mixed
    assert (f"in Qualytics (3) and Strange ({there})" in seen) is looking.town.mixed
    if looking.town.mixed:
        assert {str(one.ref) for one in made.oldest} <= set(seen.replace("\u200b", "").split()), "each is named with its system"


async def test_what_was_closed_in_each_counts_also_where_it_closed_by_itself(looking: Looking) -> None:
    await looking.desk.click(model.Change(model.Action.ARCHIVE, archive_as="expected"), looking.here[0])
    looking.town.strange.close(looking.here[1].id)
    if looking.town.mixed:
        await looking.desk.click(desks.INVALID, model.Ref("qualytics", "7"))
    looking.town.world.clock.pass_by(seconds=60)
    await looking.desk.look()
    made = await looking.digests.ask(OPEN, ME)
    assert made.closed == (3 if looking.town.mixed else 2)


async def test_the_digest_that_is_due_comes_without_the_one_that_is_down_and_waits_where_it_is_alone(looking: Looking) -> None:
    clock = looking.town.world.clock
    await looking.digests.tick()
    looking.down()
    clock.pass_by(hours=1)
    await looking.digests.tick()
    await looking.desk.post.flush()
    said = looking.town.said("Strange does not answer; its anomalies are not in this digest")
    assert len(said) == looking.town.mixed
    looking.town.parts.faults.clear()
    clock.pass_by(minutes=5)
    await looking.digests.tick()
    await looking.desk.post.flush()
    assert len(looking.town.said("still open")) == 1, "one digest for one due time"


# --- status, people


async def test_the_status_counts_each_and_says_which_one_fails(looking: Looking) -> None:
    town, store = looking.town, looking.town.world.store

    async def line() -> str:
        return "connected"

    service = status.Status(
        sources=looking.browse.sources,
        browse=looking.browse,
        poll=looking.desk.poll,
        post=looking.desk.post,
        cards=store.cards,
        batches=store.batches,
        operations=store.operations,
        journal=store.journal,
        workers=store.workers,
        pushes=store.pushes,
        clock=town.world.clock,
        line=line,
        version="1",
    )
    looking.down()
    town.world.clock.pass_by(seconds=300)
    await looking.desk.look()
    views = {view.title: view for view in (await service.view()).sources}
    assert views.keys() == ({"Qualytics", "Strange"} if town.mixed else {"Strange"})
    assert views["Strange"].health.failing_since is not None and "busy" in views["Strange"].health.error
    assert sum(views["Strange"].counts.values()) == len(town.strange.signals)
    if town.mixed:
        assert views["Qualytics"].health.failing_since is None and sum(views["Qualytics"].counts.values()) == 3


async def test_people_are_of_the_systems_that_have_some(looking: Looking) -> None:
    folk = looking.desk.triage.people
    assert isinstance(folk, people.People)
    with pytest.raises(errors.NotSupported, match="In Strange nothing is assigned to anybody from here, so nobody has to be linked there"):
        folk.placed("strange", "12", "link strange:12")
    if not looking.town.mixed:
        with pytest.raises(errors.NotSupported, match="In Strange nothing is assigned"):
            await folk.everywhere(lab.DANA.id)
        return
    assert folk.placed("", "12", "link 12") == "qualytics"
    found, unheard = await folk.everywhere(lab.DANA.id)
    assert ([name for name, _ in found], list(unheard)) == (["qualytics"], [])


async def test_what_a_filter_says_of_people_leaves_the_strange_one_out(looking: Looking) -> None:
    asked = looking.browse.listing(model.Query(assignees=("none",)), ME)
    if not looking.town.mixed:
        with pytest.raises(errors.NotSupported, match="it assigns nothing to anybody"):
            await asked
        return
    page = await asked
    assert {one.ref.source for one in page.anomalies} == {"qualytics"}
    assert [(gone.source, gone.down) for gone in page.unheard] == [("strange", False)]
