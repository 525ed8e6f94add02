"""What people see of one change to many anomalies: the preview, the progress, the receipt, the CSV, the form before a deletion."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.batch import batch_message, batch_preview, deletion_form
from bot.render.kit import ids, spreadsheet
from sandbox.slack.blockkit import surfaces
from tests.render import samples, slack_rules

CAPABILITIES, ARCHIVE, SPLIT = samples.CAPABILITIES, samples.ARCHIVE_312, samples.SPLIT
REFUSED, DRIFTED, ALREADY = model.Fate.REFUSED, model.Fate.DRIFTED, model.Fate.ALREADY
HOSTILE = "<!channel> *x* :tada: <https://evil.example|bank>"


def because(fate: model.Fate, reason: str, *refs: str, count: int = 0, right: str = "", places: Sequence[str] = ()) -> model.Refusals:
    return model.Refusals(fate, reason, right, tuple(places), count or len(refs), tuple(model.Ref("qualytics", ref) for ref in refs))


def changing(action: model.Action, total: int = 312, **more: object) -> model.Batch:
    return replace(ARCHIVE, change=model.Change(action, **more), total=total)  # type: ignore[arg-type]


def sound(message: model.Message) -> model.Message:
    assert slack_rules.faults(message) == []
    assert surfaces.check(list(message.blocks), "message").lines == []
    return message


def seen(message: model.Message) -> str:
    return slack_rules.seen(sound(message)).replace("\n ", " ")  # bold and what follows it are one line


def pressed(message: model.Message) -> dict[str, dict[str, object]]:
    return {part["action_id"]: part for part in slack_rules.pressable(message)}


def view(frozen: model.Batch, *refusals: model.Refusals, undoable: bool = True, **counts: int) -> model.BatchView:
    return samples.batch_view(frozen, samples.progress(*refusals, **counts), undoable=undoable, names={"7": "Lee Park"})


def preview(frozen: model.Batch = ARCHIVE, *refusals: model.Refusals, **counts: int) -> model.Message:
    return batch_preview.preview(view(frozen, *refusals, **(counts or {"todo": frozen.total})), SPLIT)


# --- the preview ------------------------------------------------------------------------------------------------------------------


def test_preview_says_what_would_change_how_bad_it_is_and_where() -> None:
    message = preview()
    assert seen(message).split("\n") == [
        "Archive 312 anomalies as Duplicate?",
        "312 anomalies: table:orders status:open.",
        "Includes 2 critical and 7 assigned to others. Includes 112 acknowledged.",
        "\N{LARGE RED SQUARE} 2 critical · \N{LARGE ORANGE SQUARE} 310 high",
        "By datastore: warehouse-prod 300, crm 12.",
        "By table: orders 312.",
        "By assignee: nobody 300, Lee Park 7, you 5.",
        "By status: Active 200, Acknowledged 112.",
        "The worst of them:",
        "• 🟧 High · orders · customer_id not null and 1 more · 4,210 rows · unassigned · #1001",
        "Undo for 30 minutes.",
        "Confirm: archive 312",
        "Cancel",
    ]
    assert slack_rules.heard(message) == (
        "Archive 312 anomalies as Duplicate? 312 anomalies: table:orders status:open. Includes 2 critical and 7 assigned to others. "
        "Includes 112 acknowledged. By severity: 2 critical, 310 high. By datastore: warehouse-prod 300, crm 12. By table: orders 312. "
        "By assignee: nobody 300, Lee Park 7, you 5. By status: Active 200, Acknowledged 112. Undo for 30 minutes. "
        "Nothing is changed until you press Confirm."
    )


def test_preview_counts_by_nothing_that_none_of_them_has() -> None:
    bare = model.Split([("", 8)], [("", 8)], [], SPLIT.sample, systems=[("qualytics", 8)], assignees=[("", 8)])
    shown = view(ARCHIVE, todo=8)
    assert "By " not in seen(batch_preview.preview(shown, bare))
    some = replace(bare, places=[("crm", 5), ("", 3)], placed=["qualytics"])
    lines = seen(batch_preview.preview(shown, some)).split("\n")
    assert [line for line in lines if line.startswith("By ")] == ["By datastore: crm 5, no datastore 3."]


def test_preview_offers_confirm_and_cancel_for_this_batch() -> None:
    confirm, cancel = slack_rules.pressable(preview())
    assert (confirm["action_id"], confirm["text"]["text"], confirm["value"]) == (ids.BATCH_CONFIRM, "Confirm: archive 312", "b-4f2a")
    assert confirm["style"] == "danger"
    assert (cancel["action_id"], cancel["text"]["text"], cancel["value"]) == (ids.BATCH_CANCEL, "Cancel", "b-4f2a")
    assert "style" not in cancel
    acknowledge = pressed(preview(changing(model.Action.ACKNOWLEDGE)))[ids.BATCH_CONFIRM]
    assert acknowledge["style"] == "primary"


def test_only_what_would_change_is_counted_and_the_rest_is_explained() -> None:
    closed = because(REFUSED, "It is archived as Invalid. Reopen it first.", "7", "8", "9")
    so = because(ALREADY, "It is archived as Duplicate already.", "1", count=5)
    message = preview(replace(ARCHIVE, total=320), so, closed, todo=312, already=5, refused=3)
    told = seen(message)
    assert told.startswith("Archive 312 anomalies as Duplicate?\n320 anomalies: table:orders status:open. 312 would change,")
    assert "312 would change, 5 are so already, 3 are left out.\n" in told
    assert "• 3 refused (id 7, 8, 9): It is archived as Invalid. Reopen it first\n" in told
    assert "archived as Duplicate already" not in told
    assert "3 refused (id 7, 8, 9)" in slack_rules.heard(message)


def test_nothing_to_do_has_nothing_to_confirm() -> None:
    message = preview(replace(ARCHIVE, total=5), because(REFUSED, "It was deleted.", "9"), already=4, refused=1)
    assert seen(message) == (
        "Nothing to do. 5 anomalies: table:orders status:open. None would change, 4 are so already, 1 is left out.\n"
        "• 1 refused (id 9): It was deleted"
    )
    assert slack_rules.pressable(message) == []


def test_preview_of_a_deletion_has_no_confirm() -> None:
    message = preview(changing(model.Action.DELETE))
    assert set(pressed(message)) == {ids.BATCH_CANCEL}
    told = seen(message)
    assert told.startswith("Delete 312 anomalies?")
    assert "No undo: they are gone for good. Nothing is deleted yet: a form asks for the number 312 first." in told
    assert "press Confirm" not in slack_rules.heard(message)


def test_preview_of_an_archive_that_cannot_be_undone_says_so() -> None:
    capabilities = replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.REOPEN})
    told = seen(batch_preview.preview(samples.batch_view(ARCHIVE, samples.progress(todo=312), capabilities), SPLIT))
    assert "No undo: Qualytics offers no way to reopen them from here." in told


def test_preview_tells_everything_that_each_anomaly_gets() -> None:
    frozen = changing(
        model.Action.ACKNOWLEDGE,
        assignees=("7", "8"),
        add_tags=("incident", "<!here> *x*"),
        remove_tags=("new",),
        description="Investigating in INC-987",
        comment="known since May",
    )
    told = seen(preview(frozen))
    assert (
        "Each anomaly gets:\n"
        "• tags added: incident, <!here> *x*\n"
        "• tags removed: new\n"
        "• assigned to Lee Park, user 8, in place of whoever is assigned now\n"
        "• description: Investigating in INC-987\n"
        "• comment: known since May\n"
    ) in told
    assert "Undo for 30 minutes. Its comments stay." in told
    cleared = seen(preview(changing(model.Action.DESCRIBE, description=" ", assignees=())))
    assert "• nobody is assigned any more\n• the description is emptied\n" in cleared


@pytest.mark.parametrize(
    ("frozen", "title"),
    [
        (changing(model.Action.ACKNOWLEDGE, 1), "Acknowledge 1 anomaly?"),
        (changing(model.Action.UNACKNOWLEDGE), "Un-acknowledge 312 anomalies?"),
        (changing(model.Action.ASSIGN, assignees=("7",)), "Assign 312 anomalies to Lee Park?"),
        (changing(model.Action.ASSIGN, assignees=()), "Unassign 312 anomalies?"),
        (changing(model.Action.ASSIGN), "Reassign 312 anomalies?"),
        (changing(model.Action.ASSIGN, swap=("Gus Lind", "Lee Park")), "Reassign 312 anomalies from Gus Lind to Lee Park?"),
        (changing(model.Action.ARCHIVE), "Archive 312 anomalies?"),
        (changing(model.Action.REOPEN), "Reopen 312 anomalies?"),
        (changing(model.Action.TAG, add_tags=("a",), remove_tags=("b",)), "Tag 312 anomalies?"),
        (changing(model.Action.TAG, remove_tags=("b",)), "Untag 312 anomalies?"),
        (changing(model.Action.COMMENT, comment="x"), "Comment on 312 anomalies?"),
        (changing(model.Action.DESCRIBE, description="x"), "Describe 312 anomalies?"),
        (changing(model.Action.BROWSE), "Change 312 anomalies?"),
    ],
)
def test_every_change_has_its_name(frozen: model.Batch, title: str) -> None:
    message = preview(frozen)
    assert seen(message).split("\n")[0] == title
    assert slack_rules.heard(message).startswith(title)
    label = pressed(message)[ids.BATCH_CONFIRM]["text"]
    assert label["text"].startswith(f"Confirm: {title.split(' anomal')[0].lower()}")  # type: ignore[index]


def test_answers_to_the_buttons() -> None:
    assert seen(batch_message.cancelled(ARCHIVE)) == "Cancelled: Archive 312 anomalies as Duplicate. Nothing was changed."
    told = seen(batch_message.started(view(samples.running(), todo=312)))
    assert told == ("Dana is archiving 312 anomalies as Duplicate.\nIts message in <#C1> shows how far it is, and then what came of it.")
    told = seen(batch_message.taking_back(view(replace(samples.finished(), channel="D7"), done=312)))
    assert told == (
        "This is being taken back: Dana archived 312 anomalies as Duplicate.\n"
        "Its message in direct messages with this desk shows what comes of it."
    )


# --- the lasting message ------------------------------------------------------------------------------------------------------------


def card(frozen: model.Batch, *refusals: model.Refusals, undoable: bool = True, **counts: int) -> model.Message:
    return batch_message.card(view(frozen, *refusals, undoable=undoable, **counts))


def test_progress_says_how_far_it_is_who_asked_and_what() -> None:
    frozen = samples.running(replace(ARCHIVE, total=10_000))
    message = card(frozen, because(REFUSED, "locked", "7", "8", "9"), done=4_200, refused=3, todo=5_700, sent=97)
    assert seen(message) == (
        "Dana is archiving 9,997 anomalies as Duplicate: 4,200 done, 3 refused, 5,797 to go · table:orders status:open\n"
        "▓▓▓▓░░░░░░ 42 %\n"
        "• 3 refused (id 7, 8, 9): locked"
    )
    assert slack_rules.heard(message) == (
        "Dana is archiving 9,997 anomalies as Duplicate: 4,200 done, 3 refused, 5,797 to go. 42 % is settled. "
        "Selected: table:orders status:open. 3 refused (id 7, 8, 9): locked."
    )
    assert slack_rules.pressable(message) == []


def test_progress_never_says_all_before_it_is_all() -> None:
    frozen = samples.running(replace(ARCHIVE, total=10_000))
    assert "░ 99 %" in seen(card(frozen, done=9_999, sent=1))
    assert "▓▓▓▓▓▓▓▓▓▓ 100 %" in seen(card(frozen, done=10_000))
    assert "░░░░░░░░░░ 0 %" in seen(card(frozen, todo=10_000))


def test_receipt_of_a_batch_that_was_done_as_a_whole() -> None:
    message = card(samples.finished(), done=312)
    assert seen(message).split("\n") == [
        "Dana archived 312 anomalies as Duplicate · table:orders status:open",
        "Undo",
        "Take this back?",
        "312 anomalies will be put back as before, wherever nobody changed anything since.",
        "Undo",
        "Keep it",
        "Undo until 2026-11-21 09:42 UTC · CSV in the thread",
    ]
    assert slack_rules.heard(message) == (
        "Dana archived 312 anomalies as Duplicate. Selected: table:orders status:open. Undo until 2026-11-21 09:42 UTC. "
        "CSV in the thread names every anomaly with its result."
    )
    assert pressed(message)[ids.BATCH_UNDO]["value"] == "b-4f2a"


def test_a_receipt_says_how_bad_those_were_that_nobody_looks_at_any_more() -> None:
    done = model.Afterwards([(model.Severity.CRITICAL, 2), (model.Severity.HIGH, 3), (model.Severity.LOW, 307)])
    message = batch_message.card(replace(view(samples.finished(), done=312), done=done))
    assert "Among them: \N{LARGE RED SQUARE} 2 critical · \N{LARGE ORANGE SQUARE} 3 high\n" in seen(message)
    assert "as Duplicate. Among them: 2 critical, 3 high. Selected" in slack_rules.heard(message)
    tagged = batch_message.card(replace(view(samples.finished(changing(model.Action.TAG, add_tags=("x",))), done=312), done=done))
    assert "Among them" not in seen(tagged)


def test_receipt_names_every_refused_id_with_its_reason() -> None:
    frozen = samples.finished(replace(ARCHIVE, total=20))
    right = because(REFUSED, "Qualytics refused.", *map(str, range(10)), right="Author", places=["crm"])
    moved = because(DRIFTED, "It is Acknowledged now.", "90", "91")
    message = card(frozen, right, moved, done=5, already=3, refused=10, drifted=2)
    told = seen(message)
    assert told.startswith(
        "Dana archived 5 anomalies as Duplicate · 3 already so, 10 refused, 2 left alone because of a change in between · "
        "table:orders status:open\n"
    )
    assert (
        "• 10 refused (id 0, 1, 2, 3, 4, 5, 6, 7, 8, 9): Qualytics refused; the desk's user lacks the right Author on crm in Qualytics\n"
        in told
    )
    assert "• 2 left alone because of a change in between (id 90, 91): It is Acknowledged now\n" in told
    assert "CSV" not in told
    assert "id 90, 91" in slack_rules.heard(message)


@pytest.mark.parametrize(
    ("places", "where"),
    [
        ((), ""),
        (("crm", "sales"), " on crm and sales"),
        (tuple("abcdefg"), " on a, b, c, d, e and 2 more"),
    ],
)
def test_one_missing_right_is_one_reason_that_names_where_it_is_missing(places: Sequence[str], where: str) -> None:
    told = seen(card(samples.finished(), because(REFUSED, "Qualytics refused.", "1", "2", right="Author", places=places), refused=2))
    assert f"• 2 refused (id 1, 2): Qualytics refused; the desk's user lacks the right Author{where} in Qualytics\n" in told


def test_twenty_reasons_of_twenty_refusals_are_all_on_the_card_and_as_many_as_fit_in_its_text() -> None:
    frozen = samples.finished(replace(ARCHIVE, total=20))
    groups = [because(REFUSED, f"{number}: {'x' * 480}", f"100{number}") for number in range(20)]
    message = card(frozen, *groups, refused=20)
    told = seen(message)
    assert told.startswith("Dana archived none of 20 anomalies as Duplicate · 20 refused · table:orders status:open\n")
    for number in range(20):
        assert f"• 1 refused (id 100{number}): {number}: xxx" in told
    assert "19 more are in the message itself." in slack_rules.heard(message)


def test_the_fullest_receipt_has_at_most_forty_blocks_and_offers_no_less() -> None:
    groups = [because(REFUSED, f"{number}: {'x' * 480}", f"100{number}") for number in range(20)]
    frozen = samples.finished(replace(changing(model.Action.ARCHIVE, 20, archive_as="Duplicate", comment="x")))
    done = model.Afterwards([(model.Severity.CRITICAL, 2)])
    receipt = replace(view(frozen, *groups, done=1, refused=20), done=done)
    taken_back = replace(receipt, back=view(replace(samples.finished(BACK), total=20), *groups, done=1, refused=19))
    for shown in (receipt, taken_back):
        message = batch_message.card(shown)
        assert len(sound(message).blocks) <= 40 and "left out" not in seen(message)
        assert len(message.text) <= 3_000
    assert ids.BATCH_UNDO in pressed(batch_message.card(receipt))


def test_ten_thousand_refusals_fit_and_the_csv_has_the_rest() -> None:
    frozen = samples.finished(replace(ARCHIVE, total=10_000))
    groups = [because(REFUSED, f"reason {number} {HOSTILE}", f"100{number}") for number in range(10_000)]
    told = seen(card(frozen, *groups, refused=10_000))
    assert "• 1 refused (id 1007): reason 7 <!channel> *x*" in told and "reason 8 " not in told
    assert told.endswith("• 9,992 more for other reasons\nCSV in the thread")
    one = because(REFUSED, "locked", *map(str, range(100, 140)), count=10_000)
    assert "• 10,000 refused (id 100, 101, 102, 103, 104 and 9,995 more): locked" in seen(card(frozen, one, refused=10_000))


def test_a_reason_that_nobody_gave_is_said_so() -> None:
    told = seen(card(samples.finished(), because(REFUSED, "", "1"), because(DRIFTED, " ", "2"), done=310, refused=1, drifted=1))
    assert "(id 1): the system refused and gave no reason" in told
    assert "(id 2): somebody changed it in between" in told


@pytest.mark.parametrize(
    ("frozen", "undoable", "done", "words"),
    [
        (samples.finished(), False, 312, ""),
        (samples.finished(), True, 0, ""),
        (samples.finished(changing(model.Action.DELETE)), True, 312, "No undo: they are gone for good"),
        (samples.finished(changing(model.Action.COMMENT, comment="x")), True, 312, "No undo: a comment cannot be taken back from here"),
        (replace(samples.finished(), undone_by="b-9"), True, 312, "This was taken back"),
        (replace(samples.finished(), undo_of="b-1"), True, 312, ""),
    ],
)
def test_no_undo_where_there_is_none(frozen: model.Batch, undoable: bool, done: int, words: str) -> None:
    message = card(frozen, undoable=undoable, done=done, already=312 - done)
    assert slack_rules.pressable(message) == []
    assert words in seen(message) and "Undo" not in slack_rules.heard(message)


def test_no_undo_of_an_archive_where_nothing_can_be_reopened() -> None:
    capabilities = replace(CAPABILITIES, supports=CAPABILITIES.supports - {model.Action.REOPEN})
    done = samples.progress(done=312)
    message = batch_message.card(samples.batch_view(samples.finished(), done, capabilities, undoable=True))
    assert slack_rules.pressable(message) == []
    assert "No undo: Qualytics offers no way to reopen them from here" in seen(message)
    acknowledged = samples.finished(changing(model.Action.ACKNOWLEDGE))
    assert ids.BATCH_UNDO in pressed(batch_message.card(samples.batch_view(acknowledged, done, capabilities, undoable=True)))


def test_undo_keeps_comments_and_the_card_says_so() -> None:
    told = seen(card(samples.finished(changing(model.Action.ACKNOWLEDGE, comment="known")), done=312))
    assert "Undo until 2026-11-21 09:42 UTC. Its comments stay · CSV in the thread" in told
    assert "Each: comment: known." in told


BACK = replace(ARCHIVE, id="undo-b-4f2a", change=model.Change(model.Action.REOPEN), words="undo b-4f2a", undo_of="b-4f2a", actor_name="Lee")


def test_an_undo_stands_above_the_receipt_and_says_what_could_not_return() -> None:
    receipt = view(samples.finished(), done=312)
    under_way = batch_message.card(replace(receipt, back=view(samples.running(BACK), done=100, todo=212)))
    assert seen(under_way).split("\n") == [
        "Lee is taking this back: 100 as before again, 212 to go · ▓▓▓░░░░░░░ 32 %",
        "Dana archived 312 anomalies as Duplicate · table:orders status:open",
        "CSV in the thread",
    ]
    stuck = because(REFUSED, "Qualytics accepted it, but the anomaly is still Duplicate there.", "7", count=12)
    back = view(samples.finished(BACK), stuck, because(DRIFTED, "Lee tagged it.", "8"), done=299, refused=12, drifted=1)
    over = batch_message.card(replace(receipt, back=back))
    assert seen(over).split("\n")[:5] == [
        "Taken back by Lee: 299 as before again, 12 could not return, 1 left alone because of a change since",
        "• 12 could not return (id 7 and 11 more): Qualytics accepted it, but the anomaly is still Duplicate there",
        "• 1 left alone because of a change since (id 8): Lee tagged it",
        samples.DATE,
        "Dana archived 312 anomalies as Duplicate · table:orders status:open",
    ]
    assert slack_rules.heard(over).startswith(f"Taken back by Lee {samples.DATE}: 299 as before again, 12 could not return, 1 left")
    assert "Before that, Dana archived 312 anomalies as Duplicate." in slack_rules.heard(over)
    assert slack_rules.pressable(under_way) == slack_rules.pressable(over) == []


def test_an_undo_that_has_a_message_of_its_own_from_an_earlier_release_is_told_there_too() -> None:
    assert seen(card(samples.running(BACK), done=100, todo=212)).startswith(
        "Lee is taking back 312 changes: 100 as before again, 212 to go"
    )
    assert seen(card(samples.finished(BACK), done=312)) == "Lee took back 312 changes\nCSV in the thread"


def test_cancelled_and_waiting_cards_say_that_nothing_was_changed() -> None:
    assert seen(card(replace(ARCHIVE, state=model.BatchState.CANCELLED), todo=312)).startswith("Cancelled: Archive 312 anomalies")
    waiting = card(ARCHIVE, todo=312)
    assert "waiting for its confirmation. Nothing was changed." in seen(waiting) and slack_rules.pressable(waiting) == []


# --- the CSV ------------------------------------------------------------------------------------------------------------------------


def item(ident: str, fate: model.Fate = model.Fate.DONE, **more: str) -> model.Item:
    return model.Item(model.Ref("qualytics", ident), model.Snapshot(model.State.ACTIVE, "Active"), fate, **more)  # type: ignore[arg-type]


def rows(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_csv_has_one_line_for_each_anomaly() -> None:
    content = spreadsheet.receipt(
        [
            item("1", table="orders", place="warehouse-prod"),
            item("2", REFUSED, reason='No "right", sorry\nreally', right="Author", table="Bestellübersicht", place="crm"),
        ]
    )
    assert content.startswith(b"\xef\xbb\xbfid,table,datastore,result,reason,missing right\r\n")
    assert rows(content)[1:] == [
        ["qualytics:1", "orders", "warehouse-prod", "done", "", ""],
        ["qualytics:2", "Bestellübersicht", "crm", "refused", 'No "right", sorry really', "Author"],
    ]
    assert rows(spreadsheet.receipt([])) == [["id", "table", "datastore", "result", "reason", "missing right"]]


def test_csv_knows_every_fate() -> None:
    told = [row[3] for row in rows(spreadsheet.receipt([item("1", fate) for fate in model.Fate]))[1:]]
    assert len(set(told)) == len(model.Fate)


@pytest.mark.parametrize("value", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\n=1", "\u200b=1", "\u200d=1", "＝1", "'=1", "\ufeff=1"])
def test_a_cell_that_would_be_calculated_is_defused(value: str) -> None:
    cell = rows(spreadsheet.receipt([item("1", reason=value)]))[1][4]
    assert cell.startswith("'") and cell.endswith(value[-1])
    assert rows(spreadsheet.receipt([item("1", reason="a=1 - b@c")]))[1][4] == "a=1 - b@c"


@given(st.lists(samples.ITEMS, max_size=5))
def test_no_cell_of_a_stranger_breaks_the_csv(items: list[model.Item]) -> None:
    read = rows(spreadsheet.receipt(items))
    assert [len(row) for row in read] == [6] * (len(items) + 1)
    for row in read[1:]:
        for cell in row:
            assert cell[:1] not in ("=", "+", "-", "@", "\t", "\r", "\n")


def test_ten_thousand_lines() -> None:
    assert len(rows(spreadsheet.receipt([item(str(number)) for number in range(10_000)]))) == 10_001


# --- the form before a deletion -----------------------------------------------------------------------------------------------------


def test_the_form_asks_for_the_number_and_gives_the_batch_back() -> None:
    view = deletion_form.form(changing(model.Action.DELETE), 312)
    assert slack_rules.view_faults(view) == [] and surfaces.check_view(view, "modal").lines == []
    told = slack_rules.seen(view)
    assert "312 anomalies will be deleted for good." in told and "Selected: table:orders status:open." in told
    assert "Type the number 312 to delete these anomalies" in told
    assert view["callback_id"] == ids.DELETE_VIEW and view["submit"]["text"] == "Delete"
    typed = next(part for part in slack_rules.pressable(view["blocks"]))
    assert (typed["action_id"], typed.get("initial_value"), typed.get("placeholder")) == (ids.DELETE_COUNT, None, None)
    state = {"values": {ids.DELETE_COUNT: {ids.DELETE_COUNT: {"type": "plain_text_input", "value": " 312 "}}}}
    assert deletion_form.read({**view, "state": state}) == ("b-4f2a", "312")
    assert deletion_form.read(view) == ("b-4f2a", "")


@pytest.mark.parametrize("view", [{}, {"private_metadata": ""}, {"private_metadata": "b", "callback_id": "assign"}])
def test_foreign_forms_are_refused(view: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        deletion_form.read(view)


@pytest.mark.parametrize("typed", ["10000", " 10000 ", "10,000", "10 000", "10.000", "10'000", "10\u202f000"])
def test_the_right_number_in_any_writing(typed: str) -> None:
    assert deletion_form.wrong(typed, 10_000) is None


@pytest.mark.parametrize(
    "typed", ["", "1000", "100,00", "10000.0", "1,0000", "ten thousand", "-10000", "+10000", "10000!", "all", "9" * 5000]
)
def test_a_wrong_number_deletes_nothing(typed: str) -> None:
    wrong = deletion_form.wrong(typed, 10_000)
    assert wrong == {ids.DELETE_COUNT: "Type 10,000 exactly, the number of anomalies to delete. Nothing was deleted."}


def test_nothing_left_to_delete_is_never_confirmed() -> None:
    assert deletion_form.wrong("0", 0) == {ids.DELETE_COUNT: "Nothing is left to delete. Close this form."}


def test_a_batch_calls_a_way_of_closing_as_its_system_does() -> None:
    capabilities = replace(samples.CAPABILITIES, archive_as=(model.Closing("not_a_problem", title="No problem"),))
    frozen = replace(samples.ARCHIVE_312, change=model.Change(model.Action.ARCHIVE, archive_as="not_a_problem"))
    shown = samples.every_batch_message(frozen, samples.SPLIT, samples.progress(todo=312), capabilities)
    told = {name: slack_rules.heard(message) for name, message in shown.items()}
    for name in ("batch preview", "batch started", "batch card running True", "batch card done True", "batch card preview True"):
        assert "anomalies as No problem" in told[name], name
    assert "312 anomalies as Not a problem" in told["batch cancelled"], "without the system's own title its word is made readable"
