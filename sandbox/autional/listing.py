"""Filter the anomalies, cheaply also with many thousands of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sandbox.autional import questions, tenant

RELATED = timedelta(days=7)
KEPT = 32


class Listing:
    """Answers of the list call; what matched is remembered until the world changes, so that paging filters once."""

    def __init__(self, state: tenant.Tenant) -> None:
        self.world = state
        self._revision = -1
        self._answers: dict[tuple[str, ...], Sequence[tenant.Anomaly]] = {}

    def matching(self, wanted: questions.Filter) -> Sequence[tenant.Anomaly]:
        """All that match, newest first."""
        if self._revision != self.world.revision or len(self._answers) > KEPT:
            self._answers, self._revision = {}, self.world.revision
        key = (wanted.type, wanted.severity, wanted.status)
        if key not in self._answers:
            self._answers[key] = [one for one in self.world.newest() if _fits(one, wanted)]
        return self._within(self._answers[key], wanted.time_range)

    def _within(self, found: Sequence[tenant.Anomaly], time_range: str) -> Sequence[tenant.Anomaly]:
        """Those of the range. The clock goes on, so this is not remembered."""
        if not time_range:
            return found
        since = self.world.clock() - timedelta(hours=questions.RANGES[time_range])
        older = next((position for position, one in enumerate(found) if one.detected < since), len(found))
        return found[:older]

    def related(self, to: tenant.Anomaly) -> list[tenant.Anomaly]:
        """Others of the same account within seven days, newest first."""
        return [
            one for one in self.world.newest() if one is not to and one.user_id == to.user_id and abs(one.detected - to.detected) <= RELATED
        ]


def _fits(one: tenant.Anomaly, wanted: questions.Filter) -> bool:
    return all(
        not asked or asked == own for asked, own in ((wanted.type, one.type), (wanted.severity, one.severity), (wanted.status, one.status))
    )
