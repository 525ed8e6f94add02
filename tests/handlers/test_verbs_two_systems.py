"""Every verb of `/anomalies` with the strange system, alone and beside Qualytics: answered, or refused in the right words."""

from __future__ import annotations

import re

import pytest

from bot.core import grammar
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import Front, visible
from tests.strange import world as worlds

pytestmark = pytest.mark.asyncio(loop_scope="module")

UNABLE = "Strange offers no way to {}"

VERBS: dict[str, tuple[str, str]] = {
    "help": ("help", "What you can ask"),
    "list": ("list source:strange {words}", "{ref.id}"),
    "count": ("count source:strange {words}", "1 anomaly matches"),
    "common": ("common source:strange {words}", "Strange has no call that tells what anomalies have in common"),
    "export": ("export source:strange {words}", "1 anomaly is in your direct messages"),
    "review": ("review source:strange {words}", "{ref.id}"),
    "digest": ("digest source:strange {words}", "1 still open"),
    "show": ("show {ref}", "Score 0.5 of 1"),
    "history": ("history {ref}", "Nobody has done anything"),
    "why": ("why {ref}", "Posted"),
    "ack": ("ack {ref}", "Acknowledged"),
    "unack": ("unack {ref}", "Nothing was changed"),
    "tag": ("tag {ref} +tag:incident", UNABLE.format("tag anomalies")),
    "describe": ('describe {ref} describe:"INC-1"', UNABLE.format("describe anomalies")),
    "note": ("note {ref} looks odd", UNABLE.format("comment on anomalies")),
    "case": ("case {ref} CASE-1", UNABLE.format("link anomalies to a case")),
    "assign": ("assign me {ref}", UNABLE.format("assign anomalies")),
    "unassign": ("unassign {ref}", UNABLE.format("assign anomalies")),
    "reassign": ("reassign <@U0DANA|dana> <@U0LEE|lee> {ref}", UNABLE.format("assign anomalies")),
    "archive": ("archive {ref} as:broken", "Archived as Broken"),
    "reopen": ("reopen {ref}", "Nothing was changed"),
    "delete": ("delete {ref}", UNABLE.format("delete anomalies")),
    "undo": ("undo", "There is no batch of yours"),
    "link": ("link strange:12", "In Strange nothing is assigned to anybody from here, so nobody has to be linked there."),
    "status": ("status", "Strange"),
}
"""By verb what is typed, and what is said."""


async def test_no_verb_is_left_out() -> None:
    assert VERBS.keys() == {verb.name for verb in grammar.VERBS}


@pytest.mark.parametrize("verb", VERBS)
async def test_each_verb_is_answered_or_refused_in_its_words(either: Front, verb: str) -> None:
    words = f"q:verb-{verb}"
    (ref,) = await pair.arrived(either, line=f"verb-{verb}")
    typed, said = (text.format(ref=ref, words=words) for text in VERBS[verb])
    before = pair.there(either).signals[ref.id].rev
    told = await either.told(either.command(typed)) + either.modal()
    assert said in told
    changes = verb in ("ack", "archive")
    assert pair.there(either).signals[ref.id].rev == before + changes, "what is refused changes nothing"


@pytest.mark.parametrize(("change", "back"), [("ack", "unack"), ("archive", "reopen")])
async def test_what_a_verb_did_another_takes_back(either: Front, change: str, back: str) -> None:
    (ref,) = await pair.arrived(either)
    for verb, phase in ((change, {"ack": worlds.SEEN, "archive": worlds.SHUT}[change]), (back, worlds.LIVE)):
        await either.send(either.command(f"{verb} {ref}{' as:expected' if verb == 'archive' else ''}"))
        assert pair.phase(either, ref) == phase


async def test_an_id_says_by_its_form_whose_it_is(either: Front) -> None:
    (ref,) = await pair.arrived(either)
    await either.send(either.command(f"ack {ref.id}"))
    assert pair.phase(either, ref) == worlds.SEEN


