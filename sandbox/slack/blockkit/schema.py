"""A small language for JSON shapes: checks are functions that put problems, with JSON pointers, into a report."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: Slack's words and where."""

    message: str
    pointer: str
    error: str = "invalid_blocks"

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


@dataclass
class Report:
    """What was found wrong. `surface` is message, modal, home or manifest; `unsupported` are block types that this workspace refuses."""

    surface: str = "message"
    unsupported: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    def add(self, pointer: str, message: str, error: str = "invalid_blocks") -> None:
        """Note a fault."""
        self.problems.append(Problem(message, pointer, error))

    @property
    def lines(self) -> list[str]:
        """The faults as Slack lists them."""
        return [str(problem) for problem in self.problems]


Check = Callable[[Report, Any, str], None]
Record = dict[str, Any]
Rule = Callable[[Report, Record, str], None]


def anything(report: Report, value: Any, at: str) -> None:
    """Accept every value."""


def string(low: int, high: int, pattern: str = "") -> Check:
    """A string of `low` to `high` characters."""
    shape = re.compile(pattern) if pattern else None

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, str):
            report.add(at, "must be a string")
        elif len(value) < low:
            report.add(at, f"must be more than {low - 1} characters")
        elif len(value) > high:
            report.add(at, f"must be less than {high + 1} characters")
        elif shape is not None and shape.fullmatch(value) is None:
            report.add(at, f"must match the pattern {pattern}")

    return check


def boolean(report: Report, value: Any, at: str) -> None:
    """True or false, not their names."""
    if not isinstance(value, bool):
        report.add(at, "must be a boolean")


def number(low: float | None = None, *, above: bool = False, whole: bool = False, high: float | None = None) -> Check:
    """A JSON number; with `above` it must be greater than `low`."""

    def check(report: Report, value: Any, at: str) -> None:
        kinds = (int,) if whole else (int, float)
        if isinstance(value, bool) or not isinstance(value, kinds):
            report.add(at, "must be an integer" if whole else "must be a number")
        elif low is not None and (value < low or (above and value == low)):
            report.add(at, f"must be greater than {low if above else f'or equal to {low}'}")
        elif high is not None and value > high:
            report.add(at, f"must be less than or equal to {high}")

    return check


def one_of(*allowed: Any) -> Check:
    """One of these values."""

    def check(report: Report, value: Any, at: str) -> None:
        if not any(value == known and type(value) is type(known) for known in allowed):
            report.add(at, "must be a valid enum value")

    return check


def array(item: Check, low: int, high: int) -> Check:
    """A list of `low` to `high` items."""

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, list):
            report.add(at, "must be an array")
            return
        if len(value) < low:
            report.add(at, f"no fewer than {low} items allowed")
        if len(value) > high:
            report.add(at, f"no more than {high} items allowed")
            return
        for index, one in enumerate(value):
            item(report, one, f"{at}/{index}")

    return check


def nullable(inner: Check) -> Check:
    """The same, or null."""

    def check(report: Report, value: Any, at: str) -> None:
        if value is not None:
            inner(report, value, at)

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, rule: Rule | None = None) -> Check:
    """An object with exactly these keys; `rule` sees it when the keys alone are in order."""
    known = {**required, **(optional or {})}

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            report.add(at, "must be an object")
            return
        before = len(report.problems)
        for key in required:
            if key not in value:
                report.add(f"{at}/{key}", f"missing required field: {key}")
        for key, one in value.items():
            if key in known:
                known[key](report, one, f"{at}/{key}")
            else:
                report.add(at, f"invalid additional property: {key}")
        if rule is not None and len(report.problems) == before:
            rule(report, value, at)

    return check


def typed(table: Callable[[Report], Mapping[str, Check]]) -> Check:
    """An object whose `type` chooses the check; types that are not in the table are refused."""

    def check(report: Report, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            report.add(at, "must be an object")
            return
        kind = value.get("type")
        if kind is None:
            report.add(f"{at}/type", "missing required field: type")
            return
        chosen = table(report).get(kind) if isinstance(kind, str) else None
        if chosen is None or kind in report.unsupported:
            report.add(f"{at}/type", f"unsupported type: {kind}")
            return
        chosen(report, value, at)

    return check
