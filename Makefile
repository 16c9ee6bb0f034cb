# `make help` lists what there is. Everything lives in .venv; a target that is set up starts at once.
SHELL := /bin/bash
.DEFAULT_GOAL := help
BIN := .venv/bin
# An environment knows the folder it was made in: a copy of the checkout makes its own.
MADE := .venv/.made-in$(subst /,-,$(CURDIR))
RUN := .venv/.ready-run
DEV := .venv/.ready-dev
PEERS := .venv-peers/.ready
WORKERS ?= 2
# Pins leave out what was published after this day: mirrors take a while to agree on the newest releases.
PINNED := 2026-10-31
# Starting a command takes three times as long where its modules must be compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE

# The first of these that is there and new enough; `make PYTHON=…` names another.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)

# $(call three_tries,what it is,command): mirrors of package registries fail now and then.
PAUSE ?= 3
define three_tries
for try in 1 2 3; do \
	if $(2); then break; fi; \
	if [ $$try = 3 ]; then \
		echo "Three tries at $(1) failed; the reason stands above. Is there a network, and a package registry that pip knows of?" >&2; \
		exit 1; \
	fi; \
	echo "Try $$try of 3 at $(1) failed; once more in $(PAUSE) s." >&2; \
	sleep $(PAUSE); \
done
endef

help: ## list the recipes
	@grep -hE '^[a-z][a-z-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(MADE): requirements/install.txt
	@python="$(PYTHON)"; \
	if ! "$${python:-python3}" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
		echo "Klokker needs Python 3.11 or later; $${python:-python3} is $$("$${python:-python3}" --version 2>/dev/null || echo not there)." >&2; \
		echo "Install one (Debian 12 or later: apt install python3 python3-venv), or name it: make PYTHON=python3.12 …" >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python lacks the module venv: install it (Debian: apt install python3-venv), or name another Python: make PYTHON=…" >&2; \
		exit 1; \
	fi; \
	echo "Setting up .venv; this is done once, and takes half a minute or so …" >&2; \
	"$$python" -m venv --clear .venv
	@$(call three_tries,installing uv,$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<)
	@touch $@

$(RUN): $(MADE) requirements/run.txt pyproject.toml
	@$(call three_tries,installing what Klokker needs,$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements/run.txt)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(DEV): $(RUN) requirements/dev.txt
	@$(call three_tries,installing the tools,$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt)
	@touch $@

setup: $(DEV) ## install everything for working on Klokker into .venv

lint: $(DEV) ## format check, lint, types, import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@kept=$$($(BIN)/lint-imports --no-logo) || { echo "$$kept"; exit 1; }

quick: $(DEV) ## lint and the fast tests, under a minute
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -q -n $(WORKERS) -m "not acceptance"

test: $(DEV) ## everything that CI runs
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n $(WORKERS)

TORTURE_MINUTES ?= 20

torture: $(DEV) ## kill processes and servers for TORTURE_MINUTES (20), and prove after each volley; SEED=7 begins with that seed
	@KLOKKER_TEST_TORTURE_MINUTES=$(TORTURE_MINUTES) KLOKKER_TEST_SEED=$${SEED:-$$RANDOM} \
		$(BIN)/pytest -s tests/acceptance/volleys

PAIRS ?= 1000000

oracle: $(DEV) ## compare cron with cronsim and croniter on PAIRS (1000000) of expression and zone; SEED=7 begins with that seed
	@$(BIN)/python -m tests.core.timetables.oracle --pairs $(PAIRS) --seed $${SEED:-0} --processes $(WORKERS)

DEMO_HOME ?= demo-data
DEMO := KLOKKER_HOME=$(DEMO_HOME) DJANGO_SETTINGS_MODULE=examples.settings PYTHONPATH=.

demo: $(RUN) ## watch five systems catch up after a weekend off; Ctrl-C (or DEMO_SECONDS=20) ends it with the account
	@$(DEMO) $(BIN)/python -m examples.demo

picture: $(DEV) ## draw the README's picture from what the demonstration left
	@$(DEMO) $(BIN)/python docs/pictures/draw.py docs/pictures/demo.svg --width 110 \
		"klokker show delete_log_entries" "klokker account | tail -n 1"

serve: $(RUN) ## the standalone service on the demonstration's data folder
	@$(DEMO) $(BIN)/klokker serve

$(PEERS): benchmarks/requirements.txt $(MADE)
	@$(BIN)/python -m venv --clear .venv-peers
	@$(call three_tries,installing the peers,$(BIN)/uv pip install --quiet --python .venv-peers/bin/python --require-hashes -r $<)
	@touch $@

bench: $(DEV) $(PEERS) ## measure all beside the peers, in some twenty minutes; ONLY=cron measures one
	@$(BIN)/python -m benchmarks $(ONLY)

COMPILE = $(BIN)/uv pip compile --quiet --upgrade --exclude-newer $(PINNED) --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate

pins: $(MADE) ## pin the dependencies anew, with hashes
	@$(COMPILE) pyproject.toml --all-extras -o requirements/run.txt
	@$(COMPILE) pyproject.toml --all-extras --group dev -c requirements/run.txt -o requirements/dev.txt
	@$(COMPILE) benchmarks/requirements.in -c requirements/run.txt -o benchmarks/requirements.txt
	@printf 'uv\nhatchling\n' | $(COMPILE) - -c requirements/dev.txt -o requirements/install.txt

clean: ## remove .venv and caches
	@rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist

.PHONY: help setup lint quick test torture oracle demo picture serve bench pins clean
