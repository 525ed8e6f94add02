"""The options of Qualytics' own command line, and the words for them here: people know them, and get the same in words."""

from __future__ import annotations

from collections.abc import Mapping

from bot import model

FLAGS: Mapping[str, str] = {
    "ids": "", "id": "", "status": "status:", "tags": "+tag:", "tag": "tag:", "assignee-ids": "assign:", "assignee-id": "assign:",
    "description": "describe:", "datastore-id": "datastore:", "datastore": "datastore:", "container": "table:", "container-id": "table:",
    "table": "table:", "check-id": "check:", "type": "type:", "rule-type": "rule:", "start-date": "since:", "end-date": "until:",
    "source-enriched": "enriched:yes", "limit": "limit:", "format": "-", "output": "-",
}  # fmt: skip
"""Of what changes anomalies (vendor page "Bulk anomaly triage")."""

SCAN_FLAGS: Mapping[str, str] = {
    **dict.fromkeys(("datastore-id", "datastore-ids", "datastore", "datastores", "id", "ids"), ""),
    **dict.fromkeys(("container-names", "container-name", "container-ids", "container-id", "containers", "container"), "tables:"),
    **dict.fromkeys(("tables", "table"), "tables:"),
    **dict.fromkeys(("container-tags", "container-tag", "tags", "tag"), "tags:"),
    "asset-type": "of:",
    "incremental": "incremental",
    **dict.fromkeys(("auto-resolve-passed-anomalies", "auto-resolve"), "auto-resolve:on"),
    **dict.fromkeys(("no-auto-resolve-passed-anomalies", "no-auto-resolve"), "auto-resolve:off"),
    "help": "help",
    **dict.fromkeys(("prune", "recreate", "background", "infer-as-draft", "include-deleted"), "--"),
    **dict.fromkeys(("poll-interval", "timeout", "include", "ai-effort", "remediation", "since", "batch", "records", "limit"), "-"),
    **dict.fromkeys(("max-records-analyzed-per-partition", "max-records-per-partition", "max-records"), "-"),
    **dict.fromkeys(("enrichment-source-record-limit", "greater-than-time", "greater-than-batch"), "-"),
    **dict.fromkeys(("max-count-testing-sample", "percent-testing-threshold", "high-correlation-threshold"), "-"),
    "histogram-max-distinct-values": "-",
}
"""Of operations (vendor page "Targeted scans")."""

OPTIONS = model.ClientOptions("qualytics", FLAGS, SCAN_FLAGS)
