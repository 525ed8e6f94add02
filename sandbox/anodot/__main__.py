"""`python -m sandbox.anodot --port N --seed S --latency-ms L [--open N] [--arrivals SECONDS]`."""

from __future__ import annotations

from sandbox import alone
from sandbox.anodot import account, server, tokens


def main() -> None:
    options = alone.parser("anodot", "Anodot", 8044).parse_args()
    state = account.Account(seed=options.seed, open_count=options.open)
    state.modes.arrivals = options.arrivals
    standing = server.running(state, options.port, options.latency_ms)
    who = f"access key {tokens.SANDBOX_KEY}"
    alone.run(options.port, standing, lambda url: f"Anodot sandbox ready at {url} with {options.open} open anomalies ({who})")


if __name__ == "__main__":
    main()
