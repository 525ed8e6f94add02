"""Posts into one channel, with Slack's rate limits on: as fast as they allow, and never faster."""

from __future__ import annotations

from pathlib import Path

from bench import figures, stand

POSTS = 41
ALLOWED = 1.0
SHARE = 0.95


async def rows(folder: Path) -> list[figures.Row]:
    """The one row."""
    async with stand.standing(folder / "pace") as here:
        async with here.bot(DESK_BURST="1000", DESK_WAIT_SECONDS="0", DESK_POLL_SECONDS="1"):
            await stand.until("the channel is told of the first contact", here.messages)
            await here.slack("POST", "log/clear")
            await here.arrive(POSTS)

            async def all_posted() -> list[stand.Json]:
                calls = await here.calls("chat.postMessage")
                return calls if sum(call["error"] is None for call in calls) >= POSTS else []

            calls = await stand.until("all are posted", all_posted, patience=2.0 * POSTS, every=0.5)
            refused = sum(call["status"] == 429 for call in await here.calls(""))
    good = [call["at"] for call in calls if call["error"] is None]
    rate = (len(good) - 1) / (good[-1] - good[0])
    return [
        figures.Row(
            f"one channel, {POSTS} cards waiting: posts per second with Slack's rate limits on",
            f"{rate:.3f}/s, {refused} answers 429",
            f"Slack's limit: {ALLOWED:g}/s",
            f"{rate / ALLOWED:.3f} x",
            f">= {SHARE}/s, no 429 provoked",
            rate >= SHARE and not refused,
        )
    ]
