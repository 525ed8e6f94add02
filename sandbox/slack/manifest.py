"""The app manifest: read, checked as Slack checks it, and turned into what the installed app may do."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sandbox.slack.blockkit import schema


class ManifestError(Exception):
    """The manifest cannot be installed; `problems` say why, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("invalid_manifest: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command, with its slash."""

    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A shortcut: `kind` is global (at the composer) or message (in the menu of every message)."""

    callback_id: str
    kind: str
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the app was installed with: commands by name, shortcuts by callback_id."""

    name: str
    commands: dict[str, Command]
    shortcuts: dict[str, Shortcut]
    scopes: frozenset[str]
    events: frozenset[str]
    interactivity: bool
    socket_mode: bool
    options_url: bool
    home_tab: bool
    messages_tab: bool


def _optional(**keys: schema.Check) -> schema.Check:
    return schema.record({}, keys)


_URL = schema.string(1, 3000, r"https?://\S+")
_SCOPES = schema.array(schema.string(1, 255, r"[a-z0-9:._-]+"), 0, 255)
_COMMAND = schema.record(
    {"command": schema.string(2, 32, r"/\S+"), "description": schema.string(1, 2000)},
    {"url": _URL, "usage_hint": schema.string(0, 1000), "should_escape": schema.boolean},
)
_SHORTCUT = schema.record(
    {
        "name": schema.string(1, 24),
        "type": schema.one_of("global", "message"),
        "callback_id": schema.string(1, 255),
        "description": schema.string(1, 150),
    }
)
_METADATA_EVENT = schema.record({"app_id": schema.string(1, 255), "event_type": schema.string(1, 50)})
_MANIFEST = schema.record(
    {
        "display_information": schema.record(
            {"name": schema.string(1, 35)},
            {
                "description": schema.string(1, 140),
                "long_description": schema.string(175, 4000),
                "background_color": schema.string(4, 7, r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?"),
            },
        )
    },
    {
        "_metadata": _optional(major_version=schema.number(1, whole=True), minor_version=schema.number(0, whole=True)),
        "features": _optional(
            app_home=_optional(
                home_tab_enabled=schema.boolean,
                messages_tab_enabled=schema.boolean,
                messages_tab_read_only_enabled=schema.boolean,
            ),
            bot_user=schema.record({"display_name": schema.string(1, 80)}, {"always_online": schema.boolean}),
            slash_commands=schema.array(_COMMAND, 1, 50),
            shortcuts=schema.array(_SHORTCUT, 1, 10),
            unfurl_domains=schema.array(schema.string(1, 255), 1, 5),
        ),
        "oauth_config": _optional(
            redirect_urls=schema.array(_URL, 1, 1000),
            scopes=_optional(bot=_SCOPES, user=_SCOPES, bot_optional=_SCOPES, user_optional=_SCOPES),
        ),
        "settings": _optional(
            event_subscriptions=_optional(
                request_url=_URL,
                bot_events=schema.array(schema.string(1, 255), 1, 100),
                user_events=schema.array(schema.string(1, 255), 1, 100),
                metadata_subscriptions=schema.array(_METADATA_EVENT, 1, 20),
            ),
            interactivity=schema.record({"is_enabled": schema.boolean}, {"request_url": _URL, "message_menu_options_url": _URL}),
            allowed_ip_address_ranges=schema.array(schema.string(1, 255), 1, 50),
            org_deploy_enabled=schema.boolean,
            socket_mode_enabled=schema.boolean,
            token_rotation_enabled=schema.boolean,
        ),
    },
)

EVENT_SCOPES = {
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "app_mention": "app_mentions:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
}
"""Events that an app gets only with a scope."""


def _at(value: dict[str, Any], *path: str) -> Any:
    here: Any = value
    for key in path:
        here = here.get(key) if isinstance(here, dict) else None
    return here


def _cross_checks(report: schema.Report, value: dict[str, Any]) -> None:
    scopes = set(_at(value, "oauth_config", "scopes", "bot") or ())
    commands = _at(value, "features", "slash_commands") or []
    names = [command["command"] for command in commands]
    if len(set(names)) != len(names):
        report.add("/features/slash_commands", "slash commands must be unique")
    if commands and "commands" not in scopes:
        report.add("/oauth_config/scopes/bot", "slash commands need the scope commands")
    _shortcuts(report, _at(value, "features", "shortcuts") or [], scopes)
    if scopes and not _at(value, "features", "bot_user"):
        report.add("/features/bot_user", "bot scopes need a bot user")
    for event in _at(value, "settings", "event_subscriptions", "bot_events") or ():
        needed = EVENT_SCOPES.get(event)
        if needed and needed not in scopes:
            report.add("/settings/event_subscriptions/bot_events", f"{event} needs the scope {needed}")
    if not _at(value, "settings", "socket_mode_enabled"):
        _http_urls(report, value, commands)


def _shortcuts(report: schema.Report, shortcuts: list[dict[str, Any]], scopes: set[str]) -> None:
    idents = [shortcut["callback_id"] for shortcut in shortcuts]
    if len(set(idents)) != len(idents):
        report.add("/features/shortcuts", "callback ids of shortcuts must be unique")
    if shortcuts and "commands" not in scopes:
        report.add("/oauth_config/scopes/bot", "shortcuts need the scope commands")


def _http_urls(report: schema.Report, value: dict[str, Any], commands: list[dict[str, Any]]) -> None:
    for index, command in enumerate(commands):
        if "url" not in command:
            report.add(f"/features/slash_commands/{index}/url", "missing required field without Socket Mode: url")
    if _at(value, "settings", "interactivity", "is_enabled") and not _at(value, "settings", "interactivity", "request_url"):
        report.add("/settings/interactivity/request_url", "missing required field without Socket Mode: request_url")
    if _at(value, "settings", "event_subscriptions", "bot_events") and not _at(value, "settings", "event_subscriptions", "request_url"):
        report.add("/settings/event_subscriptions/request_url", "missing required field without Socket Mode: request_url")


def parse(value: Any) -> Manifest:
    """Check a manifest and read it. Raises ManifestError with every fault."""
    report = schema.Report("manifest")
    _MANIFEST(report, value, "")
    if not report.problems:
        _cross_checks(report, value)
    if report.problems:
        raise ManifestError(report.lines)
    commands = [
        Command(one["command"], one["description"], one.get("usage_hint", ""), one.get("should_escape", False))
        for one in _at(value, "features", "slash_commands") or ()
    ]
    shortcuts = [
        Shortcut(one["callback_id"], one["type"], one["name"], one["description"]) for one in _at(value, "features", "shortcuts") or ()
    ]
    return Manifest(
        name=value["display_information"]["name"],
        commands={command.command: command for command in commands},
        shortcuts={shortcut.callback_id: shortcut for shortcut in shortcuts},
        scopes=frozenset(_at(value, "oauth_config", "scopes", "bot") or ()),
        events=frozenset(_at(value, "settings", "event_subscriptions", "bot_events") or ()),
        interactivity=bool(_at(value, "settings", "interactivity", "is_enabled")),
        socket_mode=bool(_at(value, "settings", "socket_mode_enabled")),
        options_url=bool(_at(value, "settings", "interactivity", "message_menu_options_url")),
        home_tab=bool(_at(value, "features", "app_home", "home_tab_enabled")),
        messages_tab=_at(value, "features", "app_home", "messages_tab_enabled") is not False,
    )


def load(path: Path | str) -> Manifest:
    """Read `manifest.yml` (or JSON). Raises ManifestError, OSError."""
    try:
        value = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ManifestError([f"not YAML: {error}"]) from error
    return parse(value)
