"""A desk that has Anodot alone, through the real app between both fakes: triage on triggers, and what is kept here in their place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot import model
from bot.render.kit import ids
from sandbox.anodot import catalogue
from tests.handlers import front as fronts
from tests.handlers import pair
from tests.handlers.front import LEE, Front, visible

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Anodot and nothing else; nothing was open at the start."""
    async with fronts.opened(tmp_path_factory.mktemp("desk"), ("anodot",)) as made:
        yield made


def account(front: Front) -> Any:
    """What Anodot knows."""
    return front.stage.anodot.world


async def arrived(front: Front, count: int = 1, **fields: Any) -> list[model.Ref]:
    """New ones that the desk has polled and posted; an alert raised a trigger for each."""
    made = account(front).arrive(count, **{"what": "signups", "score": 0.95, **fields})
    await front.look()
    return [model.Ref("anodot", one.id) for one in made]


def there(front: Front, ref: model.Ref) -> Any:
    """One as Anodot has it."""
    return account(front).anomalies[ref.id]


async def test_a_card_tells_the_metric_its_baseline_and_the_score_of_a_hundred(front: Front) -> None:
    (ref,) = await arrived(front, name="Spring campaign")
    card = visible(front.card(ref))
    for said in ("Spring campaign", "signups", "95", "Metrics: ", "expected ", "Last normal"):
        assert said.casefold() in card.casefold(), (said, card)
    assert "#!/anomalies?" in str(front.card(ref)["blocks"])


async def test_it_is_acknowledged_assigned_commented_closed_and_reopened_in_the_name_of_dana(front: Front) -> None:
    (ref,) = await arrived(front)
    trigger = there(front, ref).triggers[0]
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    assert trigger.acks == [catalogue.DANA.id]
    assert "Dana looks into it" in visible(front.card(ref)) and "kept here" not in visible(front.card(ref)).casefold()
    await front.send(front.command(f"assign sam@acme.example {ref.id}"))
    assert (trigger.assignee, trigger.assigner) == (catalogue.SAM.id, catalogue.DANA.id)
    await front.send(front.command(f"note {ref.id} a planned job"))
    assert any(one.text.startswith("a planned job") for one in account(front).comments)
    await front.send(front.press(front.card(ref), ids.ARCHIVE, "Invalid"))
    assert [one.type for one in account(front).feedback_of([trigger.id])] == ["NOT_INTERESTING"]
    assert "Invalid" in visible(front.card(ref)) and "kept here" in visible(front.card(ref)).casefold()
    await front.look()
    assert "Invalid" in visible(front.card(ref)), "the next look does not open it again"
    assert "stays in Anodot" in await front.told(front.press(front.card(ref), ids.REOPEN))
    await front.look()
    assert "acknowledged" in visible(front.card(ref))


async def test_what_lee_does_whom_anodot_does_not_know_is_kept_here_and_she_is_told_how_to_be_known(front: Front) -> None:
    (ref,) = await arrived(front)
    told = await front.told(front.press(front.card(ref), ids.ACKNOWLEDGE, user=LEE))
    assert "/anomalies link" in told and "You are not linked to Anodot yet." in told and "Link me" in told
    assert there(front, ref).triggers[0].acks == []
    assert "kept here" in visible(front.card(ref)).casefold()
    await front.look()
    assert "Acknowledged" in visible(front.card(ref)), "the next look does not take it back"


async def test_one_without_a_trigger_is_kept_here(front: Front) -> None:
    (ref,) = await arrived(front, triggered=False)
    await front.send(front.press(front.card(ref), ids.ACKNOWLEDGE))
    await front.look()
    assert "Dana looks into it" in visible(front.card(ref)) and "kept here" in visible(front.card(ref)).casefold()


async def test_many_are_closed_in_one_batch_and_taken_back_and_what_stays_is_said(front: Front) -> None:
    refs = await arrived(front, 3)
    await front.send(front.command(f"archive {','.join(ref.id for ref in refs)} as:resolved"))
    await pair.confirmed(front)
    triggers = [there(front, ref).triggers[0].id for ref in refs]
    assert [one.type for one in account(front).feedback_of(triggers)] == ["GOOD_CATCH"] * 3
    await front.send(front.command("undo"))
    await front.running.post.flush()
    found = await front.running.sources["anodot"].get([ref.id for ref in refs])
    assert {one.state for one in found.values()} == {model.State.ACTIVE}
    assert len(account(front).feedback_of(triggers)) == 3
    assert "stays in Anodot" in visible(front.posted()[-1]), visible(front.posted()[-1])


