"""The comments that actions leave, and that the history does not tell twice."""

from __future__ import annotations

from datetime import UTC, datetime

from bot import model
from bot.core import attribution

AT = datetime(2026, 11, 21, tzinfo=UTC)
REF = model.Ref("qualytics", "1")


def test_an_archive_says_as_what_and_by_whom() -> None:
    change = model.Change(model.Action.ARCHIVE, archive_as="Duplicate")
    assert attribution.remark(change, "Dana") == "Archived as Duplicate by Dana via Slack."
    assert attribution.remark(model.Change(model.Action.COMMENT, comment="x"), "Dana") == ""


def test_the_history_leaves_out_what_the_journal_tells_and_nothing_else() -> None:
    entries = [model.Entry(REF, "acknowledge", AT, actor="U1", actor_name="Dana")]
    ours = model.Comment("bot", "Acknowledged by Dana via Slack.", AT)
    lees = model.Comment("bot", "Acknowledged by Lee via Slack.", AT)
    human = model.Comment("Dana", "Acknowledged that this is bad", AT)
    assert list(attribution.foreign([ours, lees, human], entries)) == [lees, human]
