"""The facts of a digest: counted from anomalies page by page, and kept as JSON so that a delivered digest can be drawn again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot import model

T = TypeVar("T", bound=str | tuple[str, str])

DAYS = 7
OLDEST = 3
NOISIEST = 5

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


LATELY = 10_000
"""Of so many it is known that they were counted: a list that grows while it is read tells some twice, a few pages later."""


@dataclass(slots=True)
class Counts:
    """What a digest says of the time after `since`, up to `until`, counted page by page: no anomaly is kept. Days are those of `zone`;
    `assigns` says whether the system has assignees. `waiting` and `unread` are how many of the open ones were read, and how many of these
    nobody acknowledged."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    assigns: bool = True
    opened: int = 0
    waiting: int = 0
    unread: int = 0
    unassigned: int = 0
    days: Counter[date] = field(default_factory=Counter)
    still: Counter[date] = field(default_factory=Counter)
    noise: Counter[tuple[str, str]] = field(default_factory=Counter)
    load: Counter[str] = field(default_factory=Counter)
    oldest: list[model.DigestLine] = field(default_factory=list)
    _came: dict[str, None] = field(default_factory=dict)
    _waits: dict[str, None] = field(default_factory=dict)

    def came(self, some: Iterable[model.Anomaly]) -> None:
        """More of what was created in the last seven days, in any state (and since `since`, where that is longer ago)."""
        for one in _new(some, self._came):
            if one.created > self.until:
                continue
            day = _day(one, self.zone)
            self.opened += self.since < one.created
            self.days[day] += 1
            self.still[day] += one.state is not model.State.ARCHIVED
            if day >= _first(self.until, self.zone):
                table = one.container.name if one.container else ""
                self.noise.update({(words, table) for check in one.checks if (words := check_words(check))})

    def waits(self, some: Iterable[model.Anomaly]) -> None:
        """More of what is not archived now. One that two people share counts for both."""
        for one in _new(some, self._waits):
            self.waiting += 1
            self.unassigned += self.assigns and not one.assignees
            self.load.update({person.name or person.email or person.id for person in one.assignees})
            if one.state is model.State.ACTIVE:
                self.unread += 1
                self.oldest = _oldest([*self.oldest, glance(one)])


def _new(some: Iterable[model.Anomaly], lately: dict[str, None]) -> Iterator[model.Anomaly]:
    """Those that were not counted lately."""
    for one in some:
        if one.ref.id not in lately:
            lately[one.ref.id] = None
            if len(lately) > LATELY:
                del lately[next(iter(lately))]
            yield one


def _oldest(lines: Iterable[model.DigestLine]) -> list[model.DigestLine]:
    return sorted(lines, key=lambda line: (line.created, line.ref))[:OLDEST]


def _first(until: datetime, zone: ZoneInfo) -> date:
    return until.astimezone(zone).date() - timedelta(days=DAYS - 1)


def together(source: str, words: str, parts: Sequence[Counts], *, total_open: int, closed: int) -> model.Digest:
    """The digest of what was counted, of one system (`source`) or of several: of the same time, in the same zone. `total_open` are not
    archived now, `closed` were archived meanwhile."""
    since, until, zone = parts[0].since, parts[0].until, parts[0].zone
    days, still, load, noise = (sum((getattr(part, name) for part in parts), Counter[Any]()) for name in ("days", "still", "load", "noise"))
    dates = [_first(until, zone) + timedelta(days=number) for number in range(DAYS)]
    return model.Digest(
        source=source,
        words=words,
        since=since,
        until=until,
        opened=sum(part.opened for part in parts),
        closed=closed,
        open=total_open,
        unacknowledged=sum(part.unread for part in parts),
        days=tuple(model.DigestDay(day, days[day], still[day]) for day in dates),
        oldest=tuple(_oldest(line for part in parts for line in part.oldest)),
        load=tuple(_most(load)),
        unassigned=sum(part.unassigned for part in parts),
        noise=tuple(model.NoisyCheck(check, table, amount) for (check, table), amount in _most(noise)[:NOISIEST]),
        read=sum(part.waiting for part in parts),
    )


