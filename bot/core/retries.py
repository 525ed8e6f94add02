"""When a delivery is tried again: soon after an outage, slowly after a refusal, never quite given up."""

from __future__ import annotations

from datetime import datetime, timedelta

OUTAGE, OUTAGE_LIMIT = timedelta(seconds=2), timedelta(minutes=2)
REFUSED, REFUSED_LIMIT = timedelta(seconds=15), timedelta(minutes=10)
"""How soon and how rarely a message that Slack refuses is tried again: tomorrow it may take what it refuses today."""

STALE = timedelta(days=7)
"""A refused report or digest is no news any more, and a card that is shown plainer than it should be stays so, after this time."""

PLAIN_FOR = timedelta(minutes=10)
"""When a message that Slack only took in a simpler form is tried whole again; after that, each time when its age has doubled."""

AWAY = timedelta(minutes=1)
"""How often a card whose system is not configured looks whether it is again."""


def after_outage(tries: int) -> timedelta:
    """How long a delivery that failed waits after so many earlier tries."""
    return _doubled(OUTAGE, tries, OUTAGE_LIMIT)


def after_refusal(tries: int) -> timedelta:
    """How long a delivery that Slack refused waits after so many earlier tries."""
    return _doubled(REFUSED, tries, REFUSED_LIMIT)


def whole_again(posted: datetime | None, now: datetime) -> datetime | None:
    """When a message that is shown plainer than meant is tried whole again; None when it is too old for that."""
    age = now - (posted or now)
    return None if age > STALE else now + max(PLAIN_FOR, age)


def _doubled(first: timedelta, tries: int, most: timedelta) -> timedelta:
    return min(first * (1 << min(tries, 10)), most)
