"""Every action on every path: what a rule of `DESK_PERMISSIONS` takes from a member cannot be had in any other way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from bot import model, ports
from bot.core import permissions, snapshot
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers import test_rights as tried
from tests.handlers.front import CHANNEL, DANA, LEE, Front

on_one_desk = pytest.mark.asyncio(loop_scope="module")

A = model.Action
PATHS = ("button", "modal", "command", "pasted link", "review", "shortcut", "batch confirm", "running batch", "undo", "resume")
CHANGES = {
    A.ACKNOWLEDGE: model.Change(A.ACKNOWLEDGE),
    A.UNACKNOWLEDGE: model.Change(A.UNACKNOWLEDGE),
    A.ASSIGN: model.Change(A.ASSIGN, assignees=("18",)),
    A.ARCHIVE: model.Change(A.ARCHIVE, archive_as="Invalid"),
    A.REOPEN: model.Change(A.REOPEN),
    A.COMMENT: model.Change(A.COMMENT, comment="hello"),
    A.TAG: model.Change(A.TAG, add_tags=("incident",)),
    A.DESCRIBE: model.Change(A.DESCRIBE, description="Investigating"),
    A.CASE: model.Change(A.CASE, case="CASE-1"),
    A.DELETE: model.Change(A.DELETE),
}
TAKEN_BACK = {
    A.ACKNOWLEDGE: A.UNACKNOWLEDGE,
    A.UNACKNOWLEDGE: A.ACKNOWLEDGE,
    A.ARCHIVE: A.REOPEN,
    A.REOPEN: A.ARCHIVE,
}
"""The batch whose way back is this action, where it is another one."""

COMMANDS = {
    A.ACKNOWLEDGE: "ack {}",
    A.UNACKNOWLEDGE: "unack {}",
    A.ASSIGN: "assign <@U0LEE|lee> {}",
    A.ARCHIVE: "archive {} as:invalid",
    A.REOPEN: "reopen {}",
    A.COMMENT: "note {} hello",
    A.TAG: "tag {} +tag:incident",
    A.DESCRIBE: 'describe {} describe:"Investigating"',
    A.CASE: "case {} CASE-1",
    A.DELETE: "delete {}",
    A.BROWSE: "show {}",
}
BUTTONS = {
    A.ACKNOWLEDGE: (ids.ACKNOWLEDGE, "qualytics:{}|1", "button"),
    A.UNACKNOWLEDGE: (ids.UNACKNOWLEDGE, "qualytics:{}|1", "button"),
    A.REOPEN: (ids.REOPEN, "qualytics:{}|1", "button"),
    A.ARCHIVE: (ids.ARCHIVE, "Invalid|qualytics:{}|1", "static_select"),
    A.ASSIGN: (ids.ASSIGN, "qualytics:{}|1", "button"),
    A.COMMENT: (ids.MORE, "comment|qualytics:{}|1", "overflow"),
    A.SCAN: (ids.SCAN_SYNC, "qualytics|42", "button"),
    A.ABORT: (ids.SCAN_ABORT, "some-operation", "button"),
    A.BROWSE: (ids.SHOW, "qualytics:{}|1", "button"),
}
REVIEWED = {A.ACKNOWLEDGE, A.UNACKNOWLEDGE, A.ARCHIVE}
"""What Review offers by itself; assignments and comments travel with it."""

ABSENT = {
    **{(A.ROWS, path): "they are a page of the details, and nothing else leads to them" for path in PATHS if path != "modal"},
    **{(action, path): "starts and stops operations" for action in (A.SCAN, A.ABORT) for path in PATHS},
    **{(A.BROWSE, path): "looks, and nothing is stored of it" for path in ("batch confirm", "running batch", "undo", "resume")},
    **{(action, "shortcut"): "it opens Review, and changes nothing" for action in A if action is not A.BROWSE},
    **{(action, "review"): "Review has no such choice" for action in A if action not in {*REVIEWED, A.BROWSE}},
    **{(action, "button"): "no card has such a button" for action in (A.TAG, A.DESCRIBE, A.CASE, A.DELETE)},
    **{(action, "modal"): "no form for it" for action in A if action not in (A.ASSIGN, A.COMMENT, A.DELETE, A.SCAN, A.ROWS)},
    (A.CASE, "undo"): "a link to a case stays, and nothing links to bring back",
    (A.CASE, "resume"): "Qualytics has no cases, which is said first",
    (A.DELETE, "undo"): "nothing brings back what was deleted, and nothing deletes to bring back",
    (A.DELETE, "resume"): "one is deleted as a batch too",
}


def _there(action: model.Action, path: str) -> bool:
    return (action, path) not in ABSENT or (action in (A.SCAN, A.ABORT) and _operated(action, path))


def _operated(action: model.Action, path: str) -> bool:
    return (action, path) in {(A.SCAN, "button"), (A.SCAN, "modal"), (A.SCAN, "command"), (A.ABORT, "button"), (A.ABORT, "command")}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Dana is the admin."""
    async with fronts.opened(tmp_path_factory.mktemp("matrix"), DESK_ADMINS=DANA) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module")
