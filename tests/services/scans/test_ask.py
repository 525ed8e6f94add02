"""Scans as people ask for them: one plan for one button, true counts, refusals in words, and nothing that holds others up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar, scan_rules
from bot.render.kit import ids
from bot.services.scans import ask
from tests.services import cast
from tests.services.lab import CHANNEL, DANA, LEE, Lab, away

NIGHT = datetime(2026, 11, 21, 23, 59, 30, tzinfo=UTC)


async def _wish(lab: Lab, *datastores: str, once: str = "", **values: object) -> model.Proposal:
    wish = ask.ScanOrder(("scan",), datastores, **values)  # type: ignore[arg-type]
    return await lab.scans.propose("qualytics", wish, DANA, CHANNEL, once)


# --- what is proposed -------------------------------------------------------------------------------------------------------------


async def test_a_datastore_by_two_names_is_one_operation(lab: Lab) -> None:
    proposal = await _wish(lab, "42", "warehouse-prod", "WAREHOUSE-PROD", "crm", "nowhere")
    assert [one.place.name for one in proposal.operations] == ["warehouse-prod", "crm"]
    assert [(one.cause, one.names) for one in proposal.problems] == [(model.Cause.DATASTORE_MISSING, ("nowhere",))]
    assert await lab.store.operations.plan(proposal.operations[0].plan) == proposal.operations


async def test_fifty_datastores_are_asked_about_together_and_the_tags_once(lab: Lab) -> None:
    lab.works.places = [model.Place(str(number), f"store-{number}") for number in range(50)]
    waiting, most = 0, 0
    tables = lab.works.tables

    async def slow(datastore: str, *, tags: object = ()) -> object:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0)
        waiting -= 1
        return await tables(datastore)

    lab.works.tables = slow  # type: ignore[method-assign, assignment]
    proposal = await _wish(lab, *(place.name for place in lab.works.places), tags=("critical",))
    assert [one.place for one in proposal.operations] == lab.works.places and most >= 10
    assert lab.works.asked.count("tags") == 1


async def test_one_datastore_that_cannot_be_read_is_an_error_and_nothing_is_kept(lab: Lab) -> None:
    lab.works.faults["tables"] = [away()]
    with pytest.raises(errors.SourceUnavailable):
        await _wish(lab, "42", "43")
    lab.clock.pass_by(days=2)
    assert await lab.store.operations.sweep(lab.clock.now()) == 0


async def test_what_may_be_closed_is_counted_on_its_tables_alone_however_many(lab: Lab) -> None:
    lab.works.there = [model.Place(str(number), f"t{number:03}") for number in range(50)]
    lab.works.open = {f"t{number:03}": 2 for number in range(50)} | {"elsewhere": 1000}
    for amount in (1, 20, 21, 45):
        proposal = await _wish(lab, "42", tables=tuple(place.name for place in lab.works.there[:amount]))
        assert list(proposal.closes.values()) == [amount * 2]
    assert list((await _wish(lab, "42", tags=("critical",))).closes.values()) == [100]
    assert list((await _wish(lab, "42")).closes.values()) == [1100]
    assert (await _wish(lab, "42", options={"incremental": True})).closes == {}


def _told(proposal: model.Proposal) -> list[tuple[model.Cause, tuple[str, ...]]]:
    return [(one.cause, one.names) for one in proposal.problems]


async def test_a_table_by_a_wrong_name_becomes_the_nearest_one_and_one_of_two_none(lab: Lab) -> None:
    lab.works.there = [model.Place(str(number), name) for number, name in enumerate(("orders", "orders_2024", "Clients", "CLIENTS"))]
    proposal = await _wish(lab, "42", tables=("order", "clients", "ORDERS", "0"), options={"incremental": True})
    assert [one.request.tables for one in proposal.operations] == [("orders",)]
    assert _told(proposal) == [(model.Cause.TABLE_MISSING, ("order",)), (model.Cause.TABLE_AMBIGUOUS, ("clients",))]
    assert [tuple(one.near) for one in proposal.problems] == [("orders", "orders_2024"), ("Clients", "CLIENTS")]
    assert lab.scans.asks_first(proposal), "nobody typed that name"
    proposal = await _wish(lab, "42", tables=("zebra",))
    assert (proposal.operations, _told(proposal)) == ([], [(model.Cause.TABLE_MISSING, ("zebra",))])


async def test_a_tag_that_is_on_no_table_leaves_all_tables_and_one_that_nobody_knows_leaves_none(lab: Lab) -> None:
    async def tables(datastore: str, *, tags: object = ()) -> list[model.Place]:
        return [] if tags and datastore == "43" else [model.Place("1", "orders")]

    lab.works.tables = tables  # type: ignore[method-assign, assignment]
    proposal = await _wish(lab, "42", "43", tags=("Critical",))
    assert [one.request.tags for one in proposal.operations] == [("critical",), ()]
    assert [(one.cause, one.place) for one in proposal.problems] == [(model.Cause.TAG_NOWHERE, lab.works.places[1])]
    proposal = await _wish(lab, "42", tags=("urgent",))
    assert (proposal.operations, _told(proposal)) == ([], [(model.Cause.TAG_MISSING, ("urgent",))])


async def test_a_datastore_without_tables_is_read_in_before_it_is_scanned(lab: Lab) -> None:
    lab.works.there = []
    proposal = await _wish(lab, "42")
    assert (proposal.operations, _told(proposal)) == ([], [(model.Cause.NO_TABLES, ())])
    wish = ask.ScanOrder(("sync", "scan"), ("42",))
    (operation,) = (await lab.scans.propose("qualytics", wish, DANA, CHANNEL)).operations
    assert (operation.request.kind, operation.then, operation.steps) == ("sync", ("scan",), 2)


# --- one plan for one click -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_the_same_start_clicked_twice_is_one_plan(lab: Lab) -> None:
    proposal = await _wish(lab, "42", "43")
    plan = proposal.operations[0].plan
    ended = await asyncio.gather(*(lab.scans.confirm(plan, DANA) for _ in range(5)), return_exceptions=True)
    assert sum(1 for one in ended if isinstance(one, errors.Stale)) == 4
    await lab.go(5)
    assert len(lab.works.started) == 2 and len(lab.told()) == 2
    for change in (lab.scans.confirm, lab.scans.cancel):
        with pytest.raises(errors.Stale, match="started or cancelled already"):
            await change(plan, DANA)


async def test_a_preview_belongs_to_the_one_who_asked_and_grows_old(lab: Lab) -> None:
    plan = (await _wish(lab, "42")).operations[0].plan
    for change in (lab.scans.confirm, lab.scans.cancel, lab.scans.previewed):
        with pytest.raises(errors.NotAllowed):
            await change(plan, LEE)
    lab.clock.pass_by(minutes=60)
    other = (await _wish(lab, "42")).operations[0].plan
    lab.clock.pass_by(seconds=1)
    with pytest.raises(errors.Stale, match="more than an hour old"):
        await lab.scans.confirm(plan, DANA)
    lab.clock.pass_by(seconds=3599)
    assert await lab.scans.confirm(other, DANA)
    with pytest.raises(errors.NotFound):
        await lab.scans.confirm("nothing", DANA)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_one_button_clicked_twice_starts_once_and_again_when_that_has_ended(lab: Lab) -> None:
    quick = {"incremental": True}
    first, second = await asyncio.gather(*(_wish(lab, "42", once="again|x", options=quick) for _ in range(2)))
    assert first.operations[0].plan == second.operations[0].plan
    await lab.scans.confirm(first.operations[0].plan, DANA)
    with pytest.raises(errors.Stale):
        await lab.scans.confirm(second.operations[0].plan, DANA)
    await lab.turn()
    with pytest.raises(errors.Stale, match="started already"):
        await _wish(lab, "42", once="again|x", options=quick)
    assert (await _wish(lab, "42", once="again|y", options=quick)).operations
    lab.works.end()
    await lab.go(5)
    third = await _wish(lab, "42", once="again|x", options=quick)
    assert third.operations[0].id != first.operations[0].id
    await lab.scans.cancel(third.operations[0].plan, DANA)
    assert (await _wish(lab, "42", once="again|x", options=quick)).operations[0].id != third.operations[0].id
    assert len(lab.works.started) == 1


async def test_what_nobody_knows_is_said_with_what_to_do(lab: Lab) -> None:
    for ask_for in (
        lambda: lab.scans.abort("gone", DANA),
        lambda: lab.scans.abort("77", DANA, "qualytics"),
        lambda: lab.scans.fix(ids.FIX_AGAIN, "gone", DANA, CHANNEL),
        lambda: lab.scans.follow_on("gone", DANA),
        lambda: lab.scans.one("qualytics", "77", DANA),
        lambda: lab.scans.previewed("gone", DANA),
    ):
        with pytest.raises(errors.NotFound, match="/scan"):
            await ask_for()


async def test_a_fix_that_has_nothing_to_do_says_so(lab: Lab) -> None:
    ident = await lab.ask()
    for what in (ids.FIX_REST, "unheard of"):
        with pytest.raises(errors.Stale, match="nothing left to do"):
            await lab.scans.fix(what, ident, DANA, CHANNEL)


async def test_the_status_tells_what_runs_and_what_ended_last(lab: Lab) -> None:
    ended, running = await lab.ask(), await lab.ask(datastore="43")
    await lab.go(3)
    lab.works.end(next(one.id for one in lab.works.all.values() if one.datastore and one.datastore.id == "42"))
    await lab.go(60)
    assert [[one.id for one in part] for part in await lab.scans.status(DANA)] == [[running], [ended]]
    scan = (await lab.operation(running)).scan
    assert scan is not None and (await lab.scans.one("qualytics", scan.id, LEE)).id == running


async def test_the_form_offers_what_the_system_has_to_those_who_may_scan_it(lab: Lab) -> None:
    menus = (
        lambda who: lab.scans.datastores("qualytics", who),
        lambda who: lab.scans.tables("qualytics", ["42", "43"], who),
        lambda who: lab.scans.tags("qualytics", who),
    )
    assert [list(await menu(LEE)) for menu in menus] == [list(lab.works.places), ["customers", "orders"], ["critical"]]
    for menu in menus:
        with pytest.raises(errors.NotAllowed):
            await menu(replace(LEE, is_guest=True))
    lab.works.supports = frozenset()
    for menu in menus:
        with pytest.raises(errors.NotSupported, match="no way to start scans"):
            await menu(LEE)


async def test_the_message_of_an_operation_that_is_forgotten_is_not_drawn(lab: Lab) -> None:
    operation = await lab.operation(await lab.ask())
    card = await lab.store.cards.put(await lab.scans.shown.draft(replace(operation, id="gone")), lab.clock.now())
    assert await lab.scans.shown.draw(card) is None


async def test_a_fix_clicked_twice_starts_once(lab: Lab) -> None:
    lab.works.faults["start"] = [errors.SourceMissing("qualytics", "Container 'orders' not found")]
    ident = await lab.ask()
    await lab.turn()
    clicks = [await lab.scans.fix(ids.FIX_SYNC, ident, DANA, CHANNEL) for _ in range(2)]
    ended = await asyncio.gather(*(lab.scans.confirm(one.operations[0].plan, DANA) for _, one in clicks), return_exceptions=True)
    await lab.go(3)
    assert [type(one) for one in ended if isinstance(one, Exception)] == [errors.Stale]
    assert [one.kind for one in lab.works.started] == ["sync"]


# --- abort ------------------------------------------------------------------------------------------------------------------------


async def test_an_abort_names_who_asked_and_ends_it_at_once(lab: Lab) -> None:
    ident = await lab.ask()
    with pytest.raises(errors.Stale, match="has not taken it yet"):
        await lab.scans.abort(ident, LEE)
    await lab.go(100)
    await lab.scans.abort(ident, LEE)
    await lab.follow.work()
    await lab.go(5)
    assert "was aborted by Lee via Slack" in lab.told()[0]
    with pytest.raises(errors.Stale, match="ended already"):
        await lab.scans.abort(ident, LEE)
    assert lab.works.asked.count("abort") == 1


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (away(), True),
        (errors.SourceGarbled("qualytics", "?"), True),
        (errors.SourceForbidden("qualytics", "no", right="Editor"), False),
        (errors.SourceMissing("qualytics", "Operation 900 not found"), False),
        (errors.SourceRateLimited("qualytics", "slow down"), False),
        (errors.SourceRejected("qualytics", "it has ended"), False),
    ],
    ids=["away", "garbled", "forbidden", "missing", "limited", "rejected"],
)
async def test_an_abort_that_was_refused_leaves_no_trace_and_one_that_may_have_been_heard_does(
    lab: Lab, error: errors.SourceError, stays: bool
) -> None:
    ident = await lab.ask()
    await lab.turn()
    lab.works.faults["abort"] = [error]
    with pytest.raises(type(error)):
        await lab.scans.abort(ident, LEE)
    await lab.go(10)
    assert ("Lee asked to stop it" in lab.told()[0]) is stays
    await lab.scans.abort("900", DANA, "qualytics")
    await lab.go(10)
    assert "was aborted by Dana via Slack" in lab.told()[0]


# --- fixed, verify ----------------------------------------------------------------------------------------------------------------


async def test_only_what_is_open_and_somewhere_can_be_verified(lab: Lab) -> None:
    lab.works.anomalies = {"1": cast.anomaly(1), "2": cast.anomaly(2, state=model.State.ARCHIVED, status="Resolved")}
    for ident, error in (("1", errors.NotSupported), ("2", errors.Stale), ("3", errors.NotFound)):
        with pytest.raises(error):
            await lab.scans.verify(model.Ref("qualytics", ident), DANA, CHANNEL)


# --- the filter of a verdict ------------------------------------------------------------------------------------------------------


def _ended(begun: datetime | None, *tables: str, name: str = "warehouse-prod") -> model.Operation:
    place = model.Place("42", name)
    scan = model.Scan("qualytics", "900", "scan", model.ScanResult.SUCCESS, place, started=begun)
    request = model.ScanRequest("scan", "42", tables)
    return model.Operation(
        "o1", "qualytics", request, place, CHANNEL, model.OperationState.RUNNING, NIGHT, confirmed=NIGHT + timedelta(minutes=1), scan=scan
    )


@given(st.lists(st.text(min_size=1).filter(lambda name: name.strip()), max_size=30, unique=True), st.text())
def test_the_filter_of_a_verdict_reads_back_whatever_tables_are_called(tables: list[str], name: str) -> None:
    words = scan_rules.words(_ended(NIGHT, *tables, name=name))
    query = grammar.query(words, today=NIGHT.date())
    assert query.datastores == (name.strip() or "42",)
    assert query.since == NIGHT.date() and len(words) <= scan_rules.LONGEST_WORDS
    assert query.tables in (tuple(tables), ())


def test_hostile_names_stay_whole_and_too_many_are_left_out() -> None:
    tables = ("a,b", 'say "hi"', "x:y", "back\\slash", "two words", "-", "<!channel>")
    assert grammar.query(scan_rules.words(_ended(NIGHT, *tables)), today=NIGHT.date()).tables == tables
    assert grammar.query(scan_rules.words(_ended(NIGHT, *map(str, range(20)))), today=NIGHT.date()).tables == tuple(map(str, range(20)))
    assert "table:" not in scan_rules.words(_ended(NIGHT, *map(str, range(21))))
    long = scan_rules.words(_ended(NIGHT, *(f"{number}{'x' * 100}" for number in range(20))))
    assert "table:" not in long and "datastore:warehouse-prod" in long


def test_a_scan_over_midnight_finds_what_it_began_with() -> None:
    assert "since:2026-11-21" in scan_rules.words(_ended(NIGHT))
    west = timezone(timedelta(hours=-8))
    after = datetime(2026, 11, 22, 0, 10, tzinfo=UTC)
    assert "since:2026-11-22" in scan_rules.words(_ended(after.astimezone(west))), "a day is a day of UTC"
    assert "since:2026-11-21" in scan_rules.words(_ended(None)), "clocks may differ by minutes"
    assert scan_rules.words(replace(_ended(NIGHT), request=model.ScanRequest("profile", "42"))) == ""


def test_only_the_same_operation_is_taken_for_a_lost_one() -> None:
    asked = cast.NOON
    lost = replace(_ended(None), asked=asked, scan=None, request=model.ScanRequest("scan", "42", ("orders",)))
    place = model.Place("42", "warehouse-prod")
    good = model.Scan("qualytics", "1", "scan", model.ScanResult.RUNNING, place, started=asked, tables=("ORDERS",))
    others = [
        replace(good, kind="profile"),
        replace(good, datastore=model.Place("43", "crm")),
        replace(good, datastore=None),
        replace(good, tables=("customers",)),
        replace(good, tables=("orders", "customers")),
        replace(good, started=asked - scan_rules.SKEW - timedelta(seconds=1)),
        replace(good, id="known"),
    ]
    assert scan_rules.ours(lost, others, ["known"]) is None
    assert scan_rules.ours(lost, [*others, good], ["known"]) == good
    later = replace(good, id="2", started=asked + timedelta(seconds=50))
    assert scan_rules.ours(lost, [later, good], []) == good and scan_rules.ours(lost, [later], []) == later
    for silent in (replace(good, started=None), replace(good, tables=()), replace(good, started=asked - scan_rules.SKEW)):
        assert scan_rules.ours(lost, [silent], []) == silent


async def test_whoever_may_not_scan_learns_nothing_about_operations_either(lab: Lab) -> None:
    guest = replace(LEE, is_guest=True)
    for ident in (await lab.ask(), "gone"):
        for ask_for in (
            lab.scans.follow_on(ident, guest),
            lab.scans.fix(ids.FIX_AGAIN, ident, guest, CHANNEL),
            lab.scans.abort(ident, guest),
        ):
            with pytest.raises(errors.NotAllowed):
                await ask_for
