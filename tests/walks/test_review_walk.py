"""Review: a form with check boxes over a filter, a group card or a message; export, link and digest by command."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import Any

from sandbox.slack import population
from tests.walks.stage import CHANNEL, DANA, LEE, Json, Stage, visible


async def _receipt(desk: Stage, *having: str) -> Json:
    async def look() -> Json | None:
        for message in reversed(await desk.messages()):
            if not message["ephemeral"] and all(word in visible(message) for word in having):
                return message
        return None

    found: Json = await desk.until(look)
    return found


async def _statuses(desk: Stage) -> Counter[str]:
    state = (await desk.http.get(f"{desk.qualytics_url}/_control/state")).json()
    return Counter(anomaly["status"] for anomaly in state["anomalies"])


async def _with(desk: Stage, action_id: str, count: int) -> Json:
    """Wait for the lasting message with this button and this number."""

    async def look() -> Json | None:
        for message in await desk.messages():
            if not message["ephemeral"] and action_id in str(message["blocks"]) and str(count) in visible(message):
                return message
        return None

    found: Json = await desk.until(look)
    return found


def _element(view: Json, action_id: str) -> Json:
    """An element of a modal, wherever it is."""
    for block in view["blocks"]:
        for element in [block.get("element"), block.get("accessory"), *block.get("elements", [])]:
            if element and element.get("action_id") == action_id:
                return dict(element) | {"block_id": block["block_id"]}
    raise AssertionError(f"no {action_id} in {view}")


async def _choose(desk: Stage, action_id: str, value: Any, user: str = DANA) -> None:
    await desk.slack("click", user=user, action_id=action_id, value=value)


async def test_the_shortcut_pages_ticks_and_acts_on_what_is_ticked(desk: Stage) -> None:
    idents = await desk.arrive(23)
    await desk.slack("shortcut", user=DANA, callback_id="triage.open")
    first = await desk.view(DANA, "review.pick", "1-10 of 23")
    shown = [option["value"] for option in _element(first, "review.pick")["options"]]
    assert len(shown) == 10 and set(shown) <= set(map(str, idents))
    await _choose(desk, "review.pick", shown[:2])
    await _choose(desk, "review.next", "10")
    second = await desk.view(DANA, "11-20 of 23")
    more = [option["value"] for option in _element(second, "review.pick")["options"]]
    await _choose(desk, "review.pick", more[:1])
    await _choose(desk, "review.back", "0")
    again = _element(await desk.view(DANA, "1-10 of 23"), "review.pick")
    assert [option["value"] for option in again["initial_options"]] == shown[:2]
    await _choose(desk, "review.action", "acknowledge")
    await desk.slack("submit", user=DANA)
    await desk.view(DANA, "'callback_id': 'review.confirm'")
    await desk.slack("submit", user=DANA)
    for ident in (*shown[:2], more[0]):
        await desk.status(ident, "Acknowledged")
    assert (await _statuses(desk))["Acknowledged"] == 3


async def test_a_group_card_is_reviewed_as_a_whole(desk: Stage) -> None:
    before = await _statuses(desk)
    await desk.arrive(12)
    group = await _with(desk, "group.list", 12)
    await desk.press(group, "review.open")
    await desk.view(DANA, "review.pick", "of 12")
    await _choose(desk, "review.which", "all")
    action = _element(await desk.view(DANA, "review.pick"), "review.action")
    archive = next(option["value"] for option in action["options"] if "Duplicate" in option["text"]["text"])
    await _choose(desk, "review.action", archive)
    await desk.slack("submit", user=DANA)
    await desk.view(DANA, "'callback_id': 'review.original'")  # of which one is left open
    await desk.slack("submit", user=DANA)
    await desk.view(DANA, "'callback_id': 'review.confirm'")
    await desk.slack("submit", user=DANA)
    await _receipt(desk, "12", "Undo")
    assert (await _statuses(desk))["Duplicate"] == before["Duplicate"] + 12


async def test_the_filter_in_the_form_narrows_and_refuses_nonsense(desk: Stage) -> None:
    await desk.arrive(4, type="record")
    (shape,) = await desk.arrive(1, type="shape")
    await desk.slack("shortcut", user=DANA, callback_id="triage.open")
    await desk.view(DANA, "review.pick", "of 5")
    await _choose(desk, "review.filter", "type:shap")
    await desk.view(DANA, "Did you mean")
    await _choose(desk, "review.filter", "type:shape")

    async def narrowed() -> bool:
        view = await desk.view(DANA)
        shown = [one["value"] for one in _element(view, "review.pick")["options"]] if "review.pick" in str(view) else []
        return shown == [str(shape)]

    assert await desk.until(narrowed)
    await _choose(desk, "review.filter", "type:shape status:acknowledged")
    await desk.view(DANA, "Change the filter")
    await desk.slack("submit", user=DANA, values={"review.filter": "type:shape"})
    assert await desk.until(narrowed)


async def test_a_form_without_an_action_or_a_tick_says_so(desk: Stage) -> None:
    await desk.arrive(3)
    await desk.slack("shortcut", user=DANA, callback_id="triage.open")
    await desk.view(DANA, "review.pick")
    reply = (await desk.http.post(f"{desk.slack_url}/_control/submit", json={"user": DANA})).json()
    assert reply["errors"] or reply["response"] == "errors"
    assert (await _statuses(desk))["Acknowledged"] == 0


async def test_the_message_shortcut_takes_a_card_or_a_link(desk: Stage) -> None:
    (ident,) = await desk.arrive()
    card = await desk.card(ident, "waiting since")
    await desk.slack("shortcut", user=DANA, callback_id="triage.message", channel=CHANNEL, ts=card["ts"])
    await desk.view(DANA, "review.pick", f"#{ident}")
    said = await desk.slack("message", user=LEE, channel=CHANNEL, text=f"is {desk.qualytics_url}/anomalies/{ident} ours?")
    await desk.slack("shortcut", user=LEE, callback_id="triage.message", channel=CHANNEL, ts=said["ts"])
    await desk.view(LEE, "review.pick", f"#{ident}")
    other = await desk.slack("message", user=LEE, channel=CHANNEL, text="good morning")
    await desk.slack("shortcut", user=LEE, callback_id="triage.message", channel=CHANNEL, ts=other["ts"])
    await desk.view(LEE, "No anomaly is named")


async def test_progress_goes_to_direct_messages_where_the_bot_is_no_member(desk: Stage) -> None:
    first, second = await desk.arrive(2)
    elsewhere = next(
        c.id for c in desk.workspace.channels.values() if not c.is_im and population.BOT_USER not in c.members and DANA in c.members
    )
    await desk.command(f"/anomalies ack {first},{second}", channel=elsewhere)
    await desk.press(await desk.ephemeral("Confirm", channel=elsewhere), "batch.confirm", channel=elsewhere)
    await desk.status(second, "Acknowledged")

    async def look() -> bool:
        ims = [channel for channel in desk.workspace.channels.values() if channel.is_im and DANA in channel.members]
        return any("Undo" in str(message.blocks) for channel in ims for message in channel.messages.values())

    await desk.until(look)


async def test_export_gives_a_csv_to_the_asker_alone(desk: Stage) -> None:
    idents = await desk.arrive(5)
    await desk.command("/anomalies export status:open")
    await desk.ephemeral("5 anomalies", "direct messages")
    files = [f for f in desk.workspace.files.values() if str(f.name).startswith("anomalies-")]
    (file,) = files
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert {row["id"] for row in rows} == {f"qualytics:{ident}" for ident in idents}


async def test_linking_says_who_is_who(desk: Stage) -> None:
    await desk.command("/anomalies link", user=LEE)
    await desk.ephemeral("link", user=LEE)
    person = next(user for user in desk.world.facts.users.values() if "lee" in user.name.casefold())
    await desk.command(f"/anomalies link qualytics:{person.id}", user=LEE)
    await desk.ephemeral(person.name, user=LEE)
    (ident,) = await desk.arrive()
    await desk.command(f"/anomalies assign me {ident}", user=LEE)

    async def assigned() -> bool:
        return [one["id"] for one in (await desk.truth(ident))["assignees"]] == [person.id]

    await desk.until(assigned)
    await desk.command(f"/anomalies link <@{DANA}|dana> qualytics:{person.id}", user=LEE)
    await desk.ephemeral("admin", user=LEE)


async def test_a_digest_is_answered_for_the_asker(desk: Stage) -> None:
    first, *_ = await desk.arrive(6, assignees=[12])
    await desk.command(f"/anomalies ack {first}")
    await desk.status(first, "Acknowledged")
    await desk.command("/anomalies digest")
    digest = await desk.ephemeral("6", "opened", "open")
    assert "data_visualization" in str(digest["blocks"])
    assert "review.open" in str(digest["blocks"])
    await desk.press(digest, "review.open")
    await desk.view(DANA, "review.pick", "of 5")
