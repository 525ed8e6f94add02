"""HTTP for one anomaly system: time limits, retries of safe calls, and every answer that is no success as a `SourceError`.

Only GET is repeated, and a write of which nothing was sent, or that was refused for its token. Whoever writes decides what a lost answer
means. No error text ever holds a token.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
import tenacity

from bot import errors, ports
from bot.sources import auth, judging, lanes, unpacking

MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer that are read at most; a page of 100 anomalies is far below."""
MAX_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read; the rest would not be shown anyway."""
ATTEMPTS = 3
LONGEST_WAIT = 10.0
"""Seconds of `Retry-After` that are waited for on the spot; a longer pause is the caller's business."""
TOGETHER = 64
"""Calls that are under way at once, most of them waiting for one of the few places on the wire."""
ALIKE = 600.0
"""Seconds within which refusals with the same status leave one line in the log."""

Params = Sequence[tuple[str, str | int]]
Thing = TypeVar("Thing")

log = logging.getLogger(__name__)
pause = asyncio.sleep
_backoff = tenacity.wait_exponential_jitter(multiplier=0.2, max=2, jitter=0.3)


async def together(calls: Iterable[Coroutine[Any, Any, Thing]], abreast: int = TOGETHER) -> list[Thing]:
    """Await all, `abreast` at a time, each made when its turn comes; when one fails the others are cancelled and its error is raised as
    it is."""
    waiting, done = iter(enumerate(calls)), dict[int, Thing]()

    async def work(number: int, call: Coroutine[Any, Any, Thing]) -> None:
        done[number] = await call
        for another, following in waiting:
            done[another] = await following

    # No TaskGroup: before Python 3.13 a failure in one leaves its caller marked as cancelled, and with Python 3.11.2 (Debian 12) each later
    # `asyncio.timeout` of that caller then ends in CancelledError.
    begun = list(itertools.islice(waiting, abreast))
    tasks = [asyncio.create_task(work(number, call)) for number, call in begun]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for _, call in begun:
            call.close()  # where it was cut off before its first step
        raise
    finally:
        if isinstance(calls, Sequence):
            for _, unmade in waiting:
                unmade.close()
    return [done[number] for number in sorted(done)]


