"""What is written in two places says the same: manifest, listeners, scopes, settings, documents, version, size of the rooms."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml
from slack_bolt.async_app import AsyncApp

import handlers
from bot import app, model, ports, settings
from bot.core import features, grammar, overlay, snapshot
from bot.core.grammar import edits
from bot.render.kit import ids
from bot.sources import registry
from bot.sources.anodot import filters as anodot_filters
from bot.sources.anomify import source
from bot.sources.autional import filters
from bot.sources.qualytics import list_params
from handlers import actions, commands, events, views
from sandbox.slack import manifest as fake
from tests.pictures import kinds
from tests.sources import staging

ROOT = Path(__file__).parent.parent
SCHEMA = json.loads((ROOT / "tests/fixtures/slack-manifest-schema/manifest.schema.2.0.0.json").read_text())
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())
HTTP_MANIFEST = json.loads(app.manifest((ROOT / "manifest.yml").read_text(), "https://desk.example.com/"))
README = (ROOT / "README.md").read_text()


# --- the manifest ----------------------------------------------------------------------------------------------------------


def faults(manifest: Any) -> list[str]:
    """What Slack's published schema says against a manifest."""
    found = jsonschema.Draft7Validator(SCHEMA).iter_errors(manifest)
    return [f"{'/'.join(map(str, fault.path))}: {fault.message}" for fault in found]


THREADS_MANIFEST = json.loads(app.manifest((ROOT / "manifest.yml").read_text(), threads=True))


@pytest.mark.parametrize("manifest", [MANIFEST, HTTP_MANIFEST, THREADS_MANIFEST], ids=["socket mode", "http", "threads"])
def test_slack_takes_the_manifest(manifest: Any) -> None:
    assert faults(manifest) == []
    assert fake.parse(manifest).home_tab and fake.parse(manifest).messages_tab
    assert set(fake.parse(manifest).commands) == set(handlers.COMMANDS)
    shortcuts = {shortcut["callback_id"]: shortcut["type"] for shortcut in manifest["features"]["shortcuts"]}
    assert shortcuts == {ids.TRIAGE_SHORTCUT: "global", ids.MESSAGE_SHORTCUT: "message"}
    assert set(shortcuts) == set(handlers.SHORTCUTS)


def test_what_is_said_in_channels_is_told_to_those_who_ask_for_it_alone() -> None:
    """Every message of the bot's channels is a lot to be told of for nothing."""
    told = {name: fake.parse(one).events for name, one in (("", MANIFEST), ("threads", THREADS_MANIFEST))}
    assert told["threads"] - told[""] == {"message.channels", "message.groups"}
    assert fake.parse(MANIFEST).scopes == fake.parse(THREADS_MANIFEST).scopes
    assert told[""] == {"app_home_opened", "app_mention", "message.im", "member_joined_channel", "member_left_channel"}
    assert {one.event for one in features.FEATURES} < told[""]
    assert {one.scope for one in features.FEATURES if one.scope} < fake.parse(MANIFEST).scopes


def test_the_schema_bites() -> None:
    assert faults(MANIFEST | {"festures": {}})
    assert faults(MANIFEST | {"display_information": {"name": "x" * 36}})


def test_the_manifest_for_http_differs_in_addresses_alone() -> None:
    endpoint = "https://desk.example.com/slack/events"
    assert HTTP_MANIFEST["settings"].pop("socket_mode_enabled") is False
    interactivity = HTTP_MANIFEST["settings"]["interactivity"]
    assert (interactivity.pop("request_url"), interactivity.pop("message_menu_options_url")) == (endpoint, endpoint)
    assert HTTP_MANIFEST["settings"]["event_subscriptions"].pop("request_url") == endpoint
    assert [command.pop("url") for command in HTTP_MANIFEST["features"]["slash_commands"]] == [endpoint, endpoint]
    expected = json.loads(json.dumps(MANIFEST))
    del expected["settings"]["socket_mode_enabled"]
    assert expected == HTTP_MANIFEST


def test_commands_are_sent_with_ids_and_hinted_with_what_works() -> None:
    for command in MANIFEST["features"]["slash_commands"]:
        assert command["should_escape"], "mentions arrive as ids only then"
        for example in command["usage_hint"].split(" | "):
            READ[command["command"]](example)


