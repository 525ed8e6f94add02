"""How many anomalies are changed with few calls: chunks, and halving of what was refused.

The halving is a generator that never awaits: it yields what to send or to look up, is told what came of it, and returns the fate of
every item. Whoever drives it does the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)
Why = TypeVar("Why")
Key = TypeVar("Key", bound=Hashable)
Thing = TypeVar("Thing")


class StepOutcome(StrEnum):
    """What came of a step."""

    ACCEPTED = "accepted"
    """Sent: all of it was done. Looked up: the answer is in `StepReply.left`."""
    REFUSED = "refused"
    """At least one of the items is why; nothing is known of the others."""
    UNSURE = "unsure"
    """Too large, or no answer: some, all or none of it was done."""
    SETTLED = "settled"
    """Every item has its own fate, in `StepReply.fates`."""
    STOP = "stop"
    """Nothing more can be done: whatever is left fails for the same reason."""


@dataclass(frozen=True, slots=True)
class Step(Generic[Item]):
    """What to do next with these items: send the change, or (`look`) find out which of them are not done."""

    items: tuple[Item, ...]
    look: bool = False


@dataclass(frozen=True, slots=True)
class StepReply(Generic[Item, Why]):
    """What came of a step; `left` are the items found not done by a look."""

    verdict: StepOutcome
    why: Why | None = None
    left: tuple[Item, ...] = ()
    fates: Mapping[Item, Why | None] = field(default_factory=dict)


Fates = dict[Item, Why | None]
"""Item -> None for done, else why not."""

Machine = Generator[Step[Item], StepReply[Item, Why], None]


def chunks(items: Sequence[Item], size: int) -> Sequence[tuple[Item, ...]]:
    """Cut into tuples of at most `size` (at least 1), in order."""
    step = max(1, size)
    return [tuple(items[start : start + step]) for start in range(0, len(items), step)]


def grouped(things: Iterable[Thing], key: Callable[[Thing], Key]) -> Mapping[Key, Sequence[Thing]]:
    """Sort into groups by `key`; groups and their members keep the order of their first appearance."""
    groups: dict[Key, list[Thing]] = {}
    for thing in things:
        groups.setdefault(key(thing), []).append(thing)
    return groups


@dataclass(slots=True)
class Halving(Generic[Item, Why]):
    """Settles one chunk: a refused part is halved until the bad items are alone; a lost answer is looked up before anything is sent again.

    `fates` fills up while `run` is driven and is complete when it ends. With b bad items in a chunk of n it sends at most
    1 + 2 b log2(n) parts: when one half of a refused part was accepted, the other half is known to hold the bad one and is not sent whole.
    `patience` is how many lost answers it bears before it gives up on the rest.
    """

    items: tuple[Item, ...]
    patience: int = 3
    fates: Fates[Item, Why] = field(default_factory=dict)
    stopped: Why | None = None

    def run(self) -> Machine[Item, Why]:
        """The steps. Send each one's Reply back in."""
        if self.items:
            yield from self._settle(self.items, bad=False)

    def _settle(self, part: tuple[Item, ...], *, bad: bool) -> Generator[Step[Item], StepReply[Item, Why], bool]:
        """Settle a part; True when all of it was accepted. `bad`: it is known that it would be refused as a whole."""
        if self.stopped is not None:
            self._fail(part, self.stopped)
            return False
        if bad and len(part) > 1:
            return (yield from self._halve(part))
        reply = yield Step(part)
        if reply.verdict is StepOutcome.ACCEPTED:
            self.fates.update(dict.fromkeys(part))
            return True
        if reply.verdict is StepOutcome.SETTLED:
            self.fates.update(reply.fates)
            return all(reply.fates.get(item) is None for item in part)
        if reply.verdict is StepOutcome.REFUSED and len(part) > 1:
            return (yield from self._halve(part))
        if reply.verdict is StepOutcome.UNSURE:
            return (yield from self._look(part, reply.why))
        self.stopped = reply.why if reply.verdict is StepOutcome.STOP else None
        self._fail(part, reply.why)
        return False

    def _halve(self, part: tuple[Item, ...]) -> Generator[Step[Item], StepReply[Item, Why], bool]:
        middle = len(part) // 2
        fine = yield from self._settle(part[:middle], bad=False)
        yield from self._settle(part[middle:], bad=fine)
        return False

    def _look(self, part: tuple[Item, ...], why: Why | None) -> Generator[Step[Item], StepReply[Item, Why], bool]:
        """Nobody knows what was done: find out, and send smaller parts of what was not."""
        self.patience -= 1
        reply = yield Step(part, look=True)
        if reply.verdict is not StepOutcome.ACCEPTED:
            self.stopped = reply.why
            self._fail(part, reply.why)
            return False
        undone = set(reply.left)
        left = tuple(item for item in part if item in undone)
        self.fates.update(dict.fromkeys(item for item in part if item not in undone))
        if not left:
            return True
        if self.patience <= 0:
            self.stopped = why
        if self.patience <= 0 or len(part) == 1:
            self._fail(left, why)
            return False
        for half in chunks(left, max(1, len(part) // 2)):
            yield from self._settle(half, bad=False)
        return False

    def _fail(self, part: Sequence[Item], why: Why | None) -> None:
        self.fates.update(dict.fromkeys(part, why))
