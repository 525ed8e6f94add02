"""The strange system as the registry would know it; and a registry that does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

from bot import ports
from bot.core import setting_values
from bot.sources import registry
from tests.strange import source


def _build(deps: ports.Deps) -> ports.System:
    made = source.Strange(
        url=deps.values["URL"],
        key=deps.values["KEY"],
        clock=deps.clock,
        allowance=deps.lanes,
        budget=deps.budget,
        transport=deps.transport,
    )
    return ports.System(made)


KIND = ports.Kind(
    name=source.Strange.name,
    title=source.Strange.title,
    prefix="STRANGE",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of your deployment, like https://strange.example"),
        ports.Setting("KEY", setting_values.secret(), "the key that is exchanged for tokens", secret=True),
    ),
    keys=(("KEY",),),
    words=tuple(key for word in source.OWN_WORDS for key in (word.name, *word.aliases)),
    build=_build,
)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """As if its folder stood beside the others."""
    with mock.patch.dict(registry.SYSTEMS, {KIND.name: KIND}):
        yield
