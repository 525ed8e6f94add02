"""Whatever is sent as blocks or as a view is accepted or refused, and what is accepted can be kept."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack import input_values, workspace
from sandbox.slack.blockkit import blocks, elements, surfaces
from tests import examples

KEYS = (
    "type", "text", "block_id", "action_id", "elements", "element", "accessory", "fields", "options", "option_groups", "value", "label",
    "url", "initial_option", "initial_options", "rows", "chart", "series", "axis_config", "categories", "data", "segments", "name", "title",
    "caption", "child_blocks", "actions", "alt_text", "image_url", "confirm", "max_selected_items", "page_size", "blocks", "submit",
)  # fmt: skip
WORDS = (
    *blocks.CLASSIC,
    *blocks.NEW,
    *elements.ELEMENTS,
    "mrkdwn",
    "plain_text",
    "raw_text",
    "raw_number",
    "bar",
    "pie",
    "modal",
    "home",
    "x",
)
LEAVES = st.one_of(st.sampled_from(WORDS), st.none(), st.booleans(), st.integers(-1, 3), st.just(""), st.floats(allow_nan=False))
JSON = st.recursive(
    LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)), max_leaves=25
)
TEXT = st.fixed_dictionaries({"type": st.just("plain_text"), "text": st.text(min_size=1, max_size=5)}) | JSON
OPTION = st.fixed_dictionaries({"text": TEXT, "value": st.sampled_from(["1", "2"])}) | JSON
ELEMENT = st.fixed_dictionaries(
    {"type": st.sampled_from(tuple(elements.ELEMENTS))},
    optional={"action_id": st.sampled_from(["a", "b"]), "text": TEXT, "options": st.lists(OPTION, max_size=3), "initial_option": OPTION},
)
BLOCK = st.fixed_dictionaries(
    {"type": st.sampled_from((*blocks.CLASSIC, *blocks.NEW))},
    optional={
        "text": TEXT,
        "elements": st.lists(ELEMENT, max_size=3),
        "accessory": ELEMENT,
        "element": ELEMENT,
        "label": TEXT,
        "rows": JSON,
    },
)


@examples.times(4)
@given(st.lists(BLOCK | JSON, max_size=4) | JSON, st.sampled_from(["message", "modal", "home"]))
def test_blocks_are_accepted_or_refused(value: Any, surface: str) -> None:
    report = surfaces.check(value, surface)
    if not report.problems:
        kept = surfaces.normalise(value, workspace.new_ident)
        input_values.initial(kept)
        assert surfaces.check(kept, surface).problems == []
    assert all(str(problem).endswith("]") for problem in report.problems)


@examples.times(2)
@given(
    st.fixed_dictionaries({"type": st.sampled_from(["modal", "home"]), "blocks": st.lists(BLOCK, max_size=3)}, optional={"title": TEXT})
    | JSON
)
def test_views_are_accepted_or_refused(value: Any) -> None:
    for kind in ("modal", "home"):
        surfaces.check_view(value, kind)
