"""Many at once as people see it, through the real app: a test for each thing that a preview, a receipt and an undo have to say."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio

from bot.render.kit import ids
from sandbox.slack import population
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import DANA, Front, Json, visible
from tests.render import slack_rules

pytestmark = pytest.mark.asyncio(loop_scope="module")

SAM = "sam@acme.example"
"""Somebody whom Qualytics knows."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """One desk for all; every test has anomalies of its own."""
    async with fronts.opened(tmp_path_factory.mktemp("desk")) as made:
        yield made


async def asked(front: Front, text: str) -> Json:
    """The preview that a command gets, which Dana alone sees."""
    await front.send(front.command(text))
    messages = front.stage.workspace.channels[fronts.CHANNEL].messages.values()
    found = next(one for one in reversed(list(messages)) if one.ephemeral_to == DANA)
    return {"ts": found.ts, "text": found.text, "blocks": found.blocks}


async def done(front: Front, text: str) -> Json:
    """The receipt of a command that was confirmed."""
    await asked(front, text)
    await pair.confirmed(front)
    return newest(front)


def newest(front: Front) -> Json:
    return next(one for one in reversed(front.posted()) if ids.BATCH_UNDO in str(one["blocks"]))


def now(front: Front, message: Json) -> Json:
    """What a message shows by now."""
    return next(one for one in front.posted() if one["ts"] == message["ts"])


def bold(message: Json) -> list[str]:
    """All that stands in bold."""
    return [str(part["text"]) for _, part in slack_rules.parts(message["blocks"]) if part.get("style") == {"bold": True}]


def lines(message: Json) -> list[str]:
    return visible(message).replace("\n ", " ").split("\n")


def listed(idents: Sequence[int]) -> str:
    return ",".join(map(str, idents))


async def _some(front: Front) -> list[int]:
    """Six: two critical, one of them Sam's; three high, one acknowledged; one low and Dana's."""
    critical, (high, taken), low = await front.arrive(2, weight=95), await front.arrive(2, weight=60), await front.arrive(1, weight=1)
    (other,) = await front.arrive(1, weight=60)
    await front.send(front.command(f"assign {SAM} {critical[0]}"))
    await front.send(front.command(f"assign <@{DANA}|dana> {low[0]}"))
    await front.send(front.command(f"ack {taken}"))
    return [*critical, high, taken, *low, other]


async def test_a_preview_counts_by_severity_place_and_assignee_and_says_in_bold_what_must_not_be_overlooked(front: Front) -> None:
    made = await _some(front)
    preview = await asked(front, f"archive {listed(made)} as:invalid")
    told = lines(preview)
    assert told[0] == "Archive 6 anomalies as Invalid?"
    assert "Includes 2 critical and 1 assigned to others. Includes 1 acknowledged." in bold(preview)
    assert "\N{LARGE RED SQUARE} 2 critical · \N{LARGE ORANGE SQUARE} 3 high · \N{LARGE BLUE SQUARE} 1 low" in told
    assert "By assignee: nobody 4, Sam Okafor 1, you 1." in told
    assert "By status: Active 5, Acknowledged 1." in told
    assert any(line.startswith("By datastore: ") for line in told) and any(line.startswith("By table: ") for line in told)
    assert told.count("Undo for 30 minutes.") == 1
    assert next(line for line in told if line.startswith("• ")).startswith("• 🟥 Critical"), "the worst stand first"
    for said in ("2 critical", "1 assigned to others", "nobody 4", "Undo for 30 minutes", "until you press Confirm"):
        assert said in preview["text"]
    await front.send(front.press(preview, ids.BATCH_CANCEL))


async def test_the_status_is_counted_only_where_it_differs(front: Front) -> None:
    preview = await asked(front, f"ack {listed(await front.arrive(2))}")
    assert "By status" not in visible(preview)
    assert "Includes" not in visible(await asked(front, f"ack {listed(await front.arrive(2, weight=1))}"))


async def test_the_number_previewed_is_the_number_confirmed_and_the_number_in_the_receipt(front: Front) -> None:
    made = await front.arrive(5)
    await front.send(front.command(f"ack {made[0]}"))
    preview = await asked(front, f"ack {listed(made)}")
    assert lines(preview)[:2] == ["Acknowledge 4 anomalies?", f"5 anomalies: {', '.join(map(str, made))}. 4 would change, 1 is so already."]
    assert "Confirm: acknowledge 4" in visible(preview)
    await pair.confirmed(front)
    assert lines(newest(front))[0] == f"Dana acknowledged 4 anomalies · 1 already so · {', '.join(map(str, made))}"


async def test_limit_does_not_hide_how_many_match(front: Front) -> None:
    await front.arrive(7, weight=77)
    preview = await asked(front, "ack min:77 status:active limit:3")
    total = len([one for one in front.stage.world.anomalies.values() if one.weight >= 77 and one.status == "Active"])
    assert total >= 7
    assert f"The first 3 of {total} that match: " in lines(preview)[1]
    assert "limit:3" in lines(preview)[1] and "The first 3 of" in preview["text"]
    assert "everything that is open limit:3" in visible(await asked(front, "ack status:open limit:3"))
    whole = await asked(front, f"ack min:77 status:active limit:{total}")
    assert "that match" not in visible(whole)


async def test_a_reassignment_says_from_whom_to_whom_in_preview_and_receipt(front: Front) -> None:
    made = await front.arrive(2)
    await front.send(front.command(f"assign {SAM} {made[0]}"))
    await front.send(front.command(f"assign {SAM} {made[1]}"))
    preview = await asked(front, f"reassign {SAM} <@{DANA}|dana> {listed(made)}")
    assert lines(preview)[0] == "Reassign 2 anomalies from Sam Okafor to Dana Reyes?"
    await pair.confirmed(front)
    assert lines(newest(front))[0].startswith("Dana reassigned 2 anomalies from Sam Okafor to Dana Reyes · ")
    assert newest(front)["text"].startswith("Dana reassigned 2 anomalies from Sam Okafor to Dana Reyes.")


async def test_a_reopening_says_how_they_stand_now(front: Front) -> None:
    made = await front.arrive(2)
    await done(front, f"archive {listed(made)} as:invalid")
    receipt = await done(front, f"reopen {listed(made)}")
    assert lines(receipt)[0].startswith("Dana reopened 2 anomalies · they are Acknowledged now · ")
    assert "They are Acknowledged now." in receipt["text"]


async def test_a_receipt_is_one_message_and_nothing_is_said_beside_it(front: Front) -> None:
    made = await front.arrive(21, weight=95)
    await asked(front, f"archive {listed(made)} as:invalid")
    posted, whispers = len(front.posted()), front.whispers()
    await pair.confirmed(front)
    assert len(front.posted()) == posted + 2, "the receipt, and its CSV in the thread"
    assert front.whispers() == whispers[:-1], "the preview is gone, and nothing stands in its place"
    receipt = newest(front)
    assert lines(receipt)[0].startswith("Dana archived 21 anomalies as Invalid · ")
    assert "Among them: \N{LARGE RED SQUARE} 21 critical" in lines(receipt)
    assert lines(receipt)[-1].startswith("Undo until ") and lines(receipt)[-1].endswith(" · CSV in the thread")
    assert "batch" not in visible(receipt) + receipt["text"], "its id stands in the history and in the CSV"
    for said in ("Dana archived 21 anomalies as Invalid", "21 critical", "Selected: ", "Undo until ", "CSV in the thread"):
        assert said in receipt["text"]


async def test_an_undo_changes_that_message_and_posts_no_other(front: Front) -> None:
    receipt = await done(front, f"ack {listed(await front.arrive(3))}")
    posted, whispers = len(front.posted()), front.whispers()
    await front.send(front.press(receipt, ids.BATCH_UNDO))
    await front.running.post.flush()
    assert (len(front.posted()), front.whispers()) == (posted, whispers)
    told = lines(now(front, receipt))
    assert told[0] == "Taken back by Dana: 3 as before again"
    assert any(line.startswith("Dana acknowledged 3 anomalies") for line in told)
    assert ids.BATCH_UNDO not in str(now(front, receipt)["blocks"])
    assert "batch" not in now(front, receipt)["text"]


async def test_an_undo_that_is_typed_is_answered_because_the_message_may_be_far_above(front: Front) -> None:
    receipt = await done(front, f"ack {listed(await front.arrive(2))}")
    told = await front.told(front.command("undo"))
    assert told.startswith("This is being taken back: Dana acknowledged 2 anomalies.") and f"<#{fronts.CHANNEL}>" in told
    await front.running.post.flush()
    assert lines(now(front, receipt))[0] == "Taken back by Dana: 2 as before again"


async def test_whoever_confirms_where_the_message_cannot_stand_is_told_where_it_is(front: Front) -> None:
    made = await front.arrive(2)
    elsewhere = next(name for name, one in front.stage.workspace.channels.items() if name.startswith("C") and not _member(one))
    await front.send(front.command(f"ack {listed(made)}", channel=elsewhere))
    messages = list(front.stage.workspace.channels[elsewhere].messages.values())
    preview = {"ts": messages[-1].ts, "text": messages[-1].text, "blocks": messages[-1].blocks}
    value = next(part["value"] for _, part in slack_rules.parts(preview["blocks"]) if part.get("action_id") == ids.BATCH_CONFIRM)
    await front.send(front.click(ids.BATCH_CONFIRM, value, channel=elsewhere, ts=preview["ts"]))
    shown = next(one for one in front.stage.workspace.channels[elsewhere].messages.values() if one.ts == preview["ts"])
    assert "Dana is acknowledging 2 anomalies." in shown.text and "in your direct messages with this desk" in shown.text


def _member(channel: Any) -> bool:
    return population.BOT_USER in channel.members


async def test_a_review_ends_in_the_same_receipt_and_nothing_beside_it(front: Front) -> None:
    await front.arrive(2, weight=93)
    await front.send(front.command("review min:93 status:active"))
    form = front.form()
    inputs = {block["block_id"].partition(":")[0]: block for block in form["blocks"] if "element" in block}
    which, action = inputs[ids.REVIEW_WHICH], inputs[ids.REVIEW_ACTION]
    everything = next(option for option in which["element"]["options"] if option["text"]["text"].startswith("All "))
    acknowledge = next(option for option in action["element"]["options"] if "cknowledge" in str(option["text"]))
    values = {
        which["block_id"]: {"type": "radio_buttons", "selected_option": everything},
        action["block_id"]: {"type": "static_select", "selected_option": acknowledge},
    }
    view = json.loads((await front.send(front.submission(form, values))).body)["view"]
    count = next(iter(re.findall(r"Acknowledge (\d+) anomal", str(view))))
    assert "Undo for 30 minutes." in str(view) and "\N{LARGE RED SQUARE}" in str(view)
    whispers = front.whispers()
    await front.send(front.submission(view, {}))
    await front.running.post.flush()
    assert front.whispers() == whispers
    assert lines(newest(front))[0] == f"Dana acknowledged {count} anomalies · chosen in a review"


async def test_a_deletion_says_that_nothing_brings_them_back(front: Front) -> None:
    made = await front.arrive(2, weight=95)
    preview = await asked(front, f"delete {listed(made)}")
    assert "Includes 2 critical." in bold(preview)
    assert "No undo: they are gone for good. Nothing is deleted yet: a form asks for the number 2 first." in visible(preview)
    whispers = front.whispers()
    await front.send(front.submission(front.form(), {ids.DELETE_COUNT: {"type": "plain_text_input", "value": "2"}}))
    await front.running.post.flush()
    assert front.whispers() == whispers
    receipt = front.posted()[-1]
    assert lines(receipt)[0] == f"Dana deleted 2 anomalies · {made[0]}, {made[1]}"
    assert lines(receipt)[-2:] == ["Among them: \N{LARGE RED SQUARE} 2 critical", "No undo: they are gone for good"]
