"""A batch over several systems: one preview and one receipt, in the words of each, and nothing said of a system that is asked nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot import model
from bot.core import batch_items
from bot.render.batch import batch_message, batch_preview
from bot.render.kit import ids
from tests.render import samples, slack_rules

ACTIONS = frozenset(model.Action)
ACME = model.Capabilities("Acme", ACTIONS, (model.Closing("resolved", title="Fixed"), model.Closing("noise")))
UMBRA = model.Capabilities("Umbra", ACTIONS - {model.Action.REOPEN}, (model.Closing("resolved", title="Good catch"),))
ZEN = model.Capabilities("Zen", frozenset())
SYSTEMS = {"acme": ACME, "umbra": UMBRA, "zen": ZEN}
RESOLVED = replace(samples.ARCHIVE_312, source="", total=9, change=model.Change(model.Action.ARCHIVE, archive_as="resolved"))
SPLIT = replace(
    samples.SPLIT, systems=[("acme", 5), ("umbra", 3)], placed=["acme"], places=[("crm", 5)], tables=[("leads", 5)], statuses=()
)
PART = batch_items.PART


def seen(message: model.Message) -> str:
    assert slack_rules.faults(message) == []
    return slack_rules.seen(message).replace("\n ", " ")


def view(frozen: model.Batch, *refusals: model.Refusals, **shares: dict[str, int]) -> model.BatchView:
    told = {name: {model.Fate(fate): number for fate, number in counts.items()} for name, counts in shares.items()}
    fates: dict[model.Fate, int] = {}
    for counts in told.values():
        for fate, number in counts.items():
            fates[fate] = fates.get(fate, 0) + number
    systems = {name: SYSTEMS[name] for name in shares}
    return model.BatchView(frozen, model.Progress(fates, refusals), systems, undoable=True, shares=told)


def refused(name: str, count: int, reason: str) -> model.Refusals:
    refs = tuple(model.Ref(name, str(number)) for number in range(count))
    return model.Refusals(model.Fate.REFUSED, reason, "", (), count, refs)


def test_a_mixed_preview_has_one_wording_for_each_system_whose_words_differ() -> None:
    message = batch_preview.preview(view(RESOLVED, acme={"todo": 5}, umbra={"todo": 3}), SPLIT)
    told = seen(message).split("\n")
    assert told[0] == "Archive 8 anomalies?"
    assert "As Fixed in Acme, as Good catch in Umbra" in told
    assert "As Fixed in Acme, as Good catch in Umbra." in message.text
    alike = view(replace(RESOLVED, change=model.Change(model.Action.ARCHIVE, archive_as="noise")), acme={"todo": 5}, umbra={"todo": 3})
    assert seen(batch_preview.preview(alike, SPLIT)).startswith("Archive 8 anomalies as Noise?")


def test_a_mixed_preview_counts_by_system_and_names_no_places_of_one_that_has_none() -> None:
    told = seen(batch_preview.preview(view(RESOLVED, acme={"todo": 5}, umbra={"todo": 3}), SPLIT))
    for line in ("By system: Acme 5, Umbra 3.", "By datastore in Acme: crm 5.", "By table in Acme: leads 5."):
        assert line in told.split("\n")
    assert "no datastore" not in told and "By status" not in told


def test_a_system_that_is_asked_nothing_is_not_named_beside_those_that_are() -> None:
    why = refused("zen", 1, "Zen offers no way to archive anomalies from here.")
    told = seen(batch_preview.preview(view(RESOLVED, why, acme={"todo": 5}, zen={"refused": 1}), replace(SPLIT, systems=[("acme", 5)])))
    assert told.startswith("Archive 5 anomalies as Fixed?")
    assert "Undo for 30 minutes." in told.split("\n"), "that Zen reopens nothing is of no interest"
    assert told.count("Zen") == 1 and "• 1 refused (id zen:0): Zen offers no way to archive anomalies from here\n" in told


def test_what_cannot_be_undone_in_one_of_them_is_said_in_the_one_line_of_fine_print() -> None:
    both = view(RESOLVED, acme={"todo": 5}, umbra={"todo": 3})
    assert "Undo for 30 minutes, but not for those of Umbra." in seen(batch_preview.preview(both, SPLIT)).split("\n")
    done = view(samples.finished(RESOLVED), acme={"done": 5}, umbra={"done": 3})
    assert seen(batch_message.card(done)).endswith("Undo until 2026-11-21 09:42 UTC, but not for those of Umbra")


def test_a_system_that_is_down_stands_in_bold_as_not_in_the_batch() -> None:
    down = model.Unheard("umbra", "Umbra", "Umbra did not answer within 30 seconds.", True)
    message = batch_preview.preview(view(RESOLVED, acme={"todo": 5}), replace(SPLIT, systems=[("acme", 5)]), [down])
    bold = [part["text"] for _, part in slack_rules.parts(list(message.blocks)) if part.get("style") == {"bold": True}]
    assert bold[0] == "Umbra does not answer; its anomalies are not in this batch."
    assert "Umbra does not answer; its anomalies are not in this batch. Umbra did not answer within 30 seconds." in message.text


def test_a_system_that_was_not_meant_is_told_below_what_would_change() -> None:
    aside = model.Unheard("umbra", "Umbra", "Umbra cannot filter by table: it has no tables.", False)
    split = replace(SPLIT, systems=[("acme", 1)], sample=[samples.ORDERS])
    shown = slack_rules.seen(batch_preview.preview(view(RESOLVED, acme={"todo": 1}), split, [aside]))
    assert (
        shown.index("They are:") < shown.index("Umbra is left out. It cannot filter by table: it has no tables.") < shown.index("Undo for")
    )


def test_the_receipt_is_split_by_system_and_offers_to_try_the_refused_part_again() -> None:
    down = refused("umbra", 3, f"{PART}Umbra did not answer within 30 seconds.")
    message = batch_message.card(view(samples.finished(RESOLVED), down, acme={"done": 5, "already": 1}, umbra={"refused": 3}))
    told = seen(message)
    assert told.split("\n")[:3] == [
        "Dana archived 5 anomalies as Fixed · 1 already so, 3 refused · table:orders status:open",
        "• Acme: 5 done, 1 already so",
        "• Umbra: 3 refused as a whole (id umbra:0, umbra:1, umbra:2): Umbra did not answer within 30 seconds.",
    ]
    assert told.count("did not answer") == 1, "it is said once"
    again = [part for part in slack_rules.pressable(message) if part["action_id"] == ids.BATCH_AGAIN]
    assert [part["value"] for part in again] == [RESOLVED.id]
    for said in ("Umbra: 3 refused as a whole", "Undo until", "Press Try that part again for the part whose system did not answer."):
        assert said in message.text


def test_a_part_that_was_refused_half_way_says_what_was_done_before() -> None:
    down = refused("umbra", 2, f"{PART}Umbra failed.")
    told = seen(batch_message.card(view(samples.finished(RESOLVED), down, acme={"done": 5}, umbra={"done": 1, "refused": 2})))
    assert "• Umbra: 1 done, the other 2 refused as a whole (id umbra:0, umbra:1): Umbra failed." in told


@pytest.mark.parametrize("state", [model.BatchState.RUNNING, model.BatchState.DONE])
def test_what_was_taken_back_offers_no_part_again_and_no_undo(state: model.BatchState) -> None:
    down = refused("umbra", 3, f"{PART}Umbra failed.")
    there = view(samples.finished(RESOLVED), down, acme={"done": 5}, umbra={"refused": 3})
    fed = model.Refusals(model.Fate.DONE, "The feedback that was given stays in Acme", "", (), 2, ())
    undo = replace(samples.finished(RESOLVED), state=state, id="undo-1", undo_of=RESOLVED.id, total=5)
    message = batch_message.card(replace(there, back=view(undo, fed, acme={"done": 5})))
    told = seen(message)
    assert slack_rules.pressable(message) == []
    assert "• Acme: 5 as before again" in told and "• Acme: 5 done" not in told
    assert "• 2 of them: The feedback that was given stays in Acme" in told
    assert "• Umbra: 3 refused as a whole" in told, "it was never changed"
    assert "The feedback that was given stays in Acme" in message.text
