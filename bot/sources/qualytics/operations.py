"""Scans and their relatives: what the vendor's client sends, what its page sends, and the list of what runs and ran (contracts 1.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot import errors, model
from bot.sources import base, judging
from bot.sources.qualytics import client, dialect, lookup_pages, payloads, place_names, schema, scoping

Options = Mapping[str, Any]

_TABLES = "The tables and tags are named by the command itself."
_DATASTORE = "The datastore is named by the command itself."

FORBIDDEN = {
    "recreate": "This desk never rebuilds a catalogue. Do it in Qualytics.",
    "remediation": "Remediation is set on the datastore in Qualytics, not on a scan.",
    "datastore_id": _DATASTORE,
    "datastore_ids": _DATASTORE,
    "container_names": _TABLES,
    "container_ids": _TABLES,
    "container_tags": _TABLES,
    "type": "The kind of operation is named by the command itself.",
}

OTHER_FORM = {"client": "page", "page": "client"}
FORM_FIELDS = frozenset({"body", "datastore_id", "datastore_ids", "container_names", "container_ids"})
"""What a refusal names when it is about the form of a body, not about a value in it."""

LISTED_AS: Mapping[str, Sequence[str]] = {"sync": ("catalog", "sync")}
"""The words of the list's filter for a kind, where they are not its own name: one deployment knows this, another that."""
MOST_PAGES = 20
"""Pages that are looked through for a few operations where the deployment does not filter."""
DAY = timedelta(days=1)


def _chosen(request: model.ScanRequest) -> Mapping[str, Any]:
    chosen = {"container_names": list(request.tables), "container_tags": list(request.tags)}
    return {key: value for key, value in chosen.items() if value}


def _scan(request: model.ScanRequest) -> Options:
    return {"incremental": False, **_chosen(request)}


def _sync(_request: model.ScanRequest) -> Options:
    return {"prune": False, "recreate": False}


def _export(request: model.ScanRequest) -> Options:
    tags = {"container_tags": list(request.tags)} if request.tags else {}
    return {"asset_type": "anomalies", "include_deleted": False, **tags}


KINDS: Mapping[str, Callable[[model.ScanRequest], Options]] = {
    "scan": _scan,
    "sync": _sync,
    "profile": _chosen,
    "materialize": _chosen,
    "export": _export,
}
BY_IDS = frozenset({"export"})
"""Kinds whose tables the client sends as ids."""


def fault(request: model.ScanRequest) -> str:
    """Why a request cannot be sent at all, "" when it can."""
    if request.kind not in KINDS:
        return f"Qualytics has no operation {request.kind}. It has {', '.join(KINDS)}."
    if request.kind == "sync" and (request.tables or request.tags):
        return "A sync always covers the whole datastore. Leave out the tables and tags."
    return next((because for key, because in FORBIDDEN.items() if request.options.get(key) is not None), "")


