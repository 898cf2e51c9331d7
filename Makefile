# Doorstep: every target works on a fresh machine with python3 >= 3.11 and make.
PYTHON ?= python3
VENV   ?= .venv
ARGS   ?=
DATA   ?=
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
WARM   := $(VENV)/.compiled
LOOPS  := $(addprefix marketplace/matching/,annealing.py arrays.py compiled.py driving.py recreating.py ruining.py)

# Where Python may leave no compiled code in the tree, each of the many processes of a test or of the demo would compile
# all of it anew, and take twice as long. Kept beside the libraries it leaves no trace either.
ifneq ($(PYTHONDONTWRITEBYTECODE),)
export PYTHONPYCACHEPREFIX := $(abspath $(VENV))/bytecode
export PYTHONDONTWRITEBYTECODE :=
endif

.PHONY: help install demo test storm check bench bench-matching lock clean

help:            ## Lists what can be made.
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

install: $(WARM) ## Installs the locked dependencies and Doorstep itself into .venv.

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Doorstep needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] if not (3, 11) <= sys.version_info[:2] <= (3, 13) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked dependencies into $(VENV) ..."
	@if command -v uv >/dev/null 2>&1; then \
	  uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock && \
	  uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e . ; \
	else \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . ; \
	fi
	@touch $(STAMP)

$(WARM): $(STAMP) $(LOOPS)
	@echo "Compiling the matcher's inner loops ..."
	@$(BIN)/python -m marketplace.matching.warming
	@touch $(WARM)

demo: install    ## Runs the whole story on embedded servers; make demo ARGS='--exit --json' ends by itself.
	@$(BIN)/python -m marketplace demo $(ARGS)

test: install    ## Runs the whole suite on its own throw-away servers.
	@$(BIN)/python -m pytest -n $$($(BIN)/python -c 'import os; print(min(4, os.cpu_count() + 2))') --dist loadfile --no-loadscope-reorder $(ARGS)

storm: install   ## A thousand operations and a thousand payouts through the Stripe stand-in while half of all requests go wrong.
	@STORM_OPERATIONS=$${STORM_OPERATIONS:-1000} $(BIN)/python -m pytest tests/races/test_payment_storm.py -q -s $(ARGS)
	@$(BIN)/python -m tests.storms

check: install   ## Lint, format, types, import contracts, the committed schema, the lock file and what is deployed.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m schema.export --check
	@! grep -q '://' requirements.lock deploy/*.lock || { echo 'a lock file names a host'; exit 1; }
	$(BIN)/hadolint deploy/Dockerfile
	$(BIN)/yamllint --strict --config-file deploy/yamllint.yaml deploy
	$(BIN)/kubernetes-validate --strict --quiet --no-warn deploy/kubernetes/*.yaml

bench: install   ## Measures the hot paths against bare baselines in the same run.
	@$(BIN)/python -m pytest tests/benchmarks -m bench -q -s -p no:cacheprovider $(ARGS)

bench-matching: install ## Measures the matcher on public sets: make bench-matching DATA=folder; without it says what belongs there.
	@$(BIN)/python -m tests.benchmarks.matching '$(DATA)' $(ARGS)

lock:            ## Writes requirements.lock, and what images install of it, anew from pyproject.toml (needs uv).
	uv pip compile --quiet --universal --generate-hashes --group dev pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes -c requirements.lock pyproject.toml -o deploy/runtime.lock
	uv pip compile --quiet --universal --generate-hashes -c requirements.lock --extra otel pyproject.toml -o deploy/otel.lock

clean:           ## Removes the environment and the local state of demo and tests.
	rm -rf $(VENV) .doorstep
