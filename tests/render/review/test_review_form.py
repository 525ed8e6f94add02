"""The review as a person fills it in: in a window of the fake Slack, which keeps entries of blocks whose ids stay, as Slack does."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bot import model
from bot.core import vocabulary
from bot.render.batch import batch_preview
from bot.render.kit import ids
from bot.render.review import review_form, review_input
from sandbox.slack import errors, modals
from tests.render import review_samples, samples, slack_rules

CAPABILITIES, TEN, FILTER = samples.CAPABILITIES, review_samples.TEN, review_samples.FILTER
FIRST = model.ReviewPage(FILTER, TEN, 412, channel="C1", source="qualytics")
MORE = tuple(replace(one, ref=model.Ref("qualytics", f"2{one.ref.id}")) for one in TEN)
SECOND = replace(FIRST, anomalies=MORE, offset=10)


class Window:
    """An open form of the fake Slack."""

    def __init__(self, page: model.ReviewPage, capabilities: model.Capabilities = CAPABILITIES) -> None:
        self.capabilities = capabilities
        self.modals = modals.Modals(lambda: 0.0, map(str, itertools.count()).__next__)
        self.view = self.modals.open("U1", self.modals.check(review_form.form(page, capabilities), "modal"))

    def show(self, page: model.ReviewPage) -> Window:
        self.modals.replace(self.view, self.modals.check(review_form.form(page, self.capabilities), "modal"))
        return self

    def fill(self, values: dict[str, Any]) -> Window:
        self.view.fill(values)
        return self

    def tick(self, *idents: str) -> Window:
        return self.fill({ids.REVIEW_PICK: list(idents)})

    def read(self) -> model.ReviewInput:
        return review_input.read(self.view.json())

    def wrong(self, total: int | None = None) -> dict[str, str]:
        """What the answer to the submission names; Slack takes ids of inputs that are there alone."""
        found = review_input.mistakes(self.read(), total)
        assert set(found) <= {block["block_id"] for block in self.view.payload["blocks"] if block["type"] == "input"}
        return found

    @property
    def seen(self) -> str:
        return slack_rules.seen(self.view.payload)

    @property
    def elements(self) -> dict[str, dict[str, Any]]:
        return {part["action_id"]: part for part in slack_rules.pressable(self.view.payload["blocks"])}


def values(options: Iterable[dict[str, Any]]) -> list[str]:
    return [option["value"] for option in options]


# --- what it shows ----------------------------------------------------------------------------------------------------------------


def test_a_page_says_which_of_how_many_and_each_anomaly_at_a_glance() -> None:
    window = Window(review_samples.THIRD)
    assert "Anomalies 21-30 of 412 that match" in window.seen
    boxes = window.elements[ids.REVIEW_PICK]
    assert values(boxes["options"]) == [one.ref.id for one in TEN]
    assert boxes["options"][0]["text"]["text"] == "\N{LARGE ORANGE SQUARE} High · orders · customer_id not null and 1 more"
    assert boxes["options"][0]["description"]["text"] == "4,210 rows · 21 Nov 2026 · unassigned · #1001"
    assert values(boxes["initial_options"]) == ["1003"]
    assert "2 more are ticked on other pages." in window.seen
    assert window.elements[ids.REVIEW_FILTER]["initial_value"] == FILTER.words
    assert (window.view.payload["title"]["text"], window.view.payload["submit"]["text"]) == ("Review", "Continue")
    assert window.view.payload["callback_id"] == ids.REVIEW_VIEW


def test_a_metric_is_told_by_its_numbers() -> None:
    metric = replace(TEN[0], checks=(), container=None, description="A long text", series=model.Series("orders.count", 4210, 1200, 1900))
    (option,) = Window(replace(FIRST, anomalies=[metric], total=1)).elements[ids.REVIEW_PICK]["options"]
    assert "High · orders.count · record" in option["text"]["text"]
    assert option["description"]["text"].startswith("4,210 (expected 1,200 to 1,900) · 21 Nov 2026")


def test_the_filter_is_applied_with_enter_alone() -> None:
    (field,) = (block for block in review_form.form(FIRST, CAPABILITIES)["blocks"] if block.get("dispatch_action"))
    assert field["element"]["action_id"] == ids.REVIEW_FILTER
    assert field["element"]["dispatch_action_config"] == {"trigger_actions_on": ["on_enter_pressed"]}
    assert field["optional"] is True


@pytest.mark.parametrize(
    ("offset", "shown", "total", "back", "forth"),
    [
        (0, 10, 412, None, "10"),
        (20, 10, 412, "10", "30"),
        (410, 2, 412, "400", None),
        (0, 10, 10, None, None),
        (5, 10, None, "0", "15"),
        (10, 4, None, "0", None),
    ],
)
def test_pages_are_offered_where_they_make_sense(offset: int, shown: int, total: int | None, back: str | None, forth: str | None) -> None:
    elements = Window(replace(FIRST, anomalies=TEN[:shown], offset=offset, total=total)).elements
    assert elements.get(ids.REVIEW_BACK, {}).get("value") == back
    assert elements.get(ids.REVIEW_NEXT, {}).get("value") == forth


def test_no_action_is_preselected_and_every_outcome_says_what_it_means() -> None:
    menu = Window(FIRST).elements[ids.REVIEW_ACTION]
    assert "initial_option" not in menu
    shown = {option["text"]["text"]: option["description"]["text"] for option in menu["options"]}
    assert list(shown) == [
        "Acknowledge",
        "Un-acknowledge",
        "Archive as Resolved",
        "Archive as Duplicate",
        "Archive as Invalid",
        "Archive as Discarded",
        "Assign to the people below",
        "Assign to nobody",
    ]
    assert shown["Archive as Invalid"] == "Not actually a problem"


def test_only_what_the_system_supports_is_offered() -> None:
    archive = model.Capabilities("Anomify", frozenset({model.Action.ARCHIVE, model.Action.COMMENT}))
    window = Window(FIRST, archive)
    assert values(window.elements[ids.REVIEW_ACTION]["options"]) == ["archive"]
    assert ids.REVIEW_PEOPLE not in window.elements
    assert window.fill({ids.REVIEW_ACTION: "archive"}).read().change == model.Change(model.Action.ARCHIVE)
    invalid = model.Capabilities("Q", frozenset({model.Action.ARCHIVE}), (model.Closing("Invalid"),))
    assert values(Window(FIRST, invalid).elements[ids.REVIEW_ACTION]["options"]) == ["archive:Invalid"]
    nothing = Window(FIRST, model.Capabilities("Autional", frozenset({model.Action.COMMENT})))
    assert "Autional lets nobody change anomalies from here" in nothing.seen
    assert set(nothing.elements) == {ids.REVIEW_FILTER}


def test_a_system_closes_in_its_own_ways() -> None:
    ways = (
        model.Closing("not_a_problem", "nothing was wrong", "Not a problem"),
        model.Closing("odd:word"),
        model.Closing("Vanished", chosen=False),
    )
    window = Window(FIRST, model.Capabilities("Strange", frozenset({model.Action.ARCHIVE}), ways))
    options = window.elements[ids.REVIEW_ACTION]["options"]
    assert [option["text"]["text"] for option in options] == ["Archive as Not a problem", "Archive as Odd:word"]
    assert options[0]["description"]["text"] == "Nothing was wrong"
    for option, word in zip(options, ("not_a_problem", "odd:word"), strict=True):
        assert window.fill({ids.REVIEW_ACTION: option["value"]}).read().change == model.Change(model.Action.ARCHIVE, archive_as=word)


def test_a_card_has_no_filter_and_its_members_are_called_that() -> None:
    window = Window(model.ReviewPage(model.ReviewScope(card="card-7"), TEN, 57, source="qualytics"))
    assert ids.REVIEW_FILTER not in window.elements
    assert "Anomalies 1-10 of 57 of this card" in window.seen and "All 57 of this card" in window.seen
    assert window.read().scope == model.ReviewScope(card="card-7")


def test_a_notice_stands_beside_the_filter_that_it_is_about_and_what_was_typed_stays() -> None:
    window = Window(FIRST).fill({ids.REVIEW_FILTER: "tabel:orders"})
    window.show(replace(FIRST, notice="There is no filter word tabel:. Did you mean table:?"))
    assert "Did you mean table:?" in window.seen
    assert window.read().typed == "tabel:orders"


def test_where_nothing_matches_there_is_the_filter_and_a_sentence() -> None:
    window = Window(replace(FIRST, anomalies=(), total=0))
    assert set(window.elements) == {ids.REVIEW_FILTER}
    assert "No anomaly matches: status:open table:orders. Change the filter and press Enter." in window.seen
    assert window.view.payload["submit"]["text"] == "Search"  # Slack takes no field without a submit button
    assert list(window.wrong().values()) == ["Nothing matches this filter. Change it and press Enter."]
    assert not review_input.searching(window.read())
    window.fill({ids.REVIEW_FILTER: "table:items"})
    assert review_input.searching(window.read()) and window.read().typed == "table:items"
    assert list(window.wrong().values()) == ["Press Enter in this field first: this filter was not looked up yet."]
    assert not review_input.searching(Window(FIRST).fill({ids.REVIEW_FILTER: "table:items"}).read())


def test_an_empty_card_has_nothing_to_submit() -> None:
    view = review_form.form(model.ReviewPage(model.ReviewScope(card="card-7"), (), 0), CAPABILITIES)
    assert "submit" not in view and slack_rules.pressable(view["blocks"]) == []
    assert "None of the anomalies of this card can be found any more." in slack_rules.seen(view)


def test_a_page_beyond_the_end_leads_back() -> None:
    for scope in (FILTER, model.ReviewScope(card="card-7")):
        window = Window(model.ReviewPage(scope, (), 12, 20))
        assert "the list has become shorter" in window.seen
        assert window.elements[ids.REVIEW_BACK]["value"] == "10"
        assert (window.read().scope, window.read().offset) == (scope, 20)


# --- what it keeps ----------------------------------------------------------------------------------------------------------------


def test_ticks_of_other_pages_stay_and_those_of_this_page_follow_the_boxes() -> None:
    window = Window(FIRST).tick("1001", "1002")
    assert window.read().picked == {"1001", "1002"}
    window.show(replace(SECOND, picked=window.read().picked)).tick("21004")
    assert window.read().picked == {"1001", "1002", "21004"}
    window.show(replace(FIRST, picked=window.read().picked))
    assert values(window.elements[ids.REVIEW_PICK]["initial_options"]) == ["1001", "1002"]
    assert window.tick("1002").read().picked == {"1002", "21004"}


def test_what_was_chosen_for_one_page_never_sticks_to_another() -> None:
    window = Window(FIRST).tick("1001").fill({ids.REVIEW_WHICH: "page"})
    assert window.read().which == "page"
    window.show(SECOND)
    assert (window.read().picked, window.read().which) == (frozenset(), "picked")
    other = replace(FIRST, scope=model.ReviewScope(words="table:items"), anomalies=MORE)  # the same offset
    window.show(FIRST).tick("1001").fill({ids.REVIEW_WHICH: "all"}).show(other)
    assert (window.read().picked, window.read().which, window.read().typed) == (frozenset(), "picked", "table:items")
    window.show(FIRST).tick("1001").show(replace(other, picked=frozenset({"1001", "21002"})))
    assert window.read().picked == {"1001", "21002"}  # and hides none that was ticked before


def test_the_action_and_the_people_stay_from_page_to_page() -> None:
    window = Window(FIRST).fill({ids.REVIEW_ACTION: "assign", ids.REVIEW_PEOPLE: ["U7", "U9"]}).show(SECOND)
    assert window.read().change == model.Change(model.Action.ASSIGN)
    assert window.read().people == ("U7", "U9")


@pytest.mark.parametrize(
    ("choice", "change"),
    [
        ("acknowledge", model.Change(model.Action.ACKNOWLEDGE)),
        ("unacknowledge", model.Change(model.Action.UNACKNOWLEDGE)),
        ("archive:Duplicate", model.Change(model.Action.ARCHIVE, archive_as="Duplicate")),
        ("assign", model.Change(model.Action.ASSIGN)),
        ("unassign", model.Change(model.Action.ASSIGN, assignees=())),
    ],
)
def test_every_action_comes_back(choice: str, change: model.Change) -> None:
    read = Window(review_samples.THIRD).fill({ids.REVIEW_ACTION: choice, ids.REVIEW_WHICH: "all"}).read()
    shown = tuple(one.ref.id for one in TEN)
    picked = frozenset({"1003", "7", "8"})
    assert read == model.ReviewInput(FILTER, "qualytics", 20, shown, picked, "all", FILTER.words, change, (), "C1")


def test_a_lone_anomaly_is_ticked_and_there_is_nothing_to_choose_from() -> None:
    window = Window(replace(FIRST, anomalies=TEN[:1], total=1))
    assert ids.REVIEW_WHICH not in window.elements
    assert "The one anomaly that matches\n" in window.seen
    assert (window.read().picked, window.read().which) == ({"1001"}, "picked")
    wrong = window.fill({ids.REVIEW_ACTION: "acknowledge"}).tick().wrong()
    assert list(wrong.values()) == ["Tick at least one anomaly. Nothing was changed."]


def test_two_hundred_ticks_are_remembered_and_more_are_told() -> None:
    many = frozenset(str(number) for number in range(1_000_000, 1_000_000 + review_form.MOST_PICKED))
    window = Window(replace(FIRST, picked=many))
    assert window.read().picked == many
    assert "200 more are ticked on other pages." in window.seen and "remember" not in window.seen
    window.show(replace(FIRST, picked=many | {"2000000", "2000001"}))
    assert len(window.read().picked) == 200
    assert "A form in Slack can remember no more, so 2 ticks are lost. Take All 412 matching below instead" in window.seen


def test_long_ids_leave_room_for_fewer_ticks_and_the_page_stays_whole() -> None:
    long = tuple(replace(one, ref=model.Ref("anodot", one.ref.id * 25)) for one in TEN)
    window = Window(replace(FIRST, anomalies=long, source="anodot", picked=frozenset(f"{number:0>64}" for number in range(100))))
    read = window.read()
    assert (len(read.shown), read.source) == (10, "anodot")
    assert 10 < len(read.picked) < 40
    assert f"{100 - len(read.picked)} ticks are lost" in window.seen


def test_an_id_that_no_option_carries_is_named_not_cut() -> None:
    odd = replace(TEN[0], ref=model.Ref("qualytics", "x" * 151))
    window = Window(replace(FIRST, anomalies=(odd, *TEN[1:])))
    assert len(window.read().shown) == 9
    assert "1 of this page cannot be ticked here because of long ids; see /anomalies list." in window.seen
    assert "longer than a form in Slack can hold" in Window(replace(FIRST, anomalies=(odd,))).seen
    heavy = tuple(replace(one, ref=model.Ref("qualytics", f"{one.ref.id}{'é' * 140}")) for one in TEN)
    window = Window(replace(FIRST, anomalies=heavy))
    assert len(window.read().shown) == 3
    assert "7 of this page cannot be ticked here" in window.seen


def test_a_filter_that_fits_into_no_form_can_be_shortened_there() -> None:
    words = "table:" + "x" * 2990
    window = Window(replace(FIRST, scope=model.ReviewScope(words=words)))
    assert "Shorten it and press Enter." in window.seen
    assert window.elements[ids.REVIEW_FILTER]["initial_value"] == words
    assert (window.read().typed, window.read().shown) == (words, ())
    assert review_input.searching(window.read()) and len(window.wrong()) == 1
    assert len(window.fill({ids.REVIEW_FILTER: ""}).wrong()) == 1


# --- what is missing --------------------------------------------------------------------------------------------------------------

READY = {ids.REVIEW_ACTION: "acknowledge", ids.REVIEW_PICK: ["1001"]}


@pytest.mark.parametrize(
    ("filled", "total", "said"),
    [
        (READY, None, []),
        ({**READY, ids.REVIEW_PEOPLE: ["U7"]}, 412, []),
        ({ids.REVIEW_ACTION: "acknowledge", ids.REVIEW_WHICH: "page"}, None, []),
        ({ids.REVIEW_ACTION: "acknowledge", ids.REVIEW_WHICH: "all"}, 412, []),
        ({ids.REVIEW_ACTION: "acknowledge", ids.REVIEW_WHICH: "all"}, 0, ["None of them matches any more"]),
        ({ids.REVIEW_PICK: ["1001"]}, None, ["Choose what to do with them."]),
        ({ids.REVIEW_ACTION: "acknowledge"}, None, ["Tick at least one anomaly"]),
        ({}, None, ["Choose what to do with them.", "Tick at least one anomaly"]),
        ({**READY, ids.REVIEW_ACTION: "assign"}, None, ["Choose whom to assign"]),
        ({**READY, ids.REVIEW_ACTION: "assign", ids.REVIEW_PEOPLE: ["U7"]}, None, []),
        ({**READY, ids.REVIEW_ACTION: "unassign"}, None, []),
        ({**READY, ids.REVIEW_ACTION: "unassign", ids.REVIEW_PEOPLE: ["U7"]}, None, ["Assign to nobody leaves no room for people"]),
        ({**READY, ids.REVIEW_FILTER: "table:items"}, None, ["Press Enter in this field first"]),
        ({**READY, ids.REVIEW_FILTER: "status:open  table:orders "}, None, []),
    ],
)
def test_what_is_missing_is_said_at_its_field(filled: dict[str, Any], total: int | None, said: Sequence[str]) -> None:
    wrong = list(Window(FIRST).fill(filled).wrong(total).values())
    assert len(wrong) == len(said)
    for sentence, words in zip(wrong, said, strict=True):
        assert sentence.startswith(words)


def test_what_no_form_offers_cannot_be_chosen() -> None:
    with pytest.raises(errors.Refused):
        Window(FIRST).tick("21001")
    forged = Window(FIRST).tick("1001").view.json()
    (block,) = (state for name, state in forged["state"]["values"].items() if name.startswith(ids.REVIEW_PICK))
    block[ids.REVIEW_PICK]["selected_options"].append({"value": "999"})
    assert review_input.read(forged).picked == {"1001"}


@pytest.mark.parametrize("metadata", ["", "null", "[]", "{}", "not json", '{"words":"","card":"","offset":"x"}', '{"words":"","card":""}'])
def test_foreign_modals_are_refused(metadata: str) -> None:
    with pytest.raises(ValueError):
        review_input.read({"private_metadata": metadata})
    with pytest.raises(ValueError):
        review_input.read({**review_form.form(FIRST, CAPABILITIES), "callback_id": ids.ASSIGN_VIEW})
    with pytest.raises(ValueError):
        review_input.read({"private_metadata": '{"words":"","card":"","offset":0,"shown":7}'})


# --- the confirmation -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", sorted(vocabulary.VERBS.keys() & set(model.Action)))
def test_the_number_of_a_review_is_on_its_button(action: model.Action) -> None:
    frozen = replace(samples.ARCHIVE_312, change=model.Change(action))
    message = batch_preview.preview(samples.batch_view(frozen, samples.progress(todo=1_204)), samples.SPLIT)
    view = review_form.preview(message, frozen, 1_204)
    assert view["submit"]["text"].endswith(" 1,204") and len(view["submit"]["text"]) <= 24
    assert "submit" not in review_form.preview(message, frozen, 0)


def test_the_preview_becomes_a_form_to_confirm() -> None:
    message = batch_preview.preview(samples.batch_view(samples.ARCHIVE_312, samples.progress(todo=312)), samples.SPLIT)
    view = review_form.preview(message, samples.ARCHIVE_312, 312)
    assert slack_rules.view_faults(view) == []
    assert slack_rules.seen(view).startswith("Archive 312 anomalies as Duplicate?\n312 anomalies: table:orders")
    assert slack_rules.pressable(view["blocks"]) == []
    assert (view["submit"]["text"], view["callback_id"]) == ("Archive 312", ids.REVIEW_CONFIRM_VIEW)
    assert review_form.read_preview(view) == (samples.ARCHIVE_312.id, "C1")
    assert review_form.read_preview(review_form.preview(message, replace(samples.ARCHIVE_312, channel=""), 1)) == (
        samples.ARCHIVE_312.id,
        "",
    )


def test_nothing_to_do_is_nothing_to_confirm() -> None:
    message = batch_preview.preview(samples.batch_view(samples.ARCHIVE_312, samples.progress(already=312)), samples.SPLIT)
    view = review_form.preview(message, samples.ARCHIVE_312, 0)
    assert "submit" not in view and "Nothing to do" in slack_rules.seen(view)
    with pytest.raises(ValueError):
        review_form.read_preview(view)


@pytest.mark.parametrize(
    "view", [{}, {"private_metadata": "C1"}, {"private_metadata": "C1|"}, {"private_metadata": "C1|b", "callback_id": "x"}]
)
def test_other_modals_confirm_nothing(view: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        review_form.read_preview(view)
