"""The last line of a card: who looks into it since when, who does not yet, and what was said about it last. All of it is mrkdwn."""

from __future__ import annotations

from collections.abc import Callable

from bot import model
from bot.core import attribution
from bot.render.anomaly import evidence, wording
from bot.render.kit import text

COMMENT = 120
"""Characters of the newest comment."""

Loud = Callable[[str], str]
"""How what changed is set apart."""

CLOSES = frozenset({model.Action.ARCHIVE.value, "status"})
"""The journal's words for what closes an anomaly."""

_USUAL = {model.State.ACTIVE: "active", model.State.ACKNOWLEDGED: "acknowledged"}
"""Words of systems for how it stands that say no more than the line itself."""


def strong(words: str) -> str:
    """In bold, whatever it is."""
    return f"*{words}*"


def calm(words: str) -> str:
    """As it is, for those who hear it."""
    return words


def line(anomaly: model.Anomaly, capabilities: model.Capabilities, past: model.Recurrence, loud: Loud = strong) -> str:
    """ "Unassigned · waiting since 13:30", "*Dana looks into it* since 13:34 ("late vendor file")"; what changed is `loud`."""
    if anomaly.merged_into is not None:
        return text.spoken(f"It goes on as {text.short(anomaly.merged_into.id, 60)}: nothing is to be done here")
    told = attribution.hands(anomaly, past.lines or ([past.last] if past.last else []))
    say = _acknowledged if anomaly.state is model.State.ACKNOWLEDGED else _waiting
    return wording.dotted(
        _word(anomaly),
        f"{say(anomaly, capabilities, told, loud)}{comment(told)}",
        _last(anomaly, capabilities, told, loud),
        evidence.lasting(anomaly),
        evidence.over(anomaly),
        text.spoken(wording.kept(anomaly, capabilities.title)),
    )


def _word(anomaly: model.Anomaly) -> str:
    """The system's own word for how it stands, where it says more than the rest of the line."""
    usual = anomaly.status.casefold() in ("", _USUAL.get(anomaly.state, ""), str(anomaly.state))
    return "" if usual else text.spoken(text.capital(text.short(anomaly.status, 40, "")))


def _waiting(anomaly: model.Anomaly, capabilities: model.Capabilities, told: attribution.Hands, loud: Loud) -> str:
    names = wording.assignees(anomaly.assignees)
    since = f"waiting, first seen {text.when(anomaly.created)}" if anomaly.undated else f"waiting since {text.when(anomaly.created)}"
    if not names:
        alone = "" if model.Action.ASSIGN not in capabilities.supports else "Unassigned"
        return wording.dotted(alone, since if alone or _word(anomaly) else text.capital(since))
    assigned = loud(text.spoken(f"Assigned to {names}"))
    if told.last is not None and told.last.action == model.Action.ASSIGN:
        by = text.spoken(wording.by(told.last))
        assigned = " ".join(part for part in (assigned, by, text.when(told.last.at)) if part)
    return wording.dotted(assigned, f"not acknowledged, {since}")


def _acknowledged(anomaly: model.Anomaly, capabilities: model.Capabilities, told: attribution.Hands, loud: Loud) -> str:
    first, names = told.acknowledged, wording.assignees(anomaly.assignees)
    since = f" since {text.when(first.at)}" if first is not None else ""
    if first is not None and told.took:
        return f"{loud(text.spoken(f'{text.short(first.actor_name, 60, names)} looks into it'))}{since}"
    by = text.spoken(wording.by(first)) if first is not None else ""
    at = f" {text.when(first.at)}" if first is not None else ""
    if names:
        many = len(anomaly.assignees) > 1
        looks = loud(text.spoken(f"{names} {'look' if many else 'looks'} into it"))
        return wording.dotted(looks, f"acknowledged {by}{at}".replace("  ", " ") if by else f"acknowledged{at}")
    alone = "" if model.Action.ASSIGN not in capabilities.supports else "unassigned"
    acknowledged = f"{loud(f'Acknowledged {by}'.strip())}{at}"
    return wording.dotted(acknowledged, alone, f"{wording.dated(anomaly)} {text.when(anomaly.created)}")


def comment(told: attribution.Hands) -> str:
    """The newest one, like ` ("late vendor file")` of whoever looks into it, ` (Lee: "late vendor file")` of anybody else."""
    one = told.comment
    if one is None:
        return ""
    own = told.took and told.acknowledged is not None and one.actor == told.acknowledged.actor
    who = "" if own or not one.actor_name.strip() else f"{text.short(one.actor_name, 60)}: "
    return text.spoken(f' ({who}"{text.short(one.detail, COMMENT)}")')


def _last(anomaly: model.Anomaly, capabilities: model.Capabilities, told: attribution.Hands, loud: Loud) -> str:
    """What was done last where nothing else in the line tells it: "un-acknowledged by Dana 13:40"."""
    one = told.last
    if one is None or (one.action == model.Action.ASSIGN and anomaly.assignees and anomaly.state is model.State.ACTIVE):
        return ""
    if one.action == model.Action.ASSIGN and anomaly.assignees:  # to whom: they look into it
        return f"{text.spoken(f'Assigned {wording.by(one)}'.strip())} {text.when(one.at)}"
    if one.action == "verify" and wording.found(one):
        return f"{text.spoken(f'{wording.verb(one)} {wording.by(one)}'.strip())} {text.when(one.at)}: {_found(one, loud)}"
    return f"{text.spoken(wording.done(one, anomaly, capabilities.archive_as))} {text.when(one.at)}"


def _found(entry: model.Entry, loud: Loud) -> str:
    """What came of it, and how much in brackets: "*still fails* (2 rows)"."""
    what, bracket, amount = wording.found(entry).partition(" (")
    return f"{loud(text.spoken(what))}{text.spoken(f'{bracket}{amount}')}"
