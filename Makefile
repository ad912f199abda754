# Every target sets up what it needs; a second run finds it done.
VENV := .venv
PY := $(VENV)/bin/python
PYTHON ?= python3

.PHONY: demo test check bench crash setup
.DELETE_ON_ERROR:

setup: $(VENV)/.done node_modules/.done build/console/.done

$(VENV)/.done: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Backstop needs python3 3.11 or later (this is $$($(PYTHON) --version)). Name another: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

node_modules/.done: package.json package-lock.json .npmrc
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || { echo "Backstop needs node 20 or later (this is $$(node --version))."; exit 1; }
	npm ci --prefer-offline --no-progress
	@touch $@

build/console/.done: node_modules/.done $(wildcard sandbox/console/*) $(wildcard sandbox/console/src/*)
	node sandbox/console/build.mjs
	@touch $@

demo: setup
	$(PY) -m sandbox $(if $(STAGING),--staging)

test: setup
	$(PY) -m tests.run

check: setup
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/deptry .
	node_modules/.bin/tsc --noEmit --project sandbox/console
	node_modules/.bin/tsc --noEmit --project sandbox/app/convex

bench: setup
	$(PY) -m tests.bench

crash: setup
	$(PY) -m tests.crash sqlite
	$(PY) -m tests.crash postgresql
	$(PY) -m tests.crash real sqlite
	$(PY) -m tests.crash real postgresql
	$(PY) -m tests.crash staged sqlite
	$(PY) -m tests.crash staged postgresql
