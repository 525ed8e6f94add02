"""What to try: seven steps, each ticked by what happened in the workspace, in the systems or to the bot, and the pace of the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from sandbox.page import chaos, mrkdwn, surface
from sandbox.page.control_client import Json, rows

PACES: Mapping[str, int] = {"quiet": 60, "busy": 5}
"""Seconds between two new anomalies, wherever they are found."""


@dataclass(frozen=True)
class Happened:
    """What is known of the demo so far. `clicks` are those that the app answered by changing the message; `followed`: a card was
    changed after its anomaly was changed in the system itself; `scans` of the desk that have ended; `back`: the bot was ended and is
    there again."""

    clicks: frozenset[str] = frozenset()
    looked: bool = False
    followed: bool = False
    scans: int = 0
    back: bool = False


@dataclass(frozen=True)
class Step:
    """A thing to try: its name for tests, what to do, what is to be seen then, and whether it happened. `needs`: a system, or `bot`."""

    name: str
    title: str
    how: str
    done: Callable[[Happened], bool]
    needs: str = ""


STEPS: tuple[Step, ...] = (
    Step(
        "acknowledge",
        "Take an anomaly",
        "Press *Acknowledge* on a card. The card says who looks into it, for everybody.",
        lambda it: "anomaly.acknowledge" in it.clicks,
    ),
    Step(
        "look",
        "Look it up in its system",
        'Follow the link of a card into its system: the status there is the one that you set here, unless the card says "kept here".',
        lambda it: it.looked,
    ),
    Step(
        "many",
        "Change many at once",
        "Type `/anomalies archive severity:low,medium as:invalid`, read the preview that only you see, and press *Confirm*.",
        lambda it: "batch.confirm" in it.clicks,
    ),
    Step("undo", "Take it back", "Press *Undo* on the receipt: all of them are as before.", lambda it: "batch.undo" in it.clicks),
    Step(
        "follow",
        "Work in the system itself",
        "Open *Chaos* and press *Acknowledge* below “Somebody works in Qualytics itself”: the card of its newest anomaly follows.",
        lambda it: it.followed,
    ),
    Step(
        "scan",
        "Start a scan",
        "Type `/scan warehouse-prod tables:orders` and press *Start scan*. One message shows the progress and at the end the verdict.",
        lambda it: it.scans > 0,
        needs="qualytics",
    ),
    Step(
        "kill",
        "Kill the bot",
        "Open *Chaos* and press *kill -9* at the very bottom. It starts again and goes on: nothing is lost, nothing comes twice.",
        lambda it: it.back,
        needs="bot",
    ),
)


@dataclass
class Guide:
    """The steps that can be done in this demo, and which were done: the same for all tabs, and once ticked for good."""

    levers: chaos.Levers
    ticked: set[str] = field(default_factory=set)

    @property
    def steps(self) -> list[Step]:
        there = {"", *self.levers.systems, *(["bot"] if self.levers.bot else [])}
        return [step for step in STEPS if step.needs in there]

    async def look(self) -> set[str]:
        """Tick what has happened meanwhile; returns the names of all that are done."""
        if len(self.ticked) < len(self.steps):
            happened = await self._happened()
            self.ticked |= {step.name for step in self.steps if step.done(happened)}
        return self.ticked

    async def _happened(self) -> Happened:
        slack, systems = self.levers.slack, self.levers.systems
        deeds = rows(await slack.read("deeds", []), "deeds")
        visits = dict(zip(systems, await asyncio.gather(*(one.read("visits", {}) for one in systems.values())), strict=True))
        return Happened(
            clicks=frozenset(str(one.get("action_id")) for one in deeds if one.get("did") == "click" and one.get("answered")),
            looked=any(told.get("looked") for told in visits.values()),
            followed="follow" in self.ticked or await self._followed(visits),
            scans=sum(int(told.get("scans", 0)) for told in visits.values()),
            back=await self._back(),
        )

    async def _followed(self, visits: Mapping[str, Json]) -> bool:
        """Whether the bot edited a message about something that was changed in the system, after that."""
        for name, told in visits.items():
            for change in rows(told, "changed")[-5:]:
                asked = {"method": "chat.update", "about": f"{name}:{change['id']}|", "since": change["at"]}
                if rows(await self.levers.slack.read("log", [], asked), "log"):
                    return True
        return False

    async def _back(self) -> bool:
        bot = self.levers.bot
        if bot is None or bot.starts() < 2:
            return False
        told = await self.levers.slack.read("sockets", {})
        return bool(told.get("connections"))


class Trying:
    """The pane: the pace, and the steps with their ticks."""

    def __init__(self, guide: Guide) -> None:
        self._guide, self._lines = guide, dict[str, ui.html]()
        with surface.marked(ui.element("div").classes("trying"), "trying"):
            surface.html("Seven minutes with the desk. A step is ticked when it has happened, whoever did it.", "chaos-about")
            self._pace()
            self._count = surface.marked(surface.html("", "trying-count"), "trying-count")
            with ui.element("ol").classes("trying-steps"):
                for step in guide.steps:
                    line = surface.html(_drawn(step, done=False), "trying-step", tag="li")
                    self._lines[step.name] = surface.marked(line, "step", step=step.name, done="false")

    async def refresh(self) -> None:
        """Show what is done by now, and how fast the demo goes."""
        done = await self._guide.look()
        for step in self._guide.steps:
            line, now = self._lines[step.name], str(step.name in done).lower()
            if line.props["data-done"] != now:
                line.props["data-done"] = now
                line.set_content(_drawn(step, done=step.name in done))
        self._count.set_content(f"{len(done)} of {len(self._lines)} done")
        await self._show_pace()

    # --- pace ---------------------------------------------------------------------------------------------------------

    def _pace(self) -> None:
        if not self._guide.levers.systems:
            return
        with ui.element("div").classes("trying-pace"):
            surface.html("Pace", "chaos-label", tag="span")
            words = {"quiet": "Quiet: one a minute", "busy": "Busy: one in 5 s"}
            self._toggle = ui.toggle(words).props("no-caps dense unelevated size=sm role=group aria-label=Pace").classes("chaos-toggle")
            # The browser's own event: what `refresh` sets must not be sent back.
            self._toggle.on("update:modelValue", lambda event: self._set_pace(list(words)[_index(event.args)]))
            surface.marked(self._toggle, "pace")

    async def _set_pace(self, pace: str) -> None:
        """Each system has its share of the pace."""
        servers = self._guide.levers.systems.values()
        for server in servers:
            await server.write("POST", "modes", {"arrivals": PACES[pace] * len(servers)})
        await self._show_pace()

    async def _show_pace(self) -> None:
        servers = list(self._guide.levers.systems.values())
        if servers:
            told = await servers[0].read("modes", {})
            every = float(told.get("arrivals", 0)) / len(servers)
            self._toggle.set_value(next((pace for pace, seconds in PACES.items() if seconds == every), None))


def _index(told: Any) -> int:
    """Which option of a toggle an event is about: NiceGUI sends its number, alone, in a list or as a value."""
    one = told[0] if isinstance(told, list) else told
    return int(one["value"] if isinstance(one, dict) else one)


def _drawn(step: Step, *, done: bool) -> str:
    reader = mrkdwn.Reader()
    state = "Done: " if done else "To do: "
    return (
        f'<span class="trying-tick" aria-hidden="true">{"&#10003;" if done else ""}</span>'
        f'<div><b><span class="only-read">{state}</span>{mrkdwn.escape(step.title)}</b>'
        f'<div class="trying-how">{mrkdwn.draw(step.how, reader, verbatim=True)}</div></div>'
    )
