"""The facts of a digest: counted from anomalies page by page, and kept as JSON so that a delivered digest can be drawn again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
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


_RANK: Mapping[model.Severity | None, int] = {severity: -number for number, severity in enumerate(model.Severity)} | {None: 1}


@dataclass(frozen=True, slots=True)
class Words:
    """How a digest tells an anomaly and a rule: in the words of the cards, which are another room's."""

    title: Callable[[model.Anomaly], str]
    evidence: Callable[[model.Anomaly], str]
    rule: Callable[[model.Check], str]


@dataclass(slots=True)
class Counts:
    """What a digest says of the time after `since`, up to `until`, counted page by page: no anomaly is kept. Days are those of `zone`;
    `assigns` says whether the system has assignees. `waiting` is how many of the open ones were read, `unread` how many of these
    nobody acknowledged and since when, by severity."""

    since: datetime
    until: datetime
    zone: ZoneInfo
    words: Words
    assigns: bool = True
    opened: int = 0
    waiting: int = 0
    unassigned: int = 0
    days: Counter[date] = field(default_factory=Counter)
    still: Counter[date] = field(default_factory=Counter)
    noise: Counter[tuple[str, str]] = field(default_factory=Counter)
    said: dict[tuple[str, str], str] = field(default_factory=dict)
    load: Counter[str] = field(default_factory=Counter)
    unread: dict[model.Severity | None, tuple[int, datetime]] = field(default_factory=dict)
    oldest: list[model.Anomaly] = field(default_factory=list)
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
                failed = {(same, table): check for check in one.checks if (same := _same(check))}
                self.noise.update(failed.keys())
                for key in failed.keys() - self.said.keys():
                    self.said[key] = self.words.rule(failed[key])

    def waits(self, some: Iterable[model.Anomaly]) -> None:
        """More of what is not archived now. One that two people share counts for both."""
        for one in _new(some, self._waits):
            self.waiting += 1
            self.unassigned += self.assigns and not one.assignees
            self.load.update({person.name or person.email or person.id for person in one.assignees})
            if one.state is model.State.ACTIVE:
                amount, since = self.unread.get(one.severity, (0, one.created))
                self.unread[one.severity] = (amount + 1, min(since, one.created))
                self.oldest = sorted([*self.oldest, one], key=_wait)[:OLDEST]


def _new(some: Iterable[model.Anomaly], lately: dict[str, None]) -> Iterator[model.Anomaly]:
    """Those that were not counted lately."""
    for one in some:
        if one.ref.id not in lately:
            lately[one.ref.id] = None
            if len(lately) > LATELY:
                del lately[next(iter(lately))]
            yield one


def _wait(one: model.Anomaly) -> tuple[int, datetime, model.Ref]:
    """The most severe first, and then what waits longest."""
    return _RANK[one.severity], one.created, one.ref


def _first(until: datetime, zone: ZoneInfo) -> date:
    return until.astimezone(zone).date() - timedelta(days=DAYS - 1)


def together(source: str, words: str, parts: Sequence[Counts], *, total_open: int, closed: int) -> model.Digest:
    """The digest of what was counted, of one system (`source`) or of several: of the same time, in the same zone. `total_open` are not
    archived now, `closed` were archived meanwhile."""
    since, until, zone = parts[0].since, parts[0].until, parts[0].zone
    days, still, load, noise = (sum((getattr(part, name) for part in parts), Counter[Any]()) for name in ("days", "still", "load", "noise"))
    said = {key: words for part in reversed(parts) for key, words in part.said.items()}
    oldest = sorted(((one, part.words) for part in parts for one in part.oldest), key=lambda pair: _wait(pair[0]))[:OLDEST]
    dates = [_first(until, zone) + timedelta(days=number) for number in range(DAYS)]
    return model.Digest(
        source=source,
        words=words,
        since=since,
        until=until,
        opened=sum(part.opened for part in parts),
        closed=closed,
        open=total_open,
        unacknowledged=sum(amount for part in parts for amount, _ in part.unread.values()),
        days=tuple(model.DigestDay(day, days[day], still[day]) for day in dates),
        oldest=tuple(glance(one, words) for one, words in oldest),
        load=tuple(_most(load)),
        unassigned=sum(part.unassigned for part in parts),
        noise=tuple(model.NoisyCheck(said[key], key[1], amount) for key, amount in _most(noise)[:NOISIEST]),
        read=sum(part.waiting for part in parts),
        unread=tuple(_unread(parts)),
    )


def _unread(parts: Sequence[Counts]) -> Iterator[model.Unread]:
    for severity in sorted({severity for part in parts for severity in part.unread}, key=lambda one: _RANK[one]):
        told = [part.unread[severity] for part in parts if severity in part.unread]
        yield model.Unread(severity, sum(amount for amount, _ in told), min(since for _, since in told))


def _most(counted: Counter[T]) -> list[tuple[T, int]]:
    """The most first; checks of the same words on tables of the same name are one by now."""
    return sorted(counted.items(), key=lambda pair: (-pair[1], pair[0]))


def _day(anomaly: model.Anomaly, zone: ZoneInfo) -> date:
    return anomaly.created.astimezone(zone).date()


def glance(anomaly: model.Anomaly, words: Words) -> model.DigestLine:
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
        check=next((said for check in anomaly.checks if (said := words.rule(check))), ""),
        title=words.title(anomaly),
        evidence=words.evidence(anomaly),
    )


def _same(check: model.Check) -> str:
    """What a check is counted as, whatever its message says each time: its fields and its rule; its message where it has neither."""
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
        "unread": [[_word(one.severity), one.count, one.since.isoformat()] for one in digest.unread],
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
        unread=tuple(model.Unread(_severity(word), count, _moment(since)) for word, count, since in packed.get("unread", ())),
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
        "severity": _word(one.severity),
        "created": one.created.isoformat(),
        "url": one.url,
        "check": one.check,
        "title": one.title,
        "evidence": one.evidence,
    }


def _unpack_glance(packed: Mapping[str, Any]) -> model.DigestLine:
    return model.DigestLine(
        ref=model.Ref(packed.get("source", ""), packed.get("id", "")),
        version=packed.get("version", 0),
        type=packed.get("type", ""),
        table=packed.get("table", ""),
        datastore=packed.get("datastore", ""),
        severity=_severity(packed.get("severity", "")),
        created=_moment(packed.get("created")),
        url=packed.get("url", ""),
        check=packed.get("check", ""),
        title=packed.get("title", ""),
        evidence=packed.get("evidence", ""),
    )


def _word(severity: model.Severity | None) -> str:
    return severity.value if severity else ""


def _severity(word: str) -> model.Severity | None:
    return next((severity for severity in model.Severity if severity.value == word), None)


def _moment(text: str | None) -> datetime:
    return datetime.fromisoformat(text) if text else _NEVER
