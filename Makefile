# One recipe for each chore; .ci/run calls the same ones.
PYTHON ?= python

.PHONY: demo test lint fix bench

demo:
	$(PYTHON) -m ui.cli demo

test:
	@$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

fix:
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

# Long measurements; results are kept in benchmarks/RESULTS.md.
bench:
	$(PYTHON) benchmarks/answer.py shop