async def ident(strict: Front, action: model.Action) -> str:
    """An anomaly on which the action makes sense, and a rule that takes it from members."""
    (made,) = await strict.arrive()
    standing = {A.UNACKNOWLEDGE: "Acknowledged", A.REOPEN: "Invalid"}.get(action)
    if standing:
        await strict.stage.qualytics("PATCH", f"anomalies/{made}", status=standing)
        await strict.look()
    return str(made)


async def _stored(front: Front, ident: str) -> model.Anomaly:
    ref = model.Ref("qualytics", ident)
    return (await front.running.store.anomalies.get([ref]))[ref]


async def _batch(front: Front, change: model.Change, item: model.Item, state: model.BatchState) -> str:
    """A batch of Lee's from the time when Lee was still allowed to."""
    now = front.running.desk.clock.now()
    confirmed = None if state is model.BatchState.PREVIEW else now
    finished = now if state is model.BatchState.DONE else None
    name = f"b{item.ref.id}"
    made = model.Batch(name, "qualytics", change, "", LEE, "Lee", CHANNEL, state, now, 1, confirmed=confirmed, finished=finished)
    await front.running.store.batches.create(made, [item])
    return name


async def _said(front: Front, payload: Any) -> str:
    front.stage.workspace.modals.stacks.clear()
    before = len(front.whispers(LEE))
    response = await front.send(payload)
    return "\n".join([*front.whispers(LEE)[before:], front.modal(LEE), response.body or ""])


async def _button(front: Front, action: model.Action, ident: str) -> str:
    action_id, value, kind = BUTTONS[action]
    return await _said(front, front.click(action_id, value.format(ident), user=LEE, kind=kind))


async def _modal(front: Front, action: model.Action, ident: str) -> str:
    make = {
        A.ASSIGN: tried.PATHS[f"view {ids.ASSIGN_VIEW}"],
        A.COMMENT: tried.PATHS[f"view {ids.COMMENT_VIEW}"],
        A.DELETE: tried.PATHS[f"view {ids.DELETE_VIEW}"],
        A.SCAN: tried.PATHS[f"view {ids.SCAN_VIEW}"],
        A.ROWS: _rows,
    }[action]
    if action is A.ROWS:
        await front.send(front.click(ids.DETAILS, f"qualytics:{ident}|1", user=LEE))
        await front.send(make(front, LEE, ident))
        return front.modal(LEE)
    return await _said(front, make(front, LEE, ident))


def _rows(front: Front, user: str, ident: str) -> dict[str, Any]:
    """[Failing rows] of the form that stands open, where somebody else would see it."""
    return front.click_in(front.form(user), ids.DETAILS_ROWS, f"0|qualytics:{ident}|1", user=user)


async def _command(front: Front, action: model.Action, ident: str) -> str:
    if action in (A.SCAN, A.ABORT):
        text = "warehouse-prod tables:orders" if action is A.SCAN else "abort 900"
        return await _said(front, front.command(text, user=LEE, name="/scan"))
    return await _said(front, front.command(COMMANDS[action].format(ident), user=LEE))


async def _pasted(front: Front, action: model.Action, ident: str) -> str:
    link = f"<{front.stage.qualytics_url}/anomalies/{ident}>"
    return await _said(front, front.command(COMMANDS[action].format(link), user=LEE))


async def _review(front: Front, action: model.Action, ident: str) -> str:
    if action is A.BROWSE:
        return await _said(front, front.click(ids.REVIEW_OPEN, "filter|status:open", user=LEE))
    payload = tried._review(front, LEE, ident)
    choice = payload["view"]["state"]["values"][ids.REVIEW_ACTION][ids.REVIEW_ACTION]["selected_option"]
    choice["value"] = "archive:Invalid" if action is A.ARCHIVE else action.value
    return await _said(front, payload)


