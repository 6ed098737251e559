# `make demo` and `make test` do all their own set-up; Python 3.11 to 3.13 and make are all they need.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := services voicekit emulators local tools tests bench

# What follows `make demo --` and `make up --` goes to the program: make demo -- --keep
ifneq ($(filter demo up bench,$(firstword $(MAKECMDGOALS))),)
  ARGS := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
  ifneq ($(ARGS),)
    $(eval .PHONY: $(ARGS))
    # Each word by itself: a line that began with "load ..." would be a directive of make's own.
    $(foreach word,$(sort $(ARGS)),$(eval $(word):;@:))
  endif
endif

.DEFAULT_GOAL := help
.PHONY: help demo up test check protos env bench pins clean

help: ## Show what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

demo: $(VENV)/.demo ## Call fifteen emulated borrowers and show what came of it (make demo -- --help)
	@$(BIN)/python -m local demo $(ARGS)

up: $(VENV)/.demo ## Run the whole system on this machine until Ctrl-C (make up -- --help)
	@$(BIN)/python -m local up $(ARGS)

test: check ## Check everything, then run all tests
	@$(BIN)/pytest -n 2 --dist worksteal

check: $(VENV)/.dev ## Lint, types, contracts, protos up to date, lock files free of addresses
	@$(BIN)/ruff format --check $(SOURCES)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports
	@$(BIN)/buf lint
	@$(BIN)/buf format --diff --exit-code
	@$(BIN)/buf breaking --against protos/baseline.binpb
	@$(BIN)/python -m tools.protos --check
	@$(BIN)/python -m tools.env_example --check
	@$(BIN)/mypy
	@! grep -nE 'https?://' requirements/*.txt

protos: $(VENV)/.dev ## Make gen/ from protos/
	@$(BIN)/buf format -w
	@$(BIN)/python -m tools.protos

env: $(VENV)/.dev ## Make .env.example from the services' settings
	@$(BIN)/python -m tools.env_example

bench: $(VENV)/.dev ## Measure: make bench lists what; make bench -- load --help
	@$(BIN)/python -m bench $(ARGS)

PIN := uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q
IMAGES := telephony speech dialog customers dashboard

# An image holds the very versions that were tested: those of requirements/dev.txt.
pins: ## Renew requirements/ from pyproject.toml (needs uv)
	@$(PIN) --all-extras pyproject.toml -o requirements/dev.txt
	@set -e; for part in $(IMAGES) demo; do \
	  $(PIN) --extra $$part -c requirements/dev.txt pyproject.toml -o requirements/$$part.txt; done

clean: ## Remove the virtual environment and what runs have left
	@rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
	  || { echo "Python 3.11, 3.12 or 3.13 is needed; name it with: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the demo needs (a minute or two, once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	@echo "Installing what the tests need (a minute or two, once) ..."
	@$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@ $(VENV)/.demo
