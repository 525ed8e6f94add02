"""What a system found, drawn as it hands it over: the facts, how long it lasted, and what else the anomaly belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.render import siblings
from bot.render.kit import blocks, limits, text

_FACTS = 8
_REFS = 5
_MORE = 20
"""Ids behind a fact, and others that belong to an anomaly, where somebody looks closely."""
_HAPPENED = 8
_VALUES = 12


def span(anomaly: model.Anomaly) -> str:
    """Since when, or from when to when, as mrkdwn."""
    told = anomaly.series
    begun, ended = (told.start if told else None) or anomaly.started, (told.end if told else None) or anomaly.ended
    if begun and ended:
        return f"from {text.when(begun)} to {text.when(ended)}"
    return f"since {text.when(begun)}" if begun else f"until {text.when(ended)}" if ended else ""


def lasting(anomaly: model.Anomaly) -> str:
    """The same for an anomaly without a series, which says it itself."""
    return "" if anomaly.series is not None else span(anomaly)


def over(anomaly: model.Anomaly) -> str:
    """ "over since 09:00" for one that its system closed by itself, as mrkdwn."""
    return f"over since {text.when(anomaly.over)}" if anomaly.over else ""


def facts(anomaly: model.Anomaly) -> tuple[model.Block | None, str]:
    """The facts in the order of their importance and how many more there are, drawn with their links and spoken without; nothing without
    any."""
    if not anomaly.facts:
        return None, ""
    said = text.listed([_spoken(one) for one in anomaly.facts], _FACTS, " · ")
    return blocks.context(blocks.marked(_linked(anomaly.facts))), said


def _linked(facts: Sequence[model.Fact]) -> str:
    """As mrkdwn; where not all links have room, those of the less important facts give way."""
    for most in range(_FACTS, 0, -1):
        drawn = [_timed(text.link(one.link if at < most else "", _fact(one)), one) for at, one in enumerate(facts)]
        said = text.listed(drawn, _FACTS, " · ")
        if text.size(said, markup=True) <= limits.CONTEXT_TEXT:
            return said
    return text.listed([_spoken(one) for one in facts], _FACTS, " · ")


def _spoken(fact: model.Fact) -> str:
    return _timed(text.spoken(_fact(fact)), fact)


def _timed(said: str, fact: model.Fact) -> str:
    """With the time that it tells, in each reader's own time zone."""
    return f"{said} {text.when(fact.at)}" if fact.at else said


def _fact(fact: model.Fact) -> str:
    parts = (text.short(fact.label, 40, ""), text.short(fact.value, 120, ""))
    return ": ".join(part for part in parts if part) or text.NOTHING


def closely(anomaly: model.Anomaly, told: model.Evidence) -> tuple[Sequence[model.Block], Sequence[str]]:
    """What no card has room for, drawn and spoken: what is behind the facts, what happened around it, and what belongs to it."""
    lines = [_timed(text.spoken(_fact(one)), one) for one in told.facts]
    if told.course:
        values = [text.number(value) for value in told.course[-_VALUES:]]
        lines.append(f"Last {text.count(len(values), 'value')}: {', '.join(values)}")
    lines += [text.spoken(f"{text.short(one.label, 40)}: {siblings.listed(one.more, 60, _MORE)}") for one in anomaly.facts if one.more]
    if told.related:
        lines.append(text.spoken(f"Related: {text.listed([_ref(one, anomaly) for one in told.related], _MORE)}"))
    happened = [f"{text.spoken(text.short(one.what, 160))}{f' {text.when(one.at)}' if one.at else ''}" for one in told.happened[:_HAPPENED]]
    more = (told.happened_in_all or 0) - len(happened)
    if happened and more > 0:
        happened.append(f"and {text.number(more)} more")
    missing = [text.spoken(text.short(one, 300)) for one in told.missing]
    heads = (("What is known besides:", lines), ("What happened around it, newest first:", happened), ("Not to be had now:", missing))
    drawn = [
        block for head, some in heads if some for block in (blocks.section(head), *(blocks.context(blocks.marked(one)) for one in some))
    ]
    return drawn, [text.sentence(head.rstrip(":"), "; ".join(some)) for head, some in heads if some]


def ties(anomaly: model.Anomaly) -> str:
    """ "Merged into 2af8 · related to 1002, 1003 and 5 more"."""
    merged = f"merged into {_ref(anomaly.merged_into, anomaly)}" if anomaly.merged_into else ""
    others = text.listed([_ref(one, anomaly) for one in anomaly.related], _REFS)
    return text.capital(" · ".join(part for part in (merged, f"related to {others}" if others else "") if part))


def _ref(ref: model.Ref, anomaly: model.Anomaly) -> str:
    """As short as it is clear: with its system where that is another one."""
    return text.short(ref.id if ref.source == anomaly.ref.source else str(ref), 60)
