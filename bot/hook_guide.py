"""What a person has to do so that systems push: the address of each, and the steps in its console. No secret is shown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from string import Template

from bot import ports

NOWHERE = "https://YOUR-DESK"
WIDTH = 110


def guide(url: str, systems: Iterable[tuple[ports.Kind, str, str]]) -> str:
    """A text for the console. `url` is the public address of the desk, "" when it is not known; with each system come the variable of the
    secret of its webhooks, and the secret, "" when none is set."""
    remarks = [] if url else [f"{NOWHERE} stands for the public address of this desk: set DESK_PUBLIC_URL, or add --url."]
    return "\n\n".join([*map(_wrapped, remarks), *(_system(url or NOWHERE, *one) for one in systems)])


def _system(url: str, kind: ports.Kind, variable: str, secret: str) -> str:
    if kind.hooks is None:
        return f"{kind.title}\n{_wrapped(f'{kind.title} pushes nothing: it is asked, every DESK_POLL_SECONDS.')}"
    here = f"{url.rstrip('/')}/hooks/{kind.name}"
    said = {"url": here, "keyed": f"{here}?{ports.KEY.name}=<{variable}>", "path": f"{here}/<{variable}>", "secret": variable}
    steps = [Template(step).substitute(said) for step in kind.hooks.steps]
    if not secret:
        own = f"{kind.prefix}_{variable.split('_', 1)[1]}"
        steps.insert(0, f"No secret is set, so nothing is taken yet: set {own} (or {variable}, for all systems) and start the desk again.")
    return "\n".join([kind.title, f"  {here}", *(_wrapped(step, f"  {number}. ") for number, step in enumerate(steps, start=1))])


def _wrapped(text: str, first: str = "  ") -> str:
    """Addresses are never broken: people copy them."""
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_long_words=False, break_on_hyphens=False
    )
