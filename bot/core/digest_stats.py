"""The facts of a digest: counted from anomalies, and kept as JSON so that a delivered digest can be drawn again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot import model

DAYS = 7
OLDEST = 3
NOISIEST = 5

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def count(
    source: str,
    words: str,
    since: datetime,
    until: datetime,
    *,
    week: Sequence[model.Anomaly],
    open_ones: Sequence[model.Anomaly],
    total_open: int,
    closed: int,
    zone: ZoneInfo,
    assigning: Collection[str] | None = None,
) -> model.Digest:
    """Count what a digest says about the time after `since`, up to `until`.

    `week` is everything that was created in the last seven days, in any state (and since `since`, where that is longer ago); `open_ones`
    is what is not archived now, of which there are `total_open`; `closed` is how many were archived meanwhile. Days are those of `zone`.
    `assigning` are the systems that have assignees, None for all.
    """
    came = [one for one in _each(week) if one.created <= until]
    waiting = _each(open_ones)
    unread = [one for one in waiting if one.state is model.State.ACTIVE]
    first = until.astimezone(zone).date() - timedelta(days=DAYS - 1)
    return model.Digest(
        source=source,
        words=words,
        since=since,
        until=until,
        opened=sum(since < one.created for one in came),
        closed=closed,
        open=total_open,
        unacknowledged=len(unread),
        days=_days(came, first, zone),
        oldest=tuple(glance(one) for one in sorted(unread, key=lambda one: (one.created, one.ref))[:OLDEST]),
        load=_load(waiting),
        unassigned=sum(not one.assignees for one in waiting if assigning is None or one.ref.source in assigning),
        noise=_noise([one for one in came if _day(one, zone) >= first]),
        read=len(waiting),
    )


def _each(anomalies: Iterable[model.Anomaly]) -> Sequence[model.Anomaly]:
    """Each anomaly once: a list that grows while it is read tells some twice."""
    return list({one.ref: one for one in anomalies}.values())


def _day(anomaly: model.Anomaly, zone: ZoneInfo) -> date:
    return anomaly.created.astimezone(zone).date()


def _days(came: Sequence[model.Anomaly], first: date, zone: ZoneInfo) -> tuple[model.DigestDay, ...]:
    opened = Counter(_day(one, zone) for one in came)
    still = Counter(_day(one, zone) for one in came if one.state is not model.State.ARCHIVED)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    return tuple(model.DigestDay(day, opened[day], still[day]) for day in days)


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


def _load(waiting: Sequence[model.Anomaly]) -> tuple[tuple[str, int], ...]:
    """How many each person has; one that two people share counts for both."""
    held = Counter(name for one in waiting for name in {person.name or person.email or person.id for person in one.assignees})
    return tuple(sorted(held.items(), key=lambda pair: (-pair[1], pair[0])))


def _noise(came: Sequence[model.Anomaly]) -> tuple[model.NoisyCheck, ...]:
    """The checks that raised most; checks of the same words on tables of the same name count as one."""
    raised = Counter(
        (words, one.container.name if one.container else "")
        for one in came
        for words in {check_words(check) for check in one.checks}
        if words
    )
    most = sorted(raised.items(), key=lambda pair: (-pair[1], pair[0]))[:NOISIEST]
    return tuple(model.NoisyCheck(words, table, amount) for (words, table), amount in most)


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
