"""The forms of one anomaly (assign, who is this, comment, duplicate), and the way back: what their private_metadata and state say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot import errors, model
from bot.core import attribution
from bot.render import siblings
from bot.render.anomaly import rows, wording
from bot.render.kit import blocks, ids, limits, modals, text

MOST_PEOPLE = 20
"""How many people one anomaly can be assigned to from Slack: the pickers that follow still fit into one modal."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a modal is about: the anomaly, the version that was shown, the channel that it was opened from ("" for none), and the
    ids of those assignees whom Slack's picker cannot show: nobody can take them off there, so they stay."""

    ref: model.Ref
    version: int
    channel: str = ""
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assigning:
    """A submitted assign modal: the Slack users chosen."""

    pending: Pending
    chosen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picking:
    """A picker: all Slack users of the assignment that waits for it, and (once submitted) the system's user picked for each unknown one."""

    pending: Pending
    chosen: tuple[str, ...]
    picked: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Commenting:
    """A submitted comment."""

    pending: Pending
    text: str


def assign(
    anomaly: model.Anomaly,
    capabilities: model.Capabilities,
    channel: str = "",
    linked: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
) -> model.Block:
    """Who looks after this anomaly, several people; an empty choice takes those shown off.

    `linked` is the Slack id of each present assignee (by the system's id) whom somebody knows; the others are named and stay assigned.
    Raises NotSupported for an id that no form can carry.
    """
    known = linked or {}
    friends = [person for person in anomaly.assignees if known.get(person.id)]
    shown = list(dict.fromkeys(known[person.id] for person in friends))[:MOST_PEOPLE]
    strangers = [person for person in anomaly.assignees if known.get(person.id) not in shown]
    title = text.short(capabilities.title, 40)
    said = [f"Whoever is chosen becomes an assignee in {title}; whoever is removed here is taken off there."]
    if strangers:
        verb = "stays" if len(strangers) == 1 else "stay"
        said.append(f"{wording.assignees(strangers)} {verb} assigned too: not shown in this form, so only {title} can take them off.")
    select: model.Block = {
        "type": "multi_users_select",
        "action_id": ids.ASSIGN_PEOPLE,
        "placeholder": blocks.plain("Choose people"),
        "max_selected_items": MOST_PEOPLE,
        **({"initial_users": shown} if shown else {}),
    }
    parts = [
        _about(anomaly, capabilities),
        modals.entry(ids.ASSIGN_PEOPLE, "Assign to", select, optional=True),
        *(blocks.context(line) for line in said),
    ]
    parts += [blocks.context(text.short(note, 500)) for note in notes]
    pending = Pending(anomaly.ref, anomaly.version, channel, tuple(person.id for person in strangers))
    return limits.fit_view(modals.window("Assign", parts, callback=ids.ASSIGN_VIEW, submit="Assign", metadata=_metadata(pending)))


def pick(pending: Pending, chosen: Sequence[str], unknown: Sequence[model.Actor], capabilities: model.Capabilities) -> model.Block:
    """One picker of the system's users for each Slack person whom nobody knows there.

    The assignment to all `chosen` Slack users waits in the modal and happens after it.
    """
    system = text.short(capabilities.title, 40)
    parts = [blocks.section(f"Choose who they are in {system}. The choice is remembered, and then the anomaly is assigned.")]
    strangers = unknown[:MOST_PEOPLE]
    names = siblings.things([(stranger.id, stranger.name.strip() or stranger.id) for stranger in strangers], 80)
    for stranger, name in zip(strangers, names, strict=True):
        select: model.Block = {
            "type": "external_select",
            "action_id": ids.LINK_PERSON,
            "min_query_length": 0,
            "placeholder": blocks.plain(f"Find a user of {system}"),
        }
        parts.append(modals.entry(ids.link_block(stranger.id), f"{name} in Slack is this user of {system}", select))
    metadata = _metadata(pending, chosen=list(chosen)[:MOST_PEOPLE])
    return limits.fit_view(modals.window("Who is this?", parts, callback=ids.LINK_VIEW, submit="Remember and assign", metadata=metadata))


