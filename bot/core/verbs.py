"""The verbs of `/anomalies`: the table that help, parsing and hints share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

SLASH = "/anomalies"


class Takes(StrEnum):
    """What follows a verb."""

    NOTHING = "nothing"
    ANYTHING = "anything"
    REF = "one anomaly"
    FILTER = "a filter"
    CHANGE = "a selection and what to change"
    TEXT = "anomalies and a text"
    BATCH = "a batch, or nothing"


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb: its usage and purpose for the help, and an example that works. `aliases` are understood, not documented."""

    name: str
    takes: Takes
    usage: str
    about: str
    example: str
    aliases: tuple[str, ...] = ()


VERBS: tuple[Verb, ...] = (
    Verb("help", Takes.ANYTHING, "help", "this help", "help", ("?", "-h", "-help", "hello", "usage")),
    Verb("list", Takes.FILTER, "list <filter>", "what matches, newest first", "list status:open table:orders", ("ls", "find", "search")),
    Verb("count", Takes.FILTER, "count <filter>", "how many match", "count severity:critical since:7d"),
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
    Verb("assign", Takes.CHANGE, "assign @dana,@lee <ids|filter>", "assign them, in place of who was", "assign me 1001,1002"),
    Verb("unassign", Takes.CHANGE, "unassign <ids|filter>", "assign nobody", "unassign 1001"),
    Verb("reassign", Takes.CHANGE, "reassign @dana @lee [filter]", "hand over one person's work", "reassign me @lee",
         ("transfer", "handover")),
    Verb("archive", Takes.CHANGE, "archive <ids|filter> as:resolved|duplicate|invalid|discarded", "close", "archive 1001-1005 as:duplicate",
         ("close",)),
    Verb("reopen", Takes.CHANGE, "reopen <ids>", "bring archived ones back", "reopen 1001", ("restore", "unarchive")),
    Verb("delete", Takes.CHANGE, "delete <ids>", "remove for ever; archive is the usual way", "delete 1001"),
    Verb("undo", Takes.BATCH, "undo", "take your last bulk change back, within 30 minutes", "undo"),
    Verb("status", Takes.NOTHING, "status", "how the desk and its systems stand", "status"),
)  # fmt: skip

BY_NAME: Mapping[str, Verb] = {name: verb for verb in VERBS for name in (verb.name, *verb.aliases)}
