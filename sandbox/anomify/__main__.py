"""`python -m sandbox.anomify --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS]`."""

from __future__ import annotations

from sandbox import alone
from sandbox.anomify import organisation, server, sessions


def main() -> None:
    options = alone.parser("anomify", "Anomify", 8045).parse_args()
    state = organisation.Organisation(seed=options.seed, open_count=options.open)
    state.modes.arrivals = options.arrivals
    standing = server.running(state, options.port, options.latency_ms)
    who = f"token {sessions.SANDBOX_TOKEN}"
    alone.run(options.port, standing, lambda url: f"Anomify sandbox ready at {url} with {options.open} running anomalies ({who})")


if __name__ == "__main__":
    main()
