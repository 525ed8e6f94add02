"""Anodot: anomalies of metrics, grouped; people work on the triggers that alerts raise for them (contracts section 2)."""
