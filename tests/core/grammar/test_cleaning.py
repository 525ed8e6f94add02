"""Text as Slack really sends it; and the caret under the wrong word."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors, model
from bot.core import grammar
from tests.core.grammar import spoken


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        pytest.param("list table:“order lines”", 'list table:"order lines"', id="curly double quotes"),
        pytest.param("q:‘a b’", "q:'a b'", id="curly single quotes"),
        pytest.param("since:2026–11—01", "since:2026-11-01", id="en and em dashes"),
        pytest.param("list\u00a0status:open\u202f limit:5", "list status:open  limit:5", id="spaces that do not break"),
        pytest.param("1001\n1002\t1003", "1001 1002 1003", id="pasted from a spreadsheet"),
        pytest.param("q:a &amp; b &lt;c&gt;", "q:a & b <c>", id="entities"),
        pytest.param("q:&amp;lt;", "q:&lt;", id="entities once only"),
        pytest.param("assignee:<@U1|dana>", "assignee:<@U1>", id="mention with a name"),
        pytest.param("assignee:<@W1>", "assignee:<@W1>", id="mention without a name"),
        pytest.param("<#C1|data-quality>", "#data-quality", id="channel"),
        pytest.param("<#C1|>", "<#C1>", id="private channel without a name"),
        pytest.param("<!channel> <!here|here>", "@channel here", id="broadcasts are plain text"),
        pytest.param("<!subteam^S1|@oncall>", "@oncall", id="user group with a name"),
        pytest.param("<!subteam^S1>", "@S1", id="user group without a name"),
        pytest.param("show <https://acme.example/anomalies/1001>", "show https://acme.example/anomalies/1001", id="link"),
        pytest.param(
            "show <https://acme.example/anomalies/1001|Orders>", "show https://acme.example/anomalies/1001", id="link with a title"
        ),
        pytest.param("table:<http://orders.io|orders.io>", "table:orders.io", id="link that Slack made"),
        pytest.param("assignee:<mailto:dana@acme.example|dana@acme.example>", "assignee:dana@acme.example", id="address"),
        pytest.param("<https://a.example/?a=1&amp;b=2>", "https://a.example/?a=1&b=2", id="link with an ampersand"),
        pytest.param("*list* `status:open`", "list status:open", id="pasted with marks"),
        pytest.param('q:"a *b* c"', 'q:"a *b* c"', id="marks inside quotation marks stay"),
        pytest.param("table:a*b*c", "table:a*b*c", id="marks inside a word stay"),
        pytest.param("show\u200b 10\u200e01\ufeff", "show 1001", id="invisible characters"),
        pytest.param("status：open，acknowledged", "status:open,acknowledged", id="full-width punctuation"),
        pytest.param("  list  ", "list", id="edges"),
        pytest.param("a < b > <>", "a < b > <>", id="angles that are no markup"),
        pytest.param("<@> <#>", "<@> <#>", id="empty markup"),
    ],
)
def test_clean(sent: str, meant: str) -> None:
    assert grammar.clean(sent) == meant


@given(st.text(max_size=80))
def test_clean_leaves_one_line_without_surprises_outside_of_quotation_marks(text: str) -> None:
    cleaned = grammar.clean(text.replace('"', "").translate(dict.fromkeys(map(ord, "'“”„‟«»＂‘’‚‛‹›＇"))))
    assert cleaned == cleaned.strip()
    assert not any(ord(letter) < 32 or letter in "\u00a0\u2028\u200b\u202e—" for letter in cleaned)


# --- what stands in quotation marks ---------------------------------------------------------------------------------


def sent(typed: str) -> str:
    """What Slack makes of typed text that holds no mention, channel or link."""
    return typed.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def quoted(text: str) -> str:
    """A text as somebody types it who knows the rules: between straight marks, with a backslash before marks and backslashes."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def note(text: str) -> str:
    """The note of an acknowledgement as Slack delivers it."""
    wish = grammar.command(
        f"ack 1001 {text}", today=date(2026, 11, 21), sources=("qualytics",), default_source="qualytics", systems=spoken.USUAL
    ).change
    assert wish is not None
    return wish.note


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        pytest.param('note:"line1\nline2 – « ok »、再送"', "line1\nline2 – « ok »、再送", id="lines, dashes, guillemets, Japanese"),
        pytest.param('note:"a\tb   c\u00a0d"', "a\tb   c\u00a0d", id="tabs and spaces"),
        pytest.param('note:"  edges \n"', "  edges \n", id="edges"),
        pytest.param('note:"he said “ok” and ‘no’"', "he said “ok” and ‘no’", id="curly inside straight"),
        pytest.param('note:“he said "ok" – then”', 'he said "ok" – then', id="straight inside curly"),
        pytest.param("note:“he said “ok” then”", "he said “ok” then", id="curly inside curly"),
        pytest.param("note:”he said “ok” then”", "he said “ok” then", id="the mark that macOS makes behind a colon"),
        pytest.param("note:„so – gut“", "so – gut", id="German"),
        pytest.param("note:« bien – sûr »", " bien – sûr ", id="French"),
        pytest.param("note:»nå – vel»", "nå – vel", id="Scandinavian"),
        pytest.param("note：＂ok：次＂", "ok：次", id="full width"),
        pytest.param('note:"one mark turned”', "one mark turned", id="straight, then curly"),
        pytest.param('note:“the other turned"', "the other turned", id="curly, then straight"),
        pytest.param("note:‘it’s – fine’", "it’s – fine", id="curly single marks"),
        pytest.param("note:'a – b'", "a – b", id="straight single marks"),
        pytest.param(r'note:"a \"b\" \\ c"', r'a "b" \ c', id="escaped marks"),
        pytest.param('note:"*bold* `code` _it_ ~no~"', "*bold* `code` _it_ ~no~", id="Slack's own formatting"),
        pytest.param('note:"a &lt;b&gt; &amp;amp; c"', "a <b> &amp; c", id="entities, once"),
        pytest.param('note:"ask <@U1|dana> in <#C1|data-quality>"', "ask @dana in #data-quality", id="mentions and channels"),
        pytest.param(
            'note:"see <https://a.io/x?a=1&amp;b=2>, <http://orders.io|orders.io>"', "see https://a.io/x?a=1&b=2, orders.io", id="links"
        ),
        pytest.param('note:"\u200ba\u200d\ufeff"', "\u200ba\u200d\ufeff", id="invisible ones"),
    ],
)
def test_what_stands_in_quotation_marks_is_kept_as_typed(typed: str, text: str) -> None:
    assert note(typed) == text


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        pytest.param("note 1001 the late load – « again »\nand 再送、", "the late load – « again »\nand 再送、", id="no marks at all"),
        pytest.param('note 1001 "line1\n – line2 "', "line1\n – line2 ", id="straight marks"),
        pytest.param("note 1001 “line1\n – ‘line2’”", "line1\n – ‘line2’", id="curly marks"),
        pytest.param("note 1001 “a” and “b”", "“a” and “b”", id="marks that are not around the whole"),
        pytest.param("note 1001，1002 note：a – b", "a – b", id="marked"),
        pytest.param(
            "comment <https://acme.example/anomalies/1001|Orders> ask <@U1|dana> – &lt;now&gt;", "ask @dana – <now>", id="behind a link"
        ),
    ],
)
def test_free_text_is_kept_as_typed(typed: str, text: str) -> None:
    wish = grammar.command(typed, today=date(2026, 11, 21), sources=("qualytics",), default_source="qualytics", systems=spoken.USUAL).change
    assert wish is not None and wish.note == text


