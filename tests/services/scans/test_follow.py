"""Operations at work, second by second: started once, looked at in time, ended with one verdict, whatever is lost on the way."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot import errors, model
from bot.services import cards
from bot.store import engine
from tests.services.lab import DANA, GIVE_UP, LEE, Lab, away

RUNNING, STARTING, DONE = model.OperationState.RUNNING, model.OperationState.STARTING, model.OperationState.DONE
ORDERS = model.ScanRequest("scan", "42", ("orders",))


# --- pauses -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_it_is_looked_at_every_two_seconds_at_first_and_every_thirty_in_the_end(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.turn()
    looks = []
    began = lab.clock.now()
    for _ in range(700):
        lab.clock.pass_by(seconds=1)
        before = lab.works.asked.count("scan")
        await lab.follow.work()
        if lab.works.asked.count("scan") > before:
            looks.append((lab.clock.now() - began).total_seconds())
    pauses = [after - before for before, after in itertools.pairwise(looks)]
    assert looks[:3] == [2, 4, 6]
    assert pauses == sorted(pauses) and pauses[-1] == 30
    assert 6 <= next(pause for at, pause in zip(looks, pauses, strict=False) if at >= 60) <= 7
    assert (await lab.operation(ident)).state is RUNNING


async def test_its_end_is_its_end_time_and_nothing_else(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.turn()
    lab.works.end(result=model.ScanResult.SUCCESS, ended=None)
    await lab.go(4)
    assert (await lab.operation(ident)).state is RUNNING
    lab.works.end(result=model.ScanResult.RUNNING)
    await lab.go(8)
    assert (await lab.operation(ident)).state is DONE


# --- giving up --------------------------------------------------------------------------------------------------------------------


@pytest.mark.long
async def test_given_up_it_says_so_and_is_followed_on_by_a_click(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.go(5)
    lab.clock.pass_by(seconds=GIVE_UP.total_seconds() - 6)
    await lab.turn()
    assert (await lab.operation(ident)).state is RUNNING
    await lab.go(40)
    assert (await lab.operation(ident)).state is DONE
    (told,) = lab.told()
    assert "is not followed any more" in told and "still running after 6 hours" in told
    await lab.go(60)
    looks = lab.works.asked.count("scan")
    await lab.scans.follow_on(ident, LEE)
    with pytest.raises(errors.Stale, match="followed already"):
        await lab.scans.follow_on(ident, DANA)
    await lab.go(2)
    assert lab.works.asked.count("scan") == looks + 1, "a second click holds nothing up"
    lab.works.end()
    await lab.go(10)
    assert ["succeeded" in one for one in lab.told()] == [True]


async def test_an_outage_at_the_last_minute_does_not_hide_how_it_ended(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.go(5)
    lab.works.end()
    lab.clock.pass_by(hours=7)
    lab.works.faults["scan"] = [away(), away()]
    await lab.go(95)
    assert (await lab.operation(ident)).verdict == model.Verdict(
        model.ScanResult.SUCCESS, words="datastore:warehouse-prod table:orders since:2026-11-21"
    )


@pytest.mark.long
async def test_a_start_that_was_never_taken_is_given_up_and_followed_on_it_is_started(lab: Lab) -> None:
    lab.follow.give_up = timedelta(minutes=15)
    ident = await lab.ask()
    lab.works.faults["*"] = [away() for _ in range(1_000)]
    await lab.go(1700, step=30)
    assert (await lab.operation(ident)).state is DONE
    (told,) = lab.told()
    assert "was not taken" in told
    lab.works.faults.clear()
    await lab.scans.follow_on(ident, DANA)
    await lab.go(30)
    assert len(lab.works.started) == 1 and (await lab.operation(ident)).state is RUNNING


async def test_an_operation_that_vanished_is_told_after_three_looks(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.turn()
    gone = lab.works.all.pop("900")
    await lab.go(3)
    lab.works.all["900"] = gone  # its system was only late to show it everywhere
    await lab.go(3)
    assert (await lab.operation(ident)).state is RUNNING
    del lab.works.all["900"]
    await lab.go(15)
    (told,) = lab.told()
    assert "has vanished" in told and (await lab.operation(ident)).state is DONE


# --- starts whose answer is lost --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [away(), errors.SourceGarbled("qualytics", "?")], ids=["away", "garbled"])
async def test_a_start_whose_answer_was_lost_is_found(lab: Lab, error: errors.SourceError) -> None:
    lab.works.lost = [error]
    ident = await lab.ask()
    await lab.go(4)
    found = await lab.operation(ident)
    assert found.state is RUNNING and found.scan and found.scan.id == "900" and len(lab.works.started) == 1


async def test_a_start_that_never_arrived_is_sent_again_when_it_had_time_to_show(lab: Lab) -> None:
    lab.works.waits = 30
    lab.works.faults["start"] = [away()]
    ident = await lab.ask()
    await lab.turn()
    lab.works.waits = 0
    await lab.go(9)
    assert lab.works.asked.count("start") == 1, "what took thirty seconds to fail may still be on its way"
    await lab.go(6)
    assert len(lab.works.started) == 1 and (await lab.operation(ident)).state is RUNNING


async def test_killed_between_the_mark_and_the_call_it_is_started_once(lab: Lab, store: engine.Store) -> None:
    ident = await lab.ask()
    await _marked(lab, ident)
    await lab.go(20)
    assert len(lab.works.started) == 1 and (await lab.operation(ident)).state is RUNNING


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_killed_between_the_call_and_its_record_it_is_found(lab: Lab) -> None:
    ident = await lab.ask()
    await _marked(lab, ident)
    lab.works.begin(ORDERS)
    await lab.follow.notice("qualytics")
    await lab.go(20)
    assert lab.works.started == [] and (await lab.operation(ident)).scan == replace(lab.works.all["900"])
    assert len(lab.told()) == 1


async def test_a_lost_start_is_found_though_the_clocks_differ(lab: Lab) -> None:
    ident = await lab.ask()
    await _marked(lab, ident)
    lab.works.begin(ORDERS, started=lab.clock.now() - timedelta(minutes=1))
    await lab.go(20)
    assert lab.works.started == [] and (await lab.operation(ident)).state is RUNNING


async def _marked(lab: Lab, ident: str) -> None:
    """The process that began to start it is gone."""
    operation = await lab.operation(ident)
    lease = await lab.store.leases.take("operations", ident, lab.clock.now(), 60)
    assert lease is not None
    assert await lab.store.operations.save(lease, replace(operation, asked=lab.clock.now()))
    await lab.store.leases.release(lease)


async def test_a_start_that_noticing_took_first_is_not_started_again_beside_it(lab: Lab) -> None:
    """A second desk on a table of its own, say, or an operation that was given up and is followed on."""
    ident = await lab.ask()
    await _marked(lab, ident)
    lab.works.begin(replace(ORDERS, tables=("customers",)))  # somebody else's
    lab.works.begin(ORDERS)
    await lab.go(3)
    found = await lab.operation(ident)
    assert found.scan is not None and found.scan.id == "901"


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_equal_starts_whose_answers_were_lost_find_one_each(lab: Lab) -> None:
    lab.works.lost = [away(), away()]
    idents = [await lab.ask(), await lab.ask()]
    await lab.go(8)
    scans = {(await lab.operation(one)).scan.id for one in idents}  # type: ignore[union-attr]
    assert scans == {"900", "901"} and len(lab.works.started) == 2


async def test_told_to_wait_it_waits_and_starts_once(lab: Lab) -> None:
    lab.works.faults["start"] = [errors.SourceRateLimited("qualytics", "slow down", 20.0)]
    ident = await lab.ask()
    await lab.go(19)
    assert lab.works.asked.count("start") == 1
    await lab.go(3)
    assert len(lab.works.started) == 1 and (await lab.operation(ident)).state is RUNNING
    assert "scans" not in lab.works.asked, "a refusal needs no search"


@pytest.mark.parametrize(
    ("error", "cause", "words"),
    [
        (errors.SourceForbidden("qualytics", "no", right="Editor"), model.Cause.NO_RIGHT, "Editor"),
        (errors.SourceRejected("qualytics", "the datastore is paused"), model.Cause.REFUSED, "the datastore is paused"),
        (errors.SourceMissing("qualytics", "Container 'orders' not found"), model.Cause.TABLE_MISSING, "no table called orders"),
        (errors.SourceAuthFailed("qualytics", "the token expired"), model.Cause.REFUSED, "the token expired"),
    ],
    ids=["right", "refused", "table", "token"],
)
async def test_a_refusal_ends_it_in_words(lab: Lab, error: errors.SourceError, cause: model.Cause, words: str) -> None:
    lab.works.faults["start"] = [error]
    ident = await lab.ask()
    await lab.go(3)
    verdict = (await lab.operation(ident)).verdict
    assert verdict and verdict.problem and verdict.problem.cause is cause
    (told,) = lab.told()
    assert "did not start" in told and words in told


# --- two processes, and kills -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_processes_start_once_show_once_and_end_once(lab: Lab) -> None:
    other = Lab(lab.store, beside=lab)
    ident = await lab.ask("scan", "profile")
    await asyncio.gather(*(one.follow.work() for one in (lab, other, lab, other)))
    assert len(lab.works.started) == 1 and "scan" not in lab.works.asked, "the next look is two seconds away"
    lab.works.end()
    for _ in range(30):
        lab.clock.pass_by(seconds=1)
        await asyncio.gather(lab.turn(), other.turn())
    assert [one.kind for one in lab.works.started] == ["scan", "profile"]
    assert len(lab.told()) == 1 and (await lab.operation(f"{ident}.2")).state is RUNNING


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_two_processes_notice_each_operation_once(lab: Lab) -> None:
    other = Lab(lab.store, beside=lab)
    await lab.follow.notice("qualytics")
    lab.works.begin(ORDERS)
    await asyncio.gather(*(one.follow.notice("qualytics") for one in (lab, other, lab, other)))
    await asyncio.gather(lab.turn(), other.turn())
    assert len(await lab.store.operations.running()) == 1 and len(lab.told()) == 1


async def test_of_two_processes_one_looks_for_what_was_started_elsewhere(lab: Lab) -> None:
    other = Lab(lab.store, beside=lab)
    lab.follow.every = other.follow.every = timedelta(seconds=30)
    await lab.follow.notice("qualytics")
    for _ in range(3):
        lab.clock.pass_by(seconds=30)
        lab.works.asked.clear()
        await asyncio.gather(*(one.follow.notice("qualytics") for one in (lab, other)))
        await other.follow.notice("qualytics")
        assert lab.works.asked == ["scans"]


@pytest.mark.long
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("verb", ["put", "stir"])
async def test_killed_right_after_the_verdict_it_is_shown_all_the_same(lab: Lab, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    ident = await lab.ask()
    await lab.go(100)  # no edit waits that would show it by chance
    lab.works.end()
    save = lab.store.operations.save

    async def killed(*_: Any) -> None:
        raise RuntimeError("killed")

    async def last(*given: Any) -> bool:
        saved = await save(*given)
        monkeypatch.setattr(lab.store.cards, verb, killed)
        return saved

    with monkeypatch.context() as patched:
        patched.setattr(lab.store.operations, "save", last)
        lab.clock.pass_by(seconds=12)
        with pytest.raises(RuntimeError):
            await lab.follow.work()
    monkeypatch.undo()
    assert (await lab.operation(ident)).state is DONE
    again = Lab(lab.store, beside=lab)
    await again.go(5)
    assert ["succeeded" in one for one in again.told()] == [True]


@pytest.mark.long
async def test_a_minute_without_the_system_and_the_verdict_comes_once(lab: Lab) -> None:
    await lab.ask()
    await lab.go(20)
    lab.works.faults["*"] = [away() for _ in range(1000)]
    await lab.go(30)
    assert "has not answered since" in lab.told()[0]
    lab.works.faults.clear()
    await lab.go(15)
    assert "has not answered since" not in lab.told()[0]
    lab.works.faults["*"] = [away() for _ in range(1000)]
    lab.works.end()
    await lab.go(60)
    lab.works.faults.clear()
    await lab.go(20)
    (told,) = lab.told()
    assert "succeeded" in told and "2 new anomalies" in told
    edits = len(lab.wall.edits)
    await lab.go(60)
    assert len(lab.wall.edits) == edits


@pytest.mark.long
async def test_all_progress_together_is_at_most_fifteen_edits_a_minute(lab: Lab) -> None:
    for _ in range(8):
        await lab.ask()
    await lab.go(90)
    for ident in lab.works.all:
        lab.works.end(ident)
    await lab.go(90)
    assert ["succeeded" in one for one in lab.told()] == [True] * 8
    edits = lab.wall.edits
    most = max(sum(1 for one in edits if at <= one < at + timedelta(minutes=1)) for at in edits)
    assert 10 <= most <= 15


# --- chains -----------------------------------------------------------------------------------------------------------------------


async def test_a_chain_stops_with_the_reason_and_its_rest_is_one_click(lab: Lab) -> None:
    ident = await lab.ask("sync", "profile", "scan", tables=())
    await lab.turn()
    lab.works.end()
    await lab.go(4)
    lab.works.end("901", model.ScanResult.FAILURE, message="the warehouse is suspended")
    await lab.go(10)
    second = await lab.operation(f"{ident}.2")
    assert second.verdict is not None and second.verdict.stopped == ("scan",)
    (told,) = lab.told()
    for line in ("(step 1 of 3) succeeded", "(step 2 of 3) failed", "the warehouse is suspended", "(step 3 of 3) was not started"):
        assert line in told, line
    assert [one.kind for one in lab.works.started] == ["sync", "profile"]


async def test_a_daily_chain_is_one_message_with_a_line_per_step(lab: Lab) -> None:
    await lab.ask("sync", "profile", "scan", tables=())
    await lab.turn()
    (begun,) = lab.told()
    assert (
        begun.index("(step 1 of 3)") < begun.index("Profile of") < begun.index("Scan of") and begun.count("waits for the one before") == 2
    )
    for _ in range(3):
        lab.works.end(str(899 + len(lab.works.started)))
        await lab.go(6)
    (ended,) = lab.told()
    assert [one.kind for one in lab.works.started] == ["sync", "profile", "scan"] and ended.count("succeeded") == 3
    assert set(lab.wall.threads.values()) == {""}


async def test_the_message_that_an_earlier_release_gave_a_step_goes_on(lab: Lab) -> None:
    ident = await lab.ask("sync", "profile", tables=())
    await lab.turn()
    lab.works.end()
    await lab.go(4)
    second = await lab.operation(f"{ident}.2")
    own = cards.at_once(model.CardKind.SCAN, second.channel, second.id, {"operation": second.id})
    await lab.cards.publish(own)
    await lab.turn()
    lab.works.end("901")
    await lab.go(10)
    assert len(lab.told()) == 2 and all("(step 2 of 2) succeeded" in told for told in lab.told())


async def test_a_warning_lets_a_chain_go_on(lab: Lab) -> None:
    await lab.ask("sync", "profile", tables=())
    await lab.turn()
    lab.works.end(result=model.ScanResult.WARNING)
    await lab.go(4)
    assert [one.kind for one in lab.works.started] == ["sync", "profile"]


async def test_what_somebody_asked_to_stop_is_not_gone_on_with(lab: Lab) -> None:
    ident = await lab.ask("sync", "profile", tables=())
    await lab.turn()
    lab.works.end()
    await lab.scans.abort(ident, LEE)
    await lab.go(10)
    ended = await lab.operation(ident)
    assert ended.verdict is not None and ended.verdict.result is model.ScanResult.SUCCESS and ended.verdict.stopped == ("profile",)
    assert len(lab.works.started) == 1 and "(step 2 of 2) was not started" in lab.told()[0]


async def test_who_may_not_scan_any_more_starts_nothing(lab: Lab) -> None:
    ident = await lab.ask()
    lab.directory.changed[DANA.id] = model.Actor(DANA.id, "Dana", is_deleted=True)
    await lab.turn()
    ended = await lab.operation(ident)
    assert ended.state is model.OperationState.DONE and lab.works.started == []
    assert "did not start" in lab.told()[0] and "Dana may not do this any more. This Slack account is deactivated" in lab.told()[0]


async def test_a_chain_ends_where_its_actor_may_not_go_on(lab: Lab) -> None:
    await lab.ask("sync", "scan")
    await lab.turn()
    lab.works.end()
    lab.directory.changed[DANA.id] = model.Actor(DANA.id, "Dana", is_deleted=True)
    await lab.go(30)
    assert [request.kind for request in lab.works.started] == ["sync"]


async def test_a_start_waits_until_slack_says_who_asked_for_it(lab: Lab) -> None:
    ident = await lab.ask()
    lab.directory.away = True
    await lab.go(60)
    assert lab.works.started == [] and (await lab.operation(ident)).state is model.OperationState.STARTING
    lab.directory.away = False
    await lab.go(15)
    assert len(lab.works.started) == 1


async def test_what_was_started_before_a_restart_is_followed_whatever_its_actor_may_now(lab: Lab) -> None:
    ident = await lab.ask()
    lab.works.lost = [away()]
    await lab.turn()
    lab.directory.changed[DANA.id] = model.Actor(DANA.id, "Dana", is_deleted=True)
    await lab.go(15)
    assert len(lab.works.started) == 1 and (await lab.operation(ident)).state is model.OperationState.RUNNING


async def test_what_is_of_a_system_that_is_switched_off_goes_on_when_it_is_back(lab: Lab) -> None:
    running, starting = await lab.ask(), await lab.ask(datastore="43")
    before = [await lab.operation(running), await lab.operation(starting)]
    sources: Any = lab.follow.sources
    system = sources.pop("qualytics")
    await lab.go(10)
    assert [await lab.operation(running), await lab.operation(starting)] == before and lab.works.asked.count("start") == 0
    sources["qualytics"] = system
    await lab.go(3)
    assert [(await lab.operation(one)).state for one in (running, starting)] == [RUNNING, RUNNING]


async def test_what_somebody_else_holds_is_left_to_them(lab: Lab) -> None:
    ident = await lab.ask()
    lease = await lab.store.leases.take("operations", ident, lab.clock.now(), 30)
    assert lease is not None
    await lab.go(5)
    assert "start" not in lab.works.asked
    await lab.store.leases.release(lease)
    await lab.go(2)
    assert lab.works.asked.count("start") == 1
