"""The digest: how the queue stands, to be read in ten seconds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from bot import errors, model
from bot.core import grammar, phrases
from bot.render import siblings
from bot.render.anomaly import buttons, rows, wording
from bot.render.kit import blocks, ids, limits, text, unheard

_DAYS = 7
_OLDEST = 5
_PEOPLE = 5
_CHECKS = 5
_LINK = 600
_CHART = "Opened and still open, by day"


def digest(digest: model.Digest, capabilities: model.Capabilities, *, asked: bool = False) -> model.Message:
    """What waits worst first; then counts, the week, what waits longest, who has how much, what is noisiest. One calm line when nothing
    happened.

    `asked` is a digest that somebody asked for just now, in place of one that came at its time.
    """
    if not (digest.open or digest.opened or digest.closed):
        return _calm(digest, capabilities)
    first, first_spoken = _worst(digest)
    title = _title(digest)
    waiting, oldest = _longest(digest), _sorted(digest)
    lists = "\n".join(part for part in (_load(digest), _noise(digest)) if part)
    newest = _newest(digest)
    scope = f"{title}, {_of(digest, capabilities)}, since"
    review = _review(digest)
    said = text.sentence(
        first_spoken,
        f"{text.spoken(scope)} {text.when(digest.since)}",
        " ".join(part for part in (text.spoken(waiting), "; ".join(_waiting(one, digest) for one in oldest)) if part),
        text.spoken(lists.replace(":\n• ", ": ").replace("\n• ", "; ").replace("\n", " ")),
        text.spoken(newest),
        text.spoken(_week_spoken(digest)),
        unheard.spoken(digest.unheard, "digest"),
        "Press Review queue to handle them" if review else "",
    )
    shown = (
        {"type": "section", "text": blocks.marked(first)},
        blocks.context(scope, blocks.marked(text.when(digest.since)), *(() if asked else (_AGAIN,))),
        *unheard.rows(digest.unheard, "digest"),
        *_week(digest),
        *((blocks.section(waiting),) if waiting else ()),
        *(_row(one, digest) for one in oldest),
        *((blocks.section(lists),) if lists else ()),
        *((blocks.context(newest),) if newest else ()),
        *blocks.actions(review),
    )
    return limits.fit(model.Message(said, shown))


def _worst(digest: model.Digest) -> tuple[str, str]:
    """ "2 critical unacknowledged, oldest since Tuesday", as mrkdwn, drawn and spoken."""
    if digest.unread and digest.unacknowledged:
        worst = digest.unread[0]
        many = f"{text.number(worst.count)} {rows.severity(worst.severity).lower()} unacknowledged"
        since = f"{'oldest since' if worst.count > 1 else 'since'} {text.when(worst.since, _DAY)}"
        return f"{rows.mark(worst.severity)} *{many}*, {since}", f"{many}, {since}"
    if digest.unacknowledged:
        told = f"{text.number(digest.unacknowledged)} unacknowledged"
    elif digest.open:
        told = "The one open is acknowledged" if digest.open == 1 else f"All {text.number(digest.open)} open are acknowledged"
    else:
        told = "Nothing is open now"
    return f"*{told}*", told


_DAY = "{date_long_pretty} {time}"


_AGAIN = "· /anomalies digest shows it at any time"


def _calm(digest: model.Digest, capabilities: model.Capabilities) -> model.Message:
    line, rest = "Nothing is open. Nothing was opened or closed since", _of(digest, capabilities)
    said = f"{text.spoken(line)} {text.when(digest.since)} {text.spoken(rest)}."
    row = blocks.context(line, blocks.marked(text.when(digest.since)), rest)
    return limits.fit(
        model.Message(text.sentence(said, unheard.spoken(digest.unheard, "digest")), (row, *unheard.rows(digest.unheard, "digest")))
    )


def _of(digest: model.Digest, capabilities: model.Capabilities) -> str:
    """ "in Acme (table:orders)"."""
    words = text.short(digest.words, 300, "")
    several = [f"{text.short(title, 40)} ({text.number(amount)})" for title, amount in digest.systems] if len(digest.systems) > 1 else []
    return f"in {phrases.both(several) or text.short(capabilities.title, 40, 'the system')}{f' ({words})' if words else ''}"


def _title(digest: model.Digest) -> str:
    """ "12 opened, 7 closed, 412 still open"."""
    still = f"{text.number(digest.open)} still open" if digest.open else "nothing still open"
    return f"{text.number(digest.opened)} opened, {text.number(digest.closed)} closed, {still}"


def _newest(digest: model.Digest) -> str:
    if digest.read >= digest.open:
        return ""
    return f"The lists are made of the newest {text.number(digest.read)} of {text.number(digest.open)}; the counts are of all."


# --- the week ---------------------------------------------------------------------------------------------------------------------


def _days(digest: model.Digest) -> list[tuple[str, model.DigestDay]]:
    """The last seven days, the oldest first; none when nothing was opened on any of them."""
    by_day = {day.day: day for day in digest.days}
    last = [by_day[day] for day in sorted(by_day)[-_DAYS:]]
    named = [(f"{day.day:%a} {day.day.day} {day.day:%b}", day) for day in last]
    if len({name for name, _ in named}) < len(named):  # days of several years: Slack takes no name twice
        named = [(day.day.isoformat(), day) for day in last]
    return named if any(day.opened or day.open for day in last) else []


def _week(digest: model.Digest) -> tuple[model.Block, ...]:
    days = _days(digest)
    if not days:
        return ()
    opened = [(label, day.opened) for label, day in days]
    still = [(label, day.open) for label, day in days]
    return (blocks.chart(_CHART, {"Opened": opened, "Of these still open": still}),)


def _week_spoken(digest: model.Digest) -> str:
    """The same numbers in words: a chart says nothing to a screen reader."""
    days = [f"{label} {text.number(day.opened)} and {text.number(day.open)}" for label, day in _days(digest)]
    return f"Opened, and of these still open, by day: {'; '.join(days)}" if days else ""


# --- the lists --------------------------------------------------------------------------------------------------------------------


def _longest(digest: model.Digest) -> str:
    """What stands above the rows; "" where nothing waits."""
    if not digest.unacknowledged:
        return ""
    verb = "is" if digest.unacknowledged == 1 else "are"
    told = f"{text.number(digest.unacknowledged)} of {text.number(digest.open)} open {verb} not acknowledged"
    return f"{told}. The most severe that wait longest:" if digest.oldest else f"{told}."


def _sorted(digest: model.Digest) -> list[model.DigestLine]:
    """By severity and age, as they are told since digests know it."""
    return sorted(digest.oldest, key=lambda one: (_WORST.index(one.severity), one.created))[:_OLDEST]


_WORST = (*reversed(model.Severity), None)


def _line(one: model.DigestLine) -> str:
    """ "orders · customer_id not null", as its card tells it; of a digest that an earlier release made, by what it kept."""
    if one.title.strip():
        return text.short(one.title, 200)
    kind = f"{text.short(one.type, 40)} anomaly" if one.type.strip() else "anomaly"
    table, store = text.short(one.table, 60, ""), text.short(one.datastore, 40, "")
    where = f"{table} ({store})" if table and store else table or store
    told = f"{kind} in {where}" if where else kind
    return wording.dotted(told, text.short(one.check, 80, ""))


def _tail(one: model.DigestLine, digest: model.Digest) -> str:
    """ "11 of 1.84 M rows · since <date> · #1074", as mrkdwn."""
    ident = text.short(str(one.ref), 60) if len(digest.systems) > 1 else f"#{text.short(one.ref.id, 60)}"
    evidence = text.spoken(text.short(one.evidence, 120, ""))
    return wording.dotted(evidence, f"since {text.when(one.created)}", text.spoken(ident))


def _waiting(one: model.DigestLine, digest: model.Digest) -> str:
    return wording.dotted(text.spoken(f"{rows.severity(one.severity)} · {_line(one)}"), _tail(one, digest))


def _row(one: model.DigestLine, digest: model.Digest) -> model.Block:
    line = _line(one)
    address = one.url if text.size(text.url(one.url)) <= _LINK else ""
    drawn = wording.dotted(rows.marked(one.severity), text.link(address, line), _tail(one, digest))
    show = buttons.show(one.ref, one.version, hint=f"Show {text.short(one.ref.id, 30)}: {line}")
    return blocks.whole(drawn, show)


def _load(digest: model.Digest) -> str:
    names = siblings.apart([name for name, _ in digest.load], 40)
    people = [f"{name} {text.number(amount)}" for name, (_, amount) in zip(names, digest.load, strict=True)]
    nobody = f"{text.number(digest.unassigned)} unassigned" if digest.unassigned else ""
    told = "; ".join(part for part in (text.listed(people, _PEOPLE), nobody) if part)
    return f"Who has how many: {told}." if told else ""


def _noise(digest: model.Digest) -> str:
    noisy = digest.noise[:_CHECKS]
    checks = siblings.apart([noise.check for noise in noisy], 80, "a check")
    tables = siblings.by_name([noise.table for noise in noisy], 60, "")
    told = [(check, tables[noise.table], noise.count) for check, noise in zip(checks, noisy, strict=True)]
    rows = [f"• {check}{f' in {table}' if table else ''}: {text.number(count)}" for check, table, count in told]
    return "\n".join(["Noisiest checks in 7 days:", *rows]) if rows else ""


# --- what to do -------------------------------------------------------------------------------------------------------------------


def _review(digest: model.Digest) -> model.Block | None:
    value = ids.encode_scope(model.ReviewScope(words=_queue(digest)))
    if not digest.open or text.size(value, markup=True) > limits.VALUE:
        return None
    return blocks.button(ids.REVIEW_OPEN, "Review queue", value, style="primary", hint="Review what is open, page by page")


def _queue(digest: model.Digest) -> str:
    """The filter of the digest for what is not acknowledged yet; when all is, for everything that is not archived."""
    statuses = ("active",) if digest.unacknowledged else ()
    try:
        query = grammar.stored(digest.words, today=digest.until.astimezone(UTC).date())
    except errors.BadCommand:
        return " ".join([*(f"status:{word}" for word in statuses), digest.words]).strip()
    return grammar.canonical(replace(query, source=query.source or digest.source, statuses=statuses))
