"""The one grammar: everything that people type goes through this door.

    text as Slack sent it -> clean -> command -> verb, filter or references, what to change
    filter text (a route, a digest, a page of a list) -> query -> canonical, describe, matches

Raises `errors.BadCommand` for what cannot be understood and `errors.NotSupported` for words that a system refuses.
"""

from __future__ import annotations

from bot.core import changes, cleaning, commands, queries

Command = commands.Command
Verb = commands.Verb
Wish = changes.Wish
Row = queries.Row

SLASH = commands.SLASH
VERBS = commands.VERBS

clean = cleaning.clean
caret = cleaning.caret
command = commands.command
query = queries.query
canonical = queries.canonical
describe = queries.describe
check_words = queries.check_words
here = queries.here
matches = queries.matches
explain = queries.explain
without_each = queries.without_each
