"""Commands, clicks and messages with the strange system, alone and beside Qualytics, through the real app between both fakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot import model
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import LEE, Front, visible
from tests.strange import world as worlds

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def front(either: Front) -> Front:
    """A desk with the strange system, alone or as the second one."""
    return either


# --- cards and clicks


async def test_a_card_says_what_there_is_and_offers_what_can_be_done(front: Front) -> None:
    (ref,) = await pair.arrived(front, kind="wobble", score=0.87, line="orders <!channel> & *more*")
    card = front.card(ref)
    assert "0.87" in visible(card)
    assert "|orders per minute>\n12, expected 40 to 60\n" in visible(card)
    assert ref.id in visible(card)
    assert "<!channel>" not in card["text"]
    assert ids.ACKNOWLEDGE in str(card["blocks"]) and ids.ARCHIVE in str(card["blocks"])
    assert ids.ASSIGN not in str(card["blocks"]), "nothing is offered that it has no way to do"
    assert "Open in Strange" in visible(card)
    assert "Comment" not in visible(card) and "Verify" not in visible(card)


async def test_a_card_does_not_speak_of_assignees_where_there_are_none(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    assert "unassigned" not in visible(front.card(ref))


async def test_a_click_acknowledges_and_the_card_says_who(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert pair.phase(front, ref) == worlds.SEEN
    assert "Acknowledged by Dana" in visible(front.card(ref))
    await front.send(front.press(front.card(ref), ids.UNACKNOWLEDGE))
    assert pair.phase(front, ref) == worlds.LIVE


async def test_a_click_closes_it_and_another_reopens_it(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    await front.send(front.press(front.card(ref), ids.ARCHIVE))
    assert pair.phase(front, ref) == worlds.SHUT
    await front.send(front.press(front.card(ref), ids.REOPEN))
    assert pair.phase(front, ref) == worlds.LIVE


@pytest.mark.parametrize("ending", worlds.ENDINGS)
async def test_it_is_closed_as_one_of_its_own_two_outcomes(front: Front, ending: str) -> None:
    (ref,) = await pair.arrived(front)
    card = front.card(ref)
    assert all(one.capitalize() in visible(card) for one in worlds.ENDINGS)
    assert "Duplicate" not in visible(card)
    await front.send(front.press(card, ids.ARCHIVE, ending))
    assert pair.there(front).signals[ref.id].ending == ending
    assert ending.capitalize() in visible(front.card(ref))


async def test_an_old_button_for_what_it_cannot_do_is_answered_with_the_way_out(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    value = ids.encode(ref, 1)
    await front.send(front.click(ids.ASSIGN, value, ts=front.card(ref)["ts"]))
    assert "Strange offers no way to assign anomalies" in front.modal() + "\n".join(front.whispers())


async def test_what_it_closes_by_itself_leaves_the_card_closed(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    pair.there(front).close(ref.id)
    await front.look()
    assert "by itself" in visible(front.card(ref))
    told = await front.told(front.press(front.card(ref), ids.REOPEN))
    assert "over by itself" in told


async def test_many_at_once_are_one_card_with_its_list(front: Front) -> None:
    before = {message["ts"] for message in front.posted()}
    made = await pair.arrived(front, 20)
    (group,) = [message for message in front.posted() if message["ts"] not in before]
    assert visible(group).startswith("*20 anomalies arrived together*")
    told = await front.told(front.press(group, ids.GROUP_LIST))
    assert sum(ref.id in told for ref in made) == 10, "the first page"


# --- commands


def named(ref: model.Ref) -> str:
    """How a person writes it."""
    return str(ref)


@pytest.mark.parametrize(
    ("verb", "says"),
    [("show", "Score 0.5 of 1"), ("history", "History of"), ("why", "Posted")],
)
async def test_one_is_named_by_its_reference(front: Front, verb: str, says: str) -> None:
    (ref,) = await pair.arrived(front)
    told = await front.told(front.command(f"{verb} {named(ref)}"))
    assert says in told and ref.id in told


async def test_one_is_named_by_its_link(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    url = (await front.running.store.anomalies.get([ref]))[ref].url
    assert ref.id in await front.told(front.command(f"show <{url}>"))


async def test_one_is_changed_by_its_reference(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    await front.send(front.command(f"ack {named(ref)}"))
    assert pair.phase(front, ref) == worlds.SEEN


async def test_the_list_the_count_and_the_file_are_of_the_system_that_is_named(front: Front) -> None:
    (ref,) = await pair.arrived(front, line="a line that nobody else has")
    for text in ("list", "count", "export"):
        told = await front.told(front.command(f'{text} source:strange q:"nobody else"'))
        assert "1 anomal" in told or ref.id in told, text
        assert "qualytics" not in told.casefold(), text


async def test_without_a_system_all_are_meant(front: Front) -> None:
    if pair.mixed(front):
        await front.arrive(1, description="a word they share: kumquat")
    (ref,) = await pair.arrived(front, line="a word they share: kumquat")
    told = await front.told(front.command("list q:kumquat"))
    assert ref.id in told
    assert ("Qualytics" in told) is pair.mixed(front)
    counted = await front.told(front.command("count q:kumquat"))
    assert ("2 anomalies match" if pair.mixed(front) else "1 anomaly matches") in counted


@pytest.mark.parametrize(
    ("words", "because"),
    [
        ("table:orders", "it has no datastores and no tables"),
        ("severity:high", "a score from 0 to 1 and no severities"),
        ("assignee:me", "it assigns nothing to anybody"),
        ("tag:pii", "it has no tags"),
    ],
)
async def test_a_word_that_it_does_not_have_is_refused_with_the_reason(front: Front, words: str, because: str) -> None:
    assert because in await front.told(front.command(f"list source:strange {words}"))


async def test_a_score_is_a_number_from_0_to_1(front: Front) -> None:
    low, high = [(await pair.arrived(front, score=score, line="scored tangelo"))[0] for score in (0.2, 0.9)]
    told = await front.told(front.command("list source:strange q:tangelo min:0.8"))
    assert high.id in told and low.id not in told


async def test_status_names_each_system_and_counts_its_own(front: Front) -> None:
    told = await front.told(front.command("status"))
    assert "Strange" in told
    assert ("Qualytics" in told) is pair.mixed(front)


async def test_what_an_old_card_offers_to_scan_is_refused(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    verify = front.click(ids.MORE, ids.encode_choice(ids.MORE_VERIFY, ref, 1), ts=front.card(ref)["ts"], kind="overflow")
    assert "Strange offers no way to start scans" in await front.told(verify)


@pytest.mark.parametrize("text", ["warehouse-prod", "sync warehouse-prod", "status"])
async def test_it_has_no_scans_and_the_other_one_has(front: Front, text: str) -> None:
    told = await front.told(front.command(text, name="/scan"))
    assert ("Strange offers no way to start scans" in told) is not pair.mixed(front)
    assert "warehouse-prod" in told or "Nothing is running" in told or not pair.mixed(front)


async def test_a_digest_counts_what_is_open_in_every_system(front: Front) -> None:
    await pair.arrived(front, line="of today")
    told = await front.told(front.command("digest"))
    still_open = len(pair.there(front).open)
    if pair.mixed(front):
        still_open += len(front.stage.world.open)
    assert f"{still_open} still open" in told.replace("*", "").replace(",", "")


async def test_a_digest_of_the_strange_system_alone(front: Front) -> None:
    await pair.arrived(front)
    told = await front.told(front.command("digest source:strange"))
    assert "still open" in told
    assert "Strange" in told or not pair.mixed(front)


async def test_a_review_ticks_some_and_what_is_ticked_is_changed(front: Front) -> None:
    made = await pair.arrived(front, 3, line="reviewed pomelo")
    await front.send(front.command("review source:strange q:pomelo"))
    form = front.form()
    assert all(ref.id in front.modal() for ref in made)
    assert "Assign" not in front.modal()
    boxes = next(block for block in form["blocks"] if block.get("block_id", "").startswith(ids.REVIEW_PICK))
    ticked = [option for option in boxes["element"]["options"] if made[0].id in str(option) or made[2].id in str(option)]
    action = next(block for block in form["blocks"] if block.get("block_id", "").startswith(ids.REVIEW_ACTION))
    acknowledge = next(option for option in action["element"]["options"] if "cknowledge" in str(option["text"]))
    ticking = {
        boxes["block_id"]: {"type": "checkboxes", "selected_options": ticked},
        action["block_id"]: {"type": "static_select", "selected_option": acknowledge},
    }
    preview = json.loads((await front.send(front.submission(form, ticking))).body)["view"]
    assert "2 anomalies" in str(preview)
    assert {pair.phase(front, ref) for ref in made} == {worlds.LIVE}
    await front.send(front.submission(preview, {}))
    assert [pair.phase(front, ref) for ref in made] == [worlds.SEEN, worlds.LIVE, worlds.SEEN]


async def test_thirty_are_changed_by_one_command_and_taken_back(front: Front) -> None:
    made = await pair.arrived(front, 30, line="thirty yuzu")
    before = {ref: pair.there(front).signals[ref.id].rev for ref in made}
    assert "30" in await front.told(front.command("ack source:strange q:yuzu"))
    assert {pair.phase(front, ref) for ref in made} == {worlds.LIVE}, "nothing is done before it is confirmed"
    await pair.confirmed(front)
    assert {pair.phase(front, ref) for ref in made} == {worlds.SEEN}
    assert {pair.there(front).signals[ref.id].rev - before[ref] for ref in made} == {1}
    await front.send(front.command("undo"))
    assert {pair.phase(front, ref) for ref in made} == {worlds.LIVE}


async def test_one_command_changes_what_matches_in_all(front: Front) -> None:
    if not pair.mixed(front):
        pytest.skip("there is one system alone")
    await front.arrive(2, description="both kiwano")
    made = await pair.arrived(front, 2, line="both kiwano")
    told = await front.told(front.command("ack q:kiwano"))
    assert "4" in told
    assert made


async def test_somebody_else_sees_the_same(front: Front) -> None:
    (ref,) = await pair.arrived(front)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE, user=LEE))
    assert "Acknowledged by Lee" in visible(front.card(ref))


async def test_trouble_of_one_is_told_and_the_other_is_asked(front: Front) -> None:
    assert front.stage.strange is not None
    (ref,) = await pair.arrived(front)
    front.stage.strange.faults.add(mode="reply", json={"code": 53, "message": "busy"})
    try:
        told = await front.told(front.press(front.card(ref), ids.ACKNOWLEDGE))
        assert "busy" in told
        if pair.mixed(front):
            (ident,) = await front.arrive(1)
            assert str(ident) in await front.told(front.command(f"show {ident}"))
    finally:
        front.stage.strange.faults.clear()
    assert pair.phase(front, ref) == worlds.LIVE


async def test_after_a_restart_old_cards_go_on(tmp_path: Path) -> None:
    async with fronts.staging.staged(tmp_path, systems=("strange",)) as stage:
        async with fronts.desk(stage) as first:
            (ref,) = await pair.arrived(first)
            card = first.card(ref)
        async with fronts.desk(stage) as second:
            await second.send(second.press(card, ids.ACKNOWLEDGE))
            assert pair.phase(second, ref) == worlds.SEEN
            assert "Acknowledged by Dana" in visible(second.card(ref))


@pytest.mark.parametrize("systems", [("strange",), ("qualytics", "strange")], ids=["alone", "mixed"])
async def test_what_was_open_at_the_start_is_one_message_whose_buttons_lead_to_it(tmp_path: Path, systems: tuple[str, ...]) -> None:
    async with fronts.staging.staged(tmp_path, systems=systems) as stage:
        assert stage.strange is not None
        made = stage.strange.world.arrive(3)
        async with fronts.desk(stage) as front:
            (said,) = [one for one in front.posted() if "Strange" in visible(one) and "open" in visible(one)]
            for action in (ids.CONTACT_NEWEST, ids.CONTACT_LIST):
                told = await front.told(front.press(said, action))
                assert all(one.id in told for one in made), action
                assert "Qualytics" not in told, action


@pytest.mark.parametrize("systems", [("strange",), ("qualytics", "strange")], ids=["alone", "mixed"])
async def test_the_status_tells_of_a_system_that_fails_until_it_is_back(tmp_path: Path, systems: tuple[str, ...]) -> None:
    async with fronts.staging.staged(tmp_path, systems=systems) as stage, fronts.desk(stage) as front:
        assert stage.strange is not None
        stage.strange.faults.add(mode="reply", json={"code": 53, "message": "busy"})
        for _ in range(4):
            await front.look()
        assert "busy" in await front.told(front.command("status"))
        stage.strange.faults.clear()
        await front.look()
        assert "busy" not in await front.told(front.command("status"))
        (ref,) = await pair.arrived(front)
        assert ref.id in visible(front.card(ref))
