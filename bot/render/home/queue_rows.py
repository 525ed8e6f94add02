"""An open anomaly in a queue: how bad by mark and word, what fails where, by what evidence, with whom and since when; and its buttons."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot import model
from bot.render.anomaly import buttons, wording
from bot.render.kit import blocks, limits, text

_MARKS: Mapping[model.Severity | None, str] = {
    model.Severity.CRITICAL: "\N{LARGE RED SQUARE}",
    model.Severity.HIGH: "\N{LARGE ORANGE SQUARE}",
    model.Severity.MEDIUM: "\N{LARGE YELLOW SQUARE}",
    model.Severity.LOW: "\N{LARGE BLUE SQUARE}",
    None: "\N{WHITE LARGE SQUARE}",
}
_ADDRESS = 600
"""A longer address is left out of the title: "Open in ..." is among the buttons."""


def severity(word: model.Severity | None) -> str:
    """ "critical", "unrated" where the system gives no number."""
    return str(word) if word else "unrated"


def counted(severities: Mapping[model.Severity | None, int]) -> str:
    """ "2 critical · 21 high · 1 unrated", each behind its mark; the worst first."""
    order = [*sorted(model.Severity, key=list(model.Severity).index, reverse=True), None]
    return " · ".join(f"{_MARKS[one]} {text.number(severities[one])} {severity(one)}" for one in order if severities.get(one))


def row(anomaly: model.Anomaly, capabilities: model.Capabilities, *, whole: bool) -> tuple[model.Block, ...]:
    """The anomaly and what can be done with it; `whole`: its id with the name of its system, among those of others."""
    bad = f"{_MARKS[anomaly.severity]} *{text.capital(severity(anomaly.severity))}*"
    first = f"{bad}  {_title(anomaly)}"
    second = text.spoken(wording.dotted(_evidence(anomaly), wording.state(anomaly), wording.who(anomaly, capabilities)))
    since = f"{wording.dated(anomaly)} {text.when(anomaly.created)} · #{text.spoken(wording.ident(anomaly, whole=whole))}"
    body = {"type": "section", "text": blocks.marked(text.clip(f"{first}\n{second} · {since}", limits.TEXT_OBJECT, markup=True))}
    return body, *buttons.row(anomaly, capabilities)


def _title(anomaly: model.Anomaly) -> str:
    """The failing rule where it fails, as a link to the anomaly where its system has one."""
    said = wording.dotted(wording.place(anomaly), text.short(wording.checks(anomaly), 160, ""))
    if not anomaly.checks:
        said = text.capital(wording.title(anomaly))
    return text.link(anomaly.url, said) if len(anomaly.url) <= _ADDRESS else text.spoken(said)


def _evidence(anomaly: model.Anomaly) -> str:
    if anomaly.series is not None:
        return text.short(wording.series(anomaly.series), 200, "")
    if anomaly.records is not None:
        amount = text.number(anomaly.records)
        return (
            "" if re.search(rf"(?<![\d,.]){re.escape(amount)}(?![\d,.])", wording.checks(anomaly)) else text.count(anomaly.records, "row")
        )
    return "" if anomaly.checks else text.short(anomaly.description, 160, "")