async def _shortcut(front: Front, action: model.Action, ident: str) -> str:
    opened = await _said(front, front.shortcut(ids.TRIAGE_SHORTCUT, user=LEE))
    on_card = await _said(front, front.shortcut(ids.MESSAGE_SHORTCUT, user=LEE, message=front.card(ident)))
    return opened if opened == on_card or "Only admins" in on_card else on_card


async def _confirm(front: Front, action: model.Action, ident: str) -> str:
    item = model.Item(model.Ref("qualytics", ident), snapshot.of(await _stored(front, ident)))
    name = await _batch(front, CHANGES[action], item, model.BatchState.PREVIEW)
    return await _said(front, front.click(ids.BATCH_CONFIRM, name, user=LEE))


async def _running(front: Front, action: model.Action, ident: str) -> str:
    item = model.Item(model.Ref("qualytics", ident), snapshot.of(await _stored(front, ident)))
    name = await _batch(front, CHANGES[action], item, model.BatchState.RUNNING)
    await front.running.desk.runs.work()
    return (await front.running.store.batches.items(name))[0].reason


async def _undo(front: Front, action: model.Action, ident: str) -> str:
    """What was done is such that its way back is this action."""
    now = await _stored(front, ident)
    did = CHANGES[TAKEN_BACK.get(action, action)]
    before = snapshot.of(now)
    earlier = {
        A.ACKNOWLEDGE: model.Snapshot(model.State.ACKNOWLEDGED, "Acknowledged"),
        A.UNACKNOWLEDGE: model.Snapshot(model.State.ACTIVE, "Active"),
        A.ARCHIVE: model.Snapshot(model.State.ARCHIVED, "Invalid", "Invalid"),
        A.REOPEN: model.Snapshot(model.State.ACTIVE, "Active"),
        A.TAG: model.Snapshot(model.State.ACTIVE, "Active"),
    }.get(action, before)
    name = await _batch(front, did, model.Item(now.ref, earlier, model.Fate.DONE, after=before), model.BatchState.DONE)
    return await _said(front, front.click(ids.BATCH_UNDO, name, user=LEE))


async def _resume(front: Front, action: model.Action, ident: str) -> str:
    ref, now = model.Ref("qualytics", ident), front.running.desk.clock.now()
    await front.running.store.journal.begin(ports.Intent(f"k{ident}", CHANGES[action], ref, LEE, "Lee", now), now, 0)
    await front.running.desk.triage.resume()
    return (await front.running.store.journal.history(ref))[0].detail


WALKED: dict[str, Callable[[Front, model.Action, str], Awaitable[str]]] = {
    "button": _button,
    "modal": _modal,
    "command": _command,
    "pasted link": _pasted,
    "review": _review,
    "shortcut": _shortcut,
    "batch confirm": _confirm,
    "running batch": _running,
    "undo": _undo,
    "resume": _resume,
}
MATRIX = [(action, path) for action in A for path in PATHS if _there(action, path)]


def test_every_action_and_every_path_is_tried_or_its_absence_explained() -> None:
    assert set(WALKED) == set(PATHS)
    assert {action for action, _ in MATRIX} == set(A) and {path for _, path in MATRIX} == set(PATHS)
    assert set(COMMANDS) | {A.SCAN, A.ABORT, A.ROWS} == set(A)
    assert set(BUTTONS) == {action for action in A if _there(action, "button")}


@on_one_desk
@pytest.mark.parametrize(("action", "path"), MATRIX)
async def test_what_a_rule_takes_cannot_be_had_in_another_way(strict: Front, action: model.Action, path: str, ident: str) -> None:
    await strict.forget()
    rules: Any = strict.running.desk.triage.grants.who
    kept, rules[action] = rules[action], permissions.Group.ADMINS
    try:
        told = await WALKED[path](strict, action, ident)
    finally:
        rules[action] = kept
    assert f"Only admins of this desk may {permissions._DOING.get(action, f'{action.value} anomalies')}" in told
    assert await strict.writes() == []


@on_one_desk
async def test_a_forged_confirmation_deletes_nothing(strict: Front) -> None:
    """[Confirm] on a deletion: the preview has no such button, only a form that asks for the number."""
    (made,) = await strict.arrive()
    await strict.send(strict.command(f"delete {made}", user=DANA))
    batch = strict.form(DANA)["private_metadata"]
    await strict.forget()
    told = await strict.told(strict.click(ids.BATCH_CONFIRM, batch, user=DANA))
    assert "Nothing is deleted without its number" in told
    assert await strict.writes() == []
