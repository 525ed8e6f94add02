"""What a deployment refused once: whoever asks is tried again, and what nobody asked for is spared for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from bot.render.kit import ids
from tests.handlers import front as fronts
from tests.handlers.front import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def own(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """A desk whose Qualytics changes its mind."""
    async with fronts.opened(tmp_path_factory.mktemp("refused")) as made:
        yield made


@pytest.mark.parametrize("mode", ["422", "ignores"])
async def test_a_reopen_that_was_refused_is_tried_again_for_the_next_who_asks(own: Front, mode: str) -> None:
    made = await own.arrive(3)
    for ident in made:
        await own.send(own.press(own.card(ident), ids.ARCHIVE, "Invalid|"))
    await own.stage.qualytics("POST", "modes", restore=mode)
    for ident in made[:2]:
        told = await own.told(own.press(own.card(ident), ids.REOPEN))
        assert "Not reopened" in told and "restore it there" in told
    await own.stage.qualytics("POST", "modes", restore="restores")
    for ident in made:
        told = await own.told(own.press(own.card(ident), ids.REOPEN))
        assert told == "", "neither this one nor another is refused for what happened before"
        assert (await own.stage.truth(ident))["status"] == "Acknowledged"


async def test_where_there_are_no_comments_nobody_is_signed_for_a_while_and_who_wants_to_write_is_tried(own: Front) -> None:
    made = await own.arrive(3)
    await own.stage.qualytics("POST", "modes", comments="off")
    await own.forget()
    for ident in made:
        assert await own.told(own.press(own.card(ident), ids.ACKNOWLEDGE)) == ""
    assert len([call for call in await own.writes() if call["path"] == "/api/comments"]) == 1
    await own.stage.qualytics("POST", "modes", comments="on")
    await own.forget()
    await own.send(own.press(own.card(made[0]), ids.MORE, "comment|"))
    await own.send(own.submission(own.form(), {"comment.text": {"type": "plain_text_input", "value": "Known."}}))
    assert "Known." in str((await own.stage.truth(made[0]))["comments"])
