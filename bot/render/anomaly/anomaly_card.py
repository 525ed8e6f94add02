"""The lasting messages about anomalies: one card for one anomaly, one card for many that arrived together."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model, ports
from bot.core import phrases
from bot.render import siblings
from bot.render.anomaly import buttons, evidence, wording
from bot.render.kit import blocks, ids, limits, text, unheard

_TABLES = 5
_SAMPLES = 5


def anomaly(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence) -> model.Message:
    """One anomaly as it stands now, with the buttons that make sense now (design section 5)."""
    if wording.gone(anomaly):
        return _deleted(anomaly, capabilities)
    if anomaly.state is model.State.ARCHIVED:
        return _archived(anomaly, capabilities, past)
    return _open(anomaly, capabilities, past)


def _open(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence) -> model.Message:
    failing, about = wording.failing(anomaly), wording.description(anomaly)
    body = "\n".join(line for line in (failing, about) if line)
    (series, series_spoken), (facts, facts_spoken) = evidence.series(anomaly), evidence.facts(anomaly)
    ties = evidence.ties(anomaly)
    small = _small(anomaly, past, capabilities)
    detected = text.when(anomaly.created)
    state = wording.dotted(wording.stands(anomaly, capabilities.archive_as), wording.who(anomaly, capabilities), wording.dated(anomaly))
    since = [part for part in (evidence.lasting(anomaly), evidence.over(anomaly), _kept(anomaly, capabilities)) if part]
    last, last_spoken = _last(anomaly, past, capabilities)
    said = text.sentence(
        text.spoken(f"{wording.headline(anomaly)}, {text.short(capabilities.title, 40)} {wording.ident(anomaly)}"),
        series_spoken,
        text.spoken(failing),
        text.spoken(about),
        facts_spoken,
        text.spoken(small),
        text.spoken(ties),
        ", ".join([f"{text.spoken(state)} {detected}", *since]),
        last_spoken,
        buttons.possible(anomaly, capabilities),
    )
    shown = (
        blocks.header(wording.headline(anomaly)),
        *((series,) if series else ()),
        *((blocks.section(body),) if body else ()),
        *((facts,) if facts else ()),
        blocks.context(small),
        *((blocks.context(ties),) if ties else ()),
        *buttons.row(anomaly, capabilities),
        blocks.context(state, blocks.marked(detected), *(blocks.marked(f"· {part}") for part in since)),
        *((last,) if last else ()),
    )
    return limits.fit(model.Message(said, shown))


def _archived(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence) -> model.Message:
    """Two lines: what it was, and who closed it when; the rest is in the history."""
    first = f"{wording.state(anomaly, capabilities.archive_as)}: {wording.headline(anomaly)}"
    last, last_spoken = _last(anomaly, past, capabilities)
    found = wording.series(anomaly.series) if anomaly.series else wording.failing(anomaly)
    small = wording.dotted(found, wording.who(anomaly, capabilities), wording.ident(anomaly), wording.dated(anomaly))
    second = last or blocks.context(small, _mark(anomaly))
    ties, over, kept = evidence.ties(anomaly), evidence.over(anomaly), _kept(anomaly, capabilities)
    marks = [*([blocks.plain(f"· {ties}")] if ties else []), *(blocks.marked(f"· {part}") for part in (over, kept) if part)]
    second = {**second, "elements": [*second["elements"], *marks]}
    hint = ""
    if model.Action.REOPEN not in capabilities.supports:
        hint = f"It cannot be reopened from Slack. Open it in {text.short(capabilities.title, 40)} to do that."
        second = {**second, "elements": [*second["elements"], blocks.plain(hint)]}
    said = text.sentence(
        text.spoken(f"{first}, {text.short(capabilities.title, 40)} {wording.ident(anomaly)}"),
        last_spoken,
        text.spoken(ties),
        over,
        kept,
        text.spoken(hint),
        buttons.possible(anomaly, capabilities),
    )
    return limits.fit(model.Message(said, (blocks.section(first), second, *buttons.row(anomaly, capabilities))))


def _deleted(anomaly: model.Anomaly, capabilities: model.Capabilities) -> model.Message:
    """One line, nothing to press."""
    line = f"Deleted in {text.short(capabilities.title, 40)}: {wording.headline(anomaly)}, {wording.ident(anomaly)}."
    return limits.fit(model.Message(text.spoken(line), (blocks.context(line),)))


def _kept(anomaly: model.Anomaly, capabilities: model.Capabilities) -> str:
    """What of it its system does not know, as mrkdwn that looks the same when it is spoken."""
    return text.spoken(wording.kept(anomaly, capabilities.title))


def _mark(anomaly: model.Anomaly) -> model.Block:
    return blocks.marked(text.when(anomaly.created))


def _small(anomaly: model.Anomaly, past: model.Recurrence, capabilities: model.Capabilities) -> str:
    """ "Weight 54 · seen 3 times in 7 days, last archived as Invalid by Dana in Acme · tags critical, pii · 1001"."""
    seen = f"seen {text.number(past.seen)} times in 7 days" if past.seen > 1 else ""
    before = past.archived_before
    if before:
        closed = " ".join(part for part in ("last archived", wording.outcome(before, capabilities.archive_as), wording.by(before)) if part)
        seen = f"{seen}, {closed}" if seen else closed
    return wording.dotted(wording.score(anomaly), seen, wording.tags(anomaly), f"id {wording.ident(anomaly)}")


def _last(anomaly: model.Anomaly, past: model.Recurrence, capabilities: model.Capabilities) -> tuple[model.Block | None, str]:
    """The line about the last thing that happened, drawn and spoken; nothing where nothing did."""
    entry = past.last
    if entry is None or entry.result is not model.Result.DONE:
        return None, ""
    what = wording.done(entry, anomaly, capabilities.archive_as)
    return blocks.context(f"{what},", blocks.marked(text.when(entry.at))), f"{text.spoken(what)}, {text.when(entry.at)}"


# --- many at once -------------------------------------------------------------------------------------------------------------


def group(
    card_id: str, tally: ports.Tally, capabilities_of: Mapping[str, model.Capabilities], burst: int, version: int = 0
) -> model.Message:
    """Many anomalies in one card, of one system or of several: counted as they stand now, by system and by table, with a few samples, [Show
    list] and [Review]. `capabilities_of` are the systems by their names. [Review] is about those that this `version` of the card shows."""
    total, closed = tally.total, tally.states.get(model.State.ARCHIVED, 0)
    title = f"{text.count(total, 'anomaly', 'anomalies')} arrived together"
    if total and closed == total:
        title += ", all closed now"
    why = f"More than {text.number(burst)} came in a short time, so they share this card. It follows what becomes of them."
    counts = f"Now: {wording.states(tally.states)}."
    tables, systems = _tables(tally), _systems(tally, capabilities_of)
    samples = [_sample(one, tally, capabilities_of) for one in tally.sample[:_SAMPLES]]
    titles = phrases.both([text.short(capabilities.title, 40) for capabilities in capabilities_of.values()])
    show = blocks.button(ids.GROUP_LIST, "Show list", card_id, hint=f"Show the list of {title}")
    left = closed < total
    review = (
        blocks.button(ids.REVIEW_OPEN, "Review", ids.encode_scope(model.ReviewScope("", card_id, version)), hint=f"Review {title}")
        if left
        else None
    )
    said = text.sentence(
        text.spoken(f"{title}{f' from {titles}' if titles else ''}"),
        text.spoken(counts),
        text.spoken(systems),
        text.spoken(tables),
        f"Press Show list to see and handle them{', or Review to handle many at once' if left else ''}",
    )
    shown = (
        blocks.header(title),
        blocks.section("\n".join(part for part in (counts, systems, tables) if part)),
        *((blocks.section("For example:\n" + "\n".join(samples)),) if samples else ()),
        *blocks.actions(show, review),
        blocks.context(why),
    )
    return limits.fit(model.Message(said, shown))


def _sample(one: model.Anomaly, tally: ports.Tally, capabilities_of: Mapping[str, model.Capabilities]) -> str:
    capabilities = capabilities_of.get(one.ref.source)
    return wording.sample(one, capabilities.archive_as if capabilities else (), whole=len(tally.sources) > 1)


def _systems(tally: ports.Tally, capabilities_of: Mapping[str, model.Capabilities]) -> str:
    """ "By system: Acme 20, Umbra 3."; "" for one."""
    told = unheard.by_system([(capabilities_of[name].title if name in capabilities_of else name, amount) for name, amount in tally.sources])
    return f"By system: {told}." if told else ""


def _tables(tally: ports.Tally) -> str:
    shown = siblings.apart([name for name, _ in tally.tables], 60, "no table")
    named = [f"{name}: {text.number(amount)}" for name, (_, amount) in zip(shown, tally.tables, strict=True)]
    return f"By table: {text.listed(named, _TABLES)}." if named else ""
