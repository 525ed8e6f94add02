"""Clicks, open loop: twenty a second, whatever the answers do, each on a card of another anomaly.

Socket Mode, as `manifest.yml` has it. The time of an ack runs from the moment that the click was planned for to the fake Slack's word that
the ack has come, so that a queue anywhere counts. Slack's rate limits are on: nothing in a click may need more than they give.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import figures, stand
from bot import app
from bot.delivery import pacing, slack

RATE = 20.0
RUNS = 5
CLICKS = 195
"""Of one run: a bit less than ten seconds; five runs and the quiet clicks make 1,000 anomalies, the most that one burst may post singly."""
QUIET_RATE, QUIET_CLICKS = 2.5, 25
LATENCY_MS = 100
ALLOWED_MS = 50.0
STEPS, PROMISED = 3, 1.0
POLL_SECONDS = "10"
"""So that each run has a poll and a watch of 1,000 cards in it."""
PATIENCE = 300.0
ACTION = "anomaly.acknowledge"
REF = re.compile(r'"value": ?"qualytics:(\w+)\|')


class Unpaced(pacing.Pacer):
    """Lets everybody through: only for making the cards before the measurement, while the fake's rate limits are off."""

    @asynccontextmanager
    async def slot(self, lane: pacing.Lane, channel: str) -> AsyncIterator[None]:
        yield


@dataclass
class Volley:
    """What became of one run of clicks: milliseconds from the planned moment to the ack, and when each was planned (Unix time)."""

    acks: list[float]
    failed: int
    planned: dict[str, float]


async def rows(folder: Path) -> list[figures.Row]:
    """Both rows: ack, and click to changed card."""
    async with stand.standing(folder / "click", latency_ms=LATENCY_MS, budgets=False) as here:
        async with here.desk(DESK_BURST="1000", DESK_WAIT_SECONDS="0") as desk:
            await post_cards(here, desk, RUNS * CLICKS + QUIET_CLICKS)
        cards = await clickable(here)
        if len(cards) != RUNS * CLICKS + QUIET_CLICKS:
            raise RuntimeError(f"{len(cards)} cards were made")
        await here.slack("POST", "budgets", enabled=True)
        async with _bare(folder, cards[:CLICKS]) as (floor, floor_cards), here.bot(DESK_POLL_SECONDS=POLL_SECONDS):
            quiet = await fire(here, cards[:QUIET_CLICKS], QUIET_RATE)
            quiet_changed = await changes(here, quiet)
            floors, ours, changed = [], [], []
            for number in range(RUNS):
                floors.append(await fire(floor, floor_cards, RATE))
                await here.slack("POST", "log/clear")
                first = QUIET_CLICKS + number * CLICKS
                ours.append(await fire(here, cards[first : first + CLICKS], RATE))
                changed.append(await changes(here, ours[-1]))
        state = await here.qualytics("GET", "state")
        done = sum(one["status"] == "Acknowledged" for one in state["anomalies"])
    return [_acks(floors, ours, done), *_shown(quiet, quiet_changed, changed)]


def _acks(floors: Sequence[Volley], ours: Sequence[Volley], done: int) -> figures.Row:
    clicked = RUNS * CLICKS + QUIET_CLICKS
    return acks(
        f"click, open loop {RATE:g}/s, each changing another anomaly: p99 of the ack (median of {RUNS} interleaved runs of {CLICKS})",
        "bare Bolt, empty listener, Socket Mode",
        floors,
        ours,
        f"{done} of {clicked} clicked anomalies are acknowledged in the fake Qualytics afterwards. "
        f"A poll and a watch of 1,000 cards run every {POLL_SECONDS} s meanwhile.",
        complete=done == clicked,
    )


def acks(what: str, peer: str, floors: Sequence[Volley], ours: Sequence[Volley], note: str, *, complete: bool) -> figures.Row:
    """How much later than a peer we acknowledge; `complete`: every click did what it was for."""
    p99 = [figures.percentile(volley.acks, 0.99) for volley in ours]
    floor = [figures.percentile(volley.acks, 0.99) for volley in floors]
    mine, bare = figures.median(p99), figures.median(floor)
    failed = sum(volley.failed for volley in (*ours, *floors))
    return figures.Row(
        what,
        f"{mine:.1f} ms (runs {figures.spread(p99, ' ms')}; p50 {figures.median([figures.median(one.acks) for one in ours]):.1f} ms)",
        f"{peer}: {bare:.1f} ms (runs {figures.spread(floor, ' ms')})",
        f"{mine / bare:.2f} x; +{mine - bare:.1f} ms",
        f"<= floor + {ALLOWED_MS:g} ms",
        mine <= bare + ALLOWED_MS and not failed and complete,
        f"{failed} acks failed. {note}",
    )


