"""The words of Autional for where an anomaly stands. Its page and its consoles have different ones (contracts 4.3): the page's are tried
first, and which of them a deployment refused is remembered for a day."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bot import errors, model, ports
from bot.sources.autional import closings

FORGET = timedelta(days=1)
"""A word that was refused is tried again after this: the deployment may be a newer one by then."""
OPEN, ACKNOWLEDGED, INVESTIGATING, RESOLVED, DISMISSED, FALSE_POSITIVE = (
    "open", "acknowledged", "investigating", "resolved", "dismissed", "false_positive",
)  # fmt: skip

STATES: Mapping[str, tuple[model.State, str | None]] = {
    OPEN: (model.State.ACTIVE, None),
    ACKNOWLEDGED: (model.State.ACKNOWLEDGED, None),
    INVESTIGATING: (model.State.ACKNOWLEDGED, None),
    RESOLVED: (model.State.ARCHIVED, closings.RESOLVED.word),
    DISMISSED: (model.State.ARCHIVED, closings.INVALID.word),
    FALSE_POSITIVE: (model.State.ARCHIVED, closings.INVALID.word),
}
"""Where an anomaly with this word stands, and how it was closed; one with any other word is open."""

DOUBTED = frozenset({ACKNOWLEDGED, DISMISSED, FALSE_POSITIVE})
"""Words that one of both vocabularies has not: a list may refuse them."""

STAGES = (model.Stage(INVESTIGATING, "Investigating", "somebody works on it"),)
"""What an acknowledged anomaly may be called besides, where somebody says so."""

SENT: Mapping[tuple[model.Action, str | None], tuple[str, ...]] = {
    (model.Action.ACKNOWLEDGE, None): (ACKNOWLEDGED, INVESTIGATING),
    (model.Action.ACKNOWLEDGE, INVESTIGATING): (INVESTIGATING,),
    (model.Action.UNACKNOWLEDGE, None): (OPEN,),
    (model.Action.REOPEN, None): (OPEN,),
    (model.Action.ARCHIVE, closings.RESOLVED.word): (RESOLVED,),
    (model.Action.ARCHIVE, closings.INVALID.word): (DISMISSED, FALSE_POSITIVE),
}
"""The words for an action, the page's first."""


def stands(word: str) -> tuple[model.State, str | None]:
    """Where an anomaly with this word stands, and how it was closed."""
    return STATES.get(word.strip().casefold(), (model.State.ACTIVE, None))


def among(statuses: Sequence[str]) -> tuple[str, ...]:
    """Autional's words for those of a filter: of whatever is open where there is none, of all where `any` is among them."""
    return tuple(word for word in STATES if fits(word, statuses))


def fits(word: str, statuses: Sequence[str]) -> bool:
    """Whether an anomaly with this word stands as one of a filter's words says."""
    state, outcome = stands(word)
    names = {
        "any",
        *({"open"} if state is not model.State.ARCHIVED else {"archived", (outcome or "").casefold()}),
        *({"active"} if state is model.State.ACTIVE else set()),
        *({"acknowledged"} if state is model.State.ACKNOWLEDGED else set()),
    }
    return not names.isdisjoint(statuses or ("open",))


class Words:
    """Which words one deployment refused lately: of a change ("set:acknowledged"), of a list ("list:dismissed"); and which of the doubted
    ones anomalies were given there."""

    def __init__(self, known: ports.SourceTraits, clock: ports.Clock, source: str, host: str) -> None:
        self._known, self._clock, self._deployment = known, clock, (source, host)
        self._refused: dict[str, datetime] | None = None
        self.given = set[str]()

    async def taken(self, use: str, words: Sequence[str]) -> Sequence[str]:
        """These words without those that were refused lately."""
        now, refused = self._clock.now(), await self._load()
        return [word for word in words if now - refused.get(f"{use}:{word}", now - FORGET) >= FORGET]

    async def refuses(self, use: str, words: Sequence[str]) -> None:
        """These words were refused where others were taken, or where the other words of a list are."""
        if words:
            now, refused = self._clock.now(), await self._load()
            refused |= {f"{use}:{word}": now for word in words}
            with contextlib.suppress(errors.StoreError):  # it is learned again
                patch = {"refused": {key: now.isoformat() for key in (f"{use}:{word}" for word in words)}}
                await self._known.merge(*self._deployment, patch, now)

    async def gives(self, word: str) -> None:
        """An anomaly was given this word."""
        if word in DOUBTED and word not in self.given:
            await self._load()
            self.given.add(word)
            with contextlib.suppress(errors.StoreError):  # it is given again
                await self._known.merge(*self._deployment, {"given": {word: True}}, self._clock.now())

    async def _load(self) -> dict[str, datetime]:
        if self._refused is None:
            known: Any = None
            with contextlib.suppress(errors.StoreError):
                known = await self._known.get(*self._deployment)
            told = known if isinstance(known, Mapping) else {}
            self._refused = _read(told.get("refused"))
            given = told.get("given")
            self.given |= DOUBTED & set(given if isinstance(given, Mapping) else ())
        return self._refused


def _read(told: Any) -> dict[str, datetime]:
    read: dict[str, datetime] = {}
    for key, at in told.items() if isinstance(told, Mapping) else ():
        with contextlib.suppress(ValueError, TypeError):
            moment = datetime.fromisoformat(at)
            read[str(key)] = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return read
