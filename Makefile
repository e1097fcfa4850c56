# The two commands of the README: make demo, make test. Both need Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

unexport PYTHONDONTWRITEBYTECODE  # the tests begin hundreds of processes, each of which would compile nasbed anew

.PHONY: demo test slow check install clean

demo: $(VENV)/.demo ## compare three searches on the embedded table; the page is demo/index.html
	@mkdir -p demo
	@echo "Comparing random search, evolution and local search, 500 runs each, on the embedded table: about 15 seconds."
	$(BIN)/nasbed compare random regularized-evolution local --benchmark digits101 --runs 500 --report demo/index.html
	@echo
	@echo "Open demo/index.html in a browser. Next, one after the other:"
	@echo "  $(BIN)/nasbed info digits101"
	@echo "  $(BIN)/nasbed search regularized-evolution --evaluations 100 --runs 20"
	@echo "  $(BIN)/nasbed landscape digits101 --out landscape"

test: $(VENV)/.dev ## run the tests
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

slow: $(VENV)/.dev ## run the slow tests too
	$(PIP) install --no-deps rliable==1.2.0 arch==8.0.0 absl-py==2.5.1 seaborn==0.13.2
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "slow or not slow" $(ARGS)

check: $(VENV)/.dev ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

install: $(VENV)/.dev ## everything a developer needs

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("nasbed needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing nasbed and what draws figures into $(VENV): a minute or two, and some 600 MB."
	$(PIP) install --constraint constraints.txt --editable '.[report]'
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing PyTorch and what developers need into $(VENV): some minutes, and some 2 GB."
	$(PIP) install --constraint constraints.txt 'torch==$(shell sed -n "s/^torch==//p" constraints.txt)'
	$(PIP) install --constraint constraints.txt --editable '.[dev]'
	touch $@ $(VENV)/.demo

clean: ## remove what the commands above made
	rm -rf $(VENV) demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks
