"""The rows behind an anomaly, for the eyes of whoever asked: preformatted, masked as they came, in no metadata, and on as many pages as it
takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot import model
from bot.render.anomaly import details, rows
from bot.render.kit import blocks, ids, limits, text

WIDTH = 72
"""Characters of a line up to which rows stand in columns; wider ones are told row by row."""
LONGEST = 400
"""Characters of one value that are shown; how many it has is said where that is more."""
_BLOCK, _PAGE = 2_800, 6_000


def view(anomaly: model.Anomaly, kept: model.Rows, title: str, page: int = 0) -> model.Block:
    """A page of the rows, from 0 on, as the system of this title keeps them."""
    pages = _pages(list(_written(kept)))
    shown = min(max(page, 0), len(pages) - 1)
    parts = [
        blocks.header(text.clip(f"Failing rows: {rows.title(anomaly, rows.FULL)}", limits.HEADER)),
        blocks.context(_about(kept, text.short(title, 40)), *((blocks.marked(text.when(kept.taken)),) if kept.taken else ())),
        *(blocks.preformatted(one) for one in pages[shown]),
        blocks.context("Only you see this. Masked columns stay masked; the desk keeps and posts none of it."),
        *_footer(anomaly, shown, len(pages)),
    ]
    return limits.fit_view(details.modal(parts))


def _about(rows: model.Rows, title: str) -> str:
    """ "3 of 4,210 rows that Acme kept"."""
    if not rows.cells:
        return f"{title} kept no rows of it: there are none for this kind of anomaly, or the scan was told to keep none."
    shown = text.count(len(rows.cells), "row")
    if rows.total > len(rows.cells):
        shown = f"The first {text.number(len(rows.cells))} of {text.number(rows.total)} rows"
    return f"{shown} that {title} kept{' at' if rows.taken else ''}"


def _footer(anomaly: model.Anomaly, page: int, pages: int) -> Sequence[model.Block]:
    target = anomaly.ref, anomaly.version
    back = blocks.button(ids.DETAILS_ROWS_BACK, "Previous rows", ids.encode_choice(str(page - 1), *target)) if page else None
    onward = blocks.button(ids.DETAILS_ROWS_NEXT, "Next rows", ids.encode_choice(str(page + 1), *target)) if page + 1 < pages else None
    away = blocks.button(ids.DETAILS_AGAIN, "Back to the details", ids.encode_choice("0", *target))
    number = (blocks.context(f"Page {page + 1} of {pages}"),) if pages > 1 else ()
    return (*number, *blocks.actions(back, onward, away))


# --- rows as text ---------------------------------------------------------------------------------------------------------------


def _written(rows: model.Rows) -> Iterator[str]:
    """Line by line: in columns where they fit, else row by row."""
    names = [_value(name) for name in rows.columns]
    cells = [[_value(cell) for cell in row] for row in rows.cells]
    widths = [max(map(len, column)) for column in zip(names, *cells, strict=True)] if cells else []
    if sum(widths) + 2 * len(widths) <= WIDTH:
        for row in [names, *cells] if cells else []:
            yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() or text.NOTHING
        return
    for number, row in enumerate(cells, 1):
        yield f"Row {number}"
        yield from (f"  {name}: {cell}" for name, cell in zip(names, row, strict=True) if cell)


def _value(cell: str) -> str:
    """One harmless line; a very long one says how long it is."""
    said = text.squeeze(cell, "")
    return said if text.size(said) <= LONGEST else f"{text.clip(said, LONGEST)} ({len(said):,} characters)"


def _pages(lines: Sequence[str]) -> Sequence[Sequence[str]]:
    """Texts for preformatted blocks, page by page; one page at least."""
    pages: list[list[str]] = [[]]
    room = _PAGE
    for line in lines:
        weight = text.size(line) + 1
        if weight > room:
            pages.append([])
            room = _PAGE
        room -= weight
        if pages[-1] and text.size(pages[-1][-1]) + weight <= _BLOCK:
            pages[-1][-1] += f"\n{line}"
        else:
            pages[-1].append(line)
    return pages
