"""How a system is told who asks: a header that stays, or a key that is exchanged for tokens. No token is stored, logged, or in an error."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bot import errors, ports
from bot.core import phrases
from bot.sources import judging

EARLY = timedelta(seconds=60)
"""A token is exchanged for a new one so long before its end, or a tenth of its life where that is less."""
FRESH = timedelta(seconds=30)
"""A token that is refused so soon after it was given is not exchanged: the next one would be refused, too."""
REFUSED = timedelta(seconds=60)
"""A key that was refused is not offered again before this."""
REMEMBERED = 4
"""The last tokens: a late answer may quote one that is not used any more."""
AGAIN = timedelta(seconds=10)
"""While a token holds, nobody waits more often than this for one that cannot be had."""
LONGEST = 10 * 365 * 86400.0
"""Seconds that a token is believed to hold; what holds longer, or has ended when it comes, is used until it is refused."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that needs no token: a JSON body, or the fields of a form."""

    method: str
    path: str
    body: Any = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """What a key was exchanged for, and how many seconds it holds: None where the system does not say."""

    value: str = field(repr=False)
    seconds: float | None = None


class Door(Protocol):
    """The wire to a system, as far as an exchange needs it."""

    async def knock(self, call: Call) -> judging.HttpAnswer:
        """Send a request without a token. Raises SourceError when there is no answer."""
        ...

    def fault(self, answer: judging.HttpAnswer) -> judging.Fault | None:
        """What is wrong with an answer."""
        ...

    def error(self, fault: judging.Fault) -> errors.SourceError:
        """What is raised for it."""
        ...

    def json(self, body: bytes) -> Any:
        """Read an answer. Raises SourceGarbled."""
        ...


class Auth(Protocol):
    """Who asks."""

    advice: str

    async def headers(self, door: Door) -> Mapping[str, str]:
        """What each call carries. Raises SourceError when there is nothing that would be taken."""
        ...

    def renews(self, used: Mapping[str, str], fault: judging.Fault) -> bool:
        """Whether a call that was refused like this makes sense once more: with other headers than those."""
        ...

    def hide(self, words: str) -> str:
        """A text without anything secret in it."""
        ...

    async def aclose(self) -> None:
        """End what is under way."""
        ...


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


def _header(name: str, scheme: str, token: str) -> Mapping[str, str]:
    return {name: f"{scheme} {token}".strip()}


def _hidden(words: str, secrets: Sequence[str]) -> str:
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        words = words.replace(secret, "[token]")
    return words


class Static:
    """A token of the settings, in one header. `setting` is the name of its variable, for people; `scheme` may be ""."""

    def __init__(
        self,
        *,
        name: str,
        title: str,
        token: str,
        setting: str,
        clock: ports.Clock,
        header: str = "Authorization",
        scheme: str = "Bearer",
    ) -> None:
        self._name, self._title, self._token, self._clock = name, title, token.strip(), clock
        self._headers, self._expires = _header(header, scheme, self._token), expiry(self._token)
        self.advice = f"Make a new token in {title} and put it into {setting}."

    async def headers(self, door: Door) -> Mapping[str, str]:
        """The one header. Raises SourceAuthFailed where the token says itself that it has expired."""
        if self._expires is not None and self._expires <= self._clock.now():
            when = self._expires.strftime("%Y-%m-%d %H:%M UTC")
            raise errors.SourceAuthFailed(self._name, f"The {self._title} token expired on {when}. {self.advice}")
        return self._headers

    def renews(self, used: Mapping[str, str], fault: judging.Fault) -> bool:
        """Never: there is no other."""
        return False

    def hide(self, words: str) -> str:
        """A text without the token."""
        return _hidden(words, [self._token])

    async def aclose(self) -> None:
        """Nothing is under way."""


@dataclass(slots=True)
class _Held:
    """The token that is used now: since when, until when it is taken, and from when on another one is asked for."""

    token: Token
    since: datetime
    until: datetime | None
    renew: datetime | None


