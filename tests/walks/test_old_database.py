"""A desk of today starts on the rows of an earlier release: everything that was under way goes on, and nothing happens twice."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import app
from tests.store import conftest as databases
from tests.walks import old_desk
from tests.walks.stage import CHANNEL, DANA, LEE, PATIENCE, Json, Stage, free_port, visible

server = databases.server
url = databases.url


@dataclass(frozen=True)
class Old:
    """The fixture, both fakes, the desk of today, and what could be seen in the channel before it was started."""

    there: old_desk.Found
    stage: Stage
    desk: app.Running
    port: int
    before: list[Json]

    def ids(self, name: str) -> list[int]:
        """The anomalies that are this in the fixture."""
        return list(self.there.told[name])

    def message(self, *having: str, ephemeral: bool = False) -> Json:
        """The one message of that time with these words."""
        (found,) = [one for one in self.before if one["ephemeral"] is ephemeral and all(word in visible(one) for word in having)]
        return found

    async def now(self, old: Json, *having: str) -> str:
        """Wait until this message of that time says this; returns all of it. Time flies meanwhile: edits that tell of progress are seconds
        apart, and so are the looks at a long scan."""
        async with asyncio.timeout(PATIENCE):
            while True:
                (found,) = [one for one in await self.stage.messages() if one["ts"] == old["ts"]]
                if all(word in visible(found) for word in having):
                    return visible(found)
                self.there.pass_by(1)
                await asyncio.sleep(0.1)

    async def calls(self, method: str, path: str) -> list[Json]:
        """The writes that the system got since the start."""
        log = (await self.stage.http.get(f"{self.stage.qualytics_url}/_control/log")).json()["calls"]
        return [call for call in log if call["method"] == method and re.search(f"{path}$", call["path"])]

    async def count(self, statement: str) -> int:
        """A number from the desk's own rows."""
        return int(await self.desk.store.db.read(lambda connection: connection.scalar(sa.text(statement))))


