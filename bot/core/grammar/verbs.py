"""The verbs of `/anomalies` and of `/scan`: the tables that help, parsing and hints share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SLASH = "/anomalies"
SCAN_SLASH = "/scan"


class Takes(StrEnum):
    """What follows a verb."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    REF = "one anomaly"
    FILTER = "a filter"
    CHANGE = "a selection and what to change"
    TEXT = "anomalies and a text"
    BATCH = "a batch, or nothing"
    LINK = "a person, and a user of a system"
    DATASTORES = "datastores, and what narrows them down"
    OPERATION = "an operation"
    SPAN = "a span of time"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its usage and purpose for the help, and an example that works. `aliases` are understood, not documented.

    Usage and example stand behind the slash command; those of its form are "": it opens when nothing follows.
    """

    name: str
    takes: Takes
    usage: str
    about: str
    example: str
    aliases: tuple[str, ...] = ()


HOW = "<how>"
"""Stands in a usage for the ways of closing that the connected systems have."""
OF = " [of:<original>]"
"""What may follow where one of them says that it is the same as another anomaly."""

VERBS: tuple[Verb, ...] = (
    Verb("help", Takes.ANYTHING, "help", "this help", "help", ("?", "-h", "-help", "hello", "usage")),
    Verb("list", Takes.FILTER, "list <filter>", "what matches, the most severe first", "list status:active since:7d",
         ("ls", "find", "search")),
    Verb("count", Takes.FILTER, "count <filter>", "how many match", "count severity:critical since:7d"),
    Verb("common", Takes.FILTER, "common <filter>", "what the metrics of all that match have in common, where the system can",
         "common tag:region=eu"),
    Verb("export", Takes.FILTER, "export <filter>", "all that match, as a file for a spreadsheet", "export status:any since:7d",
         ("csv", "download")),
    Verb("review", Takes.FILTER, "review [filter]", "tick what matches in a form, and act on it at once",
         "review status:active since:7d", ("triage",)),
    Verb("digest", Takes.FILTER, "digest [filter]", "how the queue stands: what came, what waits, who has how much", "digest tag:pii",
         ("summary",)),
    Verb("show", Takes.REF, "show <id>", "one anomaly, fresh from its system", "show 1001", ("get",)),
    Verb("history", Takes.REF, "history <id>", "who did what to it", "history 1001", ("log",)),
    Verb("why", Takes.REF, "why <id>", "why it was or was not posted here", "why 1001"),
    Verb("ack", Takes.CHANGE, 'ack <ids|filter> [+tag:a -tag:b assign:@dana note:"..." describe:"..."]', "acknowledge",
         'ack 1001,1002 +tag:incident assign:me note:"on it"', ("acknowledge",)),
    Verb("unack", Takes.CHANGE, "unack <ids|filter>", "take an acknowledgement back", "unack 1001",
         ("unacknowledge", "un-ack", "un-acknowledge")),
    Verb("tag", Takes.CHANGE, "tag <ids|filter> +tag:a -tag:b", "add and remove tags", "tag table:orders +tag:incident", ("label",)),
    Verb("describe", Takes.CHANGE, 'describe <ids|filter> describe:"..."', "replace the description",
         'describe 1001 describe:"Investigating in INC-987"'),
    Verb("note", Takes.TEXT, "note <id> <text>", "comment", "note 1001 the late load again", ("comment",)),
    Verb("case", Takes.TEXT, "case <id> <case>", "link to a case, where the system can", "case 1001 CASE-2026-001"),
    Verb("assign", Takes.CHANGE, "assign @dana,@lee <ids|filter>", "assign them, in place of who was", "assign me 1001,1002"),
    Verb("unassign", Takes.CHANGE, "unassign <ids|filter>", "assign nobody", "unassign 1001"),
    Verb("reassign", Takes.CHANGE, "reassign @dana @lee [filter]", "hand over one person's work", "reassign me @lee",
         ("transfer", "handover")),
    Verb("archive", Takes.CHANGE, f"archive <ids|filter> as:{HOW}{OF}", "close", "archive 1001-1005 as:duplicate",
         ("close",)),
    Verb("reopen", Takes.CHANGE, "reopen <ids>", "bring archived ones back", "reopen 1001", ("restore", "unarchive")),
    Verb("delete", Takes.CHANGE, "delete <ids>", "remove for ever; archive is the usual way", "delete 1001"),
    Verb("undo", Takes.BATCH, "undo", "take your last bulk change back, within 30 minutes", "undo"),
    Verb("link", Takes.LINK, "link [@user] [<user of the system>|none]", "who you are in the systems, or say who you or somebody is",
         "link dana@acme.example"),
    Verb("status", Takes.NOTHING, "status", "how the desk and its systems stand", "status"),
)  # fmt: skip

BY_NAME: Mapping[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}

_NARROWED = "<datastore>[,<datastore>] [tables:a,b | tags:x,y]"

SCAN_VERBS: tuple[Verb, ...] = (
    Verb("form", Takes.NOTHING, "", "a form with everything a scan can be told, also record limits, since, batch and enrichment limit", ""),
    Verb("help", Takes.ANYTHING, "help", "this help", "help", ("?", "-h", "-help", "--help", "hello", "usage")),
    Verb("scan", Takes.DATASTORES, f"{_NARROWED} [incremental] [auto-resolve:on|off]", "scan for anomalies",
         "warehouse tables:orders,customers", ("run", "start")),
    Verb("sync", Takes.DATASTORES, "sync <datastore>[,<datastore>]", "read the list of tables anew; it covers the whole datastore",
         "sync warehouse", ("catalog",)),
    Verb("profile", Takes.DATASTORES, f"profile {_NARROWED}", "profile the data, from which checks are inferred",
         "profile warehouse tables:orders"),
    Verb("materialize", Takes.DATASTORES, f"materialize {_NARROWED}", "materialize computed tables", "materialize warehouse",
         ("materialise",)),
    Verb("export", Takes.DATASTORES, f"export [of:anomalies|checks|profiles] {_NARROWED}", "export into the enrichment datastore",
         "export of:checks warehouse tags:critical"),
    Verb("daily", Takes.DATASTORES, f"daily {_NARROWED} [incremental] [auto-resolve:on|off]",
         "sync, then profile, then scan; tables and tags narrow the last two", "daily warehouse incremental"),
    Verb("detect", Takes.SPAN, "detect <span>", "look for anomalies in what happened lately, where the system can", "detect 24h"),
    Verb("status", Takes.OPERATION, "status [id]", "what runs and what ran last, or one operation", "status 5001"),
    Verb("abort", Takes.OPERATION, "abort <id>", "stop a running operation", "abort 5001", ("cancel", "stop")),
)  # fmt: skip

SCAN_BY_NAME: Mapping[str, Verb] = {name: verb for verb in SCAN_VERBS for name in (verb.name, *verb.aliases)}
