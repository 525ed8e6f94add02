"""Qualytics: anomalies of data quality checks, found by scans of datastores."""

from __future__ import annotations