async def test_a_word_of_its_own_filters_and_stands_in_the_help(either: Front) -> None:
    low, high = [(await pair.arrived(either, value=value, line="own mango"))[0] for value in (3.0, 45.0)]
    told = await either.told(either.command("list q:mango under:20"))
    assert low.id in told and high.id not in told
    assert ("Qualytics is left out" in told) is pair.mixed(either)
    assert "Only in Strange: below:20 (measured under this value)." in await either.told(either.command("help"))


async def test_what_its_own_command_line_says_is_answered_with_the_words_here(either: Front) -> None:
    (ref,) = await pair.arrived(either)
    told = await either.told(either.command(f"archive --signal {ref} --ending broken"))
    assert f"archive {ref} as:broken" in told
    assert pair.phase(either, ref) == worlds.LIVE


async def test_the_examples_of_the_help_work_in_the_systems_that_there_are(either: Front) -> None:
    await pair.arrived(either)
    told = await either.told(either.command("help"))
    examples = re.findall(r"For example `(/anomalies [^`]+)`", told)
    assert examples
    for example in examples:
        answer = await either.told(either.command(example.removeprefix("/anomalies ")))
        assert "offers no way" not in answer and "Use q:" not in answer and "assigns nothing" not in answer, example


# --- who somebody is


async def test_who_somebody_is_is_told_of_the_systems_that_have_users(either: Front) -> None:
    told = await either.told(either.command("link"))
    if pair.mixed(either):
        assert "Qualytics" in told and "Strange" not in told
    else:
        assert "In Strange nothing is assigned to anybody" in told


@pytest.mark.parametrize("target", ["dana@acme.example", "none"])
async def test_a_link_without_a_system_is_of_the_only_one_that_has_users(either: Front, target: str) -> None:
    told = await either.told(either.command(f"link {target}"))
    if pair.mixed(either):
        assert "Qualytics" in told and "Which one" not in told
    else:
        assert "In Strange nothing is assigned to anybody" in told


# --- what was typed in a form


async def test_the_shortcut_shows_what_nobody_has_acknowledged_in_all(either: Front) -> None:
    (ref,) = await pair.arrived(either)
    await either.send(either.shortcut(ids.TRIAGE_SHORTCUT))
    assert ref.id in either.modal()


async def test_the_message_shortcut_knows_its_card_and_its_link(either: Front) -> None:
    (ref,) = await pair.arrived(either)
    await either.send(either.shortcut(ids.MESSAGE_SHORTCUT, message=either.card(ref)))
    assert ref.id in either.modal()
    (other,) = await pair.arrived(either)
    url = (await either.running.store.anomalies.get([other]))[other].url
    space = either.stage.workspace
    message = space.channels[fronts.CHANNEL].messages[either.card(ref)["ts"]]
    with_link = {**either.shortcut(ids.MESSAGE_SHORTCUT, message=either.card(ref))}
    with_link["message"] = {"type": "message", "ts": "1700000000.000900", "text": f"look at <{url}>", "user": fronts.LEE}
    assert message is not None
    await either.send(with_link)
    assert other.id in either.modal() and ref.id not in either.modal()


async def test_a_preview_says_what_it_is_about_and_cancel_changes_nothing(either: Front) -> None:
    made = await pair.arrived(either, 3, line="cancelled lychee")
    assert "3" in await either.told(either.command("archive source:strange q:lychee as:expected"))
    messages = either.stage.workspace.channels[fronts.CHANNEL].messages.values()
    preview = next(one for one in reversed(list(messages)) if one.ephemeral_to == fronts.DANA and ids.BATCH_CANCEL in str(one.blocks))
    shown = {"ts": preview.ts, "text": preview.text, "blocks": preview.blocks}
    assert "Expected" in visible(shown)
    await either.send(either.press(shown, ids.BATCH_CANCEL))
    assert {pair.phase(either, ref) for ref in made} == {worlds.LIVE}
