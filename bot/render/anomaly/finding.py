"""What a card says an anomaly is: how bad, the rule or metric or threat that fails, where, and by what evidence. Never markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot import model
from bot.render.anomaly import rows, sparkline, wording
from bot.render.kit import text

_ALSO = 4
_SAID = 400
"""Units of what people or the system wrote about it."""
_OWN = 4
"""Words like "rows fail and", which a system puts around fields and numbers; who writes more has something to say."""


def headline(anomaly: model.Anomaly) -> str:
    """ "payroll_runs · employee_id is null", "checkout.latency_ms" of a metric, "Dana Reyes · impossible travel" of a threat."""
    if anomaly.series is not None and not anomaly.checks:
        metric = text.short(anomaly.series.metric, 150, "")
        inner = text.short(anomaly.where[-1].name, 60, "") if anomaly.where else ""
        return wording.dotted("" if inner in metric else inner, metric) or rows.finding(anomaly)
    return rows.title(anomaly)


def around(anomaly: model.Anomaly) -> str:
    """ "finance-lake", "Payments › eu-west": the places around the innermost one."""
    outer = [place.name for place in anomaly.where[:-1]]
    return wording.within(outer) if outer else ""


def spoken(anomaly: model.Anomaly) -> str:
    """ "Critical: payroll_runs · employee_id is null (finance-lake)"."""
    where = around(anomaly)
    return f"{rows.severity(anomaly.severity)}: {headline(anomaly)}{f' ({where})' if where else ''}"


def evidence(
    anomaly: model.Anomaly, past: model.Recurrence, course: Sequence[model.Point], capabilities: model.Capabilities, *, bars: bool = False
) -> str:
    """ "2 of 1,140 rows (0.2 %) · also amount between 0 and 10000 · first time here": one line, numbers with what they are measured by.
    With `bars` what has a course is drawn as well: the metric, and how often it was seen on each day."""
    often = recurrence(past, capabilities.archive_as)
    if not bars:
        return wording.dotted(_measured(anomaly, course), _also(anomaly), often)
    days = sparkline.drawn(past.days) if past.seen > 1 else ""
    return wording.dotted(sparkline.course(course), _measured(anomaly, course), _also(anomaly), f"{days} {often}".strip())


def _measured(anomaly: model.Anomaly, course: Sequence[model.Point]) -> str:
    if anomaly.series is not None:
        went = sparkline.words(course, anomaly.series)
        value = "" if anomaly.series.value is None else text.number(anomaly.series.value)
        known = not value or value in went.split()
        told = wording.measured(anomaly.series, value=not known, direction=not went)
        return ", ".join(part for part in (went, f"measured {told}" if went and not known else told) if part)
    if anomaly.records is None:
        return ""
    of = rows.base(anomaly)
    if not of:
        return text.count(anomaly.records, "row")
    return f"{rows.amount(anomaly.records)} of {rows.amount(of)} rows ({share(anomaly.records, of)})"


def share(part: int, whole: int) -> str:
    """ "0.2 %", "under 0.1 %", "100 %"."""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "under 0.1 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def _also(anomaly: model.Anomaly) -> str:
    """The rules that fail besides the one in the headline, and how many more."""
    failed = list(dict.fromkeys(rows.rule(check) for check in anomaly.checks))[1:]
    return f"also {text.listed(failed, _ALSO, '; ')}" if failed else ""


def recurrence(past: model.Recurrence, closing: Sequence[model.Closing] = ()) -> str:
    """ "first time here", "seen 3 times in 7 days, last archived as Invalid by Dana": as far as this desk knows."""
    if past.first and past.seen <= 1:
        return "first time here"
    seen = f"seen {text.number(past.seen)} times in 7 days" if past.seen > 1 else ""
    before = past.archived_before
    closed = " ".join(filter(None, ("last archived", wording.outcome(before, closing), wording.by(before)))) if before else ""
    return ", ".join(part for part in (seen, closed) if part)


def said(anomaly: model.Anomaly) -> str:
    """What people or the system wrote about it, "" where the headline or the rules say that already."""
    words = text.short(anomaly.description, _SAID, "")
    headline_ = rows.finding(anomaly)
    known = [headline_, *(rows.rule(check) for check in anomaly.checks), *(text.squeeze(check.message, "") for check in anomaly.checks)]
    return "" if not words or words in known or _tells(anomaly, words) else words


def _tells(anomaly: model.Anomaly, words: str) -> bool:
    """Whether a description only names the fields that failed and how many rows, which stand above it, with hardly a word of its own."""
    names = [name for check in anomaly.checks for name in check.fields]
    counted = anomaly.records is None or text.number(anomaly.records) in words or str(anomaly.records) in words
    if not names or not counted or not all(name in words for name in names):
        return False
    above = _words(" ".join([*names, *(check.message for check in anomaly.checks), *(rows.rule(check) for check in anomaly.checks)]))
    return len([word for word in _words(words) if word not in above and not word.isdigit()]) <= _OWN


def _words(said: str) -> list[str]:
    return re.findall(r"\w+", said.casefold())
