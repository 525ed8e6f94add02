"""Slack's date tokens, drawn in the viewer's own time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TOKEN = re.compile(r"\{(\w+)\}")


def zone(name: str) -> tzinfo:
    """The zone called `name`; UTC when nobody knows it."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def clock(at: datetime) -> str:
    """9:05 AM."""
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def _ordinal(day: int) -> str:
    return f"{day}{'th' if 10 <= day % 100 <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def _long(at: datetime) -> str:
    return f"{at:%A, %B} {_ordinal(at.day)}, {at.year}"


def _medium(at: datetime) -> str:
    return f"{at:%B} {_ordinal(at.day)}, {at.year}"


def _short(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at.year}"


def _pretty(form: Callable[[datetime], str]) -> Callable[[datetime, datetime], str]:
    def drawn(at: datetime, now: datetime) -> str:
        near = {-1: "tomorrow", 0: "today", 1: "yesterday"}
        return near.get((now.date() - at.date()).days) or form(at)

    return drawn


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits."""
    seconds = int((now - at).total_seconds())
    words = "{} from now" if seconds < 0 else "{} ago"
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if abs(seconds) >= size:
            count = abs(seconds) // size
            return words.format(f"{count} {name}{'s' if count > 1 else ''}")
    return "just now"


_FORMS: dict[str, Callable[[datetime, datetime], str]] = {
    "date_num": lambda at, now: f"{at:%Y-%m-%d}",
    "date_slash": lambda at, now: f"{at:%m/%d/%Y}",
    "date": lambda at, now: _medium(at),
    "date_short": lambda at, now: _short(at),
    "date_long": lambda at, now: _long(at),
    "date_pretty": _pretty(_medium),
    "date_short_pretty": _pretty(_short),
    "date_long_pretty": _pretty(_long),
    "time": lambda at, now: clock(at),
    "time_secs": lambda at, now: f"{at.hour % 12 or 12}:{at:%M:%S} {'AM' if at.hour < 12 else 'PM'}",
    "ago": ago,
}


def draw(unix: int, form: str, where: tzinfo, now: datetime) -> str | None:
    """Fill the tokens of `form`; None when one of them is not Slack's, so that the caller shows the fallback text."""
    try:
        at = datetime.fromtimestamp(unix, where)
    except (OverflowError, OSError, ValueError):
        return None
    here = now.astimezone(where)
    if any(name not in _FORMS for name in _TOKEN.findall(form)):
        return None
    return _TOKEN.sub(lambda found: _FORMS[found[1]](at, here), form)


def day(at: datetime, now: datetime) -> str:
    """The label of a day divider: Today, Yesterday, Monday, March 3rd."""
    distance = (now.date() - at.date()) // timedelta(days=1)
    return {0: "Today", 1: "Yesterday"}.get(distance) or f"{at:%A, %B} {_ordinal(at.day)}"
