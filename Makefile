# Entente: `make` alone prints this help.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PY ?= python3
VENV := .venv
RUN := $(VENV)/bin

.PHONY: help
help: ## this help
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# pip installs into the environment from outside: Debian's python3 has no ensurepip and guards its own pip.
$(VENV)/bin/python:
	@echo "setting up $(VENV) (only this time)"
	@$(PY) -m venv --without-pip $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(VENV)/bin/python
	@$(PY) -m pip --python $(VENV)/bin/python install -q --require-hashes -r requirements/runtime.txt
	@$(PY) -m pip --python $(VENV)/bin/python install -q --no-deps --no-build-isolation --no-index -e .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.runtime
	@$(PY) -m pip --python $(VENV)/bin/python install -q --require-hashes -r requirements/test.txt
	@touch $@

.PHONY: demo
demo: $(VENV)/.runtime ## set up and play the night of 2019 with two real nodes, then the whole case around it
	@$(RUN)/entente demo
	@$(RUN)/entente demo examples/scenarios/jp-kr-2016-2023

.PHONY: up
up: $(VENV)/.runtime ## start two nodes on this machine and say where they are
	@$(RUN)/python -m entente.cli.up

.PHONY: down
down: ## stop the nodes that `make up` started
	@test ! -x $(RUN)/python || $(RUN)/python -m entente.cli.up --down

.PHONY: test
test: $(VENV)/.test system-packages ## set up and pass every test
	@$(RUN)/ruff check .
	@$(RUN)/ruff format --check .
	@$(RUN)/mypy
	@$(RUN)/lint-imports
	@$(RUN)/python -m coverage erase
	@$(RUN)/python -m pytest -q -n 2 -m "not long"
	@$(RUN)/python -m coverage run -m pytest -q -m "not long" tests/unit/domain tests/unit/record
	@$(RUN)/python -m coverage report

.PHONY: test-long
test-long: $(VENV)/.test system-packages ## the same with more seeds and bigger inputs
	@$(RUN)/python -m pytest -q -n 2

.PHONY: bench
bench: $(VENV)/.test ## measure Entente beside a floor and its peers, about a quarter of an hour (BENCH="--only lone --quick")
	@$(RUN)/python -m bench --profile $(BENCH)

.PHONY: bench-long
bench-long: $(VENV)/.test ## the same with ten million items of history
	@$(RUN)/python -m bench --profile --long $(BENCH)

.PHONY: bench-synapse
bench-synapse: $(VENV)/.test ## two Matrix homeservers, which take a while to install
	@$(RUN)/python -m bench --only synapse $(BENCH)

.PHONY: system-packages
# strace cuts a node short at a system call; chromium and the fonts show whether labels lie over one another.
system-packages:
	@missing=""; command -v strace >/dev/null || missing="$$missing strace"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	test -e /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc || missing="$$missing fonts-noto-cjk"; \
	test -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf || missing="$$missing fonts-dejavu-core"; \
	test -z "$$missing" || { [ "$$(id -u)" = 0 ] && apt-get update -qq \
	  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; } \
	  || { echo "make test needs Debian packages: apt-get install$$missing" >&2; exit 1; }

.PHONY: lock
lock: ## remake the two hash locks (needs uv)
	uv pip compile -q --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --group build -o requirements/runtime.txt pyproject.toml
	uv pip compile -q --generate-hashes --python-version 3.11 --no-emit-index-url --no-emit-find-links --no-header --group build --group test -o requirements/test.txt pyproject.toml

.PHONY: clean
clean: down ## remove the environment and what the tests left
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache
