"""Many at once: preview, confirm, progress, receipt, undo, over real HTTP with the bot as a child process."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.walks.stage import DANA, GUS, LEE, Json, Stage, visible


async def _statuses(desk: Stage) -> Counter[str]:
    state = (await desk.http.get(f"{desk.qualytics_url}/_control/state")).json()
    return Counter(anomaly["status"] for anomaly in state["anomalies"])


async def _receipt(desk: Stage, *having: str) -> Json:
    async def look() -> Json | None:
        for message in reversed(await desk.messages()):
            shown = visible(message)
            if not message["ephemeral"] and all(word in shown for word in having):
                return message
        return None

    found: Json = await desk.until(look)
    return found


async def test_preview_confirm_receipt_and_undo(desk: Stage) -> None:
    await desk.arrive(30)
    before = await _statuses(desk)
    await desk.command("/anomalies archive status:open as:duplicate")
    preview = await desk.ephemeral("30", "Duplicate")
    assert not [m for m in await desk.messages(user=LEE) if m["ephemeral"]]
    assert await _statuses(desk) == before
    await desk.press(preview, "batch.confirm")
    receipt = await _receipt(desk, "30", "Undo")
    assert (await _statuses(desk))["Duplicate"] == before["Duplicate"] + 30

    await asyncio.gather(*(desk.press(receipt, "batch.undo") for _ in range(2)))
    await desk.ephemeral("already")

    async def back() -> bool:
        return await _statuses(desk) == before

    await desk.until(back)
    await _receipt(desk, "Dana archived 30 anomalies", "Taken back by Dana", "30 as before again")


async def test_after_an_undo_the_card_says_what_the_undo_did(desk: Stage) -> None:
    (ident,) = await desk.arrive(1)
    await _receipt(desk, str(ident))
    await desk.command("/anomalies ack status:open")
    await desk.press(await desk.ephemeral("Acknowledge 1 anomaly?"), "batch.confirm")
    receipt = await _receipt(desk, "Dana acknowledged 1 anomaly", "Undo")
    await _receipt(desk, f"#{ident}", "Acknowledged by Dana")
    await desk.press(receipt, "batch.undo")
    await _receipt(desk, f"#{ident}", "waiting since", "Un-acknowledged by Dana")


async def test_confirmed_twice_runs_once(desk: Stage) -> None:
    await desk.arrive(12)
    await desk.command("/anomalies ack status:open")
    preview = await desk.ephemeral("12")
    await asyncio.gather(*(desk.press(preview, "batch.confirm") for _ in range(2)), return_exceptions=True)
    await _receipt(desk, "12", "Undo")
    log = (await desk.http.get(f"{desk.qualytics_url}/_control/log")).json()["calls"]
    sent = [item["id"] for call in log if call["method"] == "PATCH" for item in call["json"]]
    assert len(sent) == len(set(sent)) == 12 - len([call for call in log if call["method"] == "PUT"])


async def test_what_drifted_is_left_alone_and_said(desk: Stage) -> None:
    idents = await desk.arrive(6)
    await desk.command("/anomalies ack status:open")
    preview = await desk.ephemeral("6")
    await desk.qualytics("PATCH", f"anomalies/{idents[0]}", status="Invalid")
    await desk.press(preview, "batch.confirm")
    receipt = visible(await _receipt(desk, "Undo"))
    assert str(idents[0]) in receipt
    assert (await desk.truth(idents[0]))["status"] == "Invalid"
    assert (await desk.truth(idents[1]))["status"] == "Acknowledged"


async def test_ids_without_rights_are_named_and_the_rest_is_done(desk: Stage) -> None:
    ours, theirs = await desk.arrive(3), (await desk.qualytics("POST", "anomalies", count=3, datastore=44))["ids"]
    for ident in ours:
        if (await desk.truth(ident))["datastore"]["id"] == 44:
            theirs.append(ident)
    await desk.qualytics("POST", "rights", datastore=44, role="Reporter")
    await desk.command(f"/anomalies ack {','.join(map(str, sorted({*ours, *theirs})))}")
    await desk.press(await desk.ephemeral("Confirm"), "batch.confirm")
    receipt = visible(await _receipt(desk, "Editor"))
    assert "finance-lake" in receipt
    for ident in theirs:
        assert (await desk.truth(ident))["status"] == "Active"
    for ident in set(ours) - set(theirs):
        assert (await desk.truth(ident))["status"] == "Acknowledged"


async def test_tags_are_added_and_removed_one_by_one(desk: Stage) -> None:
    (first,), (second,) = await desk.arrive(1, tags=["pii"]), await desk.arrive(1, tags=["critical", "pii"])
    await desk.command(f"/anomalies ack {first},{second} +tag:production -tag:pii")
    await desk.press(await desk.ephemeral("Confirm"), "batch.confirm")
    await _receipt(desk, "Undo")
    assert sorted(tag["name"] for tag in (await desk.truth(first))["global_tags"]) == ["production"]
    assert sorted(tag["name"] for tag in (await desk.truth(second))["global_tags"]) == ["critical", "production"]


async def test_one_id_is_changed_at_once(desk: Stage) -> None:
    (ident,) = await desk.arrive()
    await desk.card(ident, "waiting since")
    await desk.command(f"/anomalies ack {ident}")
    await desk.status(ident, "Acknowledged")
    await desk.card(ident, "Acknowledged by Dana")
    await desk.command(f"/anomalies unassign {ident}")
    await desk.ephemeral("already")


async def test_deleting_asks_for_the_number_and_for_an_admin(desk: Stage) -> None:
    idents = await desk.arrive(2)
    words = f"/anomalies delete {idents[0]},{idents[1]}"
    await desk.command(words, user=LEE)
    await desk.ephemeral("admin", user=LEE)
    await desk.command(words)
    await desk.view(DANA, "'callback_id': 'delete'")
    wrong = await desk.http.post(f"{desk.slack_url}/_control/submit", json={"user": DANA, "values": {"delete.count": "3"}})
    assert wrong.json().get("response") == "errors" or not wrong.json()["ok"]
    await desk.slack("submit", user=DANA, values={"delete.count": "2"})

    async def gone() -> bool:
        state = (await desk.http.get(f"{desk.qualytics_url}/_control/state")).json()
        return not {anomaly["id"] for anomaly in state["anomalies"]} & set(idents)

    await desk.until(gone)


async def test_a_guest_gets_no_preview(desk: Stage) -> None:
    await desk.arrive(3)
    await desk.command("/anomalies archive status:open as:resolved", user=GUS)
    await desk.ephemeral("Guests cannot", user=GUS)


async def test_nothing_found_says_which_word_excluded_most(desk: Stage) -> None:
    await desk.arrive(4, type="record")
    await desk.command("/anomalies ack type:shape status:open")
    await desk.ephemeral("Without type:shape")
    await desk.command("/anomalies list type:shape datastore:crm-replica")
    await desk.ephemeral("crm-replica has not been scanned yet", "/scan crm-replica")
    started = await desk.qualytics("POST", "operations/start", kind="scan", datastore=43, seconds=60, anomalies=0)
    await desk.qualytics("POST", f"operations/{started['id']}", end="success")
    await desk.command("/anomalies count type:shape datastore:crm-replica")
    await desk.ephemeral("The last scan of crm-replica ended 20")


async def test_an_undo_names_what_could_not_return(desk: Stage) -> None:
    first, second = await desk.arrive(2)
    await desk.command(f'/anomalies ack {first},{second} note:"same loader bug"')
    await desk.press(await desk.ephemeral("Confirm"), "batch.confirm")
    receipt = await _receipt(desk, "Undo")
    await desk.qualytics("PATCH", f"anomalies/{first}", status="Invalid")
    await desk.press(receipt, "batch.undo")
    told = visible(await _receipt(desk, "Taken back by Dana", str(first)))
    assert "comment" in told.lower()
    assert (await desk.truth(first))["status"] == "Invalid"
    assert (await desk.truth(second))["status"] == "Active"


async def test_two_people_with_overlapping_batches_change_each_anomaly_once(desk: Stage) -> None:
    idents = await desk.arrive(8)
    ids = ",".join(map(str, idents))
    await desk.command(f"/anomalies archive {ids} as:invalid")
    await desk.command(f"/anomalies archive {ids} as:duplicate", user=LEE)
    danas, lees = await desk.ephemeral("Invalid", "Confirm"), await desk.ephemeral("Duplicate", "Confirm", user=LEE)
    await asyncio.gather(desk.press(danas, "batch.confirm"), desk.press(lees, "batch.confirm", user=LEE))
    await _receipt(desk, "Dana archived", "as Invalid")
    await _receipt(desk, "Lee archived", "as Duplicate")
    log = (await desk.http.get(f"{desk.qualytics_url}/_control/log")).json()["calls"]
    sent = [item["id"] for call in log if call["method"] == "DELETE" and call["json"] for item in call["json"]]
    alone = [call for call in log if call["method"] == "DELETE" and not call["json"]]
    assert len(sent) == len(set(sent)) and len(sent) + len(alone) == 8
