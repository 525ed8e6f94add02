"""Which payloads are ours: by app, organization and workspace, as a table."""

from __future__ import annotations

import pytest

from bot import model
from bot.core import belonging
from bot.core.belonging import Origin, Standing

PLAIN = model.Installation("T1", "", "A1")
GRID = model.Installation("T1", "E1", "A1")


@pytest.mark.parametrize(
    ("origin", "home", "standing"),
    [
        (Origin("A1", "T1", "", "T1"), PLAIN, Standing.OURS),
        (Origin("", "T1", "", "T1"), PLAIN, Standing.OURS),
        (Origin("A1", "T1"), PLAIN, Standing.OURS),
        (Origin("A1", "", "", "T1"), PLAIN, Standing.OURS),
        (Origin("A2", "T1", "", "T1"), PLAIN, Standing.ELSEWHERE),
        (Origin("A2", "T1", "", "T1"), model.Installation("T1"), Standing.OURS),
        (Origin("A1", "T1", "", "T2"), PLAIN, Standing.OUTSIDER),
        (Origin("A1", "T2", "", "T1"), PLAIN, Standing.OUTSIDER),
        (Origin("A1", "T2", "", "T2"), PLAIN, Standing.OUTSIDER),
        (Origin("A1", "T1", "E9", "T1"), PLAIN, Standing.OUTSIDER),
        (Origin("A1"), PLAIN, Standing.COLLEAGUE),
        (Origin("A1", "T1", "E1", "T1"), GRID, Standing.OURS),
        (Origin("A1", "T1", "E9", "T1"), GRID, Standing.OUTSIDER),
        (Origin("A1", "T1", "E1", "T2"), GRID, Standing.COLLEAGUE),
        (Origin("A2", "T1", "E1", "T2"), GRID, Standing.ELSEWHERE),
    ],
)
def test_what_a_payload_proves(origin: Origin, home: model.Installation, standing: Standing) -> None:
    assert belonging.judge(origin, home) is standing


def dana(*teams: str, outsider: bool = False) -> model.Actor:
    return model.Actor("U1", "Dana", teams=frozenset(teams), is_outsider=outsider)


@pytest.mark.parametrize(
    ("origin", "actor", "belongs"),
    [
        (Origin("A1", "T1", "E1", "T2"), dana("T1", "T2"), True),
        (Origin("A1", "T2", "E1", "T2"), dana("T1", "T2"), True),
        (Origin("A1", "T2", "", "T2"), dana("T1", "T2"), False),
        (Origin("A1", "T1", "E1", "T2"), dana("T2"), False),
        (Origin("A1", "T1", "E1", "T9"), dana("T1", "T2"), False),
        (Origin("A1", "T1", "E1", "T2"), dana("T1", "T2", outsider=True), False),
        (Origin("A1"), dana("T1"), True),
    ],
)
def test_a_colleague_of_another_workspace_of_our_grid(origin: Origin, actor: model.Actor, belongs: bool) -> None:
    assert belonging.colleague(origin, GRID, actor) is belongs
