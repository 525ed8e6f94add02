"""How many examples Hypothesis tries: the same few for everybody with each `make test`, many random ones with
`pytest --hypothesis-profile thorough`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

QUICK = "quick"

settings.register_profile(QUICK, max_examples=50, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
settings.register_profile("thorough", settings.get_profile(QUICK), max_examples=1_000, derandomize=False, print_blob=True)


def times(factor: int) -> settings:
    """This many times the examples of the profile, for a test whose single example is cheap and says little."""
    assert settings.default is not None
    return settings(max_examples=factor * settings.default.max_examples)