def comment(anomaly: model.Anomaly, capabilities: model.Capabilities, channel: str = "") -> model.Block:
    """A remark on one anomaly, kept in its system. Raises NotSupported for an impossible id."""
    field: model.Block = {"type": "plain_text_input", "action_id": ids.COMMENT_TEXT, "multiline": True, "min_length": 1}
    longest = capabilities.longest_comment - attribution.SIGNATURE if capabilities.longest_comment else limits.INPUT_TEXT
    field["max_length"] = min(limits.INPUT_TEXT, longest)
    parts = [
        _about(anomaly, capabilities),
        modals.entry(ids.COMMENT_TEXT, "Comment", field),
        blocks.context(f"It is kept in {text.short(capabilities.title, 40)}, where everybody with access to the anomaly can read it."),
    ]
    pending = Pending(anomaly.ref, anomaly.version, channel)
    return limits.fit_view(modals.window("Comment", parts, callback=ids.COMMENT_VIEW, submit="Comment", metadata=_metadata(pending)))


def options(people: Sequence[model.Person]) -> model.Block:
    """The answer to a picker that asks for the system's users: at most 100, "Lee Park (lee@acme.example)"; and what it cannot hold."""
    usable = [person for person in people if 0 < text.size(person.id, markup=True) <= limits.OPTION_VALUE]
    shown = usable[: limits.OPTIONS]
    labels = siblings.things([(person.id, _person(person)) for person in shown], limits.OPTION)
    options = [blocks.option(label, person.id) for label, person in zip(labels, shown, strict=True)]
    return limits.offered(options, len(usable), len(people) - len(usable), "use /anomalies link")


def _person(person: model.Person) -> str:
    address = text.squeeze(person.email, "")
    name = text.squeeze(person.name, address or f"user {text.short(person.id, 40)}")
    return f"{name} ({address})" if address and address != name else name


def _about(anomaly: model.Anomaly, capabilities: model.Capabilities) -> model.Block:
    """Which one, in the words of its card, and how it stands."""
    return blocks.section(f"{rows.named(anomaly, rows.FULL)}\n{wording.standing(anomaly, capabilities)}")


def _metadata(pending: Pending, **more: object) -> str:
    known = {"ref": str(pending.ref), "version": pending.version, "channel": pending.channel, "kept": list(pending.kept), **more}
    said = json.dumps(known, separators=(",", ":"))
    if text.size(said, markup=True) > limits.PRIVATE_METADATA:
        raise errors.NotSupported("This anomaly carries more than a form in Slack can hold. Open it in its own web app instead.")
    return said


def _known(view: Mapping[str, Any]) -> tuple[Pending, Mapping[str, Any]]:
    """What the modal was given. Raises ValueError for anything that `_metadata` did not write."""
    said = json.loads(view.get("private_metadata") or "null")
    if not isinstance(said, dict):
        raise ValueError("this modal carries nothing of ours")
    try:
        ref, version = model.Ref.parse(str(said["ref"])), int(said["version"])
        return Pending(ref, version, str(said.get("channel", "")), _texts(said.get("kept"))), said
    except (KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"this modal lacks {error}") from error


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value or [], list):
        raise ValueError("this modal carries something else where a list belongs")
    return tuple(str(one) for one in value or ())


def read_assign(view: Mapping[str, Any]) -> Assigning:
    """A submitted assign modal. Raises ValueError for others."""
    pending, _ = _known(view)
    chosen = modals.submitted(view, ids.ASSIGN_PEOPLE).get("selected_users") or ()
    return Assigning(pending, tuple(str(slack_id) for slack_id in chosen))


def read_pick(view: Mapping[str, Any]) -> Picking:
    """A picker, submitted or still open; people for whom nobody was picked are missing from `picked`. Raises ValueError for others."""
    pending, said = _known(view)
    picked = {}
    for block_id in (view.get("state") or {}).get("values") or {}:
        slack_id = ids.linked_slack_id(block_id)
        option = modals.submitted(view, block_id).get("selected_option") or {}
        if slack_id and option.get("value"):
            picked[slack_id] = str(option["value"])
    return Picking(pending, _texts(said.get("chosen")), picked)


