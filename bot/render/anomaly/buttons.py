"""The buttons of an anomaly: one table, and which rows of it make sense now.

Order is deliberate: the primary button first, closing in a menu that has to be opened, nothing that undoes work beside the primary.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot import model
from bot.core import closings, phrases, transitions, vocabulary
from bot.render.anomaly import wording
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
    """One entry of the [...] menu, the capability it needs (None: none), whether it is for open anomalies of a known table alone, and
    whether for those that a click would take."""

    choice: str
    label: str
    needs: model.Action | None = None
    open_table: bool = False
    taken: bool = False


_MORE = (
    _More(ids.MORE_ONLY, "Acknowledge only", model.Action.ACKNOWLEDGE, taken=True),
    _More(ids.MORE_COMMENT, "Comment…", model.Action.COMMENT),
    _More(ids.MORE_VERIFY, "Fixed, verify", model.Action.SCAN, open_table=True),
    _More(ids.MORE_HISTORY, "History"),
    _More(ids.MORE_WHY, "Why this card"),
)
"""The most wanted first: Slack shows five entries, with the link; the others have a command."""


def row(anomaly: model.Anomaly, capabilities: model.Capabilities) -> tuple[model.Block, ...]:
    """The buttons that the system supports and that make sense as the anomaly stands; none for one that is gone."""
    if wording.gone(anomaly):
        return ()
    offered = transitions.offered(anomaly, capabilities.supports)
    return blocks.actions(
        *(_button(entry, anomaly) for entry in _BEFORE_MENU if entry.action in offered),
        _archive(anomaly, capabilities) if model.Action.ARCHIVE in offered else None,
        *(_button(entry, anomaly) for entry in _AFTER_MENU if entry.action in offered),
        _more(anomaly, capabilities),
    )


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
    return blocks.button(entry.action_id, entry.label, value, style=entry.style, hint=f"{entry.spoken} {wording.title(anomaly)}")


def _archive(anomaly: model.Anomaly, capabilities: model.Capabilities) -> model.Block | None:
    """The menu of outcomes; one plain button where closing has no reason."""
    choices = closings.chosen(capabilities.archive_as)
    if not choices:
        value = ids.encode_choice("", anomaly.ref, anomaly.version)
        return blocks.button(ids.ARCHIVE, "Archive", value, hint=f"Archive {wording.title(anomaly)}")
    options = [
        blocks.option(
            wording.closed(choice.word, choices), ids.encode_choice(choice.word, anomaly.ref, anomaly.version), wording.meaning(choice)
        )
        for choice in choices
    ]
    return blocks.menu(ids.ARCHIVE, "Archive as…", options)


def _more(anomaly: model.Anomaly, capabilities: model.Capabilities) -> model.Block | None:
    open_ = anomaly.state is not model.State.ARCHIVED
    stages = [one for one in capabilities.stages if open_ and model.Action.ACKNOWLEDGE in capabilities.supports]
    link = blocks.link_option(open_in(capabilities), ids.encode_choice(ids.MORE_OPEN, anomaly.ref, anomaly.version), anomaly.url)
    options = [link] if link else []
    options += [
        blocks.option(one.title, ids.encode_choice(f"{ids.MORE_STAGE}{one.word}", anomaly.ref, anomaly.version), one.meaning)
        for one in stages
        if one.word.casefold() != anomaly.status.casefold()
    ]
    options += [
        blocks.option(entry.label, ids.encode_choice(entry.choice, anomaly.ref, anomaly.version))
        for entry in _MORE
        if (entry.needs is None or entry.needs in capabilities.supports)
        and (not entry.open_table or (open_ and anomaly.container is not None))
        and (not entry.taken or takes(anomaly, capabilities))
    ]
    return blocks.overflow(ids.MORE, options[: limits.OVERFLOW_OPTIONS])


def takes(anomaly: model.Anomaly, capabilities: model.Capabilities) -> bool:
    """Whether acknowledging it takes it, too: nobody has it yet."""
    offered = transitions.offered(anomaly, capabilities.supports)
    both = model.Action.ACKNOWLEDGE in offered and model.Action.ASSIGN in offered
    return capabilities.ack_takes and both and not anomaly.assignees
