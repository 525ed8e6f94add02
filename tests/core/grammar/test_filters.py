"""Filters: written back, said in a sentence, and what they select."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar
from bot.core.grammar import fields
from tests import examples
from tests.core.grammar import spoken

TODAY = date(2026, 11, 21)
Make = Callable[..., model.Anomaly]


def query(text: str) -> model.Query:
    return grammar.query(text, today=TODAY, systems=spoken.BOTH)


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
        statuses=_many(st.sampled_from(sorted(set(fields.STATUSES.values()) - {"open"}))).filter(
            lambda some: set(some) != set(fields.OPEN)
        ),
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


@examples.times(3)
@given(_queries())
def test_a_filter_written_back_reads_the_same(wanted: model.Query) -> None:
    assert query(grammar.canonical(wanted)) == wanted
    assert grammar.describe(wanted)


@examples.times(3)
@given(st.lists(st.sampled_from([word.example for word in fields.TABLE]), max_size=6, unique=True))
def test_what_people_write_reads_the_same_after_it_is_written_back(parts: list[str]) -> None:
    found = query(" ".join(parts))
    assert query(grammar.canonical(found)) == found


def test_until_and_words_of_others_are_written_back() -> None:
    found = query("until:today direction:UP bookmark:a,b change:20%")
    assert found.others == (("bookmark", "a"), ("bookmark", "b"), ("delta", "20"), ("direction", "up"))
    assert grammar.canonical(found) == "until:today bookmark:a,b delta:20 direction:up"
    assert grammar.describe(found) == "open anomalies until 2026-11-21 with bookmark a or b with delta 20 with direction up"


@pytest.mark.parametrize("text", ["since:7d until:yesterday", "since:3d until:today", "since:2026-11-01 until:yesterday"])
def test_relative_days_stay_relative_in_what_is_written_back(text: str) -> None:
    """A filter that is kept means other days tomorrow."""
    first = query(text)
    assert grammar.canonical(first) == text
    later = grammar.query(grammar.canonical(first), today=TODAY + timedelta(days=10))
    for word, then, now in (("since", first.since, later.since), ("until", first.until, later.until)):
        assert then and now and now - then == timedelta(days=10 if word in dict(first.ago) else 0)
    without = {part for part, _ in grammar.without_each(first)}
    assert without == set(text.split())


def test_weeks_are_written_back_as_days() -> None:
    assert grammar.canonical(query("since:2w")) == "since:14d"


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        pytest.param("", "open anomalies", id="nothing"),
        pytest.param("status:open table:orders since:2026-11-01", "open anomalies in orders since 2026-11-01", id="the usual"),
        pytest.param("status:any severity:high,critical type:record", "high or critical record anomalies", id="subject"),
        pytest.param("table:a,b,c", "open anomalies in a, b or c", id="three tables"),
        pytest.param("assignee:none", "open anomalies assigned to nobody", id="nobody"),
        pytest.param("status:open sort:weight limit:5", "open anomalies (heaviest first) (at most 5)", id="order and number"),
        pytest.param('q:"{0} {x}"', 'open anomalies containing "{0} {x}"', id="braces are text"),
    ],
)
def test_describe(text: str, phrase: str) -> None:
    assert grammar.describe(query(text)) == phrase


# --- what it selects ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "changes", "selected"),
    [
        pytest.param("", {}, True, id="open"),
        pytest.param("", {"state": model.State.ACKNOWLEDGED}, True, id="acknowledged is not archived"),
        pytest.param("", {"state": model.State.ARCHIVED}, False, id="archived is left out"),
        pytest.param("status:any", {"state": model.State.ARCHIVED}, True, id="any"),
        pytest.param("status:archived", {"state": model.State.ARCHIVED, "archived_as": "Invalid"}, True, id="archived"),
        pytest.param("status:invalid", {"state": model.State.ARCHIVED, "archived_as": "Invalid"}, True, id="outcome"),
        pytest.param("status:resolved", {"state": model.State.ARCHIVED, "archived_as": "Invalid"}, False, id="other outcome"),
        pytest.param("status:active", {"state": model.State.ACKNOWLEDGED}, False, id="other status"),
        pytest.param("status:open", {"state": model.State.ACKNOWLEDGED}, True, id="open is not archived"),
        pytest.param("status:active", {}, True, id="nobody acknowledged"),
        pytest.param("state:open", {"state": model.State.ARCHIVED}, False, id="state is status"),
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
        pytest.param("direction:up", {}, False, id="a word that nothing here can answer"),
        pytest.param("sort:oldest limit:1", {}, True, id="order and number select nothing"),
    ],
)
def test_matches(anomaly: Make, text: str, changes: dict[str, Any], selected: bool) -> None:
    assert grammar.matches(query(text), anomaly(**changes)) is selected


SENT, HERE = model.Word(model.Handling.SENT), model.Word(model.Handling.HERE)
KNOWN = {
    "table": SENT,
    "status": SENT,
    "severity": HERE,
    "sort": HERE,
    "direction": model.Word(model.Handling.REFUSED, "Qualytics looks at tables, not at metrics."),
}


def test_only_the_words_applied_here_are_applied_here(anomaly: Make) -> None:
    assert grammar.matches(query("table:x severity:high status:resolved"), anomaly(), KNOWN)
    assert not grammar.matches(query("table:orders severity:low"), anomaly(), KNOWN)


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
    assert grammar.here(query(text), known) is expected


NO_PLACES = model.Word(model.Handling.REFUSED, "Qualytics has no tenants and no spans. Use table: instead.")
HINTED = {**KNOWN, "datastore": NO_PLACES, "table": NO_PLACES, "sort": model.Word(model.Handling.SENT)}


@pytest.mark.parametrize(
    ("text", "known", "said"),
    [
        ("delta:3", KNOWN, "Qualytics cannot filter by delta: it knows nothing of the kind. Leave the word out."),
        (
            "table:x direction:up delta:3",
            KNOWN,
            "Qualytics cannot filter by delta: it knows nothing of the kind. "
            "It cannot filter by direction: it looks at tables, not at metrics. Leave these words out.",
        ),
        (
            "table:x datastore:y",
            HINTED,
            "Qualytics cannot filter by datastore or table: it has no tenants and no spans. Use table: instead.",
        ),
        ("sort:duration", HINTED, "Qualytics sorts by newest, oldest or weight, not by duration."),
        ("sort:oldest", {}, "Qualytics lists the newest first, and in no other order."),
        (
            "sort:duration datastore:y",
            HINTED,
            "Qualytics cannot filter by datastore: it has no tenants and no spans. Use table: instead. "
            "Qualytics sorts by newest, oldest or weight, not by duration.",
        ),
    ],
    ids=["unknown", "several", "one reason for two", "sort", "no sort", "sort and another"],
)
def test_all_refused_words_are_named_with_their_reasons_and_nothing_is_said_twice(
    text: str, known: dict[str, model.Word], said: str
) -> None:
    with pytest.raises(errors.NotSupported) as caught:
        grammar.check_words(query(text), known, "Qualytics")
    assert str(caught.value) == said


def test_words_that_are_not_used_refuse_nothing() -> None:
    grammar.check_words(query("source:qualytics table:x severity:high"), KNOWN, "Qualytics")


def test_explain_has_a_row_for_every_word() -> None:
    rows = {row.word: row for row in grammar.explain(KNOWN, "Qualytics", spoken.OWN, "qualytics")}
    assert list(rows) == [word.name for word in (*fields.TABLE, *spoken.OWN)]
    assert rows["source"].example == "source:qualytics"
    assert rows["table"].handling is model.Handling.SENT
    assert rows["direction"].because == "Qualytics looks at tables, not at metrics."
    assert rows["tag"].handling is model.Handling.REFUSED and rows["tag"].because


@pytest.mark.parametrize(
    ("typed", "tags", "written"),
    [
        ("tag:<#C1|data-quality>,#pii", ("data-quality", "pii"), "tag:data-quality,pii"),
        ('tag:"#pii"', ("#pii",), 'tag:"#pii"'),
    ],
)
def test_a_hash_before_a_tag_is_no_part_of_it(typed: str, tags: tuple[str, ...], written: str) -> None:
    found = query(grammar.clean(typed))
    assert found.tags == tags and grammar.canonical(found) == written


# --- words of single systems, and what is where it is stored ------------------------------------------------------------------


_WORD_VALUES = st.lists(
    st.one_of(
        st.tuples(st.just("bookmark"), _NAMES.map(str.strip)),
        st.tuples(st.just("delta"), st.integers(0, 10**9).map(str)),
        st.tuples(st.just("direction"), st.sampled_from(["up", "down"])),
    ),
    max_size=4,
    unique=True,
)


@examples.times(3)
@given(_queries(), _WORD_VALUES)
def test_a_filter_with_words_of_single_systems_reads_the_same(wanted: model.Query, own: list[tuple[str, str]]) -> None:
    kept = {pair if pair[0] == "bookmark" else (pair[0], ""): pair for pair in own}  # only bookmark: takes several
    wanted = replace(wanted, others=tuple(sorted(kept.values(), key=lambda pair: pair[0])))
    assert query(grammar.canonical(wanted)) == wanted
    assert grammar.stored(grammar.canonical(wanted), today=TODAY, systems=spoken.BOTH) == wanted, "nothing of it means what it meant before"


def test_a_declared_word_is_compared_by_its_system(anomaly: Make) -> None:
    here = {"bookmark": HERE, "delta": HERE, "direction": SENT}
    assert grammar.matches(query("bookmark:pii,x delta:54"), anomaly(tags=("pii",), weight=54.0), here, spoken.OWN)
    assert not grammar.matches(query("bookmark:x"), anomaly(tags=("pii",)), here, spoken.OWN)
    assert not grammar.matches(query("delta:55"), anomaly(weight=54.0), None, spoken.OWN)
    assert grammar.matches(query("direction:up"), anomaly(), here, spoken.OWN), "what was sent is not compared again"
    assert grammar.here(query("delta:3"), here) and not grammar.here(query("direction:up"), here)


@pytest.mark.parametrize(
    ("text", "systems", "told"),
    [
        ("bookmark:mine", spoken.ALONE, "bookmark: is a word of Anodot, which is not connected here"),
        ("resolution:short", spoken.BOTH, "resolution: is a word of Anomify, which is not connected here"),
        ("bokmark:mine", spoken.BOTH, "Did you mean bookmark:?"),
        ("delta:much", spoken.BOTH, '"much" is not a value of delta: It takes a whole number. For example delta:20'),
        ("delta:1,2", spoken.BOTH, "delta: takes one value"),
        ("direction:", spoken.BOTH, "direction: needs a value, for example direction:up"),
        ("status:snoozed", spoken.BOTH, "Nothing can be snoozed in this release"),
        ("source:", spoken.BOTH, "source: needs a value, for example source:qualytics"),
    ],
)
def test_what_is_wrong_with_words_of_single_systems(text: str, systems: grammar.Systems, told: str) -> None:
    with pytest.raises(errors.BadCommand) as caught:
        grammar.query(text, today=TODAY, systems=systems)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("words", "typed", "stored"),
    [
        ("status:open", (), ("active",)),
        ("status:open,acknowledged", (), ()),
        ("status:open,resolved table:orders", ("active", "acknowledged", "resolved"), ("active", "resolved")),
        ("status:active", ("active",), ("active",)),
        ('q:"is status:open" tag:open', (), ()),
        ("", (), ()),
    ],
)
def test_open_means_not_archived_and_what_was_stored_before_means_what_it_meant(
    words: str, typed: tuple[str, ...], stored: tuple[str, ...]
) -> None:
    assert query(words).statuses == typed
    found = grammar.stored(words, today=TODAY)
    assert found.statuses == stored and found.text == query(words).text and found.tags == query(words).tags
    assert "open" not in grammar.canonical(replace(query(words), text="", tags=()))


@pytest.mark.parametrize("words", ["", "status:open"], ids=["nothing said", "open"])
def test_what_is_acknowledged_is_open_too(anomaly: Make, words: str) -> None:
    there = [anomaly(state=state) for state in model.State]
    assert [one.state for one in there if grammar.matches(query(words), one)] == [model.State.ACTIVE, model.State.ACKNOWLEDGED]


def test_the_outcomes_of_the_running_systems_are_statuses(anomaly: Make) -> None:
    found = query("status:confirmed")
    assert found.statuses == ("confirmed",) and query(grammar.canonical(found)) == found
    assert not grammar.matches(found, anomaly(state=model.State.ARCHIVED, archived_as="Invalid"))
    with pytest.raises(errors.BadCommand, match="is not a value of status"):
        grammar.query("status:confirmed", today=TODAY, systems=spoken.ALONE)


# --- a search as a system itself writes it -------------------------------------------------------------------------------------

SEARCH = '{"expression":[{"type":"property","key":"what","value":"a } b, {c","isExact":true}]}'


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (f"q:{SEARCH} sort:oldest", SEARCH),
        (f"sort:oldest q:{SEARCH.replace(':', ': ').replace(',', ', ')}", SEARCH.replace(":", ": ").replace(",", ", ")),
        ("sort:oldest q:{“expression”:[]}", '{"expression":[]}'),
        ("q:{open sort:oldest", "{open"),
        ("q:{a}b sort:oldest", "{a}b"),
    ],
    ids=["as it is", "with blanks", "from a telephone", "open", "something behind it"],
)
def test_a_search_in_braces_is_one_value_as_it_was_typed(typed: str, text: str) -> None:
    found = query(grammar.clean(typed))
    assert (found.text, found.sort) == (text, "oldest")
    assert query(grammar.canonical(found)) == found
