"""`python -m sandbox.qualytics --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS] [--scans SECONDS]`."""

from __future__ import annotations

from sandbox import alone
from sandbox.qualytics import deployment, server


def main() -> None:
    parser = alone.parser("qualytics", "Qualytics", 8042)
    parser.add_argument("--scans", type=float, default=0, metavar="SECONDS", help="somebody starts a scan every so often (0: nobody)")
    parser.add_argument("--operation-seconds", type=float, default=6, help="how long a scan or another operation takes")
    options = parser.parse_args()
    state = deployment.Deployment(seed=options.seed, open_count=options.open)
    state.modes.arrivals, state.modes.scans = options.arrivals, options.scans
    state.modes.operation_seconds = options.operation_seconds
    standing = server.running(state, options.port, options.latency_ms)
    alone.run(options.port, standing, lambda url: f"Qualytics sandbox ready at {url}/api with {options.open} open anomalies")


if __name__ == "__main__":
    main()