@given(st.text(max_size=60) | st.text(st.sampled_from("\"'\\“”«»‘’、，：:, \n\tab<>&;–*`"), max_size=12))
def test_any_text_in_quotation_marks_arrives_as_typed(text: str) -> None:
    if text.strip():
        assert note(f"note:{sent(quoted(text))}") == text
    read = grammar.query(grammar.clean(f"table:{sent(quoted(f'x{text}'))} min:5"), today=date(2026, 11, 21))
    assert read.tables == (f"x{text}",) and read.min_weight == 5


@given(st.text(min_size=1, max_size=30) | st.text(st.sampled_from("\"'\\“”«»‘’、，：:, \n<>&;–*`a"), min_size=1, max_size=8))
def test_a_written_value_reads_back_as_itself_through_slack(value: str) -> None:
    if value.strip():
        query = model.Query(tables=(value,))
        assert grammar.query(grammar.clean(sent(grammar.canonical(query))), today=date(2026, 11, 21)) == query


# --- the caret ------------------------------------------------------------------------------------------------------


def _caret(text: str, start: int, end: int) -> tuple[str, str]:
    return grammar.caret(errors.BadCommand("wrong", text=text, start=start, end=end))


@pytest.mark.parametrize(
    ("text", "start", "end", "expected"),
    [
        pytest.param("list status:opne", 12, 16, ("list status:opne", " " * 12 + "^^^^"), id="a word"),
        pytest.param("show", 4, 4, ("show", "    ^"), id="something missing at the end"),
        pytest.param("", 0, 0, ("", "^"), id="nothing at all"),
        pytest.param("q:漢字 x:1", 5, 7, ("q:漢字 x:1", " " * 7 + "^^"), id="wide letters take two columns"),
        pytest.param("q:e\u0301 x:1", 5, 7, ("q:e\u0301 x:1", " " * 4 + "^^"), id="combining marks take none"),
        pytest.param("list 🔥", 5, 6, ("list 🔥", "     ^^"), id="emoji"),
        pytest.param('q:"a\nb" x:1', 8, 11, ('q:"a b" x:1', " " * 8 + "^^^"), id="a line break inside quotation marks"),
        pytest.param("q:```", 2, 5, ("q:'''", "  ^^^"), id="no code fence gets through"),
        pytest.param("abc", 7, 99, ("abc", "   ^"), id="a span outside of the text"),
    ],
)
def test_caret(text: str, start: int, end: int, expected: tuple[str, str]) -> None:
    assert _caret(text, start, end) == expected


def test_caret_of_a_long_command_is_cut_around_the_wrong_word() -> None:
    text = "list " + "tag:a " * 40 + "WRONG " + "tag:b " * 40
    start = text.index("WRONG")
    line, carets = _caret(text, start, start + 5)
    assert len(line) <= 78 and line.startswith("...") and line.endswith("...")
    assert line[carets.index("^") : carets.index("^") + 5] == "WRONG" and carets.count("^") == 5


def test_a_long_wrong_word_is_cut_too() -> None:
    line, carets = _caret("list " + "x" * 200 + " end", 5, 205)
    assert line == "list " + "x" * 33 + "... end" and carets == " " * 5 + "^" * 36


@given(st.text(max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_caret_stays_short_and_never_fails(text: str, start: int, end: int) -> None:
    line, carets = _caret(text, start, end)
    assert carets.strip(" ").strip("^") == "" and carets.endswith("^")
    assert len(carets) <= 80 and "`" not in line
