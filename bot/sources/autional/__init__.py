"""Autional: the audit service of one tenant, whose anomalies are cases for an analyst (contracts section 4)."""
