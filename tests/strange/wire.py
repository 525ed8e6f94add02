"""How the strange system is spoken to: a key that is exchanged for tokens which are soon spent, and answers whose body says what went wrong
though their status is 200. One place for both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib import parse

import httpx

from bot import errors, ports
from bot.sources import base
from tests.strange import service

MOST_PAGES = 1000


class Wire(base.HttpSource):
    """Calls to one deployment. The key goes to the exchange alone; one exchange is under way at a time, and whoever waits for it takes
    what it brings."""

    def __init__(self, *, url: str, key: str, clock: ports.Clock, timeout: float, transport: httpx.AsyncBaseTransport | None) -> None:
        super().__init__(
            name="strange",
            title="Strange",
            base_url=f"{url.rstrip('/')}/v0/",
            token=key,
            setting="STRANGE_KEY",
            clock=clock,
            timeout=timeout,
            transport=transport,
        )
        del self._http.headers["authorization"]
        self._pass, self._exchanging = "", asyncio.Lock()

    # --- tokens ----------------------------------------------------------------------------------------------------------------

    async def _exchange(self, request: httpx.Request, *, whole: bool = True) -> base.HttpAnswer:
        """With a token; and once more with a new one where it was spent, which means that nothing was done."""
        token = self._pass or await self._renewed("")
        for _ in range(2):
            request.headers["authorization"] = f"Strange {token}"
            answer = await super()._exchange(request, whole=whole)
            if _code(answer) != service.SPENT:
                break
            token = await self._renewed(token)
        return answer

    async def _renewed(self, spent: str) -> str:
        """A token other than the spent one."""
        async with self._exchanging:
            if self._pass in ("", spent):
                answer = await super()._exchange(self._http.build_request("POST", "token", json={"key": self._token}))
                self._refuse(answer, base.Ask())
                self._pass = str(self.json(answer.body).get("token", ""))
            return self._pass

    # --- what an answer means --------------------------------------------------------------------------------------------------

    def _refuse(self, answer: base.HttpAnswer, ask: base.Ask) -> None:
        """Raise what the status means, or the code inside."""
        super()._refuse(answer, ask)
        code, said = _code(answer), self._said(answer).words
        if code is None:
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer without a code.")
        if code:
            raise self._meant(code, said, answer)

    def _meant(self, code: int, said: str, answer: base.HttpAnswer) -> errors.SourceError:
        text = f"{self.title} says: {said} (code {code})."
        if code in (service.BAD_KEY, service.SPENT):
            return errors.SourceAuthFailed(self.name, f"{text} Put a key that works into {self._setting}.")
        if code == service.MISSING:
            return errors.SourceMissing(self.name, text)
        if code == service.WAIT:
            return self._pause(self._retry_after(str(_reply(answer).get("wait", ""))), "")
        if code >= 50:
            return errors.SourceUnavailable(self.name, text)
        return errors.SourceRejected(self.name, text)

    # --- lists -----------------------------------------------------------------------------------------------------------------

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


def _reply(answer: base.HttpAnswer) -> Mapping[str, Any]:
    try:
        found = base.parse(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, Mapping) else {}


def _code(answer: base.HttpAnswer) -> int | None:
    """The code inside an answer; None where there is none."""
    try:
        return int(_reply(answer)["code"])
    except (KeyError, ValueError, TypeError):
        return None
