"""Slash commands, as Slack sends them, through the real app: each is answered, to its asker alone."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.core import grammar
from bot.render.kit import ids
from bot.services import browse
from tests.handlers.front import CHANNEL, DANA, LEE, Front

pytestmark = pytest.mark.asyncio(loop_scope="module")


CHANGING = {"ack", "unack", "tag", "describe", "note", "case", "assign", "unassign", "reassign", "archive", "reopen", "delete", "undo"}
"""The verbs that change something: `tests/walks/test_bulk_walk.py` and the tests below."""


async def test_every_verb_is_answered(front: Front) -> None:
    (ident,) = await front.arrive(description="A NULL in customer_id")
    expected = {
        "help": ("/anomalies list", "/anomalies status"),
        "list": (f"#{ident}", "unassigned"),
        "count": ("1 anomaly matches", "1 active"),
        "common": ("Qualytics cannot tell what anomalies have in common",),
        "show": ("Weight", str(ident)),
        "history": ("History of", "Nobody has done anything"),
        "why": ("Posted", f"<#{CHANNEL}>"),
        "status": ("Qualytics", "left to other processes"),
        "export": ("1 anomaly", "direct messages"),
        "digest": ("opened", "closed", "still open"),
        "link": ("Qualytics",),
    }
    asking = [verb for verb in grammar.VERBS if verb.name not in CHANGING | {"review"}]
    assert set(expected) == {verb.name for verb in asking}
    for verb in asking:
        filtering = verb.takes is verb.takes.FILTER
        typed = "link" if verb.name == "link" else f"{verb.name} {'id:' if filtering else ''}{ident}"
        told = await front.told(front.command(verb.name if verb.takes is verb.takes.NOTHING else typed))
        for words in expected[verb.name]:
            assert words in told, (verb.name, told)
    assert await front.told(front.command("")) != ""
    await front.send(front.command(f"review id:{ident}"))
    assert f"#{ident}" in front.modal()


async def test_what_few_systems_can_is_refused_by_the_others_with_a_sentence(front: Front) -> None:
    (ident,) = await front.arrive()
    for typed, name, said in (
        (f"case {ident} CASE-1", "/anomalies", "Qualytics offers no way to link anomalies to a case from here"),
        (f"ack {ident} as:investigating", "/anomalies", "ack closes nothing"),
        ("detect 24h", "/scan", "Qualytics cannot be asked to look for anomalies in a span of time"),
    ):
        assert said in await front.told(front.command(typed, name=name))
    assert "common <filter>" not in await front.told(front.command("help"))
    assert "case <id>" not in await front.told(front.command("help"))


async def test_only_the_asker_reads_the_answer(front: Front) -> None:
    lasting, lee = len(front.posted()), len(front.whispers(LEE))
    await front.send(front.command("count status:any"))
    assert (len(front.posted()), len(front.whispers(LEE))) == (lasting, lee)


async def test_assignee_me_is_who_asks(front: Front) -> None:
    (ident,) = await front.arrive(assignees=[12])
    assert str(ident) in await front.told(front.command("list assignee:me"))
    told = await front.told(front.command("list assignee:me", user=LEE))
    assert "You are not linked to Qualytics yet" in told
    assert str(ident) in await front.told(front.command(f"list assignee:<@{DANA}|dana>", user=LEE))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("lst status:open", "Did you mean list?"),
        ("list tbale:orders", "Did you mean table:?"),
        ("list status:opne", "Did you mean status:open?"),
        ("list metric:revenue", "metric: is a word of Anodot, which is not connected here"),
        ("list datastore:nowhere-at-all", "nowhere-at-all"),
        ("list table:no_such_table_here", "no_such_table_here"),
        ("list source:anodot", "anodot"),
        ("show 999999999", "Qualytics has no anomaly 999999999"),
        ("why 999999999", "has not seen qualytics:999999999 yet"),
        ("history anodot:1", "No system called"),
        ("list assignee:nobody-of-this-name", "nobody-of-this-name"),
        ("show <!channel>", "channel"),
    ],
)
async def test_a_wrong_command_says_what_is_wrong(front: Front, text: str, told: str) -> None:
    answer = await front.told(front.command(text))
    assert told in answer and "<!channel>" not in answer


async def test_people_in_a_command_are_shown_by_their_names(front: Front) -> None:
    (ident,) = await front.arrive()
    person = front.stage.workspace.people[DANA]
    for typed in (f"list assignee:<@{DANA}> tbale:x", f"list assignee:<@{DANA}> id:{ident}", f"count assignee:<@{DANA}>"):
        answer = await front.told(front.command(typed))
        assert f"assignee:@{person.name}" in answer or f"assignee:@{person.real_name}" in answer or "assignee:@Dana" in answer, answer
        assert DANA not in answer
    made = await front.arrive(2)
    await front.told(front.command(f"assign {made[0]},{made[1]} <@{DANA}>"))
    answer = await front.told(front.command(f"ack assignee:<@{DANA}> id:{made[0]},{made[1]}"))
    assert DANA not in answer


async def test_the_caret_stands_under_the_wrong_word(front: Front) -> None:
    answer = await front.told(front.command("list tbale:orders"))
    lines = answer.split("\n")
    caret = next(line for line in lines if line.strip(" ^") == "" and "^" in line)
    line = lines[lines.index(caret) - 1]
    assert line[caret.index("^") : caret.rindex("^") + 1] == "tbale:"
    assert "list table:orders" in answer


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("500", "Qualytics could not be read just now (HTTP 500"),
        ("401", "does not accept the desk's token"),
        ("403", "does not allow this"),
        ("garbage", "could not be read just now"),
        ("empty", "could not be read just now"),
    ],
)
async def test_a_failing_system_is_told_to_who_asks(front: Front, mode: str, told: str) -> None:
    async with front.fault(mode=mode):
        assert told in await front.told(front.command("list severity:critical"))


async def test_a_write_that_was_not_answered_says_that_nothing_was_changed_and_a_read_that_the_desk_goes_on_trying(front: Front) -> None:
    (ident,) = await front.arrive()
    async with front.fault(mode="500"):
        told = await front.told(front.command(f"ack {ident}"))
        assert "Qualytics did not answer (HTTP 500" in told and "; nothing was changed." in told
        for asked in (front.command(f"show {ident}"), front.command("list"), front.click(ids.LIST_PAGE, "0|")):
            told = await front.told(asked)
            assert "Qualytics could not be read just now (HTTP 500" in told and "; the desk goes on trying." in told
    assert (await front.stage.truth(ident))["status"] == "Active"


async def test_why_tells_the_numbers_of_the_route(front: Front) -> None:
    made = await front.arrive(9)
    assert "more than 5 anomalies arrived within one look at the system" in await front.told(front.command(f"why {made[0]}"))


AS_TYPED = "line1\nline2 – « ok »、再送\t“two”  spaces"


async def test_a_note_and_a_description_arrive_as_typed(front: Front) -> None:
    (ident,) = await front.arrive()
    await front.send(front.command(f'ack {ident} note:"{AS_TYPED}" describe:“{AS_TYPED}”'))
    there = await front.stage.truth(ident)
    assert there["description"] == AS_TYPED
    assert there["comments"][0]["message"] == AS_TYPED
    await front.send(front.command(f"note {ident} ask <@{LEE}|lee> – <https://a.io/?a=1&amp;b=2> &lt;now&gt;"))
    said = [one["message"] for one in (await front.stage.truth(ident))["comments"]]
    assert any(one.startswith("ask @lee – https://a.io/?a=1&b=2 <now>\n") for one in said), said


WORDS = st.sampled_from(
    [
        *(verb.name for verb in grammar.VERBS if verb.name != "review"),
        *(word + ":" for word in "status table since limit assignee q id tag min".split()),
    ]
)
PIECES = st.one_of(
    WORDS, st.text(max_size=12), st.sampled_from(["open", "1001", "me", "<@U0LEE|lee>", "“a b”", "&amp;", ",", "7d", "\x00"])
)
TEXTS = st.lists(PIECES, max_size=6).map(lambda pieces: " ".join(pieces)) | st.text(max_size=80)


async def test_whatever_is_typed_is_answered(front: Front) -> None:
    """Random texts through the whole app, except for a review, which answers with a form. The grammar alone is tried in tests/core."""
    await front.arrive(3)
    texts = drawn(300)
    before = len(front.whispers())
    for batch in range(0, len(texts), 25):
        answered = await asyncio.gather(*(front.send(front.command(text), settle=False) for text in texts[batch : batch + 25]))
        assert {response.status for response in answered} == {200}
    await front.settle()
    told = front.whispers()[before:]
    assert len(told) == len(texts)
    assert not [one for one in told if not one or "did not foresee" in one]


def drawn(number: int) -> list[str]:
    """Random texts: Hypothesis draws, and shrinks nothing, since one desk answers them all."""
    texts: list[str] = []

    @settings(max_examples=number, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    @given(TEXTS)
    def draw(text: str) -> None:
        texts.append(text)

    draw()
    return texts


async def test_an_export_that_is_too_large_says_how_many_and_what_to_do(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    await front.arrive(2)
    monkeypatch.setattr(browse, "MOST_EXPORTED", 1)
    told = await front.told(front.command("export status:any"))
    assert "anomalies match, and a file holds 1 at most. Narrow the filter" in told
