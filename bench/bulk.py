"""Archive 10,000 with one command, and take it back: seconds, calls, memory, and how soon Slack is answered.

The real bot as a child process between the fakes; a person types the command, confirms, and reads the receipt. The floor makes the same
calls one after the other, all of them, on the same anomalies: they were archived, came back by [Undo], and are archived again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench import figures, stand
from sandbox import qualytics

MANY = 10_000
CHUNK = 100
LATENCY_MS = 50
RATIO = 0.30
MEMORY = 25.0
UNDO_SECONDS = 20.0
ACK_MS = 1000.0
SETTLE_SECONDS = 4.0
PATIENCE = 900.0
COMMAND = "/anomalies archive status:open,acknowledged as:resolved"

Groups = Mapping[int, Sequence[int]]
"""Ids by datastore."""


@dataclass(frozen=True, slots=True)
class Shift:
    """What one piece of work took: seconds, calls by kind, the highest memory in MB while it went on."""

    seconds: float
    calls: Counter[str]
    peak: float


@dataclass(frozen=True, slots=True)
class Finding:
    """All that was seen."""

    groups: Groups
    idle: float
    archived: Shift
    undone: Shift
    acks: Mapping[str, float]
    left: tuple[int, int]
    """Of the anomalies: how many were not archived by the batch, how many the undo did not bring back as they were."""


async def rows(folder: Path) -> list[figures.Row]:
    """Seconds, calls, memory, acks; then the way back."""
    async with stand.standing(folder / "bulk", open_at_start=MANY, latency_ms=LATENCY_MS) as here:
        async with here.bot(DESK_POLL_SECONDS="86400"):
            await stand.until("the channel is told of the first contact", here.messages)
        async with here.bot(DESK_POLL_SECONDS="86400") as bot:  # a fresh one, whose memory no first contact has stretched
            found = await _work(here, bot)
        floor = await _one_at_a_time(here, found.groups)
    return [_time(found, floor), _calls(found), _memory(found), _acked(found), _undo(found)]


async def _work(here: stand.Stand, bot: stand.Bot) -> Finding:
    """Archive them all, and take it back."""
    await stand.until("the bot polls", here.lists)
    await asyncio.sleep(SETTLE_SECONDS)
    before = await _statuses(here)
    groups = await _groups(here)
    idle, _ = bot.process.memory()
    acks: dict[str, float] = {}
    async with _shift(here, bot) as shifts:
        acks["the command"] = (await here.slack("POST", "command", user=stand.PEOPLE[0], channel=stand.CHANNEL, text=COMMAND))["ack_ms"]
        preview = await stand.until("the preview is there", lambda: _message(here, "batch.confirm"), PATIENCE)
        acks["Confirm"] = await _press(here, preview, "batch.confirm")
        receipt = await stand.until("the receipt is there", lambda: _message(here, "batch.undo"), PATIENCE)
    open_still = sum(word in ("Active", "Acknowledged") for word in (await _statuses(here)).values())
    if f"archived {MANY:,} anomalies" not in str(receipt["blocks"]):
        raise RuntimeError(f"the receipt does not tell of {MANY:,}: {receipt['text']}")
    async with _shift(here, bot) as shifts_back:
        acks["Undo"] = await _press(here, receipt, "batch.undo")
        await stand.until("the receipt of the undo is there", lambda: _message(here, "Taken back by"), PATIENCE)
    after = await _statuses(here)
    strayed = sum(before[ident] != after[ident] for ident in before)
    return Finding(groups, idle, shifts[0], shifts_back[0], acks, (open_still, strayed))


@asynccontextmanager
async def _shift(here: stand.Stand, bot: stand.Bot) -> AsyncIterator[list[Shift]]:
    """Measure the block; the list holds what was found when it has ended."""
    await here.qualytics("POST", "log/clear")
    bot.process.forget_peak()
    found: list[Shift] = []
    began = time.perf_counter()
    yield found
    took = time.perf_counter() - began
    calls = (await here.qualytics("GET", "log"))["calls"]
    found.append(Shift(took, _kinds(calls), bot.process.memory()[1]))


def _kinds(calls: Iterable[stand.Json]) -> Counter[str]:
    """Calls by what they are for. Ids that are read for the first time since the list are looked at for drift; then they are read back."""
    kinds: Counter[str] = Counter()
    seen: set[str] = set()
    for call in calls:
        ids = {value for key, value in call["query"] if key == "id"}
        path = call["path"].rstrip("/")
        one = path.rpartition("/")[2]
        if call["method"] != "GET":
            kinds["chunks" if path.endswith("/anomalies") else "single writes"] += 1
        elif ids:
            kinds["read back" if ids & seen else "drift"] += 1
            seen |= ids
        elif path.endswith("/anomalies"):
            kinds["list"] += 1
        else:
            kinds["single reads" if one.isdecimal() else one] += 1
    return kinds


async def _message(here: stand.Stand, word: str) -> stand.Json | None:
    """The newest message that shows this person this word or button."""
    found = (await here.slack("GET", f"channels/{stand.CHANNEL}/messages", user=stand.PEOPLE[0]))["messages"]
    return next((message for message in reversed(found) if word in str(message["blocks"])), None)


async def _press(here: stand.Stand, message: stand.Json, action: str) -> float:
    """Click; returns the milliseconds of the ack."""
    answer = await here.slack("POST", "click", user=stand.PEOPLE[0], channel=stand.CHANNEL, ts=message["ts"], action_id=action)
    if not answer["ok"]:
        raise RuntimeError(f"{action} was not acknowledged: {answer}")
    return float(answer["ack_ms"])


async def _statuses(here: stand.Stand) -> Mapping[int, str]:
    return {one["id"]: one["status"] for one in (await here.qualytics("GET", "state"))["anomalies"]}


async def _groups(here: stand.Stand) -> Groups:
    """The open ones by datastore, as the bulk calls have to group them."""
    groups: dict[int, list[int]] = {}
    for one in (await here.qualytics("GET", "state"))["anomalies"]:
        if one["status"] in ("Active", "Acknowledged"):
            groups.setdefault(one["datastore"]["id"], []).append(one["id"])
    return groups


async def _one_at_a_time(here: stand.Stand, groups: Groups) -> float:
    """The fewest calls that do the same, none beside another: list all, and look at, archive and read back each chunk; in seconds."""
    headers = {"Authorization": f"Bearer {qualytics.SANDBOX_TOKEN}"}
    chunks = [ids[start : start + CHUNK] for ids in groups.values() for start in range(0, len(ids), CHUNK)]
    everything = [ident for ids in groups.values() for ident in ids]
    read = [everything[start : start + CHUNK] for start in range(0, len(everything), CHUNK)]
    async with httpx.AsyncClient(base_url=f"{here.qualytics_url}/api/", headers=headers, timeout=30) as http:

        async def call(method: str, **given: object) -> None:
            (await http.request(method, "anomalies", **given)).raise_for_status()  # type: ignore[arg-type]

        async def look() -> None:
            for few in read:
                await call("GET", params=[("page", 1), ("size", CHUNK), *(("id", one) for one in few), ("archived", "include")])

        began = time.perf_counter()
        for number in range(math.ceil(MANY / CHUNK)):
            await call("GET", params={"page": number + 1, "size": CHUNK, "sort_created": "desc"})
        await look()
        for few in chunks:
            await call("DELETE", json=[{"id": one, "archive": True, "status": "Resolved"} for one in few])
        await look()
        return time.perf_counter() - began


def _chunks(groups: Groups) -> int:
    """How many chunks there are at least: none spans datastores."""
    return sum(math.ceil(len(ids) / CHUNK) for ids in groups.values())


def _bound(groups: Groups) -> int:
    """The pages of the list, and of each chunk: a look for drift, the change, reading back. No id is bad here."""
    return math.ceil(MANY / CHUNK) + 3 * _chunks(groups)


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in calls.items())


def _time(found: Finding, floor: float) -> figures.Row:
    took = found.archived.seconds
    return figures.Row(
        f"list, archive and read back {MANY:,} at {LATENCY_MS} ms a call: seconds from the command to the receipt",
        f"{took:.1f} s",
        f"the fewest calls that do so ({3 * math.ceil(MANY / CHUNK) + _chunks(found.groups)}) by bare httpx, one at a time: {floor:.1f} s",
        f"{took / floor:.2f} x",
        f"<= {RATIO} x",
        took <= RATIO * floor and not found.left[0],
        f"{MANY - found.left[0]:,} of {MANY:,} are archived in the fake Qualytics, and the receipt says so. The floor really made its "
        "calls, on the same anomalies after the undo. The seconds hold the preview, and Confirm pressed as soon as it was seen.",
    )


def _calls(found: Finding) -> figures.Row:
    calls, bound = found.archived.calls, _bound(found.groups)
    return figures.Row(
        f"the same: calls to Qualytics in {len(found.groups)} datastores",
        f"{calls.total():,} ({_told(calls)})",
        f"list + drift + chunks + read-back: {bound}",
        f"{calls.total() / bound:.3f} x",
        "<= list + drift + chunks + read-back + 2 b log2(chunk), here b = 0",
        calls.total() <= bound,
        "Counted at the fake's log.",
    )


def _memory(found: Finding) -> figures.Row:
    peak = found.archived.peak
    return figures.Row(
        f"the same: memory of the bot over what it holds idle with {MANY:,} tracked",
        f"+{peak - found.idle:.1f} MB ({peak:.1f} MB at its highest)",
        f"idle, started anew, after a poll: {found.idle:.1f} MB",
        f"{peak / found.idle:.2f} x",
        f"<= +{MEMORY:.0f} MB",
        peak - found.idle <= MEMORY,
        f"The undo: {found.undone.peak:.1f} MB at its highest.",
    )


def _acked(found: Finding) -> figures.Row:
    slowest = max(found.acks.values())
    return figures.Row(
        f"the same: Slack's wait for the ack of the command, of Confirm and of Undo, {MANY:,} behind each",
        ", ".join(f"{what} {took:.0f} ms" for what, took in found.acks.items()),
        "Slack's limit: 3,000 ms",
        f"{slowest / 3000:.3f} x",
        f"<= {ACK_MS:,.0f} ms",
        slowest <= ACK_MS,
    )


def _undo(found: Finding) -> figures.Row:
    took, calls = found.undone.seconds, found.undone.calls
    alone = calls["single writes"] * LATENCY_MS / 1000
    return figures.Row(
        f"undo of the {MANY:,}: seconds from the click to its receipt",
        f"{took:.1f} s, {calls.total():,} calls ({_told(calls)})",
        f"the latency of the {calls['single writes']:,} single restorations one at a time: {alone:.0f} s",
        f"{took / alone:.2f} x" if alone else "-",
        f"<= {UNDO_SECONDS:g} s, all as before",
        not found.left[1] and took <= UNDO_SECONDS,
        f"{MANY - found.left[1]:,} of {MANY:,} stand as they stood before the command. The bulk call "
        "restores here; where it does not, each is a call of its own, as many at once as writes may be.",
    )
