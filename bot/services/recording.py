"""One way to write down what we changed, for clicks, commands, batches, undos and what a restart ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bot import model, ports
from bot.core import overlay, transitions, undo


@dataclass(frozen=True, slots=True)
class Deed:
    """What became of one anomaly that somebody wanted to change: how it stood, how it was read back (None: it was not there). `detail` is
    what its line says besides; without `told` only what was done gets a line. `sent` is what the system was asked for, which may have been
    done in part."""

    ref: model.Ref
    change: model.Change
    result: model.Result
    before: model.Anomaly | None = None
    after: model.Anomaly | None = None
    detail: str = ""
    told: bool = True
    sent: Sequence[model.Change] = ()

    @property
    def done(self) -> bool:
        """Whether all of it was done, by us."""
        return self.result is model.Result.DONE

    @property
    def partly(self) -> bool:
        """Whether it was refused after a part of it was done."""
        return not self.done and undo.partly(self.sent, self.before, self.after)


@dataclass(frozen=True, slots=True)
class End:
    """On whose behalf it was, and what it is the end of: an intent, or items of the batch that is held by `lease`. The rest goes into the
    same transaction (`ports.Record`)."""

    actor: str
    actor_name: str
    intent: str = ""
    lease: model.Lease | None = None
    items: Sequence[model.Item] = ()
    adopting: bool = False
    extra: Sequence[model.CardDraft] = ()
    remarks: Sequence[ports.Remark] = ()
    given_back: Sequence[model.Lease] = ()


@dataclass(slots=True)
class Recorder:
    """Stores state, journal and the end of what was asked for in one transaction: a kill leaves all of it or nothing. What shows up in an
    anomaly that was not changed by us is somebody else's doing, and gets its line at the same time."""

    records: ports.Records
    clock: ports.Clock

    async def record(self, source: ports.Source, deeds: Sequence[Deed], read_at: datetime, end: End) -> bool:
        """`read_at` is when the request was sent that read them back. False, and nothing stored, when a batch's lease is lost."""
        ours = {deed.ref for deed in deeds if deed.done or deed.partly}

        def note(stored: model.Anomaly, seen: model.Anomaly) -> model.Entry | None:
            return None if seen.ref in ours else transitions.elsewhere(stored, seen, source.title, read_at)

        now = self.clock.now()
        record = ports.Record(
            source.name,
            [one for one in map(_left, deeds) if one is not None],
            read_at,
            now,
            [*entries([deed for deed in deeds if deed.done or deed.told], read_at, end), *_parts(deeds, read_at, end)],
            None if ours.issuperset(deed.ref for deed in deeds) else note,
            end.adopting,
            end.extra,
            end.remarks,
            end.intent,
            end.lease,
            end.items,
            _kept(deeds, end, now),
            end.given_back,
        )
        return await self.records.record(record)


def _kept(deeds: Sequence[Deed], end: End, now: datetime) -> Sequence[model.Overlay]:
    """What we did that its system has no way to keep."""
    ours = [overlay.kept(deed.before, deed.after) for deed in deeds if deed.done or deed.partly]
    return [replace(one, actor=end.actor, at=now) for one in ours if one is not None]


def entries(deeds: Sequence[Deed], at: datetime, end: End) -> Sequence[model.Entry]:
    """The journal's lines about deeds that were seen at that time; what was taken with an acknowledgement, or given back, has one of its
    own before it."""
    return [_entry(deed, change, at, end) for deed in deeds for change in (*_taken(deed), deed.change)]


def _taken(deed: Deed) -> Sequence[model.Change]:
    taken = deed.done and deed.change.taking and deed.change.assignees is not None
    return [model.Change(model.Action.ASSIGN, assignees=deed.change.assignees)] if taken else []


def _entry(deed: Deed, change: model.Change, at: datetime, end: End) -> model.Entry:
    return model.Entry(
        deed.ref,
        change.action,
        at,
        actor=end.actor,
        actor_name=end.actor_name,
        before=transitions.standing(deed.before, change),
        after=transitions.standing(_left(deed), change),
        result=deed.result,
        detail=deed.detail if change is deed.change else "",
    )


def _parts(deeds: Sequence[Deed], at: datetime, end: End) -> Sequence[model.Entry]:
    """The lines about what was done of deeds that were refused in the end."""
    seen = [
        (deed, transitions.observed(deed.before, deed.after))
        for deed in deeds
        if deed.partly and deed.before is not None and deed.after is not None
    ]
    return [
        model.Entry(
            deed.ref,
            what.action,
            at,
            actor=end.actor,
            actor_name=end.actor_name,
            before=what.before,
            after=what.after,
            detail=deed.detail,
        )
        for deed, what in seen
        if what is not None
    ]


def _left(deed: Deed) -> model.Anomaly | None:
    """How it is remembered: what we deleted stays known as deleted."""
    if deed.after is None and deed.before is not None and deed.done and deed.change.action is model.Action.DELETE:
        return transitions.gone(deed.before)
    return deed.after
