"""Every reason has a sentence, and the sentence its numbers."""

from __future__ import annotations

import pytest

from bot import model
from bot.core import reasons


@pytest.mark.parametrize("reason", list(model.Reason))
def test_every_reason_is_a_sentence(reason: model.Reason) -> None:
    told = reasons.sentence(reason)
    assert told[0].isupper() and told.endswith(".") and "{" not in told and "_" not in told


@pytest.mark.parametrize(
    ("wait", "told"),
    [
        (10.0, "Folded into a group card: more than 3 anomalies arrived within 10 seconds."),
        (1.0, "Folded into a group card: more than 3 anomalies arrived within 1 second."),
        (0.5, "Folded into a group card: more than 3 anomalies arrived within 0.5 seconds."),
        (0.0, "Folded into a group card: more than 3 anomalies arrived within one look at the system."),
    ],
)
def test_the_numbers_are_those_of_the_route(wait: float, told: str) -> None:
    assert reasons.sentence(model.Reason.BURST, model.Route("r", "C1", burst=3, wait_seconds=wait)) == told


def test_an_error_is_told_where_it_explains() -> None:
    assert reasons.sentence(model.Reason.REFUSED, detail="msg_too_long").endswith("Slack said: msg_too_long")
    assert "Slack said" not in reasons.sentence(model.Reason.LEADING, detail="msg_too_long")
