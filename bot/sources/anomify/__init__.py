"""Anomify: metrics that leave what is expected of them; it tells of an anomaly, and keeps nothing that people make of it (contracts
section 3)."""
