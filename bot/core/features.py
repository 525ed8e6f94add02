"""What the desk can do only when the app was installed with today's manifest: which scopes and events it takes, and what is missed
without them. Whether an event is subscribed to cannot be asked: what has been heard once, is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core import phrases

HOME_OFF, HOME_ON = "home tab off", "home tab on"
"""Beside events: when Slack said last that the app has no Home tab, and when it took a view for it again."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One of them: what is missed without it, and what it takes."""

    missed: str
    event: str
    scope: str = ""


FEATURES = (
    Feature("people's App Homes stay empty", "app_home_opened"),
    Feature("a mention of the bot is not answered", "app_mention", "app_mentions:read"),
    Feature("a direct message to the bot is not answered", "message.im", "im:history"),
)

INSTALL = "Update the app from its manifest (python -m bot manifest) and install it again"


def off(scopes: Collection[str], heard: Mapping[str, datetime]) -> Sequence[str]:
    """A sentence for what is switched off, and one for what may be; `scopes` empty: nobody knows them."""
    missing = [one for one in FEATURES if one.scope and scopes and one.scope not in scopes]
    said = []
    if missing:
        lost = phrases.both([f"{one.missed} (scope {one.scope})" for one in missing])
        said.append(f"Switched off: {lost}. {INSTALL}.")
    if HOME_OFF in heard and (HOME_ON not in heard or heard[HOME_ON] < heard[HOME_OFF]):
        said.append(f"Switched off: {FEATURES[0].missed}, because the app has no Home tab. {INSTALL}.")
    elif not missing and not any(one.event in heard for one in FEATURES):
        events = phrases.both([one.event for one in FEATURES])
        said.append(f"Slack has sent none of these events yet: {events}. If the Home tab stays empty when it is opened: {_lower(INSTALL)}.")
    return said


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]
