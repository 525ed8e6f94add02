"""What people do to anomalies of Anodot: on the trigger of an alert, in their own name, or here in its place."""

from __future__ import annotations

from typing import Any

import pytest

from bot import errors, model, ports
from sandbox.anodot import catalogue, tokens
from tests.sources import metrics_desk

Action, Part, Result, State = model.Action, model.Part, model.Result, model.State
LEE = catalogue.LEE.id


async def test_it_is_acknowledged_in_the_name_of_whoever_clicked_and_let_go_for_all() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        trigger = one.triggers[0]
        assert (await site.do(Action.ACKNOWLEDGE, one.id)).result is Result.DONE
        assert trigger.acks == [catalogue.DANA.id], "never that of whoever made the key"
        assert ((await site.get(one.id)).state, (await site.get(one.id)).kept_here) == (State.ACKNOWLEDGED, ())
        site.world.acknowledge(trigger, catalogue.SAM.id, True)
        assert (await site.do(Action.UNACKNOWLEDGE, one.id)).result is Result.DONE
        assert trigger.acks == []
        assert (await site.get(one.id)).state is State.ACTIVE


async def test_it_is_assigned_and_taken_off_with_who_did_it_in_the_body() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        await site.do(Action.ASSIGN, one.id, assignees=(LEE,))
        assert (one.triggers[0].assignee, one.triggers[0].assigner) == (LEE, catalogue.DANA.id)
        assert [person.name for person in (await site.get(one.id)).assignees] == ["Lee Park"]
        await site.do(Action.ASSIGN, one.id, assignees=())
        assert one.triggers[0].assignee == ""
        assert site.writes() == [f"{method} alerts/triggered/{one.triggers[0].id}/assignee" for method in ("PUT", "DELETE")]


@pytest.mark.parametrize(
    ("outcome", "feedback"),
    [("Resolved", ["GOOD_CATCH"]), ("Invalid", ["NOT_INTERESTING"]), ("Discarded", ["NOT_INTERESTING"]), ("Duplicate", [])],
)
async def test_how_it_was_closed_is_kept_here_and_told_where_there_is_a_word_for_it(outcome: str, feedback: list[str]) -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        await site.do(Action.ACKNOWLEDGE, one.id)
        done = await site.do(Action.ARCHIVE, one.id, archive_as=outcome)
        assert (done.result, done.reason) == (Result.DONE, "")
        assert [said.type for said in site.world.feedbacks.values()] == feedback
        assert all((said.user.id, said.trigger) == (catalogue.DANA.id, one.triggers[0].id) for said in site.world.feedbacks.values())
        now = await site.get(one.id)
        assert (now.state, now.archived_as, Part.STATE in now.kept_here) == (State.ARCHIVED, outcome, True)
        again = await site.do(Action.REOPEN, one.id)
        assert ("stays in Anodot" in again.reason) is bool(feedback)
        now = await site.get(one.id)
        assert (now.state, now.kept_here) == (State.ACKNOWLEDGED, ()), "as it stands in Anodot, whose word it is again"
        assert [said.type for said in site.world.feedbacks.values()] == feedback, "it cannot be taken back"


@pytest.mark.parametrize(
    ("action", "parts", "state"),
    [
        (Action.ACKNOWLEDGE, {}, State.ACKNOWLEDGED),
        (Action.ARCHIVE, {"archive_as": "Resolved"}, State.ARCHIVED),
        (Action.ASSIGN, {"assignees": (LEE,)}, State.ACTIVE),
    ],
)
async def test_what_somebody_does_whom_anodot_does_not_know_is_kept_here_and_said(action: Any, parts: dict[str, Any], state: State) -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        done = await site.do(action, one.id, by=None, **parts)
        assert done.result is Result.DONE and "/anomalies link" in done.reason
        now = await site.get(one.id)
        assert (now.state, [person.id for person in now.assignees]) == (state, [LEE] if parts.get("assignees") else [])
        assert now.kept_here and site.writes() == []


async def test_what_was_kept_here_goes_to_anodot_with_the_next_click_of_somebody_known() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        await site.do(Action.ASSIGN, one.id, by=None, assignees=(LEE,))
        await site.do(Action.ASSIGN, one.id, assignees=(catalogue.SAM.id,))
        now = await site.get(one.id)
        assert ([person.id for person in now.assignees], now.kept_here) == ([catalogue.SAM.id], ())


async def test_nobody_unknown_takes_somebody_off() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        await site.do(Action.ASSIGN, one.id, assignees=(LEE,))
        done = await site.do(Action.ASSIGN, one.id, by=None, assignees=())
        assert done.result is Result.REFUSED and "/anomalies link" in done.reason
        assert one.triggers[0].assignee == LEE


async def test_without_the_right_everything_is_kept_here_and_that_is_said() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        site.world.tokens.keys[tokens.SANDBOX_KEY].role = "customer-read-only"
        done = await site.do(Action.ACKNOWLEDGE, one.id)
        assert done.result is Result.DONE and "may not change alerts" in done.reason
        now = await site.get(one.id)
        assert (now.state, now.kept_here) == (State.ACKNOWLEDGED, (Part.STATE,))


async def test_one_without_a_trigger_is_kept_here_and_nothing_is_sent_but_the_comment_that_it_refuses() -> None:
    async with metrics_desk.site() as site:
        one = site.one(triggered=False)
        done = await site.do(Action.ACKNOWLEDGE, one.id, comment="seen")
        assert done.result is Result.DONE and "no alert was raised" in done.reason
        now = await site.get(one.id)
        assert (now.state, now.kept_here) == (State.ACKNOWLEDGED, tuple(Part))
        assert site.writes() == ["POST timeline/comments"]


