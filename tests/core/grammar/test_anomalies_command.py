"""The one grammar: commands that work, and mistakes with their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar
from bot.core.grammar import edits
from bot.core.grammar import fields as words
from tests import examples
from tests.core.grammar import spoken

TODAY = date(2026, 11, 21)
SOURCES = ("qualytics", "anodot")
Make = Callable[..., model.Anomaly]


def read(text: str, sources: Sequence[str] = SOURCES, default: str = "qualytics") -> grammar.Command:
    return grammar.command(text, today=TODAY, sources=sources, default_source=default, systems=spoken.USUAL)


def query(text: str) -> model.Query:
    return grammar.query(text, today=TODAY)


def mistake(text: str) -> errors.BadCommand:
    with pytest.raises(errors.BadCommand) as caught:
        read(text)
    return caught.value


# --- commands that work -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        pytest.param("", "help", id="nothing"),
        pytest.param("   ", "help", id="blanks"),
        pytest.param("help", "help", id="help"),
        pytest.param("HELP list", "help", id="help about something"),
        pytest.param("?", "help", id="question mark"),
        pytest.param("status", "status", id="status"),
        pytest.param("/anomalies status", "status", id="the slash command pasted, too"),
    ],
)
def test_commands_without_a_filter(text: str, verb: str) -> None:
    command = read(text)
    assert (command.verb, command.query, command.refs) == (verb, None, ())


@pytest.mark.parametrize("verb", ["show", "history", "why"])
@pytest.mark.parametrize(
    ("typed", "ref"),
    [
        pytest.param("1001", "qualytics:1001", id="a bare id"),
        pytest.param("#1001", "qualytics:1001", id="with a hash"),
        pytest.param("10\u200b01", "qualytics:1001", id="with what nobody sees"),
        pytest.param("Qualytics:1001", "qualytics:1001", id="with its system"),
        pytest.param("anodot:2af8b3", "anodot:2af8b3", id="of another system"),
        pytest.param("anodot:abcdef", "anodot:abcdef", id="letters only, with a system"),
        pytest.param("1001,", "qualytics:1001", id="a comma too many"),
        pytest.param("1001 1001", "qualytics:1001", id="twice the same"),
        pytest.param("7b0c6a2e-1111-4222-8333-944445555666", "qualytics:7b0c6a2e-1111-4222-8333-944445555666", id="uuid"),
        pytest.param("<https://acme.qualytics.io/anomalies/1001>", "qualytics:1001", id="a link"),
        pytest.param("<https://acme.qualytics.io/anomalies/1001?tab=checks|Orders>", "qualytics:1001", id="a link with a title"),
        pytest.param("<http://localhost:8000/datastores/4/anomalies/1001/details#top>", "qualytics:1001", id="a longer link"),
        pytest.param("<http://acme.io/anomalies/1001|acme.io/anomalies/1001>", "qualytics:1001", id="an address that Slack linked"),
    ],
)
def test_references(verb: str, typed: str, ref: str) -> None:
    command = read(f"{verb} {typed}")
    assert command.verb == verb
    assert [str(one) for one in command.refs] == [ref]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", {}, id="nothing: all that is not archived"),
        pytest.param("status:open,acked", {"statuses": ()}, id="commas mean or"),
        pytest.param("status:Active status:resolved", {"statuses": ("active", "resolved")}, id="a repeated word means or"),
        pytest.param("tag:a,a tag:a", {"tags": ("a",)}, id="each value once"),
        pytest.param('table:"order lines",orders', {"tables": ("order lines", "orders")}, id="quotation marks"),
        pytest.param("container:orders", {"tables": ("orders",)}, id="container is table"),
        pytest.param("table:'a, b'", {"tables": ("a, b",)}, id="single quotation marks"),
        pytest.param("q:'tis", {"text": "'tis"}, id="an apostrophe"),
        pytest.param(r'q:"say \"hi\" \\ \n"', {"text": r'say "hi" \ \n'}, id="escapes"),
        pytest.param("TABLE:Orders", {"tables": ("Orders",)}, id="capitals in the word"),
        pytest.param("severity:HIGH,crit", {"severities": (model.Severity.HIGH, model.Severity.CRITICAL)}, id="severity"),
        pytest.param("min:50.5", {"min_weight": 50.5}, id="a number"),
        pytest.param("since:2026-11-01 until:today", {"since": date(2026, 11, 1), "until": TODAY}, id="dates"),
        pytest.param("since:7d until:yesterday", {"since": date(2026, 11, 14), "until": date(2026, 11, 20)}, id="days ago"),
        pytest.param("since:2w", {"since": date(2026, 11, 7)}, id="weeks ago"),
        pytest.param("assignee:ME,nobody,<@U1>,@lee", {"assignees": ("me", "none", "<@U1>", "@lee")}, id="people"),
        pytest.param("enriched:YES", {"enriched": True}, id="yes"),
        pytest.param("enriched:false", {"enriched": False}, id="false"),
        pytest.param("fingerprint:a:b", {"fingerprint": "a:b"}, id="a colon in the value"),
        pytest.param("sort:weight limit:20", {"sort": "weight", "limit": 20}, id="order and number"),
        pytest.param("id:1001,#1002", {"ids": ("1001", "1002")}, id="ids"),
        pytest.param("type:record rule:notNull check:512", {"types": ("record",), "rules": ("notNull",), "checks": ("512",)}, id="checks"),
        pytest.param("source:Anodot datastore:42", {"source": "anodot", "datastores": ("42",)}, id="places"),
        pytest.param("tag:a,,b", {"tags": ("a", "b")}, id="a comma too many"),
    ],
)
def test_filters(text: str, expected: dict[str, Any]) -> None:
    command = read(f"list {text}")
    assert command.query == model.Query(**expected)
    assert query(text) == command.query


@pytest.mark.parametrize("verb", ["export", "review", "digest"])
def test_other_verbs_take_the_same_filters(verb: str) -> None:
    assert read(f"{verb} status:open table:orders").query == query("status:open table:orders")
    assert read(verb).query == model.Query(), "everything that is not archived"


def test_a_command_reads_text_as_slack_sends_it() -> None:
    command = read("list\u00a0table:“order lines” assignee:<@U1|dana> since:2026–11–01 q:a&amp;b")
    assert command.query == model.Query(tables=("order lines",), assignees=("<@U1>",), since=date(2026, 11, 1), text="a&b")
    assert command.text == 'list table:"order lines" assignee:<@U1> since:2026-11-01 q:a&b'


# --- mistakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong", "says", "example"),
    [
        pytest.param("lst", "lst", "Did you mean list?", "list", id="verb"),
        pytest.param("xyzzy", "xyzzy", "The commands are help, list, count", "list status:active since:7d", id="verb near nothing"),
        pytest.param("status:open", "status:open", "Did you mean list status:open?", "list status:open", id="no verb, a filter"),
        pytest.param("1001", "1001", "Did you mean show 1001?", "show 1001", id="no verb, an id"),
        pytest.param("list tbale:x", "tbale:", "Did you mean table:?", "list table:x", id="word"),
        pytest.param("list zzzz:x", "zzzz:", "The words are source, id, datastore", "list status:active since:7d", id="word near nothing"),
        pytest.param("list contaner:x", "contaner:", "Did you mean table:?", "list table:x", id="word near an alias"),
        pytest.param("list status:opne", "opne", "Did you mean status:open?", "list status:open", id="status"),
        pytest.param("list status:open,dupliacte", "dupliacte", "duplicate", "list status:open,duplicate", id="second value"),
        pytest.param("list severity:hihg", "hihg", "Did you mean severity:high?", "list severity:high", id="severity"),
        pytest.param("list type:rekord", "rekord", "record or shape", "list type:record", id="type"),
        pytest.param("list sort:newst", "newst", "sort:newest", "list sort:newest", id="sort"),
        pytest.param("list min:high", "high", "is not a number", "list min:50", id="number"),
        pytest.param("list min:nan", "nan", "is not a number", "list min:50", id="not a number at all"),
        pytest.param("list limit:0", "0", "from 1 to 1,000,000", "list limit:20", id="limit"),
        pytest.param("list limit:2.5", "2.5", "is not a limit", "list limit:20", id="half a limit"),
        pytest.param("list since:2026-11-01T10:00", "2026-11-01T10:00", "has a time of day", "list since:2026-11-01", id="time part"),
        pytest.param('list since:"2026-11-01 10:00"', '"2026-11-01 10:00"', "time of day", "list since:2026-11-01", id="time, quoted"),
        pytest.param("list since:24h", "24h", "counts hours", "list since:1d", id="hours"),
        pytest.param("list since:36h", "36h", "since:2d", "list since:2d", id="more hours than a day"),
        pytest.param("list since:90m", "90m", "since:1d", "list since:1d", id="minutes"),
        pytest.param("list status:ac", "ac", "Did you mean status:acknowledged?", "list status:acknowledged", id="the beginning of a word"),
        pytest.param("list " + "x" * 60 + ":1", "x" * 60 + ":", f'"{"x" * 37}..."', "list status:active since:7d", id="a long word is cut"),
        pytest.param("list since:2026-02-30", "2026-02-30", "not a day of the calendar", "list since:2026-02-28", id="no such day"),
        pytest.param("list since:2026-13-01", "2026-13-01", "calendar", "list since:2026-11-21", id="no such month"),
        pytest.param("list since:0000-00-00", "0000-00-00", "calendar", "list since:2026-11-21", id="no such year"),
        pytest.param("list since:2026/1/5", "2026/1/5", "since:2026-01-05", "list since:2026-01-05", id="date written otherwise"),
        pytest.param("list since:yesteday", "yesteday", "since:yesterday", "list since:yesterday", id="nearly yesterday"),
        pytest.param("list since:today until:7d", "until:7d", "lies before", "list since:today until:2026-11-21", id="upside down"),
        pytest.param("list until:7d since:today", "since:today", "lies before", "list until:7d since:2026-11-14", id="the other way"),
        pytest.param("list enriched:maybe", "maybe", "true or false", "list status:active since:7d", id="yes or no"),
        pytest.param("list orders", "orders", "q:orders", "list q:orders", id="bare word"),
        pytest.param("list open,acked", "open,acked", "status:open,acked", "list status:open,acked", id="bare status"),
        pytest.param("list critical", "critical", "severity:critical", "list severity:critical", id="bare severity"),
        pytest.param("list tag", "tag", "needs a colon", "list tag:pii", id="word without a colon"),
        pytest.param("list 1001", "1001", "id:1001", "list id:1001", id="an id in a filter"),
        pytest.param(
            "list anodot:5a", "anodot:5a", "source:anodot id:5a", "list source:anodot id:5a", id="another system's id in a filter"
        ),
        pytest.param("list table: orders", "table: orders", "space after the colon", "list table:orders", id="space after the colon"),
        pytest.param("list tag:a, b", "tag:a, b", "space after the comma", "list tag:a,b", id="space after the comma"),
        pytest.param("list table:order lines", "table:order lines", "quotation marks", 'list table:"order lines"', id="no quotation marks"),
        pytest.param("list status:", "status:", "needs a value", "list status:active", id="no value"),
        pytest.param(
            "list id:#",
            "#",
            "is no id. An id looks like 1001, qualytics:1001 or anodot:1001.",
            "list status:active since:7d",
            id="a hash alone",
        ),
        pytest.param('list tag:""', '""', "between the quotation marks", "list status:active since:7d", id="empty quotation marks"),
        pytest.param('list table:"orders', '"orders', "never closed", 'list table:"orders"', id="open quotation mark"),
        pytest.param('list table:"a"b', "b", "space or a comma", "list status:active since:7d", id="after a quotation mark"),
        pytest.param("list q:a,b", "q:a,b", 'q:"a,b"', 'list q:"a,b"', id="comma in a single value"),
        pytest.param("list q:a q:b", "q:b", "there twice", "list q:a", id="single value twice"),
        pytest.param("list source:qualitics", "qualitics", "Did you mean qualytics?", "list source:qualytics", id="system"),
        pytest.param("status now", "now", "stands alone", "status", id="words after status"),
        pytest.param("show", "", "Say which anomaly", "show 1001", id="show nothing"),
        pytest.param("show ,", "", "Say which anomaly", "show 1001", id="show a comma"),
        pytest.param("why 1001 1002", "1001 1002", "these are 2", "why 1001", id="two things"),
        pytest.param("show 1001 please", "please", "not the id of an anomaly", "show 1001", id="junk after an id"),
        pytest.param("show orders", "orders", "An id looks like 1001 or qualytics:1001. The link", "show 1001", id="no id"),
        pytest.param("show status:open", "status:open", "list status:open", "list status:open", id="a filter where an id belongs"),
        pytest.param("show qualitics:7", "qualitics", "Did you mean qualytics?", "show qualytics:7", id="system of an id"),
        pytest.param("show autional:7", "autional", "Connected: qualytics, anodot", "show 1001", id="system that is not connected"),
        pytest.param("export 1001", "1001", "export takes a filter", "export id:1001", id="an id to export"),
        pytest.param("digest severity:hihg", "hihg", "Did you mean severity:high?", "digest severity:high", id="a digest of what?"),
        pytest.param("exprot tag:a", "exprot", "Did you mean export?", "export tag:a", id="nearly export"),
        pytest.param(
            "show https://acme.io/checks/5", "https://acme.io/checks/5", "to none of its anomalies", "show 1001", id="another link"
        ),
    ],
)
def test_mistakes(text: str, wrong: str, says: str, example: str) -> None:
    error = mistake(text)
    assert error.text[error.start : error.end] == wrong
    assert says in str(error)
    assert error.example == f"/anomalies {example}"


def test_a_bare_id_is_of_whichever_system_has_it_when_none_is_the_default() -> None:
    assert read("show 1001", default="").refs == (model.Ref("", "1001"),)


def test_a_filter_has_an_example_without_a_verb() -> None:
    with pytest.raises(errors.BadCommand) as caught:
        query("status:opne table:x")
    assert caught.value.example == "status:open table:x"


@pytest.mark.parametrize("verb", grammar.VERBS, ids=lambda verb: verb.name)
def test_the_example_of_every_verb_works(verb: grammar.Verb) -> None:
    assert read(verb.example).verb == verb.name
    assert {read(alias + verb.example.removeprefix(verb.name)).verb for alias in verb.aliases} <= {verb.name}


@pytest.mark.parametrize("word", words.TABLE, ids=lambda word: word.name)
def test_the_example_of_every_word_works_and_is_used(word: words.FilterWord) -> None:
    found = query(word.example)
    assert words.kept(found, word)
    assert grammar.canonical(found).startswith(f"{word.name}:")
    assert grammar.describe(found) != grammar.describe(model.Query())


def test_every_field_of_a_query_has_a_word() -> None:
    assert {field.name for field in fields(model.Query) if field.compare} == {word.field for word in words.TABLE} | {"others"}


# --- 20,000 random commands ---------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [verb.name for verb in grammar.VERBS]
    + [f"{name}:" for name in (*words.BY_NAME, "container", "qualytics", "nonsense", "+tag", "-tag")]
    + [word.example for word in words.TABLE]
    + [mark.example for mark in edits.MARKS.values()]
    + [
        "assign:<@U1>,",
        "dana@acme.example",
        "none",
        "1001-1003",
        "9-1",
        "me",
        "to",
        "--ids",
        "update",
        "resolved",
        "+incident",
        "1001",
        "anodot:2af8",
        "<https://acme.example/anomalies/1001>",
        "<@U1|dana>",
        "<!channel>",
        "&lt;",
        "“a b”",
        '"',
        "'",
        "\\",
        ",",
        ":",
        " ",
    ]
    + [
        "2026-11-01",
        "7d",
        "99999d",
        "2026-02-31",
        "since:9999w",
        "min:1e9",
        "limit:99999999",
        "—",
        "\u00a0",
        "🔥",
        "שלום",
        "`",
        "*list*",
        "\n",
    ]
)
_COMMANDS = st.one_of(st.lists(_PIECES, max_size=7).map("".join), st.lists(_PIECES, max_size=7).map(" ".join), st.text(max_size=60))
_MUTANTS = 10


def _mutants(text: str) -> Sequence[str]:
    """The text itself, and nine others that are broken at places spread over it."""
    broken = [text]
    for number in range(_MUTANTS - 1):
        at = len(text) * number // (_MUTANTS - 1)
        left, right = text[:at], text[at:]
        broken.append(
            (left + right[1:], left + right[:1] * 2 + right[1:], left + " " + right, left + '"' + right, right + left)[number % 5]
        )
    return broken


@pytest.mark.long
@examples.times(8)
@given(_COMMANDS)
def test_every_text_is_a_command_or_a_mistake_with_its_place(text: str) -> None:
    for one in _mutants(text):
        command, error = _outcome(one)
        if command is not None:
            assert_whole(command)
        if error is not None:
            assert error.text == grammar.clean(one)
            assert 0 <= error.start <= error.end <= len(error.text)
            assert str(error) and read(error.example), "the example works"
            line, carets = grammar.caret(error)
            assert carets.endswith("^") and len(line) < 200


def assert_whole(command: grammar.Command) -> None:
    """What the handlers rely on: a verb that looks carries no change, one that changes carries one, and never selects by accident."""
    if command.verb in edits.SHAPES or command.verb == "note":
        assert command.change is not None
        assert (command.query is not None) != bool(command.refs)
        assert command.query is None or used(command.query) - {"source", "sort", "limit"}
        assert command.selection
        assert len({ref.source for ref in command.refs}) <= 1
        assert (command.change.archive_as is not None) == (command.verb == "archive")
        return
    assert command.change is None
    assert (command.query is not None) == (command.verb in {"list", "count", "export", "review", "digest"})
    assert command.verb == "link" or not (command.person or command.target or command.system)
    assert command.system in {"", *SOURCES} and "<" not in command.person
    assert len(command.refs) == (command.verb in {"show", "history", "why"})


def used(found: model.Query) -> set[str]:
    return {word.name for word in words.TABLE if words.kept(found, word)}


def _outcome(text: str) -> tuple[grammar.Command | None, errors.BadCommand | None]:
    try:
        return read(text), None
    except errors.BadCommand as error:
        return None, error
