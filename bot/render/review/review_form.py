"""The review: many anomalies looked through page by page, some ticked, one thing done with them; and what is confirmed afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Any

from bot import model
from bot.render import siblings
from bot.render.anomaly import anomaly_forms, rows, wording
from bot.render.batch import batch_wording
from bot.render.kit import blocks, ids, limits, modals, text, unheard
from bot.render.review import review_input

PAGE = 10
"""Slack's most for check boxes in one block."""
MOST_PICKED = 200
"""Ticks on other pages that a form remembers; fewer where the ids are long."""

_LATER = 450
"""Characters that ticks on other pages leave free for what is chosen in the form: the next one carries that, too (`original_form`)."""

_TITLE = "Review"
_EXAMPLE = "status:active severity:high,critical since:7d"


# --- what the form carries --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Held:
    """What fits into the form's private_metadata: the anomalies that are shown, the ticks on other pages, and how many were left out."""

    metadata: str
    shown: tuple[model.Anomaly, ...] = ()
    elsewhere: tuple[str, ...] = ()
    unshown: int = 0
    forgotten: int = 0


def _hold(page: model.ReviewPage) -> _Held | None:
    """None when not even the filter fits."""
    said: dict[str, Any] = {"words": page.scope.words, "card": page.scope.card, "source": page.source, "offset": page.offset}
    said |= {"version": page.scope.version, "severity": page.scope.severity, "channel": page.channel, "shown": [], "picked": []}
    room = limits.PRIVATE_METADATA - len(_json(said))
    if room < 0:
        return None
    listed = {ids.pick(anomaly.ref, page.source): anomaly for anomaly in page.anomalies}
    usable = [ident for ident in listed if 0 < text.size(ident, markup=True) <= limits.OPTION_VALUE and ident.strip()]
    shown = _within(usable[:PAGE], room)
    beyond = sorted(page.picked - listed.keys(), key=lambda ident: (len(ident), ident))
    picked = _within(beyond[:MOST_PICKED], room - sum(map(_weight, shown)) - _LATER)
    metadata = _json({**said, "shown": shown, "picked": picked})
    anomalies = tuple(listed[ident] for ident in shown)
    return _Held(metadata, anomalies, tuple(picked), len(page.anomalies) - len(shown), len(beyond) - len(picked))


def _json(said: object) -> str:
    """Plain ASCII: one unit for each character."""
    return json.dumps(said, separators=(",", ":"))


def _weight(ident: str) -> int:
    return len(_json(ident)) + 1


def _within(idents: Sequence[str], room: int) -> list[str]:
    """The first ones that fit."""
    kept = []
    for ident in idents:
        room -= _weight(ident)
        if room < 0:
            break
        kept.append(ident)
    return kept


# --- the form ---------------------------------------------------------------------------------------------------------------------


def form(page: model.ReviewPage, capabilities: model.Capabilities) -> model.Block:
    """A page of the review: the filter, up to ten anomalies to tick, which ones are meant, and one action, of which none is preselected.

    Where there is nothing to act on it is the filter field and a sentence; Slack wants a submit button beside a field, so it says Search.
    """
    action = _action(review_input.offered(capabilities))
    held = _hold(page if action else replace(page, anomalies=()))
    if held is None or not held.shown:
        return _nothing(page, capabilities, held)
    parts = [
        *_top(page, page.scope),
        blocks.section(_heading(page)),
        *unheard.down(page.unheard, "list"),
        *((blocks.context(batch_wording.later(page.later)),) if page.later else ()),
        _boxes(page, held),
        *unheard.aside(page.unheard, "list"),
        *_remarks(page, held),
        *_steps(page, len(page.anomalies)),
        *_which(page),
        *action,
        *_people(capabilities),
    ]
    return limits.fit_view(modals.window(_TITLE, parts, callback=ids.REVIEW_VIEW, submit="Continue", metadata=held.metadata))


def _nothing(page: model.ReviewPage, capabilities: model.Capabilities, held: _Held | None) -> model.Block:
    """Why there is nothing to tick. A filter that fits into no form stays in its field alone: it can be shortened there."""
    scope = page.scope if held else model.ReviewScope()
    metadata = held.metadata if held else _json({"words": "", "card": "", "offset": 0, "channel": text.clip(page.channel, 40)})
    silent = unheard.rows(page.unheard, "list")
    parts = [*_top(page, scope), blocks.section(_empty(page, capabilities, held)), *silent, *(_steps(page, 0) if held else ())]
    view = modals.window(_TITLE, parts, callback=ids.REVIEW_VIEW, submit="" if page.scope.card else "Search", metadata=metadata)
    return limits.fit_view({**view, "callback_id": ids.REVIEW_VIEW, "private_metadata": metadata})


