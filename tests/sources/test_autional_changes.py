"""What Autional does differently from all others when it is changed, against the running fake: its words, its limits, its tokens."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import errors, model
from tests.sources import audits
from tests.sources.staging import RealClock

Action, Result = model.Action, model.Result


@pytest.mark.parametrize(
    ("words", "change", "asked", "ends"),
    [
        ("page", model.Change(Action.ACKNOWLEDGE), 1, "acknowledged"),
        ("console", model.Change(Action.ACKNOWLEDGE), 2, "investigating"),
        ("page", model.Change(Action.ARCHIVE, archive_as="Invalid"), 1, "dismissed"),
        ("console", model.Change(Action.ARCHIVE, archive_as="Invalid"), 2, "false_positive"),
        ("console", model.Change(Action.ARCHIVE, archive_as="Resolved"), 1, "resolved"),
        ("page", model.Change(Action.ACKNOWLEDGE, stage="investigating"), 1, "investigating"),
    ],
)
async def test_the_pages_word_first_then_the_consoles_and_that_is_remembered(
    words: str, change: model.Change, asked: int, ends: str
) -> None:
    async with audits.tenant(words=words) as tenant:
        made = tenant.source()
        for calls in (asked, 1):
            (one,) = await tenant.some(made)
            assert (await made.apply(change, [one]))[0].result is Result.DONE
            assert tenant.world.anomalies[one.ref.id].status == ends
            assert [line.rpartition("/")[2] for line in tenant.lines()] == ["status"] * calls
        tomorrow = RealClock()
        tomorrow.now = lambda: datetime.now(UTC) + timedelta(hours=25)  # type: ignore[method-assign]
        later = tenant.source(machine=False, clock=tomorrow)
        (one,) = await tenant.some(later)
        await later.apply(change, [one])
        assert len(tenant.lines()) == asked, "a day later it is tried again"


async def test_a_refusal_of_both_words_is_told_and_nothing_is_learned_of_it() -> None:
    async with audits.tenant(transitions="console") as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        tenant.world.set_status(tenant.world.anomalies[one.ref.id], "resolved", "usr_1")
        (outcome,) = await made.apply(model.Change(Action.REOPEN), [(await made.get([one.ref.id]))[one.ref.id]])
        assert outcome.result is Result.REFUSED
        assert "Invalid status transition" in outcome.reason
        assert not any("refused" in value and "set:" in value for value in tenant.traits.values.values())


async def test_status_and_assignee_go_in_one_call() -> None:
    async with audits.tenant(words="page") as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        await made.apply(model.Change(Action.ACKNOWLEDGE, assignees=("usr_lpark",)), [one])
        there = tenant.world.anomalies[one.ref.id]
        assert (there.status, there.assignee) == ("acknowledged", "usr_lpark")
        assert len(tenant.lines()) == 1
        await made.apply(model.Change(Action.ASSIGN, assignees=("usr_dreyes",)), [one])
        assert (there.assignee, [line.rpartition("/")[2] for line in tenant.lines()]) == ("usr_dreyes", ["assign"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (model.Change(Action.ASSIGN, assignees=()), "no way to take somebody off"),
        (model.Change(Action.ASSIGN, assignees=("a", "b")), "one person"),
        (model.Change(Action.COMMENT, comment="x" * 2001), "2,000 characters at most, and this one has 2,001"),
        (model.Change(Action.ACKNOWLEDGE, comment="x" * 2001), "Nothing was changed"),
        (model.Change(Action.ACKNOWLEDGE, add_tags=("a",)), "no way to tag"),
        (model.Change(Action.ACKNOWLEDGE, description="a"), "no way to describe"),
        (model.Change(Action.ACKNOWLEDGE, stage="pondering"), "investigating"),
        (model.Change(Action.ARCHIVE, archive_as="Duplicate"), "Resolved or Invalid"),
    ],
)
async def test_what_it_has_no_way_to_do_is_refused_before_any_call(change: model.Change, why: str) -> None:
    async with audits.tenant() as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        tenant.world.change(tenant.world.anomalies[one.ref.id], assignee="usr_lpark")
        (read,) = (await made.get([one.ref.id])).values()
        tenant.lines()
        (outcome,) = await made.apply(change, [read])
        assert outcome.result is Result.REFUSED
        assert why in outcome.reason
        assert tenant.lines() == []


async def test_two_thousand_characters_are_a_comment_and_it_is_never_sent_twice() -> None:
    async with audits.tenant() as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        assert (await made.apply(model.Change(Action.COMMENT, comment="ü" * 2000), [one]))[0].result is Result.DONE
        tenant.parts.faults.add(mode="drop_after", method="POST", path="/comment", times=1)
        (outcome,) = await made.apply(model.Change(Action.COMMENT, comment="once"), [one])
        assert (outcome.result, outcome.unsure) == (Result.REFUSED, True)
        assert "may have been saved" in outcome.reason
        assert [said.content for said in tenant.world.anomalies[one.ref.id].comments] == ["ü" * 2000, "once"]


async def test_a_case_whose_answer_is_lost_is_looked_for_and_linked_once() -> None:
    async with audits.tenant() as tenant:
        made = tenant.source()
        (one,) = await tenant.some(made)
        tenant.parts.faults.add(mode="drop_after", method="POST", path="/link", times=1)
        (outcome,) = await made.apply(model.Change(Action.CASE, case="CASE-2026-007"), [one])
        assert outcome.result is Result.DONE
        assert [line.split()[0] for line in tenant.lines()] == ["POST", "GET"]


# --- tokens


@pytest.mark.parametrize("place", ["/bff/oauth/api/v1", "/api/v1"])
async def test_client_credentials_are_exchanged_wherever_that_is(place: str) -> None:
    async with audits.tenant(oauth=place) as tenant:
        made = tenant.source()
        await made.check()
        await made.check()
        lines = [line for line in tenant.lines() if "oauth" in line]
        assert lines == ["POST /bff/oauth/api/v1/oauth/token", "POST /api/v1/oauth/token"][: 1 if place.startswith("/bff") else 2]


async def test_tokens_that_end_in_the_middle_of_a_batch_are_renewed_once_and_nothing_is_done_twice() -> None:
    async with audits.tenant(words="page") as tenant:
        made = tenant.source()
        targets = await tenant.some(made, 12)
        now = [datetime.now(UTC)]
        tenant.world.tokens.expire(now[0].timestamp())
        made._api._who._held.since -= timedelta(minutes=5)  # type: ignore[attr-defined]
        outcomes = await made.apply(model.Change(Action.COMMENT, comment="seen"), targets)
        assert {outcome.result for outcome in outcomes} == {Result.DONE}
        lines = tenant.lines()
        assert sum("oauth" in line for line in lines) == 1
        assert {len(tenant.world.anomalies[one.ref.id].comments) for one in targets} == {1}


@pytest.mark.parametrize("secret", ["another", None])
async def test_a_client_that_is_not_taken_is_one_sentence_without_the_secret(secret: str | None) -> None:
    async with audits.tenant() as tenant:
        tenant.world.tokens.secret = secret
        made = tenant.source()
        for _ in range(2):
            with pytest.raises(errors.SourceAuthFailed, match=r"AUTIONAL_CLIENT_ID and AUTIONAL_CLIENT_SECRET") as raised:
                await made.check()
            assert "sandbox-secret" not in str(raised.value)
        assert sum("oauth" in line for line in tenant.lines()) == 1, "a key that was refused is not tried in a loop"


@pytest.mark.parametrize("modes", [{"auth_errors": "plain"}, {"auth_errors": "problem"}])
@pytest.mark.parametrize(("role", "says"), [("auditor", "to change anomalies"), ("guest", "lacks a right")])
async def test_a_missing_right_is_told_as_one(modes: dict[str, Any], role: str, says: str) -> None:
    async with audits.tenant(**modes) as tenant:
        made = tenant.source(machine=False)
        (one,) = await tenant.some(made)
        tenant.world.tokens.grants[next(iter(tenant.world.tokens.grants))].role = role
        if role == "auditor":
            (outcome,) = await made.apply(model.Change(Action.ACKNOWLEDGE), [one])
            assert (outcome.result, outcome.right) == (Result.REFUSED, says)
            return
        with pytest.raises(errors.SourceForbidden, match=says):
            await made.get([one.ref.id])


# --- looking closely, and searching


async def test_evidence_counts_devices_and_names_no_address() -> None:
    async with audits.tenant() as tenant:
        made = tenant.source()
        (one, other) = await tenant.some(made, 2)
        for each in (one, other):
            tenant.world.change(tenant.world.anomalies[each.ref.id], user_id="usr_x")
        told = await made.closer.evidence(one)
        assert told.related == [other.ref]
        assert [fact.label for fact in told.facts] == ["Events within a day", "Devices", "Addresses"]
        assert told.happened and told.happened[0].at and told.happened_in_all
        assert "10." not in str(told.happened)
        tenant.parts.faults.add(mode="403", path="/timeline")
        half = await made.closer.evidence(one)
        assert half.related == [other.ref] and "lacks a right" in half.missing[0]
        tenant.parts.faults.add(mode="403", path="/related")
        with pytest.raises(errors.SourceForbidden):
            await made.closer.evidence(one)


@pytest.mark.parametrize(
    ("modes", "found"),
    [
        ({"detect": "list", "detect_anomalies": 3}, model.Detection(3)),
        ({"detect": "list", "detect_anomalies": 0}, model.Detection(0)),
        ({"detect": "task"}, None),
    ],
)
async def test_a_search_tells_what_it_found_or_the_name_of_a_task(modes: dict[str, Any], found: model.Detection | None) -> None:
    async with audits.tenant(**modes) as tenant:
        made = tenant.source()
        await made.check()
        told = await made.closer.detect("24h")
        assert told == found if found else (told.found is None and told.task.startswith("tsk_"))
        tenant.parts.faults.add(mode="drop_after", path="/detect")
        tenant.lines()
        with pytest.raises(errors.SourceUnavailable):
            await made.closer.detect("24h")
        assert len(tenant.lines()) == 1, "it is never started twice by itself"
