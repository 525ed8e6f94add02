"""Bringing archived anomalies back. No vendor text tells how (contracts 1.5), so it is asked for and then looked at.

One is asked for with PUT. Of many, two are asked for with the bulk call, and with a call each when that brings none of them back; the rest
goes the way that worked. What is believed is the reading afterwards, not the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot import errors, model
from bot.core import bisection
from bot.sources.qualytics import by_id, dialect, outcomes, write_calls

BACK = model.Change(model.Action.REOPEN)
STILL = "Others came back, but it is still archived. Perhaps somebody archived it again meanwhile: look at it in Qualytics."
IGNORED = "Qualytics took the request, but left it archived. Open it in Qualytics and restore it there."
REFUSED = "{why} Open it in Qualytics and restore it there."
SPARED = "Qualytics brought none of those back that were tried first, so it was not asked for. Open it in Qualytics and restore it there."
PROBES = 2
ALONE, TOGETHER = "alone", "together"

Targets = Sequence[model.Anomaly]


@dataclass(frozen=True, slots=True)
class Try:
    """What came of asking for some: an outcome for each, and the kind of refusal of those that stayed archived for no reason of their
    own."""

    outcomes: Mapping[str, model.Outcome]
    kept: Mapping[str, dialect.Refusal]

    @property
    def back(self) -> bool:
        """Whether any came back."""
        return any(one.result is model.Result.DONE for one in self.outcomes.values())


class Restoring:
    """Reopens anomalies of one deployment. `alone`: with a call each; which way worked is a trait, believed for as long as a refusal."""

    def __init__(self, *, writes: write_calls.Writes, by_id: by_id.ById, dialect: dialect.Dialect) -> None:
        self._writes, self._by_id, self._dialect = writes, by_id, dialect

    async def restore(self, targets: Targets) -> Mapping[str, model.Outcome]:
        """An outcome for each; all are archived. Raises SourceError when nothing at all could be done."""
        if len(targets) == 1:
            only = await self._try(targets, alone=True)
            await self._learn(only, alone=None)
            return only.outcomes
        alone, probes = self._form(), _probes(targets)
        if alone is not None or not probes:
            whole = await self._try(targets, alone=bool(alone))
            await self._learn(whole, alone=alone)
            return whole.outcomes
        return await self._after(probes, targets)

    async def _after(self, probes: Targets, targets: Targets) -> Mapping[str, model.Outcome]:
        """Two first, then the rest the way that brought one of them back; where both ways brought none, the rest is spared."""
        alone = False
        probed = await self._try(probes, alone=alone)
        if len(probed.kept) == len(probes):
            alone = True
            probed = await self._try(probes, alone=alone)
        await self._learn(probed, alone=alone)
        rest = [one for one in targets if one.ref.id not in probed.outcomes]
        if len(probed.kept) == len(probes):
            return {**probed.outcomes, **{one.ref.id: outcomes.refused(one, SPARED) for one in rest}}
        return {**probed.outcomes, **await self._rest(rest, alone=alone, others=probed.back)}

    async def _rest(self, targets: Targets, *, alone: bool, others: bool) -> Mapping[str, model.Outcome]:
        """Raises nothing: what came before was done."""
        if not targets:
            return {}
        try:
            rest = await self._try(targets, alone=alone, others=others)
        except errors.SourceError as error:
            return {one.ref.id: outcomes.failed(one, error) for one in targets}
        await self._learn(rest, alone=alone if others else None)
        return rest.outcomes

    async def _try(self, targets: Targets, *, alone: bool, others: bool = False) -> Try:
        """Ask for them, and look. `others` came back already."""
        fates = (await self._writes.update(BACK, targets, alone=alone)).fates
        doubtful = [one for one in targets if not isinstance(fates[one.ref.id], write_calls.CLEAR)]
        found = (await self._by_id.read([one.ref.id for one in doubtful], 0)).found if doubtful else {}
        others = others or any(one.state is not model.State.ARCHIVED for one in found.values())
        told = {one.ref.id: _outcome(one, fates[one.ref.id], found.get(one.ref.id), others) for one in targets}
        kinds = {ident: dialect.refusal(fates[ident]) for ident in found if told[ident].result is model.Result.REFUSED}
        return Try(told, {ident: kind for ident, kind in kinds.items() if kind is not None})

    def _form(self) -> bool | None:
        """Whether a call each is the form that worked lately; None when nobody knows."""
        form = self._dialect.traits.restore
        return form == ALONE if form else None

    async def _learn(self, tried: Try, *, alone: bool | None) -> None:
        """`alone`: the form that was used for several; None when that is not known to matter."""
        if tried.back:
            if alone is not None:
                await self._dialect.learn(restore=ALONE if alone else TOGETHER)
            await self._dialect.worked(model.Action.REOPEN)
            return
        if tried.kept and self._dialect.traits.restore:
            await self._dialect.learn(restore="")
        for ident, kind in tried.kept.items():
            await self._dialect.refused(model.Action.REOPEN, kind, ident)


def _probes(targets: Targets) -> Targets:
    """Two of one datastore, since no call spans datastores; () where no two are."""
    places = bisection.grouped(targets, lambda one: one.datastore.id if one.datastore else "")
    most = max(places.values(), key=len)
    return most[:PROBES] if len(most) >= PROBES else ()


def _outcome(target: model.Anomaly, failure: errors.SourceError | None, now: model.Anomaly | None, others: bool) -> model.Outcome:
    """What became of one that was asked for, as it was read afterwards."""
    if isinstance(failure, write_calls.CLEAR):
        return outcomes.failed(target, failure)
    if now is None:
        return outcomes.gone(target)
    if now.state is not model.State.ARCHIVED:
        return model.Outcome(target.ref, model.Result.DONE)
    if failure is None:
        return outcomes.refused(target, STILL if others else IGNORED)
    return outcomes.refused(target, REFUSED.format(why=failure) if dialect.refusal(failure) else str(failure))
