# Everything one types in a checkout. `make help` lists it.
# PORT and DATA: where `make run` listens and keeps its data. PYTHON: another Python than the first one of 3.11 or newer.
# ARGS: passed on to pytest.

PORT ?= 8000
DATA ?= ./data
PYTHON ?=
ARGS ?=

BIN := .venv/bin
PREPARE = py="$$(sh scripts/find-python "$(PYTHON)")" && "$$py" scripts/prepare.py

.PHONY: help run test assets lint lock wheel bench soak clean
.DEFAULT_GOAL := help

help: ## Say what there is to type
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## Set up if need be, then serve on http://localhost:$(PORT), data in $(DATA)
	@$(PREPARE) run
	@exec $(BIN)/amends run --port "$(PORT)" --data "$(DATA)"

test: ## Set up if need be, then run the tests (ARGS="tests/unit -k feel")
	@$(PREPARE) test
	@$(BIN)/python -m pytest $(ARGS)

assets: ## Build what the pages load, if its sources changed
	@$(PREPARE) assets

lint: ## Style, types and the direction of imports
	@$(PREPARE) test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check scripts setup.py
	$(BIN)/mypy --strict -p amends
	$(BIN)/lint-imports

lock: ## Write the locks anew from pyproject.toml (needs the network)
	@py="$$(sh scripts/find-python "$(PYTHON)")" && "$$py" scripts/lock.py

wheel: ## Build the wheel into dist/
	@$(PREPARE) test
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

bench: ## Measure: tests/bench, each with the number it has to reach
	@$(PREPARE) test
	@$(BIN)/python -m pytest tests/bench -s $(ARGS)

soak: ## The long ones: kills, many workers, hours of timers
	@$(PREPARE) test
	@$(BIN)/python -m pytest tests -m soak -s $(ARGS)

clean: ## Remove what was made here (not $(DATA))
	rm -rf .venv node_modules webui/static/dist build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
