"""Which datastores this desk looks after: what belongs to none of them does not exist for it, whatever the token may see."""

from __future__ import annotations

from dataclasses import dataclass

from bot import errors, model


@dataclass(frozen=True, slots=True)
class Scope:
    """The ids of the datastores, () for all. What does not say where it belongs is inside only where all are."""

    ids: frozenset[str] = frozenset()

    def holds(self, home: model.Place | None) -> bool:
        """Whether something that says that it belongs to `home` is this desk's business."""
        return not self.ids or (home is not None and home.id in self.ids)

    def knows(self, datastore: str) -> bool:
        """Whether this is the id of one of them."""
        return not self.ids or datastore in self.ids


def missing(source: str, title: str, what: str, ident: str) -> errors.SourceMissing:
    """The answer for something outside: the same as for something that does not exist."""
    return errors.SourceMissing(source, f"{title} has no {what} {ident} that this desk looks after.")
