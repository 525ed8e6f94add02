"""Ids as people type them, paste them from a spreadsheet, and copy them as links."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar
from bot.core.grammar import references
from tests.core.grammar import spoken


def read(text: str) -> grammar.Command:
    return grammar.command(
        text, today=date(2026, 11, 21), sources=("qualytics", "anodot"), default_source="qualytics", systems=spoken.USUAL
    )


def mistake(text: str) -> errors.BadCommand:
    with pytest.raises(errors.BadCommand) as caught:
        read(text)
    return caught.value


def ids(text: str) -> list[str]:
    return [str(ref).removeprefix("qualytics:") for ref in read(text).refs]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        pytest.param("1001", ["1001"], id="one"),
        pytest.param("1001,1002", ["1001", "1002"], id="a list"),
        pytest.param("1001, 1002 ,1003", ["1001", "1002", "1003"], id="a list with spaces"),
        pytest.param("1002 1001 1002", ["1002", "1001"], id="each once, in the order typed"),
        pytest.param("1001\n1002\r\n1003\n", ["1001", "1002", "1003"], id="a column of a spreadsheet"),
        pytest.param("1001\t1002\t1003", ["1001", "1002", "1003"], id="a row of a spreadsheet"),
        pytest.param("1001;1002; 1003;", ["1001", "1002", "1003"], id="semicolons"),
        pytest.param("1001|1002", ["1001", "1002"], id="bars"),
        pytest.param('"1001, 1002"', ["1001", "1002"], id="a quoted list"),
        pytest.param("id\n1001\n1002", ["1001", "1002"], id="with the title of the column"),
        pytest.param("1001.0\n1002.00", ["1001", "1002"], id="numbers that a spreadsheet made fractions of"),
        pytest.param("1001-1004", ["1001", "1002", "1003", "1004"], id="a range"),
        pytest.param("1001–1003", ["1001", "1002", "1003"], id="a range with the dash of a phone"),
        pytest.param("#7-#8,#10", ["7", "8", "10"], id="hashes"),
        pytest.param("7-7", ["7"], id="a range of one"),
        pytest.param("anodot:1-3", ["anodot:1", "anodot:2", "anodot:3"], id="a range of a system"),
        pytest.param("anodot:2af8,9", ["anodot:2af8", "anodot:9"], id="a system for a whole list"),
        pytest.param(
            "<https://acme.qualytics.io/anomalies/1001> <https://acme.qualytics.io/anomalies/1002?tab=a;b|Orders>",
            ["1001", "1002"],
            id="links",
        ),
        pytest.param("<https://a.io/anomalies/1>,<https://a.io/anomalies/2|x>", ["1", "2"], id="links with a comma"),
        pytest.param("7b0c6a2e-1111-4222-8333-944445555666", ["7b0c6a2e-1111-4222-8333-944445555666"], id="uuid"),
        pytest.param("2026-11-01", ["2026-11-01"], id="two dashes are no range"),
        pytest.param("1. 734515\n2. 734516\n3. 734517", ["734515", "734516", "734517"], id="numbered lines"),
        pytest.param("1) 734515\n2) 734516, 734517", ["734515", "734516", "734517"], id="numbered with brackets"),
        pytest.param("(1) 734515 (2) 734516", ["734515", "734516"], id="numbers in brackets"),
        pytest.param("1. 2001", ["2001"], id="a list of one"),
        pytest.param("• 734515\n• 734516", ["734515", "734516"], id="bullets"),
        pytest.param("•734515\n◦734516", ["734515", "734516"], id="bullets without a space"),
        pytest.param("- 734515\n- 734516", ["734515", "734516"], id="dashes as bullets"),
        pytest.param("– 734515\n– 734516", ["734515", "734516"], id="long dashes as bullets"),
        pytest.param("* 734515\n* 734516", ["734515", "734516"], id="stars as bullets"),
        pytest.param("734515.", ["734515"], id="the dot of a sentence"),
        pytest.param("734515, 734516.", ["734515", "734516"], id="a list and a dot"),
        pytest.param("1001. 1002. 1003.", ["1001", "1002", "1003"], id="dots of their own"),
        pytest.param("1. 2. 3.", ["1", "2", "3"], id="dots of small ids"),
        pytest.param("~734515~ _734516_ *734517* `734518`", ["734515", "734516", "734517", "734518"], id="Slack's marks"),
        pytest.param("*~734515~*,_*734516*_", ["734515", "734516"], id="marks within marks"),
        pytest.param("(734515) [734516]!", ["734515", "734516"], id="brackets"),
        pytest.param("７３４５１５ ＃１００２", ["734515", "1002"], id="full-width digits"),
        pytest.param("１００１－１００３", ["1001", "1002", "1003"], id="a full-width range"),
        pytest.param("１００１；１００２", ["1001", "1002"], id="a full-width semicolon"),
        pytest.param('"1001–1003"', ["1001", "1002", "1003"], id="a quoted range with a dash of a phone"),
        pytest.param("#734,#521", ["734", "521"], id="hashes say that these are two"),
        pytest.param("734, 521", ["734", "521"], id="a space says that these are two"),
        pytest.param("101,102,103,104", ["101", "102", "103", "104"], id="no number has so many thousands"),
        pytest.param("<https://a.io/anomalies/1001>.", ["1001"], id="a link at the end of a sentence"),
    ],
)
@pytest.mark.parametrize("verb", ["ack {}", "archive {} as:invalid", "delete {}", "reopen {}", "unassign {}", "assign me {}"])
def test_ids(verb: str, typed: str, found: list[str]) -> None:
    assert ids(verb.format(typed)) == found


@pytest.mark.parametrize(
    ("typed", "wrong", "told"),
    [
        ("734,521", "734,521", "write 734521 for one, 734 521 for two"),
        ("７３４，５２１", "７３４,５２１", "write 734521 for one, 734 521 for two"),
        ("qualytics:734,521", "734,521", "one id or two"),
        ('"734,521"', '"734,521"', "one id or two"),
        ("1,734,521", "1,734,521", "write 1734521 for one, 1 734 521 for 3"),
        ("734.521", "734.521", "write 734521 for one, 734 521 for two"),
        ("1.734515", "1.734515", "a space between the number of a line and the id"),
        ("1)734515", "1)734515", "a space between the number of a line and the id"),
        ("3. 734515", "3.", "may be the number of a line or an id"),
        ("1. 734515 3. 734516", "1.", "may be the number of a line or an id"),
        ("~734515", "~734515", "is not the id"),
        ("734_515;~", "~", "is not the id"),
        ("٧٣٤", "٧٣٤", "is not the id"),
        ("10²", "10²", "is not the id"),
    ],
)
def test_what_is_not_clear_is_refused_with_the_reason(typed: str, wrong: str, told: str) -> None:
    error = mistake(f"ack {typed}")
    assert error.text[error.start : error.end] == wrong and told in str(error)


def test_an_id_of_a_filter_is_read_as_loosely() -> None:
    query = read("list id:~1001~,１００２,1003.,734,521").query
    assert query is not None and query.ids == ("1001", "1002", "1003", "734", "521")
    assert "one id or two" in str(mistake("list id:734.521"))


MARKS = st.sampled_from(["{}", "~{}~", "_{}_", "*{}*", "`{}`", "*_{}_*", "({})", "[{}]", "#{}", "{}.", "• {}", "•{}", "{};"])


@given(
    st.lists(st.tuples(st.integers(1000, 10**9), MARKS), min_size=1, max_size=6, unique_by=lambda one: one[0]),
    st.sampled_from(["\n", " ", ", "]),
)
def test_marks_around_ids_change_nothing(marked: list[tuple[int, str]], between: str) -> None:
    assert ids("ack " + between.join(mark.format(number) for number, mark in marked)) == [str(number) for number, _ in marked]


@given(
    st.lists(st.integers(1000, 10**9), min_size=1, max_size=30, unique=True), st.sampled_from(["{}. {}", "{}) {}", "({}) {}", "{}.\t~{}~"])
)
def test_the_numbers_of_lines_are_no_ids(numbers: list[int], line: str) -> None:
    assert ids("ack " + "\n".join(line.format(at, number) for at, number in enumerate(numbers, 1))) == [str(one) for one in numbers]


@given(st.integers(0, 10**17), st.integers(0, references.RANGE_MAX - 1))
def test_a_range_is_its_numbers(first: int, more: int) -> None:
    assert ids(f"ack {first}-{first + more}") == [str(first + number) for number in range(more + 1)]


def test_ids_are_bounded() -> None:
    assert len(read("ack 1-1000").refs) == 1000
    assert len(read("ack " + " ".join(f"{number}001-{number + 1}000" for number in range(5))).refs) == references.REFS_MAX
    assert len(read("ack 1001-2000,2001-3000,3001-4000,4001-5000,5001-6000 6000").refs) == references.REFS_MAX
    with pytest.raises(errors.BadCommand, match="more than 5,000 ids"):
        read("ack 1001-2000,2001-3000,3001-4000,4001-5000,5001-6000 6001")
    error = mistake("ack " + " ".join(f"{number}001-{number + 1}000" for number in range(6)))
    assert "more than 5,000 ids" in str(error) and error.text[error.start : error.end] == "5001-6000"


def test_many_pasted_ids_are_read_in_a_moment() -> None:
    pasted = "\n".join(str(number) for number in range(1000, 1000 + references.REFS_MAX))
    assert len(read(f"archive {pasted} as:duplicate").refs) == references.REFS_MAX


# --- several systems ----------------------------------------------------------------------------------------------------------


def several(text: str) -> list[str]:
    """The references of a command where two systems run, of which one has ids with colons."""
    found = grammar.command(text, today=date(2026, 11, 21), sources=("qualytics", "anodot"), default_source="", systems=spoken.BOTH)
    return [str(ref) for ref in found.refs]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1001", [":1001"]),
        ("qualytics:1001", ["qualytics:1001"]),
        ("anodot:rev:7,qualytics:8", ["anodot:rev:7", "qualytics:8"]),
        ("Anodot:2af8 1001", ["anodot:2af8", ":1001"]),
        ("https://app.anodot.example/detail/rev:7?tab=1 <https://acme.qualytics.io/anomalies/5|x>", ["anodot:rev:7", "qualytics:5"]),
        ("app.anodot.example/detail/2af8", ["anodot:2af8"]),
        ("https://app.anodot.example/detail/rev%3A7 app.anodot.example/detail/rev%3a17%2fx", ["anodot:rev:7", "anodot:rev:17/x"]),
        ("anodot:https://app.anodot.example/detail/2af8", ["anodot:2af8"]),
        ("rev:7 rev:8,1001", [":rev:7", ":rev:8", ":1001"]),
        ("rev:17/x anodot:rev:17/x", [":rev:17/x", "anodot:rev:17/x"]),
        ("qualytics:1-3", ["qualytics:1", "qualytics:2", "qualytics:3"]),
    ],
)
def test_of_several_systems_a_reference_is_parted_at_the_first_colon_behind_a_known_name(typed: str, found: list[str]) -> None:
    assert several(f"ack {typed}") == found


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("https://elsewhere.example/anomalies/7", "has its web pages at elsewhere.example. Their web pages are at acme.qualytics.io"),
        ("https://app.anodot.example/anomalies/7", "This link leads to Anodot, but to none of its anomalies"),
        ("qualytics:https://app.anodot.example/detail/2af8", "This link leads to Anodot"),
        ("anodot:xyz", "An id looks like 2af8 or anodot:2af8. The link to the anomaly works, too."),
        ("1001 please", "Ids look like 1001, qualytics:1001 or 1001-1005"),
        ("1$2", "An id looks like 1001, qualytics:1001 or anodot:2af8. The link to the anomaly works, too."),
        ("anodot:2af8,nix:7x", 'No system called "nix" is connected here'),
    ],
)
def test_what_no_system_has_is_refused(typed: str, told: str) -> None:
    with pytest.raises(errors.BadCommand) as caught:
        several(f"ack {typed}")
    assert told in str(caught.value)


@given(st.sampled_from(["qualytics", "anodot", "x"]), st.text(min_size=1, max_size=40))
def test_a_reference_reads_back_whatever_its_id_is(source: str, ident: str) -> None:
    ref = model.Ref(source, ident)
    assert model.Ref.parse(str(ref)) == ref


@given(st.text(max_size=40).filter(lambda ident: ":" not in ident))
def test_a_bare_reference_is_of_the_default_system(ident: str) -> None:
    if ident:
        assert model.Ref.parse(ident, "anodot") == model.Ref("anodot", ident)
    with pytest.raises(ValueError):
        model.Ref.parse(ident)


def test_mentioned_links_are_of_the_systems_that_own_their_hosts() -> None:
    said = "a <https://app.anodot.example/detail/rev:7|x>, https://a.io/x/anomalies/12. https://elsewhere.example/anomalies/1"
    assert [str(ref) for ref in grammar.mentioned(said, spoken.BOTH)] == ["anodot:rev:7", "qualytics:12"]


@pytest.mark.parametrize(
    ("link", "found"),
    [("detail/rev%3A7%2Fx", ["anodot:rev:7/x"]), ("detail/rev%3A7%2Fx.", ["anodot:rev:7/x"]), ("detail/rev%3A%2F", []), ("detail/", [])],
)
def test_an_id_that_is_escaped_in_a_link_is_read_as_it_is_and_what_is_none_is_nothing(link: str, found: list[str]) -> None:
    assert [str(ref) for ref in grammar.mentioned(f"see https://app.anodot.example/{link}", spoken.BOTH)] == found


@pytest.mark.parametrize(
    ("typed", "ids"),
    [
        ("id:rev:17/x", ("rev:17/x",)),
        ("id:anodot:rev:17/x,qualytics:5", ("anodot:rev:17/x", "qualytics:5")),
        ("id:1001,`rev:7`", ("1001", "rev:7")),
    ],
)
def test_a_filter_by_id_knows_the_forms_of_the_systems_and_names_them_where_somebody_did(typed: str, ids: tuple[str, ...]) -> None:
    query = grammar.query(typed, today=date(2026, 11, 21), systems=spoken.BOTH)
    assert query.ids == ids
    assert grammar.query(grammar.canonical(query), today=date(2026, 11, 21), systems=spoken.BOTH) == query


def test_a_filter_by_id_refuses_what_no_system_has() -> None:
    with pytest.raises(errors.BadCommand, match="is no id"):
        grammar.query("id:rev/7", today=date(2026, 11, 21), systems=spoken.BOTH)
