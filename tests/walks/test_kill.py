"""kill -9 at any moment, under arrivals and clicks: one live message per anomaly, and every receipted click done and in the journal."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.walks import stage as staging
from tests.walks.stage import DANA, LEE, Stage, visible

LIVES = 10
STAGES = 5
"""Five desks are killed ten times each: fifty instants."""


@pytest.mark.parametrize("seed", [20261121])
async def test_fifty_random_kills(tmp_path: Path, seed: int) -> None:
    folders = [tmp_path / str(number) for number in range(STAGES)]
    for folder in folders:
        folder.mkdir()
    async with staging.zygote() as zygote:
        await asyncio.gather(*(_one_desk(zygote, folder, random.Random(seed + number)) for number, folder in enumerate(folders)))


async def _one_desk(zygote: staging.Zygote, folder: Path, dice: random.Random) -> None:
    async with staging.staged(folder) as stage:
        bot = stage.fork(zygote, DESK_BURST="1000", DESK_POLL_SECONDS="0.5", DESK_WAIT_SECONDS="0")
        await bot.start()
        await stage.until(stage.messages)
        arrived: list[int] = []
        for _ in range(LIVES):
            # The instant counts from the moment the desk works; what it does at that moment is up to chance.
            trouble = asyncio.create_task(_busy(stage, dice, arrived))
            await asyncio.sleep(dice.uniform(0.0, 1.2))
            await bot.kill()
            trouble.cancel()
            await asyncio.gather(trouble, return_exceptions=True)
            await bot.start()
        await _settled(stage, folder, arrived)
        try:
            await _check(stage, folder, arrived)
        finally:
            await bot.kill()


async def _busy(stage: Stage, dice: random.Random, arrived: list[int]) -> None:
    """New anomalies, and two people who click on whatever they see."""
    while True:
        arrived += await stage.arrive()
        for user in (DANA, LEE):
            cards = [m for m in await stage.messages() if "Acknowledge\n" in visible(m) and not m["ephemeral"]]
            if cards:
                card = dice.choice(cards)
                body = {"user": user, "channel": staging.CHANNEL, "ts": card["ts"], "action_id": "anomaly.acknowledge"}
                # A click on a desk that is down fails in Slack, as it should.
                await stage.http.post(f"{stage.slack_url}/_control/click", json=body)
        await asyncio.sleep(dice.uniform(0.1, 0.5))


async def _cards(stage: Stage) -> Counter[int]:
    found: Counter[int] = Counter()
    for message in await stage.messages():
        if not message["ephemeral"]:
            found.update({int(ident) for ident in re.findall(r"qualytics:(\d+)\|", str(message["blocks"]))})
    return found


def _unfinished(folder: Path) -> int:
    with sqlite3.connect(folder / "desk.db") as db:
        return int(db.execute("select count(*) from intents where finished is null").fetchone()[0])


async def _settled(stage: Stage, folder: Path, arrived: list[int]) -> None:
    async def done() -> bool:
        cards = await _cards(stage)
        return all(cards[ident] for ident in arrived) and not _unfinished(folder)

    await stage.until(done, patience=60)


async def _check(stage: Stage, folder: Path, arrived: list[int]) -> None:
    cards = await _cards(stage)
    assert {ident: count for ident, count in cards.items() if count != 1} == {}
    assert set(arrived) <= set(cards)
    receipted = {}
    for user in (DANA, LEE):
        for message in await stage.messages(user=user):
            told = re.match(r"Acknowledged: .*?(\d+)\.$", visible(message)) if message["ephemeral"] else None
            if told:
                receipted[int(told.group(1))] = user
    assert receipted, "nobody got a receipt: the test proves nothing"
    with sqlite3.connect(folder / "desk.db") as db:
        lines = Counter(int(row[0]) for row in db.execute("select anomaly from journal where action = 'acknowledge' and result = 'done'"))
    for ident in receipted:
        assert (await stage.truth(ident))["status"] == "Acknowledged"
        assert lines[ident] == 1
