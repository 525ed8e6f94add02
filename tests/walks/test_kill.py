"""kill -9 at any moment, under arrivals and clicks: one live message per anomaly, and every click that a card told of is done and in the
journal."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections import Counter
from datetime import UTC, datetime
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

TOLD = re.compile(r"(Un-)?acknowledged by (\w+) <!date\^(\d+)|(\w+) looks into it since <!date\^(\d+)", re.IGNORECASE)
"""What a card tells of a click: what was done, who did it, and the second in which it was."""

Told = tuple[str, str, str, int]
"""Anomaly, action, who, and when (seconds since 1970)."""


@pytest.mark.parametrize("seed", [20261121])
async def test_fifty_random_kills(tmp_path: Path, zygote: forking.Zygote, seed: int) -> None:
    folders = [tmp_path / str(number) for number in range(STAGES)]
    for folder in folders:
        folder.mkdir()
    dice = [random.Random(seed + number) for number in range(STAGES)]
    told = await asyncio.gather(*(_one_desk(zygote, folder, die) for folder, die in zip(folders, dice, strict=True)))
    assert min(told) >= LIVES // 2, "hardly any click reached its card: the test proves nothing"


async def _one_desk(zygote: forking.Zygote, folder: Path, dice: random.Random) -> int:
    async with staging.staged(folder) as stage:
        bot = stage.fork(zygote, DESK_BURST="1000", DESK_POLL_SECONDS="0.5", DESK_WAIT_SECONDS="0")
        await bot.start()
        await stage.until(stage.messages)
        arrived: list[int] = []
        for life in range(LIVES):
            # The instant counts from the moment the desk works, or from a card that tells of a click; the rest is up to chance.
            trouble = asyncio.create_task(_busy(stage, dice, arrived))
            if life % 2:
                before = len(_told(stage))
                await stage.until(lambda before=before: _more_told(stage, before))
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
    """All that arrived has a card, all that was accepted is over, and every card tells of the last click on it."""

    async def done() -> bool:
        cards = await _cards(stage)
        if _unfinished(folder) or not all(cards[ident] for ident in arrived):
            return False
        shown = {told for message in await stage.messages() for told in _claims(str(message["text"]))}
        return {told for told, via, _ in _last(folder).values() if via == "slack"} <= shown

    await stage.until(done)


def _claims(text: str) -> set[Told]:
    """What a card's text tells of clicks."""
    ident = re.search(r"Qualytics (\d+)\.", text)
    found = TOLD.findall(text) if ident else []
    return {
        (ident.group(1), "unacknowledge" if undone else "acknowledge", who or taker, int(when or since))
        for undone, who, when, taker, since in found
        if ident
    }


def _told(stage: Stage) -> set[Told]:
    """Every click that a card ever told of, however it was posted or edited."""
    methods = ("response_url", "chat.update", "chat.postMessage")
    return {told for call in stage.workspace.log if call.method in methods for told in _claims(str(call.args.get("text", "")))}


async def _more_told(stage: Stage, than: int) -> bool:
    return len(_told(stage)) > than


def _journal(folder: Path) -> list[tuple[Told, str, str]]:
    """Every acknowledgement that was given or taken back, the oldest first: what is told of it, where it was done, and what followed."""
    columns = "anomaly, action, actor_name, at, via, after"
    with sqlite3.connect(folder / "desk.db") as db:
        lines = db.execute(f"select {columns} from journal where result = 'done' and action like '%acknowledge' order by id").fetchall()
    moments = [int(datetime.fromisoformat(line[3]).replace(tzinfo=UTC).timestamp()) for line in lines]
    return [((*line[:3], at), *line[4:]) for line, at in zip(lines, moments, strict=True)]


def _last(folder: Path) -> dict[str, tuple[Told, str, str]]:
    """The newest of them for each anomaly."""
    return {line[0][0]: line for line in _journal(folder)}


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
    told, journal = _told(stage), _journal(folder)
    unknown = told - {line for line, via, _ in journal if via == "slack"}
    assert {claim: [line for line in journal if line[0][0] == claim[0]] for claim in unknown} == {}
    assert [message["text"] for message in await stage.messages() if "Asking Qualytics" in visible(message)] == []
    for anomaly, (_, _, after) in _last(folder).items():
        assert (await stage.truth(anomaly))["status"] == after
    return len(told)
