"""Slack's mark-up as HTML: what is drawn, and that nothing else gets through."""

from __future__ import annotations

import html.parser
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import model
from bot.render.kit import text
from bot.render.scan import scan_wording
from sandbox.page import dates, mrkdwn, richtext
from tests import examples

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
READER = mrkdwn.Reader({"U0LEE": "Lee Park"}, {"C0GENERAL": "general"}, ZoneInfo("Asia/Tokyo"), lambda: NOON)


def draw(text: str, *, verbatim: bool = True) -> str:
    return mrkdwn.draw(text, READER, verbatim=verbatim)


def slack_escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("*bold* _it_ ~gone~", "<b>bold</b> <i>it</i> <s>gone</s>"),
        ("\u200b*\u200bbold\u200b*\u200b", "\u200b*\u200bbold\u200b*\u200b"),
        ("\u200b*bold*\u200b", "\u200b<b>bold</b>\u200b"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("a &lt;b&gt; &amp;amp; c", "a &lt;b&gt; &amp;amp; c"),
        ("`a &lt; *b*`", "<code>a &lt; *b*</code>"),
        ("```x\ny```", "<pre>x\ny</pre>"),
        ("&gt; said\nthen", '<div class="quote">said</div>then'),
        ("<@U0LEE>", '<span class="mention user">@Lee Park</span>'),
        ("<#C0GENERAL>", '<span class="mention channel">#general</span>'),
        ("<!channel>", '<span class="mention broadcast">@channel</span>'),
        (":tada: :nobody_knows:", "🎉 :nobody_knows:"),
        (
            "<https://a.example/?a=1&amp;b=2|see>",
            '<a href="https://a.example/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">see</a>',
        ),
        ("<javascript:alert(1)|see>", "&lt;javascript:alert(1)|see&gt;"),
        ("<!date^1795262400^{date_num} {time}|fallback>", '<time title="fallback">2026-11-21 9:00 PM</time>'),
        ("<!date^1795262400^{nonsense}|fallback>", '<time title="fallback">fallback</time>'),
    ],
)
def test_mark_up_is_drawn_as_slack_draws_it(text: str, drawn: str) -> None:
    assert draw(text) == drawn


@pytest.mark.parametrize("said", ["*bold* _it_ ~gone~", "**bold**", "> said", ":tada: *a*:tada:_b_", "<@U0LEE> & *b*"])
def test_what_the_bot_has_made_harmless_is_drawn_letter_by_letter(said: str) -> None:
    """The page and the room that speaks to it agree on what a mark can do."""
    seen = parsed(draw(text.spoken(said)))
    assert (seen.words.replace("\u200b", ""), seen.tags) == (said, set())


@pytest.mark.parametrize("mark", [scan_wording.RUNS, scan_wording.WAITS, *map(scan_wording.mark, model.ScanResult)])
def test_every_mark_of_a_scan_is_drawn_as_a_sign(mark: str) -> None:
    drawn = draw(mark)
    assert drawn and ":" not in drawn


def test_without_verbatim_bare_links_and_broadcast_words_come_alive_even_when_escaped() -> None:
    drawn = draw("see https://a.example/x. @here #general", verbatim=False)
    assert 'href="https://a.example/x"' in drawn
    assert '<span class="mention broadcast">@here</span>' in drawn
    assert '<span class="mention channel">#general</span>' in drawn
    assert draw("see https://a.example/x. @here #general") == "see https://a.example/x. @here #general"


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("{date_pretty} {time}", "today 9:00 PM"),
        ("{date}", "November 21st, 2026"),
        ("{date_short}", "Nov 21, 2026"),
        ("{date_long}", "Saturday, November 21st, 2026"),
        ("{time_secs}", "9:00:00 PM"),
        ("{ago}", "just now"),
    ],
)
def test_every_date_token_is_drawn_in_the_readers_zone(form: str, shown: str) -> None:
    assert dates.draw(1795262400, form, ZoneInfo("Asia/Tokyo"), NOON) == shown


class Tags(html.parser.HTMLParser):
    """Collects what a browser would see as tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.identities: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.identities += [value or "" for name, value in attrs if name == "href"]
        self.words += "\n" if tag == "br" else ""

    def handle_data(self, data: str) -> None:
        self.words += data


def parsed(drawn: str) -> Tags:
    tags = Tags()
    tags.feed(drawn)
    tags.close()
    return tags


OURS = {"b", "i", "s", "code", "pre", "div", "br", "a", "span", "time"}
hostile = st.text(st.sampled_from(list("<>&\"'`*_~!@#|^:/{}()=;- \naxscriptonerrorhttps\ue000\ue0010")), max_size=80) | st.text(max_size=80)


@examples.times(4)
@given(hostile, st.booleans())
def test_no_text_becomes_a_tag_or_an_attribute_that_is_not_ours(text: str, verbatim: bool) -> None:
    for form in (text, slack_escape(text)):
        seen = parsed(draw(form, verbatim=verbatim))
        assert seen.tags <= OURS
        assert seen.attributes <= {"class", "href", "target", "rel", "title"}
        assert all(link.lower().startswith(("http:", "https:", "mailto:")) for link in seen.identities)


@examples.times(4)
@given(st.text(st.sampled_from(list("<>&\"'!@#|^{}()=; abc/script")), max_size=80))
def test_escaped_text_without_styles_is_read_back_letter_by_letter(text: str) -> None:
    read = parsed(draw(slack_escape(text))).words
    quoteless = "\n".join(line.removeprefix("> ").removeprefix(">") for line in text.split("\n"))
    assert read.replace("\xa0", "").strip("\n") in (text.strip("\n"), quoteless.strip("\n"))


def test_rich_text_leaves_are_literal() -> None:
    leaf = {"type": "text", "text": "<b>*x*</b>", "style": {"bold": True}}
    block = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}
    assert richtext.draw(block, READER) == "<div><b>&lt;b&gt;*x*&lt;/b&gt;</b></div>"
