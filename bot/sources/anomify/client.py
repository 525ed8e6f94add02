"""Calls to Anomify: one token in one header, no session, no cookie, and pictures from nowhere but the address in the settings (contracts
3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from bot import errors, ports
from bot.sources import auth, base, judging
from bot.sources.anomify import discretion, envelope

NAME, TITLE = "anomify", "Anomify"
OWN_HOSTS = ".anomify.ai"
"""Replies name other hosts of Anomify than the one that was asked, like `api-stage`: the same path is there at the address of the
settings."""
LARGEST = 4 * 1024 * 1024
"""Bytes of a picture."""
KINDS: Mapping[bytes, str] = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF87a": "gif", b"GIF89a": "gif"}
"""How a picture begins that is taken for one, and what its file is called."""


class Client(base.HttpSource):
    """The wire to one organisation."""

    def __init__(
        self,
        *,
        url: str,
        token: str,
        clock: ports.Clock,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        address = url.strip().rstrip("/")
        self._address = urlsplit(address)
        self.host = self._address.netloc
        super().__init__(
            name=NAME,
            title=TITLE,
            base_url=f"{address}/",
            who=auth.Static(name=NAME, title=TITLE, token=token, setting="ANOMIFY_TOKEN", clock=clock, header="X-Auth-Token", scheme=""),
            judge=envelope.judge,
            clock=clock,
            allowance=allowance,
            budget=budget,
            reading=judging.Ask("to read anomalies"),
            timeout=timeout,
            transport=transport,
        )

    def error(self, fault: judging.Fault, ask: judging.Ask = judging.NOTHING) -> errors.SourceError:
        """What is raised for it; a demo account is told of, because no other token of it helps."""
        said = discretion.told(fault.words)
        if envelope.demo(said) and 400 <= fault.status < 500:
            text = f"The token in ANOMIFY_TOKEN belongs to a demo account, and {TITLE} does not let those read anomalies. "
            return errors.SourceForbidden(self.name, f"{text}Use a token of an organisation that is no demo.", right=ask.right)
        return super().error(replace(fault, words=said), ask)

    # --- calls --------------------------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Reach it with this token, for next to nothing."""
        await self.read("user/ping")

    async def anomaly(self, ident: str) -> Mapping[str, Any]:
        """All that is told of one anomaly. Raises SourceMissing."""
        return self._detail(await self.read(f"anomaly/{quote(ident, safe='')}"))

    async def lookup(self, metric: str, timestamp: str) -> Mapping[str, Any]:
        """The same for one that was alerted of and is not stored yet. Raises SourceMissing."""
        return self._detail(await self.read("anomaly/lookup", [("metric", metric), ("timestamp", timestamp)]))

    def _detail(self, reply: Any) -> Mapping[str, Any]:
        data = reply.get("data")
        if isinstance(data, list) and len(data) == 1:
            data = data[0]
        if isinstance(data, Mapping) and isinstance(data.get("anomaly"), Mapping):
            return data
        if not data or (isinstance(data, Mapping) and not data.get("anomaly")):
            raise errors.SourceMissing(self.name, f"{self.title} has no such thing.")
        raise errors.SourceGarbled(self.name, f"{self.title} gave an anomaly that cannot be read.")

    async def picture(self, address: str) -> tuple[bytes, str]:
        """A graph, and the ending of its file's name. The token goes to the host of the settings alone, wherever the address leads. Raises
        SourceGarbled for what is no picture, or too large a one."""
        headers = {**await self._who.headers(self), "Accept": "image/png, image/jpeg, image/gif"}
        request = self._request("GET", self._ours(address), headers=headers)
        async with self._places.one(write=False):
            answer = await self._exchange(request)
        ending = next((name for start, name in KINDS.items() if answer.body.startswith(start)), "")
        if not 200 <= answer.status < 300 or not ending:
            found = self.fault(answer)
            raise self.error(found) if found else errors.SourceGarbled(self.name, f"{self.title} gave something else than a picture.")
        if len(answer.body) > LARGEST:
            raise errors.SourceGarbled(self.name, f"{self.title} gave a picture of more than {LARGEST // 2**20} MB; it was not taken.")
        return answer.body, ending

    def _ours(self, address: str) -> str:
        """The same path at the address of the settings. Raises SourceGarbled for another host than one of Anomify's."""
        try:
            told = urlsplit(address)
        except ValueError:
            raise errors.SourceGarbled(self.name, f"{self.title} points to an address that is none.") from None
        host = (told.hostname or "").casefold()
        if (host or told.scheme) and host != self._address.hostname and not f".{host}".endswith(OWN_HOSTS):
            raise errors.SourceGarbled(self.name, f"{self.title} points to another host, {host[:100]}. It was not asked.")
        base_path = self._address.path.rstrip("/")
        path = told.path.removeprefix(base_path) if told.path.startswith(f"{base_path}/") else told.path
        if ".." in path.split("/"):
            raise errors.SourceGarbled(self.name, f"{self.title} points to an address that is none of a picture. It was not asked.")
        return f"{path.lstrip('/')}?{told.query}" if told.query else path.lstrip("/")
