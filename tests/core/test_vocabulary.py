"""The words for actions: every one that people take has its own."""

from __future__ import annotations

from bot import model
from bot.core import vocabulary

NO_CHANGES = {model.Action.SCAN, model.Action.ABORT, model.Action.BROWSE, model.Action.ROWS}


def test_every_change_is_called_something() -> None:
    assert {action for action in model.Action if vocabulary.verb(action) is vocabulary.CHANGE} == NO_CHANGES


def test_a_verb_in_the_middle_of_a_sentence_is_small() -> None:
    assert vocabulary.order(model.Action.UNACKNOWLEDGE) == "un-acknowledge"
    assert vocabulary.done(model.Action.COMMENT) == "commented on"


def test_an_unknown_word_is_a_change() -> None:
    assert vocabulary.order("frobnicate") == "change"
    assert vocabulary.done("frobnicate") == "changed"
