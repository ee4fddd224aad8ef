# Two commands do all the set-up: `make run` runs the monitor, `make test` passes the tests.
# Everything they install stays inside this folder (.venv, .cache).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Where libraries that keep caches and settings put them (not for pip, which reads your settings).
INSIDE := XDG_CACHE_HOME="$(CURDIR)/.cache/xdg" XDG_CONFIG_HOME="$(CURDIR)/.cache/xdg" \
	MPLCONFIGDIR="$(CURDIR)/.cache/matplotlib"

.PHONY: run demo test lint torture bench clean

$(VENV)/.run: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	touch $@

$(VENV)/.test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[test,postgres]'
	touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.test
	$(BIN)/pip install --quiet --editable '.[test,postgres,bench]'
	touch $@

run: $(VENV)/.run
	$(INSIDE) $(BIN)/crisis-monitor run

demo: $(VENV)/.run
	$(INSIDE) $(BIN)/crisis-monitor demo

test: $(VENV)/.test
	@mkdir -p .cache
	$(INSIDE) $(BIN)/python -m pytest -m "not torture" -n auto --basetemp=.cache/pytest

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

torture: $(VENV)/.test
	@mkdir -p .cache
	$(INSIDE) $(BIN)/python -m pytest -m torture --basetemp=.cache/pytest

# Small settings; benchmarks/README.md names those of the figures in the documentation.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks.start_up
	$(BIN)/python -m benchmarks.store --mentions 10000
	$(BIN)/python -m benchmarks.detection_pass --sizes 10000,200000 --passes 24
	$(BIN)/python -m benchmarks.daemon_memory --minutes 2 --every 0.5
	$(BIN)/python -m benchmarks.surge cost
	$(BIN)/python -m benchmarks.sentiment
	$(BIN)/pip install --quiet --upgrade --no-deps --target .cache/compiled .
	PYTHONSAFEPATH=1 PYTHONPATH=.cache/compiled:. $(BIN)/python -m benchmarks.sentiment

clean:
	rm -rf $(VENV) .cache build *.egg-info
