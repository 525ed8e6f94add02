"""Qualytics as the registry knows it: its names, its settings, and how it is built."""

from __future__ import annotations

from bot import model, ports
from bot.core import setting_values
from bot.sources.qualytics import push, source


def _datastores(value: str) -> tuple[str, ...]:
    """Names or ids. A list with nothing in it would mean all of them, which is hardly what somebody meant who wrote it."""
    found = setting_values.listed(value)
    if not found:
        raise ValueError("names no datastore: leave it out for all of them")
    return found


def _build(deps: ports.Deps) -> ports.System:
    made = source.Qualytics(
        url=deps.values["URL"],
        token=deps.values["TOKEN"],
        clock=deps.clock,
        traits=deps.traits,
        datastores=deps.values["DATASTORES"],
        thresholds={word.value: bound for word, bound in deps.thresholds.items()},
        max_batch=deps.values["MAX_BATCH"],
        allowance=deps.lanes,
        budget=deps.budget,
        transport=deps.transport,
    )
    return ports.System(made, scanner=made, rows=made)


KIND = ports.Kind(
    name=source.Qualytics.name,
    title=source.Qualytics.title,
    prefix="QUALYTICS",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of your deployment, like https://acme.qualytics.io"),
        ports.Setting("TOKEN", setting_values.secret(), "a personal API token of QUALYTICS_URL", secret=True),
        ports.Setting("DATASTORES", _datastores, default=()),
        ports.Setting("MAX_BATCH", setting_values.number(1, 1000, int), default=100),
    ),
    severity={model.Severity(word): bound for word, bound in source.THRESHOLDS.items()},
    foreign=frozenset({"QUALYTICS_SSL_VERIFY", "QUALYTICS_TIMEOUT", "QUALYTICS_NO_BANNER", "QUALYTICS_CONFIG_HOME"}),
    hooks=push.HOOKS,
    classic=True,
    build=_build,
)
"""The foreign variables are those of the vendor's command line."""
