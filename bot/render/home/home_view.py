"""A person's App Home: their queue, what nobody has acknowledged, what runs, their last batches, and who has how much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot import model
from bot.core import grammar
from bot.render import siblings
from bot.render.anomaly import wording
from bot.render.batch import batch_message, batch_wording
from bot.render.home import queue_rows
from bot.render.kit import asked, blocks, ids, limits, text
from bot.render.scan import scan_wording

MINE, UNSEEN = 8, 5
"""Anomalies on a page of each queue: with all else they fit into the hundred blocks of a view."""
PAGES: Mapping[str, int] = {"mine": MINE, "unseen": UNSEEN}

_NOTICE = 600

TRIAGE = model.ReviewScope(words="status:active")
"""What [Triage] looks through: what nobody has looked at yet."""


@dataclass(frozen=True, slots=True)
class HomeView:
    """What a Home shows. `capabilities_of` are the connected systems by their names, `together` what they let people do between them;
    `undoable` are the ids of batches that can be taken back now; `unlinked` are names and titles of systems in which this person is nobody
    yet; `words` is the filter in canonical form, `notice` the line on top; `scans` says whether a system can be asked for one; `names` are
    those of the systems' users, by their ids."""

    facts: model.HomeFacts
    capabilities_of: Mapping[str, model.Capabilities]
    together: model.Capabilities
    undoable: frozenset[str] = frozenset()
    unlinked: Sequence[tuple[str, str]] = ()
    words: str = ""
    notice: str = ""
    scans: bool = True
    names: Mapping[str, str] = field(default_factory=dict)


def home(view: HomeView) -> model.Block:
    """All of it, the line on top first."""
    parts = [
        *((_notice(view.notice),) if view.notice else ()),
        *_doors(view),
        _filter(view.words),
        *_mine(view),
        *_unseen(view),
        *_operations(view),
        *_batches(view),
        *_load(view.facts.load),
        blocks.context("As this desk last saw all this. It is drawn anew when you open it, and after what you do."),
    ]
    return limits.fit_view({"type": "home", "blocks": parts})


def refused(why: model.Message) -> model.Block:
    """For somebody who may not look, or while nobody can say whether they may."""
    return limits.fit_view({"type": "home", "blocks": [blocks.header("Anomaly Desk"), _notice(text.unspoken(why.text))]})


def line(message: model.Message) -> str:
    """What a message says in one line for the top of a Home."""
    return text.clip(text.unspoken(message.text), _NOTICE)


def _notice(words: str) -> model.Block:
    return blocks.section(f"\N{INFORMATION SOURCE} {words}")


# --- on top -----------------------------------------------------------------------------------------------------------------


def _doors(view: HomeView) -> Sequence[model.Block]:
    scan = blocks.button(ids.SCAN_OPEN, "Scan", ids.HOME, hint="Start a scan") if view.scans else None
    titles = siblings.apart([title for _, title in view.unlinked], 40)
    doors = (_link(name, title, len(titles)) for (name, _), title in zip(view.unlinked, titles, strict=True))
    return blocks.rows(triage_button(), scan, *doors)


def _link(name: str, system: str, of: int) -> model.Block:
    """[Link me]; among several it says to what. It is answered here."""
    wanted = asked.encode(name, asked.Asked(channel=ids.HOME))
    return blocks.button(ids.LINK_ME, f"Link me to {system}" if of > 1 else "Link me", wanted, hint=f"Say who you are in {system}")


def triage_button() -> model.Block:
    """Look through what nobody has acknowledged, tick, and act on many at once."""
    return blocks.button(ids.REVIEW_OPEN, "Triage", ids.encode_scope(TRIAGE), style="primary", hint="Triage what nobody has acknowledged")


