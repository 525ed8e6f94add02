"""The halving is driven by a pretend server; what counts is that every item gets its own fate, and how many calls that takes."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import bisection

Reply = bisection.StepReply[int, str]


def drive(halving: bisection.Halving[int, str], answer: Callable[[bisection.Step[int]], Reply]) -> list[bisection.Step[int]]:
    steps = []
    machine = halving.run()
    try:
        step = next(machine)
        while True:
            steps.append(step)
            step = machine.send(answer(step))
    except StopIteration:
        return steps


def refusing(bad: set[int]) -> Callable[[bisection.Step[int]], Reply]:
    def answer(step: bisection.Step[int]) -> Reply:
        wrong = sorted(bad & set(step.items))
        return (
            bisection.StepReply(bisection.StepOutcome.REFUSED, f"{wrong[0]} is bad")
            if wrong
            else bisection.StepReply(bisection.StepOutcome.ACCEPTED)
        )

    return answer


@given(st.integers(1, 130), st.sets(st.integers(0, 129), max_size=6))
def test_every_good_item_is_done_every_bad_one_named_and_few_calls_are_made(size: int, bad: set[int]) -> None:
    halving = bisection.Halving[int, str](tuple(range(size)))
    steps = drive(halving, refusing(bad))
    bad &= set(range(size))
    assert halving.fates == {item: f"{item} is bad" if item in bad else None for item in range(size)}
    assert len(steps) <= 1 + 2 * len(bad) * max(1.0, math.log2(size))


def test_what_was_accepted_is_never_sent_again() -> None:
    accepted: list[int] = []

    def answer(step: bisection.Step[int]) -> Reply:
        reply = refusing({63})(step)
        accepted.extend(step.items if reply.verdict is bisection.StepOutcome.ACCEPTED else ())
        return reply

    drive(bisection.Halving[int, str](tuple(range(100))), answer)
    assert sorted(accepted) == [item for item in range(100) if item != 63]


def test_after_a_lost_answer_it_looks_first_and_sends_only_what_is_not_done() -> None:
    done: set[int] = set()
    lost = iter([True])

    def answer(step: bisection.Step[int]) -> Reply:
        if step.look:
            return bisection.StepReply(bisection.StepOutcome.ACCEPTED, left=tuple(item for item in step.items if item not in done))
        if next(lost, False):
            done.update(step.items[:6])
            return bisection.StepReply(bisection.StepOutcome.UNSURE, "time-out")
        assert not done & set(step.items), "sent again although it was done"
        done.update(step.items)
        return bisection.StepReply(bisection.StepOutcome.ACCEPTED)

    halving = bisection.Halving[int, str](tuple(range(10)))
    steps = drive(halving, answer)
    assert [step.look for step in steps] == [False, True, False]
    assert steps[2].items == (6, 7, 8, 9)
    assert set(halving.fates.values()) == {None}


def test_it_gives_up_after_three_lost_answers_and_says_why() -> None:
    def answer(step: bisection.Step[int]) -> Reply:
        return (
            bisection.StepReply(bisection.StepOutcome.ACCEPTED, left=step.items)
            if step.look
            else bisection.StepReply(bisection.StepOutcome.UNSURE, "time-out")
        )

    halving = bisection.Halving[int, str](tuple(range(64)), patience=3)
    steps = drive(halving, answer)
    assert halving.fates == dict.fromkeys(range(64), "time-out")
    assert sum(step.look for step in steps) == 3
    assert sum(not step.look for step in steps) == 3


def test_when_looking_fails_too_nothing_more_is_sent() -> None:
    halving = bisection.Halving[int, str]((1, 2, 3))
    steps = drive(
        halving, lambda step: bisection.StepReply(bisection.StepOutcome.STOP if step.look else bisection.StepOutcome.UNSURE, "down")
    )
    assert [step.look for step in steps] == [False, True]
    assert halving.fates == dict.fromkeys((1, 2, 3), "down")


def test_a_stop_ends_the_rest_for_the_same_reason() -> None:
    answers = iter(
        [
            bisection.StepReply(bisection.StepOutcome.REFUSED, "?"),
            bisection.StepReply(bisection.StepOutcome.ACCEPTED),
            bisection.StepReply(bisection.StepOutcome.STOP, "token expired"),
        ]
    )
    halving = bisection.Halving[int, str]((1, 2, 3, 4))
    drive(halving, lambda _: next(answers))
    assert halving.fates == {1: None, 2: None, 3: "token expired", 4: "token expired"}


def test_items_with_fates_of_their_own() -> None:
    halving = bisection.Halving[int, str]((1, 2, 3))
    drive(halving, lambda _: bisection.StepReply(bisection.StepOutcome.SETTLED, fates={1: None, 2: "gone", 3: None}))
    assert halving.fates == {1: None, 2: "gone", 3: None}


@pytest.mark.parametrize(
    ("count", "size", "sizes"), [(0, 100, []), (1, 100, [1]), (100, 100, [100]), (250, 100, [100, 100, 50]), (3, 0, [1, 1, 1])]
)
def test_chunks(count: int, size: int, sizes: list[int]) -> None:
    cut = bisection.chunks(range(count), size)
    assert [len(one) for one in cut] == sizes
    assert [item for one in cut for item in one] == list(range(count))


def test_groups_keep_order() -> None:
    assert bisection.grouped(["b1", "a1", "b2"], lambda one: one[0]) == {"b": ["b1", "b2"], "a": ["a1"]}
