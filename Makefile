# The front door. Each target sets up what it needs and re-uses what is there; PYTHON=python3.12 picks another interpreter.
SHELL := /bin/bash
PYTHON ?= python3
export PYTHON
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench soak screenshots fuzz validator ui pin clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' Makefile

demo:  ## run the brain volumetry example and print its table
	@scripts/setup.sh demo
	@$(BIN)/python examples/brain-volumetry/demo.py

test:  ## check style, types and architecture, then run the tests against a real engine
	@scripts/setup.sh demo,test
	@$(MAKE) --no-print-directory checks
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not soak"

lint:  ## only the checks of style, types and architecture
	@scripts/venv.sh demo,test
	@$(MAKE) --no-print-directory checks

.PHONY: checks
checks:
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench:  ## run the benchmarks; results also go to benchmarks/results
	@scripts/setup.sh demo,bench
	@set -e; for benchmark in benchmarks/[a-z]*.py; do echo "== $$benchmark"; $(BIN)/python "$$benchmark"; done

soak:  ## the long runs that make test leaves out
	@scripts/setup.sh demo,test
	@scripts/site_programs.sh
	@$(BIN)/python -m pytest -m soak --timeout 0

screenshots:  ## take the pictures of the documentation anew, by the tests that use the Prefect UI in a browser
	@BROWSER_TESTS=required scripts/setup.sh demo,test
	@BROWSER_TESTS=required PICTURES_INTO=docs/images $(BIN)/python -m pytest -m "soak or not soak" \
		--basetemp=/tmp/component-flows tests/browser

fuzz:  ## look for inputs that break the checks of values and definitions; FUZZ_S=600 takes longer than 60 s a target
	@scripts/venv.sh demo,test,fuzz
	@$(BIN)/python tests/fuzz/guided.py --seconds $${FUZZ_S:-60}

validator:  ## set up, beside .venv, the tool that holds exported runs against their profiles; make test uses it then
	@scripts/venv.sh --bare
	@test -x .venv-validator/bin/rocrate-validator || .venv/bin/python -m venv .venv-validator
	@.venv-validator/bin/python -m pip install --quiet --disable-pip-version-check 'roc-validator>=0.13' 'rocrate>=0.16'

ui:  ## show the runs in the Prefect UI
	@scripts/venv.sh
	@$(BIN)/component-flows ui

pin:  ## write the installed versions into constraints.txt
	@scripts/venv.sh --bare
	@$(BIN)/python -m pip install --quiet --editable '.[demo,test,bench]'
	@$(BIN)/python scripts/pin.py

clean:  ## remove .venv, caches and outputs; the engine, its images and recorded runs stay
	@rm -rf .venv .venv-validator build dist output benchmarks/results *.egg-info \
		.mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