class Exchange:
    """A key that is exchanged for a token: again before its end, and once when it is refused. One exchange is under way at a time, and
    whoever waits for it takes what it brings.

    `call` makes the exchange, or, where nothing is found at its address, the first of `elsewhere` that is there. `read` finds the token in
    its answer; `settings` are the variables that hold the key, `secrets` what must not be shown; `spent` says which refusal is about the
    token; one that is refused while it is `fresh` is not exchanged.
    """

    def __init__(
        self,
        *,
        name: str,
        title: str,
        call: Call,
        read: Callable[[Any], Token],
        settings: Sequence[str],
        secrets: Sequence[str],
        clock: ports.Clock,
        header: str = "Authorization",
        scheme: str = "Bearer",
        elsewhere: Sequence[Call] = (),
        spent: Callable[[judging.Fault], bool] = lambda fault: fault.status == 401,
        fresh: timedelta = FRESH,
    ) -> None:
        self._name, self._title, self._calls, self._read, self._clock = name, title, [call, *elsewhere], read, clock
        self._header, self._scheme, self._spent, self._fresh, self._secrets = header, scheme, spent, fresh, tuple(secrets)
        self._settings = phrases.both(list(settings))
        self.advice = f"Make a new key in {title} and put it into {self._settings}."
        self._held: _Held | None = None
        self._given = deque[str](maxlen=REMEMBERED)
        self._under_way: asyncio.Task[_Held] | None = None
        self._refusal: Callable[[], errors.SourceError] | None = None
        self._refused_until = datetime.min.replace(tzinfo=UTC)

    async def headers(self, door: Door) -> Mapping[str, str]:
        """The header with a token that holds. Raises SourceAuthFailed for a key that is not taken, SourceError when nobody answers."""
        held = await self._holding(door)
        return _header(self._header, self._scheme, held.token.value)

    async def _holding(self, door: Door) -> _Held:
        held, now = self._held, self._clock.now()
        if held is not None and (held.renew is None or now < held.renew):
            return held
        try:
            return await self._exchanged(door)
        except errors.SourceError:
            if held is None or self._held is not held or held.until is None or held.until <= self._clock.now():
                raise
            held.renew = min(held.until, self._clock.now() + AGAIN)  # it holds for a moment yet
            return held

    def renews(self, used: Mapping[str, str], fault: judging.Fault) -> bool:
        """Whether a refusal is about the token: then it is dropped, unless another has come meanwhile. One that is new is not."""
        if not self._spent(fault):
            return False
        held = self._held
        if held is None or _header(self._header, self._scheme, held.token.value) != used:
            return True
        if self._clock.now() - held.since < self._fresh:
            return False
        self._held = None
        return True

    def hide(self, words: str) -> str:
        """A text without the key and the token."""
        return _hidden(words, [*self._secrets, *self._given])

    async def aclose(self) -> None:
        """End an exchange that is under way."""
        if self._under_way is not None:
            self._under_way.cancel()
            await asyncio.gather(self._under_way, return_exceptions=True)

    # --- the exchange ------------------------------------------------------------------------------------------------------

    async def _exchanged(self, door: Door) -> _Held:
        """The one that is under way, or a new one; it goes on when somebody who waits for it gives up."""
        if self._refusal is not None and self._refused_until > self._clock.now():
            raise self._refusal()
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._exchange(door))
            self._under_way.add_done_callback(self._over)
        return await asyncio.shield(self._under_way)

    def _over(self, task: asyncio.Task[_Held]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # whoever waited has it

    async def _exchange(self, door: Door) -> _Held:
        answer = await door.knock(self._calls[0])
        fault = door.fault(answer)
        for _ in self._calls[1:]:
            if fault is None or fault.status != 404:
                break
            self._calls = [*self._calls[1:], self._calls[0]]
            answer = await door.knock(self._calls[0])
            fault = door.fault(answer)
        if fault is not None:
            raise self._refused(fault, door.error(fault))
        try:
            held = _hold(self._read(door.json(answer.body)), self._clock.now())
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise errors.SourceGarbled(self._name, f"{self._title} gave an answer without a token in it.") from error
        self._held = held
        self._given.append(held.token.value)
        return held

    def _refused(self, fault: judging.Fault, error: errors.SourceError) -> errors.SourceError:
        """No token: a key that is not taken is one sentence for everybody who asks, and neither it nor a pause that the system asks for is
        tried out for a while."""
        name, text = self._name, str(error)
        if isinstance(error, errors.SourceRateLimited):
            wait, asked = error.retry_after, error.asked
            return self._holds_off(lambda: errors.SourceRateLimited(name, text, wait, asked=asked), timedelta(seconds=wait))
        if 400 <= fault.status < 500 and fault.status not in (408, 425):
            _, says, words = text.partition(f" {self._title} says: ")
            told = f"{self._title} does not accept {self._settings}. {self.advice}{says}{words}"
            return self._holds_off(lambda: errors.SourceAuthFailed(name, told), REFUSED)
        return error

    def _holds_off(self, refusal: Callable[[], errors.SourceError], pause: timedelta) -> errors.SourceError:
        self._refusal, self._refused_until = refusal, self._clock.now() + pause
        return refusal()


def _hold(token: Token, now: datetime) -> _Held:
    """Raises ValueError for what no header can carry."""
    if not (token.value and token.value.isascii() and token.value.isprintable()):
        raise ValueError("this is no token")
    seconds = float(token.seconds) if token.seconds is not None else None
    if seconds is not None:
        until = now + timedelta(seconds=seconds) if 0.0 < seconds < LONGEST else None
    else:
        until = expiry(token.value)
    if until is None or until <= now:
        return _Held(token, now, None, None)
    return _Held(token, now, until, until - min(EARLY, (until - now) / 10))
