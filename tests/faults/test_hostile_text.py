"""Whatever stands in a field of Qualytics appears as it stands there: nobody is called, nothing is bold, and no message breaks."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.qualytics import response_json
from tests.faults.house import House
from tests.walks.stage import CHANNEL, DANA, Json, Stage

MENTION, BOLD = "<!channel> <@U0LEE> <https://evil.example|click> &amp;", "*bold* _it_ ~gone~ `code` :boom: @here"
RTL, EMOJI = "\u202eاختبار\u202c שלום", "\U0001f4a5\U0001f469\u200d\U0001f52c"
HOSTILE = f"{MENTION} {BOLD} {EMOJI} {RTL}"
LONG = f"<!channel> {'<@U0LEE>&*x*' * 420}"[:5000]

DATES = re.compile(r"<!date\^\d+\^[^|<>]*\|[^<>|]*>")
OURS = f"<#{CHANNEL}>"
"""The desk's own channel, which comes from the settings."""
LINK = re.compile(r"<http://127\.0\.0\.1:\d+/[^|<>]*\|([^<>]*)>")
"""To the page of an anomaly in the fake; its words are looked at like any others."""
SPLIT = re.compile("\u200b[*_~`]\u200b")
"""A mark that marks nothing."""
WORDS = (
    "Critical|High|Medium|Low|See|Change|Many|Scan|People|Assigned to [^*]+|[^*]+ looks? into it|Archived as Duplicate by Dana"
    r"|60 anomalies in \d+ tables arrived together"
)
OWN = re.compile(rf"\*(?:{WORDS})\*|`\u2068?/[^`\n]+`")
"""What the desk itself sets in bold, and commands as code."""


def _texts(node: Any) -> Iterator[Json]:
    """Every text object with its type."""
    if isinstance(node, dict):
        if isinstance(node.get("text"), str) and node.get("type") in ("plain_text", "mrkdwn", "text"):
            yield node
        for value in node.values():
            yield from _texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _texts(value)


def _harmless(message: Json) -> str:
    """Everything that is shown; fails where Slack would read a mention, a link or an emphasis out of a field."""
    for text in _texts(message.get("blocks") or message.get("view", {}).get("blocks") or []):
        if text["type"] == "mrkdwn":
            left = LINK.sub(r"\1", DATES.sub("", text["text"])).replace(OURS, "")
            assert "<" not in left, left
            assert not re.search(r"[*~`]|\b_|_\b", OWN.sub("", SPLIT.sub("", left))), left
            assert ":boom:" not in OWN.sub("", left), left
            assert text.get("verbatim") is True
        elif text["type"] == "plain_text":
            assert text.get("emoji") is not True, text
    spoken = str(message.get("text", ""))
    assert "<" not in LINK.sub("", DATES.sub("", spoken)).replace(OURS, ""), spoken
    return "\n".join(_read(text) for text in _texts(message.get("blocks", [])))


def _read(text: Json) -> str:
    """The words as a person reads them."""
    if text["type"] != "mrkdwn":
        return str(text["text"])
    return html.unescape(LINK.sub(r"\1", DATES.sub("", text["text"]))).replace("\u200b", "")


