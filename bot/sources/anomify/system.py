"""Anomify as the registry knows it: its names, its settings, and how it is built."""

from __future__ import annotations

import re

from bot import ports
from bot.core import setting_values
from bot.sources.anomify import client, push, source

_PAGE = re.compile(r"https?://[^/\s?#{}@]+/[^\s{}]*\{id\}[^\s{}]*")
_PAGE_TOLD = "the address of an anomaly's page with {id} in it, like https://dashboard.anomify.ai/anomaly/{id}"
_UNDOCUMENTED_TOLD = "list, to try the list of anomalies that no document describes"


def _build(deps: ports.Deps) -> ports.System:
    values = deps.values
    made = source.Anomify(
        url=values["URL"],
        token=values["TOKEN"],
        page=values["PAGE_URL"],
        listing=values["UNDOCUMENTED"] == "list",
        thresholds=deps.thresholds,
        clock=deps.clock,
        allowance=deps.lanes,
        budget=deps.budget,
        stored=deps.stored,
        transport=deps.transport,
    )
    return ports.System(made, pictures=made.closer, witness=made.closer)


KIND = ports.Kind(
    name=client.NAME,
    title=client.TITLE,
    prefix="ANOMIFY",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of the API, like https://api.anomify.ai"),
        ports.Setting("TOKEN", setting_values.secret(), "the token of your organisation at ANOMIFY_URL", secret=True),
        ports.Setting("PAGE_URL", setting_values.like(_PAGE, _PAGE_TOLD), default=""),
        ports.Setting("UNDOCUMENTED", setting_values.like(re.compile("list"), _UNDOCUMENTED_TOLD), default=""),
    ),
    severity=source.THRESHOLDS,
    hooks=push.HOOKS,
    build=_build,
)
