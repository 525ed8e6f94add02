"""How a system closes anomalies is its own data: any words, any number of them, also none."""

from __future__ import annotations

import pytest

from bot import errors, model
from bot.core import closings

STRANGE = (
    model.Closing("not_a_problem", "nothing was wrong", "Not a problem", model.ClosingKind.WRONG),
    model.Closing("good catch", "somebody acted on it", kind=model.ClosingKind.FIXED),
    model.Closing("Vanished", chosen=False),
)


def archive(word: str | None) -> model.Change:
    return model.Change(model.Action.ARCHIVE, archive_as=word)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("not_a_problem", "not_a_problem"),
        ("NOT_A_PROBLEM", "not_a_problem"),
        ("Not a problem", "not_a_problem"),
        ("Good Catch", "good catch"),
        (None, None),
    ],
)
def test_a_word_is_sent_as_its_system_spells_it(typed: str | None, sent: str | None) -> None:
    assert closings.fitted(STRANGE, archive(typed), "Strange").archive_as == sent


@pytest.mark.parametrize(
    ("offered", "word", "told"),
    [
        (STRANGE, "Resolved", 'Strange does not close anomalies as "Resolved". It takes as:not_a_problem (nothing was wrong) or as:"good'),
        (STRANGE, "good cash", "Did you mean good catch?"),
        (STRANGE, "Vanished", 'does not close anomalies as "Vanished"'),
        ((), "Resolved", 'Strange closes anomalies without a reason. Leave "Resolved" out.'),
        (STRANGE[2:], "Vanished", "without a reason"),
    ],
)
def test_a_word_that_people_cannot_choose_there_is_refused_with_those_that_they_can(
    offered: closings.Closings, word: str, told: str
) -> None:
    with pytest.raises(errors.NotSupported) as refused:
        closings.fitted(offered, archive(word), "Strange")
    assert told in str(refused.value)


def test_it_is_called_by_its_title_and_an_unknown_one_by_its_word() -> None:
    assert closings.title(STRANGE, "not_a_problem") == "Not a problem"
    assert closings.title(STRANGE, "good catch") == "Good catch"
    assert closings.title((), "not_a_problem") == "Not a problem"


def test_which_one_says_that_the_cause_is_gone() -> None:
    assert [closings.fixes(STRANGE, one) for one in ("good catch", "not_a_problem", "unknown", None)] == [True, False, False, False]
