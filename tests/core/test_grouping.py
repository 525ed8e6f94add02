"""Three clocks, leading edge: nothing is lost, nothing is doubled, nobody waits for ever, and storms become one card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import grouping
from bot.model import Reason
from tests import examples

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ROUTE = model.Route("default", "C1", burst=5, wait_seconds=10.0)


@dataclass
class Desk:
    """Carries decisions out as the store does, on a clock that the test moves."""

    routes: Mapping[str, model.Route] = field(default_factory=lambda: {"default": ROUTE})
    now: datetime = START
    waiting: list[model.Card] = field(default_factory=list)
    windows: dict[str, model.Window] = field(default_factory=dict)
    posted: dict[str, Reason] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    made: int = 0

    def arrive(self, count: int, route: str = "default") -> None:
        for _ in range(count):
            self.made += 1
            ref = model.Ref("qualytics", str(self.made))
            self.waiting.append(
                model.Card(
                    str(self.made), model.CardKind.ANOMALY, "C1", str(ref), model.CardState.WAITING, Reason.WAITING, self.now, route, ref
                )
            )

    def after(self, seconds: float) -> Desk:
        self.now += timedelta(seconds=seconds)
        return self

    def flush(self) -> Sequence[model.Decision]:
        decisions = grouping.decide(self.waiting, self.windows, self.routes, self.now)
        for decision in decisions:
            self._carry_out(decision)
        return decisions

    def _carry_out(self, decision: model.Decision) -> None:
        assert not (decision.fold and decision.post)
        assert bool(decision.fold) is bool(decision.group or decision.join)
        ids = {card.id for card in self.waiting}
        assert {*decision.post, *decision.fold} <= ids, "only what waits is decided about"
        self.posted |= dict.fromkeys(decision.post, decision.post_reason)
        group = decision.join
        if decision.group:
            group = f"g:{decision.group.key}"
            assert group not in self.groups, "a new group card has a new key"
            assert (decision.group.kind, decision.group.state) == (model.CardKind.GROUP, model.CardState.LIVE)
        if group:
            self.groups.setdefault(group, []).extend(decision.fold)
        self.waiting = [card for card in self.waiting if card.id not in {*decision.post, *decision.fold}]
        assert decision.window is not None
        self.windows[decision.route] = replace(decision.window, group=group) if decision.group else decision.window

    def sizes(self) -> list[int]:
        return [len(members) for members in self.groups.values()]


def test_a_lone_anomaly_is_posted_at_once() -> None:
    desk = Desk()
    desk.arrive(1)
    desk.flush()
    assert desk.posted == {"1": Reason.LEADING}
    assert desk.windows["default"].closes == START + timedelta(seconds=10)


def test_a_burst_that_fits_is_posted_at_once() -> None:
    desk = Desk()
    desk.arrive(5)
    desk.flush()
    assert set(desk.posted.values()) == {Reason.LEADING} and len(desk.posted) == 5 and not desk.groups


def test_one_more_than_the_burst_becomes_one_group_card() -> None:
    desk = Desk()
    desk.arrive(6)
    (decision,) = desk.flush()
    assert not desk.posted and desk.sizes() == [6]
    assert decision.group is not None
    assert (decision.group.channel, decision.group.route, decision.group.reason) == ("C1", "default", Reason.BURST)
    assert decision.group.payload == {"burst": 5, "wait_seconds": 10.0}


def test_followers_wait_for_the_window_to_close() -> None:
    desk = Desk()
    desk.arrive(1)
    desk.flush()
    desk.after(3).arrive(4)
    assert desk.flush() == ()
    assert len(desk.after(6.9).waiting) == 4 and desk.flush() == ()
    desk.after(0.1).flush()
    assert [desk.posted[str(number)] for number in (2, 3, 4, 5)] == [Reason.AFTER_WAIT] * 4


def test_more_than_the_burst_within_the_window_close_it_at_once() -> None:
    desk = Desk()
    desk.arrive(2)
    desk.flush()
    desk.after(2).arrive(3)
    desk.flush()
    desk.after(1).arrive(1)
    desk.flush()
    assert len(desk.posted) == 2 and desk.sizes() == [4] and not desk.waiting


def test_a_single_one_too_many_waits_instead_of_becoming_a_group_of_one() -> None:
    desk = Desk()
    desk.arrive(5)
    desk.flush()
    desk.after(1).arrive(1)
    assert desk.flush() == ()
    desk.after(9).flush()
    assert desk.posted["6"] is Reason.AFTER_WAIT and not desk.groups


def test_a_storm_keeps_joining_its_group_card() -> None:
    desk = Desk()
    for _ in range(10):
        desk.arrive(300)
        desk.flush()
        desk.after(30)
    assert desk.sizes() == [3000] and not desk.posted


def test_even_one_joins_while_the_window_of_the_burst_is_open() -> None:
    desk = Desk()
    desk.arrive(6)
    desk.flush()
    desk.after(5).arrive(1)
    (decision,) = desk.flush()
    assert decision.join and desk.sizes() == [7]
    assert desk.windows["default"].closes == desk.now + timedelta(seconds=10), "the storm lasts"


def test_a_lone_one_after_the_storm_is_posted() -> None:
    desk = Desk()
    desk.arrive(6)
    desk.flush()
    desk.after(11).arrive(1)
    desk.flush()
    assert desk.posted == {"7": Reason.LEADING}


def test_the_next_burst_joins_within_ten_minutes_and_not_later() -> None:
    desk = Desk()
    desk.arrive(6)
    desk.flush()
    desk.after(600).arrive(6)
    desk.flush()
    assert desk.sizes() == [12]
    desk.after(601).arrive(6)
    desk.flush()
    assert desk.sizes() == [12, 6]


def test_lone_ones_in_between_do_not_keep_a_group_card_open() -> None:
    desk = Desk()
    desk.arrive(6)
    desk.flush()
    desk.after(590).arrive(1)
    desk.flush()
    desk.after(20).arrive(6)
    desk.flush()
    assert desk.sizes() == [6, 6]


def test_a_storm_without_end_gets_a_new_group_card_every_hour() -> None:
    desk = Desk()
    for _ in range(242):  # two hours and one minute
        desk.arrive(10)
        desk.flush()
        desk.after(30)
    assert desk.sizes() == [1210, 1210]


def test_late_flush_tells_followers_from_leaders() -> None:
    desk = Desk()
    desk.arrive(1)
    desk.flush()
    desk.after(9).arrive(1)
    desk.after(4).arrive(1)
    decisions = desk.flush()
    assert desk.posted == {"1": Reason.LEADING, "2": Reason.AFTER_WAIT, "3": Reason.LEADING}
    assert len({decision.window for decision in decisions}) == 1 and desk.windows["default"].posted == 2


def test_what_arrives_as_the_window_closes_leads_the_next_one() -> None:
    desk = Desk()
    desk.arrive(1)
    desk.flush()
    desk.after(10).arrive(1)
    desk.flush()
    assert desk.posted["2"] is Reason.LEADING


def test_without_a_wait_nothing_waits() -> None:
    desk = Desk({"default": replace(ROUTE, wait_seconds=0)})
    for _ in range(3):
        desk.arrive(1)
        desk.flush()
    desk.arrive(6)
    desk.flush()
    desk.arrive(2)
    desk.flush()
    assert len(desk.posted) == 5 and desk.sizes() == [6] and not desk.waiting


def test_routes_have_their_own_windows() -> None:
    desk = Desk({"a": replace(ROUTE, id="a"), "b": replace(ROUTE, id="b", burst=1)})
    desk.arrive(3, "a")
    desk.arrive(3, "b")
    desk.flush()
    assert len(desk.posted) == 3 and desk.sizes() == [3] and set(desk.windows) == {"a", "b"}


def test_a_route_that_is_gone_still_posts_its_cards() -> None:
    desk = Desk({})
    desk.arrive(2, "removed")
    desk.flush()
    assert len(desk.posted) == 2


def test_a_group_card_that_was_lost_is_not_joined() -> None:
    desk = Desk()
    desk.arrive(6)
    desk.flush()
    desk.windows["default"] = replace(desk.windows["default"], group="")
    desk.after(1).arrive(2)
    desk.flush()
    assert desk.sizes() == [6, 2]


def test_a_window_from_a_longer_setting_or_a_clock_put_back_holds_nobody() -> None:
    desk = Desk()
    desk.windows["default"] = model.Window("default", START, START + timedelta(hours=3), posted=1)
    desk.arrive(2)
    desk.flush()
    assert len(desk.posted) == 2


# --- whatever happens -------------------------------------------------------------------------------------------------------

_STEPS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from([0.0, 0.4, 3.0, 9.9, 10.0, 31.0, 700.0]), st.sampled_from("ab")), max_size=25
)


@examples.times(2)
@given(_STEPS, st.integers(1, 6), st.sampled_from([0.0, 1.0, 10.0]))
def test_nothing_is_lost_or_doubled_and_nobody_waits_longer_than_the_route_says(
    steps: list[tuple[int, float, str]], burst: int, wait: float
) -> None:
    desk = Desk({name: model.Route(name, "C1", burst=burst, wait_seconds=wait) for name in "ab"})
    for count, pause, route in steps:
        desk.arrive(count, route)
        before = len(desk.posted)
        desk.flush()
        assert len(desk.posted) - before <= 2 * burst, "never more single cards at once than each route allows"
        for card in desk.waiting:
            window = desk.windows[card.route]
            assert desk.now < window.closes <= card.created + timedelta(seconds=wait)
        desk.after(pause)
    desk.after(wait).flush()
    folded = [card for members in desk.groups.values() for card in members]
    assert sorted([*desk.posted, *folded], key=int) == [str(number + 1) for number in range(desk.made)]
    assert all(size > 1 for size in desk.sizes()), "no group of one"
