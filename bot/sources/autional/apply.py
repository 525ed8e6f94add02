"""One change to some anomalies of Autional: there is no bulk call, so it is a call for each, several at once (contracts 4.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from bot import errors, model
from bot.sources import base
from bot.sources.autional import by_id, client, closings, outcomes, statuses

ABREAST = 8
LONGEST = 2000
"""Characters of a remark (contracts 4.3: the server's own limit)."""
_AIMS: Mapping[model.Action, model.State] = {
    model.Action.ACKNOWLEDGE: model.State.ACKNOWLEDGED,
    model.Action.UNACKNOWLEDGE: model.State.ACTIVE,
    model.Action.ARCHIVE: model.State.ARCHIVED,
    model.Action.REOPEN: model.State.ACTIVE,
}
SUPPORTS = frozenset({*_AIMS, model.Action.ASSIGN, model.Action.COMMENT, model.Action.CASE, model.Action.BROWSE})
WRONG_WORD = (400, 422)
"""How a status is refused that is not known there."""


class Actions:
    """Applies changes to anomalies of one tenant."""

    def __init__(self, api: client.Client, one: by_id.ById, words: statuses.Words) -> None:
        self._api, self._by_id, self._words = api, one, words

    async def apply(self, change: model.Change, targets: Sequence[model.Anomaly]) -> Sequence[model.Outcome]:
        """One outcome for each, in order. Raises when it is one, or when all failed alike."""
        if len(targets) == 1:
            return [await self._do(change, targets[0])]
        done = await base.together([self._tried(change, one) for one in targets], ABREAST)
        failed = [one for one in done if isinstance(one, errors.SourceError)]
        if failed and len(failed) == len(done):
            raise failed[0]
        told = zip(targets, done, strict=True)
        return [outcomes.failed(target, one) if isinstance(one, errors.SourceError) else one for target, one in told]

    async def _tried(self, change: model.Change, target: model.Anomaly) -> model.Outcome | errors.SourceError:
        try:
            return await self._do(change, target)
        except errors.SourceError as error:
            return error

    async def _do(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        why = _impossible(change, target)
        if why:
            return outcomes.refused(target, why)
        outcome = await self._main(change, target)
        if change.action is model.Action.COMMENT or not change.comment or outcome.result is model.Result.REFUSED:
            return outcome
        try:
            noted = await self._comment(change, target)
        except errors.SourceError as error:
            noted = outcomes.failed(target, error)
        lost = noted.result is model.Result.REFUSED
        return replace(outcome, reason=f"The comment was not left: {noted.reason}") if lost else outcome

    async def _main(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        """Raises what says nothing about this anomaly: no answer, a key that is not taken."""
        calls: Mapping[model.Action, Callable[[model.Change, model.Anomaly], Awaitable[model.Outcome]]] = {
            model.Action.COMMENT: self._comment,
            model.Action.CASE: self._link,
            model.Action.ASSIGN: self._assign,
        }
        try:
            return await calls.get(change.action, self._move)(change, target)
        except (errors.SourceMissing, errors.SourceRejected, errors.SourceForbidden) as error:
            return outcomes.failed(target, error)

    # --- the calls --------------------------------------------------------------------------------------------------------

    async def _move(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        """Another status, and somebody who is assigned with it in the same call."""
        words = statuses.SENT[change.action, change.stage or change.archive_as]
        if _so(change, target, words):
            return model.Outcome(target.ref, model.Result.ALREADY)
        refused: list[str] = []
        for last, word in _marked(await self._words.taken("set", words) or words):
            try:
                await self._settled("PUT", "status", {"status": word, **_assigned(change)}, change, target, trying=not last)
            except errors.SourceRejected as error:
                if last or error.status not in WRONG_WORD:
                    raise
                refused.append(word)
                continue
            await self._words.refuses("set", refused)
            await self._words.gives(word)
            break
        return model.Outcome(target.ref, model.Result.DONE)

    async def _assign(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        if change.assignees == tuple(one.id for one in target.assignees):
            return model.Outcome(target.ref, model.Result.ALREADY)
        await self._settled("POST", "assign", _assigned(change), change, target)
        return model.Outcome(target.ref, model.Result.DONE)

    async def _link(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        await self._settled("POST", "link", {"case_id": change.case}, change, target)
        return model.Outcome(target.ref, model.Result.DONE)

    async def _comment(self, change: model.Change, target: model.Anomaly) -> model.Outcome:
        """Never repeated: a remark cannot be taken back."""
        try:
            await self._api.change("POST", self._api.one(target.ref.id, "comment"), {"content": change.comment})
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            why = f"{error} The comment may have been saved all the same: look before you send it again."
            return model.Outcome(target.ref, model.Result.REFUSED, why, unsure=True)
        return model.Outcome(target.ref, model.Result.DONE)

    async def _settled(
        self, method: str, call: str, body: Mapping[str, str], change: model.Change, target: model.Anomaly, *, trying: bool = False
    ) -> None:
        """Sent once. After an answer that was lost somebody looks, and where the connection broke before anything happened, once more."""
        path = self._api.one(target.ref.id, call)
        try:
            await self._api.change(method, path, body, trying=trying)
        except (errors.SourceUnavailable, errors.SourceGarbled) as error:
            now = await self._by_id.one(target.ref.id)
            if now is not None and _shows(change, now):
                return
            if not (isinstance(error, errors.SourceUnavailable) and error.dropped):
                raise
            await self._api.change(method, path, body, trying=trying)


def _marked(words: Sequence[str]) -> list[tuple[bool, str]]:
    return [(number == len(words), word) for number, word in enumerate(words, start=1)]


def _assigned(change: model.Change) -> Mapping[str, str]:
    return {"assignee": change.assignees[0]} if change.assignees else {}


def _so(change: model.Change, target: model.Anomaly, words: Sequence[str]) -> bool:
    """Whether it stands so already; a reopened one may stand anywhere but among the closed ones."""
    if change.assignees and change.assignees != tuple(one.id for one in target.assignees):
        return False
    if change.action is model.Action.REOPEN:
        return target.state is not model.State.ARCHIVED
    return target.status.strip().casefold() in words if change.stage else _stands(change, target)


def _stands(change: model.Change, one: model.Anomaly) -> bool:
    return one.state is _AIMS[change.action] and change.archive_as in (None, one.archived_as)


def _shows(change: model.Change, now: model.Anomaly) -> bool:
    """Whether a reading shows that it was done."""
    assigned = not change.assignees or change.assignees == tuple(one.id for one in now.assignees)
    if change.action is model.Action.CASE:
        return any(one.value == change.case for one in now.facts)
    if change.action not in _AIMS:
        return assigned
    return assigned and _stands(change, now) and (not change.stage or now.status.casefold() == change.stage)


# --- what Autional has no way to do -----------------------------------------------------------------------------------------


def _impossible(change: model.Change, target: model.Anomaly) -> str:
    """Why this cannot be done at all, "" when it can; told before anything is sent."""
    return next((why for rule in _RULES if (why := rule(change, target))), "")


def _unable(change: model.Change, target: model.Anomaly) -> str:
    return "" if change.action in SUPPORTS else f"Autional has no way to {change.action.value} an anomaly."


def _parts(change: model.Change, target: model.Anomaly) -> str:
    if change.add_tags or change.remove_tags:
        return "Autional has no way to tag an anomaly, so nothing was changed. Leave the tags out."
    return "Autional has no way to describe an anomaly, so nothing was changed." if change.description is not None else ""


def _people(change: model.Change, target: model.Anomaly) -> str:
    if change.assignees == () and target.assignees:
        return "Autional has no way to take somebody off an anomaly. Assign somebody else instead."
    many = change.assignees is not None and len(change.assignees) > 1
    return "Autional assigns an anomaly to one person. Name one." if many else ""


def _too_long(change: model.Change, target: model.Anomaly) -> str:
    if len(change.comment) <= LONGEST:
        return ""
    return f"Autional takes comments of {LONGEST:,} characters at most, and this one has {len(change.comment):,}. Nothing was changed."


def _wrong_word(change: model.Change, target: model.Anomaly) -> str:
    if change.action is model.Action.ARCHIVE and (change.action, change.archive_as) not in statuses.SENT:
        ways = " or ".join(one.word for one in closings.CLOSINGS)
        return f"Autional closes an anomaly as {ways}, not as {change.archive_as or 'nothing'}."
    if change.stage and (change.action, change.stage) not in statuses.SENT:
        return f"Autional has no {change.stage} for an anomaly; it takes {statuses.INVESTIGATING}."
    return ""


def _closed(change: model.Change, target: model.Anomaly) -> str:
    updates = (model.Action.ACKNOWLEDGE, model.Action.UNACKNOWLEDGE, model.Action.ASSIGN)
    return "It is closed. Reopen it first." if target.state is model.State.ARCHIVED and change.action in updates else ""


_RULES = (_unable, _parts, _people, _too_long, _wrong_word, _closed)
