"""The connected systems: the one that a name means, and what it lets people do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot import errors, model
from bot.core import connected


@dataclass
class System:
    title: str
    supports: frozenset[model.Action]
    archive_as: tuple[model.Closing, ...] = ()
    unkept: frozenset[model.Part] = frozenset()
    longest_comment: int = 0
    stages: tuple[model.Stage, ...] = ()


ACME = System("Acme", frozenset({model.Action.ARCHIVE}))


def test_an_unknown_name_is_told_what_is_connected() -> None:
    assert connected.named({"acme": ACME}, "acme") is ACME
    with pytest.raises(errors.NotFound, match=r"Connected: acme, beta\."):
        connected.named({"beta": ACME, "acme": ACME}, "zeta")


@pytest.mark.parametrize(
    ("action", "told"),
    [
        (model.Action.UNACKNOWLEDGE, "un-acknowledge anomalies"),
        (model.Action.COMMENT, "comment on anomalies"),
        (model.Action.SCAN, "start scans"),
        (model.Action.ABORT, "stop scans"),
        (model.Action.CASE, "link anomalies to a case"),
    ],
)
def test_what_a_system_does_not_offer_is_refused_with_the_way_out(action: model.Action, told: str) -> None:
    connected.require(ACME, model.Action.ARCHIVE)
    with pytest.raises(errors.NotSupported) as refused:
        connected.require(ACME, action)
    assert str(refused.value) == f"Acme offers no way to {told} from here. Open Acme to do that."


SYSTEMS = {"q": System("Qualytics", frozenset({model.Action.SCAN}), ("Invalid",)), "a": System("Anodot", frozenset())}


def test_a_system_offers_what_it_says_and_one_that_is_away_offers_nothing() -> None:
    assert connected.capabilities(SYSTEMS, "q") == model.Capabilities("Qualytics", frozenset({model.Action.SCAN}), ("Invalid",))
    assert connected.capabilities(SYSTEMS, "x") == model.Capabilities("x", frozenset())


def test_what_not_every_system_has_is_refused_where_it_is_missing() -> None:
    scans = System("Acme", frozenset({model.Action.SCAN}))
    assert connected.part({"acme": "its scanner"}, "acme", scans, model.Action.SCAN) == "its scanner"
    parts: dict[str, str] = {"acme": "its scanner"}
    for name, system in (("acme", ACME), ("beta", scans)):
        with pytest.raises(errors.NotSupported, match=r"^Acme offers no way to start scans from here\. Open Acme to do that\.$"):
            connected.part(parts, name, system, model.Action.SCAN)
