"""Looking through everything that is open, slowly: what the way to known ground passes by is found here.

Known or not decides what is new, not its date: an old anomaly that is reopened, or one that appears with a date of last week, stands far
behind the newest page. So every so often all pages are read, a few with each poll.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot import model
from bot.sources.qualytics import anomaly_pages, cursors, list_params

EVERY = 16
"""Polls from the beginning of a census to the next one. What a slice or two later is still found within twenty."""

SLICE = 8
"""Pages that one poll may read for it, over all datastores: one wave of reads."""

MOST = 20_000
"""Pages after which it is over whatever the deployment says: nobody has two million open anomalies."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one poll saw of one datastore: the first page of the list, and the mark after it."""

    datastore: str
    first: anomaly_pages.AnomalyPage
    mark: cursors.ReadMark


@dataclass(frozen=True, slots=True)
class Slice:
    """What a step of a census found in one datastore, and the mark after it."""

    datastore: str
    mark: cursors.ReadMark
    anomalies: Sequence[model.Anomaly] = ()


def due(mark: cursors.ReadMark) -> bool:
    """Whether the next poll begins a census."""
    return not mark.census.page and mark.census.age + 1 >= EVERY


def polls(looks: Sequence[Look]) -> int:
    """Within how many polls everything is seen once, as many as there are now."""
    pages = sum(max(look.first.pages - 1, 0) for look in looks)
    return max(EVERY, math.ceil(pages / SLICE)) + math.ceil(pages / SLICE)


async def step(lister: anomaly_pages.Lister, looks: Sequence[Look]) -> list[Slice]:
    """One poll's part of each census, the one that has waited longest first."""
    done, left = [], SLICE
    for look in sorted(looks, key=lambda look: look.mark.census.age, reverse=True):
        asked = _next(look, left)
        left -= len(asked)
        pages = await lister.rest(look.datastore, list_params.open_ones(), asked) if asked else []
        anomalies = [one for page in pages for one in page.anomalies]
        done.append(Slice(look.datastore, replace(look.mark, census=_after(look, asked, pages)), anomalies))
    return done


def _begun(look: Look) -> cursors.Census:
    """The census as it stands at this poll, which has read page 1. Closing anomalies moves later ones forward: as many pages as may have
    slipped past since the last step are read again."""
    total = look.first.total or 0
    stands = look.mark.census
    if due(look.mark):
        return cursors.Census(0, 1, total)
    back = math.ceil(max(stands.total - total, 0) / look.first.size) if stands.page else 0
    return cursors.Census(stands.age + 1, max(stands.page - back, 1) if stands.page else 0, total)


def _next(look: Look, left: int) -> range:
    """The pages to read now."""
    begun = _begun(look)
    if not begun.page:
        return range(0)
    last = min(_last(look.first), MOST)
    return range(begun.page + 1, min(begun.page + left, last) + 1)


def _after(look: Look, asked: range, pages: Sequence[anomaly_pages.AnomalyPage]) -> cursors.Census:
    begun = _begun(look)
    page = asked[-1] if asked else begun.page
    over = page >= min(_last(look.first), MOST) or any(one.count < look.first.size for one in pages)
    return replace(begun, page=0 if over else page)


def _last(first: anomaly_pages.AnomalyPage) -> int:
    """The number of the last page; where nobody says, there may always be another one behind a full one."""
    if first.total is not None:
        return first.pages
    return MOST if first.count >= first.size else 1
