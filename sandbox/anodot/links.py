"""Addresses of the vendor's pages for people."""

from __future__ import annotations

from collections.abc import Iterable


def investigate(base: str, anomaly: str, resolution: str, triggers: Iterable[str]) -> str:
    """The page of one anomaly; the state of the page is in the fragment (contracts 2.6)."""
    return (
        f"{base}/#!/anomalies?tabs=main;0&activeTab=1&anomalies=;0({anomaly})&duration=;1(1)&durationScale=;minutes(minutes)"
        f"&delta=;0(0)&deltaType=;percentage(percentage)&resolution=;{resolution}({resolution})&score=;0(0)&state=;both(both)"
        f"&direction=;both(both)&bookmark=;()&alertId=;({','.join(triggers)})&sort=;significance(significance)&q=;()"
        "&constRange=;1h(c)&startDate=;0(0)&endDate=;0(0)"
    )