class HttpSource:
    """The wire to one system.

    `base_url` ends with "/". `who` tells the system who asks, `judge` finds errors inside answers whose status is fine, `places` is what
    its places are called. `headers` go with every call, besides. `reading` and `writing` are what calls are for that do not say it.
    `timeout` in seconds is the limit of a whole call, not of a single packet.
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        base_url: str,
        who: auth.Auth,
        clock: ports.Clock,
        judge: judging.Judge | None = None,
        allowance: ports.Lanes | None = None,
        budget: ports.Budget | None = None,
        places: str = "",
        headers: Mapping[str, str] | None = None,
        reading: judging.Ask = judging.NOTHING,
        writing: judging.Ask = judging.NOTHING,
        timeout: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name, self.title = name, title
        self._who, self._judge, self._clock, self._timeout = who, judge, clock, timeout
        self._verdicts = judging.Verdicts(name, title, who.advice, who.hide, places)
        self._reading, self._writing = reading, writing
        self._noted: tuple[int, float] | None = None
        self._places, self._budget = lanes.Places(allowance or ports.Lanes()), budget
        certificates: Any = True if transport else httpx.create_ssl_context()

        def made() -> httpx.AsyncClient:
            return httpx.AsyncClient(
                base_url=base_url,
                headers={"Accept": "application/json", "Accept-Encoding": "gzip", **(headers or {})},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none is kept: a session may win over the token
                timeout=timeout,
                limits=httpx.Limits(max_connections=1),
                follow_redirects=False,  # the token goes to the address in the settings and nowhere else
                transport=transport,
                verify=certificates,
            )

        self._made, self._http = made, made()
        self._clients, self._idle = [self._http], [self._http]

    async def aclose(self) -> None:
        """Close connections."""
        await self._who.aclose()
        for client in self._clients:
            await client.aclose()

    # --- calls -------------------------------------------------------------------------------------------------------------

    async def read(self, path: str, params: Params = (), *, ask: judging.Ask | None = None) -> Any:
        """GET JSON; repeated a few times after a time-out, a 5xx or a short `Retry-After`, within about one time limit in all. `path` may
        be a whole address of this system, as a list gives it for its next page."""
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(self._timeout),
            retry=tenacity.retry_if_exception(_worth_repeating),
            wait=_wait,
            sleep=pause,
            reraise=True,
        )
        return await retrying(self._read_once, path, params, ask or self._reading)

    async def _read_once(self, path: str, params: Params, ask: judging.Ask) -> Any:
        answer = await self._asked("GET", path, params, {}, ask, write=False)
        return self.json(answer.body)

    async def write(self, method: str, path: str, *, params: Params = (), body: Any = None, ask: judging.Ask | None = None) -> bytes:
        """Send a change once, and once more only when there was no connection, so that nothing of it was sent; returns the body of a
        success unread, cut where it is too long.

        Raises SourceUnavailable or SourceGarbled when nobody knows whether it was done: no answer, or one that cannot be unpacked."""
        content, ask = {} if body is None else {"json": body}, ask or self._writing
        try:
            answer = await self._asked(method, path, params, content, ask, write=True)
        except errors.SourceUnavailable as error:
            if not isinstance(error.__cause__, httpx.ConnectError):
                raise
            answer = await self._asked(method, path, params, content, ask, write=True)
        return answer.body

    async def _asked(
        self, method: str, path: str, params: Params, content: Mapping[str, Any], ask: judging.Ask, *, write: bool
    ) -> judging.HttpAnswer:
        """A success, asked for in its lane and within the budget; once more where the token was refused and another one may not be."""
        request = self._request(method, path, params=list(params) or None, **content)
        for last in (False, True):
            headers = await self._who.headers(self)
            request.headers.update(headers)
            async with self._places.one(write=write):
                answer = await self._exchange(request, whole=not write)
            found = self.fault(answer)
            if found is None:
                return answer
            if last or not self._who.renews(headers, found):
                self._note(request, found, ask)
                raise self.error(found, ask)
        raise AssertionError("the last one returns or raises")

    def _note(self, request: httpx.Request, found: judging.Fault, ask: judging.Ask) -> None:
        """Leave the names under which the system has a refusal in its own log: of a click always, else once for as long as it goes on
        alike; of one that is but an answer never."""
        now = asyncio.get_running_loop().time()
        alike = self._noted is not None and self._noted[0] == found.status and now - self._noted[1] < ALIKE
        if not found.trace or found.status in ask.answers or (alike and not ports.urgent()):
            return
        self._noted = (found.status, now)
        traced = " ".join(f"{name}={judging.traceable(value)}" for name, value in found.trace)
        log.info("%s refused %s with %d: %s", self.name, request.method, found.status, traced)

    async def knock(self, call: auth.Call) -> judging.HttpAnswer:
        """Send a request without a token, for one."""
        content = {"json": call.body} if call.form is None else {"data": dict(call.form)}
        return await self._exchange(self._request(call.method, call.path, **content))

    def _request(self, method: str, path: str, **content: Any) -> httpx.Request:
        """Raises SourceGarbled for an address that is not on the host of the settings."""
        request, ours = self._http.build_request(method, path, **content), self._http.base_url
        if (request.url.scheme, request.url.host, request.url.port) != (ours.scheme, ours.host, ours.port):
            raise errors.SourceGarbled(self.name, f"{self.title} points to another host, {request.url.host[:100]}. It was not asked.")
        return request

    async def _exchange(self, request: httpx.Request, *, whole: bool = True) -> judging.HttpAnswer:
        if self._budget is not None:
            await self._budget.spend(urgent=ports.urgent())
        try:
            async with asyncio.timeout(self._timeout):
                async with self._client() as client:
                    response = await client.send(request, stream=True)
                    try:
                        return judging.HttpAnswer(response.status_code, response.headers, await self._body(response, whole))
                    finally:
                        await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            brief = f"nothing within {self._timeout:g} seconds"
            said = f"{self.title} did not answer within {self._timeout:g} seconds."
            raise errors.SourceUnavailable(self.name, said, brief=brief) from error
        except unpacking.Unreadable as error:
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that cannot be unpacked.") from error
        except httpx.HTTPError as error:
            said = f"{self.title} cannot be reached: the connection failed ({type(error).__name__})."
            raise errors.SourceUnavailable(self.name, said, dropped=True) from error

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        """One of its own for each call under way, with one connection, the one used last first: where many share one, the library asks each
        of their connections how it is before every call, which costs more than the call."""
        client = self._idle.pop() if self._idle else self._made()
        if client not in self._clients:
            self._clients.append(client)
        try:
            yield client
        except BaseException:  # cut off while it connects, the library keeps its only place taken for ever
            self._clients.remove(client)
            await client.aclose()
            raise
        self._idle.append(client)

    async def _body(self, response: httpx.Response, whole: bool) -> bytes:
        """As much as is needed; `whole`: a success that is too large is no success."""
        limit = MAX_BODY if response.is_success else MAX_REFUSAL
        packed, body = unpacking.Unpacking(response.headers.get("content-encoding", "")), bytearray()
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for piece in response.stream:
            body += packed.take(piece, limit + 1 - len(body))
            if len(body) > limit and response.is_success and whole:
                raise errors.SourceGarbled(self.name, f"{self.title} gave an answer of more than {MAX_BODY // 2**20} MB; it was not read.")
            if len(body) > limit:
                break
        return bytes(body[:limit])

    # --- answers -----------------------------------------------------------------------------------------------------------

    def json(self, body: bytes) -> Any:
        """Read the answer of a write. Raises SourceGarbled."""
        try:
            return judging.parse(body)
        except ValueError as error:
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that is not JSON.") from error

    def fault(self, answer: judging.HttpAnswer) -> judging.Fault | None:
        """What is wrong with an answer, None when nothing is."""
        return judging.fault(answer, self._judge, self._clock.now())

    def error(self, fault: judging.Fault, ask: judging.Ask = judging.NOTHING) -> errors.SourceError:
        """What is raised for it."""
        return self._verdicts.error(fault, ask)


def _worth_repeating(error: BaseException) -> bool:
    if isinstance(error, errors.SourceRateLimited):
        return error.retry_after <= LONGEST_WAIT
    return isinstance(error, errors.SourceUnavailable)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, errors.SourceRateLimited) else 0.0
    return asked + _backoff(state)
