"""What axe-core finds on a page: contrast, names, roles, and the rest of WCAG 2.2 AA that a program can see."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import axe_playwright_python
from playwright import async_api

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
"""A colour half-way is nobody's colour."""

LOOK = """async () => {
    const wanted = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const told = await axe.run(document, { runOnly: { type: "tag", values: wanted } });
    return told.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


SCHEMES: tuple[Literal["dark"], Literal["light"]] = ("dark", "light")


async def everywhere(page: async_api.Page) -> list[str]:
    """The same on a desk and on a telephone, dark and light; it stays a light telephone."""
    found: list[str] = []
    for width in (1440, 390):
        await page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            found += await complaints(page)
    return found


async def complaints(page: async_api.Page) -> list[str]:
    """What somebody cannot read or reach, one line each."""
    await page.add_style_tag(content=STILL)
    if not await page.evaluate("!!window.axe"):
        await page.evaluate(AXE + "; 0")
    found: list[str] = await page.evaluate(LOOK)
    return found
