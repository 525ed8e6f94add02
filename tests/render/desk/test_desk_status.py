"""The desk about itself: what it can be asked."""

from __future__ import annotations

from bot import model
from bot.render.desk import desk_help
from tests.render import slack_rules


def test_the_help_names_the_words_of_single_systems_with_whose_they_are() -> None:
    delta = model.OwnWord("delta", "delta:20", "the smallest change", str)
    message = desk_help.full(None, own={"Qualytics": (), "Anodot": (delta,)})
    assert "Only in Anodot: delta:20 (the smallest change)." in slack_rules.seen(message) and "Only in Qualytics" not in message.text
    assert "Only in Anodot: delta:20" in message.text
