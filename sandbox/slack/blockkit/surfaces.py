"""Whole messages and views: what only shows when all blocks are seen together."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.slack import limits
from sandbox.slack.blockkit import blocks, elements, parts, schema

_TABLES = ("table", "data_table")
_TEXT_KEYS = frozenset({"text", "title", "subtitle", "caption", "alt_text", "label", "name", "x_label", "y_label", "author_name"})


def check(value: Any, surface: str, unsupported: frozenset[str] = frozenset(), at: str = "/blocks") -> schema.Report:
    """All faults of the blocks of a message, a modal or a home tab."""
    report = schema.Report(surface, unsupported)
    schema.array(blocks.BLOCK, 0, limits.BLOCKS[surface])(report, value, at)
    if not report.problems:
        for rule in (_block_ids, _focus, _markdown, _tables, _charts):
            rule(report, value, at)
    return report


def _flat(value: list[schema.Record], at: str) -> Iterator[tuple[schema.Record, str]]:
    for index, one in enumerate(value):
        yield one, f"{at}/{index}"
        yield from _flat(one.get("child_blocks", []), f"{at}/{index}/child_blocks")


def _block_ids(report: schema.Report, value: list[schema.Record], at: str) -> None:
    seen: set[str] = set()
    for one, pointer in _flat(value, at):
        ident = one.get("block_id")
        if ident is not None and ident in seen:
            report.add(f"{pointer}/block_id", f'`block_id` "{ident}" already exists for another block')
        seen.add(ident or "")


def _focus(report: schema.Report, value: list[schema.Record], at: str) -> None:
    if sum(element.get("focus_on_load", False) for _, element in interactive(value)) > 1:
        report.add(at, "only one element may have focus_on_load")


def _markdown(report: schema.Report, value: list[schema.Record], at: str) -> None:
    if sum(len(one["text"]) for one in value if one["type"] == "markdown") > limits.MARKDOWN:
        report.add(at, f"markdown blocks must be less than {limits.MARKDOWN + 1} characters in all")


def _tables(report: schema.Report, value: list[schema.Record], at: str) -> None:
    found = [(one, pointer) for one, pointer in _flat(value, at) if one["type"] in _TABLES]
    if len(found) > 1:
        report.add(found[1][1], "only_one_table_allowed", "invalid_attachments")
    if sum(cells(one) for one, _ in found) > limits.TABLE_TEXT:
        report.add(found[0][1], f"table cells must be less than {limits.TABLE_TEXT + 1} characters in all", "invalid_attachments")


def cells(table: schema.Record) -> int:
    """The characters in the cells of a table."""
    return parts.strings(table["rows"], lambda key: key == "text")


def _charts(report: schema.Report, value: list[schema.Record], at: str) -> None:
    found = [pointer for one, pointer in _flat(value, at) if one["type"] == "data_visualization"]
    if len(found) > limits.CHARTS:
        report.add(found[limits.CHARTS], f"no more than {limits.CHARTS} data_visualization blocks allowed")


def characters(value: list[schema.Record]) -> int:
    """The text of a message's blocks, summed as for `msg_blocks_too_long`; the cells of a data_table have a budget of their own."""
    counted = [{**one, "rows": []} if one.get("type") == "data_table" else one for one in value]
    return parts.strings(counted, lambda key: key in _TEXT_KEYS)


def interactive(value: Any) -> Iterator[tuple[schema.Record, schema.Record]]:
    """(block, element) for every element that a person can use, in order."""
    for one, _ in _flat(value, ""):
        listed = [one.get("accessory"), one.get("element"), *_list(one.get("elements")), *_list(one.get("actions"))]
        for element in listed:
            if elements.is_interactive(element):
                yield one, element


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def normalise(value: list[schema.Record], ident: Callable[[], str]) -> list[schema.Record]:
    """The blocks as Slack keeps them: missing block_ids and action_ids made up, `emoji` and `verbatim` written out."""
    kept: list[schema.Record] = json.loads(json.dumps(value))
    for one, _ in _flat(kept, ""):
        one.setdefault("block_id", ident())
    for _, element in interactive(kept):
        element.setdefault("action_id", ident())
    for text in _texts(kept):
        text.setdefault("verbatim" if text["type"] == "mrkdwn" else "emoji", text["type"] == "plain_text")
    return kept


def _texts(value: Any) -> Iterator[schema.Record]:
    if isinstance(value, dict):
        if value.get("type") in ("plain_text", "mrkdwn"):
            yield value
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)


# --- views ---------------------------------------------------------------------------------------------------------------

_TITLE = parts.plain(limits.VIEW_TITLE)
_COMMON: dict[str, schema.Check] = {
    "private_metadata": schema.string(0, limits.PRIVATE_METADATA),
    "callback_id": schema.string(0, limits.IDENT),
    "external_id": schema.string(0, limits.IDENT),
}
_VIEWS = {
    "modal": schema.record(
        {"type": schema.anything, "title": _TITLE, "blocks": schema.anything},
        {
            **_COMMON,
            "submit": _TITLE,
            "close": _TITLE,
            "clear_on_close": schema.boolean,
            "notify_on_close": schema.boolean,
            "submit_disabled": schema.boolean,
        },
    ),
    "home": schema.record({"type": schema.anything, "blocks": schema.anything}, _COMMON),
}


def check_view(value: Any, kind: str, unsupported: frozenset[str] = frozenset()) -> schema.Report:
    """All faults of a view of this kind (modal or home)."""
    report = schema.Report(kind, unsupported)
    schema.typed(lambda _: {kind: _VIEWS[kind]})(report, value, "/view")
    if report.problems:
        return report
    inner = check(value["blocks"], kind, unsupported, "/view/blocks")
    report.problems.extend(inner.problems)
    if not inner.problems and kind == "modal" and "submit" not in value and any(one["type"] == "input" for one in value["blocks"]):
        report.add("/view/submit", "missing required field: submit")
    return report


def size(view: schema.Record) -> int:
    """The bytes of a view, as `view_too_large` counts them. Half a pair of surrogates, which JSON can say, counts like any character."""
    return len(json.dumps(view, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def counted_types(value: Any) -> Counter[str]:
    """How often each block type occurs."""
    return Counter(one.get("type", "") for one in value if isinstance(one, dict)) if isinstance(value, list) else Counter()