def _shown(quiet: Volley, quiet_changed: Sequence[float], changed: Sequence[Sequence[float]]) -> list[figures.Row]:
    busy = [edited for run in changed for edited in run]
    return [
        _journey(QUIET_RATE, quiet_changed, f"{len(quiet.acks)} clicks."),
        _journey(RATE, busy, f"The same {len(busy)} clicks as in the row of the acks."),
    ]


def _journey(rate: float, seconds: Sequence[float], note: str) -> figures.Row:
    p50, p99 = figures.percentile(seconds, 0.5), figures.percentile(seconds, 0.99)
    floor = STEPS * LATENCY_MS / 1000
    return figures.Row(
        f"click to changed card at {LATENCY_MS} ms a Qualytics call, {rate:g} clicks/s",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s",
        f"the {STEPS} calls that must follow each other (read, change, read back): {floor:.1f} s",
        f"{p50 / floor:.2f} x; {p99 / floor:.2f} x",
        f"p99 <= {PROMISED:g} s",
        p99 <= PROMISED,
        f"{note} The clicked card is edited through its response_url, which no rate limit of Slack covers.",
    )


async def post_cards(here: stand.Stand, desk: app.Running, count: int) -> None:
    """`count` anomalies arrive and each gets its own card, by the real services; only the waiting for Slack's limits is left out."""
    await desk.poll.poll("qualytics")
    await here.arrive(count)
    async with slack.session() as http:
        client = slack.client("xoxb-sandbox", f"{here.slack_url}/api/", http)
        desk.post.messenger = slack.SlackMessenger(client, Unpaced())
        await desk.poll.poll("qualytics", now_please=True)

        async def posted() -> bool:
            await desk.post.flush()  # it comes back after a few seconds, and its lanes go on
            return len(await clickable(here)) >= count

        await stand.until("every card is posted", posted, PATIENCE)


async def clickable(here: stand.Stand) -> list[stand.Json]:
    """The cards in the channel that can be acknowledged."""
    return [message for message in await here.messages() if ACTION in str(message["blocks"])]


@asynccontextmanager
async def _bare(folder: Path, cards: Sequence[stand.Json]) -> AsyncIterator[tuple[stand.Stand, Sequence[stand.Json]]]:
    """A workspace of its own with the same cards, and bare Bolt connected to it."""
    async with stand.standing(folder / "bare", budgets=False) as here:
        await copy_cards(here, cards)
        async with stand.process("bare Bolt", here.folder / "bolt.log", "-m", "bench.bare", env=here.env()) as child:

            async def connected() -> bool:
                child.check()
                return bool((await here.slack("GET", "sockets"))["connections"])

            await stand.until("bare Bolt is connected", connected)
            yield here, await clickable(here)


async def copy_cards(here: stand.Stand, cards: Sequence[stand.Json]) -> None:
    """Post the same cards to another workspace."""
    for card in cards:
        body = {"channel": stand.CHANNEL, "text": card["text"], "blocks": card["blocks"]}
        answer = await here.http.post(f"{here.slack_url}/api/chat.postMessage", headers={"Authorization": "Bearer xoxb-sandbox"}, json=body)
        if not answer.json()["ok"]:
            raise RuntimeError(answer.text)


async def fire(here: stand.Stand, cards: Sequence[stand.Json], rate: float) -> Volley:
    """Click these cards at this rate; the next click waits for no answer."""
    loop = asyncio.get_running_loop()
    began, wall = loop.time() + 0.2, time.time() + 0.2
    volley = Volley([], 0, {})

    async def click(number: int, card: stand.Json) -> None:
        planned = began + number / rate
        await asyncio.sleep(planned - loop.time())
        answer = await here.slack("POST", "click", user=stand.PEOPLE[number % 2], channel=stand.CHANNEL, ts=card["ts"], action_id=ACTION)
        volley.acks.append((loop.time() - planned) * 1000)
        volley.failed += not answer["ok"]
        volley.planned[_ref(card["blocks"])] = wall + number / rate

    async with asyncio.TaskGroup() as tasks:
        for number, card in enumerate(cards):
            tasks.create_task(click(number, card))
    return volley


async def changes(here: stand.Stand, volley: Volley) -> list[float]:
    """Seconds from each click to the edit of its card, when all have been edited."""

    async def edits() -> list[float]:
        found: dict[str, float] = {}
        for call in [*await here.calls("response_url"), *await here.calls("chat.update")]:
            args = call["args"]
            if call["error"] is None and (args.get("replace_original") or "ts" in args):
                found.setdefault(_ref(args.get("blocks")), call["at"])
        return [found[ref] - at for ref, at in volley.planned.items()] if volley.planned.keys() <= found.keys() else []

    return list(await stand.until("every clicked card is edited", edits, PATIENCE, every=0.5))


def _ref(blocks: Any) -> str:
    """The id of the anomaly whose buttons these blocks hold."""
    found = REF.search(blocks if isinstance(blocks, str) else json.dumps(blocks))
    return found.group(1) if found else ""
