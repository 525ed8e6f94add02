"""The verbs that change: what selects, what is marked, who is named, and what is said when it is not clear."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar
from bot.core.grammar import edits, lexer, verbs
from bot.sources.qualytics import closings
from tests.core.grammar import spoken

TODAY = date(2026, 11, 21)
SOURCES = ("qualytics", "anodot")
CLOSINGS = {"qualytics": closings.CLOSINGS}


def read(text: str, sources: Sequence[str] = SOURCES) -> grammar.Command:
    return grammar.command(text, today=TODAY, sources=sources, default_source="qualytics", closings=CLOSINGS, systems=spoken.USUAL)


def mistake(text: str) -> errors.BadCommand:
    with pytest.raises(errors.BadCommand) as caught:
        read(text)
    return caught.value


# --- what is wanted -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "action", "wish"),
    [
        pytest.param("ack 1", "acknowledge", {}, id="ack"),
        pytest.param(
            "acknowledge 1001 +tag:incident,oncall -tag:x assign:<@U1|dana>,<@U2> note:“a, b” describe:'INC 987'",
            "acknowledge",
            {
                "add_tags": ("incident", "oncall"),
                "remove_tags": ("x",),
                "people": ("<@U1>", "<@U2>"),
                "note": "a, b",
                "description": "INC 987",
            },
            id="ack with everything",
        ),
        pytest.param("ack +tag:a 1 +tag:b,a", "acknowledge", {"add_tags": ("a", "b")}, id="tags before and after"),
        pytest.param('ack 1 +tag:"on call"', "acknowledge", {"add_tags": ("on call",)}, id="a tag of two words"),
        pytest.param("ack 1 +tag:<#C1|data-quality>,#late", "acknowledge", {"add_tags": ("data-quality", "late")}, id="a channel, a hash"),
        pytest.param('ack 1 +tag:"#late"', "acknowledge", {"add_tags": ("#late",)}, id="a hash that belongs to the tag"),
        pytest.param("ack 1 assign:me", "acknowledge", {"people": ("me",)}, id="assign to me"),
        pytest.param("ack 1 assign:@ME,<@U1>,me", "acknowledge", {"people": ("me", "<@U1>")}, id="each person once"),
        pytest.param("ack 1 assign:none", "acknowledge", {"people": ()}, id="assign to nobody"),
        pytest.param("ack assign:<@U1>, <@U2> 1", "acknowledge", {"people": ("<@U1>", "<@U2>")}, id="a space after the comma"),
        pytest.param("ack 1 assign:<@U1> ,<@U2>", "acknowledge", {"people": ("<@U1>", "<@U2>")}, id="a space before the comma"),
        pytest.param("ack 1 assign:<@U1> , <@U2>", "acknowledge", {"people": ("<@U1>", "<@U2>")}, id="spaces around the comma"),
        pytest.param("ack 1 assign:<@U1> <@U2>", "acknowledge", {"people": ("<@U1>", "<@U2>")}, id="no comma"),
        pytest.param("ack 1 assign:dana, lee", "acknowledge", {"people": ("dana", "lee")}, id="names with a space after the comma"),
        pytest.param("unack 1", "unacknowledge", {}, id="unack"),
        pytest.param('unack 1 describe:""', "unacknowledge", {"description": ""}, id="an empty description clears it"),
        pytest.param("tag 1 +tag:a -tag:b", "tag", {"add_tags": ("a",), "remove_tags": ("b",)}, id="tag"),
        pytest.param("tag 1 ＋tag:a –tag:b", "tag", {"add_tags": ("a",), "remove_tags": ("b",)}, id="wide plus, long dash"),
        pytest.param("tag 1 -tag:b", "tag", {"remove_tags": ("b",)}, id="untag"),
        pytest.param('describe 1 describe:"a b"', "describe", {"description": "a b"}, id="describe"),
        pytest.param("note 1 late: the load", "comment", {"note": "late: the load"}, id="note"),
        pytest.param("note 1 it's 5\" wide", "comment", {"note": "it's 5\" wide"}, id="note with loose quotation marks"),
        pytest.param('note 1 "all of it"', "comment", {"note": "all of it"}, id="quoted note"),
        pytest.param("note 1 'all of it'", "comment", {"note": "all of it"}, id="note in single quotation marks"),
        pytest.param('note 1 "a" and "b"', "comment", {"note": '"a" and "b"'}, id="note with two quotations"),
        pytest.param('note 1 note:"x y"', "comment", {"note": "x y"}, id="a marked note"),
        pytest.param("note 1: status:open is wrong", "comment", {"note": "status:open is wrong"}, id="note after a colon"),
        pytest.param("note 1 2 is the same", "comment", {"note": "2 is the same"}, id="numbers in a note are its text"),
        pytest.param("assign <@U1|dana>,<@U2> 1", "assign", {"people": ("<@U1>", "<@U2>")}, id="assign"),
        pytest.param("assign <@U1>, <@U2> 1", "assign", {"people": ("<@U1>", "<@U2>")}, id="assign as Slack types mentions"),
        pytest.param("assign <@U1> , lee, kim 1", "assign", {"people": ("<@U1>", "lee", "kim")}, id="assign: a name after a comma"),
        pytest.param("assign 1 to <@U1> and <@U2>", "assign", {"people": ("<@U1>", "<@U2>")}, id="assign in prose"),
        pytest.param("assign <mailto:a@b.io|a@b.io> 1", "assign", {"people": ("a@b.io",)}, id="an address, as Slack sends it"),
        pytest.param("assign dana 1", "assign", {"people": ("dana",)}, id="a bare name"),
        pytest.param('assign "Dana Levi" 1', "assign", {"people": ("Dana Levi",)}, id="a quoted name"),
        pytest.param("assign me 1 note:taken", "assign", {"people": ("me",), "note": "taken"}, id="assign with a note"),
        pytest.param("assign nobody 1", "assign", {"people": ()}, id="assign to nobody"),
        pytest.param("unassign 1", "assign", {"people": ()}, id="unassign clears"),
        pytest.param("reassign <@U1> <@U2> 1", "assign", {"swap": ("<@U1>", "<@U2>")}, id="reassign ids"),
        pytest.param("reassign <@U1>, me 1", "assign", {"swap": ("<@U1>", "me")}, id="reassign with a comma"),
        pytest.param("reassign dana lee 1", "assign", {"swap": ("dana", "lee")}, id="reassign names"),
        pytest.param("reassign me to lee 1", "assign", {"swap": ("me", "lee")}, id="a small word is no name"),
        pytest.param("assign <@U1> ,lee 1", "assign", {"people": ("<@U1>", "lee")}, id="assign: a name behind its comma"),
        pytest.param("reassign <@U1> lee 1", "assign", {"swap": ("<@U1>", "lee")}, id="reassign a mention and a name"),
        pytest.param("archive 1 as:Resolved", "archive", {"archive_as": "Resolved"}, id="archive"),
        pytest.param("close 1 as:discarded", "archive", {"archive_as": "Discarded"}, id="close"),
        pytest.param(
            "archive 1 as:duplicate note:same +tag:x",
            "archive",
            {"archive_as": "Duplicate", "note": "same", "add_tags": ("x",)},
            id="archive with a note and a tag",
        ),
        pytest.param("reopen 1 note:again", "reopen", {"note": "again"}, id="reopen"),
        pytest.param("restore 1", "reopen", {}, id="restore"),
        pytest.param("delete 1", "delete", {}, id="delete"),
    ],
)
def test_wishes(text: str, action: str, wish: dict[str, Any]) -> None:
    command = read(text)
    assert command.change == grammar.TypedChange(model.Action(action), **wish)
    assert [ref.id for ref in command.refs] in (["1"], ["1001"]) and command.query is None


@pytest.mark.parametrize(
    ("text", "query"),
    [
        pytest.param("ack status:open", {}, id="everything that is open, said"),
        pytest.param("ack table:orders +tag:x tag:pii", {"tables": ("orders",), "tags": ("pii",)}, id="tag: selects, +tag: changes"),
        pytest.param("assign me assignee:none limit:20", {"assignees": ("none",), "limit": 20}, id="assignee: selects"),
        pytest.param("unassign assignee:<@U1>", {"assignees": ("<@U1>",)}, id="unassign what somebody has"),
        pytest.param("archive id:1,2 as:invalid", {"ids": ("1", "2")}, id="ids as a filter"),
        pytest.param("reopen status:invalid table:a", {"statuses": ("invalid",), "tables": ("a",)}, id="reopen"),
        pytest.param("reopen status:any since:7d", {"statuses": ("any",), "since": date(2026, 11, 14)}, id="reopen any"),
        pytest.param("reassign <@U1> <@U2>", {"assignees": ("<@U1>",)}, id="reassign everything"),
        pytest.param("reassign <@U1> to me table:a", {"tables": ("a",), "assignees": ("<@U1>",)}, id="reassign some"),
        pytest.param("reassign me lee assignee:kim", {"assignees": ("kim",)}, id="reassign with its own assignee"),
    ],
)
def test_selections(text: str, query: dict[str, Any]) -> None:
    command = read(text)
    assert command.query == model.Query(**query)
    assert command.refs == ()
    assert grammar.query(command.selection, today=TODAY) in (command.query, model.Query(**(query | {"assignees": ()})))


def test_the_selection_is_told_as_it_was_typed() -> None:
    assert read('ack note:"x" 1001 1002-1003').selection == "1001 1002-1003"
    assert read('archive since:7d as:invalid table:"a b"').selection == 'since:7d table:"a b"'
    assert read("reassign <@U1> me").selection == "assignee:<@U1>"


@pytest.mark.parametrize(("text", "batch"), [("undo", ""), ("undo 7f3a-9", "7f3a-9"), ("UNDO #7f3a", "7f3a")])
def test_undo(text: str, batch: str) -> None:
    command = read(text)
    assert (command.verb, command.batch, command.change, command.refs) == ("undo", batch, None, ())


def test_a_wish_becomes_a_change() -> None:
    wish = read("archive 1 as:invalid +tag:a -tag:b assign:me note:n describe:d").change
    assert wish is not None
    assert edits.resolved(wish, ("7",)) == model.Change(
        model.Action.ARCHIVE, "Invalid", assignees=("7",), add_tags=("a",), remove_tags=("b",), description="d", comment="n"
    )


def test_every_verb_that_changes_has_a_shape_and_its_marks() -> None:
    assert {verb.name for verb in verbs.VERBS if verb.takes is verbs.Takes.CHANGE} == edits.SHAPES.keys()
    assert all(mark in edits.MARKS for shape in edits.SHAPES.values() for mark in (*shape.marks, *shape.needs))


STRANGE = (model.Closing("not_a_problem", "nothing was wrong"), model.Closing("good catch"), model.Closing("Vanished", chosen=False))


@pytest.mark.parametrize(
    ("text", "told", "word"),
    [
        ("archive 1 as:not_a_problem", {"strange": STRANGE}, "not_a_problem"),
        ("archive 1 as:'Good Catch'", {"strange": STRANGE}, "good catch"),
        ("archive 1 as:invalid", {"strange": STRANGE, "qualytics": closings.CLOSINGS}, "Invalid"),
        ("archive 1", {"strange": (), "qualytics": closings.CLOSINGS}, None),
        ("archive 1 as:anything", {}, "Anything"),
    ],
)
def test_the_ways_of_closing_are_those_of_the_systems(text: str, told: dict[str, Any], word: str | None) -> None:
    read = grammar.command(text, today=TODAY, sources=tuple(told), default_source="strange", closings=told)
    assert read.change is not None and read.change.archive_as == word


@pytest.mark.parametrize("typed", ["archive 1", "archive 1 as:vanished", "archive 1 as:resolved", "update 1 status:archived"])
def test_what_no_system_takes_is_answered_with_what_they_take(typed: str) -> None:
    with pytest.raises(errors.BadCommand) as wrong:
        grammar.command(typed, today=TODAY, sources=("strange",), default_source="strange", closings={"strange": STRANGE})
    assert 'as:not_a_problem (nothing was wrong) or as:"good catch"' in str(wrong.value)


# --- mistakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong", "says", "example"),
    [
        # nothing selects
        pytest.param("ack 1 +tag:<#C1|>", "<#C1>", "Slack does not tell the name", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="a channel without a name"),
        pytest.param("ack 1 +tag:<@U1|dana>", "<@U1>", "This is a person", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="a person as a tag"),
        pytest.param("ack 1 +tag:#", "#", "needs the name of a tag", 'ack 1001,1002 +tag:incident assign:me note:"on it"', id="no tag"),
        pytest.param("ack", "", "ids like 1001,1002, or a filter", 'ack 1001,1002 +tag:incident assign:me note:"on it"', id="nothing"),
        pytest.param("tag +tag:x", "", "Say which anomalies to tag", "tag table:orders +tag:incident", id="only a change"),
        pytest.param("archive as:invalid", "", "Say which anomalies", "archive 1001-1005 as:duplicate", id="only an outcome"),
        pytest.param("unassign", "", "Say which anomalies", "unassign 1001", id="unassign nothing"),
        pytest.param("delete", "", "ids like 1001,1002.", "delete 1001", id="delete nothing"),
        pytest.param("reopen", "", "status:archived", "reopen 1001", id="reopen nothing"),
        pytest.param("ack all", "all", "write status:open", "ack status:open", id="all"),
        pytest.param("unassign everything", "everything", "write status:open", "unassign status:open", id="everything"),
        pytest.param("reopen all", "all", "write status:archived", "reopen status:archived", id="reopen all"),
        pytest.param("ack limit:20 sort:oldest", "limit:20 sort:oldest", "would take everything", "ack limit:20 sort:oldest status:open",
                     id="no choice"),
        pytest.param("ack source:qualytics +tag:x", "source:qualytics", "everything", "ack source:qualytics status:open +tag:x",
                     id="a system is no choice"),
        # both select
        pytest.param("ack 1 table:a +tag:x", "table:a", "not by both", "ack id:1 table:a +tag:x", id="ids and filter"),
        pytest.param("ack anodot:1 table:a", "table:a", "not by both", "ack source:anodot id:1 table:a", id="ids of another system"),
        pytest.param("ack 1-30 table:a", "table:a", "not by both", "ack 1-30", id="many ids and filter"),
        pytest.param("delete 1 table:a", "table:a", "not by both", "delete 1", id="delete by both"),
        pytest.param("tag 1 tag:x", "tag:x", "write +tag:x", "tag 1 +tag:x", id="tag without a plus"),
        pytest.param("ack 1 assignee:me", "assignee:me", "write assign:me", "ack 1 assign:me", id="assignee for assign"),
        pytest.param("archive 1 status:open as:invalid", "status:open", "not by both", "archive id:1 status:open as:invalid",
                     id="ids, a status to select, and an outcome"),
        # statuses that a verb does not set
        pytest.param("ack 1 status:Resolved", "status:Resolved", "archive 1 as:resolved", "archive 1 as:resolved", id="ack as resolved"),
        pytest.param("ack 1 as:invalid +tag:x", "as:invalid", "That is archive", "archive 1 as:invalid", id="ack with an outcome"),
        pytest.param("describe table:a status:invalid describe:x", "status:invalid", "closing is archive",
                     "archive table:a as:invalid describe:x", id="describe as invalid"),
        pytest.param("ack status:duplicate", "status:duplicate", "reopen status:duplicate", "reopen status:duplicate", id="ack archived"),
        pytest.param("ack table:a status:archived", "status:archived", "with the reason: as:resolved (root cause fixed)",
                     'ack 1001,1002 +tag:incident assign:me note:"on it"', id="ack to archived"),
        pytest.param("archive 1 status:resolved", "status:resolved", "is said by as:resolved", "archive 1 as:resolved",
                     id="archive status"),
        pytest.param("archive table:a status:resolved", "status:resolved", "as:resolved", "archive table:a as:resolved",
                     id="archive filter"),
        pytest.param("archive table:a status:resolved as:invalid", "status:resolved", "does not change those",
                     "reopen table:a status:resolved", id="archive what is archived"),
        pytest.param("archive 1 resolved", "resolved", "as:resolved", "archive 1 as:resolved", id="a bare outcome"),
        pytest.param("archive 1 status:acknowledged", "status:acknowledged", "write ack: ack 1", "ack 1", id="archive as acknowledged"),
        pytest.param("tag 1 status:active +tag:x", "status:active", "write unack", "unack 1 +tag:x", id="tag as active"),
        pytest.param("ack 1 status:acknowledged", "status:acknowledged", "Leave it out", "ack 1", id="ack as acknowledged"),
        pytest.param("update 1 status:Resolved", "update", "Resolved closes an anomaly, and an update does not",
                     "archive 1 as:resolved", id="update to resolved"),
        pytest.param("update status:Invalid", "update", "archive 1001 as:invalid", "archive 1001 as:invalid", id="update nothing"),
        pytest.param("update status:Acknowledged 1 tags:a", "update", "write ack 1", "ack 1 +tag:a", id="update to acknowledged"),
        pytest.param("set status:Active 1", "set", "write unack 1", "unack 1", id="set active"),
        pytest.param("update 1 status:archived", "update", "An update does not close", "list status:active since:7d",
                     id="update archived"),
        pytest.param("edit 1 assignee:dana", "edit", "Say what to do", "assign @dana 1", id="edit an assignee"),
        pytest.param("edit 1 describe:x", "edit", "Say what to do", "describe 1 describe:x", id="edit a description"),
        pytest.param("update 1", "update", "Say what to do", "ack 1", id="update without anything"),
        pytest.param("resolve 1", "resolve", "root cause fixed", "archive 1 as:resolved", id="resolve"),
        pytest.param("ignore table:a", "ignore", "noise", "archive table:a as:discarded", id="ignore"),
        # archive says why
        pytest.param("archive 1", "", "as:resolved (root cause fixed), as:duplicate (same as another), as:invalid (not actually a problem) "
                     "or as:discarded (noise)", "archive 1001-1005 as:duplicate", id="no outcome"),
        pytest.param("archive 1 as:fixed", "fixed", "An anomaly is archived for a reason", "archive 1001-1005 as:duplicate", id="no such"),
        pytest.param("archive 1 as:invald", "invald", "Did you mean as:invalid?", "archive 1 as:invalid", id="outcome misspelt"),
        pytest.param("archive 1 as:", "as:", "needs a value", "archive 1 as:duplicate", id="outcome empty"),
        pytest.param("archive 1 as:invalid as:resolved", "as:resolved", "is there twice", "archive 1 as:invalid", id="two outcomes"),
        pytest.param("archive 1 as:invalid,resolved", "as:invalid,resolved", "takes one value", "archive 1 as:duplicate",
                     id="a list of them"),
        # changes
        pytest.param("tag 1", "", "Say what to change: +tag:incident or -tag:incident", "tag table:orders +tag:incident", id="tag nothing"),
        pytest.param("tag table:a tag:x", "tag:x", "selects what has the tag", "tag table:a tag:x +tag:incident", id="only selecting tags"),
        pytest.param("tag 1 incident", "incident", "+tag:incident", "tag 1 +tag:incident", id="a bare tag"),
        pytest.param("ack 1 +incident", "+incident", "+tag:incident", "ack 1 +tag:incident", id="plus without tag"),
        pytest.param("ack 1 -a,b", "-a,b", "-tag:a,b", "ack 1 -tag:a,b", id="minus without tag"),
        pytest.param("ack 1 note", "note", "Changes are marked", 'ack 1 note:"fixed at the source"', id="note without colon"),
        pytest.param("tag 1 +tag:a -tag:A", "A", "added and removed at once", "tag table:orders +tag:incident", id="both ways"),
        pytest.param('tag 1 +tag:" "', '" "', "between the quotation marks", "tag table:orders +tag:incident", id="an empty tag"),
        pytest.param('ack 1 note:""', '""', "between the quotation marks", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="an empty note"),
        pytest.param("ack 1 +tag:", "+tag:", "needs a value", "ack 1 +tag:incident", id="no tag"),
        pytest.param("ack 1 note:fixed by deploy +tag:x", "note:fixed by deploy", 'note:"fixed by deploy"',
                     'ack 1 note:"fixed by deploy" +tag:x', id="a note without quotation marks"),
        pytest.param("ack note:see 4711", "note:see 4711", "quotation marks", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="a number in a note is not taken for an id"),
        pytest.param("ack 1 +tag:a, b", "+tag:a, b", "space after the comma", "ack 1 +tag:a,b", id="a space in a list of tags"),
        pytest.param("ack +tag:a, 7", "+tag:a, 7", "+tag:a,7", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="a tag is not taken for an id"),
        pytest.param("ack assign:<@U1>, 7", "assign:<@U1>, 7", "more follows", "ack assign:<@U1> 7", id="a comma behind the people"),
        pytest.param("+tag:a 1", "+tag:a", "There is no command", "list status:active since:7d", id="no verb"),
        pytest.param("ack 1 note:a,b", "note:a,b", "one text", 'ack 1 note:"a,b"', id="a comma in a note"),
        pytest.param("describe 1", "", "Say what to change: describe:", 'describe 1001 describe:"Investigating in INC-987"', id="describe"),
        pytest.param("describe 1 Looking into it", "Looking into it", "quotation marks", 'describe 1 describe:"Looking into it"',
                     id="a bare description"),
        pytest.param("delete 1 +tag:x", "+tag:x", "delete takes no +tag:", "delete 1", id="delete with a tag"),
        pytest.param("reopen 1 +tag:x", "+tag:x", "It takes note:", "reopen 1", id="reopen with a tag"),
        pytest.param("ack 1 tga:x", "tga:", "Did you mean +tag:?", "ack 1 +tag:x", id="a word misspelt, ids"),
        pytest.param("ack tbale:x", "tbale:", "Did you mean table:?", "ack table:x", id="a word misspelt, filter"),
        pytest.param("ack 1 asign:me", "asign:", "Did you mean assign:?", "ack 1 assign:me", id="assign misspelt"),
        pytest.param("ack 1 zzzz:x", "zzzz:", "Words that change are +tag:", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="no such word"),
        pytest.param("ack qualitics:7", "qualitics", "Did you mean qualytics?", "ack qualytics:7", id="a system misspelt"),
        # filters
        pytest.param("ack orders", "orders", "table:orders", "ack q:orders", id="a bare word"),
        pytest.param("ack open", "open", "status:open", "ack status:open", id="a bare status"),
        pytest.param("ack since:2026-11-01T10:00", "2026-11-01T10:00", "has a time of day", "ack since:2026-11-01", id="a time"),
        pytest.param("reopen table:a", "table:a", "Without a status", "reopen table:a status:archived", id="reopen what is open"),
        pytest.param("reopen status:open table:a", "status:open", "brings archived ones back", "reopen table:a status:archived",
                     id="reopen status:open"),
        pytest.param("delete status:archived", "status:archived", "not a filter", "list status:archived", id="delete by filter"),
        # ids
        pytest.param("ack 1001\tOrders", "Orders", "only the column with the ids", "ack 1001", id="a column too many"),
        pytest.param("ack 1001 - 1003", "-", "without spaces", "ack 1001-1003", id="a range with spaces"),
        pytest.param("ack 1001-5", "1001-5", "Did you mean 1001-1005?", "ack 1001-1005", id="a short range"),
        pytest.param("ack anodot:9-7", "9-7", "Did you mean 7-9?", "ack anodot:7-9", id="a range backwards"),
        pytest.param("ack 1-1001", "1-1001", "1,001 ids", 'ack 1001,1002 +tag:incident assign:me note:"on it"', id="a range too long"),
        pytest.param("ack 1,001", "001", "a comma between the thousands", 'ack 1001,1002 +tag:incident assign:me note:"on it"',
                     id="thousands"),
        pytest.param("ack 1001;x1;orders", "orders", "not the id", 'ack 1001,1002 +tag:incident assign:me note:"on it"', id="semicolons"),
        pytest.param("show 1-3", "1-3", "these are 3", "show 1", id="show a range"),
        pytest.param("list 1-30", "1-30", "id:1,2,3", "list id:" + ",".join(str(one) for one in range(1, 21)), id="list a range"),
        # people
        pytest.param("assign 1", "", "Say who", "assign me 1", id="assign to whom"),
        pytest.param("assign", "", "Say who", "assign me 1001,1002", id="assign"),
        pytest.param("assign <@U1>", "", "Say which anomalies to assign", "assign me 1001,1002", id="assign what"),
        pytest.param("assign 1 assign:<@U1>", "assign:<@U1>", "without assign:", "assign <@U1> 1", id="assign: after assign"),
        pytest.param("assign none,<@U1> 1", "none,<@U1>", "Nobody and somebody", "assign me 1001,1002", id="nobody and somebody"),
        pytest.param("ack 1 <@U1>", "<@U1>", "assign:<@U1> assigns", "ack 1 assign:<@U1>", id="an unmarked person"),
        pytest.param("ack me", "me", "assignee:me selects", "ack assignee:me", id="mine"),
        pytest.param("reopen 1 <@U1>", "<@U1>", "takes nobody", "reopen 1", id="reopen for somebody"),
        pytest.param("unassign <@U1> 1", "<@U1>", "clears all assignees", "unassign 1", id="unassign somebody"),
        pytest.param("unassign <@U1>", "<@U1>", "clears all assignees", "unassign assignee:<@U1>", id="unassign somebody everywhere"),
        pytest.param("reassign <@U1>", "<@U1>", "two people", "reassign me @lee", id="reassign one"),
        pytest.param("reassign", "", "two people", "reassign me @lee", id="reassign nobody"),
        pytest.param("reassign <@U1> <@U2> <@U3>", "<@U1> <@U2> <@U3>", "two people", "reassign me @lee", id="reassign three"),
        pytest.param("reassign <@U1> <@U1>", "<@U1> <@U1>", "two different", "reassign me @lee", id="reassign to oneself"),
        pytest.param("reassign none me", "none", "takes what nobody has", "assign me assignee:none", id="reassign from nobody"),
        pytest.param("reassign me nobody", "nobody", "unassign clears", "unassign assignee:me", id="reassign to nobody"),
        pytest.param("reassign me lee +tag:x", "+tag:x", "takes no +tag:", "reassign me lee", id="reassign with a tag"),
        # notes and undo
        pytest.param("note", "", "Say which anomaly", "note 1001 the late load again", id="note nothing"),
        pytest.param("note 1", "", "Say what to note", "note 1001 the late load again", id="note what"),
        pytest.param('note 1 ""', "", "Say what to note", "note 1001 the late load again", id="an empty text"),
        pytest.param("note table:a x", "table:a", "not a filter", "list table:a", id="note by filter"),
        pytest.param("note hello 1", "hello", "not the id", "note 1001 the late load again", id="a note without an id"),
        pytest.param("undo 1 2", "1 2", "one batch", "undo", id="undo two"),
        pytest.param("undo last,first", "last,first", "one batch", "undo", id="undo a list"),
        # a command line
        pytest.param('archive --ids "2001,2002" --status Resolved', "--ids", "no options with dashes", "archive 2001,2002 as:Resolved",
                     id="options"),
        pytest.param("archive —ids 2001 —status=Invalid", "-ids", "no options", "archive 2001 as:Invalid", id="options, dashes joined"),
        pytest.param("list --datastore-id 42 --status Active,Acknowledged --source-enriched --format json", "--datastore-id", "In words",
                     "list datastore:42 status:Active,Acknowledged enriched:yes", id="options of list"),
        pytest.param('update --ids "1,2" --status Acknowledged --description "in INC" --assignee-ids "12,18" --tags "a,b"', "update",
                     "ack 1,2", 'ack 1,2 describe:"in INC" assign:12,18 +tag:a,b', id="the vendor's bulk update"),
        pytest.param('update --ids "1" --assignee-ids ""', "update", "Say what to do", "unassign 1", id="the vendor's way to clear"),
        pytest.param("delete --ids 9999", "--ids", "delete 9999", "delete 9999", id="options of delete"),
        pytest.param("ack --all", "--all", "no options", 'ack 1001,1002 +tag:incident assign:me note:"on it"', id="an unknown option"),
    ],
)  # fmt: skip
def test_mistakes(text: str, wrong: str, says: str, example: str) -> None:
    error = mistake(text)
    assert error.text[error.start : error.end] == wrong
    assert says in str(error)
    assert error.example == f"/anomalies {example}"
    assert read(error.example)


def test_a_mistake_in_a_long_paste_stays_short() -> None:
    pasted = ",".join(str(number) for number in range(1000, 3000))
    for text in (f"ack {pasted} status:resolved", f"ack {pasted} table:x", f"update {pasted} status:resolved", f"archive --ids {pasted}"):
        assert len(str(mistake(text))) < 500


# --- every command that was understood says the same when it is written again ---------------------------------------------

_NAMES = st.sampled_from(["<@U1>", "<@W2>", "me", "dana", '"Dana Levi"', "a@b.io", "@lee"])
_TEXTS = st.text(st.characters(blacklist_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"], max_codepoint=0x24F), min_size=1, max_size=12)
_CLEAN = _TEXTS.filter(lambda text: grammar.clean(f"x{text}x") == f"x{text}x")


@given(
    st.sampled_from(["ack", "unack"]),
    st.lists(st.integers(1000, 9999), min_size=1, max_size=5, unique=True),
    st.lists(_CLEAN, max_size=3, unique_by=str.casefold),
    st.lists(_NAMES, max_size=3, unique=True),
    st.none() | _CLEAN,
    st.permutations(range(4)),
)
def test_the_order_of_words_does_not_matter(
    verb: str, numbers: list[int], tags: list[str], people: list[str], note: str | None, order: list[int]
) -> None:
    parts = [
        ",".join(map(str, numbers)),
        "+tag:" + ",".join('"' + tag.replace("\\", "\\\\").replace('"', '\\"') + '"' for tag in tags) if tags else "",
        "assign:" + ",".join(people) if people else "",
        'note:"' + note.replace("\\", "\\\\").replace('"', '\\"') + '"' if note else "",
    ]
    command = read(" ".join([verb, *(parts[number] for number in order)]))
    assert [ref.id for ref in command.refs] == [str(number) for number in numbers]
    assert command.change == grammar.TypedChange(
        edits.SHAPES[verb].action,
        people=tuple(lexer.unquote(name) for name in people) or None,
        add_tags=tuple(tags),
        note=note or "",
    )


# --- what not every system has


STAGES = (model.Stage("investigating", "Investigating", "somebody works on it"), model.Stage("on_hold", "On hold"))
STAGED = grammar.spoken([*spoken.SYSTEMS, spoken.System("acme", "Acme", model.Idents(), stages=STAGES)], {})


def staged(text: str, systems: Any = STAGED) -> edits.TypedChange:
    found = grammar.command(text, today=TODAY, sources=SOURCES, default_source="qualytics", closings=CLOSINGS, systems=systems)
    assert found.change is not None
    return found.change


@pytest.mark.parametrize(
    ("text", "stage"),
    [
        ("ack 1 as:investigating", "investigating"),
        ("ack 1,2 as:Investigating assign:me", "investigating"),
        ('ack 1 as:"on hold"', "on_hold"),
        ("ack 1", None),
    ],
)
def test_an_acknowledgement_may_say_how_where_a_system_has_words_for_it(text: str, stage: str | None) -> None:
    found = staged(text)
    assert (found.action, found.stage, found.archive_as) == (model.Action.ACKNOWLEDGE, stage, None)
    assert edits.resolved(found, None).stage == stage


@pytest.mark.parametrize(
    ("text", "systems", "says"),
    [
        ("ack 1 as:investigatin", STAGED, "Did you mean as:investigating?"),
        ("ack 1 as:duplicate", STAGED, "It takes as:investigating (somebody works on it) or as:on_hold"),
        ("ack 1 as:investigating", spoken.USUAL, "ack closes nothing"),
        ("unack 1 as:investigating", STAGED, "unack closes nothing"),
    ],
)
def test_what_is_no_way_to_acknowledge_is_answered(text: str, systems: Any, says: str) -> None:
    with pytest.raises(errors.BadCommand) as caught:
        staged(text, systems)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["case 1,2 CASE-2026-001", "case 1, 2: CASE-2026-001", "case 1, 2 case:CASE-2026-001"],
)
def test_anomalies_are_linked_to_a_case_of_one_word(text: str) -> None:
    found = read(text)
    assert found.change is not None
    assert ([ref.id for ref in found.refs], found.change.action, found.change.case) == (["1", "2"], model.Action.CASE, "CASE-2026-001")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("case", "Say which anomaly, and then to which case it belongs"),
        ("case 1", "Say to which case it belongs: case 1 and then the case."),
        ("case 1 two words", "A case has a name of one word"),
        (f"case 1 {'x' * 101}", "A case has a name of one word"),
        ("case table:orders CASE-1", "takes ids, not a filter"),
    ],
)
def test_what_is_no_case_is_answered(text: str, says: str) -> None:
    assert says in str(mistake(text))
