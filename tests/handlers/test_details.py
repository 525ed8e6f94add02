"""Details through the real app: a modal at once, filled when all is known; rows for those who may see them, and left nowhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot import errors, model
from bot.render.kit import ids
from sandbox.qualytics import source_records
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, DANA, GUS, LEE, Front, Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def details(front: Front, ident: int, user: str = DANA) -> str:
    """What is in the modal after somebody asked for the details."""
    front.stage.workspace.modals.stacks.clear()
    await front.send(front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS, user=user))
    return front.modal(user)


async def calls(front: Front, method: str) -> list[Json]:
    """What Slack was asked since its log was cleared."""
    found: list[Json] = (await front.stage.http.get(f"{front.stage.slack_url}/_control/log", params={"method": method})).json()["log"]
    return found


async def test_details_opens_a_modal_for_the_clicker_alone(front: Front) -> None:
    (ident,) = await front.arrive()
    truth = await front.stage.truth(ident)
    await front.send(front.press(front.card(ident), ids.ACKNOWLEDGE))
    await front.send(front.command(f'note {ident} "late vendor file"'))
    await front.stage.qualytics("PATCH", f"anomalies/{ident}", status="Active")
    await front.look()
    before = front.posted(), front.whispers()
    told = await details(front, ident)
    for check in truth["failed_checks"]:
        assert check["message"] in told and f"check {check['quality_check']['id']}" in told
    for words in (
        "Acknowledged by Dana",
        "late vendor file",
        "in Qualytics",
        truth["datastore"]["name"],
        f"id {ident}",
        str(truth["fingerprint"]),
    ):
        assert words in told, words
    assert front.modal(LEE) == "" and (front.posted(), front.whispers()) == before, "nobody else sees it, and nothing is said besides"
    assert front.form().get("private_metadata", "") == ""
    assert ids.DETAILS_ROWS not in told, "rows are off unless the settings say so"


async def test_recurrence_counts_the_fingerprint_and_who_closed_it_as_what(front: Front) -> None:
    made = await front.arrive(4)
    for ident in made:
        front.stage.world.anomalies[ident].fingerprint = 4711
        front.stage.world.change(front.stage.world.anomalies[ident], description=f"again {ident}")
    for ident in made:
        await front.told(front.command(f"show {ident}"))
    await front.look()
    for ident in made[:3]:
        await front.send(front.command(f"archive {ident} as:invalid"))
    told = await details(front, made[3])
    assert "4 times in 7 days, 3 × Invalid by Dana" in told, told


async def test_a_slow_system_fills_the_modal_that_opened_at_once(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    (ident,) = await front.arrive()
    async with held(front, monkeypatch) as gate:
        await front.send(front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS), settle=False)
        await gate.reached.wait()
        assert "Loading" in front.modal()
    await front.settle()
    assert "Loading" not in front.modal() and f"id {ident}" in front.modal()


async def test_who_closed_it_meanwhile_hears_no_more_of_it(
    front: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (ident,) = await front.arrive()
    before = front.whispers()
    async with held(front, monkeypatch) as gate:
        await front.send(front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS), settle=False)
        await gate.reached.wait()
        front.stage.workspace.modals.stacks.clear()
    await front.settle()
    assert front.modal() == "" and front.whispers() == before
    assert "Traceback" not in caplog.text


class Gate:
    """A reading that waits until it may go on."""

    def __init__(self) -> None:
        self.reached, self.open = asyncio.Event(), asyncio.Event()


class held:
    """Qualytics' answers wait as long as the block lasts."""

    def __init__(self, front: Front, patch: pytest.MonkeyPatch) -> None:
        self.front, self.patch, self.gate = front, patch, Gate()

    async def __aenter__(self) -> Gate:
        source: Any = self.front.running.sources["qualytics"]
        get = source.get

        async def slowly(refs: Any) -> Any:
            self.gate.reached.set()
            await self.gate.open.wait()
            return await get(refs)

        self.patch.setattr(source, "get", slowly)
        return self.gate

    async def __aexit__(self, *_: object) -> None:
        self.gate.open.set()


