"""What a change looks like on the wire (contracts 1.5), and how to see on an anomaly that it was done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot import model
from bot.sources.qualytics import closings

OPEN_WORDS = {model.Action.ACKNOWLEDGE: "Acknowledged", model.Action.UNACKNOWLEDGE: "Active", model.Action.REOPEN: "Acknowledged"}

Body = Mapping[str, Any]


def number(ident: str) -> int | str:
    """An id as the API wants it: a number where it is one, else a UUID as text."""
    return int(ident) if ident.isdecimal() else ident


def update(change: model.Change, target: model.Anomaly) -> Body:
    """The body of PUT, and of one item of PATCH without its id.

    `status` is always there, as the vendor's client sends it: the new one, or the open status that the anomaly has. `tags` replaces all
    tags, so it is what the anomaly has with the change applied. `assignee_ids` replaces too; [] clears.
    """
    body: dict[str, Any] = {"status": OPEN_WORDS.get(change.action, target.status)}
    if change.description is not None:
        body["description"] = change.description
    if change.add_tags or change.remove_tags:
        body["tags"] = tags(change, target)
    if change.assignees is not None:
        body["assignee_ids"] = [number(one) for one in change.assignees]
    return body


def tags(change: model.Change, target: model.Anomaly) -> Sequence[str]:
    """The tags after the change. People do not mind capitals: a tag is removed, and not added twice, however it is spelt."""
    removed = {one.casefold() for one in change.remove_tags}
    kept = [one for one in target.tags if one.casefold() not in removed]
    there = {one.casefold() for one in kept}
    return [*kept, *(one for one in dict.fromkeys(change.add_tags) if one.casefold() not in there)]


def removal(change: model.Change) -> Body:
    """One item of the bulk DELETE without its id. `archive` is always explicit: the other value destroys."""
    if change.action is model.Action.DELETE:
        return {"archive": False}
    return {"archive": True, "status": change.archive_as or closings.RESOLVED}


def removal_query(change: model.Change) -> Sequence[tuple[str, str | int]]:
    """The query of the single DELETE; the vendor's client names a status even where nothing is archived."""
    body = removal(change)
    return [("archive", str(body["archive"]).lower()), ("status", str(body.get("status", closings.RESOLVED)))]


def achieved(change: model.Change, target: model.Anomaly, now: model.Anomaly | None) -> bool:
    """Whether what was read afterwards shows the change; `now` None: it does not exist any more."""
    if change.action is model.Action.DELETE or now is None:
        return now is None and change.action is model.Action.DELETE
    if change.action is model.Action.ARCHIVE:
        return now.state is model.State.ARCHIVED and change.archive_as in (None, now.archived_as)
    body = update(change, target)
    seen = {
        "status": now.status,
        "description": now.description,
        "tags": sorted(now.tags),
        "assignee_ids": sorted(str(one.id) for one in now.assignees),
    }
    want = {key: sorted(str(one) for one in value) if isinstance(value, list) else value for key, value in body.items()}
    return all(seen[key] == value for key, value in want.items())


def had(change: model.Change, target: model.Anomaly) -> bool:
    """Whether the anomaly, as last read, was like that already."""
    return change.action is not model.Action.COMMENT and not change.comment and achieved(change, target, target)
