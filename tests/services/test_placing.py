"""Ids without their system: what this desk knows counts first, then the form of the id, then the systems themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot import errors, model
from bot.core import grammar
from bot.render.kit import ids, refusals
from bot.services import placing
from tests.render import slack_rules
from tests.services.test_searching import AWAY, System, one


@dataclass
class Known:
    """What the store knows."""

    refs: set[model.Ref] = field(default_factory=set)

    async def known(self, refs: list[model.Ref]) -> frozenset[model.Ref]:
        return frozenset(self.refs & set(refs))


def service(*known: str, digits: str = "[0-9]+", **second: Any) -> tuple[placing.Placing, System, System]:
    first = System(all=[one("qualytics", "1", 1), one("qualytics", "2", 2)], idents=model.Idents(digits))
    both = {"name": "anomify", "title": "Anomify", "all": [one("anomify", "2", 1), one("anomify", "a:7", 2)]}
    other = System(**(both | {"idents": model.Idents("[0-9]+|a:[0-9]+")} | second))
    sources: Any = {"qualytics": first, "anomify": other}
    store: Any = Known({model.Ref.parse(word) for word in known})
    return placing.Placing(sources, store, grammar.spoken(sources.values(), {})), first, other


async def placed(made: placing.Placing, *idents: str, **given: str) -> list[str]:
    return [str(ref) for ref in await made.placed([model.Ref("", ident) for ident in idents], **given)]


async def test_what_the_desk_knows_is_it_and_nobody_is_asked() -> None:
    made, _, _ = service("anomify:1", "qualytics:5")
    assert await placed(made, "1", "5") == ["anomify:1", "qualytics:5"]
    assert await made.placed([model.Ref("anomify", "9")]) == (model.Ref("anomify", "9"),)


async def test_what_only_one_system_can_have_is_of_that_one() -> None:
    made, first, other = service()
    assert await placed(made, "a:9") == ["anomify:a:9"] and first.asked == other.asked == []


async def test_what_nobody_here_knows_is_asked_for_where_it_may_be() -> None:
    made, _, _ = service()
    assert await placed(made, "1") == ["qualytics:1"]
    with pytest.raises(errors.NotFound, match="Of Qualytics and Anomify, none has an anomaly 77"):
        await placed(made, "77")


@pytest.mark.parametrize("known", [(), ("qualytics:2", "anomify:2")], ids=["asked", "known"])
async def test_of_several_that_have_it_one_is_asked_for_with_buttons_that_say_the_command_again(known: tuple[str, ...]) -> None:
    made, _, _ = service(*known)
    with pytest.raises(errors.Unclear) as caught:
        await placed(made, "2", text="ack 2 +tag:x")
    message = refusals.error(caught.value)
    assert "Qualytics and Anomify have an anomaly 2 each. Which one is meant?" in slack_rules.seen(message)
    pressed = [(part["action_id"], part["value"]) for part in slack_rules.pressable(message)]
    assert pressed == [(ids.WHICH_SYSTEM, "qualytics|ack 2 +tag:x"), (ids.WHICH_SYSTEM, "anomify|ack 2 +tag:x")]
    assert await placed(made, "2", home="anomify") == ["anomify:2"]
    long = refusals.error(errors.Unclear("Which?", systems=caught.value.systems, text="ack 2 note:" + "x" * 3000))
    assert slack_rules.pressable(long) == [] and "like qualytics:1001" in slack_rules.seen(long)


async def test_the_system_that_was_chosen_is_only_for_what_it_has() -> None:
    made, _, _ = service("qualytics:1")
    assert await placed(made, "1", "2", home="anomify") == ["qualytics:1", "anomify:2"]


async def test_a_system_that_is_down_is_said_only_where_it_matters() -> None:
    made, _, _ = service(down=AWAY)
    assert await placed(made, "1") == ["qualytics:1"]
    with pytest.raises(errors.NotFound, match=r"Anomify cannot be asked for 77: Anomify did not answer"):
        await placed(made, "77")


async def test_nobody_has_an_id_that_fits_nowhere() -> None:
    made, _, _ = service(digits="x[0-9]+", idents=model.Idents("a:[0-9]+"))
    with pytest.raises(errors.NotFound, match="none has an anomaly 5"):
        await placed(made, "5")
