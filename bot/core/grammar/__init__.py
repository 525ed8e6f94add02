"""The one grammar: everything that people type goes through this door.

    text as Slack sent it -> clean -> command -> verb, filter or references, what to change
    text of a scan -> clean -> scan -> verb, datastores, tables or tags; and back by scan_words
    filter text (a route, a digest, a page of a list) -> query -> canonical, describe, matches

Raises `errors.BadCommand` for what cannot be understood and `errors.NotSupported` for words that a system refuses.
"""

from __future__ import annotations

from bot.core.grammar import anomalies_command, cleaning, edits, fields, filters, references, scan_command, systems

Command = anomalies_command.Command
Verb = anomalies_command.Verb
TypedChange = edits.TypedChange
ScanCommand = scan_command.ScanCommand
Systems = systems.Systems

SLASH = anomalies_command.SLASH
VERBS = anomalies_command.VERBS
SCAN_SLASH = scan_command.SLASH
SCAN_VERBS = scan_command.VERBS

clean = cleaning.clean
caret = cleaning.caret
people = cleaning.people
named = cleaning.named
command = anomalies_command.command
scan = scan_command.scan
scan_words = scan_command.scan_words
scan_example = scan_command.example
Scanned = scan_command.Scanned
ANY_SCANNED = scan_command.ANY
query = filters.query
stored = filters.stored
canonical = filters.canonical
describe = filters.describe
check_words = filters.check_words
here = filters.here
matches = filters.matches
matcher = filters.matcher
explain = filters.explain
without_each = filters.without_each
SORTED = fields.SORTED
SHAPES = edits.SHAPES
resolved = edits.resolved
unable = edits.unable
closed_as = edits.closed_as
mentioned = references.mentioned
reference = anomalies_command.reference
spoken = systems.of
