"""Anomalies and what happened to them, in plain words that any place can show. Every function returns harmless text, never markup."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot import model
from bot.core import closings, duplicates, endings, overlay, phrases, vocabulary
from bot.render import siblings
from bot.render.kit import text

_CHECKS = 5
_TAGS = 10
_PEOPLE = 5
_AROUND = 4


def gone(anomaly: model.Anomaly) -> bool:
    """Whether its system does not know it any more."""
    return anomaly.deleted


def place(anomaly: model.Anomaly) -> str:
    """ "orders (warehouse-prod)", "checkout (Payments › eu-west)": the innermost place, and those around it from the outermost on."""
    *around, inner = [place.name for place in anomaly.where] or [""]
    if not around:
        return text.short(inner, 60 if anomaly.container or anomaly.places else 40, "") if anomaly.where else ""
    return f"{text.short(inner, 60)} ({within(around)})"


def within(around: Sequence[str]) -> str:
    """The outer places; of very many the outermost and the innermost of them."""
    named = [text.short(name, 40) for name in around]
    return " › ".join(named if len(named) <= _AROUND else [named[0], text.ELLIPSIS, *named[1 - _AROUND :]])


def ident(anomaly: model.Anomaly, *, whole: bool = False) -> str:
    """The system's own id, as `/anomalies show` takes it; the `whole` of it, with the name of its system, among those of others."""
    return text.short(str(anomaly.ref), 60) if whole else text.short(anomaly.ref.id, 40)


def _check(check: model.Check) -> str:
    if check.message.strip():
        return text.short(check.message, 300)
    fields = siblings.listed(check.fields, 60, 5)
    rule = text.short(check.rule, 60, "check")
    return f"{fields}: {rule}" if fields else rule


def checks(anomaly: model.Anomaly) -> str:
    """What the failed checks say: "customer_id not null; amount between 0 and 10000"."""
    return text.listed([_check(check) for check in anomaly.checks], _CHECKS, "; ")


def score(anomaly: model.Anomaly) -> str:
    """ "Weight 54", "Score 72 of 100", "" when there is none."""
    if anomaly.weight is None:
        return ""
    of = f" of {text.number(anomaly.scale.most)}" if anomaly.scale.most is not None else ""
    return f"{text.capital(text.short(anomaly.scale.name, 40, 'score'))} {text.number(anomaly.weight)}{of}"


def series(told: model.Series) -> str:
    """ "orders.count 4,210, expected 1,200 to 1,900 (+121 %), up": all but its dates."""
    metric, resolution = text.short(told.metric, 200), text.short(told.resolution, 40, "")
    value = _amount(told.value, told.unit)
    change = f" ({_change(told)})" if _change(told) else ""
    parts = (f"{metric} {value}".strip(), f"{_expected(told)}{change}".strip(), str(told.direction or ""))
    return ", ".join([part for part in parts if part] + ([f"resolution {resolution}"] if resolution else []))


def measured(told: model.Series, *, value: bool = True, direction: bool = True) -> str:
    """The same without the metric: "4,210, expected 1,200 to 1,900 (+121 %), up"; without the value and without where it went if these
    are told already."""
    change = f" ({_change(told)})" if _change(told) else ""
    resolution = text.short(told.resolution, 40, "")
    parts = (
        _amount(told.value, told.unit) if value else "",
        f"{_expected(told)}{change}".strip(),
        str(told.direction or "") if direction else "",
        f"resolution {resolution}" if resolution else "",
    )
    return ", ".join(part for part in parts if part)


def _amount(number: float | None, unit: str) -> str:
    short = text.short(unit, 20, "")
    return "" if number is None else f"{text.number(number)} {short}".strip()


def _expected(told: model.Series) -> str:
    if told.low is None and told.high is None:
        return ""
    if told.low is None or told.high is None:
        bound = "at most" if told.low is None else "at least"
        return f"expected {bound} {_amount(told.high if told.low is None else told.low, told.unit)}"
    alone = told.low == told.high
    return f"expected {'' if alone else text.number(told.low) + ' to '}{_amount(told.high, told.unit)}"


