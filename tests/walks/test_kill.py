"""kill -9 at any moment, under arrivals and clicks: one live message per anomaly, and every receipted click done and in the journal."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from tests.walks import forking
from tests.walks import stage as staging
from tests.walks.stage import DANA, LEE, Stage, visible

LIVES = 10
STAGES = 5
"""Five desks are killed ten times each: fifty instants."""

ARRIVALS = 3
"""New anomalies in each life: the channel takes one message a second, and the end waits for all of them."""

ACTIONS = {"Acknowledged": "acknowledge", "Un-acknowledged": "unacknowledge"}


@pytest.mark.parametrize("seed", [20261121])
async def test_fifty_random_kills(tmp_path: Path, zygote: forking.Zygote, seed: int) -> None:
    folders = [tmp_path / str(number) for number in range(STAGES)]
    for folder in folders:
        folder.mkdir()
    dice = [random.Random(seed + number) for number in range(STAGES)]
    receipts = await asyncio.gather(*(_one_desk(zygote, folder, die) for folder, die in zip(folders, dice, strict=True)))
    assert sum(receipts) >= STAGES, "hardly anybody got a receipt: the test proves nothing"


async def _one_desk(zygote: forking.Zygote, folder: Path, dice: random.Random) -> int:
    async with staging.staged(folder) as stage:
        bot = stage.fork(zygote, DESK_BURST="1000", DESK_POLL_SECONDS="0.5", DESK_WAIT_SECONDS="0")
        await bot.start()
        await stage.until(stage.messages)
        arrived: list[int] = []
        for life in range(LIVES):
            # The instant counts from the moment the desk works, or from somebody's receipt; what it does just then is up to chance.
            trouble = asyncio.create_task(_busy(stage, dice, arrived))
            if life % 2:
                before = len(await _receipts(stage))
                await stage.until(lambda before=before: _more_receipts(stage, before))
            await asyncio.sleep(dice.uniform(0.0, 1.2))
            await bot.kill()
            trouble.cancel()
            await asyncio.gather(trouble, return_exceptions=True)
            await bot.start()
        await _settled(stage, folder, arrived)
        try:
            return await _check(stage, folder, arrived)
        finally:
            await bot.kill()


async def _busy(stage: Stage, dice: random.Random, arrived: list[int]) -> None:
    """New anomalies, and two people who click on whatever they see."""
    await asyncio.gather(_arrivals(stage, dice, arrived), _clicks(stage, dice, DANA), _clicks(stage, dice, LEE))


async def _arrivals(stage: Stage, dice: random.Random, arrived: list[int]) -> None:
    for _ in range(ARRIVALS):
        arrived += await stage.arrive()
        await asyncio.sleep(dice.uniform(0.2, 0.6))


async def _clicks(stage: Stage, dice: random.Random, user: str) -> None:
    while True:
        cards = [m for m in await stage.messages() if not m["ephemeral"] and "qualytics:" in str(m["blocks"])]
        if cards:
            card = dice.choice(cards)
            action = "anomaly.unacknowledge" if "anomaly.unacknowledge" in str(card["blocks"]) else "anomaly.acknowledge"
            body = {"user": user, "channel": staging.CHANNEL, "ts": card["ts"], "action_id": action}
            # A click on a desk that is down fails in Slack, as it should.
            await stage.http.post(f"{stage.slack_url}/_control/click", json=body)
        await asyncio.sleep(dice.uniform(0.1, 0.7))


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

    await stage.until(done)


async def _receipts(stage: Stage) -> list[tuple[str, str]]:
    """Anomaly and action of every receipt that somebody got."""
    found = []
    for user in (DANA, LEE):
        for message in await stage.messages(user=user):
            told = re.match(r"(Acknowledged|Un-acknowledged): .*?(\d+)\.$", visible(message)) if message["ephemeral"] else None
            if told:
                found.append((told.group(2), ACTIONS[told.group(1)]))
    return found


async def _more_receipts(stage: Stage, than: int) -> bool:
    return len(await _receipts(stage)) > than


async def _story(stage: Stage, folder: Path, ident: int) -> list[object]:
    """What is known of a card that went wrong, for whoever has to find out why."""
    with sqlite3.connect(folder / "desk.db") as db:
        rows = list(db.execute("select id, ts, reason, posted, posting, error from cards where anomaly = ?", (str(ident),)))
    posts = [
        (call["at"], call["status"], call["error"]) for call in await stage.calls("chat.postMessage") if rows[0][0] in str(call["args"])
    ]
    shown = [(m["ts"], m["metadata"], m["edited"]) for m in await stage.messages() if f"qualytics:{ident}|" in str(m["blocks"])]
    looks = [call["at"] for call in await stage.calls("conversations.history")]
    return [rows, posts, shown, looks]


async def _check(stage: Stage, folder: Path, arrived: list[int]) -> int:
    cards = await _cards(stage)
    assert {ident: await _story(stage, folder, ident) for ident, count in cards.items() if count != 1} == {}
    assert set(arrived) <= set(cards)
    receipts = Counter(await _receipts(stage))
    with sqlite3.connect(folder / "desk.db") as db:
        lines = list(db.execute("select anomaly, action, after, via from journal where result = 'done' order by id"))
    journal = Counter((anomaly, action) for anomaly, action, _, via in lines if via == "slack")
    assert {key: (count, journal[key]) for key, count in receipts.items() if count > journal[key]} == {}
    for anomaly, after in {anomaly: after for anomaly, _, after, _ in lines}.items():
        assert (await stage.truth(anomaly))["status"] == after
    return sum(receipts.values())
