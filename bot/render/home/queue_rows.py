"""An open anomaly in a queue: how bad by mark and word, what fails where, by what evidence, with whom and since when; and its buttons."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model
from bot.render.anomaly import buttons, rows, wording
from bot.render.kit import blocks, limits, marks, text

_ADDRESS = 600
"""A longer address is left out of the title: "Open in ..." is among the buttons."""


def counted(severities: Mapping[model.Severity | None, int]) -> str:
    """ "2 critical · 21 high · 1 unrated", each behind its mark; the worst first."""
    order = [*sorted(model.Severity, key=list(model.Severity).index, reverse=True), None]
    return marks.marked([(one, severities[one]) for one in order if severities.get(one)])


def row(anomaly: model.Anomaly, capabilities: model.Capabilities, *, whole: bool) -> tuple[model.Block, ...]:
    """The anomaly and what can be done with it; `whole`: its id with the name of its system, among those of others."""
    common = rows.Among(systems=whole, datastores=True)
    address = anomaly.url if len(anomaly.url) <= _ADDRESS else ""
    first = f"{rows.marked(anomaly.severity)}  {text.link(address, rows.title(anomaly, common))}"
    second = text.spoken(wording.dotted(rows.evidence(anomaly), wording.state(anomaly), rows.who(anomaly, capabilities)))
    since = f"{wording.dated(anomaly)} {text.when(anomaly.created)} · {text.spoken(rows.ident(anomaly, common))}"
    body = blocks.whole(text.clip(f"{first}\n{second} · {since}", limits.TEXT_OBJECT, markup=True))
    return body, *buttons.row(anomaly, capabilities, among=True)
