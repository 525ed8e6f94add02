"""What an answer means: a status, or what a system says inside an answer whose status is fine, as a `SourceError`.

A system whose errors stand in the body hands over a judge. What it finds is treated like the HTTP status that says the same.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pydantic_core

from bot import errors

MAX_WORDS = 300
"""Characters of a system's own words in an error text."""
LONGEST_PAUSE = 120.0
"""Seconds of `Retry-After` that are believed: the ceiling of the back-off of a poll. What asks for more is asked again after this."""
SENSELESS = 0
"""The status of an answer that is not what the contract says."""

_SECRET = re.compile(r"(?i)bearer\s+\S+|eyJ[\w-]+(?:\.[\w-]+){1,2}")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A status and as much of the body as was read; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Ask:
    """What a call is for, in case it is refused: the right that it needs, and the place that it touches, each "" when unknown; `answers`
    are the statuses of refusals that are but an answer, of which no log has to tell."""

    right: str = ""
    place: str = ""
    answers: tuple[int, ...] = (404,)


NOTHING = Ask()


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an answer is no success: the HTTP status that says the same, the system's own words, the fields that it points at
    ("body.0.status"), how many seconds it asks to wait, None when it does not, and by which names its own log knows the call."""

    status: int
    words: str = ""
    fields: tuple[str, ...] = ()
    wait: float | None = None
    trace: tuple[tuple[str, str], ...] = ()


Judge = Callable[[Any], Fault | None]
"""Looks at the JSON of an answer; None: nothing is wrong with it. It may stumble over what is missing: that is `SENSELESS`."""


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


def fault(answer: HttpAnswer, judge: Judge | None, now: datetime) -> Fault | None:
    """What is wrong with an answer, None when nothing is. Where the HTTP status says something else than the body, the status holds."""
    well = 200 <= answer.status < 300
    if well and judge is None:
        return None
    try:
        reply = parse(answer.body)
    except ValueError:
        if well:
            return Fault(SENSELESS)
        plain = answer.headers.get("content-type", "").startswith("text/plain")
        return _waited(Fault(answer.status, answer.body.decode("utf-8", "replace") if plain else ""), answer, now)
    found = _judged(reply, judge) if judge else None
    if well:
        return found and _waited(found, answer, now)
    told = found if found is not None and found.words else complaint(reply)
    seen = found or Fault(SENSELESS)
    return _waited(Fault(answer.status, told.words, told.fields, seen.wait, seen.trace), answer, now)


def _judged(reply: Any, judge: Judge) -> Fault | None:
    try:
        return judge(reply)
    except (LookupError, TypeError, ValueError, AttributeError):
        return Fault(SENSELESS)


def _waited(found: Fault, answer: HttpAnswer, now: datetime) -> Fault:
    """With what the headers say of waiting, unless the body does."""
    said = answer.headers.get("retry-after")
    if found.wait is not None or (said is None and found.status != 429):
        return found
    return replace(found, wait=retry_after(said or "", now))


def complaint(reply: Any) -> Fault:
    """The words of a refusal as most frameworks put them: `detail` (a text or a list of {loc, msg}), then `message`; never HTML."""
    found = reply.get("detail") or reply.get("message") if isinstance(reply, Mapping) else reply
    faults = [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []
    if not faults:
        return Fault(SENSELESS, found if isinstance(found, str) else "")
    fields = tuple(_path(one.get("loc")) for one in faults)
    told = [f"{one.get('msg', '')} ({where})" if where else str(one.get("msg", "")) for one, where in zip(faults, fields, strict=True)]
    return Fault(SENSELESS, "; ".join(told[:3]), fields)


def _path(loc: Any) -> str:
    return ".".join(str(part) for part in loc) if isinstance(loc, list) else ""


def retry_after(header: str, now: datetime) -> float:
    """Seconds from `Retry-After`, which is a number or a date; 1 when it is missing or nonsense."""
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header).astimezone(UTC) - now).total_seconds()
        except (ValueError, TypeError):
            seconds = 1.0
    return max(seconds, 0.0) if math.isfinite(seconds) else 1.0


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Faults as errors, in the words of one system. `advice` is what to do about a key that is not taken, `place` what its places are
    called ("warehouse"), `hide` takes secrets out of a text."""

    name: str
    title: str
    advice: str
    hide: Callable[[str], str]
    place: str = ""

    def error(self, found: Fault, ask: Ask = NOTHING) -> errors.SourceError:
        """What is raised for it."""
        words = self._clean(found.words)
        tail = f" {self.title} says: {words}" if words else ""
        if found.status == SENSELESS:
            return errors.SourceGarbled(self.name, f"{self.title} gave an answer that makes no sense.{tail}")
        if found.status in (429, 503) and found.wait is not None:
            return self._pause(found.wait, tail)
        if found.status >= 500 or found.status in (408, 425):
            brief = f"HTTP {found.status}{f': {words}' if words else ''}"
            return errors.SourceUnavailable(self.name, f"{self.title} failed with HTTP {found.status}.{tail}", brief=brief)
        return self._refusal(found, tail, ask)

    def _pause(self, asked: float, tail: str) -> errors.SourceRateLimited:
        """A pause that was asked for, and how much of it is kept."""
        asked = max(asked, 0.0) if math.isfinite(asked) else 1.0
        instead = f" That is long: the next try is in {spoken(LONGEST_PAUSE)}." if asked > LONGEST_PAUSE else ""
        text = f"{self.title} asks to wait {spoken(asked)}.{instead}{tail}"
        return errors.SourceRateLimited(self.name, text, min(asked, LONGEST_PAUSE), asked=asked)

    def _refusal(self, found: Fault, tail: str, ask: Ask) -> errors.SourceError:
        status = found.status
        if status == 401:
            return errors.SourceAuthFailed(self.name, f"{self.title} does not accept the token. {self.advice}{tail}")
        if status == 403:
            right = f"the right {ask.right}" if ask.right else "a right"
            place = f" on {' '.join(filter(None, (self.place, ask.place)))}" if ask.place else ""
            text = f"{self.title} refused it: the bot's user lacks {right}{place}.{tail}"
            return errors.SourceForbidden(self.name, text, right=ask.right, place=ask.place)
        if status == 404:
            return errors.SourceMissing(self.name, f"{self.title} has no such thing.{tail}")
        if 300 <= status < 400:
            text = f"{self.title} answered with a redirect (HTTP {status}). Check that its URL in the settings is the right one."
            return errors.SourceRejected(self.name, text, status=status)
        return errors.SourceRejected(self.name, f"{self.title} refused it (HTTP {status}).{tail}", status=status, fields=found.fields)

    def _clean(self, words: str) -> str:
        """One line, no token, not too long."""
        words = _SPACE.sub(" ", _SECRET.sub("[token]", self.hide(words))).strip()
        return words if len(words) <= MAX_WORDS else words[: MAX_WORDS - 1] + "…"


def traceable(value: str) -> str:
    """A name of a call as a log line may have it: short, and nothing but what such names are made of."""
    return re.sub(r"[^\w.:/-]", "?", value)[:100]


def spoken(seconds: float) -> str:
    """A time as people say it: "1 second", "90 seconds", "2 minutes", "28 hours", "3 days"."""
    units = ((1.0, "second", 120), (60.0, "minute", 120), (3600.0, "hour", 48), (86400.0, "day", math.inf))
    length, unit = next((length, unit) for length, unit, below in units if seconds / length < below)
    count = math.ceil(seconds / length)
    return f"{count:,} {unit}{'' if count == 1 else 's'}"
