"""[More options…]: the form for everything that a scan can be told, and the way back from it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from bot import errors, model
from bot.core import scan_rules
from bot.render import siblings
from bot.render.kit import blocks, ids, limits, modals, text

FULL, KEEP, INCREMENTAL = "full", "keep", "incremental"

_HOW: Mapping[str, str] = {
    FULL: "Full: every row; what passes now is resolved",
    KEEP: "Full, and nothing is resolved by itself",
    INCREMENTAL: "Incremental: only new rows; nothing is resolved",
}
_RESOLVES: Mapping[str, bool | None] = {FULL: True, KEEP: False, INCREMENTAL: None}

MOST = 1_000_000_000
"""No limit that people type is larger than this."""
_DIGITS = 40


@dataclass(frozen=True, slots=True)
class ScanDraft:
    """What a scan form says. `datastores` are ids and `names` their names, `tables` and `tags` are names; `since` is "YYYY-MM-DD" or "".

    `plan` is the preview that the form was opened from, "" for none.
    """

    source: str
    channel: str = ""
    datastores: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    how: str = FULL
    records: int | None = None
    since: str = ""
    batch: float | None = None
    source_rows: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    plan: str = ""

    def options(self) -> dict[str, Any]:
        """The options as the system names them (contracts 1.6); what was left empty is left out."""
        more = {
            "max_records_analyzed_per_partition": self.records,
            "greater_than_time": f"{self.since}T00:00:00.000Z" if self.since else None,
            "greater_than_batch": self.batch,
            "enrichment_source_record_limit": self.source_rows,
        }
        said = {key: value for key, value in more.items() if value is not None}
        return dict(scan_rules.options(incremental=self.how == INCREMENTAL, auto_resolve=_RESOLVES.get(self.how), more=said))


def of(operations: Sequence[model.Operation], channel: str = "") -> ScanDraft:
    """What the form shows first: the scans of a preview, at least one."""
    first, chosen = operations[0], operations[0].request.options
    how = INCREMENTAL if chosen.get(scan_rules.INCREMENTAL) else KEEP if chosen.get(scan_rules.AUTO_RESOLVE) is False else FULL
    return ScanDraft(
        first.source,
        channel or first.channel,
        tuple(dict.fromkeys(one.request.datastore for one in operations)),
        tuple(dict.fromkeys(table for one in operations for table in one.request.tables)),
        tuple(dict.fromkeys(tag for one in operations for tag in one.request.tags)),
        how,
        chosen.get("max_records_analyzed_per_partition"),
        str(chosen.get("greater_than_time") or "").partition("T")[0],
        chosen.get("greater_than_batch"),
        chosen.get("enrichment_source_record_limit"),
        {one.place.id: one.place.name for one in operations},
        first.plan,
    )


# --- drawing ------------------------------------------------------------------------------------------------------------------


def form(draft: ScanDraft) -> model.Block:
    """Which tables, how much of them, and what may be closed. Raises NotSupported for a scan that no form can show whole."""
    parts = [
        _many(ids.SCAN_DATASTORES, "Datastores", "Choose datastores", [(one, draft.names.get(one, one)) for one in draft.datastores]),
        _many(ids.SCAN_TABLES, "Tables", "All tables", [(one, one) for one in draft.tables], optional=True),
        _many(ids.SCAN_TAGS, "Or tables with a tag", "Any tag", [(one, one) for one in draft.tags], optional=True),
        _how(draft.how),
        _number(ids.SCAN_RECORDS, "At most so many rows of each partition", "All rows", draft.records),
        _since(draft.since),
        _number(ids.SCAN_BATCH, "Only rows of batches above", "All batches", draft.batch, decimal=True),
        _number(ids.SCAN_SOURCE_ROWS, "Source rows kept for each anomaly", "As the system does it", draft.source_rows),
        blocks.context("Nothing is started yet: the next step shows what would run and what it may close."),
        blocks.context(f"A name of more than {limits.OPTION_VALUE} characters fits no menu: type it after /scan."),
    ]
    metadata = json.dumps({"source": draft.source, "channel": draft.channel, "plan": draft.plan}, separators=(",", ":"))
    if text.size(metadata, markup=True) > limits.PRIVATE_METADATA:
        raise _too_much()
    return limits.fit_view(modals.window("Scan", parts, callback=ids.SCAN_VIEW, submit="Preview", metadata=metadata))


def _too_much() -> errors.NotSupported:
    return errors.NotSupported("This scan names more than a form in Slack can hold. Start it as it is, or write the options after /scan.")


def _fits(value: str) -> bool:
    return 0 < text.size(value, markup=True) <= limits.OPTION_VALUE


def _many(ident: str, label: str, placeholder: str, chosen: Sequence[tuple[str, str]], *, optional: bool = False) -> model.Block:
    """A menu of many; leaving out silently what it cannot hold would make another scan of it."""
    if len(chosen) > limits.OPTIONS or not all(_fits(value) for value, _ in chosen):
        raise _too_much()
    select: model.Block = {
        "type": "multi_external_select",
        "action_id": ident,
        "min_query_length": 0,
        "placeholder": blocks.plain(placeholder, limits.PLACEHOLDER),
        **({"initial_options": _options(chosen)} if chosen else {}),
    }
    return modals.entry(ident, label, select, optional=optional)


def _options(pairs: Sequence[tuple[str, str]]) -> list[model.Block]:
    labels = siblings.things(pairs, limits.OPTION)
    return [blocks.option(label, value) for label, (value, _) in zip(labels, pairs, strict=True)]


def _how(chosen: str) -> model.Block:
    choices = {value: blocks.option(label, value) for value, label in _HOW.items()}
    radio: model.Block = {
        "type": "radio_buttons",
        "action_id": ids.SCAN_HOW,
        "options": list(choices.values()),
        "initial_option": choices.get(chosen, choices[FULL]),
    }
    return modals.entry(ids.SCAN_HOW, "How", radio)


def _number(ident: str, label: str, placeholder: str, value: float | None, *, decimal: bool = False) -> model.Block:
    field: model.Block = {
        "type": "number_input",
        "action_id": ident,
        "is_decimal_allowed": decimal,
        "placeholder": blocks.plain(placeholder, limits.PLACEHOLDER),
        **({} if decimal else {"min_value": "1", "max_value": str(MOST)}),
        **({} if value is None else {"initial_value": _digits(value)}),
    }
    return modals.entry(ident, label, field, optional=True)


def _digits(value: float) -> str:
    """A number as people type it: no exponent, nothing rounded."""
    typed = format(Decimal(repr(value)), "f").removesuffix(".0")
    if len(typed) > _DIGITS:
        raise _too_much()
    return typed


def _since(day: str) -> model.Block:
    picker: model.Block = {
        "type": "datepicker",
        "action_id": ids.SCAN_SINCE,
        "placeholder": blocks.plain("Any date"),
        **({"initial_date": day} if _is_day(day) else {}),
    }
    return modals.entry(ids.SCAN_SINCE, "Only rows newer than", picker, optional=True)


def _is_day(day: str) -> bool:
    try:
        return date.fromisoformat(day).isoformat() == day
    except ValueError:
        return False


def options(items: Sequence[model.Place | str], typed: str = "") -> model.Block:
    """The answer to a menu that asks what there is: at most 100 that hold what was typed, those that begin with it first; and what it
    cannot hold.

    A datastore's value is its id, a table's or tag's its name.
    """
    pairs = [(item.id, item.name or item.id) if isinstance(item, model.Place) else (item, item) for item in items]
    sought = typed.strip().casefold()
    found = {value: name for value, name in pairs if value and (sought in name.casefold() or sought == value.casefold())}
    usable = [(value, name) for value, name in found.items() if _fits(value)]
    ordered = sorted(usable, key=lambda pair: not pair[1].casefold().startswith(sought))
    return limits.offered(_options(ordered[: limits.OPTIONS]), len(ordered), len(found) - len(usable), "type them after /scan")


# --- reading ------------------------------------------------------------------------------------------------------------------


def read(view: Mapping[str, Any]) -> ScanDraft:
    """A submitted scan form. Raises ValueError for others."""
    said = json.loads(view.get("private_metadata") or "null")
    if not isinstance(said, dict) or not said.get("source"):
        raise ValueError("this modal carries nothing of ours")
    how = str((modals.submitted(view, ids.SCAN_HOW).get("selected_option") or {}).get("value") or FULL)
    if how not in _HOW:
        raise ValueError(f"no such scan: {how!r}")
    datastores = _chosen(view, ids.SCAN_DATASTORES)
    return ScanDraft(
        str(said["source"]),
        str(said.get("channel") or ""),
        tuple(datastores),
        tuple(_chosen(view, ids.SCAN_TABLES)),
        tuple(_chosen(view, ids.SCAN_TAGS)),
        how,
        _whole(view, ids.SCAN_RECORDS),
        str(modals.submitted(view, ids.SCAN_SINCE).get("selected_date") or ""),
        _decimal(view, ids.SCAN_BATCH),
        _whole(view, ids.SCAN_SOURCE_ROWS),
        datastores,
        str(said.get("plan") or ""),
    )


def _chosen(view: Mapping[str, Any], block_id: str) -> dict[str, str]:
    """The chosen values with their labels, in order; what the form began with where nobody touched the menu."""
    selected = modals.submitted(view, block_id).get("selected_options")
    if block_id not in ((view.get("state") or {}).get("values") or {}):
        drawn = (block.get("element") or {} for block in view.get("blocks") or () if block.get("block_id") == block_id)
        selected = next(drawn, {}).get("initial_options")
    return {str(option["value"]): str((option.get("text") or {}).get("text") or option["value"]) for option in selected or ()}


def _decimal(view: Mapping[str, Any], block_id: str) -> float | None:
    typed = modals.submitted(view, block_id).get("value")
    if typed is None or typed == "":
        return None
    value = float(typed)
    if not math.isfinite(value):
        raise ValueError(f"no number: {typed!r}")
    return value


def _whole(view: Mapping[str, Any], block_id: str) -> int | None:
    typed = modals.submitted(view, block_id).get("value")
    return None if typed is None or typed == "" else int(typed)


def mistakes(draft: ScanDraft) -> dict[str, str]:
    """What has to be corrected in the form: by block, a sentence each; empty when all is well."""
    found: dict[str, str] = {}
    if not draft.datastores:
        found[ids.SCAN_DATASTORES] = "Choose at least one datastore."
    if draft.tables and draft.tags:
        found[ids.SCAN_TAGS] = "Choose tables or tags, not both: a scan takes only one of them. Clear one of the two."
    for ident, value in ((ids.SCAN_RECORDS, draft.records), (ids.SCAN_SOURCE_ROWS, draft.source_rows)):
        if value is not None and not 1 <= value <= MOST:
            found[ident] = f"Write a whole number from 1 to {text.number(MOST)}, or leave it empty."
    return found
