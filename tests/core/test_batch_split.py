"""What a change to many would be about: everything is counted, and the numbers of each kind add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.core import batch_split

Make = Callable[..., model.Anomaly]
DANA, LEE = model.Person("qualytics", "12", "Dana Reyes"), model.Person("qualytics", "18", "Lee Park")
HER = model.Person("autional", "usr-12", "", "dana@acme.example")
MINE = {"qualytics": "12"}


def split(*pages: Sequence[model.Anomaly], **mine: str) -> model.Split:
    count = batch_split.Count()
    for page in pages:
        count.add(page)
    return count.split(mine or MINE)


def several(anomaly: Make) -> list[model.Anomaly]:
    """Four of a system with datastores, two of one without."""
    stands = {"state": model.State.ACKNOWLEDGED, "status": "Acknowledged"}
    ours = [
        anomaly(severity=model.Severity.LOW, datastore=model.Place("1", "crm"), container=model.Place("2", "leads"), assignees=(LEE,)),
        anomaly(severity=model.Severity.CRITICAL, datastore=model.Place("1", "crm"), container=None, assignees=(LEE, DANA), **stands),
        anomaly(severity=None, datastore=None, container=None, assignees=()),
        anomaly(severity=model.Severity.CRITICAL, datastore=model.Place("3", "lake"), container=None, assignees=(DANA,)),
    ]
    other = {"ref": model.Ref("autional", "a1"), "datastore": None, "container": None, "status": "open"}
    return [*ours, anomaly(severity=model.Severity.HIGH, assignees=(HER,), **other), anomaly(severity=None, assignees=(), **other)]


def test_it_is_counted_by_everything_that_tells_something(anomaly: Make) -> None:
    made = several(anomaly)
    found = split(made[:3], made[3:])
    assert found.severities == [(model.Severity.CRITICAL, 2), (model.Severity.HIGH, 1), (model.Severity.LOW, 1), (None, 2)]
    assert (found.systems, found.placed) == ([("qualytics", 4), ("autional", 2)], ["qualytics"])
    assert found.places == [("crm", 2), ("", 1), ("lake", 1)], "a system without datastores is not counted by them"
    assert found.tables == [("", 3), ("leads", 1)]
    assert found.statuses == [("Active", 3), ("open", 2), ("Acknowledged", 1)]
    assert found.assignees == [("", 2), ("Lee Park", 1), ("dana@acme.example", 1), ("you", 1), ("you and Lee Park", 1)]
    assert (found.others, found.acknowledged) == (2, 1)
    assert [one.severity for one in found.sample] == [model.Severity.CRITICAL] * 2 + [model.Severity.HIGH, model.Severity.LOW, None]


def test_statuses_count_only_where_those_of_one_system_differ(anomaly: Make) -> None:
    made = several(anomaly)
    assert split([made[0], made[4]]).statuses == (), "each system has its own word for the same"


def test_what_is_the_askers_own_in_every_system_is_nobody_elses(anomaly: Make) -> None:
    made = several(anomaly)
    assert split(made, qualytics="12", autional="usr-12").others == 1
    assert batch_split.Count().assigned() == frozenset()


@given(st.data())
def test_the_numbers_of_each_kind_add_up(anomaly: Make, data: st.DataObject) -> None:
    made = data.draw(st.lists(st.sampled_from(several(anomaly)), max_size=30))
    found = split(made[:7], made[7:])
    for kind in (found.severities, found.systems, found.assignees, found.statuses or [("", len(made))]):
        assert sum(number for _, number in kind) == len(made)
    placed = sum(number for name, number in found.systems if name in found.placed)
    assert sum(number for _, number in found.places) == sum(number for _, number in found.tables) == placed