def read_comment(view: Mapping[str, Any]) -> Commenting:
    """A submitted comment, as it was typed. Raises ValueError for other modals."""
    pending, _ = _known(view)
    return Commenting(pending, str(modals.submitted(view, ids.COMMENT_TEXT).get("value") or ""))


# --- a duplicate, and of what ---------------------------------------------------------------------------------------------------

DUPLICATE_TITLE = "Duplicate of…"


@dataclass(frozen=True, slots=True)
class Duplicating:
    """A submitted form: the way of closing, what was chosen from the same table and what was typed, each "" for nothing."""

    pending: Pending
    archive_as: str
    picked: str
    typed: str

    @property
    def original(self) -> str:
        """The original as somebody gave it, "" where nobody did."""
        return self.typed.strip() or self.picked


def duplicate(
    anomaly: model.Anomaly,
    capabilities: model.Capabilities,
    archive_as: str,
    others: Sequence[model.Anomaly] = (),
    found: int = 0,
    channel: str = "",
) -> model.Block:
    """Asks for the original, which may be left out. `others` are of the same table, where there are `found` in all. Raises NotSupported for
    an impossible id."""
    kept = f"It is kept in the history, and left as a comment in {text.short(capabilities.title, 40)}."
    parts = [
        _about(anomaly, capabilities),
        *asking(others, found, kept if model.Action.COMMENT in capabilities.supports else "It is kept in the history"),
    ]
    closed = wording.closed(archive_as, capabilities.archive_as)
    pending = Pending(anomaly.ref, anomaly.version, channel)
    metadata = _metadata(pending, outcome=archive_as)
    submit = text.short(f"Archive as {closed}", limits.VIEW_TITLE)
    return limits.fit_view(modals.window(DUPLICATE_TITLE, parts, callback=ids.DUPLICATE_VIEW, submit=submit, metadata=metadata))


def asking(others: Sequence[model.Anomaly], found: int, kept: str) -> Sequence[model.Block]:
    """A menu of the same table, a field for whatever is not in it, and what becomes of the answer."""
    menu = _originals(others, found)
    typed: model.Block = {
        "type": "plain_text_input",
        "action_id": ids.DUPLICATE_OF,
        "max_length": limits.INPUT_TEXT,
        "placeholder": blocks.plain("1001, or a link to it"),
    }
    return [
        *((modals.entry(ids.DUPLICATE_PICK, "Original, from the same table", menu, optional=True),) if menu else ()),
        modals.entry(ids.DUPLICATE_OF, "Or its id, or a link to it" if menu else "Original: its id, or a link to it", typed, optional=True),
        blocks.context(text.sentence("Whoever finds this later sees what it is a duplicate of", kept, "You may leave it out")),
    ]


def _originals(others: Sequence[model.Anomaly], found: int) -> model.Block | None:
    """ "#1074 · Active · customer_id not null"; the id first, because it tells them apart. How many more there are is said above them."""
    idents = siblings.apart([one.ref.id for one in others], 24)
    told = [f"{wording.state(one)} · {rows.finding(one, rows.WHOLE)}" for one in others]
    words = siblings.apart(told, limits.OPTION - len("# · ") - max(map(text.size, idents), default=0))
    options = [blocks.option(f"#{ident} · {said}", one.ref.id) for ident, said, one in zip(idents, words, others, strict=True)]
    below = "type the id below"
    return blocks.menu(ids.DUPLICATE_PICK, "Choose the original", options, below, found=found, rest=f"{below} for another one")


def read_duplicate(view: Mapping[str, Any]) -> Duplicating:
    """A submitted form. Raises ValueError for other modals."""
    pending, known = _known(view)
    return Duplicating(pending, str(known.get("outcome") or ""), *answered(view))


def answered(view: Mapping[str, Any]) -> tuple[str, str]:
    """The original that was chosen and the one that was typed, each "" for nothing."""
    picked = (modals.submitted(view, ids.DUPLICATE_PICK).get("selected_option") or {}).get("value") or ""
    return str(picked), str(modals.submitted(view, ids.DUPLICATE_OF).get("value") or "")
