"""What every source promises of what it does not keep: it names no part of an anomaly that it did not name before."""

from __future__ import annotations

from bot import model
from tests.sources.contract import harness


async def test_an_anomaly_leaves_to_the_desk_only_what_its_system_says_that_it_may_not_keep(system: harness.Harness) -> None:
    source = system.source()
    changes = await source.changes("")
    assert changes.anomalies
    for one in changes.anomalies:
        assert set(one.kept_here) <= source.unkept
        assert one.kept_here == tuple(part for part in model.Part if part in one.kept_here), "in their order: else it looks changed"
        if model.Part.ASSIGNEES in one.kept_here:
            assert one.assignees == ()
