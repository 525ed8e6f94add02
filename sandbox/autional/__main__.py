"""`python -m sandbox.autional --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS]`."""

from __future__ import annotations

from sandbox import alone
from sandbox.autional import catalogue, server, tenant, tokens


def main() -> None:
    options = alone.parser("autional", "Autional", 8043).parse_args()
    state = tenant.Tenant(seed=options.seed, open_count=options.open)
    state.modes.arrivals = options.arrivals
    who = f"tenant {catalogue.TENANT}, client {tokens.CLIENT_ID}, secret {tokens.CLIENT_SECRET}"
    standing = server.running(state, options.port, options.latency_ms)
    alone.run(options.port, standing, lambda url: f"Autional sandbox ready at {url}/bff with {options.open} open anomalies ({who})")


if __name__ == "__main__":
    main()
