# Two commands do all the set-up: `make run` runs the monitor, `make test` passes the tests.
# Everything they install stays inside this folder (.venv, .cache).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run demo test lint torture bench clean

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test,postgres]'
	touch $@ $(VENV)/.run

run: $(VENV)/.run
	$(BIN)/crisis-monitor run

demo: $(VENV)/.run
	$(BIN)/crisis-monitor demo

test: $(VENV)/.test
	$(BIN)/python -m pytest -m "not torture" -n auto

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

torture: $(VENV)/.test
	$(BIN)/python -m pytest -m torture

clean:
	rm -rf $(VENV) .cache build *.egg-info
