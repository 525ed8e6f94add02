"""The pacer in virtual time: budgets, order, fairness, pauses."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from bot.delivery import pacing
from bot.delivery.pacing import Lane

Virtually = Callable[[Coroutine[Any, Any, Any]], Any]


class Log:
    """Calls through a pacer, each with the time at which it was made."""

    def __init__(self, pacer: pacing.Pacer, takes: float = 0.0) -> None:
        self.pacer, self.takes = pacer, takes
        self.calls: list[tuple[float, Lane, str]] = []

    async def call(self, lane: Lane, channel: str = "C1") -> None:
        async with self.pacer.slot(lane, channel):
            self.calls.append((asyncio.get_running_loop().time(), lane, channel))
            await asyncio.sleep(self.takes)

    async def all(self, *calls: tuple[Lane, str]) -> None:
        await asyncio.gather(*(self.call(*call) for call in calls))

    @property
    def times(self) -> list[float]:
        return [at for at, _, _ in self.calls]

    @property
    def order(self) -> list[str]:
        return [f"{lane} {channel}" for _, lane, channel in self.calls]


def most_in(times: list[float], seconds: float) -> int:
    """The most calls in any half-open window."""
    return max(sum(start <= at < start + seconds for at in times) for start in times)


def test_a_lone_call_of_any_lane_goes_at_once(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        for lane in Lane:
            await log.call(lane, f"C-{lane}")
        assert log.times == [0.0] * len(Lane)

    virtually(scenario())


def test_one_channel_gets_one_post_a_second_and_keeps_the_order(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer(), takes=0.1)
        await log.all(*[(Lane.POST, "C1")] * 60)
        assert most_in(log.times, 1.0) == 1
        assert 59 / log.times[-1] >= 0.95

    virtually(scenario())


def test_posts_to_a_channel_never_overlap_even_when_slack_is_slow(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer(), takes=4.0)
        await log.all((Lane.POST, "C1"), (Lane.POST, "C1"), (Lane.POST, "C2"))
        assert [(round(at), channel) for at, _, channel in log.calls] == [(0, "C1"), (0, "C2"), (4, "C1")]

    virtually(scenario())


def test_fifty_channels_share_the_workspace_budget_fairly(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer(posts_per_minute=300), takes=0.1)
        channels = [f"C{number}" for number in range(50)]
        tasks = [asyncio.create_task(log.call(Lane.POST, channel)) for channel in channels for _ in range(60)]
        await asyncio.sleep(300)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most_in(log.times, 60.0) <= 300
        assert len(log.times) >= 0.95 * 300 * 5
        counts = Counter(channel for _, _, channel in log.calls)
        assert len(counts) == 50
        assert min(counts.values()) >= max(counts.values()) / 1.2

    virtually(scenario())


def test_a_busy_channel_does_not_hold_up_a_quiet_one(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        flood = asyncio.create_task(log.all(*[(Lane.POST, "C1")] * 100))
        await asyncio.sleep(10.5)
        before = asyncio.get_running_loop().time()
        await log.call(Lane.POST, "C2")
        assert log.calls[-1] == (before, Lane.POST, "C2")
        flood.cancel()

    virtually(scenario())


def test_machine_edits_leave_room_for_clicks(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        flood = asyncio.create_task(log.all(*[(Lane.EDIT, f"C{number % 7}") for number in range(200)]))
        await asyncio.sleep(70)
        before = asyncio.get_running_loop().time()
        await log.all(*[(Lane.CLICK, "C1")] * 14)
        assert asyncio.get_running_loop().time() == before
        await asyncio.sleep(120)
        flood.cancel()
        machine = [at for at, lane, _ in log.calls if lane is Lane.EDIT]
        assert most_in(machine, 60.0) <= 35
        assert most_in(log.times, 60.0) <= 50

    virtually(scenario())


def test_clicks_alone_may_use_the_whole_budget_of_edits_but_not_more(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        await log.all(*[(Lane.CLICK, "C1")] * 120)
        assert most_in(log.times, 60.0) == 50
        assert log.times[49] == 0.0

    virtually(scenario())


def test_a_click_overtakes_edits_and_a_post_overtakes_digests(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        await log.all(*[(Lane.CLICK, "C1")] * 50)
        log.calls.clear()
        await log.all((Lane.EDIT, "C1"), (Lane.CLICK, "C2"), (Lane.DIGEST, "C3"), (Lane.DIGEST, "C3"), (Lane.POST, "C3"))
        assert log.order == ["digest C3", "post C3", "digest C3", "click C2", "edit C1"]

    virtually(scenario())


def test_a_pause_stops_its_channel_and_nothing_else(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        log.pacer.pause(Lane.POST, "C1", 30.0)
        await log.all((Lane.POST, "C1"), (Lane.POST, "C2"), (Lane.EDIT, "C1"), (Lane.LOOKUP, "C1"))
        assert [(at, channel) for at, lane, channel in log.calls if lane is Lane.POST] == [(0.0, "C2"), (30.0, "C1")]
        assert all(at == 0.0 for at, lane, _ in log.calls if lane is not Lane.POST)

    virtually(scenario())


def test_a_pause_without_a_channel_stops_everything_that_spends_this_budget(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        log.pacer.pause(Lane.EDIT, "", 7.0)
        await log.all((Lane.EDIT, "C1"), (Lane.CLICK, "C2"), (Lane.POST, "C1"))
        assert [at for at, _, _ in log.calls] == [0.0, 7.0, 7.0]

    virtually(scenario())


def test_a_shorter_pause_does_not_end_a_longer_one(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        log.pacer.pause(Lane.POST, "C1", 30.0)
        log.pacer.pause(Lane.POST, "C1", 1.0)
        await log.call(Lane.POST, "C1")
        assert log.times == [30.0]

    virtually(scenario())


def test_three_paused_channels_mean_the_workspace_and_pause_the_rest(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        for channel in ("C1", "C2", "C3"):
            log.pacer.pause(Lane.POST, channel, 20.0)
        await log.call(Lane.POST, "C4")
        assert log.times == [20.0]

    virtually(scenario())


def test_who_gives_up_spends_nothing_and_blocks_nobody(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        await log.call(Lane.POST)
        quitter = asyncio.create_task(log.call(Lane.POST))
        stayer = asyncio.create_task(log.call(Lane.POST))
        await asyncio.sleep(0.5)
        assert log.pacer.waiting()[Lane.POST] == 2
        assert log.pacer.lag()[Lane.POST] == 0.5
        quitter.cancel()
        await stayer
        assert log.times == [0.0, pytest.approx(pacing.MARGIN)]
        assert log.pacer.waiting()[Lane.POST] == 0

    virtually(scenario())


def test_who_is_cancelled_in_the_moment_of_the_turn_gives_the_channel_back(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        async with log.pacer.slot(Lane.POST, "C1"):
            unlucky = asyncio.create_task(log.call(Lane.POST))
            await asyncio.sleep(3)
        unlucky.cancel()
        await log.call(Lane.POST)
        assert log.times == [pytest.approx(3 + pacing.MARGIN)]

    virtually(scenario())


def test_a_turn_that_falls_to_somebody_who_just_gave_up_goes_to_the_next(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        async with log.pacer.slot(Lane.POST, "C1"):
            quitter = asyncio.create_task(log.call(Lane.POST))
            stayer = asyncio.create_task(log.call(Lane.POST))
            await asyncio.sleep(3)
            quitter.cancel()
        await stayer
        assert log.times == [3.0]

    virtually(scenario())


def test_a_call_that_fails_gives_the_channel_back(virtually: Virtually) -> None:
    async def scenario() -> None:
        log = Log(pacing.Pacer())
        with pytest.raises(ZeroDivisionError):
            async with log.pacer.slot(Lane.POST, "C1"):
                raise ZeroDivisionError
        await log.call(Lane.POST, "C1")
        assert len(log.times) == 1

    virtually(scenario())


def test_budgets_of_the_workspace_are_divided_by_those_who_spend_them(virtually: Virtually) -> None:
    async def scenario() -> None:
        lone, one, other, web = (pacing.Pacer(120) for _ in range(4))
        lone.share(workers=1, webs=1)
        one.share(workers=2, webs=0)
        other.share(workers=2, webs=0)
        web.share(workers=0, webs=1)
        posts = [(Lane.POST, f"C{number}") for number in range(200)]
        edits = [(Lane.EDIT, "C1")] * 80
        clicks = [(Lane.CLICK, "C1")] * 40
        logs = [Log(pacer) for pacer in (lone, one, other, web)]
        for pair in (logs[1:2], logs[2:3], logs[:1]):
            await asyncio.gather(*(log.all(*posts) for log in pair))
        minute = [most_in(log.times, 60) for log in logs[:3]]
        assert minute[1] == minute[2] <= 60 and minute[0] <= 120 and minute[0] > 110
        before = [len(log.calls) for log in logs]
        await asyncio.gather(*(log.all(*edits) for log in logs[1:3]), logs[3].all(*clicks))
        spent = [most_in(log.times[was:], 60) for log, was in zip(logs, before, strict=True) if len(log.calls) > was]
        assert spent == [17, 17, 15], "35 machine edits and 15 for clicks, all together"

    virtually(scenario())


def test_a_share_that_grows_is_spent_at_once(virtually: Virtually) -> None:
    async def scenario() -> None:
        pacer = pacing.Pacer(120)
        pacer.share(workers=4, webs=0)
        log = Log(pacer)
        waiting = asyncio.create_task(log.all(*[(Lane.POST, f"C{number}") for number in range(60)]))
        await asyncio.sleep(0)
        few = len(log.calls)
        pacer.share(workers=1, webs=0)
        await waiting
        assert few < 10 and log.times[-1] < 40

    virtually(scenario())
