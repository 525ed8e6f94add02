"""The buttons of an anomaly: one table, and which rows of it make sense now.

Order is deliberate: the primary button first, closing in a menu that has to be opened, nothing that undoes work beside the primary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot import model
from bot.core import closings, grammar, phrases, transitions, vocabulary
from bot.render import siblings
from bot.render.anomaly import rows, wording
from bot.render.kit import blocks, ids, limits, text


@dataclass(frozen=True, slots=True)
class _Row:
    """One button: the capability it needs, how it is drawn, how it is announced to those who cannot see it."""

    action: model.Action
    action_id: str
    label: str
    spoken: str
    style: str = ""


_REOPEN = _Row(model.Action.REOPEN, ids.REOPEN, "Reopen", "Reopen")
_BEFORE_MENU = (
    _Row(model.Action.ACKNOWLEDGE, ids.ACKNOWLEDGE, "Acknowledge", "Acknowledge", "primary"),
    _REOPEN,
    _Row(model.Action.ASSIGN, ids.ASSIGN, "Assign…", "Assign people to"),
)
_AFTER_MENU = (_Row(model.Action.UNACKNOWLEDGE, ids.UNACKNOWLEDGE, "Un-acknowledge", "Take back the acknowledgement of"),)


@dataclass(frozen=True, slots=True)
class _More:
    """One entry of the [...] menu, the capability it needs (None: none), whether it is for open anomalies of a known table alone, whether
    for those that a click would take, and the command that does the same (None: the details tell it, too)."""

    choice: str
    label: str
    needs: model.Action | None = None
    open_table: bool = False
    taken: bool = False
    typed: str | None = None


_MORE = (
    _More(ids.MORE_DETAILS, "Details"),
    _More(ids.MORE_ONLY, "Acknowledge only", model.Action.ACKNOWLEDGE, taken=True, typed="ack {ident}"),
    _More(ids.MORE_COMMENT, "Comment…", model.Action.COMMENT, typed="note {ident} <text>"),
    _More(ids.MORE_VERIFY, "Fixed, verify", model.Action.SCAN, open_table=True, typed=""),
    _More(ids.MORE_HISTORY, "History"),
    _More(ids.MORE_WHY, "Why this card", typed="why {ident}"),
)
"""The most wanted first: Slack shows five entries, with the link; the details and the words of a system come before the others, and what
has no room is told by the details, with its command."""


def row(anomaly: model.Anomaly, capabilities: model.Capabilities, *, among: bool = False) -> tuple[model.Block, ...]:
    """The buttons that the system supports and that make sense as the anomaly stands; none for one that is gone. `among`: there are rows of
    others beside it, so that a menu, which has no name but its words, says which it is about."""
    if wording.gone(anomaly):
        return ()
    offered = transitions.offered(anomaly, capabilities.supports)
    closing = [_archive(anomaly, capabilities, among=among)] if model.Action.ARCHIVE in offered else []
    more = blocks.overflow(ids.MORE, [entry for entry, _ in _menu(anomaly, capabilities)])
    pressed = blocks.actions(
        *(_button(entry, anomaly) for entry in _BEFORE_MENU if entry.action in offered),
        *closing,
        *(_button(entry, anomaly) for entry in _AFTER_MENU if entry.action in offered),
        more,
    )
    return (*pressed, blocks.context(_UNFIT)) if None in (*closing, more) else pressed


def reopen(anomaly: model.Anomaly, capabilities: model.Capabilities) -> model.Block | None:
    """The one button of what is closed."""
    offered = transitions.offered(anomaly, capabilities.supports)
    return _button(_REOPEN, anomaly) if model.Action.REOPEN in offered else None


def open_in(capabilities: model.Capabilities) -> str:
    """The label of the link: "Open in Acme"."""
    return f"Open in {text.short(capabilities.title, 40)}"


def show(ref: model.Ref, version: int, label: str = "Show", hint: str = "") -> model.Block:
    """A button that shows one anomaly to whoever presses it."""
    return blocks.button(ids.SHOW, label, ids.encode(ref, version), hint=hint)


def details(anomaly: model.Anomaly) -> model.Block:
    """A button that opens the details, where there is room for one."""
    return blocks.button(ids.DETAILS, "Details", ids.encode(anomaly.ref, anomaly.version), hint=f"Details of {_which(anomaly)}")


def possible(anomaly: model.Anomaly, capabilities: model.Capabilities) -> str:
    """What can be done, as mrkdwn for those who read only the text: "You can acknowledge or assign it with the buttons." and a link."""
    offered = () if wording.gone(anomaly) else transitions.offered(anomaly, capabilities.supports)
    verbs = [vocabulary.order(action) for action in _SPOKEN if action in offered]
    here = f"You can {phrases.either(verbs)} it with the buttons" if verbs else ""
    there = text.link(anomaly.url, open_in(capabilities)) if text.url(anomaly.url) else ""
    return text.sentence(here, there)


_SPOKEN = (model.Action.ACKNOWLEDGE, model.Action.ASSIGN, model.Action.ARCHIVE, model.Action.UNACKNOWLEDGE, model.Action.REOPEN)
"""The buttons that are spoken of, in this order."""


def _button(entry: _Row, anomaly: model.Anomaly) -> model.Block:
    value = ids.encode(anomaly.ref, anomaly.version)
    return blocks.button(entry.action_id, entry.label, value, style=entry.style, hint=f"{entry.spoken} {_which(anomaly)}")


_UNFIT = f"Its id is too long for a menu in Slack: type {grammar.SLASH} archive, note, history or why, and the id behind it."


def _which(anomaly: model.Anomaly) -> str:
    """ "#1001: orders · customer_id not null"; the id first, because it tells them apart."""
    return f"#{text.short(anomaly.ref.id, _IDENT)}: {rows.title(anomaly)}"


_IDENT = 36
"""Characters of an id in what is said of a button, which has 75."""


def _archive(anomaly: model.Anomaly, capabilities: model.Capabilities, *, among: bool) -> model.Block | None:
    """The menu of outcomes; one plain button where closing has no reason."""
    choices = closings.chosen(capabilities.archive_as)
    if not choices:
        value = ids.encode_choice("", anomaly.ref, anomaly.version)
        return blocks.button(ids.ARCHIVE, "Archive", value, hint=f"Archive {_which(anomaly)}")
    options = [
        blocks.option(label, ids.encode_choice(one.word, anomaly.ref, anomaly.version), wording.meaning(one))
        for label, one in zip(wording.ways(choices, limits.OPTION), choices, strict=True)
    ]
    words = f"Archive #{text.short(anomaly.ref.id, _IDENT)} as…" if among else "Archive as…"
    return blocks.menu(ids.ARCHIVE, words, options, f"type {grammar.SLASH} archive")


def _menu(anomaly: model.Anomaly, capabilities: model.Capabilities) -> Sequence[tuple[model.Block, str]]:
    """What the [...] menu does hold."""
    return [one for one in _entries(anomaly, capabilities) if blocks.carries(one[0]["value"])][: limits.OVERFLOW_OPTIONS]


def _entries(anomaly: model.Anomaly, capabilities: model.Capabilities) -> Sequence[tuple[model.Block, str]]:
    """What the [...] menu would hold if it were long enough, each with the command that does the same, "" where none is needed."""
    link = blocks.link_option(open_in(capabilities), ids.encode_choice(ids.MORE_OPEN, anomaly.ref, anomaly.version), anomaly.url)
    first, rest = ([one for one in _MORE if (one.choice in _FIRST) is wanted] for wanted in (True, False))
    return [
        *([(link, "")] if link else []),
        *(_entry(one, anomaly) for one in first if _fits(one, anomaly, capabilities)),
        *_stages(anomaly, capabilities),
        *(_entry(one, anomaly) for one in rest if _fits(one, anomaly, capabilities)),
    ]


_FIRST = (ids.MORE_DETAILS, ids.MORE_ONLY)


def _fits(one: _More, anomaly: model.Anomaly, capabilities: model.Capabilities) -> bool:
    open_ = anomaly.state is not model.State.ARCHIVED
    return (
        (one.needs is None or one.needs in capabilities.supports)
        and (not one.open_table or (open_ and anomaly.container is not None))
        and (not one.taken or takes(anomaly, capabilities))
    )


def _entry(one: _More, anomaly: model.Anomaly) -> tuple[model.Block, str]:
    block = blocks.option(one.label, ids.encode_choice(one.choice, anomaly.ref, anomaly.version))
    if one.typed is None:
        return block, ""
    return block, f"{grammar.SLASH} {one.typed.format(ident=anomaly.ref.id)}" if one.typed else _scan(anomaly)


def _scan(anomaly: model.Anomaly) -> str:
    """The command that scans its table; "" where it is in none."""
    if anomaly.datastore is None or anomaly.container is None:
        return ""
    scan = grammar.ScanCommand("scan", (anomaly.datastore.name,), (anomaly.container.name,))
    return f"{grammar.SCAN_SLASH} {grammar.scan_words(scan)}"


def _stages(anomaly: model.Anomaly, capabilities: model.Capabilities) -> Sequence[tuple[model.Block, str]]:
    """What an acknowledged one may be called besides, without what it is called now."""
    if anomaly.state is model.State.ARCHIVED or model.Action.ACKNOWLEDGE not in capabilities.supports:
        return []
    other = [one for one in capabilities.stages if one.word.casefold() != anomaly.status.casefold()]
    labels = siblings.things([(one.word, one.title) for one in other], limits.OPTION)
    values = [ids.encode_choice(f"{ids.MORE_STAGE}{one.word}", anomaly.ref, anomaly.version) for one in other]
    commands = [f"{grammar.SLASH} ack {anomaly.ref.id} as:{one.word.casefold()}" for one in other]
    return [
        (blocks.option(label, value, one.meaning), command)
        for label, value, one, command in zip(labels, values, other, commands, strict=True)
    ]


def typed(anomaly: model.Anomaly, capabilities: model.Capabilities) -> Sequence[str]:
    """Commands for what has no room in the [...] menu, and for what is asked for by a command alone."""
    if wording.gone(anomaly):
        return ()
    case = [f"{grammar.SLASH} case {anomaly.ref.id} <case>"] if model.Action.CASE in capabilities.supports else []
    held = _menu(anomaly, capabilities)
    return [*(command for entry, command in _entries(anomaly, capabilities) if command and (entry, command) not in held), *case]


def takes(anomaly: model.Anomaly, capabilities: model.Capabilities) -> bool:
    """Whether acknowledging it takes it, too: nobody has it yet."""
    offered = transitions.offered(anomaly, capabilities.supports)
    both = model.Action.ACKNOWLEDGE in offered and model.Action.ASSIGN in offered
    return capabilities.ack_takes and both and not anomaly.assignees
