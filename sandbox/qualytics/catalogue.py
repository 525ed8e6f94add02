"""What hardly changes in the fake deployment: datastores, containers, checks, users, teams and tags, with their ids."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox import acme


@dataclass(slots=True)
class Check:
    """A quality check with its id; `assignees` are inherited by the anomalies that it finds (contracts 1.5)."""

    id: int
    spec: acme.Check
    container: Container
    assignees: tuple[int, ...] = ()
    active: bool = True


@dataclass(slots=True)
class Container:
    """A table with its id in its datastore."""

    id: int
    table: acme.Table
    datastore: acme.Datastore
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Team:
    """Who may act on a datastore."""

    id: int
    name: str
    datastores: tuple[int, ...]


OWNERS: Mapping[tuple[str, str], tuple[int, ...]] = {
    ("gl_entries", "account_code"): (acme.SAM.id,),
    ("invoices", "invoice_no"): (acme.SAM.id,),
}
"""(table, first field) of checks with default assignees."""

FIRST_CONTAINER = 100
FIRST_CHECK = 501


class Catalogue:
    """All of it, found by id."""

    def __init__(self) -> None:
        self.users = {user.id: user for user in acme.USERS}
        self.tags = dict(acme.TAGS)
        self.datastores = {store.id: store for store in acme.DATASTORES}
        self.containers: dict[int, Container] = {}
        self.checks: dict[int, Check] = {}
        self.teams = [Team(1, "Public", tuple(self.datastores))]
        for store in acme.DATASTORES:
            self.teams.append(Team(len(self.teams) + 1, store.team, (store.id,)))
            self._fill(store)

    def _fill(self, store: acme.Datastore) -> None:
        for table in store.tables:
            container = Container(FIRST_CONTAINER + len(self.containers), table, store)
            self.containers[container.id] = container
            for spec in table.checks:
                owners = OWNERS.get((table.name, spec.fields[0] if spec.fields else ""), ())
                check = Check(FIRST_CHECK + len(self.checks), spec, container, owners)
                container.checks.append(check)
                self.checks[check.id] = check

    def container(self, datastore: int, name: str) -> Container | None:
        """The container of this exact name."""
        return next((c for c in self.containers.values() if c.datastore.id == datastore and c.table.name == name), None)


def fingerprint(checks: tuple[Check, ...]) -> int:
    """The same failing checks give the same fingerprint, always."""
    text = ",".join(str(check.id) for check in checks)
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest(), "big")
