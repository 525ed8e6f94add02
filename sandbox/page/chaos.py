"""The chaos panel: faults in Slack and in Qualytics, bursts, latency, other people's hands, and the life of the bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from nicegui import events, ui

from sandbox.page import mrkdwn, surface
from sandbox.page.control_client import Control, Json, Slack, rows


class Bot(Protocol):
    """The bot as a process: what the demo hands to the panel."""

    def state(self) -> str:
        """One line: running, waiting, dead."""
        ...

    def tail(self) -> Sequence[str]:
        """Its last lines of output."""
        ...

    async def kill(self) -> None: ...

    async def restart(self) -> None: ...


@dataclass(frozen=True)
class Fault:
    """A switch: its name for tests, its words, and what is sent to the server's `/_control/faults`."""

    name: str
    label: str
    body: Mapping[str, Any] = field(default_factory=dict)


_FOREVER = {"times": 0}
_BLOCKS = ["header", "section", "context", "actions", "table", "data_table", "data_visualization"]

SLACK_FAULTS = (
    Fault("slack-429", "Posts get 429, wait 5 s", {"method": "chat.postMessage", "mode": "429", "retry_after": 5, **_FOREVER}),
    Fault("slack-500", "Posts get 500", {"method": "chat.postMessage", "mode": "500", **_FOREVER}),
    Fault("slack-timeout", "Posts are stored, then time out", {"method": "chat.postMessage", "mode": "timeout_after", **_FOREVER}),
    Fault("slack-drop", "Posts are stored, then the line drops", {"method": "chat.postMessage", "mode": "drop_after", **_FOREVER}),
    Fault(
        "slack-blocks",
        "Blocks are refused (invalid_blocks)",
        {"method": "chat.postMessage", "mode": "refuse_blocks", "types": _BLOCKS, **_FOREVER},
    ),
    Fault(
        "slack-channel",
        "The channel is not found",
        {"method": "chat.postMessage", "mode": "error", "error": "channel_not_found", "times": 0},
    ),
)
QUALYTICS_FAULTS = (
    Fault("qualytics-500", "Answers 500", {"mode": "500", **_FOREVER}),
    Fault("qualytics-garbage", "Answers garbage", {"mode": "garbage", **_FOREVER}),
    Fault("qualytics-empty", "Answers nothing", {"mode": "empty", **_FOREVER}),
    Fault("qualytics-huge", "Answers 10 MB", {"mode": "huge", **_FOREVER}),
    Fault("qualytics-hang", "Hangs", {"mode": "hang", **_FOREVER}),
)
AWAY = {"mode": "503", "seconds": 30}
ELSEWHERE = {"kind": "scan", "datastore": 42, "containers": ["orders", "customers"]}
"""A scan that somebody starts in Qualytics itself."""
FAILS = {"result": "failure", "message": "Could not connect to snowflake: the warehouse is suspended"}
RESTORE_MODES = {"restores": "works", "422": "is refused (422)", "ignores": "is ignored"}


@dataclass
class Levers:
    """Everything that the panel can pull; what is None is not there and is not drawn."""

    slack: Slack
    qualytics: Control | None = None
    bot: Bot | None = None


def _first(told: object) -> object:
    """The value of an event that may carry more than its value."""
    return told[0] if isinstance(told, list) and told else told


def _is_on(fault: Fault, standing: Sequence[Json]) -> bool:
    return any(all(row.get(name) == value for name, value in fault.body.items()) for row in standing)


class Switches:
    """The faults of one server as switches; the server is the truth, so that every tab shows the same."""

    def __init__(self, server: Control, faults: Sequence[Fault]) -> None:
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

    async def _turn(self, fault: Fault, on: bool) -> None:
        standing = rows(await self._server.read("faults", []), "faults")
        wanted = [fault] if on else [other for other in self._faults if other is not fault and _is_on(other, standing)]
        if not on:
            await self._server.write("DELETE", "faults")
        for one in wanted:
            told = await self._server.write("POST", "faults", one.body)
            if told.get("ok") is False:
                ui.notify(f"The server refused: {told.get('error')}", type="negative")
        await self.refresh()