async def test_one_that_was_merged_says_where_it_went_and_has_no_buttons(front: Front) -> None:
    into, old = await arrived(front, 2)
    account(front).merge(there(front, into), there(front, old))
    await front.send(front.press(front.card(old), ids.ACKNOWLEDGE))
    await front.look()
    card = next(one for one in front.posted() if f"#{old.id}" in visible(one))
    assert f"merged into {into.id}" in visible(card).casefold()
    assert ids.ACKNOWLEDGE not in str(card["blocks"]) and ids.ARCHIVE not in str(card["blocks"]) and ids.REOPEN not in str(card["blocks"])


async def test_what_a_filter_has_in_common_is_told_to_whoever_asks(front: Front) -> None:
    await arrived(front)
    told = await front.told(front.command("common metric:signups"))
    assert "what=signups: " in told and " of " in told
    assert "add metric:revenue" in await front.told(front.command("common status:any"))
    assert "common &lt;filter&gt;" in await front.told(front.command("help"))


async def test_filters_of_its_own_select_and_sort(front: Front) -> None:
    (ref,) = await arrived(front, resolution="weekly", score=0.99)
    told = await front.told(front.command("list resolution:weekly min:98 metric:signups sort:duration"))
    assert ref.id in told
    assert "it takes short (1m)" in await front.told(front.command("list resolution:yearly"))


async def test_whose_bookmarks_are_wanted_is_said_with_a_mention_as_everywhere(front: Front) -> None:
    (mine,) = await arrived(front, bookmarks={catalogue.DANA.id}, resolution="longlong")
    (other,) = await arrived(front, bookmarks=set(), resolution="longlong")
    for said, wanted in (
        ("bookmark:<@U0DANA|dana>", mine),
        ("bookmark:<@U0DANA>", mine),
        ("bookmark:me", mine),
        ("bookmark:-<@U0DANA|dana>", other),
    ):
        told = await front.told(front.command(f"list {said} resolution:longlong"))
        assert (mine.id in told, other.id in told) == (wanted is mine, wanted is other), (said, told)
    told = await front.told(front.command("list bookmark:<@U0LEE|lee>"))
    assert "Lee is not linked to Anodot yet" in told, told


async def test_a_search_is_sent_as_it_was_typed(front: Front) -> None:
    (ref,) = await arrived(front)
    search = '{"expression":[{"type":"property","key":"what","value":"signups","isExact":true}]}'
    told = await front.told(front.command(f"list q:{search.replace(':[', ':[ ', 1)} sort:newest"))
    assert ref.id in told
    asked = [dict(call["query"]).get("q") for call in front.stage.anodot.app.calls if call["path"].endswith("/anomalies")]
    assert asked[-1] == search.replace(":[", ":[ ", 1)
    assert "what=signups: " in await front.told(front.command(f"common q:{search}"))


async def test_who_looks_closely_is_told_the_course_and_the_tokens(front: Front) -> None:
    (ref,) = await arrived(front)
    told = await front.told(front.command(f"history {ref.id}"))
    for said in ("Baseline now", "Common: ", "Last value"):
        assert said in told, told


async def test_one_that_is_acknowledged_there_and_archived_here_is_counted_once(front: Front) -> None:
    refs = await arrived(front, 3)
    before = {word: await _counted(front, word) for word in ("acknowledged", "archived", "open")}
    await front.send(front.press(front.card(refs[0]), ids.ACKNOWLEDGE))
    await front.send(front.press(front.card(refs[1]), ids.ACKNOWLEDGE))
    await front.send(front.press(front.card(refs[1]), ids.ARCHIVE, "Duplicate"))
    await front.send(front.submission(front.form(), {}))
    after = {word: await _counted(front, word) for word in before}
    assert {word: after[word] - before[word] for word in before} == {"acknowledged": 1, "archived": 1, "open": -1}


async def _counted(front: Front, word: str) -> int:
    """How many an API of the desk's own tells: the command's figure."""
    source = front.running.sources["anodot"]
    return await source.count(model.Query(statuses=(word,)))
