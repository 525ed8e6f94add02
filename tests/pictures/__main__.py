"""`make pictures`: docs/pictures and docs/using.md, from the sandbox by Chromium. `python -m tests.pictures card group` takes some alone.

Some kinds stand on others (a receipt on its preview): all steps are done, whatever is kept.
"""

from __future__ import annotations

import asyncio
import sys

from playwright import async_api

from bot.render.kit import ids
from tests.browser import conftest
from tests.pictures import kinds, shrinking, stage

FOLDER = stage.ROOT / "docs" / "pictures"
CHANNEL, TELEPHONE, FILM = "readme-channel", "readme-telephone", "readme-triage"


async def _animation(on: stage.Stage) -> None:
    """From a new card to a closed one and back."""
    (ident,) = await on.anomaly("payments")
    page = await on.tab((860, 560), "light")
    shown = conftest.card(page, ident).last
    await shown.wait_for()
    await stage.still(shown)
    await page.locator(".side").evaluate("(bar) => bar.style.display = 'none'")
    shots = [(await page.screenshot(), 1800)]
    await conftest.by_action(shown, ids.ACKNOWLEDGE).hover()
    shots.append((await page.screenshot(), 700))
    await conftest.by_action(shown, ids.ACKNOWLEDGE).click()
    await conftest.by_action(shown, ids.ACKNOWLEDGE).wait_for(state="detached")
    await stage.still(shown)
    shots.append((await page.screenshot(), 2200))
    await conftest.by_action(shown, ids.ARCHIVE).click()
    await page.get_by_test_id("option").first.wait_for()
    await page.wait_for_timeout(400)
    shots.append((await page.screenshot(), 1500))
    await page.locator("[data-testid=option][data-value^='Resolved|']").click()
    await conftest.by_action(shown, ids.REOPEN).wait_for()
    await stage.still(shown)
    shots.append((await page.screenshot(), 2600))
    shrinking.animation(shots, FOLDER / f"{FILM}.gif")
    await page.context.close()


async def _channel(on: stage.Stage) -> None:
    """The whole window, with the steps to try."""
    page = await on.tab((1280, 860), "light")
    await page.get_by_test_id("trying-open").click()
    await page.wait_for_timeout(1500)
    shrinking.picture(await page.screenshot(), FOLDER / f"{CHANNEL}.png", 1280)
    await page.context.close()


async def _telephone(on: stage.Stage) -> None:
    """The same channel in one hand, in the dark."""
    page = await on.tab(stage.TELEPHONE, "dark")
    await page.wait_for_timeout(1500)
    shrinking.picture(await page.screenshot(), FOLDER / f"{TELEPHONE}.png", 585)
    await page.context.close()


async def _kind(on: stage.Stage, kind: kinds.Kind, *, keep: bool) -> None:
    shown = await kind.take(on)
    await on.whole(shown)
    await shown.scroll_into_view_if_needed()
    await on.page.mouse.move(0, 0)
    if keep:
        shrinking.picture(await shown.screenshot(), FOLDER / f"{kind.file}.png")
    await on.close()


async def _all(wanted: set[str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    async_api.expect.set_options(timeout=conftest.BOT_MS)
    async with stage.raised() as on:
        for take, name in ((_channel, CHANNEL), (_telephone, TELEPHONE), (_animation, FILM)):
            if not wanted or name in wanted:
                await take(on)
                print(name)
        for kind in kinds.KINDS:
            await _kind(on, kind, keep=not wanted or kind.file in wanted)
            print(kind.file)
    (stage.ROOT / "docs" / "using.md").write_text(kinds.page(), encoding="utf-8")
    print(f"{sum(one.stat().st_size for one in FOLDER.iterdir()):,} bytes in all")


if __name__ == "__main__":
    asyncio.run(_all(set(sys.argv[1:])))
