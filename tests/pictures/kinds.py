"""Each kind of message: its file, the words beside it in docs/using.md, what one types or presses, and how it is brought about."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright import async_api

from bot.render.kit import ids
from tests.browser import conftest
from tests.pictures import stage

Take = Callable[[stage.Stage], Awaitable[async_api.Locator]]
"""Does what has to be done, and returns what the picture shows."""


@dataclass(frozen=True)
class Kind:
    """`how` is Markdown: the command, or what one presses."""

    file: str
    title: str
    how: str
    words: str
    take: Take


async def _card(on: stage.Stage) -> async_api.Locator:
    (on.kept["card"],) = await on.anomaly("orders")
    shown = on.card(on.kept["card"])
    await shown.wait_for()
    await stage.still(shown)
    return shown


async def _taken(on: stage.Stage) -> async_api.Locator:
    shown = on.card(on.kept["card"])
    pressed = conftest.by_action(shown, ids.ACKNOWLEDGE)
    await pressed.click()
    await pressed.wait_for(state="detached")
    await stage.still(shown)
    return shown


async def _assign(on: stage.Stage) -> async_api.Locator:
    await conftest.by_action(on.card(on.kept["card"]), ids.ASSIGN).click()
    return await on.opened()


async def _archived(on: stage.Stage) -> async_api.Locator:
    shown = on.card(on.kept["card"])
    await conftest.by_action(shown, ids.ARCHIVE).click()
    await on.page.locator("[data-testid=option][data-value^='Resolved|']").click()
    await conftest.by_action(shown, ids.REOPEN).wait_for()
    await stage.still(shown)
    return shown


async def _details(on: stage.Stage) -> async_api.Locator:
    await _chosen(on, "details")
    return await on.opened()


async def _comment(on: stage.Stage) -> async_api.Locator:
    await _chosen(on, "comment")
    return await on.opened()


async def _chosen(on: stage.Stage, entry: str) -> None:
    """One of the [...] menu of the first card."""
    await conftest.by_action(on.card(on.kept["card"]), ids.MORE).click()
    await on.page.locator(f"[data-testid=option][data-value^='{entry}|']").click()


async def _duplicate(on: stage.Stage) -> async_api.Locator:
    (ident,) = await on.anomaly("orders")
    shown = on.card(ident)
    await conftest.by_action(shown, ids.ARCHIVE).click()
    await on.page.locator("[data-testid=option][data-value^='Duplicate|']").click()
    return await on.opened()


def _system(title: str) -> Take:
    """A card of another system."""

    async def take(on: stage.Stage) -> async_api.Locator:
        shown = await on.elsewhere(title)
        await shown.wait_for()
        await stage.still(shown)
        return shown

    return take


async def _home(on: stage.Stage) -> async_api.Locator:
    await on.page.locator("[data-testid=channel][data-channel=home]").click()
    home = on.page.get_by_test_id("home")
    await home.wait_for()
    await stage.still(home)
    return home


async def _group(on: stage.Stage) -> async_api.Locator:
    on.kept["group"] = await on.anomaly("customers", 8)
    shown = on.lasting(ids.GROUP_LIST)
    await shown.wait_for()
    await stage.still(shown)
    return shown


async def _receipt(on: stage.Stage) -> async_api.Locator:
    await conftest.by_action(on.page.locator("[data-ephemeral=true]"), ids.BATCH_CONFIRM).last.click()
    shown = on.lasting(ids.BATCH_UNDO)
    await shown.wait_for()
    await stage.still(shown)
    return shown


async def _undone(on: stage.Stage) -> async_api.Locator:
    shown = on.lasting(ids.BATCH_UNDO)
    ident = await shown.get_attribute("data-ts")
    await conftest.by_action(shown, ids.BATCH_UNDO).click()
    await on.page.get_by_test_id("confirm-yes").click()
    same = on.page.locator(f"[data-testid=message][data-ts='{ident}']")
    await conftest.by_action(same, ids.BATCH_UNDO).wait_for(state="detached")
    await async_api.expect(same).not_to_contain_text("to go")
    await stage.still(same)
    return same


async def _verdict(on: stage.Stage) -> async_api.Locator:
    await _started(on)
    shown = on.lasting(ids.REVIEW_OPEN)
    await shown.filter(has_text="orders").wait_for()
    await stage.still(shown)
    return shown


async def _started(on: stage.Stage) -> None:
    await conftest.by_action(on.page.locator("[data-ephemeral=true]"), ids.SCAN_START).last.click()


async def _chain(on: stage.Stage) -> async_api.Locator:
    await on.say("/scan daily warehouse-prod tables:orders")
    await _started(on)
    shown = on.page.locator("[data-testid=message][data-ephemeral=false]").filter(has_text="Profile of")
    await conftest.by_action(shown, ids.REVIEW_OPEN).wait_for()
    await stage.still(shown)
    return shown


async def _verified(on: stage.Stage) -> async_api.Locator:
    await _chosen(on, "verify")
    await conftest.by_action(on.page.locator("[data-ephemeral=true]"), ids.SCAN_START).last.wait_for()
    await _started(on)
    shown = on.card(on.kept["card"])
    await async_api.expect(shown).to_contain_text(re.compile("Checked by|Verified by|still fails|passes now"))
    await stage.still(shown)
    return shown


async def _guest(on: stage.Stage) -> async_api.Locator:
    (ident,) = await on.anomaly("invoices")
    page = await on.tab((1000, 1400), "light", conftest.GUS)
    await conftest.by_action(conftest.card(page, ident), ids.ACKNOWLEDGE).click()
    answer = page.locator("[data-testid=message][data-ephemeral=true]").last
    await answer.wait_for()
    await stage.still(answer)
    return answer


def _said(command: str) -> Take:
    """The answer to a command; `{card}` is the anomaly of the first picture."""
    return lambda on: on.say(command.format(card=on.kept.get("card", "")))


def _form(command: str) -> Take:
    return lambda on: on.modal(command)


def _typed(file: str, title: str, command: str, words: str, take: Callable[[str], Take] = _said) -> Kind:
    """A kind that a command brings about."""
    return Kind(file, title, f"`{command.format(card='<id>')}`", words, take(command))


SYSTEMS = {
    "Anodot": "The course of its metric, with what was expected.",
    "Anomify": "What it does not keep, like who looks into it, this desk keeps.",
    "Autional": "Who did what how often, and what kind of attack it is.",
}

KINDS: tuple[Kind, ...] = (
    Kind("card", "A new anomaly", "It comes by itself.", "One card for each anomaly, in the channel where your team is.", _card),
    Kind("taken", "Somebody takes it", "*Acknowledge*", "The card is the answer: it says who did it and when, for everybody.", _taken),
    Kind("assign", "Giving it to somebody", "*Assign…*", "One person or several; who is unknown to the system is asked for.", _assign),
    Kind("details", "All that is known", "*…*, *Details*", "For you alone: every rule, its history, how often it came.", _details),
    Kind("comment", "Saying something", "*…*, *Comment…*", "It is left in the system, with your name.", _comment),
    Kind("duplicate", "The same as another", "*Archive as…*, *Duplicate*", "Of which one, if you like: it is kept.", _duplicate),
    _typed("show", "One anomaly", "/anomalies show {card}", "Its card, fresh from its system; with more evidence where that has some."),
    Kind("verified", "Is it mended?", "*…*, *Fixed, verify*", "Its table is scanned; the card and its thread tell.", _verified),
    Kind("archived", "It is over", "*Archive as…*", "The card shrinks; *Reopen* takes it back.", _archived),
    *(Kind(title.lower(), f"A card of {title}", "It comes by itself.", words, _system(title)) for title, words in SYSTEMS.items()),
    Kind("group", "Many at once", "They come by themselves.", "More than five in ten seconds share one card.", _group),
    _typed("list", "A list", "/anomalies list severity:high,critical limit:5", "For you alone; each row can be opened."),
    _typed("count", "A count", "/anomalies count severity:high,critical", "How many, by state and by table."),
    _typed("history", "What happened to it", "/anomalies history {card}", "Who did what, in the channel and in the system."),
    _typed("why", "Why it was announced", "/anomalies why {card}", "Or why it was not."),
    _typed("preview", "Changing many: the preview", "/anomalies archive table:customers as:invalid", "Nothing has happened yet."),
    Kind("receipt", "Changing many: the receipt", "*Confirm*", "What was done, what was so already, what was refused and why.", _receipt),
    Kind("undone", "Taking it back", "*Undo*, within 30 minutes", "What somebody changed meanwhile is left alone.", _undone),
    _typed("review", "Ticking", "/anomalies review table:customers", "Tick on pages of ten, or take all that match.", _form),
    _typed("scan", "A scan: before", "/scan warehouse-prod tables:orders", "What it may close by itself is said first."),
    Kind("verdict", "A scan: after", "*Start scan*", "One message from the start to the verdict.", _verdict),
    _typed("scan-form", "A scan: the form", "/scan", "Menus are fed from the system as you type.", _form),
    Kind("chain", "Several steps", "`/scan daily warehouse-prod tables:orders`", "One message, a line for each step.", _chain),
    _typed("digest", "How the queue stands", "/anomalies digest", "Also in the channel, every weekday at nine."),
    _typed("status", "How the desk stands", "/anomalies status", "Systems, what waits, and how far behind."),
    _typed("help", "Help", "/anomalies", "With examples from your own data."),
    _typed("mention", "In a hurry", "@Anomaly Desk hello", "The short help, where you asked."),
    _typed("link", "Who you are", "/anomalies link", "In each system; *Link me* asks where nobody knows."),
    _typed("mistake", "A mistake", "/anomalies list tabel:orders", "What is wrong stands under its word, with what you may have meant."),
    Kind("home", "Your own page", "The *Home* of the app", "What is yours, what nobody took, what runs.", _home),
    Kind("refused", "Who may not", "*Acknowledge*, as a guest", "Every refusal says why.", _guest),
)

HEAD = """# Using the desk

<!-- made by `make pictures` from tests/pictures/kinds.py -->

What you type or press, and what you see then. All pictures are from the sandbox (`make demo`); what the commands can do is in the
[README](../README.md#commands), the filter words are in [filters.md](filters.md).
"""


def page() -> str:
    """docs/using.md."""
    parts = [f"## {kind.title}\n\n{kind.how}\n\n{kind.words}\n\n![{kind.title}](pictures/{kind.file}.png)\n" for kind in KINDS]
    return "\n".join((HEAD, *parts))
