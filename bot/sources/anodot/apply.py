"""One change to some anomalies of Anodot: calls on the triggers that alerts raised for them, several at once (contracts 2.5).

What Anodot has no way to keep, or was not told because nobody knows who acts or the key has no right, comes back for the desk to keep.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot import errors, model, ports
from bot.core import overlay
from bot.sources import base
from bot.sources.anodot import by_id, client, closings, outcomes, triggers, users

ABREAST = 8
LONGEST = 4000
"""Characters of a remark that are sent: more nobody reads in a timeline."""
PATIENT = 2
"""So often a call is made again that was refused because there were too many: nothing was done then."""
SUPPORTS = frozenset(
    {
        model.Action.ACKNOWLEDGE,
        model.Action.UNACKNOWLEDGE,
        model.Action.ASSIGN,
        model.Action.ARCHIVE,
        model.Action.REOPEN,
        model.Action.COMMENT,
        model.Action.BROWSE,
    }
)
_STATES: Mapping[model.Action, model.State] = {
    model.Action.ACKNOWLEDGE: model.State.ACKNOWLEDGED,
    model.Action.UNACKNOWLEDGE: model.State.ACTIVE,
    model.Action.ARCHIVE: model.State.ARCHIVED,
    model.Action.REOPEN: model.State.ACTIVE,
}
pause = asyncio.sleep


@dataclass(frozen=True, slots=True)
class _Deed:
    """One change to one anomaly: its trigger, and who acts as far as Anodot knows them."""

    change: model.Change
    target: model.Anomaly
    trigger: triggers.Trigger | None
    by: model.Person | None

    @property
    def ours(self) -> model.Overlay:
        """All that is kept here of the anomaly after the whole change."""
        here = replace(self.target, kept_here=overlay.in_order({*self.target.kept_here, *self._parts}))
        return overlay.of(overlay.made(self.change, here, {self.by.id: self.by} if self.by else {}))

    @property
    def _parts(self) -> set[model.Part]:
        parts = {model.Part.STATE} if self.change.action in _STATES else set()
        return parts | ({model.Part.ASSIGNEES} if self.change.assignees is not None else set())


class Actions:
    """Applies changes to anomalies of one account."""

    def __init__(self, api: client.Client, one: by_id.ById, book: triggers.Book, known: users.Users) -> None:
        self._api, self._by_id, self._book, self._users = api, one, book, known

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """One outcome for each, in order. Raises when it is one, or when all failed alike."""
        by = await ports.actor(client.NAME) if any(self._book.of(one.ref.id) for one in targets) else None
        deeds = [_Deed(change, one, self._book.of(one.ref.id), by) for one in targets]
        if len(deeds) == 1:
            return [await self._do(deeds[0])]
        done = await base.together([self._tried(one) for one in deeds], ABREAST)
        failed = [one for one in done if isinstance(one, errors.SourceError)]
        if failed and len(failed) == len(done):
            raise failed[0]
        told = zip(targets, done, strict=True)
        return [outcomes.failed(target, one) if isinstance(one, errors.SourceError) else one for target, one in told]

    async def _tried(self, deed: _Deed) -> model.Outcome | errors.SourceError:
        try:
            return await self._do(deed)
        except errors.SourceError as error:
            return error

    async def _do(self, deed: _Deed) -> model.Outcome:
        why = _impossible(deed.change, deed.target)
        if why:
            return outcomes.refused(deed.target, why)
        if _so(deed.change, deed.target):
            outcome = model.Outcome(deed.target.ref, model.Result.ALREADY)
        else:
            outcome = await self._main(deed)
        if deed.change.action is model.Action.COMMENT or not deed.change.comment or outcome.result is model.Result.REFUSED:
            return outcome
        noted = await self._remarked(deed)
        lost = noted.result is model.Result.REFUSED
        return replace(outcome, reason=f"The comment was not left: {noted.reason}") if lost else outcome

    async def _remarked(self, deed: _Deed) -> model.Outcome:
        try:
            return await self._comment(deed)
        except errors.SourceError as error:
            return outcomes.failed(deed.target, error)

    async def _main(self, deed: _Deed) -> model.Outcome:
        """Where a right is missing it is ours. Raises what says nothing about this anomaly: no answer, a key that is not taken."""
        calls: Mapping[model.Action, Callable[[_Deed], Awaitable[model.Outcome]]] = {
            model.Action.ACKNOWLEDGE: self._acknowledge,
            model.Action.UNACKNOWLEDGE: self._unacknowledge,
            model.Action.ASSIGN: self._assign,
            model.Action.ARCHIVE: self._archive,
            model.Action.REOPEN: self._reopen,
            model.Action.COMMENT: self._comment,
        }
        try:
            outcome = await calls[deed.change.action](deed)
            if deed.change.assignees is not None and deed.change.action is not model.Action.ASSIGN:
                outcome = _both(outcome, await self._assign(deed))
            return outcome
        except errors.SourceForbidden:
            if deed.change.action is model.Action.COMMENT:
                raise
            return outcomes.done(deed.target, deed.ours, outcomes.NO_RIGHT)
        except (errors.SourceMissing, errors.SourceRejected) as error:
            return outcomes.failed(deed.target, error)

    # --- the calls --------------------------------------------------------------------------------------------------------

    async def _acknowledge(self, deed: _Deed) -> model.Outcome:
        """In the name of whoever acts, never of whoever made the key."""
        if deed.trigger is None or deed.by is None:
            return _here(deed)
        if deed.by.id not in deed.trigger.stars:
            one = _own(deed.trigger)
            await self._settled(deed, one, "POST", "acknowledge/add", {"userId": deed.by.id}, _acknowledged)
            self._book.became(replace(one, stars=(*one.stars, deed.by.id)))
        return outcomes.done(deed.target)

    async def _unacknowledge(self, deed: _Deed) -> model.Outcome:
        """All who acknowledged it let go of it: while one of them holds on, it is acknowledged."""
        if deed.trigger is None:
            return _here(deed)
        for one in deed.trigger.each:
            for star in one.stars:
                await self._settled(deed, one, "POST", "acknowledge/remove", {"userId": star}, _not_acknowledged)
            self._book.became(replace(one, stars=()))
        return outcomes.done(deed.target, _without(deed, model.Part.STATE))

    async def _assign(self, deed: _Deed) -> model.Outcome:
        """To one; where nobody is to be assigned, whoever is is taken off."""
        if deed.by is None and deed.trigger is not None and deed.trigger.assignee and not deed.change.assignees:
            return outcomes.refused(deed.target, outcomes.STRANGER)
        if deed.trigger is None or deed.by is None:
            return _here(deed)
        wanted = (deed.change.assignees or ("",))[0]
        for one in [_own(deed.trigger)] if wanted else [one for one in deed.trigger.each if one.assignee]:
            if one.assignee != wanted:
                body = {"assigneeId": wanted or one.assignee, "assignerId": deed.by.id}
                await self._settled(deed, one, "PUT" if wanted else "DELETE", "assignee", body, _assigned(deed.change))
                self._book.became(replace(one, assignee=wanted))
        return outcomes.done(deed.target, _without(deed, model.Part.ASSIGNEES))

    async def _archive(self, deed: _Deed) -> model.Outcome:
        """Kept here; Anodot is told what was thought of it, once: a feedback cannot be taken back."""
        told = closings.FEEDBACK.get(deed.change.archive_as or "")
        if deed.trigger is None or told is None:
            return outcomes.done(deed.target, deed.ours)
        if deed.by is None:
            return outcomes.done(deed.target, deed.ours, outcomes.UNKNOWN)
        body = {
            "userId": deed.by.id,
            "userName": deed.by.name or deed.by.id,
            "triggerIds": [deed.trigger.id],
            "type": told,
            "origin": "api",
        }
        try:
            await self._patiently("POST", "feedbacks", body)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            why = f"Whether the feedback was given in Anodot is not known: {error}"
            return outcomes.done(deed.target, deed.ours, why)
        return outcomes.done(deed.target, deed.ours)

    async def _reopen(self, deed: _Deed) -> model.Outcome:
        """Ours goes back; what is over in Anodot is in hand from now on, else it would be closed again at once."""
        stays = outcomes.FEEDBACK_STAYS if deed.trigger and deed.target.archived_as in closings.FEEDBACK else ""
        if deed.trigger is None:
            return _here(deed)
        if deed.target.over is None or deed.trigger.acknowledged:
            return outcomes.done(deed.target, _without(deed, model.Part.STATE) or model.Overlay(deed.target.ref), stays)
        return outcomes.done(deed.target, deed.ours, stays)

    async def _comment(self, deed: _Deed) -> model.Outcome:
        """Never repeated: a remark cannot be taken back."""
        body = {"alertGroupId": deed.target.ref.id, "text": deed.change.comment, **({"userId": deed.by.id} if deed.by else {})}
        try:
            await self._patiently("POST", "timeline/comments", body)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            why = f"{error} The comment may have been saved all the same: look before you send it again."
            return model.Outcome(deed.target.ref, model.Result.REFUSED, why, unsure=True)
        except (errors.SourceMissing, errors.SourceRejected):
            if deed.trigger is not None:
                raise
            return outcomes.refused(deed.target, outcomes.NO_TIMELINE)
        return outcomes.done(deed.target)

    # --- the wire ---------------------------------------------------------------------------------------------------------

    async def _settled(
        self,
        deed: _Deed,
        trigger: triggers.Trigger,
        method: str,
        call: str,
        body: Mapping[str, Any],
        shows: Callable[[model.Anomaly], bool],
    ) -> None:
        """Sent once. After an answer that was lost somebody looks, and where the connection broke before anything happened, once more."""
        path = self._api.trigger(trigger.id, call)
        try:
            await self._patiently(method, path, body)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            self._book.changed(trigger.group)
            now = await self._by_id.one(deed.target.ref.id)
            if now is not None and shows(now):
                return
            if not (isinstance(error, errors.SourceUnavailable) and error.dropped):
                raise
            await self._patiently(method, path, body)

    async def _patiently(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        """A call of too many was not made: it is made when there is room again."""
        for _ in range(PATIENT):
            try:
                return await self._api.change(method, path, body)
            except errors.SourceRateLimited as error:
                if error.retry_after > base.LONGEST_WAIT:
                    raise
                await pause(error.retry_after)
        return await self._api.change(method, path, body)


# --- whose it is ------------------------------------------------------------------------------------------------------------


def _here(deed: _Deed) -> model.Outcome:
    """Kept here alone, and why: there is no trigger, or nobody knows who acts."""
    why = outcomes.UNKNOWN if deed.trigger is not None and deed.by is None else ""
    return outcomes.done(deed.target, deed.ours, why)


def _own(trigger: triggers.Trigger) -> triggers.Trigger:
    """The one trigger itself, without what the others of its anomaly say."""
    return next((one for one in trigger.each if one.id == trigger.id), trigger)


def _without(deed: _Deed, part: model.Part) -> model.Overlay | None:
    """What stays kept here where Anodot keeps this part from now on; None where nothing was."""
    kept = overlay.of(deed.target)
    if part is model.Part.ASSIGNEES and part in deed.target.kept_here:
        return replace(kept, assignees=None)
    if part is model.Part.STATE and part in deed.target.kept_here:
        return replace(kept, state=None, outcome=None)
    return None


def _both(first: model.Outcome, second: model.Outcome) -> model.Outcome:
    """Two parts of one change. What is ours of either tells all that is kept here."""
    reasons = " ".join(dict.fromkeys(filter(None, (first.reason, second.reason))))
    return replace(first, reason=reasons, ours=second.ours or first.ours)


def _so(change: model.Change, target: model.Anomaly) -> bool:
    """Whether it stands so already."""
    if change.assignees is not None and change.assignees != tuple(one.id for one in target.assignees):
        return False
    if change.action is model.Action.REOPEN:
        return target.state is not model.State.ARCHIVED
    if change.action not in _STATES:
        return change.action is model.Action.ASSIGN
    return target.state is _STATES[change.action] and change.archive_as in (None, target.archived_as)


def _acknowledged(now: model.Anomaly) -> bool:
    return now.state is model.State.ACKNOWLEDGED


def _not_acknowledged(now: model.Anomaly) -> bool:
    return now.state is not model.State.ACKNOWLEDGED


def _assigned(change: model.Change) -> Callable[[model.Anomaly], bool]:
    return lambda now: change.assignees == tuple(one.id for one in now.assignees)


# --- what Anodot has no way to do -------------------------------------------------------------------------------------------


def _impossible(change: model.Change, target: model.Anomaly) -> str:
    """Why this cannot be done at all, "" when it can; told before anything is sent."""
    return next((why for rule in _RULES if (why := rule(change, target))), "")


def _unable(change: model.Change, target: model.Anomaly) -> str:
    return "" if change.action in SUPPORTS else f"Anodot has no way to {change.action.value} an anomaly."


def _parts(change: model.Change, target: model.Anomaly) -> str:
    if change.add_tags or change.remove_tags:
        return "Anodot has no way to tag an anomaly, so nothing was changed. Leave the tags out."
    return "Anodot has no way to describe an anomaly, so nothing was changed." if change.description is not None else ""


def _people(change: model.Change, target: model.Anomaly) -> str:
    many = change.assignees is not None and len(change.assignees) > 1
    return "Anodot assigns an anomaly to one person. Name one." if many else ""


def _too_long(change: model.Change, target: model.Anomaly) -> str:
    if len(change.comment) <= LONGEST:
        return ""
    return f"A comment may have {LONGEST:,} characters in Anodot, and this one has {len(change.comment):,}. Nothing was changed."


def _merged(change: model.Change, target: model.Anomaly) -> str:
    return f"It was merged into {target.merged_into.id}, which goes on in its place." if target.merged_into else ""


def _wrong_word(change: model.Change, target: model.Anomaly) -> str:
    if change.action is model.Action.ARCHIVE and change.archive_as not in {one.word for one in closings.CLOSINGS}:
        ways = " or ".join(one.word for one in closings.CLOSINGS)
        return f"An anomaly of Anodot is closed as {ways}, not as {change.archive_as or 'nothing'}."
    return ""


def _closed(change: model.Change, target: model.Anomaly) -> str:
    updates = (model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ASSIGN)
    return "It is closed. Reopen it first." if target.state is model.State.ARCHIVED and change.action in updates else ""


_RULES = (_unable, _merged, _parts, _people, _too_long, _wrong_word, _closed)
