"""Acknowledging takes, undoing gives back: who gets an anomaly with a click, as far as anybody knows who that is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot import errors, model, ports
from bot.core import taking
from bot.services import people

log = logging.getLogger(__name__)

Check = Callable[[model.Action, str, model.Actor], None]
"""Raises UserError where somebody may not do something, or a system does not offer it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takes:
    """`on`: the setting DESK_ACK_TAKES."""

    people: people.People
    journal: ports.Journal
    on: bool = True

    async def comes_to(self, intent: ports.Intent, now: model.Anomaly | None, check: Check) -> model.Change:
        """Who gets it, or gives it back, as it stands now. Asked only when the click is stored: the system may have to say who that is, and
        may take long. What was sent before a restart is what it came to then: now it may stand like that because of it."""
        change = intent.change
        if not change.taking or now is None or (intent.sent is not None and change.assignees is not None):
            return change
        if change.assignees is None:
            change = await self._wanted(change, intent.ref, await self.people.actor(intent.actor), check)
        if not change.taking:
            return change
        if change.action is model.Action.ACKNOWLEDGE:
            return taking.fitted(change, now)
        return taking.given_back(change, now, await self.journal.history(now.ref))

    async def _wanted(self, change: model.Change, ref: model.Ref, actor: model.Actor, check: Check) -> model.Change:
        """With whoever gets it: nobody where that is switched off, not allowed or not offered, or the system does not know who it is."""
        try:
            check(model.Action.ASSIGN, ref.source, actor)
            if change.action is not model.Action.ACKNOWLEDGE:
                return change
            person = await self.people.known(actor.id, ref.source) if self.on else None
        except errors.BotError as error:
            log.debug("acknowledging %s takes nothing: %s", ref, error)
            return taking.alone(change)
        return taking.alone(change) if person is None else replace(change, assignees=(person.id,))