def _change(told: model.Series) -> str:
    """By how much it left what was expected: "+121 %", else "+2,310 rows"."""
    number, unit = (told.percent, "%") if told.percent is not None else (told.delta, told.unit)
    return "" if number is None else f"{'+' if number > 0 else ''}{_amount(number, unit)}"


def tags(anomaly: model.Anomaly) -> str:
    """ "tags critical, pii"."""
    names = siblings.listed(anomaly.tags, 40, _TAGS)
    return f"{'tag' if len(anomaly.tags) == 1 else 'tags'} {names}" if names else ""


def assignees(people: Sequence[model.Person], me: str = "") -> str:
    """Names, never mentions; the person with the address `me` is "you". "" for nobody."""
    names = ["you" if me and person.email.casefold() == me.casefold() else person.name or person.email for person in people]
    return siblings.listed(names, 60, _PEOPLE)


def closed(word: str, closing: Sequence[model.Closing] = ()) -> str:
    """What a way of closing is called: by its system's own title where `closing` has it."""
    return text.short(closings.title(closing, word), 60)


def ways(found: Sequence[model.Closing], room: int) -> Sequence[str]:
    """What these ways of closing are called side by side in a menu."""
    return siblings.things([(one.word, closings.title(found, one.word)) for one in found], room)


def state(anomaly: model.Anomaly, closing: Sequence[model.Closing] = ()) -> str:
    """How it stands, and whether it is over: "Active", "Archived as Duplicate", "Acknowledged, over"."""
    mark = ", over" if anomaly.over and anomaly.state is not model.State.ARCHIVED else ""
    return stands(anomaly, closing) + mark


def stands(anomaly: model.Anomaly, closing: Sequence[model.Closing] = ()) -> str:
    """How it stands, in the system's own word."""
    if endings.by_itself(anomaly):
        return model.OVER
    if anomaly.state is model.State.ARCHIVED and anomaly.archived_as:
        return f"Archived as {closed(anomaly.archived_as, closing)}"
    if anomaly.state is model.State.ARCHIVED and anomaly.status.casefold() != model.State.ARCHIVED:
        return f"Archived ({text.short(anomaly.status, 40)})"
    return text.capital(text.short(anomaly.status, 40, str(anomaly.state)))


def dated(anomaly: model.Anomaly) -> str:
    """What its date is the date of."""
    return "first seen" if anomaly.undated else "detected"


def who(anomaly: model.Anomaly, capabilities: model.Capabilities | None = None) -> str:
    """ "unassigned", "assigned to Lee Park"; "" where its system has no assignees. Without `capabilities` nobody knows whether it has."""
    names = assignees(anomaly.assignees)
    if names:
        return f"assigned to {names}"
    return "" if capabilities is not None and model.Action.ASSIGN not in capabilities.supports else "unassigned"


def standing(anomaly: model.Anomaly, capabilities: model.Capabilities | None = None, *, whole: bool = False) -> str:
    """ "Archived as Duplicate · assigned to Lee Park · id 1001": a row of a list, in the words of its system."""
    return dotted(
        state(anomaly, capabilities.archive_as if capabilities else ()), who(anomaly, capabilities), f"id {ident(anomaly, whole=whole)}"
    )


def dotted(*parts: str) -> str:
    """The parts that say something, with dots between them."""
    return " · ".join(part for part in parts if part)


def kept(anomaly: model.Anomaly, title: str) -> str:
    """ "kept here, not in Acme", "assignees kept here, not in Acme": what people see of it that its system does not know; "" for none."""
    parts = overlay.shown(anomaly)
    if not parts:
        return ""
    everything = model.Part.STATE in parts and (model.Part.ASSIGNEES in parts or not anomaly.assignees)
    what = "" if everything else f"{unkept(parts)} "
    return f"{what}kept here, not in {text.short(title, 40, 'its system')}"


