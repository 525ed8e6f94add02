"""Every menu and every row of buttons that shows names: two of them never look the same, and what has no room is said there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model, ports
from bot.core import grammar
from bot.render.anomaly import anomaly_forms, buttons, group_card
from bot.render.home import home_view
from bot.render.kit import ids, limits, refusals, text
from bot.render.review import review_form
from bot.render.scan import scan_form, scan_preview
from tests.render import review_samples, samples, slack_rules

ORDERS, CAPABILITIES = samples.ORDERS, samples.CAPABILITIES
Json = model.Block


def ways(names: Sequence[str]) -> tuple[model.Closing, ...]:
    return tuple(model.Closing(f"way{number}", title=name) for number, name in enumerate(names))


def numbered(names: Sequence[str]) -> list[model.Anomaly]:
    """An anomaly for each name: it is the rule that fails."""
    check = ORDERS.checks[0]
    return [
        replace(ORDERS, ref=model.Ref("qualytics", str(1001 + number)), checks=(replace(check, message=name),))
        for number, name in enumerate(names)
    ]


def rules(names: Sequence[str]) -> list[model.Anomaly]:
    """The same without what else tells them apart: ids of one beginning."""
    return [replace(one, ref=model.Ref("qualytics", f"{'9' * 40}{one.ref.id}")) for one in numbered(names)]


def systems(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(f"system{number}", name) for number, name in enumerate(names)]


def tables(names: Sequence[str]) -> list[model.Anomaly]:
    return [replace(one, container=model.Place(name, name)) for one, name in zip(review_samples.TEN, names, strict=False)]


def options(node: object, action_id: str) -> list[Json]:
    """What the menu of this action id offers, as it opens."""
    (menu,) = [part for _, part in slack_rules.parts(node) if part.get("action_id") == action_id]
    return slack_rules.choices(
        {key: menu[key] for key in ("options", "option_groups") if key in menu} or {"options": menu["initial_options"]}
    )


def labels(offered: Sequence[Json]) -> list[str]:
    """What is read of each, with the line below it."""
    return [" / ".join(one[key]["text"] for key in ("text", "description") if key in one) for one in offered]


def pressed(node: object, *action_ids: str) -> list[str]:
    """What the buttons of these action ids say."""
    return [part["text"]["text"] for _, part in slack_rules.parts(node) if part.get("action_id") in action_ids]


def _archive(names: Sequence[str]) -> list[str]:
    return [one["text"]["text"] for one in options(buttons.row(ORDERS, replace(CAPABILITIES, archive_as=ways(names))), ids.ARCHIVE)]


def _group(names: Sequence[str]) -> list[str]:
    tally = ports.Tally(3, {model.State.ACTIVE: 3}, [], [])
    one = {"qualytics": replace(CAPABILITIES, archive_as=ways(names[:2])), "acme": replace(CAPABILITIES, archive_as=ways(names)[2:])}
    return [one["text"]["text"] for one in options(group_card.group("card-7", tally, one, 5, 3).blocks, ids.GROUP_ARCHIVE)]


def _review_actions(names: Sequence[str]) -> list[str]:
    form = review_form.form(review_samples.THIRD, replace(CAPABILITIES, archive_as=ways(names)))
    return [one["text"]["text"] for one in options(form, ids.REVIEW_ACTION)]


def _stages(names: Sequence[str]) -> list[str]:
    stages = tuple(model.Stage(f"s{number}", name) for number, name in enumerate(names))
    return [one["text"]["text"] for one in options(buttons.row(ORDERS, replace(CAPABILITIES, stages=stages)), ids.MORE)]


def _review(anomalies: Sequence[model.Anomaly]) -> list[str]:
    return labels(options(review_form.form(replace(review_samples.THIRD, anomalies=anomalies[:10]), CAPABILITIES), ids.REVIEW_PICK))


def _scan_opens(names: Sequence[str]) -> list[str]:
    stores = {str(number): name for number, name in enumerate(names)}
    return labels(options(scan_form.form(scan_form.ScanDraft("qualytics", datastores=tuple(stores), names=stores)), ids.SCAN_DATASTORES))


def _who(names: Sequence[str]) -> list[str]:
    pending = anomaly_forms.Pending(ORDERS.ref, 3)
    strangers = [model.Actor(f"U{number}", name) for number, name in enumerate(names)]
    form = anomaly_forms.pick(pending, [], strangers, CAPABILITIES)
    return [block["label"]["text"] for block in form["blocks"] if block["type"] == "input"]


def _instead(names: Sequence[str]) -> list[str]:
    missing = model.Problem(model.Cause.DATASTORE_MISSING, names=("warehouze",), near=tuple(names))
    asked = grammar.ScanCommand("scan", ("warehouze",))
    return pressed(scan_preview.problems([missing], CAPABILITIES, "qualytics", asked).blocks, ids.SCAN_INSTEAD)


def _syncs(names: Sequence[str]) -> list[str]:
    missing = [model.Problem(model.Cause.TABLE_MISSING, model.Place(str(number), name), ("orders",)) for number, name in enumerate(names)]
    return pressed(scan_preview.problems(missing, CAPABILITIES, "qualytics").blocks, ids.SCAN_SYNC)


def _home(names: Sequence[str]) -> list[str]:
    empty = model.HomeQueue([], 0)
    facts = model.HomeFacts(empty, empty, [], [], [])
    home = home_view.home(home_view.HomeView(facts, {"qualytics": CAPABILITIES}, CAPABILITIES, unlinked=systems(names)))
    return pressed(home, ids.LINK_ME)


MENUS: dict[str, Callable[[Sequence[str]], list[str]]] = {
    "outcomes on a card": _archive,
    "outcomes on a group card": _group,
    "outcomes in a review": _review_actions,
    "words for what is acknowledged": _stages,
    "tables to tick": lambda names: _review(tables(names)),
    "rules to tick": lambda names: _review(numbered(names)),
    "ids to tick": lambda names: _review(rules(names)),
    "originals": lambda names: labels(
        options(anomaly_forms.duplicate(ORDERS, CAPABILITIES, "Duplicate", rules(names)), ids.DUPLICATE_PICK)
    ),
    "people of a system": lambda names: labels(
        slack_rules.choices(anomaly_forms.options([model.Person("qualytics", str(n), name) for n, name in enumerate(names)]))
    ),
    "who somebody is": _who,
    "tables of a scan": lambda names: labels(slack_rules.choices(scan_form.options(names))),
    "datastores of a scan": lambda names: labels(
        slack_rules.choices(scan_form.options([model.Place(str(number), name) for number, name in enumerate(names)]))
    ),
    "datastores of a scan form as it opens": _scan_opens,
    "datastores that may have been meant": _instead,
    "datastores to sync": _syncs,
    "systems that may have been meant": lambda names: pressed(
        refusals.error(errors.Unclear("Which one?", systems=systems(names), text="show 1001")).blocks, ids.WHICH_SYSTEM
    ),
    "systems to be linked to": lambda names: pressed(
        refusals.error(errors.NotLinked("Nobody knows you.", systems=systems(names))).blocks, ids.LINK_ME
    ),
    "systems to be linked to in the Home": _home,
}
FEW = 3
"""Rows of buttons show no more than three of what may have been meant."""

LONG = "warehouse_prod_eu_central_1_finance_reporting_monthly_closing_positions_"
PIECES = st.lists(st.sampled_from([LONG, LONG[:40], "orders", "_v1", "_v2", "é", "👩‍👩‍👧", "&", "א", "x"]), min_size=1, max_size=5)
NAMES = st.lists(PIECES.map("".join).filter(lambda name: text.size(name) <= limits.OPTION_VALUE), min_size=FEW, max_size=FEW, unique=True)


@pytest.mark.parametrize("menu", MENUS)
def test_names_with_one_beginning_are_told_apart_and_keep_where_they_differ(menu: str) -> None:
    shown = MENUS[menu]([f"{LONG}{LONG}{end}" for end in ("north", "south", "west")])
    assert all(sum(end in label for label in shown) == 1 for end in ("north", "south", "west") if len(shown) > 1), shown


@pytest.mark.parametrize("menu", MENUS)
@given(names=NAMES)
def test_two_different_names_never_look_the_same(menu: str, names: list[str]) -> None:
    shown = MENUS[menu](names)
    assert len(shown) >= FEW and len(set(shown)) == len(shown), shown


def test_things_with_one_name_are_told_with_their_ids() -> None:
    people = [model.Person("qualytics", ident, "Ann Lee") for ident in ("7", "8")]
    assert labels(slack_rules.choices(anomaly_forms.options(people))) == ["Ann Lee (7)", "Ann Lee (8)"]
    stores = [model.Place("1", "crm"), model.Place("2", "crm"), model.Place("3", "web")]
    assert labels(slack_rules.choices(scan_form.options(stores))) == ["crm (1)", "crm (2)", "web"]


# --- what has no room ---------------------------------------------------------------------------------------------------------


@given(st.integers(1, 250), st.integers(0, 3))
def test_what_a_menu_of_a_form_leaves_out_is_counted_there(usable: int, too_long: int) -> None:
    names = [f"t{number}" for number in range(usable)] + ["x" * (limits.OPTION_VALUE + 1 + number) for number in range(too_long)]
    people = [model.Person("qualytics", name, name[:20]) for name in names]
    for answer in (scan_form.options(names), anomaly_forms.options(people)):
        offered, (notes,) = slack_rules.choices(answer), [group["label"]["text"] for group in answer.get("option_groups", [])] or [""]
        assert len(offered) == min(usable, limits.OPTIONS)
        assert (f"{limits.OPTIONS} of {usable}: type a few letters" in notes) is (usable > limits.OPTIONS)
        assert (f"{too_long} too long for a menu: " in notes) is (too_long > 0)


def note(menu: Json) -> str:
    (group,) = menu["option_groups"]
    return str(group["label"]["text"])


def test_more_originals_than_a_menu_shows_are_counted_and_can_be_typed() -> None:
    others = numbered([f"rule {number}" for number in range(25)])
    form = anomaly_forms.duplicate(ORDERS, CAPABILITIES, "Duplicate", others, 412)
    (menu,) = [part for _, part in slack_rules.parts(form) if part.get("action_id") == ids.DUPLICATE_PICK]
    assert note(menu) == "25 of 412: type the id below for another one"
    long = replace(others[0], ref=model.Ref("qualytics", "9" * 151))
    form = anomaly_forms.duplicate(ORDERS, CAPABILITIES, "Duplicate", [*others, long], 26)
    (menu,) = [part for _, part in slack_rules.parts(form) if part.get("action_id") == ids.DUPLICATE_PICK]
    assert (len(slack_rules.choices({"option_groups": menu["option_groups"]})), note(menu)) == (
        25,
        "1 too long for a menu: type the id below",
    )
    form = anomaly_forms.duplicate(ORDERS, CAPABILITIES, "Duplicate", others, 25)
    assert len(options(form, ids.DUPLICATE_PICK)) == 25 and "option_groups" not in str(form)


def test_an_outcome_that_no_menu_carries_is_counted_there() -> None:
    some = (*samples.closings.CLOSINGS, model.Closing("x" * 150, title="Something else"))
    for row, action_id in (
        (buttons.row(ORDERS, replace(CAPABILITIES, archive_as=some)), ids.ARCHIVE),
        (review_form.form(review_samples.THIRD, replace(CAPABILITIES, archive_as=some)), ids.REVIEW_ACTION),
    ):
        (menu,) = [part for _, part in slack_rules.parts(row) if part.get("action_id") == action_id]
        assert note(menu) == "1 too long for a menu: type /anomalies archive"


@pytest.mark.parametrize("length", [100, 137, 140, 400])
def test_an_id_that_no_menu_carries_is_said_on_the_card(length: int) -> None:
    one = replace(ORDERS, ref=model.Ref("qualytics", "9" * length))
    row = buttons.row(one, CAPABILITIES)
    carried = {part["action_id"] for part in slack_rules.pressable(list(row))} >= {ids.ARCHIVE, ids.MORE}
    assert ("too long for a menu" in str(row)) is not carried
    assert carried is (length == 100) and ids.ACKNOWLEDGE in str(row)


@given(st.sets(st.sampled_from(model.Action)), st.integers(0, 8), st.sampled_from(model.State), st.booleans())
def test_what_the_menu_of_a_card_has_no_room_for_can_be_typed(
    supports: set[model.Action], stages: int, state: model.State, taking: bool
) -> None:
    words = tuple(model.Stage(f"word{number}", f"Word {number}") for number in range(stages))
    able = replace(CAPABILITIES, supports=frozenset(supports), stages=words, ack_takes=taking)
    one = replace(ORDERS, state=state)
    shown = [ids.decode_choice(entry["value"])[0] for entry in options(buttons.row(one, able), ids.MORE)]
    typed = " ".join(buttons.typed(one, able))
    assert shown[:2] == [ids.MORE_OPEN, ids.MORE_DETAILS] and len(shown) <= limits.OVERFLOW_OPTIONS
    open_ = state is not model.State.ARCHIVED
    wanted = {ids.MORE_WHY: "/anomalies why 1001"}
    wanted |= {ids.MORE_COMMENT: "/anomalies note 1001 <text>"} if model.Action.COMMENT in supports else {}
    wanted |= {ids.MORE_VERIFY: "/scan warehouse-prod tables:orders"} if model.Action.SCAN in supports and open_ else {}
    if open_ and model.Action.ACKNOWLEDGE in supports:
        wanted |= {f"{ids.MORE_STAGE}{stage.word}": f"/anomalies ack 1001 as:{stage.word}" for stage in words}
    assert all((choice in shown) is not (command in typed) for choice, command in wanted.items()), (shown, typed)
    assert ("/anomalies case 1001 <case>" in typed) is (model.Action.CASE in supports)


def test_the_hint_of_a_button_says_which_one_it_is_about() -> None:
    hints = [
        part["accessibility_label"]
        for one in rules(["a", "b"])
        for part in slack_rules.pressable(list(buttons.row(replace(one, ref=model.Ref("qualytics", one.ref.id[-4:])), CAPABILITIES)))
        if "accessibility_label" in part
    ]
    assert len(hints) == len(set(hints)) == 4 and all(text.size(hint) <= limits.BUTTON for hint in hints)
