"""What the desk can be asked: commands in five groups, each with an example that works here, and buttons for what is asked most."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot import model
from bot.core import grammar
from bot.render.kit import blocks, ids, limits, text

SEE, CHANGE, MANY, SCAN, PEOPLE = "See", "Change", "Many", "Scan", "People"

_GROUPS: Mapping[str, str] = {
    **dict.fromkeys(("ack", "unack", "tag", "describe", "note", "case", "archive", "reopen", "delete"), CHANGE),
    **dict.fromkeys(("review", "export", "reassign", "undo"), MANY),
    **dict.fromkeys(("assign", "unassign", "link"), PEOPLE),
}
"""The group of a command; what is not in it shows something."""

_ABOUT = "Filter words are joined by spaces and all have to match; commas mean or. Without a status, archived ones are left out."
_MANY = "Every change takes ids or a filter; of many you see a preview first, and can undo it."
_SHORT = "/scan help tells what each of them can be told."
_CARDS = "The buttons of a card do the same for one anomaly; /anomalies show brings the card up wherever you are."

NO_OWN: Mapping[str, Sequence[model.OwnWord]] = {}


def full(
    newest: model.Anomaly | None = None,
    closing: Sequence[model.Closing] | None = None,
    own: Mapping[str, Sequence[model.OwnWord]] = NO_OWN,
    refused: Collection[str] = (),
    unable: Collection[str] = (),
    *,
    scans: bool = True,
    scanned: grammar.Scanned = grammar.ANY_SCANNED,
    here: model.Capabilities | None = None,
) -> model.Message:
    """Everything that can be asked. `newest` makes the examples ones that work in this workspace, `closing` are the ways in which its
    systems close anomalies, `own` the filter words that belong to single systems, by their titles; `refused` are those that no system can
    filter by, `unable` the commands for what no system can do. Without `scans` nothing is told of them; `scanned` is what their example
    names, `here` what the system of `newest` lets people do."""
    told = {group: _commands(group, closing, unable) for group in (SEE, CHANGE, MANY, SCAN, PEOPLE) if scans or group != SCAN}
    told = {group: commands for group, commands in told.items() if commands}
    examples = {group: _example(group, newest, closing, refused, here, scanned) for group in told}
    words = [_own_words(title, some) for title, some in own.items() if some]
    brief = [_own_words(title, some, brief=True) for title, some in own.items() if some]
    shown = (
        blocks.header("What you can ask"),
        *(blocks.whole(_group(group, told[group], examples[group])) for group in told),
        blocks.context(_ABOUT),
        *map(blocks.context, words),
        blocks.context(_CARDS),
        *buttons(scans=scans),
    )
    return limits.fit(model.Message(_said(told, examples, brief), shown))


def buttons(*, scans: bool) -> tuple[model.Block, ...]:
    """[My anomalies] [Triage] [Scan]."""
    queue = ids.encode_scope(model.ReviewScope(words="status:active"))
    return blocks.actions(
        blocks.button(ids.LIST_PAGE, "My anomalies", ids.encode_page(0, "assignee:me"), hint="List the anomalies assigned to me"),
        blocks.button(ids.REVIEW_OPEN, "Triage", queue, hint="Go through what nobody has acknowledged"),
        blocks.button(ids.SCAN_OPEN, "Scan", "help", hint="Start a scan") if scans else None,
    )


def code(command: str) -> str:
    """A command in the font of code, to be copied as it is: a backtick would end it."""
    return f"`{text.escape(text.squeeze(command.replace('`', chr(39))))}`"


def _commands(group: str, closing: Sequence[model.Closing] | None, unable: Collection[str]) -> Sequence[tuple[str, str]]:
    """Each command of a group, and what it is for."""
    if group == SCAN:
        return [(f"{grammar.SCAN_SLASH} {_brief(verb)}".rstrip(), verb.about) for verb in grammar.SCAN_VERBS if verb.name != "help"]
    verbs = [verb for verb in grammar.VERBS if _GROUPS.get(verb.name, SEE) == group and verb.name not in unable]
    return [(grammar.closed_as(f"{grammar.SLASH} {verb.usage}", closing), verb.about) for verb in verbs]


def _brief(verb: grammar.Verb) -> str:
    """A usage without what may be left out: "sync <datastore>"."""
    must = verb.usage.partition("[")[0].strip()
    return f"{must} <datastore>" if "<datastore>" in verb.usage and "<datastore>" not in must else must


def _group(group: str, commands: Sequence[tuple[str, str]], example: str) -> str:
    lines = [f"{code(usage)} {text.spoken(about)}" for usage, about in commands]
    after = {MANY: [text.spoken(_MANY)], SCAN: [text.spoken(_SHORT)]}.get(group, [])
    return "\n".join([f"*{group}*", *lines, *after, f"For example {code(example)}"])


def _said(told: Mapping[str, Sequence[tuple[str, str]]], examples: Mapping[str, str], brief: Sequence[str]) -> str:
    """The same to be read out: commands without what they may hold, each group with its example."""
    groups = []
    for group, commands in told.items():
        named = "; ".join(f"{' '.join(usage.split()[:2])}: {about}" for usage, about in commands)
        groups.append(f"{text.spoken(f'{group}: {named}. For example')} {code(examples[group])}")
    press = "Press My anomalies, Triage or Scan" if SCAN in told else "Press My anomalies or Triage"
    return text.sentence("Anomaly Desk answers these commands", *groups, _ABOUT, _MANY, *map(text.spoken, brief), _CARDS, press)


def _own_words(title: str, words: Sequence[model.OwnWord], *, brief: bool = False) -> str:
    """ "Only in Acme: delta:20 (the smallest change), direction:up (up or down)."; the words alone where it is to be brief."""
    told = ", ".join(word.example if brief else f"{word.example} ({word.about})" for word in words)
    return text.short(f"Only in {title}: {told}.", limits.CONTEXT_TEXT)


def _example(
    group: str,
    newest: model.Anomaly | None,
    closing: Sequence[model.Closing] | None,
    refused: Collection[str],
    here: model.Capabilities | None,
    scanned: grammar.Scanned,
) -> str:
    """A command that works here: about what is newest, where there is anything."""
    ident = text.short(newest.ref.id, 80) if newest else "1001"
    table = text.squeeze(newest.container.name, "") if newest and newest.container else ""
    query = (
        model.Query(tables=(table,)) if table else model.Query(since=newest.created.date()) if newest else model.Query(tables=("orders",))
    )
    words = "status:active" if "table" in refused and query.tables else grammar.canonical(query)
    if group == SCAN:
        return f"{grammar.SCAN_SLASH} {grammar.scan_example('scan', scanned)}"
    ways = here.archive_as if here is not None else closing
    can = here.supports if here is not None else frozenset(model.Action)
    made: Mapping[str, Sequence[tuple[str, model.Action]]] = {
        SEE: [(f"list {words}", model.Action.BROWSE)],
        CHANGE: [
            (f"ack {ident}", model.Action.ACKNOWLEDGE),
            (grammar.closed_as(f"archive {ident} as:duplicate", ways), model.Action.ARCHIVE),
            (f"history {ident}", model.Action.BROWSE),
        ],
        MANY: [(grammar.closed_as(f"archive {words} as:duplicate", ways), model.Action.ARCHIVE), (f"review {words}", model.Action.BROWSE)],
        PEOPLE: [(f"assign me {ident}", model.Action.ASSIGN), ("link", model.Action.BROWSE)],
    }
    return f"{grammar.SLASH} {next(one for one, action in made[group] if action in can or action is model.Action.BROWSE)}"
