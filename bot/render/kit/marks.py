"""How bad something is, by mark and word: never by either alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot import model
from bot.render.kit import text

_MARKS: Mapping[model.Severity | None, str] = {
    model.Severity.CRITICAL: "\N{LARGE RED SQUARE}",
    model.Severity.HIGH: "\N{LARGE ORANGE SQUARE}",
    model.Severity.MEDIUM: "\N{LARGE YELLOW SQUARE}",
    model.Severity.LOW: "\N{LARGE BLUE SQUARE}",
    None: "\N{WHITE LARGE SQUARE}",
}


def mark(severity: model.Severity | None) -> str:
    """The mark alone, beside a sentence that has the word; a character, so that places without markup show it too."""
    return _MARKS[severity]


def word(severity: model.Severity | None) -> str:
    """ "critical", or "unrated" where the system gives no number."""
    return str(severity) if severity else "unrated"


def marked(counted: Sequence[tuple[model.Severity | None, int]]) -> str:
    """ "2 critical · 21 high", each behind its mark, as mrkdwn."""
    return " · ".join(f"{_MARKS[severity]} {text.number(amount)} {word(severity)}" for severity, amount in counted)


def spoken(counted: Sequence[tuple[model.Severity | None, int]]) -> str:
    """ "2 critical, 21 high"."""
    return ", ".join(f"{text.number(amount)} {word(severity)}" for severity, amount in counted)
