"""The lasting message about one anomaly, and what stands in its place once it is closed or gone."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.core import attribution
from bot.render.anomaly import buttons, course_chart, evidence, finding, rows, standing, wording
from bot.render.kit import blocks, limits, text

_LINK = 1_000
"""A longer address is left out of the title: the menu has it."""


def anomaly(
    anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence, course: Sequence[model.Point] = ()
) -> model.Message:
    """One anomaly as it stands now, with the buttons that make sense now (design section 5). `course` are the values of its metric, where
    its system tells them."""
    if wording.gone(anomaly):
        return _deleted(anomaly, capabilities, past)
    if anomaly.state is model.State.ARCHIVED:
        return _archived(anomaly, capabilities, past)
    return _open(anomaly, capabilities, past, course)


def _open(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence, course: Sequence[model.Point]) -> model.Message:
    found, about = finding.evidence(anomaly, past, course, capabilities), finding.said(anomaly)
    span = evidence.span(anomaly) if anomaly.series is not None else ""
    drawn = finding.evidence(anomaly, past, course, capabilities, bars=True)
    lines = [wording.dotted(text.spoken(drawn), span), text.spoken(about)]
    facts, facts_spoken = evidence.facts(anomaly)
    ties, small = evidence.ties(anomaly), _small(anomaly)
    said = text.sentence(
        text.spoken(f"{finding.spoken(anomaly)}, {_named(anomaly, capabilities)}"),
        wording.dotted(text.spoken(found), span),
        text.spoken(about),
        facts_spoken,
        text.spoken(small),
        text.spoken(ties),
        standing.line(anomaly, capabilities, past, standing.calm),
        buttons.possible(anomaly, capabilities),
    )
    shown = (
        _section("\n".join([_title(anomaly), *(line for line in lines if line)])),
        *course_chart.drawn(course, anomaly),
        *((facts,) if facts else ()),
        *((blocks.context(ties),) if ties else ()),
        blocks.context(wording.dotted(small, f"#{wording.ident(anomaly)}")),
        *buttons.row(anomaly, capabilities),
        blocks.context(blocks.marked(standing.line(anomaly, capabilities, past))),
    )
    return limits.fit(model.Message(said, shown))


def asking(message: model.Message, title: str, name: str) -> model.Message:
    """The same message while a system is asked for somebody: its last line says so."""
    line = f"Asking {text.short(title, 40)} for {text.short(name, 60, 'you')}\N{HORIZONTAL ELLIPSIS}"
    kept = message.blocks[:-1] if message.blocks and message.blocks[-1]["type"] == "context" else message.blocks
    return limits.fit(model.Message(text.sentence(text.spoken(line), message.text), (*kept, blocks.context(line))))


def _title(anomaly: model.Anomaly) -> str:
    """Mark and word of its severity, what fails (a link to its own page), and the places around."""
    where = finding.around(anomaly)
    address = anomaly.url if text.size(text.url(anomaly.url)) <= _LINK else ""
    headline = text.link(address, finding.headline(anomaly))
    return "  ".join([rows.marked(anomaly.severity), headline, *([text.spoken(f"({where})")] if where else [])])


def _section(markup: str) -> model.Block:
    return blocks.whole(markup)


def _small(anomaly: model.Anomaly) -> str:
    """ "Weight 54 · tags critical, pii"."""
    return wording.dotted(wording.score(anomaly), wording.tags(anomaly))


def _named(anomaly: model.Anomaly, capabilities: model.Capabilities) -> str:
    return f"{text.short(capabilities.title, 40)} {wording.ident(anomaly)}"


def _archived(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence) -> model.Message:
    """One line: how it was closed, by whom and when, what it was, and which; the rest is in the history."""
    shown = _closed(anomaly, capabilities, past, standing.strong)
    address = anomaly.url if text.size(text.url(anomaly.url)) <= _LINK else ""
    ties, kept = evidence.ties(anomaly), wording.kept(anomaly, capabilities.title)
    ident, comment = text.spoken(f"#{wording.ident(anomaly)}"), standing.comment(attribution.hands(anomaly, past.lines))
    hint = ""
    if model.Action.REOPEN not in capabilities.supports and not anomaly.merged_into:
        hint = f"It cannot be reopened from Slack. Open it in {text.short(capabilities.title, 40)} to do that."
    tail = [text.spoken(part) for part in (ties, kept, hint) if part]
    drawn = wording.dotted(f"{shown}{comment}", text.link(address, finding.headline(anomaly)), *tail[: -1 if hint else None], ident)
    said = text.sentence(
        f"{_closed(anomaly, capabilities, past, standing.calm)}{comment}",
        text.spoken(f"{finding.spoken(anomaly)}, {_named(anomaly, capabilities)}"),
        *tail,
        buttons.possible(anomaly, capabilities),
    )
    reopen = buttons.reopen(anomaly, capabilities)
    line = _section(wording.dotted(drawn, text.spoken(hint)))
    return limits.fit(model.Message(said, ({**line, "accessory": reopen} if reopen else line,)))


def _closed(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence, loud: standing.Loud) -> str:
    """ "Archived as Resolved by Dana 13:31", "Archived as Duplicate of #1001 by Dana 13:31", as mrkdwn."""
    entry = past.last if past.last is not None and past.last.result is model.Result.DONE else None
    closing = next((one for one in past.lines if one.action in standing.CLOSES and one.result is model.Result.DONE), entry)
    if anomaly.over and (closing is None or not closing.actor_name.strip()):
        return f"{loud(text.spoken(wording.over(capabilities.title)))} {text.when(anomaly.over)}"
    if closing is None:
        return (
            f"{loud(text.spoken(wording.stands(anomaly, capabilities.archive_as)))} · {wording.dated(anomaly)} {text.when(anomaly.created)}"
        )
    stands = f"{wording.stands(anomaly, capabilities.archive_as)}{wording.original(closing)} {wording.by(closing)}".strip()
    return f"{loud(text.spoken(stands))} {text.when(closing.at)}"


def _deleted(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence) -> model.Message:
    """One line, nothing to press; whoever deleted it from here is named."""
    gone = next((one for one in past.lines if one.action == model.Action.DELETE and one.result is model.Result.DONE), None)
    mine = gone is not None and bool(gone.actor_name.strip()) and gone.via.casefold() == "slack"
    who = wording.by(gone) if mine and gone else f"in {text.short(capabilities.title, 40)}"
    at = f" {text.when(gone.at)}" if gone is not None else ""
    what = text.spoken(f"{finding.headline(anomaly)} · #{wording.ident(anomaly)}")
    line = f"{text.spoken(f'Deleted {who}')}{at} · {what}"
    return limits.fit(model.Message(text.sentence(line), (blocks.context(blocks.marked(line)),)))
