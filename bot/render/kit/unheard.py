"""Systems whose anomalies are not in an answer: the one that is down stands in bold, the one that was not meant is a remark."""

from __future__ import annotations

from collections.abc import Sequence

from bot import model
from bot.render.kit import blocks, limits, text


def rows(silent: Sequence[model.Unheard], of: str) -> tuple[model.Block, ...]:
    """A block for each; `of` is what they are missing in: list, count, file, digest, batch."""
    return tuple(_bold(one, of) if one.down else blocks.context(_aside(one)) for one in silent)


def down(silent: Sequence[model.Unheard], of: str) -> tuple[model.Block, ...]:
    """Those alone that do not answer: they stand above what they are missing in."""
    return rows([one for one in silent if one.down], of)


def aside(silent: Sequence[model.Unheard], of: str) -> tuple[model.Block, ...]:
    """Those alone that were not meant: nobody has to read that before what was found."""
    return rows([one for one in silent if not one.down], of)


def spoken(silent: Sequence[model.Unheard], of: str) -> str:
    """The same in sentences, for who cannot see bold."""
    return text.sentence(*(text.spoken(text.sentence(_missing(one, of), _why(one)) if one.down else _aside(one)) for one in silent))


def beside(message: model.Message, silent: Sequence[model.Unheard], of: str) -> model.Message:
    """A message, and below it who is missing."""
    if not silent:
        return message
    return limits.fit(model.Message(text.sentence(message.text, spoken(silent, of)), (*message.blocks, *rows(silent, of))))


def by_system(totals: Sequence[tuple[str, int | None]]) -> str:
    """ "Acme 9, Umbra 3"; "" for one system."""
    told = [f"{text.short(title, 40)} {'?' if amount is None else text.number(amount)}" for title, amount in totals]
    return ", ".join(told) if len(told) > 1 else ""


def _missing(one: model.Unheard, of: str) -> str:
    return f"{text.short(one.title, 40, 'A system')} does not answer; its anomalies are not in this {of}"


def _why(one: model.Unheard) -> str:
    return text.short(one.why, 300, "")


def _aside(one: model.Unheard) -> str:
    why = _why(one)
    said = f"It {why.removeprefix(f'{one.title} ')}" if why.startswith(f"{one.title} ") else why
    return text.sentence(f"{text.short(one.title, 40, 'A system')} is left out", said)


def _bold(one: model.Unheard, of: str) -> model.Block:
    return blocks.bold(f"{_missing(one, of)}.", text.sentence(_why(one)))
