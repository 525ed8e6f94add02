# Everything sets itself up: a virtual environment in .venv, and a Chromium for the browser tests.
PYTHON ?= python3
PY := .venv/bin/python
QUICK := tests/core tests/render tests/store tests/services
# Half of all the tests' time is waiting: two workers for each processor. Those of `quick` compute.
WORKERS = $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) * 2)")

# What is compiled once serves all workers, and all processes that tests start, also where the environment says to keep nothing.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help demo pictures test quick mutants check fmt bench run browser clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

demo: .venv/.ready  ## the whole product offline, in the browser
	$(PY) -m sandbox

pictures: .venv/.ready browser  ## docs/pictures and docs/using.md, from the sandbox, some minutes
	$(PY) -m tests.pictures

test: .venv/.ready browser  ## all tests
	$(PY) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

quick: .venv/.ready  ## the inner loop: rules, rendering, services, and the store on SQLite, without what takes long
	$(PY) -m pytest $(QUICK) -m "not postgresql and not long" -n auto --dist loadfile --no-loadscope-reorder

mutants: .venv/.ready  ## what the tests of the services would not notice: 40 random changes, some minutes
	$(PY) -m tests.mutants bot/services --tests tests/services tests/handlers --keep .mutants_map.json

check: .venv/.ready  ## format, lint, types, import rules
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports

fmt: .venv/.ready  ## mend format and lint where that is safe
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench: .venv/.ready  ## ratios against a floor measured in the same run
	$(PY) -m bench

run: .venv/.ready  ## the bot, configured by the environment
	$(PY) -m bot run

browser: .venv/.ready
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null \
	  || $(PY) -m playwright install chromium \
	  || (apt-get update -qq && apt-get install -y -qq chromium) \
	  || (echo "The browser tests need Chromium: apt-get install chromium, or playwright install chromium." >&2; exit 1)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
