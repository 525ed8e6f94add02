"""The short help: the answer to a mention of the bot, and to a direct message."""

from __future__ import annotations

from bot import model
from bot.render.home import home_view
from bot.render.kit import blocks, ids, limits, text

_WORDS = (
    "I bring anomalies to this workspace and take what you decide back to their systems. Press a button, or type a command:",
    "`/anomalies list severity:critical` shows what is open, `/scan` starts a scan, `/anomalies help` tells all.",
)


def message(*, scans: bool) -> model.Message:
    """What can be done, in three buttons and three commands; without [Scan] where no system can be asked for one."""
    mine = blocks.button(ids.LIST_PAGE, "My anomalies", ids.encode_page(0, "assignee:me"), hint="List the anomalies assigned to me")
    scan = blocks.button(ids.SCAN_OPEN, "Scan", "help", hint="Start a scan")
    commands = _WORDS[1] if scans else _WORDS[1].replace(" `/scan` starts a scan,", "")
    shown = (
        {"type": "section", "text": blocks.marked("\n".join((_WORDS[0], commands)))},
        *blocks.actions(mine, home_view.triage_button(), scan if scans else None),
    )
    return limits.fit(model.Message(text.sentence(_WORDS[0].removesuffix(":"), commands), shown))
