"""`/scan`: commands that work, mistakes with their place and the right form, and text that reads back as the same command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import errors
from bot.core import grammar
from bot.core.grammar import fields, scan_fields
from bot.sources.qualytics import client_options
from tests import examples
from tests.core.grammar import spoken

SOURCES = ("qualytics", "anodot")


def read(text: str, sources: Sequence[str] = SOURCES, default: str = "qualytics") -> grammar.ScanCommand:
    return grammar.scan(text, sources=sources, default_source=default, systems=spoken.USUAL)


def mistake(text: str) -> errors.BadCommand:
    with pytest.raises(errors.BadCommand) as caught:
        read(text)
    return caught.value


# --- commands that work -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "verb"),
    [
        pytest.param("", "form", id="nothing"),
        pytest.param("  ", "form", id="blanks"),
        pytest.param("/scan", "form", id="the slash command pasted"),
        pytest.param("form", "form", id="form"),
        pytest.param("help", "help", id="help"),
        pytest.param("?", "help", id="question mark"),
        pytest.param("--help", "help", id="help as an option"),
        pytest.param("HELP sync", "help", id="help about something"),
        pytest.param("status", "status", id="status"),
    ],
)
def test_commands_that_name_nothing(text: str, verb: str) -> None:
    assert read(text) == grammar.ScanCommand(verb, text=text.strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("warehouse", {"datastores": ("warehouse",)}, id="a datastore"),
        pytest.param("scan warehouse", {"datastores": ("warehouse",)}, id="the verb itself"),
        pytest.param("/scan warehouse", {"datastores": ("warehouse",)}, id="the slash command pasted, too"),
        pytest.param("run 42", {"datastores": ("42",)}, id="an alias, an id"),
        pytest.param("#42", {"datastores": ("42",)}, id="a hash"),
        pytest.param("warehouse,sales", {"datastores": ("warehouse", "sales")}, id="two by comma"),
        pytest.param("warehouse sales", {"datastores": ("warehouse", "sales")}, id="two by space"),
        pytest.param("warehouse, sales ,crm and 7", {"datastores": ("warehouse", "sales", "crm", "7")}, id="every other way"),
        pytest.param("warehouse warehouse", {"datastores": ("warehouse",)}, id="each once"),
        pytest.param("“sync”", {"datastores": ("sync",)}, id="a quoted first word is no verb"),
        pytest.param('"order data" "all"', {"datastores": ("order data", "all")}, id="quotation marks"),
        pytest.param("report,warehouse", {"datastores": ("report", "warehouse")}, id="a list is no verb, however near"),
        pytest.param("datastore:42 Warehouse", {"datastores": ("42", "Warehouse")}, id="datastore:"),
        pytest.param("wh tables:orders,customers", {"datastores": ("wh",), "tables": ("orders", "customers")}, id="tables"),
        pytest.param("tables:orders in wh", {"datastores": ("wh",), "tables": ("orders",)}, id="in any order"),
        pytest.param(
            "wh container:a table:b containers:c", {"datastores": ("wh",), "tables": ("a", "b", "c")}, id="other words for tables"
        ),
        pytest.param("wh tables:a, b ,c", {"datastores": ("wh",), "tables": ("a", "b", "c")}, id="spaces at commas"),
        pytest.param('wh tables:"order lines"', {"datastores": ("wh",), "tables": ("order lines",)}, id="a name with a space"),
        pytest.param("wh tables:7,#8", {"datastores": ("wh",), "tables": ("7", "8")}, id="ids of tables"),
        pytest.param('wh tables:orders,"2024"', {"datastores": ("wh",), "tables": ("orders", "2024")}, id="a name that is a number"),
        pytest.param("wh tag:pii,critical", {"datastores": ("wh",), "tags": ("pii", "critical")}, id="tags"),
        pytest.param("wh incremental", {"datastores": ("wh",), "incremental": True}, id="incremental"),
        pytest.param("wh, INC", {"datastores": ("wh",), "incremental": True}, id="incremental, shorter"),
        pytest.param("wh incremental:yes", {"datastores": ("wh",), "incremental": True}, id="incremental, marked"),
        pytest.param("wh full", {"datastores": ("wh",)}, id="full"),
        pytest.param("wh auto-resolve:off", {"datastores": ("wh",), "auto_resolve": False}, id="auto-resolve off"),
        pytest.param("wh autoresolve:ON full", {"datastores": ("wh",), "auto_resolve": True}, id="auto-resolve on"),
        pytest.param("wh auto-resolve", {"datastores": ("wh",), "auto_resolve": True}, id="auto-resolve alone"),
        pytest.param("wh no-auto-resolve", {"datastores": ("wh",), "auto_resolve": False}, id="no-auto-resolve"),
        pytest.param("wh inc auto-resolve:no", {"datastores": ("wh",), "incremental": True, "auto_resolve": False}, id="both, one off"),
        pytest.param("sync wh,crm", {"verb": "sync", "datastores": ("wh", "crm")}, id="sync"),
        pytest.param("Catalog wh", {"verb": "sync", "datastores": ("wh",)}, id="catalog is sync"),
        pytest.param("profile wh tables:a", {"verb": "profile", "datastores": ("wh",), "tables": ("a",)}, id="profile"),
        pytest.param("materialize wh tags:a", {"verb": "materialize", "datastores": ("wh",), "tags": ("a",)}, id="materialize"),
        pytest.param("export wh", {"verb": "export", "datastores": ("wh",), "asset": "anomalies"}, id="export"),
        pytest.param(
            "export of:Checks wh tables:3", {"verb": "export", "datastores": ("wh",), "tables": ("3",), "asset": "checks"}, id="of checks"
        ),
        pytest.param("export asset:profile of wh", {"verb": "export", "datastores": ("wh",), "asset": "profiles"}, id="of profiles"),
        pytest.param(
            "daily wh tables:a incremental auto-resolve:off",
            {"verb": "daily", "datastores": ("wh",), "tables": ("a",), "incremental": True, "auto_resolve": False},
            id="daily",
        ),
        pytest.param("status 5001", {"verb": "status", "ident": "5001"}, id="one operation"),
        pytest.param("abort #5001", {"verb": "abort", "ident": "5001"}, id="abort"),
        pytest.param("stop qualytics:5001", {"verb": "abort", "ident": "5001"}, id="abort in another word, of the default"),
        pytest.param("cancel op:9f-2a", {"verb": "abort", "ident": "9f-2a"}, id="an id with letters"),
        pytest.param("status anodot:77", {"verb": "status", "ident": "77", "source": "anodot"}, id="of another system"),
        pytest.param("source:ANODOT wh", {"datastores": ("wh",), "source": "anodot"}, id="a system"),
        pytest.param("anodot:wh,crm", {"datastores": ("wh", "crm"), "source": "anodot"}, id="a system before its datastores"),
        pytest.param("qualytics:wh", {"datastores": ("wh",)}, id="the default system"),
    ],
)
def test_commands(text: str, expected: dict[str, Any]) -> None:
    command = read(text)
    assert command == grammar.ScanCommand(**{"verb": "scan", "text": grammar.clean(text)} | expected)
    assert read(grammar.scan_words(command)) == replace(command, text=grammar.clean(grammar.scan_words(command)))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("scan wh sales tag:a", "wh,sales tags:a", id="a scan has no verb"),
        pytest.param('"sync" "daily"', '"sync","daily"', id="names that look like verbs"),
        pytest.param('wh tables:orders,"2024"', 'wh tables:orders,"2024"', id="a number among names"),
        pytest.param("export wh", "export of:anomalies wh", id="export"),
        pytest.param("abort anodot:77", "abort anodot:77", id="an operation of another system"),
        pytest.param("/scan", "", id="the form"),
        pytest.param('"R&amp;D" "&amp;lt;b&amp;gt;"', '"R&amp;D","&amp;lt;b&amp;gt;"', id="what Slack would read as something else"),
        pytest.param('"R&amp;D"', '"R&D"', id="an ampersand that it would not"),
    ],
)
def test_commands_are_written_as_people_would(text: str, written: str) -> None:
    assert grammar.scan_words(read(text)) == written


@pytest.mark.parametrize("verb", grammar.SCAN_VERBS, ids=lambda verb: verb.name)
def test_the_example_of_every_verb_works(verb: grammar.Verb) -> None:
    assert read(verb.example).verb == verb.name
    rest = verb.example.removeprefix(verb.name)
    assert {read(f"{alias} {rest}").verb for alias in verb.aliases} <= {verb.name}


@pytest.mark.parametrize("name", scan_fields.OPTIONS)
def test_the_example_of_every_word_works(name: str) -> None:
    option = scan_fields.OPTIONS[name]
    assert scan_fields.OPTIONS.keys() >= set(scan_fields.ALIASES.values())
    for verb in option.verbs:
        example = option.example.replace("source:name", "source:qualytics")
        assert read(f"{verb} warehouse {example}").verb == verb


# --- mistakes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wrong", "says", "example"),
    [
        pytest.param("sync", "", 'put it into quotation marks: "sync"', "sync warehouse", id="a verb alone"),
        pytest.param("tables:orders", "", "Say which datastore", "warehouse tables:orders", id="no datastore"),
        pytest.param("form wh", "wh", "when nothing follows", "", id="words after form"),
        pytest.param("wh tables:a tags:b", "tags:b", "Tables or tags, not both kinds", "wh tables:a", id="tables and tags"),
        pytest.param("wh tags:b tables:a", "tables:a", "Tables or tags, not both kinds", "wh tags:b", id="tags and tables"),
        pytest.param("wh tables:orders,77", "77", "Names or ids", "wh tables:orders", id="names and ids"),
        pytest.param("wh tables:77 tables:orders", "77", "not both at once", "wh tables:orders", id="ids and names in two words"),
        pytest.param("wh incremental auto-resolve:on", "auto-resolve:on", "never auto-resolves", "wh incremental", id="both"),
        pytest.param("daily wh auto-resolve inc", "auto-resolve", "never auto-resolves", "daily wh incremental", id="both, daily"),
        pytest.param("wh full incremental", "incremental", "on and off at once", "wh full", id="full and incremental"),
        pytest.param("wh auto-resolve:on,off", "auto-resolve:on,off", "on and off at once", "wh", id="on and off"),
        pytest.param("wh auto-resolve:offf", "offf", "Did you mean auto-resolve:off?", "wh auto-resolve:off", id="on or off"),
        pytest.param("wh auto-resolve:7", "7", "It takes on or off", "warehouse tables:orders,customers", id="neither"),
        pytest.param("wh auto-resolve off", "auto-resolve off", "auto-resolve:off", "wh auto-resolve:off", id="no colon, off"),
        pytest.param("sync wh tables:orders", "tables:orders", "covers the whole datastore", "sync wh", id="sync with tables"),
        pytest.param("sync wh tags:pii", "tags:pii", "covers the whole datastore", "sync wh", id="sync with tags"),
        pytest.param("sync wh incremental", "incremental", "for scan and daily", "sync wh", id="sync, incremental"),
        pytest.param("profile wh auto-resolve:off", "auto-resolve:off", "for scan and daily", "profile wh", id="profile, auto-resolve"),
        pytest.param("wh of:checks", "of:checks", "says what to export", "export of:checks wh", id="of: without export"),
        pytest.param("export checks wh", "checks", "marked, like of:checks", "export of:checks wh", id="export without of:"),
        pytest.param("export of:chekcs wh", "chekcs", "Did you mean of:checks?", "export of:checks wh", id="export of what?"),
        pytest.param("export of:checks,profiles wh", "of:checks,profiles", "one kind", "export of:checks wh", id="export of two"),
        pytest.param("sycn wh", "sycn", "Did you mean sync?", "sync wh", id="nearly a verb"),
        pytest.param("cancle 5001", "cancle", "Did you mean abort?", "abort 5001", id="nearly another word for a verb"),
        pytest.param("wh incremetal", "incremetal", "Did you mean incremental?", "wh incremental", id="nearly an option"),
        pytest.param("wh tabels:orders", "tabels:", "Did you mean tables:?", "wh tables:orders", id="nearly a word"),
        pytest.param("wh contaners:orders", "contaners:", "Did you mean tables:?", "wh tables:orders", id="nearly an alias"),
        pytest.param("wh xyzzy:3", "xyzzy:", "/scan takes datastores", "warehouse tables:orders,customers", id="near nothing"),
        pytest.param("wh tables orders", "tables orders", "needs a colon", "wh tables:orders", id="no colon"),
        pytest.param("wh tables", "tables", "needs a colon", "wh tables:orders,customers", id="no colon, no value"),
        pytest.param("wh tables: orders", "tables: orders", "space after the colon", "wh tables:orders", id="space after the colon"),
        pytest.param("wh tables:", "tables:", "needs a value", "wh tables:orders,customers", id="no value"),
        pytest.param("wh tables:*", "tables:*", "the whole datastore is taken", "wh", id="all tables"),
        pytest.param('wh tags:" "', '" "', "nothing between", "warehouse tables:orders,customers", id="empty quotation marks"),
        pytest.param("all", "all", "Name the datastores", "warehouse tables:orders,customers", id="everything"),
        pytest.param("wh sync", "sync", "The verb comes first: sync wh.", "sync wh", id="the verb at the end"),
        pytest.param("scan sync", "sync", "has scan already", 'scan "sync"', id="two verbs"),
        pytest.param("sync:wh", "sync:", "no colon behind a verb: sync wh", "sync wh", id="a verb with a colon"),
        pytest.param("status:5001", "status:", "no colon behind a verb: status 5001", "status 5001", id="status with a colon"),
        pytest.param("wh status:open", "status:open", "status: selects anomalies. /scan takes", "wh", id="a filter word"),
        pytest.param("wh severity:high", "severity:high", "selects anomalies", "wh", id="another filter word"),
        pytest.param("wh +tag:x", "+tag:x", "changes anomalies", "wh", id="a marked word"),
        pytest.param("wh records:100", "records:100", "opens a form with record limits", "", id="a record limit"),
        pytest.param("wh since:7d", "since:7d", "opens a form", "", id="since"),
        pytest.param("wh batch:4", "batch:4", "opens a form", "", id="batch"),
        pytest.param("sync 42 prune", "prune", "drops from the catalogue what", "sync 42", id="prune"),
        pytest.param("sync 42 recreate:true", "recreate:true", "drops the whole catalogue", "sync 42", id="recreate"),
        pytest.param("source:anodto wh", "anodto", "Did you mean anodot?", "source:anodot wh", id="a system"),
        pytest.param(
            "anodot:wh qualytics:crm", "anodot:wh qualytics:crm", "in one system", "warehouse tables:orders,customers", id="two systems"
        ),
        pytest.param("abort", "", "abort takes its id", "status", id="abort nothing"),
        pytest.param("abort 1,2", "1,2", "one operation at a time: abort 1", "abort 1", id="abort two"),
        pytest.param("status 1 2", "1 2", "one operation at a time", "status 1", id="status of two"),
        pytest.param("status wh", "wh", "not the id of an operation", "status", id="status of a datastore"),
        pytest.param("status anodto:77", "anodto", "Did you mean anodot?", "status anodot:77", id="status in a system"),
        pytest.param("abort tables:7", "tables:7", "not the id of an operation", "status", id="abort tables"),
        pytest.param('wh "', '"', "never closed", "warehouse tables:orders,customers", id="open quotation mark"),
    ],
)
def test_mistakes(text: str, wrong: str, says: str, example: str) -> None:
    error = mistake(text)
    assert error.text[error.start : error.end] == wrong
    assert says in str(error)
    assert error.example == f"/scan {example}".strip()


@pytest.mark.parametrize(
    ("text", "flag", "says", "example"),
    [
        pytest.param(
            "qualytics operations scan --datastore-id 42 --container-names orders,customers",
            "--datastore-id",
            "In words: 42 tables:orders,customers",
            "42 tables:orders,customers",
            id="the vendor's line",
        ),
        pytest.param(
            'scan --datastore-id 42 --container-tags "critical" --incremental --auto-resolve-passed-anomalies',
            "--datastore-id",
            "In words: 42 tags:critical incremental",
            "42 tags:critical incremental",
            id="both, as the vendor's page has it",
        ),
        pytest.param(
            "—datastore-id 42,43 —no-auto-resolve-passed-anomalies",
            "-datastore-id",
            "42,43 auto-resolve:off",
            "42,43 auto-resolve:off",
            id="a long dash, auto-resolve off",
        ),
        pytest.param('--datastore-id="42, 43" --incremental=false', '--datastore-id="42, 43"', "words: 42,43", "42,43", id="equals signs"),
        pytest.param("sync 42 --background --timeout 60", "--background", "In words: sync 42", "sync 42", id="what has no word"),
        pytest.param("export --datastore-id 42 --asset-type checks", "--datastore-id", "of:checks", "export 42 of:checks", id="export"),
        pytest.param("profile 42 --ai-effort high", "--ai-effort", "profile 42", "profile 42", id="profile"),
        pytest.param("qualytics operations get --id 5001", "--id", "status 5001", "status 5001", id="get"),
        pytest.param("qualytics operations list --datastore-id 42", "--datastore-id", "status", "status", id="list"),
        pytest.param("sync --help", "--help", "In words: help", "help", id="help"),
        pytest.param("sync --datastore-id 42 --prune", "--prune", "--prune is not offered here", "sync 42", id="prune"),
        pytest.param("sync 42 --recreate", "--recreate", "builds it anew", "sync 42", id="recreate"),
        pytest.param(
            "42 --max-records-analyzed-per-partition 10", "--max-records-analyzed-per-partition", "opens a form", "", id="records"
        ),
        pytest.param("42 --greater-than-time 2026-11-01T00:00:00", "--greater-than-time", "opens a form", "", id="since"),
        pytest.param("42 --enrichment-source-record-limit 5", "--enrichment-source-record-limit", "opens a form", "", id="enrichment"),
    ],
)
def test_options_of_the_command_line_are_translated(text: str, flag: str, says: str, example: str) -> None:
    error = mistake(text)
    assert error.text[error.start : error.end] == flag
    assert says in str(error)
    assert error.example == f"/scan {example}".strip()


def test_what_the_form_has_is_not_lost_silently() -> None:
    error = mistake("sync 42 --max-records-per-partition 10")
    assert "The rest in words: sync 42" in str(error) and error.example == "/scan"


# --- random commands ----------------------------------------------------------------------------------------------------

_PIECES = st.sampled_from(
    [name for verb in grammar.SCAN_VERBS for name in (verb.name, *verb.aliases)]
    + [f"{name}:" for name in (*scan_fields.OPTIONS, *scan_fields.ALIASES, *fields.BY_NAME, "qualytics", "nonsense", "+tag", "as")]
    + [option.example for option in scan_fields.OPTIONS.values()]
    + [f"--{name}" for name in client_options.SCAN_FLAGS]
    + ["warehouse", "42", "#7", "orders", "all", "*", "prune", "auto-resolve", "full", "inc", "and", "5001", "anodot:77", "qualytics"]
    + ["operations", "<@U1|dana>", "<!channel>", "&lt;", "“a b”", '"', "'", "\\", ",", ":", "=", "—", "\u00a0", "🔥", "`", "*x*", "\n"]
)
_COMMANDS = st.one_of(st.lists(_PIECES, max_size=7).map("".join), st.lists(_PIECES, max_size=8).map(" ".join), st.text(max_size=60))


def assert_whole(command: grammar.ScanCommand) -> None:
    """What the handlers rely on."""
    assert command.verb in {verb.name for verb in grammar.SCAN_VERBS}
    runs = command.verb in {"scan", "sync", "profile", "materialize", "export", "daily"}
    assert bool(command.datastores) == runs
    assert not (command.tables and command.tags)
    assert not (command.incremental and command.auto_resolve)
    assert not (command.verb == "sync" and (command.tables or command.tags))
    assert command.verb in {"scan", "daily"} or not (command.incremental or command.auto_resolve is not None)
    assert bool(command.asset) == (command.verb == "export")
    assert bool(command.ident) == (command.verb == "abort") or command.verb == "status"
    assert all(name == name.strip() != "" for name in (*command.datastores, *command.tables, *command.tags))
    assert command.source in {"", "anodot"}


@examples.times(12)
@given(_COMMANDS)
def test_every_text_is_a_command_or_a_mistake_with_its_place(text: str) -> None:
    command, error = _outcome(text)
    if command is not None:
        assert_whole(command)
        assert replace(read(grammar.scan_words(command)), text="") == replace(command, text="")
    if error is not None:
        assert error.text == grammar.clean(text)
        assert 0 <= error.start <= error.end <= len(error.text)
        assert str(error) and read(error.example), "the example works"
        assert grammar.caret(error)[1].endswith("^")


def _outcome(text: str) -> tuple[grammar.ScanCommand | None, errors.BadCommand | None]:
    try:
        return read(text), None
    except errors.BadCommand as error:
        return None, error


_NAMES = st.lists(
    st.one_of(
        st.text(min_size=1, max_size=12),
        st.sampled_from(["sync", "full", "all", "2024", "7", "٣", "1" * 19, "a,b", "a:b", "*", "#7", "R&D", "&amp;", "-x"]),
    )
    .map(lambda name: grammar.clean(name.replace('"', "'")))
    .filter(lambda name: name and grammar.clean(name) == name),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)


@examples.times(6)
@given(
    verb=st.sampled_from(["scan", "profile", "materialize", "export", "daily"]),
    datastores=_NAMES,
    names=_NAMES,
    tags=st.booleans(),
    auto_resolve=st.sampled_from([None, True, False]),
    source=st.sampled_from(["", "anodot"]),
)
def test_every_name_survives_being_written(
    verb: str, datastores: tuple[str, ...], names: tuple[str, ...], tags: bool, auto_resolve: bool | None, source: str
) -> None:
    command = grammar.ScanCommand(
        verb,
        datastores=datastores,
        tables=() if tags else names,
        tags=names if tags else (),
        auto_resolve=auto_resolve if verb in {"scan", "daily"} else None,
        asset="checks" if verb == "export" else "",
        source=source,
    )
    assert replace(read(grammar.scan_words(command)), text="") == command


# --- a search in a span of time


@pytest.mark.parametrize(
    ("text", "span", "source"),
    [("detect 24h", "24h", ""), ("detect 7D", "7d", ""), ("detect 30min source:anodot", "30min", "anodot")],
)
def test_a_search_takes_a_length_of_time(text: str, span: str, source: str) -> None:
    found = read(text)
    assert (found.verb, found.span, found.source) == ("detect", span, source)
    assert read(grammar.scan_words(found)) == replace(found, text=grammar.scan_words(found))


@pytest.mark.parametrize("text", ["detect", "detect yesterday", "detect 24h 7d", "detect tables:orders", "detect 0h", "detect 24h,7d"])
def test_what_is_no_length_of_time_is_answered(text: str) -> None:
    assert "takes a length of time that ends now, like detect 24h" in str(mistake(text))


def test_a_datastore_with_the_name_of_that_verb_stands_in_quotation_marks() -> None:
    assert read('"detect"').datastores == ("detect",)


def test_an_example_is_spelled_as_a_person_types_it_and_slack_sends_it() -> None:
    example = grammar.scan_example("scan", grammar.Scanned("a <!here> & b", "orders"))
    assert example == '"a <!here> & b" tables:orders'
    sent = read(example.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    assert (sent.datastores, sent.tables) == (("a <!here> & b",), ("orders",))
