"""Verdicts: what is told when an operation has ended, and what is worth waiting for before."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot import errors, model, ports
from bot.services.scans import ask
from tests.services import cast
from tests.services.lab import CHANNEL, DANA, WAREHOUSE, Lab, away

RUNNING, DONE = model.OperationState.RUNNING, model.OperationState.DONE


@pytest.mark.parametrize(
    ("error", "waits"),
    [
        (errors.SourceForbidden("qualytics", "no"), False),
        (errors.SourceRejected("qualytics", "what?"), False),
        (errors.SourceMissing("qualytics", "what?"), False),
        (away(), True),
    ],
    ids=["forbidden", "rejected", "missing", "away"],
)
async def test_what_cannot_be_read_does_not_keep_the_verdict_back(lab: Lab, error: errors.SourceError, waits: bool) -> None:
    ident = await lab.ask()
    await lab.turn()
    lab.works.end(anomalies=0)
    lab.works.faults["checks"] = [error for _ in range(100)]
    await lab.go(2)
    assert ((await lab.operation(ident)).state is DONE) is not waits
    await lab.go(15)
    ended = await lab.operation(ident)
    assert ended.verdict is not None and ended.verdict.problem is None
    assert "succeeded" in lab.told()[0]


async def test_nothing_found_and_nothing_checked_is_told(lab: Lab) -> None:
    ident = await lab.ask()
    await lab.turn()
    lab.works.end(anomalies=0)
    lab.works.checks = 0
    await lab.go(4)
    verdict = (await lab.operation(ident)).verdict
    assert verdict is not None and verdict.problem is not None
    assert verdict.problem.cause is model.Cause.NO_CHECKS and verdict.problem.names == ("orders",)


ANOMALY = cast.anomaly(1001, datastore=WAREHOUSE, container=model.Place("1", "orders"))


def _closed(how: str) -> model.Anomaly:
    return replace(ANOMALY, state=model.State.ARCHIVED, status=how, archived_as=how)


@pytest.mark.parametrize(
    ("result", "after", "words"),
    [
        (model.ScanResult.SUCCESS, _closed("Resolved"), "passes now and is resolved"),
        (model.ScanResult.SUCCESS, ANOMALY, "still fails"),
        (model.ScanResult.SUCCESS, replace(ANOMALY, state=model.State.ACKNOWLEDGED, status="Acknowledged"), "still fails"),
        (model.ScanResult.WARNING, ANOMALY, "nobody can say yet"),
        (model.ScanResult.WARNING, _closed("Resolved"), "passes now and is resolved"),
        (model.ScanResult.SUCCESS, _closed("Duplicate"), "was archived as Duplicate while the scan ran"),
        (model.ScanResult.SUCCESS, None, "is not in Qualytics any more"),
        (model.ScanResult.FAILURE, ANOMALY, "nobody can say yet"),
    ],
)
async def test_fixed_verify_tells_the_truth(lab: Lab, result: model.ScanResult, after: model.Anomaly | None, words: str) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    assert lab.scans.asks_first(proposal)
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.turn()
    (sent,) = lab.works.started
    assert sent.tables == ("orders",) and sent.options == {"auto_resolve_passed_anomalies": True}
    lab.works.end(result=result, anomalies=1)
    lab.works.anomalies = {"1001": after} if after else {}
    await lab.go(6)
    (told,) = lab.told()
    assert words in told
    assert ("passes now and" in told) is ("passes now and" in words)


@pytest.mark.long
@pytest.mark.parametrize(
    ("error", "seconds"), [(away(), 70), (errors.SourceForbidden("qualytics", "no"), 3), (away(), 240)], ids=["away", "forbidden", "long"]
)
async def test_a_verification_waits_for_an_outage_and_for_nothing_else(lab: Lab, error: errors.SourceError, seconds: int) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    ident = proposal.operations[0].id
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.go(3)
    lab.works.end(anomalies=1)
    lab.works.faults["get"] = [error for _ in range(200)]
    lab.works.faults["scan"] = [away() for _ in range(12)]  # these are not looks in vain at the anomaly
    await lab.go(30)
    if seconds == 70:
        await lab.go(40)
        assert (await lab.operation(ident)).state is RUNNING
        lab.works.faults.clear()
        lab.works.anomalies["1001"] = _closed("Resolved")
    await lab.go(seconds)
    ended = await lab.operation(ident)
    assert ended.verdict is not None and ended.verdict.passes is (True if seconds == 70 else None)


async def test_the_profile_behind_a_scan_verifies_nothing_and_takes_only_what_a_profile_takes(lab: Lab) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.turn()
    lab.works.end(anomalies=0)
    lab.works.checks = 0
    await lab.go(4)
    _, fix = await lab.scans.fix("profile", proposal.operations[0].id, DANA, CHANNEL)
    assert [one.verifies for one in fix.operations] == [None]

    more = {"enrichment_source_record_limit": 10, "greater_than_batch": 2.5, "auto_resolve_passed_anomalies": False}
    wish = ask.ScanOrder(("profile",), ("42",), ("orders",), options=more)
    made = await lab.scans.propose("qualytics", wish, DANA, CHANNEL)
    await lab.scans.confirm(made.operations[0].plan, DANA)
    await lab.turn()
    assert lab.works.started[-1].options == {"greater_than_batch": 2.5}


async def test_what_a_verification_found_is_in_the_history_and_on_the_card_at_once(lab: Lab) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    await lab.store.anomalies.save(ports.Observation("qualytics", [ANOMALY], read_at=lab.clock.now(), now=lab.clock.now()))
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.turn()
    lab.works.anomalies["1001"] = _closed("Resolved")
    lab.works.end(anomalies=0)
    await lab.go(6)
    assert (await lab.store.anomalies.get([ANOMALY.ref]))[ANOMALY.ref].status == "Resolved"
    (line,) = [one for one in await lab.store.journal.history(ANOMALY.ref) if one.action == "verify"]
    assert (line.actor, line.actor_name, line.after) == (DANA.id, "Dana", "Resolved") and "operation 900" in line.detail


async def test_a_verification_answers_in_the_cards_thread_and_names_the_anomaly(lab: Lab) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    await lab.store.anomalies.save(ports.Observation("qualytics", [ANOMALY], read_at=lab.clock.now(), now=lab.clock.now()))
    adopted = model.CardDraft(model.CardKind.ANOMALY, CHANNEL, str(ANOMALY.ref), ref=ANOMALY.ref, state=model.CardState.LIVE)
    card = await lab.store.cards.adopt(adopted, "1600000000.000100", lab.clock.now())
    lab.wall.shown[card.ts] = ""
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.turn()
    lab.works.end()
    await lab.go(6)
    (ts,) = [ts for ts, thread in lab.wall.threads.items() if thread == card.ts]
    assert len(lab.wall.threads) == 1 and "#1001 still fails" in lab.wall.shown[ts]
    assert re.search(r"Checked by Dana &lt;!date\^[^&]*&gt;: still fails", lab.wall.shown[card.ts])


async def test_a_verification_answers_in_the_channel_when_the_card_was_deleted(lab: Lab) -> None:
    lab.works.anomalies["1001"] = ANOMALY
    await lab.store.anomalies.save(ports.Observation("qualytics", [ANOMALY], read_at=lab.clock.now(), now=lab.clock.now()))
    adopted = model.CardDraft(model.CardKind.ANOMALY, CHANNEL, str(ANOMALY.ref), ref=ANOMALY.ref, state=model.CardState.LIVE)
    card = await lab.store.cards.adopt(adopted, "1600000000.000100", lab.clock.now())
    lease = await lab.store.leases.take("cards", card.id, lab.clock.now(), 20.0)
    assert lease is not None and await lab.store.cards.end(lease, model.CardState.GONE, model.Reason.MESSAGE_GONE)
    proposal = await lab.scans.verify(ANOMALY.ref, DANA, CHANNEL)
    await lab.scans.confirm(proposal.operations[0].plan, DANA)
    await lab.turn()
    assert list(lab.wall.threads.values()) == [""]
