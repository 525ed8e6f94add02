"""One card for many anomalies that arrived together: how bad, how many, where, and the worst of them one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot import model, ports
from bot.core import closings, phrases
from bot.render import siblings
from bot.render.anomaly import finding, rows, wording
from bot.render.kit import blocks, ids, limits, text, unheard

_PLACES = 3
_LINK = 300
_WORST = 10
_SAMPLES = 3

Say = Callable[[model.Severity | None, int], str]
"""How an amount of one severity is told."""

Of = Mapping[str, model.Capabilities]
"""What systems let people do, by their names."""


def group(card_id: str, tally: ports.Tally, capabilities_of: Of, burst: int, version: int = 0) -> model.Message:
    """Many anomalies in one card, of one system or of several, counted as they stand now: the critical ones that are open have rows with
    [Acknowledge], or are counted beside them. Every button is about those that this `version` of the card shows."""
    closed = tally.total > 0 and tally.states.get(model.State.ARCHIVED, 0) == tally.total
    arrived = _arrived(tally, closed=closed)
    lines = [_systems(tally, capabilities_of), _places(tally), _stand(tally)]
    worst = tally.worst[:_WORST]
    common = rows.among(worst, systems=len(tally.sources) > 1)
    more = tally.critical - len(worst)
    titles = phrases.both([text.short(capabilities.title, 40) for capabilities in capabilities_of.values()])
    said = text.sentence(
        text.spoken(f"{_severities(tally, _word)}{arrived}{f' from {titles}' if titles else ''}"),
        *(text.spoken(_row(one, capabilities_of, common)) for one in worst),
        f"{text.number(more)} more critical ones are open" if more > 0 and worst else "",
        *(text.spoken(line) for line in lines if line),
        _possible(tally, closed=closed, worst=bool(worst)),
    )
    head = f"{_severities(tally, _marked)}*{arrived}*"
    shown = (
        {"type": "section", "text": blocks.marked(head)},
        *(_drawn(one, capabilities_of, common) for one in worst),
        *(_rest(more, card_id, version) if worst else ()),
        *((blocks.section("\n".join(line for line in lines if line)),) if any(lines) else ()),
        *_examples(tally, capabilities_of, common),
        *_buttons(card_id, tally, capabilities_of, version, closed=closed),
        blocks.context(f"More than {text.number(burst)} came in a short time, so they share this card. It follows what becomes of them."),
    )
    return limits.fit(model.Message(said, shown))


def _arrived(tally: ports.Tally, *, closed: bool) -> str:
    """ "50 anomalies in 26 tables arrived together, all closed now"."""
    where = f" in {text.count(tally.places, 'table')}" if tally.places else ""
    return f"{text.count(tally.total, 'anomaly', 'anomalies')}{where} arrived together{', all closed now' if closed else ''}"


def _word(word: model.Severity | None, amount: int) -> str:
    return f"{text.number(amount)} {word or ('other' if amount == 1 else 'others')}"


def _marked(word: model.Severity | None, amount: int) -> str:
    return f"{rows.mark(word)} {_word(word, amount)}" if word else _word(word, amount)


def _severities(tally: ports.Tally, say: Say) -> str:
    """ "2 critical · 21 high · 27 others: ": those that are critical or high, each with its mark where it is
    drawn, and the rest; "" where none is."""
    named = [(word, amount) for word, amount in tally.severities if word in _LOUD and amount]
    rest = tally.total - sum(amount for _, amount in named)
    if not named:
        return ""
    told = [say(word, amount) for word, amount in (*named, *(((None, rest),) if rest else ()))]
    return " · ".join(told) + ": "


_LOUD = frozenset({model.Severity.CRITICAL, model.Severity.HIGH})


def _stand(tally: ports.Tally) -> str:
    """How they stand by now, where anybody did anything."""
    return "" if set(tally.states) <= {model.State.ACTIVE} else f"Now: {wording.states(tally.states)}."


def _row(one: model.Anomaly, capabilities_of: Of, common: rows.Among) -> str:
    """ "Critical: payroll_runs · employee_id is null, acknowledged, #1116"."""
    stands = rows.standing(one, capabilities_of.get(one.ref.source))
    who = wording.assignees(one.assignees)
    told = (rows.title(one, common), rows.evidence(one), stands.lower(), who, rows.ident(one, common))
    return f"{rows.severity(one.severity)}: {', '.join(part for part in told if part)}"


def _line(one: model.Anomaly, capabilities_of: Of, common: rows.Among) -> str:
    """The same with its mark and a link, as mrkdwn."""
    address = one.url if text.size(text.url(one.url)) <= _LINK else ""
    stands = rows.standing(one, capabilities_of.get(one.ref.source))
    told = (rows.evidence(one), stands, wording.assignees(one.assignees), rows.ident(one, common))
    head = f"{rows.marked(one.severity)}  {text.link(address, rows.title(one, common))}"
    return wording.dotted(head, *(text.spoken(part) for part in told if part))


def _drawn(one: model.Anomaly, capabilities_of: Of, common: rows.Among) -> model.Block:
    """A row, with [Acknowledge] while nobody has."""
    capabilities = capabilities_of.get(one.ref.source)
    row = blocks.whole(_line(one, capabilities_of, common))
    can = capabilities is not None and model.Action.ACKNOWLEDGE in capabilities.supports
    if one.state is not model.State.ACTIVE or not can:
        return row
    hint = f"Acknowledge {rows.ident(one, common)}: {finding.headline(one)}"
    return {**row, "accessory": blocks.button(ids.GROUP_ACKNOWLEDGE, "Acknowledge", ids.encode(one.ref, one.version), hint=hint)}


def _rest(more: int, card_id: str, version: int) -> tuple[model.Block, ...]:
    """ "+490 critical [Review critical]"."""
    if more <= 0:
        return ()
    scope = model.ReviewScope("", card_id, version, model.Severity.CRITICAL)
    review = blocks.button(ids.REVIEW_OPEN, "Review critical", ids.encode_scope(scope), hint="Review all critical ones of this card")
    line = f"{rows.mark(model.Severity.CRITICAL)} *+{text.number(more)} critical*"
    return ({"type": "section", "text": blocks.marked(line), "accessory": review},)


def _systems(tally: ports.Tally, capabilities_of: Of) -> str:
    """ "By system: Acme 20, Umbra 3."; "" for one."""
    told = unheard.by_system([(capabilities_of[name].title if name in capabilities_of else name, amount) for name, amount in tally.sources])
    return f"By system: {told}." if told else ""


def _places(tally: ports.Tally) -> str:
    """ "orders 12 · order_items 9 · customers 6 · and 23 tables more"."""
    named = tally.tables[:_PLACES]
    shown = siblings.apart([name for name, _ in named], 60, "no table")
    told = [f"{name} {text.number(amount)}" for name, (_, amount) in zip(shown, named, strict=True)]
    more = tally.places - len(named)
    return wording.dotted(*told, f"and {text.count(more, 'table')} more" if more > 0 else "")


def _examples(tally: ports.Tally, capabilities_of: Of, common: rows.Among) -> tuple[model.Block, ...]:
    """Some of them, where none is critical."""
    if tally.worst or not tally.sample:
        return ()
    told = [f"• {_row(one, capabilities_of, common)}" for one in tally.sample[:_SAMPLES]]
    return (blocks.context("For example:\n" + "\n".join(told)),)


def _buttons(card_id: str, tally: ports.Tally, capabilities_of: Of, version: int, *, closed: bool) -> tuple[model.Block, ...]:
    """[Review] first, [Archive as…], [Show list]; of what is closed the list alone."""
    about = text.count(tally.total, "anomaly", "anomalies")
    show = blocks.button(ids.GROUP_LIST, "Show list", card_id, hint=f"Show the list of {about} that arrived together")
    if closed or not tally.total:
        return blocks.actions(show)
    scope = ids.encode_scope(model.ReviewScope("", card_id, version))
    review = blocks.button(ids.REVIEW_OPEN, "Review", scope, style="primary", hint=f"Review {about} that arrived together")
    return blocks.actions(review, _archive(card_id, capabilities_of, version), show)


def _archive(card_id: str, capabilities_of: Of, version: int) -> model.Block | None:
    """The outcomes that any of their systems offers; the preview says what one of them does not."""
    choices = closings.chosen([one for capabilities in capabilities_of.values() for one in capabilities.archive_as])
    options = [
        blocks.option(label, ids.encode_members(one.word, card_id, version), wording.meaning(one))
        for label, one in zip(wording.ways(choices, limits.OPTION), choices, strict=True)
    ]
    return blocks.menu(ids.GROUP_ARCHIVE, "Archive as…", options, "press Review")


def _possible(tally: ports.Tally, *, closed: bool, worst: bool) -> str:
    if closed or not tally.total:
        return "Press Show list to see them"
    alone = ", Acknowledge beside a critical one" if worst else ""
    return f"Press Review to handle many at once{alone}, or Show list to see them"


def joined(anomalies: Sequence[model.Anomaly], capabilities_of: Of) -> model.Message:
    """The line about critical ones that joined a card which was there already; nothing to press: the card above has that."""
    common = rows.among(anomalies)
    told = [_row(one, capabilities_of, common) for one in anomalies[:_WORST]]
    more = len(anomalies) - len(told)
    rest = f"and {text.number(more)} more critical" if more else ""
    each = [_line(one, capabilities_of, common) for one in anomalies[:_WORST]]
    after = "Joined the card in this thread: acknowledge it there." if len(anomalies) == 1 else "They joined the card in this thread."
    said = text.sentence(*(text.spoken(one) for one in told), rest, after)
    drawn = "\n".join([*each, *([f"*{rest}*"] if rest else [])])
    return limits.fit(model.Message(said, (blocks.whole(drawn), blocks.context(after))))