async def test_the_word_of_the_system_is_heard_while_nothing_is_kept_here() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        assert (await site.get(one.id)).state is State.ACTIVE
        site.world.acknowledge(one.triggers[0], catalogue.SAM.id, True)
        site.inner._book.changed(one.id)
        assert (await site.get(one.id)).state is State.ACKNOWLEDGED


async def test_an_anomaly_of_several_alerts_is_in_hand_when_one_of_them_is() -> None:
    async with metrics_desk.site() as site:
        one = site.one(what="signups")
        second = site.world._raise(catalogue.RULES[0], one, one.id, one.started, None)
        one.triggers.append(second)
        site.world.acknowledge(second, catalogue.SAM.id, True)
        site.world.acknowledge(one.triggers[0], catalogue.LEE.id, True)
        assert (await site.get(one.id)).state is State.ACKNOWLEDGED
        await site.do(Action.UNACKNOWLEDGE, one.id)
        assert [trigger.acks for trigger in one.triggers] == [[], []]


async def test_what_is_over_is_in_hand_once_it_was_reopened() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        site.world.close(one)
        done = await site.do(Action.REOPEN, one.id)
        assert done.result is Result.DONE
        assert (await site.get(one.id)).state is State.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"action": Action.TAG, "add_tags": ("x",)}, "tag"),
        ({"action": Action.DESCRIBE, "description": "x"}, "describe"),
        ({"action": Action.ASSIGN, "assignees": (LEE, catalogue.SAM.id)}, "one person"),
        ({"action": Action.COMMENT, "comment": "x" * 4001}, "4,000"),
        ({"action": Action.ARCHIVE, "archive_as": "Wontfix"}, "Resolved or Duplicate"),
        ({"action": Action.DELETE}, "delete"),
    ],
)
async def test_what_it_has_no_way_to_do_is_refused_before_anything_is_sent(change: dict[str, Any], says: str) -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        done = await site.do(ident=one.id, **change)
        assert done.result is Result.REFUSED and says in done.reason
        assert site.writes() == []


async def test_a_feedback_whose_answer_was_lost_is_not_given_twice() -> None:
    async with metrics_desk.site() as site:
        one = site.one()
        site.parts.faults.add(mode="drop_after", method="POST", path="/feedbacks", times=1)
        done = await site.do(Action.ARCHIVE, one.id, archive_as="Resolved")
        assert done.result is Result.DONE and "not known" in done.reason
        assert len(site.world.feedbacks) == 1


async def test_a_token_that_ends_in_the_middle_of_many_is_renewed_once_and_nothing_is_done_twice() -> None:
    async with metrics_desk.site() as site:
        ids = [site.one().id for _ in range(12)]
        found = await site.source.get(ids)
        site.parts.faults.add(mode="expired", method="POST", path="/acknowledge/add", skip=4, times=1)
        site.inner._api._who._held.since -= metrics_desk.AGE

        async def dana(source: str) -> model.Person:
            return metrics_desk.DANA

        site.parts.app.calls.clear()
        with ports.acting(dana):
            outcomes = await site.source.apply(model.Change(Action.ACKNOWLEDGE), list(found.values()))
        assert {one.result for one in outcomes} == {Result.DONE}
        paths = [call["path"].rpartition("/")[2] for call in site.parts.app.calls]
        assert paths.count("access-token") == 1
        assert all(trigger.acks == [catalogue.DANA.id] for ident in ids for trigger in site.world.anomalies[ident].triggers[:1])


async def test_a_revoked_key_is_one_sentence_and_not_offered_again_and_again() -> None:
    async with metrics_desk.site() as site:
        site.world.tokens.keys[tokens.SANDBOX_KEY].revoked = True
        for _ in range(3):
            with pytest.raises(errors.SourceAuthFailed, match="Ask an admin of Anodot for a new access key") as raised:
                await site.source.changes("")
            assert tokens.SANDBOX_KEY not in str(raised.value)
        assert len(site.parts.app.calls) == 1


@pytest.mark.parametrize(
    ("mode", "error"), [("1004", errors.SourceRateLimited), ("2001", errors.SourceAuthFailed), ("failed", errors.SourceRejected)]
)
async def test_their_codes_say_more_than_the_status_beside_them(mode: str, error: type[errors.SourceError], monkeypatch: Any) -> None:
    async with metrics_desk.site() as site:
        site.one()
        await site.source.changes("")

        async def at_once(seconds: float) -> None:
            """No time passes."""

        monkeypatch.setattr("bot.sources.base.pause", at_once)
        site.parts.faults.add(mode=mode, path="/anomalies")
        with pytest.raises(error):
            await site.source.count(model.Query())


async def test_too_many_at_once_is_waited_for() -> None:
    async with metrics_desk.site() as site:
        site.one()
        site.parts.faults.add(mode="2002", path="/anomalies", times=1)
        assert await site.source.count(model.Query()) == 1


async def test_a_check_says_what_is_open_and_whether_alerts_may_be_seen() -> None:
    async with metrics_desk.site() as site:
        site.one()
        assert await site.source.check() == "1 open anomaly"
        site.parts.faults.add(mode="403", path="/alerts/triggered")
    async with metrics_desk.site() as site:
        site.one()
        site.parts.faults.add(mode="403", path="/alerts/triggered")
        assert "kept here" in await site.source.check()
        (found,) = (await site.source.changes("")).anomalies
        assert found.kept_here == tuple(Part)
