"""The rows behind an anomaly (contracts 1.4 and 8): read when somebody asks, as masked as Qualytics gives them, and kept nowhere.

Masked values are never asked for: revealing them takes a right of its own, and is audited there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bot import errors, model
from bot.sources import judging
from bot.sources.qualytics import by_id, client, schema

MOST = 200
"""So many rows are read of an answer; how many there are is told."""


class SourceRows:
    """The port `Rows` of one deployment."""

    def __init__(self, api: client.Client, known: by_id.ById) -> None:
        self._api, self._by_id = api, known

    async def rows(self, anomaly: model.Anomaly) -> model.Rows:
        """The rows of an anomaly that this desk looks after. The call takes no parameters. Raises SourceError, which quotes nothing of the
        answer."""
        ident = anomaly.ref.id
        if await self._by_id.one(ident) is None:
            raise errors.SourceMissing(self._api.name, f"{self._api.title} has no anomaly {ident} that this desk looks after.")
        where = anomaly.datastore.name if anomaly.datastore else ""
        try:
            reply = await self._api.read(f"{self._api.at('anomalies', ident)}/source-record", ask=judging.Ask("Reporter", where))
        except errors.SourceMissing:
            return model.Rows()
        except errors.SourceError as error:
            raise self._unquoted(error) from None
        return self._read(reply)

    def _unquoted(self, error: errors.SourceError) -> errors.SourceError:
        """The same without Qualytics' own words, which may be about the rows."""
        said = str(error).partition(f" {self._api.title} says:")[0]
        unchanged = said == str(error)
        return error if unchanged else errors.SourceError(error.source, said)

    def _read(self, reply: Any) -> model.Rows:
        """One object, or a list of such: the vendor's own models disagree."""
        entries = [one for one in (reply if isinstance(reply, list) else [reply]) if isinstance(one, Mapping)]
        found = [row for one in entries for row in self._unpacked(one.get("source_record"))]
        taken = next((at for one in entries if (at := schema.moment(one.get("created")))), None)
        columns = tuple(dict.fromkeys(str(name) for row in found[:MOST] for name in row))
        cells = [tuple(_cell(row[name]) if name in row else "" for name in columns) for row in found[:MOST]]
        return model.Rows(columns, cells, len(found), taken)

    def _unpacked(self, record: Any) -> list[Mapping[str, Any]]:
        """A text that holds an array of objects. Raises SourceGarbled for what cannot be read, and quotes nothing of it."""
        try:
            read = judging.parse(record.encode()) if isinstance(record, str) else record
        except ValueError:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave rows that cannot be understood.") from None
        rows = read if isinstance(read, list) else [] if read is None else [read]
        if not all(isinstance(row, Mapping) for row in rows):
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave rows that cannot be understood.")
        return rows


def _cell(value: Any) -> str:
    """As it is written in the data: a text as it is, nothing as "null"."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