async def test_two_deliveries_of_one_click_open_one_modal_and_two_clicks_are_both_answered(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.stage.slack("log/clear")
    click = front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS)
    await asyncio.gather(front.send(click), front.send(click))
    assert len(await calls(front, "views.open")) == 1
    again = front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS)
    await front.send(again)
    assert len(await calls(front, "views.open")) == 2
    assert f"id {ident}" in front.modal()


async def test_a_click_that_comes_too_late_is_told_so(front: Front, caplog: pytest.LogCaptureFixture) -> None:
    (ident,) = await front.arrive()
    front.stage.workspace.modals.stacks.clear()
    await front.stage.slack("faults", method="views.open", mode="error", error="expired_trigger_id")
    told = await front.told(front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS))
    await front.stage.http.delete(f"{front.stage.slack_url}/_control/faults")
    assert "again" in told and front.modal() == ""
    assert "Traceback" not in caplog.text


async def test_a_system_that_fails_says_so_in_the_modal(front: Front) -> None:
    (ident,) = await front.arrive()
    async with front.fault(mode="500", path=f"/anomalies/{ident}$"):
        told = await details(front, ident)
    assert "Qualytics" in told and "500" in told and "Loading" not in told


async def test_what_fails_besides_is_said_and_the_rest_is_told(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    (ident,) = await front.arrive()
    monkeypatch.setattr(front.running.sources["qualytics"], "comments", _failing)
    told = await details(front, ident)
    assert "Could not be had now" in told and "the comments are lost" in told and f"id {ident}" in told


async def _failing(ident: str) -> Any:
    raise errors.SourceUnavailable("qualytics", "Qualytics failed: the comments are lost.")


async def test_a_deleted_one_says_so_and_shows_what_was_seen_last(front: Front) -> None:
    (ident,) = await front.arrive()
    menu = front.press(front.card(ident), ids.MORE, ids.MORE_DETAILS)
    front.stage.world.erase(front.stage.world.anomalies[ident])
    await front.send(menu)
    assert "Deleted in Qualytics." in front.modal() and f"id {ident}" in front.modal()


async def test_what_does_not_exist_here_is_refused(front: Front) -> None:
    await front.send(front.click(ids.MORE, "details|qualytics:99999999|1", kind="overflow"))
    assert "has no anomaly 99999999" in front.modal()


async def test_a_guest_sees_nothing(front: Front) -> None:
    (ident,) = await front.arrive()
    told = await details(front, ident, GUS)
    assert "uests" in told and f"id {ident}" not in told


async def test_the_history_leads_to_the_details(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.command(f"history {ident}"))
    await front.send(front.click(ids.DETAILS, f"qualytics:{ident}|1"))
    assert f"id {ident}" in front.modal()


async def test_pages_are_turned_in_place(front: Front) -> None:
    (ident,) = await front.arrive()
    front.stage.world.change(front.stage.world.anomalies[ident], description=" ".join(f"word{n:04}" for n in range(4_000)))
    seen = [await details(front, ident)]
    assert "Page 1 of" in seen[0] and "word3999" not in seen[0]
    while onward := next((one["value"] for one in _buttons(front.form()) if one["action_id"] == ids.DETAILS_NEXT), ""):
        await front.send(front.click_in(front.form(), ids.DETAILS_NEXT, onward))
        seen.append(front.modal())
    assert [n for n in range(4_000) if f"word{n:04}" not in "".join(seen)] == [], "nothing is left out"
    back = next(one["value"] for one in _buttons(front.form()) if one["action_id"] == ids.DETAILS_BACK)
    await front.send(front.click_in(front.form(), ids.DETAILS_BACK, back))
    assert f"Page {len(seen) - 1} of {len(seen)}" in front.modal()
    await front.send(front.click_in(front.form(), ids.DETAILS_NEXT, "no such value"))
    assert "too old" in front.whispers()[-1]


def _buttons(view: Json) -> list[Json]:
    return [one for block in view["blocks"] if block["type"] == "actions" for one in block["elements"]]


# --- failing rows -------------------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def open_rows(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """A desk that shows rows, to Dana alone."""
    folder = tmp_path_factory.mktemp("rows")
    async with fronts.opened(folder, DESK_ROWS="true", DESK_PERMISSIONS=json.dumps({"rows": [DANA]})) as made:
        yield made


SECRET = "Jane-Roe-4711-private"


async def enriched(front: Front, monkeypatch: pytest.MonkeyPatch) -> int:
    """An anomaly with rows of which one value can be found again."""
    (ident,) = await front.arrive()
    one = front.stage.world.anomalies[ident]
    one.enriched, one.records = True, 3
    monkeypatch.setattr(source_records, "rows", lambda _: [{"row": 1, "name": SECRET, "mail": source_records.MASKED}])
    return ident


async def test_rows_are_shown_in_that_modal_masked_and_kept_nowhere(
    open_rows: Front, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    front, ident = open_rows, await enriched(open_rows, monkeypatch)
    await details(front, ident)
    view = front.form()
    await front.send(
        front.click_in(view, ids.DETAILS_ROWS, next(one["value"] for one in _buttons(view) if one["action_id"] == ids.DETAILS_ROWS))
    )
    shown = front.form()
    assert SECRET in json.dumps(shown) and source_records.MASKED in json.dumps(shown)
    assert any(block["type"] == "rich_text" for block in shown["blocks"])
    assert shown.get("private_metadata", "") == ""
    # Slack sends the whole view back with the next click in it.
    await front.send(front.click_in(shown, ids.DETAILS_AGAIN, f"0|qualytics:{ident}|1"))
    assert SECRET not in front.modal() and f"id {ident}" in front.modal()
    await front.running.post.flush()
    assert SECRET not in ours(caplog)
    assert SECRET not in json.dumps([*front.posted(), *front.whispers()])
    assert [path.name for path in database(front) if SECRET.encode() in path.read_bytes()] == []
    assert await journal_of(front, ident) == []


def ours(caplog: pytest.LogCaptureFixture) -> str:
    """What the desk and its libraries logged; not what the fakes did."""
    return "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("sandbox"))


def database(front: Front) -> list[Path]:
    """The files of the database, with what is not yet in the main one: journal, deliveries and all."""
    found = sorted(front.stage.folder.glob("desk.db*"))
    assert any(path.name == "desk.db" for path in found)
    return found


async def journal_of(front: Front, ident: int) -> list[model.Entry]:
    return list(await front.running.store.journal.history(model.Ref("qualytics", str(ident))))


async def test_whoever_may_not_see_rows_gets_no_button_and_a_forged_one_is_refused(
    open_rows: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front, ident = open_rows, await enriched(open_rows, monkeypatch)
    told = await details(front, ident, LEE)
    assert ids.DETAILS_ROWS not in told
    await front.forget()
    await front.send(front.click_in(front.form(LEE), ids.DETAILS_ROWS, f"0|qualytics:{ident}|1", user=LEE))
    assert "may see failing rows" in front.modal(LEE) and SECRET not in front.modal(LEE)
    assert [one for one in await asked(front) if "source-record" in one["path"]] == []


async def asked(front: Front) -> list[Json]:
    found: list[Json] = (await front.stage.http.get(f"{front.stage.qualytics_url}/_control/log")).json()["calls"]
    return found


async def test_without_the_setting_nobody_sees_rows(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    ident = await enriched(front, monkeypatch)
    await details(front, ident)
    await front.send(front.click_in(front.form(), ids.DETAILS_ROWS, f"0|qualytics:{ident}|1"))
    assert SECRET not in front.modal() and ("DESK_ROWS" in front.modal() or "Only admins" in front.modal())


async def test_rows_that_cannot_be_had_say_so(open_rows: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    front, ident = open_rows, await enriched(open_rows, monkeypatch)
    await details(front, ident)
    async with front.fault(mode="500", path="/source-record$"):
        await front.send(front.click_in(front.form(), ids.DETAILS_ROWS, f"0|qualytics:{ident}|1"))
    assert "500" in front.modal() and CHANNEL not in front.modal()
