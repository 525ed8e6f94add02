"""A desk that has Autional alone: polled, posted, acknowledged, assigned, commented, closed, taken back, through the real app between both
fakes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Autional and nothing else; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), ("autional",)) as made:
        yield made


def tenant(front: Front) -> Any:
    """What Autional knows."""
    return front.stage.autional.world


async def arrived(front: Front, count: int = 1, **fields: Any) -> list[model.Ref]:
    """New ones that the desk has polled and posted."""
    made = [model.Ref("autional", one.id) for one in tenant(front).arrive(count, **fields)]
    await front.look()
    return made


def there(front: Front, ref: model.Ref) -> Any:
    """One as Autional has it."""
    return tenant(front).anomalies[ref.id]


async def test_a_card_says_who_how_often_and_by_which_technique(front: Front) -> None:
    (ref,) = await arrived(
        front, type="brute_force", technique="T1110.001", events=["e1", "e2", "e3"], severity="high", case="CASE-2026-001"
    )
    card = front.card(ref)
    assert visible(card).startswith("\N{LARGE ORANGE SQUARE} *High*  brute force")
    for said in (f"User: {there(front, ref).user_id}", "Events: 3", "T1110.001", "Case: CASE-2026-001", "high"):
        assert said.casefold() in visible(card).casefold(), said
    assert "<https://attack.mitre.org/techniques/T1110/001/|" in str(card["blocks"])
    assert "e1" not in visible(card), "ids have no room on a card"
    assert "Duplicate" not in visible(card) and "Discarded" not in visible(card) and "Verify" not in visible(card)
    assert "Open in" not in visible(card), "there is no page of a single one"


async def test_it_is_acknowledged_assigned_commented_closed_and_reopened(front: Front) -> None:
    (ref,) = await arrived(front)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert there(front, ref).status == "investigating", "it refuses the word of its own page"
    assert "Dana looks into it" in visible(front.card(ref))
    assert there(front, ref).assignee == "usr_dreyes", "whoever acknowledges it gets it"
    await front.send(front.command(f"note {ref.id} a planned job"))
    assert any(one.content.startswith("a planned job") for one in there(front, ref).comments)
    await front.send(front.press(front.card(ref), ids.ARCHIVE, "Invalid"))
    assert there(front, ref).status == "false_positive"
    assert "Invalid" in visible(front.card(ref))
    await front.send(front.press(front.card(ref), ids.REOPEN))
    assert there(front, ref).status == "open"
    said = [one.content for one in there(front, ref).comments]
    assert "Archived as Invalid by Dana via Slack." in said, said


async def test_many_are_done_in_one_batch_and_taken_back(front: Front) -> None:
    refs = await arrived(front, 3, status="investigating")
    await front.send(front.command(f"archive {','.join(ref.id for ref in refs)} as:resolved"))
    await pair.confirmed(front)
    assert {there(front, ref).status for ref in refs} == {"resolved"}
    await front.send(front.command("undo"))
    await front.running.post.flush()
    assert {there(front, ref).status for ref in refs} == {"investigating"}


async def test_an_undo_gives_back_what_it_can_and_says_what_stays(front: Front) -> None:
    refs = await arrived(front, 2)
    await front.send(front.command(f"ack {','.join(ref.id for ref in refs)} assign:me note:seen"))
    await pair.confirmed(front)
    assert {(there(front, ref).status, there(front, ref).assignee) for ref in refs} == {("investigating", "usr_dreyes")}
    await front.send(front.command("undo"))
    await front.running.post.flush()
    assert {(there(front, ref).status, there(front, ref).assignee) for ref in refs} == {("open", "usr_dreyes")}
    receipt = visible(front.posted()[-1])
    assert "It stays assigned: Autional has no way to take somebody off" in receipt, receipt
    assert "comment stays" in receipt


async def test_what_it_has_no_way_to_do_is_said_and_changes_nothing(front: Front) -> None:
    (ref,) = await arrived(front, assignee="usr_lpark")
    for said, why in (
        (f"unassign {ref.id}", "no way to take somebody off"),
        (f"tag {ref.id} +tag:incident", "Autional offers no way to tag anomalies"),
        (f"archive {ref.id} as:duplicate", "is no outcome"),
        (f"note {ref.id} {'x' * 2000}", "2,000 characters at most"),
        ("list min:50", "Use severity:high,critical instead"),
        ("list table:orders", "cannot filter by table: it has no datastores"),
    ):
        assert why in await front.told(front.command(said)), said
    assert (there(front, ref).assignee, there(front, ref).status, there(front, ref).comments) == ("usr_lpark", "open", [])


async def test_the_example_beside_a_mistake_works_here(front: Front) -> None:
    (ref,) = await arrived(front)
    example = (await front.told(front.command("xyzzy"))).splitlines()[-1]
    assert example.startswith("/anomalies list ")
    assert ref.id in await front.told(front.command(example.removeprefix("/anomalies ")))


async def test_it_is_linked_to_a_case(front: Front) -> None:
    (ref,) = await arrived(front)
    await front.send(front.press(front.card(ref), ids.MORE, ids.MORE_DETAILS))
    assert f"/anomalies case {ref.id}" in front.modal(), "the menu has no room for it, and the details tell how it is typed"
    assert "Linked to CASE-2026-014" in await front.told(front.command(f"case {ref.id} CASE-2026-014"))
    assert there(front, ref).case == "CASE-2026-014"
    assert "Case: CASE-2026-014" in visible(front.card(ref))


async def test_somebody_who_investigates_says_so(front: Front) -> None:
    tenant(front).modes.words = "page"
    one, two = await arrived(front, 2)
    await front.send(front.press(front.card(one), ids.MORE, ids.MORE_STAGE))
    assert there(front, one).status == "investigating"
    assert "Investigating" not in str(_menu(front, one)), "it is so already"
    said = await front.told(front.command(f"ack {two.id} as:investigating"))
    assert "Acknowledged as investigating" in said
    assert there(front, two).status == "investigating"
    assert "is no way to acknowledge" in await front.told(front.command(f"ack {two.id} as:pondering"))
    tenant(front).modes.words = "console"


def _menu(front: Front, ref: model.Ref) -> list[Any]:
    blocks = front.card(ref)["blocks"]
    return [one["options"] for block in blocks for one in block.get("elements", ()) if one.get("action_id") == ids.MORE]


async def test_whoever_looks_closely_is_told_what_happened_around_it(front: Front) -> None:
    first, second = await arrived(front, 2, user_id="usr_close")
    await front.send(front.command(f"note {first.id} seen before"))
    told = await front.told(front.command(f"history {first.id}"))
    for said in ("seen before", "Events within a day", "Related: ", second.id, "Events: audit_", "newest first"):
        assert said in told, (said, told)
    assert f"Related to {second.id}" in await front.told(front.command(f"show {first.id}"))


async def test_filters_of_its_own_select(front: Front) -> None:
    (ref,) = await arrived(front, type="quantum_login", severity="critical")
    (old,) = await arrived(front, type="quantum_login", severity="low")
    told = await front.told(front.command("list type:quantum_login severity:critical time_range:1h"))
    assert ref.id in told and old.id not in told
    assert "2" in await front.told(front.command("count type:quantum_login tenant:tnt_acme"))


@pytest.mark.parametrize(("mode", "said"), [("list", "it found 2 anomalies"), ("task", "no call that tells how it stands")])
async def test_a_search_is_started_and_it_is_said_that_nobody_can_follow_it(front: Front, mode: str, said: str) -> None:
    tenant(front).modes.detect = mode
    assert said in await front.told(front.command("detect 24h", name="/scan"))
    assert "It takes 1h, 24h, 7d or 30d" in await front.told(front.command("detect 12h", name="/scan"))
    assert "Autional offers no way to start scans" in await front.told(front.command("warehouse", name="/scan"))


async def test_what_is_deleted_there_ends_its_card(front: Front) -> None:
    (ref,) = await arrived(front)
    tenant(front).erase(there(front, ref))
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert "not exist in Autional any more" in "\n".join(front.whispers()[-1:])
    await front.look()
    assert any(visible(one).startswith("Deleted in Autional") for one in front.posted())
