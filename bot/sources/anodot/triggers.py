"""The triggers that alerts raised for anomalies: who acknowledged one, and who is assigned, stands there and nowhere else (contracts 2.5).

There is no call for the trigger of one anomaly, so all of them are known here: walked from the oldest that matters, read again at their
young end and a page of the others in turn, and from the start of an anomaly where somebody waits or we changed something ourselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot import errors, model, ports
from bot.sources import base, judging
from bot.sources.anodot import client

SIZE = 500
"""Triggers of one answer, or as many fewer as Anodot likes: there is no paging, and the next answer begins where the last one ended. The
total tells whether it was the last."""
LARGE = 5_000
"""So many are asked for at once where more than SIZE began in one second, as what is measured by the day does at midnight."""
APART = (("severities", ("INFO", "LOW", "MEDIUM", "HIGH", "CRITICAL")), ("ack", ("ACK", "NOACK")), ("status", ("OPEN", "CLOSE")))
"""What triggers are asked for one part after the other by where no answer holds all of such a second, each besides those before it."""
FRESH = timedelta(seconds=25)
"""So old the young end may be: less than the time between two polls."""
YOUNG = timedelta(days=1)
"""What began within this is read again each time: people act on it."""
OLDEST = timedelta(days=365)
"""Further back Anodot tells none."""
SLACK = timedelta(hours=6)
"""A trigger may be dated so much earlier than its anomaly."""
WALK = 200
"""Answers of one walk at most."""
FEW = 5
"""So many anomalies are looked for one by one, and so many hours apart."""
NARROW = 3
"""Answers that are read to find the trigger of a few anomalies."""
BARRED = timedelta(minutes=10)
"""Who may not see triggers is asked again after this."""
LATEST = 1e11
"""No time in seconds is later."""
log = logging.getLogger(__name__)
_SEVERITIES: Mapping[str, model.Severity] = {"info": model.Severity.LOW, **{one.value: one for one in model.Severity}}


@dataclass(frozen=True, slots=True)
class Trigger:
    """One trigger. `group` is the anomaly, `stars` are the users who acknowledged it, `assignee` the one who is assigned, "" for nobody.

    Several alerts may have raised one each for the same anomaly: `each` are all of them, and the worst of these tells of all, who
    acknowledged any of them, and who is assigned."""

    id: str
    group: str
    title: str = ""
    severity: model.Severity | None = None
    started: float = 0.0
    metrics: int = 0
    stars: tuple[str, ...] = ()
    assignee: str = ""
    closed: bool = False
    each: tuple[Trigger, ...] = ()

    @property
    def acknowledged(self) -> bool:
        """Whether somebody has it in hand."""
        return bool(self.stars)


class Triggers(Protocol):
    """What a reader of anomalies has to know of them."""

    def of(self, ident: str) -> Trigger | None:
        """The trigger of an anomaly; None where no alert raised one."""
        ...


class Book:
    """The triggers of one account by the anomalies that they are about."""

    def __init__(self, api: client.Client, clock: ports.Clock) -> None:
        self._api, self._clock = api, clock
        self._by_group: dict[str, dict[str, Trigger]] = {}
        self._groups: dict[str, str] = {}
        self._since: datetime | None = None
        self._read: datetime | None = None
        self._turn: float = 0.0
        self._changed, self._crowded = set[str](), set[int]()
        self._barred: datetime | None = None
        self._reading = asyncio.Lock()

    def of(self, ident: str) -> Trigger | None:
        """The trigger of an anomaly; of several the worst, for all of them."""
        return told(list(self._by_group.get(ident, {}).values()))

    def acknowledged(self) -> Sequence[Trigger]:
        """Those that somebody has in hand although they are over."""
        each = map(told, ([*some.values()] for some in self._by_group.values()))
        return [one for one in each if one is not None and one.acknowledged and one.closed]

    def changed(self, ident: str) -> None:
        """We changed it: whoever reads it next looks."""
        self._changed.add(ident)

    @property
    def barred(self) -> bool:
        """Whether this key may not see triggers."""
        return self._barred is not None and self._clock.now() - self._barred < BARRED

    # --- keeping up -------------------------------------------------------------------------------------------------------

    async def cover(self, starts: Mapping[str, datetime]) -> None:
        """Know the triggers of these anomalies, which began then."""
        if not starts or self.barred:
            return
        async with self._reading:
            try:
                await self._covered(starts)
            except errors.SourceForbidden:
                self._barred = self._clock.now()
                self._by_group.clear()
                self._groups.clear()

    async def _covered(self, starts: Mapping[str, datetime]) -> None:
        now = self._clock.now()
        oldest = max(min(starts.values()) - SLACK, now - OLDEST)
        if self._since is None or oldest < self._since:
            await self._walk(oldest, self._since)
            self._since = oldest
            if self._read is None:
                self._read = now
        if self._read is None or now - self._read >= FRESH or max(starts.values()) > self._read:
            await self._walk(max(self._since, now - YOUNG))
            await self._older()
            self._read = now
            self._changed -= {one for one in self._changed if starts.get(one, now - OLDEST) >= now - YOUNG}
        alone = len(starts) <= FEW
        wanted = {one: at for one, at in starts.items() if one in self._changed or (alone and (ports.urgent() or not self.of(one)))}
        groups = _together(wanted)
        if len(groups) > FEW:
            await self._walk(min(wanted.values()) - SLACK, until=set(wanted))
            self._changed -= wanted.keys()
            return
        for begin, some in groups:
            await self._walk(begin - SLACK, until=set(some), most=NARROW)
            self._changed -= set(some)

    async def _older(self) -> None:
        """One answer of those that are not young, in turn."""
        assert self._since is not None
        young = (self._clock.now() - YOUNG).timestamp()
        begin = self._turn if self._since.timestamp() <= self._turn < young else self._since.timestamp()
        if begin >= young:
            return
        page = await self._page(begin)
        self._turn = max(page.triggers[-1].started, begin + 1) if page.triggers and page.more else 0.0

    async def _walk(self, begin: datetime, end: datetime | None = None, *, until: Collection[str] = (), most: int = WALK) -> None:
        """Read them from there on, the oldest first: to the end, or until all of these were seen."""
        start, left, room = begin.timestamp(), set(until), most * SIZE
        for _ in range(WALK):
            page = await self._page(start)
            found, room = page.triggers, room - len(page.triggers)
            left -= {one.group for one in found}
            if not found or not page.more or room <= 0 or (until and not left) or (end is not None and found[-1].started > end.timestamp()):
                return
            start = max(found[-1].started, start + 1)

    async def _page(self, start: float) -> Page:
        """One answer from there on, which goes beyond its first second: of one in which more began than an answer holds, all of it."""
        found = await self._asked(start, (), SIZE)
        if not found.crowded(start):
            return found
        larger = await self._tried(start) or found
        if not larger.crowded(start):
            return larger
        each = [*larger.triggers, *await self._parts(start, [], APART)]
        return Page([one for one in each if one.started < int(start) + 1], more=True)

    async def _parts(self, start: float, asked: base.Params, apart: Sequence[tuple[str, Sequence[str]]]) -> list[Trigger]:
        """Those from there on, asked for by what tells them apart as far as one answer does not hold them."""
        found: list[Trigger] = []
        for word in apart[0][1] if apart else ():
            some = [*asked, (apart[0][0], word)]
            page = await self._tried(start, some)
            found += page.triggers if page else ()
            if page and page.crowded(start):
                found += await self._parts(start, some, apart[1:])
        if not found and int(start) not in self._crowded:
            self._crowded.add(int(start))  # told once, and not with each look
            log.warning("anodot: more alerts than an answer holds began in one second; those that cannot be told apart are not known")
        return found

    async def _tried(self, start: float, besides: base.Params = ()) -> Page | None:
        """A large answer; None where this deployment does not take so large a one, or does not know what it is asked for."""
        try:
            return await self._asked(start, besides, LARGE)
        except errors.SourceRejected:
            return None

    async def _asked(self, start: float, besides: base.Params, size: int) -> Page:
        params: base.Params = [
            ("startTime", int(start)), ("types", "anomaly"), ("sort", "startTime"), ("order", "asc"), ("size", size), *besides,
        ]  # fmt: skip
        reply = await self._api.read("alerts/triggered", params, ask=judging.Ask("to see alerts"))
        found = read(reply, size)
        if found is None:
            raise errors.SourceGarbled(client.NAME, f"{client.TITLE} gave an answer that is not a list of alerts.")
        for one in found.triggers:
            self._put(one)
        return found

    def _put(self, one: Trigger) -> None:
        """Where it belongs now: when anomalies are merged their triggers move."""
        before = self._groups.get(one.id)
        if before not in (None, one.group):
            self._by_group.get(before or "", {}).pop(one.id, None)
        self._groups[one.id] = one.group
        self._by_group.setdefault(one.group, {})[one.id] = one

    # --- what we did ourselves --------------------------------------------------------------------------------------------

    def became(self, one: Trigger) -> None:
        """We changed it to this."""
        self._put(one)
        self.changed(one.group)


def _together(starts: Mapping[str, datetime]) -> Sequence[tuple[datetime, Sequence[str]]]:
    """Anomalies that began within an hour of each other, with the first of these times."""
    groups: list[tuple[datetime, list[str]]] = []
    for ident, began in sorted(starts.items(), key=lambda one: one[1]):
        if groups and began - groups[-1][0] < timedelta(hours=1):
            groups[-1][1].append(ident)
        else:
            groups.append((began, [ident]))
    return groups


def told(each: Sequence[Trigger]) -> Trigger | None:
    """The worst of these, the youngest of several, with what all of them say; None where there is none."""
    ranks = list(model.Severity)
    worst = max(each, key=lambda one: (ranks.index(one.severity) if one.severity else -1, one.started), default=None)
    if worst is None:
        return None
    stars = tuple(dict.fromkeys(star for one in (worst, *each) for star in one.stars))
    assignee = next((one.assignee for one in (worst, *each) if one.assignee), "")
    return replace(worst, stars=stars, assignee=assignee, closed=all(one.closed for one in each), each=tuple(each))


# --- reading ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, the oldest first, and whether there are `more` behind it: as it says, else as long as it is full."""

    triggers: Sequence[Trigger]
    more: bool

    def crowded(self, start: float) -> bool:
        """Whether it ends within the second from which on it was asked for: the next one would be the same."""
        return self.more and bool(self.triggers) and self.triggers[-1].started < int(start) + 1