class Chaos:
    """The right drawer. `channel` is the one on the screen."""

    def __init__(self, levers: Levers, channel: Callable[[], str]) -> None:
        self._levers, self._channel = levers, channel
        self._switches: list[Switches] = []
        self._modes: Json = {}
        self._bot_state: ui.label | None = None
        self._bot_tail: ui.html | None = None
        with surface.marked(ui.element("div").classes("chaos"), "chaos"):
            surface.html("Chaos", "chaos-title")
            surface.html("Break things and watch the bot.", "chaos-about")
            self._people()
            self._slack()
            self._qualytics()
            self._bot()
            surface.html("Slack API calls", "chaos-heading")
            self._log = surface.marked(surface.html("", "chaos-log"), "api-log")

    async def refresh(self) -> None:
        """Show how things stand now."""
        for switches in self._switches:
            await switches.refresh()
        if self._levers.qualytics:
            self._modes = await self._levers.qualytics.read("modes", {})
            self._latency.set_value(int(self._modes.get("latency_ms", 100)))
            self._restore.set_value(self._modes.get("restore", "restores"))
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

    def _people(self) -> None:
        server = self._levers.qualytics
        if server is None:
            return
        surface.html("New anomalies", "chaos-heading")
        with ui.element("div").classes("chaos-row"):
            for count in (1, 6, 40):
                self._button(f"+{count}", f"burst-{count}", lambda count=count: server.write("POST", "anomalies", {"count": count}))  # type: ignore[misc]
        surface.html("Somebody works in Qualytics itself", "chaos-heading")
        self._ident = ui.input(placeholder="anomaly id (newest open if empty)").props("outlined dense").classes("slack-input")
        surface.marked(self._ident, "chaos-anomaly")
        with ui.element("div").classes("chaos-row"):
            self._button("Acknowledge", "q-acknowledge", lambda: self._touch({"status": "Acknowledged"}))
            self._button("Archive as Resolved", "q-archive", lambda: self._touch({"status": "Resolved"}))
        with ui.element("div").classes("chaos-row"):
            self._button("Start a scan", "q-scan", lambda: server.write("POST", "operations/start", ELSEWHERE))
            self._button(
                "Start a scan that fails", "q-scan-fails", lambda: server.write("POST", "operations/start", {**ELSEWHERE, **FAILS})
            )

    async def _touch(self, change: Json) -> Json:
        server = self._levers.qualytics
        assert server is not None
        ident = str(self._ident.value or "").rpartition(":")[2].lstrip("#").strip() or await newest_open(server)
        if not ident:
            return {"ok": False, "error": "nothing is open"}
        return await server.write("PATCH", f"anomalies/{ident}", change)

    def _slack(self) -> None:
        surface.html("Slack", "chaos-heading")
        self._switches.append(Switches(self._levers.slack, SLACK_FAULTS))
        with ui.element("div").classes("chaos-row"):
            for label, name, member in (("Remove the bot from this channel", "remove-bot", False), ("Invite it back", "invite-bot", True)):
                self._button(label, name, lambda member=member: self._member(member))  # type: ignore[misc]

    async def _member(self, member: bool) -> Json:
        return await self._levers.slack.write("POST", "membership", {"channel": self._channel(), "member": member})

    def _qualytics(self) -> None:
        server = self._levers.qualytics
        if server is None:
            return
        surface.html("Qualytics", "chaos-heading")
        self._switches.append(Switches(server, QUALYTICS_FAULTS))
        with ui.element("div").classes("chaos-row"):
            self._button("Away for 30 seconds", "q-away", lambda: server.write("POST", "faults", AWAY))
        surface.html("Latency of each call, ms", "chaos-label")

        async def slower(event: events.ValueChangeEventArguments[Any]) -> None:
            if int(event.value) != self._modes.get("latency_ms"):
                await server.write("POST", "modes", {"latency_ms": int(event.value)})

        slider = self._latency = ui.slider(min=0, max=3000, step=50, value=100, on_change=slower).props("label dense")
        surface.marked(slider, "chaos-latency")
        surface.html("Restoring an archived anomaly", "chaos-label")

        async def restore(event: events.ValueChangeEventArguments[Any]) -> None:
            if event.value != self._modes.get("restore"):
                await server.write("POST", "modes", {"restore": event.value})

        toggle = self._restore = ui.toggle(RESTORE_MODES, value="restores", on_change=restore).props(
            "no-caps dense unelevated size=sm spread"
        )
        surface.marked(toggle.classes("chaos-toggle"), "chaos-restore")

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


async def newest_open(server: Control) -> str:
    """The id of the newest anomaly that is not archived, "" when there is none."""
    state = await server.read("state", {})
    known = rows(state, "anomalies")
    still = [row for row in known if row.get("status") in {"Active", "Acknowledged"}]
    return str(max(still, key=lambda row: int(row.get("id") or 0))["id"]) if still else ""


def log_line(call: Json) -> str:
    """One API call of the bot: when, what, and how it ended."""
    answer = call.get("response") if isinstance(call.get("response"), dict) else {}
    error = call.get("error") or (answer or {}).get("error") or ""
    ended = str(error or call.get("status") or "ok")
    kind = "bad" if error or str(call.get("status", "200"))[:1] in "45" else "good"
    name = call.get("method") or call.get("path") or "?"
    return f'<div><b>{mrkdwn.escape(name)}</b> <span class="{kind}">{mrkdwn.escape(ended)}</span></div>'
