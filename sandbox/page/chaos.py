"""The chaos panel: faults in Slack and in each system, bursts, pace, other people's hands, and the life of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from nicegui import ui

from sandbox.page import mrkdwn, panels, surface
from sandbox.page.control_client import Control, Json, Slack, rows


class Bot(Protocol):
    """The bot as a process: what the demo hands to the panel."""

    def state(self) -> str:
        """One line: running, waiting, dead."""
        ...

    def starts(self) -> int:
        """How often it was started."""
        ...

    def tail(self) -> Sequence[str]:
        """Its last lines of output."""
        ...

    async def kill(self) -> None: ...

    async def restart(self) -> None: ...


_BLOCKS = ["header", "section", "context", "actions", "table", "data_table", "data_visualization"]

SLACK_FAULTS = (
    panels.Fault("slack-429", "Posts get 429, wait 5 s", {"method": "chat.postMessage", "mode": "429", "retry_after": 5, **panels.FOREVER}),
    panels.Fault("slack-500", "Posts get 500", {"method": "chat.postMessage", "mode": "500", **panels.FOREVER}),
    panels.Fault(
        "slack-timeout", "Posts are stored, then time out", {"method": "chat.postMessage", "mode": "timeout_after", **panels.FOREVER}
    ),
    panels.Fault(
        "slack-drop", "Posts are stored, then the line drops", {"method": "chat.postMessage", "mode": "drop_after", **panels.FOREVER}
    ),
    panels.Fault(
        "slack-blocks",
        "Blocks are refused (invalid_blocks)",
        {"method": "chat.postMessage", "mode": "refuse_blocks", "types": _BLOCKS, **panels.FOREVER},
    ),
    panels.Fault(
        "slack-channel",
        "The channel is not found",
        {"method": "chat.postMessage", "mode": "error", "error": "channel_not_found", "times": 0},
    ),
)


@dataclass
class Levers:
    """Everything that the panel can pull; `systems` by name, of those that have a panel. What is not there is not drawn."""

    slack: Slack
    systems: Mapping[str, Control] = field(default_factory=dict)
    bot: Bot | None = None


def _first(told: object) -> object:
    """The value of an event that may carry more than its value."""
    return told[0] if isinstance(told, list) and told else told


def _is_on(fault: panels.Fault, standing: Sequence[Json]) -> bool:
    return any(all(row.get(name) == value for name, value in fault.body.items()) for row in standing)


class Switches:
    """The faults of one server as switches; the server is the truth, so that every tab shows the same."""

    def __init__(self, server: Control, faults: Sequence[panels.Fault]) -> None:
        self._server, self._faults = server, faults
        self._drawn: dict[str, ui.switch] = {}
        for fault in faults:
            switch = ui.switch(fault.label).props("dense size=sm")
            # The browser's own event: what `refresh` sets must not be sent back.
            switch.on("update:modelValue", lambda event, fault=fault: self._turn(fault, _first(event.args) is True))
            surface.marked(switch.classes("chaos-switch"), f"chaos-{fault.name}")
            self._drawn[fault.name] = switch

    async def refresh(self) -> None:
        standing = rows(await self._server.read("faults", []), "faults")
        for fault in self._faults:
            self._drawn[fault.name].set_value(_is_on(fault, standing))

    async def _turn(self, fault: panels.Fault, on: bool) -> None:
        standing = rows(await self._server.read("faults", []), "faults")
        wanted = [fault] if on else [other for other in self._faults if other is not fault and _is_on(other, standing)]
        if not on:
            await self._server.write("DELETE", "faults")
        for one in wanted:
            told = await self._server.write("POST", "faults", one.body)
            if told.get("ok") is False:
                ui.notify(f"The server refused: {told.get('error')}", type="negative")
        await self.refresh()


class Sliders:
    """Numbers of a server's `/_control/modes`: its pace and how slow it is."""

    PACE = (("arrivals", "Seconds between new anomalies (0: none)", 120, 5), ("latency_ms", "Latency of each call, ms", 3000, 50))

    def __init__(self, server: Control, name: str) -> None:
        self._server = server
        self._modes: Json = {}
        self._drawn: dict[str, ui.slider] = {}
        for mode, label, most, step in self.PACE:
            surface.html(label, "chaos-label")
            slider = ui.slider(min=0, max=most, step=step, value=0, on_change=lambda event, mode=mode: self._slide(mode, event.value))
            self._drawn[mode] = surface.marked(surface.named(slider.props("label dense"), {"label": label}), f"chaos-{name}-{mode}")

    def show(self, modes: Json) -> None:
        self._modes = modes
        for mode, slider in self._drawn.items():
            slider.set_value(int(modes.get(mode, 0)))

    async def _slide(self, mode: str, value: float) -> None:
        if int(value) != int(self._modes.get(mode, 0)):
            await self._server.write("POST", "modes", {mode: int(value)})