def read(reply: Any, size: int = SIZE) -> Page | None:
    """The triggers of an answer of at most `size`: a list of them, or of groups of them as it was earlier; None for what is neither."""
    if not isinstance(reply, Mapping):
        return None
    groups = reply.get("alertGroups")
    alerts = reply.get("alerts")
    if not isinstance(groups, list) and not isinstance(alerts, list):
        return Page((), more=False) if reply.get("total") == 0 else None
    found = [_trigger(one, {}) for one in alerts or [] if isinstance(one, Mapping)]
    for group in groups or []:
        if isinstance(group, Mapping):
            found += [_trigger(one, group) for one in group.get("alerts") or [] if isinstance(one, Mapping)]
    total = client.whole(reply.get("total"))
    came = len(alerts if isinstance(alerts, list) else groups or [])  # it counts what it lists
    more = len(found) >= size if total is None else came < total
    return Page(sorted((one for one in found if one is not None), key=lambda one: one.started), more)


def _trigger(raw: Mapping[str, Any], group: Mapping[str, Any]) -> Trigger | None:
    ident, about = _text(raw, "id"), _text(raw, "groupId") or _text(group, "id")
    if not ident or not about or _text(raw, "type").casefold() not in ("anomaly", ""):
        return None
    summary = raw.get("summary")
    metrics = raw.get("totalMetrics", summary.get("totalMetrics") if isinstance(summary, Mapping) else None)
    return Trigger(
        ident,
        about,
        _text(raw, "title") or _text(group, "name"),
        _SEVERITIES.get(_text(raw, "severity").casefold()),
        _seconds(raw.get("startTime")),
        client.whole(metrics) or 0,
        tuple(dict.fromkeys([*_idents(raw.get("stars")), *_idents(group.get("stars")), *_idents(raw.get("acknowledgedBy"))])),
        _assignee(raw),
        _text(raw, "status").casefold() in ("close", "closed"),
    )


def _seconds(value: Any) -> float:
    """A time in epoch seconds, which may be a text; 0 where there is none."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return 0.0
    return found if 0 < found < LATEST else 0.0


def _assignee(raw: Mapping[str, Any]) -> str:
    """Who is assigned: an id, or an object with one."""
    found = raw.get("assignee", raw.get("assigneeId"))
    if isinstance(found, Mapping):
        return next((told for name in ("_id", "id", "userId", "assigneeId") if (told := _text(found, name))), "")
    return found.strip() if isinstance(found, str) else ""


def _idents(found: Any) -> Sequence[str]:
    """Ids of a list of ids, or of objects with one."""
    told = (
        [(_text(one, "userId") or _text(one, "id") if isinstance(one, Mapping) else one) for one in found]
        if isinstance(found, list)
        else []
    )
    return [one for one in told if isinstance(one, str) and one]


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name)
    return value.strip() if isinstance(value, str) else str(value) if isinstance(value, int) and not isinstance(value, bool) else ""
