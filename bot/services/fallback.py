"""A message in the richest form that Slack takes: whole, without the new blocks, as a plain card, as text alone."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot import errors, model, ports
from bot.render.kit import limits

log = logging.getLogger(__name__)

LEARNED_FOR = timedelta(hours=1)
"""What was learned about blocks is believed so long: roll-outs go on. And one line in the log is enough for so long."""

Send = Callable[[model.Message], Awaitable[str]]


@dataclass(slots=True)
class Fallback:
    """Finds out what this workspace takes, and remembers it for an hour."""

    slack: ports.SlackHealth
    clock: ports.Clock
    _told: dict[str, datetime] = field(default_factory=dict)

    async def refuses_new_blocks(self) -> bool:
        """Whether this workspace refused charts and tables within the hour."""
        at = await self.slack.charts_refused()
        return at is not None and self.clock.now() - at < LEARNED_FOR

    async def send(self, message: model.Message, send: Send) -> tuple[str, bool]:
        """Send the message, in ever simpler forms where Slack refuses its blocks. Returns what `send` returned, and whether Slack took
        the message whole. Raises BlocksRefused when it takes not even the text."""
        first = limits.plain(message) if await self.refuses_new_blocks() else message
        try:
            return await send(first), first == message
        except errors.BlocksRefused as error:
            self.say(error)
            simpler = _simpler(message, first)
            if not simpler:
                raise
        for version in simpler[:-1]:
            try:
                sent = await send(version)
            except errors.BlocksRefused as error:
                self.say(error)
                continue
            if version == limits.plain(message):
                await self.slack.refuses_charts(self.clock.now())
            return sent, False
        return await send(simpler[-1]), False

    def say(self, error: errors.DeliveryError) -> None:
        """Log a refusal: one line an hour for each of Slack's words."""
        now = self.clock.now()
        if error.code not in self._told or now - self._told[error.code] >= LEARNED_FOR:
            self._told[error.code] = now
            log.warning("Slack refuses messages as they are: %s simpler ones are tried, and the same again later", error)


def _simpler(message: model.Message, first: model.Message) -> Sequence[model.Message]:
    """What is left to be tried after the first form, each once, the richest first. Made only where it is needed: most are taken whole."""
    versions = [first, limits.plain(message), limits.bare(message), limits.words(message)]
    return [version for number, version in enumerate(versions) if version not in versions[:number]][1:]
