"""The one grammar: everything that people type goes through this door.

    text as Slack sent it -> clean -> command -> verb, filter or references, what to change
    text of a scan -> clean -> scan -> verb, datastores, tables or tags; and back by scan_words
    filter text (a route, a digest, a page of a list) -> query -> canonical, describe, matches

Raises `errors.BadCommand` for what cannot be understood and `errors.NotSupported` for words that a system refuses.
"""

from __future__ import annotations

from bot.core import changes, cleaning, commands, queries, scanning

Command = commands.Command
Verb = commands.Verb
Wish = changes.Wish
Row = queries.Row
ScanCommand = scanning.ScanCommand

SLASH = commands.SLASH
VERBS = commands.VERBS
SCAN_SLASH = scanning.SLASH
SCAN_VERBS = scanning.VERBS

clean = cleaning.clean
caret = cleaning.caret
command = commands.command
scan = scanning.scan
scan_words = scanning.scan_words
query = queries.query
canonical = queries.canonical
describe = queries.describe
check_words = queries.check_words
here = queries.here
matches = queries.matches
explain = queries.explain
without_each = queries.without_each