def _top(page: model.ReviewPage, scope: model.ReviewScope) -> list[model.Block]:
    """The filter field, unless it is the members of a group card, and what is wrong with what was typed. `scope` is what comes back."""
    notice = [blocks.section(text.sentence(text.short(page.notice, 500)))] if page.notice.strip() else []
    if page.scope.card:
        return notice
    element: model.Block = {
        "type": "plain_text_input",
        "action_id": ids.REVIEW_FILTER,
        "placeholder": blocks.plain(_EXAMPLE, limits.PLACEHOLDER),
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    if page.scope.words:
        element["initial_value"] = text.clip(page.scope.words, limits.INPUT_TEXT, markup=True)
    field = modals.entry(review_input.filter_block(scope), "Filter, applied with Enter", element, optional=True)
    return [{**field, "dispatch_action": True}, *notice]


def _empty(page: model.ReviewPage, capabilities: model.Capabilities, held: _Held | None) -> str:
    if held is None:
        return "This filter is longer than a form in Slack can hold. Shorten it and press Enter."
    if not review_input.offered(capabilities):
        return f"{text.short(capabilities.title, 40, 'This system')} lets nobody change anomalies from here, so there is nothing to review."
    if held.unshown:
        return "The ids of these anomalies are longer than a form in Slack can hold. Handle them with /anomalies list."
    if page.offset:
        return "There is nothing more on this page: the list has become shorter."
    if page.scope.card:
        return "None of the anomalies of this card can be found any more."
    asked = f"No anomaly matches: {text.short(page.scope.words, 300)}." if page.scope.words.strip() else "No anomaly is open."
    return f"{asked} Change the filter and press Enter."


def _heading(page: model.ReviewPage) -> str:
    """ "Anomalies 21-30 of 412 that match"."""
    kind = 0 if page.scope.card else 1 if page.scope.words.strip() else 2
    if page.total == 1:
        return f"The one anomaly {('of this card', 'that matches', 'that is not archived')[kind]}"
    among = ("of this card", "that match", "that are not archived")[kind]
    first, last = page.offset + 1, page.offset + len(page.anomalies)
    shown = text.number(first) if first == last else f"{text.number(first)}-{text.number(last)}"
    if page.total is None:
        return f"Anomalies {shown} of those {among}; how many there are in all is not known"
    by_system = unheard.by_system(page.totals)
    return f"Anomalies {shown} of {text.number(page.total)} {among}{f' ({by_system})' if by_system else ''}"


def _boxes(page: model.ReviewPage, held: _Held) -> model.Block:
    """The check boxes. A lone anomaly is ticked already: there is nothing to choose from."""
    tables = siblings.by_name([anomaly.container.name for anomaly in held.shown if anomaly.container], 24, "")
    labels = siblings.apart(
        [_label(anomaly, tables[anomaly.container.name] if anomaly.container else "") for anomaly in held.shown], limits.OPTION
    )
    told = _told_apart([anomaly.ref for anomaly in held.shown], page)
    options = [_option(*row, page) for row in zip(held.shown, labels, told, strict=True)]
    ticked = [option for option in options if option["value"] in page.picked or _lone(page)]
    element: model.Block = {"type": "checkboxes", "action_id": ids.REVIEW_PICK, "options": options}
    if ticked:
        element["initial_options"] = ticked
    return modals.entry(
        review_input.pick_block(page.offset, (ids.pick(anomaly.ref, page.source) for anomaly in held.shown)),
        "Tick anomalies",
        element,
        optional=True,
    )


def _lone(page: model.ReviewPage) -> bool:
    return page.total == 1 and len(page.anomalies) == 1


def _label(anomaly: model.Anomaly, table: str) -> str:
    """ "[mark] High · orders · customer_id not null"."""
    where = table or text.clip(rows.subject(anomaly), 36)
    return wording.dotted(f"{rows.mark(anomaly.severity)} {rows.severity(anomaly.severity)}", where, rows.finding(anomaly, rows.WHOLE))


def _told_apart(refs: Sequence[model.Ref], page: model.ReviewPage) -> Sequence[str]:
    """Their ids, with their systems where there are several."""
    if max(len(page.totals), len(page.capabilities_of)) < 2:
        return [f"#{ident}" for ident in siblings.apart([ref.id for ref in refs], 15)]
    return siblings.apart([str(ref) for ref in refs], 24)


def _option(anomaly: model.Anomaly, first: str, named: str, page: model.ReviewPage) -> model.Block:
    """The label above "11 of 1.84 M rows · 12 Nov 2026 · Dana · #1001": a row of a list in the room of a check box."""
    capabilities = page.capabilities_of.get(anomaly.ref.source)
    stands = text.clip(rows.standing(anomaly, capabilities), 20)
    told = wording.dotted(text.clip(rows.evidence(anomaly), 36), _day(anomaly), stands, text.clip(rows.who(anomaly, capabilities), 24))
    room = limits.OPTION - text.size(f" · {named}")
    return blocks.option(first, ids.pick(anomaly.ref, page.source), wording.dotted(text.clip(told, room), named))


def _day(anomaly: model.Anomaly) -> str:
    """ "12 Nov 2026": an option holds no date token, so it is the day in UTC."""
    at = anomaly.created.astimezone(UTC)
    return f"{at.day} {at:%b %Y}"


def _remarks(page: model.ReviewPage, held: _Held) -> tuple[model.Block, ...]:
    """What the check boxes do not show: ticks on other pages, and what is left out."""
    said = []
    if held.elsewhere:
        verb = "is" if len(held.elsewhere) == 1 else "are"
        said.append(f"{text.number(len(held.elsewhere))} more {verb} ticked on other pages.")
    if held.forgotten:
        lost = f"{text.count(held.forgotten, 'tick')} {'is' if held.forgotten == 1 else 'are'} lost"
        instead = f"Take {_everything(page)} below instead, or a part of them first."
        said.append(f"A form in Slack can remember no more, so {lost}. {instead}")
    if held.unshown:
        said.append(f"{text.number(held.unshown)} of this page cannot be ticked here because of long ids; see /anomalies list.")
    return (blocks.context(" ".join(said)),) if said else ()


def _steps(page: model.ReviewPage, shown: int) -> tuple[model.Block, ...]:
    onward = page.offset + shown
    more = shown >= PAGE if page.total is None else onward < page.total
    back = blocks.button(ids.REVIEW_BACK, "Previous page", str(max(0, page.offset - PAGE))) if page.offset else None
    forth = blocks.button(ids.REVIEW_NEXT, "Next page", str(onward)) if more and shown else None
    return blocks.actions(back, forth)


def _which(page: model.ReviewPage) -> tuple[model.Block, ...]:
    """Which of them are meant. A page or a filter later it starts again with the ticked ones: the safest."""
    if _lone(page):
        return ()
    options = [
        blocks.option("Ticked ones", review_input.PICKED),
        blocks.option("All on this page", review_input.PAGE),
        blocks.option(_everything(page), review_input.ALL, "On every page, ticked or not"),
    ]
    element = {"type": "radio_buttons", "action_id": ids.REVIEW_WHICH, "options": options, "initial_option": options[0]}
    mark = review_input.mark([page.scope.words, page.scope.card, page.offset, page.total])
    return (modals.entry(f"{ids.REVIEW_WHICH}:{mark}", "Which ones", element),)


def _everything(page: model.ReviewPage) -> str:
    """ "All 412 matching", "All 57 of this card"."""
    among = f"{page.scope.severity} of this card".strip() if page.scope.card else "matching"
    return f"All {among}" if page.total is None else f"All {text.number(page.total)} {among}"


def _action(choices: Sequence[review_input.Choice]) -> tuple[model.Block, ...]:
    options = [blocks.option(choice.label, choice.value, choice.meaning) for choice in choices]
    menu = blocks.menu(ids.REVIEW_ACTION, "Choose what to do", options, "type /anomalies archive")
    return (modals.entry(ids.REVIEW_ACTION, "Action", menu),) if menu else ()


def _people(capabilities: model.Capabilities) -> tuple[model.Block, ...]:
    if model.Action.ASSIGN not in capabilities.supports:
        return ()
    element: model.Block = {
        "type": "multi_users_select",
        "action_id": ids.REVIEW_PEOPLE,
        "placeholder": blocks.plain("Choose people", limits.PLACEHOLDER),
        "max_selected_items": anomaly_forms.MOST_PEOPLE,
    }
    field = modals.entry(ids.REVIEW_PEOPLE, "Assign to", element, optional=True)
    return ({**field, "hint": blocks.plain("Whoever is chosen is assigned as well, whatever the action, in place of who is now.")},)


# --- the confirmation -------------------------------------------------------------------------------------------------------------


def preview(message: model.Message, batch: model.Batch, todo: int) -> model.Block:
    """The preview of a batch as a modal; what its buttons did does [Acknowledge 4], and closing it cancels. Nothing to do: no button."""
    shown = [block for block in message.blocks if block.get("type") != "actions"]
    parts = shown or [blocks.section(text.short(text.unspoken(message.text), limits.TEXT_OBJECT))]
    submit = text.capital(batch_wording.short(batch, todo)) if todo > 0 else ""
    return limits.fit_view(
        modals.window(_TITLE, parts, callback=ids.REVIEW_CONFIRM_VIEW, submit=submit, metadata=f"{batch.channel}|{batch.id}")
    )


def read_preview(view: Mapping[str, Any]) -> tuple[str, str]:
    """The batch's id and its channel ("" for none). Raises ValueError for other modals."""
    channel, found, ident = str(view.get("private_metadata") or "").partition("|")
    if not found or not ident or view.get("callback_id", ids.REVIEW_CONFIRM_VIEW) != ids.REVIEW_CONFIRM_VIEW:
        raise ValueError("this modal confirms no batch")
    return ident, channel
