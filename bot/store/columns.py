"""The kinds of columns that tables are made of, alike in SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from json import JSONEncoder
from typing import Any

import sqlalchemy as sa

_ENCODE = JSONEncoder().encode


class Utc(sa.TypeDecorator[datetime]):
    """An aware moment, stored and returned in UTC. Refuses naive ones: nobody could say what they mean."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment without a time zone cannot be stored: {value}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(sa.TypeDecorator[str]):
    """Text from anywhere. PostgreSQL stores no NUL and neither store takes half a surrogate pair: both become a replacement character."""

    impl = sa.Text()
    cache_ok = True

    def bind_processor(self, dialect: sa.Dialect) -> Callable[[str | None], str | None]:
        """As it is: the library's own way calls two functions for each of ten thousand rows' twenty words."""
        return storable

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return storable(value)


def storable(value: str | None) -> str | None:
    """The words that both databases take."""
    if value is None or (value.isascii() and "\0" not in value):
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


class Encoded(str):
    """JSON as text already."""


def as_json(value: Any) -> str:
    """What is bound for a JSON value."""
    return value if isinstance(value, Encoded) else _ENCODE(value)


def words(name: str, **options: Any) -> sa.Column[str]:
    """Text that is never missing."""
    return sa.Column(name, Words(), nullable=False, default="", **options)


def maybe(name: str) -> sa.Column[datetime]:
    """A moment that may be missing."""
    return sa.Column(name, Utc(), nullable=True)


def moment(name: str) -> sa.Column[datetime]:
    """A moment that is never missing."""
    return sa.Column(name, Utc(), nullable=False)


def number(name: str, default: int) -> sa.Column[int]:
    """A whole number."""
    return sa.Column(name, sa.Integer(), nullable=False, default=default)


def words_or_null(name: str) -> sa.Column[str]:
    """Text that may be missing."""
    return sa.Column(name, Words(), nullable=True)


def number_or_null(name: str) -> sa.Column[int]:
    """A whole number that may be missing."""
    return sa.Column(name, sa.Integer(), nullable=True)


def json(name: str) -> sa.Column[Any]:
    """JSON that is never missing."""
    return sa.Column(name, sa.JSON(), nullable=False)


def json_or_null(name: str) -> sa.Column[Any]:
    """JSON, or NULL where there is none."""
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def claim() -> tuple[sa.Column[str], sa.Column[datetime]]:
    """Who owned this row in a release before 0008, which had no table of leases. Nothing here reads or writes it; it stays, like every
    column, because such a release may run beside this one while it is replaced."""
    return sa.Column("claim_token", Words(), nullable=True), maybe("claim_until")


def index(name: str, *columns: sa.Column[Any], where: sa.ColumnElement[bool] | None = None, unique: bool = False) -> sa.Index:
    """An index, partial where a condition is given, alike in both databases."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


metadata = sa.MetaData()
"""All tables: those of `tables`, `health_tables` and `work_tables`."""
