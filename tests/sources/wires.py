"""The wire of a system that does not exist, to a server that is a function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from bot.sources import auth, base
from tests.sources.staging import Clock, Handler

KEY = "k3y-of-acme"
Later = Callable[[httpx.Request], Awaitable[httpx.Response]]


def static(clock: Clock, **more: Any) -> auth.Static:
    """A token of the settings."""
    return auth.Static(name="acme", title="Acme", token="t0ken-of-acme", setting="ACME_TOKEN", clock=clock, **more)


def exchange(clock: Clock, **more: Any) -> auth.Exchange:
    """A key that is exchanged at POST /token for {"token", "seconds"}."""
    given = {
        "call": auth.Call("POST", "token", body={"key": KEY}),
        "read": lambda reply: auth.Token(reply["token"], reply.get("seconds")),
        "settings": ("ACME_ID", "ACME_KEY"),
        "secrets": (KEY,),
        **more,
    }
    return auth.Exchange(name="acme", title="Acme", clock=clock, **given)


def wire(handler: Handler | Later, clock: Clock, who: auth.Auth | None = None, **more: Any) -> base.HttpSource:
    """Calls to https://acme.example/api/."""
    transport = httpx.MockTransport(handler)
    given = {"name": "acme", "title": "Acme", "base_url": "https://acme.example/api/", **more}
    return base.HttpSource(who=who or static(clock), clock=clock, transport=transport, **given)
