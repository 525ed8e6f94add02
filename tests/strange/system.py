"""The strange system as the registry would know it; and a registry that does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock
from urllib import parse

from bot import model, ports
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


def _rung(body: bytes) -> model.News:
    """A form: a `bell` for each signal that is about one, `round` for all of them; a bell called "try" rings about nothing."""
    bells = parse.parse_qs(body.decode("ascii", "replace"), strict_parsing=True)
    if not {"bell", "round"} & bells.keys():
        raise ValueError("rings no bell")
    about = tuple(model.Mention(ident) for ident in bells.get("bell", ()) if ident != "try")
    return model.News(about, everything="round" in bells)


HOOKS = ports.Hooks(
    ways=(ports.header("X-Strange-Bell"),),
    read=_rung,
    steps=("Hang a bell at $url.", "Engrave it with the value of $secret, or ring at $path or $keyed."),
)

KIND = ports.Kind(
    name=source.Strange.name,
    title=source.Strange.title,
    prefix="STRANGE",
    settings=(
        ports.Setting("URL", setting_values.url, "the address of your deployment, like https://strange.example"),
        ports.Setting("KEY", setting_values.secret(), "the key that is exchanged for tokens", secret=True),
    ),
    keys=(("KEY",),),
    hooks=HOOKS,
    words=tuple(key for word in source.OWN_WORDS for key in (word.name, *word.aliases)),
    build=_build,
)


@contextlib.contextmanager
def registered() -> Iterator[None]:
    """As if its folder stood beside the others."""
    with mock.patch.dict(registry.SYSTEMS, {KIND.name: KIND}):
        yield