def _filter(words: str) -> model.Block:
    element: model.Block = {
        "type": "plain_text_input",
        "action_id": ids.HOME_FILTER,
        "placeholder": blocks.plain("severity:critical,high table:orders", limits.PLACEHOLDER),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    element |= {"initial_value": text.clip(words, limits.TEXT_OBJECT)} if words else {}
    label = "Filter both queues, then press Enter"
    entry: model.Block = {"type": "input", "block_id": ids.HOME_FILTER, "label": blocks.plain(label), "element": element}
    return {**entry, "optional": True, "dispatch_action": True}


# --- queues -------------------------------------------------------------------------------------------------------------------


def _mine(view: HomeView) -> Sequence[model.Block]:
    queue = view.facts.mine
    title = f"Assigned to you: {_total(queue)}"
    unlinked = siblings.listed([title for _, title in view.unlinked], 40, 5)
    hint = f"You are not linked to {unlinked} yet, so nobody can assign anything to you there. Press Link me." if unlinked else ""
    nothing = "Nothing matches the filter." if view.words else "Nothing that is open is assigned to you."
    empty = (blocks.section(text.sentence(nothing, hint)),) if not queue.total else (blocks.context(hint),) if hint else ()
    return [blocks.divider(), blocks.header(title), *empty, *_queue(view, queue, "mine", "assigned to you")]


def _unseen(view: HomeView) -> Sequence[model.Block]:
    queue = view.facts.unseen
    nothing = "Nothing matches the filter." if view.words else "Everything else that is open was acknowledged by somebody."
    empty = () if queue.total else (blocks.section(nothing),)
    return [
        blocks.divider(),
        blocks.header(f"Nobody has acknowledged, besides yours: {_total(queue)}"),
        *empty,
        *_queue(view, queue, "unseen", "waiting"),
    ]


def _queue(view: HomeView, queue: model.HomeQueue, name: str, about: str) -> Sequence[model.Block]:
    several = len(view.capabilities_of) > 1
    if not queue.total:
        return []
    counts = [blocks.context(blocks.marked(queue_rows.counted(queue.severities)), "the worst first, of each the oldest")]
    rows = [
        part
        for one in queue.anomalies
        for part in queue_rows.row(one, view.capabilities_of.get(one.ref.source, view.together), whole=several)
    ]
    return [*counts, *rows, *_paging(queue, name, about)]


def _paging(queue: model.HomeQueue, name: str, about: str) -> Sequence[model.Block]:
    size, last = PAGES[name], queue.offset + len(queue.anomalies)
    back = blocks.button(ids.HOME_BACK, "Previous page", ids.encode_pair(name, str(max(0, queue.offset - size))), hint=f"Previous {about}")
    more = blocks.button(ids.HOME_NEXT, "Next page", ids.encode_pair(name, str(last)), hint=f"Next {about}")
    pages = blocks.actions(back if queue.offset else None, more if last < queue.total else None)
    return [blocks.context(f"{text.number(queue.offset + 1)} to {text.number(last)} of {_total(queue)}"), *pages] if pages else []


def _total(queue: model.HomeQueue) -> str:
    return f"more than {text.number(queue.total)}" if queue.more else text.number(queue.total)


# --- what runs, what was done, who has how much -------------------------------------------------------------------------------------


def _operations(view: HomeView) -> Sequence[model.Block]:
    if not view.facts.operations:
        return []
    return [blocks.divider(), blocks.header("Running scans"), *(_operation(one, view) for one in view.facts.operations)]


def _operation(operation: model.Operation, view: HomeView) -> model.Block:
    capabilities = view.capabilities_of.get(operation.source, view.together)
    system = scan_wording.system(capabilities)
    far = scan_wording.progress(operation.scan) if operation.scan else ""
    line = " · ".join(part for part in (scan_wording.running(operation), far, scan_wording.by(operation, system)) if part)
    running = operation.state is model.OperationState.RUNNING and model.Action.ABORT in capabilities.supports
    sure = blocks.confirm("Abort it?", f"{system} is asked to stop it. What it has found until then stays.", "Abort", "Let it run")
    hint = f"Abort {scan_wording.ident(operation)}: {scan_wording.thing(operation)}"
    return blocks.section(line, blocks.button(ids.SCAN_ABORT, "Abort", operation.id, hint=hint, confirm=sure) if running else None)


def _batches(view: HomeView) -> Sequence[model.Block]:
    if not view.facts.batches:
        return []
    return [blocks.divider(), blocks.header("Your last batches"), *(_batch(one, done, view) for one, done in view.facts.batches)]


def _batch(batch: model.Batch, done: int, view: HomeView) -> model.Block:
    system = view.capabilities_of.get(batch.source, view.together)
    told = model.BatchView(batch, model.Progress({model.Fate.DONE: done}), {batch.source: system}, names=view.names)
    words = "" if batch.undo_of else text.short(grammar.named(batch.words, view.names), 80, "")  # those of an undo are an id
    if batch.finished is None:
        amount = replace(told, progress=model.Progress({model.Fate.TODO: batch.total}))
        said = f"{batch_wording.running(amount)}: {text.number(done)} of {text.number(batch.total)} done"
        return blocks.section(wording.dotted(said, words))
    said = wording.dotted(batch_wording.finished(told), words)
    undoable = batch.id in view.undoable and done > 0
    until = f" · Undo until {text.when(batch.finished + batch_message.UNDO_FOR, '{time}')}" if undoable else ""
    line = f"{text.spoken(said)} · {text.when(batch.finished)}{until}"
    block: model.Block = {"type": "section", "text": blocks.marked(text.clip(line, limits.TEXT_OBJECT, markup=True))}
    return {**block, "accessory": _undo(told, done)} if undoable else block


def _undo(told: model.BatchView, done: int) -> model.Block:
    question = f"{batch_wording.anomalies(done)} will be put back as before, wherever nobody changed anything since."
    since = text.utc(told.batch.finished) if told.batch.finished else ""
    hint = f"Undo: {batch_wording.wanted(told, done)}, {since}"
    sure = blocks.confirm("Take this back?", question, "Undo", "Keep it")
    return blocks.button(ids.BATCH_UNDO, "Undo", told.batch.id, hint=hint, confirm=sure)


def _load(load: Sequence[model.Load]) -> Sequence[model.Block]:
    if not load:
        return []
    names = siblings.apart([one.name for one in load], 60)
    told = zip(load, names, strict=True)
    each = [f"{_who(one, name)} {'more than ' if one.more else ''}*{text.number(one.total)}*" for one, name in told]
    line: model.Block = {"type": "section", "text": blocks.marked(text.clip(" · ".join(each), limits.TEXT_OBJECT, markup=True))}
    return [blocks.divider(), blocks.header("Who has how much"), line]


def _who(load: model.Load, name: str) -> str:
    """A member of this workspace as one, anybody else by the name that their system has."""
    return f"<@{text.escape(load.slack_id)}>" if load.slack_id else text.spoken(name)
