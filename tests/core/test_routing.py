"""Which routes a new anomaly takes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from bot import model
from bot.core import grammar, routing
from tests.core.grammar import spoken

Make = Callable[..., model.Anomaly]


def route(name: str, channel: str, text: str = "") -> model.Route:
    return model.Route(name, channel, grammar.query(text, today=date(2026, 11, 21)))


@pytest.mark.parametrize("state", list(model.State))
def test_the_default_route_takes_everything(anomaly: Make, state: model.State) -> None:
    default = route("default", "C1")
    assert routing.chooser([default])(anomaly(state=state)) == (default,)


def test_filters_choose(anomaly: Make) -> None:
    known = [
        route("a", "C1", "table:orders"),
        route("b", "C2", "table:other"),
        route("c", "C3", "severity:high"),
        route("d", "C4", "min:99"),
    ]
    assert [one.id for one in routing.chooser(known)(anomaly())] == ["a", "c"]


def test_a_status_in_a_route_counts(anomaly: Make) -> None:
    assert routing.chooser([route("a", "C1", "status:resolved")])(anomaly()) == ()


def test_each_channel_gets_it_once_by_its_first_route(anomaly: Make) -> None:
    known = [route("a", "C1", "table:other"), route("b", "C1", "table:orders"), route("c", "C1"), route("d", "C2")]
    assert [one.id for one in routing.chooser(known)(anomaly())] == ["b", "d"]


def test_a_word_of_one_system_chooses_among_its_anomalies_alone(anomaly: Make) -> None:
    steep = model.Route("a", "C1", model.Query(others=(("delta", "20"),)))
    choose = routing.chooser([steep], {"anodot": spoken.OWN, "qualytics": ()})
    heavy, light = (anomaly(ref=model.Ref("anodot", "7"), weight=weight) for weight in (54.0, 5.0))
    assert choose(heavy) == (steep,)
    assert choose(light) == choose(anomaly(weight=54.0)) == ()
