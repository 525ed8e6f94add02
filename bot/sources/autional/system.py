"""Autional as the registry knows it: its names, its settings, and how it is built."""

from __future__ import annotations

import re

from bot import ports
from bot.core import setting_values
from bot.sources.autional import client, filters, source

_TENANT = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TENANT_TOLD = "the id of your tenant, like tnt_abc123"


def _build(deps: ports.Deps) -> ports.System:
    values = deps.values
    if values["TOKEN"] is not None:
        who = client.token(values["TOKEN"], deps.clock)
    else:
        who = client.client_credentials(values["CLIENT_ID"], values["CLIENT_SECRET"], values["URL"], deps.clock)
    made = source.Autional(
        url=values["URL"],
        tenant=values["TENANT"],
        who=who,
        web=values["CONSOLE_URL"],
        clock=deps.clock,
        traits=deps.traits,
        allowance=deps.lanes,
        budget=deps.budget,
        transport=deps.transport,
    )
    return ports.System(made, witness=made.closer, detector=made.closer)


KIND = ports.Kind(
    name=client.NAME,
    title=client.TITLE,
    prefix="AUTIONAL",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of the API, like https://api.autional.com"),
        ports.Setting("TENANT", setting_values.like(_TENANT, _TENANT_TOLD), _TENANT_TOLD),
        ports.Setting("TOKEN", setting_values.secret(), "an access token of AUTIONAL_URL", secret=True),
        ports.Setting("CLIENT_ID", str, "the id of an OAuth client of AUTIONAL_TENANT"),
        ports.Setting("CLIENT_SECRET", setting_values.secret(), "the secret of AUTIONAL_CLIENT_ID", secret=True),
        ports.Setting("CONSOLE_URL", setting_values.url, default=""),
    ),
    keys=(("TENANT", "CLIENT_ID", "CLIENT_SECRET"), ("TENANT", "TOKEN")),
    words=filters.NAMES,
    build=_build,
)