def body(request: model.ScanRequest, ids: Sequence[str] = (), *, form: str = "client") -> Mapping[str, Any]:
    """The body of `POST /operations/run` as the client or the page has it; `ids` are those of the tables where they are wanted. Nulls are
    left out, as the vendor's client does."""
    datastore = payloads.number(request.datastore)
    where = {"datastore_id": datastore} if form == "client" else {"datastore_ids": [datastore]}
    whole = {**where, "type": request.kind, **KINDS[request.kind](request), **request.options}
    if ids:
        whole.pop("container_names", None)
        whole["container_ids"] = [payloads.number(one) for one in ids]
    return {key: value for key, value in whole.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which operations are asked for: `datastores` () for all, `kind` "" for any, `limit` 0 for as many as there are."""

    datastores: Sequence[str]
    since: datetime | None
    running: bool
    kind: str
    limit: int

    def holds(self, scan: model.Scan) -> bool:
        """Whether this is one of them; one that does not say where it runs may run anywhere."""
        if self.datastores and (scan.datastore is None or scan.datastore.id not in self.datastores):
            return False
        if (self.kind and scan.kind != self.kind) or (self.running and scan.ended is not None):
            return False
        return self.since is None or scan.started is None or scan.started >= self.since

    def params(self) -> base.Params:
        """The filters that hold for every word of the kind. Days are asked for with one to spare: nobody says in which time zone they
        are."""
        finished = [("finished", "false")] if self.running else []
        return [("sort_created", "desc"), *finished, *([("start_date", (self.since - DAY).date().isoformat())] if self.since else [])]


class Operations:
    """Starts, shows, lists and stops the operations of one deployment."""

    def __init__(
        self, *, api: client.Client, dialect: dialect.Dialect, places: place_names.Places, lists: lookup_pages.Lists, reader: schema.Reader
    ) -> None:
        self._api, self._dialect, self._places, self._lists, self._reader = api, dialect, places, lists, reader
        self._forms_tried: datetime | None = None
        self._unknown_words: set[str] = set()

    # --- starting ------------------------------------------------------------------------------------------------------

    async def start(self, request: model.ScanRequest) -> model.Scan:
        """Start an operation: sent once, and once more in the other form when the refusal is about the form. Tables are names.

        Raises SourceRejected for what is never sent, SourceMissing for a table that is not there, SourceUnavailable when nobody knows
        whether it was started."""
        because = fault(request)
        if because:
            raise errors.SourceRejected(self._api.name, because)
        if not (await self._places.within()).knows(request.datastore):
            raise scoping.missing(self._api.name, self._api.title, "datastore", request.datastore)
        form = self._dialect.traits.operations
        try:
            return await self._send(request, await self._body(request, form))
        except errors.SourceRejected as error:
            if not _about_form(error) or self._dialect.lately(self._forms_tried):
                raise
            return await self._otherwise(request, OTHER_FORM.get(form, "client"), error)

    async def _otherwise(self, request: model.ScanRequest, form: str, refused: errors.SourceRejected) -> model.Scan:
        """The other form, remembered unless it is refused for its form too."""
        body = await self._body(request, form)
        try:
            scan = await self._send(request, body)
        except (errors.SourceRejected, errors.SourceForbidden, errors.SourceMissing) as error:
            if _about_form(error):
                self._forms_tried = self._dialect.now()
                raise refused from None
            await self._dialect.learn(operations=form)
            raise
        await self._dialect.learn(operations=form)
        return scan

    async def _body(self, request: model.ScanRequest, form: str) -> Mapping[str, Any]:
        if not request.tables or (form == "client" and request.kind not in BY_IDS):
            return body(request, form=form)
        try:
            ids = await self._places.table_ids(request.tables, [request.datastore])
        except errors.NotFound as error:
            raise errors.SourceMissing(self._api.name, str(error)) from error
        return body(request, ids, form=form)

    async def _send(self, request: model.ScanRequest, body: Mapping[str, Any]) -> model.Scan:
        ask = judging.Ask("Editor", self._places.name(request.datastore))
        answer = await self._api.write("POST", "operations/run", body=body, ask=ask)
        try:
            return self._read(self._api.json(answer))
        except errors.SourceGarbled as error:
            said = f"{self._api.title} took the request, but gave an answer that cannot be understood."
            raise errors.SourceUnavailable(self._api.name, said) from error

    # --- one -----------------------------------------------------------------------------------------------------------

    async def one(self, ident: str) -> model.Scan:
        """One operation as it stands. Raises SourceMissing for one outside the scope."""
        within = await self._places.within()
        scan = self._read(await self._api.read(self._api.at("operations", ident)))
        if not within.holds(scan.datastore):
            raise scoping.missing(self._api.name, self._api.title, "operation", ident)
        return scan

    async def abort(self, ident: str) -> model.Scan:
        """Ask an operation to stop; it may have ended already. Where the scope is narrowed, it is looked at first."""
        if (await self._places.within()).ids:
            await self.one(ident)
        path = self._api.at("operations/abort", ident)
        return self._read(self._api.json(await self._api.write("PUT", path, ask=client.EDITOR)))

    def _read(self, raw: Any) -> model.Scan:
        scan = self._reader.scan(raw)
        if scan is None:
            raise errors.SourceGarbled(self._api.name, f"{self._api.title} gave an operation that cannot be understood.")
        return scan

    # --- many ----------------------------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted) -> Sequence[model.Scan]:
        """Those that are wanted, newest first. A limit of one is one small call, two where the kind has two names."""
        words = LISTED_AS.get(wanted.kind, (wanted.kind,))
        found = await base.together(self._listed(wanted, word) for word in words)
        if len(found) > 1:
            both = {one.id: one for scans in found for one in scans}
            found = [sorted(both.values(), key=_age, reverse=True)]
        return found[0][: wanted.limit] if wanted.limit else found[0]

    async def _listed(self, wanted: Wanted, word: str) -> Sequence[model.Scan]:
        """By one word of the filter; without it where the deployment refuses that word."""
        if word and word not in self._unknown_words:
            try:
                return await self._pages(wanted, [*wanted.params(), ("operation_type", word)])
            except errors.SourceRejected as error:
                if not any("operation_type" in field for field in error.fields):
                    raise
                self._unknown_words.add(word)
        return await self._pages(wanted, wanted.params())

    async def _pages(self, wanted: Wanted, params: base.Params) -> Sequence[model.Scan]:
        if not wanted.limit:
            return self._kept(wanted, await self._lists.every("operations", wanted.datastores, params))
        size = min(wanted.limit, client.SIZE)
        page = await self._lists.page("operations", wanted.datastores, params, size=size)
        kept = self._kept(wanted, page.items)
        if len(kept) >= wanted.limit or page.ends(1):
            return kept
        return await self._searched(wanted, params)

    async def _searched(self, wanted: Wanted, params: base.Params) -> Sequence[model.Scan]:
        """Something was among the first that was not asked for: look through full pages until there are enough."""
        items: list[Any] = []
        for number in range(1, MOST_PAGES + 1):
            page = await self._lists.page("operations", wanted.datastores, params, number=number)
            items += page.items
            if len(self._kept(wanted, items)) >= wanted.limit or page.ends(number):
                break
        return self._kept(wanted, items)

    def _kept(self, wanted: Wanted, items: Sequence[Any]) -> Sequence[model.Scan]:
        read = [self._reader.scan(one) for one in items]
        known = {one.id: one for one in read if one is not None and wanted.holds(one)}
        return list(known.values())


def _about_form(error: errors.SourceError) -> bool:
    """The refusal is about the form of the body ("body.scan.datastore_id"), not about a value in it."""
    if not isinstance(error, errors.SourceRejected) or error.status != 422:
        return False
    return any(field.rpartition(".")[2] in FORM_FIELDS for field in error.fields)


def _age(scan: model.Scan) -> tuple[float, int, str]:
    return (scan.started.timestamp() if scan.started else 0.0, len(scan.id), scan.id)
