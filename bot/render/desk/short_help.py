"""The short help: the answer to a mention of the bot, and to a direct message."""

from __future__ import annotations

from bot import model
from bot.render.desk import desk_help
from bot.render.kit import blocks, limits, text

_WORDS = (
    "I bring anomalies to this workspace and take what you decide back to their systems. Press a button, or type a command:",
    "`/anomalies list severity:critical` shows what is open, `/scan` starts a scan, `/anomalies help` tells all.",
)


def message(*, scans: bool) -> model.Message:
    """What can be done, in three buttons and three commands; without [Scan] where no system can be asked for one."""
    commands = _WORDS[1] if scans else _WORDS[1].replace(" `/scan` starts a scan,", "")
    shown = (
        {"type": "section", "text": blocks.marked("\n".join((_WORDS[0], commands)))},
        *desk_help.buttons(scans=scans),
    )
    return limits.fit(model.Message(text.sentence(_WORDS[0].removesuffix(":"), commands), shown))