def unkept(parts: Collection[model.Part]) -> str:
    """ "status and assignees"."""
    return phrases.both([_PARTS[part] for part in model.Part if part in parts])


_PARTS: Mapping[model.Part, str] = {model.Part.STATE: "status", model.Part.OUTCOME: "outcome", model.Part.ASSIGNEES: "assignees"}


def verb(entry: model.Entry) -> str:
    """What a journal line is about: "Acknowledged"; an unknown word as it is."""
    known = vocabulary.VERBS.get(entry.action)
    return known.done if known else text.capital(text.short(entry.action, 40, vocabulary.CHANGE.done))


def meaning(closing: model.Closing) -> str:
    """ "Root cause fixed": what this way of closing says, "" when its system does not tell."""
    return text.capital(text.short(closing.meaning, 75, ""))


def by(entry: model.Entry) -> str:
    """ "by Dana", "by Dana in Acme", "in Acme", or "" when nobody knows."""
    name = f"by {text.short(entry.actor_name, 60)}" if entry.actor_name.strip() else ""
    place_ = "" if entry.via.casefold() == "slack" else f"in {text.short(entry.via, 40)}"
    return " ".join(part for part in (name, place_) if part)


def outcome(entry: model.Entry, closing: Sequence[model.Closing]) -> str:
    """ "as Invalid" for the journal line of a closing, "" when it does not say."""
    told = closings.mentioned(closing, entry.after, entry.detail)
    return f"as {closed(told.word, closing)}{original(entry)}" if told is not None else ""


def original(entry: model.Entry) -> str:
    """ " of #1074" for the line of a duplicate whose original somebody named, "" for any other."""
    ident = duplicates.original(entry)
    return f" of #{text.short(ident, 40)}" if ident else ""


def done(entry: model.Entry, anomaly: model.Anomaly, closing: Sequence[model.Closing] = ()) -> str:
    """The last thing that happened to this anomaly, told by how it stands now: "Assigned to Lee Park by Dana"."""
    what = verb(entry)
    if anomaly.over and not entry.actor_name.strip() and entry.action in _ENDS:
        return over(entry.via)
    if entry.action == model.Action.ASSIGN:
        names = assignees(anomaly.assignees)
        what = f"Assigned to {names}" if names else "Unassigned"
    if entry.action == "verify":
        return f"{what} {by(entry)}: {found(entry)}" if found(entry) else f"{what} {by(entry)}"
    if entry.action == model.Action.ARCHIVE:
        how = f"as {closed(anomaly.archived_as, closing)}{original(entry)}" if anomaly.archived_as else outcome(entry, closing)
        what = " ".join(part for part in (what, how) if part)
    return " ".join(part for part in (what, by(entry)) if part)


def found(entry: model.Entry) -> str:
    """What came of a verification: "still fails (2 rows)", "passes now"; "" where the journal does not say."""
    said = entry.detail.partition(", operation ")[0].strip()
    return "passes now" if said == "passes" else text.short(said, 60, "")


def over(title: str) -> str:
    """How one ended that its system closed by itself."""
    return f"{model.OVER}: {text.short(title, 40, 'its system')} closed it by itself"


_ENDS = (model.Action.ARCHIVE.value, "status")
"""The journal's words for what a system did that closed an anomaly by itself."""


def states(counts: Mapping[model.State, int]) -> str:
    """ "30 active · 5 acknowledged · 2 archived", which `status:` takes, too: all but the archived are open; what is nought is left out."""
    return (
        " · ".join(f"{text.number(counts[state_])} {_COUNTED.get(state_, state_)}" for state_ in model.State if counts.get(state_))
        or "none"
    )


_COUNTED: Mapping[model.State, str] = {model.State.ACTIVE: "active"}
"""Where the word for people is another one than what is stored."""
