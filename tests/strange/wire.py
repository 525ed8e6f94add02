"""How the strange system is spoken to: a key that is exchanged for tokens which are soon spent, answers whose body says what went wrong
though their status is 200, and lists that go on at a mark."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib import parse

import httpx

from bot import errors, ports
from bot.sources import auth, base, judging
from tests.strange import service

MOST_PAGES = 1000

STATUS = {
    service.BAD_KEY: 401,
    service.SPENT: 401,
    service.MISSING: 404,
    service.CONFLICT: 409,
    service.MALFORMED: 422,
    service.WAIT: 429,
    service.BUSY: 500,
}
"""Codes inside an answer, and the HTTP status that says the same; any other is a refusal."""


def judge(reply: Any) -> judging.Fault | None:
    """What the code inside an answer means."""
    code = int(reply["code"])
    if not code:
        return None
    wait = float(reply["wait"]) if code == service.WAIT else None
    return judging.Fault(STATUS.get(code, 400), f"{reply.get('message')} (code {code})", wait=wait)


class Wire(base.HttpSource):
    """Calls to one deployment. A token is spent after a few calls, however new it is."""

    def __init__(
        self,
        *,
        url: str,
        key: str,
        clock: ports.Clock,
        timeout: float,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        name, title = "strange", "Strange"
        who = auth.Exchange(
            name=name,
            title=title,
            call=auth.Call("POST", "token", {"key": key}),
            read=lambda reply: auth.Token(reply["token"], float(reply["seconds"])),
            settings=("STRANGE_KEY",),
            secrets=(key,),
            clock=clock,
            scheme="Strange",
            fresh=timedelta(0),
        )
        super().__init__(
            name=name,
            title=title,
            base_url=f"{url.rstrip('/')}/v0/",
            who=who,
            judge=judge,
            clock=clock,
            allowance=allowance,
            budget=budget,
            timeout=timeout,
            transport=transport,
        )

    async def pages(self, which: str, mark: str = "") -> AsyncIterator[tuple[list[Any], str]]:
        """The signals of a list, page by page, each with the mark of the one after it ("" for none): from a mark on, and within bounds."""
        seen: set[str] = set()
        while len(seen) < MOST_PAGES:
            given = [("open", which), ("next", mark)]
            reply = await self.read("signals", [(name, value) for name, value in given if value])
            found, mark = reply.get("signals"), str(reply.get("next") or "")
            if not isinstance(found, list) or mark in seen:
                raise errors.SourceGarbled(self.name, f"{self.title} gave a list that is none, or one that goes round in a circle.")
            seen.add(mark)
            yield found, mark
            if not mark:
                return
        raise errors.SourceGarbled(self.name, f"{self.title} gave a list without an end.")

    @staticmethod
    def signal(ident: str, rest: str = "") -> str:
        """The path of one: an id is one segment."""
        return f"signals/{parse.quote(ident, safe='')}{rest}"
