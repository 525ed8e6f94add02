"""Who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from bot import errors, model
from bot.core import permissions
from bot.model import Action

DANA = model.Actor("U1", "Dana")
ADMIN = model.Actor("U9", "Ada")
ADMIN_BY_GROUP = model.Actor("U8", "Alan", groups=frozenset({"S1"}))
GRANTS = permissions.grants(["U9", "S1"], {})


def refusal(action: Action, actor: model.Actor, grants: permissions.Grants) -> errors.NotAllowed:
    with pytest.raises(errors.NotAllowed) as caught:
        permissions.decide(action, actor, grants)
    return caught.value


@pytest.mark.parametrize("action", [action for action in Action if action not in (Action.DELETE, Action.ROWS)])
def test_members_act(action: Action) -> None:
    permissions.decide(action, DANA, GRANTS)


@pytest.mark.parametrize("actor", [ADMIN, ADMIN_BY_GROUP], ids=["by user id", "by user group"])
def test_admins_delete(actor: model.Actor) -> None:
    permissions.decide(Action.DELETE, actor, GRANTS)


def test_failing_rows_are_for_admins_unless_the_settings_name_somebody() -> None:
    permissions.decide(Action.ROWS, ADMIN, GRANTS)
    assert str(refusal(Action.ROWS, DANA, GRANTS)) == "Only admins of this desk may see failing rows. Ask one of them."
    assert "none is named" in str(refusal(Action.ROWS, DANA, permissions.grants([], {})))
    permissions.decide(Action.ROWS, DANA, permissions.grants([], {"rows": ["U1"]}))


def test_members_do_not_delete_and_learn_whom_to_ask() -> None:
    error = refusal(Action.DELETE, DANA, GRANTS)
    assert str(error) == "Only admins of this desk may delete anomalies. Ask one of them."
    assert error.ask == ("S1", "U9")


def test_without_admins_the_setting_is_named() -> None:
    assert "DESK_ADMINS" in str(refusal(Action.DELETE, ADMIN, permissions.Grants()))


@pytest.mark.parametrize(
    ("flag", "says"),
    [("is_guest", "Guests"), ("is_outsider", "people of this workspace"), ("is_bot", "Bots"), ("is_deleted", "deactivated")],
)
@pytest.mark.parametrize("action", list(Action))
def test_some_may_never_do_anything(action: Action, flag: str, says: str) -> None:
    """Not even when they are admins and the settings name them."""
    grants = permissions.grants(["U9"], {name.value: ["U9"] for name in Action})
    permissions.decide(action, model.Actor("U9", "Ada"), grants)
    flags: dict[str, Any] = {flag: True}
    assert says in str(refusal(action, model.Actor("U9", "Ada", **flags), grants))


@pytest.mark.parametrize(
    ("who", "actor", "allowed"),
    [
        pytest.param("members", DANA, True, id="members: a member"),
        pytest.param("admins", DANA, False, id="admins: a member"),
        pytest.param("admins", ADMIN, True, id="admins: an admin"),
        pytest.param("nobody", ADMIN, False, id="nobody: not even an admin"),
        pytest.param(["U1"], DANA, True, id="list: named"),
        pytest.param(["S7"], model.Actor("U2", "Lee", groups=frozenset({"S7"})), True, id="list: by group"),
        pytest.param(["U2", "S7"], DANA, False, id="list: not named"),
        pytest.param(["U2"], ADMIN, True, id="list: an admin who is not named"),
    ],
)
def test_the_map_decides(who: Any, actor: model.Actor, allowed: bool) -> None:
    grants = permissions.grants(["U9"], {"archive": who})
    if allowed:
        permissions.decide(Action.ARCHIVE, actor, grants)
    else:
        assert "archive anomalies" in str(refusal(Action.ARCHIVE, actor, grants))
    permissions.decide(Action.ACKNOWLEDGE, actor, grants)


def test_a_list_names_those_who_may() -> None:
    assert refusal(Action.SCAN, DANA, permissions.grants(["U9"], {"scan": ["U2"]})).ask == ("U2", "U9")


@pytest.mark.parametrize(
    ("admins", "given", "says"),
    [
        pytest.param([], {"archve": "members"}, 'there is no action "archve". Did you mean archive?', id="action"),
        pytest.param([], {"fly": "members"}, "Actions are acknowledge, ", id="action near nothing"),
        pytest.param([], {"scan": "everyone"}, 'scan: takes "members"', id="group"),
        pytest.param([], {"scan": []}, 'scan: takes "members"', id="empty list"),
        pytest.param([], {"scan": 7}, 'scan: takes "members"', id="a number"),
        pytest.param([], {"scan": ["dana"]}, 'scan: "dana" is not the id', id="a name in a list"),
        pytest.param([], {"scan": ["U"]}, 'scan: "U" is not the id', id="a letter in a list"),
        pytest.param([], {"scan": ["U1", 5]}, 'scan: "5" is not the id', id="a number in a list"),
        pytest.param(["@dana"], {}, 'DESK_ADMINS: "@dana" is not the id', id="a name among the admins"),
    ],
)
def test_faults_of_the_settings(admins: list[str], given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as caught:
        permissions.grants(admins, given)
    assert says in str(caught.value)


def test_every_fault_has_its_line() -> None:
    with pytest.raises(ValueError) as caught:
        permissions.grants(["dana"], {"fly": "members", "scan": "x"})
    assert len(str(caught.value).splitlines()) == 3


def test_the_groups_that_matter() -> None:
    assert permissions.grants(["U9", "S1"], {"scan": ["S2", "U3"]}).groups() == {"S1", "S2"}
