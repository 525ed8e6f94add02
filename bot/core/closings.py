"""The ways in which a system closes anomalies, as far as decisions need them: which are offered, what a typed or stored word means."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot import errors, model
from bot.core import lookup, phrases

Closings = Sequence[model.Closing]


def chosen(closings: Iterable[model.Closing]) -> Closings:
    """Those that people choose from, each word once: several systems may have it, and the first of them says what it means."""
    found = [one for one in closings if one.chosen]
    return list({one.word: one for one in reversed(found)}.values())[::-1]


def find(closings: Iterable[model.Closing], word: str | None) -> model.Closing | None:
    """The one that a word means, however it is spelt; None for no word and for an unknown one."""
    wanted = (word or "").casefold()
    return next((one for one in closings if wanted and wanted in (one.word.casefold(), one.title.casefold())), None)


def title(closings: Iterable[model.Closing], word: str) -> str:
    """What it is called for people: "Not a problem" also for an unknown "not_a_problem"."""
    known = find(closings, word)
    if known is not None and known.title:
        return known.title
    plain = word.replace("_", " ")
    return plain[:1].upper() + plain[1:]


def told(closings: Iterable[model.Closing]) -> str:
    """Every choice as it is typed, with its meaning: "as:resolved (root cause fixed) or as:invalid (not actually a problem)"."""
    return phrases.either([f"as:{typed(one)}{f' ({one.meaning})' if one.meaning else ''}" for one in chosen(closings)])


def typed(closing: model.Closing) -> str:
    """How it is typed in a command: quoted where it is several words."""
    word = closing.word.casefold()
    return f'"{word}"' if any(char.isspace() or char in ",:" for char in word) else word


def mentioned(closings: Iterable[model.Closing], *said: str) -> model.Closing | None:
    """The first one that one of these lines speaks of."""
    return next((one for line in said for one in closings if one.word.casefold() in line.casefold()), None)


def fixes(closings: Iterable[model.Closing], word: str | None) -> bool:
    """Whether this way of closing says that the cause is gone."""
    known = find(closings, word)
    return known is not None and known.kind is model.ClosingKind.FIXED


def staged(stages: Sequence[model.Stage], word: str) -> model.Stage | None:
    """The stage that a word means, however it is spelt; None for an unknown one."""
    wanted = word.casefold()
    return next((one for one in stages if wanted in (one.word.casefold(), one.title.casefold())), None)


def staged_told(stages: Iterable[model.Stage]) -> str:
    """Every stage as it is typed, with its meaning."""
    return phrases.either([f"as:{one.word.casefold()}{f' ({one.meaning})' if one.meaning else ''}" for one in stages])


def fitted(closings: Closings, change: model.Change, title: str, stages: Sequence[model.Stage] = ()) -> model.Change:
    """The change with its word as the system spells it. Raises NotSupported where people cannot close anomalies in that way there, or
    there is no such stage."""
    if change.stage is not None:
        stage = staged(stages, change.stage)
        if stage is None:
            takes = f"It takes {staged_told(stages)}." if stages else "Leave as: out."
            raise errors.NotSupported(f"{title} does not acknowledge anomalies as {phrases.quoted(change.stage)}. {takes}")
        return replace(change, stage=stage.word)
    if change.archive_as is None:
        return change
    known = find(chosen(closings), change.archive_as)
    if known is not None:
        return replace(change, archive_as=known.word)
    if not chosen(closings):
        raise errors.NotSupported(f"{title} closes anomalies without a reason. Leave {phrases.quoted(change.archive_as)} out.")
    near = lookup.nearest(change.archive_as, [one.word for one in chosen(closings)])
    hint = f"Did you mean {near}? " if near else ""
    raise errors.NotSupported(f"{title} does not close anomalies as {phrases.quoted(change.archive_as)}. {hint}It takes {told(closings)}.")
