"""What a system tells of one anomaly when somebody looks closely: too much for a card, and not asked for before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.anomalies import Ref
from bot.model.findings import Fact, Happening


@dataclass(frozen=True, slots=True)
class Evidence:
    """`facts` besides those that the anomaly has, what happened around it, the newest first, how much more than that happened (None: nobody
    says), and the others that belong to it. `missing` are sentences about what could not be had. `course` are the last
    values of its metric, the oldest first."""

    facts: Sequence[Fact] = ()
    happened: Sequence[Happening] = ()
    happened_in_all: int | None = None
    related: Sequence[Ref] = ()
    missing: Sequence[str] = ()
    course: Sequence[float] = ()


NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Detection:
    """A search for anomalies that was started: what it found (None: the system does not say), and its name there, "" for none."""

    found: int | None = None
    task: str = ""


@dataclass(frozen=True, slots=True)
class Common:
    """Something that anomalies have in common: a key and its value, how heavy that is, in how many abnormal ones of how many it is found
    (None: nobody says), and what is inside of it."""

    key: str
    value: str
    weight: float | None = None
    abnormal: int | None = None
    total: int | None = None
    tokens: Sequence[Common] = ()

    @property
    def told(self) -> str:
        """ "server=web01: 30 of 309"."""
        name = "=".join(filter(None, (self.key, self.value)))
        return name if self.abnormal is None else f"{name}: {self.abnormal:,}" + (f" of {self.total:,}" if self.total is not None else "")
