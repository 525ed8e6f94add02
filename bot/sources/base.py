"""HTTP for one anomaly system: authentication, time limits, retries of safe calls, and every status as a `SourceError`.

Only GET is repeated, and a write of which nothing was sent. Whoever writes decides what a lost answer means. No error text ever holds a
token.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
import math
import re
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
import pydantic_core
import tenacity

from bot import errors, ports
from bot.sources import unpacking

MAX_BODY = 8 * 1024 * 1024
"""Bytes of an answer that are read at most; a page of 100 anomalies is far below."""
MAX_REFUSAL = 64 * 1024
"""Bytes of a refusal that are read; the rest would not be shown anyway."""
MAX_WORDS = 300
"""Characters of a system's own words in an error text."""
ATTEMPTS = 3
LONGEST_WAIT = 10.0
"""Seconds of `Retry-After` that are waited for on the spot; a longer pause is the caller's business."""
LONGEST_PAUSE = 120.0
"""Seconds of `Retry-After` that are believed: the ceiling of the back-off of a poll. What asks for more is asked again after this."""
TOGETHER = 64
"""Calls that are under way at once, most of them waiting for one of the few places on the wire."""

Params = Sequence[tuple[str, str | int]]
Thing = TypeVar("Thing")

_SECRET = re.compile(r"(?i)bearer\s+\S+|eyJ[\w-]+(?:\.[\w-]+){1,2}")
_SPACE = re.compile(r"\s+")
pause = asyncio.sleep
_backoff = tenacity.wait_exponential_jitter(multiplier=0.2, max=2, jitter=0.3)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call is for, in case it is refused: the right it needs ("Editor") and the datastore it touches, each "" when unknown."""

    right: str = ""
    place: str = ""


REPORTER, EDITOR = Ask("Reporter"), Ask("Editor")


@dataclass(frozen=True, slots=True)
class Complaint:
    """A system's own words about a refusal, and the fields it points at ("body.0.status")."""

    words: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status and as much of the body as was read."""

    status: int
    headers: httpx.Headers
    body: bytes


async def together(calls: Iterable[Coroutine[Any, Any, Thing]], abreast: int = TOGETHER) -> list[Thing]:
    """Await all, `abreast` at a time, each made when its turn comes; when one fails the others are cancelled and its error is raised as
    it is."""
    waiting, done = iter(enumerate(calls)), dict[int, Thing]()

    async def work(number: int, call: Coroutine[Any, Any, Thing]) -> None:
        done[number] = await call
        for another, following in waiting:
            done[another] = await following

    try:
        async with asyncio.TaskGroup() as group:
            for number, call in itertools.islice(waiting, abreast):
                group.create_task(work(number, call))
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    finally:
        if isinstance(calls, Sequence):
            for _, unmade in waiting:
                unmade.close()
    return [done[number] for number in sorted(done)]


def expiry(token: str) -> datetime | None:
    """When a JWT expires, read without verifying it; None when it never does, or when it is no JWT."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (ValueError, KeyError, TypeError, OverflowError, OSError):
        return None


def parse(body: bytes) -> Any:
    """Read JSON. Raises ValueError for anything else, nesting beyond reason included.

    The reader of pydantic is twice as fast, and stricter: what it refuses (half a surrogate pair, say) the one of Python may still read.
    """
    with contextlib.suppress(ValueError):
        return pydantic_core.from_json(body)
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


