# Every target makes its own surroundings: a machine with Python 3.11 or newer and nothing else is enough.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: bench browser long check screens test demo serve years guarantees mutants migration clean

check: $(BIN)/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: $(BIN)/ready
	$(BIN)/pytest

# What pytest leaves out: hundreds of seeded runs, walks over every form and page, whole years, hosts cut off for real (docs/decisions/0048)
long: $(BIN)/ready
	$(BIN)/pytest -q -m long

# A tier of its own: needs Debian's chromium and fonts-noto-cjk
browser: $(BIN)/ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test,browser]"
	$(BIN)/pytest -q -n 2 tests/browser

# The pictures of docs/screens, taken anew
screens: $(BIN)/ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test,browser]"
	$(BIN)/python -m tests.browser.screens

demo: $(BIN)/ready
	$(BIN)/starflow demo

serve: $(BIN)/ready
	$(BIN)/starflow serve

# make bench, or make bench QUICK=1: two hours, or twenty minutes, alone on the machine; prints docs/performance.md
bench: $(BIN)/ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test,bench]"
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

# Every scheme in the house plays a year of 524 organisations: about a minute and a half of processor each, by hand before a release
years: $(BIN)/ready
	for scheme in workflow/rating/schemes/*.toml tests/data/red-flag-villages.toml tests/data/quarters.toml; do \
		echo "$$scheme" && $(BIN)/starflow rehearse --scheme "$$scheme" || exit 1; done

# make guarantees TIER=ci (a quarter of an hour) or TIER=full (by hand, before a release)
TIER ?= ci
guarantees: $(BIN)/ready
	$(BIN)/python -m tests.guarantees --tier $(TIER) $(if $(KEEP),--keep)

# Small wrongs in workflow/, one by one, at the back of the queue; by hand before a release. make mutants ONLY='workflow.engine.*' AGAIN=1
ONLY ?= *
mutants: $(BIN)/ready
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[mutation]"
	PATH="$(CURDIR)/$(BIN):$$PATH" nice -n 15 python -m tests.guarantees.mutation --only '$(ONLY)' $(if $(AGAIN),--again)

# make migration revision=0002 message="what changes"
migration: $(BIN)/ready
	$(BIN)/python -m storage.migrations "$(revision)" "$(message)"

clean:
	rm -rf .venv mutants .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist

$(BIN)/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --constraint constraints.txt --editable ".[test]"
	touch $@
