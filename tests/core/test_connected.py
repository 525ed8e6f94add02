"""Which system a name means, and what it lets people do."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot import errors, model
from bot.core import connected


@dataclass
class System:
    title: str
    supports: frozenset[model.Action]
    archive_as: tuple[model.ArchiveAs, ...] = ()


SYSTEMS = {"q": System("Qualytics", frozenset({model.Action.SCAN}), (model.ArchiveAs.INVALID,)), "a": System("Anodot", frozenset())}


def test_a_name_that_is_not_connected_is_refused_with_those_that_are() -> None:
    assert connected.named(SYSTEMS, "q").title == "Qualytics"
    with pytest.raises(errors.NotFound, match=r'"x" is connected here. Connected: a, q.'):
        connected.named(SYSTEMS, "x")


def test_a_system_offers_what_it_says_and_one_that_is_away_offers_nothing() -> None:
    assert connected.capabilities(SYSTEMS, "q") == model.Capabilities(
        "Qualytics", frozenset({model.Action.SCAN}), (model.ArchiveAs.INVALID,)
    )
    assert connected.capabilities(SYSTEMS, "x") == model.Capabilities("x", frozenset())
