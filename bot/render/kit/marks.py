"""How bad something is, by mark and word: never by either alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.render.kit import text

_MARKS: Mapping[model.Severity | None, str] = {
    model.Severity.CRITICAL: ":large_red_square:",
    model.Severity.HIGH: ":large_orange_square:",
    model.Severity.MEDIUM: ":large_yellow_square:",
    model.Severity.LOW: ":large_blue_square:",
    None: ":white_square:",
}


def word(severity: model.Severity | None) -> str:
    """ "critical", "without severity"."""
    return str(severity) if severity else "without severity"


def marked(counted: Sequence[tuple[model.Severity | None, int]]) -> str:
    """ ":large_red_square: 2 critical · :large_orange_square: 21 high", as mrkdwn."""
    return " · ".join(f"{_MARKS[severity]} {text.number(amount)} {word(severity)}" for severity, amount in counted)


def spoken(counted: Sequence[tuple[model.Severity | None, int]]) -> str:
    """ "2 critical, 21 high"."""
    return ", ".join(f"{text.number(amount)} {word(severity)}" for severity, amount in counted)