class Choices:
    """Words of a server's `/_control/modes`: in which of its ways the system behaves."""

    def __init__(self, server: Control, name: str, choices: Sequence[panels.Choice]) -> None:
        self._server = server
        self._modes: Json = {}
        self._drawn: dict[str, ui.toggle] = {}
        for choice in choices:
            surface.html(choice.label, "chaos-label")
            toggle = ui.toggle(dict(choice.values), on_change=lambda event, mode=choice.mode: self._choose(mode, event.value))
            toggle.props("no-caps dense unelevated size=sm spread")
            self._drawn[choice.mode] = surface.marked(toggle.classes("chaos-toggle"), f"chaos-{name}-{choice.mode}")

    def show(self, modes: Json) -> None:
        self._modes = modes
        for mode, toggle in self._drawn.items():
            toggle.set_value(modes.get(mode))

    async def _choose(self, mode: str, value: str) -> None:
        if value != self._modes.get(mode):
            await self._server.write("POST", "modes", {mode: value})


class Chaos:
    """The right drawer. `channel` is the one on the screen."""

    def __init__(self, levers: Levers, channel: Callable[[], str]) -> None:
        self._levers, self._channel = levers, channel
        self._switches: list[Switches] = []
        self._dials: list[tuple[Control, Sliders, Choices]] = []
        self._bot_state: ui.label | None = None
        self._bot_tail: ui.html | None = None
        with surface.marked(ui.element("div").classes("chaos"), "chaos"):
            surface.html("Break things and watch the bot.", "chaos-about")
            for position, (name, server) in enumerate(levers.systems.items()):
                self._system(name, server, first=position == 0)
            self._slack()
            self._bot()
            surface.html("Slack API calls", "chaos-heading")
            self._log = surface.marked(surface.html("", "chaos-log").props("tabindex=0 role=log aria-label='Slack API calls'"), "api-log")

    async def refresh(self) -> None:
        """Show how things stand now."""
        for switches in self._switches:
            await switches.refresh()
        for server, sliders, choices in self._dials:
            modes = await server.read("modes", {})
            sliders.show(modes)
            choices.show(modes)
        calls = await self._levers.slack.log()
        self._log.set_content("".join(log_line(call) for call in calls[-40:][::-1]) or "No call yet.")
        if self._levers.bot and self._bot_state and self._bot_tail:
            self._bot_state.set_text(self._levers.bot.state())
            self._bot_tail.set_content("<br>".join(mrkdwn.escape(line) for line in list(self._levers.bot.tail())[-12:]))

    def _button(self, label: str, name: str, go: Callable[[], Awaitable[Any]], style: str = "") -> None:
        async def pressed() -> None:
            told = await go()
            if isinstance(told, dict) and told.get("ok") is False:
                ui.notify(f"That did not work: {told.get('error')}", type="negative")
            await self.refresh()

        button = ui.button(label, on_click=pressed, color=None).props("unelevated dense no-caps")
        surface.marked(button.classes(f"slack-button {style}"), f"chaos-{name}")

    # --- the systems --------------------------------------------------------------------------------------------------

    def _system(self, name: str, server: Control, *, first: bool) -> None:
        """One system; the first is unfolded."""
        panel = panels.PANELS[name]
        folded = ui.expansion(panel.title, value=first).props("dense header-class=chaos-heading").classes("chaos-system")
        with surface.marked(folded, f"chaos-{name}"):
            surface.html("New anomalies", "chaos-label")
            with ui.element("div").classes("chaos-row"):
                for count in (1, 6, 40):
                    self._button(f"+{count}", f"{name}-burst-{count}", self._posting(server, "anomalies", {"count": count}))
            surface.html(f"Somebody works in {panel.title} itself", "chaos-label")
            ident = (
                ui.input(placeholder="anomaly id (newest open if empty)")
                .props("aria-label='Anomaly id'")
                .props("outlined dense")
                .classes("slack-input")
            )
            surface.marked(ident, f"chaos-{name}-anomaly")
            with ui.element("div").classes("chaos-row"):
                for act in panel.acts:
                    self._button(act.label, f"{name}-{act.name}", self._acting(server, panel, act, ident))
            surface.html("Trouble", "chaos-label")
            self._switches.append(Switches(server, panel.faults))
            with ui.element("div").classes("chaos-row"):
                self._button("Away for 30 seconds", f"{name}-away", self._posting(server, "faults", panels.AWAY))
            self._dials.append((server, Sliders(server, name), Choices(server, name, panel.choices)))

    def _posting(self, server: Control, path: str, body: Mapping[str, Any]) -> Callable[[], Awaitable[Json]]:
        return lambda: server.write("POST", path, body)

    def _acting(self, server: Control, panel: panels.Panel, act: panels.Act, ident: ui.input) -> Callable[[], Awaitable[Json]]:
        async def go() -> Json:
            if not act.change:
                return await server.write("POST", act.path, act.body)
            wanted = str(ident.value or "").rpartition(":")[2].lstrip("#").strip() or await newest_open(server, panel)
            if not wanted:
                return {"ok": False, "error": "nothing is open"}
            return await server.write("PATCH", f"anomalies/{wanted}", act.body)

        return go

    # --- Slack and the bot --------------------------------------------------------------------------------------------

    def _slack(self) -> None:
        surface.html("Slack", "chaos-heading")
        self._switches.append(Switches(self._levers.slack, SLACK_FAULTS))
        with ui.element("div").classes("chaos-row"):
            for label, name, member in (("Remove the bot from this channel", "remove-bot", False), ("Invite it back", "invite-bot", True)):
                self._button(label, name, lambda member=member: self._member(member))  # type: ignore[misc]

    async def _member(self, member: bool) -> Json:
        return await self._levers.slack.write("POST", "membership", {"channel": self._channel(), "member": member})

    def _bot(self) -> None:
        bot = self._levers.bot
        if bot is None:
            return
        surface.html("The bot's process", "chaos-heading")
        self._bot_state = ui.label(bot.state()).classes("chaos-about")
        surface.marked(self._bot_state, "bot-state")
        with ui.element("div").classes("chaos-row"):
            self._button("kill -9", "kill", bot.kill, "danger")
            self._button("Restart", "restart", bot.restart)
        self._bot_tail = surface.html("", "chaos-log")
        surface.marked(self._bot_tail, "bot-tail")


async def newest_open(server: Control, panel: panels.Panel) -> str:
    """The id of the newest anomaly that has not ended, "" when there is none."""
    known = rows(await server.read("state", {}), "anomalies")
    still = [row for row in known if row.get("status") in panel.still and row.get("id")]
    return str(max(still, key=lambda row: _number(row.get(panel.order)))["id"]) if still else ""


def _number(value: Any) -> float:
    """What orders an anomaly; odd ones come first."""
    return float(value) if isinstance(value, int | float) else 0.0


def log_line(call: Json) -> str:
    """One API call of the bot: when, what, and how it ended."""
    answer = call.get("response") if isinstance(call.get("response"), dict) else {}
    error = call.get("error") or (answer or {}).get("error") or ""
    ended = str(error or call.get("status") or "ok")
    kind = "bad" if error or str(call.get("status", "200"))[:1] in "45" else "good"
    name = call.get("method") or call.get("path") or "?"
    return f'<div><b>{mrkdwn.escape(name)}</b> <span class="{kind}">{mrkdwn.escape(ended)}</span></div>'
