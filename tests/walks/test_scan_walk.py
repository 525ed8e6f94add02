"""Scans from the channel: preview, one message per operation, the verdict once, whatever restarts and outages come between."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import CHANNEL, DANA, LEE, Json, Stage, visible


async def _plan(desk: Stage, **plan: object) -> None:
    await desk.qualytics("POST", "operations", **plan)


async def _operations(desk: Stage) -> list[Json]:
    return list((await desk.http.get(f"{desk.qualytics_url}/_control/state")).json()["operations"])


async def _lasting(desk: Stage, *having: str) -> Json:
    """Wait for a lasting message that says all of this."""

    async def look() -> Json | None:
        for message in await desk.messages():
            if not message["ephemeral"] and all(word in visible(message) for word in having):
                return message
        return None

    found: Json = await desk.until(look)
    return found


async def _scans(desk: Stage) -> list[Json]:
    """Lasting messages about operations."""
    return [one for one in await desk.messages() if not one["ephemeral"] and "scan" in visible(one).lower()]


async def test_a_full_scan_says_what_it_may_close_and_ends_with_a_verdict(desk: Stage) -> None:
    made = (await desk.qualytics("POST", "anomalies", count=3, datastore=42, container="orders"))["ids"]
    await _plan(desk, seconds=0.5, anomalies=2, passes=made[:1])
    await desk.command("/scan warehouse-prod tables:ORDERS")
    preview = await desk.ephemeral("orders", "3 open anomalies")
    assert await _operations(desk) == []
    await asyncio.gather(*(desk.press(preview, "scan.start") for _ in range(2)), return_exceptions=True)
    verdict = await _lasting(desk, "orders", "succeeded", "2 new anomalies")
    assert "review.open" in str(verdict["blocks"])
    (operation,) = await _operations(desk)
    assert [one["name"] for one in operation["containers"]] == ["orders"]
    assert len(await _scans(desk)) == 1
    assert (await desk.truth(made[0]))["status"] == "Resolved"


async def test_what_closes_nothing_starts_at_once(desk: Stage) -> None:
    await _plan(desk, seconds=0.3, anomalies=0)
    await desk.command("/scan warehouse-prod tables:orders,customers incremental", user=LEE)
    await desk.ephemeral(f"<#{CHANNEL}>", user=LEE)
    await _lasting(desk, "orders", "customers", "succeeded")


async def test_a_running_scan_shows_progress_and_is_aborted(desk: Stage) -> None:
    await _plan(desk, seconds=60)
    await desk.command("/scan warehouse-prod auto-resolve:off")
    running = await _lasting(desk, "warehouse-prod", "Running since")
    await desk.press(running, "scan.abort")
    await _lasting(desk, "aborted", "Dana")
    assert [one["result"] for one in await _operations(desk)] == ["aborted"]


async def test_a_name_that_is_not_there_is_answered_with_the_nearest_and_a_sync(desk: Stage) -> None:
    await _plan(desk, seconds=0.2)
    await desk.command("/scan warehouse-prod tables:orderz incremental")
    answer = await desk.ephemeral("orderz", "orders")
    assert await _operations(desk) == []
    await desk.press(answer, "scan.sync")
    await _lasting(desk, "ync of warehouse-prod", "succeeded")


async def test_a_tag_on_no_table_here_is_said(desk: Stage) -> None:
    tag = next(name for name in desk.world.facts.tags if not _tagged(desk, name, 42))
    await desk.command(f'/scan warehouse-prod tags:"{tag}" incremental')
    await desk.ephemeral(tag, "no table")
    assert await _operations(desk) == []


def _tagged(desk: Stage, tag: str, datastore: int) -> bool:
    return any(tag in one.table.tags for one in desk.world.facts.containers.values() if one.datastore.id == datastore)


async def test_tables_without_checks_are_the_likely_cause_and_a_profile_the_fix(desk: Stage) -> None:
    for check in desk.world.facts.checks.values():
        if check.container.table.name == "orders" and check.container.datastore.id == 42:
            check.active = False
    await _plan(desk, seconds=0.2)
    await _plan(desk, seconds=0.2)
    await desk.command("/scan warehouse-prod tables:orders incremental")
    verdict = await _lasting(desk, "orders", "active", "check")
    await desk.press(verdict, "scan.fix")
    await _lasting(desk, "rofile of orders", "succeeded")


async def test_daily_goes_on_step_by_step_and_stops_with_the_reason(desk: Stage) -> None:
    await _plan(desk, seconds=0.2)
    await _plan(desk, seconds=0.2, result="failure", message="the warehouse is suspended")
    await desk.command("/scan daily crm-replica")
    await desk.press(await desk.ephemeral("these 3 steps"), "scan.start")
    failed = await _lasting(desk, "the warehouse is suspended", "failed")
    assert "not started" in visible(failed)
    assert [one["type"] for one in await _operations(desk)] == ["sync", "profile"]
    await _plan(desk, seconds=0.2)
    await _plan(desk, seconds=0.2, anomalies=0)
    await desk.press(failed, "scan.fix", value=next(value for value in _values(failed) if value.startswith("again|")))
    await desk.press(await desk.ephemeral("these 2 steps"), "scan.start")
    await _lasting(desk, "Profile, then scan", "(step 2 of 2) *succeeded*")
    assert [one["type"] for one in await _operations(desk)] == ["sync", "profile", "profile", "scan"]


def _values(message: Json) -> list[str]:
    return [line for line in staging.buttons_of(message, "").splitlines() if line]


async def test_a_missing_right_is_named(desk: Stage) -> None:
    await desk.qualytics("POST", "rights", datastore=44, role="Reporter")
    await desk.command("/scan finance-lake incremental")
    await _lasting(desk, "Editor", "finance-lake")


async def test_what_somebody_starts_in_qualytics_is_followed(desk: Stage) -> None:
    await desk.qualytics("POST", "operations/start", kind="scan", datastore=43, seconds=1.0, anomalies=1, user=12)
    await _lasting(desk, "in Qualytics", "succeeded", "1 new anomaly")
    assert len(await _scans(desk)) == 1


async def test_fixed_verify_resolves_or_says_that_it_still_fails(desk: Stage) -> None:
    first, second = (await desk.qualytics("POST", "anomalies", count=2, datastore=42, container="orders"))["ids"]
    for ident, passes, told in ((first, [first], "passes now"), (second, [], "still fails")):
        await _plan(desk, seconds=0.2, anomalies=0, passes=passes)
        card = await desk.card(ident, "waiting since")
        await desk.press(card, "anomaly.more", value=next(value for value in _values(card) if value.startswith("verify|")))
        await desk.press(await desk.ephemeral("orders", "Start this scan?"), "scan.start")
        await _lasting(desk, str(ident), told)
    await desk.card(first, "Resolved")
    assert (await desk.truth(second))["status"] == "Active"


async def test_killed_and_cut_off_during_a_scan_the_verdict_arrives_once(tmp_path: Path, zygote: forking.Zygote) -> None:
    async with staging.staged(tmp_path) as stage:
        bot = stage.fork(zygote)
        await bot.start()
        await stage.until(stage.messages)
        await _plan(stage, seconds=6, anomalies=1)
        await stage.command("/scan warehouse-prod tables:orders incremental")
        await _lasting(stage, "orders", "Running since")
        await bot.kill()
        await stage.qualytics("POST", "faults", mode="503", times=6)
        await bot.start()
        await _lasting(stage, "orders", "succeeded", "1 new anomaly")
        await bot.kill()
        await bot.start()
        await stage.until(stage.messages)
        assert len(await _operations(stage)) == 1
        assert len(await _scans(stage)) == 1
        await bot.kill()


async def test_a_start_whose_answer_is_lost_is_found_not_repeated(desk: Stage) -> None:
    await _plan(desk, seconds=0.5, anomalies=0)
    fault = {"method": "POST", "path": "/api/operations/run", "mode": "drop_after", "times": 1}
    await desk.http.post(f"{desk.qualytics_url}/_control/faults", json=fault)
    await desk.command("/scan warehouse-prod tables:orders incremental")
    await _lasting(desk, "orders", "succeeded")
    assert len(await _operations(desk)) == 1


async def test_the_form_asks_for_everything_and_its_menus_come_from_qualytics(desk: Stage) -> None:
    await _plan(desk, seconds=0.2, anomalies=0)
    await desk.command("/scan")
    await desk.view(DANA, "'callback_id': 'scan'")
    stores = await desk.slack("select", user=DANA, action_id="scan.datastores", query="ware")
    assert [option["text"]["text"] for option in stores["options"]] == ["warehouse-prod"]
    await desk.slack("click", user=DANA, action_id="scan.datastores", value=[stores["options"][0]["value"]])
    tables = await desk.slack("select", user=DANA, action_id="scan.tables", query="order")
    assert {"orders"} <= {option["text"]["text"] for option in tables["options"]}
    await desk.slack("click", user=DANA, action_id="scan.tables", value=["orders"])
    await desk.slack("submit", user=DANA, values={"scan.how": "incremental", "scan.records": "1000", "scan.since": "2026-11-01"})
    await _lasting(desk, "orders", "succeeded")
    log = (await desk.http.get(f"{desk.qualytics_url}/_control/log")).json()["calls"]
    (sent,) = [call["json"] for call in log if call["path"].endswith("/operations/run")]
    assert sent["incremental"] is True and sent["max_records_analyzed_per_partition"] == 1000
    assert sent["greater_than_time"] == "2026-11-01T00:00:00.000Z" and sent["container_names"] == ["orders"]