class HttpSource:
    """The wire to one system.

    `base_url` ends with "/". `reads` and `writes` are how many calls run at once. `setting` is the name of the environment variable that
    holds the token, for people. `timeout` in seconds is the limit of a whole call, not of a single packet.
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        base_url: str,
        token: str,
        setting: str,
        clock: ports.Clock,
        timeout: float = 30.0,
        reads: int = 8,
        writes: int = 4,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name, self.title = name, title
        self._token, self._setting, self._clock, self._timeout = token.strip(), setting, clock, timeout
        self._expires = expiry(self._token)
        self._reads, self._writes = asyncio.Semaphore(reads), asyncio.Semaphore(writes)
        self._http = httpx.AsyncClient(
            base_url=base_url,
            headers={"Authorization": f"Bearer {self._token}", "Accept": "application/json", "Accept-Encoding": "gzip"},
            timeout=timeout,
            limits=httpx.Limits(max_connections=reads + writes, max_keepalive_connections=reads + writes),
            follow_redirects=False,  # the token goes to the address in the settings and nowhere else
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    async def read(self, path: str, params: Params = (), *, ask: Ask = REPORTER) -> Any:
        """GET JSON; repeated a few times after a time-out, a 5xx or a short `Retry-After`, within about one time limit in all."""
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(ATTEMPTS) | tenacity.stop_after_delay(self._timeout),
            retry=tenacity.retry_if_exception(_worth_repeating),
            wait=_wait,
            sleep=pause,
            reraise=True,
        )
        return await retrying(self._read_once, path, params, ask)

    async def write(self, method: str, path: str, *, params: Params = (), body: Any = None, ask: Ask = EDITOR) -> bytes:
        """Send a change once, and once more only when there was no connection, so that nothing of it was sent; returns the body of a
        success unread, cut where it is too long.

        Raises SourceUnavailable or SourceGarbled when nobody knows whether it was done: no answer, or one that cannot be unpacked."""
        content = {} if body is None else {"json": body}
        try:
            answer = await self._write_once(method, path, params, content)
        except errors.SourceUnavailable as error:
            if not isinstance(error.__cause__, httpx.ConnectError):
                raise
            answer = await self._write_once(method, path, params, content)
        self._refuse(answer, ask)
        return answer.body

    async def _write_once(self, method: str, path: str, params: Params, content: Mapping[str, Any]) -> HttpAnswer:
        request = self._http.build_request(method, path, params=list(params) or None, **content)
        async with self._writes:
            return await self._exchange(request, whole=False)

    def json(self, body: bytes) -> Any:
        """Read the answer of a write. Raises SourceGarbled."""
        try:
            return parse(body)
        except ValueError as error:
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that is not JSON.") from error

    async def _read_once(self, path: str, params: Params, ask: Ask) -> Any:
        request = self._http.build_request("GET", path, params=list(params) or None)
        async with self._reads:
            answer = await self._exchange(request)
        self._refuse(answer, ask)
        return self.json(answer.body)

    async def _exchange(self, request: httpx.Request, *, whole: bool = True) -> HttpAnswer:
        self._check_token()
        try:
            async with asyncio.timeout(self._timeout):
                response = await self._http.send(request, stream=True)
                try:
                    return HttpAnswer(response.status_code, response.headers, await self._body(response, whole))
                finally:
                    await response.aclose()
        except (TimeoutError, httpx.TimeoutException) as error:
            raise errors.SourceUnavailable(self.name, f"{self.title} did not answer within {self._timeout:g} seconds.") from error
        except unpacking.Unreadable as error:
            raise errors.SourceGarbled(self.name, f"{self.title} gave an answer that cannot be unpacked.") from error
        except httpx.HTTPError as error:
            said = f"{self.title} cannot be reached: the connection failed ({type(error).__name__})."
            raise errors.SourceUnavailable(self.name, said, dropped=True) from error

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

    def _check_token(self) -> None:
        if self._expires is not None and self._expires <= self._clock.now():
            when = self._expires.strftime("%Y-%m-%d %H:%M UTC")
            raise errors.SourceAuthFailed(
                self.name, f"The {self.title} token expired on {when}. Make a new token in {self.title} and put it into {self._setting}."
            )

    def _refuse(self, answer: HttpAnswer, ask: Ask) -> None:
        """Raise what a status means; return for a success."""
        if 200 <= answer.status < 300:
            return
        said = self._said(answer)
        tail = f" {self.title} says: {said.words}" if said.words else ""
        if answer.status in (429, 503) and (answer.status == 429 or "retry-after" in answer.headers):
            raise self._pause(self._retry_after(answer.headers.get("retry-after", "")), tail)
        if answer.status >= 500 or answer.status in (408, 425):
            raise errors.SourceUnavailable(self.name, f"{self.title} failed with HTTP {answer.status}.{tail}")
        raise self._refusal(answer.status, said, tail, ask)

    def _pause(self, asked: float, tail: str) -> errors.SourceRateLimited:
        """A pause that was asked for, and how much of it is kept."""
        instead = f" That is long: the next try is in {spoken(LONGEST_PAUSE)}." if asked > LONGEST_PAUSE else ""
        text = f"{self.title} asks to wait {spoken(asked)}.{instead}{tail}"
        return errors.SourceRateLimited(self.name, text, min(asked, LONGEST_PAUSE), asked=asked)

    def _refusal(self, status: int, said: Complaint, tail: str, ask: Ask) -> errors.SourceError:
        if status == 401:
            text = f"{self.title} does not accept the token. Make a new token in {self.title} and put it into {self._setting}.{tail}"
            return errors.SourceAuthFailed(self.name, text)
        if status == 403:
            right = f"the right {ask.right}" if ask.right else "a right"
            place = f" on datastore {ask.place}" if ask.place else ""
            text = f"{self.title} refused it: the bot's user lacks {right}{place}.{tail}"
            return errors.SourceForbidden(self.name, text, right=ask.right, place=ask.place)
        if status == 404:
            return errors.SourceMissing(self.name, f"{self.title} has no such thing.{tail}")
        if 300 <= status < 400:
            text = f"{self.title} answered with a redirect (HTTP {status}). Check that its URL in the settings is the right one."
            return errors.SourceRejected(self.name, text, status=status)
        return errors.SourceRejected(self.name, f"{self.title} refused it (HTTP {status}).{tail}", status=status, fields=said.fields)

    def _said(self, answer: HttpAnswer) -> Complaint:
        """FastAPI's `detail` (a text or a list of {loc, msg}), then `message`, then plain text; never HTML."""
        try:
            reply = parse(answer.body)
        except ValueError:
            plain = answer.headers.get("content-type", "").startswith("text/plain")
            return Complaint(self._clean(answer.body.decode("utf-8", "replace")) if plain else "")
        found = reply.get("detail") or reply.get("message") if isinstance(reply, Mapping) else reply
        faults = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
        if faults:
            fields = tuple(_path(one.get("loc")) for one in faults)
            told = [
                f"{one.get('msg', '')} ({where})" if where else str(one.get("msg", "")) for one, where in zip(faults, fields, strict=True)
            ]
            return Complaint(self._clean("; ".join(told[:3])), fields)
        return Complaint(self._clean(found) if isinstance(found, str) else "")

    def _clean(self, words: str) -> str:
        """One line, no token, not too long."""
        words = words.replace(self._token, "[token]") if self._token else words
        words = _SPACE.sub(" ", _SECRET.sub("[token]", words)).strip()
        return words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 1] + "…"

    def _retry_after(self, header: str) -> float:
        """Seconds from `Retry-After`, which is a number or a date; 1 when it is missing or nonsense."""
        try:
            seconds = float(header)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(header).astimezone(UTC) - self._clock.now()).total_seconds()
            except (ValueError, TypeError):
                seconds = 1.0
        return max(seconds, 0.0) if math.isfinite(seconds) else 1.0


def spoken(seconds: float) -> str:
    """A time as people say it: "1 second", "90 seconds", "2 minutes", "28 hours", "3 days"."""
    units = ((1.0, "second", 120), (60.0, "minute", 120), (3600.0, "hour", 48), (86400.0, "day", math.inf))
    length, unit = next((length, unit) for length, unit, below in units if seconds / length < below)
    count = math.ceil(seconds / length)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def _path(loc: Any) -> str:
    return ".".join(str(part) for part in loc) if isinstance(loc, list) else ""


def _worth_repeating(error: BaseException) -> bool:
    if isinstance(error, errors.SourceRateLimited):
        return error.retry_after <= LONGEST_WAIT
    return isinstance(error, errors.SourceUnavailable)


def _wait(state: tenacity.RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, errors.SourceRateLimited) else 0.0
    return asked + _backoff(state)