@pytest.fixture(params=[("0003", "sqlite"), ("0007", "sqlite"), ("0007", "postgresql"), ("0012", "sqlite")], ids="-".join)
def left(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which release left it behind, in which database. Older ones on a server: the migrations are tried there in tests of their own."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
def revision(left: tuple[str, str]) -> str:
    return left[0]


@pytest.fixture
def kind(left: tuple[str, str]) -> str:
    return left[1]


@pytest.fixture
async def old(revision: str, kind: str, url: str, tmp_path: Path) -> AsyncIterator[Old]:
    """The desk of today, started on what the one of an earlier revision left behind."""
    there = old_desk.found(revision)
    if kind == "sqlite":
        url = old_desk.sqlite(there, tmp_path / "desk.db")
    else:
        await old_desk.server(there, url)
    async with old_desk.staged(there, tmp_path) as stage:
        await stage.qualytics("POST", "operations", seconds=0.2, anomalies=0)  # the scan that the system has not got yet
        before = await stage.messages() + [one for one in await stage.messages(user=LEE) if one["ephemeral"]]
        port = free_port()
        env = {"DESK_WAIT_SECONDS": "0", "DESK_BURST": "50", "QUALYTICS_MAX_BATCH": "2", "PORT": str(port)}
        async with old_desk.desk(there, stage, url, **env) as desk:
            yield Old(there, stage, desk, port, before)


async def test_everything_goes_on_and_nothing_happens_twice(old: Old, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    await _what_it_remembered_is_known(old)
    await _the_batch_ends_with_the_right_receipt(old)
    await _clicks_are_ended(old)
    await _scans_are_followed_to_their_verdicts(old)
    await _posts_are_found_or_made(old)
    await _the_comment_is_there_once(old)
    await _what_was_pushed_is_read(old)
    await _what_filters_ask_for_is_filled(old)
    await _the_finished_batch_is_taken_back(old)
    await _previews_are_confirmed(old)
    await _old_buttons_work(old)
    await _nothing_was_posted_twice(old)
    assert (await old.stage.http.get(f"http://127.0.0.1:{old.port}/readyz")).status_code == 200
    assert [record.getMessage() for record in caplog.records] == []


async def _what_it_remembered_is_known(old: Old) -> None:
    """In facts of that time, or in rows: the last digest, what the deployment speaks, and since when operations of others are news."""
    then, store = datetime.fromisoformat(old.there.told["killed"]), old.desk.store
    assert await store.digests.get("default") == datetime.fromisoformat(old.there.told["digest"])
    traits = await store.traits.get("qualytics", f"127.0.0.1:{old_desk.PORT}")
    assert traits["datastore_key"] == "datastore_id"
    if old.there.told.get("pushed") is None:
        assert (traits["patch"], traits["operations"]) == ("list", "client")
    standing = await store.health.get("qualytics")
    assert standing.noticed is not None and standing.noticed > then - timedelta(minutes=5)
    assert standing.told is None and await store.slack.refused_since(CHANNEL) is None


async def _the_batch_ends_with_the_right_receipt(old: Old) -> None:
    running = old.ids("running")
    await old.now(old.message(f"Archiving {len(running)} anomalies"), f"{len(running)} done")
    assert {(await old.stage.truth(ident))["status"] for ident in running} == {"Resolved"}
    archived = {one["id"] for one in old.there.read("qualytics.json")["anomalies"] if one["status"] == "Resolved"}
    assert await _archived(old) == Counter(set(running) - archived)


async def _archived(old: Old) -> Counter[int]:
    """How often the system was asked to archive each: a window of one goes by its own address."""
    many = [row["id"] for call in await old.calls("DELETE", "/anomalies") for row in call["json"]]
    return Counter([*many, *(int(call["path"].rpartition("/")[2]) for call in await old.calls("DELETE", r"/anomalies/\d+"))])


async def _clicks_are_ended(old: Old) -> None:
    done, not_sent = old.there.told["clicked"].values()
    for ident, who in ((done, "Dana"), (not_sent, "Lee")):
        await old.now(old.message(f"· id {ident}"), f"Acknowledged by {who}")
        assert (await old.stage.truth(ident))["status"] == "Acknowledged"
    assert await old.calls("PUT", f"/anomalies/{done}") == []
    assert len(await old.calls("PUT", f"/anomalies/{not_sent}")) == 1
    assert await old.count("SELECT count(*) FROM intents WHERE finished IS NULL") == 0


async def _scans_are_followed_to_their_verdicts(old: Old) -> None:
    """One that ran, one whose start was not answered, one whose start never arrived."""
    orders = old.message("Scanning orders")
    unheard, unsent = old.message("crm-replica is starting"), old.message("finance-lake is starting")
    for operation in list(old.stage.world.operations.values())[:2]:
        assert not operation.result
        await old.stage.qualytics("POST", f"operations/{operation.id}", end="success")
    assert "2 new anomalies" in await old.now(orders, "succeeded")
    assert "1 new anomaly" in await old.now(unheard, "succeeded")
    await old.now(unsent, "succeeded")
    assert Counter(one.datastore.id for one in old.stage.world.operations.values()) == {42: 1, 43: 1, 44: 1}


async def _posts_are_found_or_made(old: Old) -> None:
    """One that Slack had and nobody knew, one that waited for its turn."""
    lost = old.message(f"· id {old.there.told['lost']}")
    assert (await old.stage.card(old.there.told["lost"], "Active"))["ts"] == lost["ts"]
    await old.stage.card(old.there.told["waiting"], "Active")


async def _the_comment_is_there_once(old: Old) -> None:
    """One that was asked for, and of which nobody heard that it is there."""
    if (ident := old.there.told.get("remarked")) is None:
        return
    async with asyncio.timeout(PATIENCE):
        while await old.count("SELECT count(*) FROM remarks WHERE asked IS NOT NULL"):
            old.there.pass_by(5)
            await old.desk.remarks.work()
    said = [one.message for one in old.stage.world.comments.values() if one.anomaly == ident]
    assert said == ["Acknowledged by Lee via Slack."]


async def _what_was_pushed_is_read(old: Old) -> None:
    """A webhook that was stored, and whose anomaly no poll had seen."""
    if (ident := old.there.told.get("pushed")) is None:
        return
    await old.stage.card(ident, "Active")
    assert await old.count("SELECT count(*) FROM pushes") == 1
    async with asyncio.timeout(PATIENCE):
        while await old.count("SELECT count(*) FROM pushes WHERE done IS NULL"):
            old.there.pass_by(5)
            await old.desk.pushes.work()


async def _what_filters_ask_for_is_filled(old: Old) -> None:
    """By the job, in rows that no poll wrote again."""
    async with asyncio.timeout(PATIENCE):
        while await old.count(  # noqa: ASYNC110  (the job has no event for this)
            "SELECT count(*) FROM anomalies WHERE filled IS NULL OR filled <> version"
        ):
            await asyncio.sleep(0.1)
    stored = await old.desk.store.anomalies.newest("qualytics", 1000)
    severe = [one for one in stored if one.severity is not None]
    assert severe and await old.count("SELECT count(*) FROM anomalies WHERE closed IS NULL AND severity IS NOT NULL") == len(severe)


async def _the_finished_batch_is_taken_back(old: Old) -> None:
    done = old.ids("finished")
    receipt = old.message("Acknowledged 4 anomalies")
    await old.stage.press(receipt, "batch.undo")
    await old.now(receipt, "taken back")
    for ident in done:
        now = await old.stage.truth(ident)
        assert now["status"] == "Active"
        assert "incident" not in {tag["name"] for tag in now["global_tags"]}


async def _previews_are_confirmed(old: Old) -> None:
    await old.stage.press(old.message("as Duplicate?", ephemeral=True), "batch.confirm")
    for ident in old.ids("previewed"):
        await old.stage.status(ident, "Duplicate")
    await old.stage.qualytics("POST", "operations", seconds=0.2, anomalies=0)
    await old.stage.press(old.message("Start this scan?", ephemeral=True), "scan.start", user=LEE)

    async def verdict() -> bool:
        old.there.pass_by(1)
        return any("customers" in visible(one) and "succeeded" in visible(one) for one in old_desk.lasting(await old.stage.messages()))

    await old.stage.until(verdict)


async def _old_buttons_work(old: Old) -> None:
    """Those of cards, first; then everything that could be clicked at that time, values included, is answered, by somebody before whom a
    message stands as it stood then, whatever became of it since."""
    acknowledged, archived = old.there.told["lone"][:2]
    await old.stage.press(old.message(f"· id {acknowledged}"), "anomaly.unacknowledge")
    await old.stage.status(acknowledged, "Active")
    await old.stage.press(old.message("Archived as Invalid: ", ephemeral=False), "anomaly.reopen")
    await old.stage.status(archived, "Acknowledged")
    clicked = 0
    for message in old.there.read("slack.json")[CHANNEL]:
        for action, value in old_desk.elements(message):
            wanted = {"user": message["ephemeral_to"] or DANA, "action_id": action, **({"value": value} if value else {})}
            await _pressed_as_it_stood(old, message, wanted)
            clicked += 1
    await asyncio.gather(*old.desk.desk.tasks)
    assert clicked >= 70, "hardly anything could be clicked: the test proves little"


async def _pressed_as_it_stood(old: Old, message: Json, wanted: Mapping[str, str]) -> None:
    """Put it back and press; again where the desk, at work on an earlier press, has edited it in between."""
    for _ in range(50):
        old_desk.put_back(old.stage, message)
        pressed = {"channel": CHANNEL, "ts": message["ts"], **wanted}
        answer = (await old.stage.http.post(f"{old.stage.slack_url}/_control/click", json=pressed)).json()
        if answer["ok"]:
            return
    raise AssertionError(f"{answer}: {wanted}")


async def _nothing_was_posted_twice(old: Old) -> None:
    shown = old_desk.lasting(await old.stage.messages())
    assert {one["ts"] for one in old_desk.lasting(old.before)} <= {one["ts"] for one in shown}
    cards = Counter(str(one["metadata"]["event_payload"]) for one in shown if one["metadata"])
    assert set(cards.values()) == {1}
    for words in ("40 were already open", "9 anomalies arrived together", "still open"):
        assert len([one for one in shown if words in visible(one)]) == 1, words
    anomalies = Counter(value for one in shown for action, value in old_desk.elements(one) if action == "anomaly.more")
    assert set(anomalies.values()) == {1}
