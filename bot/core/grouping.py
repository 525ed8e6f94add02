"""Three clocks, leading edge: what is posted alone, what waits, and what is folded into one group card.

A lone anomaly is posted at once and opens its route's window. Followers wait for the window to close. More than the route's burst
within the window close it at once into one group card; while that lasts, the storm keeps joining the same card.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot import model
from bot.core import stored_reports

GROUP_QUIET = timedelta(minutes=10)
"""A group card takes in the next burst when the last one was not longer ago."""

GROUP_AGE = timedelta(hours=1)
"""A group card older than this has scrolled away: the next burst gets a new one."""


ONE_BY_ONE = 3
"""Of more critical ones that join a card at once one line tells."""


def heralds(group: model.Card, joined: Sequence[model.Ref]) -> Sequence[model.CardDraft]:
    """The lines in the thread of a card that is there already, sent to the channel too, about critical ones that joined it: none of them is
    to be found by an edit alone. `group` is the card with the version in which they joined."""
    some = [(ref,) for ref in joined] if len(joined) <= ONE_BY_ONE else [tuple(joined)]
    return [
        model.CardDraft(
            model.CardKind.REPORT,
            group.channel,
            f"joined:{group.id}:{group.wanted}:{refs[0]}",
            route=group.route,
            payload=stored_reports.pack(model.CriticalJoined(group.id, refs)),
            state=model.CardState.LIVE,
            reason=model.Reason.REPORT,
        )
        for refs in some
    ]


def decide(
    waiting: Sequence[model.Card],
    windows: Mapping[str, model.Window],
    routes: Mapping[str, model.Route],
    now: datetime,
) -> tuple[model.Decision, ...]:
    """What to do with the waiting cards (oldest first), route by route.

    Every waiting card is in exactly one `post` or `fold`, or its route has an open window and it waits for that to close. A route may
    get two decisions; they carry the same window. A window that would close later than one opened now (the setting was shortened, the
    clock was put back) counts as closed, so that nobody waits longer than the route says.
    """
    by_route: dict[str, list[model.Card]] = defaultdict(list)
    for card in waiting:
        by_route[card.route].append(card)
    return tuple(
        decision
        for route, cards in by_route.items()
        for decision in _decide(routes.get(route) or model.Route(route, cards[0].channel), cards, windows.get(route), now)
    )


def _decide(route: model.Route, cards: Sequence[model.Card], window: model.Window | None, now: datetime) -> tuple[model.Decision, ...]:
    is_open = window is not None and now < window.closes <= _closes(route, now)
    count = len(cards) + (window.posted if window and is_open else 0)
    if count > route.burst:
        group = _open_group(window, now)
        if group and window:
            return (_join(route, cards, window, now),)
        if len(cards) > 1:
            return (_fold(route, cards, now),)
    if is_open:
        return ()
    return _post(route, cards, window, now)


def _open_group(window: model.Window | None, now: datetime) -> bool:
    """Whether the last group card still takes in more."""
    if window is None or not window.group:
        return False
    made = window.grouped or window.opened
    return now - (window.joined or made) <= GROUP_QUIET and now - made <= GROUP_AGE


def _post(route: model.Route, cards: Sequence[model.Card], window: model.Window | None, now: datetime) -> tuple[model.Decision, ...]:
    """No window is open: post them all, and say of each whether it waited for the last window or leads the next one."""
    following = tuple(card.id for card in cards if window is not None and card.created < window.closes)
    leading = tuple(card.id for card in cards if card.id not in following)
    after = _window(route, window, now, posted=len(cards))
    return tuple(
        model.Decision(route.id, after, post=ids, post_reason=reason)
        for ids, reason in ((following, model.Reason.AFTER_WAIT), (leading, model.Reason.LEADING))
        if ids
    )


def _fold(route: model.Route, cards: Sequence[model.Card], now: datetime) -> model.Decision:
    """A burst: one new group card for all that wait."""
    fold = tuple(card.id for card in cards)
    draft = model.CardDraft(
        model.CardKind.GROUP,
        cards[-1].channel,
        f"{route.id}:{fold[0]}",
        route=route.id,
        payload={"burst": route.burst, "wait_seconds": route.wait_seconds},
        state=model.CardState.LIVE,
        reason=model.Reason.BURST,
    )
    window = model.Window(route.id, now, _closes(route, now), posted=_full(route, len(fold)), grouped=now, joined=now)
    return model.Decision(route.id, window, fold=fold, group=draft)


def _join(route: model.Route, cards: Sequence[model.Card], window: model.Window, now: datetime) -> model.Decision:
    """The storm goes on: it joins the group card that is there."""
    fold = tuple(card.id for card in cards)
    after = replace(_window(route, window, now, posted=_full(route, len(fold))), joined=now)
    return model.Decision(route.id, after, fold=fold, join=window.group)


def _full(route: model.Route, folded: int) -> int:
    """A window that began with a burst has no room for single cards: whatever follows in it joins the group."""
    return max(folded, route.burst)


def _window(route: model.Route, before: model.Window | None, now: datetime, *, posted: int) -> model.Window:
    """A new window that remembers the group card of the last one."""
    opened = model.Window(route.id, now, _closes(route, now), posted=posted)
    if before is None:
        return opened
    return replace(opened, group=before.group, grouped=before.grouped, joined=before.joined)


def _closes(route: model.Route, now: datetime) -> datetime:
    return now + timedelta(seconds=route.wait_seconds)