@pytest.fixture
async def poisoned(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A deployment whose every name is hostile."""
    facts = stage.world.facts
    for ident, store in list(facts.datastores.items()):
        facts.datastores[ident] = dataclasses.replace(store, name=f"{BOLD} {ident}")
    for container in facts.containers.values():
        container.table = dataclasses.replace(container.table, name=f"{RTL} <!here> {container.id}", tags=(HOSTILE,))
        container.datastore = facts.datastores[container.datastore.id]
    for check in facts.checks.values():
        check.spec = dataclasses.replace(check.spec, says=f"{BOLD} {LONG}", fields=(HOSTILE, LONG[:300]))
    for ident, user in list(facts.users.items()):
        facts.users[ident] = dataclasses.replace(user, name=f"{EMOJI} *{user.name}* <@U0LEE>")
    stub = response_json.check_stub
    monkeypatch.setattr(response_json, "check_stub", lambda found: {**stub(found), "rule_type": HOSTILE})
    return stage


async def test_every_field_everywhere(poisoned: Stage, house: House) -> None:
    stage = poisoned
    (ident,) = await stage.arrive(
        description=LONG, message=HOSTILE, type=HOSTILE, tags=[HOSTILE, LONG[:200]], assignees=sorted(stage.world.facts.users)[:3]
    )
    await stage.qualytics("PATCH", f"anomalies/{ident}", comment=f"{HOSTILE} {LONG}", by=12)
    card = await stage.card(ident, "waiting since")
    shown = _harmless(card)
    for words in ("<!channel> <@U0LEE>", "*bold* _it_ ~gone~", "\u2068اختبار שלום <!here>", EMOJI):
        assert words in shown
    assert card["metadata"] is not None

    for command, words in (
        (f"show {ident}", "Weight"),
        (f"history {ident}", "History of"),
        (f"why {ident}", "Posted"),
        ("list", str(ident)),
        ("count", "1"),
        ("status", "How the desk stands"),
        ("help", "What you can ask"),
        ("", "What you can ask"),
        ("list table:<!channel>", ""),
        ("list assignee:<@U0GUS>", ""),
    ):
        seen = {message["ts"] for message in await stage.messages()}
        await stage.command(f"/anomalies {command}".strip())
        answer = await stage.until(lambda seen=seen: _new(stage, seen))
        told = _harmless(answer)
        assert words.lower() in told.lower(), f"{command}: {told}"

    await stage.press(card, "anomaly.assign")
    _harmless(await stage.view(DANA, "Assign to"))
    await stage.slack("close", user=DANA)
    await stage.press(card, "anomaly.more", value=_more(card, "comment"))
    _harmless(await stage.view(DANA, "'callback_id': 'comment'"))
    await stage.slack("submit", user=DANA, values={"comment.text": HOSTILE})
    assert f'Dana: "\u2068{MENTION}' in _harmless(await stage.card(ident, 'Dana: "'))
    await stage.press(card, "anomaly.acknowledge")
    card = await stage.card(ident, "look into it* · acknowledged by Dana")
    _harmless(card)
    await stage.press(card, "anomaly.archive", value=_more(card, "Duplicate"))
    _harmless(await stage.view(DANA, "'callback_id': 'duplicate'"))
    await stage.slack("submit", user=DANA)
    _harmless(await stage.card(ident, "Archived as Duplicate"))
    assert not await house.lines("Something went wrong")

    await stage.arrive(60, description=LONG, type=HOSTILE)
    group = await stage.until(lambda: _group(stage))
    _harmless(group)
    await stage.press(group, "group.list")
    _harmless(await stage.ephemeral("1 to 10 of 60"))

    await stage.http.post(
        f"{stage.qualytics_url}/_control/faults", json={"mode": "reply", "status": 401, "json": {"detail": f"{HOSTILE} {LONG}"}}
    )
    await house.told("does not accept the token")
    (report,) = [m for m in await stage.messages() if "does not accept the token" in str(m["blocks"])]
    _harmless(report)
    refused = [call for call in stage.workspace.log if call.error and call.method != "response_url"]
    assert [(call.method, call.error) for call in refused] == []


async def _new(stage: Stage, seen: set[str]) -> Json | None:
    return next((m for m in await stage.messages(CHANNEL, DANA) if m["ephemeral"] and m["ts"] not in seen), None)


async def _group(stage: Stage) -> Json | None:
    return next((m for m in await stage.messages() if re.search(r"60 anomalies in \d+ tables arrived together", str(m["blocks"]))), None)


def _more(card: Json, choice: str) -> str:
    options = [option for block in card["blocks"] for element in block.get("elements", []) for option in element.get("options", [])]
    return next(str(option["value"]) for option in options if option["value"].startswith(f"{choice}|"))
