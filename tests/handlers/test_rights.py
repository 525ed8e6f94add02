"""Guests, people from outside, bots and deactivated users are refused on every path, and nothing reaches Qualytics."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

import handlers
from bot import model
from bot.core import grammar
from bot.render.anomaly import anomaly_forms
from bot.render.desk import link_form
from bot.render.kit import asked, ids
from bot.render.review import original_form, review_form
from bot.render.scan import scan_form
from handlers import events, views
from tests.handlers import front as fronts
from tests.handlers.front import CHANNEL, DANA, LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

Json = dict[str, Any]
CAPABILITIES = model.Capabilities("Qualytics", frozenset(model.Action))
NEVER = {
    "U0GUS": "Guests cannot use Anomaly Desk",
    "U0EXT": "Only people of this workspace",
    "U0OTHERBOT": "Bots cannot use Anomaly Desk",
    "U0GONE": "deactivated",
}


def _press(action_id: str, value: str, kind: str = "button") -> Callable[[Front, str, str], Json]:
    return lambda front, user, ident: front.click(action_id, value.format(ident), user=user, kind=kind)


def _form(callback_id: str, state: Json) -> Callable[[Front, str, str], Json]:
    def make(front: Front, user: str, ident: str) -> Json:
        known = {"ref": f"qualytics:{ident}", "version": 1, "channel": CHANNEL, "chosen": [user]}
        view = {"type": "modal", "callback_id": callback_id, "private_metadata": json.dumps(known), "blocks": []}
        return front.submission(view, state, user=user)

    return make


def _suggest(front: Front, user: str, ident: str) -> Json:
    pending = anomaly_forms.Pending(model.Ref("qualytics", ident), 1, CHANNEL)
    return front.suggestion(anomaly_forms.pick(pending, [LEE], [model.Actor(LEE, "Lee")], CAPABILITIES), "", user=user)


def _deletion(front: Front, user: str, ident: str) -> Json:
    view = {"type": "modal", "callback_id": ids.DELETE_VIEW, "private_metadata": "some-batch", "blocks": []}
    return front.submission(view, {ids.DELETE_COUNT: {"type": "plain_text_input", "value": "1"}}, user=user)


def _review_view() -> Json:
    page = model.ReviewPage(model.ReviewScope(words="status:open"), [], 0, channel=CHANNEL, source="qualytics")
    return review_form.form(page, CAPABILITIES)


def _turn(action_id: str) -> Callable[[Front, str, str], Json]:
    return lambda front, user, ident: front.click_in(
        _review_view(), action_id, "0" if action_id.startswith("review") else f"0|qualytics:{ident}|1", user=user
    )


def _review(front: Front, user: str, ident: str) -> Json:
    shown = model.Anomaly(model.Ref("qualytics", ident), model.State.ACTIVE, "Active", front.running.desk.clock.now())
    page = model.ReviewPage(
        model.ReviewScope(words="status:open"), [shown], 1, picked=frozenset({ident}), channel=CHANNEL, source="qualytics"
    )
    chosen = {"type": "static_select", "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": "acknowledge"}}
    which = {"type": "radio_buttons", "selected_option": {"text": {"type": "plain_text", "text": "x"}, "value": "page"}}
    return front.submission(review_form.form(page, CAPABILITIES), {ids.REVIEW_ACTION: chosen, ids.REVIEW_WHICH: which}, user=user)


def _confirmation(front: Front, user: str, ident: str) -> Json:
    batch = model.Batch(
        "some-batch",
        "qualytics",
        model.Change(model.Action.ACKNOWLEDGE),
        "",
        user,
        "",
        CHANNEL,
        model.BatchState.PREVIEW,
        front.running.desk.clock.now(),
        1,
    )
    return front.submission(review_form.preview(model.Message("x"), batch, 1), {}, user=user)


def _original(front: Front, user: str, ident: str) -> Json:
    change = model.Change(model.Action.ARCHIVE, archive_as="Duplicate")
    asked = model.ReviewInput(model.ReviewScope(words="status:open"), "qualytics", 0, (ident,), frozenset(), "page", "", change)
    return front.submission(original_form.form(asked, CAPABILITIES), {}, user=user)


def _scan(front: Front, user: str, ident: str) -> Json:
    draft = scan_form.ScanDraft("qualytics", CHANNEL, ("42",), names={"42": "warehouse-prod"})
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "42"}
    state = {ids.SCAN_DATASTORES: {"type": "multi_external_select", "selected_options": [option]}}
    return front.submission(scan_form.form(draft), state, user=user)


def _menu(action_id: str) -> Callable[[Front, str, str], Json]:
    draft = scan_form.ScanDraft("qualytics", CHANNEL)
    return lambda front, user, ident: front.suggestion(scan_form.form(draft), "", user=user, block=action_id)


OPTION = {"text": {"type": "plain_text", "text": "x"}, "value": "18"}
PATHS: dict[str, Callable[[Front, str, str], Json]] = {
    **{
        f"/anomalies {verb.name}": lambda front, user, ident, verb=verb: front.command(  # type: ignore[misc]
            verb.example.replace("1001", ident), user=user
        )
        for verb in grammar.VERBS
    },
    **{
        f"/scan {verb.name}": lambda front, user, ident, verb=verb: front.command(verb.example, user=user, name="/scan")  # type: ignore[misc]
        for verb in grammar.SCAN_VERBS
    },
    "/scan": lambda front, user, ident: front.command("", user=user, name="/scan"),
    "/anomalies nonsense": lambda front, user, ident: front.command("list nonsense:1", user=user),
    ids.ACKNOWLEDGE: _press(ids.ACKNOWLEDGE, "qualytics:{}|1"),
    ids.UNACKNOWLEDGE: _press(ids.UNACKNOWLEDGE, "qualytics:{}|1"),
    ids.REOPEN: _press(ids.REOPEN, "qualytics:{}|1"),
    ids.ARCHIVE: _press(ids.ARCHIVE, "Invalid|qualytics:{}|1", "static_select"),
    ids.ASSIGN: _press(ids.ASSIGN, "qualytics:{}|1"),
    f"{ids.MORE} {ids.MORE_COMMENT}": _press(ids.MORE, "comment|qualytics:{}|1", "overflow"),
    f"{ids.MORE} {ids.MORE_HISTORY}": _press(ids.MORE, "history|qualytics:{}|1", "overflow"),
    f"{ids.MORE} {ids.MORE_WHY}": _press(ids.MORE, "why|qualytics:{}|1", "overflow"),
    f"{ids.MORE} {ids.MORE_VERIFY}": _press(ids.MORE, "verify|qualytics:{}|1", "overflow"),
    ids.DETAILS: _press(ids.DETAILS, "qualytics:{}|1"),
    f"{ids.MORE} {ids.MORE_DETAILS}": _press(ids.MORE, "details|qualytics:{}|1", "overflow"),
    f"{ids.ARCHIVE} Duplicate": _press(ids.ARCHIVE, "Duplicate|qualytics:{}|1", "static_select"),
    ids.REVIEW_OPEN: _press(ids.REVIEW_OPEN, "filter|status:open"),
    ids.SCAN_START: _press(ids.SCAN_START, "some-plan"),
    ids.SCAN_CANCEL: _press(ids.SCAN_CANCEL, "some-plan"),
    ids.SCAN_OPTIONS: _press(ids.SCAN_OPTIONS, "some-plan"),
    ids.SCAN_ABORT: _press(ids.SCAN_ABORT, "some-operation"),
    ids.SCAN_FIX: _press(ids.SCAN_FIX, "again|some-operation"),
    ids.SCAN_SYNC: _press(ids.SCAN_SYNC, "qualytics|42"),
    ids.SCAN_INSTEAD: _press(ids.SCAN_INSTEAD, "qualytics|warehouse-prod tables:orders"),
    ids.SCAN_OPEN: _press(ids.SCAN_OPEN, "help"),
    ids.LINK_ME: _press(ids.LINK_ME, asked.encode("qualytics", asked.NOTHING).replace("{}", "{{}}")),
    f"shortcut {ids.TRIAGE_SHORTCUT}": lambda front, user, ident: front.shortcut(ids.TRIAGE_SHORTCUT, user=user),
    f"shortcut {ids.MESSAGE_SHORTCUT}": lambda front, user, ident: front.shortcut(
        ids.MESSAGE_SHORTCUT, user=user, message=front.card(ident)
    ),
    **{f"turn {action}": _turn(action) for action in ids.VIEW_ACTIONS},
    f"view {ids.REVIEW_VIEW}": _review,
    f"view {ids.REVIEW_CONFIRM_VIEW}": _confirmation,
    f"view {ids.REVIEW_ORIGINAL_VIEW}": _original,
    f"view {ids.SCAN_VIEW}": _scan,
    ids.SHOW: _press(ids.SHOW, "qualytics:{}|1"),
    ids.GROUP_LIST: _press(ids.GROUP_LIST, "some-card|10"),
    ids.GROUP_ACKNOWLEDGE: _press(ids.GROUP_ACKNOWLEDGE, "qualytics:{}|1"),
    ids.GROUP_ARCHIVE: _press(ids.GROUP_ARCHIVE, "Invalid|1|some-card", "static_select"),
    ids.LIST_PAGE: _press(ids.LIST_PAGE, "0|status:any"),
    ids.CONTACT_NEWEST: _press(ids.CONTACT_NEWEST, "0|sort:newest"),
    ids.CONTACT_LIST: _press(ids.CONTACT_LIST, "0|"),
    ids.BATCH_CONFIRM: _press(ids.BATCH_CONFIRM, "some-batch"),
    ids.BATCH_CANCEL: _press(ids.BATCH_CANCEL, "some-batch"),
    ids.BATCH_UNDO: _press(ids.BATCH_UNDO, "some-batch"),
    ids.BATCH_AGAIN: _press(ids.BATCH_AGAIN, "some-batch"),
    ids.WHICH_SYSTEM: _press(ids.WHICH_SYSTEM, "qualytics|show 1001"),
    f"view {ids.DELETE_VIEW}": _deletion,
    f"view {ids.ASSIGN_VIEW}": _form(ids.ASSIGN_VIEW, {ids.ASSIGN_PEOPLE: {"type": "multi_users_select", "selected_users": [DANA]}}),
    f"view {ids.LINK_VIEW}": _form(ids.LINK_VIEW, {ids.link_block(LEE): {"type": "external_select", "selected_option": OPTION}}),
    f"view {ids.COMMENT_VIEW}": _form(ids.COMMENT_VIEW, {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": "hello"}}),
    f"view {ids.LINK_ME_VIEW}": lambda front, user, ident: front.submission(
        link_form.form("qualytics", CAPABILITIES, asked.NOTHING),
        {ids.LINK_ME_PERSON: {"type": "external_select", "selected_option": OPTION}},
        user=user,
    ),
    f"options {ids.LINK_ME_PERSON}": lambda front, user, ident: front.suggestion(
        link_form.form("qualytics", CAPABILITIES, asked.NOTHING), "", user=user, block=ids.LINK_ME_PERSON
    ),
    f"view {ids.DUPLICATE_VIEW}": _form(ids.DUPLICATE_VIEW, {ids.DUPLICATE_OF: {"type": "plain_text_input", "value": ""}}),
    f"options {ids.LINK_PERSON}": _suggest,
    **{f"options {action}": _menu(action) for action in (ids.SCAN_DATASTORES, ids.SCAN_TABLES, ids.SCAN_TAGS)},
}
SILENT = {ids.OPEN, *views.QUIET}
"""Listeners that only acknowledge: there is nothing to refuse."""


async def test_every_listener_is_tried(front: Front) -> None:
    kinds = ("view", "options", "shortcut", "turn")
    tried = {path.split()[0] for path in PATHS if path[0] != "/" and path.split()[0] not in kinds}
    assert tried == set(handlers.ACTIONS) - SILENT
    assert {path.split()[1] for path in PATHS if path.startswith("shortcut ")} == set(handlers.SHORTCUTS)
    assert {path.split()[1] for path in PATHS if path.startswith("turn ")} == set(ids.VIEW_ACTIONS)
    assert {path.split()[1] for path in PATHS if path.startswith("view ")} == set(handlers.VIEWS)
    assert {path.split()[1] for path in PATHS if path.startswith("options ")} == set(handlers.OPTIONS)
    assert {path.split()[0] for path in PATHS if path.startswith("/")} == set(handlers.COMMANDS)
    tables = (handlers.COMMANDS, handlers.SHORTCUTS, handlers.ACTIONS, handlers.VIEW_ACTIONS, handlers.VIEWS, handlers.OPTIONS)
    counted = sum(len(table) for table in tables) + len(events.EVENTS) + len(events.UNUSED)  # who may not look: test_home
    assert len(front.running.bolt._async_listeners) == counted, handlers.__name__


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ident(front: Front) -> int:
    """An anomaly with a card that all who are refused try to change: none of them can."""
    (made,) = await front.arrive()
    return made


@pytest.mark.parametrize("user", NEVER)
@pytest.mark.parametrize("path", PATHS)
async def test_who_may_do_nothing_is_told_so(front: Front, ident: int, path: str, user: str) -> None:
    await front.forget()
    front.stage.workspace.modals.stacks.clear()
    before = len(front.whispers(user))
    response = await front.send(PATHS[path](front, user, str(ident)))
    assert response.status == 200
    if path.startswith("options "):
        assert json.loads(response.body) == {"options": []}
    else:
        assert NEVER[user] in "\n".join([*front.whispers(user)[before:], front.modal(user), response.body or ""])
    assert await front.writes() == []
    assert (await front.running.store.identities.find([LEE, user], "qualytics")) == {}


@pytest.mark.parametrize("path", sorted(SILENT))
async def test_paths_that_do_nothing_do_nothing(front: Front, path: str) -> None:
    await front.forget()
    assert (await front.send(front.click(path, "", user="U0GUS"))).status == 200
    assert await front.writes() == []


async def test_nobody_acts_while_slack_cannot_say_who_they_are(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.forget()
    front.running.desk.people.directory._people.clear()  # type: ignore[attr-defined]
    front.stage.workspace.faults.add({"method": "users.info", "mode": "500", "times": 0})
    try:
        told = await front.told(front.press(front.card(ident), ids.ACKNOWLEDGE))
    finally:
        front.stage.workspace.faults.clear()
    assert "Slack" in told and "Try again" in told
    assert await front.writes() == []


# --- a desk with rules of its own ----------------------------------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strict(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Only Dana and those on call close; nobody comments from Slack; only admins assign."""
    rules = {"archive": ["S0ONCALL"], "comment": "nobody", "assign": "admins"}
    folder = tmp_path_factory.mktemp("strict")
    async with fronts.opened(folder, DESK_ADMINS=DANA, DESK_PERMISSIONS=json.dumps(rules)) as made:
        yield made


