"""Anodot as the registry knows it: its names, its settings, and how it is built."""

from __future__ import annotations

from bot import model, ports
from bot.core import setting_values
from bot.sources.anodot import client, filters, push, source


def _build(deps: ports.Deps) -> ports.System:
    values = deps.values
    made = source.Anodot(
        url=values["URL"],
        who=client.access(values["ACCESS_KEY"], deps.clock),
        clock=deps.clock,
        thresholds={word.value: bound for word, bound in deps.thresholds.items()},
        allowance=deps.lanes,
        budget=deps.budget,
        transport=deps.transport,
    )
    return ports.System(made, courses=made.courses, witness=made.closer, commons=made.closer)


KIND = ports.Kind(
    name=client.NAME,
    title=client.TITLE,
    prefix="ANODOT",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of your Anodot, like https://app.anodot.com"),
        ports.Setting("ACCESS_KEY", setting_values.secret(), "an access key that an admin of ANODOT_URL made", secret=True),
    ),
    keys=(("ACCESS_KEY",),),
    severity={model.Severity(word): bound for word, bound in source.THRESHOLDS.items()},
    hooks=push.HOOKS,
    words=filters.NAMES,
    build=_build,
)
