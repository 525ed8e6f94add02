"""What every source promises of reading, against the running fake of its system."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any

import pytest

from bot import errors, model, ports
from bot.sources import registry
from tests.sources.contract import harness
from tests.strange import system as strange

REFUSED = model.Handling.REFUSED
OPEN, ACKNOWLEDGED, ARCHIVED = model.State.ACTIVE, model.State.ACKNOWLEDGED, model.State.ARCHIVED


# --- the port


def test_every_system_that_is_registered_is_asked() -> None:
    assert set(registry.SYSTEMS) <= set(harness.HARNESSES)


async def test_it_has_everything_that_its_ports_have(system: harness.Harness) -> None:
    source = system.source()
    scans = not system.cannot & {model.Action.SCAN, model.Action.ABORT}
    for port in (ports.Source, ports.Scanner) if scans else (ports.Source,):
        for name, member in inspect.getmembers(port, inspect.isfunction):
            if not name.startswith("_"):
                assert inspect.signature(member).parameters.keys() <= inspect.signature(getattr(type(source), name)).parameters.keys(), name
    for name in inspect.get_annotations(ports.Source):
        assert hasattr(source, name), name
    assert scans or not hasattr(source, "start"), "who cannot scan does not look as if"


async def test_a_check_sees_what_is_there(system: harness.Harness) -> None:
    assert await system.source().check()
    system.fault(**system.refused_door)
    with pytest.raises(errors.SourceAuthFailed):
        await system.source().check()


async def test_it_says_what_it_can_do_and_why_not_the_rest(system: harness.Harness) -> None:
    source = system.source()
    assert source.supports | source.doubtful == frozenset(model.Action) - system.cannot
    assert source.max_batch >= 1
    for name, word in source.words.items():
        if word.handling is model.Handling.REFUSED:
            assert source.title in word.because and word.because.endswith("."), name


# --- changes


async def test_the_first_contact_lists_all_that_is_open_newest_first(system: harness.Harness) -> None:
    changes = await system.source().changes("")
    assert {one.ref.id for one in changes.anomalies} == system.open()
    assert {one.ref.source for one in changes.anomalies} == {system.name}
    created = [one.created for one in changes.anomalies]
    assert created == sorted(created, reverse=True)
    assert len(created) == len({one.ref for one in changes.anomalies})


async def test_the_second_poll_costs_next_to_nothing_and_finds_what_is_new(system: harness.Harness) -> None:
    source = system.source()
    first = await source.changes("")
    system.lines()
    again = await source.changes(first.cursor)
    assert len(system.lines()) <= 2, "the newest, and a slice of everything else"
    new = system.arrive(3)
    third = await source.changes(again.cursor)
    assert set(new) <= {one.ref.id for one in third.anomalies}
    restarted = await system.source().changes(third.cursor)
    assert set(new) <= {one.ref.id for one in restarted.anomalies}, "what is dated within the overlap is told again"


async def test_a_burst_larger_than_a_page_is_found_whole_and_once(system: harness.Harness) -> None:
    source = system.source()
    first = await source.changes("")
    new = system.arrive(system.page * 3 + 5)
    refs = [one.ref.id for one in (await source.changes(first.cursor)).anomalies]
    assert set(new) <= set(refs)
    assert len(refs) == len(set(refs))


async def test_an_old_one_that_appears_is_found_within_a_census(system: harness.Harness) -> None:
    system.arrive(system.page * 2, hours_ago=1)
    source = system.source()
    changes = await source.changes("")
    (old,) = system.arrive(1, hours_ago=900)
    for _ in range(source.census + 1):
        changes = await source.changes(changes.cursor)
        if old in {one.ref.id for one in changes.anomalies}:
            break
    assert old in {ref.id for ref in changes.late}


async def test_what_was_closed_is_listed_no_more_and_read_as_closed(system: harness.Harness) -> None:
    source = system.source()
    first = await source.changes("")
    gone = next(one.ref.id for one in first.anomalies if one.state is OPEN)
    system.close(gone)
    assert gone not in {one.ref.id for one in (await source.changes(first.cursor)).anomalies}
    assert (await source.get([gone]))[gone].state is ARCHIVED


@pytest.mark.parametrize("cursor", ["not a cursor", "{}", '{"newest": null}', "[1, 2]"])
async def test_a_cursor_that_nobody_wrote_starts_over(system: harness.Harness, cursor: str) -> None:
    assert {one.ref.id for one in (await system.source().changes(cursor)).anomalies} == system.open()


async def test_a_state_and_a_type_that_nobody_knows_are_kept_as_they_are(system: harness.Harness) -> None:
    (odd,) = system.arrive(1)
    system.make_odd(odd)
    source = system.source()
    listed = {one.ref.id: one for one in (await source.changes("")).anomalies}
    for one in (listed[odd], (await source.get([odd]))[odd]):
        assert (one.state, one.status.casefold(), one.type) == (OPEN, "pondering", "wobble")


# --- find, count, get


@pytest.mark.parametrize(
    ("statuses", "states"),
    [
        ((), (OPEN, ACKNOWLEDGED)),
        (("open",), (OPEN, ACKNOWLEDGED)),
        (("active",), (OPEN,)),
        (("acknowledged",), (ACKNOWLEDGED,)),
        (("archived",), (ARCHIVED,)),
        (("acknowledged", "archived"), (ACKNOWLEDGED, ARCHIVED)),
        (("any",), (OPEN, ACKNOWLEDGED, ARCHIVED)),
    ],
)
async def test_find_and_count_agree_with_the_truth(system: harness.Harness, statuses: tuple[str, ...], states: tuple[Any, ...]) -> None:
    source, query = system.source(), model.Query(statuses=statuses)
    found, wanted = await source.find(query), system.standing(*states)
    assert wanted
    assert {one.ref.id for one in found.anomalies} == wanted
    assert found.total == len(wanted) == await source.count(query)


@pytest.mark.parametrize("sort", ["newest", "oldest", "weight"])
async def test_the_limit_takes_the_first_of_the_order(system: harness.Harness, sort: str) -> None:
    source = system.source()
    whole = await source.find(model.Query(sort=sort))
    part = await source.find(model.Query(sort=sort, limit=5))
    keys: dict[str, Any] = {
        "newest": lambda one: -one.created.timestamp(),
        "oldest": lambda one: one.created.timestamp(),
        "weight": lambda one: -(one.weight if one.weight is not None else list(model.Severity).index(one.severity)),
    }
    assert [keys[sort](one) for one in part.anomalies] == sorted(map(keys[sort], whole.anomalies))[:5]
    assert part.total == whole.total == len(whole.anomalies)


@pytest.mark.parametrize("sort", ["", "newest", "oldest", "weight"])
async def test_the_pages_bring_what_is_found_in_its_order_and_look_at_no_limit(system: harness.Harness, sort: str) -> None:
    source, query = system.source(), model.Query(sort=sort)
    pages = [page async for page in source.pages(replace(query, limit=2))]
    assert [one.ref for page in pages for one in page] == [one.ref for one in (await source.find(query)).anomalies]
    chosen = sorted(system.open())[:3]
    some = [one.ref.id async for page in source.pages(model.Query(ids=tuple(chosen))) for one in page]
    assert sorted(some) == chosen


async def test_chosen_ids_are_found_as_far_as_they_stand_so(system: harness.Harness) -> None:
    source = system.source()
    closed, opened = sorted(system.standing(ARCHIVED))[0], sorted(system.open())[0]
    assert {one.ref.id for one in (await source.find(model.Query(ids=(closed, opened)))).anomalies} == {opened}
    both = await source.find(model.Query(ids=(closed, opened), statuses=("any",)))
    assert {one.ref.id for one in both.anomalies} == {closed, opened}


async def test_one_id_is_one_call_and_archived_ones_are_read_too(system: harness.Harness) -> None:
    source = system.source()
    await source.changes("")
    system.lines()
    (first,) = sorted(system.open())[:1]
    assert (await source.get([first]))[first].ref == model.Ref(system.name, first)
    assert len(system.lines()) == 1
    closed = sorted(system.standing(ARCHIVED))[:3]
    read = await source.get([*closed, first])
    assert read.keys() == {*closed, first}
    assert all(read[ident].state is ARCHIVED for ident in closed)


async def test_what_is_gone_is_said_to_be_gone(system: harness.Harness) -> None:
    source, ids = system.source(), sorted(system.open())[:6]
    for ident in ids[:2]:
        system.erase(ident)
    reading = await source.read(ids)
    assert reading.gone == set(ids[:2])
    assert reading.found.keys() == set(ids[2:])
    assert await source.get([ids[0]]) == {}


async def test_a_budget_of_calls_is_kept_and_the_first_ids_come_first(system: harness.Harness) -> None:
    source = system.source()
    await source.changes("")
    ids = system.arrive(system.together * 2 + 5)
    system.lines()
    reading = await source.read(ids, pages=2)
    assert len(system.lines()) == 2
    assert reading.found.keys() == set(ids[: system.together * 2])
    assert not reading.gone


async def test_a_link_leads_to_it_in_its_system(system: harness.Harness) -> None:
    found = (await system.source().changes("")).anomalies
    if not system.linked:
        assert {one.url for one in found} == {""}, "no link is better than one that leads elsewhere"
        return
    assert len({one.url for one in found}) == len(found)
    assert {one.url.startswith("http") for one in found} == {True}


async def test_comments_and_people_are_listed_or_there_are_none(system: harness.Harness) -> None:
    source, ident = system.source(), sorted(system.open())[0]
    people = await source.people()
    if model.Action.ASSIGN in system.cannot:
        assert people == ()
    else:
        assert {person.source for person in people} == {system.name}
    if model.Action.COMMENT in system.cannot:
        assert await source.comments(ident) == ()
        assert system.writes() == []


async def test_the_words_of_its_own_are_declared_where_it_is_not_connected_too(system: harness.Harness) -> None:
    words = {key for word in system.source().own_words for key in (word.name, *word.aliases)}
    assert words == set({**registry.SYSTEMS, strange.KIND.name: strange.KIND}[system.name].words)


async def test_it_says_how_each_word_of_its_own_is_treated(system: harness.Harness) -> None:
    source = system.source()
    assert {word.name for word in source.own_words} <= {name for name, word in source.words.items() if word.handling is not REFUSED}


async def test_each_word_of_its_own_keeps_what_it_read_and_has_an_example_that_it_reads(system: harness.Harness) -> None:
    for word in system.source().own_words:
        kept = word.read(word.example.partition(":")[2])
        assert word.read(kept) == kept
