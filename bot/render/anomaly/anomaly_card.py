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


def anomaly(anomaly: model.Anomaly, offer: model.Capabilities, past: model.Recurrence) -> model.Message:
    """One anomaly as it stands now, with the buttons that make sense now (design section 5)."""
    if wording.gone(anomaly):
        return _deleted(anomaly, offer)
    if anomaly.state is model.State.ARCHIVED:
        return _archived(anomaly, offer, past)
    return _open(anomaly, offer, past)


def _open(anomaly: model.Anomaly, offer: model.Capabilities, past: model.Recurrence) -> model.Message:
    failing, about = wording.failing(anomaly), wording.description(anomaly)
    body = "\n".join(line for line in (failing, about) if line)
    (series, series_spoken), (facts, facts_spoken) = evidence.series(anomaly), evidence.facts(anomaly)
    ties = evidence.ties(anomaly)
    small = _small(anomaly, past, offer)
    detected = text.when(anomaly.created)
    state = wording.dotted(wording.stands(anomaly, offer.archive_as), wording.who(anomaly, offer), wording.dated(anomaly))
    since = [part for part in (evidence.lasting(anomaly), evidence.over(anomaly), _kept(anomaly, offer)) if part]
    last, last_spoken = _last(anomaly, past, offer)
    said = text.sentence(
        text.spoken(f"{wording.headline(anomaly)}, {text.short(offer.title, 40)} {wording.ident(anomaly)}"),
        series_spoken,
        text.spoken(failing),
        text.spoken(about),
        facts_spoken,
        text.spoken(small),
        text.spoken(ties),
        ", ".join([f"{text.spoken(state)} {detected}", *since]),
        last_spoken,
        buttons.possible(anomaly, offer),
    )
    shown = (
        blocks.header(wording.headline(anomaly)),
        *((series,) if series else ()),
        *((blocks.section(body),) if body else ()),
        *((facts,) if facts else ()),
        blocks.context(small),
        *((blocks.context(ties),) if ties else ()),
        *buttons.row(anomaly, offer),
        blocks.context(state, blocks.marked(detected), *(blocks.marked(f"· {part}") for part in since)),
        *((last,) if last else ()),
    )
    return limits.fit(model.Message(said, shown))


def _archived(anomaly: model.Anomaly, offer: model.Capabilities, past: model.Recurrence) -> model.Message:
    """Two lines: what it was, and who closed it when; the rest is in the history."""
    first = f"{wording.state(anomaly, offer.archive_as)}: {wording.headline(anomaly)}"
    last, last_spoken = _last(anomaly, past, offer)
    found = wording.series(anomaly.series) if anomaly.series else wording.failing(anomaly)
    small = wording.dotted(found, wording.who(anomaly, offer), wording.ident(anomaly), wording.dated(anomaly))
    second = last or blocks.context(small, _mark(anomaly))
    ties, over, kept = evidence.ties(anomaly), evidence.over(anomaly), _kept(anomaly, offer)
    marks = [*([blocks.plain(f"· {ties}")] if ties else []), *(blocks.marked(f"· {part}") for part in (over, kept) if part)]
    second = {**second, "elements": [*second["elements"], *marks]}
    hint = ""
    if model.Action.REOPEN not in offer.supports:
        hint = f"It cannot be reopened from Slack. Open it in {text.short(offer.title, 40)} to do that."
        second = {**second, "elements": [*second["elements"], blocks.plain(hint)]}
    said = text.sentence(
        text.spoken(f"{first}, {text.short(offer.title, 40)} {wording.ident(anomaly)}"),
        last_spoken,
        text.spoken(ties),
        over,
        kept,
        text.spoken(hint),
        buttons.possible(anomaly, offer),
    )
    return limits.fit(model.Message(said, (blocks.section(first), second, *buttons.row(anomaly, offer))))


def _deleted(anomaly: model.Anomaly, offer: model.Capabilities) -> model.Message:
    """One line, nothing to press."""
    line = f"Deleted in {text.short(offer.title, 40)}: {wording.headline(anomaly)}, {wording.ident(anomaly)}."
    return limits.fit(model.Message(text.spoken(line), (blocks.context(line),)))


def _kept(anomaly: model.Anomaly, offer: model.Capabilities) -> str:
    """What of it its system does not know, as mrkdwn that looks the same when it is spoken."""
    return text.spoken(wording.kept(anomaly, offer.title))


def _mark(anomaly: model.Anomaly) -> model.Block:
    return blocks.marked(text.when(anomaly.created))


def _small(anomaly: model.Anomaly, past: model.Recurrence, offer: model.Capabilities) -> str:
    """ "Weight 54 · seen 3 times in 7 days, last archived as Invalid by Dana in Acme · tags critical, pii · 1001"."""
    seen = f"seen {text.number(past.seen)} times in 7 days" if past.seen > 1 else ""
    before = past.archived_before
    if before:
        closed = " ".join(part for part in ("last archived", wording.outcome(before, offer.archive_as), wording.by(before)) if part)
        seen = f"{seen}, {closed}" if seen else closed
    return wording.dotted(wording.score(anomaly), seen, wording.tags(anomaly), f"id {wording.ident(anomaly)}")


def _last(anomaly: model.Anomaly, past: model.Recurrence, offer: model.Capabilities) -> tuple[model.Block | None, str]:
    """The line about the last thing that happened, drawn and spoken; nothing where nothing did."""
    entry = past.last
    if entry is None or entry.result is not model.Result.DONE:
        return None, ""
    what = wording.done(entry, anomaly, offer.archive_as)
    return blocks.context(f"{what},", blocks.marked(text.when(entry.at))), f"{text.spoken(what)}, {text.when(entry.at)}"


# --- many at once -------------------------------------------------------------------------------------------------------------


def group(card_id: str, tally: ports.Tally, offers: Mapping[str, model.Capabilities], burst: int, version: int = 0) -> model.Message:
    """Many anomalies in one card, of one system or of several: counted as they stand now, by system and by table, with a few samples, [Show
    list] and [Review]. `offers` are the systems by their names. [Review] is about those that this `version` of the card shows."""
    total, closed = tally.total, tally.states.get(model.State.ARCHIVED, 0)
    title = f"{text.count(total, 'anomaly', 'anomalies')} arrived together"
    if total and closed == total:
        title += ", all closed now"
    why = f"More than {text.number(burst)} came in a short time, so they share this card. It follows what becomes of them."
    counts = f"Now: {wording.states(tally.states)}."
    tables, systems = _tables(tally), _systems(tally, offers)
    samples = [_sample(one, tally, offers) for one in tally.sample[:_SAMPLES]]
    titles = phrases.both([text.short(offer.title, 40) for offer in offers.values()])
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


def _sample(one: model.Anomaly, tally: ports.Tally, offers: Mapping[str, model.Capabilities]) -> str:
    offer = offers.get(one.ref.source)
    return wording.sample(one, offer.archive_as if offer else (), whole=len(tally.sources) > 1)


def _systems(tally: ports.Tally, offers: Mapping[str, model.Capabilities]) -> str:
    """ "By system: Acme 20, Umbra 3."; "" for one."""
    told = unheard.by_system([(offers[name].title if name in offers else name, amount) for name, amount in tally.sources])
    return f"By system: {told}." if told else ""


def _tables(tally: ports.Tally) -> str:
    shown = siblings.apart([name for name, _ in tally.tables], 60, "no table")
    named = [f"{name}: {text.number(amount)}" for name, (_, amount) in zip(shown, tally.tables, strict=True)]
    return f"By table: {text.listed(named, _TABLES)}." if named else ""