def _most(counted: Counter[T]) -> list[tuple[T, int]]:
    """The most first; checks of the same words on tables of the same name are one by now."""
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _day(anomaly: model.Anomaly, zone: ZoneInfo) -> date:
    return anomaly.created.astimezone(zone).date()


def glance(anomaly: model.Anomaly) -> model.DigestLine:
    """The anomaly in one line."""
    return model.DigestLine(
        ref=anomaly.ref,
        version=anomaly.version,
        type=anomaly.type,
        table=anomaly.container.name if anomaly.container else "",
        datastore=anomaly.datastore.name if anomaly.datastore else "",
        severity=anomaly.severity,
        created=anomaly.created,
        url=anomaly.url,
        check=next((words for check in anomaly.checks if (words := check_words(check))), ""),
    )


def check_words(check: model.Check) -> str:
    """ "customer_id: notNull"; the check's message where it has neither rule nor fields."""
    fields = ", ".join(check.fields)
    return f"{fields}: {check.rule}" if fields and check.rule else fields or check.rule or check.message.strip()


# --- as JSON ------------------------------------------------------------------------------------------------------------


def pack(digest: model.Digest) -> dict[str, Any]:
    """The digest as plain JSON, which `unpack` reads back as the same digest."""
    return {
        "source": digest.source,
        "words": digest.words,
        "since": digest.since.isoformat(),
        "until": digest.until.isoformat(),
        **{name: getattr(digest, name) for name in _NUMBERS},
        "days": [[one.day.isoformat(), one.opened, one.open] for one in digest.days],
        "oldest": [_pack_glance(one) for one in digest.oldest],
        "load": [[name, amount] for name, amount in digest.load],
        "noise": [[one.check, one.table, one.count] for one in digest.noise],
        "systems": [[title, amount] for title, amount in digest.systems],
        "unheard": [[one.source, one.title, one.why, one.down] for one in digest.unheard],
    }


def unpack(packed: Mapping[str, Any]) -> model.Digest:
    """Read what `pack` wrote; what an older version did not write yet is empty."""
    return model.Digest(
        source=packed.get("source", ""),
        words=packed.get("words", ""),
        since=_moment(packed.get("since")),
        until=_moment(packed.get("until")),
        **{name: packed.get(name, 0) for name in _NUMBERS},
        days=tuple(model.DigestDay(date.fromisoformat(day), opened, still) for day, opened, still in packed.get("days", ())),
        oldest=tuple(_unpack_glance(one) for one in packed.get("oldest", ())),
        load=tuple((name, amount) for name, amount in packed.get("load", ())),
        noise=tuple(model.NoisyCheck(check, table, amount) for check, table, amount in packed.get("noise", ())),
        systems=tuple((title, amount) for title, amount in packed.get("systems", ())),
        unheard=tuple(model.Unheard(*one) for one in packed.get("unheard", ())),
    )


_NUMBERS = ("opened", "closed", "open", "unacknowledged", "unassigned", "read")


def _pack_glance(one: model.DigestLine) -> dict[str, Any]:
    return {
        "source": one.ref.source,
        "id": one.ref.id,
        "version": one.version,
        "type": one.type,
        "table": one.table,
        "datastore": one.datastore,
        "severity": one.severity.value if one.severity else "",
        "created": one.created.isoformat(),
        "url": one.url,
        "check": one.check,
    }


def _unpack_glance(packed: Mapping[str, Any]) -> model.DigestLine:
    word = packed.get("severity", "")
    return model.DigestLine(
        ref=model.Ref(packed.get("source", ""), packed.get("id", "")),
        version=packed.get("version", 0),
        type=packed.get("type", ""),
        table=packed.get("table", ""),
        datastore=packed.get("datastore", ""),
        severity=next((severity for severity in model.Severity if severity.value == word), None),
        created=_moment(packed.get("created")),
        url=packed.get("url", ""),
        check=packed.get("check", ""),
    )


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else _NEVER
