"""Many rows in one statement, column by column: the library's way, row by row, takes longer than the database does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import columns

Rows = Sequence[Mapping[str, Any]]

_KEY = "is_"
"""Before the name of a column: what a row is found by, not what it is set to."""


async def insert(connection: AsyncConnection, table: sa.Table, rows: Rows) -> None:
    """Insert these; all have the keys of the first one."""
    if rows:
        await _send(connection, table, rows, _inserting(table, tuple(rows[0]), connection.dialect))


async def update(connection: AsyncConnection, table: sa.Table, key: Sequence[str], rows: Rows) -> None:
    """Change these rows, found by the columns of `key`; all have the keys of the first one."""
    if rows:
        await _send(connection, table, rows, _updating(table, tuple(key), tuple(rows[0]), connection.dialect))


async def _send(connection: AsyncConnection, table: sa.Table, rows: Rows, statement: tuple[str, Sequence[str]]) -> None:
    text, order = statement
    names = [name.removeprefix(_KEY) for name in order]
    values = [_bound([row[name] for row in rows], table.c[name], connection.dialect) for name in names]
    await connection.exec_driver_sql(text, list(zip(*values, strict=True)))


def _bound(values: Sequence[Any], column: sa.Column[Any], dialect: sa.Dialect) -> Sequence[Any]:
    bind: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if bind is None else [bind(value) for value in values]


# --- statements as the library would send them, with their parameters in order ---------------------------------------------


@lru_cache(maxsize=64)
def _inserting(table: sa.Table, names: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, Sequence[str]]:
    text, order = _compiled(sa.insert(table), dialect, column_keys=list(names))
    if missing := set(order) - set(names):
        raise ValueError(f"{table.name} needs {', '.join(sorted(missing))}")
    return text, order


@lru_cache(maxsize=64)
def _updating(table: sa.Table, key: tuple[str, ...], names: tuple[str, ...], dialect: sa.Dialect) -> tuple[str, Sequence[str]]:
    this = [table.c[name] == sa.bindparam(_KEY + name, type_=table.c[name].type) for name in key]
    changed = [name for name in names if name not in key]
    return _compiled(sa.update(table).where(*this), dialect, column_keys=changed)


def _compiled(statement: sa.Insert | sa.Update, dialect: sa.Dialect, column_keys: list[str]) -> tuple[str, Sequence[str]]:
    compiled: Any = statement.compile(dialect=dialect, column_keys=column_keys)
    return str(compiled), list(compiled.positiontup)


# --- rows in one value -----------------------------------------------------------------------------------------------------

_ROWS = sa.bindparam("rows", type_=sa.JSON)


def _lite() -> sa.Select[str, str, str]:
    row = sa.func.json_each(_ROWS).table_valued("value")
    parts: list[sa.ColumnElement[str]] = [sa.func.json_extract(row.c.value, f"$[{place}]", type_=columns.Words()) for place in range(3)]
    return sa.select(parts[0], parts[1], parts[2])


def _server() -> sa.Select[str, str, str]:
    row = sa.func.json_array_elements(_ROWS).table_valued(sa.column("value", sa.JSON))
    parts: list[sa.ColumnElement[str]] = [row.c.value[place].as_string() for place in range(3)]
    return sa.select(parts[0], parts[1], parts[2])


_UNPACKED: Mapping[str, sa.Select[str, str, str]] = {"sqlite": _lite(), "postgresql": _server()}


def unpacked(connection: AsyncConnection) -> sa.Select[str, str, str]:
    """Rows of three words each out of the one value that is bound as `rows`: however many there are, it is the same statement, which the
    library compiles once. A statement with ten thousand parameters is compiled each time."""
    return _UNPACKED[connection.dialect.name]
