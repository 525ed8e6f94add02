"""The one grammar: commands, filters, their mistakes, and what a filter selects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import errors, model
from bot.core import filters, words

TODAY = date(2026, 11, 21)
SOURCES = ("qualytics", "anodot")
Make = Callable[..., model.Anomaly]


def read(text: str, sources: Sequence[str] = SOURCES, default: str = "qualytics") -> filters.Command:
    return filters.command(text, today=TODAY, sources=sources, default_source=default)


def query(text: str) -> model.Query:
    return filters.query(text, today=TODAY)


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
        pytest.param("status:open,acked", {"statuses": ("open", "acknowledged")}, id="commas mean or"),
        pytest.param("status:Active status:resolved", {"statuses": ("open", "resolved")}, id="a repeated word means or"),
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
        pytest.param("metric:a,b delta:20", {"others": (("metric", "a"), ("metric", "b"), ("delta", "20"))}, id="words of others"),
        pytest.param("source:Anodot datastore:42", {"source": "anodot", "datastores": ("42",)}, id="places"),
        pytest.param("tag:a,,b", {"tags": ("a", "b")}, id="a comma too many"),
    ],
)
def test_filters(text: str, expected: dict[str, Any]) -> None:
    command = read(f"list {text}")
    assert command.query == model.Query(**expected)
    assert query(text) == command.query


def test_a_command_reads_text_as_slack_sends_it() -> None:
    command = read("list\u00a0table:“order\u00a0lines” assignee:<@U1|dana> since:2026–11–01 q:a&amp;b")
    assert command.query == model.Query(tables=("order lines",), assignees=("<@U1>",), since=date(2026, 11, 1), text="a&b")
    assert command.text == 'list table:"order lines" assignee:<@U1> since:2026-11-01 q:a&b'


# --- mistakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong", "says", "example"),
    [
        pytest.param("lst", "lst", "Did you mean list?", "list", id="verb"),
        pytest.param("xyzzy", "xyzzy", "The commands are help, list, count", "list status:open table:orders", id="verb near nothing"),
        pytest.param("status:open", "status:open", "Did you mean list status:open?", "list status:open", id="no verb, a filter"),
        pytest.param("1001", "1001", "Did you mean show 1001?", "show 1001", id="no verb, an id"),
        pytest.param("list tbale:x", "tbale:", "Did you mean table:?", "list table:x", id="word"),
        pytest.param(
            "list zzzz:x", "zzzz:", "The words are source, id, datastore", "list status:open table:orders", id="word near nothing"
        ),
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
        pytest.param("list since:2026-02-30", "2026-02-30", "not a day of the calendar", "list since:2026-02-28", id="no such day"),
        pytest.param("list since:2026-13-01", "2026-13-01", "calendar", "list since:2026-11-21", id="no such month"),
        pytest.param("list since:0000-00-00", "0000-00-00", "calendar", "list since:2026-11-21", id="no such year"),
        pytest.param("list since:2026/1/5", "2026/1/5", "since:2026-01-05", "list since:2026-01-05", id="date written otherwise"),
        pytest.param("list since:yesteday", "yesteday", "since:yesterday", "list since:yesterday", id="nearly yesterday"),
        pytest.param("list since:today until:7d", "until:7d", "lies before", "list since:today until:2026-11-21", id="upside down"),
        pytest.param("list until:7d since:today", "since:today", "lies before", "list until:7d since:2026-11-14", id="the other way"),
        pytest.param("list enriched:maybe", "maybe", "true or false", "list status:open table:orders", id="yes or no"),
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
        pytest.param("list status:", "status:", "needs a value", "list status:open", id="no value"),
        pytest.param('list id:"# "', '"# "', "is no id", "list status:open table:orders", id="a hash alone"),
        pytest.param('list tag:""', '""', "between the quotation marks", "list status:open table:orders", id="empty quotation marks"),
        pytest.param('list table:"orders', '"orders', "never closed", 'list table:"orders"', id="open quotation mark"),
        pytest.param('list table:"a"b', "b", "space or a comma", "list status:open table:orders", id="after a quotation mark"),
        pytest.param("list q:a,b", "q:a,b", 'q:"a,b"', 'list q:"a,b"', id="comma in a single value"),
        pytest.param("list q:a q:b", "q:b", "there twice", "list q:a", id="single value twice"),
        pytest.param("list source:qualitics", "qualitics", "Did you mean qualytics?", "list source:qualytics", id="system"),
        pytest.param("status now", "now", "stands alone", "status", id="words after status"),
        pytest.param("show", "", "Say which anomaly", "show 1001", id="show nothing"),
        pytest.param("show ,", "", "Say which anomaly", "show 1001", id="show a comma"),
        pytest.param("why 1001 1002", "1001 1002", "these are 2", "why 1001", id="two things"),
        pytest.param("show 1001 please", "please", "not the id of an anomaly", "show 1001", id="junk after an id"),
        pytest.param("show orders", "orders", "not the id of an anomaly", "show 1001", id="no id"),
        pytest.param("show status:open", "status:open", "list status:open", "list status:open", id="a filter where an id belongs"),
        pytest.param("show qualitics:7", "qualitics", "Did you mean qualytics?", "show qualytics:7", id="system of an id"),
        pytest.param("show autional:7", "autional", "Connected: qualytics, anodot", "show 1001", id="system that is not connected"),
        pytest.param("show https://acme.io/checks/5", "https://acme.io/checks/5", "a link to the anomaly", "show 1001", id="another link"),
    ],
)
def test_mistakes(text: str, wrong: str, says: str, example: str) -> None:
    error = mistake(text)
    assert error.text[error.start : error.end] == wrong
    assert says in str(error)
    assert error.example == f"/anomalies {example}"


def test_a_bare_id_needs_a_system_when_none_is_the_default() -> None:
    with pytest.raises(errors.BadCommand, match="Say which system"):
        read("show 1001", default="")


def test_a_filter_has_an_example_without_a_verb() -> None:
    with pytest.raises(errors.BadCommand) as caught:
        query("status:opne table:x")
    assert caught.value.example == "status:open table:x"


@pytest.mark.parametrize("verb", filters.VERBS, ids=lambda verb: verb.name)
def test_the_example_of_every_verb_works(verb: filters.Verb) -> None:
    assert read(verb.example).verb == verb.name
    assert {read(alias + verb.example.removeprefix(verb.name)).verb for alias in verb.aliases} <= {verb.name}


@pytest.mark.parametrize("word", words.TABLE, ids=lambda word: word.name)
def test_the_example_of_every_word_works_and_is_used(word: words.FilterWord) -> None:
    found = query(word.example)
    assert words.kept(found, word)
    assert filters.canonical(found).startswith(f"{word.name}:")
    assert filters.describe(found) != filters.describe(model.Query())


def test_every_field_of_a_query_has_a_word() -> None:
    assert {field.name for field in fields(model.Query)} == {word.field for word in words.TABLE}


# --- 20,000 random commands ---------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [verb.name for verb in filters.VERBS]
    + [f"{name}:" for name in (*words.BY_NAME, "container", "qualytics", "nonsense", "+tag", "-tag")]
    + [word.example for word in words.TABLE]
    + [
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


@settings(max_examples=2_000, deadline=None)
@given(_COMMANDS)
def test_every_text_is_a_command_or_a_mistake_with_its_place(text: str) -> None:
    for one in _mutants(text):
        command, error = _outcome(one)
        if command is not None:
            assert (command.query is not None) == (command.verb in {"list", "count"})
            assert len(command.refs) == (command.verb in {"show", "history", "why"})
        if error is not None:
            assert error.text == filters.clean(one)
            assert 0 <= error.start <= error.end <= len(error.text)
            assert str(error) and read(error.example), "the example works"
            line, carets = filters.caret(error)
            assert carets.endswith("^") and len(line) < 200


def _outcome(text: str) -> tuple[filters.Command | None, errors.BadCommand | None]:
    try:
        return read(text), None
    except errors.BadCommand as error:
        return None, error


# --- writing it back --------------------------------------------------------------------------------------------------


_NAMES = st.text(min_size=1, max_size=12).filter(lambda name: name.strip())
_DAYS = st.dates(date(2000, 1, 1), date(2026, 11, 21))


def _many(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3, unique=True).map(tuple)


def _queries() -> st.SearchStrategy[model.Query]:
    ids = _NAMES.filter(lambda name: not name.startswith("#") and name == name.strip())
    drawn = st.builds(
        model.Query,
        source=st.sampled_from(["", "qualytics", "anodot"]),
        ids=_many(ids),
        datastores=_many(_NAMES),
        tables=_many(_NAMES),
        statuses=_many(st.sampled_from(sorted(set(words.STATUSES.values())))),
        types=_many(st.sampled_from(["record", "shape"])),
        tags=_many(_NAMES),
        checks=_many(ids),
        rules=_many(_NAMES),
        severities=_many(st.sampled_from(list(model.Severity))),
        min_weight=st.none() | st.integers(0, 10**12).map(lambda number: number / 10**6),
        since=st.none() | _DAYS,
        assignees=_many(_NAMES.filter(lambda name: name.casefold() not in {"me", "@me", "none", "nobody", "unassigned"}) | st.just("me")),
        enriched=st.none() | st.booleans(),
        fingerprint=st.just("") | _NAMES,
        text=st.just("") | _NAMES,
        sort=st.sampled_from(["newest", "oldest", "weight"]),
        limit=st.integers(0, 1_000_000),
    )
    return drawn


@settings(max_examples=300, deadline=None)
@given(_queries())
def test_a_filter_written_back_reads_the_same(wanted: model.Query) -> None:
    assert query(filters.canonical(wanted)) == wanted
    assert filters.describe(wanted)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([word.example for word in words.TABLE]), max_size=6, unique=True))
def test_what_people_write_reads_the_same_after_it_is_written_back(parts: list[str]) -> None:
    found = query(" ".join(parts))
    assert query(filters.canonical(found)) == found


def test_until_and_words_of_others_are_written_back() -> None:
    found = query("until:today metric:a,b direction:up")
    assert filters.canonical(found) == "until:2026-11-21 metric:a,b direction:up"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        pytest.param("", "open and acknowledged anomalies", id="nothing"),
        pytest.param("status:open table:orders since:2026-11-01", "open anomalies in orders since 2026-11-01", id="the usual"),
        pytest.param("status:any severity:high,critical type:record", "high or critical record anomalies", id="subject"),
        pytest.param("table:a,b,c", "open and acknowledged anomalies in a, b or c", id="three tables"),
        pytest.param("assignee:none", "open and acknowledged anomalies assigned to nobody", id="nobody"),
        pytest.param("status:open sort:weight limit:5", "open anomalies (heaviest first) (at most 5)", id="order and number"),
        pytest.param('q:"{0} {x}"', 'open and acknowledged anomalies containing "{0} {x}"', id="braces are text"),
    ],
)
def test_describe(text: str, phrase: str) -> None:
    assert filters.describe(query(text)) == phrase


# --- what it selects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changes", "selected"),
    [
        pytest.param("", {}, True, id="open"),
        pytest.param("", {"state": model.State.ACKNOWLEDGED}, True, id="acknowledged is not archived"),
        pytest.param("", {"state": model.State.ARCHIVED}, False, id="archived is left out"),
        pytest.param("status:any", {"state": model.State.ARCHIVED}, True, id="any"),
        pytest.param("status:archived", {"state": model.State.ARCHIVED, "archived_as": model.ArchiveAs.INVALID}, True, id="archived"),
        pytest.param("status:invalid", {"state": model.State.ARCHIVED, "archived_as": model.ArchiveAs.INVALID}, True, id="outcome"),
        pytest.param("status:resolved", {"state": model.State.ARCHIVED, "archived_as": model.ArchiveAs.INVALID}, False, id="other outcome"),
        pytest.param("status:open", {"state": model.State.ACKNOWLEDGED}, False, id="other status"),
        pytest.param("source:qualytics", {}, True, id="system"),
        pytest.param("source:anodot", {}, False, id="other system"),
        pytest.param("id:5,1001", {}, True, id="id"),
        pytest.param("id:5", {}, False, id="other id"),
        pytest.param("datastore:WAREHOUSE-prod", {}, True, id="datastore by name"),
        pytest.param("datastore:42", {}, True, id="datastore by id"),
        pytest.param("datastore:warehouse", {}, False, id="part of a name"),
        pytest.param("datastore:42", {"datastore": None}, False, id="no datastore"),
        pytest.param("table:x,orders", {}, True, id="table"),
        pytest.param("table:x", {}, False, id="other table"),
        pytest.param("type:record", {}, True, id="type"),
        pytest.param("type:shape", {}, False, id="other type"),
        pytest.param("tag:pii", {}, True, id="tag"),
        pytest.param("tag:x", {}, False, id="other tag"),
        pytest.param("check:512", {}, True, id="check"),
        pytest.param("check:51", {}, False, id="other check"),
        pytest.param("rule:NOTNULL", {}, True, id="rule"),
        pytest.param("rule:between", {}, False, id="other rule"),
        pytest.param("severity:high,low", {}, True, id="severity"),
        pytest.param("severity:low", {"severity": None}, False, id="no severity"),
        pytest.param("min:54", {}, True, id="weight at the limit"),
        pytest.param("min:54.1", {}, False, id="weight below"),
        pytest.param("min:0", {"weight": None}, False, id="no weight"),
        pytest.param("since:2026-11-20 until:2026-11-20", {}, True, id="that very day"),
        pytest.param("since:2026-11-21", {}, False, id="a day later"),
        pytest.param("until:2026-11-19", {}, False, id="a day earlier"),
        pytest.param(
            "since:2026-11-21",
            {"created": datetime(2026, 11, 20, 22, 0, tzinfo=timezone(timedelta(hours=-5)))},
            True,
            id="days are days of UTC",
        ),
        pytest.param("assignee:7", {}, True, id="assignee"),
        pytest.param("assignee:8", {}, False, id="other assignee"),
        pytest.param("assignee:none", {"assignees": ()}, True, id="nobody"),
        pytest.param("assignee:none", {}, False, id="somebody"),
        pytest.param("assignee:none,8", {}, False, id="nobody or somebody else"),
        pytest.param("enriched:yes", {}, True, id="enriched"),
        pytest.param("enriched:no", {}, False, id="not enriched"),
        pytest.param("enriched:no", {"enriched": None}, False, id="not known"),
        pytest.param("fingerprint:8812", {}, True, id="fingerprint"),
        pytest.param("fingerprint:88", {}, False, id="part of a fingerprint"),
        pytest.param('q:"CUSTOMER_ID NOT"', {}, True, id="words of the description"),
        pytest.param("q:orders", {}, True, id="words of the table"),
        pytest.param("q:nowhere", {}, False, id="words that are nowhere"),
        pytest.param("tag:pii table:x", {}, False, id="words together mean and"),
        pytest.param("metric:revenue", {}, False, id="a word that nothing here can answer"),
        pytest.param("sort:oldest limit:1", {}, True, id="order and number select nothing"),
    ],
)
def test_matches(anomaly: Make, text: str, changes: dict[str, Any], selected: bool) -> None:
    assert filters.matches(query(text), anomaly(**changes)) is selected


SENT, HERE = model.Word(model.Handling.SENT), model.Word(model.Handling.HERE)
KNOWN = {
    "table": SENT,
    "status": SENT,
    "severity": HERE,
    "sort": HERE,
    "metric": model.Word(model.Handling.REFUSED, "Qualytics looks at tables, not at metrics."),
}


def test_only_the_words_applied_here_are_applied_here(anomaly: Make) -> None:
    assert filters.matches(query("table:x severity:high status:resolved"), anomaly(), KNOWN)
    assert not filters.matches(query("table:orders severity:low"), anomaly(), KNOWN)


@pytest.mark.parametrize(
    ("text", "known", "expected"),
    [
        pytest.param("table:x status:open", KNOWN, False, id="all sent"),
        pytest.param("severity:high", KNOWN, True, id="one applied here"),
        pytest.param("sort:weight", KNOWN, True, id="sorting here"),
        pytest.param("sort:newest", KNOWN, False, id="the usual order"),
        pytest.param("", {"status": HERE}, True, id="hiding what is archived"),
        pytest.param("status:any", {"status": HERE}, False, id="hiding nothing"),
    ],
)
def test_here(text: str, known: dict[str, model.Word], expected: bool) -> None:
    assert filters.here(query(text), known) is expected


def test_all_refused_words_are_named_with_their_reasons() -> None:
    with pytest.raises(errors.NotSupported) as caught:
        filters.check_words(query("table:x metric:a delta:3"), KNOWN, "Qualytics")
    assert str(caught.value) == (
        "Qualytics cannot filter by metric: or delta:. Qualytics looks at tables, not at metrics. "
        "Qualytics knows nothing of the kind. Leave these words out."
    )


def test_words_that_are_not_used_refuse_nothing() -> None:
    filters.check_words(query("source:qualytics table:x severity:high"), KNOWN, "Qualytics")


def test_explain_has_a_row_for_every_word() -> None:
    rows = {row.word: row for row in filters.explain(KNOWN, "Qualytics")}
    assert list(rows) == [word.name for word in words.TABLE]
    assert rows["table"].handling is model.Handling.SENT
    assert rows["metric"].because == "Qualytics looks at tables, not at metrics."
    assert rows["tag"].handling is model.Handling.REFUSED and rows["tag"].because
