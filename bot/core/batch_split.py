"""What a change to many would be about, counted while it is frozen: how bad, where, whose, and how it stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bot import model
from bot.core import phrases

SAMPLE = 5
"""Anomalies that a preview shows."""

_WORST: Sequence[model.Severity | None] = (*reversed(model.Severity), None)
_RANK = {severity: rank for rank, severity in enumerate(_WORST)}

_Of = Counter[tuple[str, str]]
"""By system, and by a word of it."""


@dataclass(slots=True)
class Count:
    """Takes anomalies page by page and keeps numbers of them, and the worst few."""

    _severities: Counter[model.Severity | None] = field(default_factory=Counter)
    _systems: Counter[str] = field(default_factory=Counter)
    _places: _Of = field(default_factory=Counter)
    _tables: _Of = field(default_factory=Counter)
    _statuses: _Of = field(default_factory=Counter)
    _people: Counter[tuple[model.Person, ...]] = field(default_factory=Counter)
    _acknowledged: int = 0
    _worst: Sequence[model.Anomaly] = ()

    def add(self, anomalies: Sequence[model.Anomaly]) -> None:
        """Count these, too."""
        for one in anomalies:
            system = one.ref.source
            self._severities[one.severity] += 1
            self._systems[system] += 1
            self._places[system, one.datastore.name if one.datastore else ""] += 1
            self._tables[system, one.container.name if one.container else ""] += 1
            self._statuses[system, one.status] += 1
            self._people[tuple(sorted(one.assignees, key=lambda person: person.id))] += 1
            self._acknowledged += one.state is model.State.ACKNOWLEDGED
        self._worst = sorted([*self._worst, *anomalies], key=lambda one: _RANK[one.severity])[:SAMPLE]

    def assigned(self) -> frozenset[str]:
        """The systems in which some of them are assigned to somebody."""
        return frozenset(person.source for people in self._people for person in people)

    def split(self, mine: Mapping[str, str]) -> model.Split:
        """All that was counted, for somebody who is `mine` in the systems where that is known: a user's id by the system's name."""
        placed = [name for name in self._systems if any(word and system == name for system, word in (*self._places, *self._tables))]
        return model.Split(
            _words(self._places, placed),
            _words(self._tables, placed),
            _words(self._statuses, self._systems) if len(self._statuses) > len(self._systems) else (),
            self._worst,
            [(severity, self._severities[severity]) for severity in _WORST if self._severities[severity]],
            _most(self._systems.items()),
            _most((_told(people, mine), number) for people, number in self._people.items()),
            sum(number for people, number in self._people.items() if people and not any(_me(one, mine) for one in people)),
            self._acknowledged,
            placed,
        )


def _me(person: model.Person, mine: Mapping[str, str]) -> bool:
    return mine.get(person.source) == person.id


def _told(people: Sequence[model.Person], mine: Mapping[str, str]) -> str:
    return phrases.both(["you" if _me(one, mine) else one.name or one.email or one.id for one in people])


def _words(counted: _Of, systems: Iterable[str]) -> Sequence[tuple[str, int]]:
    wanted = frozenset(systems)
    return _most((word, number) for (system, word), number in counted.items() if system in wanted)


def _most(pairs: Iterable[tuple[str, int]]) -> Sequence[tuple[str, int]]:
    """The most first, then by name; the same word of several systems is one."""
    summed = Counter[str]()
    for word, number in pairs:
        summed[word] += number
    return sorted(summed.items(), key=lambda pair: (-pair[1], pair[0]))
