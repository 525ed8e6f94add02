"""Every verb of `/scan`, its form and its buttons where no system has scans, and where one of two has."""

from __future__ import annotations

import json

import pytest

from bot.core import grammar
from bot.render.kit import ids
from bot.render.scan import scan_form
from tests.handlers import pair
from tests.handlers.front import CHANNEL, Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

START, STOP = "Strange offers no way to start scans from here.", "Strange offers no way to stop scans from here."

VERBS: dict[str, tuple[str, str]] = {
    "form": ("", START),
    "help": ("help", START),
    "scan": ("warehouse-prod tables:orders", START),
    "sync": ("sync warehouse-prod", START),
    "profile": ("profile warehouse-prod", START),
    "materialize": ("materialize warehouse-prod", START),
    "export": ("export warehouse-prod", START),
    "daily": ("daily warehouse-prod", START),
    "status": ("status", START),
    "abort": ("abort 5001", STOP),
}
"""By verb what is typed, and what is said where no system has scans."""

FIXES = (ids.FIX_AGAIN, ids.FIX_SYNC, ids.FIX_PROFILE, ids.FIX_ALL_TABLES, ids.FIX_FOLLOW, ids.FIX_REST)
BUTTONS = {
    ids.SCAN_START: "plan1",
    ids.SCAN_CANCEL: "plan1",
    ids.SCAN_OPTIONS: "plan1",
    ids.SCAN_ABORT: "operation1",
    ids.SCAN_SYNC: "strange|42",
    ids.SCAN_INSTEAD: "strange|warehouse-prod tables:orders",
    ids.SCAN_OPEN: "help",
}


async def told(front: Front, text: str) -> str:
    """What a `/scan` command says, in a message or in its form."""
    opened = front.stage.workspace.modals.top("U0DANA")
    said = await front.told(front.command(text, name="/scan"))
    shown = front.stage.workspace.modals.top("U0DANA")
    return said + (front.modal() if shown is not opened else "")


async def test_no_verb_is_left_out() -> None:
    assert {*VERBS, "detect"} == {verb.name for verb in grammar.SCAN_VERBS}
    assert {*BUTTONS, ids.SCAN_FIX} == {action for action in ids.MESSAGE_ACTIONS if action.startswith("scan.")}


async def test_a_search_is_refused_where_no_system_can(either: Front) -> None:
    who = "Qualytics and Strange" if pair.mixed(either) else "Strange"
    assert f"{who} cannot be asked to look for anomalies in a span of time" in await told(either, "detect 24h")
    assert "Strange cannot be asked to look for anomalies" in await told(either, "detect 24h source:strange")


@pytest.mark.parametrize("verb", VERBS)
async def test_each_verb_is_refused_where_no_system_has_scans_and_means_the_one_that_has(either: Front, verb: str) -> None:
    text, refused = VERBS[verb]
    said = await told(either, text)
    assert (refused in said) is not pair.mixed(either)
    assert ("Strange" in said) is not pair.mixed(either), "where one system has scans, it alone is meant"


@pytest.mark.parametrize("text", ["nonsense:5 warehouse-prod", "wahrehouse incrementl:maybe", "abort", "status one two"])
async def test_what_cannot_be_read_is_not_explained_where_it_would_be_refused(either: Front, text: str) -> None:
    said = await told(either, text)
    assert (START in said) is not pair.mixed(either)


@pytest.mark.parametrize("text", [text for text, _ in VERBS.values() if " " in text and not text.startswith("abort")])
async def test_a_system_that_is_named_and_has_none_says_so(either: Front, text: str) -> None:
    assert START in await told(either, f"{text} source:strange")


@pytest.mark.parametrize(("text", "refused"), [("status strange:812", START), ("abort strange:812", STOP)])
async def test_an_operation_of_a_system_that_has_none_is_none(either: Front, text: str, refused: str) -> None:
    assert refused in await told(either, text)


async def test_an_operation_that_is_not_known_is_looked_for_in_the_system_that_has_some(either: Front) -> None:
    said = await told(either, "status 812")
    assert ("No operation 812 is followed here" in said) is pair.mixed(either)


@pytest.mark.parametrize("action", BUTTONS)
async def test_a_button_of_yesterday_is_refused_in_the_right_words(either: Front, action: str) -> None:
    opened = either.stage.workspace.modals.top("U0DANA")
    said = await either.told(either.click(action, BUTTONS[action]))
    if either.stage.workspace.modals.top("U0DANA") is not opened:
        said += either.modal()
    if not pair.mixed(either) or BUTTONS[action].startswith("strange|"):
        assert START in said or STOP in said
    elif action == ids.SCAN_OPEN:
        assert either.form()["callback_id"] == ids.SCAN_VIEW, "the one system that scans is meant"
    else:
        assert "is not known any more" in said or "No operation" in said


@pytest.mark.parametrize("fix", FIXES)
async def test_a_fix_of_yesterday_is_refused_in_the_right_words(either: Front, fix: str) -> None:
    said = await either.told(either.click(ids.SCAN_FIX, f"{fix}|operation1"))
    assert ("is not known any more" in said) is pair.mixed(either)
    assert (START in said) is not pair.mixed(either)


async def test_the_form_of_a_system_without_scans_starts_nothing_and_offers_nothing(either: Front) -> None:
    form = scan_form.form(scan_form.ScanDraft("strange", CHANNEL))
    for block in (ids.SCAN_DATASTORES, ids.SCAN_TABLES, ids.SCAN_TAGS):
        response = await either.send(either.suggestion(form, "ware", block=block))
        assert "warehouse" not in (response.body or "")
    chosen = {"text": {"type": "plain_text", "text": "x"}, "value": "42"}
    datastores = next(block["block_id"] for block in form["blocks"] if str(block.get("block_id", "")).startswith(ids.SCAN_DATASTORES))
    before = len(either.whispers())
    sent = {datastores: {"type": "multi_external_select", "selected_options": [chosen]}}
    response = await either.send(either.submission(form, sent))
    assert START in "\n".join(either.whispers()[before:]) + json.dumps(response.body)


async def test_what_runs_in_the_one_that_has_scans_is_told_without_naming_it(either: Front) -> None:
    if not pair.mixed(either):
        pytest.skip("there are no scans")
    assert "Started: " in await told(either, "warehouse-prod tables:orders incremental")
    assert {one.source for one in await either.running.store.operations.running()} == {"qualytics"}
    assert "orders" in await told(either, "status")