READ = {
    "/anomalies": lambda text: grammar.command(text, today=date(2026, 11, 21), sources=["qualytics"], default_source="qualytics"),
    "/scan": lambda text: grammar.scan(text, sources=["qualytics"], default_source="qualytics"),
}


SCOPES = {
    "auth_test": set(),
    "apps_connections_open": set(),  # the app-level token's connections:write
    "chat_postMessage": {"chat:write"},
    "chat_postEphemeral": {"chat:write"},
    "chat_update": {"chat:write"},
    "conversations_history": {"channels:history", "groups:history", "im:history"},
    "conversations_info": {"channels:read", "groups:read"},
    "conversations_replies": {"channels:history", "groups:history", "im:history"},
    "conversations_open": {"im:write"},
    "users_info": {"users:read", "users:read.email"},
    "users_lookupByEmail": {"users:read.email"},
    "files_getUploadURLExternal": {"files:write"},
    "files_completeUploadExternal": {"files:write"},
    "usergroups_users_list": {"usergroups:read"},
    "views_open": set(),
    "views_update": set(),
    "views_publish": set(),
}
"""Web API calls of the code, as the library names them, and the bot scopes that Slack wants for them (its method pages)."""


def test_scopes_are_what_the_calls_need_and_no_more() -> None:
    text = "".join(path.read_text() for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py"))
    called = set(
        re.findall(r"\b_?client\.((?:auth|apps|chat|conversations|users|usergroups|views|team|reactions|files)_[a-zA-Z_]+)\(", text)
    )
    assert called == set(SCOPES)
    events = {scope for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"] if (scope := fake.EVENT_SCOPES.get(event))}
    needed = set().union(*SCOPES.values()) | {"commands"} | events
    assert set(MANIFEST["oauth_config"]["scopes"]["bot"]) == needed


# --- listeners ---------------------------------------------------------------------------------------------------------------


def test_everything_that_can_be_pressed_has_a_listener() -> None:
    assert set(handlers.ACTIONS) == set(ids.MESSAGE_ACTIONS)
    assert set(actions.MORE) | {ids.MORE_STAGE} == {value for name, value in vars(ids).items() if name.startswith("MORE_")}
    assert set(handlers.VIEWS) == {value for name, value in vars(ids).items() if name.endswith("_VIEW")}
    assert set(handlers.OPTIONS) == set(ids.VIEW_OPTIONS)
    typed = (*ids.LINK_ME_INPUTS, *ids.DUPLICATE_INPUTS, *ids.REVIEW_INPUTS, *ids.SCAN_INPUTS)
    inputs = {ids.ASSIGN_PEOPLE, ids.LINK_PERSON, ids.COMMENT_TEXT, *typed}
    assert set(views.QUIET) == inputs
    assert set(handlers.VIEW_ACTIONS) - inputs == {*ids.VIEW_ACTIONS, *ids.HOME_ACTIONS}
    assert set(commands.VERBS) | set(grammar.SHAPES) | {*edits.BEHIND, "undo", "review"} == {verb.name for verb in grammar.VERBS}


def test_register_registers_all_of_them() -> None:
    bolt = AsyncApp(token="xoxb-none", signing_secret="none")
    handlers.register(bolt, None)  # type: ignore[arg-type]
    tables = (handlers.COMMANDS, handlers.SHORTCUTS, handlers.ACTIONS, handlers.VIEW_ACTIONS, handlers.VIEWS, handlers.OPTIONS)
    expected = sum(len(table) for table in tables)
    expected += len(events.EVENTS) + len(events.UNUSED)
    assert len(bolt._async_listeners) == expected
    subscribed = {name for name, *_ in events.EVENTS.values()} | set(events.UNUSED)
    assert subscribed == set(MANIFEST["settings"]["event_subscriptions"]["bot_events"])


# --- documents ---------------------------------------------------------------------------------------------------------------

SYSTEMS = {kind.variable(one.name): one for kind in registry.SYSTEMS.values() for one in settings.declared(kind)}
"""The settings of the systems."""


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    table = README.split("### Settings", 1)[1].split("###", 1)[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = [name for row in rows for name in re.findall(r"`([A-Z_]+)`", row)]
    assert len(documented) == len(set(documented))
    assert set(documented) == {name.upper() for name in settings.Settings.model_fields} | SYSTEMS.keys()


def test_documented_defaults_are_the_defaults() -> None:
    table = README.split("### Settings", 1)[1].split("###", 1)[0]
    rows = [line.split("|") for line in table.splitlines() if line.startswith("| `")]
    told = {name: row[3].strip(" `") for row in rows for name in re.findall(r"`([A-Z_]+)`", row[1])}
    fields = settings.Settings.model_fields
    for name in (
        "DESK_POLL_SECONDS",
        "DESK_BURST",
        "DESK_WAIT_SECONDS",
        "DESK_POSTS_PER_MINUTE",
        "DESK_SCAN_MINUTES",
        "DESK_CLICK_CALLS",
        "DESK_WRITE_CALLS",
        "DESK_READ_CALLS",
        "PORT",
    ):
        assert float(told[name]) == float(fields[name.lower()].default), name
    for name in ("SLACK_API_URL", "DESK_TIMEZONE", "DESK_DIGEST"):
        assert told[name] == fields[name.lower()].default, name
    for name, setting in SYSTEMS.items():
        assert not isinstance(setting.default, int) or float(told[name]) == setting.default, name
    severities = {kind.name: kind.severity for kind in registry.SYSTEMS.values() if kind.severity}
    assert json.loads(told["DESK_SEVERITY"]) == severities
    assert told["DATABASE_URL"] == fields["database_url"].default.get_secret_value()


def test_every_system_is_registered_with_its_settings_and_documented() -> None:
    folders = {path.name for path in (ROOT / "bot/sources").iterdir() if (path / "__init__.py").exists()}
    assert set(registry.SYSTEMS) == folders
    for kind in registry.SYSTEMS.values():
        assert (
            kind.build
            and kind.settings[0].name == "URL"
            and {name for way in kind.keys for name in way} <= {setting.name for setting in kind.settings if setting.wanted}
        )
        assert kind.title in README
        assert f"## {kind.title}" in (ROOT / "docs/filters.md").read_text()
        page = f"docs/sources/{kind.name}.md"
        assert f"]({page})" in README
        assert (ROOT / page).read_text().startswith(f"# {kind.title}\n")


def test_commands_are_documented() -> None:
    chapter = README.split("### Commands", 1)[1].split("##", 1)[0]
    for verb in (*grammar.VERBS, *grammar.SCAN_VERBS):
        assert verb.name == "help" or re.search(rf"\b{verb.name}\b", chapter), verb.name


def test_links_between_documents_lead_somewhere() -> None:
    missing = [
        f"{document.name}: {target}"
        for document in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
        if not (document.parent / target).exists() and target != "bench/results.md"
    ]
    assert missing == []


def test_the_newest_change_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None and newest[1] == version


def filter_table(known: Any, title: str, own: Sequence[model.OwnWord] = ()) -> str:
    """The table of docs/filters.md for one system."""
    applied = {
        model.Handling.SENT: "sent to {title}",
        model.Handling.HERE: "applied here",
        model.Handling.REFUSED: "refused: {because}",
    }
    lines = ["| word | it takes | example | where it is applied |", "|---|---|---|---|"]
    for row in grammar.explain(known, title, own, title.casefold()):
        where = applied[row.handling].format(title=title, because=row.because)
        lines.append(f"| `{row.word}:` | {row.about} | `{row.example}` | {where} |")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("title", "known", "own"),
    [
        ("Qualytics", list_params.WORDS, ()),
        ("Autional", filters.WORDS, filters.own_words("tnt_1", app.SystemClock())),
        ("Anomify", source.Anomify.words, ()),
        ("Anodot", anodot_filters.WORDS, anodot_filters.own_words(app.SystemClock())),
    ],
)
def test_the_document_of_the_filters_says_what_the_code_does(
    title: str, known: Mapping[str, model.Word], own: Sequence[model.OwnWord]
) -> None:
    chapter = (ROOT / "docs/filters.md").read_text().split(f"## {title}", 1)[1].split("\n## ", 1)[0]
    written = "\n".join(line for line in chapter.splitlines() if line.startswith("|"))
    wanted = filter_table(known, title, own)
    assert written == wanted, f"docs/filters.md should hold this table:\n{wanted}"


def scan_table() -> str:
    """The table of docs/filters.md for the verbs of `/scan`."""
    lines = ["| command | what it does | example |", "|---|---|---|"]
    for verb in grammar.SCAN_VERBS:
        usage, example = (f"{grammar.SCAN_SLASH} {text}".strip().replace("|", "\\|") for text in (verb.usage, verb.example))
        lines.append(f"| `{usage}` | {verb.about} | `{example}` |")
    return "\n".join(lines)


def test_the_document_of_the_scans_says_what_the_code_does() -> None:
    chapter = (ROOT / "docs/filters.md").read_text().split("\n## Scans", 1)[1].split("\n## ", 1)[0]
    written = "\n".join(line for line in chapter.splitlines() if line.startswith("|"))
    wanted = scan_table()
    assert written == wanted, f"docs/filters.md should hold this table:\n{wanted}"
    examples = re.findall(r"^    /scan (.+)$", chapter, re.MULTILINE)
    assert len(examples) >= 5
    for example in examples:
        assert grammar.scan(example, sources=["qualytics"], default_source="qualytics").verb != "form"


def test_the_examples_of_the_documents_work() -> None:
    text = (ROOT / "docs/filters.md").read_text()
    examples = re.findall(r"^    /anomalies (.+)$", text, re.MULTILINE)
    assert len(examples) >= 5
    for example in [*examples, *(f"list {row.example}" for row in grammar.explain(list_params.WORDS, "Qualytics", (), "qualytics"))]:
        grammar.command(example, today=date(2026, 11, 21), sources=["qualytics"], default_source="qualytics")


# --- what works with which system ------------------------------------------------------------------------------------------


def built(kind: ports.Kind) -> ports.System:
    """A system as the registry builds it, of settings that nobody has; it is asked nothing."""
    named = {"URL", *kind.keys[0]}
    given = {kind.variable(one.name): "https://acme.example" if one.name == "URL" else "k1" for one in kind.settings if one.name in named}
    slack = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "DESK_CHANNEL": "C0123456789"}
    read = settings.load({**slack, **given}, (kind,)).systems[kind.name]
    assert kind.build is not None
    wire = httpx.MockTransport(staging.Wire(lambda request: pytest.fail(f"{request.url} was asked")))
    clock, traits = staging.Clock(), staging.Traits()
    return kind.build(ports.Deps(values=read.plain(), thresholds=read.severity, clock=clock, traits=traits, transport=wire))


THERE, HERE, EITHER, NOWHERE = "there", "kept here", "there, or kept here", "not possible"

ACTIONS = {
    model.Action.ACKNOWLEDGE: "Acknowledge",
    model.Action.UNACKNOWLEDGE: "Un-acknowledge",
    model.Action.ASSIGN: "Assign",
    model.Action.ARCHIVE: "Archive as {}",
    model.Action.REOPEN: "Reopen",
    model.Action.COMMENT: "Comment",
    model.Action.TAG: "Tag",
    model.Action.DESCRIBE: "Describe",
    model.Action.CASE: "Link to a case",
    model.Action.DELETE: "Delete",
    model.Action.SCAN: "Start a scan",
    model.Action.ABORT: "Stop a scan",
    model.Action.BROWSE: "List, count, filter, export",
    model.Action.ROWS: "Failing rows in the details (`DESK_ROWS`)",
}
"""The rows for what a source supports; those for what it has besides stand in `able_rows`."""


def doable(source: ports.Source, action: model.Action) -> str:
    """Where this is done with its anomalies."""
    there, here = action in source.supports, action in overlay.actions(source.unkept)
    return {(True, True): EITHER, (True, False): THERE, (False, True): HERE, (False, False): NOWHERE}[there, here]


def able_rows(system: ports.System, kind: ports.Kind, ways: Sequence[str], stages: Sequence[str]) -> dict[str, str]:
    """What one system can, by the name of each row. `ways` are the words of closing of all systems, `stages` those for an acknowledged
    anomaly."""
    source = system.source
    has = {True: THERE, False: NOWHERE}
    untold = not source.supports & (snapshot.STATES | {model.Action.ASSIGN})
    unlisted = isinstance(source, ports.Unlisted) and source.unlisted
    rows = {"New anomalies": "webhooks" if unlisted else "polls and webhooks" if kind.hooks else "polls"}
    for action in (model.Action.BROWSE, *(one for one in model.Action if one is not model.Action.BROWSE)):
        cell = HERE if action is model.Action.BROWSE and unlisted else doable(source, action)
        if action is model.Action.ARCHIVE:
            offered = {one.word for one in source.archive_as if one.chosen}
            rows |= {ACTIONS[action].format(word): cell if word in offered else NOWHERE for word in ways}
        else:
            rows[ACTIONS[action]] = cell
        if action is model.Action.ACKNOWLEDGE:
            rows |= {f"Acknowledge as {word}": cell if word in {one.word for one in source.stages} else NOWHERE for word in stages}
        if action is model.Action.ASSIGN:
            rows["Un-assign"] = NOWHERE if model.Part.ASSIGNEES in source.uncleared else cell
    return rows | {
        "Have it look for anomalies (`/scan detect`)": has[system.detector is not None],
        "Evidence beyond the card (`show`, `history`)": has[system.witness is not None],
        "What many have in common (`common`)": has[system.commons is not None],
        "A chart of the metric on its card": has[system.courses is not None],
        "Graphs in the thread of a card": has[system.pictures is not None],
        "Many at once": HERE if untold else "there, in one call" if source.max_batch > 1 else "there, a call for each",
    }


def able_table(kinds: Sequence[ports.Kind]) -> str:
    """The table of the README: what is done where."""
    systems = [built(kind) for kind in kinds]
    ways = list(dict.fromkeys(one.word for system in systems for one in system.source.archive_as if one.chosen))
    stages = list(dict.fromkeys(one.word for system in systems for one in system.source.stages))
    columns = [able_rows(system, kind, ways, stages) for system, kind in zip(systems, kinds, strict=True)]
    lines = [" | ".join(["| what", *(kind.title for kind in kinds)]) + " |", "|---" * (len(kinds) + 1) + "|"]
    return "\n".join([*lines, *(" | ".join([f"| {row}", *(column[row] for column in columns)]) + " |" for row in columns[0])])


def test_the_table_of_what_works_with_which_system_says_what_the_code_does() -> None:
    chapter = README.split("\n## What works with which system", 1)[1].split("\n## ", 1)[0]
    written = "\n".join(line for line in chapter.splitlines() if line.startswith("|"))
    wanted = able_table(list(registry.SYSTEMS.values()))
    assert written == wanted, f"README.md should hold this table:\n{wanted}"
    told = chapter.replace(written, "")
    assert all(f"**{word}**" in told for word in (THERE, HERE, EITHER, NOWHERE)), "each word is explained"
    assert set(ACTIONS) == set(model.Action)


# --- the size of the rooms -----------------------------------------------------------------------------------------------------

SOURCES = [path for room in ("bot", "handlers", "sandbox") for path in sorted((ROOT / room).rglob("*.py"))]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file, and how many lines it has."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or 0) - node.lineno + 1


def test_files_stay_short() -> None:
    assert len(SOURCES) > 100
    assert {
        str(path.relative_to(ROOT)): n for path in SOURCES if (n := len(path.read_text().splitlines())) > MOST_LINES.get(path.name, 400)
    } == {}


MOST_LINES: dict[str, int] = {}
"""The words of all rooms stand on one page, so that no word has two homes."""


def test_functions_stay_short() -> None:
    long = {f"{path.relative_to(ROOT)}:{name}": lines for path in SOURCES for name, lines in functions(path) if lines > 60}
    assert long == {}
    every = sorted(lines for path in SOURCES for _, lines in functions(path))
    assert every[len(every) * 2 // 3] <= 14, "most of them are far shorter"


def test_every_module_says_what_it_is() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in SOURCES if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_architecture_page_names_every_file() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    files = [path for room in ("bot", "handlers") for path in (ROOT / room).rglob("*.py") if path.read_text().strip()]
    kept = [path.relative_to(ROOT) for path in files if path.name != "__init__.py" and "versions" not in path.parts]
    assert [str(path) for path in kept if f"| `{path.name}` |" not in page.split(f"### `{path.parent}/`", 1)[-1].split("###", 1)[0]] == []


def test_the_page_of_pictures_is_that_of_its_table_and_they_stay_small() -> None:
    assert (ROOT / "docs/using.md").read_text() == kinds.page()
    sizes = {path.name: path.stat().st_size for path in (ROOT / "docs/pictures").iterdir()}
    assert {f"{kind.file}.png" for kind in kinds.KINDS} <= sizes.keys()
    assert sum(sizes.values()) < 3_000_000
    shown = re.findall(r"docs/pictures/([\w.-]+)", (ROOT / "README.md").read_text())
    assert len(shown) == 3 and sum(sizes[name] for name in shown) < 1_000_000
