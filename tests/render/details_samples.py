"""The modals of the details: every page of much, and every page of rows."""

from __future__ import annotations

from dataclasses import replace

from bot import model
from bot.render.anomaly import details, failing_rows
from tests.render import samples

MUCH = model.Details(
    replace(samples.ORDERS, description="word " * 6_000), samples.CAPABILITIES, rows=True, missing=["The comments could not be read."]
)
ROWS = model.Rows(("row_id", "contact_email"), [(str(n), "***MASKED***") for n in range(900)], 4_210, samples.NOW)

EVERY = [*details.views(MUCH), *(failing_rows.view(samples.ORDERS, ROWS, "Qualytics", page) for page in range(3))]
