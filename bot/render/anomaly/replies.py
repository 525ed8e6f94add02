"""Answers for the one person who asked or pressed: receipts, lists, counts, who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot import model
from bot.core import grammar, overlay, vocabulary
from bot.render import siblings
from bot.render.anomaly import buttons, finding, rows, wording
from bot.render.kit import blocks, ids, limits, refusals, text, unheard

PAGE = 10


_LINES = 20


# --- receipts -----------------------------------------------------------------------------------------------------------------


def silent(receipt: model.Receipt, actor: model.Actor) -> bool:
    """Whether the changed card is all there is to say: what was asked for was done, or the same person had done it before."""
    if len(receipt.outcomes) != 1 or receipt.remarks:
        return False
    outcome = receipt.outcomes[0]
    if outcome.result is model.Result.DONE:
        return not outcome.reason.strip()
    before = (outcome.by.actor, outcome.by.action) if outcome.by is not None else ("", "")
    return outcome.result is model.Result.ALREADY and bool(actor.id) and before == (actor.id, receipt.change.action)


def receipt(receipt: model.Receipt, actor: model.Actor, capabilities: model.Capabilities) -> model.Message:
    """What an action did, for its actor: one line for one anomaly, counts and every refusal for several. Where somebody was faster: who,
    and the buttons that are right now."""
    outcomes = list(receipt.outcomes)
    late = len(outcomes) == 1 and (outcomes[0].stale or (outcomes[0].result is model.Result.ALREADY and outcomes[0].by is not None))
    moved = receipt.after.get(outcomes[0].ref) if late else None
    if moved is not None:
        return stale(moved, capabilities, outcomes[0], vocabulary.order(receipt.change.action))
    told = _told_one(receipt, outcomes[0], actor, capabilities) if len(outcomes) == 1 else _told_many(receipt, outcomes)
    remarks = [text.short(remark, 500) for remark in receipt.remarks]
    line = text.sentence(told, *remarks)
    refused = [_refusal(outcome) for outcome in outcomes if outcome.result is model.Result.REFUSED] if len(outcomes) > 1 else []
    listed = text.listed(refused, _LINES, "\n")
    shown = (blocks.section(line), *((blocks.section(listed),) if listed else ()))
    return limits.fit(model.Message(text.sentence(text.spoken(line), text.spoken(listed.replace("\n", "; "))), shown))


def _told_one(receipt: model.Receipt, outcome: model.Outcome, actor: model.Actor, capabilities: model.Capabilities) -> str:
    anomaly = receipt.after.get(outcome.ref)
    about = _named(anomaly) if anomaly else text.short(str(outcome.ref), 80)
    verb = vocabulary.verb(receipt.change.action).done
    if outcome.result is model.Result.REFUSED:
        return text.sentence(f"Not {verb.lower()}: {about}", text.capital(_why(outcome, capabilities)))
    if outcome.result is model.Result.ALREADY:
        return text.sentence(_already(outcome, verb, anomaly), "Nothing was changed")
    ours = f"Kept here: {text.short(capabilities.title, 40)} does not keep it" if overlay.whole(receipt.change, anomaly) else ""
    ours = ours or text.short(outcome.reason, 500, "")
    what = f"{_done(receipt.change, verb, anomaly, actor, capabilities)}: {about}"
    return text.sentence(what, _now(receipt.change, anomaly, capabilities), ours)


def _done(change: model.Change, verb: str, anomaly: model.Anomaly | None, actor: model.Actor, capabilities: model.Capabilities) -> str:
    """ "Assigned to you and Lee Park", told by what the system says now."""
    if change.action is model.Action.ASSIGN and anomaly is not None:
        names = wording.assignees(anomaly.assignees, actor.email)
        return f"Assigned to {names}" if names else "Unassigned"
    if change.action is model.Action.ARCHIVE:
        chosen = (anomaly.archived_as if anomaly else None) or change.archive_as
        of = f" of #{text.short(change.duplicate_of, 40)}" if change.duplicate_of else ""
        return f"Archived as {wording.closed(chosen, capabilities.archive_as)}{of}" if chosen else "Archived"
    if change.case:
        return f"Linked to {text.short(change.case, 80)}"
    return f"{verb} as {text.short(change.stage, 40)}" if change.stage else verb


def _now(change: model.Change, anomaly: model.Anomaly | None, capabilities: model.Capabilities) -> str:
    """How it stands since it was reopened: not every system puts it back where it was."""
    if change.action is not model.Action.REOPEN or anomaly is None:
        return ""
    return f"It is {wording.state(anomaly, capabilities.archive_as)} now"


def _already(outcome: model.Outcome, verb: str, anomaly: model.Anomaly | None) -> str:
    """What it is already, and who was first as far as the journal knows."""
    if outcome.reason.strip():
        first = wording.by(outcome.by) if outcome.by is not None else ""
        said = f"{wording.verb(outcome.by)} {first}" if outcome.by is not None and first else ""
        return text.sentence(text.capital(text.short(outcome.reason, 500)), said)
    return f"Already {verb.lower()}{f': {_named(anomaly)}' if anomaly else ''}"


def _named(anomaly: model.Anomaly) -> str:
    """ "orders · customer_id not null, #1001": in the words of its card."""
    return f"{finding.headline(anomaly)}, #{wording.ident(anomaly)}"


def _why(outcome: model.Outcome, capabilities: model.Capabilities | None = None) -> str:
    return refusals.why(outcome.reason, outcome.right, (outcome.place,), capabilities.title if capabilities else "")


def _refusal(outcome: model.Outcome) -> str:
    return f"{text.short(str(outcome.ref), 80)}: {_why(outcome)}"


_RESULTS = {model.Result.DONE: "{verb}", model.Result.ALREADY: "already {verb}", model.Result.REFUSED: "refused"}


def _told_many(receipt: model.Receipt, outcomes: Sequence[model.Outcome]) -> str:
    verb = vocabulary.done(receipt.change.action)
    counted = {result: sum(outcome.result is result for outcome in outcomes) for result in model.Result}
    return ", ".join(f"{text.number(n)} {_RESULTS[result].format(verb=verb)}" for result, n in counted.items() if n) or "Nothing to do"


def stale(anomaly: model.Anomaly, capabilities: model.Capabilities, outcome: model.Outcome, action: str) -> model.Message:
    """The anomaly moved on since the button was drawn, or somebody else did the same before: who did what when, and the buttons that make
    sense now."""
    stands = wording.state(anomaly, capabilities.archive_as)
    about = _named(anomaly)
    did = wording.done(outcome.by, anomaly, capabilities.archive_as) if outcome.by else stands
    if outcome.stale:
        now = "" if stands in did else f"It is {stands} now"
        line = text.sentence(f"Nothing was changed: you cannot {text.short(action, 40)} {about} any more", now)
    else:
        line = text.sentence(f"Nothing was changed: {about}", text.short(outcome.reason, 500, f"It is {stands} already"))
    when = text.when(outcome.by.at) if outcome.by else ""
    said = text.sentence(text.spoken(line), f"{text.spoken(did)} {when}".strip(), buttons.possible(anomaly, capabilities))
    shown = (
        blocks.section(text.sentence(line)),
        blocks.context(did, *((blocks.marked(when),) if when else ())),
        *buttons.row(anomaly, capabilities),
    )
    return limits.fit(model.Message(said, shown))


# --- lists and counts -----------------------------------------------------------------------------------------------------------


def listing(listing: model.Listing, group: str = "") -> model.Message:
    """A page of anomalies, one line and [Show] each, the ways to the pages beside it, and [Review these] for several by a filter.

    With `group` (a card's id) it is the list behind a group card, and its pages are asked for with `ids.GROUP_LIST`.
    """
    if not listing.anomalies:
        return _nothing(text.short(grammar.named(listing.words, listing.names), 300, ""), listing.offset, listing.as_of)
    heading = _heading(listing)
    last = listing.offset + len(listing.anomalies)
    more = len(listing.anomalies) >= PAGE if listing.total is None else last < _reachable(listing)
    back = _page(listing, max(0, listing.offset - PAGE), "Previous", group) if listing.offset else None
    onward = _page(listing, last, "Next", group) if more else None
    review = None if group else _review(listing)
    hints = ["There are more, but this filter is too long for a button. Narrow it down to see the rest."] if more and onward is None else []
    known = _known_since(listing.as_of) if listing.as_of is not None else ""
    after = text.sentence(
        *(hints or ["There are more: press Next" if more else ""]), "Press Review these to handle many at once" if review else "", known
    )
    before = text.sentence(text.spoken(heading), unheard.spoken(listing.unheard, "list"))
    common = rows.among(listing.anomalies, systems=len(listing.totals) > 1 or len(listing.capabilities_of) > 1)
    lines = [text.sentence(rows.spoken(one, listing.capabilities_of.get(one.ref.source), common)) for one in listing.anomalies]
    said = text.within(lines, limits.TEXT - text.size(f"{before}  {after}", markup=True))
    return limits.fit(
        model.Message(
            " ".join(part for part in (before, said, after) if part),
            (
                blocks.section(heading, back),
                *unheard.down(listing.unheard, "list"),
                *_listed(listing, common),
                *blocks.actions(onward, review),
                *unheard.aside(listing.unheard, "list"),
                *(blocks.context(hint) for hint in hints),
                *((blocks.context(blocks.marked(known)),) if known else ()),
            ),
        )
    )


def _heading(listing: model.Listing) -> str:
    """ "21 to 30 of 412 for: table:orders", "1 to 3 of 5 (limit:3)": the total is of all that match, whatever the limit."""
    first, last = listing.offset + 1, listing.offset + len(listing.anomalies)
    if listing.total == 1:
        shown = "One anomaly"
    else:
        of = f" of {text.number(listing.total)}" if listing.total is not None else ""
        shown = f"{text.number(first)}{f' to {text.number(last)}' if last > first else ''}{of}"
    limited = f"limit:{listing.limit}" if listing.limit else ""
    asked = text.short(grammar.named(" ".join(word for word in listing.words.split() if word != limited), listing.names), 300, "")
    among = unheard.by_system(listing.totals)
    return "".join([shown, f" ({limited})" if limited else "", f" for: {asked}" if asked else "", f" ({among})" if among else ""])


def _reachable(listing: model.Listing) -> int:
    """How many of all can be paged through."""
    return min(listing.total or 0, listing.limit or listing.total or 0)


def _page(listing: model.Listing, offset: int, label: str, group: str) -> model.Block | None:
    value = ids.encode_group(group, offset) if group else ids.encode_page(offset, listing.words)
    if text.size(value, markup=True) > limits.VALUE:
        return None
    return blocks.button(ids.GROUP_LIST if group else ids.LIST_PAGE, label, value, hint=f"{label} page of the list")


def _review(listing: model.Listing) -> model.Block | None:
    """None for a lone anomaly, for no filter at all, and for a filter that is too long for a button."""
    value = ids.encode_scope(model.ReviewScope(words=listing.words))
    several = len(listing.anomalies) > 1 or (listing.total or 0) > 1
    if not several or not listing.words.strip() or text.size(value, markup=True) > limits.VALUE:
        return None
    return blocks.button(ids.REVIEW_OPEN, "Review these", value, hint="Review all that match this filter")


def _listed(listing: model.Listing, common: rows.Among) -> list[model.Block]:
    drawn = []
    for one, linked in zip(listing.anomalies, rows.linkable(listing.anomalies), strict=True):
        show = buttons.show(one.ref, one.version, hint=f"Show {rows.ident(one, common)}: {rows.title(one, common)}")
        line = rows.drawn(one, listing.capabilities_of.get(one.ref.source), common, linked=linked)
        drawn.append(blocks.whole(line, show))
    return drawn


def _known_since(as_of: datetime) -> str:
    """How fresh an answer is that was found among what is known here."""
    return f"Found among what this desk knew at {text.when(as_of)}: what it had not seen by then is missing."


def _nothing(asked: str, offset: int, as_of: datetime | None) -> model.Message:
    """An empty answer says what was asked and what to try."""
    if offset:
        return blocks.line("There is nothing more on this page: the list has become shorter. Ask again with /anomalies list.")
    what = f"No anomaly matches: {asked}." if asked else "No anomaly is open."
    message = blocks.line(f"{what} Closed ones are left out unless you ask for them: try status:any, or leave a word out.")
    if as_of is None:
        return message
    return replace(message, blocks=(*message.blocks, blocks.context(blocks.marked(_known_since(as_of)))))


def count(
    asked: str,
    total: int,
    by_state: Mapping[str, int],
    by_table: Sequence[tuple[str, int]],
    totals: Sequence[tuple[str, int]] = (),
    silent: Sequence[model.Unheard] = (),
    as_of: datetime | None = None,
) -> model.Message:
    """How many match: "114 open: 103 active, 11 acknowledged", then by system where there are several, and by table where that is known.

    `asked` is the filter as canonical text, `silent` are the systems that are not counted. `as_of`: the tables are told by what this desk
    knew then.
    """
    words_ = text.short(asked, 300, "")
    states = ", ".join(f"{text.number(n)} {text.short(str(name), 40)}" for name, n in by_state.items() if n)
    if words_:
        head = text.sentence(f"{text.count(total, 'anomaly', 'anomalies')} {'matches' if total == 1 else 'match'}: {words_}", states)
    else:
        head = f"{text.number(total)} open{f': {states}' if states else ''}"
    shown = siblings.apart([name for name, _ in by_table], 60)
    tables = text.listed([f"{name} {text.number(n)}" for name, (_, n) in zip(shown, by_table, strict=True)], 5)
    among = unheard.by_system(totals)
    line = text.sentence(head, f"By system: {among}" if among else "", f"Most by table: {tables}" if tables else "")
    told = blocks.line(line)
    if as_of is not None and tables:
        known = f"The tables as this desk knew them at {text.when(as_of)}."
        told = limits.fit(model.Message(f"{told.text} {known}", (*told.blocks, blocks.context(blocks.marked(known)))))
    return unheard.beside(told, silent, "count")


def exported(words_: str, count: int, silent: Sequence[model.Unheard] = ()) -> model.Message:
    """Where the file of an export went; `words_` is the filter as canonical text, `silent` are the systems that are not in it."""
    asked = text.short(words_, 300, "")
    verb = "is" if count == 1 else "are"
    line = f"{text.count(count, 'anomaly', 'anomalies')} {verb} in your direct messages as a CSV file{f' ({asked})' if asked else ''}"
    return unheard.beside(blocks.line(text.sentence(line)), silent, "file")


# --- people -----------------------------------------------------------------------------------------------------------------------

_LINKED: Mapping[str, str] = {
    "known": "is {person} in {system}. To change that: /anomalies link @name dana@acme.example, or none in place of the address.",
    "linked": "is {person} in {system} from now on.",
    "unlinked": "is not linked to a user of {system} any more. To link again: /anomalies link @name dana@acme.example.",
    "unknown": "is nobody in {system} that this desk knows of. To link them: /anomalies link @name dana@acme.example, with the address, "
    "the id or the name of the user in {system}. Or assign something to them: the form asks who they are.",
}
"""What is said about a Slack user, by what was done."""


def linked(slack_id: str, person: model.Person | None, capabilities: model.Capabilities, how: str, replaced: str = "") -> model.Message:
    """Who a Slack user is in the system. `how` is what was done: "known" (nothing), "linked" or "unlinked". Nobody known: how to link.
    `replaced` is the Slack user who was that until now."""
    done = how if how in _LINKED else "known"
    said = _LINKED[done if person or done == "unlinked" else "unknown"]
    line = said.format(person=_person(person), system=text.short(capabilities.title, 40, "the system"))
    before = f" {_mention(replaced)} was that until now and is told." if replaced else ""
    spoken = f"{_mention(slack_id)} {text.spoken(line)}{before}"
    return limits.fit(model.Message(spoken, (blocks.context(blocks.marked(spoken)),)))


def known(
    slack_id: str,
    found: Sequence[tuple[model.Capabilities, model.Person | None]],
    silent: Sequence[model.Unheard] = (),
    doors: Sequence[model.Block | None] = (),
) -> model.Message:
    """Who a Slack user is in each system that has users; `silent` are those that do not answer, `doors`
    lead to where they are nobody yet."""
    told = [linked(slack_id, person, capabilities, "known") for capabilities, person in found]
    down = [(f"{text.short(one.title, 40, 'A system')} does not answer, so nobody can say who this is there.", one.why) for one in silent]
    shown = [block for one in told for block in one.blocks]
    shown += [blocks.bold(line, text.sentence(text.short(why, 300, ""))) for line, why in down]
    said = text.sentence(*(one.text for one in told), *(text.spoken(f"{line} {text.short(why, 300, '')}") for line, why in down))
    return limits.fit(model.Message(said, (*shown, *blocks.rows(*doors))))


def _mention(slack_id: str) -> str:
    return f"<@{slack_id}>" if slack_id.isascii() and slack_id.isalnum() else text.spoken(text.short(slack_id, 40, "This person"))


def _person(person: model.Person | None) -> str:
    """ "Lee Park (lee@acme.example)"."""
    if person is None:
        return text.NOTHING
    address = text.short(person.email, 80, "")
    name = text.short(person.name, 60, address or f"user {text.short(person.id, 40)}")
    return f"{name} ({address})" if address and address != name else name
