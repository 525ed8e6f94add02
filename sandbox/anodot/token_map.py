"""What the metrics of anomalies have in common: clusters by measure, tokens by property (contracts 2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from sandbox.anodot import account, catalogue

Token = tuple[str, str]


def told(anomalies: Iterable[account.Anomaly], clusters: int | None, tokens: int | None) -> list[dict[str, Any]]:
    """The clusters with the heaviest first; both limits None: all."""
    broken: dict[str, set[catalogue.Metric]] = {}
    for one in anomalies:
        for breach in one.breaches:
            broken.setdefault(breach.metric.measure.what, set()).add(breach.metric)
    found = [_cluster(catalogue.MEASURE[what], metrics, tokens) for what, metrics in broken.items()]
    return sorted(found, key=lambda cluster: -float(cluster["weight"]))[:clusters]


def _cluster(measure: catalogue.Measure, broken: set[catalogue.Metric], limit: int | None) -> dict[str, Any]:
    of_broken, of_all = _counted(broken), _counted(measure.metrics)
    tokens = [_entry(token, count, of_all[token], len(broken)) for token, count in of_broken.items()]
    tokens.sort(key=lambda token: (-float(token["weight"]), token["key"], token["value"]))
    cluster = _entry(("what", measure.what), len(broken), len(measure.metrics), 1)
    return {**cluster, "weight": round(sum(token["weight"] for token in tokens), 5), "tokens": tokens[:limit]}


def _counted(metrics: Iterable[catalogue.Metric]) -> Counter[Token]:
    return Counter(token for metric in metrics for token in metric.properties)


def _entry(token: Token, broken: int, total: int, cluster: int) -> dict[str, Any]:
    """A token weighs more the more of the broken metrics have it, and the fewer of the others."""
    weight = round(0.5 * broken / cluster + 0.5 * broken / total, 5)
    return {"key": token[0], "value": token[1], "weight": weight, "anomalyOccurrences": broken, "totalOccurrences": total}
