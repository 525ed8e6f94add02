"""The details of one anomaly in a modal, for whoever opened it: everything that is known, and nothing about what its system does not have.

What is much stands on several pages: nothing is left out. Every line is a stranger's words made harmless, with dates and links of ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot import model
from bot.core import attribution, phrases, vocabulary
from bot.render.anomaly import buttons, rows, sparkline, wording
from bot.render.kit import blocks, ids, limits, text

TITLE = "Details"
PAGE_BLOCKS, PAGE_TEXT = 40, 12_000
"""What is read at once: far below Slack's 100 blocks and 250 kB, however it writes the characters."""
_NAMED = 5
"""People whom the first line names."""
_NAME = 200
"""Characters of a metric's name that its line holds."""
_PIECE, _BLOCK = 500, 2_900
"""Characters of a piece of a long line (made harmless, each may become three), and of a block, counted as strictly as anybody may."""


@dataclass(frozen=True, slots=True)
class _Line:
    """Words of strangers, a time behind them, and a web page about it, "" for none, with what is written on it. `below`: it belongs to the
    line above."""

    words: str
    at: datetime | None = None
    link: str = ""
    label: str = "open the page"
    below: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A heading, and what stands under it."""

    heading: str
    lines: Sequence[_Line]


def view(told: model.Details, page: int = 0) -> model.Block:
    """A page of the details, from 0 on: one that there is not (any more) is the last one."""
    made = views(told)
    return made[min(max(page, 0), len(made) - 1)]


def views(told: model.Details) -> Sequence[model.Block]:
    """All pages, one at least."""
    pages = _pages([block for part in _parts(told) if part.lines for block in _drawn(part)])
    heads = [[_head(told.anomaly), *_standing(told)], *[[_head(told.anomaly)]] * (len(pages) - 1)]
    footers = [_footer(told, number, len(pages)) for number in range(len(pages))]
    return [limits.fit_view(modal([*top, *page, *below])) for top, page, below in zip(heads, pages, footers, strict=True)]


def modal(parts: Sequence[model.Block]) -> model.Block:
    """Something to read and to press, and nothing to send: it carries no metadata."""
    return {"type": "modal", "title": blocks.plain(TITLE), "close": blocks.plain("Close"), "blocks": list(parts)}


def _head(anomaly: model.Anomaly) -> model.Block:
    return blocks.header(text.clip(rows.named(anomaly, rows.FULL), limits.HEADER))


def _footer(told: model.Details, page: int, pages: int) -> Sequence[model.Block]:
    """The ways to the other pages, and to the rows for those who may see them."""
    target = told.anomaly.ref, told.anomaly.version
    back = blocks.button(ids.DETAILS_BACK, "Previous page", ids.encode_choice(str(page - 1), *target)) if page else None
    onward = blocks.button(ids.DETAILS_NEXT, "Next page", ids.encode_choice(str(page + 1), *target)) if page + 1 < pages else None
    failing = blocks.button(ids.DETAILS_ROWS, "Show failing rows", ids.encode_choice("0", *target)) if told.rows else None
    number = (blocks.context(f"Page {page + 1} of {pages}"),) if pages > 1 else ()
    return (*number, *blocks.actions(back, onward, failing))


# --- what is said -------------------------------------------------------------------------------------------------------------


def _standing(told: model.Details) -> Iterator[model.Block]:
    """How it stands, and since when; what ended it in bold."""
    one, title = told.anomaly, text.short(told.capabilities.title, 40)
    if one.deleted:
        mine = (entry for entry in told.entries if entry.action == model.Action.DELETE and entry.result is model.Result.DONE)
        who = next((wording.by(entry) for entry in mine if entry.actor_name.strip()), f"in {title}")
        yield blocks.bold(f"Deleted {who}.", "What follows is what this desk saw last; nothing can be done with it any more.")
    if one.merged_into is not None:
        yield blocks.bold(f"Merged into {text.short(one.merged_into.id, 60)}.", "That one goes on in its place.")
    if one.over is not None:
        yield blocks.bold("Over.", f"{title} closed it by itself; that is nobody's verdict.")
    standing = "" if one.deleted else wording.state(one, told.capabilities.archive_as)
    people = wording.who(one, told.capabilities)
    line = text.capital(wording.dotted(standing, people, wording.kept(one, title), wording.score(one)))
    dates = [f"{wording.dated(one)} {text.when(one.created)}"]
    dates += [f"over since {text.when(one.over)}"] if one.over else []
    yield blocks.context(*((line,) if line else ()), blocks.marked(text.capital(" · ".join(dates))))


def _parts(told: model.Details) -> Iterator[_Part]:
    yield _Part("Rules that fail" if told.anomaly.checks else "What was found", list(_failing(told.anomaly)))
    yield _Part("Course", list(_course(told)))
    yield _Part("How often", list(_often(told)))
    yield _Part("What is known besides", list(_facts(told)))
    yield _Part("What happened around it, newest first", list(_happened(told.evidence)))
    yield _Part("Belongs together", list(_related(told)))
    yield _Part("Comments, newest first", [_Line(_remark(one), one.at) for one in reversed(told.comments)])
    yield _Part("Who did what, newest first", list(_history(told)))
    yield _Part("Can be typed, too", [_Line(text.squeeze(one)) for one in buttons.typed(told.anomaly, told.capabilities)])
    yield _Part("Could not be had now", [_Line(text.squeeze(one)) for one in (*told.evidence.missing, *told.missing)])
    yield _Part("Where it is", list(_places(told)))


def _failing(one: model.Anomaly) -> Iterator[_Line]:
    """Every rule with all of its fields, and what people wrote."""
    if one.records is not None and not any(rows.counts(check, one.records) for check in one.checks):
        yield _Line(f"{text.count(one.records, 'row')} {'fails' if one.records == 1 else 'fail'}")
    for check in one.checks:
        message, rule = text.squeeze(check.message, ""), text.squeeze(check.rule, "")
        fields = ", ".join(text.squeeze(name) for name in check.fields)
        about = " · ".join(part for part in (f"rule {rule}" if rule else "", f"on {fields}" if fields else "", _named(check)) if part)
        yield _Line(f"{message} ({about})" if message and about else message or about or text.NOTHING)
    if one.description.strip():
        yield _Line(f"{'Description: ' if one.checks else ''}{text.squeeze(one.description)}")
    if one.tags:
        yield _Line(f"{'Tag' if len(one.tags) == 1 else 'Tags'}: {', '.join(text.squeeze(tag) for tag in one.tags)}")


def _named(check: model.Check) -> str:
    return f"check {text.squeeze(check.id)}" if check.id.strip() else ""


def _course(told: model.Details) -> Iterator[_Line]:
    """The series in words, and its last values drawn and written."""
    series, values = told.anomaly.series, told.evidence.course
    if series is not None:
        yield _Line(wording.series(series))
        if text.size(text.squeeze(series.metric)) > _NAME:
            yield _Line(f"The whole name: {text.squeeze(series.metric)}")
        if series.start or told.anomaly.started:
            yield _Line("Began", series.start or told.anomaly.started)
        if series.end or told.anomaly.ended:
            yield _Line("Ended", series.end or told.anomaly.ended)
    elif told.anomaly.started or told.anomaly.ended:
        yield from (_Line(word, at) for word, at in (("Began", told.anomaly.started), ("Ended", told.anomaly.ended)) if at)
    drawing = sparkline.drawn(values)
    if drawing.strip():
        numbers = ", ".join(text.number(value) for value in values)
        yield _Line(f"{drawing} the last {text.count(len(values), 'value')}, oldest first: {numbers}")


def _often(told: model.Details) -> Iterator[_Line]:
    """ "4 times in 7 days, 3 × Invalid by Dana", and day by day."""
    repeats, closing = told.repeats, told.capabilities.archive_as
    if repeats.seen <= 1 and not repeats.closed and told.past.archived_before is None:
        if told.anomaly.fingerprint:
            yield _Line("First time in 7 days")
        return
    ways = [f"{one.count} × {_ending(one.last, closing)}" for one in repeats.closed]
    yield _Line(", ".join([f"{text.count(repeats.seen, 'time')} in 7 days", *ways]))
    if sum(repeats.days) > 1:
        numbers = ", ".join(text.number(day) for day in repeats.days)
        yield _Line(f"{sparkline.drawn(repeats.days)} per day, newest last: {numbers}")
    before = told.past.archived_before
    if before is not None:
        yield _Line(f"The last one, {text.squeeze(before.ref.id)}: {_ending(before, closing)}", before.at)


def _ending(entry: model.Entry, closing: Sequence[model.Closing]) -> str:
    """ "Invalid by Dana"."""
    how = wording.outcome(entry, closing).removeprefix("as ") or text.squeeze(entry.after, "") or "archived"
    return " ".join(part for part in (how, wording.by(entry)) if part)


def _facts(told: model.Details) -> Iterator[_Line]:
    """Each with what stands behind it; what stands behind another one already is not said again."""
    said: set[frozenset[str]] = set()
    for fact in (*told.anomaly.facts, *told.evidence.facts):
        behind = frozenset(fact.more)
        if behind and behind in said:
            continue
        said.add(behind)
        label, value = text.squeeze(fact.label, ""), text.squeeze(fact.value, "")
        yield _Line(": ".join(part for part in (label, value) if part) or text.NOTHING, fact.at, fact.link)
        yield from (_Line(text.squeeze(one), below=True) for one in fact.more)


def _happened(evidence: model.Evidence) -> Iterator[_Line]:
    yield from (_Line(text.squeeze(one.what), one.at) for one in evidence.happened)
    more = (evidence.happened_in_all or 0) - len(evidence.happened)
    if more > 0:
        yield _Line(f"and {text.number(more)} more that its system does not hand over")


def _related(told: model.Details) -> Iterator[_Line]:
    one = told.anomaly
    if one.merged_into is not None:
        yield _Line(f"Merged into {_ref(one.merged_into, one)}")
    others = list(dict.fromkeys([*one.related, *told.evidence.related]))
    if others:
        yield _Line(f"Related: {', '.join(_ref(other, one) for other in others)}")


def _ref(ref: model.Ref, one: model.Anomaly) -> str:
    return text.squeeze(ref.id if ref.source == one.ref.source else str(ref))


def _remark(comment: model.Comment) -> str:
    """Who really said it, where the desk left it for somebody."""
    words, name = attribution.unsigned(comment.text)
    author, said = f"{text.squeeze(name)} via Slack" if name else text.squeeze(comment.author, ""), text.squeeze(words)
    return f"{author}: {said}" if author else said


def _history(told: model.Details) -> Iterator[_Line]:
    for entry in told.entries:
        yield _Line(_deed(entry, told.comments), entry.at)
    if told.lines > len(told.entries):
        yield _Line(f"and more: these are the newest {text.number(len(told.entries))}")
    if not told.entries:
        yield _Line("Nobody has done anything to it that this desk knows of")


def _deed(entry: model.Entry, comments: Sequence[model.Comment]) -> str:
    """ "Archived by Dana (Active → Invalid): late vendor file"; what stands among the comments is not said again."""
    what = wording.verb(entry)
    if entry.result is not model.Result.DONE:
        what = f"{'Not' if entry.result is model.Result.REFUSED else 'Already'} {vocabulary.done(entry.action)}"
    said = " ".join(part for part in (what, wording.by(entry)) if part)
    before, after = text.squeeze(entry.before, ""), text.squeeze(entry.after, "")
    moved = f" ({before or 'nothing'} → {after or 'nothing'})" if (before or after) and before != after else ""
    again = entry.action == model.Action.COMMENT and any(entry.detail.strip() in comment.text for comment in comments)
    detail = "" if again else text.squeeze(entry.detail, "")
    return f"{said}{moved}{f': {detail}' if detail else ''}"


def _places(told: model.Details) -> Iterator[_Line]:
    """Places with their whole names and ids, the people, the link, and the ids."""
    one = told.anomaly
    named = [
        f"{text.squeeze(place.name)} ({text.squeeze(place.id)})" if place.id != place.name else text.squeeze(place.name)
        for place in one.where
    ]
    if named:
        yield _Line(" › ".join(named))
    if len(one.assignees) > _NAMED:
        people = [text.squeeze(person.name or person.email or person.id) for person in one.assignees]
        yield _Line(f"Assigned to {phrases.both(people)}")
    if text.url(one.url):
        yield _Line("", link=one.url, label=buttons.open_in(told.capabilities))
    idents = [f"id {text.squeeze(one.ref.id)}", f"type {text.squeeze(one.type)}" if one.type.strip() else ""]
    idents += [f"fingerprint {text.squeeze(one.fingerprint)}" if one.fingerprint.strip() else ""]
    yield _Line(" · ".join(part for part in idents if part))


# --- how it is drawn ------------------------------------------------------------------------------------------------------------


def _drawn(part: _Part) -> Sequence[model.Block]:
    """The heading in bold, and its lines in as few blocks as hold them."""
    filled = [f"*{part.heading}*"]
    for line in part.lines:
        for number, piece in enumerate(_pieces(line)):
            piece = f"{('    ◦ ' if line.below else '• ') if number == 0 else ''}{piece}"
            if text.size(filled[-1]) + text.size(piece) + 1 > _BLOCK:
                filled.append(piece)
            else:
                filled[-1] += f"\n{piece}"
    return [{"type": "section", "text": blocks.marked(one)} for one in filled]


def _pieces(line: _Line) -> Sequence[str]:
    """A line as mrkdwn, each piece short enough for a block; the time and the link come last."""
    found = [text.spoken(piece) for piece in _cut(line.words) if piece]
    behind = [text.when(line.at)] if line.at else []
    if text.url(line.link):
        link = text.link(line.link, line.label)
        behind.append(link if text.size(link) < _BLOCK else "(its address is too long for a link)")
    if behind and found and text.size(" ".join([found[-1], *behind])) < _BLOCK:
        return [*found[:-1], " ".join([found[-1], *behind])]
    return [*found, *behind] or [text.NOTHING]


def _cut(words: str) -> Iterator[str]:
    """Pieces of a long text, cut between words where there are such, never between a letter and its accent."""
    start = size = space = 0
    for at, char in enumerate(words if text.size(words) > _PIECE else ""):
        space = at if char == " " else space
        size += _SIZES.get(char, 2 if char > "\uffff" else 1)
        if size > _PIECE and not text.extends(char):
            end = space if space > start else at
            yield words[start:end]
            start, size = end, text.size(words[end : at + 1])
    yield words[start:]


_SIZES = {"&": 5, "<": 4, ">": 4}


def _pages(drawn: Sequence[model.Block]) -> Sequence[Sequence[model.Block]]:
    """As many blocks on each page as are read at once; one page at least."""
    pages: list[list[model.Block]] = [[]]
    size = 0
    for block in drawn:
        weight = text.size(block["text"]["text"])
        if pages[-1] and (len(pages[-1]) >= PAGE_BLOCKS or size + weight > PAGE_TEXT):
            pages.append([])
            size = 0
        pages[-1].append(block)
        size += weight
    return pages
