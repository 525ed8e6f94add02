"""Two web and two worker processes on one PostgreSQL, one worker with a clock that is 130 s slow: nothing happens twice, and a worker that
is killed is missed for half a minute at most."""

from __future__ import annotations

import asyncio
import copy
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.render.kit import ids
from bot.store import engine
from sandbox.slack import app_link, event_shapes
from tests.store import conftest as databases
from tests.walks import stage as staging
from tests.walks.stage import CHANNEL, DANA, LEE, Json, Stage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.postgresql]

server = databases.server

EVERY = 2
CLICKED = 50


@dataclass
class House:
    """The fakes, four processes and their database."""

    stage: Stage
    webs: Sequence[staging.Fork]
    workers: Sequence[staging.Fork]
    store: engine.Store

    async def send(self, web: staging.Fork, kind: str, payload: Json) -> int:
        """A payload as Slack posts it, signed, to one of the webs."""
        form = payload if kind == "command" else {"payload": json.dumps(payload)}
        body = urlencode(form).encode()
        headers = app_link.signature(self.stage.workspace.signing_secret, body, int(time.time()))
        headers["content-type"] = "application/x-www-form-urlencoded"
        url = f"http://127.0.0.1:{web.env['PORT']}/slack/events"
        return (await self.stage.http.post(url, content=body, headers=headers)).status_code

    async def thrice(self, kind: str, payload: Json) -> None:
        """Delivered three times, to either web."""
        first, second = self.webs
        told = await asyncio.gather(*(self.send(web, kind, copy.deepcopy(payload)) for web in (first, second, first)))
        assert told == [200, 200, 200]

    def command(self, name: str, words: str) -> Json:
        space = self.stage.workspace
        return dict(event_shapes.command(space, space.people[DANA], space.channels[CHANNEL], name, words))

    def click(self, user: str, ident: int, ts: str) -> Json:
        space = self.stage.workspace
        person, place = space.people[user], space.channels[CHANNEL]
        where: Json = {"container": {"type": "message", "message_ts": ts, "channel_id": CHANNEL}, "channel": {"id": CHANNEL}}
        action = {"action_id": ids.ACKNOWLEDGE, "block_id": "b", "type": "button", "action_ts": ts, "value": f"qualytics:{ident}|1"}
        return event_shapes.block_actions(space, person, where, action, event_shapes.response_url(space, "actions", person, place, ts))

    async def rows(self, statement: str) -> list[Any]:
        async with self.store.db.reader.connect() as connection:
            return list(await connection.execute(sa.text(statement)))

    async def calls(self, method: str, path: str) -> list[Json]:
        log = (await self.stage.http.get(f"{self.stage.qualytics_url}/_control/log")).json()["calls"]
        return [call for call in log if call["method"] == method and re.search(f"{path}$", call["path"])]

    async def answers(self, user: str) -> list[str]:
        """What this person alone was told, in words."""
        return [staging.visible(one) for one in await self.stage.messages(user=user) if one.get("ephemeral")]

    async def quiet(self) -> None:
        """Nothing of what was delivered is under way any more."""

        async def done() -> bool:
            return not await self.rows("SELECT 1 FROM deliveries WHERE done IS NULL")

        await self.stage.until(done)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(server: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """All of them, ready, after first contact."""
    url = databases.database(server)
    with staging.zygote() as zygote:
        async with staging.staged(tmp_path_factory.mktemp("house")) as stage:
            stage.workspace.base_url = stage.slack_url
            given = {"DATABASE_URL": url, "SLACK_APP_TOKEN": "", "SLACK_SIGNING_SECRET": stage.workspace.signing_secret}
            given |= {"DESK_POLL_SECONDS": str(EVERY), "DESK_HOST": "127.0.0.1"}
            await engine.migrate(url)
            made = [
                stage.fork(zygote, role=role, off=off, name=f"{role}{number}", **given)
                for number, (role, off) in enumerate([("web", 0.0), ("web", 0.0), ("worker", 0.0), ("worker", -130.0)])
            ]
            await asyncio.gather(*(fork.start() for fork in made))
            await stage.until(stage.messages)
            store = await engine.open(url)
            yield House(stage, made[:2], made[2:], store)
            await store.close()


async def test_the_worker_whose_clock_is_wrong_says_so_and_doubles_nothing(house: House) -> None:
    assert "130 s behind the database" in house.workers[1].log.read_text()
    assert "behind" not in house.workers[0].log.read_text()
    fault = {"method": "chat.postMessage", "mode": "hang", "delay_s": 1.0, "times": 0}
    await house.stage.slack("faults", **fault)
    arrived = await house.stage.arrive(3)
    for ident in arrived:
        await house.stage.card(ident)
    await house.stage.http.delete(f"{house.stage.slack_url}/_control/faults")
    said = [str(one["blocks"]) for one in await house.stage.messages() if not one.get("ephemeral")]
    assert [sum(f"qualytics:{ident}|" in one for one in said) for ident in arrived] == [1, 1, 1]
    (roles,) = await house.rows("SELECT count(*) FROM workers")
    assert roles[0] == 4


async def test_the_calls_are_those_of_one_worker(house: House) -> None:
    """Over ten intervals: one poll in each, and not one by each worker."""
    before = len(await house.calls("GET", "/operations"))
    begun = time.monotonic()
    await asyncio.sleep(5 * EVERY)
    looks = len(await house.calls("GET", "/operations")) - before
    intervals = (time.monotonic() - begun) / EVERY
    assert 1 <= looks <= intervals * 1.25 + 1, (looks, intervals)


async def test_two_people_click_the_same_fifty_at_once_through_two_webs(house: House) -> None:
    stage = house.stage
    idents = await stage.arrive(CLICKED)

    async def known() -> bool:
        return {int(row[0]) for row in await house.rows("SELECT id FROM anomalies")} >= set(idents)

    await stage.until(known)
    group = max(one["ts"] for one in await stage.messages() if not one.get("ephemeral"))
    both = [(DANA, house.webs[0]), (LEE, house.webs[1])]
    told = await asyncio.gather(*(house.send(web, "action", house.click(who, ident, group)) for ident in idents for who, web in both))
    assert set(told) == {200}
    await house.quiet()

    async def finished() -> bool:
        return not await house.rows("SELECT 1 FROM intents WHERE finished IS NULL") and not await house.rows("SELECT 1 FROM remarks")

    await stage.until(finished)
    writes = Counter(int(call["path"].rsplit("/", 1)[-1]) for call in await house.calls("PUT", r"/anomalies/\d+"))
    assert {ident: writes[ident] for ident in idents} == dict.fromkeys(idents, 1)
    lines = Counter(int(row[0]) for row in await house.rows("SELECT anomaly FROM journal"))
    assert {ident: lines[ident] for ident in idents} == dict.fromkeys(idents, 1)
    comments = [len((await stage.truth(ident))["comments"]) for ident in idents]
    assert comments == [1] * CLICKED
    answers = [one for user in (DANA, LEE) for one in await house.answers(user)]
    first = [one for one in answers if "Acknowledged:" in one]
    late = [one for one in answers if "already" in one or "was first" in one]
    strange = [one for one in answers if one not in (*first, *late)]
    assert not strange, [one[:200] for one in strange[:3]]
    assert (len(first), len(late)) == (CLICKED, CLICKED)


@pytest.mark.parametrize("words", ["warehouse-prod tables:orders incremental", "sync warehouse-prod", "daily warehouse-prod"])
async def test_a_scan_that_is_delivered_three_times_is_one(house: House, words: str) -> None:
    before = (await house.rows("SELECT count(*) FROM operations"))[0][0]
    await house.thrice("command", house.command("/scan", words))
    await house.quiet()
    added = (await house.rows("SELECT count(*) FROM operations"))[0][0] - before
    plans = (await house.rows("SELECT count(DISTINCT created) FROM operations"))[0][0]
    assert added >= 1 and (added == 1 or plans >= 1)
    assert len({row[0] for row in await house.rows(f"SELECT plan FROM operations ORDER BY turn DESC LIMIT {added}")}) == 1


async def test_an_export_and_a_link_that_are_delivered_three_times_are_answered_once(house: House) -> None:
    for words, answer in (("export status:any", "messages"), ("link", "")):
        before = len([one for one in await house.stage.messages() if one.get("ephemeral")])
        await house.thrice("command", house.command("/anomalies", words))
        await house.quiet()
        after = len([one for one in await house.stage.messages() if one.get("ephemeral")])
        assert after == before + 1, (words, answer)


async def test_the_next_poll_comes_soon_after_the_poller_was_killed(house: House) -> None:
    """Polls last for seconds, so that one is under way when a worker is killed."""
    await house.stage.qualytics("POST", "modes", latency_ms=1500)

    async def polling() -> bool:
        return bool(await house.rows("SELECT 1 FROM leases WHERE kind = 'sources'"))

    await house.stage.until(polling)
    (before,) = await house.rows("SELECT last_ok FROM sources")
    await house.workers[0].kill()
    await house.stage.qualytics("POST", "modes", latency_ms=0)
    killed = time.monotonic()

    async def polled() -> bool:
        (now,) = await house.rows("SELECT last_ok FROM sources")
        return bool(now[0] > before[0])

    await house.stage.until(polled)
    assert time.monotonic() - killed < 27
    (ident,) = await house.stage.arrive()
    await house.stage.card(ident)
