"""Two systems that give the same ids: whatever is pressed, typed or ticked is done to the one that was meant, and to it alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from tests.handlers import pair, twin
from tests.handlers.front import CHANNEL, DANA, LEE, Json, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")

SYSTEMS = ("qualytics", "twin")
OTHER = {"qualytics": "twin", "twin": "qualytics"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[twin.Both]:
    """A desk between Qualytics and its twin."""
    async with twin.opened(tmp_path_factory.mktemp("desk")) as made:
        yield made


def stands(source: str, states: tuple[str, str]) -> tuple[str, str]:
    """The state of the one that was meant, and that of the other."""
    return states if source == "qualytics" else (states[1], states[0])


# --- buttons


@pytest.mark.parametrize("source", SYSTEMS)
async def test_the_buttons_of_a_card_are_about_its_own(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    for action, choice, wanted in (
        (ids.ACKNOWLEDGE, "", "Acknowledged"),
        (ids.UNACKNOWLEDGE, "", "Active"),
        (ids.ARCHIVE, "Invalid", "Invalid"),
        (ids.REOPEN, "", "Acknowledged"),
    ):
        await front.send(front.press(both.card(source, ident), action, choice))
        assert stands(source, await both.states(ident)) == (wanted, "Active"), action
    assert "Reopened by Dana" in visible(both.card(source, ident))
    assert "Dana" not in visible(both.card(OTHER[source], ident))


@pytest.mark.parametrize("source", SYSTEMS)
async def test_the_forms_of_a_card_are_about_its_own(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    await front.send(front.press(both.card(source, ident), ids.ASSIGN))
    chosen = {ids.ASSIGN_PEOPLE: {"type": "multi_users_select", "selected_users": [DANA]}}
    await front.send(front.submission(front.form(), chosen))
    assigned = [bool((await front.stage.truth(ident))["assignees"]), bool(both.twin.there[str(ident)].assignees)]
    assert assigned == [source == "qualytics", source == "twin"]
    await front.send(front.press(both.card(source, ident), ids.MORE, ids.MORE_COMMENT))
    await front.send(front.submission(front.form(), {ids.COMMENT_TEXT: {"type": "plain_text_input", "value": "just this one"}}))
    assert any("just this one" in said for said in both.twin.comments_of(ident)) is (source == "twin")
    assert "Dana" in await front.told(front.press(both.card(source, ident), ids.MORE, ids.MORE_HISTORY))
    history = await front.told(front.command(f"history {OTHER[source]}:{ident}"))
    assert "Nobody has done anything" in history


# --- commands


@pytest.mark.parametrize("source", SYSTEMS)
async def test_each_verb_is_about_the_one_that_is_named(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    for text, wanted in (
        (f"ack {source}:{ident}", "Acknowledged"),
        (f"unack {source}:{ident}", "Active"),
        (f"archive source:{source} id:{ident} as:invalid", "Invalid"),
    ):
        await front.send(front.command(text))
        if "id:" in text and stands(source, await both.states(ident))[0] != wanted:
            await pair.confirmed(front)
        assert stands(source, await both.states(ident)) == (wanted, "Active"), text
    await front.send(front.command(f"note {source}:{ident} said of one"))
    assert any("said of one" in said for said in both.twin.comments_of(ident)) is (source == "twin")
    for verb, word in (("show", "Archived as Invalid"), ("history", "Dana")):
        assert word in await front.told(front.command(f"{verb} {source}:{ident}")), verb
        assert word not in await front.told(front.command(f"{verb} {OTHER[source]}:{ident}")), verb
    assert "Posted" in await front.told(front.command(f"why {source}:{ident}"))


@pytest.mark.parametrize("source", SYSTEMS)
async def test_a_bare_id_is_asked_about_and_the_answer_counts(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    told = await front.told(front.command(f"ack {ident}"))
    assert f"Qualytics and Twin have an anomaly {ident} each. Which one is meant?" in told
    assert await both.states(ident) == ("Active", "Active")
    await front.send(front.click(ids.WHICH_SYSTEM, ids.encode_pair(source, f"ack {ident}"), ts=_asked(both)))
    assert stands(source, await both.states(ident)) == ("Acknowledged", "Active")


def _asked(both: twin.Both) -> str:
    messages = both.front.stage.workspace.channels[CHANNEL].messages.values()
    return next(one.ts for one in reversed(list(messages)) if one.ephemeral_to == DANA and ids.WHICH_SYSTEM in str(one.blocks))


@pytest.mark.parametrize("source", SYSTEMS)
async def test_a_link_is_about_the_system_whose_host_it_names(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    url = (await both.front.running.store.anomalies.get([model.Ref(source, str(ident))]))[model.Ref(source, str(ident))].url
    await both.front.send(both.front.command(f"ack <{url}>"))
    assert stands(source, await both.states(ident)) == ("Acknowledged", "Active")


@pytest.mark.parametrize("source", SYSTEMS)
async def test_one_is_deleted_and_the_other_stays(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    await front.send(front.command(f"delete {source}:{ident}"))
    form = front.form()
    number = next(block["block_id"] for block in form["blocks"] if str(block.get("block_id", "")).startswith(ids.DELETE_COUNT))
    await front.send(front.submission(form, {number: {"type": "number_input", "value": "1"}}))
    listed = await front.told(front.command(f"list status:any id:{ident}"))
    assert f"{OTHER[source]}:{ident}" in listed.replace("One anomaly", "") or "second" in listed or "first" in listed
    assert (str(ident) in both.twin.there) is (source == "qualytics")


async def test_a_list_names_both_and_shows_the_one_that_is_pressed(both: twin.Both) -> None:
    (ident,) = await both.arrive(words="listed quince")
    front = both.front
    told = await front.told(front.command("list q:quince"))
    assert f"qualytics:{ident}" in told and f"twin:{ident}" in told
    for source, said in (("qualytics", "first"), ("twin", "second")):
        shown = await front.told(front.click(ids.SHOW, ids.encode(model.Ref(source, str(ident)), 1)))
        assert f"listed quince {said}" in shown


@pytest.mark.parametrize("source", SYSTEMS)
async def test_a_count_and_a_filter_by_id_mean_every_system_or_the_one_that_is_named(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    assert "2 anomalies match" in await both.front.told(both.front.command(f"count id:{ident}"))
    assert "1 anomaly matches" in await both.front.told(both.front.command(f"count source:{source} id:{ident}"))


# --- reviews


def ticks(form: Json, *wanted: str) -> Json:
    """The review form with these ticked, to be acknowledged."""
    boxes = next(block for block in form["blocks"] if block.get("block_id", "").startswith(ids.REVIEW_PICK))
    action = next(block for block in form["blocks"] if block.get("block_id", "").startswith(ids.REVIEW_ACTION))
    chosen = [option for option in boxes["element"]["options"] if any(word in str(option["description"]) for word in wanted)]
    acknowledge = next(option for option in action["element"]["options"] if "cknowledge" in str(option["text"]))
    return {
        boxes["block_id"]: {"type": "checkboxes", "selected_options": chosen},
        action["block_id"]: {"type": "static_select", "selected_option": acknowledge},
    }


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("filters", ["q:{}", "source:{source} q:{}"], ids=["both", "one"])
async def test_a_tick_is_about_the_one_beside_it(both: twin.Both, source: str, filters: str) -> None:
    word = f"medlar{source}{len(filters)}"
    made = await both.arrive(2, words=word)
    front = both.front
    await front.send(front.command(f"review {filters.format(word, source=source)}"))
    form = front.form()
    named = f"{source}:{made[0]}" if "source" not in filters else f"#{made[0]}"
    preview = json.loads((await front.send(front.submission(form, ticks(form, named)))).body)["view"]
    await front.send(front.submission(preview, {}))
    assert stands(source, await both.states(made[0])) == ("Acknowledged", "Active")
    assert await both.states(made[1]) == ("Active", "Active")


@pytest.mark.parametrize("source", SYSTEMS)
async def test_the_shortcut_on_a_card_reviews_its_own(both: twin.Both, source: str) -> None:
    (ident,) = await both.arrive()
    front = both.front
    await front.send(front.shortcut(ids.MESSAGE_SHORTCUT, message=both.card(source, ident)))
    form = front.form()
    preview = json.loads((await front.send(front.submission(form, ticks(form, f"#{ident}")))).body)["view"]
    await front.send(front.submission(preview, {}))
    assert stands(source, await both.states(ident)) == ("Acknowledged", "Active")


async def test_the_shortcut_on_a_message_with_links_of_two_systems_reviews_these_and_no_others(both: twin.Both) -> None:
    first, second = await both.arrive(2)
    front = both.front
    payload = front.shortcut(ids.MESSAGE_SHORTCUT, message=both.card("twin", first))
    urls = [
        (await front.running.store.anomalies.get([ref]))[ref].url
        for ref in (model.Ref("qualytics", str(first)), model.Ref("twin", str(second)))
    ]
    payload["message"] = {"type": "message", "ts": "1700000000.000901", "user": LEE, "text": " and ".join(f"<{url}>" for url in urls)}
    await front.send(payload)
    assert f"qualytics:{first}" in front.modal() and f"twin:{second}" in front.modal()
    assert f"twin:{first}" not in front.modal() and f"qualytics:{second}" not in front.modal()


# --- batches, undo, group cards


async def test_a_batch_of_one_system_leaves_the_other_alone_and_so_does_its_undo(both: twin.Both) -> None:
    made = await both.arrive(4, words="sorb")
    front = both.front
    for source in SYSTEMS:
        await front.send(front.command(f"ack source:{source} q:sorb"))
        await pair.confirmed(front)
        assert [stands(source, await both.states(ident)) for ident in made] == [("Acknowledged", "Active")] * 4
        await front.send(front.command("undo"))
        await front.running.desk.runs.work()
        assert [await both.states(ident) for ident in made] == [("Active", "Active")] * 4


async def test_a_batch_of_some_of_both_changes_these_and_takes_these_back(both: twin.Both) -> None:
    first, second, third = await both.arrive(3)
    front = both.front
    await front.send(front.command(f"archive qualytics:{first} twin:{second} qualytics:{third} twin:{third} as:duplicate"))
    await pair.confirmed(front)
    wanted = [("Duplicate", "Active"), ("Active", "Duplicate"), ("Duplicate", "Duplicate")]
    assert [await both.states(ident) for ident in (first, second, third)] == wanted
    await front.send(front.command(f"reopen twin:{third}"))
    await front.send(front.command("undo"))
    await front.running.desk.runs.work()
    states = [await both.states(ident) for ident in (first, second, third)]
    assert states[:2] == [("Active", "Active"), ("Active", "Active")]
    assert states[2] == ("Active", "Acknowledged"), "what somebody touched since is left alone, in that system only"


async def test_a_group_card_of_both_counts_lists_and_reviews_each_as_its_own(tmp_path: Path) -> None:
    async with twin.opened(tmp_path) as both:
        front = both.front
        before = {message["ts"] for message in front.posted()}
        made = await both.arrive(6, words="burst")
        (group,) = [message for message in front.posted() if message["ts"] not in before]
        assert "12 anomalies in 6 tables arrived together" in visible(group)
        assert "By system: Qualytics 6, Twin 6." in visible(group) and "from Qualytics and Twin" in group["text"]
        listed = await front.told(front.press(group, ids.GROUP_LIST))
        assert "twin:" in listed and "qualytics:" in listed
        shown = next(one for one in _shown(both) if one.startswith("twin:"))
        assert "burst second" in await front.told(front.press(_list_of(both), ids.SHOW, shown))
        await front.send(front.press(group, ids.REVIEW_OPEN))
        form = front.form()
        which = next(named for named in _offered(form) if named.startswith("twin:"))
        preview = json.loads((await front.send(front.submission(form, ticks(form, which)))).body)["view"]
        assert "1 anomaly" in str(preview)
        await front.send(front.submission(preview, {}))
        ident = int(which.partition(":")[2])
        assert [await both.states(one) for one in made] == [("Active", "Acknowledged" if one == ident else "Active") for one in made]


def _list_of(both: twin.Both) -> Json:
    """The list that Dana alone was shown last."""
    messages = both.front.stage.workspace.channels[CHANNEL].messages.values()
    found = next(one for one in reversed(list(messages)) if one.ephemeral_to == DANA and ids.SHOW in str(one.blocks))
    return {"ts": found.ts, "text": found.text, "blocks": found.blocks}


def _shown(both: twin.Both) -> list[str]:
    """What the [Show] buttons of that list are about."""
    rows = [block["accessory"]["value"] for block in _list_of(both)["blocks"] if block.get("accessory")]
    return [str(row) for row in rows]


def _offered(form: Json) -> list[str]:
    """How the anomalies of a review are named beside their boxes."""
    boxes = next(block for block in form["blocks"] if block.get("block_id", "").startswith(ids.REVIEW_PICK))
    return [str(option["description"]["text"]).split(" · ")[-1] for option in boxes["element"]["options"]]


# --- who somebody is


@pytest.mark.parametrize("source", SYSTEMS)
async def test_a_link_without_a_system_is_asked_about_and_is_of_the_one_that_is_pressed(both: twin.Both, source: str) -> None:
    front, identities = both.front, both.front.running.store.identities
    for name in SYSTEMS:
        await identities.unlink(DANA, name)
    told = await front.told(front.command("link 12"))
    assert "Qualytics and Twin have users of their own. Which one is meant?" in told
    assert not any([(await identities.find([DANA], name)) for name in SYSTEMS])
    pressed = front.click(ids.WHICH_SYSTEM, ids.encode_pair(source, "link 12"), ts=_asked(both))
    assert "from now on" in await front.told(pressed)
    assert [bool(await identities.find([DANA], name)) for name in SYSTEMS] == [name == source for name in SYSTEMS]
    told = await front.told(front.command("link"))
    assert "in Qualytics" in told and "in Twin" in told
    assert "from now on" not in told
    assert "is not linked to a user of" in await front.told(front.command(f"link {source}:none"))
    assert not await identities.find([DANA], source)