async def test_rules_name_who_may(strict: Front) -> None:
    (ident,) = await strict.arrive()
    await strict.forget()
    told = await strict.told(strict.press(strict.card(ident), ids.ARCHIVE, "Invalid|", user=LEE))
    assert "Only the people whom DESK_PERMISSIONS names may archive anomalies" in told
    assert f"Who may: <!subteam^S0ONCALL>, <@{DANA}>." in told
    await strict.send(strict.press(strict.card(ident), ids.ASSIGN, user=LEE))
    assert f"<@{DANA}>" in strict.modal(LEE) and "Only admins of this desk may assign" in strict.modal(LEE)
    await strict.send(strict.press(strict.card(ident), ids.MORE, "comment|", user=LEE))
    assert "Nobody may comment on anomalies from Slack here" in strict.modal(LEE)
    assert await strict.writes() == []
    await strict.send(strict.press(strict.card(ident), ids.ARCHIVE, "Invalid|", user=DANA))
    assert "Archived as Invalid by Dana" in visible(strict.card(ident))


async def test_a_menu_shows_people_only_to_those_who_may_assign(strict: Front) -> None:
    assert json.loads((await strict.send(_suggest(strict, LEE, "1"))).body) == {"options": []}
    assert json.loads((await strict.send(_suggest(strict, DANA, "1"))).body)["options"]
