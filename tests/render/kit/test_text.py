"""Strangers' text: what becomes of it, character by character."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.kit import text
from tests.render import samples, slack_rules


@pytest.mark.parametrize(
    ("given_", "shown"),
    [
        ("orders", "orders"),
        ("  a\n\tb\r\nc\x00d ", "a b c d"),
        ("a\u200bb\ufeffc\u2060d\u00ade", "abcde"),
        ("file\u202egnp.exe", "filegnp.exe"),
        ("", "–"),
        ("\u200b \u200d", "–"),
        ("half \ud800", "half \ufffd"),
        ("e\u0301" + "\u0301" * 50, "e" + "\u0301" * 4),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("שלום", "\u2068שלום\u2069"),
        ("\u2069שלום\u2068", "\u2068שלום\u2069"),
        ("<!channel> *bold*", "<!channel> *bold*"),
    ],
)
def test_squeeze(given_: str, shown: str) -> None:
    assert text.squeeze(given_) == shown


@given(samples.SHORT)
def test_squeezed_text_is_one_harmless_line(value: str) -> None:
    line = text.squeeze(value)
    kinds = {unicodedata.category(char) for char in line if char not in "\u200c\u200d\u2068\u2069"}
    assert line.strip() and not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert line.count("\u2068") == line.count("\u2069")


@pytest.mark.parametrize(
    ("typed", "live"),
    [("*bold*", "*bold*"), ("_it_", "_it_"), ("~gone~", "~gone~"), ("`code`", "`code`"), (":tada:", ":tada:"), ("> quote", "> quote")],
)
def test_spoken_text_reads_as_typed_but_formats_nothing(typed: str, live: str) -> None:
    said = text.spoken(typed)
    assert live not in said.replace("&gt;", ">") or said.startswith("\u200b")
    assert text.unspoken(said) == typed


def test_names_stay_whole_so_that_they_can_be_found() -> None:
    assert text.spoken("order_items of warehouse-prod at 09:12:30") == "order_items of warehouse-prod at 09:12:30"


@given(st.text(max_size=300), st.integers(1, 80))
def test_clip_never_exceeds_its_room(value: str, room: int) -> None:
    line = text.squeeze(value)
    shown = text.clip(line, room)
    assert text.size(shown) <= max(room, 2)
    assert shown == line if text.size(line) <= room else "…" in shown
    assert shown.count("\u2068") == shown.count("\u2069")


@given(st.text(alphabet="<>&ab ", max_size=100), st.integers(1, 60))
def test_clip_never_cuts_an_escape_or_a_token(value: str, room: int) -> None:
    markup = text.escape(value) + text.when(samples.NOW) + text.escape(value)
    shown = text.clip(markup, room, markup=True)
    assert text.size(shown, markup=True) <= room
    rest = slack_rules.CONTROL.sub("", shown)
    assert "<" not in rest and ">" not in rest
    assert text.escape(text.unescape(rest)) == rest


@pytest.mark.parametrize("picture", ["👩‍👩‍👧‍👦", "👍🏽", "é\u0301"])
def test_clip_keeps_or_drops_a_picture_whole(picture: str) -> None:
    for room in range(2, 40):
        shown = text.clip(picture * 20, room).removesuffix("…")
        assert shown == picture * (len(shown) // len(picture))


def test_size_counts_as_strictly_as_slack_may() -> None:
    assert text.size("a&<>👍") == 1 + 5 + 4 + 4 + 2
    assert text.size("&amp;", markup=True) == 5


def test_date_token_has_a_fallback_with_its_zone() -> None:
    assert text.when(samples.NOW) == f"<!date^1795252320^{{date_short_pretty}} {{time}}|{samples.DATE}>"


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://acme.example/anomalies/1?a=b&c=d", True),
        ("HTTP://acme.example", True),
        ("javascript:alert(1)", False),
        ("https://acme.example/a b", False),
        ("https://acme.example/|x", False),
        ("https://acme.example/>x", False),
        ("https://", False),
        ("//acme.example", False),
        ("https://acme.example/" + "x" * 2000, False),
        ("https://acme.example/\u202e", False),
        ("", False),
    ],
)
def test_only_web_addresses_become_links(address: str, safe: bool) -> None:
    assert bool(text.url(address)) is safe
    assert text.link(address, "a|b>c") == (f"<{text.escape(address)}|a/b&gt;c>" if safe else "a/b&gt;c")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (4210, "4,210"),
        (54.0, "54"),
        (54.5, "54.5"),
        (0, "0"),
        (54.33333, "54.33"),
        (79.999, "80"),
        (0.8734512, "0.873"),
        (-3.10001, "-3.1"),
        (1234.5678, "1,234.57"),
        (12345.678, "12,346"),
        (1e30, "1e+30"),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
    ],
)
def test_numbers(value: float, shown: str) -> None:
    assert text.number(value) == shown


def test_counts_and_lists() -> None:
    assert text.count(1, "row") == "1 row"
    assert text.count(2, "anomaly", "anomalies") == "2 anomalies"
    assert text.listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert text.sentence("One", "", "Two?") == "One. Two?"
