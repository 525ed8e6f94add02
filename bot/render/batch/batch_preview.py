"""What one change to many anomalies would do, for the one who asked: nothing is changed until it is confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from bot import model
from bot.core import grammar, phrases
from bot.render import siblings
from bot.render.anomaly import rows, wording
from bot.render.batch import batch_wording
from bot.render.kit import blocks, ids, limits, marks, text, unheard

_SPLIT = 5
_SAMPLES = 5
_ABOUT_STANDING = (model.Action.UNACKNOWLEDGE, model.Action.REOPEN)
"""What is asked for tells already that they were acknowledged, or archived."""


def preview(
    view: model.BatchView,
    split: model.Split,
    silent: Sequence[model.Unheard] = (),
    later: int = 0,
    matching: int | None = None,
) -> model.Message:
    """What would happen: nothing is changed until [Confirm], or, for a deletion, until the number is typed. `silent` are the systems whose
    anomalies are not in it, `later` how many joined the group card after it was seen, `matching` how many match where it has only the
    first."""
    batch, todo = view.batch, batch_wording.of(view.progress, *batch_wording.WAITING)
    if not todo:
        return unheard.beside(_nothing_to_do(view, matching), silent, "batch")
    title = f"{batch_wording.wanted(view, todo)}?"
    gets = batch_wording.gets(batch.change, view.names) if batch.change.action is not model.Action.DELETE else []
    beside = [batch_wording.later(later)] if later else []
    reasons = batch_wording.reasons(view, all_of_them=False)
    chosen = [_chosen(view, matching), *beside]
    each = "\n".join(["Each anomaly gets:", *(f"• {part}" for part in gets)]) if gets else ""
    ways = batch_wording.ways(view)
    includes, severities = _includes(view, split), split.severities
    counted, fine = _counted(view, split), _fine_print(view, todo)
    said = text.sentence(
        text.spoken(title),
        unheard.spoken(silent, "batch"),
        text.spoken(text.sentence(*chosen)),
        batch_wording.spoken(reasons),
        includes,
        f"By severity: {marks.spoken(severities)}" if severities else "",
        *(text.spoken(line) for line in counted),
        *(text.spoken(text.joined(part)) for part in (ways, each)),
        text.spoken(fine),
        "" if batch.change.action is model.Action.DELETE else "Nothing is changed until you press Confirm",
    )
    shown = (
        blocks.header(title),
        *unheard.down(silent, "batch"),
        blocks.section("\n".join([*chosen, *reasons])),
        *((blocks.bold(includes),) if includes else ()),
        *((blocks.context(blocks.marked(marks.marked(severities))),) if severities else ()),
        *(blocks.section(part) for part in ("\n".join(counted), ways, each) if part),
        *((blocks.section(_samples(view, split)),) if split.sample else ()),
        *unheard.aside(silent, "batch"),
        blocks.context(fine),
        *blocks.actions(_confirm(view, todo, title), blocks.button(ids.BATCH_CANCEL, "Cancel", batch.id, hint=f"Cancel: {title}")),
    )
    return limits.fit(model.Message(said, shown))


# --- which -------------------------------------------------------------------------------------------------------------------------


def _chosen(view: model.BatchView, matching: int | None) -> str:
    """ "The first 100 of 2,300 that match: table:orders limit:100. 92 would change, 5 are so already, 3 are left out."."""
    batch, progress = view.batch, view.progress
    first = f"The first {text.number(batch.total)} of {text.number(matching)} that match" if matching else ""
    among = first or batch_wording.anomalies(batch.total)
    todo = batch_wording.of(progress, *batch_wording.WAITING)
    aside = [
        f"{text.number(amount)} {'is' if amount == 1 else 'are'} {word}"
        for amount, word in (
            (batch_wording.of(progress, model.Fate.ALREADY), "so already"),
            (batch_wording.of(progress, *batch_wording.NOT_DONE), "left out"),
        )
        if amount
    ]
    counted = ", ".join([f"{text.number(todo)} would change" if todo else "None would change", *aside]) if aside else ""
    return text.sentence(f"{among}: {text.short(grammar.named(batch.words, view.names), 300)}" if batch.words.strip() else among, counted)


def _nothing_to_do(view: model.BatchView, matching: int | None) -> model.Message:
    lines = [text.sentence("Nothing to do", _chosen(view, matching)), *batch_wording.reasons(view, all_of_them=False)]
    return blocks.line("\n".join(lines))


# --- what must not be overlooked ---------------------------------------------------------------------------------------------------


def _includes(view: model.BatchView, split: model.Split) -> str:
    """ "Includes 2 critical and 5 assigned to others. Includes 11 acknowledged."."""
    critical = sum(amount for severity, amount in split.severities if severity is model.Severity.CRITICAL)
    grave = [f"{text.number(amount)} {word}" for amount, word in ((critical, "critical"), (split.others, "assigned to others")) if amount]
    acknowledged = 0 if view.batch.change.action in _ABOUT_STANDING else split.acknowledged
    return text.sentence(
        f"Includes {phrases.both(grave)}" if grave else "",
        f"Includes {text.number(acknowledged)} acknowledged" if acknowledged else "",
    )


# --- counted -----------------------------------------------------------------------------------------------------------------------


def _counted(view: model.BatchView, split: model.Split) -> list[str]:
    """One line for each way of counting them that tells something."""
    systems = [(batch_wording.title(view.systems[name]), amount) for name, amount in split.systems if name in view.systems]
    placed = [batch_wording.title(view.systems[name]) for name in split.placed if name in view.systems]
    where = f" in {phrases.both(placed)}" if len(systems) > len(placed) else ""
    several, differ = len(systems) > 1, len(split.statuses) > 1
    kinds = (
        ("system", "", systems if several else ()),
        (f"datastore{where}", "no datastore", split.places),
        (f"table{where}", "no table", split.tables),
        ("assignee", "nobody", split.assignees),
        ("status", "no status", split.statuses if differ else ()),
    )
    return [
        f"By {by}: {text.listed([f'{name} {text.number(n)}' for name, n in _told(pairs, none)], _SPLIT)}."
        for by, none, pairs in kinds
        if any(name for name, _ in pairs)  # a system may have none of a kind
    ]


def _told(pairs: Sequence[tuple[str, int]], none: str) -> Sequence[tuple[str, int]]:
    names = siblings.apart([name for name, _ in pairs], 60, none)
    return list(zip(names, (n for _, n in pairs), strict=True))


def _samples(view: model.BatchView, split: model.Split) -> str:
    some = split.sample[:_SAMPLES]
    common = rows.among(some, systems=not view.batch.source)
    told = [f"• {_row(one, view.systems.get(one.ref.source), common)}" for one in some]
    return "\n".join(["The worst of them:" if sum(n for _, n in split.systems) > len(told) else "They are:", *told])


def _row(one: model.Anomaly, capabilities: model.Capabilities | None, common: rows.Among) -> str:
    """ "[mark] High · orders · customer_id not null · 11 of 1.84 M rows · Acknowledged · Dana · #1074"."""
    stands, who = rows.standing(one, capabilities), rows.who(one, capabilities)
    return wording.dotted(rows.named(one, common), rows.evidence(one), stands, who, rows.ident(one, common))


# --- what then ---------------------------------------------------------------------------------------------------------------------

UNDO = "Undo for 30 minutes"


def _undo_of_closing(view: model.BatchView) -> str:
    without = batch_wording.without(view, model.Action.REOPEN)
    if len(without) == len(batch_wording.asked(view)):
        return f"No undo: {phrases.both(without)} {'offers' if len(without) == 1 else 'offer'} no way to reopen them from here."
    return f"{UNDO}, but not for those of {phrases.both(without)}." if without else f"{UNDO}."


_FINE: Mapping[model.Action, Callable[[model.BatchView], str]] = {
    model.Action.ARCHIVE: _undo_of_closing,
    model.Action.COMMENT: lambda view: "No undo: a comment cannot be taken back from here.",
    model.Action.CASE: lambda view: "No undo: a link to a case cannot be taken back from here.",
}


def fine_print(view: model.BatchView) -> str:
    """Whether it can be taken back, in one line."""
    special = _FINE.get(view.batch.change.action)
    told = special(view) if special else f"{UNDO}."
    return f"{told} Its comments stay." if view.batch.change.comment.strip() and told.startswith(UNDO) else told


def _fine_print(view: model.BatchView, todo: int) -> str:
    if view.batch.change.action is model.Action.DELETE:
        return (
            f"No undo: they are gone for good. Nothing is deleted yet: a form asks for the number {text.number(todo)} first. If you closed "
            "it, type the command again."
        )
    return fine_print(view)


def _confirm(view: model.BatchView, todo: int, title: str) -> model.Block | None:
    """None for a deletion: no single click may destroy anything."""
    batch = view.batch
    if batch.change.action is model.Action.DELETE:
        return None
    style = "danger" if batch.change.action is model.Action.ARCHIVE else "primary"
    label = f"Confirm: {batch_wording.short(batch, todo)}"
    return blocks.button(ids.BATCH_CONFIRM, label, batch.id, style=style, hint=f"Confirm: {title}")
