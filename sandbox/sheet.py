"""A fake's page for people: one anomaly with what its API says of it. Plain HTML, escaped, without a script."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from starlette import requests, responses, routing

from sandbox import revisions


@dataclass(frozen=True, slots=True)
class Sheet:
    """What stands on it. `facts` are labels with values, `rules` what was violated, `history` what happened when, oldest first;
    `told` is the anomaly as the API answers it."""

    title: str
    status: str
    description: str
    facts: Sequence[tuple[str, str]]
    rules: Sequence[str]
    history: Sequence[tuple[datetime, str]]
    told: Any
    rules_called: str = "Rules"


class Visited(Protocol):
    """A fake's world that remembers who was there."""

    visits: revisions.Visits


Read = Callable[[str], Sheet | None]
"""The page of the anomaly with this id, None when there is none."""


def route(system: str, path: str, world: Visited, read: Read) -> routing.BaseRoute:
    """The pages of a system at `path`, which holds `{id}`."""

    async def endpoint(request: requests.Request) -> responses.Response:
        ident = str(request.path_params["id"])
        found = read(ident)
        if found is None:
            return responses.HTMLResponse(document(system, "Not found", f"<p>There is no anomaly {html.escape(ident)} here.</p>"), 404)
        world.visits.looked.append(ident)
        return responses.HTMLResponse(document(system, found.title, _body(found)))

    return routing.Route(path, endpoint, methods=["GET"])


def _body(one: Sheet) -> str:
    facts = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in one.facts if value)
    history = [f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: {words}" for at, words in sorted(one.history, key=lambda entry: entry[0])]
    told = html.escape(json.dumps(one.told, indent=2, ensure_ascii=False))
    return (
        f'<p class="status">Status: <strong data-testid="status">{html.escape(one.status)}</strong></p>'
        f'<p data-testid="description">{html.escape(one.description)}</p><dl>{facts}</dl>'
        f"{_list(one.rules_called, 'rules', one.rules)}{_list('History', 'history', history)}"
        f'<details><summary>As the API tells it</summary><pre tabindex="0">{told}</pre></details>'
    )


def _list(heading: str, testid: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines) or "<li>Nothing.</li>"
    return f'<h2>{heading}</h2><ul data-testid="{testid}">{items}</ul>'


def document(system: str, title: str, body: str) -> str:
    """A whole page; `body` is HTML."""
    head = f"{html.escape(title)} · {html.escape(system)}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{head}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,"><style>{LOOK}</style></head>'
        f"<body><header>{html.escape(system)} <small>sandbox: what the real one would show here</small></header>"
        f"<main><h1>{html.escape(title)}</h1>{body}</main></body></html>"
    )


LOOK = """
:root { color-scheme: light dark; --paper: #fff; --text: #1d1c1d; --dim: #55575b; --line: #d9dade; --head: #123a5c; --soft: #f3f4f6; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #16191d; --text: #e6e7e9; --dim: #b3b6bb; --line: #3a3e44; --head: #0d2940; --soft: #20242a; }
}
body { margin: 0; font: 16px/1.5 "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; background: var(--paper); color: var(--text); }
header { background: var(--head); color: #fff; padding: 14px 24px; font-weight: 700; } header small { font-weight: 400; margin-left: 10px; }
main { max-width: 820px; margin: 0 auto; padding: 12px 24px 48px; overflow-wrap: anywhere; }
h1 { font-size: 24px; line-height: 1.25; } h2 { font-size: 17px; margin: 22px 0 6px; }
.status { background: var(--soft); border-left: 4px solid var(--dim); padding: 8px 14px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; } dt { color: var(--dim); } dd { margin: 0; }
ul { padding-left: 20px; } details { margin-top: 22px; } summary { cursor: pointer; }
pre { background: var(--soft); padding: 12px; overflow: auto; max-height: 420px; font-size: 13px; }
a { color: inherit; }
@media (max-width: 560px) {
  main { padding: 8px 14px 32px; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; } header small { display: block; margin: 0; }
}
"""
